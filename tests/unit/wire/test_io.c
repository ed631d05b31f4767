/* SPDX-License-Identifier: ISC */
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <time.h>

#include "asleep.h"
#include "unit.h"
#include "wire/io.h"

enum {
	MUCH = 300000,		/* bytes: more than a pipe or a socket holds */
	SOME = 50000,		/* bytes: less than a pipe holds */
	TICK = 1000,		/* microseconds */
	PATIENCE = 40000	/* milliseconds until what shall sleep is given up */
};

static char scratch[4096];

/* Byte number I of what all of these tests move. */
static char
byte_at(uint64_t i)
{
	return (char)(i * 31 + i / 253);
}

static const char *
pattern(void)
{
	static char bytes[MUCH];

	for (size_t i = 0; i < MUCH; i++)
		bytes[i] = byte_at(i);
	return bytes;
}

/* Writes N bytes of the pattern, the first of them number AT; the process ends if it cannot. */
static void
feed(int fd, uint64_t at, size_t n)
{
	while (n > 0) {
		struct pollfd p = { .fd = fd, .events = POLLOUT };
		ssize_t put;

		poll(&p, 1, -1);
		put = write(fd, pattern() + at, n);
		if (put == -1 && errno != EAGAIN)
			_exit(2);
		if (put > 0) {
			at += (uint64_t)put;
			n -= (size_t)put;
		}
	}
}

/* Reads to the end and compares: 0 if there were N bytes of the pattern. */
static int
drained(int fd, size_t n)
{
	char got[4096];
	size_t have = 0;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t some;

		poll(&p, 1, -1);
		some = read(fd, got, sizeof(got));
		if (some == -1 && errno != EAGAIN)
			return 2;
		if (some == 0)
			break;
		for (ssize_t i = 0; i < some; i++, have++)
			if (got[i] != byte_at(have))
				return 3;
	}
	return have == n ? 0 : 4;
}

static void
drain(int fd, size_t n)
{
	_exit(drained(fd, n));
}

static void
child_is_content(pid_t pid, const char *what)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(status == 0, "%s: expected wait status 0, got %x", what, status);
}

static void
set_nonblocking(int fd)
{
	ck_assert_int_eq(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK), 0);
}

static int
file_of(size_t n)
{
	int fd = openat(unit_fd, "from", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, pattern(), n), (ssize_t)n);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

/* All of N bytes, in as many moves as that takes; what the last one ended with. */
static int
move_all(int from, int to, uint64_t n, enum io_way way)
{
	uint64_t moved;
	int end = 0;

	for (; n > 0 && end == 0; n -= moved)
		end = io_move(from, to, n, scratch, sizeof(scratch), &way, &moved);
	return end;
}

START_TEST(one_read_returns_what_is_there)
{
	int fds[2];
	char got[16];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	ck_assert_int_eq(write(fds[1], "abc", 3), 3);
	ck_assert_int_eq(io_read(fds[0], got, sizeof(got)), 3);
	ck_assert_mem_eq(got, "abc", 3);
	ck_assert_int_eq(write(fds[1], "defg", 4), 4);
	ck_assert_int_eq(io_read(fds[0], got, 2), 2);
	ck_assert_mem_eq(got, "de", 2);
	close(fds[1]);
	ck_assert_int_eq(io_read(fds[0], got, sizeof(got)), 2);
	ck_assert_int_eq(io_read(fds[0], got, sizeof(got)), 0);
	errno = 0;
	ck_assert_int_eq(io_read(-1, got, sizeof(got)), -1);
	ck_assert_int_eq(errno, EBADF);
}
END_TEST

START_TEST(reading_waits_for_a_non_blocking_descriptor)
{
	int fds[2], flags;
	char got[8];
	pid_t parent = getpid(), pid;

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	flags = fcntl(fds[0], F_GETFL);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		bool slept = falls_asleep(parent);

		feed(fds[1], 0, 5);
		_exit(slept ? 0 : 1);
	}
	ck_assert_int_eq(io_read(fds[0], got, sizeof(got)), 5);
	ck_assert_mem_eq(got, pattern(), 5);
	child_is_content(pid, "the reader sleeps");
	ck_assert_int_eq(fcntl(fds[0], F_GETFL), flags);
}
END_TEST

