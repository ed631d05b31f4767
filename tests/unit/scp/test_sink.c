/* SPDX-License-Identifier: ISC */
/* The test is the client, and reads the server's replies one message at a time. */
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

#include <poll.h>
#include <stdarg.h>

#include <bsd/unistd.h>

#include "mounts.h"
#include "scp/sink.h"
#include "serve.h"

enum {
	REPLIES_MAX = 1 << 16,
	TREE_MAX = 1 << 16,
	WHATEVER = 1 << 20		/* an error count that is not promised */
};

static struct sink sink;	/* too large for a stack */

static int
receive(void)
{
	return sink_run(&sink, &session);
}

static void
start_request(const struct request *request)
{
	close(start_server(request, TURN_OURS, receive));
}

/* FLAGS are letters of "rpd". */
static void
start(const char *flags, const char *target)
{
	char word[PATH_MAX];
	char *paths[] = { word, NULL };
	struct request request = {
		.role = REQUEST_SINK,
		.recursive = strchr(flags, 'r') != NULL,
		.preserve = strchr(flags, 'p') != NULL,
		.target_is_dir = strchr(flags, 'd') != NULL,
		.npaths = 1,
		.paths = paths,
	};

	ck_assert_uint_lt(strlen(target), sizeof(word));
	strcpy(word, target);
	start_request(&request);
}

static void
say(const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t put = write(to, bytes, n);

		ck_assert_msg(put > 0, "the server does not listen: %s", strerror(errno));
		bytes += put;
		n -= (size_t)put;
	}
}

__attribute__((format(printf, 1, 2))) static void
say_line(const char *fmt, ...)
{
	char line[RECORD_MAX * 2];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	ck_assert_int_lt(n, (int)sizeof(line));
	say(line, (size_t)n);
}

/* One message: a zero, or a text up to its newline; less at the end of input. */
static size_t
read_message(char message[REPLIES_MAX])
{
	size_t n = 0;

	while (n < REPLIES_MAX - 1 && read(from, message + n, 1) == 1)
		if (message[n++] == '\0' || message[n - 1] == '\n')
			break;
	message[n] = '\0';
	return n;
}

static void
hear(const char *wanted, size_t n)
{
	static char got[REPLIES_MAX];
	size_t len = read_message(got);

	ck_assert_msg(len == n && memcmp(got, wanted, n) == 0, "expected \"%s\", got \"%s\"",
	    show(wanted, n),
	    show(got, len));
}

static void
hear_ok(void)
{
	hear("", 1);
}

/* One warning of exactly this text. */
static void
hear_warning(const char *text)
{
	char wanted[2 * PATH_MAX];
	int n = snprintf(wanted, sizeof(wanted), "\1%s\n", text);

	hear(wanted, (size_t)n);
}

/* One warning that begins so; returns the rest of it, in a static buffer. */
static const char *
hear_some_warning(const char *beginning)
{
	static char got[REPLIES_MAX];
	size_t len = read_message(got), n = strlen(beginning);

	ck_assert_msg(len > n + 1 && got[0] == 1 && memcmp(got + 1, beginning, n) == 0 &&
	    got[len - 1] == '\n',
	    "expected a warning that begins with \"%s\", got \"%s\"", beginning, show(got, len));
	got[len - 1] = '\0';
	return got + 1 + n;
}

/* What the server still says; NUL-terminated, in a static buffer. */
static const char *
hear_rest(size_t *len)
{
	static char rest[REPLIES_MAX];
	ssize_t n;

	*len = 0;
	while (*len < sizeof(rest) - 1 && (n = read(from, rest + *len,
	    sizeof(rest) - 1 - *len)) > 0)
		*len += (size_t)n;
	rest[*len] = '\0';
	return rest;
}

/* The server ends by itself, and has nothing more to say. */
static void
await_end(int end, unsigned errors)
{
	size_t len;
	const char *rest = hear_rest(&len);

	await_server();
	ck_assert_msg(len == 0, "expected no more replies, got \"%s\"", show(rest, len));
	ck_assert_msg(outcome->end == end, "expected sink_run to return %d, got %d", end,
	    outcome->end);
	if (errors != WHATEVER)
		ck_assert_msg(outcome->errors == errors, "expected %u errors, got %u", errors,
		    outcome->errors);
	else
		ck_assert_uint_gt(outcome->errors, 0);
	close(from);
}

/* The client is done; the server ends then. */
static void
finish(unsigned errors)
{
	hang_up();
	await_end(0, errors);
}

/* The session ends here, with an error: what the client still has to say does not matter. */
static void
fails(void)
{
	await_end(-1, WHATEVER);
	close(to);
}

static void
remove_file(const char *name)
{
	ck_assert_msg(unlinkat(unit_fd, name, 0) == 0, "%s: %s", name, strerror(errno));
}

static void
assert_mode(const char *name, mode_t wanted)
{
	ck_assert_msg(mode_of(name) == wanted, "%s: expected %04o, got %04o", name,
	    (unsigned)wanted,
	    mode_of(name));
}

static void
assert_entries(const char *name, int wanted)
{
	ck_assert_msg(count_entries(name) == wanted, "%s: expected %d entries, got %d", name,
	    wanted,
	    count_entries(name));
}

static void
assert_mtime(const char *name, long long wanted)
{
	long long got = stat_of(name).st_mtim.tv_sec;

	ck_assert_msg(got == wanted, "%s: expected mtime %lld, got %lld", name, wanted, got);
}

static void
assert_recent(const char *name)
{
	long long got = stat_of(name).st_mtim.tv_sec;

	ck_assert_msg(got > 1500000000, "%s: expected a time of now, got %lld", name, got);
}

/* A good file in lockstep: the session lives. */
static void
send_file(const char *name, const char *content)
{
	say_line("C0644 %zu %s\n", strlen(content), name);
	hear_ok();
	say(content, strlen(content) + 1);
	hear_ok();
}

static void
enter(const char *name)
{
	say_line("D0755 0 %s\n", name);
	hear_ok();
}

static void
leave(void)
{
	SAY("E\n");
	hear_ok();
}

/*
 * A tree as text, one line per entry in the order of their paths: kind, mode, content and, where it
 * is not new, mtime.
 */
static void
dump_tree(const char *name, char tree[TREE_MAX], size_t *used)
{
	struct dirent **entries;
	char path[PATH_MAX];
	int n;

	snprintf(path, sizeof(path), "%s/%s", unit_path, name);
	n = scandir(path, &entries, NULL, alphasort);
	ck_assert_msg(n >= 0, "%s: %s", path, strerror(errno));
	for (int i = 0; i < n; free(entries[i++])) {
		char one[PATH_MAX];
		struct stat st;

		if (strcmp(entries[i]->d_name, ".") == 0 || strcmp(entries[i]->d_name, "..") == 0)
			continue;
		snprintf(one, sizeof(one), "%s/%s", name, entries[i]->d_name);
		st = stat_of(one);
		*used += (size_t)snprintf(tree + *used, TREE_MAX - *used, "%s %c%04o", one,
		    S_ISDIR(st.st_mode) ? 'd' : S_ISREG(st.st_mode) ? 'f' : '?', mode_of(one));
		if (S_ISREG(st.st_mode))
			*used += (size_t)snprintf(tree + *used, TREE_MAX - *used, " \"%s\"",
			    get_file(one));
		if (st.st_mtim.tv_sec < 1500000000)
			*used += (size_t)snprintf(tree + *used, TREE_MAX - *used, " %lld",
			    (long long)st.st_mtim.tv_sec);
		*used += (size_t)snprintf(tree + *used, TREE_MAX - *used, "\n");
		ck_assert_uint_lt(*used, TREE_MAX);
		if (S_ISDIR(st.st_mode))
			dump_tree(one, tree, used);
	}
	free(entries);
}

static void
assert_tree(const char *name, const char *wanted, const char *context)
{
	static char tree[TREE_MAX];
	size_t used = 0;

	tree[0] = '\0';
	dump_tree(name, tree, &used);
	ck_assert_msg(strcmp(tree, wanted) == 0, "%s: expected\n%sgot\n%s", context, wanted, tree);
}

static void
empty_dir(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", unit_path, name);
	(void)nftw(path, unit_open_up, 16, FTW_PHYS | FTW_MOUNT);
	ck_assert_int_eq(nftw(path, unit_remove_one, 16, FTW_PHYS | FTW_DEPTH), 0);
	put_dir(name, 0755);
	own(name, setup.uid);
}

/*
 * The golden session: whatever the pieces in which it arrives, the same replies and the same tree.
 */
static const char golden[] =
    "T1000000001 0 1100000001 0\n"
    "D0755 0 a\n"
    "T1000000002 0 1100000002 0\n"
    "C0644 6 f\n"
    "hello\n\0"
    "D0711 0 b\n"
    "C0600 0 empty\n"
    "\0"
    "C0755 11 x\n"
    "C0644 1 y\nE\0"		/* a body may look like records */
    "E\n"
    "E\n"
    "T1000000003 0 1100000003 0\n"
    "C0640 3 top\n"
    "xyz\0";

static const char golden_replies[] = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

static const char golden_tree[] =
    "d/a d0755 1000000001\n"
    "d/a/b d0711\n"
    "d/a/b/empty f0600 \"\"\n"
    "d/a/b/x f0755 \"C0644 1 y\nE\"\n"
    "d/a/f f0644 \"hello\n\" 1000000002\n"
    "d/top f0640 \"xyz\" 1000000003\n";

enum {
	GOLDEN = sizeof(golden) - 1,
	GOLDEN_REPLIES = 16
};

/* Waits until the server has taken what was said, so that the next piece comes by itself. */
static void
await_reading(void)
{
	for (int waiting = 1; waiting > 0; sched_yield()) {
		struct pollfd p = { .fd = to, .events = 0 };
		unsigned long what = setup.wires == SOCKETS ? TIOCOUTQ : FIONREAD;

		ck_assert_int_eq(ioctl(to, what, &waiting), 0);
		if (poll(&p, 1, 0) == 1 && (p.revents & POLLERR) != 0)
			return;	/* Nobody reads any more. */
	}
}

static void
assert_golden(const char *context)
{
	size_t len;
	const char *rest = hear_rest(&len);

	ck_assert_msg(len == GOLDEN_REPLIES && memcmp(rest, golden_replies, len) == 0,
	    "%s: expected \"%s\", got \"%s\"", context, show(golden_replies, GOLDEN_REPLIES),
	    show(rest, len));
	await_end(0, 0);
	assert_tree("d", golden_tree, context);
	empty_dir("d");
}

START_TEST(rule_6_golden_session_in_lockstep)
{
	static const struct {
		const char *said;
		size_t	    n;
	} steps[] = {
#define STEP(s) { s, sizeof(s) - 1 }
		STEP("T1000000001 0 1100000001 0\n"), STEP("D0755 0 a\n"),
		STEP("T1000000002 0 1100000002 0\n"), STEP("C0644 6 f\n"), STEP("hello\n\0"),
		STEP("D0711 0 b\n"), STEP("C0600 0 empty\n"), STEP("\0"),
		STEP("C0755 11 x\n"), STEP("C0644 1 y\nE\0"), STEP("E\n"), STEP("E\n"),
		STEP("T1000000003 0 1100000003 0\n"), STEP("C0640 3 top\n"), STEP("xyz\0"),
#undef STEP
	};

	put_dir("d", 0755);
	for (int wires = PIPES; wires <= PACKETS; wires++) {
		setup.wires = (enum wires)wires;
		start("rp", "d");
		hear_ok();
		for (size_t i = 0; i < COUNT(steps); i++) {
			say(steps[i].said, steps[i].n);
			hear_ok();
		}
		finish(0);
		assert_tree("d", golden_tree, "lockstep");
		empty_dir("d");
	}
}
END_TEST

START_TEST(rule_6_golden_session_glued)
{
	put_dir("d", 0755);
	for (int wires = PIPES; wires <= SOCKETS; wires++) {
		setup.wires = (enum wires)wires;
		start("rp", "d");
		say(golden, GOLDEN);
		hang_up();
		assert_golden("glued");
	}
}
END_TEST

START_TEST(rule_6_golden_session_byte_by_byte)
{
	put_dir("d", 0755);
	start("rp", "d");
	for (size_t i = 0; i < GOLDEN; i++) {
		say(golden + i, 1);
		await_reading();
	}
	hang_up();
	assert_golden("byte by byte");
}
END_TEST

START_TEST(rule_6_golden_session_in_two_pieces)
{
	put_dir("d", 0755);
	for (size_t at = 1; at < GOLDEN; at++) {
		char context[32];

		snprintf(context, sizeof(context), "split at %zu", at);
		start("rp", "d");
		say(golden, at);
		await_reading();
		say(golden + at, GOLDEN - at);
		hang_up();
		assert_golden(context);
	}
}
END_TEST

/* However far it got, each file is the old one or the new one, and nothing else is there. */
START_TEST(rule_12_client_that_ends_anywhere_leaves_whole_files)
{
	static const char said[] = "C0644 6 a\nnew a\n\0C0600 0 b\n\0C0644 3 c\nnew\0";

	put_dir("d", 0755);
	for (size_t at = 0; at <= sizeof(said) - 1; at++) {
		static const char *const names[] = { "d/a", "d/b", "d/c" };
		static const char *const wanted[] = { "new a\n", "", "new" };

		put_file("d/a", "the old a", 0644);
		put_file("d/b", "the old b", 0644);
		start("", "d");
		say(said, at);
		hang_up();
		await_server();
		close(from);
		for (size_t i = 0; i < COUNT(names); i++) {
			const char *got = get_file(names[i]);
			bool old = i == 2 ? got == NULL
				: got != NULL && strncmp(got, "the old ", 8) == 0 &&
				    strlen(got) == 9;

			ck_assert_msg(old || (got != NULL && strcmp(got, wanted[i]) == 0),
			    "ended at %zu: %s is \"%s\"", at, names[i], got == NULL ? "" : got);
		}
		assert_entries("d", 2 + exists("d/c"));
		empty_dir("d");
	}
	/* The control: with nothing cut, all are new. */
	put_file("d/a", "the old a", 0644);
	start("", "d");
	say(said, sizeof(said) - 1);
	hang_up();
	for (int i = 0; i < 7; i++)
		hear_ok();
	await_end(0, 0);
	assert_content("d/a", "new a\n");
	assert_content("d/b", "");
	assert_content("d/c", "new");
}
END_TEST

START_TEST(rule_1_one_message_is_one_write)
{
	static const struct {
		const char *said;
		size_t	    len;
		const char *heard;
		size_t	    n;
	} steps[] = {
#define STEP(said, heard) { said, sizeof(said) - 1, heard, sizeof(heard) - 1 }
		STEP("", "\0"),
		STEP("C0644 0 f\n", "\0"),
		STEP("\0", "\0"),
		STEP("C0644 5 dir\n", "\1scp: d/dir: Is a directory\n"),
		STEP("D0755 0 g\n", "\1scp: protocol error: received directory without -r\n"),
#undef STEP
	};

	put_dir("d", 0755);
	put_dir("d/dir", 0755);
	setup.wires = PACKETS;
	start("", "d");
	for (size_t i = 0; i < COUNT(steps); i++) {
		char got[4096];
		ssize_t n;

		say(steps[i].said, steps[i].len);
		n = read(from, got, sizeof(got));
		ck_assert_msg(n == (ssize_t)steps[i].n &&
		    memcmp(got, steps[i].heard, steps[i].n) == 0,
		    "step %zu: expected \"%s\", got \"%s\"", i, show(steps[i].heard, steps[i].n),
		    show(got, n > 0 ? (size_t)n : 0));
	}
	fails();
}
END_TEST

START_TEST(rule_4_control_bytes_are_escaped)
{
	put_dir("d", 0755);
	put_dir("d/a\033[1m\177\x9b", 0755);
	put_dir("d/\xc3\xa9", 0755);
	start("", "d");
	hear_ok();
	SAY("C0644 5 a\033[1m\177\x9b\n");
	hear_warning("scp: d/a\\033[1m\\177\\233: Is a directory");
	SAY("C0644 5 \xc3\xa9\n");
	hear_warning("scp: d/\xc3\xa9: Is a directory");
	SAY("C0644 5 a\033/b\n");
	hear_warning("scp: error: unexpected filename: a\\033/b");
	fails();
}
END_TEST

START_TEST(rule_4_newline_in_the_target_injects_nothing)
{
	start("", "no\nC0644 5 such/x");
	hear_ok();
	SAY("C0644 5 f\n");
	hear_warning("scp: no\\012C0644 5 such/x: No such file or directory");
	finish(1);
}
END_TEST

START_TEST(rule_4_path_is_what_the_client_wrote)
{
	static const struct {
		const char *target, *wanted;
	} rows[] = {
		{ "d", "scp: d/dir: Is a directory" },
		{ "d/", "scp: d/dir: Is a directory" },
		{ "./d", "scp: ./d/dir: Is a directory" },
		{ "d/../d", "scp: d/../d/dir: Is a directory" },
		{ "l", "scp: l/dir: Is a directory" },
	};

	put_dir("d", 0755);
	put_dir("d/dir", 0755);
	ck_assert_int_eq(symlinkat("d", unit_fd, "l"), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		start("", rows[i].target);
		hear_ok();
		SAY("C0644 5 dir\n");
		hear_warning(rows[i].wanted);
		finish(1);
	}
}
END_TEST

START_TEST(rule_4_long_path_is_shortened_in_its_middle)
{
	char name[256];
	const char *rest;

	memset(name, 'n', sizeof(name) - 1);
	name[0] = 'b';
	name[254] = 'e';
	name[255] = '\0';
	put_dir("d", 0755);
	start("r", "d");
	hear_ok();
	for (int i = 0; i < 4; i++)
		enter(name);
	enter("dir");
	leave();
	say_line("C0644 5 dir\n");
	rest = hear_some_warning("scp: d/bnnn");
	ck_assert_uint_le(strlen("scp: d/bnnn") + strlen(rest), 500);
	ck_assert_ptr_nonnull(strstr(rest, "nnn...nnn"));
	ck_assert_msg(strstr(rest, "nne/dir: Is a directory") != NULL, "got \"%s\"", rest);
	finish(1);
}
END_TEST

START_TEST(rule_5_refusals_are_warnings_and_the_session_lives)
{
	put_dir("d", 0755);
	put_dir("d/dir", 0755);
	put_file("d/f", "old", 0644);
	start("r", "d");
	hear_ok();
	for (int i = 0; i < 20; i++) {
		SAY("C0644 5 dir\n");
		hear_warning("scp: d/dir: Is a directory");
		SAY("D0755 0 f\n");
		hear_warning("scp: d/f: Not a directory");
	}
	send_file("f", "new");
	finish(40);
	assert_content("d/f", "new");
}
END_TEST

