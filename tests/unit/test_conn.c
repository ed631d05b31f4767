/* SPDX-License-Identifier: ISC */
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <time.h>

#include "conn.h"
#include "unit.h"

#define BYTES(s) s, sizeof(s) - 1

enum {
	LARGE = 3 * 1024 * 1024 + 5,	/* bytes of a body: more than one chunk, and odd */
	PATIENCE = 5000		/* milliseconds until a process that shall sleep is taken to spin */
};

/*
 * What conn may stand on.  Packets keep the borders of what was written: on them a read returns
 * what one write put there, which shows how we write and decides how we read.
 */
enum transport { PIPES, STREAM, PACKETS, PACKET_PIPES, TRANSPORTS };

static struct conn c;
static int to_us = -1, from_us = -1;	/* the peer's ends, both possibly the same */

static void
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

static void
hang_up(void)
{
	close(to_us);
	to_us = -1;
}

static void
disconnect(void)
{
	close(c.stream.in);
	close(c.stream.out);
	close(from_us);
	if (to_us != -1)
		hang_up();
}

static void
connect_at(enum transport kind, enum conn_turn first, uint64_t rate)
{
	int in, out;

	signal(SIGPIPE, SIG_IGN);
	make_pair(kind, &in, &to_us);
	make_pair(kind, &from_us, &out);
	conn_init(&c, in, out, first, rate);
}

static void
say(const char *bytes, size_t n)
{
	ck_assert_int_eq(write(to_us, bytes, n), (ssize_t)n);
}

/* The peer hears WANTED and no more, from one write where the transport keeps borders. */
static void
expect_heard(const char *wanted, size_t n)
{
	static char got[2 * STREAM_OUT];
	struct pollfd p = { .fd = from_us, .events = POLLIN };
	ssize_t have;

	ck_assert_msg(poll(&p, 1, 0) == 1, "expected %zu bytes, got none", n);
	have = read(from_us, got, sizeof(got));
	ck_assert_msg(have == (ssize_t)n && memcmp(got, wanted, n) == 0,
	    "expected %zu bytes \"%.*s\", got %zd \"%.*s\"", n, (int)n, wanted, have,
	    (int)(have > 0 ? have : 0), got);
}

static void
expect_silence(void)
{
	struct pollfd p = { .fd = from_us, .events = POLLIN };
	int waiting = 0;

	poll(&p, 1, 0);
	ck_assert_int_eq(ioctl(from_us, FIONREAD, &waiting), 0);
	ck_assert_msg(waiting == 0, "expected silence, got %d bytes", waiting);
}

static void
expect_next(enum record_kind kind, const char *text)
{
	struct record r;
	const char *why = "";
	int end = conn_next(&c, &r, &why);

	ck_assert_msg(end == 0 && r.kind == kind && strcmp(r.text, text) == 0,
	    "expected record %d \"%s\", got %d (%s), %d \"%.60s\"", (int)kind, text, end, why,
	    (int)r.kind, r.text);
	ck_assert_int_eq(c.turn,
	    kind == RECORD_WARN || kind == RECORD_FATAL ? TURN_FREE : TURN_OURS);
}

static void
expect_acked(enum record_kind kind, const char *text)
{
	expect_next(kind, text);
	ck_assert_int_eq(conn_ack(&c), 0);
	ck_assert_int_eq(c.turn, TURN_FREE);
}

static void
expect_refusal(const char *wanted)
{
	struct record r;
	const char *why = "";
	int end = conn_next(&c, &r, &why);

	ck_assert_msg(end == -1 && strcmp(why, wanted) == 0, "expected -1 \"%s\", got %d \"%s\"",
	    wanted, end, why);
	ck_assert_int_eq(c.turn, TURN_OURS);
}

static void
expect_end(void)
{
	struct record r;
	const char *why = "";

	ck_assert_int_eq(conn_next(&c, &r, &why), 1);
	ck_assert_int_eq(c.turn, TURN_FREE);
}

static void
expect_status(enum conn_status wanted, const char *text)
{
	char got[256] = "unset";
	enum conn_status status = conn_recv_status(&c, got, sizeof(got));

	ck_assert_msg(status == wanted, "expected status %d, got %d", (int)wanted, (int)status);
	ck_assert_str_eq(got, text);
	ck_assert_int_eq(c.turn, TURN_OURS);
}

static int
new_file(void)
{
	int fd = openat(unit_fd, "body", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	return fd;
}

static int
file_with(const char *content)
{
	put_file("body", content, 0600);
	return openat(unit_fd, "body", O_RDONLY | O_CLOEXEC);
}

static char
byte_at(uint64_t i)
{
	return (char)(i * 31 + i / 253);
}

static int
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

static void
expect_body(int fd, const char *wanted)
{
	char got[256];
	int err = 7;

	ck_assert_int_eq(conn_recv_body(&c, fd, strlen(wanted), &err), 0);
	ck_assert_int_eq(err, 0);
	ck_assert_int_eq(c.turn, TURN_FREE);
	ck_assert_int_eq(pread(fd, got, sizeof(got), 0), (ssize_t)strlen(wanted));
	ck_assert_mem_eq(got, wanted, strlen(wanted));
}

/*
 * The sink's half: one session with all that it can have, in every way in which it can arrive.
 */
static const char session[] =
    "T1 2 3 4\nD0750 0 d\n\001oops\nC4644 5 f\nhello\0T 5 0 6 0\nC0600 0 empty\n\001bad\nE\n";

static void
take_session(void)
{
	struct record r;
	const char *why = "";
	int fd = new_file();

	ck_assert_int_eq(conn_next(&c, &r, &why), 0);
	ck_assert_int_eq(r.kind, RECORD_TIMES);
	ck_assert_int_eq(r.times[1].tv_sec, 1);
	ck_assert_int_eq(r.times[0].tv_nsec, 4000);
	ck_assert_int_eq(conn_ack(&c), 0);
	expect_acked(RECORD_DIR, "d");
	expect_next(RECORD_WARN, "oops");
	ck_assert_int_eq(conn_next(&c, &r, &why), 0);
	ck_assert_int_eq(r.kind, RECORD_FILE);
	ck_assert_uint_eq(r.mode, 04644);
	ck_assert_uint_eq(r.size, 5);
	ck_assert_str_eq(r.text, "f");
	ck_assert_int_eq(conn_ack(&c), 0);
	expect_body(fd, "hello");
	expect_status(STATUS_OK, "");
	ck_assert_int_eq(conn_ack(&c), 0);
	expect_acked(RECORD_TIMES, "");
	expect_acked(RECORD_FILE, "empty");
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	expect_body(fd, "");
	expect_status(STATUS_ERROR, "bad");
	ck_assert_int_eq(conn_refuse(&c, NULL, NULL, "x"), 0);
	expect_acked(RECORD_END, "");
	expect_end();
	close(fd);
}

START_TEST(rule_6_all_at_once)
{
	connect_at((enum transport)_i, TURN_FREE, 0);
	say(session, sizeof(session) - 1);
	hang_up();
	take_session();
}
END_TEST

START_TEST(rule_6_in_two_pieces)
{
	for (size_t at = 1; at < sizeof(session) - 1; at++) {
		connect_at((enum transport)_i, TURN_FREE, 0);
		say(session, at);
		say(session + at, sizeof(session) - 1 - at);
		hang_up();
		take_session();
		disconnect();
	}
}
END_TEST

START_TEST(rule_6_in_three_pieces)
{
	for (size_t at = 1; at < sizeof(session) - 2; at++) {
		connect_at((enum transport)_i, TURN_FREE, 0);
		say(session, at);
		say(session + at, 1);
		say(session + at + 1, sizeof(session) - 2 - at);
		hang_up();
		take_session();
		disconnect();
	}
}
END_TEST

START_TEST(rule_6_byte_by_byte)
{
	connect_at((enum transport)_i, TURN_FREE, 0);
	for (size_t at = 0; at < sizeof(session) - 1; at++)
		say(session + at, 1);
	hang_up();
	take_session();
}
END_TEST

/* A record line of LEN bytes, newline included. */
static char *
long_line(size_t len)
{
	static const char head[] = "C0644 0 ";
	static char line[4 * CONN_TEXT_MAX];

	memset(line, 'n', len);
	memcpy(line, head, strlen(head));
	line[len - 1] = '\n';
	return line;
}

/* Says something long, in pieces that fit into packets, from a child: we do not read meanwhile. */
static void
say_long(const char *bytes, size_t n)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		for (size_t some; n > 0; bytes += some, n -= some) {
			some = n < 4096 ? n : 4096;
			if (write(to_us, bytes, some) != (ssize_t)some)
				_exit(1);
		}
		_exit(0);
	}
	hang_up();
}

