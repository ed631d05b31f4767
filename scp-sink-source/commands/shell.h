/* SPDX-License-Identifier: ISC */
#ifndef COMMANDS_SHELL_H
#define COMMANDS_SHELL_H

#include "commands/world.h"

/*
 * A session of commands: lines of a shell channel, or the script of an exec string.  Nothing is ever
 * started.  It reads commands and copies from one input, in turn.
 */
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
