/* SPDX-License-Identifier: ISC */
#ifndef CELL_PIN_H
#define CELL_PIN_H

#include <stddef.h>

/*
 * A filter of system calls sees the addresses of arguments and not what stands there.  What must not
 * be exchanged, so that its address is as good as it, is pinned: it stands in a page that is only
 * read, and that lies below everything else in memory, where syscalls_restrict keeps it out of
 * reach.
 *
 * A copy of the SIZE bytes at BYTES, at most PIN_MAX, which stays until the process ends; NULL where
 * that page cannot be had: it is once in a process, and not where vm.mmap_min_addr is above it.
 */
enum {
	PIN_MAX = 4096
};

const void *pin_bytes(const void *bytes, size_t size);

#endif
