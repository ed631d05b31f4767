/* SPDX-License-Identifier: ISC */
#include <sys/resource.h>

#include <signal.h>
#include <stdarg.h>

#include <bsd/unistd.h>

#include "log.h"
#include "policies.h"
#include "session/session.h"
#include "unit.h"

enum { LEVELS = 20 };		/* of the longest names: more than a path may have, and a record */

/* Too large for a stack. */
static struct session session;
static struct conn conn;
static struct request request;
static struct policy policy;
static struct root root;
static struct audit audit;

/* Joins the parts, of which the policy, the root and the log are as the test left them. */
static void
join(enum request_role role)
{
	request = (struct request){ .role = role };
	session_init(&session, &conn, &request, &policy, &root, &audit);
}

static void
init(enum request_role role, bool verbose)
{
	policy = drop_in_policy();
	root = (struct root){ .fd = -1, .start = -1 };
	audit_init(&audit, "u", NULL);
	join(role);
	request.verbose = verbose;
}

/* What BODY writes to descriptor 2, in a static buffer. */
static const char *
stderr_of(void (*body)(void))
{
	int saved = dup(STDERR_FILENO), out;

	put_file("stderr", "", 0600);
	out = openat(unit_fd, "stderr", O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(saved, 0);
	ck_assert_int_ge(out, 0);
	fflush(stderr);
	ck_assert_int_eq(dup2(out, STDERR_FILENO), STDERR_FILENO);
	body();
	fflush(stderr);
	ck_assert_int_eq(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	close(saved);
	close(out);
	return get_file("stderr");
}

enum {
	LARGE = 65536		/* bytes of a body that has a title */
};

static char title[4096];	/* as it was set last */
static int titles;		/* how often it was set */

/* Takes the place of the library's, which has only as much room as the command line had. */
void
setproctitle(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(title, sizeof(title), fmt, args);
	va_end(args);
	titles++;
}

START_TEST(init_joins_the_parts)
{
	session.errors = 7;
	session.title.percent = 50;
	session.unlogged = session.begun = true;
	session.usage = (struct usage){ 1, 2 };
	trail_set(&session.trail, "left over");
	init(REQUEST_SINK, false);
	ck_assert_ptr_eq(session.conn, &conn);
	ck_assert_ptr_eq(session.request, &request);
	ck_assert_ptr_eq(session.policy, &policy);
	ck_assert_ptr_eq(session.root, &root);
	ck_assert_ptr_eq(session.audit, &audit);
	ck_assert_uint_eq(session.errors, 0);
	ck_assert_uint_eq(session.usage.bytes, 0);
	ck_assert_uint_eq(session.usage.files, 0);
	ck_assert(!session.unlogged && !session.begun);
	ck_assert_uint_eq(session.title.percent, 0);
	ck_assert_str_eq(session.trail.text, "");
	ck_assert_ptr_eq(conn.stream.watcher, &session);
	ck_assert(conn.stream.watch != NULL);
}
END_TEST

START_TEST(title_says_what_the_trail_says)
{
	init(REQUEST_SINK, false);
	trail_set(&session.trail, "d/f");
	session_title(&session, LARGE);
	ck_assert_str_eq(title, "receiving d/f 0%");
	init(REQUEST_SOURCE, false);
	trail_set(&session.trail, "d/g");
	session_title(&session, LARGE);
	ck_assert_str_eq(title, "sending d/g 0%");
}
END_TEST

START_TEST(title_follows_a_body)
{
	init(REQUEST_SINK, false);
	trail_set(&session.trail, "f");
	session_title(&session, LARGE);
	conn.stream.watch(conn.stream.watcher, 1, 4);
	ck_assert_uint_eq(session.title.percent, 25);
	ck_assert_str_eq(title, "receiving f 25%");
	conn.stream.watch(conn.stream.watcher, 4, 4);
	ck_assert_str_eq(title, "receiving f 100%");
	session_title(&session, LARGE);
	ck_assert_uint_eq(session.title.percent, 0);
	ck_assert_str_eq(title, "receiving f 0%");
}
END_TEST

START_TEST(title_is_set_only_where_it_changes)
{
	init(REQUEST_SINK, false);
	session_title(&session, LARGE);
	titles = 0;
	for (uint64_t done = 1; done <= 100000; done++)
		conn.stream.watch(conn.stream.watcher, done, 100000);
	ck_assert_int_eq(titles, 100);
}
END_TEST

/* Many small ones in a row are the operand, and cost nothing. */
START_TEST(title_of_what_goes_by)
{
	init(REQUEST_SINK, false);
	ck_assert_ptr_null(session_turn_to(&session, "some\ndir"));
	ck_assert_str_eq(title, "receiving some\\012dir");
	titles = 0;
	trail_enter(&session.trail, "f");
	for (int i = 0; i < 3; i++) {
		session_title(&session, LARGE - 1);
		conn.stream.watch(conn.stream.watcher, LARGE / 2, LARGE - 1);
		conn.stream.watch(conn.stream.watcher, LARGE - 1, LARGE - 1);
	}
	ck_assert_int_eq(titles, 0);
	session_title(&session, LARGE);
	ck_assert_str_eq(title, "receiving some\\012dir/f 0%");
	session_title(&session, 5);
	session_title(&session, 5);
	ck_assert_str_eq(title, "receiving some\\012dir");
	ck_assert_int_eq(titles, 2);
	session_title(&session, LARGE);
	ck_assert_ptr_null(session_turn_to(&session, "other"));
	ck_assert_str_eq(title, "receiving other");
	conn.stream.watch(conn.stream.watcher, 1, 2);
	ck_assert_str_eq(title, "receiving other");
}
END_TEST

START_TEST(title_counts_sizes_that_no_product_could)
{
	init(REQUEST_SOURCE, false);
	trail_set(&session.trail, "f");
	session_title(&session, INT64_MAX);
	conn.stream.watch(conn.stream.watcher, INT64_MAX / 2 + 1, INT64_MAX);
	ck_assert_str_eq(title, "sending f 50%");
}
END_TEST

static void
show_all(void)
{
	static const struct record records[] = {
		{ .kind = RECORD_FILE, .mode = 0644, .size = 5, .text = "f\033\n" },
		{ .kind = RECORD_DIR, .mode = 04755, .text = "d" },
		{ .kind = RECORD_END, .text = "" },
		{ .kind = RECORD_TIMES, .times = { { 2, 0 }, { 1, 0 } }, .text = "" },
		{ .kind = RECORD_WARN, .text = "no" },
	};

	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++)
		session_show(&session, "received", &records[i]);
	session_say(&session, "refused:", "a text, escaped already \\012");
}

START_TEST(verbose_is_one_line_each)
{
	init(REQUEST_SINK, true);
	ck_assert_str_eq(stderr_of(show_all), "scp: received C0644 5 f\\033\\012\n"
	    "scp: received D4755 0 d\n"
	    "scp: received E\n"
	    "scp: received T1 0 2 0\n"
	    "scp: received \\001no\n"
	    "scp: refused: a text, escaped already \\012\n");
}
END_TEST

START_TEST(quiet_is_silent)
{
	init(REQUEST_SINK, false);
	ck_assert_str_eq(stderr_of(show_all), "");
}
END_TEST

/* What is in the pipe FD by now, in a static buffer. */
static const char *
said(int fd)
{
	static char text[4096];
	ssize_t n = read(fd, text, sizeof(text) - 1);

	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	return text;
}

static void
connect_to(int ends[2], enum conn_turn turn, bool verbose)
{
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	conn_init(&conn, -1, ends[1], turn, 0);
	init(REQUEST_SINK, verbose);
	trail_set(&session.trail, "d/f\033");
}

START_TEST(refusing_pays_and_counts)
{
	int ends[2];

	connect_to(ends, TURN_OURS, false);
	ck_assert_int_eq(session_refuse(&session, &(struct reason){ .err = EISDIR }), 0);
	ck_assert_str_eq(said(ends[0]), "\1scp: d/f\\033: Is a directory\n");
	ck_assert_int_eq((int)conn.turn, (int)TURN_FREE);
	ck_assert_uint_eq(session.errors, 1);
	conn.turn = TURN_OURS;
	ck_assert_int_eq(session_refuse(&session,
	    &(struct reason){ .what = "set mode", .err = EPERM }), 0);
	ck_assert_str_eq(said(ends[0]), "\1scp: d/f\\033: set mode: Operation not permitted\n");
	ck_assert_uint_eq(session.errors, 2);
}
END_TEST

START_TEST(warning_awaits_nothing)
{
	int ends[2];

	connect_to(ends, TURN_FREE, false);
	ck_assert_int_eq(session_warn(&session, &(struct reason){ .err = EACCES }), 0);
	ck_assert_str_eq(said(ends[0]), "\1scp: d/f\\033: Permission denied\n");
	ck_assert_int_eq((int)conn.turn, (int)TURN_FREE);
	ck_assert_uint_eq(session.errors, 1);
}
END_TEST

START_TEST(giving_up_is_about_no_path)
{
	int ends[2];

	connect_to(ends, TURN_OURS, false);
	ck_assert_int_eq(session_give_up(&session, "protocol error", "lost connection"), -1);
	ck_assert_str_eq(said(ends[0]), "\1scp: protocol error: lost connection\n");
	ck_assert_uint_eq(session.errors, 1);
	conn.turn = TURN_OURS;
	ck_assert_int_eq(session_give_up(&session, NULL, "ambiguous target"), -1);
	ck_assert_str_eq(said(ends[0]), "\1scp: ambiguous target\n");
	ck_assert_uint_eq(session.errors, 2);
}
END_TEST

START_TEST(peer_that_is_gone_is_lost)
{
	int ends[2];

	signal(SIGPIPE, SIG_IGN);
	connect_to(ends, TURN_OURS, false);
	close(ends[0]);
	ck_assert_int_eq(session_refuse(&session, &(struct reason){ .text = "no" }), -1);
	ck_assert_int_eq(session_warn(&session, &(struct reason){ .text = "no" }), -1);
	conn.turn = TURN_OURS;
	ck_assert_int_eq(session_give_up(&session, NULL, "no"), -1);
	ck_assert_uint_eq(session.errors, 3);
}
END_TEST

static void
refuse_once(void)
{
	conn.turn = TURN_OURS;
	ck_assert_int_eq(session_refuse(&session,
	    &(struct reason){ .what = "set mode", .text = "no" }), 0);
}

START_TEST(verbose_repeats_what_the_client_is_told)
{
	int ends[2];
	const char *line;

	connect_to(ends, TURN_OURS, true);
	line = stderr_of(refuse_once);
	ck_assert_msg(strstr(line, "scp: d/f\\033: set mode: no\n") != NULL, "got \"%s\"", line);
	ck_assert_ptr_eq(strchr(line, '\n'), line + strlen(line) - 1);
	session.request = &(const struct request){ .verbose = false };
	ck_assert_str_eq(stderr_of(refuse_once), "");
}
END_TEST

/* A directory as root, with START in it, where relative paths begin. */
static void
confine(const char *start)
{
	char path[PATH_MAX];
	const char *what;

	if (!exists("top")) {
		ck_assert_int_eq(mkdirat(unit_fd, "top", 0755), 0);
		ck_assert_int_eq(mkdirat(unit_fd, "top/s", 0755), 0);
		ck_assert_int_eq(mkdirat(unit_fd, "top/s/t", 0755), 0);
	}
	snprintf(path, sizeof(path), "%s/top", unit_path);
	policy = restricted_policy();
	audit_init(&audit, "u", NULL);
	ck_assert_int_eq(root_confine(&root, path, "", start, false, &what), 0);
}

/* OPERAND, in which a '%' at the beginning stands for the test's directory. */
static const char *
operand_of(const char *operand)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s%s", operand[0] == '%' ? unit_path : "",
	    operand + (operand[0] == '%'));
	return path;
}

