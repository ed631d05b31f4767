/* SPDX-License-Identifier: ISC */
#include <poll.h>

#include "text/text.h"
#include "wire.h"
#include "wire/conn.h"

static struct conn c;
static const char *late;	/* what the peer says while it is waited for whether it is early */
static int early_waits;

static void
connect_at(enum transport kind, enum conn_turn first)
{
	make_wires(kind);
	conn_init(&c, our_in, our_out, first, 0);
}

/* Takes the place of the library's, so that the moment is known at which something comes. */
int
poll(struct pollfd *fds, nfds_t n, int timeout)
{
	struct timespec t = { .tv_sec = timeout / 1000, .tv_nsec = timeout % 1000 * 1000000L };

	if (timeout == CONN_EARLY) {
		early_waits++;
		t = (struct timespec){ 0 };
		if (late != NULL)
			say(late, strlen(late));
	}
	return ppoll(fds, n, timeout < 0 ? NULL : &t, NULL);
}

/* What is said of PATH, in a static buffer. */
static const char *
message_of(const char *path, const char *what, const char *reason)
{
	static char text[TEXT_MESSAGE_MAX];

	text_message(text, path, what, reason);
	return text;
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
	ck_assert_int_eq(conn_refuse(&c, "scp: x"), 0);
	expect_acked(RECORD_END, "");
	expect_end();
	close(fd);
}

START_TEST(rule_6_all_at_once)
{
	connect_at((enum transport)_i, TURN_FREE);
	say(session, sizeof(session) - 1);
	hang_up();
	take_session();
}
END_TEST

START_TEST(rule_6_in_two_pieces)
{
	for (size_t at = 1; at < sizeof(session) - 1; at++) {
		connect_at((enum transport)_i, TURN_FREE);
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
		connect_at((enum transport)_i, TURN_FREE);
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
	connect_at((enum transport)_i, TURN_FREE);
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
		connect_at((enum transport)_i, TURN_FREE);
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
		connect_at((enum transport)_i, TURN_FREE);
		say_long(long_line(lens[i]), lens[i]);
		expect_refusal("line too long");
		ck_assert_int_eq(conn_refuse(&c, "scp: protocol error: line too long"), 0);
		expect_heard(BYTES("\001scp: protocol error: line too long\n"));
		expect_silence();
		disconnect();
	}
}
END_TEST

START_TEST(rule_8_a_long_line_without_an_end)
{
	connect_at((enum transport)_i, TURN_FREE);
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

		connect_at((enum transport)_i, TURN_FREE);
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

		connect_at((enum transport)_i, TURN_FREE);
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
	connect_at((enum transport)_i, TURN_FREE);
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

		connect_at((enum transport)_i, TURN_FREE);
		say_long(long_text(len, RECORD_WARN), len + 3);
		end = conn_next(&c, &r, &why);
		ck_assert_msg(end == -1 || r.kind == RECORD_WARN, "text of %zu: got %d, record %d",
		    len, end, (int)r.kind);
		if (end == 0)
			expect_acked(RECORD_END, "");
		disconnect();

		connect_at((enum transport)_i, TURN_FREE);
		say_long(long_text(len, RECORD_WARN), len + 3);
		if (conn_recv_status(&c, text, sizeof(text)) == STATUS_ERROR) {
			ck_assert_int_eq(conn_ack(&c), 0);
			end = conn_next(&c, &r, &why);
			ck_assert_msg(end == -1 || r.kind == RECORD_END,
			    "text of %zu: got record %d \"%s\"", len, (int)r.kind, r.text);
		}
		disconnect();
	}
	connect_at((enum transport)_i, TURN_FREE);
	say_long(long_text(2 * CONN_TEXT_MAX, RECORD_WARN), 2 * CONN_TEXT_MAX + 3);
	expect_refusal("line too long");
}
END_TEST