START_TEST(all_is_read_or_the_end_is_met)
{
	static char got[MUCH];
	int fds[2];
	pid_t pid;

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		for (size_t at = 0; at < MUCH; at += 1000)
			feed(fds[1], at, 1000);
		_exit(0);
	}
	close(fds[1]);
	ck_assert_int_eq(io_read_all(fds[0], got, 10), 10);
	ck_assert_int_eq(io_read_all(fds[0], got + 10, MUCH - 20), MUCH - 20);
	ck_assert_msg(memcmp(got, pattern(), MUCH - 10) == 0, "the bytes are others");
	ck_assert_int_eq(io_read_all(fds[0], got, 100), 10);
	ck_assert_int_eq(io_read_all(fds[0], got, 100), 0);
	ck_assert_int_eq(io_read_all(fds[0], got, 0), 0);
	ck_assert_int_eq(io_read_all(unit_fd, got, 1), -1);
	ck_assert_int_eq(errno, EISDIR);
	child_is_content(pid, "the feeder");
}
END_TEST

START_TEST(all_is_written_to_a_non_blocking_descriptor)
{
	int fds[2], flags;
	pid_t pid, parent = getpid();

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	flags = fcntl(fds[1], F_GETFL);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		close(fds[1]);
		if (!falls_asleep(parent))
			_exit(1);
		drain(fds[0], MUCH);
	}
	close(fds[0]);
	ck_assert_int_eq(io_write_all(fds[1], pattern(), MUCH), 0);
	ck_assert_int_eq(fcntl(fds[1], F_GETFL), flags);
	close(fds[1]);
	child_is_content(pid, "the drain");
}
END_TEST

START_TEST(writing_fails_with_errno)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC), fds[2];

	ck_assert_msg(full >= 0, "/dev/full: %s", strerror(errno));
	signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(io_write_all(full, "x", 1), -1);
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert_int_eq(io_write_all(full, "", 0), 0);
	ck_assert_int_eq(io_write_all(-1, "x", 1), -1);
	ck_assert_int_eq(errno, EBADF);
	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	close(fds[0]);
	ck_assert_int_eq(io_write_all(fds[1], "x", 1), -1);
	ck_assert_int_eq(errno, EPIPE);
}
END_TEST

static int waited_for[2];	/* descriptors that a signal takes away, as it does from a session */

static void
hang_up(int sig)
{
	int saved = errno, none = openat(-1, "/", O_PATH | O_CLOEXEC);

	(void)sig;
	for (size_t i = 0; i < COUNT(waited_for); i++)
		(void)dup2(none, waited_for[i]);
	close(none);
	errno = saved;
}

static void
do_nothing(int sig)
{
	(void)sig;
}

/* A signal again and again, so that one of them comes while the call waits. */
static void
be_interrupted(void (*handler)(int))
{
	struct sigaction act = { .sa_handler = handler };
	struct itimerval often = {
		.it_interval = { .tv_usec = TICK }, .it_value = { .tv_usec = TICK },
	};

	ck_assert_int_eq(sigaction(SIGALRM, &act, NULL), 0);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
}

static void
be_left_alone(void)
{
	const struct itimerval never = { .it_value = { .tv_sec = 0 } };

	ck_assert_int_eq(setitimer(ITIMER_REAL, &never, NULL), 0);
}

enum kind { PIPE_END, SOCKET_END };

/* What a file goes to, and the way it ends with: the first that the kernel offers. */
static const struct {
	enum kind to;
	enum io_way way, wanted;
} ways[] = {
	{ PIPE_END, IO_SPLICE, IO_SPLICE },
	{ SOCKET_END, IO_SPLICE, IO_SENDFILE },
	{ PIPE_END, IO_SENDFILE, IO_SENDFILE },
	{ PIPE_END, IO_PLAIN, IO_PLAIN },
	{ SOCKET_END, IO_PLAIN, IO_PLAIN },
};

