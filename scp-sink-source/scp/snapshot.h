/* SPDX-License-Identifier: ISC */
#ifndef COMMON_SNAPSHOT_H
#define COMMON_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

enum {
	SNAPSHOT_MAX = 64 << 20	/* bytes */
};

/*
 * True when FD, of which fstat(2) says SIZE, does not know how much it holds: it is said to be
 * empty, or it is one of /sys, which are all said to have a page.
 */
bool	snapshot_is_needed(int fd, uint64_t size);

/*
 * Files that say they are empty may not be: those of /proc and /sys have content and no size. 
 * Reads all of FD, which should be O_NONBLOCK, for some of them never end.  0, with *COPY -1 where
 * FD is empty indeed, else an owned descriptor of its content, at its beginning, of *SIZE bytes. 
 * -1 with errno, EFBIG beyond SNAPSHOT_MAX, EAGAIN where it would have to wait.
 */
int	snapshot_take(int fd, int *copy, uint64_t *size);

#endif
