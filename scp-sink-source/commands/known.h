/* SPDX-License-Identifier: ISC */
#ifndef COMMANDS_KNOWN_H
#define COMMANDS_KNOWN_H

#include <stdbool.h>

#include "commands/verb.h"
#include "text/script.h"
#include "text/words.h"

enum {
	KNOWN_DEPTH = 4		/* scripts in one another */
};

/* What is said of a command that there is not, of one whose line is not served as a whole, and of one in many. */
extern const char known_not_found[], known_not_served[], known_too_deep[];

/* One command of a line, as far as it can be known before anything is done. */
struct known {
	const struct verb *verb;	/* NULL: nobody knows it, or there is none */
	const struct verb *deed;	/* what it comes to, which is another one behind exec; the same */
	size_t		   at;		/* which word that is */
	const char	  *why;		/* it is no syntax: a constant */
	bool		   changes;	/* something that stays */
	bool		   empty;	/* there is no word in it, but for those that assign */
};

/* Leaves the words of it in WORDS, with variables where its verb has them; where WHY is NULL. */
struct known known_look(struct words *, const struct script_command *);

/*
 * Whether a real sh would have had it read the input, so that what follows its line may be a file's: it
 * is what known_look has said of it, with its words in WORDS.
 */
bool	known_would_read(const struct words *, const struct script_command *, const struct known *);

/*
 * Whether it is, or looks like, an upload by scp: where it does not come to a copy, a client that waits for
 * no greeting sends the file all the same.
 */
bool	known_would_take_file(const struct script_command *, const struct known *);

/*
 * Whether all of a line is served, and what scripts within it, or exec, carry out; else nothing in it is
 * to change anything.  COMMANDS rule 10.
 */
bool	known_is_served(struct words *, const struct script *);

/* The script that is a word of the command of which known_look has said K, its words in WORDS; or NULL. */
const char *known_script(const struct words *, const struct known *);

#endif
