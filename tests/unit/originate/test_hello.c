/* SPDX-License-Identifier: ISC */
#include <sys/time.h>

#include "originate/hello.h"
#include "wire.h"
#include "wire/conn.h"

#define SKIPPED "its start-up files print text, which was skipped:\n"
#define ADVICE "they should print for people only, behind [ -t 1 ], in ~/.bashrc, ~/.zshenv, ~/.cshrc, " \
	"~/.tcshrc, config.fish or ~/.ssh/rc\n"
#define STUCK "does one of them wait for input, or start another shell?\n"
#define UNANSWERED "it has not answered in SCP: is the account for SFTP only, or does a start-up file " \
	"wait for input?\n"
#define TOO_MUCH "it prints too much where the protocol was to be\n"
#define ASTRAY "it printed text between two records\n"

#define SINK GREETING_OF_SINK
#define SOURCE GREETING_OF_SOURCE

enum {
	SOON = 1,		/* milliseconds of a silence that is wanted */
	NEVER = 1000000,	/* of one that is not */
	TICK = 20000,		/* microseconds between two signals */
	IDLE = 1000		/* seconds: longer than any test */
};

static struct hello h;
static struct conn c;
static char said[8192];

/* What the peer does once a line is said that begins so; NULL: hangs up. */
static const char *cue, *reaction;

static void
hear_said(void *self, const char *line)
{
	ck_assert_ptr_eq(self, &h);
	ck_assert_uint_lt(strlen(line), NOTICE_SAID);
	ck_assert_uint_lt(strlen(said) + strlen(line) + 2, sizeof(said));
	strcat(strcat(said, line), "\n");
	if (cue == NULL || strncmp(line, cue, strlen(cue)) != 0)
		return;
	cue = NULL;
	if (reaction != NULL)
		say(reaction, strlen(reaction) + 1);
	hang_up();
}

static void
begin(bool quiet, int pause, int silence)
{
	make_wires(PIPES);
	conn_init(&c, our_in, our_out, TURN_FREE, 0);
	hello_init(&h, quiet, hear_said, &h);
	ck_assert_int_eq(h.pause, 200);
	ck_assert_int_eq(h.silence, 10000);
	h.pause = pause;
	h.silence = silence;
	said[0] = '\0';
	cue = NULL;
}

static void
expect_said(const char *wanted)
{
	ck_assert_str_eq(said, wanted);
	said[0] = '\0';
}

/* What is left for the protocol is NEXT, at least. */
static void
expect_next(const char *next, size_t len)
{
	const char *from;
	size_t have = stream_unread(&c.stream, &from);

	ck_assert_uint_ge(have, len);
	ck_assert_mem_eq(from, next, len);
}