static void
check_text(const char *about, const char *got, const char *wanted)
{
	bool same = got == NULL || wanted == NULL ? got == wanted : strcmp(got, wanted) == 0;

	ck_assert_msg(same,
	    "\"%s\": expected %s, got %s", about, wanted == NULL ? "no reason" : wanted,
	    got == NULL ? "no reason" : got);
}

static void
check_path(const char *about, const char *wanted)
{
	char path[PATH_MAX];

	ck_assert_msg(session_path(&session, path, sizeof(path)), "\"%s\" does not fit", about);
	check_text(about, path, wanted);
}

#define OUTSIDE "it is outside the root"

static const struct {
	const char *start, *operand;
	const char *why, *path;
} confined[] = {
	{ "", "", NULL, "" },		{ "", ".", NULL, "" },		{ "", "/", NULL, "" },
	{ "", "//", NULL, "" },		{ "", "./.", NULL, "" },	{ "", "a/..", NULL, "" },
	{ "", "a", NULL, "a" },		{ "", "a/", NULL, "a" },	{ "", "a//", NULL, "a" },
	{ "", "a//b", NULL, "a/b" },	{ "", "./a/./b/", NULL, "a/b" },
	{ "", "a/../b", NULL, "b" },	{ "", "/a/b", NULL, "a/b" },	{ "", "//a", NULL, "a" },
	{ "", "/./a", NULL, "a" },	{ "", "a..", NULL, "a.." },	{ "", "a/~", NULL, "a/~" },
	{ "", "%/top", NULL, "" },	{ "", "%/top/", NULL, "" },
	{ "", "%/top/a/b", NULL, "a/b" },
	{ "", "%/top//a", NULL, "a" },	{ "", "%/top/a/..", NULL, "" },
	{ "", "..", OUTSIDE, NULL },	{ "", "../a", OUTSIDE, NULL },
	{ "", "a/../../a", OUTSIDE, NULL },
	{ "", "/..", OUTSIDE, NULL },	{ "", "/a/../../top/a", OUTSIDE, NULL },
	{ "", "%/top/..", OUTSIDE, NULL },
	{ "s/t", "", NULL, "s/t" },	{ "s/t", ".", NULL, "s/t" },
	{ "s/t", "a/", NULL, "s/t/a" },	{ "s/t", "/", NULL, "" },	{ "s/t", "/a", NULL, "a" },
	{ "s/t", "..", NULL, "s" },	{ "s/t", "../..", NULL, "" },
	{ "s/t", "../../a", NULL, "a" },
	{ "s/t", "%/top/a", NULL, "a" },
	{ "s/t", "../../..", OUTSIDE, NULL },
	{ "s/t", "../../../top", OUTSIDE, NULL },
};

