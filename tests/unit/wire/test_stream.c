/* SPDX-License-Identifier: ISC */
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>

#include <time.h>

#include "asleep.h"
#include "wire.h"
#include "wire/stream.h"

enum {
	PATIENCE = 40000,	/* milliseconds for a peer that shall be ahead */
	SLOW = 1000,		/* bytes a second: of bodies that nobody sees the end of */
	TICK = 50000,		/* microseconds between two signals */
	IDLE = 1000,		/* seconds: longer than any test */
	STEP = 16384		/* bytes that an idle client may not even take in that time */
};

static struct stream s;

static void
connect_at(enum transport kind, uint64_t rate)
{
	make_wires(kind);
	stream_init(&s, our_in, our_out, rate);
}

/* What is unread is WANTED and no more. */
static void
expect_unread(const char *wanted, size_t n)
{
	const char *from;
	size_t have = stream_unread(&s, &from);

	ck_assert_msg(have == n && memcmp(from, wanted, n) == 0,
	    "expected %zu bytes \"%.*s\", got %zu \"%.*s\"", n, (int)n, wanted, have, (int)have,
	    from);
}

/* WANTED comes next, in as many reads as that takes. */
static void
expect_input(const char *wanted, size_t n)
{
	for (size_t at = 0, have; at < n; at += have) {
		const char *from;

		ck_assert_int_eq(stream_has_input(&s), true);
		have = stream_unread(&s, &from);
		ck_assert_uint_gt(have, 0);
		if (have > n - at)
			have = n - at;
		ck_assert_mem_eq(from, wanted + at, have);
		stream_skip(&s, have);
	}
}

static void
expect_end(void)
{
	ck_assert_int_eq(stream_has_input(&s), false);
	ck_assert_int_eq(s.lost, false);
	expect_unread(BYTES(""));
}

static void
receive_body(int fd, uint64_t size, int wanted)
{
	int err = 7;

	ck_assert_int_eq(stream_receive(&s, fd, size, &err), 0);
	ck_assert_int_eq(err, wanted);
}

static void
send_body(int fd, uint64_t size, bool sparse, int wanted)
{
	int err = 7;

	ck_assert_int_eq(stream_send(&s, fd, size, sparse, &err), 0);
	ck_assert_int_eq(err, wanted);
}

static void
end_with(pid_t drain)
{
	disconnect();
	child_is_content(drain, "the drain");
}

/* Sends SIZE bytes of FD, from where the pattern begins or as drain_at says, and closes it. */
static void
check_sent(enum transport kind, int fd, size_t size, bool sparse)
{
	pid_t pid;

	connect_at(kind, 0);
	pid = drain(size, 0, BYTES("\0"));
	send_body(fd, size, sparse, 0);
	end_with(pid);
	close(fd);
}

/*
 * Input that is read ahead.
 */
START_TEST(what_is_unread_stays_until_it_is_skipped)
{
	char byte;

	connect_at((enum transport)_i, 0);
	expect_unread(BYTES(""));
	stream_skip(&s, 0);
	expect_unread(BYTES(""));
	say(BYTES("abcdef"));
	/* It is nobody's before it was asked for. */
	expect_unread(BYTES(""));
	ck_assert_int_eq(stream_has_input(&s), true);
	expect_unread(BYTES("abcdef"));
	stream_skip(&s, 2);
	expect_unread(BYTES("cdef"));
	stream_skip(&s, 0);
	expect_unread(BYTES("cdef"));
	/* Nothing is read where there is something. */
	say(BYTES("gh"));
	ck_assert_int_eq(stream_has_input(&s), true);
	expect_unread(BYTES("cdef"));
	/* Who reads a byte begins with that. */
	ck_assert_int_eq(stream_read_byte(&s, &byte), 0);
	ck_assert_int_eq(byte, 'c');
	expect_unread(BYTES("def"));
	stream_skip(&s, 3);
	expect_unread(BYTES(""));
	ck_assert_int_eq(stream_has_input(&s), true);
	expect_unread(BYTES("gh"));
	stream_skip(&s, 2);
	hang_up();
	expect_end();
}
END_TEST

START_TEST(input_is_what_one_read_returned)
{
	connect_at(packet_kinds[_i], 0);
	say(BYTES("one"));
	say(BYTES("two"));
	ck_assert_int_eq(stream_has_input(&s), true);
	expect_unread(BYTES("one"));
	stream_skip(&s, 3);
	ck_assert_int_eq(stream_has_input(&s), true);
	expect_unread(BYTES("two"));
}
END_TEST

START_TEST(input_is_bounded)
{
	static char much[STREAM_IN + 5];

	for (size_t i = 0; i < sizeof(much); i++)
		much[i] = byte_at(i);
	connect_at(PIPES, 0);
	ck_assert_int_gt(fcntl(to_us, F_SETPIPE_SZ, 2 * STREAM_IN), STREAM_IN);
	say(much, sizeof(much));
	ck_assert_int_eq(stream_has_input(&s), true);
	expect_unread(much, STREAM_IN);
	stream_skip(&s, STREAM_IN - 1);
	expect_input(much + STREAM_IN - 1, 6);
	hang_up();
	expect_end();
}
END_TEST

/* An end is an end, however often it is asked for. */
START_TEST(an_end_is_no_loss)
{
	int err = 7;
	char byte;

	connect_at((enum transport)_i, 0);
	hang_up();
	expect_end();
	expect_end();
	ck_assert_int_eq(stream_receive(&s, -1, 5, &err), -1);
	ck_assert_int_eq(err, 0);
	ck_assert_int_eq(stream_read_byte(&s, &byte), -1);
	ck_assert_int_eq(s.lost, false);
}
END_TEST

/* A descriptor that cannot be read is no end of input: the directory gives EISDIR. */
START_TEST(rule_12_a_failing_descriptor_is_no_end)
{
	int err = 7;
	char byte;

	stream_init(&s, unit_fd, -1, 0);
	ck_assert_int_eq(s.lost, false);
	ck_assert_int_eq(stream_has_input(&s), false);
	ck_assert_int_eq(s.lost, true);
	expect_unread(BYTES(""));
	stream_init(&s, unit_fd, -1, 0);
	ck_assert_int_eq(s.lost, false);
	ck_assert_int_eq(stream_receive(&s, -1, 5, &err), -1);
	ck_assert_int_eq(err, 0);
	ck_assert_int_eq(s.lost, true);
	stream_init(&s, unit_fd, -1, 0);
	ck_assert_int_eq(stream_read_byte(&s, &byte), -1);
}
END_TEST

