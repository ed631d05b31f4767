/* SPDX-License-Identifier: ISC */
#ifndef COMMANDS_WORLD_H
#define COMMANDS_WORLD_H

#include "ask/request.h"
#include "deeds/deeds.h"
#include "rules/people.h"
#include "title.h"
#include "wire/conn.h"

/* What is around a session of commands. */
enum shell_copy {		/* how a copy by scp ended, COMMANDS rules 18 and 19 */
	SHELL_COPY_DONE,	/* in step: the next line can be read */
	SHELL_COPY_FAILED,	/* likewise, and something was refused or failed */
	SHELL_COPY_ASTRAY	/* what comes next is anybody's guess, or nothing does */
};

struct shell_world {		/* all of it borrowed */
	struct deeds	    *deeds;
	const struct people *people;
	struct title	    *title;
	struct conn	    *conn;	/* of the session: copies converse on it */
	int		     errors;	/* descriptor 2 */
	/* Carries out REQUEST beneath ROOT, or refuses it for WHY, a constant, in its own protocol. */
	enum shell_copy	   (*copy)(void *, const struct request *, const struct root *, const char *why);
	void		    *copier;	/* its first argument */
};

#endif