static void
make_channel(enum kind kind, int flags, int *from, int *to)
{
	int fds[2], end = kind == PIPE_END ? pipe2(fds, O_CLOEXEC)
		: socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds);

	ck_assert_int_eq(end, 0);
	*from = fds[0];
	*to = fds[1];
	if (flags & O_NONBLOCK) {
		set_nonblocking(fds[0]);
		set_nonblocking(fds[1]);
	}
}

/* How MUCH bytes of a file get to a peer, a child, blocking and not. */
static void
check_way(size_t i, int flags)
{
	int from = file_of(MUCH), to, peer, kept;
	enum io_way way = ways[i].way;
	uint64_t done = 0, moved;
	pid_t pid;

	make_channel(ways[i].to, flags, &peer, &to);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		close(to);
		drain(peer, MUCH);
	}
	close(peer);
	kept = fcntl(to, F_GETFL);
	for (; done < MUCH; done += moved) {
		ck_assert_msg(io_move(from, to, MUCH - done, scratch, sizeof(scratch), &way,
		    &moved) == 0, "row %zu: %s", i, strerror(errno));
		ck_assert_msg(moved > 0, "row %zu: nothing moved, and nothing was wrong", i);
		ck_assert_msg(way == IO_SPLICE || moved <= sizeof(scratch),
		    "row %zu: expected at most %zu at once, got %ju", i, sizeof(scratch),
		    (uintmax_t)moved);
	}
	ck_assert_msg(done == MUCH, "row %zu: expected %d, got %ju", i, MUCH, (uintmax_t)done);
	ck_assert_msg(way == ways[i].wanted, "row %zu: expected way %d, got %d", i,
	    (int)ways[i].wanted, (int)way);
	ck_assert_int_eq(fcntl(to, F_GETFL), kept);
	close(from);
	close(to);
	child_is_content(pid, "the peer");
}

START_TEST(each_peer_has_its_way)
{
	check_way((size_t)_i, 0);
}
END_TEST

START_TEST(each_way_works_without_blocking)
{
	check_way((size_t)_i, O_NONBLOCK);
}
END_TEST

/* Waiting means sleeping: a peer that is slow must not cost a processor. */
START_TEST(waiting_for_a_non_blocking_peer_is_sleeping)
{
	static const enum kind kinds[] = { PIPE_END, SOCKET_END };
	int in, out;
	pid_t pid, parent = getpid();

	make_channel(kinds[_i], O_NONBLOCK, &in, &out);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		close(out);
		if (!falls_asleep(parent))
			_exit(1);
		drain(in, MUCH);
	}
	signal(SIGPIPE, SIG_IGN);
	close(in);
	move_all(file_of(MUCH), out, MUCH, IO_SPLICE);
	close(out);
	child_is_content(pid, "the copy sleeps while its peer is slow");
}
END_TEST

/* However much there is, and however much the peer could take. */
START_TEST(no_more_than_asked_for_is_taken)
{
	static const enum io_way all[] = { IO_SPLICE, IO_SENDFILE, IO_PLAIN };

	for (size_t i = 0; i < 3; i++) {
		int from = file_of(SOME), in, out, there = 0;
		enum io_way way = all[i];
		uint64_t moved;

		make_channel(PIPE_END, 0, &in, &out);
		ck_assert_int_eq(io_move(from, out, 100, scratch, sizeof(scratch), &way, &moved),
		    0);
		ck_assert_uint_eq(moved, 100);
		ck_assert_int_eq(lseek(from, 0, SEEK_CUR), 100);
		ck_assert_int_eq(ioctl(in, FIONREAD, &there), 0);
		ck_assert_int_eq(there, 100);
		close(from);
		close(in);
		close(out);
	}
}
END_TEST

START_TEST(a_scratch_of_one_byte_is_enough)
{
	int from = file_of(2), in, out;
	enum io_way way = IO_PLAIN;
	uint64_t moved;

	make_channel(PIPE_END, 0, &in, &out);
	ck_assert_int_eq(io_move(from, out, 2, scratch, 1, &way, &moved), 0);
	ck_assert_uint_eq(moved, 1);
}
END_TEST

