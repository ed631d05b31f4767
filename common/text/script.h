/* SPDX-License-Identifier: ISC */
#ifndef TEXT_SCRIPT_H
#define TEXT_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A line as a shell's client writes it, cut into its commands: pure, and nothing is looked up.
 * What the words of a command are is said by words.h.
 *
 *	line    = [ command { ( ";" | "&&" | "||" ) command } [ ";" ] ] [ comment ]
 *	command = { NAME "=" text } { word | redirection }
 *	redirection = [ "1" | "2" ] ">" "/dev/null" | "<" "/dev/null" | "2>&1" | [ "1" ] ">&2"
 */
enum {
	SCRIPT_COMMANDS = 64	/* of a line */
};

enum script_joint {		/* how a command is joined to what stands before it */
	SCRIPT_ALWAYS,
	SCRIPT_AND,
	SCRIPT_OR
};

enum script_sink {		/* where what a command writes goes */
	SCRIPT_OUTPUT,
	SCRIPT_ERRORS,
	SCRIPT_NOWHERE
};

struct script_command {
	enum script_joint joint;
	const char *text;	/* of it, in the line: its words, assignments first; or the operator
				 * that has none */
	size_t	    len;
	unsigned    assigned;	/* of these words, how many assign */
	enum script_sink output, errors;
	bool	    no_input;	/* its input is empty */
	const char *why;	/* it is no syntax: a constant, such as "it has an unquoted ; & or
				 * |"; all else but JOINT and TEXT says nothing then */
};

struct script {
	size_t	    count;
	struct script_command list[SCRIPT_COMMANDS + 1];	/* one more: what is too many */
	const char *comment;	/* in the line, behind its "#"; NULL: none */
	size_t	    comment_len;
};

/*
 * Cuts the LEN bytes at LINE, a line without its newline, in which redirections become blanks.
 * NULs that it begins with, and a \r at its end, are dropped.  What is no syntax ends at the next
 * ; && || that is not quoted, or with the line; the rest is cut as if nothing had been.  What is
 * beyond SCRIPT_COMMANDS is no syntax, as one command.  What only words_split finds out, as an
 * unquoted $, is no syntax, too.  COMMANDS rules 6, 9 to 11.
 */
void	script_cut(struct script *, char *line, size_t len);

#endif