static const struct {
	enum greeting_of of;
	const char *bytes;
	size_t	    len;
	enum hello_end end;
	const char *said;
} rows[] = {
	{ SINK, BYTES("\0"), HELLO_BEGAN, "" },
	{ SINK, BYTES("\1scp: x: No such file or directory\n"), HELLO_MESSAGE, "" },
	{ SINK, BYTES("Welcome\n\0"), HELLO_BEGAN, SKIPPED "| Welcome\n" ADVICE },
	{ SINK, BYTES("Welcome\r\nto all  \t\n\0"), HELLO_BEGAN, SKIPPED "| Welcome\n| to all\n" ADVICE },
	{ SINK, BYTES("\n\0"), HELLO_BEGAN, SKIPPED "|\n" ADVICE },
	{ SINK, BYTES("\n\nHi\n\n\0"), HELLO_BEGAN, SKIPPED "| Hi\n" ADVICE },
	{ SINK, BYTES("no newline\0"), HELLO_BEGAN, SKIPPED "| no newline\n" ADVICE },
	{ SINK, BYTES("a\0b\n\0"), HELLO_BEGAN, SKIPPED "| a\\000b\n" ADVICE },
	{ SINK, BYTES("\0\0"), HELLO_BEGAN, SKIPPED "| \\000\n" ADVICE },
	{ SINK, BYTES("\33[2J\302\233m\t\303\274\n\0"), HELLO_BEGAN,
	    SKIPPED "| \\033[2J\\302\\233m\\011\303\274\n" ADVICE },
	{ SINK, BYTES("1\n2\n3\n4\n5\n6\n7\n\0"), HELLO_BEGAN, SKIPPED "| 1\n| 2\n| 3\n| 4\n| 5\n" ADVICE },
	{ SINK, BYTES("Hi\n\1scp: no\n"), HELLO_MESSAGE, SKIPPED "| Hi\n" ADVICE },

	{ SOURCE, BYTES("C0644 3 x\n"), HELLO_BEGAN, "" },
	{ SOURCE, BYTES("D0755 0 x\nC0644 3 x\n"), HELLO_BEGAN, "" },
	{ SOURCE, BYTES("\1scp: x: No such file or directory\n"), HELLO_MESSAGE, "" },
	{ SOURCE, BYTES("Welcome\nC0644 3 x\n"), HELLO_BEGAN, SKIPPED "| Welcome\n" ADVICE },
	{ SOURCE, BYTES("\nC0644 3 x\n"), HELLO_BEGAN, SKIPPED "|\n" ADVICE },
	{ SOURCE, BYTES("prompt> C0644 3 x\n"), HELLO_BEGAN, SKIPPED "| prompt>\n" ADVICE },

	/* It ends without the protocol. */
	{ SINK, BYTES(""), HELLO_MUTE, "" },
	{ SINK, BYTES("\n"), HELLO_MUTE, "" },
	{ SINK, BYTES("This service allows sftp connections only.\r\n"), HELLO_OTHER,
	    "it said: This service allows sftp connections only.\n" },
	{ SINK, BYTES("a\nb\nc\nd\ne\nf\n"), HELLO_OTHER,
	    "it said: a\nit said: b\nit said: c\nit said: d\nit said: e\n" },
	{ SOURCE, BYTES(""), HELLO_MUTE, "" },
	{ SOURCE, BYTES("Please login as the user"), HELLO_OTHER, "it said: Please login as the user\n" },
	{ SOURCE, BYTES("C0644 3 x"), HELLO_OTHER, "it said: C0644 3 x\n" },
};

/* What comes is not taken; what comes instead is said. */
static void
check_row(int row, bool pieces)
{
	enum hello_end end;
	pid_t pid;

	begin(false, NEVER, NEVER);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		for (size_t i = 0; i < rows[row].len; i++)
			say(rows[row].bytes + i, 1);
		_exit(0);
	}
	if (!pieces)
		child_is_content(pid, "the peer");
	hang_up();
	end = hello_await(&h, &c.stream, rows[row].of);
	ck_assert_int_eq(end, rows[row].end);
	expect_said(rows[row].said);
	if (pieces)
		child_is_content(pid, "the peer");
	disconnect();
}

START_TEST(what_comes_at_once)
{
	check_row(_i, false);
}
END_TEST

/* A NUL alone at the beginning is not waited behind: that one cannot be told from text in time. */
START_TEST(what_comes_byte_by_byte)
{
	if (rows[_i].len < 2 || rows[_i].bytes[0] != '\0')
		check_row(_i, true);
}
END_TEST

/* The conversation finds the first byte of the protocol. */
START_TEST(the_protocol_is_left)
{
	char text[100];
	struct record r;
	const char *why;

	begin(true, SOON, NEVER);
	say(BYTES("Hi\n\0"));
	ck_assert_int_eq(hello_await(&h, &c.stream, SINK), HELLO_BEGAN);
	conn_begin(&c, TURN_THEIRS);
	ck_assert_int_eq(conn_await(&c, text, sizeof(text)), 0);
	say(BYTES("Hi\n\1scp: no\n"));
	ck_assert_int_eq(hello_await(&h, &c.stream, SINK), HELLO_MESSAGE);
	conn_begin(&c, TURN_THEIRS);
	ck_assert_int_eq(conn_await(&c, text, sizeof(text)), 1);
	ck_assert_str_eq(text, "scp: no");
	say(BYTES("Hi\nC0644 3 x\nabc"));
	ck_assert_int_eq(hello_await(&h, &c.stream, SOURCE), HELLO_BEGAN);
	conn_begin(&c, TURN_FREE);
	ck_assert_int_eq(conn_next(&c, &r, &why), 0);
	ck_assert_str_eq(r.text, "x");
	expect_next(BYTES("abc"));
	expect_said("");
	disconnect();
}
END_TEST

