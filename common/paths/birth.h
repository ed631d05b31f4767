/* SPDX-License-Identifier: ISC */
#ifndef PATHS_BIRTH_H
#define PATHS_BIRTH_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

/*
 * What tells a file from any other: the number of an inode that is gone is given to the next one, but
 * not its birth.
 */
struct birth {
	dev_t	 dev;
	ino_t	 ino;
	uint64_t born;		/* nanoseconds since 1970; 0 where nobody says */
};

/* That of NAME in DIRFD, which is not followed; "": of DIRFD itself.  0, -1. */
int	birth_look(int dirfd, const char *name, struct birth *);

/* What no birth until now is greater than; those of the next few milliseconds need not be. */
uint64_t birth_now(void);

bool	birth_is_same(const struct birth *, const struct birth *);

#endif
