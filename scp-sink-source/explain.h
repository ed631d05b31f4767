/* SPDX-License-Identifier: ISC */
#ifndef EXPLAIN_H
#define EXPLAIN_H

#include "ask/service.h"

/*
 * What an administrator asks before he lets anybody in.  Both print to standard output, and to standard
 * error the first thing that is wrong; nothing is served, logged or written.  They return an exit status.
 * They are for once: root is the user whom he asked about from then on (see look.h), in his sandbox.
 *
 * --check [FILE [USER]]: is FILE (CONFIG, which need not be there) one that can be served with; what is
 * the policy of the restricted account USER (whoever asks), first in a sentence, then a line a key; and
 * would he be served.
 */
int	explain_policy(struct service *, const struct invocation *, const char *config);

/*
 * --explain COMMAND [--user USER] [OPTION...]: how --serve with these options would read COMMAND of
 * USER, and decide.
 */
int	explain_request(struct service *, const struct invocation *, const char *config);

#endif