START_TEST(rule_8_lines_that_are_long_enough)
{
	static const size_t lens[] = { 4095, 4096, 4097, RECORD_MAX - 1, RECORD_MAX };

	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		char *line = long_line(lens[i]);
		struct record r;
		const char *why = "";
		int end;

		line[lens[i]] = 'E';
		line[lens[i] + 1] = '\n';
		connect_at((enum transport)_i, TURN_FREE, 0);
		say_long(line, lens[i] + 2);
		end = conn_next(&c, &r, &why);
		ck_assert_msg(end == 0, "line of %zu: expected 0, got %d \"%s\"", lens[i], end,
		    why);
		ck_assert_uint_eq(strlen(r.text), lens[i] - strlen("C0644 0 \n"));
		ck_assert_int_eq(conn_ack(&c), 0);
		expect_acked(RECORD_END, "");
		expect_end();
		disconnect();
	}
}
END_TEST

/* One error, and it is the end: what a second look would take for a record is never looked at. */
START_TEST(rule_8_lines_that_are_too_long)
{
	static const size_t lens[] = {
		RECORD_MAX + 1, RECORD_MAX + 2, 2 * RECORD_MAX, 65536, 65537, 100000,
	};

	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		connect_at((enum transport)_i, TURN_FREE, 0);
		say_long(long_line(lens[i]), lens[i]);
		expect_refusal("line too long");
		ck_assert_int_eq(conn_refuse(&c, NULL, "protocol error", "line too long"), 0);
		expect_heard(BYTES("\001scp: protocol error: line too long\n"));
		expect_silence();
		disconnect();
	}
}
END_TEST

START_TEST(rule_8_a_long_line_without_an_end)
{
	connect_at((enum transport)_i, TURN_FREE, 0);
	say_long(long_line(100000), 50000);
	expect_refusal("line too long");
}
END_TEST

/* A warning of LEN bytes, of which the last look like a record, and what comes after it. */
static const char *
long_text(size_t len, char first)
{
	static const char tail[] = "C0644 1 evil";
	char *text = long_line(len + 2);

	memset(text, 'e', len);
	text[0] = first;
	if (len > strlen(tail) + 1)
		memcpy(text + len - strlen(tail), tail, strlen(tail));
	memcpy(text + len, "\nE\n", 3);
	return text;
}

static const size_t text_lens[] = {
	2, 5000, RECORD_MAX - 1, RECORD_MAX, RECORD_MAX + 1, RECORD_MAX + 12, 20000, 60000,
};

START_TEST(rule_8_a_long_warning_is_skipped)
{
	for (size_t i = 0; i < sizeof(text_lens) / sizeof(text_lens[0]); i++) {
		struct record r;
		const char *why = "";

		connect_at((enum transport)_i, TURN_FREE, 0);
		say_long(long_text(text_lens[i], RECORD_WARN), text_lens[i] + 3);
		ck_assert_int_eq(conn_next(&c, &r, &why), 0);
		ck_assert_int_eq(r.kind, RECORD_WARN);
		ck_assert_int_eq(r.text[0], 'e');
		expect_acked(RECORD_END, "");
		expect_end();
		disconnect();
	}
}
END_TEST

START_TEST(rule_8_the_long_text_of_a_status_is_skipped)
{
	for (size_t i = 0; i < sizeof(text_lens) / sizeof(text_lens[0]); i++) {
		char text[16];

		connect_at((enum transport)_i, TURN_FREE, 0);
		say_long(long_text(text_lens[i], RECORD_WARN), text_lens[i] + 3);
		ck_assert_int_eq(conn_recv_status(&c, text, sizeof(text)), STATUS_ERROR);
		ck_assert_int_eq(text[0], 'e');
		ck_assert_int_eq(conn_ack(&c), 0);
		expect_acked(RECORD_END, "");
		expect_end();
		disconnect();
	}
}
END_TEST

START_TEST(rule_8_the_long_text_of_a_skipped_status)
{
	connect_at((enum transport)_i, TURN_FREE, 0);
	say_long(long_text(20000, RECORD_WARN), 20003);
	ck_assert_int_eq(conn_skip_body(&c, 0), STATUS_ERROR);
	expect_acked(RECORD_END, "");
	expect_end();
}
END_TEST

/* What is longer than any text is none: an error, or it was skipped, but it is never a record. */
START_TEST(rule_8_a_text_that_is_no_text)
{
	/* What exceeds the limit looks like a record, wherever the limit is counted from. */
	for (size_t len = CONN_TEXT_MAX - 2; len < CONN_TEXT_MAX + 20; len++) {
		struct record r;
		const char *why = "";
		char text[16];
		int end;

		connect_at((enum transport)_i, TURN_FREE, 0);
		say_long(long_text(len, RECORD_WARN), len + 3);
		end = conn_next(&c, &r, &why);
		ck_assert_msg(end == -1 || r.kind == RECORD_WARN, "text of %zu: got %d, record %d",
		    len, end, (int)r.kind);
		if (end == 0)
			expect_acked(RECORD_END, "");
		disconnect();

		connect_at((enum transport)_i, TURN_FREE, 0);
		say_long(long_text(len, RECORD_WARN), len + 3);
		if (conn_recv_status(&c, text, sizeof(text)) == STATUS_ERROR) {
			ck_assert_int_eq(conn_ack(&c), 0);
			end = conn_next(&c, &r, &why);
			ck_assert_msg(end == -1 || r.kind == RECORD_END,
			    "text of %zu: got record %d \"%s\"", len, (int)r.kind, r.text);
		}
		disconnect();
	}
	connect_at((enum transport)_i, TURN_FREE, 0);
	say_long(long_text(2 * CONN_TEXT_MAX, RECORD_WARN), 2 * CONN_TEXT_MAX + 3);
	expect_refusal("line too long");
}
END_TEST

START_TEST(rule_12_an_end_at_a_border_and_elsewhere)
{
	static const char line[] = "C0644 5 f\n";

	for (size_t n = 0; n < sizeof(line); n++) {
		connect_at((enum transport)_i, TURN_FREE, 0);
		if (n > 0)
			say(line, n);
		hang_up();
		if (n == 0)
			expect_end();
		else if (n == sizeof(line) - 1)
			expect_acked(RECORD_FILE, "f");
		else
			expect_refusal("lost connection");
		disconnect();
	}
}
END_TEST

START_TEST(rule_12_an_end_in_a_body)
{
	for (size_t n = 0; n < 5; n++) {
		int err = 7, fd = new_file();

		connect_at((enum transport)_i, TURN_FREE, 0);
		if (n > 0)
			say("hello", n);
		hang_up();
		ck_assert_int_eq(conn_recv_body(&c, fd, 5, &err), -1);
		ck_assert_int_eq(c.turn, TURN_OURS);
		ck_assert_int_eq(err, 0);
		disconnect();
		close(fd);
	}
}
END_TEST

/* A descriptor that cannot be read is no end of input: the directory gives EISDIR. */
START_TEST(rule_12_a_failing_descriptor_is_no_end)
{
	int err;
	char text[8];

	conn_init(&c, unit_fd, -1, TURN_FREE, 0);
	ck_assert_int_eq(c.stream.lost, false);
	expect_refusal("lost connection");
	ck_assert_int_eq(c.stream.lost, true);
	conn_init(&c, unit_fd, -1, TURN_FREE, 0);
	ck_assert_int_eq(conn_recv_body(&c, -1, 5, &err), -1);
	conn_init(&c, unit_fd, -1, TURN_FREE, 0);
	ck_assert_int_eq(conn_recv_status(&c, text, sizeof(text)), STATUS_LOST);
	ck_assert_int_eq(c.turn, TURN_OURS);
	conn_init(&c, unit_fd, -1, TURN_FREE, 0);
	ck_assert_int_eq(conn_skip_body(&c, 0), STATUS_LOST);
	conn_init(&c, unit_fd, -1, TURN_THEIRS, 0);
	ck_assert_int_eq(conn_await(&c, text, sizeof(text)), -1);
}
END_TEST

static const struct {
	const char	*bytes;
	size_t		 len;
	enum conn_status wanted;
	const char	*text;
} statuses[] = {
	{ BYTES("\0"), STATUS_OK, "" },
	{ BYTES(""), STATUS_MISSING, "" },
	{ BYTES("\001f: read error\n"), STATUS_ERROR, "f: read error" },
	{ BYTES("\002gone\n"), STATUS_FATAL, "gone" },
	{ BYTES("\001\n"), STATUS_ERROR, "" },
	{ BYTES("\001"), STATUS_ERROR, "" },
	{ BYTES("\001cut"), STATUS_ERROR, "cut" },
	{ BYTES("\002cut"), STATUS_FATAL, "cut" },
	{ BYTES("\001a\033[1m\177\n"), STATUS_ERROR, "a\\033[1m\\177" },
	{ BYTES("\001a\001b\n"), STATUS_ERROR, "a\\001b" },
	{ BYTES("\001\303\251\n"), STATUS_ERROR, "\303\251" },
	{ BYTES("X"), STATUS_JUNK, "" },
	{ BYTES("\n"), STATUS_JUNK, "" },
	{ BYTES("\003x\n"), STATUS_JUNK, "" },
	{ BYTES("C0644 5 f\n"), STATUS_JUNK, "" },
	{ BYTES("\377"), STATUS_JUNK, "" },
};

