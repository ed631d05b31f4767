/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "sftp/relay.h"
#include "wire/io.h"

void
relay_init(struct relay *r)
{
	*r = (struct relay){ .ends = { -1, -1 } };
}

void
relay_close(struct relay *r)
{
	for (int i = 0; i < 2; i++) {
		if (r->ends[i] != -1)
			close(r->ends[i]);
		r->ends[i] = -1;
	}
}

static bool
is_open(struct relay *r)
{
	if (r->ends[0] != -1 || r->unable)
		return !r->unable;
	if (pipe2(r->ends, O_CLOEXEC) == 0)
		io_widen(r->ends[1], RELAY_SIZE);
	r->unable = fcntl(r->ends[1], F_GETPIPE_SZ) < RELAY_SIZE;
	if (r->unable)
		relay_close(r);
	return !r->unable;
}

ssize_t
relay_fill(struct relay *r, int fd, uint64_t offset, size_t n)
{
	off_t at = (off_t)offset;
	size_t got = 0;
	ssize_t more = 1;

	if (!is_open(r))
		return -1;
	/* Whatever comes in so small pieces that they fill it: nobody else would empty it. */
	while (got < n && more > 0) {
		more = splice(fd, &at, r->ends[1], NULL, n - got, SPLICE_F_NONBLOCK);
		got += more > 0 ? (size_t)more : 0;
	}
	return got > 0 ? (ssize_t)got : more;
}

int
relay_end(const struct relay *r)
{
	return r->ends[0];
}

bool
relay_takes(struct relay *r, int fd)
{
	if (r->source == RELAY_UNKNOWN)
		r->source = fcntl(fd, F_GETPIPE_SZ) != -1 ? RELAY_PIPE : RELAY_OTHER;
	return r->source == RELAY_PIPE && is_open(r);
}

ssize_t
relay_take(struct relay *r, int fd, size_t n)
{
	ssize_t got = splice(fd, NULL, r->ends[1], NULL, n, SPLICE_F_NONBLOCK);

	if (got == -1 && (errno == EINVAL || errno == ENOSYS))
		r->source = RELAY_OTHER;
	return got;
}

int
relay_read(struct relay *r, void *buf, size_t n)
{
	if (io_read_all(r->ends[0], buf, n) == (ssize_t)n)
		return 0;
	/* What it may still have is nothing that anybody shall find there. */
	relay_close(r);
	r->unable = true;
	return -1;
}

/* Has the kernel move N bytes: 0, or -1 and *DONE of them. */
static int
move_out(const struct relay *r, int fd, uint64_t offset, size_t n, size_t *done)
{
	while (*done < n) {
		off_t at = (off_t)(offset + *done);
		ssize_t put = splice(r->ends[0], NULL, fd, &at, n - *done, 0);

		if (put <= 0)
			return -1;
		*done += (size_t)put;
	}
	return 0;
}

int
relay_put(struct relay *r, int fd, uint64_t offset, size_t n, void *scratch, size_t *done)
{
	size_t moved = 0, rest = 0;
	int err = 0;

	/* Files that are only appended to say so; what else is wrong is found once more. */
	if (move_out(r, fd, offset, n, &moved) == -1)
		err = relay_read(r, scratch, n - moved) == -1 ? EIO
		    : io_write_at(fd, scratch, n - moved, offset + moved, &rest) == -1 ? errno : 0;
	*done = moved + rest;
	return err;
}
