/* SPDX-License-Identifier: ISC */
#ifndef ASK_TILDE_H
#define ASK_TILDE_H

#include <stdbool.h>

#include "ask/expansion.h"
#include "rules/account.h"

/*
 * Replaces a ~ or ~user at the beginning of *WORD, a pattern, which is owned.  That is where
 * relative paths begin for ACCOUNT itself, "." if nothing follows, and never what looks like an
 * option; with OTHERS it is the home of whoever else is called so.  With START, an absolute path, it is
 * that for ACCOUNT itself, and nobody is looked up.  What is nobody's stays.  COST counts what a look at
 * the system's databases takes.  NULL, or why not: then *WORD may be NULL.
 */
const char *tilde_expand(struct expansion *cost, const struct account *, bool others,
	    const char *start, char **word);

#endif
