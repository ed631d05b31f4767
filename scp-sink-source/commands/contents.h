/* SPDX-License-Identifier: ISC */
#ifndef COMMANDS_CONTENTS_H
#define COMMANDS_CONTENTS_H

#include <stddef.h>

#include "commands/job.h"

/* What is in a file, or comes from the client, piece by piece, for whoever TAKEs it. */
struct contents_taker {
	void (*take)(void *, const void *, size_t);
	void  *taker;	/* its first argument */
};

/*
 * All of the file OPERAND, at the session's rate: a status.  What goes wrong is said; what was taken
 * until then is the beginning of it.
 */
int	contents_read(struct job *, const char *operand, const struct contents_taker *);

/* All that the client sends from here on: a status. */
int	contents_hear(struct job *, const struct contents_taker *);

#endif
