/* SPDX-License-Identifier: ISC */
#ifndef COMMON_SNAPSHOT_H
#define COMMON_SNAPSHOT_H

#include <stdint.h>

enum {
	SNAPSHOT_MAX = 64 << 20	/* bytes */
};

/*
 * Files that say they are empty may not be: those of /proc and /sys have content and no size. 
 * Reads all of FD, which should be O_NONBLOCK, for some of them never end.  0, with *COPY -1 where
 * FD is empty indeed, else an owned descriptor of its content, at its beginning, of *SIZE bytes. 
 * -1 with errno, EFBIG beyond SNAPSHOT_MAX, EAGAIN where it would have to wait.
 */
int	snapshot_take(int fd, int *copy, uint64_t *size);

#endif
