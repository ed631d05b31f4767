/* SPDX-License-Identifier: ISC */
#ifndef PATHS_PLACE_H
#define PATHS_PLACE_H

#include <limits.h>
#include <stdbool.h>

#include "paths/root.h"

/* Where something is, or would be. */
struct place {
	int	dirfd;			/* the directory that holds it; -1 when closed */
	bool	owned;			/* DIRFD is ours to close */
	char	leaf[NAME_MAX + 1];	/* its name there */
};

/*
 * The place that PATH names; slashes at its end do not count, and a link there is not followed. 
 * 0; -1 with errno, EINVAL where PATH ends in no name: "", "/", and "." or "..".
 */
int	place_open(const struct root *, const char *path, struct place *);

/*
 * The same in a confined root, where a link at the end is followed as well, to what need not be
 * there.
 */
int	place_open_through(const struct root *, const char *path, struct place *);

/* Closes what it owns and keeps errno; always safe after the two above, whatever they returned. */
void	place_close(struct place *);

/*
 * The name of the directory FD, as its parent has it.  0; -1 with errno, EINVAL for "/", which has
 * none, ENAMETOOLONG where its path is longer than the kernel tells.
 */
int	place_own_name(const struct root *, int fd, char leaf[NAME_MAX + 1]);

#endif
