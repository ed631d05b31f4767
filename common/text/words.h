/* SPDX-License-Identifier: ISC */
#ifndef TEXT_WORDS_H
#define TEXT_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A command string, as a client sends it to be run by a shell, as the words that sh would make of
 * it.  No shell is asked, and nothing is run or looked up: what a shell would do beyond words, by
 * an unquoted one of $ ` ; & | < > ( ) or a newline, is an error, but for a newline at the end.
 * Within double quotes a $ or ` is itself; # ! and = are themselves everywhere.  PROTOCOL rule 27.
 */
enum {
	WORDS_MAX = 1024,		/* words of a command */
	WORDS_BYTES = 65536		/* of a command; a longer one is refused */
};

struct word {
	char	   *text;	/* quotes and backslashes removed */
	const char *pattern;	/* NULL where nothing is left to expand; else the same, in which a
				 * backslash stands before each byte of \ * ? [ ] ! ^ - : { } , ~
				 * that was quoted, so that those without one are for pattern and
				 * expand */
	bool	    quoted;	/* some of it was, be it nothing between two quotes */
};

struct words {
	size_t	    count;
	struct word list[WORDS_MAX];
	char	    buffer[4 * WORDS_BYTES];	/* holds the texts and patterns */
};

/*
 * Splits the LEN bytes at COMMAND; 0, or -1 with *WHY a constant text, such as "it has an
 * unquoted $ or `".  No words at all are no error.  PATTERN is set only where an unquoted * ? [ or
 * { is in the word, or an unquoted ~ begins it and nothing is quoted before the slash behind it.
 */
int	words_split(struct words *, const char *command, size_t len, const char **why);

/*
 * The same where variables mean something, bare and within double quotes: $NAME, ${NAME} and $?.  Each
 * of them is ${NAME} in the word's pattern, which has then also a backslash before a $ that is
 * itself, and before a ~ that does not begin the word.  What else sh makes of a $ is an error, within
 * double quotes, too.
 */
int	words_split_live(struct words *, const char *command, size_t len, const char **why);

/* Why the byte C cannot stand unquoted, or NULL. */
const char *words_refuse_bare(char c);
extern const char words_not_closed[];
/* What means something to who expands a pattern, unless a backslash stands before it. */
extern const char words_expandable[];

#endif