/* Behind text a NUL is the sink's once nothing has come for a while. */
START_TEST(a_pause)
{
	begin(false, SOON, NEVER);
	say(BYTES("Hi\n\0"));
	ck_assert_int_eq(hello_await(&h, &c.stream, SINK), HELLO_BEGAN);
	expect_said(SKIPPED "| Hi\n" ADVICE);
	expect_next(BYTES("\0"));
	disconnect();
}
END_TEST

/* Nothing is waited for behind a NUL without text. */
START_TEST(no_pause)
{
	begin(false, NEVER, NEVER);
	say(BYTES("\0"));
	ck_assert_int_eq(hello_await(&h, &c.stream, SINK), HELLO_BEGAN);
	expect_next(BYTES("\0"));
	disconnect();
}
END_TEST

/* Text and silence is told at once, and once; then it may begin all the same, or end. */
static const struct {
	enum greeting_of of;
	const char *first, *then;
	enum hello_end end;
	const char *said;
} silences[] = {
	{ SINK, "Name?", "", HELLO_BEGAN, SKIPPED "| Name?\n" ADVICE STUCK },
	{ SINK, "Name?", "Hello\n", HELLO_BEGAN, SKIPPED "| Name?\n" ADVICE STUCK },
	{ SINK, "Name?", "\1scp: no\n", HELLO_MESSAGE, SKIPPED "| Name?\n" ADVICE STUCK },
	{ SINK, "Name?", NULL, HELLO_OTHER, SKIPPED "| Name?\n" ADVICE STUCK },
	{ SOURCE, "Name?", "C0644 3 x\n", HELLO_BEGAN, SKIPPED "| Name?\n" ADVICE STUCK },
	{ SOURCE, "Name?\n", "bye\n", HELLO_OTHER, SKIPPED "| Name?\n" ADVICE STUCK },
	/* What may yet become a record is no text that could be shown. */
	{ SOURCE, "C0644 3", " x\n", HELLO_BEGAN, STUCK },
};

START_TEST(a_silence)
{
	begin(false, NEVER, SOON);
	cue = "does one of them";
	reaction = silences[_i].then;
	say(silences[_i].first, strlen(silences[_i].first));
	ck_assert_int_eq(hello_await(&h, &c.stream, silences[_i].of), silences[_i].end);
	expect_said(silences[_i].said);
	disconnect();
}
END_TEST

/* Who wants no notes reads none, but what went wrong. */
START_TEST(quiet)
{
	begin(true, SOON, SOON);
	say(BYTES("Hi\n\0"));
	ck_assert_int_eq(hello_await(&h, &c.stream, SINK), HELLO_BEGAN);
	expect_said("");
	disconnect();
	begin(true, SOON, NEVER);
	say(BYTES("Please login"));
	hang_up();
	ck_assert_int_eq(hello_await(&h, &c.stream, SINK), HELLO_OTHER);
	expect_said("it said: Please login\n");
	disconnect();
}
END_TEST

static pid_t
feed_text(size_t n, const char *tail, size_t len)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		static char piece[1000];

		close(our_in);
		memset(piece, 'x', sizeof(piece));
		for (size_t at = 0; at < n; at += sizeof(piece))
			if (write(to_us, piece, n - at < 1000 ? n - at : 1000) == -1)
				_exit(0);
		_exit(write(to_us, tail, len) == -1);
	}
	hang_up();
	return pid;
}

