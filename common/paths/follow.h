/* SPDX-License-Identifier: ISC */
#ifndef PATHS_FOLLOW_H
#define PATHS_FOLLOW_H

#include "paths/place.h"

enum follow_trust {		/* whose symbolic links may lead elsewhere */
	FOLLOW_ANY,
	FOLLOW_OWN		/* those of root and of the effective user */
};

/*
 * The place where the symbolic link NAME in DIRFD leads in the end, and every other link on that
 * way, on the whole system. There need not be anything.  Where it leads to a directory by no name,
 * as ".." does, that is the place of ".".  0; -1 with errno, EACCES at a link that is not trusted,
 * ELOOP after too many.
 */
int	follow_link(const struct root *, int dirfd, const char *name, enum follow_trust,
	    struct place *);

#endif
