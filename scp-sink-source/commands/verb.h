/* SPDX-License-Identifier: ISC */
#ifndef COMMANDS_VERB_H
#define COMMANDS_VERB_H

/* What is known of a command before anybody says one. */
struct job;

enum verb_flags {
	VERB_CHANGES = 1,	/* what stays: not done where its line is not served as a whole */
	VERB_BARE = 2,		/* no word of it is an option */
	VERB_VARIABLES = 4,	/* variables mean something in its words */
	VERB_NEEDS_LIST = 8,	/* rights of the policy without which it does nothing */
	VERB_NEEDS_REVEAL = 16,
	VERB_NEEDS_DOWNLOAD = 32,
	VERB_NEEDS_UPLOAD = 64,
	VERB_NEEDS_MKDIR = 128,
	VERB_NEEDS_REMOVE = 256,
	VERB_NEEDS_RENAME = 512,
	VERB_NEEDS_ATTRIBUTES = 1024,
	VERB_NEEDS_LINKS = 2048,
	VERB_MODE = 4096,	/* a word such as -w is a mode, and so no option */
	VERB_READS = 8192,	/* without an operand, to sh it reads the input */
	VERB_SHELL = 16384,	/* the word behind its -c is a script */
	VERB_EXEC = 32768,	/* what follows it is a command */
	VERB_NEEDS_RECURSION = 65536	/* a right, too */
};

struct verb {
	const char *name;
	const char *letters;	/* options: each letter, with ":" behind it where it has a value */
	const char *longs;	/* long options: "NAME=LETTER", with blanks between, and a "?" behind it
				 * where it may have a value; or NULL.  One that has no letter that
				 * anybody could want has a control byte */
	int	    least, most;	/* operands; most -1: any number */
	unsigned    flags;	/* of enum verb_flags */
	int	  (*run)(struct job *);	/* a status; NULL: the session's own business */
};

#endif