/* What is beneath the root, and that is as long as the operand where a sink is concerned. */
START_TEST(operands_become_paths_beneath_the_root)
{
	static const enum request_role roles[] = { REQUEST_SINK, REQUEST_SOURCE };

	for (size_t i = 0; i < COUNT(confined); i++)
		for (size_t r = 0; r < COUNT(roles); r++) {
			const char *operand = operand_of(confined[i].operand);

			confine(confined[i].start);
			join(roles[r]);
			check_text(operand, session_turn_to(&session, operand), confined[i].why);
			if (confined[i].path != NULL)
				check_path(operand, confined[i].path);
			root_close(&root);
		}
}
END_TEST

/* A path that only begins with the same letters as the root's own is not the root's. */
START_TEST(neighbours_of_the_root_are_not_the_root)
{
	static const char *const neighbours[] = { "%/topx", "%/topx/a", "%/to", "%" };

	confine("");
	join(REQUEST_SINK);
	for (size_t i = 0; i < COUNT(neighbours); i++) {
		const char *operand = operand_of(neighbours[i]);

		check_text(operand, session_turn_to(&session, operand), NULL);
		check_path(operand, operand + 1);
	}
}
END_TEST

static const struct {
	const char *operand, *first, *second;
	const char *path;
} walks[] = {
	{ "", "f", NULL, "f" },		{ ".", "f", NULL, "f" },	{ "/", "f", NULL, "f" },
	{ "%/top", "f", NULL, "f" },	{ "%/top/", "f", "g", "f/g" },	{ "./", "f", "g", "f/g" },
	{ "a", "f", NULL, "a/f" },	{ "a/", "f", NULL, "a/f" },	{ "a//", "f", NULL, "a/f" },
	{ "a//b", "f", "g", "a/b/f/g" },
	{ "a/..", "f", "g", "f/g" },	{ "/a", "f", NULL, "a/f" },
	{ "a", "d", "a", "a/d/a" },
};