START_TEST(long_text)
{
	char x[NOTICE_SHOWN + 1] = "", wanted[1000];
	enum greeting_of of = _i % 2 == 0 ? SINK : SOURCE;
	bool much = _i >= 2;
	pid_t pid;

	memset(x, 'x', NOTICE_SHOWN);
	snprintf(wanted, sizeof(wanted), "%s| %s\n%s", much ? "" : SKIPPED, x, much ? TOO_MUCH : ADVICE);
	begin(false, NEVER, NEVER);
	pid = feed_text(much ? 3 << 20 : 300000, of == SINK ? "" : "C0644 3 x\n", of == SINK ? 1 : 10);
	ck_assert_int_eq(hello_await(&h, &c.stream, of), much ? HELLO_TOO_MUCH : HELLO_BEGAN);
	expect_said(wanted);
	disconnect();
	child_is_content(pid, "the peer");
}
END_TEST

/* An escape that does not fit is left out whole. */
START_TEST(a_long_line)
{
	char wanted[1000], line[NOTICE_SHOWN + 1];

	memset(line, 'x', NOTICE_SHOWN - 3);
	memcpy(line + NOTICE_SHOWN - 3, "\33\33\n", 4);
	snprintf(wanted, sizeof(wanted), SKIPPED "| %.*s\n" ADVICE, NOTICE_SHOWN - 3, line);
	begin(false, SOON, NEVER);
	say(line, NOTICE_SHOWN);
	say(BYTES("\0"));
	ck_assert_int_eq(hello_await(&h, &c.stream, SINK), HELLO_BEGAN);
	expect_said(wanted);
	disconnect();
}
END_TEST

/*
 * Signals.
 */
static struct deadline d;

static void
stop_by_signal(int signal)
{
	(void)signal;
	/* As ours does, for good: nothing can be read there any more. */
	(void)dup2(open("/", O_PATH | O_CLOEXEC), our_in);
}

static void
ring(int signal)
{
	(void)signal;
	(void)deadline_ring();
}

static void
tick(void (*handler)(int))
{
	struct sigaction act = { .sa_handler = handler, .sa_flags = (int)SA_RESTART };
	struct itimerval often = { { 0, TICK }, { 0, TICK } };

	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
}

static void
untick(void)
{
	struct itimerval never = { { 0, 0 }, { 0, 0 } };

	setitimer(ITIMER_REAL, &never, NULL);
}

/* Somebody who has waited in vain reads what may be the reason, once. */
static const struct {
	const char *bytes;
	bool	    quiet;
	int	    silence;
	const char *said;
} interrupts[] = {
	{ "", false, NEVER, "" },
	{ "", true, NEVER, "" },
	{ "Name?", false, NEVER, SKIPPED "| Name?\n" ADVICE STUCK },
	{ "Name?", true, NEVER, UNANSWERED },
	{ "Name?", false, SOON, SKIPPED "| Name?\n" ADVICE STUCK },
};

START_TEST(an_interrupt)
{
	begin(interrupts[_i].quiet, NEVER, interrupts[_i].silence);
	say(interrupts[_i].bytes, strlen(interrupts[_i].bytes));
	tick(stop_by_signal);
	ck_assert_int_eq(hello_await(&h, &c.stream, _i % 2 == 0 ? SINK : SOURCE),
	    interrupts[_i].bytes[0] == '\0' ? HELLO_SILENT : HELLO_LOST);
	expect_said(interrupts[_i].said);
	untick();
}
END_TEST

static int ticks;

static void
answer_late(int signal)
{
	(void)signal;
	if (++ticks == 5)
		(void)!write(to_us, "", 1);
}

/* A signal that means nothing ends neither wait. */
START_TEST(signals_that_mean_nothing)
{
	begin(false, NEVER, NEVER);
	tick(answer_late);
	ck_assert_int_eq(hello_await(&h, &c.stream, SINK), HELLO_BEGAN);
	expect_said("");
	stream_skip(&c.stream, 1);
	ticks = 0;
	say(BYTES("Hi\n"));
	h.pause = SOON;
	ck_assert_int_eq(hello_await(&h, &c.stream, SINK), HELLO_BEGAN);
	expect_said(SKIPPED "| Hi\n" ADVICE);
	untick();
	disconnect();
}
END_TEST

START_TEST(a_long_silence_is_told_once)
{
	begin(false, SOON, SOON);
	say(BYTES("Name?"));
	tick(answer_late);
	ck_assert_int_eq(hello_await(&h, &c.stream, SINK), HELLO_BEGAN);
	expect_said(SKIPPED "| Name?\n" ADVICE STUCK);
	untick();
	disconnect();
}
END_TEST

