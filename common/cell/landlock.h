/* SPDX-License-Identifier: ISC */
#ifndef CELL_LANDLOCK_H
#define CELL_LANDLOCK_H

#include <stdbool.h>

/*
 * What landlock(7) can do for one session: from here on this process opens, makes and removes only
 * what lies beneath one directory, and only in one direction.  It is a second net below the policy:
 * descriptors that are open stay what they are, and nothing depends on it.
 */
enum landlock_way {
	LANDLOCK_SEND,		/* files and directories are read */
	LANDLOCK_RECEIVE,	/* they are made, written, listed and removed; no file is read */
	LANDLOCK_FILL		/* the same, but no directory is made */
};

/* Versions before these leave a process something that only a filter of system calls can take. */
enum {
	LANDLOCK_TRUNCATE = 3,	/* files are emptied by whoever may open them for reading, or for nothing */
	LANDLOCK_TCP = 4,
	LANDLOCK_IOCTL = 5,	/* of devices */
	LANDLOCK_SCOPE = 6	/* signals to others, and sockets without a path */
};

/*
 * DIRFD may be O_PATH.  Takes new privileges away for good, which Landlock wants.  Returns the version
 * of Landlock that is in force, 1 or more, as far as the kernel and we know it; 0 where the kernel has
 * none; -1 with errno.
 */
int	landlock_enter(int dirfd, enum landlock_way);

#endif