/* Whoever stands behind a descriptor that failed is not listened to any more. */
START_TEST(what_is_lost_is_not_read_again)
{
	int err = 7, waiting = -1;

	connect_at(PIPES, 0);
	s.in = unit_fd;
	ck_assert_int_eq(stream_has_input(&s), false);
	s.in = our_in;
	say(BYTES("hello"));
	ck_assert_int_eq(stream_has_input(&s), false);
	ck_assert_int_eq(stream_receive(&s, -1, 5, &err), -1);
	ck_assert_int_eq(stream_has_input(&s), false);
	ck_assert_int_eq(s.lost, true);
	expect_unread(BYTES(""));
	ck_assert_int_eq(ioctl(our_in, FIONREAD, &waiting), 0);
	ck_assert_int_eq(waiting, 5);
}
END_TEST

START_TEST(rule_15_a_peer_that_is_ahead)
{
	connect_at((enum transport)_i, 0);
	ck_assert_int_eq(stream_is_ahead(&s, 0), false);
	say(BYTES("C0644 5 f\n"));
	ck_assert_int_eq(stream_is_ahead(&s, 0), true);
	expect_input(BYTES("C0644 5 f\n"));
	ck_assert_int_eq(stream_is_ahead(&s, 0), false);
	/* In a packet of its own. */
	say(BYTES("h"));
	ck_assert_int_eq(stream_is_ahead(&s, 0), true);
	ck_assert_int_eq(stream_is_ahead(&s, 0), true);
	expect_unread(BYTES(""));
	disconnect();

	/* Behind what was wanted, in what one read returned. */
	connect_at((enum transport)_i, 0);
	say(BYTES("C0644 5 f\nh"));
	expect_input(BYTES("C0644 5 f\n"));
	ck_assert_int_eq(stream_is_ahead(&s, 0), true);
	hang_up();
	ck_assert_int_eq(stream_is_ahead(&s, 0), true);
	stream_skip(&s, 1);
	ck_assert_int_eq(stream_is_ahead(&s, 0), false);
	disconnect();

	/* What is left when the peer has left is ahead, its leaving is not. */
	connect_at((enum transport)_i, 0);
	say(BYTES("C0644 5 f\n"));
	hang_up();
	ck_assert_int_eq(stream_is_ahead(&s, 0), true);
	expect_input(BYTES("C0644 5 f\n"));
	ck_assert_int_eq(stream_is_ahead(&s, 0), false);
	expect_end();
	ck_assert_int_eq(stream_is_ahead(&s, 0), false);
	disconnect();
}
END_TEST

/* It is readable at any time, and there is nothing to be read. */
START_TEST(nobody_is_ahead_where_that_cannot_be_known)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	stream_init(&s, fd, -1, 0);
	ck_assert_int_eq(stream_is_ahead(&s, 0), false);
	stream_init(&s, -1, -1, 0);
	ck_assert_int_eq(stream_is_ahead(&s, 0), false);
}
END_TEST

/* What is not understood yet stays, and more comes behind it. */
START_TEST(what_is_gathered_is_behind_what_is_unread)
{
	pid_t pid;

	connect_at((enum transport)_i, 0);
	ck_assert_int_eq(stream_gather(&s, 0), STREAM_SILENT);
	ck_assert_int_eq(stream_gather(&s, 1), STREAM_SILENT);
	say(BYTES("abc"));
	ck_assert_int_eq(stream_gather(&s, -1), STREAM_CAME);
	expect_unread(BYTES("abc"));
	stream_skip(&s, 2);
	ck_assert_int_eq(stream_gather(&s, 0), STREAM_SILENT);
	expect_unread(BYTES("c"));
	say(BYTES("de"));
	ck_assert_int_eq(stream_gather(&s, 0), STREAM_CAME);
	expect_unread(BYTES("cde"));
	hang_up();
	ck_assert_int_eq(stream_gather(&s, -1), STREAM_END);
	expect_unread(BYTES("cde"));
	ck_assert_int_eq(s.lost, false);
	disconnect();
	/* As much as there is room for. */
	connect_at(STREAM, 0);
	pid = feed(STREAM_IN - 2, BYTES("z"));
	while (stream_gather(&s, -1) == STREAM_CAME)
		;
	ck_assert_uint_eq(s.inlen, STREAM_IN - 1);
	ck_assert_int_eq(s.inbuf[STREAM_IN - 2], 'z');
	child_is_content(pid, "the feed");
	disconnect();
}
END_TEST

START_TEST(what_is_lost_is_not_gathered)
{
	stream_init(&s, -1, -1, 0);
	s.in = open("/", O_PATH | O_CLOEXEC);
	ck_assert_int_eq(stream_gather(&s, -1), STREAM_LOST);
	ck_assert_int_eq(s.lost, true);
	close(s.in);
}
END_TEST

START_TEST(a_byte_is_read_and_no_more)
{
	char byte = 'x', rest[8];

	connect_at(stream_kinds[_i], 0);
	say(BYTES("a\0bc"));
	hang_up();
	ck_assert_int_eq(stream_read_byte(&s, &byte), 0);
	ck_assert_int_eq(byte, 'a');
	ck_assert_int_eq(stream_read_byte(&s, &byte), 0);
	ck_assert_int_eq(byte, '\0');
	expect_unread(BYTES(""));
	ck_assert_int_eq(read(our_in, rest, sizeof(rest)), 2);
	ck_assert_mem_eq(rest, "bc", 2);
	ck_assert_int_eq(stream_read_byte(&s, &byte), -1);
}
END_TEST

START_TEST(rule_1_one_message_is_one_write)
{
	connect_at(packet_kinds[_i], 0);
	ck_assert_int_eq(stream_write(&s, "a message\n", 10), 0);
	ck_assert_int_eq(stream_write(&s, "", 1), 0);
	expect_heard(BYTES("a message\n"));
	expect_heard(BYTES("\0"));
	send_body(file_with("hello"), 5, false, 0);
	expect_heard(BYTES("hello\0"));
	send_body(file_with(""), 0, false, 0);
	expect_heard(BYTES("\0"));
	send_body(-1, 0, false, 0);
	expect_heard(BYTES("\0"));
	expect_silence();
}
END_TEST