START_TEST(rule_12_an_end_at_a_border_and_elsewhere)
{
	static const char line[] = "C0644 5 f\n";

	for (size_t n = 0; n < sizeof(line); n++) {
		connect_at((enum transport)_i, TURN_FREE);
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

		connect_at((enum transport)_i, TURN_FREE);
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
		connect_at((enum transport)_i, TURN_FREE);
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

	connect_at(PIPES, TURN_FREE);
	say(BYTES("\0010123456789\nE\n"));
	ck_assert_int_eq(conn_recv_status(&c, text, sizeof(text)), STATUS_ERROR);
	ck_assert_str_eq(text, "0123456");
	ck_assert_int_eq(conn_ack(&c), 0);
	expect_acked(RECORD_END, "");
}
END_TEST

START_TEST(rule_14_texts_in_place_of_a_record)
{
	connect_at((enum transport)_i, TURN_FREE);
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
		connect_at((enum transport)_i, TURN_FREE);
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

	connect_at(PIPES, TURN_FREE);
	say(BYTES("C0644 5 ../x\n"));
	ck_assert_int_eq(conn_next(&c, &r, &why), -1);
	ck_assert_ptr_eq(why, record_bad_name);
	ck_assert_str_eq(r.text, "../x");
	ck_assert_int_eq(c.turn, TURN_OURS);
	ck_assert_int_eq(conn_refuse(&c, message_of(NULL, "error: unexpected filename", r.text)), 0);
	expect_heard(BYTES("\001scp: error: unexpected filename: ../x\n"));
}
END_TEST

START_TEST(rule_6_a_large_body)
{
	int fd = new_file(), err = 7;
	pid_t pid;

	connect_at((enum transport)_i, TURN_FREE);
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

/* Nothing is said before the peer has said what became of it. */
START_TEST(rule_16_a_body_that_cannot_be_written)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC), err = 0;

	ck_assert_msg(fd >= 0, "/dev/full: %s", strerror(errno));
	connect_at((enum transport)_i, TURN_FREE);
	say(BYTES("hello\0E\n"));
	ck_assert_int_eq(conn_recv_body(&c, fd, 5, &err), 0);
	ck_assert_int_eq(err, ENOSPC);
	ck_assert_int_eq(c.turn, TURN_FREE);
	expect_silence();
	expect_status(STATUS_OK, "");
	ck_assert_int_eq(conn_refuse(&c, message_of("f", NULL, strerror(err))), 0);
	expect_heard(BYTES("\001scp: f: No space left on device\n"));
	expect_acked(RECORD_END, "");
}
END_TEST

START_TEST(rule_15_a_peer_that_is_ahead)
{
	connect_at((enum transport)_i, TURN_FREE);
	say(BYTES("C0644 5 f\n"));
	expect_next(RECORD_FILE, "f");
	ck_assert_int_eq(conn_is_ahead(&c), false);
	ck_assert_int_eq(conn_is_ahead(&c), false);
	say(BYTES("h"));
	ck_assert_int_eq(conn_is_ahead(&c), true);
	disconnect();

	/* Behind the record, in what one read returned. */
	connect_at((enum transport)_i, TURN_FREE);
	say(BYTES("C0644 5 f\nh"));
	expect_next(RECORD_FILE, "f");
	ck_assert_int_eq(conn_is_ahead(&c), true);
	disconnect();
}
END_TEST

/* It is given time to be, once; who was seen to be is so from then on. */
START_TEST(rule_15_a_peer_that_is_ahead_by_a_moment)
{
	connect_at((enum transport)_i, TURN_FREE);
	early_waits = 0;
	say(BYTES("C0644 5 f\n"));
	expect_next(RECORD_FILE, "f");
	late = "hello";
	ck_assert_int_eq(conn_is_ahead(&c), true);
	late = NULL;
	ck_assert_int_eq(early_waits, 1);
	ck_assert_int_eq(conn_refuse(&c, "x"), 0);
	say(BYTES("\0"));
	ck_assert_int_eq(conn_skip_body(&c, 5), STATUS_OK);
	say(BYTES("D0755 0 d\n"));
	expect_next(RECORD_DIR, "d");
	ck_assert_int_eq(conn_is_ahead(&c), true);
	ck_assert_int_eq(early_waits, 1);
	disconnect();
	late = NULL;

	/* Who waited the first time is not waited for again. */
	connect_at((enum transport)_i, TURN_FREE);
	early_waits = 0;
	for (int i = 0; i < 3; i++) {
		say(BYTES("C0644 5 f\n"));
		expect_next(RECORD_FILE, "f");
		ck_assert_int_eq(conn_is_ahead(&c), false);
		ck_assert_int_eq(conn_refuse(&c, "x"), 0);
	}
	ck_assert_int_eq(early_waits, 1);
	disconnect();
}
END_TEST