/* When the whole time is up, nobody waits for the first byte any more. */
START_TEST(the_whole_time)
{
	begin(false, NEVER, NEVER);
	ck_assert_int_eq(deadline_init(&d, 0, IDLE), 0);
	c.stream.deadline = &d;
	d.ends = 1;
	tick(ring);
	ck_assert_int_eq(hello_await(&h, &c.stream, SINK), HELLO_SILENT);
	expect_said("");
	untick();
	deadline_end(&d);
	disconnect();
}
END_TEST

/* Once the NUL was read. */
static void
go_on_late(int signal)
{
	int unread;

	(void)signal;
	if (to_us == -1 || ioctl(our_in, FIONREAD, &unread) == -1 || unread > 0)
		return;
	(void)!write(to_us, "more\n", 6);
	hang_up();
}

/* A NUL behind which text goes on is a part of it. */
START_TEST(text_goes_on_behind_a_pause)
{
	begin(false, NEVER, NEVER);
	say(BYTES("Hi\n\0"));
	tick(go_on_late);
	ck_assert_int_eq(hello_await(&h, &c.stream, SINK), HELLO_BEGAN);
	expect_said(SKIPPED "| Hi\n| \\000more\n" ADVICE);
	untick();
	disconnect();
}
END_TEST

/* Whoever has no time left does not wait for more. */
START_TEST(no_time_left)
{
	begin(true, NEVER, NEVER);
	ck_assert_int_eq(deadline_init(&d, IDLE, 0), 0);
	c.stream.deadline = &d;
	d.reason = "idle for too long";
	say(BYTES("Hi\n"));
	ck_assert_int_eq(hello_await(&h, &c.stream, SINK), HELLO_LOST);
	deadline_end(&d);
	disconnect();
}
END_TEST

static enum deadline_wait waited[3];

/* Text at the second signal, and the NUL once the peer is waited for. */
static void
look_at_wait(int signal)
{
	enum deadline_wait now = (enum deadline_wait)d.waiting;

	(void)signal;
	if (ticks == 3 || (ticks == 2 && now != DEADLINE_CLIENT))
		return;
	waited[ticks++] = now;
	if (ticks > 1)
		(void)!write(to_us, ticks == 2 ? "x" : "", 1);
}

/* A login takes its time; who has said something does not. */
START_TEST(the_idle_time)
{
	begin(true, SOON, NEVER);
	ck_assert_int_eq(deadline_init(&d, IDLE, 0), 0);
	c.stream.deadline = &d;
	tick(look_at_wait);
	ck_assert_int_eq(hello_await(&h, &c.stream, SINK), HELLO_BEGAN);
	ck_assert_int_eq(waited[0], DEADLINE_WORK);
	ck_assert_int_eq(waited[1], DEADLINE_WORK);
	ck_assert_int_eq(waited[2], DEADLINE_CLIENT);
	ck_assert_int_eq(d.waiting, DEADLINE_WORK);
	untick();
	deadline_end(&d);
	disconnect();
}
END_TEST

/*
 * Behind what was asked for.
 */
static const struct {
	const char *bytes;
	size_t	    len;
	enum hello_end end;
	const char *said;
} behind[] = {
	{ BYTES(""), HELLO_MUTE, "" },
	{ BYTES("C0644 3 x\n"), HELLO_BEGAN, "" },
	{ BYTES("E\n"), HELLO_BEGAN, "" },
	{ BYTES("\1scp: y: No such file or directory\n"), HELLO_MESSAGE, "" },
	{ BYTES("bye\n"), HELLO_OTHER, SKIPPED "| bye\n" ADVICE },
	{ BYTES("bye"), HELLO_OTHER, SKIPPED "| bye\n" ADVICE },
	{ BYTES("Connection closed\n"), HELLO_OTHER, SKIPPED "| Connection closed\n" ADVICE },
	{ BYTES("\n"), HELLO_OTHER, SKIPPED "|\n" ADVICE },
	{ BYTES("bye\nC0644 3 x\n"), HELLO_ASTRAY, SKIPPED "| bye\n" ADVICE ASTRAY },
	{ BYTES("byeC0644 3 x\n"), HELLO_ASTRAY, SKIPPED "| bye\n" ADVICE ASTRAY },
};