/* As long as its body is smaller than the buffer that both of them go through. */
START_TEST(a_small_body_and_what_is_behind_it_are_one_write)
{
	static char got[2 * STREAM_OUT];
	const int room = 4 * STREAM_OUT;

	connect_at(PACKETS, 0);
	ck_assert_int_eq(setsockopt(our_out, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)), 0);
	send_body(large_file(STREAM_OUT - 1), STREAM_OUT - 1, false, 0);
	ck_assert_int_eq(read(from_us, got, sizeof(got)), STREAM_OUT);
	for (size_t i = 0; i < STREAM_OUT; i++)
		ck_assert_int_eq(got[i], i < STREAM_OUT - 1 ? byte_at(i) : 0);
	expect_silence();
}
END_TEST

/*
 * Bodies that come.
 */
START_TEST(rule_6_a_large_body)
{
	int fd = new_file();
	pid_t pid;

	connect_at((enum transport)_i, 0);
	pid = feed(LARGE, BYTES("\0E\n"));
	receive_body(fd, LARGE, 0);
	expect_input(BYTES("\0E\n"));
	expect_end();
	expect_pattern(fd, LARGE);
	child_is_content(pid, "the feeder");
}
END_TEST

/* What was read ahead is where it begins, and what is behind it stays. */
START_TEST(a_body_begins_with_what_is_unread)
{
	char got[8];
	int fd = new_file();

	connect_at((enum transport)_i, 0);
	say(BYTES("C\nhel"));
	expect_input(BYTES("C\n"));
	say(BYTES("lo\0E\n"));
	receive_body(fd, 5, 0);
	expect_unread(BYTES("\0E\n"));
	ck_assert_int_eq(pread(fd, got, sizeof(got), 0), 5);
	ck_assert_mem_eq(got, "hello", 5);
	/* For one of no bytes nobody waits. */
	stream_skip(&s, 3);
	receive_body(fd, 0, 0);
	expect_unread(BYTES(""));
	ck_assert_int_eq(pread(fd, got, sizeof(got), 0), 5);
}
END_TEST

START_TEST(a_body_for_nobody)
{
	connect_at((enum transport)_i, 0);
	say(BYTES("hello\0E\n"));
	receive_body(-1, 5, 0);
	expect_input(BYTES("\0E\n"));
	ck_assert_int_eq(stream_is_ahead(&s, 0), false);
}
END_TEST

START_TEST(rule_12_an_end_in_a_body)
{
	for (size_t n = 0; n < 5; n++) {
		int err = 7, fd = new_file();
		char got[8];

		connect_at((enum transport)_i, 0);
		if (n > 0)
			say("hello", n);
		hang_up();
		ck_assert_int_eq(stream_receive(&s, fd, 5, &err), -1);
		ck_assert_int_eq(err, 0);
		ck_assert_int_eq(s.lost, false);
		ck_assert_int_eq(pread(fd, got, sizeof(got), 0), (ssize_t)n);
		ck_assert_mem_eq(got, "hello", n);
		disconnect();
		close(fd);
	}
}
END_TEST

START_TEST(rule_16_the_rest_of_a_body_that_cannot_be_written)
{
	static const size_t sizes[] = { 5, LARGE };

	for (size_t i = 0; i < COUNT(sizes); i++) {
		int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
		pid_t pid;

		ck_assert_msg(fd >= 0, "/dev/full: %s", strerror(errno));
		connect_at((enum transport)_i, 0);
		pid = feed(sizes[i], BYTES("\0E\n"));
		receive_body(fd, sizes[i], ENOSPC);
		expect_silence();
		expect_input(BYTES("\0E\n"));
		expect_end();
		child_is_content(pid, "the feeder");
		disconnect();
		close(fd);
	}
}
END_TEST

static void
pass_body(uint64_t size, int wanted)
{
	static struct stream to;
	int err = 7;

	stream_init(&to, -1, our_out, 0);
	ck_assert_int_eq(stream_pass(&s, &to, size, &err), 0);
	ck_assert_int_eq(err, wanted);
}

/* To another peer goes what was read ahead, and what nobody need read. */
START_TEST(a_body_is_passed_on)
{
	static const size_t sizes[] = { 0, 5, 70000, LARGE };

	for (size_t i = 0; i < 2 * COUNT(sizes); i++) {
		size_t size = sizes[i / 2];
		pid_t feeder, drainer;

		connect_at((enum transport)_i, 0);
		feeder = feed(size, BYTES("\0E\n"));
		drainer = drain(size, 0, "", 0);
		if (i % 2 == 1)
			ck_assert(stream_has_input(&s));
		pass_body(size, 0);
		expect_input(BYTES("\0E\n"));
		expect_end();
		child_is_content(feeder, "the feeder");
		end_with(drainer);
	}
}
END_TEST

/* Where he is gone, all of it is heard all the same. */
START_TEST(a_body_is_passed_on_to_nobody)
{
	static const size_t sizes[] = { 5, LARGE };

	for (size_t i = 0; i < COUNT(sizes); i++) {
		pid_t pid;

		connect_at((enum transport)_i, 0);
		close(from_us);
		if ((enum transport)_i == STREAM || (enum transport)_i == PACKETS)
			shutdown(our_out, SHUT_RDWR);
		pid = feed(sizes[i], BYTES("\0E\n"));
		pass_body(sizes[i], EPIPE);
		expect_input(BYTES("\0E\n"));
		child_is_content(pid, "the feeder");
		disconnect();
	}
}
END_TEST

START_TEST(a_body_that_is_passed_on_and_ends)
{
	static const size_t sizes[] = { 5, 70000 };

	for (size_t i = 0; i < COUNT(sizes); i++) {
		static struct stream to;
		int err = 7;

		connect_at((enum transport)_i, 0);
		say(BYTES("hel"));
		hang_up();
		stream_init(&to, -1, our_out, 0);
		ck_assert_int_eq(stream_pass(&s, &to, sizes[i], &err), -1);
		ck_assert_int_eq(err, 0);
		ck_assert(!s.lost);
		expect_heard(BYTES("hel"));
		disconnect();
	}
}
END_TEST

/* The first failure is the one that counts, and nothing is written behind it. */
START_TEST(rule_16_a_file_that_is_full_in_the_middle)
{
	const rlim_t limit = 100000;
	struct rlimit old, less;
	int fd = new_file(), err = 0, end;
	struct stat st;
	pid_t pid;

	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
	less = (struct rlimit){ .rlim_cur = limit, .rlim_max = old.rlim_max };
	connect_at((enum transport)_i, 0);
	pid = feed(LARGE, BYTES("\0E\n"));
	/* Not longer than needed: the library writes files, too. */
	setrlimit(RLIMIT_FSIZE, &less);
	end = stream_receive(&s, fd, LARGE, &err);
	setrlimit(RLIMIT_FSIZE, &old);
	ck_assert_int_eq(end, 0);
	ck_assert_int_eq(err, EFBIG);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq(st.st_size, (off_t)limit);
	expect_input(BYTES("\0E\n"));
	child_is_content(pid, "the feeder");
}
END_TEST

