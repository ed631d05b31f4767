/* SPDX-License-Identifier: ISC */
#ifndef UPLOAD_HIDDEN_H
#define UPLOAD_HIDDEN_H

#include <limits.h>
#include <stdbool.h>

/*
 * The hidden names of temporaries.  Such a name follows from the user and the final name, so that
 * whoever uploads that name next finds what a SIGKILL left.  A file that has one is locked, with
 * flock(2), by the process that writes it: one without a lock is nobody's, and is removed.
 */

/* Makes the name that is being tried that of a file: 0, or -1 with errno, EEXIST if it is taken. */
typedef int	hidden_claim_fn(void *context);

/*
 * Has CLAIM take the first hidden name for GOAL in DIRFD that is free; NAME is the one that is being
 * tried.  What is found dead is removed.  0, or -1 with errno, and NAME is "".
 */
int	hidden_claim(int dirfd, const char *goal, char name[NAME_MAX + 1], hidden_claim_fn *,
	    void *context);

/* True for the names that temporaries have, whosever. */
bool	hidden_is_name(const char *name);

#endif
