/* SPDX-License-Identifier: ISC */
#ifndef ORIGINATE_RELAY_H
#define ORIGINATE_RELAY_H

#include <stdint.h>

#include "scp/flight.h"
#include "session/session.h"

/*
 * From one host to another through here: the records of a source are given to a sink, and the sink's
 * replies to the source.  What the source sends is judged as if it were for us.  Where the sink need not be
 * waited for, the source is told that all is well before that is known; what is refused then is drained
 * over there.  ORIGINATE section 9.
 */
struct relay {
	struct session *from;	/* all borrowed: with the source, as its sink; it has a client */
	struct session *to;	/* with the sink, which has been told to begin; it has one, too */
	struct flight	flight;	/* to that */
	uint64_t	depth;	/* directories that are open at both */
	uint64_t	outside;	/* in the innermost of them, those that the sink has not */
	bool		timed;	/* the next entry has TIMES, which the sink gets with it */
	struct record	times;
	bool		torn;	/* the sink is lost, or awaits something else than a record */
	bool		inside;	/* what stands for what is in it is open, at the source alone */
};

/*
 * Until the source is done: 0, or -1 where either is lost, left, or out of step.  MORE: it has more than one
 * file.  Unless it is TORN, the sink stands where it stood before.
 */
int	relay_run(struct relay *, bool more);

#endif
