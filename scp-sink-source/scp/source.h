/* SPDX-License-Identifier: ISC */
#ifndef SCP_SOURCE_H
#define SCP_SOURCE_H

#include "scp/descent.h"
#include "scp/outlet.h"
#include "session/session.h"

/* What sending needs room for; of no use to anybody but source_run. */
struct source {
	struct session	*session;
	struct outlet	 outlet;
	struct descent	 descent;
};

/*
 * Sends the request's paths, in their order.  Returns 0, or -1 when the peer was lost, left with an
 * error or was out of step; SESSION->errors counts what could not be sent or was refused.
 */
int	source_run(struct source *, struct session *);

#endif
