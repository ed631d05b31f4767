/* SPDX-License-Identifier: ISC */
#ifndef ASK_EXPAND_H
#define ASK_EXPAND_H

#include "ask/expansion.h"
#include "ask/world.h"
#include "text/words.h"

/*
 * What a shell would make of the operands of a client's command: {a,b}, ~ and patterns, in this
 * order.  Names are looked for in the root and nowhere else, in directories opened through it, and
 * what the policy does not allow is not found, nor is what lies behind it.
 *
 * Appends what WORD stands for, at least one path: itself, where nothing in it is to be expanded,
 * or where a pattern matches nothing; else the paths that match, sorted by bytes, which are shorter
 * than PATH_MAX.  Each word that its braces make is expanded by itself, and an empty one left out.
 * "~" is where relative paths begin in the root, and so is "~user" for the account
 * itself; for others it is their home, where the root is "/" and the policy reveals what there is, and
 * else itself.  0; -1 with *WHY a constant text: too many, too much work, or no memory.
 */
int	expand_word(struct expansion *, const struct word *, const struct expand_world *,
	    const char **why);

#endif
