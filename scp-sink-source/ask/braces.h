/* SPDX-License-Identifier: ISC */
#ifndef ASK_BRACES_H
#define ASK_BRACES_H

#include "ask/expansion.h"

enum {
	EXPAND_BRACES = 1024		/* words that one word's braces make */
};

/*
 * Puts into DONE, which is empty, what the braces of WORD, in the form of a pattern, make of it, in
 * their order: one word at least.  COST counts the steps that takes.  NULL, or why not.
 */
const char *braces_expand(struct expansion *cost, const char *word, struct expansion *done);

#endif