/* Even where what comes later would fit: a file with a hole in it is no file. */
START_TEST(rule_16_nothing_is_written_behind_a_failure)
{
	static char first[60000];
	const int room = 4096;
	int ends[2], waiting = -1;

	/* A packet that is larger than what it goes to is refused, and a small one is not. */
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	ck_assert_int_eq(setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)), 0);
	connect_at(PACKETS, 0);
	say(first, sizeof(first));
	say(BYTES("more"));
	say(BYTES("\0E\n"));
	receive_body(ends[1], sizeof(first) + 4, EMSGSIZE);
	ck_assert_int_eq(ioctl(ends[0], FIONREAD, &waiting), 0);
	ck_assert_int_eq(waiting, 0);
	expect_input(BYTES("\0E\n"));
}
END_TEST

/*
 * Bodies that go.
 */
static const size_t body_sizes[] = {
	1, 4095, 4096, STREAM_OUT - 2, STREAM_OUT - 1, STREAM_OUT, STREAM_OUT + 1, 1 << 20, LARGE,
};

START_TEST(rule_22_the_announced_size)
{
	for (size_t i = 0; i < COUNT(body_sizes); i++)
		check_sent(stream_kinds[_i], large_file(body_sizes[i]), body_sizes[i], false);
}
END_TEST

/* Of a file that is longer than it was. */
START_TEST(rule_22_a_file_that_grew)
{
	for (size_t i = 0; i < COUNT(body_sizes); i++) {
		int fd = large_file(body_sizes[i] + 1000);

		check_sent(stream_kinds[_i], fd, body_sizes[i], false);
	}
}
END_TEST

/* Zeros for what is missing, room for something else behind them, and the session goes on. */
START_TEST(rule_22_a_file_that_shrank)
{
	static const size_t missing[] = { 1, 10, 1000000 };
	char byte = 'x';

	for (size_t i = 0; i < COUNT(body_sizes); i++)
		for (size_t k = 0; k < COUNT(missing); k++) {
			int fd = large_file(body_sizes[i]);
			pid_t pid;

			connect_at(stream_kinds[_i], 0);
			pid = drain(body_sizes[i], missing[k], BYTES("\001shrank\n"));
			send_body(fd, body_sizes[i] + missing[k], false, STREAM_SHRANK);
			ck_assert_int_eq(stream_write(&s, BYTES("\001shrank\n")), 0);
			say(BYTES("\0"));
			ck_assert_int_eq(stream_read_byte(&s, &byte), 0);
			ck_assert_int_eq(byte, '\0');
			end_with(pid);
			close(fd);
		}
}
END_TEST

START_TEST(rule_22_a_file_that_is_empty_now)
{
	connect_at(PACKETS, 0);
	send_body(file_with(""), 5, false, STREAM_SHRANK);
	expect_heard(BYTES("\0\0\0\0\0"));
	expect_silence();
}
END_TEST

/* What takes the place of a missing end is zeros, not what another file left in the buffer. */
START_TEST(rule_22_the_end_of_one_file_is_not_of_another)
{
	static char secret[STREAM_OUT], got[2 * STREAM_OUT];
	static const size_t sizes[] = { 20000, STREAM_OUT - 1, 100000 };

	memset(secret, 's', sizeof(secret) - 1);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		size_t have = 0;
		ssize_t n;

		connect_at(STREAM, 0);
		send_body(file_with(secret), sizeof(secret) - 1, false, 0);
		for (; have < sizeof(secret); have += (size_t)n)
			ck_assert_int_gt(n = read(from_us, got, sizeof(got)), 0);
		send_body(file_with("he"), sizes[i], false, STREAM_SHRANK);
		for (have = 0; have < sizes[i]; have += (size_t)n)
			ck_assert_int_gt(n = read(from_us, got + have, sizeof(got) - have), 0);
		ck_assert_mem_eq(got, "he", 2);
		for (size_t k = 2; k < have; k++)
			if (got[k] != '\0')
				ck_abort_msg("size %zu, byte %zu: expected 0, got %d", sizes[i], k,
				    got[k]);
		disconnect();
	}
}
END_TEST

START_TEST(rule_22_a_file_that_cannot_be_read)
{
	static const size_t sizes[] = { 5, 200000, LARGE };

	for (size_t i = 0; i < COUNT(sizes); i++) {
		pid_t pid;

		connect_at(stream_kinds[_i], 0);
		pid = drain(0, sizes[i], BYTES("\001Is a directory\n"));
		send_body(unit_fd, sizes[i], false, EISDIR);
		ck_assert_int_eq(stream_write(&s, BYTES("\001Is a directory\n")), 0);
		end_with(pid);
	}
}
END_TEST

START_TEST(rule_22_a_body_begins_where_the_file_stands)
{
	static const size_t sizes[] = { 1000, LARGE };

	drain_at = 12345;
	for (size_t i = 0; i < COUNT(sizes); i++)
		for (int sparse = 0; sparse < 2; sparse++) {
			int fd = large_file(LARGE + 12345);

			ck_assert_int_eq(lseek(fd, 12345, SEEK_SET), 12345);
			check_sent(stream_kinds[_i], fd, sizes[i], sparse == 1);
		}
}
END_TEST

/* A file of LARGE bytes: the pattern on two islands, and holes before, between and behind them. */
static const struct {
	size_t from, to;
} islands[] = { { 100000, 150000 }, { 2000000, 2300007 } };

static bool
is_on_island(size_t at)
{
	return (at >= islands[0].from && at < islands[0].to) ||
	    (at >= islands[1].from && at < islands[1].to);
}

static int
sparse_file(void)
{
	int fd = new_file();

	for (size_t i = 0; i < COUNT(islands); i++) {
		size_t n = islands[i].to - islands[i].from;
		char *bytes = malloc(n);

		ck_assert_ptr_nonnull(bytes);
		for (size_t k = 0; k < n; k++)
			bytes[k] = byte_at(islands[i].from + k);
		ck_assert_int_eq(pwrite(fd, bytes, n, (off_t)islands[i].from), (ssize_t)n);
		free(bytes);
	}
	ck_assert_int_eq(ftruncate(fd, LARGE), 0);
	return fd;
}