START_TEST(it_begins_where_the_file_stands)
{
	int from = file_of(1000), in, out;
	char got[8];

	make_channel(PIPE_END, 0, &in, &out);
	ck_assert_int_eq(lseek(from, 100, SEEK_SET), 100);
	ck_assert_int_eq(move_all(from, out, 5, IO_SPLICE), 0);
	ck_assert_int_eq(read(in, got, sizeof(got)), 5);
	ck_assert_mem_eq(got, pattern() + 100, 5);
	ck_assert_int_eq(lseek(from, 0, SEEK_CUR), 105);
}
END_TEST

/* The file ends before it should: no errno, and what came before it is there. */
START_TEST(an_early_end_of_a_file)
{
	static const enum kind kinds[] = { PIPE_END, SOCKET_END, PIPE_END, SOCKET_END };
	int from = file_of(SOME), in, out;
	enum io_way way = _i < 2 ? IO_SPLICE : IO_PLAIN;
	uint64_t moved = 7;
	pid_t pid;

	make_channel(kinds[_i], 0, &in, &out);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		close(out);
		drain(in, SOME);
	}
	ck_assert_int_eq(move_all(from, out, SOME, way), 0);
	errno = EIO;
	ck_assert_int_eq(io_move(from, out, 1, scratch, sizeof(scratch), &way, &moved), IO_FROM);
	ck_assert_int_eq(errno, 0);
	ck_assert_uint_eq(moved, 0);
	close(out);
	close(in);
	child_is_content(pid, "the drain");
}
END_TEST

START_TEST(a_file_that_cannot_be_read)
{
	static const enum kind kinds[] = { PIPE_END, SOCKET_END };

	for (size_t i = 0; i < 2; i++) {
		int in, out;
		enum io_way way = IO_SPLICE;
		uint64_t moved = 7;

		make_channel(kinds[i], 0, &in, &out);
		errno = 0;
		ck_assert_int_eq(io_move(unit_fd, out, 5, scratch, sizeof(scratch), &way, &moved),
		    IO_FROM);
		ck_assert_int_eq(errno, EISDIR);
		ck_assert_uint_eq(moved, 0);
	}
}
END_TEST

START_TEST(a_peer_that_is_gone)
{
	static const enum kind kinds[] = { PIPE_END, SOCKET_END };

	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < 2; i++) {
		int from = file_of(SOME), in, out;
		enum io_way way = IO_SPLICE;
		uint64_t moved = 7;

		make_channel(kinds[i], 0, &in, &out);
		close(in);
		errno = 0;
		ck_assert_int_eq(io_move(from, out, SOME, scratch, sizeof(scratch), &way, &moved),
		    IO_TO);
		ck_assert_int_eq(errno, EPIPE);
		ck_assert_int_eq(lseek(from, 0, SEEK_CUR), (off_t)moved);
		close(from);
		close(out);
	}
}
END_TEST

/* What can wait, for a channel that is empty or full. */
enum wait { READ, READ_ALL, WRITE_ALL, MOVE, WAITS };

static const struct {
	enum kind kind;
	int	  flags;
} waits[] = {
	{ PIPE_END, 0 }, { PIPE_END, O_NONBLOCK }, { SOCKET_END, 0 }, { SOCKET_END, O_NONBLOCK },
};

static int
wait_for_ever(enum wait wait, int in, int out)
{
	errno = 0;
	switch (wait) {
	case READ:
		return (int)io_read(in, scratch, 1);
	case READ_ALL:
		return (int)io_read_all(in, scratch, 1);
	case WRITE_ALL:
		return io_write_all(out, pattern(), MUCH);
	case MOVE:
		return move_all(file_of(MUCH), out, MUCH, IO_SPLICE);
	case WAITS:
		break;
	}
	return 0;
}

/* As a call says it that was interrupted, or that came too late. */
static bool
is_interruption(int err)
{
	return err == EINTR || err == EBADF;
}

