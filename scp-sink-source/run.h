/* SPDX-License-Identifier: ISC */
#ifndef RUN_H
#define RUN_H

#include "ask/service.h"
#include "wire/deadline.h"

/*
 * One session, in the language that the request is in.
 *
 * Gets ready for it: the times run, a client that never says anything is idle, too; the sandbox that
 * the policy wants is in force, for good; and the log has the session's start, which REQUEST, as the
 * client sent it, is a part of.  0, or -1 with the service's problem.
 */
int	run_begin(struct service *, const char *request, struct deadline *);

/* Speaks until the client is done, and logs the end.  The exit status. */
int	run_session(struct service *, struct deadline *);

#endif