START_TEST(paths_go_on_where_the_operand_ends)
{
	confine("");
	join(REQUEST_SINK);
	for (size_t i = 0; i < COUNT(walks); i++) {
		const char *operand = operand_of(walks[i].operand);
		char before[PATH_MAX];

		ck_assert_ptr_null(session_turn_to(&session, operand));
		ck_assert(session_path(&session, before, sizeof(before)));
		trail_enter(&session.trail, walks[i].first);
		if (walks[i].second != NULL)
			trail_enter(&session.trail, walks[i].second);
		check_path(operand, walks[i].path);
		if (walks[i].second != NULL)
			trail_leave(&session.trail);
		trail_leave(&session.trail);
		check_path(operand, before);
	}
}
END_TEST

/* The next operand is another one, whatever the last one was. */
START_TEST(each_operand_begins_anew)
{
	confine("");
	join(REQUEST_SOURCE);
	ck_assert_ptr_null(session_turn_to(&session, "a/b"));
	trail_enter(&session.trail, "f");
	ck_assert_str_eq(session_turn_to(&session, "../a"), OUTSIDE);
	ck_assert_str_eq(session.trail.text, "../a");
	ck_assert_ptr_null(session_turn_to(&session, "."));
	check_path(".", "");
	ck_assert_ptr_null(session_turn_to(&session, "c"));
	check_path("c", "c");
	ck_assert_str_eq(session.trail.text, "c");
}
END_TEST

