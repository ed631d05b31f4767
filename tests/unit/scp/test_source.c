/* SPDX-License-Identifier: ISC */
/*
 * The test is the client.  What the server sends is read one message at a time, and kept, so that
 * whole conversations can be compared byte by byte.
 */
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include <stdarg.h>

#include <bsd/string.h>
#include <bsd/unistd.h>

#include "dirs.h"
#include "liars.h"
#include "scp/source.h"
#include "serve.h"

#define HEAR(s)	     hear(s, sizeof(s) - 1)
#define SENDS(f, s)  sends(f, s, sizeof(s) - 1)

enum {
	LINE_BYTES = RECORD_MAX + 1,
	WIRE_MAX = 4 << 20,
	PATHS_MAX = 8,
	ANSWERS_MAX = 8,
	SOME = -1			/* errors: not none */
};

static struct source source;	/* too large for a stack */
static int their_in = -1;	/* a copy of the server's own, to see what it left */

/* All that the server sent. */
static struct {
	size_t len;
	char   bytes[WIRE_MAX];
} wire;

/* What the client answers to a record that begins so, instead of a zero. */
static struct answer {
	const char *record;
	const char *reply;
	bool	    to_body;	/* answers what follows it */
} answers[ANSWERS_MAX];

static void
put_link(const char *text, const char *name)
{
	ck_assert_int_eq(symlinkat(text, unit_fd, name), 0);
}

static void
set_times(const char *name, time_t mtime, time_t atime)
{
	struct timespec times[2] = { { .tv_sec = atime, .tv_nsec = 5 },
	    { .tv_sec = mtime, .tv_nsec = 999999999 } };

	ck_assert_int_eq(utimensat(unit_fd, name, times, AT_SYMLINK_NOFOLLOW), 0);
}

static int
send_all(void)
{
	return source_run(&source, &session);
}

/* FLAGS are letters of "rpd"; PATHS are the operands, separated by '|', or NULL for none. */
static void
start(const char *flags, const char *operands)
{
	static char words[4 * PATH_MAX];
	static char *paths[PATHS_MAX + 1];
	struct request request = {
		.role = REQUEST_SOURCE,
		.recursive = strchr(flags, 'r') != NULL,
		.preserve = strchr(flags, 'p') != NULL,
		.target_is_dir = strchr(flags, 'd') != NULL,
		.paths = paths,
	};
	char *rest = operands != NULL ? words : NULL;

	ck_assert_uint_lt(strlcpy(words, operands != NULL ? operands : "", sizeof(words)),
	    sizeof(words));
	while (rest != NULL) {
		ck_assert_int_lt(request.npaths, PATHS_MAX);
		paths[request.npaths++] = strsep(&rest, "|");
	}
	wire.len = 0;
	their_in = start_server(&request, TURN_THEIRS, send_all);
	if (setup.wires == PIPES)
		return;
	close(their_in);
	their_in = -1;
}

/* A server that is gone does not hear it, which shows elsewhere. */
static void
say(const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t put = write(to, bytes, n);

		if (put <= 0)
			return;
		bytes += put;
		n -= (size_t)put;
	}
}

/* N more bytes; fewer at the end of input.  They are kept; returns where. */
static char *
take(size_t n, size_t *got)
{
	char *begin = wire.bytes + wire.len;

	ck_assert_uint_le(wire.len + n, sizeof(wire.bytes));
	for (*got = 0; *got < n;) {
		ssize_t have = read(from, begin + *got, n - *got);

		if (have <= 0)
			break;
		*got += (size_t)have;
	}
	wire.len += *got;
	return begin;
}

/* A line with its newline; false at the end of input. */
static bool
take_line(char line[LINE_BYTES])
{
	size_t n = 0, got = 1;

	while (n < LINE_BYTES - 1 && got == 1) {
		const char *byte = take(1, &got);

		if (got == 1)
			line[n++] = *byte;
		if (got == 1 && *byte == '\n')
			break;
	}
	line[n] = '\0';
	return n > 0;
}

static void
hear(const char *wanted, size_t n)
{
	size_t got;
	const char *bytes = take(n, &got);

	ck_assert_msg(got == n && memcmp(bytes, wanted, n) == 0, "expected \"%s\", got \"%s\"",
	    show(wanted, n),
	    show(bytes, got));
}

static void
assert_end(int end, int errors)
{
	ck_assert_msg(outcome->end == end, "expected source_run to return %d, got %d", end,
	    outcome->end);
	if (errors == SOME)
		ck_assert_uint_gt(outcome->errors, 0);
	else
		ck_assert_msg(outcome->errors == (unsigned)errors, "expected %d errors, got %u",
		    errors,
		    outcome->errors);
}

static void
close_wires(void)
{
	close(from);
	if (to != from)
		close(to);
	if (their_in != -1)
		close(their_in);
}

/* Nothing more is sent, and the server is gone. */
static void
await_end(int end, int errors)
{
	size_t before = wire.len, got;
	const char *rest = take(1000, &got);

	wire.len = before;
	await_server();
	ck_assert_msg(got == 0, "expected nothing more, got \"%s\"", show(rest, got));
	assert_end(end, errors);
	close_wires();
}

/* The reply to the record LINE, or to the body behind it. */
static const char *
answer_to(const char *line, bool to_body)
{
	for (size_t i = 0; i < COUNT(answers); i++)
		if (answers[i].record != NULL && answers[i].to_body == to_body &&
		    strncmp(line, answers[i].record, strlen(answers[i].record)) == 0)
			return answers[i].reply;
	return "";
}

/* A zero, or the text there is; says whether it was a zero. */
static bool
reply_to(const char *line, bool to_body)
{
	const char *reply = answer_to(line, to_body);

	say(reply, reply[0] == '\0' ? 1 : strlen(reply));
	return reply[0] == '\0';
}

/* A whole conversation as a client has it, each reply after what it is for. */
static void
converse(void)
{
	static char line[LINE_BYTES];

	SAY("\0");
	while (take_line(line)) {
		size_t size, got;

		if (line[0] == 1)
			continue;	/* A warning. */
		if (!reply_to(line, false) || line[0] != 'C')
			continue;
		ck_assert_msg(sscanf(line, "C%*o %zu", &size) == 1, "no record: \"%s\"",
		    show(line, strlen(line)));
		take(size, &got);
		if (*take(1, &got) == 1) {
			char text[LINE_BYTES];

			take_line(text);
		}
		(void)reply_to(line, true);
	}
	await_server();
	close_wires();
}

/* The operands are sent as these bytes. */
static void
sends_with(const char *flags, const char *operands, const char *wanted, size_t n, int end,
    int errors)
{
	start(flags, operands);
	converse();
	ck_assert_msg(wire.len == n && memcmp(wire.bytes, wanted, n) == 0,
	    "-f%s %s: expected \"%s\", got \"%s\"",
	    flags, operands == NULL ? "" : operands, show(wanted, n), show(wire.bytes, wire.len));
	assert_end(end, errors);
}

/* Nothing goes wrong. */
static void
sends(const char *flags_and_operands, const char *wanted, size_t n)
{
	char flags[8];
	const char *space = strchr(flags_and_operands, ' ');

	snprintf(flags, sizeof(flags), "%.*s", (int)(space - flags_and_operands),
	    flags_and_operands);
	sends_with(flags, space + 1, wanted, n, 0, 0);
}

/* One or more warnings come along. */
#define WARNS(flags, operands, errors, s) sends_with(flags, operands, s, sizeof(s) - 1, 0, errors)

START_TEST(rule_2_file)
{
	for (int wires = PIPES; wires <= SOCKETS; wires++) {
		setup.wires = (enum wires)wires;
		put_file("x", "hello", 0644);
		SENDS(" x", "C0644 5 x\nhello\0");
		put_file("x", "", 0600);
		SENDS(" x", "C0600 0 x\n\0");
	}
}
END_TEST

