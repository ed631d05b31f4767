/* SPDX-License-Identifier: ISC */
#ifndef SCP_SINK_H
#define SCP_SINK_H

#include "scp/nest.h"
#include "session.h"
#include "upload/upload.h"

/* What receiving needs room for; of no use to anybody but sink_run. */
struct sink {
	struct session	*session;
	struct upload	 upload;
	struct attrs	 times;		/* of a T that awaits the C or D it is for */
	bool		 taken;		/* the target itself was received as a file */
	const char	*denied;	/* why nothing can be put at the target; or NULL */
	int		 denied_err;	/* the same, an errno; or 0 */
	struct nest	 nest;
};

/*
 * Receives what the client sends to the request's target, until it is done.  Returns 0, or -1 when
 * the peer was lost, left with an error or was out of step; SESSION->errors counts the rest.
 */
int	sink_run(struct sink *, struct session *);

#endif