/* Reads SIZE bytes of that file, which is zeros from END on, from START on, and TAIL. */
static pid_t
drain_islands(size_t start, size_t size, size_t end, const char *tail, size_t taillen)
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
				size_t at = start + have;
				char wanted = at < end && is_on_island(at) ? byte_at(at) : 0;

				if (have >= size + taillen)
					_exit(3);
				if (got[i] != (have < size ? wanted : tail[have - size]))
					_exit(4);
			}
		_exit(have == size + taillen ? 0 : 5);
	}
	return pid;
}

/* How many of the pages of FD that are a hole the kernel had to make up for whoever read them. */
static size_t
pages_of_holes(int fd)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE), npages = (LARGE + page - 1) / page;
	unsigned char *there = calloc(npages, 1);
	void *map = mmap(NULL, LARGE, PROT_READ, MAP_SHARED, fd, 0);
	size_t n = 0;

	ck_assert_ptr_nonnull(there);
	ck_assert_ptr_ne(map, MAP_FAILED);
	ck_assert_int_eq(mincore(map, LARGE, there), 0);
	for (size_t i = 0; i < npages; i++)
		n += (there[i] & 1) != 0 && !is_on_island(i * page) &&
		    !is_on_island((i + 1) * page - 1);
	munmap(map, LARGE);
	free(there);
	return n;
}

START_TEST(holes_are_sent_and_not_read)
{
	static const off_t starts[] = { 0, 1000, 1 << 20, LARGE - 200000 };

	for (size_t i = 0; i < COUNT(starts); i++) {
		size_t size = (size_t)(LARGE - starts[i]), made_up;
		int fd = sparse_file();
		pid_t pid;

		made_up = pages_of_holes(fd);
		ck_assert_int_eq(lseek(fd, starts[i], SEEK_SET), starts[i]);
		connect_at(stream_kinds[_i], 0);
		pid = drain_islands((size_t)starts[i], size, LARGE, BYTES("\0"));
		send_body(fd, size, true, 0);
		end_with(pid);
		ck_assert_uint_eq(pages_of_holes(fd), made_up);
		close(fd);
	}
}
END_TEST

/* What is said to have holes and has none is sent as it is; and so is the beginning of a file. */
START_TEST(holes_may_be_none)
{
	static const size_t sizes[] = { STREAM_OUT, LARGE / 2, LARGE };

	for (size_t i = 0; i < COUNT(sizes); i++)
		check_sent(stream_kinds[_i], large_file(LARGE), sizes[i], true);
}
END_TEST

/* What stands nowhere is sent as it comes. */
START_TEST(holes_of_what_is_no_file)
{
	enum { SIZE = STREAM_OUT + 1000 };
	static char bytes[SIZE];
	int fds[2];

	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = byte_at(i);
	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	ck_assert_int_gt(fcntl(fds[1], F_SETPIPE_SZ, 2 * STREAM_OUT), SIZE);
	ck_assert_int_eq(write(fds[1], bytes, SIZE), SIZE);
	close(fds[1]);
	check_sent(stream_kinds[_i], fds[0], SIZE, true);
}
END_TEST

/* The end of a file is no hole: it shrank, whatever its last bytes are by now. */
START_TEST(rule_22_a_file_with_holes_that_shrank)
{
	static const off_t ends[] = { 0, 100000, 2 << 20, LARGE - 1 };

	for (size_t i = 0; i < COUNT(ends); i++) {
		int fd = sparse_file();
		pid_t pid;

		ck_assert_int_eq(ftruncate(fd, ends[i]), 0);
		connect_at(stream_kinds[_i], 0);
		pid = drain_islands(0, LARGE, (size_t)ends[i], BYTES(""));
		send_body(fd, LARGE, true, STREAM_SHRANK);
		end_with(pid);
		close(fd);
	}
}
END_TEST

START_TEST(a_peer_that_is_gone)
{
	static const size_t sizes[] = { 0, 5, LARGE };

	for (size_t i = 0; i < COUNT(sizes); i++)
		for (int sparse = 0; sparse < 2; sparse++) {
			int fd = sparse == 1 ? sparse_file() : large_file(sizes[i]), err = 7;

			connect_at(stream_kinds[_i], 0);
			close(from_us);
			ck_assert_int_eq(stream_send(&s, fd, sizes[i], sparse == 1, &err), -1);
			ck_assert_int_eq(err, 0);
			ck_assert_int_eq(stream_write(&s, "", 1), -1);
			close(fd);
			close(our_in);
			close(our_out);
			hang_up();
		}
}
END_TEST

/*
 * How they go and come.
 */
static int
capacity(int fd)
{
	return fcntl(fd, F_GETPIPE_SZ);
}

/* What one pipe of a new session holds after a body of SIZE bytes went through it. */
static int
capacity_after(bool sends, size_t size, uint64_t rate)
{
	int has;
	pid_t pid;

	connect_at(PIPES, rate);
	pid = sends ? drain(size, 0, BYTES("\0")) : feed(size, BYTES("\0"));
	if (sends)
		send_body(large_file(size), size, false, 0);
	else
		receive_body(-1, size, 0);
	has = capacity(sends ? s.out : s.in);
	disconnect();
	child_is_content(pid, "the peer");
	return has;
}

START_TEST(large_bodies_widen_their_pipe)
{
	const bool sends = _i == 1;
	const size_t small = STREAM_OUT + 1;
	int plain[2];

	ck_assert_int_eq(pipe2(plain, O_CLOEXEC), 0);
	ck_assert_int_eq(capacity_after(sends, small, 0), capacity(plain[0]));
	ck_assert_int_eq(capacity_after(sends, LARGE, 0), STREAM_PIPE);
	/* What is held back does not need the room. */
	ck_assert_int_eq(capacity_after(sends, LARGE, 1 << 30), capacity(plain[0]));
	close(plain[0]);
	close(plain[1]);
}
END_TEST

/* One end of a new pipe, the other being closed. */
static int
half_a_pipe(void)
{
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	close(fds[1]);
	return fds[0];
}

/*
 * A hundred sessions of one user, each with its three pipes, and all of them with a large body:
 * his next pipe is still one of the usual size.
 */
START_TEST(a_hundred_sessions_leave_room_for_others)
{
	int usual = capacity(half_a_pipe()), err = 7;

	if (lacks_root("whoever counts pipes must be somebody who has no others"))
		return;
	become_user();
	for (int i = 0; i < 100; i++) {
		int in = half_a_pipe(), out = half_a_pipe();

		(void)half_a_pipe();
		stream_init(&s, in, out, 0);
		ck_assert_int_eq(stream_receive(&s, -1, LARGE, &err), -1);
		ck_assert_msg(capacity(in) == STREAM_PIPE, "session %d: expected %d, got %d", i,
		    STREAM_PIPE, capacity(in));
	}
	ck_assert_int_eq(capacity(half_a_pipe()), usual);
}
END_TEST

