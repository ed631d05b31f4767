/* SPDX-License-Identifier: ISC */
#ifndef RULES_KEYS_H
#define RULES_KEYS_H

#include <stdbool.h>
#include <stdio.h>

#include "rules/account.h"
#include "rules/policy.h"

/*
 * What an administrator can say, by options and in the configuration file: one table of keys.  What
 * is said later can only narrow what was said before: the policy allows what all sources allow.
 */

/* From here on another source speaks; it may say again, more narrowly, what others have said. */
void	keys_begin_source(struct policy *);

/*
 * Takes KEY with VALUE (NULL where there is none) for ACCOUNT.  0; -1 with *WHY a constant text,
 * and the policy is not to be used.
 *
 * A source that says a root says it before start.  An absolute start is a path beneath the root, or
 * begins with the path of the root itself.  A start that an earlier source has said keeps its
 * distance from the root: it is then that path beneath the narrower one.
 */
int	keys_set(struct policy *, const struct account *, const char *key, const char *value,
	    const char **why);

/* Whether KEY has a value: 1, 0, or -1: there is no such key. */
int	keys_takes_value(const char *key);

/* The key that WORD, which is none, is likely to be meant for, or NULL. */
const char *keys_nearest(const char *word);

/*
 * Fills in what nobody has said, by the defaults of a drop-in or, with RESTRICTED or where a root
 * has been said, of a restricted account.  What is said after that may be a client's own word: it
 * narrows these, too, and adds nothing that would not be there without it.  It cannot change how
 * files are replaced, nor the facility or format of the log; bits that are always set, a group and
 * backups are refused.  May be called again then, for defaults that follow from it.
 */
void	keys_settle(struct policy *, bool restricted);

/*
 * Writes the settled policy, a line a key, as the configuration file has them.  Where there is no
 * root, start, umask or group, a comment says what holds instead.
 */
void	keys_show(const struct policy *, FILE *);

#endif
