/* SPDX-License-Identifier: ISC */
#ifndef COPY_H
#define COPY_H

#include "ask/request.h"
#include "commands/world.h"
#include "deeds/deeds.h"
#include "scp/sink.h"
#include "scp/source.h"
#include "session/session.h"

/*
 * A copy by scp: all of a session, or one of those in a session of commands, with which it then shares
 * limits, counts, and what is its own.
 */
struct copy {
	const struct policy *policy;	/* all of these are borrowed */
	const struct root   *root;
	struct audit	    *audit;
	struct conn	    *conn;
	struct deeds	    *deeds;	/* of the session of commands; or NULL */
	struct session	     session;	/* what came of it */
	union {
		struct sink	sink;
		struct source	source;
	} work;
};

/* Touches no more of it than is needed: most of WORK never is.  DEEDS may be NULL. */
void	copy_init(struct copy *, const struct policy *, const struct root *, struct audit *,
	    struct conn *, struct deeds *);

/* Carries it out: 0; -1 as of sink_run and source_run. */
int	copy_run(struct copy *, const struct request *);

/* One of several, with a struct copy that has DEEDS: see struct shell_world. */
enum shell_copy copy_run_next(void *, const struct request *, const struct root *, const char *why);

#endif