START_TEST(rule_13_what_follows_a_body)
{
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		connect_at((enum transport)_i, TURN_FREE, 0);
		if (statuses[i].len > 0)
			say(statuses[i].bytes, statuses[i].len);
		hang_up();
		expect_status(statuses[i].wanted, statuses[i].text);
		expect_silence();
		disconnect();
	}
}
END_TEST

START_TEST(rule_13_a_text_that_is_longer_than_its_buffer)
{
	char text[8];

	connect_at(PIPES, TURN_FREE, 0);
	say(BYTES("\0010123456789\nE\n"));
	ck_assert_int_eq(conn_recv_status(&c, text, sizeof(text)), STATUS_ERROR);
	ck_assert_str_eq(text, "0123456");
	ck_assert_int_eq(conn_ack(&c), 0);
	expect_acked(RECORD_END, "");
}
END_TEST

START_TEST(rule_14_texts_in_place_of_a_record)
{
	connect_at((enum transport)_i, TURN_FREE, 0);
	say(BYTES("\001one\n\001\n\002two\n"));
	expect_next(RECORD_WARN, "one");
	expect_next(RECORD_WARN, "");
	expect_next(RECORD_FATAL, "two");
	expect_silence();
}
END_TEST

START_TEST(rule_17_what_is_no_record)
{
	static const struct {
		const char *line, *wanted;
	} rows[] = {
		{ "\n", "unexpected <newline>" }, { "Hello\n", "expected control record" },
		{ "C8 1 f\n", "bad mode" }, { "T\n", "mtime.sec not present" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		connect_at((enum transport)_i, TURN_FREE, 0);
		say(rows[i].line, strlen(rows[i].line));
		expect_refusal(rows[i].wanted);
		disconnect();
	}
}
END_TEST

START_TEST(rule_9_a_bad_name_is_handed_on)
{
	struct record r;
	const char *why = NULL;

	connect_at(PIPES, TURN_FREE, 0);
	say(BYTES("C0644 5 ../x\n"));
	ck_assert_int_eq(conn_next(&c, &r, &why), -1);
	ck_assert_ptr_eq(why, record_bad_name);
	ck_assert_str_eq(r.text, "../x");
	ck_assert_int_eq(c.turn, TURN_OURS);
	ck_assert_int_eq(conn_refuse(&c, NULL, "error: unexpected filename", r.text), 0);
	expect_heard(BYTES("\001scp: error: unexpected filename: ../x\n"));
}
END_TEST

START_TEST(a_body_for_nobody)
{
	int err = 7;

	connect_at((enum transport)_i, TURN_FREE, 0);
	say(BYTES("hello\0E\n"));
	ck_assert_int_eq(conn_recv_body(&c, -1, 5, &err), 0);
	ck_assert_int_eq(err, 0);
	expect_status(STATUS_OK, "");
	ck_assert_int_eq(conn_ack(&c), 0);
	expect_acked(RECORD_END, "");
}
END_TEST

/* Says N bytes of the pattern and then TAIL from a process of its own. */
static pid_t
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

static void
child_is_content(pid_t pid, const char *what)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(status == 0, "%s: expected wait status 0, got %x", what, status);
}

static void
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

START_TEST(rule_6_a_large_body)
{
	int fd = new_file(), err = 7;
	pid_t pid;

	connect_at((enum transport)_i, TURN_FREE, 0);
	pid = feed(LARGE, BYTES("\0E\n"));
	ck_assert_int_eq(conn_recv_body(&c, fd, LARGE, &err), 0);
	ck_assert_int_eq(err, 0);
	expect_status(STATUS_OK, "");
	ck_assert_int_eq(conn_ack(&c), 0);
	expect_acked(RECORD_END, "");
	expect_end();
	expect_pattern(fd, LARGE);
	child_is_content(pid, "the feeder");
}
END_TEST

START_TEST(rule_16_the_rest_of_a_body_that_cannot_be_written)
{
	static const size_t sizes[] = { 5, LARGE };

	for (size_t i = 0; i < 2; i++) {
		int fd = open("/dev/full", O_WRONLY | O_CLOEXEC), err = 0;
		pid_t pid;

		ck_assert_msg(fd >= 0, "/dev/full: %s", strerror(errno));
		connect_at((enum transport)_i, TURN_FREE, 0);
		pid = feed(sizes[i], BYTES("\0E\n"));
		ck_assert_int_eq(conn_recv_body(&c, fd, sizes[i], &err), 0);
		ck_assert_int_eq(err, ENOSPC);
		ck_assert_int_eq(c.turn, TURN_FREE);
		expect_silence();
		expect_status(STATUS_OK, "");
		ck_assert_int_eq(conn_refuse(&c, "f", NULL, strerror(err)), 0);
		expect_heard(BYTES("\001scp: f: No space left on device\n"));
		expect_acked(RECORD_END, "");
		child_is_content(pid, "the feeder");
		disconnect();
		close(fd);
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
	connect_at((enum transport)_i, TURN_FREE, 0);
	pid = feed(LARGE, BYTES("\0E\n"));
	/* Not longer than needed: the library writes files, too. */
	setrlimit(RLIMIT_FSIZE, &less);
	end = conn_recv_body(&c, fd, LARGE, &err);
	setrlimit(RLIMIT_FSIZE, &old);
	ck_assert_int_eq(end, 0);
	ck_assert_int_eq(err, EFBIG);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq(st.st_size, (off_t)limit);
	expect_status(STATUS_OK, "");
	ck_assert_int_eq(conn_ack(&c), 0);
	expect_acked(RECORD_END, "");
	child_is_content(pid, "the feeder");
}
END_TEST

/* Even where what comes later would fit: a file with a hole in it is no file. */
START_TEST(rule_16_nothing_is_written_behind_a_failure)
{
	static char first[60000];
	const int room = 4096;
	int ends[2], err = 0, waiting = -1;

	/* A packet that is larger than what it goes to is refused, and a small one is not. */
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	ck_assert_int_eq(setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)), 0);
	connect_at(PACKETS, TURN_FREE, 0);
	say(first, sizeof(first));
	say(BYTES("more"));
	say(BYTES("\0E\n"));
	ck_assert_int_eq(conn_recv_body(&c, ends[1], sizeof(first) + 4, &err), 0);
	ck_assert_int_eq(err, EMSGSIZE);
	ck_assert_int_eq(ioctl(ends[0], FIONREAD, &waiting), 0);
	ck_assert_int_eq(waiting, 0);
	expect_status(STATUS_OK, "");
	ck_assert_int_eq(conn_ack(&c), 0);
	expect_acked(RECORD_END, "");
}
END_TEST

START_TEST(rule_15_a_peer_that_is_ahead)
{
	connect_at((enum transport)_i, TURN_FREE, 0);
	ck_assert_int_eq(conn_is_ahead(&c), false);
	say(BYTES("C0644 5 f\n"));
	ck_assert_int_eq(conn_is_ahead(&c), true);
	expect_next(RECORD_FILE, "f");
	ck_assert_int_eq(conn_is_ahead(&c), false);
	/* In a packet of its own. */
	say(BYTES("h"));
	ck_assert_int_eq(conn_is_ahead(&c), true);
	ck_assert_int_eq(conn_is_ahead(&c), true);
	disconnect();

	/* Behind the record, in what one read returned. */
	connect_at((enum transport)_i, TURN_FREE, 0);
	say(BYTES("C0644 5 f\nh"));
	expect_next(RECORD_FILE, "f");
	ck_assert_int_eq(conn_is_ahead(&c), true);
	hang_up();
	ck_assert_int_eq(conn_is_ahead(&c), true);
	disconnect();

	/* What is left when the peer has left is ahead, its leaving is not. */
	connect_at((enum transport)_i, TURN_FREE, 0);
	say(BYTES("C0644 5 f\n"));
	hang_up();
	ck_assert_int_eq(conn_is_ahead(&c), true);
	expect_next(RECORD_FILE, "f");
	ck_assert_int_eq(conn_is_ahead(&c), false);
	ck_assert_int_eq(conn_ack(&c), 0);
	expect_end();
	ck_assert_int_eq(conn_is_ahead(&c), false);
	disconnect();
}
END_TEST

