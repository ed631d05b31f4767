/* SPDX-License-Identifier: ISC */
#ifndef ASK_EXPLAIN_H
#define ASK_EXPLAIN_H

#include "ask/service.h"

/*
 * What an administrator asks before he lets anybody in.  Both print to standard output and do
 * nothing else: nothing is served, logged or written.  They return an exit status.
 *
 * --check [FILE [USER]]: is FILE (CONFIG) one that can be served with, and what is the policy of the
 * restricted account USER (whoever asks).
 */
int	explain_policy(struct service *, const struct invocation *, const char *config);

/* --explain COMMAND [OPTION...]: how --serve with these options would read COMMAND, and decide. */
int	explain_request(struct service *, const struct invocation *, const char *config);

#endif
