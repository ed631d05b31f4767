/* SPDX-License-Identifier: ISC */
#ifndef TEXT_READING_H
#define TEXT_READING_H

#include <stdbool.h>
#include <stddef.h>

#include "text/quoting.h"

/*
 * Where a line of a script ends, found out as its bytes come; none is looked at twice.  A newline
 * in quotes, behind a backslash, or behind an operator whose command is still to come, does not
 * end it.
 */
enum reading_end {
	READING_GOES_ON,
	READING_ENDS,
	READING_ASTRAY		/* it ends within something that is not served: a here-document, the
				 * body of a loop or of a function, a substitution.  What follows is
				 * a part of that, and never a command. */
};

enum {
	READING_WORD = 8	/* bytes of the longest word that begins or ends something */
};

struct reading {
	struct quoting quoting;
	bool	 begun;		/* with something else than a NUL */
	bool	 first;		/* the word at hand stands where a command begins */
	char	 word[READING_WORD];	/* bytes of that one, which are bare */
	size_t	 len;		/* of it; longer: it is none of those */
	char	 last;		/* the byte before, where it was bare; else NUL */
	bool	 pending;	/* the last word so far was && || or | */
	bool	 was_pending;	/* the same before a \r */
	unsigned angles;	/* how many < were the last bytes */
	bool	 document;	/* a here-document follows */
	unsigned opened;	/* if, for, { and the like that nothing has ended */
	unsigned parens;	/* likewise ( */
};

void	reading_begin(struct reading *);
/* How many of the LEN bytes at TEXT are the line's, with its newline; the rest is not read. */
size_t	reading_take(struct reading *, const char *text, size_t len, enum reading_end *);

#endif
