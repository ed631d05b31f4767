/* SPDX-License-Identifier: ISC */
#ifndef COMMANDS_VARIABLES_H
#define COMMANDS_VARIABLES_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "text/words.h"

/*
 * The variables that there are, none of which can be set: LANG, HOME, PWD, USER, LOGNAME and "?".
 * All others are empty.  COMMANDS rule 7.
 */
enum {
	VARIABLES_VALUE = PATH_MAX + 1,	/* of a path, a slash before it, NUL included */
	VARIABLES_ROOM = 3 * WORDS_BYTES
};

struct variables {		/* what they are made of: borrowed */
	int	    status;	/* of the last command */
	const char *start;	/* the start directory, from the root on: plain */
	const char *here;	/* the current one, likewise */
	const char *user;	/* the account's name */
};

/* The value of the LEN bytes at NAME, in DST: false, and "", where there is none of that name. */
bool	variables_get(const struct variables *, const char *name, size_t len, char dst[VARIABLES_VALUE]);
/* The name of the Nth, but for "?", or NULL behind the last. */
const char *variables_name(size_t n);

/*
 * Puts their values into WORDS, which words_split_live has made, and which then have no variables:
 * what comes from one is quoted, so that it never makes more words.  As in sh, a word of which nothing
 * is left, and nothing was quoted, is none.  What is changed is then in ROOM.  0; -1 with *WHY a
 * constant text: they are too long, and some words are not what they were.
 */
int	variables_put(const struct variables *, struct words *, char room[VARIABLES_ROOM],
	    const char **why);

#endif
