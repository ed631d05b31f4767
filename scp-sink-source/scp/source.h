/* SPDX-License-Identifier: ISC */
#ifndef SCP_SOURCE_H
#define SCP_SOURCE_H

#include <sys/types.h>

#include "paths/listing.h"
#include "scp/flight.h"
#include "session/session.h"

/* One directory that is being sent. */
struct source_level {
	int		    fd;		/* owned */
	bool		    unnamed;	/* it stands for what is in it, and was not announced */
	dev_t		    dev;
	ino_t		    ino;
	struct listing_mark mark;
};

enum {
	SOURCE_LINKS_MAX = 16384	/* links to directories that are followed in one session: without
					 * a bound, 60 directories full of links to the next one would
					 * be more than anybody can send */
};

/* What sending needs room for; of no use to anybody but source_run. */
struct source {
	struct session	   *session;
	struct listing	    listing;
	unsigned	    depth;		/* directories that are open */
	bool		    whole;		/* a body was sent, and nothing is wrong with it */
	unsigned	    links;		/* that led to directories; at most one more than are
						 * followed */
	struct flight	    flight;
	struct source_level levels[POLICY_DEPTH_MAX];
};

/*
 * Sends the request's paths, in their order.  Returns 0, or -1 when the peer was lost, left with an
 * error or was out of step; SESSION->errors counts what could not be sent or was refused.
 */
int	source_run(struct source *, struct session *);

#endif