/* The last of what a watcher was told, and that it was told about going forwards only. */
struct seen {
	uint64_t done, size;
	int	 calls;
};

static void
see(void *watcher, uint64_t done, uint64_t size)
{
	struct seen *seen = watcher;

	if (done < seen->done || done > size)
		ck_abort_msg("%ju after %ju of %ju", (uintmax_t)done, (uintmax_t)seen->done,
		    (uintmax_t)size);
	*seen = (struct seen){ done, size, seen->calls + 1 };
}

static void
assert_seen_all(const struct seen *seen)
{
	ck_assert_uint_eq(seen->done, LARGE);
	ck_assert_uint_eq(seen->size, LARGE);
	ck_assert_int_gt(seen->calls, 1);
}

START_TEST(a_watcher_sees_all_of_a_body)
{
	struct seen seen = { 0 };
	pid_t pid;

	connect_at(PIPES, 0);
	s.watch = see;
	s.watcher = &seen;
	pid = feed(LARGE, BYTES("\0"));
	receive_body(-1, LARGE, 0);
	assert_seen_all(&seen);
	child_is_content(pid, "the feeder");
	disconnect();

	seen = (struct seen){ 0 };
	connect_at(PIPES, 0);
	s.watch = see;
	s.watcher = &seen;
	pid = drain(LARGE, 0, BYTES("\0"));
	send_body(large_file(LARGE), LARGE, false, 0);
	assert_seen_all(&seen);
	end_with(pid);

	seen = (struct seen){ 0 };
	connect_at(PIPES, 0);
	s.watch = see;
	s.watcher = &seen;
	pid = drain_islands(0, LARGE, LARGE, BYTES("\0"));
	send_body(sparse_file(), LARGE, true, 0);
	assert_seen_all(&seen);
	end_with(pid);
}
END_TEST

/* How far a watcher was told to have come at once, at most. */
static void
measure(void *largest, uint64_t done, uint64_t size)
{
	static uint64_t before;
	uint64_t *most = largest;

	if (done < before)
		before = 0;
	if (done - before > *most)
		*most = done - before;
	before = done == size ? 0 : done;
}

/*
 * How far it may seem to have come at once: what goes into a pipe at once is no more than what has
 * room there, for which nobody waits, and into anything else a step.
 */
static const uint64_t steps[] = { [PIPES] = STREAM_PIPE, [STREAM] = STEP };

static struct deadline deadline;

/* Has the deadline know of no wait. */
static void
age_deadline(void)
{
	s.deadline = &deadline;
	deadline.since = 0;
}

/* There was one, and it is over. */
static void
assert_awaited(const char *what)
{
	ck_assert_msg(deadline.since != 0, "nobody waited for %s", what);
	ck_assert_int_eq(deadline.waiting, DEADLINE_WORK);
}

START_TEST(a_deadline_hears_of_what_comes)
{
	char byte;

	ck_assert_int_eq(deadline_init(&deadline, IDLE, 0), 0);
	connect_at(PIPES, 0);
	age_deadline();
	say(BYTES("C0644 5 f\n"));
	expect_input(BYTES("C0644 5 f\n"));
	assert_awaited("a record");
	age_deadline();
	say(BYTES("hello"));
	receive_body(new_file(), 5, 0);
	assert_awaited("a body");
	age_deadline();
	say(BYTES("\0"));
	expect_input(BYTES("\0"));
	assert_awaited("a status");
	age_deadline();
	say(BYTES("hello\0"));
	receive_body(-1, 5, 0);
	assert_awaited("a body that nobody wants");
	disconnect();

	connect_at(PIPES, 0);
	age_deadline();
	say(BYTES("\0"));
	ck_assert_int_eq(stream_read_byte(&s, &byte), 0);
	assert_awaited("a reply");
	age_deadline();
	ck_assert_int_eq(stream_write(&s, "", 1), 0);
	assert_awaited("a reply of ours");
	disconnect();
	deadline_end(&deadline);
}
END_TEST

START_TEST(a_deadline_hears_of_what_goes)
{
	uint64_t most = 0;
	pid_t pid;

	ck_assert_int_eq(deadline_init(&deadline, IDLE, 0), 0);
	connect_at(stream_kinds[_i], 0);
	age_deadline();
	s.watch = measure;
	s.watcher = &most;
	pid = drain(LARGE, 0, BYTES("\0"));
	send_body(large_file(LARGE), LARGE, false, 0);
	assert_awaited("a body");
	ck_assert_uint_gt(most, 0);
	ck_assert_uint_le(most, steps[stream_kinds[_i]]);
	end_with(pid);
	deadline_end(&deadline);
}
END_TEST

/* Also where it is no more than zeros, as many of them as it would have been. */
START_TEST(a_deadline_hears_of_what_takes_the_place_of_a_body)
{
	pid_t pid;

	ck_assert_int_eq(deadline_init(&deadline, IDLE, 0), 0);
	connect_at(PIPES, 0);
	age_deadline();
	pid = drain(0, LARGE, BYTES(""));
	send_body(new_file(), LARGE, false, STREAM_SHRANK);
	assert_awaited("zeros");
	end_with(pid);
	deadline_end(&deadline);
}
END_TEST

/* The time is up: nothing is waited for, although it is there, but what was done is said. */
START_TEST(a_deadline_that_is_over)
{
	char byte;
	int err;

	ck_assert_int_eq(deadline_init(&deadline, IDLE, IDLE), 0);
	connect_at(PIPES, 0);
	s.deadline = &deadline;
	say(BYTES("C0644 5 f\n"));
	deadline.reason = "over";
	ck_assert_int_eq(stream_read_byte(&s, &byte), -1);
	ck_assert_int_eq(stream_send(&s, large_file(LARGE), LARGE, false, &err), -1);
	ck_assert_int_eq(stream_send(&s, new_file(), LARGE, false, &err), -1);
	ck_assert_int_eq(stream_write(&s, "", 1), 0);
	ck_assert(!stream_has_input(&s));
	ck_assert(s.lost);
	disconnect();
	deadline_end(&deadline);
}
END_TEST

START_TEST(there_is_no_deadline_to_begin_with)
{
	s.deadline = &deadline;
	s.watch = measure;
	s.watcher = &deadline;
	connect_at(PIPES, 0);
	ck_assert_ptr_null(s.deadline);
	ck_assert(s.watch == NULL);
	ck_assert_ptr_null(s.watcher);
	disconnect();
}
END_TEST