START_TEST(trail_is_what_the_client_wrote)
{
	static const struct {
		const char *operand, *sink, *source;
	} rows[] = {
		{ "a", "a", "a" },		{ "a/", "a/", "a" },	{ "a///", "a///", "a" },
		{ "/", "/", "/" },		{ "//", "//", "/" },	{ "a//b", "a//b", "a//b" },
		{ "./a", "./a", "./a" },	{ "", "", "" },
		{ "../a/", "../a/", "../a" },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		for (int whole = 0; whole <= 1; whole++) {
			if (whole)
				init(REQUEST_SINK, false);
			else
				confine("");
			join(REQUEST_SINK);
			(void)session_turn_to(&session, rows[i].operand);
			check_text(rows[i].operand, session.trail.text, rows[i].sink);
			join(REQUEST_SOURCE);
			(void)session_turn_to(&session, rows[i].operand);
			check_text(rows[i].operand, session.trail.text, rows[i].source);
		}
}
END_TEST

/* The whole system is the kernel's to judge, also where there is a log or a rule on names. */
START_TEST(whole_system_has_every_path)
{
	static const char *const operands[] = {
		"", ".", "..", "/", "a", "../a", "../../../../../../../../a", "/..", "/../a",
		"a/../../../b",
	};
	static char path[3 * PATH_MAX];

	memset(path, '/', sizeof(path) - 1);
	for (int ruled = 0; ruled <= 1; ruled++) {
		init(REQUEST_SINK, false);
		if (ruled) {
			log_open();
			log_begin(&audit);
			policy.rules[policy.nrules++] = (struct policy_rule){ .pattern = "secret" };
		}
		for (size_t i = 0; i < COUNT(operands); i++)
			check_text(operands[i], session_turn_to(&session, operands[i]), NULL);
		for (size_t i = 1; i < sizeof(path) - 1; i += 2)
			path[i] = 'a';
		check_text("a long path", session_turn_to(&session, path), NULL);
	}
}
END_TEST

/* Whoever reads the log of the whole system cannot know what the working directory was. */
START_TEST(whole_system_logs_paths_from_its_root_on)
{
	static const struct {
		const char *operand, *path;
	} rows[] = {
		{ ".", "%/d" }, { "x", "%/d/x" }, { "./a/../x/", "%/d/x" }, { "/a/b", "/a/b" },
		{ "..", "%" }, { "../x", "%/x" }, { "../d/x", "%/d/x" }, { "/", "/" },
	};

	ck_assert_int_eq(mkdirat(unit_fd, "d", 0755), 0);
	ck_assert_int_eq(fchdir(unit_fd), 0);
	ck_assert_int_eq(chdir("d"), 0);
	init(REQUEST_SOURCE, false);
	ck_assert_int_eq(root_open(&root), 0);
	log_open();
	log_begin(&audit);
	for (size_t i = 0; i < COUNT(rows); i++) {
		ck_assert_ptr_null(session_turn_to(&session, rows[i].operand));
		check_path(rows[i].operand, operand_of(rows[i].path) + 1);
	}
	root_close(&root);
}
END_TEST

static void
add_rule(bool allow, const char *pattern)
{
	struct policy_rule *r = &policy.rules[policy.nrules++];

	*r = (struct policy_rule){ .allow = allow };
	strcpy(r->pattern, pattern);
}

#define HIDDEN "names that begin with a dot are not allowed"
#define DENIED "this name is not allowed"

static const struct {
	const char *operand, *why;
} denials[] = {
	{ "a/b", NULL },		{ ".", NULL },			{ "./a", NULL },
	{ "b/../a", NULL },		{ "/", NULL },			{ "", NULL },
	{ ".ssh", HIDDEN },		{ ".ssh/a", HIDDEN },		{ "a/.b", HIDDEN },
	{ "a/.b/", HIDDEN },		{ "/.a", HIDDEN },		{ "./.a/b", HIDDEN },
	{ "...", HIDDEN },
	{ "secret", DENIED },		{ "a/secret", DENIED },		{ "secret/a", DENIED },
	{ "/a/secret/b", DENIED },	{ "xsecret", NULL },
	{ "a.txt", NULL },		{ "a.exe", NULL },		/* it may be a directory */
};

START_TEST(names_of_an_operand_are_judged)
{
	for (int whole = 0; whole <= 1; whole++) {
		if (whole)
			init(REQUEST_SINK, false);
		else
			confine("");
		policy.hidden = POLICY_NO;
		add_rule(false, "secret");
		add_rule(true, "*.txt");
		join(REQUEST_SINK);
		for (size_t i = 0; i < COUNT(denials); i++)
			check_text(denials[i].operand,
			    session_turn_to(&session, denials[i].operand), denials[i].why);
	}
}
END_TEST

/* Nor does it help to come from above, or by a long way. */
START_TEST(names_of_an_operand_are_judged_wherever_it_begins)
{
	static const struct {
		const char *operand, *why;
	} rows[] = {
		{ "../secret/a", DENIED },	{ "../../.ssh/a", HIDDEN },
		{ "/../.ssh", HIDDEN },
		{ "../../../../../../../../secret/a", DENIED },
		{ "a/../../../../../../../../../secret", DENIED },
	};
	static char path[3 * PATH_MAX];
	size_t n = 0;

	ck_assert_int_eq(fchdir(unit_fd), 0);
	init(REQUEST_SINK, false);
	ck_assert_int_eq(root_open(&root), 0);
	policy.hidden = POLICY_NO;
	add_rule(false, "secret");
	for (size_t i = 0; i < COUNT(rows); i++)
		check_text(rows[i].operand, session_turn_to(&session, rows[i].operand),
		    rows[i].why);
	while (n < 2 * PATH_MAX)
		n += (size_t)sprintf(path + n, "./d/../");
	strcpy(path + n, "secret/a");
	check_text("a long way", session_turn_to(&session, path), DENIED);
	n = 0;
	while (n < 2 * PATH_MAX)
		n += (size_t)sprintf(path + n, "dd/");
	strcpy(path + n, "secret/a");
	check_text("a long path", session_turn_to(&session, path), DENIED);
	root_close(&root);
}
END_TEST

START_TEST(names_that_are_too_long_are_judged)
{
	char name[NAME_MAX + 2];

	memset(name, 'n', sizeof(name));
	name[NAME_MAX + 1] = '\0';
	confine("");
	join(REQUEST_SINK);
	check_text("too long", session_turn_to(&session, name), "this name is too long");
	name[NAME_MAX] = '\0';
	check_text("as long as can be", session_turn_to(&session, name), NULL);
}
END_TEST

/* Goes into so many directories with long names that the path is longer than a path may be. */
static void
go_deep(void)
{
	char name[NAME_MAX + 1];

	memset(name, 'n', NAME_MAX);
	name[NAME_MAX] = '\0';
	for (int i = 0; i < LEVELS; i++)
		trail_enter(&session.trail, name);
	ck_assert_uint_gt(session.trail.len, PATH_MAX);
}

START_TEST(deep_paths_are_cut)
{
	static const char *const operands[] = { ".", "a", "a/", "/", "s/t/../t" };
	static const char *const begins[] = { "nnn", "a/nnn", "a/nnn", "nnn", "s/t/nnn" };

	confine("");
	join(REQUEST_SINK);
	for (size_t i = 0; i < COUNT(operands); i++) {
		char path[PATH_MAX];

		ck_assert_ptr_null(session_turn_to(&session, operands[i]));
		go_deep();
		ck_assert(!session_path(&session, path, sizeof(path)));
		ck_assert_uint_eq(strlen(path), PATH_MAX - 1);
		ck_assert_msg(strncmp(path, begins[i], strlen(begins[i])) == 0, "got %.20s", path);
	}
}
END_TEST

START_TEST(paths_that_are_too_long_are_refused_in_a_confined_root)
{
	static char path[2 * PATH_MAX];

	for (size_t i = 0; i + 2 < sizeof(path); i += 2)
		memcpy(path + i, "a/", 2);
	confine("");
	join(REQUEST_SINK);
	check_text("a long path", session_turn_to(&session, path), "File name too long");
}
END_TEST

/* A session whose client and whose log can be read. */
static void
listen_to(int ends[2], enum conn_turn turn, enum request_role role)
{
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	conn_init(&conn, -1, ends[1], turn, 0);
	log_open();
	log_begin(&audit);
	join(role);
}

/* What the client is told and what the log says, of R at the path a/f. */
static void
check_words(int client, const struct reason *r, const char *told, const char *logged)
{
	char wanted[512], entry[512];

	snprintf(wanted, sizeof(wanted), "\1scp: a/f: %s\n", told);
	snprintf(entry, sizeof(entry), "refused \"/a/f\" reason \"%s\"\n", logged);
	conn.turn = TURN_OURS;
	ck_assert_int_eq(session_refuse(&session, r), 0);
	check_text("refused", said(client), wanted);
	log_is(entry);
	ck_assert_int_eq(session_warn(&session, r), 0);
	check_text("warned", said(client), wanted);
	log_is(entry);
}

#define WHOLE_LOOP "Too many levels of symbolic links"
#define WHOLE_XDEV "Invalid cross-device link"

/* What is told, and logged, of an errno; and whether it would tell of what there is. */
static const struct {
	int	    err;
	const char *confined, *whole;
	bool	    telling;
} errors[] = {
	{ ENOENT, "No such file or directory", "No such file or directory", true },
	{ EEXIST, "File exists", "File exists", true },
	{ ENOTDIR, "Not a directory", "Not a directory", true },
	{ EISDIR, "Is a directory", "Is a directory", true },
	{ ELOOP, "symbolic links are not followed here", WHOLE_LOOP, true },
	{ EXDEV, OUTSIDE, WHOLE_XDEV, true },
	{ EACCES, "Permission denied", "Permission denied", true },
	{ EPERM, "Operation not permitted", "Operation not permitted", true },
	{ ENXIO, "not a regular file", "not a regular file", true },
	{ EROFS, "Read-only file system", "Read-only file system", true },
	{ ETXTBSY, "Text file busy", "Text file busy", true },
	{ EMLINK, "Too many links", "Too many links", true },
	{ EBUSY, "Device or resource busy", "Device or resource busy", true },
	{ EINVAL, "Invalid argument", "Invalid argument", true },
	{ ENOSPC, "No space left on device", "No space left on device", false },
	{ EDQUOT, "Disk quota exceeded", "Disk quota exceeded", false },
	{ EIO, "Input/output error", "Input/output error", false },
	{ EFBIG, "File too large", "File too large", false },
	{ ENOMEM, "Cannot allocate memory", "Cannot allocate memory", false },
	{ EMFILE, "Too many open files", "Too many open files", false },
	{ ENAMETOOLONG, "File name too long", "File name too long", false },
};

START_TEST(what_the_client_may_know_of_an_errno)
{
	int ends[2];

	for (int whole = 0; whole <= 1; whole++)
		for (unsigned reveal = POLICY_YES; reveal <= POLICY_NO; reveal++) {
			if (whole)
				init(REQUEST_SINK, false);
			else
				confine("");
			policy.reveal = reveal;
			listen_to(ends, TURN_OURS, REQUEST_SINK);
			ck_assert_int_eq(chdir("/"), 0);
			(void)session_turn_to(&session, "a");
			trail_enter(&session.trail, "f");
			for (size_t i = 0; i < COUNT(errors); i++) {
				const char *text = whole ? errors[i].whole : errors[i].confined;

				check_words(ends[0], &(struct reason){ .err = errors[i].err },
				    reveal == POLICY_NO && errors[i].telling
				    ? "Permission denied" : text, text);
			}
			ck_assert_uint_eq(session.errors, 2 * COUNT(errors));
			close(ends[0]);
			close(ends[1]);
		}
}
END_TEST

static const struct {
	struct reason reason;
	const char   *revealed, *hidden;
} reasons[] = {
	{ { .text = "no" }, "no", "no" },
	{ { .text = "no", .telling = true }, "no", "Permission denied" },
	{ { .what = "set mode", .err = EPERM }, "set mode: Operation not permitted",
	    "Permission denied" },
	{ { .what = "set mode", .err = EIO }, "set mode: Input/output error",
	    "set mode: Input/output error" },
	{ { .what = "dropped, the sender says", .text = "sorry" },
	    "dropped, the sender says: sorry", "dropped, the sender says: sorry" },
	{ { .what = "open", .text = "no", .telling = true }, "open: no", "Permission denied" },
	/* The text is what counts, but an errno beside it may still tell. */
	{ { .text = "it has no name", .err = EINVAL }, "it has no name", "Permission denied" },
	{ { .text = "file shrank", .err = STREAM_SHRANK }, "file shrank", "file shrank" },
};

START_TEST(what_the_client_may_know_of_a_reason)
{
	int ends[2];

	for (unsigned reveal = POLICY_YES; reveal <= POLICY_NO; reveal++) {
		confine("");
		policy.reveal = reveal;
		listen_to(ends, TURN_OURS, REQUEST_SINK);
		ck_assert_ptr_null(session_turn_to(&session, "a"));
		trail_enter(&session.trail, "f");
		for (size_t i = 0; i < COUNT(reasons); i++)
			check_words(ends[0], &reasons[i].reason,
			    reveal == POLICY_NO ? reasons[i].hidden : reasons[i].revealed,
			    reasons[i].revealed);
		close(ends[0]);
		close(ends[1]);
	}
}
END_TEST

static void
refuse_a_link(void)
{
	conn.turn = TURN_OURS;
	ck_assert_int_eq(session_refuse(&session, &(struct reason){ .err = ELOOP }), 0);
}

/* Standard error is the client's, too. */
START_TEST(verbose_reveals_no_more)
{
	int ends[2];
	const char *line;

	confine("");
	policy.reveal = POLICY_NO;
	listen_to(ends, TURN_OURS, REQUEST_SINK);
	request.verbose = true;
	ck_assert_ptr_null(session_turn_to(&session, "a"));
	line = stderr_of(refuse_a_link);
	ck_assert_ptr_nonnull(strstr(line, "Permission denied"));
	ck_assert_ptr_null(strstr(line, "link"));
}
END_TEST

START_TEST(messages_are_escaped_where_they_go)
{
	int ends[2];

	confine("");
	listen_to(ends, TURN_OURS, REQUEST_SINK);
	ck_assert_ptr_null(session_turn_to(&session, "d"));
	trail_enter(&session.trail, "a\n\"\\b");
	ck_assert_int_eq(session_refuse(&session, &(struct reason){ .err = EISDIR }), 0);
	check_text("told", said(ends[0]), "\1scp: d/a\\012\"\\b: Is a directory\n");
	log_is("refused \"/d/a\\012\\\"\\\\b\" reason \"Is a directory\"\n");
}
END_TEST

START_TEST(deep_paths_are_logged)
{
	int ends[2];

	confine("");
	listen_to(ends, TURN_OURS, REQUEST_SINK);
	ck_assert_ptr_null(session_turn_to(&session, "a"));
	go_deep();
	ck_assert_int_eq(session_refuse(&session, &(struct reason){ .err = EISDIR }), 0);
	ck_assert_int_eq(strncmp(log_text(), "refused \"/a/nnn", strlen("refused \"/a/nnn")), 0);
	ck_assert_ptr_nonnull(strstr(log_text(), "nnn...\" reason \"Is a directory\"\n"));
}
END_TEST

START_TEST(giving_up_is_logged)
{
	int ends[2];

	confine("");
	policy.reveal = POLICY_NO;
	listen_to(ends, TURN_OURS, REQUEST_SINK);
	ck_assert_ptr_null(session_turn_to(&session, "/"));
	ck_assert_int_eq(session_give_up(&session, "protocol error", "line too long"), -1);
	check_text("told", said(ends[0]), "\1scp: protocol error: line too long\n");
	log_is("refused \"/\" reason \"protocol error: line too long\"\n");
	conn.turn = TURN_OURS;
	session_begin_file(&session, 0600);
	ck_assert_int_eq(session_give_up(&session, NULL, session_no_log), -1);
	check_text("told", said(ends[0]), "\1scp: the log cannot be written\n");
	log_is("forced close \"/\" bytes read 0 written 0 seconds # mode 0600 "
	    "reason \"the log cannot be written\"\n");
}
END_TEST

/* Whatever is said of a file while it moves is its end; what comes then is not about it. */
START_TEST(files_are_logged_once_each)
{
	int ends[2];

	confine("");
	listen_to(ends, TURN_OURS, REQUEST_SINK);
	ck_assert_ptr_null(session_turn_to(&session, "d"));
	trail_enter(&session.trail, "f");

	session_begin_file(&session, 0644);
	log_is("");
	conn.stream.watch(conn.stream.watcher, 3, 5);
	conn.stream.watch(conn.stream.watcher, 5, 5);
	ck_assert_int_eq(session_end_file(&session), 0);
	log_is("close \"/d/f\" bytes read 0 written 5 seconds # mode 0644\n");
	session_fail_file(&session, "too late");
	log_is("");

	session_begin_file(&session, 06711);
	ck_assert_int_eq(session_end_file(&session), 0);
	log_is("close \"/d/f\" bytes read 0 written 0 seconds # mode 6711\n");

	session_begin_file(&session, 0600);
	conn.stream.watch(conn.stream.watcher, 3, 5);
	session_fail_file(&session, "lost connection");
	session_fail_file(&session, "lost connection");
	log_is("forced close \"/d/f\" bytes read 0 written 3 seconds # mode 0600 "
	    "reason \"lost connection\"\n");
	ck_assert_uint_eq(session.errors, 0);

	session_begin_file(&session, 0600);
	conn.stream.watch(conn.stream.watcher, 4, 5);
	ck_assert_int_eq(session_refuse(&session,
	    &(struct reason){ .what = "set times", .err = EPERM }), 0);
	log_is("forced close \"/d/f\" bytes read 0 written 4 seconds # mode 0600 "
	    "reason \"set times: Operation not permitted\"\n");
	ck_assert_int_eq(session_warn(&session, &(struct reason){ .err = EIO }), 0);
	log_is("refused \"/d/f\" reason \"Input/output error\"\n");
	ck_assert(!session.unlogged);
}
END_TEST

START_TEST(files_of_a_source_are_read)
{
	int ends[2];

	confine("s/t");
	listen_to(ends, TURN_OURS, REQUEST_SOURCE);
	ck_assert_ptr_null(session_turn_to(&session, "f/"));
	session_begin_file(&session, 0440);
	conn.stream.watch(conn.stream.watcher, 7, 9);
	session_fail_file(&session, "no\n");
	log_is("forced close \"/s/t/f\" bytes read 7 written 0 seconds # mode 0440 "
	    "reason \"no\\012\"\n");
	session_begin_file(&session, 0440);
	ck_assert_int_eq(session_end_file(&session), 0);
	log_is("close \"/s/t/f\" bytes read 0 written 0 seconds # mode 0440\n");
}
END_TEST

START_TEST(directories_are_logged)
{
	int ends[2];

	confine("");
	listen_to(ends, TURN_OURS, REQUEST_SINK);
	ck_assert_ptr_null(session_turn_to(&session, "/"));
	trail_enter(&session.trail, "d");
	ck_assert_int_eq(session_log_dir(&session, 0750, true), 0);
	log_is("mkdir name \"/d\" mode 0750\n");
	trail_enter(&session.trail, "e");
	ck_assert_int_eq(session_log_dir(&session, 0750, false), 0);
	log_is("opendir \"/d/e\"\n");
}
END_TEST

START_TEST(without_a_log_all_is_well)
{
	int ends[2];

	connect_to(ends, TURN_OURS, false);
	session_begin_file(&session, 0644);
	ck_assert_int_eq(session_end_file(&session), 0);
	session_begin_file(&session, 0644);
	session_fail_file(&session, "no");
	ck_assert_int_eq(session_log_dir(&session, 0755, true), 0);
	ck_assert_int_eq(session_refuse(&session, &(struct reason){ .err = EISDIR }), 0);
	ck_assert(!session.unlogged);
}
END_TEST

typedef int step(void);

static int
end_file(void)
{
	session_begin_file(&session, 0644);
	return session_end_file(&session);
}

static int
log_dir(void)
{
	return session_log_dir(&session, 0755, true);
}

/* These have an answer for the client, who gets it. */
static int
refuse_it(void)
{
	conn.turn = TURN_OURS;
	return session_refuse(&session, &(struct reason){ .err = EISDIR });
}

static int
warn_it(void)
{
	return session_warn(&session, &(struct reason){ .err = EISDIR });
}

static int
fail_file(void)
{
	session_begin_file(&session, 0644);
	session_fail_file(&session, "no");
	return 0;
}

static const struct {
	step *step;
	int   end;		/* where the log cannot be written */
} steps[] = {
	{ end_file, -1 }, { log_dir, -1 }, { refuse_it, 0 }, { warn_it, 0 }, { fail_file, 0 },
};

/* That a record was lost is not forgotten. */
START_TEST(a_required_log_that_cannot_be_written)
{
	int ends[2];

	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < COUNT(steps); i++) {
		connect_to(ends, TURN_OURS, false);
		log_begin_broken(&audit);
		ck_assert_int_eq(steps[i].step(), steps[i].end);
		ck_assert_msg(session.unlogged, "step %zu", i);
		audit_init(&audit, "u", NULL);
		ck_assert_int_eq(end_file(), -1);
		ck_assert_int_eq(log_dir(), -1);
	}
}
END_TEST