static const struct {
	const char	*bytes;		/* a body of five bytes, and more */
	size_t		 len;
	enum conn_status wanted;
} skips[] = {
	{ BYTES("hello\0E\n"), STATUS_OK },
	{ BYTES("C1 1 \0E\n"), STATUS_OK },
	{ BYTES("hello\001bad\nE\n"), STATUS_ERROR },
	{ BYTES("hello\002bad\nE\n"), STATUS_FATAL },
	{ BYTES("hello"), STATUS_MISSING },
	{ BYTES("helloE\n"), STATUS_JUNK },
	{ BYTES("hell"), STATUS_LOST },
	{ BYTES(""), STATUS_LOST },
};

START_TEST(rule_15_a_body_that_is_skipped)
{
	for (size_t i = 0; i < sizeof(skips) / sizeof(skips[0]); i++) {
		enum conn_status status;
		bool lost = skips[i].wanted == STATUS_LOST || skips[i].wanted == STATUS_JUNK;

		connect_at((enum transport)_i, TURN_FREE, 0);
		if (skips[i].len > 0)
			say(skips[i].bytes, skips[i].len);
		hang_up();
		status = conn_skip_body(&c, 5);
		ck_assert_msg(status == skips[i].wanted, "row %zu: expected status %d, got %d", i,
		    (int)skips[i].wanted, (int)status);
		ck_assert_int_eq(c.turn, lost ? TURN_OURS : TURN_FREE);
		expect_silence();
		if (status == STATUS_MISSING)
			expect_end();
		else if (!lost)
			expect_acked(RECORD_END, "");
		disconnect();
	}
}
END_TEST

START_TEST(rule_15_a_large_body_that_is_skipped)
{
	pid_t pid;

	connect_at((enum transport)_i, TURN_FREE, 0);
	pid = feed(LARGE, BYTES("\0E\n"));
	ck_assert_int_eq(conn_skip_body(&c, LARGE), STATUS_OK);
	expect_acked(RECORD_END, "");
	child_is_content(pid, "the feeder");
}
END_TEST

static const enum transport packet_kinds[] = { PACKETS, PACKET_PIPES };

/* Each of them is one packet, and so one write. */
START_TEST(rule_1_one_message_is_one_write)
{
	const struct record file = { .kind = RECORD_FILE, .mode = 0644, .size = 5, .text = "a\nb" };
	const struct record dir = { .kind = RECORD_DIR, .mode = 0755, .text = "d" };
	const struct record end = { .kind = RECORD_END, .text = "" };
	const struct record times = { .kind = RECORD_TIMES, .text = "",
		.times = { { 2, 5 }, { 1, 5 } } };
	int err = 7;

	connect_at(packet_kinds[_i], TURN_OURS, 0);
	ck_assert_int_eq(conn_ack(&c), 0);
	expect_heard(BYTES("\0"));
	say(BYTES("E\n"));
	expect_next(RECORD_END, "");
	ck_assert_int_eq(conn_refuse(&c, "d/f", "set mode", "Operation not permitted"), 0);
	expect_heard(BYTES("\001scp: d/f: set mode: Operation not permitted\n"));
	disconnect();

	connect_at(packet_kinds[_i], TURN_FREE, 0);
	ck_assert_int_eq(conn_send(&c, &times), 0);
	expect_heard(BYTES("T1 0 2 0\n"));
	c.turn = TURN_FREE;
	ck_assert_int_eq(conn_send(&c, &dir), 0);
	expect_heard(BYTES("D0755 0 d\n"));
	c.turn = TURN_FREE;
	ck_assert_int_eq(conn_send(&c, &file), 0);
	expect_heard(BYTES("C0644 5 a\\^Jb\n"));
	c.turn = TURN_FREE;
	ck_assert_int_eq(conn_send_body(&c, file_with("hello"), 5, false, &err), 0);
	ck_assert_int_eq(err, 0);
	expect_heard(BYTES("hello\0"));
	c.turn = TURN_FREE;
	ck_assert_int_eq(conn_send_body(&c, file_with(""), 0, false, &err), 0);
	expect_heard(BYTES("\0"));
	c.turn = TURN_FREE;
	ck_assert_int_eq(conn_send(&c, &end), 0);
	expect_heard(BYTES("E\n"));
	c.turn = TURN_FREE;
	ck_assert_int_eq(conn_warn(&c, "x", NULL, "not a regular file"), 0);
	expect_heard(BYTES("\001scp: x: not a regular file\n"));
	expect_silence();
}
END_TEST

/* A warning awaits no reply: it changes nothing about whose turn it is. */
START_TEST(rule_21_a_warning_awaits_nothing)
{
	const struct record end = { .kind = RECORD_END, .text = "" };

	connect_at(PIPES, TURN_FREE, 0);
	ck_assert_int_eq(conn_warn(&c, "x", NULL, "y"), 0);
	ck_assert_int_eq(c.turn, TURN_FREE);
	ck_assert_int_eq(conn_warn(&c, NULL, NULL, "z"), 0);
	ck_assert_int_eq(conn_send(&c, &end), 0);
	ck_assert_int_eq(c.turn, TURN_THEIRS);
	expect_heard(BYTES("\001scp: x: y\n\001scp: z\nE\n"));
}
END_TEST

/* Every message is one line, of bounded length, without a control byte in it. */
START_TEST(rule_4_messages_cannot_inject_anything)
{
	static char path[5000], got[2000];
	const char *const reasons[] = { "x", path };

	for (size_t i = 0; i < sizeof(path) - 1; i++)
		path[i] = "d\nC0644 5 f\n\001\033\177/"[i % 17];
	for (size_t i = 0; i < 4; i++) {
		ssize_t n;

		connect_at(PACKETS, TURN_OURS, 0);
		ck_assert_int_eq((i & 1 ? conn_refuse : conn_warn)(&c, path, "w\nw",
		    reasons[i / 2]), 0);
		n = read(from_us, got, sizeof(got));
		ck_assert_int_gt(n, 2);
		ck_assert_int_eq(got[0], RECORD_WARN);
		ck_assert_int_eq(got[n - 1], '\n');
		ck_assert_msg(n - 2 <= 500, "expected a text of at most 500 bytes, got %zd", n - 2);
		for (ssize_t k = 1; k < n - 1; k++)
			ck_assert_msg(got[k] >= ' ' && got[k] <= '~', "byte %zd is %d", k, got[k]);
		disconnect();
	}
}
END_TEST

static uint64_t drain_at;	/* which byte of the pattern comes first */

/* Reads from us to the end and compares: N bytes of the pattern, ZEROS zeros, and TAIL. */
static pid_t
drain(size_t n, size_t zeros, const char *tail, size_t taillen)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		static char got[65536];
		size_t have = 0;
		ssize_t some;

		close(c.stream.out);
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

static const enum transport stream_kinds[] = { PIPES, STREAM };

static const size_t body_sizes[] = {
	1, 4095, 4096, STREAM_OUT - 2, STREAM_OUT - 1, STREAM_OUT, STREAM_OUT + 1, 1 << 20, LARGE,
};

START_TEST(rule_22_the_announced_size)
{
	for (size_t i = 0; i < sizeof(body_sizes) / sizeof(body_sizes[0]); i++) {
		int fd = large_file(body_sizes[i]), err = 7;
		pid_t pid;

		connect_at(stream_kinds[_i], TURN_FREE, 0);
		pid = drain(body_sizes[i], 0, BYTES("\0"));
		ck_assert_int_eq(conn_send_body(&c, fd, body_sizes[i], false, &err), 0);
		ck_assert_int_eq(err, 0);
		ck_assert_int_eq(c.turn, TURN_THEIRS);
		disconnect();
		child_is_content(pid, "the drain");
		close(fd);
	}
}
END_TEST

/* Of a file that is longer than it was. */
START_TEST(rule_22_a_file_that_grew)
{
	for (size_t i = 0; i < sizeof(body_sizes) / sizeof(body_sizes[0]); i++) {
		int fd = large_file(body_sizes[i] + 1000), err = 7;
		pid_t pid;

		connect_at(stream_kinds[_i], TURN_FREE, 0);
		pid = drain(body_sizes[i], 0, BYTES("\0"));
		ck_assert_int_eq(conn_send_body(&c, fd, body_sizes[i], false, &err), 0);
		ck_assert_int_eq(err, 0);
		disconnect();
		child_is_content(pid, "the drain");
		close(fd);
	}
}
END_TEST

