/* SPDX-License-Identifier: ISC */
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <linux/sockios.h>

#include "wire/io.h"

enum {
	SPLICE_MAX = 1 << 30	/* bytes asked of one call, which takes less than 2 GiB */
};

/* A signal that hung up has left nothing to wait for; any other one changes nothing. */
static bool
wait_for(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };
	int n;

	do
		n = poll(&p, 1, -1);
	while (n == -1 && errno == EINTR);
	return n == 1;
}

/* True when the call that set errno is worth repeating: the descriptor was full or empty. */
static bool
wait_ready(int fd, short events)
{
	return errno == EAGAIN && wait_for(fd, events);
}

bool
io_await_input(int fd)
{
	return wait_for(fd, POLLIN);
}

ssize_t
io_read(int fd, void *buf, size_t n)
{
	ssize_t got;

	do
		got = read(fd, buf, n);
	while (got == -1 && wait_ready(fd, POLLIN));
	return got;
}

/* Neither a pipe nor a socket, it is a file, or nothing that can be looked into. */
static ssize_t
peek_file(int fd, char *byte)
{
	off_t at = lseek(fd, 0, SEEK_CUR);

	return at == -1 ? -1 : pread(fd, byte, 1, at);
}

/* What a pipe begins with is doubled into another one. */
static ssize_t
peek_pipe(int fd, char *byte)
{
	int pair[2];
	ssize_t n;

	if (pipe2(pair, O_CLOEXEC) == -1)
		return -1;
	do
		n = tee(fd, pair[1], 1, 0);
	while (n == -1 && wait_ready(fd, POLLIN));
	if (n == 1)
		n = read(pair[0], byte, 1);
	close(pair[0]);
	close(pair[1]);
	return n;
}

int
io_peek(int fd, char *byte)
{
	ssize_t n;

	do
		n = recv(fd, byte, 1, MSG_PEEK);
	while (n == -1 && wait_ready(fd, POLLIN));
	if (n == -1 && errno == ENOTSOCK)
		n = peek_pipe(fd, byte);
	if (n == -1 && errno == EINVAL)
		n = peek_file(fd, byte);
	return (int)n;
}

int
io_count_unread(int fd)
{
	struct stat st;
	int n = 0;

	/* Of a socket that is what has not arrived, of a pipe what has not been taken out. */
	if (ioctl(fd, SIOCOUTQ, &n) == -1 && ioctl(fd, FIONREAD, &n) == -1)
		return 0;
	/* Of a file it is what stands behind, which nobody is going to read. */
	return n == 0 || (fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode))) ? n : 0;
}

int
io_write_all(int fd, const void *buf, size_t n)
{
	const char *p = buf;

	while (n > 0) {
		ssize_t put = write(fd, p, n);

		if (put == -1) {
			if (!wait_ready(fd, POLLOUT))
				return -1;
			continue;
		}
		p += put;
		n -= (size_t)put;
	}
	return 0;
}

int
io_write_at(int fd, const void *buf, size_t n, uint64_t offset, size_t *done)
{
	for (const char *p = buf, *end = p + n; p < end;) {
		ssize_t put = pwrite(fd, p, (size_t)(end - p), (off_t)offset);

		if (put == -1 && errno != EINTR)
			return -1;
		if (put > 0) {
			p += put;
			offset += (uint64_t)put;
			*done += (size_t)put;
		}
	}
	return 0;
}

ssize_t
io_read_all(int fd, void *buf, size_t n)
{
	size_t have = 0;

	while (have < n) {
		ssize_t got = io_read(fd, (char *)buf + have, n - have);

		if (got == -1)
			return -1;
		if (got == 0)
			break;
		have += (size_t)got;
	}
	return (ssize_t)have;
}

static int
move_plain(int from, int to, void *scratch, size_t n, uint64_t *moved)
{
	ssize_t got = io_read(from, scratch, n);

	if (got <= 0) {
		if (got == 0)
			errno = 0;
		return IO_FROM;
	}
	*moved = (uint64_t)got;
	return io_write_all(to, scratch, (size_t)got) == -1 ? IO_TO : 0;
}

/* One call of the kernel.  A splice never waits twice for room; sendfile may do so for all of N. */
static ssize_t
move_some(enum io_way way, int from, int to, uint64_t n, size_t cap)
{
	size_t most = way == IO_SPLICE ? SPLICE_MAX : cap;
	size_t want = n < most ? (size_t)n : most;

	if (way == IO_SPLICE)
		return splice(from, NULL, to, NULL, want, SPLICE_F_MORE);
	return sendfile(to, from, NULL, want);
}

/*
 * What to do about a kernel copy that failed.  It does not say which side it was, but nothing was
 * consumed: the plain copy meets the same error and knows.  Only "cannot do this" is remembered.
 */
static enum io_way
after_failure(enum io_way *way)
{
	if (errno != EINVAL && errno != ENOSYS)
		return IO_PLAIN;
	*way = *way == IO_SPLICE ? IO_SENDFILE : IO_PLAIN;
	return *way;
}

int
io_move(int from, int to, uint64_t n, void *scratch, size_t cap, enum io_way *way, uint64_t *moved)
{
	enum io_way now = *way;

	*moved = 0;
	while (now != IO_PLAIN) {
		ssize_t put = move_some(now, from, to, n, cap);

		if (put > 0) {
			*moved = (uint64_t)put;
			return 0;
		}
		if (put == 0) {
			errno = 0;
			return IO_FROM;
		}
		if (wait_ready(to, POLLOUT))
			continue;
		if (errno == EINTR)
			return IO_TO;
		now = after_failure(way);
	}
	return move_plain(from, to, scratch, n < cap ? (size_t)n : cap, moved);
}

void
io_widen(int fd, int size)
{
	int has = fcntl(fd, F_GETPIPE_SZ);

	if (has != -1 && has < size)
		(void)fcntl(fd, F_SETPIPE_SZ, size);
}
