/* SPDX-License-Identifier: ISC */
#ifndef RULES_ALIAS_H
#define RULES_ALIAS_H

#include <stdbool.h>

#include "paths/root.h"
#include "rules/policy.h"

/*
 * What the policy says of a name where it will be used: the name itself, as policy_denies_name has it,
 * and, where names fold, whatever else it is a spelling of.  hidden and deny then count in any case of
 * letters, and what a name of ASCII is taken for as spelling.h has it; what is found by a short name, or
 * in spite of letters that are not of ASCII where a rule has such, is judged by its own name.  allow
 * lets nothing more in.
 *
 * Names about which the text alone says enough, nearly all, cost no system call.
 */

/* NAME, as a client says it, in DIRFD, which may be O_PATH: NULL, or why not. */
const char *alias_denies_name(const struct policy *, int dirfd, const char *name, bool directory);

/* The same for one that the directory has itself. */
const char *alias_denies_listed(const struct policy *, int dirfd, const char *name,
	    bool directory);

/* As policy_denies_path, each component of PLAIN in the directory that holds it. */
const char *alias_denies_path(const struct policy *, const struct root *, const char *plain,
	    bool directory);

#endif
