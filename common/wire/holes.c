/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <unistd.h>

#include "wire/holes.h"

/*
 * What a filesystem says is looked at like the words of a peer: some, in user space, say that data
 * begins before the place that was asked for.
 */
static uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* There is no more data: what is left of the file is a hole. */
static struct stretch
last(int fd, uint64_t at, uint64_t end)
{
	off_t size = lseek(fd, 0, SEEK_END);

	if (size <= (off_t)at) {
		(void)lseek(fd, (off_t)at, SEEK_SET);
		return (struct stretch){ .data = end - at };
	}
	return (struct stretch){ .hole = least((uint64_t)size, end) - at };
}

struct stretch
holes_next(int fd, uint64_t at, uint64_t end)
{
	off_t data = lseek(fd, (off_t)at, SEEK_DATA), next;

	if (data == -1 && errno == ENXIO)
		return last(fd, at, end);
	if (data < (off_t)at) {
		(void)lseek(fd, (off_t)at, SEEK_SET);
		return (struct stretch){ .data = end - at };
	}
	if ((uint64_t)data >= end)
		return (struct stretch){ .hole = end - at };
	next = lseek(fd, data, SEEK_HOLE);
	if (lseek(fd, data, SEEK_SET) == -1 || next <= data)
		next = (off_t)end;
	return (struct stretch){
		.hole = (uint64_t)data - at,
		.data = least((uint64_t)next, end) - (uint64_t)data,
	};
}
