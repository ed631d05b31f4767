/* SPDX-License-Identifier: ISC */
#ifndef ERRAND_QUOTE_H
#define ERRAND_QUOTE_H

#include <stddef.h>

#include "errand/errand.h"

/*
 * The words that a remote shell, whichever that is, or a program that knows no more than where blanks are,
 * makes a command of.  Nothing is quoted that need not be.  ORIGINATE section 5.
 */
enum {
	QUOTE_COMMAND_MAX = 32768	/* bytes of one, NUL included */
};

enum quote_use {
	QUOTE_TARGET,		/* literal, but for a home at its beginning */
	QUOTE_SOURCE		/* the same, with patterns, and backslashes that keep bytes from being some */
};

/* PATH, which is not empty, as one word in DST of CAP bytes: its length, or 0 where it does not fit. */
size_t	quote_path(char *dst, size_t cap, const char *path, enum quote_use);

/* How many bytes of PATH, from its beginning, mean somebody's home: "~", or that and a name; or 0. */
size_t	quote_home(const char *path);

/*
 * What is asked of a host: "scp -t PATH" of the one that receives, where DIRECTORY says that the target
 * must be one, or "scp -f PATH".  0, or -1 where it does not fit.
 */
int	quote_command(char dst[QUOTE_COMMAND_MAX], const struct errand *, bool receives,
	    bool directory, const char *path);

#endif
