/* SPDX-License-Identifier: ISC */
#ifndef SCP_SINK_H
#define SCP_SINK_H

#include "scp/intake.h"
#include "session/session.h"

/* What receiving needs room for; of no use to anybody but sink_run. */
struct sink {
	struct session	*session;
	bool		 greeted;	/* the client was told to begin */
	bool		 inside;	/* a directory that stands for what is in it is open */
	struct intake	 intake;
};

/*
 * Receives what the client sends to the request's target, until it is done.  Returns 0, or -1 when
 * the peer was lost, left with an error or was out of step; SESSION->errors counts the rest.
 */
int	sink_run(struct sink *, struct session *);

#endif