/* Zeros for what is missing, a warning in place of the status, and the session goes on. */
START_TEST(rule_22_a_file_that_shrank)
{
	static const size_t missing[] = { 1, 10, 1000000 };
	char text[16];

	for (size_t i = 0; i < sizeof(body_sizes) / sizeof(body_sizes[0]); i++)
		for (size_t k = 0; k < sizeof(missing) / sizeof(missing[0]); k++) {
			int fd = large_file(body_sizes[i]), err = 0;
			pid_t pid;

			connect_at(stream_kinds[_i], TURN_FREE, 0);
			pid = drain(body_sizes[i], missing[k], BYTES("\001scp: f: shrank\n"));
			ck_assert_int_eq(
			    conn_send_body(&c, fd, body_sizes[i] + missing[k], false, &err), 0);
			ck_assert_int_eq(err, STREAM_SHRANK);
			ck_assert_int_eq(c.turn, TURN_THEIRS);
			ck_assert_int_eq(conn_warn(&c, "f", NULL, "shrank"), 0);
			say(BYTES("\0"));
			ck_assert_int_eq(conn_await(&c, text, sizeof(text)), 0);
			disconnect();
			child_is_content(pid, "the drain");
			close(fd);
		}
}
END_TEST

START_TEST(rule_22_a_file_that_is_empty_now)
{
	int err = 0;

	connect_at(PACKETS, TURN_FREE, 0);
	ck_assert_int_eq(conn_send_body(&c, file_with(""), 5, false, &err), 0);
	ck_assert_int_eq(err, STREAM_SHRANK);
	expect_heard(BYTES("\0\0\0\0\0"));
	expect_silence();
}
END_TEST

/* What takes the place of a missing end is zeros, not what another file left in the buffer. */
START_TEST(rule_22_the_end_of_one_file_is_not_of_another)
{
	static char secret[STREAM_OUT], got[2 * STREAM_OUT];
	static const size_t sizes[] = { 20000, STREAM_OUT - 1, 100000 };
	int err = 7;

	memset(secret, 's', sizeof(secret) - 1);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t have = 0;
		ssize_t n;

		connect_at(STREAM, TURN_FREE, 0);
		ck_assert_int_eq(
		    conn_send_body(&c, file_with(secret), sizeof(secret) - 1, false, &err), 0);
		for (; have < sizeof(secret); have += (size_t)n)
			ck_assert_int_gt(n = read(from_us, got, sizeof(got)), 0);
		c.turn = TURN_FREE;
		ck_assert_int_eq(conn_send_body(&c, file_with("he"), sizes[i], false, &err), 0);
		ck_assert_int_eq(err, STREAM_SHRANK);
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

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		int err = 0;
		pid_t pid;

		connect_at(stream_kinds[_i], TURN_FREE, 0);
		pid = drain(0, sizes[i], BYTES("\001scp: d: Is a directory\n"));
		ck_assert_int_eq(conn_send_body(&c, unit_fd, sizes[i], false, &err), 0);
		ck_assert_int_eq(err, EISDIR);
		ck_assert_int_eq(conn_warn(&c, "d", NULL, strerror(err)), 0);
		disconnect();
		child_is_content(pid, "the drain");
	}
}
END_TEST

START_TEST(rule_22_a_body_begins_where_the_file_stands)
{
	static const size_t sizes[] = { 1000, LARGE };

	for (size_t i = 0; i < 2; i++) {
		int fd = large_file(LARGE + 12345), err = 7;
		pid_t pid;

		ck_assert_int_eq(lseek(fd, 12345, SEEK_SET), 12345);
		drain_at = 12345;
		connect_at(stream_kinds[_i], TURN_FREE, 0);
		pid = drain(sizes[i], 0, BYTES("\0"));
		ck_assert_int_eq(conn_send_body(&c, fd, sizes[i], false, &err), 0);
		ck_assert_int_eq(err, 0);
		disconnect();
		child_is_content(pid, "the drain");
		close(fd);
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

	for (size_t i = 0; i < 2; i++) {
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

		close(c.stream.out);
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

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		size_t size = (size_t)(LARGE - starts[i]), made_up;
		int fd = sparse_file(), err = 7;
		pid_t pid;

		made_up = pages_of_holes(fd);
		ck_assert_int_eq(lseek(fd, starts[i], SEEK_SET), starts[i]);
		connect_at(stream_kinds[_i], TURN_FREE, 0);
		pid = drain_islands((size_t)starts[i], size, LARGE, BYTES("\0"));
		ck_assert_int_eq(conn_send_body(&c, fd, size, true, &err), 0);
		ck_assert_int_eq(err, 0);
		disconnect();
		child_is_content(pid, "the drain");
		ck_assert_uint_eq(pages_of_holes(fd), made_up);
		close(fd);
	}
}
END_TEST

/* What is said to have holes and has none is sent as it is; and so is the beginning of a file. */
START_TEST(holes_may_be_none)
{
	static const size_t sizes[] = { STREAM_OUT, LARGE / 2, LARGE };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		int fd = large_file(LARGE), err = 7;
		pid_t pid;

		connect_at(stream_kinds[_i], TURN_FREE, 0);
		pid = drain(sizes[i], 0, BYTES("\0"));
		ck_assert_int_eq(conn_send_body(&c, fd, sizes[i], true, &err), 0);
		ck_assert_int_eq(err, 0);
		disconnect();
		child_is_content(pid, "the drain");
		close(fd);
	}
}
END_TEST

/* The end of a file is no hole: it shrank, whatever its last bytes are by now. */
START_TEST(rule_22_a_file_with_holes_that_shrank)
{
	static const off_t ends[] = { 0, 100000, 2 << 20, LARGE - 1 };

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		int fd = sparse_file(), err = 0;
		pid_t pid;

		ck_assert_int_eq(ftruncate(fd, ends[i]), 0);
		connect_at(stream_kinds[_i], TURN_FREE, 0);
		pid = drain_islands(0, LARGE, (size_t)ends[i], BYTES(""));
		ck_assert_int_eq(conn_send_body(&c, fd, LARGE, true, &err), 0);
		ck_assert_int_eq(err, STREAM_SHRANK);
		disconnect();
		child_is_content(pid, "the drain");
		close(fd);
	}
}
END_TEST

static int
capacity(int fd)
{
	return fcntl(fd, F_GETPIPE_SZ);
}

/* What one pipe of a new session holds after a body of SIZE bytes went through it. */
static int
capacity_after(bool sends, size_t size, uint64_t rate)
{
	int err = 7, has;
	pid_t pid;

	connect_at(PIPES, TURN_FREE, rate);
	pid = sends ? drain(size, 0, BYTES("\0")) : feed(size, BYTES("\0"));
	if (sends)
		ck_assert_int_eq(conn_send_body(&c, large_file(size), size, false, &err), 0);
	else
		ck_assert_int_eq(conn_recv_body(&c, -1, size, &err), 0);
	has = capacity(sends ? c.stream.out : c.stream.in);
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
		conn_init(&c, in, out, TURN_FREE, 0);
		ck_assert_int_eq(conn_recv_body(&c, -1, LARGE, &err), -1);
		ck_assert_msg(capacity(in) == STREAM_PIPE, "session %d: expected %d, got %d", i,
		    STREAM_PIPE, capacity(in));
	}
	ck_assert_int_eq(capacity(half_a_pipe()), usual);
}
END_TEST

START_TEST(a_peer_that_is_gone)
{
	static const size_t sizes[] = { 5, LARGE };
	const struct record end = { .kind = RECORD_END, .text = "" };

	for (size_t i = 0; i < 2; i++) {
		int err = 7;

		connect_at(stream_kinds[_i], TURN_FREE, 0);
		close(from_us);
		ck_assert_int_eq(conn_send_body(&c, large_file(sizes[i]), sizes[i], false, &err), -1);
		ck_assert_int_eq(conn_warn(&c, "x", NULL, "y"), -1);
		c.turn = TURN_FREE;
		ck_assert_int_eq(conn_send(&c, &end), -1);
		c.turn = TURN_OURS;
		ck_assert_int_eq(conn_ack(&c), -1);
		c.turn = TURN_OURS;
		ck_assert_int_eq(conn_refuse(&c, "x", NULL, "y"), -1);
		close(c.stream.in);
		close(c.stream.out);
		hang_up();
	}
}
END_TEST

static const struct {
	const char *bytes;
	size_t	    len;
	int	    wanted;
	const char *text;
	size_t	    used;	/* bytes that are read; the others are for whoever reads next */
} replies[] = {
	{ BYTES("\0"), 0, "", 1 },
	{ BYTES("\0\0\0"), 0, "", 1 },
	{ BYTES("\0\001no\n"), 0, "", 1 },
	{ BYTES("\001no\n"), 1, "no", 4 },
	{ BYTES("\001no\n\0\001x"), 1, "no", 4 },
	{ BYTES("\001\nrest"), 1, "", 2 },
	{ BYTES("\001scp: f: No space left on device\n\0"), 1,
	    "scp: f: No space left on device", 33 },
	{ BYTES("\002gone\nrest"), -1, "gone", 6 },
	{ BYTES("bash: oops\nrest"), -1, "bash: oops", 11 },
	{ BYTES("\nrest"), -1, "", 1 },
	{ BYTES("\003x\nrest"), -1, "\\003x", 3 },
	{ BYTES("\001a\033[1m\r\nrest"), 1, "a\\033[1m\\015", 8 },
	{ BYTES("\001\303\251\377\nrest"), 1, "\303\251\\377", 5 },
	{ BYTES(""), -1, "", 0 },
};

