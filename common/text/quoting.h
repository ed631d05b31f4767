/* SPDX-License-Identifier: ISC */
#ifndef TEXT_QUOTING_H
#define TEXT_QUOTING_H

#include <stdbool.h>
#include <stddef.h>

/*
 * How sh reads the bytes of a script, one after another: which of them are quoted, and which may
 * separate words and commands.  What sh would run or put in is read to its end as sh does, for a
 * quote within it is not one of what is around it: "$(a "b; c")" is one word.
 */
enum {
	QUOTING_NEST = 32	/* quotes in one another */
};

struct quoting {
	unsigned depth;			/* how many are open; 0: bytes are bare */
	char	 open[QUOTING_NEST];	/* what opened them: ' " ` ( or {, the innermost last */
	bool	 lost;			/* there were more: nobody knows what is what */
	bool	 runs;			/* sh would run or work out something: $( ` or ${ with more
					 * than a name, be it in double quotes; never reset */
	bool	 word;			/* within a word */
	bool	 comment;		/* behind a # where a word could begin, up to a newline */
	bool	 escaped;		/* behind a backslash */
	bool	 was_word;		/* before that */
	bool	 dollar;		/* behind a $ that is not quoted, or in double quotes */
};

enum quoting_kind {
	QUOTING_BARE,		/* it means what it means to sh */
	QUOTING_QUOTED,		/* quoted, or something that quotes */
	QUOTING_COMMENT
};

void	quoting_begin(struct quoting *);
/* What the next byte, C, is. */
enum quoting_kind quoting_step(struct quoting *, char c);
/* Whether a byte that is bare ends a word: a blank, a newline, or one of ; & | < > ( ) */
bool	quoting_ends_word(char c);

#endif
