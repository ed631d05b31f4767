/* SPDX-License-Identifier: ISC */
/*
 * While there is an OLD, the new file has the bytes from 0 to HIGH and no others, those of the old one
 * from HIGH to KEPT are still to come, and behind them there is nothing: whatever is written begins at
 * HIGH or before it, for all that is missing before it is copied first.
 */
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

#include <linux/fs.h>

#include "deeds/overlay.h"
#include "wire/holes.h"

enum {
	PIECE = 1 << 30,	/* bytes that the kernel is asked to copy at once */
	BUFFER = 1 << 16	/* bytes that we do, where it cannot */
};

void
overlay_init(struct overlay *o, int old, uint64_t size)
{
	*o = (struct overlay){ .old = old, .size = size };
	if (old == -1)
		o->high = size;
	else
		o->kept = size;
	if (old != -1 && size == 0)
		o->old = -1;
}

/* Writes N bytes of BUF: 0, -1. */
static int
write_all(int fd, const char *buf, size_t n, uint64_t offset)
{
	while (n > 0) {
		ssize_t done = pwrite(fd, buf, n, (off_t)offset);

		if (done == -1 && errno != EINTR)
			return -1;
		if (done <= 0)
			continue;
		buf += done;
		n -= (size_t)done;
		offset += (uint64_t)done;
	}
	return 0;
}

static ssize_t
copy_by_hand(int from, uint64_t at, int fd, uint64_t offset, uint64_t n)
{
	char buf[BUFFER];
	ssize_t got = pread(from, buf, n < sizeof(buf) ? n : sizeof(buf), (off_t)at);

	if (got > 0 && write_all(fd, buf, (size_t)got, offset) == -1)
		return -1;
	return got;
}

/* Some bytes, 0 at the end, or -1.  Not every C library, nor every filter, has copy_file_range(2). */
static ssize_t
copy_some(int from, uint64_t at, int fd, uint64_t offset, uint64_t n)
{
	off64_t in = (off64_t)at, out = (off64_t)offset;
	ssize_t got = (ssize_t)syscall(SYS_copy_file_range, from, &in, fd, &out,
	    (size_t)(n < PIECE ? n : PIECE), 0);

	/* Some filesystems say 0 for what they do not copy. */
	if (got > 0)
		return got;
	if (got == -1 && (errno == EINTR || errno == ENOSPC || errno == EDQUOT || errno == EFBIG ||
	    errno == EIO || errno == EBADF))
		return -1;
	return copy_by_hand(from, at, fd, offset, n);
}

int
overlay_copy(int from, uint64_t *at, int fd, uint64_t offset, uint64_t n)
{
	while (n > 0) {
		ssize_t got = copy_some(from, *at, fd, offset, n);

		if (got == -1 && errno == EINTR)
			continue;
		if (got == 0)
			errno = ESTALE;
		if (got <= 0)
			return -1;
		*at += (uint64_t)got;
		offset += (uint64_t)got;
		n -= (uint64_t)got;
	}
	return 0;
}

/* Copies what there is from HIGH to END, and leaves out where nothing is. */
static int
copy_to(struct overlay *o, int fd, uint64_t end)
{
	while (o->high < end) {
		struct stretch s = holes_next(o->old, o->high, end);

		if (s.hole > 0 && ftruncate(fd, (off_t)(o->high + s.hole)) == -1)
			return -1;
		o->high += s.hole;
		if (overlay_copy(o->old, &o->high, fd, o->high, s.data) == -1)
			return -1;
	}
	return 0;
}

/* Asked first: a filter may have no call by which to try. */
static bool
may_read(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags != -1 && (flags & O_ACCMODE) != O_WRONLY && (flags & O_PATH) == 0;
}

/* Has the new file all bytes of the old one up to END. */
static int
reach(struct overlay *o, int fd, uint64_t end)
{
	if (o->old == -1 || o->high >= end)
		return 0;
	if (!may_read(o->old)) {
		errno = EACCES;
		return -1;
	}
	if (end > o->kept)
		end = o->kept;
	if (o->high == 0 && end == o->kept && ioctl(fd, FICLONE, o->old) == 0) {
		/* It may have grown. */
		if (ftruncate(fd, (off_t)end) == -1)
			return -1;
		o->high = end;
	} else if (copy_to(o, fd, end) == -1) {
		return -1;
	}
	if (o->high >= o->kept)
		o->old = -1;
	return 0;
}

int
overlay_prepare(struct overlay *o, int fd, uint64_t offset)
{
	return reach(o, fd, offset);
}

void
overlay_have_written(struct overlay *o, uint64_t end)
{
	if (end > o->high)
		o->high = end;
	if (end > o->size)
		o->size = end;
	if (o->high >= o->kept)
		o->old = -1;
}

int
overlay_cut(struct overlay *o, int fd, uint64_t size)
{
	if (reach(o, fd, size) == -1)
		return -1;
	if (size != (o->old == -1 ? o->size : o->high) && ftruncate(fd, (off_t)size) == -1)
		return -1;
	o->old = -1;
	o->high = o->size = size;
	return 0;
}

int
overlay_complete(struct overlay *o, int fd)
{
	return reach(o, fd, o->kept);
}
