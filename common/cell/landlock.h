/* SPDX-License-Identifier: ISC */
#ifndef CELL_LANDLOCK_H
#define CELL_LANDLOCK_H

#include <stdbool.h>

/*
 * What landlock(7) can do for one session: from here on this process opens, makes and removes only
 * what lies beneath one directory, and only as it is said here.  It is a second net below the policy:
 * descriptors that are open stay what they are, and nothing depends on it.
 */
enum landlock_right {		/* any of them together */
	LANDLOCK_READ = 1,	/* files and directories are read */
	LANDLOCK_WRITE = 2,	/* files are made, written and removed, and directories listed */
	LANDLOCK_DIRS = 4,	/* directories are made and removed */
	LANDLOCK_MOVE = 8,	/* names change, from one directory to another, too, which the first
				 * version has no word for, and forbids; what is renamed counts as made,
				 * so that symbolic links, FIFOs and sockets are made as well, unless
				 * a filter of system calls leaves nothing to make them by */
	LANDLOCK_LINKS = 16	/* symbolic links are made */
};

/* Versions before these leave a process something that only a filter of system calls can take. */
enum {
	LANDLOCK_TRUNCATE = 3,	/* files are emptied by whoever may open them for reading, or for nothing */
	LANDLOCK_TCP = 4,
	LANDLOCK_IOCTL = 5,	/* of devices */
	LANDLOCK_SCOPE = 6	/* signals to others, and sockets without a path */
};

/*
 * RIGHTS are of enum landlock_right; without any, nothing is opened at all, and DIRFD, which may be
 * O_PATH, is not looked at.  Takes new privileges away for good, which Landlock wants.  Returns the version
 * of Landlock that is in force, 1 or more, as far as the kernel and we know it; 0 where the kernel has
 * none; -1 with errno.
 */
int	landlock_enter(int dirfd, unsigned rights);

#endif