START_TEST(behind_entries)
{
	begin(false, NEVER, NEVER);
	say(behind[_i].bytes, behind[_i].len);
	hang_up();
	ck_assert_int_eq(hello_look_behind(&h, &c.stream), behind[_i].end);
	expect_said(behind[_i].said);
	if (behind[_i].end == HELLO_BEGAN || behind[_i].end == HELLO_MESSAGE)
		expect_next(behind[_i].bytes, behind[_i].len);
	disconnect();
}
END_TEST

/* Text is the end where nothing follows it; part of a record is waited for. */
START_TEST(silence_behind)
{
	begin(false, NEVER, SOON);
	say(BYTES("bye\n"));
	ck_assert_int_eq(hello_look_behind(&h, &c.stream), HELLO_OTHER);
	expect_said(SKIPPED "| bye\n" ADVICE);
	say(BYTES("C"));
	ticks = 0;
	tick(answer_late);
	/* C and a NUL: neither is a record. */
	ck_assert_int_eq(hello_look_behind(&h, &c.stream), HELLO_OTHER);
	ck_assert_int_ge(ticks, 5);
	expect_said(SKIPPED "| C\\000\n");
	untick();
	disconnect();
}
END_TEST

/* How to be rid of it is said once. */
START_TEST(before_and_behind)
{
	begin(false, NEVER, NEVER);
	say(BYTES("Hi\nC0644 0 x\n"));
	ck_assert_int_eq(hello_await(&h, &c.stream, SOURCE), HELLO_BEGAN);
	expect_said(SKIPPED "| Hi\n" ADVICE);
	stream_skip(&c.stream, 10);
	say(BYTES("bye\n"));
	hang_up();
	ck_assert_int_eq(hello_look_behind(&h, &c.stream), HELLO_OTHER);
	expect_said(SKIPPED "| bye\n");
	disconnect();
}
END_TEST

static const struct {
	const char *bytes;
	size_t	    len;
	bool	    ends;
	const char *said;
} rests[] = {
	{ BYTES(""), true, "" },
	{ BYTES("\0\0"), true, "" },
	{ BYTES("\0bye\n"), true, SKIPPED "| bye\n" ADVICE },
	{ BYTES("C0644 3 x\n\1\2"), true, SKIPPED "| C0644 3 x\n| \\001\\002\n" ADVICE },
	{ BYTES("bye\n"), false, SKIPPED "| bye\n" ADVICE },
	{ BYTES(""), false, "" },
};

/* What a sink prints in the end is text, whatever it is. */
START_TEST(the_rest)
{
	begin(false, NEVER, rests[_i].ends ? NEVER : SOON);
	say(rests[_i].bytes, rests[_i].len);
	if (rests[_i].ends)
		hang_up();
	hello_finish(&h, &c.stream);
	expect_said(rests[_i].said);
	disconnect();
}
END_TEST

START_TEST(no_end_of_rest)
{
	pid_t pid;

	begin(true, NEVER, NEVER);
	pid = feed_text(3 << 20, "", 0);
	hello_finish(&h, &c.stream);
	ck_assert_uint_le(h.greeting.total, GREETING_MAX + STREAM_IN);
	disconnect();
	child_is_content(pid, "the peer");
}
END_TEST

/* A peer that says BYTE again and again, with so many milliseconds between, while somebody reads. */
static pid_t
feed_endlessly(char byte, unsigned pause)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		char piece[1000];

		close(our_in);
		memset(piece, byte, sizeof(piece));
		while (write(to_us, piece, pause > 0 ? 1 : sizeof(piece)) != -1)
			usleep(pause * 1000);
		_exit(0);
	}
	hang_up();
	return pid;
}

static const struct {
	char	 byte;
	unsigned pause;
	int	 silence;
} endless[] = {
	{ '\0', 0, NEVER }, { '\0', 1, SOON }, { 'x', 1, SOON },
};