static void
check_reply(enum transport kind, size_t i)
{
	char text[64] = "unset", rest[64];
	int end;
	size_t left = replies[i].len - replies[i].used;

	connect_at(kind, TURN_THEIRS, 0);
	if (replies[i].len > 0)
		say(replies[i].bytes, replies[i].len);
	hang_up();
	end = conn_await(&c, text, sizeof(text));
	ck_assert_msg(end == replies[i].wanted, "row %zu: expected %d, got %d", i,
	    replies[i].wanted, end);
	ck_assert_str_eq(text, replies[i].text);
	ck_assert_int_eq(c.turn, TURN_FREE);
	ck_assert_msg(read(c.stream.in, rest, sizeof(rest)) == (ssize_t)left,
	    "row %zu: expected %zu bytes left in the descriptor", i, left);
	ck_assert_mem_eq(rest, replies[i].bytes + replies[i].used, left);
	expect_silence();
	disconnect();
}

START_TEST(rule_23_replies)
{
	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++)
		check_reply(stream_kinds[_i], i);
}
END_TEST

/* Nothing of a message is lost: what is a control byte is shown as one. */
START_TEST(rule_4_control_bytes_in_a_reply)
{
	char text[64];

	connect_at(PIPES, TURN_THEIRS, 0);
	say(BYTES("\001a\001b\002c\n"));
	ck_assert_int_eq(conn_await(&c, text, sizeof(text)), 1);
	ck_assert_str_eq(text, "a\\001b\\002c");
}
END_TEST

START_TEST(rule_23_a_reply_that_is_cut)
{
	static const char *const cuts[] = { "\001no", "\001", "\002no", "bash" };
	char text[64];

	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		connect_at(stream_kinds[_i], TURN_THEIRS, 0);
		say(cuts[i], strlen(cuts[i]));
		hang_up();
		ck_assert_int_eq(conn_await(&c, text, sizeof(text)), -1);
		disconnect();
	}
}
END_TEST

START_TEST(rule_8_a_long_reply_is_skipped)
{
	static const size_t lens[] = { 5000, RECORD_MAX + 100, 20000 };

	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		char text[64], rest[8];

		connect_at(stream_kinds[_i], TURN_THEIRS, 0);
		say_long(long_text(lens[i], RECORD_WARN), lens[i] + 3);
		ck_assert_int_eq(conn_await(&c, text, sizeof(text)), 1);
		ck_assert_uint_eq(strlen(text), sizeof(text) - 1);
		ck_assert_int_eq(read(c.stream.in, rest, sizeof(rest)), 2);
		ck_assert_mem_eq(rest, "E\n", 2);
		disconnect();
	}
}
END_TEST

START_TEST(rule_8_a_reply_without_an_end)
{
	char text[64];

	connect_at(stream_kinds[_i], TURN_THEIRS, 0);
	say_long(long_text(2 * CONN_TEXT_MAX, RECORD_WARN), 2 * CONN_TEXT_MAX);
	ck_assert_int_eq(conn_await(&c, text, sizeof(text)), -1);
}
END_TEST

/* One reply is one byte, whatever comes with it: the next is there when it is awaited. */
START_TEST(rule_23_stray_replies_stay)
{
	const struct record end = { .kind = RECORD_END, .text = "" };
	char text[8];

	connect_at(stream_kinds[_i], TURN_THEIRS, 0);
	say(BYTES("\0\0\001no\n"));
	ck_assert_int_eq(conn_await(&c, text, sizeof(text)), 0);
	ck_assert_int_eq(conn_send(&c, &end), 0);
	ck_assert_int_eq(conn_await(&c, text, sizeof(text)), 0);
	ck_assert_int_eq(conn_send(&c, &end), 0);
	ck_assert_int_eq(conn_await(&c, text, sizeof(text)), 1);
	ck_assert_str_eq(text, "no");
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
	struct seen *s = watcher;

	if (done < s->done || done > size)
		ck_abort_msg("%ju after %ju of %ju", (uintmax_t)done, (uintmax_t)s->done,
		    (uintmax_t)size);
	*s = (struct seen){ done, size, s->calls + 1 };
}

START_TEST(a_watcher_sees_all_of_a_body)
{
	struct seen seen = { 0 };
	int err = 7;
	pid_t pid;

	connect_at(PIPES, TURN_FREE, 0);
	c.stream.watch = see;
	c.stream.watcher = &seen;
	pid = feed(LARGE, BYTES("\0"));
	ck_assert_int_eq(conn_recv_body(&c, -1, LARGE, &err), 0);
	ck_assert_uint_eq(seen.done, LARGE);
	ck_assert_uint_eq(seen.size, LARGE);
	ck_assert_int_gt(seen.calls, 1);
	child_is_content(pid, "the feeder");
	disconnect();

	seen = (struct seen){ 0 };
	connect_at(PIPES, TURN_FREE, 0);
	c.stream.watch = see;
	c.stream.watcher = &seen;
	pid = drain(LARGE, 0, BYTES("\0"));
	ck_assert_int_eq(conn_send_body(&c, large_file(LARGE), LARGE, false, &err), 0);
	ck_assert_uint_eq(seen.done, LARGE);
	ck_assert_uint_eq(seen.size, LARGE);
	ck_assert_int_gt(seen.calls, 1);
	disconnect();
	child_is_content(pid, "the drain");
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

enum {
	IDLE = 1000,		/* seconds: longer than any test */
	STEP = 16384		/* bytes that an idle client may not even take in that time */
};

/*
 * How far it may seem to have come at once: what goes into a pipe at once is no more than what has
 * room there, for which nobody waits, and into anything else a step.
 */
static const uint64_t steps[] = { [PIPES] = STREAM_PIPE, [STREAM] = STEP };

static struct deadline deadline;

/* Has the deadline look as if nothing had moved for ages. */
static void
age_deadline(void)
{
	c.stream.deadline = &deadline;
	deadline.armed = INT64_MIN / 4;
}

static void
assert_touched(const char *what)
{
	ck_assert_msg(deadline.armed != INT64_MIN / 4, "the deadline has not heard of %s", what);
}

START_TEST(a_deadline_hears_of_what_comes)
{
	struct record r;
	const char *why;
	char text[64];
	int err = 7;

	ck_assert_int_eq(deadline_init(&deadline, IDLE, 0), 0);
	connect_at(PIPES, TURN_FREE, 0);
	age_deadline();
	say(BYTES("C0644 5 f\n"));
	ck_assert_int_eq(conn_next(&c, &r, &why), 0);
	assert_touched("a record");
	ck_assert_int_eq(conn_ack(&c), 0);
	age_deadline();
	say(BYTES("hello"));
	ck_assert_int_eq(conn_recv_body(&c, -1, 5, &err), 0);
	assert_touched("a body");
	age_deadline();
	say(BYTES("\0"));
	ck_assert_int_eq(conn_recv_status(&c, text, sizeof(text)), STATUS_OK);
	assert_touched("a status");
	ck_assert_int_eq(conn_ack(&c), 0);
	age_deadline();
	say(BYTES("hello\0"));
	ck_assert_int_eq(conn_skip_body(&c, 5), STATUS_OK);
	assert_touched("a body that nobody wants");
	disconnect();

	connect_at(PIPES, TURN_THEIRS, 0);
	age_deadline();
	say(BYTES("\0"));
	ck_assert_int_eq(conn_await(&c, text, sizeof(text)), 0);
	assert_touched("a reply");
	disconnect();

	/* What has come already is news while it is dealt with. */
	connect_at(PIPES, TURN_FREE, 0);
	say(BYTES("E\nhello"));
	ck_assert_int_eq(conn_next(&c, &r, &why), 0);
	ck_assert_int_eq(conn_ack(&c), 0);
	age_deadline();
	ck_assert_int_eq(conn_recv_body(&c, -1, 5, &err), 0);
	assert_touched("a body that was read before");
	disconnect();
	deadline_end(&deadline);
}
END_TEST

START_TEST(a_deadline_hears_of_what_goes)
{
	uint64_t most = 0;
	int err = 7;
	pid_t pid;

	ck_assert_int_eq(deadline_init(&deadline, IDLE, 0), 0);
	connect_at(stream_kinds[_i], TURN_FREE, 0);
	age_deadline();
	c.stream.watch = measure;
	c.stream.watcher = &most;
	pid = drain(LARGE, 0, BYTES("\0"));
	ck_assert_int_eq(conn_send_body(&c, large_file(LARGE), LARGE, false, &err), 0);
	ck_assert_int_eq(err, 0);
	assert_touched("a body");
	ck_assert_uint_gt(most, 0);
	ck_assert_uint_le(most, steps[stream_kinds[_i]]);
	disconnect();
	child_is_content(pid, "the drain");
	deadline_end(&deadline);
}
END_TEST

/* Also where it is no more than zeros, as many of them as it would have been. */
START_TEST(a_deadline_hears_of_what_takes_the_place_of_a_body)
{
	int err = 7;
	pid_t pid;

	ck_assert_int_eq(deadline_init(&deadline, IDLE, 0), 0);
	connect_at(PIPES, TURN_FREE, 0);
	age_deadline();
	pid = drain(0, LARGE, BYTES(""));
	ck_assert_int_eq(conn_send_body(&c, new_file(), LARGE, false, &err), 0);
	ck_assert_int_eq(err, STREAM_SHRANK);
	assert_touched("zeros");
	disconnect();
	child_is_content(pid, "the drain");
	deadline_end(&deadline);
}
END_TEST

START_TEST(there_is_no_deadline_to_begin_with)
{
	c.stream.deadline = &deadline;
	c.stream.watch = measure;
	connect_at(PIPES, TURN_FREE, 0);
	ck_assert_ptr_null(c.stream.deadline);
	ck_assert(c.stream.watch == NULL);
	disconnect();
}
END_TEST

/* A body of 30000 bytes at 100000 a second: never faster than that, in either direction. */
START_TEST(a_rate_is_kept)
{
	enum { SIZE = 30000, RATE = 100000, LEAST = 290 };
	struct timespec began, ended;
	bool sends = _i == 1;
	int err = 7;
	long took;
	pid_t pid;

	clock_gettime(CLOCK_MONOTONIC, &began);
	connect_at(PIPES, TURN_FREE, RATE);
	pid = sends ? drain(SIZE, 0, BYTES("\0")) : feed(SIZE, BYTES("\0"));
	if (sends)
		ck_assert_int_eq(conn_send_body(&c, large_file(SIZE), SIZE, false, &err), 0);
	else
		ck_assert_int_eq(conn_recv_body(&c, -1, SIZE, &err), 0);
	clock_gettime(CLOCK_MONOTONIC, &ended);
	ck_assert_int_eq(err, 0);
	took = (ended.tv_sec - began.tv_sec) * 1000 + (ended.tv_nsec - began.tv_nsec) / 1000000;
	ck_assert_msg(took >= LEAST, "expected %d ms at least, got %ld", LEAST, took);
	disconnect();
	child_is_content(pid, "the peer");
}
END_TEST

static void
set_nonblocking(int fd)
{
	ck_assert_int_eq(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK), 0);
}

