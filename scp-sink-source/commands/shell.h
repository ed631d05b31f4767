/* SPDX-License-Identifier: ISC */
#ifndef COMMANDS_SHELL_H
#define COMMANDS_SHELL_H

#include <stdbool.h>

#include "ask/request.h"
#include "rules/people.h"
#include "deeds/deeds.h"
#include "title.h"
#include "wire/conn.h"

/*
 * A session of commands: lines of a shell channel, or the script of an exec string.  Nothing is ever
 * started.  It reads commands and copies from one input, in turn.
 */
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
	/* Carries out REQUEST, or refuses it for WHY, a constant, in its own protocol. */
	enum shell_copy	   (*copy)(void *, const struct request *, const char *why);
	void		    *copier;	/* its first argument */
};

enum shell_end {
	SHELL_ENDED,
	SHELL_LOST,		/* the peer, a timer, a signal, or out of step */
	SHELL_SFTP		/* the session is SFTP from here on */
};

/*
 * SCRIPT: what the client asked to be run; NULL: lines of the input, to its end.  *STATUS: that of the
 * session, where it ENDED.
 */
enum shell_end shell_run(const struct shell_world *, const char *script, int *status);

#endif