START_TEST(an_interruption_is_an_error)
{
	static const int flags[] = { O_CLOEXEC, O_CLOEXEC | O_NONBLOCK };
	enum wait wait = (enum wait)(_i % WAITS);
	int err;

	ck_assert_int_eq(pipe2(waited_for, flags[_i / WAITS]), 0);
	be_interrupted(hang_up);
	ck_assert_int_lt(wait_for_ever(wait, waited_for[0], waited_for[1]), 0);
	err = errno;
	be_left_alone();
	ck_assert_msg(is_interruption(err), "wait %d: got errno %d", (int)wait, err);
}
END_TEST

/* Who polls goes on waiting: what the signal was about is not his business. */
START_TEST(a_signal_that_takes_nothing_is_none)
{
	int fds[2];
	pid_t pid;

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	be_interrupted(do_nothing);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		const struct timespec many_ticks = { .tv_nsec = 20 * 1000 * TICK };

		_exit(nanosleep(&many_ticks, NULL) == 0 && write(fds[1], "x", 1) == 1 ? 0 : 1);
	}
	ck_assert_int_eq(io_read(fds[0], scratch, 1), 1);
	be_left_alone();
	child_is_content(pid, "whoever writes late");
}
END_TEST

/* Whoever interrupts once does not have to do it again. */
START_TEST(one_interruption_is_enough)
{
	enum wait wait = (enum wait)(_i % WAITS);
	const struct sigaction act = { .sa_handler = hang_up };
	int in, out, told[2], end, err;
	pid_t pid, parent = getpid();

	signal(SIGPIPE, SIG_IGN);
	make_channel(waits[_i / WAITS].kind, O_NONBLOCK, &in, &out);
	while (wait >= WRITE_ALL && write(out, pattern(), MUCH) > 0)
		;
	while (wait >= WRITE_ALL && write(out, "", 1) > 0)
		;
	if (waits[_i / WAITS].flags == 0) {
		ck_assert_int_eq(fcntl(in, F_SETFL, 0), 0);
		ck_assert_int_eq(fcntl(out, F_SETFL, 0), 0);
	}
	ck_assert_int_eq(sigaction(SIGUSR1, &act, NULL), 0);
	ck_assert_int_eq(pipe2(told, O_CLOEXEC), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		struct pollfd p = { .fd = told[0] };

		close(told[1]);
		close(wait < WRITE_ALL ? in : out);
		if (!falls_asleep(parent) || kill(parent, SIGUSR1) == -1)
			_exit(1);
		/* Our leaving is what ends a wait that the signal did not end. */
		_exit(poll(&p, 1, PATIENCE) == 1 ? 0 : 2);
	}
	close(wait < WRITE_ALL ? out : in);
	waited_for[0] = waited_for[1] = wait < WRITE_ALL ? in : out;
	end = wait_for_ever(wait, in, out);
	err = errno;
	close(told[1]);
	ck_assert_msg(end < 0, "wait %d on %d: got %d", (int)wait, _i / WAITS, end);
	ck_assert_msg(is_interruption(err), "wait %d on %d: got errno %d", (int)wait,
	    _i / WAITS, err);
	child_is_content(pid, "whoever interrupts");
}
END_TEST

/* What fails for another reason than "cannot do this" is tried again the next time. */
START_TEST(an_error_does_not_change_the_way)
{
	int from = file_of(SOME), in, out;
	enum io_way way = IO_SPLICE;
	uint64_t moved;

	signal(SIGPIPE, SIG_IGN);
	make_channel(PIPE_END, 0, &in, &out);
	close(in);
	ck_assert_int_eq(io_move(from, out, SOME, scratch, sizeof(scratch), &way, &moved), IO_TO);
	ck_assert_int_eq(way, IO_SPLICE);
}
END_TEST

static int
capacity(int fd)
{
	return fcntl(fd, F_GETPIPE_SZ);
}

START_TEST(a_pipe_is_widened_and_never_narrowed)
{
	enum { WIDE = 1 << 19 };
	int fds[2], before;

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	before = capacity(fds[0]);
	feed(fds[1], 0, 1000);
	io_widen(fds[0], WIDE);
	ck_assert_int_eq(capacity(fds[1]), WIDE);
	io_widen(fds[1], before);
	ck_assert_int_eq(capacity(fds[1]), WIDE);
	close(fds[1]);
	ck_assert_int_eq(drained(fds[0], 1000), 0);
}
END_TEST