/* Waits until the process PID sleeps, for then it has found nothing to read, or no room. */
static bool
falls_asleep(pid_t pid)
{
	char path[64], stat[256];
	struct timespec tick = { .tv_nsec = 1000000 };

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	for (int i = 0; i < PATIENCE; i++) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t n = read(fd, stat, sizeof(stat) - 1);
		const char *state;

		close(fd);
		stat[n > 0 ? n : 0] = '\0';
		state = strrchr(stat, ')');
		if (state != NULL && state[1] != '\0' && state[2] == 'S')
			return true;
		nanosleep(&tick, NULL);
	}
	return false;
}

/* Both ends of both directions; a child that is slow to speak, and one that is slow to listen. */
START_TEST(rule_29_flags_are_left_alone)
{
	static const enum transport kinds[] = { PIPES, STREAM, PIPES, STREAM };
	bool nonblocking = _i < 2;
	int in_flags, out_flags, err = 7;
	pid_t pid, parent = getpid();
	char text[8];

	connect_at(kinds[_i], TURN_FREE, 0);
	if (nonblocking) {
		set_nonblocking(c.stream.in);
		set_nonblocking(c.stream.out);
	}
	in_flags = fcntl(c.stream.in, F_GETFL);
	out_flags = fcntl(c.stream.out, F_GETFL);
	ck_assert_int_eq((in_flags & O_NONBLOCK) != 0, nonblocking);
	ck_assert_int_eq((out_flags & O_NONBLOCK) != 0, nonblocking);

	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		static const char said[] = "C0644 5 f\nhello\0E\n";

		if (!falls_asleep(parent))
			_exit(1);
		for (size_t i = 0; i < sizeof(said) - 1; i++)
			if (write(to_us, said + i, 1) != 1)
				_exit(2);
		_exit(0);
	}
	expect_acked(RECORD_FILE, "f");
	expect_body(new_file(), "hello");
	expect_status(STATUS_OK, "");
	ck_assert_int_eq(conn_refuse(&c, "x", NULL, "y"), 0);
	expect_acked(RECORD_END, "");
	child_is_content(pid, "a slow speaker");
	expect_heard(BYTES("\0\001scp: x: y\n\0"));

	pid = fork();
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
	ck_assert_int_eq(conn_send_body(&c, large_file(LARGE), LARGE, false, &err), 0);
	ck_assert_int_eq(err, 0);
	ck_assert_int_eq(conn_await(&c, text, sizeof(text)), 0);
	child_is_content(pid, "a slow listener");
	ck_assert_int_eq(fcntl(c.stream.in, F_GETFL), in_flags);
	ck_assert_int_eq(fcntl(c.stream.out, F_GETFL), out_flags);
}
END_TEST

START_TEST(descriptors_are_borrowed)
{
	connect_at(PIPES, TURN_FREE, 0);
	hang_up();
	expect_end();
	ck_assert_int_ne(fcntl(c.stream.in, F_GETFD), -1);
	ck_assert_int_ne(fcntl(c.stream.out, F_GETFD), -1);
}
END_TEST

START_TEST(who_speaks_first)
{
	static const enum conn_turn turns[] = { TURN_OURS, TURN_THEIRS, TURN_FREE };

	for (size_t i = 0; i < 3; i++) {
		connect_at(PIPES, turns[i], 0);
		ck_assert_int_eq(c.turn, turns[i]);
		expect_silence();
		disconnect();
	}
}
END_TEST

/*
 * Out of step: the process dies before it says or reads anything.  Its directory is removed now,
 * for what would remove it afterwards does not run.
 */
static void
about_to_die(enum conn_turn turn)
{
	connect_at(PIPES, turn, 0);
	unit_teardown();
	close(2);
}

static char died_text[8];
static int died_err;
static const char *died_why;
static struct record died_record = { .kind = RECORD_END, .text = "" };

START_TEST(ack_without_debt)
{
	about_to_die(TURN_FREE);
	(void)conn_ack(&c);
}
END_TEST

START_TEST(ack_when_it_is_their_turn)
{
	about_to_die(TURN_THEIRS);
	(void)conn_ack(&c);
}
END_TEST

START_TEST(ack_twice)
{
	about_to_die(TURN_OURS);
	if (conn_ack(&c) == 0)
		(void)conn_ack(&c);
}
END_TEST

START_TEST(refuse_without_debt)
{
	about_to_die(TURN_FREE);
	(void)conn_refuse(&c, NULL, NULL, "x");
}
END_TEST

START_TEST(refuse_after_ack)
{
	about_to_die(TURN_OURS);
	if (conn_ack(&c) == 0)
		(void)conn_refuse(&c, NULL, NULL, "x");
}
END_TEST

START_TEST(next_with_debt)
{
	about_to_die(TURN_OURS);
	say(BYTES("E\n"));
	(void)conn_next(&c, &died_record, &died_why);
}
END_TEST

START_TEST(next_twice)
{
	about_to_die(TURN_FREE);
	say(BYTES("E\nE\n"));
	if (conn_next(&c, &died_record, &died_why) == 0)
		(void)conn_next(&c, &died_record, &died_why);
}
END_TEST

START_TEST(next_after_what_was_no_record)
{
	about_to_die(TURN_FREE);
	say(BYTES("x\nE\n"));
	if (conn_next(&c, &died_record, &died_why) == -1)
		(void)conn_next(&c, &died_record, &died_why);
}
END_TEST

START_TEST(body_with_debt)
{
	about_to_die(TURN_OURS);
	say(BYTES("hello"));
	(void)conn_recv_body(&c, -1, 5, &died_err);
}
END_TEST

START_TEST(status_with_debt)
{
	about_to_die(TURN_OURS);
	say(BYTES("\0"));
	(void)conn_recv_status(&c, died_text, sizeof(died_text));
}
END_TEST

