/* SPDX-License-Identifier: ISC */
#ifndef SINK_H
#define SINK_H

#include "level.h"
#include "session.h"
#include "upload.h"

/* What receiving needs room for; of no use to anybody but sink_run. */
struct sink {
	struct session	*session;
	struct upload	 upload;
	struct attrs	 times;			/* of a T that awaits the C or D it is for */
	bool		 whole;			/* the target is the entry, not what holds it */
	bool		 slash;			/* it was written with a slash at its end */
	bool		 taken;			/* a file has been received as it */
	struct place	 target;		/* with WHOLE, what holds it and its name there */
	unsigned	 depth;			/* of the level that is being filled */
	unsigned	 outside;		/* directories below it that were refused, and yet are sent */
	int		 outside_err;		/* why whatever is in them is refused */
	size_t		 outside_cut;		/* length of the trail outside of the first of them */
	struct level	 levels[POLICY_DEPTH_MAX + 1];	/* 0: TARGET.dirfd, borrowed */
};

/*
 * Receives what the client sends to the request's target, until it is done.  Returns 0, or -1 when
 * the peer was lost, left with an error or was out of step; SESSION->errors counts the rest.
 */
int	sink_run(struct sink *, struct session *);

#endif
