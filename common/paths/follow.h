/* SPDX-License-Identifier: ISC */
#ifndef PATHS_FOLLOW_H
#define PATHS_FOLLOW_H

#include "paths/place.h"

enum follow_trust {		/* whose symbolic links may lead elsewhere */
	FOLLOW_ANY,		/* anybody's, but for traps, as of dir_is_trap */
	FOLLOW_OWN		/* of those, root's and the effective user's */
};

/*
 * The place where the symbolic link NAME in DIRFD leads in the end, and every other link on that
 * way, on the whole system. There need not be anything.  Where it leads to a directory by no name,
 * as ".." does, that is the place of ".".  0; -1 with errno, EACCES at a link that is not trusted,
 * ELOOP after too many.
 */
int	follow_link(const struct root *, int dirfd, const char *name, enum follow_trust,
	    struct place *);

/* The same for the link LINK, a descriptor, which was found in DIRFD; what it leads to is anybody's. */
int	follow_held(const struct root *, int dirfd, int link, struct place *);

#endif