/* A body that was sent with a record that was not refused tells as well; a C behind a T does not. */
START_TEST(rule_15_being_ahead_is_seen_where_it_costs_nothing)
{
	connect_at((enum transport)_i, TURN_FREE);
	early_waits = 0;
	say(BYTES("C0644 1 f\n1"));
	expect_acked(RECORD_FILE, "f");
	say(BYTES("\0C0644 5 f\n"));
	ck_assert_int_eq(conn_skip_body(&c, 1), STATUS_OK);
	expect_next(RECORD_FILE, "f");
	ck_assert_int_eq(conn_is_ahead(&c), true);
	ck_assert_int_eq(early_waits, 0);
	disconnect();

	connect_at((enum transport)_i, TURN_FREE);
	say(BYTES("T1 0 1 0\nC0644 5 f\n"));
	expect_acked(RECORD_TIMES, "");
	expect_next(RECORD_FILE, "f");
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
	{ BYTES(""), STATUS_MISSING },
};

START_TEST(rule_15_a_body_that_is_skipped)
{
	for (size_t i = 0; i < sizeof(skips) / sizeof(skips[0]); i++) {
		enum conn_status status;
		bool lost = skips[i].wanted == STATUS_LOST || skips[i].wanted == STATUS_JUNK;

		connect_at((enum transport)_i, TURN_FREE);
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

	connect_at((enum transport)_i, TURN_FREE);
	pid = feed(LARGE, BYTES("\0E\n"));
	ck_assert_int_eq(conn_skip_body(&c, LARGE), STATUS_OK);
	expect_acked(RECORD_END, "");
	child_is_content(pid, "the feeder");
}
END_TEST

/* Each of them is one packet, and so one write. */
START_TEST(rule_1_one_message_is_one_write)
{
	const struct record file = { .kind = RECORD_FILE, .mode = 0644, .size = 5, .text = "a\nb" };
	const struct record dir = { .kind = RECORD_DIR, .mode = 0755, .text = "d" };
	const struct record end = { .kind = RECORD_END, .text = "" };
	const struct record times = { .kind = RECORD_TIMES, .text = "",
		.times = { { 2, 5 }, { 1, 5 } } };
	int err = 7;

	connect_at(packet_kinds[_i], TURN_OURS);
	ck_assert_int_eq(conn_ack(&c), 0);
	expect_heard(BYTES("\0"));
	say(BYTES("E\n"));
	expect_next(RECORD_END, "");
	ck_assert_int_eq(conn_refuse(&c, "scp: d/f: set mode: Operation not permitted"), 0);
	expect_heard(BYTES("\001scp: d/f: set mode: Operation not permitted\n"));
	disconnect();

	connect_at(packet_kinds[_i], TURN_FREE);
	ck_assert_int_eq(conn_send(&c, &times), 0);
	expect_heard(BYTES("T1 0 2 0\n"));
	conn_begin(&c, TURN_FREE);
	ck_assert_int_eq(conn_send(&c, &dir), 0);
	expect_heard(BYTES("D0755 0 d\n"));
	conn_begin(&c, TURN_FREE);
	ck_assert_int_eq(conn_send(&c, &file), 0);
	expect_heard(BYTES("C0644 5 a\\^Jb\n"));
	conn_begin(&c, TURN_FREE);
	ck_assert_int_eq(conn_send_body(&c, file_with("hello"), 5, false, &err), 0);
	ck_assert_int_eq(err, 0);
	expect_heard(BYTES("hello\0"));
	conn_begin(&c, TURN_FREE);
	ck_assert_int_eq(conn_send_body(&c, file_with(""), 0, false, &err), 0);
	expect_heard(BYTES("\0"));
	conn_begin(&c, TURN_FREE);
	ck_assert_int_eq(conn_send(&c, &end), 0);
	expect_heard(BYTES("E\n"));
	conn_begin(&c, TURN_FREE);
	ck_assert_int_eq(conn_warn(&c, "scp: x: not a regular file"), 0);
	expect_heard(BYTES("\001scp: x: not a regular file\n"));
	expect_silence();
}
END_TEST

/* A warning awaits no reply: it changes nothing about whose turn it is. */
START_TEST(rule_21_a_warning_awaits_nothing)
{
	const struct record end = { .kind = RECORD_END, .text = "" };

	connect_at(PIPES, TURN_FREE);
	ck_assert_int_eq(conn_warn(&c, "scp: x: y"), 0);
	ck_assert_int_eq(c.turn, TURN_FREE);
	ck_assert_int_eq(conn_warn(&c, "scp: z"), 0);
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

		connect_at(PACKETS, TURN_OURS);
		ck_assert_int_eq((i & 1 ? conn_refuse : conn_warn)(&c,
		    message_of(path, "w\nw", reasons[i / 2])), 0);
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

START_TEST(rule_22_a_body_awaits_a_reply)
{
	static const size_t sizes[] = { 5, LARGE };

	for (size_t i = 0; i < COUNT(sizes); i++) {
		int fd = large_file(sizes[i]), err = 7;
		pid_t pid;

		connect_at(stream_kinds[_i], TURN_FREE);
		pid = drain(sizes[i], 0, BYTES("\0"));
		ck_assert_int_eq(conn_send_body(&c, fd, sizes[i], false, &err), 0);
		ck_assert_int_eq(err, 0);
		ck_assert_int_eq(c.turn, TURN_THEIRS);
		disconnect();
		child_is_content(pid, "the drain");
		close(fd);
	}
}
END_TEST

/* Zeros for what is missing, a warning in place of the status, and the session goes on. */
START_TEST(rule_22_a_file_that_shrank)
{
	static const size_t sizes[] = { 5, LARGE };
	char text[16];

	for (size_t i = 0; i < COUNT(sizes); i++) {
		int fd = large_file(sizes[i]), err = 0;
		pid_t pid;

		connect_at(stream_kinds[_i], TURN_FREE);
		pid = drain(sizes[i], 10, BYTES("\001scp: f: shrank\n"));
		ck_assert_int_eq(conn_send_body(&c, fd, sizes[i] + 10, false, &err), 0);
		ck_assert_int_eq(err, STREAM_SHRANK);
		ck_assert_int_eq(c.turn, TURN_THEIRS);
		ck_assert_int_eq(conn_warn(&c, "scp: f: shrank"), 0);
		say(BYTES("\0"));
		ck_assert_int_eq(conn_await(&c, text, sizeof(text)), 0);
		disconnect();
		child_is_content(pid, "the drain");
		close(fd);
	}
}
END_TEST

START_TEST(a_peer_that_is_gone)
{
	const struct record end = { .kind = RECORD_END, .text = "" };
	int err = 7;

	connect_at(stream_kinds[_i], TURN_FREE);
	close(from_us);
	ck_assert_int_eq(conn_send_body(&c, file_with("hello"), 5, false, &err), -1);
	ck_assert_int_eq(conn_warn(&c, "scp: x: y"), -1);
	conn_begin(&c, TURN_FREE);
	ck_assert_int_eq(conn_send(&c, &end), -1);
	conn_begin(&c, TURN_OURS);
	ck_assert_int_eq(conn_ack(&c), -1);
	conn_begin(&c, TURN_OURS);
	ck_assert_int_eq(conn_refuse(&c, "scp: x: y"), -1);
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
	{ BYTES("bash: oops"), -1, "bash: oops", 10 },
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

	connect_at(kind, TURN_THEIRS);
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

	connect_at(PIPES, TURN_THEIRS);
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
		connect_at(stream_kinds[_i], TURN_THEIRS);
		say(cuts[i], strlen(cuts[i]));
		hang_up();
		ck_assert_int_eq(conn_await(&c, text, sizeof(text)), -1);
		disconnect();
	}
}
END_TEST

/* Nobody waits for the end of what is no message. */
START_TEST(what_is_no_reply_need_not_end)
{
	char text[64];

	connect_at(stream_kinds[_i], TURN_THEIRS);
	say(BYTES("Name?"));
	ck_assert_int_eq(conn_await(&c, text, sizeof(text)), -1);
	ck_assert_str_eq(text, "Name?");
	ck_assert_int_eq(conn_is_left(&c), false);
	disconnect();
}
END_TEST

START_TEST(rule_8_a_long_reply_is_skipped)
{
	static const size_t lens[] = { 5000, RECORD_MAX + 100, 20000 };

	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		char text[64], rest[8];

		connect_at(stream_kinds[_i], TURN_THEIRS);
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

	connect_at(stream_kinds[_i], TURN_THEIRS);
	say_long(long_text(2 * CONN_TEXT_MAX, RECORD_WARN), 2 * CONN_TEXT_MAX);
	ck_assert_int_eq(conn_await(&c, text, sizeof(text)), -1);
}
END_TEST

/* One reply is one byte, whatever comes with it: the next is there when it is awaited. */
START_TEST(rule_23_stray_replies_stay)
{
	const struct record end = { .kind = RECORD_END, .text = "" };
	char text[8];

	connect_at(stream_kinds[_i], TURN_THEIRS);
	say(BYTES("\0\0\001no\n"));
	ck_assert_int_eq(conn_await(&c, text, sizeof(text)), 0);
	ck_assert_int_eq(conn_send(&c, &end), 0);
	ck_assert_int_eq(conn_await(&c, text, sizeof(text)), 0);
	ck_assert_int_eq(conn_send(&c, &end), 0);
	ck_assert_int_eq(conn_await(&c, text, sizeof(text)), 1);
	ck_assert_str_eq(text, "no");
}
END_TEST

START_TEST(who_speaks_first)
{
	static const enum conn_turn turns[] = { TURN_OURS, TURN_THEIRS, TURN_FREE };

	for (size_t i = 0; i < 3; i++) {
		connect_at(PIPES, turns[i]);
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
	connect_at(PIPES, turn);
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
	(void)conn_refuse(&c, "scp: x");
}
END_TEST

START_TEST(refuse_after_ack)
{
	about_to_die(TURN_OURS);
	if (conn_ack(&c) == 0)
		(void)conn_refuse(&c, "scp: x");
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

/* A size of nineteen digits, of which the first is 0, and the answer to it. */
#define ASKING "C0644 0000000000000000005 f\n"

START_TEST(whoever_asks_is_told_that_what_is_refused_is_skipped)
{
	connect_at((enum transport)_i, TURN_FREE);
	early_waits = 0;
	say(BYTES(ASKING));
	expect_acked(RECORD_FILE, "f");
	expect_heard(BYTES("\6"));
	say(BYTES("hello\0"));
	ck_assert_int_eq(conn_skip_body(&c, 5), STATUS_OK);
	for (int i = 0; i < 2; i++) {
		say(BYTES("C0644 5 f\n"));
		expect_next(RECORD_FILE, "f");
		ck_assert_int_eq(conn_is_ahead(&c), true);
		ck_assert_int_eq(conn_refuse(&c, "no"), 0);
		expect_heard(BYTES("\001no\n"));
		say(BYTES("hello\0"));
		ck_assert_int_eq(conn_skip_body(&c, 5), STATUS_OK);
		expect_silence();
	}
	say(BYTES("C0644 1000000000000000000 f\n"));
	expect_acked(RECORD_FILE, "f");
	expect_heard(BYTES("\0"));
	/* What asks once more is waited for. */
	say(BYTES(ASKING));
	expect_next(RECORD_FILE, "f");
	ck_assert_int_eq(conn_is_ahead(&c), false);
	ck_assert_int_eq(conn_refuse(&c, "no"), 0);
	expect_heard(BYTES("\001no\n"));
	say(BYTES(ASKING));
	expect_acked(RECORD_FILE, "f");
	expect_heard(BYTES("\6"));
	ck_assert_int_eq(early_waits, 0);
	disconnect();
}
END_TEST

START_TEST(a_question_that_is_refused_agrees_on_nothing)
{
	connect_at((enum transport)_i, TURN_FREE);
	early_waits = 0;
	say(BYTES(ASKING));
	expect_next(RECORD_FILE, "f");
	ck_assert_int_eq(conn_is_ahead(&c), false);
	ck_assert_int_eq(conn_refuse(&c, "no"), 0);
	expect_heard(BYTES("\001no\n"));
	say(BYTES("C0644 5 f\n"));
	expect_next(RECORD_FILE, "f");
	ck_assert_int_eq(conn_is_ahead(&c), false);
	ck_assert_int_eq(conn_ack(&c), 0);
	expect_heard(BYTES("\0"));
	ck_assert_int_eq(early_waits, 1);
	/* A directory asks nothing, whatever its size looks like. */
	conn_begin(&c, TURN_FREE);
	say(BYTES("D0755 0000000000000000000 d\n"));
	expect_acked(RECORD_DIR, "d");
	expect_heard(BYTES("\0"));
	disconnect();
}
END_TEST

static void
hear_replies(size_t n)
{
	static const char zeros[CONN_LEAD + 1];

	expect_heard(zeros, n);
}

/* The first file of one who has waited for our reply to it, in vain for some time. */
static void
take_slow_file(void)
{
	char text[8];
	int err;

	say(BYTES("C0644 1 f\n"));
	expect_acked(RECORD_FILE, "f");
	hear_replies(1);
	usleep(CONN_SLOW * 1000);
	say(BYTES("1\0"));
	ck_assert_int_eq(conn_recv_body(&c, -1, 1, &err), 0);
	ck_assert_int_eq(conn_recv_status(&c, text, sizeof(text)), STATUS_OK);
	ck_assert_int_eq(conn_ack(&c), 0);
}

static const unsigned leads[] = { 0, 1, CONN_LEAD };

START_TEST(replies_are_given_ahead_of_a_slow_body)
{
	connect_at(PIPES, TURN_FREE);
	conn_lead(&c, leads[_i]);
	take_slow_file();
	hear_replies(1 + leads[_i]);
	say(BYTES("T1 0 1 0\n"));
	expect_acked(RECORD_TIMES, "");
	hear_replies(1);
	/* One that is refused, and one that asks: each gets one reply for itself and one for its body. */
	for (int i = 0; i < 2 && leads[_i] > 0; i++) {
		say(i == 0 ? "C0644 5 f\n" : ASKING, i == 0 ? strlen("C0644 5 f\n") : strlen(ASKING));
		expect_next(RECORD_FILE, "f");
		ck_assert_int_eq(conn_is_ahead(&c), true);
		ck_assert_int_eq(conn_refuse(&c, "no"), 0);
		hear_replies(1);
		say(BYTES("hello\001bad\n"));
		ck_assert_int_eq(conn_skip_body(&c, 5), STATUS_ERROR);
		hear_replies(1);
	}
	say(BYTES(ASKING));
	expect_acked(RECORD_FILE, "f");
	if (leads[_i] > 0)
		hear_replies(1);
	else
		expect_heard(BYTES("\6"));
	disconnect();
}
END_TEST

START_TEST(nobody_who_reads_what_was_given_ahead_is_no_loss)
{
	connect_at(PIPES, TURN_FREE);
	conn_lead(&c, CONN_LEAD);
	take_slow_file();
	say(BYTES("D0755 0 d\nC0644 5 f\n"));
	close(from_us);
	from_us = -1;
	expect_acked(RECORD_DIR, "d");
	expect_next(RECORD_FILE, "f");
	ck_assert_int_eq(conn_refuse(&c, "no"), 0);
	say(BYTES("hello\0"));
	ck_assert_int_eq(conn_skip_body(&c, 5), STATUS_OK);
	hang_up();
	expect_end();
}
END_TEST

/* What else cannot be written is: a source may wait for it. */
START_TEST(what_was_to_be_given_ahead_and_is_not_is_a_loss)
{
	char text[8];
	int err, full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	ck_assert_int_ge(full, 0);
	connect_at(PIPES, TURN_FREE);
	conn_lead(&c, CONN_LEAD);
	say(BYTES("C0644 1 f\n"));
	expect_acked(RECORD_FILE, "f");
	hear_replies(1);
	usleep(CONN_SLOW * 1000);
	say(BYTES("1\0C0644 1 f\n1\0"));
	ck_assert_int_eq(conn_recv_body(&c, -1, 1, &err), 0);
	ck_assert_int_eq(conn_recv_status(&c, text, sizeof(text)), STATUS_OK);
	ck_assert_int_eq(dup2(full, our_out), our_out);
	ck_assert_int_eq(conn_ack(&c), -1);
	/* Nor can what was refused be skipped then. */
	expect_next(RECORD_FILE, "f");
	ck_assert_int_eq(conn_refuse(&c, "no"), -1);
	ck_assert_int_eq(conn_skip_body(&c, 1), STATUS_LOST);
	ck_assert_int_eq(c.turn, TURN_OURS);
	close(full);
}
END_TEST

/* What has come already was not slow, however slow we were. */
START_TEST(a_body_that_is_there_is_not_slow)
{
	char text[8];
	int err;

	connect_at((enum transport)_i, TURN_FREE);
	conn_lead(&c, CONN_LEAD);
	say(BYTES("C0644 1 f\n1\0"));
	expect_acked(RECORD_FILE, "f");
	hear_replies(1);
	usleep(CONN_SLOW * 1000);
	ck_assert_int_eq(conn_recv_body(&c, -1, 1, &err), 0);
	ck_assert_int_eq(conn_recv_status(&c, text, sizeof(text)), STATUS_OK);
	ck_assert_int_eq(conn_ack(&c), 0);
	hear_replies(1);
	disconnect();
}
END_TEST

static const struct record asking = { .kind = RECORD_FILE, .mode = 0644, .size = 5, .text = "f", .asks = true };
static const struct record plain = { .kind = RECORD_FILE, .mode = 0644, .size = 5, .text = "f" };

/* The peer has agreed that we wait for no replies. */
static void
agree(enum transport kind)
{
	char text[8];

	connect_at(kind, TURN_FREE);
	ck_assert_int_eq(conn_send(&c, &asking), 0);
	expect_heard(BYTES(ASKING));
	say(BYTES("\6"));
	ck_assert_int_eq(conn_await(&c, text, sizeof(text)), 0);
	ck_assert_int_eq(conn_is_agreed(&c), true);
	ck_assert_int_eq(c.turn, TURN_FREE);
}

static void
send_many(unsigned n)
{
	static const struct record end = { .kind = RECORD_END, .text = "" };

	for (unsigned i = 0; i < n; i++)
		ck_assert_int_eq(conn_send(&c, &end), 0);
}

START_TEST(replies_are_outstanding)
{
	static char zeros[CONN_OUTSTANDING];
	char text[32];

	agree(stream_kinds[_i]);
	send_many(CONN_OUTSTANDING);
	ck_assert_int_eq(conn_has_reply(&c), false);
	say(zeros, CONN_OUTSTANDING - 2);
	for (int i = 0; i < CONN_OUTSTANDING - 2; i++) {
		ck_assert_int_eq(conn_has_reply(&c), true);
		ck_assert_int_eq(conn_await(&c, text, sizeof(text)), 0);
	}
	ck_assert_int_eq(conn_has_reply(&c), false);
	ck_assert_int_eq(c.turn, TURN_THEIRS);
	say(BYTES("\001no\n"));
	ck_assert_int_eq(conn_await(&c, text, sizeof(text)), 1);
	ck_assert_str_eq(text, "no");
	conn_spare_reply(&c);
	ck_assert_int_eq(c.turn, TURN_FREE);
	/* And it can ask whether one is wanted. */
	ck_assert_int_eq(conn_send(&c, &asking), 0);
	say(BYTES("\6"));
	ck_assert_int_eq(conn_await(&c, text, sizeof(text)), 0);
	send_many(1);
	hang_up();
	ck_assert_int_eq(conn_has_reply(&c), true);
	ck_assert_int_eq(conn_await(&c, text, sizeof(text)), -1);
	ck_assert_int_eq(conn_is_left(&c), true);
	ck_assert_int_eq(conn_is_lost(&c), true);
}
END_TEST

/* It has not left, but there is nothing any more from which it could be heard. */
START_TEST(who_cannot_be_heard_is_lost)
{
	char text[32];

	connect_at(PIPES, TURN_THEIRS);
	ck_assert_int_eq(conn_is_lost(&c), false);
	c.stream.in = -1;
	ck_assert_int_eq(conn_await(&c, text, sizeof(text)), -1);
	ck_assert_int_eq(conn_is_left(&c), false);
	ck_assert_int_eq(conn_is_lost(&c), true);
}
END_TEST

/* Whoever does not know what is asked takes it for a number. */
START_TEST(nothing_is_agreed_with_others)
{
	char text[32];

	connect_at(PIPES, TURN_FREE);
	ck_assert_int_eq(conn_send(&c, &asking), 0);
	say(BYTES("\0"));
	ck_assert_int_eq(conn_await(&c, text, sizeof(text)), 0);
	ck_assert_int_eq(conn_is_agreed(&c), false);
	ck_assert_int_eq(conn_send(&c, &asking), 0);
	say(BYTES("\001no\n"));
	ck_assert_int_eq(conn_await(&c, text, sizeof(text)), 1);
	ck_assert_int_eq(conn_is_agreed(&c), false);
	disconnect();
}
END_TEST

/* A file that does not ask, the body of one that did, and a directory. */
START_TEST(nobody_agrees_unasked)
{
	static const struct record dir = { .kind = RECORD_DIR, .mode = 0755, .text = "d", .asks = true };
	char text[32];
	int err;

	for (int i = 0; i < 4; i++) {
		connect_at(PIPES, TURN_FREE);
		if (i == 3)
			agree(PIPES);
		ck_assert_int_eq(i == 1 ? conn_send_body(&c, file_with("hello"), 5, false, &err)
		    : conn_send(&c, i == 2 ? &dir : &plain), 0);
		say(BYTES("\6\n"));
		ck_assert_int_eq(conn_await(&c, text, sizeof(text)), -1);
		ck_assert_str_eq(text, "\\006");
		ck_assert_int_eq(conn_is_agreed(&c), i == 3);
		disconnect();
	}
}
END_TEST

START_TEST(send_more_than_may_be_outstanding)
{
	agree(PIPES);
	send_many(CONN_OUTSTANDING + 1);
}
END_TEST

START_TEST(ask_while_others_are_outstanding)
{
	agree(PIPES);
	send_many(1);
	(void)conn_send(&c, &asking);
}
END_TEST

START_TEST(spare_what_is_not_outstanding)
{
	agree(PIPES);
	conn_spare_reply(&c);
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
	tcase_add_loop_test(t, rule_15_a_peer_that_is_ahead_by_a_moment, 0, TRANSPORTS);
	tcase_add_loop_test(t, rule_15_being_ahead_is_seen_where_it_costs_nothing, 0, TRANSPORTS);
	tcase_add_loop_test(t, rule_15_a_body_that_is_skipped, 0, TRANSPORTS);
	tcase_add_loop_test(t, rule_15_a_large_body_that_is_skipped, 0, TRANSPORTS);
	tcase_add_loop_test(t, rule_16_a_body_that_cannot_be_written, 0, TRANSPORTS);
	tcase_add_loop_test(t, rule_17_what_is_no_record, 0, TRANSPORTS);
	tcase_add_loop_test(t, whoever_asks_is_told_that_what_is_refused_is_skipped, 0, TRANSPORTS);
	tcase_add_loop_test(t, a_question_that_is_refused_agrees_on_nothing, 0, TRANSPORTS);
	tcase_add_loop_test(t, replies_are_given_ahead_of_a_slow_body, 0, 3);
	tcase_add_test(t, nobody_who_reads_what_was_given_ahead_is_no_loss);
	tcase_add_test(t, what_was_to_be_given_ahead_and_is_not_is_a_loss);
	tcase_add_loop_test(t, a_body_that_is_there_is_not_slow, 0, TRANSPORTS);
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
	tcase_add_loop_test(t, rule_22_a_body_awaits_a_reply, 0, 2);
	tcase_add_loop_test(t, rule_22_a_file_that_shrank, 0, 2);
	tcase_add_loop_test(t, a_peer_that_is_gone, 0, 2);
	tcase_add_loop_test(t, rule_23_replies, 0, 2);
	tcase_add_loop_test(t, rule_23_a_reply_that_is_cut, 0, 2);
	tcase_add_loop_test(t, what_is_no_reply_need_not_end, 0, 2);
	tcase_add_loop_test(t, rule_23_stray_replies_stay, 0, 2);
	tcase_add_test(t, who_speaks_first);
	tcase_add_loop_test(t, replies_are_outstanding, 0, 2);
	tcase_add_test(t, who_cannot_be_heard_is_lost);
	tcase_add_test(t, nothing_is_agreed_with_others);
	tcase_add_test(t, nobody_agrees_unasked);
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
	tcase_add_test_raise_signal(t, send_more_than_may_be_outstanding, SIGABRT);
	tcase_add_test_raise_signal(t, ask_while_others_are_outstanding, SIGABRT);
	tcase_add_test_raise_signal(t, spare_what_is_not_outstanding, SIGABRT);
}

int
main(void)
{
	return run_unit("conn", add);
}