/* Nobody may have so much, and only a pipe can be widened: all stays as it is. */
START_TEST(what_cannot_be_widened_stays)
{
	int fds[2], before, file = file_of(1);

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	before = capacity(fds[0]);
	io_widen(fds[0], INT_MAX);
	ck_assert_int_eq(capacity(fds[0]), before);
	io_widen(file, 1 << 19);
	io_widen(-1, 1 << 19);
	ck_assert_int_eq(lseek(file, 0, SEEK_END), 1);
}
END_TEST

/* What there is to be read begins with it, and does so afterwards. */
static void
check_peek(int fd, int wanted)
{
	char peeked = '?', byte = '?';

	ck_assert_int_eq(io_peek(fd, &peeked), wanted);
	ck_assert_int_eq(read(fd, &byte, 1), wanted);
	ck_assert_int_eq(peeked, byte);
}

START_TEST(the_next_byte_stays_where_it_is)
{
	int fds[2], file;

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(write(fds[1], "ab", 2), 2);
	check_peek(fds[0], 1);
	check_peek(fds[0], 1);
	close(fds[1]);
	check_peek(fds[0], 0);
	close(fds[0]);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ck_assert_int_eq(write(fds[1], "a", 1), 1);
	check_peek(fds[0], 1);
	close(fds[1]);
	check_peek(fds[0], 0);
	close(fds[0]);
	put_file("peeked", "ab", 0644);
	file = openat(unit_fd, "peeked", O_RDONLY);
	check_peek(file, 1);
	check_peek(file, 1);
	check_peek(file, 0);
	close(file);
}
END_TEST

START_TEST(what_nobody_has_read_is_counted)
{
	char bytes[3];
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(io_count_unread(fds[1]), 0);
	ck_assert_int_eq(write(fds[1], "abc", 3), 3);
	ck_assert_int_gt(io_count_unread(fds[1]), 0);
	ck_assert_int_eq(read(fds[0], bytes, 3), 3);
	ck_assert_int_eq(io_count_unread(fds[1]), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ck_assert_int_eq(write(fds[1], "abc", 3), 3);
	ck_assert_int_gt(io_count_unread(fds[1]), 0);
	ck_assert_int_eq(read(fds[0], bytes, 3), 3);
	ck_assert_int_eq(io_count_unread(fds[1]), 0);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, the_next_byte_stays_where_it_is);
	tcase_add_test(t, what_nobody_has_read_is_counted);
	const int nways = sizeof(ways) / sizeof(ways[0]);

	tcase_add_test(t, one_read_returns_what_is_there);
	tcase_add_test(t, reading_waits_for_a_non_blocking_descriptor);
	tcase_add_test(t, all_is_read_or_the_end_is_met);
	tcase_add_test(t, all_is_written_to_a_non_blocking_descriptor);
	tcase_add_test(t, writing_fails_with_errno);
	tcase_add_loop_test(t, an_interruption_is_an_error, 0, 2 * WAITS);
	tcase_add_test(t, a_signal_that_takes_nothing_is_none);
	tcase_add_loop_test(t, each_peer_has_its_way, 0, nways);
	tcase_add_loop_test(t, each_way_works_without_blocking, 0, nways);
	tcase_add_loop_test(t, waiting_for_a_non_blocking_peer_is_sleeping, 0, 2);
	tcase_add_loop_test(t, one_interruption_is_enough, 0, 4 * WAITS);
	tcase_add_test(t, no_more_than_asked_for_is_taken);
	tcase_add_test(t, a_scratch_of_one_byte_is_enough);
	tcase_add_test(t, it_begins_where_the_file_stands);
	tcase_add_loop_test(t, an_early_end_of_a_file, 0, 4);
	tcase_add_test(t, a_file_that_cannot_be_read);
	tcase_add_test(t, a_peer_that_is_gone);
	tcase_add_test(t, an_error_does_not_change_the_way);
	tcase_add_test(t, a_pipe_is_widened_and_never_narrowed);
	tcase_add_test(t, what_cannot_be_widened_stays);
}

int
main(void)
{
	return run_unit("io", add);
}