START_TEST(a_required_log_that_is_not_there)
{
	int ends[2];

	connect_to(ends, TURN_OURS, false);
	audit.required = true;
	ck_assert_int_eq(end_file(), -1);
	ck_assert(session.unlogged);
}
END_TEST

START_TEST(a_log_that_is_not_required_may_fail)
{
	int ends[2];

	signal(SIGPIPE, SIG_IGN);
	connect_to(ends, TURN_OURS, false);
	log_begin_broken(&audit);
	audit.required = false;
	for (size_t i = 0; i < COUNT(steps); i++)
		ck_assert_int_eq(steps[i].step(), 0);
	ck_assert(!session.unlogged);
	ck_assert_str_eq(said(ends[0]),
	    "\1scp: d/f\\033: Is a directory\n\1scp: d/f\\033: Is a directory\n");
}
END_TEST

static char long_name[RECORD_MAX];

static void
show_long(void)
{
	struct record r = { .kind = RECORD_FILE, .text = long_name };

	session_show(&session, "sent", &r);
}

START_TEST(verbose_shows_the_longest_name_whole)
{
	static const char head[] = "scp: sent C0000 0 ";
	const char *line;

	memset(long_name, '\033', sizeof(long_name) - RECORD_HEAD_MAX);
	init(REQUEST_SOURCE, true);
	line = stderr_of(show_long);
	ck_assert_int_eq(strncmp(line, head, strlen(head)), 0);
	ck_assert_uint_eq(strlen(line), strlen(head) + strlen("\\033") * strlen(long_name) + 1);
}
END_TEST