START_TEST(rule_7_times_with_and_without_p)
{
	static const struct {
		const char *flags, *line;
		long long   mtime, atime;	/* -1: new */
		long	    musec, ausec;
	} rows[] = {
		{ "", "T1000000000 0 1100000000 0\n", 1000000000, 1100000000, 0, 0 },
		{ "p", "T1000000000 123456 1100000000 654321\n", 1000000000, 1100000000, 123456,
		    654321 },
		{ "p", "T 1000000000 0 1100000000 999999\n", 1000000000, 1100000000, 0, 999999 },
		{ "p", "T0 0 0 0\n", 0, 0, 0, 0 },
		{ "p", "T5000000000 0 6000000000 0\n", 5000000000, 6000000000, 0, 0 },
		{ "p", "T9223372036854775808 0 1 0\n", -1, -1, 0, 0 },
		{ "p", "T1 0 9223372036854775808 0\n", -1, -1, 0, 0 },
	};

	put_dir("d", 0755);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct stat st;

		start(rows[i].flags, "d");
		hear_ok();
		say(rows[i].line, strlen(rows[i].line));
		hear_ok();
		send_file("f", "hello");
		finish(0);
		st = stat_of("d/f");
		if (rows[i].mtime == -1) {
			assert_recent("d/f");
			continue;
		}
		ck_assert_msg(st.st_mtim.tv_sec == rows[i].mtime &&
		    st.st_mtim.tv_nsec == rows[i].musec * 1000,
		    "row %zu: mtime: expected %lld.%06ld, got %lld.%09ld", i, rows[i].mtime,
		    rows[i].musec,
		    (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
		ck_assert_msg(st.st_atim.tv_sec == rows[i].atime &&
		    st.st_atim.tv_nsec == rows[i].ausec * 1000,
		    "row %zu: atime: expected %lld.%06ld, got %lld.%09ld", i, rows[i].atime,
		    rows[i].ausec,
		    (long long)st.st_atim.tv_sec, st.st_atim.tv_nsec);
		remove_file("d/f");
	}
}
END_TEST

START_TEST(rule_7_times_are_for_the_next_entry_only)
{
	put_dir("d", 0755);
	put_dir("d/dir", 0755);
	put_file("d/old", "", 0644);
	start("r", "d");
	hear_ok();

	SAY("T1000000000 0 1000000000 0\n");
	hear_ok();
	send_file("first", "1");
	send_file("second", "2");

	/* One that is refused uses them up. */
	SAY("T1000000001 0 1000000001 0\n");
	hear_ok();
	SAY("C0644 5 dir\n");
	hear_warning("scp: d/dir: Is a directory");
	send_file("third", "3");
	SAY("T1000000001 0 1000000001 0\n");
	hear_ok();
	SAY("D0755 0 old\n");
	hear_warning("scp: d/old: Not a directory");
	send_file("fourth", "4");

	/* The last one counts, and for a directory not what is in it. */
	SAY("T1000000002 0 1000000002 0\n");
	hear_ok();
	SAY("T1000000003 0 1000000003 0\n");
	hear_ok();
	enter("sub");
	send_file("fifth", "5");
	leave();
	finish(2);

	assert_mtime("d/first", 1000000000);
	assert_recent("d/second");
	assert_recent("d/third");
	assert_recent("d/fourth");
	assert_mtime("d/sub", 1000000003);
	assert_recent("d/sub/fifth");
	assert_recent("d/dir");
	assert_recent("d/old");
}
END_TEST

START_TEST(rule_7_modes_as_clients_write_them)
{
	static const struct {
		const char *sent;
		mode_t	    wanted;
	} rows[] = {
		{ "C0640", 0640 }, { "C640", 0640 }, { "C7", 07 }, { "C0100640", 0640 },
		{ "C  640", 0640 },
		{ "C0", 0 }, { "C00640", 0640 },
	};

	put_dir("d", 0755);
	for (size_t i = 0; i < COUNT(rows); i++) {
		start("p", "d");
		hear_ok();
		say_line("%s 1 f\n", rows[i].sent);
		hear_ok();
		SAY("x\0");
		hear_ok();
		finish(0);
		assert_mode("d/f", rows[i].wanted);
		remove_file("d/f");
	}
}
END_TEST

START_TEST(rule_8_longest_line_and_one_that_is_too_long)
{
	static char name[9000];

	memset(name, 'n', sizeof(name));
	/* Long lines that are lines: with its newline 4096 bytes. */
	name[4096 - strlen("C0644 5 \n")] = '\0';
	start("", "x");
	hear_ok();
	say_line("C0644 5 %s\n", name);
	hear_ok();
	SAY("hello\0");
	hear_ok();
	finish(0);
	assert_content("x", "hello");

	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	start("", "x");
	hear_ok();
	say_line("C0644 5 %s\nC0644 3 g\nnew", name);
	hear_some_warning("scp: protocol error: ");
	fails();
	assert_content("x", "hello");
	assert_entries(".", 1);
}
END_TEST

START_TEST(rule_8_line_without_end)
{
	static char junk[60000];

	put_dir("d", 0755);
	memset(junk, 'C', sizeof(junk));
	start("", "d");
	hear_ok();
	say(junk, sizeof(junk));
	hear_some_warning("scp: protocol error: ");
	fails();
	assert_entries("d", 0);
}
END_TEST

START_TEST(rule_8_long_text_of_a_warning_is_skipped)
{
	static char text[30000];

	put_dir("d", 0755);
	memset(text, 'e', sizeof(text));
	text[0] = 1;
	start("", "d");
	hear_ok();
	say(text, sizeof(text));
	SAY("\n");
	send_file("f", "hello");
	finish(1);
	assert_content("d/f", "hello");
}
END_TEST

static const struct {
	const char *name;
	size_t	    len;
	const char *shown;
} bad_names[] = {
	{ "", 0, "" },		{ ".", 1, "." },	{ "..", 2, ".." },
	{ "a/b", 3, "a/b" },	{ "/x", 2, "/x" },	{ "a/", 2, "a/" },
	{ "../x", 4, "../x" },	{ "a\0b", 3, "a\\000b" },	{ "/", 1, "/" },
	{ "./a", 3, "./a" },	{ "..\0", 3, "..\\000" },
};

/* The target is a directory, is a file, or is to become either. */
static void
try_bad_names(const char *target, char kind)
{
	for (size_t i = 0; i < COUNT(bad_names); i++) {
		char wanted[128];

		start("rp", target);
		hear_ok();
		SAY("T1000000000 0 1000000000 0\n");
		hear_ok();
		say_line("%c0777 0 ", kind);
		say(bad_names[i].name, bad_names[i].len);
		SAY("\n");
		snprintf(wanted, sizeof(wanted), "scp: error: unexpected filename: %s",
		    bad_names[i].shown);
		hear_warning(wanted);
		fails();
	}
}

START_TEST(rule_9_what_is_no_name_ends_the_session)
{
	static const char *const targets[] = { "d", "file", "new" };

	put_dir("d", 0750);
	put_file("file", "old", 0600);
	for (size_t i = 0; i < COUNT(targets); i++) {
		try_bad_names(targets[i], 'C');
		try_bad_names(targets[i], 'D');
	}
	assert_entries(".", 2);
	assert_entries("d", 0);
	assert_mode("d", 0750);
	assert_recent("d");
	assert_content("file", "old");
	assert_mode("file", 0600);
}
END_TEST

START_TEST(rule_9_everything_else_is_a_name)
{
	static const char *const names[] = {
		"...", ".x", "-rf", "*", " ", " a ", "a\\b", "a\033[31m\007b", "a\xff\xfe_b",
		    "\xc3\xa9",
		"~", "$HOME", "`id`", "..x", "C0644 5 f", "\177", "\r",
	};

	put_dir("d", 0755);
	start("r", "d");
	hear_ok();
	for (size_t i = 0; i < COUNT(names); i++)
		send_file(names[i], names[i]);
	finish(0);
	for (size_t i = 0; i < COUNT(names); i++) {
		char path[64];

		snprintf(path, sizeof(path), "d/%s", names[i]);
		assert_content(path, names[i]);
	}
	assert_entries("d", COUNT(names));
}
END_TEST

START_TEST(rule_9_name_of_256_bytes_is_the_filesystems_business)
{
	char name[257];

	memset(name, 'n', 256);
	name[256] = '\0';
	put_dir("d", 0755);
	start("r", "d");
	hear_ok();
	say_line("C0644 5 %s\n", name);
	hear_some_warning("scp: d/nnn");
	say_line("D0755 0 %s\n", name);
	hear_some_warning("scp: d/nnn");
	send_file("g", "hello");
	finish(2);
	assert_entries("d", 1);
}
END_TEST

START_TEST(rule_10_directory_without_r)
{
	put_dir("d", 0755);
	for (int p = 0; p <= 1; p++) {
		start(p ? "p" : "", "d");
		hear_ok();
		SAY("D0755 0 a\n");
		hear_warning("scp: protocol error: received directory without -r");
		fails();
	}
	assert_entries("d", 0);
}
END_TEST

START_TEST(rule_10_directory_onto_something_else)
{
	put_dir("d", 0755);
	put_file("d/f", "old", 0644);
	ck_assert_int_eq(mkfifoat(unit_fd, "d/fifo", 0644), 0);
	start("r", "d");
	hear_ok();
	SAY("D0755 0 f\n");
	hear_warning("scp: d/f: Not a directory");
	SAY("D0755 0 fifo\n");
	hear_warning("scp: d/fifo: Not a directory");
	send_file("g", "hello");
	finish(2);
	assert_content("d/f", "old");
	assert_content("d/g", "hello");
}
END_TEST

START_TEST(rule_10_closed_directories_are_filled)
{
	static const struct {
		const char *flags;
		mode_t	    umask, sent, wanted;
	} rows[] = {
		{ "r", 022, 0555, 0555 },	{ "r", 022, 0000, 0000 },
		{ "r", 022, 0777, 0755 },
		{ "r", 0222, 0777, 0555 },	{ "r", 0777, 0777, 0000 },
		{ "r", 077, 0070, 0000 },
		{ "rp", 022, 0555, 0555 },	{ "rp", 022, 0000, 0000 },
		{ "rp", 0777, 0777, 0777 },
		{ "rp", 022, 01777, 01777 },	{ "r", 022, 07777, 0755 },
	};

	serve_a_user();
	put_dir("d", 0755);
	own("d", NOBODY);
	for (size_t i = 0; i < COUNT(rows); i++) {
		umask(rows[i].umask);
		start(rows[i].flags, "d");
		umask(022);
		hear_ok();
		say_line("D%04o 0 a\n", (unsigned)rows[i].sent);
		hear_ok();
		send_file("f", "hello");
		leave();
		finish(0);
		assert_mode("d/a", rows[i].wanted);
		ck_assert_int_eq(fchmodat(unit_fd, "d/a", 0755, 0), 0);
		ck_assert_int_eq(stat_of("d/a/f").st_size, 5);
		empty_dir("d");
	}
}
END_TEST

START_TEST(rule_10_existing_directories)
{
	static const struct {
		const char *flags;
		mode_t	    before, sent, after;
	} rows[] = {
		{ "r", 0755, 0700, 0755 },	{ "rp", 0755, 0700, 0700 },
		{ "r", 0555, 0777, 0555 },
		{ "rp", 0555, 0555, 0555 },	{ "rp", 0555, 0755, 0755 },
		{ "r", 0300, 0755, 0300 },
		{ "r", 0000, 0755, 0000 },	{ "rp", 02755, 0700, 02700 },
		{ "r", 02755, 0700, 02755 },
	};

	serve_a_user();
	put_dir("d", 0755);
	own("d", NOBODY);
	for (size_t i = 0; i < COUNT(rows); i++) {
		put_dir("d/a", 0755);
		own("d/a", NOBODY);
		ck_assert_int_eq(fchmodat(unit_fd, "d/a", rows[i].before, 0), 0);
		start(rows[i].flags, "d");
		hear_ok();
		say_line("D%04o 0 a\n", (unsigned)rows[i].sent);
		hear_ok();
		send_file("f", "hello");
		leave();
		finish(0);
		assert_mode("d/a", rows[i].after);
		ck_assert_int_eq(fchmodat(unit_fd, "d/a", 0755, 0), 0);
		assert_content("d/a/f", "hello");
		empty_dir("d");
	}
}
END_TEST

START_TEST(rule_10_inherited_set_gid_bit)
{
	serve_a_user();
	put_dir("d", 0755);
	own("d", NOBODY);
	ck_assert_int_eq(fchmodat(unit_fd, "d", 02775, 0), 0);
	for (int p = 0; p <= 1; p++) {
		umask(022);
		start(p ? "rp" : "r", "d");
		hear_ok();
		enter("a");
		enter("b");
		leave();
		leave();
		finish(0);
		assert_mode("d/a", 02755);
		assert_mode("d/a/b", 02755);
	}
}
END_TEST

START_TEST(rule_10_directory_of_somebody_else_is_silent)
{
	if (lacks_root("directories of others"))
		return;
	serve_a_user();
	put_dir("d", 0755);
	own("d", NOBODY);
	put_dir("d/a", 0777);
	own("d/a", STRANGER);
	start("rp", "d");
	hear_ok();
	SAY("T1000000000 0 1000000000 0\n");
	hear_ok();
	SAY("D0750 0 a\n");
	hear_ok();
	send_file("f", "hello");
	leave();
	finish(0);
	assert_mode("d/a", 0777);
	assert_recent("d/a");
	assert_content("d/a/f", "hello");
}
END_TEST

START_TEST(rule_10_end_is_answered_with_what_failed)
{
	if (lacks_root("taking a directory away"))
		return;
	serve_a_user();
	put_dir("d", 0755);
	own("d", NOBODY);
	start("rp", "d");
	hear_ok();
	SAY("D0777 0 a\n");
	hear_ok();
	send_file("f", "hello");
	own("d/a", STRANGER);
	SAY("E\n");
	hear_warning("scp: d/a: set mode: Operation not permitted");
	SAY("T1000000000 0 1000000000 0\n");
	hear_ok();
	SAY("D0755 0 b\n");
	hear_ok();
	own("d/b", STRANGER);
	SAY("E\n");
	hear_warning("scp: d/b: set times: Operation not permitted");
	send_file("g", "hello");
	finish(2);
	assert_content("d/g", "hello");
}
END_TEST

START_TEST(rule_11_end_at_the_top_ends_the_session)
{
	put_dir("d", 0755);
	for (int wires = PIPES; wires <= SOCKETS; wires++) {
		setup.wires = (enum wires)wires;
		start("r", "d");
		hear_ok();
		SAY("E\n");
		hear_ok();
		await_end(0, 0);	/* Without waiting for us to hang up. */
		start("r", "d");
		hear_ok();
		enter("a");
		send_file("f", "hello");
		leave();
		SAY("E\n");
		hear_ok();
		await_end(0, 0);
	}
	assert_content("d/a/f", "hello");
}
END_TEST

START_TEST(rule_11_end_after_errors)
{
	put_dir("d", 0755);
	put_dir("d/dir", 0755);
	start("", "d");
	hear_ok();
	SAY("C0644 5 dir\n");
	hear_warning("scp: d/dir: Is a directory");
	SAY("E\n");
	hear_ok();
	await_end(0, 1);
}
END_TEST

/* Filesystems of our own, a large one, in it a small one, in that a large one: false if not. */
static bool
mount_large_and_small(void)
{
	if (!unshare_mounts())
		return false;
	put_dir("d", 0755);
	ck_assert_int_eq(mount("none", path_of("%/d"), "tmpfs", 0, "size=4g"), 0);
	ck_assert_int_eq(mkdir(path_of("%/d/small"), 0755), 0);
	ck_assert_int_eq(mount("none", path_of("%/d/small"), "tmpfs", 0, "size=64k"), 0);
	ck_assert_int_eq(mkdir(path_of("%/d/small/large"), 0755), 0);
	ck_assert_int_eq(mount("none", path_of("%/d/small/large"), "tmpfs", 0, "size=4g"), 0);
	ck_assert_int_eq(symlink("small/f", path_of("%/d/link")), 0);
	ck_assert_int_eq(symlink("large/f", path_of("%/d/small/link")), 0);
	return true;
}

static void
hear_no_space(const char *path)
{
	char text[PATH_MAX + 64];

	snprintf(text, sizeof(text), "scp: %s: No space left on device", path_of(path));
	hear_warning(text);
}

/* What there is room for in one directory says nothing of another, on the way in or out. */
START_TEST(rule_16_room_in_each_directory)
{
	if (!mount_large_and_small())
		return;
	start("r", path_of("%/d"));
	hear_ok();
	send_file("f", "hello");
	SAY("C0644 100000 link\n");
	hear_no_space("%/d/link");
	send_file("f", "hello");
	enter("small");
	SAY("C0644 100000 f\n");
	hear_no_space("%/d/small/f");
	send_file("link", "hello");
	SAY("C0644 100000 f\n");
	hear_no_space("%/d/small/f");
	enter("large");
	send_file("f", "hello");
	leave();
	SAY("C0644 100000 f\n");
	hear_no_space("%/d/small/f");
	leave();
	finish(4);
	ck_assert_int_eq(umount2(path_of("%/d/small/large"), MNT_DETACH), 0);
	ck_assert_int_eq(umount2(path_of("%/d/small"), MNT_DETACH), 0);
	ck_assert_int_eq(umount2(path_of("%/d"), MNT_DETACH), 0);
}
END_TEST

START_TEST(rule_12_end_of_input_between_records)
{
	put_dir("d", 0755);
	start("r", "d");
	hear_ok();
	finish(0);
	start("r", "d");
	hear_ok();
	send_file("f", "hello");
	finish(0);
	start("p", "d");
	hear_ok();
	SAY("T1 0 1 0\n");
	hear_ok();
	finish(0);
	assert_recent("d");
	start("r", "d");
	hear_ok();
	SAY("\1oops\n");
	finish(1);
}
END_TEST

START_TEST(rule_12_end_of_input_finishes_open_directories)
{
	serve_a_user();
	put_dir("d", 0755);
	own("d", NOBODY);
	put_dir("d/c", 0555);
	own("d/c", NOBODY);
	start("rp", "d");
	hear_ok();
	SAY("T1000000000 0 1000000000 0\n");
	hear_ok();
	SAY("D0550 0 a\n");
	hear_ok();
	SAY("T1000000001 0 1000000001 0\n");
	hear_ok();
	SAY("D0705 0 b\n");
	hear_ok();
	send_file("f", "hello");
	finish(0);
	assert_mode("d/a", 0550);
	assert_mtime("d/a", 1000000000);
	ck_assert_int_eq(fchmodat(unit_fd, "d/a", 0755, 0), 0);
	assert_mode("d/a/b", 0705);
	assert_mtime("d/a/b", 1000000001);
	assert_content("d/a/b/f", "hello");

	start("r", "d");
	hear_ok();
	enter("c");
	send_file("f", "hello");
	finish(0);
	assert_mode("d/c", 0555);
}
END_TEST

START_TEST(rule_12_end_of_input_in_a_line)
{
	static const char *const lines[] = { "C", "C0644 5", "C0644 5 f", "T1 0", "E", "D0755 0 a",
	    "X" };

	put_dir("d", 0755);
	for (size_t i = 0; i < COUNT(lines); i++) {
		start("r", "d");
		hear_ok();
		say(lines[i], strlen(lines[i]));
		hang_up();
		hear_warning("scp: protocol error: lost connection");
		await_end(-1, WHATEVER);
	}
	assert_entries("d", 0);
}
END_TEST

START_TEST(rule_12_end_of_input_in_a_body)
{
	put_dir("d", 0755);
	put_file("d/old", "the old one", 0600);
	for (int i = 0; i < 4; i++) {
		start("rp", "d");
		hear_ok();
		say_line("C0644 %s %s\n", i % 2 == 0 ? "5" : "300000", i / 2 == 0 ? "new" : "old");
		hear_ok();
		SAY("he");
		hang_up();
		hear_warning("scp: protocol error: lost connection");
		await_end(-1, WHATEVER);
		assert_entries("d", 1);
		assert_content("d/old", "the old one");
		assert_mode("d/old", 0600);
	}
}
END_TEST

START_TEST(rule_12_end_of_input_in_a_refused_body)
{
	put_dir("d", 0755);
	put_dir("d/dir", 0755);
	start("", "d");
	hear_ok();
	SAY("C0644 5 dir\nhe");
	hang_up();
	hear_warning("scp: d/dir: Is a directory");
	hear_warning("scp: protocol error: lost connection");
	await_end(-1, WHATEVER);
	assert_entries("d", 1);
}
END_TEST

START_TEST(rule_12_lost_client_gives_directories_back)
{
	serve_a_user();
	put_dir("d", 0755);
	own("d", NOBODY);
	put_dir("d/a", 0555);
	own("d/a", NOBODY);
	start("rp", "d");
	hear_ok();
	SAY("D0777 0 a\n");
	hear_ok();
	SAY("C0644 5 f\n");
	hear_ok();
	SAY("he");
	hang_up();
	hear_warning("scp: protocol error: lost connection");
	await_end(-1, WHATEVER);
	assert_mode("d/a", 0555);
	assert_entries("d/a", 0);
}
END_TEST

START_TEST(rule_13_eof_instead_of_status_keeps_the_file)
{
	static const char *const contents[] = { "hello", "" };

	put_dir("d", 0755);
	put_file("d/old", "the old one", 0644);
	for (size_t i = 0; i < COUNT(contents); i++) {
		for (int old = 0; old <= 1; old++) {
			const char *name = old ? "d/old" : "d/f";

			start("p", "d");
			hear_ok();
			SAY("T1000000000 0 1000000000 0\n");
			hear_ok();
			say_line("C0640 %zu %s\n%s", strlen(contents[i]), name + 2, contents[i]);
			hear_ok();
			hang_up();
			hear_ok();	/* Nobody has to be there for it. */
			await_end(0, 0);
			assert_content(name, contents[i]);
			assert_mode(name, 0640);
			assert_mtime(name, 1000000000);
		}
	}
}
END_TEST

START_TEST(rule_13_eof_of_a_client_that_does_not_listen_keeps_the_file)
{
	put_dir("d", 0755);
	start("p", "d");
	hear_ok();
	SAY("C0640 5 f\n");
	hear_ok();
	SAY("hello");
	close(from);
	close(to);
	await_server();
	ck_assert_int_eq(outcome->end, 0);
	ck_assert_uint_eq(outcome->errors, 0);
	assert_content("d/f", "hello");
	assert_mode("d/f", 0640);
}
END_TEST

START_TEST(rule_13_eof_below_a_directory)
{
	put_dir("d", 0755);
	start("rp", "d");
	hear_ok();
	SAY("D0700 0 a\n");
	hear_ok();
	SAY("C0640 5 f\nhello");
	hear_ok();
	hang_up();
	hear_ok();
	await_end(0, 0);
	assert_content("d/a/f", "hello");
	assert_mode("d/a", 0700);
}
END_TEST

START_TEST(rule_13_senders_error_drops_the_file)
{
	put_dir("d", 0755);
	put_file("d/old", "the old one", 0644);
	start("", "d");
	hear_ok();
	SAY("T1000000000 0 1000000000 0\n");
	hear_ok();
	SAY("C0644 5 new\n");
	hear_ok();
	SAY("hel\0\0\1scp: new: read error\n");
	hear_some_warning("scp: d/new: ");
	SAY("C0644 5 old\n");
	hear_ok();
	SAY("hello\1\n");
	hear_some_warning("scp: d/old: ");
	send_file("g", "good");
	finish(2);
	ck_assert(!exists("d/new"));
	assert_content("d/old", "the old one");
	assert_content("d/g", "good");
	assert_recent("d/g");
	assert_entries("d", 2);
}
END_TEST

START_TEST(rule_13_senders_error_is_quoted_without_its_control_bytes)
{
	const char *rest;

	put_dir("d", 0755);
	start("", "d");
	hear_ok();
	SAY("C0644 0 f\n");
	hear_ok();
	SAY("\1bad \033[31mthing\n");
	rest = hear_some_warning("scp: d/f: ");
	for (const char *p = rest; *p != '\0'; p++)
		ck_assert_msg((unsigned char)*p >= 0x20 && *p != 0x7f, "got \"%s\"",
		    show(rest, strlen(rest)));
	finish(1);
}
END_TEST

/* What was there cannot be had back, and nobody is told otherwise. */
START_TEST(rule_13_senders_error_in_place_drops_nothing)
{
	const char *rest;

	put_file("f", "the old one", 0644);
	ck_assert_int_eq(linkat(unit_fd, "f", unit_fd, "g", 0), 0);
	start("", "f");
	hear_ok();
	SAY("C0644 5 f\n");
	hear_ok();
	SAY("hello\1read error\n");
	rest = hear_some_warning("scp: f: ");
	ck_assert_msg(strstr(rest, "read error") != NULL && strstr(rest, "dropped") == NULL,
	    "got \"%s\"", rest);
	finish(1);
	assert_entries(".", 2);
}
END_TEST

START_TEST(rule_13_senders_end_drops_the_file)
{
	put_dir("d", 0755);
	put_file("d/f", "the old one", 0644);
	start("", "d");
	hear_ok();
	SAY("C0644 5 f\n");
	hear_ok();
	SAY("hello\2I leave\n");
	hear_some_warning("scp: d/f: ");
	fails();
	assert_content("d/f", "the old one");
	assert_entries("d", 1);
}
END_TEST

START_TEST(rule_13_any_other_status_keeps_the_file)
{
	static const char others[] = "X\3\n C\377";

	put_dir("d", 0755);
	for (size_t i = 0; i < sizeof(others) - 1; i++) {
		start("p", "d");
		hear_ok();
		SAY("T1000000000 0 1000000000 0\n");
		hear_ok();
		SAY("C0640 5 f\n");
		hear_ok();
		SAY("hello");
		say(others + i, 1);
		hear_some_warning("scp: protocol error: ");
		fails();
		assert_content("d/f", "hello");
		assert_mode("d/f", 0640);
		assert_mtime("d/f", 1000000000);
		remove_file("d/f");
	}
}
END_TEST

START_TEST(rule_13_any_other_status_of_a_refused_body)
{
	put_dir("d", 0755);
	put_dir("d/dir", 0755);
	start("", "d");
	hear_ok();
	SAY("C0644 5 dir\nhelloX");
	hear_warning("scp: d/dir: Is a directory");
	hear_some_warning("scp: protocol error: ");
	fails();
}
END_TEST

START_TEST(rule_14_clients_warning_is_counted)
{
	put_dir("d", 0755);
	start("r", "d");
	hear_ok();
	SAY("\1oops\n");
	send_file("f", "hello");
	SAY("\1\n\1again\n");
	enter("a");
	SAY("\1below\n");
	leave();
	finish(4);
	assert_content("d/f", "hello");
}
END_TEST

START_TEST(rule_14_clients_fatal_ends_the_session)
{
	put_dir("d", 0755);
	start("r", "d");
	hear_ok();
	send_file("f", "hello");
	SAY("\2oops\n");
	fails();
	start("rp", "d");
	hear_ok();
	SAY("D0700 0 a\n");
	hear_ok();
	SAY("\2oops\n");
	fails();
	assert_content("d/f", "hello");
}
END_TEST

START_TEST(rule_15_refused_file_in_lockstep)
{
	put_dir("d", 0755);
	put_dir("d/dir", 0755);
	for (int wires = PIPES; wires <= SOCKETS; wires++) {
		setup.wires = (enum wires)wires;
		start("", "d");
		hear_ok();
		SAY("C0644 5 dir\n");
		hear_warning("scp: d/dir: Is a directory");
		send_file("f", "hello");
		SAY("C0644 0 dir\n");
		hear_warning("scp: d/dir: Is a directory");
		SAY("C0644 5 dir\n");
		hear_warning("scp: d/dir: Is a directory");
		finish(3);
	}
	assert_content("d/f", "hello");
}
END_TEST

START_TEST(rule_15_refused_file_whose_body_is_waiting)
{
	put_dir("d", 0755);
	put_dir("d/dir", 0755);
	for (int wires = PIPES; wires <= SOCKETS; wires++) {
		setup.wires = (enum wires)wires;
		start("r", "d");
		hear_ok();
		/* What is in the body looks like records. */
		SAY("C0644 21 dir\nC0644 1 evil\nx\0E\nE\n..\0C0644 4 good\ngood\0");
		hear_warning("scp: d/dir: Is a directory");
		hear_ok();
		hear_ok();
		SAY("C0644 0 dir\n\0D0755 0 a\n");
		hear_warning("scp: d/dir: Is a directory");
		hear_ok();
		SAY("C0644 3 f\nabc\0E\n");
		hear_ok();
		hear_ok();
		hear_ok();
		finish(2);
		assert_content("d/good", "good");
		assert_content("d/a/f", "abc");
		assert_entries("d", 3);
		assert_entries("d/dir", 0);
		remove_file("d/good");
	}
}
END_TEST

START_TEST(rule_15_refused_file_whose_body_has_only_begun)
{
	put_dir("d", 0755);
	put_dir("d/dir", 0755);
	start("", "d");
	hear_ok();
	SAY("C0644 10 dir\nC06");
	hear_warning("scp: d/dir: Is a directory");
	SAY("44 1 x\n");
	SAY("\0");
	send_file("f", "hello");
	finish(1);
	assert_entries("d", 2);
	assert_content("d/f", "hello");
}
END_TEST

/* Has what is said until let_go() wait for the server all at once. */
static void
hold(void)
{
	int status;

	await_reading();
	ck_assert_int_eq(kill(server, SIGSTOP), 0);
	ck_assert_int_eq(waitpid(server, &status, WUNTRACED), server);
	ck_assert(WIFSTOPPED(status));
}

static void
let_go(void)
{
	ck_assert_int_eq(kill(server, SIGCONT), 0);
}

/* No read returns more than one write: the body waits in the pipe, not in a buffer. */
START_TEST(rule_15_refused_file_whose_body_is_in_the_pipe)
{
	put_dir("d", 0755);
	put_dir("d/dir", 0755);
	start("r", "d");
	ck_assert_int_eq(fcntl(to, F_SETFL, O_DIRECT), 0);
	hear_ok();
	hold();
	SAY("C0644 7 dir\n");
	SAY("D0755 0");
	SAY("\0");
	let_go();
	hear_warning("scp: d/dir: Is a directory");
	send_file("dir2", "hello");
	hold();
	SAY("D0755 0 dir2\n");
	SAY("C0644 4 evil\nlost\0E\n");
	let_go();
	hear_warning("scp: d/dir2: Not a directory");
	hear_some_warning("scp: d/dir2/evil: ");
	hear_ok();
	send_file("good", "hello");
	finish(3);
	assert_entries("d", 3);
	assert_content("d/good", "hello");
}
END_TEST

/* An end of input is there to be read too, but nothing was sent. */
START_TEST(rule_15_refused_file_of_a_client_that_left)
{
	static const char *const lines[] = { "C0644 5 dir\n", "D0755 0 file\n" };

	put_dir("d", 0755);
	put_dir("d/dir", 0755);
	put_file("d/file", "old", 0644);
	for (int wires = PIPES; wires <= SOCKETS; wires++)
		for (size_t i = 0; i < COUNT(lines); i++) {
			setup.wires = (enum wires)wires;
			start("r", "d");
			hear_ok();
			hold();
			say(lines[i], strlen(lines[i]));
			hang_up();
			let_go();
			hear_some_warning(i == 0 ? "scp: d/dir: " : "scp: d/file: ");
			await_end(0, 1);
		}
}
END_TEST

START_TEST(rule_15_refused_file_with_the_senders_error)
{
	put_dir("d", 0755);
	put_dir("d/dir", 0755);
	start("", "d");
	hear_ok();
	SAY("C0644 3 dir\nabc\1read error\nC0644 5 f\nhello\0");
	hear_warning("scp: d/dir: Is a directory");
	hear_ok();
	hear_ok();
	hang_up();
	await_end(0, WHATEVER);
	assert_content("d/f", "hello");
	assert_entries("d", 2);
}
END_TEST

START_TEST(rule_15_refused_file_that_no_pipe_holds)
{
	enum { SIZE = 3000000 };
	static char body[SIZE];
	pid_t writer;

	put_dir("d", 0755);
	put_dir("d/dir", 0755);
	memset(body, '\n', sizeof(body));
	for (int wires = PIPES; wires <= SOCKETS; wires++) {
		setup.wires = (enum wires)wires;
		start("", "d");
		hear_ok();
		writer = fork();
		if (writer == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			SAY("C0644 3000000 dir\nfirst");
			say(body, SIZE - 5);
			SAY("\0C0644 5 f\nhello\0");
			_exit(0);
		}
		hear_warning("scp: d/dir: Is a directory");
		hear_ok();
		hear_ok();
		ck_assert_int_eq(waitpid(writer, NULL, 0), writer);
		finish(1);
		assert_content("d/f", "hello");
		remove_file("d/f");
	}
}
END_TEST

START_TEST(rule_15_refused_directory_in_lockstep)
{
	put_dir("d", 0755);
	put_file("d/x", "old", 0644);
	start("r", "d");
	hear_ok();
	SAY("D0755 0 x\n");
	hear_warning("scp: d/x: Not a directory");
	send_file("f", "hello");	/* The client does not go in: this is in d. */
	enter("a");
	SAY("D0755 0 x\n");
	hear_ok();
	leave();
	leave();
	SAY("E\n");
	hear_ok();
	await_end(0, 1);
	assert_content("d/f", "hello");
	assert_content("d/x", "old");
}
END_TEST

START_TEST(rule_15_refused_directory_of_a_client_that_is_ahead)
{
	put_dir("d", 0755);
	put_file("d/x", "old", 0644);
	for (int wires = PIPES; wires <= SOCKETS; wires++) {
		setup.wires = (enum wires)wires;
		start("r", "d");
		hear_ok();
		SAY("D0755 0 x\nC0644 4 f\nlost\0D0755 0 sub\nC0644 4 g\nlost\0E\nE\n"
		    "C0644 5 good\nhello\0");
		hear_warning("scp: d/x: Not a directory");
		hear_some_warning("scp: d/x/f: ");
		hear_some_warning("scp: d/x/sub: ");
		hear_some_warning("scp: d/x/sub/g: ");
		hear_ok();
		hear_ok();
		hear_ok();
		hear_ok();
		finish(4);
		assert_content("d/x", "old");
		assert_content("d/good", "hello");
		assert_entries("d", 2);
		assert_entries(".", 1);
		remove_file("d/good");
	}
}
END_TEST

START_TEST(rule_15_contents_of_a_refused_directory_hit_nothing_of_the_same_name)
{
	put_dir("d", 0755);
	put_file("d/x", "old", 0644);
	put_file("d/f", "mine", 0644);
	put_file("f", "mine", 0644);
	start("r", "d");
	hear_ok();
	SAY("D0755 0 x\nC0644 4 f\nlost\0E\n");
	hear_warning("scp: d/x: Not a directory");
	hear_some_warning("scp: d/x/f: ");
	hear_ok();
	send_file("after", "hello");
	finish(2);
	assert_content("d/f", "mine");
	assert_content("f", "mine");
	assert_content("d/after", "hello");
}
END_TEST

/* That the client is ahead was seen at the first directory: what follows may come late. */
START_TEST(rule_15_contents_of_refused_directories_may_come_late)
{
	put_dir("d", 0755);
	put_file("d/x", "old", 0644);
	start("r", "d");
	hear_ok();
	SAY("D0755 0 x\nD0755 0 y\n");
	hear_warning("scp: d/x: Not a directory");
	hear_some_warning("scp: d/x/y: ");
	SAY("C0644 19 f\n");
	hear_some_warning("scp: d/x/y/f: ");
	SAY("E\nC0644 4 evil\nevil\0");
	SAY("E\n");
	hear_ok();
	SAY("E\n");
	hear_ok();
	send_file("after", "hello");
	finish(3);
	assert_content("d/after", "hello");
	assert_entries("d", 2);
}
END_TEST

/* Writing fails at this size, with a signal that the server ignores. */
START_TEST(rule_16_write_error_in_a_body)
{
	static char body[200000];

	put_dir("d", 0755);
	put_file("d/old", "the old one", 0644);
	memset(body, 1, sizeof(body));
	setup.file_size = 1000;
	for (int old = 0; old <= 1; old++) {
		pid_t writer;

		start("", "d");
		hear_ok();
		SAY("T1000000000 0 1000000000 0\n");
		hear_ok();
		say_line("C0644 %zu %s\n", sizeof(body), old ? "old" : "new");
		hear_ok();
		writer = fork();
		if (writer == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			say(body, sizeof(body));
			_exit(0);
		}
		ck_assert_int_eq(waitpid(writer, NULL, 0), writer);
		await_reading();
		SAY("\0");
		hear_warning(old ? "scp: d/old: File too large" : "scp: d/new: File too large");
		send_file("g", "good");
		finish(1);
		assert_content("d/g", "good");
		assert_recent("d/g");
		remove_file("d/g");
		assert_content("d/old", "the old one");
		assert_entries("d", 1);
	}
}
END_TEST

/* A device that is always full, which for root is one of its own; NULL, and said so, without. */
static const char *
full_device(void)
{
	const char *name = "/dev/full";

	if (geteuid() == 0) {
		ck_assert_int_eq(mknodat(unit_fd, "full", S_IFCHR | 0666, makedev(1, 7)), 0);
		name = "full";
	}
	if (faccessat(unit_fd, name, W_OK, AT_EACCESS) == 0)
		return name;
	printf("SKIP: no device that is full: %s\n", strerror(errno));
	return NULL;
}

START_TEST(rule_16_write_error_and_the_senders_own_are_one_warning)
{
	const char *target = full_device();
	char wanted[64];

	if (target == NULL)
		return;
	snprintf(wanted, sizeof(wanted), "scp: %s: No space left on device", target);
	start("", target);
	hear_ok();
	SAY("C0644 5 f\n");
	hear_ok();
	SAY("hello\1mine\n");
	hear_warning(wanted);
	SAY("C0644 5 f\n");
	hear_ok();
	SAY("hello\0");
	hear_warning(wanted);
	finish(2);
}
END_TEST

START_TEST(rule_16_size_that_cannot_fit_is_refused_before_it_is_sent)
{
	put_dir("d", 0755);
	start("", "d");
	hear_ok();
	SAY("C0644 9223372036854775807 f\n");
	hear_warning("scp: d/f: No space left on device");
	send_file("g", "good");
	finish(1);
	assert_entries("d", 1);
}
END_TEST

static const struct {
	const char *line;
	size_t	    len;
	const char *why;
} junk[] = {
#define JUNK(line, why) { line, sizeof(line) - 1, why }
	JUNK("", "unexpected <newline>"),
	JUNK("Hello world", "expected control record"),
	JUNK("c0644 5 f", "expected control record"),
	JUNK("\0", "expected control record"),
	JUNK("\3text", "expected control record"),
	JUNK("EE", "expected control record"),
	JUNK("E ", "expected control record"),
	JUNK(" C0644 5 f", "expected control record"),
	JUNK("T", "mtime.sec not present"),
	JUNK("T- 0 1 0", "mtime.sec not present"),
	JUNK("T+1 0 1 0", "mtime.sec not present"),
	JUNK("T1.5 0 1 0", "mtime.sec not delimited"),
	JUNK("T1", "mtime.sec not delimited"),
	JUNK("T1 0", "mtime.usec not delimited"),
	JUNK("T1 -1 1 0", "mtime.usec not delimited"),
	JUNK("T1 1000000 1 0", "mtime.usec not delimited"),
	JUNK("T1 0 x 0", "atime.sec not present"),
	JUNK("T1 0 +1 0", "atime.sec not present"),
	JUNK("T1 0 1", "atime.sec not delimited"),
	JUNK("T1 0 1 0 ", "atime.usec not delimited"),
	JUNK("T1 0 1 1000000", "atime.usec not delimited"),
	JUNK("C", "bad mode"),
	JUNK("C0688 5 f", "bad mode"),
	JUNK("C-644 5 f", "bad mode"),
	JUNK("C00000644 5 f", "bad mode"),
	JUNK("Dabcd 0 f", "bad mode"),
	JUNK("C0644", "mode not delimited"),
	JUNK("C0644\t5 f", "mode not delimited"),
	JUNK("C06", "mode not delimited"),
	JUNK("C0644 ", "size not present"),
	JUNK("C0644  5 f", "size not present"),
	JUNK("C0644 +5 f", "size not present"),
	JUNK("C0644 -1 f", "size not present"),
	JUNK("C0644 5", "size not delimited"),
	JUNK("C0644 0x10 f", "size not delimited"),
	JUNK("C0644 5.0 f", "size not delimited"),
	JUNK("C0644 9223372036854775808 f", "size out of range"),
	JUNK("C0644 00000000000000000005 f", "size out of range"),
#undef JUNK
};

START_TEST(rule_17_what_is_no_record)
{
	put_dir("d", 0755);
	for (size_t i = 0; i < COUNT(junk); i++) {
		char wanted[128];

		snprintf(wanted, sizeof(wanted), "scp: protocol error: %s", junk[i].why);
		start("rp", "d");
		hear_ok();
		/* At the top, and in the middle of things. */
		if (i % 2 == 1) {
			send_file("f", "hello");
			enter("a");
		}
		say(junk[i].line, junk[i].len);
		SAY("\n");
		hear_warning(wanted);
		fails();
	}
	assert_content("d/f", "hello");
	assert_entries("d", 2);
	assert_entries("d/a", 0);
}
END_TEST

static void
start_with(int n, const char *a, const char *b)
{
	char first[64], second[64];
	char *paths[] = { first, second, NULL };
	struct request request = { .role = REQUEST_SINK, .npaths = n, .paths = n == 0 ? NULL :
	    paths };

	snprintf(first, sizeof(first), "%s", a);
	snprintf(second, sizeof(second), "%s", b);
	start_request(&request);
}

START_TEST(rule_18_exactly_one_operand)
{
	put_dir("d", 0755);
	for (int n = 0; n <= 2; n += 2) {
		start_with(n, "d", "d");
		hear_warning("scp: ambiguous target");
		fails();
	}
	assert_entries(".", 1);
}
END_TEST

START_TEST(rule_18_target_must_be_a_directory_with_d)
{
	static const struct {
		const char *target, *wanted;
	} rows[] = {
		{ "none", "scp: none: No such file or directory" },
		{ "file", "scp: file: Not a directory" },
		{ "file/", "scp: file/: Not a directory" },
		{ "dangling", "scp: dangling: No such file or directory" },
		{ "", "scp: : No such file or directory" },
	};

	put_file("file", "old", 0644);
	ck_assert_int_eq(symlinkat("nowhere", unit_fd, "dangling"), 0);
	for (int r = 0; r <= 1; r++)
		for (size_t i = 0; i < COUNT(rows); i++) {
			start(r ? "rd" : "d", rows[i].target);
			hear_warning(rows[i].wanted);
			hang_up();
			await_end(outcome->end == -1 ? -1 : 0, WHATEVER);
		}
	assert_content("file", "old");
	assert_entries(".", 2);
}
END_TEST

START_TEST(rule_18_ends_without_waiting_for_the_client)
{
	start("d", "none");
	hear_some_warning("scp: none: ");
	hear("", 0);
	hang_up();
	await_end(outcome->end == -1 ? -1 : 0, WHATEVER);
}
END_TEST

START_TEST(rule_18_directory_with_d)
{
	put_dir("d", 0755);
	ck_assert_int_eq(symlinkat("d", unit_fd, "l"), 0);
	start("d", "d");
	hear_ok();
	send_file("f", "hello");
	finish(0);
	start("d", "l");
	hear_ok();
	send_file("g", "hello");
	finish(0);
	assert_content("d/f", "hello");
	assert_content("d/g", "hello");
}
END_TEST

START_TEST(rule_19_which_file_is_meant)
{
	static const struct {
		const char *target, *made;
	} rows[] = {
		{ "new", "new" },	{ "d", "d/f" },		{ "d/", "d/f" },
		{ "d//", "d/f" },
		{ ".", "f" },		{ "./", "f" },		{ "d/new", "d/new" },
		{ "./new", "new" },	{ "d/../new", "new" },	{ "l", "d/f" },
		{ "l/", "d/f" },
		{ "to-file", "file" },	{ "dangling", "made" },	{ "file", "file" },
		{ "-", "-" },
		{ "~", "~" },		{ "l/new", "d/new" },	{ "d/..", "f" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		put_dir("d", 0755);
		put_file("file", "old", 0644);
		ck_assert_int_eq(symlinkat("d", unit_fd, "l"), 0);
		ck_assert_int_eq(symlinkat("file", unit_fd, "to-file"), 0);
		ck_assert_int_eq(symlinkat("made", unit_fd, "dangling"), 0);
		start("", rows[i].target);
		hear_ok();
		send_file("f", "hello");
		finish(0);
		assert_content(rows[i].made, "hello");
		ck_assert(S_ISLNK(stat_of("l").st_mode));
		ck_assert(S_ISLNK(stat_of("to-file").st_mode));
		ck_assert(S_ISLNK(stat_of("dangling").st_mode));
		if (strcmp(rows[i].made, "file") != 0)
			remove_file(rows[i].made);
		assert_entries("d", 0);
		assert_entries(".", 5);
		ck_assert_int_eq(unlinkat(unit_fd, "d", AT_REMOVEDIR), 0);
		remove_file("file");
		remove_file("l");
		remove_file("to-file");
		remove_file("dangling");
	}
}
END_TEST

START_TEST(rule_19_absolute_target)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/new", unit_path);
	start("", path);
	hear_ok();
	send_file("f", "hello");
	finish(0);
	assert_content("new", "hello");
}
END_TEST

START_TEST(rule_19_target_that_cannot_be)
{
	static const struct {
		const char *target, *wanted;
	} rows[] = {
		{ "no/such", "scp: no/such: No such file or directory" },
		{ "file/y", "scp: file/y: Not a directory" },
		{ "new/", "scp: new/: No such file or directory" },
		{ "file/", "scp: file/: Not a directory" },
		{ "", "scp: : No such file or directory" },
		{ "loop", "scp: loop: Too many levels of symbolic links" },
		{ "fifo", "scp: fifo: not a regular file" },
	};

	put_file("file", "old", 0644);
	ck_assert_int_eq(symlinkat("loop", unit_fd, "loop"), 0);
	ck_assert_int_eq(mkfifoat(unit_fd, "fifo", 0644), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		start("", rows[i].target);
		hear_ok();
		/* Both are answered: what failed is not taken. */
		SAY("C0644 5 f\n");
		hear_warning(rows[i].wanted);
		SAY("C0644 5 g\n");
		hear_warning(rows[i].wanted);
		finish(2);
	}
	assert_content("file", "old");
	assert_entries(".", 3);
}
END_TEST

START_TEST(rule_19_second_file_to_a_file)
{
	put_file("file", "old", 0644);
	for (int existing = 0; existing <= 1; existing++) {
		const char *target = existing ? "file" : "new";

		start("", target);
		hear_ok();
		/* A file that the sender gave up does not count. */
		SAY("C0644 5 a\n");
		hear_ok();
		SAY("hello\1no\n");
		hear_some_warning("scp: ");
		send_file("b", "first");
		SAY("C0644 6 c\n");
		hear_some_warning(existing ? "scp: file: " : "scp: new: ");
		SAY("C0644 6 d\nsecond\0E\n");
		hear_some_warning(existing ? "scp: file: " : "scp: new: ");
		hear_ok();
		await_end(0, 3);
		close(to);
		assert_content(target, "first");
	}
	assert_entries(".", 2);
}
END_TEST

START_TEST(rule_19_directory_then_file_to_one_target)
{
	start("r", "new");
	hear_ok();
	enter("a");
	send_file("f", "hello");
	leave();
	SAY("C0644 5 f\n");
	hear_warning("scp: new: Is a directory");
	enter("b");
	send_file("g", "hello");
	leave();
	finish(1);
	assert_tree(".", "./new d0755\n./new/f f0644 \"hello\"\n./new/g f0644 \"hello\"\n",
	    "one target");
}
END_TEST

START_TEST(rule_19_directory_to_a_file)
{
	put_file("file", "old", 0644);
	start("r", "file");
	hear_ok();
	SAY("D0755 0 a\n");
	hear_warning("scp: file: Not a directory");
	send_file("f", "new");
	finish(1);
	assert_content("file", "new");
}
END_TEST

START_TEST(rule_19_directory_to_a_target_that_cannot_be)
{
	start("r", "no/such");
	hear_ok();
	SAY("D0755 0 a\n");
	hear_warning("scp: no/such: No such file or directory");
	SAY("C0644 5 f\n");
	hear_warning("scp: no/such: No such file or directory");
	finish(2);
	assert_entries(".", 0);
}
END_TEST

START_TEST(rule_19_directory_to_a_new_target_takes_its_name)
{
	start("r", "new/");
	hear_ok();
	enter("a");
	send_file("f", "hello");
	leave();
	finish(0);
	assert_content("new/f", "hello");
	assert_entries(".", 1);
}
END_TEST

START_TEST(rule_19_file_that_we_may_not_write)
{
	serve_a_user();
	put_dir("d", 0755);
	put_file("d/f", "old", 0444);
	own("d", NOBODY);
	own("d/f", NOBODY);
	start("", "d");
	hear_ok();
	SAY("C0644 5 f\n");
	hear_warning("scp: d/f: Permission denied");
	finish(1);
	start("", "d/f");
	hear_ok();
	SAY("C0644 5 f\n");
	hear_warning("scp: d/f: Permission denied");
	SAY("C0644 5 f\n");
	hear_warning("scp: d/f: Permission denied");
	finish(2);
	assert_content("d/f", "old");
	ck_assert_int_eq(fchmodat(unit_fd, "d", 0555, 0), 0);
	start("r", "d");
	hear_ok();
	SAY("C0644 5 new\n");
	hear_warning("scp: d/new: Permission denied");
	SAY("D0755 0 newer\n");
	hear_warning("scp: d/newer: Permission denied");
	finish(2);
	ck_assert_int_eq(fchmodat(unit_fd, "d", 0600, 0), 0);
	start("", "d");
	hear_ok();
	SAY("C0644 5 f\n");
	hear_warning("scp: d/f: Permission denied");
	finish(1);
	ck_assert_int_eq(fchmodat(unit_fd, "d", 0755, 0), 0);
	assert_entries("d", 1);
}
END_TEST

START_TEST(rule_19_only_the_first_failure_is_reported)
{
	if (lacks_root("files of others"))
		return;
	serve_a_user();
	put_file("x", "the old one", 0666);
	own("x", STRANGER);
	start("p", "x");
	hear_ok();
	SAY("T1000000000 0 1000000000 0\n");
	hear_ok();
	SAY("C0640 3 f\n");
	hear_ok();
	SAY("new\0");
	hear_warning("scp: x: set mode: Operation not permitted");
	finish(1);
	assert_content("x", "new");
	/* Without -p nobody has asked for times that are not ours to set, and the log is told. */
	log_open();
	start("", "x");
	hear_ok();
	SAY("T1000000000 0 1000000000 0\n");
	hear_ok();
	SAY("C0640 5 f\n");
	hear_ok();
	SAY("newer\0");
	hear_ok();
	finish(0);
	ck_assert_ptr_nonnull(strstr(log_text(), "/x\" bytes read 0 written 5 seconds "));
	ck_assert_ptr_nonnull(strstr(log_text(), " remark \"set times: Operation not permitted\"\n"));
	assert_content("x", "newer");
	assert_recent("x");
	assert_mode("x", 0666);
}
END_TEST

/* What is there without the mode that it should have is there: nothing else takes its place. */
START_TEST(rule_19_second_file_to_a_file_whose_mode_could_not_be_set)
{
	if (lacks_root("files of others"))
		return;
	serve_a_user();
	put_file("x", "the old one", 0666);
	own("x", STRANGER);
	start("p", "x");
	hear_ok();
	SAY("C0640 3 f\n");
	hear_ok();
	SAY("new\0");
	hear_warning("scp: x: set mode: Operation not permitted");
	SAY("C0640 5 f\n");
	hear_warning("scp: x: Not a directory");
	SAY("C0640 5 g\n");
	hear_warning("scp: x: Not a directory");
	finish(3);
	assert_content("x", "new");
	assert_mode("x", 0666);
	assert_entries(".", 1);
}
END_TEST

START_TEST(rule_20_modes_without_p)
{
	static const struct {
		mode_t umask, sent, wanted;
	} rows[] = {
		{ 022, 0666, 0644 },	{ 022, 0777, 0755 },	{ 022, 0444, 0444 },
		{ 077, 0666, 0600 },
		{ 0, 0666, 0666 },	{ 002, 0777, 0775 },	{ 0222, 0666, 0444 },
		{ 022, 0000, 0000 },
		{ 022, 04755, 0755 },	{ 022, 07777, 0755 },	{ 0777, 0666, 0000 },
	};

	serve_a_user();
	put_dir("d", 0755);
	own("d", NOBODY);
	for (size_t i = 0; i < COUNT(rows); i++) {
		umask(rows[i].umask);
		start("", "d");
		umask(022);
		hear_ok();
		say_line("C%04o 5 f\n", (unsigned)rows[i].sent);
		hear_ok();
		SAY("hello\0");
		hear_ok();
		finish(0);
		ck_assert_msg(mode_of("d/f") == rows[i].wanted, "row %zu: expected %04o, got %04o",
		    i,
		    (unsigned)rows[i].wanted, mode_of("d/f"));
		remove_file("d/f");
	}
}
END_TEST

START_TEST(rule_20_existing_file_keeps_its_mode_without_p)
{
	put_file("x", "old", 0604);
	start("", "x");
	hear_ok();
	SAY("C0751 5 f\n");
	hear_ok();
	SAY("hello\0");
	hear_ok();
	finish(0);
	assert_mode("x", 0604);
	assert_content("x", "hello");
}
END_TEST

START_TEST(rule_20_modes_with_p)
{
	static const struct {
		mode_t may, sent, wanted;
	} rows[] = {
		{ 07777, 0666, 0666 },	{ 07777, 0000, 0000 },	{ 07777, 04755, 04755 },
		{ 07777, 02755, 02755 },	{ 07777, 01755, 01755 },
		{ 07777, 07777, 07777 },
		{ 0777, 04755, 0755 },	{ 0777, 02755, 0755 },	{ 0777, 07777, 0777 },
		{ 0755, 0777, 0755 },	{ 01777, 07777, 01777 },
	};

	policy = drop_in_policy();
	serve_a_user();
	put_dir("d", 0755);
	own("d", NOBODY);
	for (int existing = 0; existing <= 1; existing++)
		for (size_t i = 0; i < COUNT(rows); i++) {
			policy.file_mode.may = policy.dir_mode.may = rows[i].may;
			if (existing) {
				put_file("d/f", "the old one", 0600);
				own("d/f", NOBODY);
			}
			umask(077);
			start("rp", "d");
			umask(022);
			hear_ok();
			say_line("C%04o 5 f\n", (unsigned)rows[i].sent);
			hear_ok();
			SAY("hello\0");
			hear_ok();
			say_line("D%04o 0 a\n", (unsigned)rows[i].sent);
			hear_ok();
			leave();
			finish(0);
			ck_assert_msg(mode_of("d/f") == rows[i].wanted,
			    "row %zu: expected %04o, got %04o", i,
			    (unsigned)rows[i].wanted, mode_of("d/f"));
			ck_assert_msg(mode_of("d/a") == rows[i].wanted,
			    "row %zu, directory: expected %04o, got %04o",
			    i, (unsigned)rows[i].wanted, mode_of("d/a"));
			empty_dir("d");
		}
}
END_TEST

/* Nobody can run what is not whole yet, nor use bits that come with -p. */
START_TEST(rule_20_mode_comes_last)
{
	put_file("x", "old", 0600);
	start("p", "x");
	hear_ok();
	SAY("C4755 5 f\n");
	hear_ok();
	SAY("hell");
	await_reading();
	assert_mode("x", 0600);
	assert_content("x", "old");
	SAY("o\0");
	hear_ok();
	finish(0);
	assert_mode("x", 04755);
}
END_TEST

START_TEST(rule_20_device_keeps_mode_and_times)
{
	struct stat before, after;
	const char *target = "/dev/null";

	if (geteuid() == 0) {
		/* Root could do harm to the real one. */
		ck_assert_int_eq(mknodat(unit_fd, "null", S_IFCHR | 0666, makedev(1, 3)), 0);
		target = "null";
	}
	ck_assert_int_eq(fstatat(unit_fd, target, &before, 0), 0);
	if (faccessat(unit_fd, target, W_OK, AT_EACCESS) == -1) {
		printf("SKIP: no devices here\n");
		return;
	}
	start("p", target);
	hear_ok();
	SAY("T1000000000 0 1000000000 0\n");
	hear_ok();
	SAY("C0600 5 f\n");
	hear_ok();
	SAY("hello\0");
	hear_ok();
	finish(0);
	ck_assert_int_eq(fstatat(unit_fd, target, &after, 0), 0);
	ck_assert_uint_eq(after.st_mode, before.st_mode);
	ck_assert_uint_eq(after.st_ino, before.st_ino);
	ck_assert_int_ne(after.st_mtim.tv_sec, 1000000000);
}
END_TEST

START_TEST(fifo_that_has_a_reader_is_written)
{
	char got[16] = "";
	int reader;

	ck_assert_int_eq(mkfifoat(unit_fd, "fifo", 0600), 0);
	reader = openat(unit_fd, "fifo", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	start("p", "fifo");
	hear_ok();
	SAY("C0644 5 f\n");
	hear_ok();
	SAY("hello\0");
	hear_ok();
	finish(0);
	ck_assert_int_eq(read(reader, got, sizeof(got) - 1), 5);
	ck_assert_str_eq(got, "hello");
	assert_mode("fifo", 0600);
	close(reader);
}
END_TEST

START_TEST(restricted_accounts_write_regular_files_only)
{
	static const char *const targets[] = { "fifo", "/dev/null", "/dev/zero" };
	int reader;

	policy = drop_in_policy();
	policy.restricted = true;
	ck_assert_int_eq(mkfifoat(unit_fd, "fifo", 0600), 0);
	reader = openat(unit_fd, "fifo", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	for (size_t i = 0; i < COUNT(targets); i++) {
		char wanted[64];

		snprintf(wanted, sizeof(wanted), "scp: %s: not a regular file", targets[i]);
		start("", targets[i]);
		hear_ok();
		SAY("C0644 5 f\n");
		hear_warning(wanted);
		finish(1);
	}
	close(reader);
}
END_TEST

START_TEST(special_files_below_a_directory_are_refused)
{
	int reader;

	put_dir("d", 0755);
	put_dir("d/a", 0755);
	ck_assert_int_eq(mkfifoat(unit_fd, "d/a/fifo", 0600), 0);
	reader = openat(unit_fd, "d/a/fifo", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	start("r", "d");
	hear_ok();
	enter("a");
	SAY("C0644 5 fifo\n");
	hear_warning("scp: d/a/fifo: not a regular file");
	leave();
	finish(1);
	close(reader);
}
END_TEST

START_TEST(own_links_below_the_target_are_followed)
{
	serve_a_user();
	put_dir("d", 0755);
	put_dir("out", 0755);
	put_file("file", "old", 0644);
	ck_assert_int_eq(symlinkat("../file", unit_fd, "d/l"), 0);
	ck_assert_int_eq(symlinkat("../made", unit_fd, "d/dangling"), 0);
	ck_assert_int_eq(symlinkat("../out", unit_fd, "d/dir"), 0);
	own("d", NOBODY);
	own("out", NOBODY);
	own("file", NOBODY);
	own("d/l", NOBODY);
	own("d/dangling", NOBODY);
	own("d/dir", 0);	/* root's are as good */
	if (geteuid() != 0)
		ck_assert_uint_eq(stat_of("d/dir").st_uid, geteuid());
	start("r", "d");
	hear_ok();
	send_file("l", "new");
	send_file("dangling", "new");
	enter("dir");
	send_file("f", "new");
	leave();
	SAY("D0755 0 l\n");
	hear_warning("scp: d/l: Not a directory");
	finish(1);
	assert_content("file", "new");
	assert_content("made", "new");
	assert_content("out/f", "new");
	ck_assert(S_ISLNK(stat_of("d/l").st_mode));
	ck_assert(S_ISLNK(stat_of("d/dangling").st_mode));
	ck_assert(S_ISLNK(stat_of("d/dir").st_mode));
	assert_entries("d", 3);
}
END_TEST

START_TEST(directory_onto_a_link_that_leads_nowhere)
{
	put_dir("d", 0755);
	ck_assert_int_eq(symlinkat("../nowhere", unit_fd, "d/l"), 0);
	start("r", "d");
	hear_ok();
	SAY("D0755 0 l\n");
	hear_warning("scp: d/l: File exists");
	finish(1);
	ck_assert(!exists("nowhere"));
}
END_TEST

START_TEST(links_of_others_below_the_target_are_not_followed)
{
	if (lacks_root("links of others"))
		return;
	for (int as_root = 0; as_root <= 1; as_root++) {
		if (!as_root)
			serve_a_user();
		else
			setup.uid = 0;
		put_dir("d", 0755);
		put_dir("out", 0755);
		put_file("file", "old", 0666);
		ck_assert_int_eq(symlinkat("../file", unit_fd, "d/l"), 0);
		ck_assert_int_eq(symlinkat("../made", unit_fd, "d/dangling"), 0);
		ck_assert_int_eq(symlinkat("../out", unit_fd, "d/dir"), 0);
		own("d", NOBODY);
		own("out", NOBODY);
		own("d/l", STRANGER);
		own("d/dangling", STRANGER);
		own("d/dir", STRANGER);
		start("r", "d");
		hear_ok();
		SAY("C0644 3 l\n");
		hear_warning("scp: d/l: Permission denied");
		SAY("C0644 3 dangling\n");
		hear_warning("scp: d/dangling: Permission denied");
		SAY("D0755 0 dir\n");
		hear_warning("scp: d/dir: Permission denied");
		send_file("f", "hello");
		finish(3);
		assert_content("file", "old");
		ck_assert(!exists("made"));
		assert_entries("out", 0);
		assert_entries("d", 4);
		empty_dir("d");
		ck_assert_int_eq(unlinkat(unit_fd, "d", AT_REMOVEDIR), 0);
		ck_assert_int_eq(unlinkat(unit_fd, "out", AT_REMOVEDIR), 0);
		remove_file("file");
	}
}
END_TEST

/* A link of ours that leads to one of somebody else's. */
START_TEST(links_of_others_behind_our_own_are_not_followed)
{
	if (lacks_root("links of others"))
		return;
	serve_a_user();
	put_dir("d", 0755);
	put_file("file", "old", 0666);
	ck_assert_int_eq(symlinkat("theirs", unit_fd, "d/ours"), 0);
	ck_assert_int_eq(symlinkat("../file", unit_fd, "d/theirs"), 0);
	own("d", NOBODY);
	own("d/ours", NOBODY);
	own("d/theirs", STRANGER);
	start("", "d");
	hear_ok();
	SAY("C0644 3 ours\n");
	hear_warning("scp: d/ours: Permission denied");
	finish(1);
	assert_content("file", "old");
}
END_TEST

START_TEST(operand_may_be_anybodys_link)
{
	if (lacks_root("links of others"))
		return;
	serve_a_user();
	put_dir("d", 0755);
	put_file("file", "old", 0666);
	own("d", NOBODY);
	ck_assert_int_eq(symlinkat("file", unit_fd, "l"), 0);
	ck_assert_int_eq(symlinkat("d", unit_fd, "ld"), 0);
	own("l", STRANGER);
	own("ld", STRANGER);
	start("", "l");
	hear_ok();
	send_file("f", "new");
	finish(0);
	start("", "ld");
	hear_ok();
	send_file("f", "new");
	finish(0);
	assert_content("file", "new");
	assert_content("d/f", "new");
	ck_assert(S_ISLNK(stat_of("l").st_mode));
}
END_TEST

START_TEST(policy_may_follow_no_link_below_the_target)
{
	policy = drop_in_policy();
	policy.symlinks = SYMLINKS_NEVER;
	put_dir("d", 0755);
	put_dir("out", 0755);
	put_file("file", "old", 0644);
	ck_assert_int_eq(symlinkat("../file", unit_fd, "d/l"), 0);
	ck_assert_int_eq(symlinkat("../out", unit_fd, "d/dir"), 0);
	start("r", "d");
	hear_ok();
	SAY("C0644 3 l\n");
	hear_warning("scp: d/l: Too many levels of symbolic links");
	SAY("D0755 0 dir\n");
	hear_some_warning("scp: d/dir: ");
	send_file("f", "hello");
	finish(2);
	assert_content("file", "old");
	assert_entries("out", 0);
	ck_assert(S_ISLNK(stat_of("d/l").st_mode));
	ck_assert(S_ISLNK(stat_of("d/dir").st_mode));
}
END_TEST

START_TEST(swapped_directory_is_not_left)
{
	put_dir("d", 0755);
	put_dir("victim", 0755);
	start("r", "d");
	hear_ok();
	enter("a");
	ck_assert_int_eq(renameat(unit_fd, "d/a", unit_fd, "d/away"), 0);
	ck_assert_int_eq(symlinkat("../victim", unit_fd, "d/a"), 0);
	send_file("f", "hello");
	SAY("D0700 0 sub\n");
	hear_ok();
	leave();
	leave();
	finish(0);
	assert_entries("victim", 0);
	assert_mode("victim", 0755);
	assert_content("d/away/f", "hello");
}
END_TEST

START_TEST(depth_is_limited_in_lockstep)
{
	policy = drop_in_policy();
	policy.max_depth = 3;
	put_dir("d", 0755);
	start("r", "d");
	hear_ok();
	enter("a");
	enter("b");
	enter("c");
	SAY("D0755 0 e\n");
	hear_warning("scp: d/a/b/c/e: directories are nested too deeply");
	send_file("f", "hello");
	leave();
	enter("c2");
	leave();
	leave();
	leave();
	finish(1);
	assert_tree("d",
	    "d/a d0755\n"
	    "d/a/b d0755\n"
	    "d/a/b/c d0755\n"
	    "d/a/b/c/f f0644 \"hello\"\n"
	    "d/a/b/c2 d0755\n", "depth");
}
END_TEST

START_TEST(depth_is_limited_for_a_client_that_is_ahead)
{
	static const char *const refused[] = { "d/a/b/c/e: ", "d/a/b/c/e/g: ", "d/a/b/c/e/h: " };

	policy = drop_in_policy();
	policy.max_depth = 3;
	put_dir("d", 0755);
	start("r", "d");
	SAY("D0755 0 a\nD0755 0 b\nD0755 0 c\n"
	    "D0755 0 e\nC0644 1 g\nx\0D0755 0 h\nE\nE\n"
	    "C0644 5 f\nhello\0E\nE\nE\n");
	for (int i = 0; i < 4; i++)
		hear_ok();
	for (size_t i = 0; i < COUNT(refused); i++) {
		char wanted[64];

		snprintf(wanted, sizeof(wanted), "scp: %s", refused[i]);
		hear_some_warning(wanted);
	}
	for (int i = 0; i < 7; i++)
		hear_ok();
	finish(3);
	assert_tree("d",
	    "d/a d0755\n"
	    "d/a/b d0755\n"
	    "d/a/b/c d0755\n"
	    "d/a/b/c/f f0644 \"hello\"\n", "depth");
}
END_TEST

START_TEST(rule_29_deep_trees)
{
	enum { DEEP = 1100 };

	put_dir("d", 0755);
	setup.descriptors = 64;
	start("r", "d");
	hear_ok();
	for (int i = 0; i < DEEP; i++)
		enter("a");
	send_file("f", "hello");
	for (int i = 0; i < DEEP; i++)
		leave();
	SAY("E\n");
	hear_ok();
	await_end(0, 0);
}
END_TEST

START_TEST(rule_15_refused_target_of_a_client_that_is_ahead)
{
	put_file("file", "old", 0644);
	for (int wires = PIPES; wires <= SOCKETS; wires++) {
		setup.wires = (enum wires)wires;
		start("r", "file");
		hear_ok();
		SAY("D0755 0 a\nC0644 4 f\nlost\0D0755 0 sub\nE\nE\n"
		    "C0644 3 f\nnew\0C0644 4 g\nlost\0");
		hear_warning("scp: file: Not a directory");
		hear_some_warning("scp: file/f: ");
		hear_some_warning("scp: file/sub: ");
		hear_ok();
		hear_ok();
		hear_ok();
		hear_ok();
		hear_some_warning("scp: file: ");
		finish(4);
		assert_content("file", "new");
		assert_entries(".", 1);
	}
}
END_TEST

START_TEST(rule_15_second_refused_directory_is_named_as_the_first)
{
	put_dir("d", 0755);
	put_file("d/x", "old", 0644);
	start("r", "d");
	hear_ok();
	SAY("D0755 0 x\nD0755 0 y\nE\nE\nD0755 0 x\nC0644 1 f\nx\0E\n");
	hear_warning("scp: d/x: Not a directory");
	hear_some_warning("scp: d/x/y: ");
	hear_ok();
	hear_ok();
	hear_warning("scp: d/x: Not a directory");
	hear_some_warning("scp: d/x/f: ");
	hear_ok();
	send_file("good", "hello");
	finish(4);
	assert_content("d/good", "hello");
	assert_entries("d", 2);
}
END_TEST

/*
 * More directories within a refused one than may ever be open.  What is in them stays there, also
 * what follows after as many ends as there were levels.
 */
START_TEST(rule_15_refused_directories_beyond_all_levels)
{
	enum { DEEP = POLICY_DEPTH_MAX + 100, ENDS = POLICY_DEPTH_MAX + 10 };
	pid_t writer;

	put_dir("d", 0755);
	put_file("d/x", "old", 0644);
	start("r", "d");
	hear_ok();
	writer = fork();
	if (writer == 0) {
		static char said[DEEP * 16];
		size_t n = 0;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (int i = 0; i < DEEP; i++)
			n += (size_t)sprintf(said + n, "D0755 0 x\n");
		for (int i = 0; i < ENDS; i++)
			n += (size_t)sprintf(said + n, "E\n");
		n += (size_t)sprintf(said + n, "C0644 4 evil\nlost") + 1;
		for (int i = ENDS; i < DEEP; i++)
			n += (size_t)sprintf(said + n, "E\n");
		n += (size_t)sprintf(said + n, "C0644 5 good\nhello") + 1;
		say(said, n);
		_exit(0);
	}
	for (int i = 0; i < DEEP; i++)
		hear_some_warning("scp: d/x");
	for (int i = 0; i < ENDS; i++)
		hear_ok();
	hear_some_warning("scp: d/x");
	for (int i = ENDS; i < DEEP; i++)
		hear_ok();
	hear_ok();
	hear_ok();
	waitpid(writer, NULL, 0);
	finish(DEEP + 1);
	assert_content("d/x", "old");
	assert_content("d/good", "hello");
	assert_entries("d", 2);
	assert_entries(".", 1);
}
END_TEST

/* Removes the directories d/a, d/a/a and so on, whose paths are too long for anybody else. */
static void
remove_chain(void)
{
	while (renameat(unit_fd, "d/a/a", unit_fd, "d/next") == 0) {
		ck_assert_int_eq(unlinkat(unit_fd, "d/a", AT_REMOVEDIR), 0);
		ck_assert_int_eq(renameat(unit_fd, "d/next", unit_fd, "d/a"), 0);
	}
}

/* The deepest directory there may be, and one more that the client already filled. */
START_TEST(rule_15_refused_directory_at_the_deepest_level)
{
	put_dir("d", 0755);
	setup.descriptors = 64;
	start("r", "d");
	hear_ok();
	for (int i = 0; i < POLICY_DEPTH_MAX; i++)
		enter("a");
	SAY("D0755 0 b\nC0644 4 evil\nlost\0E\n");
	hear_some_warning("scp: d/a/a");
	hear_some_warning("scp: d/a/a");
	hear_ok();
	for (int i = 0; i < POLICY_DEPTH_MAX; i++)
		leave();
	send_file("good", "hello");
	finish(2);
	remove_chain();
	assert_entries("d/a", 0);
	assert_content("d/good", "hello");
}
END_TEST

START_TEST(bodies_of_many_sizes)
{
	static const size_t sizes[] = { 0, 1, 4095, 4096, 65535, 65536, 65537, 131072, 1000000 };
	static char sent[1000001], got[1000001];

	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (char)(i * 31 + i / 251);
	put_dir("d", 0755);
	for (int wires = PIPES; wires <= SOCKETS; wires++) {
		setup.wires = (enum wires)wires;
		start("", "d");
		hear_ok();
		for (size_t i = 0; i < COUNT(sizes); i++) {
			int fd;

			say_line("C0644 %zu f\n", sizes[i]);
			hear_ok();
			say(sent, sizes[i]);
			SAY("\0");
			hear_ok();
			fd = openat(unit_fd, "d/f", O_RDONLY | O_CLOEXEC);
			ck_assert_int_eq(read(fd, got, sizeof(got)), (ssize_t)sizes[i]);
			close(fd);
			ck_assert_msg(memcmp(got, sent, sizes[i]) == 0,
			    "%zu bytes are not what was sent", sizes[i]);
		}
		finish(0);
	}
}
END_TEST

START_TEST(same_name_twice_is_the_second)
{
	put_dir("d", 0755);
	start("r", "d");
	hear_ok();
	send_file("f", "the first one");
	send_file("f", "2nd");
	enter("a");
	leave();
	enter("a");
	send_file("f", "3rd");
	leave();
	finish(0);
	assert_content("d/f", "2nd");
	assert_content("d/a/f", "3rd");
}
END_TEST

/*
 * Policies.  The root is a directory "top" of a user whom permissions bind, unless a test has it
 * otherwise, and whatever is said of a path in the log is said from there on.
 */
#define IS_DENIED "Permission denied"

static void
put_own_dir(const char *name)
{
	put_dir(name, 0755);
	own(name, setup.uid);
}

static void
put_own_file(const char *name, const char *content)
{
	put_file(name, content, 0644);
	own(name, setup.uid);
}

static void
put_own_link(const char *text, const char *name)
{
	ck_assert_int_eq(symlinkat(text, unit_fd, name), 0);
	own(name, setup.uid);
}

/*
 * One warning about PATH, or what is called NAME in it; where nothing is revealed, about PATH before
 * anything was sent, and then about NAME alone, whatever PATH is.
 */
static void
hear_refusal(const char *path, const char *name, const char *reason)
{
	static char got[REPLIES_MAX];
	char about[PATH_MAX], within[PATH_MAX];
	size_t len = read_message(got);

	snprintf(about, sizeof(about), "\1scp: %s: %s\n", path, reason);
	snprintf(within, sizeof(within), "\1scp: %s%s%s: %s\n", path,
	    path[0] == '\0' || path[strlen(path) - 1] == '/' ? "" : "/", name, reason);
	if (policy.reveal == POLICY_NO)
		snprintf(within, sizeof(within), "\1scp: %s: %s\n", name, reason);
	ck_assert_msg(strcmp(got, about) == 0 || strcmp(got, within) == 0,
	    "%s, %s: expected \"%s\", got \"%s\"", path, name, reason, show(got, len));
}

/* A file to TARGET is refused for REASON, and so is a directory; with -d the target itself is. */
static void
refuses_target(const char *target, const char *reason, int kinds)
{
	const char *path = path_of(target);

	start("", path);
	hear_ok();
	SAY("C0644 5 f\n");
	hear_refusal(path, "f", reason);
	finish(1);
	if (kinds == 1)
		return;
	start("r", path);
	hear_ok();
	SAY("D0755 0 f\n");
	hear_refusal(path, "f", reason);
	finish(1);
	start("d", path);
	if (policy.reveal == POLICY_NO) {
		hear_ok();	/* It would tell where there is a directory. */
		SAY("C0644 0 f\n");
		hear_refusal(path, "f", reason);
		finish(1);
		return;
	}
	hear_refusal(path, "", reason);
	hang_up();
	await_end(0, 1);
}

START_TEST(confined_targets)
{
	static const struct {
		const char *start, *target;
		const char *made;	/* beneath the root */
	} rows[] = {
		{ "", ".", "f" },		{ "", "./", "f" },	{ "", "/", "f" },
		{ "", "d", "d/f" },		{ "", "d/", "d/f" },	{ "", "/d", "d/f" },
		{ "", "//d//", "d/f" },		{ "", "./d/.", "d/f" },	{ "", "d/..", "f" },
		{ "", "new", "new" },		{ "", "/new", "new" },	{ "", "d/new", "d/new" },
		{ "", "d//new", "d/new" },	{ "", "d/../new", "new" },
		{ "", "no/../new", "new" },	/* as text */
		{ "", "%/top", "f" },		{ "", "%/top/", "f" },
		{ "", "%/top/new", "new" },	{ "", "%/top/d", "d/f" },
		{ "", "%//top", "f" },		{ "", "%/./top//d/", "d/f" },
		{ "", "%/topx", NULL },
		{ "", "~", "~" },		{ "", "d/~", "d/~" },
		{ "d", ".", "d/f" },		{ "d", "new", "d/new" },
		{ "d", "..", "f" },		{ "d", "../new", "new" },
		{ "d", "/", "f" },		{ "d", "/new", "new" },
		{ "d", "/d/new", "d/new" },	{ "d", "%/top/new", "new" },
		{ "d", "%/top", "f" },
	};

	confine();
	put_own_dir("top/d");
	for (size_t i = 0; i < COUNT(rows); i++) {
		char name[64], wanted[256];

		setup.start = rows[i].start;
		start("", path_of(rows[i].target));
		hear_ok();
		if (rows[i].made == NULL) {
			SAY("C0644 5 f\n");
			hear_refusal(path_of(rows[i].target), "f", "No such file or directory");
			finish(1);
			log_open();
			continue;
		}
		send_file("f", "hello");
		finish(0);
		snprintf(name, sizeof(name), "top/%s", rows[i].made);
		snprintf(wanted, sizeof(wanted),
		    "close \"/%s\" bytes read 0 written 5 seconds # mode 0644\n", rows[i].made);
		assert_content(name, "hello");
		log_is(wanted);
		remove_file(name);
		assert_entries("top", 1);
		assert_entries("top/d", 0);
	}
	assert_entries(".", 1);
}
END_TEST

START_TEST(confined_directories)
{
	confine();
	put_own_dir("top/d");
	start("r", "new");
	hear_ok();
	enter("a");
	send_file("f", "1");
	enter("b");
	send_file("f", "2");
	leave();
	leave();
	finish(0);
	start("rd", path_of("%/top/d"));
	hear_ok();
	enter("a");
	send_file("f", "3");
	leave();
	finish(0);
	assert_tree("top",
	    "top/d d0755\n"
	    "top/d/a d0755\n"
	    "top/d/a/f f0644 \"3\"\n"
	    "top/new d0755\n"
	    "top/new/b d0755\n"
	    "top/new/b/f f0644 \"2\"\n"
	    "top/new/f f0644 \"1\"\n", "confined");
	assert_entries(".", 1);
}
END_TEST

START_TEST(nothing_is_put_outside_of_the_root)
{
	static const char *const targets[] = {
		"..", "../", "../x", "../top", "/..", "/../x", "d/../../x", "d/../../top/x",
		"./../x", "../../../../../../x", "%/top/..", "%/top/../x",
	};

	confine();
	put_own_dir("top/d");
	for (size_t i = 0; i < COUNT(targets); i++)
		refuses_target(targets[i], OUTSIDE, 3);
	setup.start = "d";
	refuses_target("../..", OUTSIDE, 3);
	refuses_target("../../x", OUTSIDE, 3);
	assert_entries(".", 1);
	assert_entries("top", 1);
	assert_entries("top/d", 0);
}
END_TEST

/* A root of "/" is confined, too. */
START_TEST(nothing_is_put_into_the_kernels_filesystems)
{
	static const char *const targets[] = {
		"/proc", "/proc/self", "/sys", "/sys/kernel",
	};

	if (access("/proc/self/comm", F_OK) == -1 || access("/sys/kernel", F_OK) == -1) {
		printf("SKIP: no /proc or /sys\n");
		return;
	}
	confine();
	setup.root = "/";
	policy.symlinks = SYMLINKS_BENEATH;
	for (size_t i = 0; i < COUNT(targets); i++)
		refuses_target(targets[i], OUTSIDE, 3);
	refuses_target("/dev/null", "not a regular file", 1);
	start("", "/proc/self/comm");
	hear_ok();
	SAY("C0644 1 f\n");
	hear_some_warning("scp: /proc/self/comm");
	finish(1);
	log_open();
	start("", path_of("%/top"));
	hear_ok();
	send_file("f", "hello");
	finish(0);
	assert_content("top/f", "hello");
	ck_assert_ptr_nonnull(strstr(log_text(), path_of("%/top/f\"")));
}
END_TEST

static const struct {
	const char *file, *dir;	/* one of both */
	const char *why;
} names[] = {
	{ "a.txt", NULL, NULL },	{ "a.csv", NULL, DENIED },	{ ".a.txt", NULL, HIDDEN },
	{ "no.txt", NULL, DENIED },	{ "...", NULL, HIDDEN },
	{ "a.txt ", NULL, DENIED },
	{ NULL, "sub", NULL },		{ NULL, ".ssh", HIDDEN },	{ NULL, "no.d", DENIED },
	{ NULL, "sub.csv", NULL },
};

START_TEST(names_below_the_target_are_judged)
{
	static const char *const targets[] = { ".", "d" };

	confine();
	put_own_dir("top/d");
	add_rule(false, "no.*");
	add_rule(true, "*.txt");
	for (size_t t = 0; t < COUNT(targets); t++) {
		unsigned refused = 0;

		start("r", targets[t]);
		hear_ok();
		for (size_t i = 0; i < COUNT(names); i++) {
			const char *name = names[i].file != NULL ? names[i].file : names[i].dir;
			char wanted[256], logged[256];

			snprintf(wanted, sizeof(wanted), "scp: %s/%s: %s", targets[t], name,
			    names[i].why != NULL ? names[i].why : "");
			snprintf(logged, sizeof(logged), "refused \"/%s%s\" reason \"%s\"\n",
			    t == 0 ? "" : "d/", name, names[i].why != NULL ? names[i].why : "");
			log_clear();
			if (names[i].why == NULL && names[i].file != NULL) {
				send_file(name, "hello");
				continue;
			}
			if (names[i].why == NULL) {
				enter(name);
				SAY("C0644 5 .f\n");
				hear_some_warning("scp: ");
				leave();
				refused++;
				continue;
			}
			say_line("%c0755 0 %s\n", names[i].file != NULL ? 'C' : 'D', name);
			hear_warning(wanted);
			log_is(logged);
			refused++;
		}
		finish(refused);
	}
	assert_tree("top",
	    "top/a.txt f0644 \"hello\"\n"
	    "top/d d0755\n"
	    "top/d/a.txt f0644 \"hello\"\n"
	    "top/d/sub d0755\n"
	    "top/d/sub.csv d0755\n"
	    "top/sub d0755\n"
	    "top/sub.csv d0755\n", "names");
}
END_TEST

START_TEST(names_of_the_target_are_judged)
{
	confine();
	add_rule(false, "no.*");
	add_rule(true, "*.txt");
	put_own_dir("top/d");
	put_own_dir("top/.d");
	put_own_dir("top/no.d");
	put_own_file("top/.f.txt", "old");
	refuses_target(".d", HIDDEN, 3);
	refuses_target(".d/x.txt", HIDDEN, 3);
	refuses_target("d/.x.txt", HIDDEN, 3);
	refuses_target("d/.x/y.txt", HIDDEN, 3);
	refuses_target(".f.txt", HIDDEN, 3);
	refuses_target("%/top/.f.txt", HIDDEN, 3);
	refuses_target("no.d", DENIED, 3);
	refuses_target("no.d/x.txt", DENIED, 3);
	refuses_target("d/no.txt", DENIED, 3);
	/* Only a file needs to be allowed, and it is known by its name here. */
	refuses_target("a.csv", DENIED, 1);
	refuses_target("d/a.csv", DENIED, 1);
	start("", "a.txt");
	hear_ok();
	send_file("no.csv", "hello");
	finish(0);
	start("r", "new.csv");
	hear_ok();
	enter("no.d");
	leave();
	finish(0);
	assert_content("top/.f.txt", "old");
	assert_tree("top/d", "", "d");
	assert_tree("top/.d", "", ".d");
	assert_tree("top/no.d", "", "no.d");
	assert_content("top/a.txt", "hello");
	assert_mode("top/new.csv", 0755);
	assert_entries("top", 6);
}
END_TEST

START_TEST(names_are_judged_without_a_root)
{
	policy = drop_in_policy();
	policy.hidden = POLICY_NO;
	add_rule(false, "no.*");
	put_dir("d", 0755);
	put_dir("d/.d", 0755);
	start("r", "d");
	hear_ok();
	SAY("C0644 5 .f\n");
	hear_warning("scp: d/.f: " HIDDEN);
	SAY("D0755 0 no.d\n");
	hear_warning("scp: d/no.d: " DENIED);
	send_file("f", "hello");
	finish(2);
	refuses_target("d/.d", HIDDEN, 3);
	refuses_target("%/d/.d/x", HIDDEN, 3);
	refuses_target("no.d/x", DENIED, 3);
	refuses_target("d/no.f", DENIED, 1);
	assert_tree("d", "d/.d d0755\nd/f f0644 \"hello\"\n", "names");
}
END_TEST

START_TEST(directories_may_not_be_allowed)
{
	confine();
	policy.recursive = POLICY_NO;
	put_own_dir("top/d");
	start("r", ".");
	hear_ok();
	SAY("D0755 0 new\n");
	hear_warning("scp: ./new: directories are not allowed");
	SAY("D0755 0 d\n");
	hear_warning("scp: ./d: directories are not allowed");
	send_file("f", "hello");
	SAY("D0755 0 d\nC0644 4 f\nlost\0E\nC0644 5 g\nhello\0");
	hear_warning("scp: ./d: directories are not allowed");
	hear_refusal("./d", "f", IS_DENIED);
	for (int i = 0; i < 3; i++)
		hear_ok();
	finish(4);
	assert_tree("top", "top/d d0755\ntop/f f0644 \"hello\"\ntop/g f0644 \"hello\"\n",
	    "not recursive");
}
END_TEST

START_TEST(directories_may_not_be_made)
{
	confine();
	policy.mkdir = POLICY_NO;
	put_own_dir("top/d");
	put_own_dir("top/d/e");
	start("r", ".");
	hear_ok();
	SAY("D0755 0 new\n");
	hear_warning("scp: ./new: No such file or directory");
	enter("d");
	SAY("D0755 0 new\n");
	hear_warning("scp: ./d/new: No such file or directory");
	enter("e");
	send_file("f", "hello");
	leave();
	leave();
	finish(2);
	start("r", "new");
	hear_ok();
	SAY("D0755 0 d\n");
	hear_warning("scp: new: No such file or directory");
	finish(1);
	assert_tree("top", "top/d d0755\ntop/d/e d0755\ntop/d/e/f f0644 \"hello\"\n", "no mkdir");
}
END_TEST

START_TEST(depth_is_limited_in_a_confined_root)
{
	confine();
	policy.max_depth = 2;
	start("r", ".");
	hear_ok();
	enter("a");
	enter("b");
	SAY("D0755 0 c\n");
	hear_warning("scp: ./a/b/c: directories are nested too deeply");
	leave();
	leave();
	finish(1);
	policy.max_depth = 0;
	start("r", ".");
	hear_ok();
	SAY("D0755 0 c\n");
	hear_warning("scp: ./c: directories are nested too deeply");
	send_file("f", "hello");
	finish(1);
	assert_tree("top", "top/a d0755\ntop/a/b d0755\ntop/f f0644 \"hello\"\n", "depth");
}
END_TEST

START_TEST(size_of_a_file_is_limited)
{
	confine();
	policy.max_file_size = 5;
	put_own_file("top/old", "old");
	start("", ".");
	hear_ok();
	send_file("f", "12345");
	SAY("C0644 6 g\n");
	hear_warning("scp: ./g: larger than allowed");
	SAY("C0644 6 old\n");
	hear_warning("scp: ./old: larger than allowed");
	send_file("h", "");
	finish(2);
	assert_tree("top",
	    "top/f f0644 \"12345\"\ntop/h f0644 \"\"\ntop/old f0644 \"old\"\n", "size");
	log_is("close \"/f\" bytes read 0 written 5 seconds # mode 0644\n"
	    "refused \"/g\" reason \"larger than allowed\"\n"
	    "refused \"/old\" reason \"larger than allowed\"\n"
	    "close \"/h\" bytes read 0 written 0 seconds # mode 0644\n");
}
END_TEST

START_TEST(bytes_of_a_session_are_limited)
{
	confine();
	policy.max_session_bytes = 10;
	start("r", ".");
	hear_ok();
	send_file("a", "123456");
	SAY("C0644 5 b\n");
	hear_warning("scp: ./b: more data than allowed");
	SAY("C0644 9223372036854775807 b\n");
	hear_some_warning("scp: ./b: ");
	enter("d");
	send_file("c", "1234");
	send_file("e", "");
	SAY("C0644 1 b\n");
	hear_warning("scp: ./d/b: more data than allowed");
	leave();
	finish(3);
	/* The next session has as much again. */
	start("", "d");
	hear_ok();
	send_file("f", "1234567890");
	finish(0);
	assert_entries("top/d", 3);
	assert_entries("top", 2);
}
END_TEST

START_TEST(files_of_a_session_are_counted)
{
	confine();
	policy.max_files = 3;
	start("r", ".");
	hear_ok();
	send_file("a", "a");
	enter("d");
	send_file("b", "b");
	SAY("C0644 1 c\n");
	hear_warning("scp: ./d/c: more files than allowed");
	SAY("D0755 0 e\n");
	hear_warning("scp: ./d/e: more files than allowed");
	leave();
	finish(2);
	assert_tree("top", "top/a f0644 \"a\"\ntop/d d0755\ntop/d/b f0644 \"b\"\n", "files");
}
END_TEST

START_TEST(what_is_refused_does_not_count)
{
	confine();
	policy.max_files = 2;
	policy.max_session_bytes = 10;
	put_own_dir("top/d");
	put_own_file("top/old", "old");
	start("r", ".");
	hear_ok();
	SAY("C0644 5 d\n");
	hear_warning("scp: ./d: Is a directory");
	SAY("C0644 5 .f\n");
	hear_warning("scp: ./.f: " HIDDEN);
	SAY("D0755 0 .f\n");
	hear_warning("scp: ./.f: " HIDDEN);
	SAY("D0755 0 old\n");
	hear_some_warning("scp: ./old: ");
	send_file("a", "12345");
	send_file("b", "12345");
	finish(4);
	assert_entries("top", 4);
}
END_TEST

START_TEST(nothing_may_be_overwritten)
{
	confine();
	policy.overwrite = OVERWRITE_NO;
	put_own_file("top/old", "old");
	start("r", ".");
	hear_ok();
	SAY("C0644 3 old\n");
	hear_warning("scp: ./old: File exists");
	send_file("new", "new");
	SAY("C0644 3 new\n");
	hear_warning("scp: ./new: File exists");
	/* Somebody else is faster. */
	SAY("C0644 3 race\n");
	hear_ok();
	put_own_file("top/race", "theirs");
	SAY("new\0");
	hear_warning("scp: ./race: File exists");
	enter("d");
	send_file("old", "new");
	leave();
	enter("d");
	leave();
	finish(3);
	assert_tree("top",
	    "top/d d0755\n"
	    "top/d/old f0644 \"new\"\n"
	    "top/new f0644 \"new\"\n"
	    "top/old f0644 \"old\"\n"
	    "top/race f0644 \"theirs\"\n", "overwrite no");
	ck_assert_ptr_nonnull(strstr(log_text(),
	    "\nforced close \"/race\" bytes read 0 written 3 "));
	ck_assert_ptr_nonnull(strstr(log_text(), "\nrefused \"/new\" reason \"File exists\"\n"));
}
END_TEST

START_TEST(what_is_overwritten_may_be_kept)
{
	confine();
	policy.overwrite = OVERWRITE_BACKUP;
	put_own_file("top/f", "old");
	start("", ".");
	hear_ok();
	send_file("f", "new");
	send_file("f", "newer");
	send_file("g", "hello");
	finish(0);
	assert_tree("top",
	    "top/f f0644 \"newer\"\n"
	    "top/f.~1~ f0644 \"old\"\n"
	    "top/f.~2~ f0644 \"new\"\n"
	    "top/g f0644 \"hello\"\n", "backup");
}
END_TEST

START_TEST(times_may_be_ignored)
{
	confine();
	policy.times = TIMES_IGNORE;
	put_own_dir("top/old");
	start("rp", ".");
	hear_ok();
	SAY("T1000000000 0 1000000000 0\n");
	hear_ok();
	send_file("f", "hello");
	SAY("T1000000000 0 1000000000 0\n");
	hear_ok();
	enter("d");
	leave();
	SAY("T1000000000 0 1000000000 0\n");
	hear_ok();
	enter("old");
	leave();
	finish(0);
	assert_recent("top/f");
	assert_recent("top/d");
	assert_recent("top/old");
	policy.times = TIMES_CLIENT;
	start("rp", ".");
	hear_ok();
	SAY("T1000000000 0 1000000000 0\n");
	hear_ok();
	send_file("f", "hello");
	finish(0);
	assert_mtime("top/f", 1000000000);
}
END_TEST

static const struct {
	const char	  *flags;
	unsigned	   modes;
	struct policy_bits file, dir;
	mode_t		   sent;
	mode_t		   made_file, made_dir;
} masks[] = {
	/* As a restricted account has it: set-id bits never, and sticky neither. */
	{ "r", MODES_CLIENT, { 0777, 0 }, { 0777, 0 }, 07777, 0755, 0755 },
	{ "rp", MODES_CLIENT, { 0777, 0 }, { 0777, 0 }, 07777, 0777, 0777 },
	{ "rp", MODES_CLIENT, { 0777, 0 }, { 0777, 0 }, 04755, 0755, 0755 },
	{ "rp", MODES_CLIENT, { 0777, 0 }, { 0777, 0 }, 02711, 0711, 0711 },
	{ "rp", MODES_CLIENT, { 0777, 0 }, { 0777, 0 }, 0000, 0000, 0000 },
	/* Bits that come with -p alone, where they are allowed. */
	{ "r", MODES_CLIENT, { 07777, 0 }, { 07777, 0 }, 07777, 0755, 0755 },
	{ "rp", MODES_CLIENT, { 07777, 0 }, { 07777, 0 }, 07755, 07755, 07755 },
	/* Fewer for files than for directories, or the other way round. */
	{ "r", MODES_CLIENT, { 0660, 0 }, { 0770, 0 }, 0777, 0640, 0750 },
	{ "rp", MODES_CLIENT, { 0660, 0 }, { 0770, 0 }, 0777, 0660, 0770 },
	{ "rp", MODES_CLIENT, { 0770, 0 }, { 0550, 0 }, 0777, 0770, 0550 },
	/* Bits that are set in any case, whatever the umask says. */
	{ "r", MODES_CLIENT, { 0664, 0060 }, { 02775, 02070 }, 0700, 0660, 02770 },
	{ "rp", MODES_CLIENT, { 0664, 0060 }, { 02775, 02070 }, 0700, 0660, 02770 },
	{ "rp", MODES_CLIENT, { 0664, 0060 }, { 02775, 02070 }, 0000, 0060, 02070 },
	/* The client's own do not count. */
	{ "r", MODES_INHERIT, { 0777, 0 }, { 0777, 0 }, 0700, 0644, 0755 },
	{ "rp", MODES_INHERIT, { 0777, 0 }, { 0777, 0 }, 0700, 0644, 0755 },
	{ "rp", MODES_INHERIT, { 0777, 0 }, { 0777, 0 }, 07777, 0644, 0755 },
	{ "rp", MODES_INHERIT, { 0660, 0020 }, { 0770, 0020 }, 0000, 0660, 0770 },
};

START_TEST(modes_are_what_the_policy_leaves_of_them)
{
	confine();
	for (size_t i = 0; i < COUNT(masks); i++) {
		policy.modes = masks[i].modes;
		policy.file_mode = masks[i].file;
		policy.dir_mode = masks[i].dir;
		start(masks[i].flags, ".");
		hear_ok();
		say_line("C%04o 5 f\n", (unsigned)masks[i].sent);
		hear_ok();
		SAY("hello\0");
		hear_ok();
		say_line("D%04o 0 d\n", (unsigned)masks[i].sent);
		hear_ok();
		send_file("g", "hello");
		leave();
		finish(0);
		ck_assert_msg(mode_of("top/f") == masks[i].made_file,
		    "row %zu, file: expected %04o, got %04o", i, (unsigned)masks[i].made_file,
		    mode_of("top/f"));
		ck_assert_msg(mode_of("top/d") == masks[i].made_dir,
		    "row %zu, directory: expected %04o, got %04o", i, (unsigned)masks[i].made_dir,
		    mode_of("top/d"));
		empty_dir("top");
	}
}
END_TEST

/* With -p the client sets the mode of what was there already, but no more than it may. */
START_TEST(modes_of_what_is_there_already)
{
	confine();
	policy.file_mode.may = 0660;
	policy.dir_mode.may = 0770;
	for (int inherit = 0; inherit <= 1; inherit++) {
		policy.modes = inherit ? MODES_INHERIT : MODES_CLIENT;
		put_own_file("top/f", "old");
		put_own_dir("top/d");
		start("r", ".");
		hear_ok();
		SAY("C4777 3 f\n");
		hear_ok();
		SAY("new\0");
		hear_ok();
		SAY("D4777 0 d\n");
		hear_ok();
		leave();
		finish(0);
		assert_mode("top/f", 0644);
		assert_mode("top/d", 0755);
		start("rp", ".");
		hear_ok();
		SAY("C4777 3 f\n");
		hear_ok();
		SAY("new\0");
		hear_ok();
		SAY("D4777 0 d\n");
		hear_ok();
		leave();
		finish(0);
		assert_mode("top/f", inherit ? 0644 : 0660);
		assert_mode("top/d", inherit ? 0755 : 0770);
		empty_dir("top");
	}
}
END_TEST

/* Links to a directory and a file of the root, to nothing in it, out of it, and to itself. */
static void
put_links(void)
{
	put_own_dir("top/d");
	put_own_dir("out");
	put_own_file("top/file", "old");
	put_own_file("secret", "old");
	put_own_link("d", "top/dir");
	put_own_link("d/../file", "top/l");
	put_own_link("d/made", "top/dangling");
	put_own_link("../secret", "top/leak");
	put_own_link("../out", "top/leakdir");
	put_own_link("../made", "top/leaknew");
	put_own_link("..", "top/up");
	put_own_link("loop", "top/loop");
}

static void
assert_untouched(void)
{
	assert_content("secret", "old");
	assert_entries("out", 0);
	assert_entries(".", 3);
	assert_entries("top", 10);
}

START_TEST(links_of_the_target_are_not_followed)
{
	static const char *const targets[] = {
		"dir", "dir/", "dir/new", "l", "dangling", "leak", "leakdir", "leakdir/x",
		"leaknew", "up", "up/x", "up/top/x", "loop", "dir/../dir/new", "%/top/l",
	};

	confine();
	put_links();
	for (size_t i = 0; i < COUNT(targets); i++)
		refuses_target(targets[i], NO_LINKS, 3);
	assert_content("top/file", "old");
	assert_entries("top/d", 0);
	assert_untouched();
}
END_TEST

START_TEST(links_of_the_target_are_followed_beneath_the_root)
{
	static const struct {
		const char *target, *made;
	} rows[] = {
		{ "dir", "top/d/f" },		{ "dir/", "top/d/f" },	{ "dir/new", "top/d/new" },
		{ "l", "top/file" },		{ "dangling", "top/d/made" },
		{ "./dir/../dir/new", "top/d/new" },
		{ "dir/../new", "top/new" },	/* as text */
	};
	static const char *const outside[] = {
		"leak", "leakdir", "leakdir/x", "leaknew", "up", "up/x", "up/top/x",
		"dir/../up/top/x",
	};

	confine();
	put_links();
	policy.symlinks = SYMLINKS_BENEATH;
	for (size_t i = 0; i < COUNT(rows); i++) {
		start("", rows[i].target);
		hear_ok();
		send_file("f", "hello");
		finish(0);
		assert_content(rows[i].made, "hello");
		remove_file(rows[i].made);
	}
	put_own_file("top/file", "old");
	for (size_t i = 0; i < COUNT(outside); i++)
		refuses_target(outside[i], OUTSIDE, 3);
	refuses_target("loop", NO_LINKS, 3);
	assert_entries("top/d", 0);
	assert_untouched();
}
END_TEST

/* An absolute link leaves the root, wherever it leads to. */
START_TEST(absolute_links_lead_outside)
{
	static char path[PATH_MAX];

	confine();
	policy.symlinks = SYMLINKS_BENEATH;
	put_own_dir("top/d");
	strcpy(path, path_of("%/top/d"));
	put_own_link(path, "top/l");
	put_own_link("/d", "top/m");
	refuses_target("l", OUTSIDE, 3);
	refuses_target("l/x", OUTSIDE, 3);
	refuses_target("m", OUTSIDE, 3);
	assert_entries("top/d", 0);
}
END_TEST

START_TEST(links_below_the_target_are_never_followed)
{
	static const char *const links[] = {
		"dir", "l", "dangling", "leak", "leakdir", "leaknew", "up", "loop",
	};

	confine();
	put_links();
	for (unsigned links_are = SYMLINKS_BENEATH; links_are <= SYMLINKS_NEVER; links_are++) {
		policy.symlinks = links_are;
		start("r", ".");
		hear_ok();
		for (size_t i = 0; i < COUNT(links); i++) {
			say_line("C0644 3 %s\n", links[i]);
			hear_refusal("./", links[i], NO_LINKS);
			say_line("D0755 0 %s\n", links[i]);
			hear_refusal("./", links[i], NO_LINKS);
		}
		enter("d");
		leave();
		finish(2 * COUNT(links));
	}
	assert_content("top/file", "old");
	assert_entries("top/d", 0);
	assert_untouched();
}
END_TEST

/* What was looked at is what is used, whatever has taken its name. */
START_TEST(swapped_directories_lead_nowhere_else)
{
	confine();
	put_links();
	policy.symlinks = SYMLINKS_BENEATH;
	start("r", "d");
	hear_ok();
	enter("sub");
	ck_assert_int_eq(renameat(unit_fd, "top/d", unit_fd, "top/away"), 0);
	put_own_link("../out", "top/d");
	ck_assert_int_eq(renameat(unit_fd, "top/away/sub", unit_fd, "top/away/sub2"), 0);
	put_own_link("../../out", "top/away/sub");
	send_file("f", "hello");
	enter("e");
	leave();
	leave();
	send_file("g", "hello");
	SAY("D0755 0 sub\n");
	hear_some_warning("scp: d/sub: ");
	finish(1);
	assert_content("top/away/sub2/f", "hello");
	assert_content("top/away/g", "hello");
	assert_entries("out", 0);
}
END_TEST

START_TEST(files_of_several_links_are_replaced)
{
	confine();
	put_own_file("secret", "old");
	ck_assert_int_eq(linkat(unit_fd, "secret", unit_fd, "top/f", 0), 0);
	start("", ".");
	hear_ok();
	send_file("f", "new");
	finish(0);
	assert_content("secret", "old");
	assert_content("top/f", "new");
}
END_TEST

START_TEST(special_files_of_a_confined_root_are_refused)
{
	int reader;

	confine();
	ck_assert_int_eq(mkfifoat(unit_fd, "top/fifo", 0666), 0);
	own("top/fifo", setup.uid);
	reader = openat(unit_fd, "top/fifo", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	refuses_target("fifo", "not a regular file", 1);
	start("", ".");
	hear_ok();
	SAY("C0644 5 fifo\n");
	hear_warning("scp: ./fifo: not a regular file");
	finish(1);
	close(reader);
}
END_TEST

/* What a client may not know: a bit of everything. */
static const struct {
	const char *flags, *target;
	const char *record;	/* NULL: the target itself is refused */
	const char *name;
	const char *reason;	/* that the log knows */
} secrets[] = {
	/* Files: below a directory, and as the target itself. */
	{ "", ".", "C0644 5 file\n", "file", "File exists" },
	{ "", "file", "C0644 5 f\n", "", "File exists" },
	{ "", "file/", "C0644 5 f\n", "", "Not a directory" },
	{ "", "new/", "C0644 5 f\n", "", "No such file or directory" },
	{ "", "no/such", "C0644 5 f\n", "", "No such file or directory" },
	{ "", "file/x", "C0644 5 f\n", "", "Not a directory" },
	{ "", ".", "C0644 5 d\n", "d", "Is a directory" },
	{ "", ".", "C0644 5 fifo\n", "fifo", "not a regular file" },
	{ "", ".", "C0644 5 l\n", "l", NO_LINKS },
	{ "", "l", "C0644 5 f\n", "", NO_LINKS },
	{ "", "loop", "C0644 5 f\n", "", NO_LINKS },
	{ "", ".", "C0644 5 .f\n", ".f", HIDDEN },
	{ "", ".", "C0644 5 f.exe\n", "f.exe", DENIED },
	{ "", ".f", "C0644 5 f\n", "", HIDDEN },
	{ "", ".no/f", "C0644 5 f\n", "", HIDDEN },
	{ "", "f.exe", "C0644 5 f\n", "", DENIED },
	{ "", "no.exe/f", "C0644 5 f\n", "", DENIED },
	{ "", "..", "C0644 5 f\n", "", OUTSIDE },
	{ "", "../secret", "C0644 5 f\n", "", OUTSIDE },
	{ "", "../no/such", "C0644 5 f\n", "", OUTSIDE },
	{ "", "/../secret", "C0644 5 f\n", "", OUTSIDE },
	{ "", "closed", "C0644 5 f\n", "f", "Permission denied" },
	{ "", "closed/f", "C0644 5 f\n", "", "Permission denied" },
	/* Directories. */
	{ "r", ".", "D0755 0 file\n", "file", "Not a directory" },
	{ "r", ".", "D0755 0 new\n", "new", "No such file or directory" },
	{ "r", ".", "D0755 0 fifo\n", "fifo", "Not a directory" },
	{ "r", ".", "D0755 0 dir\n", "dir", NO_LINKS },
	{ "r", ".", "D0755 0 .d\n", ".d", HIDDEN },
	{ "r", ".", "D0755 0 d.exe\n", "d.exe", DENIED },
	{ "r", "..", "D0755 0 f\n", "", OUTSIDE },
	{ "r", "../secret", "D0755 0 f\n", "", OUTSIDE },
	{ "r", "no/such", "D0755 0 f\n", "", "No such file or directory" },
	{ "r", "file", "D0755 0 f\n", "", "Not a directory" },
	/* Targets that must be directories. */
	{ "d", "no", NULL, "", "No such file or directory" },
	{ "d", "no/such", NULL, "", "No such file or directory" },
	{ "d", "file", NULL, "", "Not a directory" },
	{ "d", "fifo", NULL, "", "Not a directory" },
	{ "d", ".d", NULL, "", HIDDEN },
	{ "d", "d.exe", NULL, "", DENIED },
	{ "d", "..", NULL, "", OUTSIDE },
	{ "d", "../secret", NULL, "", OUTSIDE },
	{ "d", "l", NULL, "", NO_LINKS },
	{ "d", "dir", NULL, "", NO_LINKS },
};

static void
put_secrets(void)
{
	put_links();
	ck_assert_int_eq(mkfifoat(unit_fd, "top/fifo", 0600), 0);
	own("top/fifo", setup.uid);
	put_dir("top/closed", 0);
	own("top/closed", setup.uid);
	policy.overwrite = OVERWRITE_NO;
	policy.mkdir = POLICY_NO;
	add_rule(false, "*.exe");
}

/* The record, and AHEAD of the answer all that belongs to it, at once; or what belongs to it, later. */
static void
say_secret(const char *record, bool ahead)
{
	static const char body[] = "hello", entries[] = "C0644 5 f\nhello\0E\n";
	bool file = record[0] == 'C';
	char said[256];
	size_t n = strlen(record);

	memcpy(said, record, n);
	memcpy(said + n, file ? body : entries, file ? sizeof(body) : sizeof(entries) - 1);
	if (ahead)
		n += file ? sizeof(body) : sizeof(entries) - 1;
	say(said, n);
}

/* What a client's words alone are refused for is refused at once, all else when it is over. */
static bool
is_early(const char *reason)
{
	return strcmp(reason, HIDDEN) == 0 || strcmp(reason, DENIED) == 0 ||
	    strcmp(reason, OUTSIDE) == 0;
}

/* A record that is acknowledged, and what belongs to it; the refusal is yet to come. */
static void
hear_late_secret(const char *record, bool ahead)
{
	hear_ok();
	if (record[0] == 'C') {
		if (!ahead)
			say("hello", sizeof("hello"));
		return;
	}
	if (!ahead)
		SAY("C0644 5 f\n");
	hear_ok();
	if (!ahead)
		say("hello", sizeof("hello"));
	hear_warning("scp: f: Permission denied");
	if (!ahead)
		SAY("E\n");
}

/* What is refused in row I, in the lockstep or AHEAD of the answers. */
static void
check_secret(size_t i, bool ahead)
{
	bool hidden = policy.reveal == POLICY_NO;
	const char *reason = hidden ? IS_DENIED : secrets[i].reason, *record = secrets[i].record;
	char logged[256];
	bool late, directory;

	/* Where nothing is revealed, a target that is no directory is no reason not to greet. */
	if (record == NULL && hidden)
		record = "C0644 5 f\n";
	late = hidden && !is_early(secrets[i].reason);
	directory = record != NULL && record[0] == 'D';
	log_clear();
	start(secrets[i].flags, secrets[i].target);
	if (record == NULL) {
		hear_refusal(secrets[i].target, "", reason);
		hang_up();
		await_end(0, 1);
	} else {
		hear_ok();
		say_secret(record, ahead);
		if (late)
			hear_late_secret(record, ahead);
		hear_refusal(secrets[i].target, secrets[i].name[0] != '\0' ? secrets[i].name : "f",
		    reason);
		if (ahead && directory && !late) {
			hear_some_warning("scp: ");
			hear_ok();
		}
		finish((ahead || late) && directory ? 2 : 1);
	}
	snprintf(logged, sizeof(logged), "\" reason \"%s\"\n", secrets[i].reason);
	ck_assert_msg(strncmp(log_text(), "refused \"/", 10) == 0 &&
	    strstr(log_text(), logged) != NULL,
	    "row %zu: expected the reason \"%s\" in the log, got %s", i, secrets[i].reason,
	    log_text());
}

START_TEST(what_is_refused_is_told_or_not)
{
	confine();
	put_secrets();
	for (unsigned reveal = POLICY_YES; reveal <= POLICY_NO; reveal++) {
		policy.reveal = reveal;
		for (size_t i = 0; i < COUNT(secrets); i++)
			check_secret(i, false);
	}
	assert_content("top/file", "old");
	assert_entries("top", 12);
}
END_TEST

START_TEST(what_is_refused_is_not_told_to_a_client_that_is_ahead)
{
	confine();
	put_secrets();
	policy.reveal = POLICY_NO;
	for (size_t i = 0; i < COUNT(secrets); i++)
		check_secret(i, true);
	assert_content("top/file", "old");
	assert_entries("top", 12);
}
END_TEST

/* What does not depend on what there is, is told: the client can do something about it. */
START_TEST(what_tells_nothing_is_told)
{
	confine();
	policy.reveal = POLICY_NO;
	policy.recursive = POLICY_NO;
	policy.max_file_size = 5;
	policy.max_session_bytes = 8;
	policy.max_files = 2;
	start("r", ".");
	hear_ok();
	SAY("D0755 0 d\n");
	hear_warning("scp: d: directories are not allowed");
	SAY("C0644 6 f\n");
	hear_warning("scp: f: larger than allowed");
	send_file("f", "12345");
	SAY("C0644 4 g\n");
	hear_warning("scp: g: more data than allowed");
	send_file("g", "123");
	SAY("C0644 0 h\n");
	hear_warning("scp: h: more files than allowed");
	finish(4);
}
END_TEST

/* What a file is judged by comes before what is there; that there is no room is no secret. */
START_TEST(too_much_is_the_same_wherever_it_goes)
{
	static const char *const targets[] = { "there", "not-there", "file", "file/below" };

	confine();
	put_own_dir("top/there");
	put_own_file("top/file", "old");
	policy.reveal = POLICY_NO;
	policy.overwrite = OVERWRITE_NO;
	for (size_t i = 0; i < COUNT(targets); i++) {
		policy.max_file_size = 5;
		start("", targets[i]);
		hear_ok();
		SAY("C0644 6 file\n");
		hear_warning("scp: file: larger than allowed");
		finish(1);
		policy.max_file_size = UINT64_MAX;
		start("", targets[i]);
		hear_ok();
		SAY("C0644 4611686018427387904 f\n");
		hear_warning("scp: f: No space left on device");
		finish(1);
	}
}
END_TEST

/* What the administrator keeps free is no secret either, and the same for directories. */
START_TEST(what_the_disk_has_is_the_same_wherever_it_goes)
{
	static const char *const targets[] = { "there", "not-there", "file", "file/below" };

	confine();
	put_own_dir("top/there");
	put_own_file("top/file", "old");
	policy.reveal = POLICY_NO;
	policy.overwrite = OVERWRITE_NO;
	policy.min_free_percent = 100;
	for (size_t i = 0; i < COUNT(targets); i++) {
		start("r", targets[i]);
		hear_ok();
		SAY("C0644 6 f\n");
		hear_ok();
		say("hello!", sizeof("hello!"));
		hear_warning("scp: f: No space left on device");
		finish(1);
		start("r", targets[i]);
		hear_ok();
		SAY("C0644 2000000 f\n");
		hear_warning("scp: f: No space left on device");
		finish(1);
	}
	policy.reveal = POLICY_YES;
	start("r", "file/below");
	hear_ok();
	SAY("C0644 6 f\n");
	hear_warning("scp: file/below: Not a directory");
	finish(1);
}
END_TEST

/* Refusals for any reason, of a client that waits for none of the answers. */
START_TEST(refused_files_of_a_client_that_is_ahead_are_skipped)
{
	static const char said[] =
	    "C0644 5 .hidden\nhello\0"
	    "C0644 8 large\n12345678\0"
	    "C0644 5 a.exe\nE\nE\nE\0"
	    "D0755 0 .git\nC0644 4 f\nlost\0D0755 0 sub\nC0644 4 f\nlost\0E\nE\n"
	    "C0644 5 good\nhello\0"
	    "D0755 0 d\nD0755 0 e\nD0755 0 deep\nC0644 4 f\nlost\0E\nC0644 2 f\nhi\0E\nE\n"
	    "C0644 4 more\nlost\0"
	    "C0644 0 last\n\0";

	confine();
	policy.max_file_size = 7;
	policy.max_session_bytes = 8;
	policy.max_depth = 2;
	add_rule(false, "*.exe");
	for (int wires = PIPES; wires <= SOCKETS; wires++) {
		setup.wires = (enum wires)wires;
		start("r", ".");
		hear_ok();
		say(said, sizeof(said) - 1);
		hear_warning("scp: ./.hidden: " HIDDEN);
		hear_warning("scp: ./large: larger than allowed");
		hear_warning("scp: ./a.exe: " DENIED);
		hear_warning("scp: ./.git: " HIDDEN);
		hear_refusal("./.git", "f", IS_DENIED);
		hear_refusal("./.git", "sub", IS_DENIED);
		hear_refusal("./.git/sub", "f", IS_DENIED);
		hear_ok();
		hear_ok();
		hear_ok();
		hear_ok();
		hear_ok();
		hear_ok();
		hear_warning("scp: ./d/e/deep: directories are nested too deeply");
		hear_refusal("./d/e/deep", "f", IS_DENIED);
		for (int i = 0; i < 5; i++)
			hear_ok();
		hear_warning("scp: ./more: more data than allowed");
		hear_ok();
		hear_ok();
		finish(10);
		assert_tree("top",
		    "top/d d0755\n"
		    "top/d/e d0755\n"
		    "top/d/e/f f0644 \"hi\"\n"
		    "top/good f0644 \"hello\"\n"
		    "top/last f0644 \"\"\n", "ahead");
		empty_dir("top");
	}
}
END_TEST

START_TEST(a_session_is_logged)
{
	confine();
	put_own_dir("top/old");
	put_own_file("top/old/f", "old");
	setup.start = "old";
	start("rp", "..");
	hear_ok();
	SAY("T1000000000 0 1000000000 0\n");
	hear_ok();
	SAY("D0750 0 new\n");
	hear_ok();
	SAY("C4751 6 a \"b\"\n");
	hear_ok();
	SAY("hello\n\0");
	hear_ok();
	SAY("C0644 3 .f\n");
	hear_warning("scp: ../new/.f: " HIDDEN);
	SAY("D0755 0 \033\n");
	hear_ok();
	leave();
	leave();
	enter("old");
	SAY("C0600 5 f\n");
	hear_ok();
	SAY("lost!\1disk on fire\n");
	hear_warning("scp: ../old/f: dropped, the sender says: disk on fire");
	leave();
	finish(2);
	assert_content("top/old/f", "old");
	log_is("mkdir name \"/new\" mode 0750\n"
	    "close \"/new/a \\\"b\\\"\" bytes read 0 written 6 seconds # mode 0751\n"
	    "refused \"/new/.f\" reason \"" HIDDEN "\"\n"
	    "mkdir name \"/new/\\033\" mode 0755\n"
	    "opendir \"/old\"\n"
	    "forced close \"/old/f\" bytes read 0 written 5 seconds # mode 0644 "
	    "reason \"dropped, the sender says: disk on fire\"\n");
}
END_TEST

START_TEST(the_target_itself_is_logged)
{
	confine();
	start("", "d/../new");
	hear_ok();
	send_file("f", "hello");
	finish(0);
	log_is("close \"/new\" bytes read 0 written 5 seconds # mode 0644\n");
	start("r", "/dir/");
	hear_ok();
	enter("d");
	send_file("f", "");
	leave();
	finish(0);
	log_is("mkdir name \"/dir\" mode 0755\n"
	    "close \"/dir/f\" bytes read 0 written 0 seconds # mode 0644\n");
	start("d", "none");
	hear_some_warning("scp: none: ");
	hang_up();
	await_end(0, 1);
	log_is("refused \"/none\" reason \"No such file or directory\"\n");
}
END_TEST

/* What was said before the connection was lost, and what ended with it. */
START_TEST(lost_connections_are_logged)
{
	static const struct {
		const char *said;
		size_t	    n;
		const char *logged;
	} rows[] = {
#define ROW(s, logged) { s, sizeof(s) - 1, logged }
		ROW("", ""),
		ROW("C0644 5 f\nhel", "forced close \"/f\" bytes read 0 written 3 seconds # "
		    "mode 0644 reason \"protocol error: lost connection\"\n"),
		ROW("C0644 5 f\n", "forced close \"/f\" bytes read 0 written 0 seconds # "
		    "mode 0644 reason \"protocol error: lost connection\"\n"),
		ROW("C0644 5 f\nhello",
		    "close \"/f\" bytes read 0 written 5 seconds # mode 0644\n"),
		ROW("D0755 0 d\nC0644 5 .f\nhel", "mkdir name \"/d\" mode 0755\n"
		    "refused \"/d/.f\" reason \"" HIDDEN "\"\n"
		    "refused \"/d/.f\" reason \"protocol error: lost connection\"\n"),
		ROW("D0755 0 d\nC06", "mkdir name \"/d\" mode 0755\n"
		    "refused \"/d\" reason \"protocol error: lost connection\"\n"),
		ROW("D0755 0 d\nx\n", "mkdir name \"/d\" mode 0755\n"
		    "refused \"/d\" reason \"protocol error: expected control record\"\n"),
		ROW("C0644 1 a/b\n", "refused \"/\" reason \"error: unexpected filename: a/b\"\n"),
#undef ROW
	};

	confine();
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t len;

		start("r", ".");
		say(rows[i].said, rows[i].n);
		hang_up();
		(void)hear_rest(&len);
		await_end(outcome->end, outcome->errors == 0 ? 0 : WHATEVER);
		log_is(rows[i].logged);
		empty_dir("top");
	}
}
END_TEST

START_TEST(a_file_that_cannot_be_written_is_logged)
{
	static const char body[8192];

	confine();
	setup.file_size = 4096;
	start("", ".");
	hear_ok();
	SAY("C0644 8192 f\n");
	hear_ok();
	say(body, sizeof(body));
	SAY("\0");
	hear_warning("scp: ./f: File too large");
	finish(1);
	log_is("forced close \"/f\" bytes read 0 written 8192 seconds # mode 0644 "
	    "reason \"File too large\"\n");
	assert_entries("top", 0);
}
END_TEST

/* Of two operands none is right, and no path is known. */
START_TEST(a_request_without_a_target_is_logged)
{
	confine();
	start_with(2, "d", "d");
	hear_warning("scp: ambiguous target");
	fails();
	log_is("refused \"/\" reason \"ambiguous target\"\n");
}
END_TEST

/* The session ends where a record that is required cannot be written; what was done, was done. */
START_TEST(a_required_log_that_cannot_be_written_ends_the_session)
{
	confine();
	setup.broken_log = true;
	put_own_dir("top/d");
	start("r", ".");
	hear_ok();
	SAY("C0644 5 f\n");
	hear_ok();
	SAY("hello\0C0644 5 g\nhello\0");
	hear_warning("scp: the log cannot be written");
	fails();
	assert_content("top/f", "hello");
	ck_assert(!exists("top/g"));

	start("r", ".");
	hear_ok();
	SAY("D0755 0 d\nC0644 5 g\nhello\0");
	hear_warning("scp: the log cannot be written");
	fails();
	ck_assert(!exists("top/d/g"));

	start("r", ".");
	hear_ok();
	SAY("C0644 5 .f\n");
	hear_warning("scp: ./.f: " HIDDEN);
	fails();

	start("", ".");
	hear_ok();
	SAY("C0644 5 d\nhello\0C0644 5 g\nhello\0");
	hear_warning("scp: ./d: Is a directory");
	fails();
	assert_entries("top", 2);

	start("d", "none");
	hear_warning("scp: none: No such file or directory");
	hang_up();
	await_end(0, 1);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, rule_6_golden_session_in_lockstep);
	tcase_add_test(t, rule_6_golden_session_glued);
	tcase_add_test(t, rule_6_golden_session_byte_by_byte);
	tcase_add_test(t, rule_6_golden_session_in_two_pieces);
	tcase_add_test(t, rule_12_client_that_ends_anywhere_leaves_whole_files);
	tcase_add_test(t, rule_1_one_message_is_one_write);
	tcase_add_test(t, rule_4_control_bytes_are_escaped);
	tcase_add_test(t, rule_4_newline_in_the_target_injects_nothing);
	tcase_add_test(t, rule_4_path_is_what_the_client_wrote);
	tcase_add_test(t, rule_4_long_path_is_shortened_in_its_middle);
	tcase_add_test(t, rule_5_refusals_are_warnings_and_the_session_lives);
	tcase_add_test(t, rule_7_times_with_and_without_p);
	tcase_add_test(t, rule_7_times_are_for_the_next_entry_only);
	tcase_add_test(t, rule_7_modes_as_clients_write_them);
	tcase_add_test(t, rule_8_longest_line_and_one_that_is_too_long);
	tcase_add_test(t, rule_8_line_without_end);
	tcase_add_test(t, rule_8_long_text_of_a_warning_is_skipped);
	tcase_add_test(t, rule_9_what_is_no_name_ends_the_session);
	tcase_add_test(t, rule_9_everything_else_is_a_name);
	tcase_add_test(t, rule_9_name_of_256_bytes_is_the_filesystems_business);
	tcase_add_test(t, rule_10_directory_without_r);
	tcase_add_test(t, rule_10_directory_onto_something_else);
	tcase_add_test(t, rule_10_closed_directories_are_filled);
	tcase_add_test(t, rule_10_existing_directories);
	tcase_add_test(t, rule_10_inherited_set_gid_bit);
	tcase_add_test(t, rule_10_directory_of_somebody_else_is_silent);
	tcase_add_test(t, rule_10_end_is_answered_with_what_failed);
	tcase_add_test(t, rule_11_end_at_the_top_ends_the_session);
	tcase_add_test(t, rule_11_end_after_errors);
	tcase_add_test(t, rule_16_room_in_each_directory);
	tcase_add_test(t, rule_12_end_of_input_between_records);
	tcase_add_test(t, rule_12_end_of_input_finishes_open_directories);
	tcase_add_test(t, rule_12_end_of_input_in_a_line);
	tcase_add_test(t, rule_12_end_of_input_in_a_body);
	tcase_add_test(t, rule_12_end_of_input_in_a_refused_body);
	tcase_add_test(t, rule_12_lost_client_gives_directories_back);
	tcase_add_test(t, rule_13_eof_instead_of_status_keeps_the_file);
	tcase_add_test(t, rule_13_eof_of_a_client_that_does_not_listen_keeps_the_file);
	tcase_add_test(t, rule_13_eof_below_a_directory);
	tcase_add_test(t, rule_13_senders_error_drops_the_file);
	tcase_add_test(t, rule_13_senders_error_is_quoted_without_its_control_bytes);
	tcase_add_test(t, rule_13_senders_error_in_place_drops_nothing);
	tcase_add_test(t, rule_13_senders_end_drops_the_file);
	tcase_add_test(t, rule_13_any_other_status_keeps_the_file);
	tcase_add_test(t, rule_13_any_other_status_of_a_refused_body);
	tcase_add_test(t, rule_14_clients_warning_is_counted);
	tcase_add_test(t, rule_14_clients_fatal_ends_the_session);
	tcase_add_test(t, rule_15_refused_file_in_lockstep);
	tcase_add_test(t, rule_15_refused_file_whose_body_is_waiting);
	tcase_add_test(t, rule_15_refused_file_whose_body_has_only_begun);
	tcase_add_test(t, rule_15_refused_file_whose_body_is_in_the_pipe);
	tcase_add_test(t, rule_15_refused_file_of_a_client_that_left);
	tcase_add_test(t, rule_15_refused_file_with_the_senders_error);
	tcase_add_test(t, rule_15_refused_file_that_no_pipe_holds);
	tcase_add_test(t, rule_15_refused_directory_in_lockstep);
	tcase_add_test(t, rule_15_refused_directory_of_a_client_that_is_ahead);
	tcase_add_test(t, rule_15_contents_of_a_refused_directory_hit_nothing_of_the_same_name);
	tcase_add_test(t, rule_15_contents_of_refused_directories_may_come_late);
	tcase_add_test(t, rule_15_refused_target_of_a_client_that_is_ahead);
	tcase_add_test(t, rule_15_second_refused_directory_is_named_as_the_first);
	tcase_add_test(t, rule_15_refused_directories_beyond_all_levels);
	tcase_add_test(t, rule_15_refused_directory_at_the_deepest_level);
	tcase_add_test(t, rule_16_write_error_in_a_body);
	tcase_add_test(t, rule_16_write_error_and_the_senders_own_are_one_warning);
	tcase_add_test(t, rule_16_size_that_cannot_fit_is_refused_before_it_is_sent);
	tcase_add_test(t, rule_17_what_is_no_record);
	tcase_add_test(t, rule_18_exactly_one_operand);
	tcase_add_test(t, rule_18_target_must_be_a_directory_with_d);
	tcase_add_test(t, rule_18_ends_without_waiting_for_the_client);
	tcase_add_test(t, rule_18_directory_with_d);
	tcase_add_test(t, rule_19_which_file_is_meant);
	tcase_add_test(t, rule_19_absolute_target);
	tcase_add_test(t, rule_19_target_that_cannot_be);
	tcase_add_test(t, rule_19_second_file_to_a_file);
	tcase_add_test(t, rule_19_directory_then_file_to_one_target);
	tcase_add_test(t, rule_19_directory_to_a_file);
	tcase_add_test(t, rule_19_directory_to_a_target_that_cannot_be);
	tcase_add_test(t, rule_19_directory_to_a_new_target_takes_its_name);
	tcase_add_test(t, rule_19_file_that_we_may_not_write);
	tcase_add_test(t, rule_19_only_the_first_failure_is_reported);
	tcase_add_test(t, rule_19_second_file_to_a_file_whose_mode_could_not_be_set);
	tcase_add_test(t, rule_20_modes_without_p);
	tcase_add_test(t, rule_20_existing_file_keeps_its_mode_without_p);
	tcase_add_test(t, rule_20_modes_with_p);
	tcase_add_test(t, rule_20_mode_comes_last);
	tcase_add_test(t, rule_20_device_keeps_mode_and_times);
	tcase_add_test(t, fifo_that_has_a_reader_is_written);
	tcase_add_test(t, restricted_accounts_write_regular_files_only);
	tcase_add_test(t, special_files_below_a_directory_are_refused);
	tcase_add_test(t, own_links_below_the_target_are_followed);
	tcase_add_test(t, directory_onto_a_link_that_leads_nowhere);
	tcase_add_test(t, links_of_others_below_the_target_are_not_followed);
	tcase_add_test(t, links_of_others_behind_our_own_are_not_followed);
	tcase_add_test(t, operand_may_be_anybodys_link);
	tcase_add_test(t, policy_may_follow_no_link_below_the_target);
	tcase_add_test(t, swapped_directory_is_not_left);
	tcase_add_test(t, depth_is_limited_in_lockstep);
	tcase_add_test(t, depth_is_limited_for_a_client_that_is_ahead);
	tcase_add_test(t, rule_29_deep_trees);
	tcase_add_test(t, bodies_of_many_sizes);
	tcase_add_test(t, same_name_twice_is_the_second);
	tcase_add_test(t, confined_targets);
	tcase_add_test(t, confined_directories);
	tcase_add_test(t, nothing_is_put_outside_of_the_root);
	tcase_add_test(t, nothing_is_put_into_the_kernels_filesystems);
	tcase_add_test(t, names_below_the_target_are_judged);
	tcase_add_test(t, names_of_the_target_are_judged);
	tcase_add_test(t, names_are_judged_without_a_root);
	tcase_add_test(t, directories_may_not_be_allowed);
	tcase_add_test(t, directories_may_not_be_made);
	tcase_add_test(t, depth_is_limited_in_a_confined_root);
	tcase_add_test(t, size_of_a_file_is_limited);
	tcase_add_test(t, bytes_of_a_session_are_limited);
	tcase_add_test(t, files_of_a_session_are_counted);
	tcase_add_test(t, what_is_refused_does_not_count);
	tcase_add_test(t, nothing_may_be_overwritten);
	tcase_add_test(t, what_is_overwritten_may_be_kept);
	tcase_add_test(t, times_may_be_ignored);
	tcase_add_test(t, modes_are_what_the_policy_leaves_of_them);
	tcase_add_test(t, modes_of_what_is_there_already);
	tcase_add_test(t, links_of_the_target_are_not_followed);
	tcase_add_test(t, links_of_the_target_are_followed_beneath_the_root);
	tcase_add_test(t, absolute_links_lead_outside);
	tcase_add_test(t, links_below_the_target_are_never_followed);
	tcase_add_test(t, swapped_directories_lead_nowhere_else);
	tcase_add_test(t, files_of_several_links_are_replaced);
	tcase_add_test(t, special_files_of_a_confined_root_are_refused);
	tcase_add_test(t, what_is_refused_is_told_or_not);
	tcase_add_test(t, what_is_refused_is_not_told_to_a_client_that_is_ahead);
	tcase_add_test(t, what_tells_nothing_is_told);
	tcase_add_test(t, too_much_is_the_same_wherever_it_goes);
	tcase_add_test(t, what_the_disk_has_is_the_same_wherever_it_goes);
	tcase_add_test(t, refused_files_of_a_client_that_is_ahead_are_skipped);
	tcase_add_test(t, a_session_is_logged);
	tcase_add_test(t, the_target_itself_is_logged);
	tcase_add_test(t, lost_connections_are_logged);
	tcase_add_test(t, a_file_that_cannot_be_written_is_logged);
	tcase_add_test(t, a_request_without_a_target_is_logged);
	tcase_add_test(t, a_required_log_that_cannot_be_written_ends_the_session);
}

int
main(int argc, char *argv[], char *envp[])
{
	setproctitle_init(argc, argv, envp);
	return run_unit("sink", add);
}