START_TEST(rule_2_modes)
{
	static const struct {
		mode_t	    mode;
		const char *wanted;
	} rows[] = {
		{ 0644, "C0644 1 x\nx" },	{ 0777, "C0777 1 x\nx" },
		{ 0400, "C0400 1 x\nx" },
		{ 0604, "C0604 1 x\nx" },	{ 04755, "C4755 1 x\nx" },
		{ 02755, "C2755 1 x\nx" },
		{ 06711, "C6711 1 x\nx" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		put_file("x", "x", rows[i].mode);
		ck_assert_uint_eq(mode_of("x"), rows[i].mode);
		sends_with("", "x", rows[i].wanted, strlen(rows[i].wanted) + 1, 0, 0);
		unlinkat(unit_fd, "x", 0);
	}
	put_dir("d", 02775);
	SENDS("r d", "D2775 0 d\nE\n");
}
END_TEST

START_TEST(rule_2_times_with_p)
{
	put_file("x", "hello", 0644);
	set_times("x", 1100000000, 1000000000);
	SENDS("p x", "T1100000000 0 1000000000 0\nC0644 5 x\nhello\0");
	SENDS(" x", "C0644 5 x\nhello\0");
	set_times("x", 6000000000, 5000000000);
	SENDS("p x", "T6000000000 0 5000000000 0\nC0644 5 x\nhello\0");
	set_times("x", 0, 1);
	SENDS("p x", "T0 0 1 0\nC0644 5 x\nhello\0");
	set_times("x", -5, -1000000000);
	SENDS("p x", "T0 0 0 0\nC0644 5 x\nhello\0");
}
END_TEST

START_TEST(rule_2_times_of_directories)
{
	put_dir("d", 0755);
	put_file("d/f", "hello", 0644);
	set_times("d/f", 1100000000, 1000000000);
	set_times("d", 1300000000, 1200000000);
	SENDS("rp d",
	    "T1300000000 0 1200000000 0\nD0755 0 d\n"
	    "T1100000000 0 1000000000 0\nC0644 5 f\nhello\0E\n");
}
END_TEST

START_TEST(rule_2_tree)
{
	put_dir("d", 0755);
	SENDS("r d", "D0755 0 d\nE\n");
	put_dir("d/sub", 0700);
	SENDS("r d", "D0755 0 d\nD0700 0 sub\nE\nE\n");
	put_file("d/sub/f", "hello", 0600);
	SENDS("r d", "D0755 0 d\nD0700 0 sub\nC0600 5 f\nhello\0E\nE\n");
	SENDS("r d/sub", "D0700 0 sub\nC0600 5 f\nhello\0E\n");
	SENDS(" d/sub/f", "C0600 5 f\nhello\0");
}
END_TEST

/* Where a body moves by itself, where with its status, and where in parts. */
START_TEST(rule_2_bodies_of_many_sizes)
{
	static const size_t sizes[] = { 1, 4095, 4096, 65534, 65535, 65536, 65537, 131072, 1048576,
	    1048577 };
	static char sent[1048577];

	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (char)(i * 31 + i / 251);
	for (int wires = PIPES; wires <= SOCKETS; wires++) {
		setup.wires = (enum wires)wires;
		for (size_t i = 0; i < COUNT(sizes); i++) {
			int fd = openat(unit_fd, "x", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
			    0644);
			char head[64];
			size_t n = (size_t)snprintf(head, sizeof(head), "C0644 %zu x\n", sizes[i]);

			ck_assert_int_eq(fchmod(fd, 0644), 0);
			ck_assert_int_eq(write(fd, sent, sizes[i]), (ssize_t)sizes[i]);
			close(fd);
			start("", "x");
			converse();
			assert_end(0, 0);
			ck_assert_uint_eq(wire.len, n + sizes[i] + 1);
			ck_assert_msg(memcmp(wire.bytes, head, n) == 0,
			    "expected \"%s\", got \"%s\"", head,
			    show(wire.bytes, n));
			ck_assert_msg(memcmp(wire.bytes + n, sent, sizes[i]) == 0,
			    "%zu bytes are not the file's",
			    sizes[i]);
			ck_assert_int_eq(wire.bytes[n + sizes[i]], 0);
		}
	}
}
END_TEST

/* A hole that nobody reads is nowhere in memory afterwards. */
START_TEST(rule_2_sparse_file)
{
	enum { SIZE = 300000 };
	static const char head[] = "C0644 300000 x\n";
	unsigned char there = 0;
	void *map;
	int fd;

	put_file("x", "", 0644);
	fd = openat(unit_fd, "x", O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(pwrite(fd, "end", 3, SIZE - 3), 3);
	map = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
	ck_assert_ptr_ne(map, MAP_FAILED);
	close(fd);
	start("", "x");
	converse();
	assert_end(0, 0);
	ck_assert_uint_eq(wire.len, strlen(head) + SIZE + 1);
	ck_assert_int_eq(memcmp(wire.bytes, head, strlen(head)), 0);
	for (size_t i = strlen(head); i < strlen(head) + SIZE - 3; i++)
		ck_assert_int_eq(wire.bytes[i], 0);
	ck_assert_str_eq(wire.bytes + strlen(head) + SIZE - 3, "end");
	ck_assert_int_eq(mincore(map, 1, &there), 0);
	ck_assert_msg((there & 1) == 0, "expected a hole that is not read, got a page of it");
}
END_TEST

START_TEST(rule_1_one_message_is_one_write)
{
	static const struct {
		const char *heard;
		size_t	    n;
		const char *reply;
	} steps[] = {
#define STEP(heard, reply) { heard, sizeof(heard) - 1, reply }
		STEP("T1100000000 0 1000000000 0\n", ""), STEP("D0755 0 d\n", ""),
		STEP("T1100000000 0 1000000000 0\n", ""), STEP("C0644 5 f\n", ""),
		STEP("hello\0", ""),
		STEP("E\n", ""), STEP("\1scp: no: No such file or directory\n", NULL),
		STEP("T1100000000 0 1000000000 0\n", ""), STEP("C0644 0 e\n", ""), STEP("\0", ""),
#undef STEP
	};

	put_dir("d", 0755);
	put_file("d/f", "hello", 0644);
	put_file("e", "", 0644);
	set_times("d/f", 1100000000, 1000000000);
	set_times("e", 1100000000, 1000000000);
	set_times("d", 1100000000, 1000000000);
	setup.wires = PACKETS;
	start("rp", "d|no|e");
	SAY("\0");
	for (size_t i = 0; i < COUNT(steps); i++) {
		char got[4096];
		ssize_t n = read(from, got, sizeof(got));

		ck_assert_msg(n == (ssize_t)steps[i].n &&
		    memcmp(got, steps[i].heard, steps[i].n) == 0,
		    "step %zu: expected \"%s\", got \"%s\"", i, show(steps[i].heard, steps[i].n),
		    show(got, n > 0 ? (size_t)n : 0));
		if (steps[i].reply != NULL)
			SAY("\0");
	}
	await_end(0, 1);
}
END_TEST

START_TEST(rule_3_last_component_is_the_name)
{
	put_dir("d", 0755);
	put_dir("d/sub", 0755);
	put_file("d/f", "hello", 0644);
	SENDS(" d/f", "C0644 5 f\nhello\0");
	SENDS(" ./d//f", "C0644 5 f\nhello\0");
	SENDS(" d/sub/../f", "C0644 5 f\nhello\0");
	SENDS("r d/sub///", "D0755 0 sub\nE\n");
	SENDS("r ./d/sub/", "D0755 0 sub\nE\n");
	SENDS(" d/f/", "C0644 5 f\nhello\0");
}
END_TEST

START_TEST(rule_3_absolute_operand)
{
	char operand[PATH_MAX];

	put_file("x", "hello", 0644);
	snprintf(operand, sizeof(operand), "%s/x", unit_path);
	sends_with("", operand, "C0644 5 x\nhello", sizeof("C0644 5 x\nhello"), 0, 0);
}
END_TEST

START_TEST(rule_3_dots_are_sent_by_the_directorys_own_name)
{
	static const char *const own_name[] = { ".", "./", "./.", "d/..", "d/../", "d/./.." };
	static const char *const d_name[] = { "d/.", "d/sub/..", "d/./", "l/sub/..", "l/." };
	char wanted[256];

	put_dir("d", 0711);
	put_dir("d/sub", 0700);
	put_link("d", "l");
	answers[0] = (struct answer){ .record = "D", .reply = "\1no\n" };
	snprintf(wanted, sizeof(wanted), "D0755 0 %s\n", strrchr(unit_path, '/') + 1);
	for (size_t i = 0; i < COUNT(own_name); i++)
		sends_with("r", own_name[i], wanted, strlen(wanted), 0, 1);
	for (size_t i = 0; i < COUNT(d_name); i++)
		sends_with("r", d_name[i], "D0711 0 d\n", strlen("D0711 0 d\n"), 0, 1);
	answers[0] = (struct answer){ .record = NULL };
	SENDS("r d/.|d/sub/..", "D0711 0 d\nD0700 0 sub\nE\nE\nD0711 0 d\nD0700 0 sub\nE\nE\n");
}
END_TEST

/* What comes behind a dot operand is found where it was before. */
START_TEST(rule_3_dots_do_not_move_us)
{
	put_dir("d", 0755);
	put_file("x", "hello", 0644);
	SENDS("r d/.|x", "D0755 0 d\nE\nC0644 5 x\nhello\0");
}
END_TEST

START_TEST(rule_3_root_has_no_name)
{
	static const char *const roots[] = { "/", "//", "/.", "/..", "/tmp/.." };

	put_file("x", "hello", 0644);
	for (size_t i = 0; i < COUNT(roots); i++) {
		char operands[64], line[LINE_BYTES];

		snprintf(operands, sizeof(operands), "%s|x", roots[i]);
		start("r", operands);
		SAY("\0");
		ck_assert(take_line(line));
		ck_assert_msg(strncmp(line, "\1scp: /", 7) == 0,
		    "%s: expected a warning, got \"%s\"", roots[i],
		    show(line, strlen(line)));
		HEAR("C0644 5 x\n");
		SAY("\0");
		HEAR("hello\0");
		SAY("\0");
		await_end(0, 1);
	}
}
END_TEST

START_TEST(rule_3_dots_without_r)
{
	put_dir("d", 0755);
	WARNS("", ".", 1, "\1scp: .: not a regular file\n");
	WARNS("", "d/..", 1, "\1scp: d/..: not a regular file\n");
	WARNS("", "/", 1, "\1scp: /: not a regular file\n");
}
END_TEST

START_TEST(rule_3_newline_in_a_name)
{
	put_file("a\nb", "hello", 0644);
	put_dir("c\nd\n", 0755);
	put_file("c\nd\n/e\nf", "below", 0644);
	SENDS(" a\nb", "C0644 5 a\\^Jb\nhello\0");
	SENDS("r c\nd\n", "D0755 0 c\\^Jd\\^J\nC0644 5 e\\^Jf\nbelow\0E\n");
	SENDS("r c\nd\n/.", "D0755 0 c\\^Jd\\^J\nC0644 5 e\\^Jf\nbelow\0E\n");
}
END_TEST

START_TEST(rule_3_newline_injects_no_record)
{
	put_file("a\nC0644 1 evil", "hello", 0644);
	SENDS(" a\nC0644 1 evil", "C0644 5 a\\^JC0644 1 evil\nhello\0");
}
END_TEST

START_TEST(rule_3_other_bytes_are_unchanged)
{
	static const char *const names[] = {
		"a\033[31m\007\r", "\xff\xfe", "\xc3\xa9", "a\\b", " a ", "*", "-rf", "\\^J", "~",
		    "\t",
	};

	for (size_t i = 0; i < COUNT(names); i++) {
		char wanted[64];

		put_file(names[i], "x", 0644);
		snprintf(wanted, sizeof(wanted), "C0644 1 %s\nx", names[i]);
		sends_with("", names[i], wanted, strlen(wanted) + 1, 0, 0);
		unlinkat(unit_fd, names[i], 0);
	}
}
END_TEST

START_TEST(rule_3_longest_name)
{
	char name[256], wanted[300];

	memset(name, 'n', sizeof(name) - 1);
	name[255] = '\0';
	put_file(name, "x", 0644);
	snprintf(wanted, sizeof(wanted), "C0644 1 %s\nx", name);
	sends_with("", name, wanted, strlen(wanted) + 1, 0, 0);
	unlinkat(unit_fd, name, 0);
	memset(name, '\n', sizeof(name) - 1);
	put_file(name, "x", 0644);
	start("", name);
	converse();
	ck_assert_uint_eq(wire.len, strlen("C0644 1 ") + 255 * strlen("\\^J") + strlen("\nx") + 1);
	assert_end(0, 0);
}
END_TEST

START_TEST(rule_4_control_bytes_are_escaped)
{
	WARNS("", "no\nsuch", 1, "\1scp: no\\012such: No such file or directory\n");
	WARNS("", "a\033[1m\177\x9b", 1, "\1scp: a\\033[1m\\177\\233: No such file or directory\n");
	WARNS("", "\xc3\xa9", 1, "\1scp: \xc3\xa9: No such file or directory\n");
	put_dir("d", 0755);
	put_link("nowhere", "d/a\nC0644 5 b");
	WARNS("r", "d", 1, "D0755 0 d\n\1scp: d/a\\012C0644 5 b: No such file or directory\nE\n");
}
END_TEST

START_TEST(rule_4_path_is_what_the_client_wrote)
{
	put_dir("d", 0755);
	put_link("nowhere", "d/l");
	WARNS("r", "./d", 1, "D0755 0 d\n\1scp: ./d/l: No such file or directory\nE\n");
	WARNS("r", "d/", 1, "D0755 0 d\n\1scp: d/l: No such file or directory\nE\n");
	WARNS("r", "d/../d", 1, "D0755 0 d\n\1scp: d/../d/l: No such file or directory\nE\n");
}
END_TEST

START_TEST(rule_4_long_path_is_shortened_in_its_middle)
{
	char path[3000], line[LINE_BYTES];

	memset(path, 'n', sizeof(path));
	for (size_t i = 200; i < sizeof(path); i += 200)
		path[i] = '/';
	memcpy(path, "begin", 5);
	memcpy(path + sizeof(path) - 4, "end", 4);
	start("", path);
	SAY("\0");
	ck_assert(take_line(line));
	ck_assert_uint_le(strlen(line), 502);
	ck_assert_msg(strncmp(line, "\1scp: beginnn", 12) == 0 && strstr(line, "n...n") != NULL &&
	    strstr(line, "nend: No such file or directory\n") != NULL, "got \"%s\"",
	    show(line, strlen(line)));
	await_end(0, 1);
}
END_TEST

START_TEST(rule_21_nothing_is_sent_before_the_first_byte)
{
	put_file("x", "hello", 0644);
	for (int wires = PIPES; wires <= SOCKETS; wires++) {
		setup.wires = (enum wires)wires;
		start("", "no|x");
		hang_up();
		await_end(-1, SOME);
	}
}
END_TEST

START_TEST(rule_21_operands_in_order)
{
	put_file("b", "22", 0644);
	put_file("a", "1", 0644);
	put_dir("d", 0755);
	WARNS("r", "b|no|a|d|no/such|b", 2,
	    "C0644 2 b\n22\0\1scp: no: No such file or directory\nC0644 1 a\n1\0D0755 0 d\nE\n"
	    "\1scp: no/such: No such file or directory\nC0644 2 b\n22\0");
	start("", NULL);
	converse();
	ck_assert_uint_eq(wire.len, 0);
	assert_end(0, 0);
}
END_TEST

START_TEST(rule_21_what_cannot_be_sent)
{
	put_file("x", "hello", 0644);
	put_dir("d", 0755);
	WARNS("", "", 1, "\1scp: : No such file or directory\n");
	WARNS("", "x/y", 1, "\1scp: x/y: Not a directory\n");
	WARNS("", "d", 1, "\1scp: d: not a regular file\n");
	WARNS("", "d/", 1, "\1scp: d: not a regular file\n");
	set_times("x", 11, 12);
	WARNS("p", "d|x", 1, "\1scp: d: not a regular file\nT11 0 12 0\nC0644 5 x\nhello\0");
}
END_TEST

START_TEST(rule_21_what_may_not_be_read)
{
	serve_a_user();
	put_dir("d", 0755);
	put_file("x", "hello", 0000);
	put_file("d/x", "hello", 0000);
	put_dir("closed", 0000);
	put_dir("d/closed", 0000);
	own("x", NOBODY);
	own("d/x", NOBODY);
	own("closed", NOBODY);
	own("d/closed", NOBODY);
	WARNS("", "x", 1, "\1scp: x: Permission denied\n");
	WARNS("r", "closed", 1, "\1scp: closed: Permission denied\n");
	WARNS("r", "closed/x", 1, "\1scp: closed/x: Permission denied\n");
	ck_assert_int_eq(unlinkat(unit_fd, "d/closed", AT_REMOVEDIR), 0);
	WARNS("r", "d", 1, "D0755 0 d\n\1scp: d/x: Permission denied\nE\n");
	unlinkat(unit_fd, "d/x", 0);
	put_dir("d/closed", 0000);
	own("d/closed", NOBODY);
	WARNS("r", "d", 1, "D0755 0 d\n\1scp: d/closed: Permission denied\nE\n");
}
END_TEST

START_TEST(rule_21_directory_that_may_not_be_searched)
{
	serve_a_user();
	put_dir("d", 0755);
	put_file("d/f", "hello", 0644);
	own("d", NOBODY);
	ck_assert_int_eq(fchmodat(unit_fd, "d", 0444, 0), 0);
	WARNS("r", "d", 1, "D0444 0 d\n\1scp: d/f: Permission denied\nE\n");
}
END_TEST

/* Hears the record of "x", lets CHANGE happen to it, and has it sent. */
static void
hear_record_of_x(const char *record)
{
	start("", "x");
	SAY("\0");
	hear(record, strlen(record));
}

static void
truncate_x(off_t size)
{
	int fd = openat(unit_fd, "x", O_WRONLY | O_CLOEXEC);

	ck_assert_int_eq(ftruncate(fd, size), 0);
	close(fd);
}

START_TEST(rule_22_file_that_shrinks)
{
	static const struct {
		size_t before, after;
	} rows[] = { { 5, 2 }, { 5, 0 }, { 70000, 1000 }, { 70000, 0 }, { 300000, 100000 },
	    { 2000000, 1500000 } };
	static char content[2000001];

	for (size_t i = 0; i < COUNT(rows); i++) {
		char record[64], line[LINE_BYTES];
		size_t got;
		const char *body;

		memset(content, 'x', rows[i].before);
		content[rows[i].before] = '\0';
		put_file("x", content, 0644);
		snprintf(record, sizeof(record), "C0644 %zu x\n", rows[i].before);
		hear_record_of_x(record);
		truncate_x((off_t)rows[i].after);
		SAY("\0");
		memset(content + rows[i].after, 0, rows[i].before - rows[i].after);
		body = take(rows[i].before, &got);
		ck_assert_uint_eq(got, rows[i].before);
		ck_assert_msg(memcmp(body, content, got) == 0,
		    "%zu to %zu bytes: not what is left and zeros",
		    rows[i].before, rows[i].after);
		ck_assert(take_line(line));
		ck_assert_msg(strncmp(line, "\1scp: x: ", 9) == 0 && strstr(line, "shrank") != NULL,
		    "expected a warning, got \"%s\"", show(line, strlen(line)));
		SAY("\0");
		await_end(0, 1);
	}
}
END_TEST

/* Of a file that says it has less than nothing, nothing is sent. */
START_TEST(rule_22_file_of_a_size_that_is_none)
{
	static const off_t sizes[] = { -1, INT64_MIN };

	put_file("x", "hello", 0644);
	put_file("y", "", 0644);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		size_lies = true;
		size_said = sizes[i];
		WARNS("", "x|y", 2, "\1scp: x: Value too large for defined data type\n"
		    "\1scp: y: Value too large for defined data type\n");
		/* What it takes on the disk may be anything. */
		size_said = 5;
		blocks_said = sizes[i];
		SENDS(" x", "C0644 5 x\nhello\0");
		size_lies = false;
	}
}
END_TEST

START_TEST(rule_22_file_that_grows)
{
	put_file("x", "hello", 0644);
	hear_record_of_x("C0644 5 x\n");
	put_file("x", "hello world", 0644);
	SAY("\0");
	HEAR("hello\0");
	SAY("\0");
	await_end(0, 0);
}
END_TEST

START_TEST(rule_22_large_file_that_grows)
{
	static char content[200001];
	size_t got;
	const char *body;

	memset(content, 'x', 200000);
	content[100000] = '\0';
	put_file("x", content, 0644);
	hear_record_of_x("C0644 100000 x\n");
	content[100000] = 'x';
	put_file("x", content, 0644);
	SAY("\0");
	body = take(100001, &got);
	ck_assert_uint_eq(got, 100001);
	ck_assert_int_eq(memcmp(body, content, 100000), 0);
	ck_assert_int_eq(body[100000], 0);
	SAY("\0");
	await_end(0, 0);
}
END_TEST

START_TEST(rule_22_file_that_is_removed)
{
	put_file("x", "hello", 0644);
	hear_record_of_x("C0644 5 x\n");
	ck_assert_int_eq(unlinkat(unit_fd, "x", 0), 0);
	SAY("\0");
	HEAR("hello\0");
	SAY("\0");
	await_end(0, 0);
}
END_TEST

/* A tree in which each record can be refused; the order of the operands is that of the wire. */
static void
put_refusable(void)
{
	put_file("a", "1", 0644);
	put_dir("d", 0755);
	put_file("d/f", "2", 0644);
	put_file("b", "3", 0644);
}

/* Once for each conversation: being read changes the time of that. */
static void
age_refusable(void)
{
	set_times("a", 11, 11);
	set_times("d/f", 12, 12);
	set_times("d", 13, 13);
	set_times("b", 14, 14);
}

static void
answer(const char *record, bool to_body, const char *reply)
{
	answers[0] = (struct answer){ .record = record, .reply = reply, .to_body = to_body };
}

START_TEST(rule_23_refused_entries_are_skipped)
{
	put_refusable();
	answer("C0644 1 a", false, "\1no\n");
	WARNS("r", "a|d|b", 1, "C0644 1 a\nD0755 0 d\nC0644 1 f\n2\0E\nC0644 1 b\n3\0");
	answer("D", false, "\1no\n");
	WARNS("r", "a|d|b", 1, "C0644 1 a\n1\0D0755 0 d\nC0644 1 b\n3\0");
	answer("C0644 1 f", false, "\1no\n");
	WARNS("r", "a|d|b", 1, "C0644 1 a\n1\0D0755 0 d\nC0644 1 f\nE\nC0644 1 b\n3\0");
	answer("E", false, "\1no\n");
	WARNS("r", "a|d|b", 1, "C0644 1 a\n1\0D0755 0 d\nC0644 1 f\n2\0E\nC0644 1 b\n3\0");
	answer("T11 ", false, "\1no\n");
	age_refusable();
	WARNS("rp", "a|b", 1, "T11 0 11 0\nT14 0 14 0\nC0644 1 b\n3\0");
	answer("T13 ", false, "\1no\n");
	age_refusable();
	WARNS("rp", "d|b", 1, "T13 0 13 0\nT14 0 14 0\nC0644 1 b\n3\0");
	answer("T12 ", false, "\1\n");
	age_refusable();
	WARNS("rp", "d|b", 1, "T13 0 13 0\nD0755 0 d\nT12 0 12 0\nE\nT14 0 14 0\nC0644 1 b\n3\0");
	answer("C0644 1 a", true, "\1disk full\n");
	WARNS("r", "a|b", 1, "C0644 1 a\n1\0C0644 1 b\n3\0");
	answer("C0644 1 f", true, "\1disk full\n");
	WARNS("r", "d|b", 1, "D0755 0 d\nC0644 1 f\n2\0E\nC0644 1 b\n3\0");
	answer("C", false, "\1no\n");
	WARNS("r", "a|d|b", 3, "C0644 1 a\nD0755 0 d\nC0644 1 f\nE\nC0644 1 b\n");
}
END_TEST

START_TEST(rule_23_fatal_reply_ends_the_session)
{
	static const struct {
		const char *record;
		bool	    to_body;
		const char *wanted;	/* '#' is a zero */
	} rows[] = {
		{ "T11 ", false, "T11 0 11 0\n" },
		{ "C0644 1 a", false, "T11 0 11 0\nC0644 1 a\n" },
		{ "T13 ", false, "T11 0 11 0\nC0644 1 a\n1#T13 0 13 0\n" },
		{ "D", false, "T11 0 11 0\nC0644 1 a\n1#T13 0 13 0\nD0755 0 d\n" },
		{ "C0644 1 a", true, "T11 0 11 0\nC0644 1 a\n1#" },
	};
	/* A fatal error, and what is no reply but a text. */
	static const char *const replies[] = { "\2no\n", "what is this?\n", "\3\n", "X\n" };

	put_refusable();
	for (size_t i = 0; i < COUNT(rows); i++)
		for (size_t r = 0; r < COUNT(replies); r++) {
			char wanted[128];
			size_t n = strlen(rows[i].wanted);

			strcpy(wanted, rows[i].wanted);
			for (size_t at = 0; at < n; at++)
				if (wanted[at] == '#')
					wanted[at] = '\0';
			answer(rows[i].record, rows[i].to_body, replies[r]);
			age_refusable();
			sends_with("rp", "a|d|b", wanted, n, -1, SOME);
		}
}
END_TEST

START_TEST(rule_23_first_byte_may_be_a_warning)
{
	put_file("x", "hello", 0644);
	start("", "x");
	SAY("\1no\n");
	HEAR("C0644 5 x\n");
	SAY("\0");
	HEAR("hello\0");
	SAY("\0");
	await_end(0, 1);
	start("", "x");
	SAY("\2no\n");
	await_end(-1, SOME);
}
END_TEST

START_TEST(rule_23_long_warning_is_one_warning)
{
	static char reply[30000];

	put_refusable();
	memset(reply, 'e', sizeof(reply) - 2);
	reply[0] = 1;
	reply[sizeof(reply) - 2] = '\n';
	answer("C0644 1 a", false, reply);
	WARNS("", "a|b", 1, "C0644 1 a\nC0644 1 b\n3\0");
}
END_TEST

START_TEST(rule_23_warning_may_come_in_pieces)
{
	put_refusable();
	start("", "a|b");
	SAY("\0");
	HEAR("C0644 1 a\n");
	SAY("\1");
	SAY("n");
	SAY("o\n");
	HEAR("C0644 1 b\n");
	SAY("\0");
	HEAR("3\0");
	SAY("\0");
	await_end(0, 1);
}
END_TEST

START_TEST(rule_23_one_byte_is_read_per_reply)
{
	char left[16];
	ssize_t n;

	put_refusable();
	start("", "a|b");
	/* All replies at once, one of them with its text, and what is not ours. */
	SAY("\0\0\0\1no\nstray");
	HEAR("C0644 1 a\n1\0C0644 1 b\n");
	await_server();
	assert_end(0, 1);
	n = read(their_in, left, sizeof(left));
	ck_assert_msg(n == 5 && memcmp(left, "stray", 5) == 0,
	    "expected \"stray\" to be left, got \"%s\"",
	    show(left, n > 0 ? (size_t)n : 0));
	close_wires();
}
END_TEST

START_TEST(rule_23_file_that_says_it_is_empty)
{
	char line[LINE_BYTES], *body;
	size_t size, got;

	start("", "/proc/self/status");
	SAY("\0");
	ck_assert(take_line(line));
	ck_assert_msg(sscanf(line, "C0444 %zu status\n", &size) == 1 && size > 100, "got \"%s\"",
	    show(line, strlen(line)));
	SAY("\0");
	body = take(size, &got);
	ck_assert_uint_eq(got, size);
	ck_assert_int_eq(memcmp(body, "Name:", 5), 0);
	ck_assert_int_eq(body[size - 1], '\n');
	ck_assert_ptr_null(memchr(body, '\0', size));
	HEAR("\0");
	SAY("\0");
	await_end(0, 0);
}
END_TEST

START_TEST(rule_23_directory_whose_reading_fails)
{
	put_dir("d", 0755);
	put_file("x", "hello", 0644);
	start("r", "d|x");
	SAY("\0");
	HEAR("D0755 0 d\n");
	/* What is read of a directory that is no more is an error. */
	ck_assert_int_eq(unlinkat(unit_fd, "d", AT_REMOVEDIR), 0);
	SAY("\0");
	HEAR("\1scp: d: No such file or directory\nE\n");
	SAY("\0");
	HEAR("C0644 5 x\n");
	SAY("\0");
	HEAR("hello\0");
	SAY("\0");
	await_end(0, 1);
}
END_TEST

START_TEST(rule_24_links_are_followed)
{
	put_dir("d", 0755);
	put_file("x", "hello", 0640);
	put_link("x", "l");
	put_link("l", "ll");
	put_link("d", "ld");
	put_link("../x", "d/below");
	SENDS(" l", "C0640 5 l\nhello\0");
	SENDS(" ll", "C0640 5 ll\nhello\0");
	SENDS("r ld", "D0755 0 ld\nC0640 5 below\nhello\0E\n");
	SENDS("r ld/", "D0755 0 ld\nC0640 5 below\nhello\0E\n");
	SENDS("r ld/below", "C0640 5 below\nhello\0");
	WARNS("", "ld", 1, "\1scp: ld: not a regular file\n");
}
END_TEST

START_TEST(rule_24_times_and_modes_are_those_of_what_is_sent)
{
	put_file("x", "hello", 0640);
	set_times("x", 11, 12);
	put_link("x", "l");
	SENDS("p l", "T11 0 12 0\nC0640 5 l\nhello\0");
}
END_TEST

START_TEST(rule_24_links_that_lead_nowhere)
{
	put_link("nowhere", "dangling");
	put_link("loop", "loop");
	put_dir("d", 0755);
	put_link("nowhere", "d/l");
	WARNS("", "dangling", 1, "\1scp: dangling: No such file or directory\n");
	WARNS("r", "loop", 1, "\1scp: loop: Too many levels of symbolic links\n");
	WARNS("r", "d", 1, "D0755 0 d\n\1scp: d/l: No such file or directory\nE\n");
}
END_TEST

START_TEST(rule_24_directory_loop_is_refused_once)
{
	put_dir("d", 0755);
	put_link(".", "d/l");
	WARNS("r", "d", 1, "D0755 0 d\n\1scp: d/l: Too many levels of symbolic links\nE\n");
	put_link("d/l", "behind");
	WARNS("r", "behind", 1,
	    "D0755 0 behind\n\1scp: behind/l: Too many levels of symbolic links\nE\n");
}
END_TEST

START_TEST(rule_24_loop_over_two_directories)
{
	put_dir("a", 0755);
	put_dir("b", 0755);
	put_link("../b", "a/x");
	put_link("../a", "b/y");
	WARNS("r", "a", 1,
	    "D0755 0 a\nD0755 0 x\n\1scp: a/x/y: Too many levels of symbolic links\nE\nE\n");
	WARNS("r", "a|b", 2,
	    "D0755 0 a\nD0755 0 x\n\1scp: a/x/y: Too many levels of symbolic links\nE\nE\n"
	    "D0755 0 b\nD0755 0 y\n\1scp: b/y/x: Too many levels of symbolic links\nE\nE\n");
}
END_TEST

/* The same directory beside itself is no loop. */
START_TEST(rule_24_same_directory_twice)
{
	put_dir("d", 0755);
	put_link("../out", "d/l");
	put_dir("out", 0711);
	SENDS("r d|d", "D0755 0 d\nD0711 0 l\nE\nE\nD0755 0 d\nD0711 0 l\nE\nE\n");
	SENDS("r out|d", "D0711 0 out\nE\nD0755 0 d\nD0711 0 l\nE\nE\n");
}
END_TEST

/* Twenty directories, each with two links to the next: 2^20 ways, and those are bounded. */
START_TEST(links_to_directories_are_followed_so_often_and_no_more)
{
	static char line[LINE_BYTES];
	unsigned dirs = 0, warnings = 0;
	char name[32], text[32];

	for (int i = 0; i <= 20; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		put_dir(name, 0755);
		snprintf(text, sizeof(text), "../d%d", i + 1);
		for (int k = 0; i < 20 && k < 2; k++) {
			snprintf(name, sizeof(name), "d%d/%d", i, k);
			put_link(text, name);
		}
	}
	start("r", "d0");
	SAY("\0");
	for (; take_line(line); wire.len = 0) {
		dirs += line[0] == 'D';
		warnings += line[0] == 1;
		if (line[0] != 1)
			SAY("\0");
	}
	await_server();
	close_wires();
	ck_assert_uint_eq(dirs, 1 + DESCENT_LINKS_MAX);
	ck_assert_uint_eq(warnings, 1);
	assert_end(0, 1);
}
END_TEST

START_TEST(rule_24_special_files_are_looked_at_and_not_opened)
{
	static const char *const paths[] = { "fifo", "d/fifo" };
	char event[4096], path[PATH_MAX];
	int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	put_dir("d", 0755);
	ck_assert_int_eq(mkfifoat(unit_fd, "fifo", 0644), 0);
	ck_assert_int_eq(mkfifoat(unit_fd, "d/fifo", 0644), 0);
	make_socket("socket");
	put_link("fifo", "l");
	for (size_t i = 0; i < COUNT(paths); i++) {
		snprintf(path, sizeof(path), "%s/%s", unit_path, paths[i]);
		ck_assert_int_ge(inotify_add_watch(watch, path, IN_OPEN), 0);
	}
	for (int r = 0; r <= 1; r++) {
		WARNS(r ? "r" : "", "fifo", 1, "\1scp: fifo: not a regular file\n");
		WARNS(r ? "r" : "", "l", 1, "\1scp: l: not a regular file\n");
		WARNS(r ? "r" : "", "socket", 1, "\1scp: socket: not a regular file\n");
		WARNS(r ? "r" : "", "/dev/null", 1, "\1scp: /dev/null: not a regular file\n");
		WARNS(r ? "r" : "", "/dev/zero", 1, "\1scp: /dev/zero: not a regular file\n");
	}
	WARNS("r", "d", 1, "D0755 0 d\n\1scp: d/fifo: not a regular file\nE\n");
	ck_assert_msg(read(watch, event, sizeof(event)) == -1, "expected that no FIFO is opened");
	close(watch);
}
END_TEST

START_TEST(rule_24_fifo_with_a_writer_is_none_the_better)
{
	int fd;

	ck_assert_int_eq(mkfifoat(unit_fd, "fifo", 0644), 0);
	fd = openat(unit_fd, "fifo", O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(write(fd, "hello", 5), 5);
	WARNS("", "fifo", 1, "\1scp: fifo: not a regular file\n");
	close(fd);
}
END_TEST

START_TEST(rule_24_device_below_a_directory)
{
	if (lacks_root("making devices"))
		return;
	put_dir("d", 0755);
	ck_assert_int_eq(mknodat(unit_fd, "d/null", S_IFCHR | 0666, makedev(1, 3)), 0);
	WARNS("r", "d", 1, "D0755 0 d\n\1scp: d/null: not a regular file\nE\n");
}
END_TEST

START_TEST(rule_25_ends_after_the_last_reply)
{
	put_dir("d", 0755);
	put_file("d/f", "hello", 0644);
	for (int wires = PIPES; wires <= SOCKETS; wires++) {
		setup.wires = (enum wires)wires;
		start("r", "d");
		converse();	/* Which never hangs up. */
		assert_end(0, 0);
	}
}
END_TEST

/* Where a reply never comes, all that is said before it is heard, and nothing behind it. */
START_TEST(rule_25_client_that_ends_anywhere)
{
	static const struct {
		const char *heard;
		size_t	    n;
	} steps[] = {
#define STEP(heard) { heard, sizeof(heard) - 1 }
		STEP(""), STEP("T13 0 13 0\n"), STEP("D0755 0 d\n"), STEP("T12 0 12 0\n"),
		STEP("C0644 1 f\n"),
		STEP("2\0"), STEP("E\n"), STEP("T11 0 11 0\n"), STEP("C0644 1 a\n"),
#undef STEP
	};
	enum { WHOLE = 5 };	/* of the steps: a body */

	put_refusable();
	for (int wires = PIPES; wires <= SOCKETS; wires++)
		for (size_t at = 0; at < COUNT(steps); at++) {
			setup.wires = (enum wires)wires;
			age_refusable();
			start("rp", "d|a");
			for (size_t i = 0; i <= at; i++) {
				hear(steps[i].heard, steps[i].n);
				if (i < at)
					SAY("\0");
			}
			hang_up();
			/* Whoever has all of a file, and does not say so, has lost nothing. */
			await_end(-1, at == WHOLE ? 0 : SOME);
		}
}
END_TEST

START_TEST(rule_25_client_that_ends_in_a_reply)
{
	put_refusable();
	start("", "a|b");
	SAY("\0");
	HEAR("C0644 1 a\n");
	SAY("\1no");
	hang_up();
	await_end(-1, SOME);
}
END_TEST

START_TEST(rule_25_client_that_leaves_after_the_last_body)
{
	size_t got;

	put_file("x", "hello", 0644);
	hear_record_of_x("C0644 5 x\n");
	SAY("\0");
	HEAR("hello\0");
	hang_up();
	take(1, &got);
	ck_assert_uint_eq(got, 0);
	await_server();		/* And has nothing to say to anybody. */
	close_wires();
}
END_TEST

START_TEST(client_that_does_not_listen)
{
	static char content[300001];

	memset(content, 'x', sizeof(content) - 1);
	put_file("x", content, 0644);
	for (int wires = PIPES; wires <= SOCKETS; wires++) {
		setup.wires = (enum wires)wires;
		hear_record_of_x("C0644 300000 x\n");
		SAY("\0");
		close(from);
		if (setup.wires == PIPES)
			close(to);
		await_server();
		assert_end(-1, (int)outcome->errors);
	}
}
END_TEST

/* Each of the names seen[0..n), written as numbers, was sent as a file just once. */
static void
assert_each_once(size_t n)
{
	static unsigned char seen[10000];
	size_t i = 0, files = 0;

	ck_assert_uint_le(n, sizeof(seen));
	memset(seen, 0, sizeof(seen));
	while (i < wire.len) {
		const char *line = wire.bytes + i;
		const char *end = memchr(line, '\n', wire.len - i);
		unsigned number;
		size_t size;

		ck_assert_ptr_nonnull(end);
		i += (size_t)(end - line) + 1;
		if (line[0] != 'C')
			continue;
		ck_assert_int_eq(sscanf(line, "C0644 %zu %u\n", &size, &number), 2);
		ck_assert_uint_lt(number, n);
		ck_assert_msg(seen[number] == 0, "%u was sent twice", number);
		seen[number] = 1;
		files++;
		i += size + 1;
	}
	ck_assert_msg(files == n, "expected %zu files, got %zu", n, files);
}

START_TEST(thousands_of_entries_are_sent_once_each)
{
	enum { N = 2500 };	/* some buffers full */

	put_dir("d", 0755);
	put_file("x", "x", 0644);
	for (int i = 0; i < N; i++) {
		char name[64];

		snprintf(name, sizeof(name), "d/%d", i);
		ck_assert_int_eq(linkat(unit_fd, "x", unit_fd, name, 0), 0);
	}
	start("r", "d");
	converse();
	assert_end(0, 0);
	assert_each_once(N);
	ck_assert_int_eq(memcmp(wire.bytes, "D0755 0 d\n", 10), 0);
	ck_assert_int_eq(memcmp(wire.bytes + wire.len - 2, "E\n", 2), 0);
}
END_TEST

/* Levels that take each other's buffers in the middle of their entries. */
START_TEST(deeper_than_the_listing_keeps)
{
	enum { WIDE = 1500, CHAINS = 6, DEEP = 3 * LISTING_SLOTS + 1 };
	int number = 0;
	char path[PATH_MAX];

	put_dir("d", 0755);
	put_file("empty", "", 0644);
	for (int c = 0; c < CHAINS; c++) {
		size_t len = (size_t)snprintf(path, sizeof(path), "d");

		for (int i = 0; i < WIDE / CHAINS; i++) {
			snprintf(path + len, sizeof(path) - len, "/%d", number++);
			ck_assert_int_eq(linkat(unit_fd, "empty", unit_fd, path, 0), 0);
		}
		for (int depth = 0; depth < DEEP; depth++) {
			size_t before = len;

			len += (size_t)snprintf(path + len, sizeof(path) - len, "/c%d", c);
			put_dir(path, 0755);
			for (int i = 0; i < 3; i++) {
				snprintf(path + len, sizeof(path) - len, "/%d", number++);
				put_file(path, "y", 0644);
			}
			path[len] = '\0';
			ck_assert_uint_gt(len, before);
		}
	}
	start("r", "d");
	converse();
	assert_end(0, 0);
	assert_each_once((size_t)number);
}
END_TEST

START_TEST(rule_29_deep_trees)
{
	enum { DEEP = 1100 };
	static char path[2 * DEEP + 2];
	size_t depth = 0, deepest = 0, ends = 0;

	path[0] = 'd';
	put_dir(path, 0755);
	for (size_t i = 1; i < 2 * DEEP; i += 2) {
		memcpy(path + i, "/a", 3);
		put_dir(path, 0755);
	}
	put_file("d/f", "", 0644);
	setup.descriptors = 64;
	start("r", "d");
	converse();
	assert_end(0, 0);
	for (size_t i = 0; i < wire.len; i++) {
		if (wire.bytes[i] == 'D')
			depth++;
		if (depth > deepest)
			deepest = depth;
		ends += wire.bytes[i] == 'E';
	}
	ck_assert_uint_eq(deepest, DEEP + 1);
	ck_assert_uint_eq(ends, DEEP + 1);
}
END_TEST

START_TEST(policy_limits_the_depth)
{
	policy = drop_in_policy();
	policy.max_depth = 3;
	put_dir("a", 0755);
	put_dir("a/b", 0755);
	put_dir("a/b/c", 0755);
	SENDS("r a", "D0755 0 a\nD0755 0 b\nD0755 0 c\nE\nE\nE\n");
	put_dir("a/b/c/d", 0755);
	WARNS("r", "a", 1,
	    "D0755 0 a\nD0755 0 b\nD0755 0 c\n\1scp: a/b/c/d: directories are nested too deeply\n"
	    "E\nE\nE\n");
	SENDS("r a/b", "D0755 0 b\nD0755 0 c\nD0755 0 d\nE\nE\nE\n");
}
END_TEST

START_TEST(rule_26_d_is_without_effect)
{
	put_file("x", "hello", 0644);
	SENDS("d x", "C0644 5 x\nhello\0");
}
END_TEST

/*
 * Policies.  The root is a directory "top", the server a user whom permissions bind, and whatever
 * is said of a path in the log is said from the root on.
 */
/* Nothing but one warning about OPERAND. */
static void
is_refused(const char *flags, const char *operand, const char *reason)
{
	char wanted[2 * PATH_MAX];
	const char *path = path_of(operand);
	size_t len = strlen(path);
	int n;

	while (len > 1 && path[len - 1] == '/')
		len--;
	n = snprintf(wanted, sizeof(wanted), "\1scp: %.*s: %s\n", (int)len, path, reason);
	sends_with(flags, path, wanted, (size_t)n, 0, 1);
}

START_TEST(confined_operands)
{
	static const struct {
		const char *start, *operand;
		const char *path;	/* that the log knows */
	} rows[] = {
		{ "", "x", "x" },		{ "", "/x", "x" },	{ "", "./x", "x" },
		{ "", "//x/", "x" },		{ "", "d/../x", "x" },	{ "", "no/../x", "x" },
		{ "", "d/x", "d/x" },		{ "", "/d//x", "d/x" },
		{ "", "%/top/x", "x" },		{ "", "%/top//d/./x", "d/x" },
		{ "d", "x", "d/x" },		{ "d", "../x", "x" },	{ "d", "/x", "x" },
		{ "d", "/d/x", "d/x" },		{ "d", "%/top/x", "x" },
		{ "d", "./../d/x", "d/x" },
	};

	confine();
	put_file("top/x", "hello", 0644);
	put_dir("top/d", 0755);
	put_file("top/d/x", "world", 0644);
	for (size_t i = 0; i < COUNT(rows); i++) {
		bool below = rows[i].path[0] == 'd';
		char logged[128];

		setup.start = rows[i].start;
		sends_with("", path_of(rows[i].operand),
		    below ? "C0644 5 x\nworld" : "C0644 5 x\nhello",
		    sizeof("C0644 5 x\nhello"), 0, 0);
		snprintf(logged, sizeof(logged),
		    "close \"/%s\" bytes read 5 written 0 seconds # mode 0644\n", rows[i].path);
		log_is(logged);
	}
	setup.start = "";
	is_refused("", "no", "No such file or directory");
	is_refused("", "", "No such file or directory");
	is_refused("", "%/topx/x", "No such file or directory");
	is_refused("", "x/y", "Not a directory");
	is_refused("", "~/x", "No such file or directory");
}
END_TEST

/* By whatever path, it is sent under the name that it has. */
START_TEST(the_root_itself_is_sent)
{
	static const char *const operands[] = {
		".", "/", "./", "//", "d/..", "/d/../", "%/top", "%/top/", "%/top/d/..",
	};

	confine();
	for (size_t i = 0; i < COUNT(operands); i++) {
		sends_with("r", path_of(operands[i]), "D0755 0 top\nE\n", 14, 0, 0);
		log_is("opendir \"/\"\n");
		is_refused("", operands[i], "not a regular file");
		log_is("refused \"/\" reason \"not a regular file\"\n");
	}
	put_dir("top/d", 0700);
	own("top/d", NOBODY);
	setup.start = "d";
	SENDS("r .", "D0700 0 d\nE\n");
	SENDS("r ..", "D0755 0 top\nD0700 0 d\nE\nE\n");
	log_is("opendir \"/d\"\nopendir \"/\"\nopendir \"/d\"\n");
	setup.root = "/";
	setup.start = "";
	is_refused("r", "/", "it has no name");
	is_refused("r", ".", "it has no name");
}
END_TEST

START_TEST(nothing_is_sent_from_outside_of_the_root)
{
	static const char *const operands[] = {
		"..", "../", "../secret", "../top/x", "/..", "/../secret", "d/../../secret",
		"../../../../../../etc/passwd", "%/top/..", "%/top/../secret",
	};

	confine();
	put_file("secret", "secret", 0644);
	put_file("top/x", "hello", 0644);
	put_dir("top/d", 0755);
	for (size_t i = 0; i < COUNT(operands); i++) {
		is_refused("", operands[i], OUTSIDE);
		is_refused("r", operands[i], OUTSIDE);
	}
	/* The session goes on. */
	WARNS("", "../secret|x", 1, "\1scp: ../secret: " OUTSIDE "\nC0644 5 x\nhello\0");
}
END_TEST

static void
put_names(void)
{
	confine();
	add_rule(false, "no.*");
	add_rule(true, "*.txt");
	put_dir("top/d", 0755);
	put_file("top/d/a.txt", "hello", 0644);
	put_file("top/d/.a.txt", "secret", 0644);
	put_file("top/d/no.txt", "secret", 0644);
	put_file("top/d/a.csv", "secret", 0644);
	put_dir("top/d/.git", 0755);
	put_file("top/d/.git/a.txt", "secret", 0644);
	put_dir("top/d/no.d", 0755);
	put_file("top/d/no.d/a.txt", "secret", 0644);
}

START_TEST(names_that_are_not_allowed_are_not_there)
{
	put_names();
	/* Not even looked at. */
	put_dir("top/d/.closed", 0);
	put_file("top/d/.secret", "", 0);
	put_link("nowhere", "top/d/.l");
	put_link("nowhere", "top/d/no.l");
	ck_assert_int_eq(mkfifoat(unit_fd, "top/d/no.fifo", 0644), 0);
	SENDS("r d", "D0755 0 d\nC0644 5 a.txt\nhello\0E\n");
	log_is("opendir \"/d\"\nclose \"/d/a.txt\" bytes read 5 written 0 seconds # mode 0644\n");
	SENDS("r .", "D0755 0 top\nD0755 0 d\nC0644 5 a.txt\nhello\0E\nE\n");
	/* Directories need not be allowed. */
	put_dir("top/e", 0755);
	put_dir("top/e/csv", 0755);
	put_file("top/e/csv/b.txt", "", 0600);
	own("top/e/csv/b.txt", NOBODY);
	SENDS("r e", "D0755 0 e\nD0755 0 csv\nC0600 0 b.txt\n\0E\nE\n");
}
END_TEST

/* Nor what could not be sent if it were. */
START_TEST(files_that_are_not_allowed_are_not_there_either)
{
	confine();
	add_rule(true, "*.txt");
	put_dir("top/d", 0755);
	put_file("top/d/secret.key", "secret", 0);
	SENDS("r d", "D0755 0 d\nE\n");
	log_is("opendir \"/d\"\n");
}
END_TEST

START_TEST(names_that_are_not_allowed_are_refused)
{
	static const struct {
		const char *operand, *why;
	} rows[] = {
		{ "d/.a.txt", HIDDEN },		{ "d/.git/a.txt", HIDDEN },
		{ "d/.git", HIDDEN },
		{ ".no", HIDDEN },		{ ".no/such.txt", HIDDEN },
		{ "%/top/d/.a.txt", HIDDEN },
		{ "d/no.txt", DENIED },		{ "d/no.d", DENIED },
		{ "d/no.d/a.txt", DENIED },	{ "no.such/a.txt", DENIED },
		{ "d/a.csv", DENIED },
	};

	put_names();
	for (size_t i = 0; i < COUNT(rows); i++) {
		char logged[256];
		const char *operand = rows[i].operand;

		is_refused("r", operand, rows[i].why);
		if (operand[0] == '%')
			operand += strlen("%/top/");
		snprintf(logged, sizeof(logged), "refused \"/%s\" reason \"%s\"\n", operand,
		    rows[i].why);
		log_is(logged);
		is_refused("", rows[i].operand, rows[i].why);
		log_is(logged);
	}
	WARNS("", "d/.a.txt|d/a.txt", 1, "\1scp: d/.a.txt: " HIDDEN "\nC0644 5 a.txt\nhello\0");
	/* What is hidden by a link's name is. */
	policy.symlinks = SYMLINKS_BENEATH;
	put_link("a.txt", "top/d/.l.txt");
	put_link("a.txt", "top/d/l.csv");
	put_link("a.txt", "top/d/l.txt");
	is_refused("", "d/.l.txt", HIDDEN);
	is_refused("", "d/l.csv", DENIED);
	SENDS(" d/l.txt", "C0644 5 l.txt\nhello\0");
	/* And is not there for whoever asks for all there is. */
	put_dir("top/e", 0755);
	put_link("../d/a.txt", "top/e/l.csv");
	put_link("../d/a.txt", "top/e/.l.txt");
	SENDS("r e", "D0755 0 e\nE\n");
}
END_TEST

START_TEST(names_are_judged_without_a_root)
{
	policy = drop_in_policy();
	policy.hidden = POLICY_NO;
	add_rule(false, "no.*");
	put_dir("d", 0755);
	put_file("d/.a", "secret", 0644);
	put_file("d/no.a", "secret", 0644);
	put_file("d/a", "hello", 0644);
	SENDS("r d", "D0755 0 d\nC0644 5 a\nhello\0E\n");
	is_refused("", "d/.a", HIDDEN);
	is_refused("", "d/no.a", DENIED);
	is_refused("", "%/d/.a", HIDDEN);
	is_refused("", "no.d/a", DENIED);
}
END_TEST

START_TEST(links_are_not_followed)
{
	confine();
	put_file("top/x", "hello", 0644);
	put_file("secret", "secret", 0644);
	put_dir("top/d", 0755);
	put_link("x", "top/l");
	put_link("d", "top/ld");
	put_link("../secret", "top/out");
	put_link("loop", "top/loop");
	put_link("../x", "top/d/l");
	put_dir("top/e", 0755);
	put_link("..", "top/e/l");
	is_refused("", "l", NO_LINKS);
	is_refused("r", "l", NO_LINKS);
	is_refused("r", "ld", NO_LINKS);
	is_refused("r", "ld/", NO_LINKS);
	is_refused("", "ld/l", NO_LINKS);
	is_refused("", "out", NO_LINKS);
	is_refused("", "loop", NO_LINKS);
	is_refused("", "d/l", NO_LINKS);
	log_clear();
	WARNS("r", "d|e|x", 2,
	    "D0755 0 d\n\1scp: d/l: " NO_LINKS "\nE\n"
	    "D0755 0 e\n\1scp: e/l: " NO_LINKS "\nE\n"
	    "C0644 5 x\nhello\0");
	log_is("opendir \"/d\"\nrefused \"/d/l\" reason \"" NO_LINKS "\"\n"
	    "opendir \"/e\"\nrefused \"/e/l\" reason \"" NO_LINKS "\"\n"
	    "close \"/x\" bytes read 5 written 0 seconds # mode 0644\n");
}
END_TEST

START_TEST(links_are_followed_beneath_the_root)
{
	confine();
	policy.symlinks = SYMLINKS_BENEATH;
	put_file("top/x", "hello", 0640);
	own("top/x", NOBODY);
	put_dir("top/d", 0755);
	put_dir("top/e", 0711);
	own("top/e", NOBODY);
	put_link("x", "top/l");
	put_link("l", "top/ll");
	put_link("d", "top/ld");
	put_link("../x", "top/d/l");
	SENDS(" l", "C0640 5 l\nhello\0");
	SENDS(" ll", "C0640 5 ll\nhello\0");
	log_is("close \"/l\" bytes read 5 written 0 seconds # mode 0640\n"
	    "close \"/ll\" bytes read 5 written 0 seconds # mode 0640\n");
	SENDS("r d", "D0755 0 d\nC0640 5 l\nhello\0E\n");
	SENDS("r ld", "D0755 0 ld\nC0640 5 l\nhello\0E\n");
	SENDS("r ld/", "D0755 0 ld\nC0640 5 l\nhello\0E\n");
	SENDS(" ld/l", "C0640 5 l\nhello\0");
	SENDS(" /ld/l", "C0640 5 l\nhello\0");
	/* Directories within directories behind links. */
	put_dir("top/f", 0755);
	put_link("../e", "top/f/m");
	put_link("../x", "top/e/n");
	SENDS("r f", "D0755 0 f\nD0711 0 m\nC0640 5 n\nhello\0E\nE\n");
	is_refused("", "ld", "not a regular file");
}
END_TEST

START_TEST(links_that_lead_out_are_refused)
{
	static char path[PATH_MAX];

	confine();
	policy.symlinks = SYMLINKS_BENEATH;
	put_file("secret", "secret", 0644);
	put_dir("out", 0755);
	put_file("out/x", "secret", 0644);
	put_file("top/x", "hello", 0644);
	put_link("../secret", "top/file");
	put_link("../out", "top/dir");
	put_link("..", "top/up");
	put_link("/", "top/abs");
	strcpy(path, path_of("%/top/x"));
	put_link(path, "top/absin");
	put_link("../top/x", "top/outandin");
	is_refused("r", "file", OUTSIDE);
	is_refused("r", "dir", OUTSIDE);
	is_refused("r", "dir/x", OUTSIDE);
	is_refused("r", "up", OUTSIDE);
	is_refused("r", "up/secret", OUTSIDE);
	is_refused("r", "up/top/x", OUTSIDE);
	is_refused("r", "abs", OUTSIDE);
	is_refused("r", "absin", OUTSIDE);
	is_refused("r", "outandin", OUTSIDE);
	put_dir("top/d", 0755);
	put_link("../../secret", "top/d/l");
	WARNS("r", "d|x", 1, "D0755 0 d\n\1scp: d/l: " OUTSIDE "\nE\nC0644 5 x\nhello\0");
	put_dir("top/e", 0755);
	put_link("../../out", "top/e/l");
	WARNS("r", "e|x", 1, "D0755 0 e\n\1scp: e/l: " OUTSIDE "\nE\nC0644 5 x\nhello\0");
}
END_TEST

START_TEST(links_that_lead_nowhere_or_around)
{
	confine();
	policy.symlinks = SYMLINKS_BENEATH;
	put_link("nowhere", "top/dangling");
	put_link("loop", "top/loop");
	is_refused("r", "dangling", "No such file or directory");
	is_refused("r", "loop", NO_LINKS);
	put_dir("top/d", 0755);
	put_link(".", "top/d/l");
	WARNS("r", "d", 1, "D0755 0 d\n\1scp: d/l: Too many levels of symbolic links\nE\n");
	put_dir("top/a", 0755);
	put_dir("top/b", 0755);
	put_link("../b", "top/a/x");
	put_link("../a", "top/b/y");
	WARNS("r", "a", 1,
	    "D0755 0 a\nD0755 0 x\n\1scp: a/x/y: Too many levels of symbolic links\nE\nE\n");
	put_dir("top/c", 0755);
	put_link("..", "top/c/z");
	start("r", "c");
	converse();
	assert_end(0, SOME);
}
END_TEST

/* Goes into NAME in the directory FD, which it makes. */
static int
descend(int fd, const char *name)
{
	int next;

	ck_assert_int_eq(mkdirat(fd, name, 0755), 0);
	next = openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(next, 0);
	close(fd);
	return next;
}

/* Removes the directories top/NAME, top/NAME/NAME and so on, too deep for anybody else. */
static void
remove_chain(const char *name)
{
	char first[PATH_MAX], second[PATH_MAX];

	snprintf(first, sizeof(first), "top/%s", name);
	snprintf(second, sizeof(second), "top/%s/%s", name, name);
	while (renameat(unit_fd, second, unit_fd, "next") == 0) {
		ck_assert_int_eq(unlinkat(unit_fd, first, AT_REMOVEDIR), 0);
		ck_assert_int_eq(renameat(unit_fd, "next", unit_fd, first), 0);
	}
}

/*
 * A link whose path is longer than a path may be leads where it leads, or nowhere; never to what
 * the beginning of its path is the name of.
 */
START_TEST(links_too_deep_for_a_path)
{
	enum { LEVELS = 16, LEVEL = 250, LINK = 200 };
	static char level[LEVEL + 1], name[LINK + 1], cut[LINK + 1];
	int fd, kept;

	confine();
	policy.symlinks = SYMLINKS_BENEATH;
	memset(level, 'd', LEVEL);
	memset(name, 'l', LINK);
	memcpy(cut, name, PATH_MAX - 1 - LEVELS * (LEVEL + 1));
	strcpy(policy.rules[policy.nrules++].pattern, cut);
	fd = openat(unit_fd, "top", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < LEVELS; i++)
		fd = descend(fd, level);
	ck_assert_int_eq(symlinkat("nowhere", fd, name), 0);
	kept = openat(fd, cut, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	ck_assert_int_eq(write(kept, "secret", 6), 6);
	close(kept);
	start("r", level);
	converse();
	ck_assert_int_eq(unlinkat(fd, name, 0), 0);
	ck_assert_int_eq(unlinkat(fd, cut, 0), 0);
	close(fd);
	remove_chain(level);
	ck_assert_msg(memmem(wire.bytes, wire.len, "secret", 6) == NULL,
	    "what a rule denies is sent under another name");
	assert_end(0, 1);
}
END_TEST

START_TEST(nothing_is_sent_from_the_kernels_filesystems)
{
	static const char *const operands[] = {
		"/proc", "/proc/self", "/proc/self/status", "/proc/version", "/sys", "/sys/kernel",
		"proc/version", "%/p", "%/q", "%/q/version",
	};

	if (access("/proc/version", F_OK) == -1 || access("/sys/kernel", F_OK) == -1) {
		printf("SKIP: no /proc or /sys\n");
		return;
	}
	put_link("../../proc/version", "p");
	put_link("../../proc", "q");
	put_file("x", "hello", 0644);
	confine();
	policy.symlinks = SYMLINKS_BENEATH;
	setup.root = "/";
	for (size_t i = 0; i < COUNT(operands); i++)
		is_refused("r", operands[i], OUTSIDE);
	is_refused("", "/dev/null", "not a regular file");
	log_clear();
	sends_with("", path_of("%/x"), "C0644 5 x\nhello", sizeof("C0644 5 x\nhello"), 0, 0);
	ck_assert_ptr_nonnull(strstr(log_text(), path_of("%/x\"")));
}
END_TEST

/* Has the server see /proc in the directory NAME; false, and said so, where it cannot. */
static bool
mount_proc(const char *name)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(mount_proc_here(name) ? 0 : 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	if (status != 0)
		printf("SKIP: no mounting here\n");
	setup.proc = name;
	return status == 0;
}

START_TEST(nothing_is_sent_from_what_is_mounted_below)
{
	confine();
	put_dir("top/d", 0755);
	put_dir("top/d/p", 0755);
	put_file("top/x", "hello", 0644);
	if (!mount_proc("top/d/p"))
		return;
	WARNS("r", "d|x", 1, "D0755 0 d\n\1scp: d/p: " OUTSIDE "\nE\nC0644 5 x\nhello\0");
	is_refused("", "d/p/version", OUTSIDE);
	is_refused("r", "d/p/self", OUTSIDE);
	is_refused("r", "d/p", OUTSIDE);
}
END_TEST

START_TEST(size_of_a_file_is_limited)
{
	confine();
	policy.max_file_size = 5;
	put_file("top/a", "12345", 0644);
	put_file("top/b", "123456", 0644);
	put_dir("top/d", 0755);
	put_file("top/d/b", "1234567", 0644);
	WARNS("r", "b|d|a", 2,
	    "\1scp: b: larger than allowed\nD0755 0 d\n\1scp: d/b: larger than allowed\nE\n"
	    "C0644 5 a\n12345\0");
	log_is("refused \"/b\" reason \"larger than allowed\"\n"
	    "opendir \"/d\"\n"
	    "refused \"/d/b\" reason \"larger than allowed\"\n"
	    "close \"/a\" bytes read 5 written 0 seconds # mode 0644\n");
}
END_TEST

START_TEST(bytes_of_a_session_are_limited)
{
	confine();
	policy.max_session_bytes = 10;
	put_file("top/a", "123456", 0644);
	put_file("top/b", "12345", 0644);
	put_file("top/c", "1234", 0644);
	put_file("top/e", "", 0644);
	WARNS("", "a|b|c|e|b", 2,
	    "C0644 6 a\n123456\0\1scp: b: more data than allowed\nC0644 4 c\n1234\0"
	    "C0644 0 e\n\0\1scp: b: more data than allowed\n");
}
END_TEST

START_TEST(files_of_a_session_are_counted)
{
	confine();
	policy.max_files = 3;
	put_file("top/a", "a", 0644);
	put_dir("top/d", 0755);
	put_file("top/d/b", "b", 0644);
	WARNS("r", "no|a|d|a|d", 3,
	    "\1scp: no: No such file or directory\n"
	    "C0644 1 a\na\0D0755 0 d\nC0644 1 b\nb\0E\n"
	    "\1scp: a: more files than allowed\n\1scp: d: more files than allowed\n");
}
END_TEST

START_TEST(depth_is_limited_in_a_confined_root)
{
	confine();
	put_dir("top/a", 0755);
	put_dir("top/a/b", 0755);
	put_dir("top/a/b/c", 0755);
	policy.max_depth = 2;
	WARNS("r", "a", 1,
	    "D0755 0 a\nD0755 0 b\n\1scp: a/b/c: directories are nested too deeply\nE\nE\n");
	SENDS("r a/b", "D0755 0 b\nD0755 0 c\nE\nE\n");
	policy.max_depth = 0;
	is_refused("r", "a", "directories are nested too deeply");
}
END_TEST

START_TEST(directories_may_not_be_allowed)
{
	confine();
	policy.recursive = POLICY_NO;
	put_dir("top/d", 0755);
	put_file("top/d/x", "hello", 0644);
	WARNS("r", "d|.|d/x", 2,
	    "\1scp: d: directories are not allowed\n\1scp: .: directories are not allowed\n"
	    "C0644 5 x\nhello\0");
}
END_TEST

/* What a client may not know: a bit of everything. */
static const struct {
	const char *flags, *operand;
	const char *reason;	/* that the log knows */
} secrets[] = {
	{ "", "no", "No such file or directory" },
	{ "", "no/such", "No such file or directory" },
	{ "", "", "No such file or directory" },
	{ "", "x/y", "Not a directory" },
	{ "", "d", "not a regular file" },
	{ "", ".", "not a regular file" },
	{ "r", "fifo", "not a regular file" },
	{ "", "closed", "Permission denied" },
	{ "r", "closed.d", "Permission denied" },
	{ "", "closed.d/x", "Permission denied" },
	{ "", "l", NO_LINKS },
	{ "r", "ld", NO_LINKS },
	{ "", "ld/x", NO_LINKS },
	{ "r", ".x", HIDDEN },
	{ "r", ".no", HIDDEN },
	{ "", "x.exe", DENIED },
	{ "", "no.exe/x", DENIED },
	{ "", "b.csv", DENIED },
	{ "r", "..", OUTSIDE },
	{ "r", "../secret", OUTSIDE },
	{ "r", "../no", OUTSIDE },
	{ "r", "/../no/such", OUTSIDE },
};

START_TEST(what_is_refused_is_told_or_not)
{
	confine();
	add_rule(false, "*.exe");
	add_rule(true, "[!b]*");
	put_file("secret", "secret", 0644);
	put_file("top/b.csv", "hello", 0644);
	put_file("top/x", "hello", 0644);
	put_file("top/.x", "hello", 0644);
	put_file("top/x.exe", "hello", 0644);
	put_file("top/closed", "hello", 0);
	put_dir("top/d", 0755);
	put_dir("top/closed.d", 0);
	put_link("x", "top/l");
	put_link("d", "top/ld");
	ck_assert_int_eq(mkfifoat(unit_fd, "top/fifo", 0644), 0);
	for (unsigned reveal = POLICY_YES; reveal <= POLICY_NO; reveal++) {
		policy.reveal = reveal;
		for (size_t i = 0; i < COUNT(secrets); i++) {
			char logged[128];

			is_refused(secrets[i].flags, secrets[i].operand,
			    reveal == POLICY_NO ? "Permission denied" : secrets[i].reason);
			snprintf(logged, sizeof(logged), "\" reason \"%s\"\n", secrets[i].reason);
			ck_assert_msg(strstr(log_text(), logged) != NULL, "row %zu: got %s", i,
			    log_text());
			log_clear();
		}
	}
}
END_TEST

/* That there is a link, or a directory, is told no more than that there is nothing. */
START_TEST(directories_that_are_refused_are_not_told)
{
	confine();
	policy.reveal = POLICY_NO;
	policy.symlinks = SYMLINKS_BENEATH;
	put_dir("top/d", 0755);
	put_link(".", "top/d/l");
	WARNS("r", "d", 1, "D0755 0 d\n\1scp: d/l: Permission denied\nE\n");
	policy.recursive = POLICY_NO;
	is_refused("r", "d", "Permission denied");
}
END_TEST

START_TEST(a_session_is_logged)
{
	confine();
	put_dir("top/d", 0750);
	own("top/d", NOBODY);
	put_dir("top/d/e", 02750);
	own("top/d/e", NOBODY);
	ck_assert_int_eq(fchmodat(unit_fd, "top/d/e", 02750, 0), 0);
	put_file("top/d/e/a \"b\"\033", "hello", 0640);
	own("top/d/e/a \"b\"\033", NOBODY);
	put_file("top/x", "", 0644);
	setup.start = "d";
	WARNS("r", ".|../x|../no|e/", 1,
	    "D0750 0 d\nD2750 0 e\nC0640 5 a \"b\"\033\nhello\0E\nE\n"
	    "C0644 0 x\n\0\1scp: ../no: No such file or directory\n"
	    "D2750 0 e\nC0640 5 a \"b\"\033\nhello\0E\n");
	log_is("opendir \"/d\"\n"
	    "opendir \"/d/e\"\n"
	    "close \"/d/e/a \\\"b\\\"\\033\" bytes read 5 written 0 seconds # mode 0640\n"
	    "close \"/x\" bytes read 0 written 0 seconds # mode 0644\n"
	    "refused \"/no\" reason \"No such file or directory\"\n"
	    "opendir \"/d/e\"\n"
	    "close \"/d/e/a \\\"b\\\"\\033\" bytes read 5 written 0 seconds # mode 0640\n");
}
END_TEST

/* What the client does not take. */
START_TEST(refusals_of_the_client_are_logged)
{
	confine();
	put_file("top/a", "1", 0644);
	put_file("top/b", "2", 0644);
	answer("C0644 1 a", false, "\1no\n");
	WARNS("", "a|b", 1, "C0644 1 a\nC0644 1 b\n2\0");
	log_is("forced close \"/a\" bytes read 0 written 0 seconds # mode 0644 reason \"no\"\n"
	    "close \"/b\" bytes read 1 written 0 seconds # mode 0644\n");
	answer("C0644 1 a", true, "\1disk full\033\n");
	WARNS("", "a|b", 1, "C0644 1 a\n1\0C0644 1 b\n2\0");
	log_is("forced close \"/a\" bytes read 1 written 0 seconds # mode 0644 "
	    "reason \"disk full\\\\033\"\n"
	    "close \"/b\" bytes read 1 written 0 seconds # mode 0644\n");
	answer("T", false, "\1no\n");
	start("p", "a");
	converse();
	assert_end(0, 1);
	log_is("forced close \"/a\" bytes read 0 written 0 seconds # mode 0644 reason \"no\"\n");
	answer("C0644 1 a", false, "\2enough\n");
	sends_with("", "a|b", "C0644 1 a\n", 10, -1, SOME);
	log_is("forced close \"/a\" bytes read 0 written 0 seconds # mode 0644 "
	    "reason \"enough\"\n");
}
END_TEST

START_TEST(lost_connections_are_logged)
{
	static const struct {
		const char *heard;
		size_t	    n;
		int	    replies;
		const char *logged;
		int	    errors;
	} rows[] = {
#define ROW(s, replies, logged, errors) { s, sizeof(s) - 1, replies, logged, errors }
		ROW("C0644 5 x\n", 1, "forced close \"/x\" bytes read 0 written 0 seconds # "
		    "mode 0644 reason \"lost connection\"\n", SOME),
		ROW("C0644 5 x\nhello\0", 2, "close \"/x\" bytes read 5 written 0 seconds # "
		    "mode 0644 remark \"not acknowledged\"\n", 0),
#undef ROW
	};

	confine();
	put_file("top/x", "hello", 0644);
	for (size_t i = 0; i < COUNT(rows); i++) {
		start("", "x");
		for (int r = 0; r < rows[i].replies; r++)
			SAY("\0");
		hear(rows[i].heard, rows[i].n);
		hang_up();
		await_end(-1, rows[i].errors);
		log_is(rows[i].logged);
	}
}
END_TEST

START_TEST(a_client_that_does_not_listen_is_logged)
{
	static char content[300001];

	confine();
	memset(content, 'x', sizeof(content) - 1);
	put_file("top/x", content, 0644);
	start("", "x");
	SAY("\0");
	HEAR("C0644 300000 x\n");
	close(from);
	SAY("\0");
	close(to);
	await_server();
	log_is("forced close \"/x\" bytes read # written 0 seconds # mode 0644 "
	    "reason \"lost connection\"\n");
}
END_TEST

START_TEST(a_file_that_shrinks_is_logged)
{
	static char content[300001];
	size_t got;

	confine();
	memset(content, 'x', sizeof(content) - 1);
	put_file("top/x", content, 0644);
	start("", "x");
	SAY("\0");
	HEAR("C0644 300000 x\n");
	ck_assert_int_eq(renameat(unit_fd, "top/x", unit_fd, "x"), 0);
	truncate_x(100000);
	SAY("\0");
	take(300000, &got);
	HEAR("\1scp: x: file shrank\n");
	SAY("\0");
	await_end(0, 1);
	log_is("forced close \"/x\" bytes read 300000 written 0 seconds # mode 0644 "
	    "reason \"file shrank\"\n");
}
END_TEST

/* The session ends where a record that is required cannot be written. */
START_TEST(a_required_log_that_cannot_be_written_ends_the_session)
{
	confine();
	setup.broken_log = true;
	put_file("top/a", "1", 0644);
	put_file("top/b", "2", 0644);
	put_dir("top/d", 0755);
	put_file("top/d/f", "3", 0644);
	sends_with("", "a|b", "C0644 1 a\n1", 12, -1, 0);
	sends_with("r", "d|b", "D0755 0 d\n", 10, -1, 0);
	sends_with("", "no|b", "\1scp: no: No such file or directory\n", 36, -1, 1);
}
END_TEST

/* In the middle of a directory, too. */
START_TEST(a_required_log_that_is_full_ends_the_session)
{
	static const char wanted[] = "D0755 0 d\n\1scp: d/l: " NO_LINKS "\n";

	confine();
	put_dir("top/d", 0755);
	put_link("nowhere", "top/d/l");
	put_file("top/b", "2", 0644);
	setup.log_room = sizeof("opendir \"/d\"\n") + 1;
	sends_with("r", "d|b", wanted, sizeof(wanted) - 1, -1, 1);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, rule_1_one_message_is_one_write);
	tcase_add_test(t, rule_2_file);
	tcase_add_test(t, rule_2_modes);
	tcase_add_test(t, rule_2_times_with_p);
	tcase_add_test(t, rule_2_times_of_directories);
	tcase_add_test(t, rule_2_tree);
	tcase_add_test(t, rule_2_bodies_of_many_sizes);
	tcase_add_test(t, rule_2_sparse_file);
	tcase_add_test(t, rule_3_last_component_is_the_name);
	tcase_add_test(t, rule_3_absolute_operand);
	tcase_add_test(t, rule_3_dots_are_sent_by_the_directorys_own_name);
	tcase_add_test(t, rule_3_dots_do_not_move_us);
	tcase_add_test(t, rule_3_root_has_no_name);
	tcase_add_test(t, rule_3_dots_without_r);
	tcase_add_test(t, rule_3_newline_in_a_name);
	tcase_add_test(t, rule_3_newline_injects_no_record);
	tcase_add_test(t, rule_3_other_bytes_are_unchanged);
	tcase_add_test(t, rule_3_longest_name);
	tcase_add_test(t, rule_4_control_bytes_are_escaped);
	tcase_add_test(t, rule_4_path_is_what_the_client_wrote);
	tcase_add_test(t, rule_4_long_path_is_shortened_in_its_middle);
	tcase_add_test(t, rule_21_nothing_is_sent_before_the_first_byte);
	tcase_add_test(t, rule_21_operands_in_order);
	tcase_add_test(t, rule_21_what_cannot_be_sent);
	tcase_add_test(t, rule_21_what_may_not_be_read);
	tcase_add_test(t, rule_21_directory_that_may_not_be_searched);
	tcase_add_test(t, rule_22_file_that_shrinks);
	tcase_add_test(t, rule_22_file_of_a_size_that_is_none);
	tcase_add_test(t, rule_22_file_that_grows);
	tcase_add_test(t, rule_22_large_file_that_grows);
	tcase_add_test(t, rule_22_file_that_is_removed);
	tcase_add_test(t, rule_23_refused_entries_are_skipped);
	tcase_add_test(t, rule_23_fatal_reply_ends_the_session);
	tcase_add_test(t, rule_23_first_byte_may_be_a_warning);
	tcase_add_test(t, rule_23_long_warning_is_one_warning);
	tcase_add_test(t, rule_23_warning_may_come_in_pieces);
	tcase_add_test(t, rule_23_one_byte_is_read_per_reply);
	tcase_add_test(t, rule_23_file_that_says_it_is_empty);
	tcase_add_test(t, rule_23_directory_whose_reading_fails);
	tcase_add_test(t, rule_24_links_are_followed);
	tcase_add_test(t, rule_24_times_and_modes_are_those_of_what_is_sent);
	tcase_add_test(t, rule_24_links_that_lead_nowhere);
	tcase_add_test(t, rule_24_directory_loop_is_refused_once);
	tcase_add_test(t, links_to_directories_are_followed_so_often_and_no_more);
	tcase_add_test(t, rule_24_loop_over_two_directories);
	tcase_add_test(t, rule_24_same_directory_twice);
	tcase_add_test(t, rule_24_special_files_are_looked_at_and_not_opened);
	tcase_add_test(t, rule_24_fifo_with_a_writer_is_none_the_better);
	tcase_add_test(t, rule_24_device_below_a_directory);
	tcase_add_test(t, rule_25_ends_after_the_last_reply);
	tcase_add_test(t, rule_25_client_that_ends_anywhere);
	tcase_add_test(t, rule_25_client_that_ends_in_a_reply);
	tcase_add_test(t, rule_25_client_that_leaves_after_the_last_body);
	tcase_add_test(t, client_that_does_not_listen);
	tcase_add_test(t, thousands_of_entries_are_sent_once_each);
	tcase_add_test(t, deeper_than_the_listing_keeps);
	tcase_add_test(t, rule_29_deep_trees);
	tcase_add_test(t, policy_limits_the_depth);
	tcase_add_test(t, rule_26_d_is_without_effect);
	tcase_add_test(t, confined_operands);
	tcase_add_test(t, the_root_itself_is_sent);
	tcase_add_test(t, nothing_is_sent_from_outside_of_the_root);
	tcase_add_test(t, names_that_are_not_allowed_are_not_there);
	tcase_add_test(t, files_that_are_not_allowed_are_not_there_either);
	tcase_add_test(t, names_that_are_not_allowed_are_refused);
	tcase_add_test(t, names_are_judged_without_a_root);
	tcase_add_test(t, links_are_not_followed);
	tcase_add_test(t, links_are_followed_beneath_the_root);
	tcase_add_test(t, links_that_lead_out_are_refused);
	tcase_add_test(t, links_that_lead_nowhere_or_around);
	tcase_add_test(t, links_too_deep_for_a_path);
	tcase_add_test(t, nothing_is_sent_from_the_kernels_filesystems);
	tcase_add_test(t, nothing_is_sent_from_what_is_mounted_below);
	tcase_add_test(t, size_of_a_file_is_limited);
	tcase_add_test(t, bytes_of_a_session_are_limited);
	tcase_add_test(t, files_of_a_session_are_counted);
	tcase_add_test(t, depth_is_limited_in_a_confined_root);
	tcase_add_test(t, directories_may_not_be_allowed);
	tcase_add_test(t, what_is_refused_is_told_or_not);
	tcase_add_test(t, directories_that_are_refused_are_not_told);
	tcase_add_test(t, a_session_is_logged);
	tcase_add_test(t, refusals_of_the_client_are_logged);
	tcase_add_test(t, lost_connections_are_logged);
	tcase_add_test(t, a_client_that_does_not_listen_is_logged);
	tcase_add_test(t, a_file_that_shrinks_is_logged);
	tcase_add_test(t, a_required_log_that_cannot_be_written_ends_the_session);
	tcase_add_test(t, a_required_log_that_is_full_ends_the_session);
}

int
main(int argc, char *argv[], char *envp[])
{
	setproctitle_init(argc, argv, envp);
	return run_unit("source", add);
}