START_TEST(skip_with_debt)
{
	about_to_die(TURN_OURS);
	say(BYTES("\0"));
	(void)conn_skip_body(&c, 0);
}
END_TEST

START_TEST(next_after_status)
{
	about_to_die(TURN_FREE);
	say(BYTES("\0E\n"));
	if (conn_recv_status(&c, died_text, sizeof(died_text)) == STATUS_OK)
		(void)conn_next(&c, &died_record, &died_why);
}
END_TEST

START_TEST(await_without_send)
{
	about_to_die(TURN_FREE);
	say(BYTES("\0"));
	(void)conn_await(&c, died_text, sizeof(died_text));
}
END_TEST

START_TEST(await_twice)
{
	about_to_die(TURN_THEIRS);
	say(BYTES("\0\0"));
	if (conn_await(&c, died_text, sizeof(died_text)) == 0)
		(void)conn_await(&c, died_text, sizeof(died_text));
}
END_TEST

START_TEST(send_without_await)
{
	about_to_die(TURN_FREE);
	if (conn_send(&c, &died_record) == 0)
		(void)conn_send(&c, &died_record);
}
END_TEST

START_TEST(send_before_their_first_word)
{
	about_to_die(TURN_THEIRS);
	(void)conn_send(&c, &died_record);
}
END_TEST

START_TEST(send_body_without_await)
{
	about_to_die(TURN_FREE);
	if (conn_send(&c, &died_record) == 0)
		(void)conn_send_body(&c, -1, 5, false, &died_err);
}
END_TEST

START_TEST(send_after_body_without_await)
{
	about_to_die(TURN_FREE);
	if (conn_send_body(&c, -1, 0, false, &died_err) == 0)
		(void)conn_send(&c, &died_record);
}
END_TEST

static void
add_sink(TCase *t)
{
	tcase_add_loop_test(t, rule_6_all_at_once, 0, TRANSPORTS);
	tcase_add_loop_test(t, rule_6_in_two_pieces, 0, TRANSPORTS);
	tcase_add_loop_test(t, rule_6_in_three_pieces, 0, TRANSPORTS);
	tcase_add_loop_test(t, rule_6_byte_by_byte, 0, TRANSPORTS);
	tcase_add_loop_test(t, rule_6_a_large_body, 0, TRANSPORTS);
	tcase_add_loop_test(t, rule_8_lines_that_are_long_enough, 0, TRANSPORTS);
	tcase_add_loop_test(t, rule_8_lines_that_are_too_long, 0, TRANSPORTS);
	tcase_add_loop_test(t, rule_8_a_long_line_without_an_end, 0, TRANSPORTS);
	tcase_add_loop_test(t, rule_8_a_long_warning_is_skipped, 0, TRANSPORTS);
	tcase_add_loop_test(t, rule_8_the_long_text_of_a_status_is_skipped, 0, TRANSPORTS);
	tcase_add_loop_test(t, rule_8_the_long_text_of_a_skipped_status, 0, TRANSPORTS);
	tcase_add_loop_test(t, rule_8_a_text_that_is_no_text, 0, TRANSPORTS);
	tcase_add_test(t, rule_9_a_bad_name_is_handed_on);
	tcase_add_loop_test(t, rule_12_an_end_at_a_border_and_elsewhere, 0, TRANSPORTS);
	tcase_add_loop_test(t, rule_12_an_end_in_a_body, 0, TRANSPORTS);
	tcase_add_test(t, rule_12_a_failing_descriptor_is_no_end);
	tcase_add_loop_test(t, rule_13_what_follows_a_body, 0, TRANSPORTS);
	tcase_add_test(t, rule_13_a_text_that_is_longer_than_its_buffer);
	tcase_add_loop_test(t, rule_14_texts_in_place_of_a_record, 0, TRANSPORTS);
	tcase_add_loop_test(t, rule_15_a_peer_that_is_ahead, 0, TRANSPORTS);
	tcase_add_loop_test(t, rule_15_a_body_that_is_skipped, 0, TRANSPORTS);
	tcase_add_loop_test(t, rule_15_a_large_body_that_is_skipped, 0, TRANSPORTS);
	tcase_add_loop_test(t, rule_16_the_rest_of_a_body_that_cannot_be_written, 0, TRANSPORTS);
	tcase_add_loop_test(t, rule_16_a_file_that_is_full_in_the_middle, 0, TRANSPORTS);
	tcase_add_test(t, rule_16_nothing_is_written_behind_a_failure);
	tcase_add_loop_test(t, rule_17_what_is_no_record, 0, TRANSPORTS);
	tcase_add_loop_test(t, a_body_for_nobody, 0, TRANSPORTS);
}

static void
add_source(TCase *t)
{
	tcase_add_loop_test(t, rule_1_one_message_is_one_write, 0, 2);
	tcase_add_test(t, rule_4_messages_cannot_inject_anything);
	tcase_add_test(t, rule_4_control_bytes_in_a_reply);
	tcase_add_loop_test(t, rule_8_a_long_reply_is_skipped, 0, 2);
	tcase_add_loop_test(t, rule_8_a_reply_without_an_end, 0, 2);
	tcase_add_test(t, rule_21_a_warning_awaits_nothing);
	tcase_add_loop_test(t, rule_22_the_announced_size, 0, 2);
	tcase_add_loop_test(t, rule_22_a_file_that_grew, 0, 2);
	tcase_add_loop_test(t, rule_22_a_file_that_shrank, 0, 2);
	tcase_add_test(t, rule_22_a_file_that_is_empty_now);
	tcase_add_test(t, rule_22_the_end_of_one_file_is_not_of_another);
	tcase_add_loop_test(t, rule_22_a_file_that_cannot_be_read, 0, 2);
	tcase_add_loop_test(t, rule_22_a_body_begins_where_the_file_stands, 0, 2);
	tcase_add_loop_test(t, a_peer_that_is_gone, 0, 2);
	tcase_add_loop_test(t, rule_23_replies, 0, 2);
	tcase_add_loop_test(t, rule_23_a_reply_that_is_cut, 0, 2);
	tcase_add_loop_test(t, rule_23_stray_replies_stay, 0, 2);
	tcase_add_test(t, a_watcher_sees_all_of_a_body);
	tcase_add_test(t, a_deadline_hears_of_what_comes);
	tcase_add_loop_test(t, a_deadline_hears_of_what_goes, 0, 2);
	tcase_add_test(t, a_deadline_hears_of_what_takes_the_place_of_a_body);
	tcase_add_test(t, there_is_no_deadline_to_begin_with);
	tcase_add_loop_test(t, holes_are_sent_and_not_read, 0, 2);
	tcase_add_loop_test(t, holes_may_be_none, 0, 2);
	tcase_add_loop_test(t, rule_22_a_file_with_holes_that_shrank, 0, 2);
	tcase_add_loop_test(t, large_bodies_widen_their_pipe, 0, 2);
	tcase_add_test(t, a_hundred_sessions_leave_room_for_others);
	tcase_add_loop_test(t, a_rate_is_kept, 0, 2);
	tcase_add_loop_test(t, rule_29_flags_are_left_alone, 0, 4);
	tcase_add_test(t, descriptors_are_borrowed);
	tcase_add_test(t, who_speaks_first);
}

static void
add(TCase *t)
{
	add_sink(t);
	add_source(t);
	tcase_add_test_raise_signal(t, ack_without_debt, SIGABRT);
	tcase_add_test_raise_signal(t, ack_when_it_is_their_turn, SIGABRT);
	tcase_add_test_raise_signal(t, ack_twice, SIGABRT);
	tcase_add_test_raise_signal(t, refuse_without_debt, SIGABRT);
	tcase_add_test_raise_signal(t, refuse_after_ack, SIGABRT);
	tcase_add_test_raise_signal(t, next_with_debt, SIGABRT);
	tcase_add_test_raise_signal(t, next_twice, SIGABRT);
	tcase_add_test_raise_signal(t, next_after_what_was_no_record, SIGABRT);
	tcase_add_test_raise_signal(t, body_with_debt, SIGABRT);
	tcase_add_test_raise_signal(t, status_with_debt, SIGABRT);
	tcase_add_test_raise_signal(t, skip_with_debt, SIGABRT);
	tcase_add_test_raise_signal(t, next_after_status, SIGABRT);
	tcase_add_test_raise_signal(t, await_without_send, SIGABRT);
	tcase_add_test_raise_signal(t, await_twice, SIGABRT);
	tcase_add_test_raise_signal(t, send_without_await, SIGABRT);
	tcase_add_test_raise_signal(t, send_before_their_first_word, SIGABRT);
	tcase_add_test_raise_signal(t, send_body_without_await, SIGABRT);
	tcase_add_test_raise_signal(t, send_after_body_without_await, SIGABRT);
}

int
main(void)
{
	return run_unit("conn", add);
}