/* A body of 30000 bytes at 100000 a second: never faster than that, in either direction. */
START_TEST(a_rate_is_kept)
{
	enum { SIZE = 30000, RATE = 100000, LEAST = 290 };
	struct timespec began, ended;
	bool sends = _i == 1;
	long took;
	pid_t pid;

	clock_gettime(CLOCK_MONOTONIC, &began);
	connect_at(PIPES, RATE);
	pid = sends ? drain(SIZE, 0, BYTES("\0")) : feed(SIZE, BYTES("\0"));
	if (sends)
		send_body(large_file(SIZE), SIZE, false, 0);
	else
		receive_body(-1, SIZE, 0);
	clock_gettime(CLOCK_MONOTONIC, &ended);
	took = (ended.tv_sec - began.tv_sec) * 1000 + (ended.tv_nsec - began.tv_nsec) / 1000000;
	ck_assert_msg(took >= LEAST, "expected %d ms at least, got %ld", LEAST, took);
	disconnect();
	child_is_content(pid, "the peer");
}
END_TEST

static void
ignore(int sig)
{
	(void)sig;
}

/* As a session does. */
static void
take_away(int sig)
{
	int none = openat(-1, "/", O_PATH | O_CLOEXEC);

	(void)sig;
	(void)dup2(none, s.in);
	(void)dup2(none, s.out);
	close(none);
}

/* Has signals come that end what waits, for those that come at another time are no use. */
static void
begin_signals(void (*handler)(int))
{
	const struct itimerval every = { { .tv_usec = TICK }, { .tv_usec = TICK } };
	const struct sigaction a = { .sa_handler = handler };

	ck_assert_int_eq(sigaction(SIGALRM, &a, NULL), 0);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &every, NULL), 0);
}

static void
end_signals(void)
{
	const struct itimerval never = { 0 };

	ck_assert_int_eq(setitimer(ITIMER_REAL, &never, NULL), 0);
}

static volatile sig_atomic_t signals;

/* The third one is when something comes. */
static void
say_late(int sig)
{
	(void)sig;
	if (++signals == 3)
		(void)!write(to_us, "h", 1);
}

static void
be_over(int sig)
{
	(void)sig;
	signals++;
	deadline.reason = "over";
}

/* Who is interrupted has waited for less than he was told to. */
START_TEST(rule_15_a_signal_is_no_silence)
{
	connect_at((enum transport)_i, 0);
	signals = 0;
	begin_signals(say_late);
	ck_assert_int_eq(stream_is_ahead(&s, PATIENCE), true);
	end_signals();
	ck_assert_int_eq(signals, 3);
	expect_input(BYTES("h"));

	/* Nor is it what is waited for. */
	signals = 3;
	begin_signals(say_late);
	ck_assert_int_eq(stream_is_ahead(&s, 3 * TICK / 1000), false);
	end_signals();
	disconnect();

	/* But it may be that the time is up. */
	ck_assert_int_eq(deadline_init(&deadline, IDLE, IDLE), 0);
	connect_at((enum transport)_i, 0);
	s.deadline = &deadline;
	signals = 0;
	begin_signals(be_over);
	ck_assert_int_eq(stream_is_ahead(&s, -1), false);
	end_signals();
	disconnect();
	deadline_end(&deadline);
}
END_TEST

/* Long before the end of what has come already, of which no more is taken. */
START_TEST(a_signal_ends_what_is_held_back)
{
	static char some[2 * SLOW];
	const char *from;
	size_t left;
	int err = 7;

	connect_at(PIPES, SLOW);
	say(some, sizeof(some));
	begin_signals(take_away);
	ck_assert_int_eq(stream_receive(&s, -1, 100 * SLOW, &err), -1);
	end_signals();
	ck_assert_int_eq(err, 0);
	ck_assert_int_eq(s.lost, true);
	left = stream_unread(&s, &from);
	ck_assert_uint_gt(left, 0);
	ck_assert_int_eq(stream_receive(&s, -1, 1, &err), -1);
	ck_assert_uint_eq(stream_unread(&s, &from), left);
	disconnect();

	/* As little as never fills the pipe, whatever the pieces it comes in. */
	connect_at(PIPES, SLOW);
	begin_signals(take_away);
	ck_assert_int_eq(stream_send(&s, large_file(SLOW), SLOW, false, &err), -1);
	end_signals();
	ck_assert_int_eq(err, 0);
	ck_assert_int_lt(read(from_us, some, sizeof(some)), SLOW);
	disconnect();
}
END_TEST

/* But not one that is about nothing. */
START_TEST(a_signal_ends_nothing_by_itself)
{
	static char some[SLOW / 10];
	int err = 7;

	connect_at(PIPES, SLOW);
	say(some, sizeof(some));
	begin_signals(ignore);
	ck_assert_int_eq(stream_receive(&s, -1, sizeof(some), &err), 0);
	end_signals();
	ck_assert_int_eq(err, 0);
	ck_assert(!s.lost);
	disconnect();
}
END_TEST

static void
set_nonblocking(int fd)
{
	ck_assert_int_eq(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK), 0);
}

/* A peer that waits until we do, and then says a session, a byte at a time. */
static pid_t
speak_slowly(void)
{
	static const char said[] = "C0644 5 f\nhello\0E\n";
	pid_t parent = getpid(), pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (!falls_asleep(parent))
			_exit(1);
		for (size_t i = 0; i < sizeof(said) - 1; i++)
			if (write(to_us, said + i, 1) != 1)
				_exit(2);
		_exit(0);
	}
	return pid;
}

/* A peer that waits until we do, and then hears a large body and replies. */
static pid_t
listen_slowly(void)
{
	pid_t parent = getpid(), pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		static char got[65536];
		size_t have = 0;
		ssize_t n = 0;

		if (!falls_asleep(parent))
			_exit(1);
		while (have < LARGE + 1 && (n = read(from_us, got, sizeof(got))) > 0)
			have += (size_t)n;
		_exit(have == LARGE + 1 && write(to_us, "", 1) == 1 ? 0 : 2);
	}
	return pid;
}

