/* SPDX-License-Identifier: ISC */
#ifndef UPLOAD_HIDDEN_H
#define UPLOAD_HIDDEN_H

#include <sys/stat.h>

#include <limits.h>
#include <stdbool.h>

/*
 * The hidden names of temporaries.  Such a name follows from the user and the final name, so that
 * whoever uploads that name next, or puts a link in its place, finds what a SIGKILL left.  A file that has
 * one is locked, with flock(2), by the process that writes it, or its directory is, as for a link: any
 * other is dead, and is removed.
 */

/* Makes the name that is being tried that of a file: 0, or -1 with errno, EEXIST if it is taken. */
typedef int	hidden_claim_fn(void *context);

/*
 * Has CLAIM take the first hidden name for GOAL in DIRFD that is free; NAME is the one that is being
 * tried.  Returns its number, or -1 with errno, and NAME is "".
 */
int	hidden_claim(int dirfd, const char *goal, char name[NAME_MAX + 1], hidden_claim_fn *,
	    void *context);

/* Removes the dead of GOAL in DIRFD whose numbers come after NUMBER.  Keeps errno. */
void	hidden_bury(int dirfd, const char *goal, int number);

/*
 * Until the descriptor that this returns is closed nobody takes a file in DIRFD for dead: for one that
 * has to give up its lock, or that nobody can open any more.  -1 where that cannot be had.
 */
int	hidden_guard(int dirfd);

/*
 * Takes the name NAME in DIRFD away if it is that of the file of which fstat(2) said OURS; whatever
 * else has it keeps it.  Keeps errno.
 */
void	hidden_remove(int dirfd, const char *name, const struct stat *ours);

/* True for the names that temporaries have, whosever. */
bool	hidden_is_name(const char *name);

#endif