START_TEST(replies_and_words_without_end)
{
	pid_t pid;

	begin(true, NEVER, endless[_i].silence);
	pid = feed_endlessly(endless[_i].byte, endless[_i].pause);
	hello_finish(&h, &c.stream);
	disconnect();
	child_is_content(pid, "the peer");
}
END_TEST

/* It was asked for one more record, and says a word now and then. */
START_TEST(words_behind_a_source)
{
	pid_t pid;

	begin(true, NEVER, SOON);
	pid = feed_endlessly('x', 1);
	ck_assert_int_eq(hello_look_behind(&h, &c.stream), HELLO_OTHER);
	disconnect();
	child_is_content(pid, "the peer");
}
END_TEST

/*
 * What is said for those who have said nothing.
 */
#define EXITED(n) ((n) << 8)

static const struct {
	enum hello_end end;
	int	    status;
	const char *said;
} ends[] = {
	{ HELLO_MUTE, EXITED(255), NULL },
	{ HELLO_MUTE, EXITED(127), "there is no scp, or not in the PATH of its shell" },
	{ HELLO_MUTE, EXITED(1), "the remote side ended with 1 before it said anything" },
	{ HELLO_MUTE, EXITED(0), "the remote side ended with 0 before it said anything" },
	{ HELLO_MUTE, SIGKILL, "the program that reaches it was ended by signal 9" },
	{ HELLO_OTHER, EXITED(127), "there is no scp, or not in the PATH of its shell" },
	{ HELLO_OTHER, EXITED(255), NULL },
	{ HELLO_OTHER, EXITED(1), NULL },
	{ HELLO_BEGAN, EXITED(1), NULL },
	{ HELLO_BEGAN, EXITED(127), NULL },
	{ HELLO_MESSAGE, EXITED(1), NULL },
	{ HELLO_TOO_MUCH, EXITED(1), NULL },
	{ HELLO_ASTRAY, EXITED(1), NULL },
	{ HELLO_LOST, EXITED(1), NULL },
	{ HELLO_LOST, SIGINT, NULL },
	{ HELLO_SILENT, EXITED(255), NULL },
	{ HELLO_UNKNOWN, EXITED(1), NULL },
};

START_TEST(explanations)
{
	char text[NOTICE_SAID];
	const char *got = hello_explain(ends[_i].end, ends[_i].status, text);

	if (ends[_i].said == NULL)
		ck_assert_ptr_null(got);
	else
		ck_assert_str_eq(got, ends[_i].said);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_loop_test(t, what_comes_at_once, 0, (int)COUNT(rows));
	tcase_add_loop_test(t, what_comes_byte_by_byte, 0, (int)COUNT(rows));
	tcase_add_test(t, the_protocol_is_left);
	tcase_add_test(t, a_pause);
	tcase_add_test(t, no_pause);
	tcase_add_loop_test(t, a_silence, 0, (int)COUNT(silences));
	tcase_add_test(t, quiet);
	tcase_add_loop_test(t, long_text, 0, 4);
	tcase_add_test(t, a_long_line);
	tcase_add_loop_test(t, an_interrupt, 0, (int)COUNT(interrupts));
	tcase_add_test(t, signals_that_mean_nothing);
	tcase_add_test(t, a_long_silence_is_told_once);
	tcase_add_test(t, text_goes_on_behind_a_pause);
	tcase_add_test(t, no_time_left);
	tcase_add_test(t, the_whole_time);
	tcase_add_test(t, the_idle_time);
	tcase_add_loop_test(t, behind_entries, 0, (int)COUNT(behind));
	tcase_add_test(t, silence_behind);
	tcase_add_test(t, before_and_behind);
	tcase_add_loop_test(t, the_rest, 0, (int)COUNT(rests));
	tcase_add_test(t, no_end_of_rest);
	tcase_add_loop_test(t, replies_and_words_without_end, 0, (int)COUNT(endless));
	tcase_add_test(t, words_behind_a_source);
	tcase_add_loop_test(t, explanations, 0, (int)COUNT(ends));
}

int
main(void)
{
	return run_unit("hello", add);
}