/* Both ends of both directions. */
START_TEST(rule_29_flags_are_left_alone)
{
	static const enum transport kinds[] = { PIPES, STREAM, PIPES, STREAM };
	bool nonblocking = _i < 2;
	int in_flags, out_flags, fd = new_file();
	pid_t pid;
	char byte = 'x', got[8];

	connect_at(kinds[_i], 0);
	if (nonblocking) {
		set_nonblocking(s.in);
		set_nonblocking(s.out);
	}
	in_flags = fcntl(s.in, F_GETFL);
	out_flags = fcntl(s.out, F_GETFL);
	ck_assert_int_eq((in_flags & O_NONBLOCK) != 0, nonblocking);
	ck_assert_int_eq((out_flags & O_NONBLOCK) != 0, nonblocking);

	pid = speak_slowly();
	expect_input(BYTES("C0644 5 f\n"));
	ck_assert_int_eq(stream_write(&s, "", 1), 0);
	receive_body(fd, 5, 0);
	ck_assert_int_eq(pread(fd, got, sizeof(got), 0), 5);
	ck_assert_mem_eq(got, "hello", 5);
	expect_input(BYTES("\0"));
	ck_assert_int_eq(stream_write(&s, BYTES("\001x: y\n")), 0);
	expect_input(BYTES("E\n"));
	ck_assert_int_eq(stream_write(&s, "", 1), 0);
	child_is_content(pid, "a slow speaker");
	expect_heard(BYTES("\0\001x: y\n\0"));

	pid = listen_slowly();
	send_body(large_file(LARGE), LARGE, false, 0);
	ck_assert_int_eq(stream_read_byte(&s, &byte), 0);
	ck_assert_int_eq(byte, '\0');
	child_is_content(pid, "a slow listener");
	ck_assert_int_eq(fcntl(s.in, F_GETFL), in_flags);
	ck_assert_int_eq(fcntl(s.out, F_GETFL), out_flags);
}
END_TEST

START_TEST(descriptors_are_borrowed)
{
	connect_at(PIPES, 0);
	hang_up();
	expect_end();
	ck_assert_int_ne(fcntl(s.in, F_GETFD), -1);
	ck_assert_int_ne(fcntl(s.out, F_GETFD), -1);
}
END_TEST

static void
add_input(TCase *t)
{
	tcase_add_loop_test(t, what_is_unread_stays_until_it_is_skipped, 0, TRANSPORTS);
	tcase_add_loop_test(t, input_is_what_one_read_returned, 0, 2);
	tcase_add_test(t, input_is_bounded);
	tcase_add_loop_test(t, an_end_is_no_loss, 0, TRANSPORTS);
	tcase_add_test(t, rule_12_a_failing_descriptor_is_no_end);
	tcase_add_test(t, what_is_lost_is_not_read_again);
	tcase_add_loop_test(t, rule_15_a_peer_that_is_ahead, 0, TRANSPORTS);
	tcase_add_loop_test(t, what_is_gathered_is_behind_what_is_unread, 0, TRANSPORTS);
	tcase_add_test(t, what_is_lost_is_not_gathered);
	tcase_add_test(t, nobody_is_ahead_where_that_cannot_be_known);
	tcase_add_loop_test(t, a_byte_is_read_and_no_more, 0, 2);
	tcase_add_loop_test(t, rule_1_one_message_is_one_write, 0, 2);
	tcase_add_test(t, a_small_body_and_what_is_behind_it_are_one_write);
}

static void
add_bodies(TCase *t)
{
	tcase_add_loop_test(t, rule_6_a_large_body, 0, TRANSPORTS);
	tcase_add_loop_test(t, a_body_begins_with_what_is_unread, 0, TRANSPORTS);
	tcase_add_loop_test(t, a_body_for_nobody, 0, TRANSPORTS);
	tcase_add_loop_test(t, rule_12_an_end_in_a_body, 0, TRANSPORTS);
	tcase_add_loop_test(t, rule_16_the_rest_of_a_body_that_cannot_be_written, 0, TRANSPORTS);
	tcase_add_loop_test(t, a_body_is_passed_on, 0, TRANSPORTS);
	tcase_add_loop_test(t, a_body_is_passed_on_to_nobody, 0, TRANSPORTS);
	tcase_add_loop_test(t, a_body_that_is_passed_on_and_ends, 0, TRANSPORTS);
	tcase_add_loop_test(t, rule_16_a_file_that_is_full_in_the_middle, 0, TRANSPORTS);
	tcase_add_test(t, rule_16_nothing_is_written_behind_a_failure);
	tcase_add_loop_test(t, rule_22_the_announced_size, 0, 2);
	tcase_add_loop_test(t, rule_22_a_file_that_grew, 0, 2);
	tcase_add_loop_test(t, rule_22_a_file_that_shrank, 0, 2);
	tcase_add_test(t, rule_22_a_file_that_is_empty_now);
	tcase_add_test(t, rule_22_the_end_of_one_file_is_not_of_another);
	tcase_add_loop_test(t, rule_22_a_file_that_cannot_be_read, 0, 2);
	tcase_add_loop_test(t, rule_22_a_body_begins_where_the_file_stands, 0, 2);
	tcase_add_loop_test(t, holes_are_sent_and_not_read, 0, 2);
	tcase_add_loop_test(t, holes_may_be_none, 0, 2);
	tcase_add_loop_test(t, holes_of_what_is_no_file, 0, 2);
	tcase_add_loop_test(t, rule_22_a_file_with_holes_that_shrank, 0, 2);
	tcase_add_loop_test(t, a_peer_that_is_gone, 0, 2);
}

static void
add(TCase *t)
{
	add_input(t);
	add_bodies(t);
	tcase_add_loop_test(t, large_bodies_widen_their_pipe, 0, 2);
	tcase_add_test(t, a_hundred_sessions_leave_room_for_others);
	tcase_add_test(t, a_watcher_sees_all_of_a_body);
	tcase_add_test(t, a_deadline_hears_of_what_comes);
	tcase_add_loop_test(t, a_deadline_hears_of_what_goes, 0, 2);
	tcase_add_test(t, a_deadline_hears_of_what_takes_the_place_of_a_body);
	tcase_add_test(t, a_deadline_that_is_over);
	tcase_add_test(t, there_is_no_deadline_to_begin_with);
	tcase_add_loop_test(t, a_rate_is_kept, 0, 2);
	tcase_add_loop_test(t, rule_15_a_signal_is_no_silence, 0, 2);
	tcase_add_test(t, a_signal_ends_what_is_held_back);
	tcase_add_test(t, a_signal_ends_nothing_by_itself);
	tcase_add_loop_test(t, rule_29_flags_are_left_alone, 0, 4);
	tcase_add_test(t, descriptors_are_borrowed);
}

int
main(void)
{
	return run_unit("stream", add);
}
