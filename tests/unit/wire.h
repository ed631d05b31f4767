/* SPDX-License-Identifier: ISC */
#ifndef WIRE_H
#define WIRE_H

/*
 * The two descriptors of a conversation, and a peer at their other ends: what he says and hears,
 * and the bodies that go to him and come from him, which are a pattern.
 */
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <poll.h>
#include <signal.h>

#include "unit.h"

#define BYTES(s) s, sizeof(s) - 1

enum {
	LARGE = 3 * 1024 * 1024 + 5,	/* bytes of a body: more than one chunk, and odd */
	HEARD_MAX = 1 << 17		/* bytes of one message */
};

/*
 * What a conversation may stand on.  Packets keep the borders of what was written: on them a read
 * returns what one write put there, which shows how we write and decides how we read.
 */
enum transport { PIPES, STREAM, PACKETS, PACKET_PIPES, TRANSPORTS };

static const enum transport stream_kinds[] = { PIPES, STREAM };
static const enum transport packet_kinds[] = { PACKETS, PACKET_PIPES };

static int our_in = -1, our_out = -1;
static int to_us = -1, from_us = -1;	/* the peer's ends, both possibly the same */

static inline void
make_pair(enum transport kind, int *reader, int *writer)
{
	int fds[2];
	int type = kind == STREAM ? SOCK_STREAM : SOCK_SEQPACKET;
	int end = kind == STREAM || kind == PACKETS
	    ? socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds)
	    : pipe2(fds, O_CLOEXEC | (kind == PACKET_PIPES ? O_DIRECT : 0));

	ck_assert_msg(end == 0, "transport %d: %s", (int)kind, strerror(errno));
	/* Each packet takes a page of it: a session goes in byte by byte. */
	if (kind == PACKET_PIPES)
		ck_assert_int_ge(fcntl(fds[1], F_SETPIPE_SZ, 1 << 20), 1 << 20);
	*reader = fds[0];
	*writer = fds[1];
}

static inline void
make_wires(enum transport kind)
{
	signal(SIGPIPE, SIG_IGN);
	make_pair(kind, &our_in, &to_us);
	make_pair(kind, &from_us, &our_out);
}

/* The peer has nothing more to say. */
static inline void
hang_up(void)
{
	close(to_us);
	to_us = -1;
}

static inline void
disconnect(void)
{
	close(our_in);
	close(our_out);
	close(from_us);
	if (to_us != -1)
		hang_up();
}

static inline void
say(const char *bytes, size_t n)
{
	ck_assert_int_eq(write(to_us, bytes, n), (ssize_t)n);
}

/* The peer hears WANTED and no more, from one write where the transport keeps borders. */
static inline void
expect_heard(const char *wanted, size_t n)
{
	static char got[HEARD_MAX];
	struct pollfd p = { .fd = from_us, .events = POLLIN };
	ssize_t have;

	ck_assert_msg(poll(&p, 1, 0) == 1, "expected %zu bytes, got none", n);
	have = read(from_us, got, sizeof(got));
	ck_assert_msg(have == (ssize_t)n && memcmp(got, wanted, n) == 0,
	    "expected %zu bytes \"%.*s\", got %zd \"%.*s\"", n, (int)n, wanted, have,
	    (int)(have > 0 ? have : 0), got);
}

static inline void
expect_silence(void)
{
	struct pollfd p = { .fd = from_us, .events = POLLIN };
	int waiting = 0;

	poll(&p, 1, 0);
	ck_assert_int_eq(ioctl(from_us, FIONREAD, &waiting), 0);
	ck_assert_msg(waiting == 0, "expected silence, got %d bytes", waiting);
}

static inline int
new_file(void)
{
	int fd = openat(unit_fd, "body", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	return fd;
}

static inline int
file_with(const char *content)
{
	put_file("body", content, 0600);
	return openat(unit_fd, "body", O_RDONLY | O_CLOEXEC);
}

/* Byte number I of the pattern. */
static inline char
byte_at(uint64_t i)
{
	return (char)(i * 31 + i / 253);
}

static inline int
large_file(size_t n)
{
	char *bytes = malloc(n);
	int fd = new_file();

	ck_assert_ptr_nonnull(bytes);
	for (size_t i = 0; i < n; i++)
		bytes[i] = byte_at(i);
	ck_assert_int_eq(write(fd, bytes, n), (ssize_t)n);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	free(bytes);
	return fd;
}

static inline void
expect_pattern(int fd, size_t n)
{
	char *got = malloc(n + 1);

	ck_assert_ptr_nonnull(got);
	ck_assert_int_eq(pread(fd, got, n + 1, 0), (ssize_t)n);
	for (size_t i = 0; i < n; i++)
		if (got[i] != byte_at(i))
			ck_abort_msg("byte %zu of the file is another", i);
	free(got);
}

/* Says N bytes of the pattern and then TAIL from a process of its own. */
static inline pid_t
feed(size_t n, const char *tail, size_t taillen)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		static char piece[4096];

		for (size_t at = 0, some; at < n; at += some) {
			some = n - at < sizeof(piece) ? n - at : sizeof(piece);
			for (size_t i = 0; i < some; i++)
				piece[i] = byte_at(at + i);
			if (write(to_us, piece, some) != (ssize_t)some)
				_exit(1);
		}
		_exit(write(to_us, tail, taillen) == (ssize_t)taillen ? 0 : 2);
	}
	hang_up();
	return pid;
}

static uint64_t drain_at;	/* which byte of the pattern comes first */

/* Reads from us to the end and compares: N bytes of the pattern, ZEROS zeros, and TAIL. */
static inline pid_t
drain(size_t n, size_t zeros, const char *tail, size_t taillen)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		static char got[65536];
		size_t have = 0;
		ssize_t some;

		close(our_out);
		while ((some = read(from_us, got, sizeof(got))) > 0)
			for (ssize_t i = 0; i < some; i++, have++) {
				char wanted = have < n ? byte_at(drain_at + have) : 0;

				if (have >= n + zeros + taillen)
					_exit(3);
				if (have >= n + zeros)
					wanted = tail[have - n - zeros];
				if (got[i] != wanted)
					_exit(4);
			}
		_exit(have == n + zeros + taillen ? 0 : 5);
	}
	return pid;
}

static inline void
child_is_content(pid_t pid, const char *what)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(status == 0, "%s: expected wait status 0, got %x", what, status);
}

#endif