static struct rlimit
descriptors(void)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	return limit;
}

START_TEST(many_levels_get_all_descriptors_there_are)
{
	struct rlimit few = descriptors();

	few.rlim_cur = 48;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	session_go_deep(1);
	ck_assert_uint_eq(descriptors().rlim_cur, 48);
	for (unsigned depth = 2; depth <= 40; depth++)
		session_go_deep(depth);
	ck_assert_uint_eq(descriptors().rlim_cur, few.rlim_max);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, init_joins_the_parts);
	tcase_add_test(t, title_says_what_the_trail_says);
	tcase_add_test(t, title_follows_a_body);
	tcase_add_test(t, title_is_set_only_where_it_changes);
	tcase_add_test(t, title_of_what_goes_by);
	tcase_add_test(t, title_counts_sizes_that_no_product_could);
	tcase_add_test(t, verbose_is_one_line_each);
	tcase_add_test(t, quiet_is_silent);
	tcase_add_test(t, refusing_pays_and_counts);
	tcase_add_test(t, warning_awaits_nothing);
	tcase_add_test(t, giving_up_is_about_no_path);
	tcase_add_test(t, peer_that_is_gone_is_lost);
	tcase_add_test(t, verbose_repeats_what_the_client_is_told);
	tcase_add_test(t, operands_become_paths_beneath_the_root);
	tcase_add_test(t, neighbours_of_the_root_are_not_the_root);
	tcase_add_test(t, paths_go_on_where_the_operand_ends);
	tcase_add_test(t, each_operand_begins_anew);
	tcase_add_test(t, trail_is_what_the_client_wrote);
	tcase_add_test(t, whole_system_has_every_path);
	tcase_add_test(t, whole_system_logs_paths_from_its_root_on);
	tcase_add_test(t, names_of_an_operand_are_judged);
	tcase_add_test(t, names_of_an_operand_are_judged_wherever_it_begins);
	tcase_add_test(t, names_that_are_too_long_are_judged);
	tcase_add_test(t, deep_paths_are_cut);
	tcase_add_test(t, paths_that_are_too_long_are_refused_in_a_confined_root);
	tcase_add_test(t, what_the_client_may_know_of_an_errno);
	tcase_add_test(t, what_the_client_may_know_of_a_reason);
	tcase_add_test(t, verbose_reveals_no_more);
	tcase_add_test(t, messages_are_escaped_where_they_go);
	tcase_add_test(t, deep_paths_are_logged);
	tcase_add_test(t, giving_up_is_logged);
	tcase_add_test(t, files_are_logged_once_each);
	tcase_add_test(t, files_of_a_source_are_read);
	tcase_add_test(t, directories_are_logged);
	tcase_add_test(t, without_a_log_all_is_well);
	tcase_add_test(t, a_required_log_that_cannot_be_written);
	tcase_add_test(t, a_required_log_that_is_not_there);
	tcase_add_test(t, a_log_that_is_not_required_may_fail);
	tcase_add_test(t, verbose_shows_the_longest_name_whole);
	tcase_add_test(t, many_levels_get_all_descriptors_there_are);
}

int
main(void)
{
	return run_unit("session", add);
}
