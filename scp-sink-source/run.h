/* SPDX-License-Identifier: ISC */
#ifndef RUN_H
#define RUN_H

#include "ask/service.h"
#include "sandbox.h"
#include "wire/deadline.h"

/*
 * One session, in the language that the request is in: these, one after the other.  -1 with the
 * service's problem.
 *
 * The times of the policy run, before anything of the client's is looked at.
 */
int	run_time(struct service *, struct deadline *);

/* Whether any command of a script, if that is what is asked for, is one that there is. */
int	run_understand(struct service *);

/*
 * Gets ready: the sandbox that the policy wants is in force, for good, and the log has the session's
 * start, which REQUEST, as the client sent it, is a part of.
 */
int	run_begin(struct service *, const char *request);

/*
 * The part of it that is the sandbox: *IN_FORCE is what there is of it, written to TEXT, or NULL where
 * the policy wants none.  0, or -1 with the service's problem.
 */
int	run_lock_up(struct service *, char text[SANDBOX_TEXT_MAX], const char **in_force);

/* Speaks until the client is done, and logs the end.  The exit status. */
int	run_session(struct service *, struct deadline *);

#endif
