/* SPDX-License-Identifier: ISC */
#include <sys/resource.h>

#include "joined.h"

enum {
	LARGE = 65536		/* bytes of a body that has a title */
};

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
check_path(const char *about, const char *wanted)
{
	char path[PATH_MAX];

	ck_assert_msg(session_path(&session, path, sizeof(path)), "\"%s\" does not fit", about);
	check_text(about, path, wanted);
}

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
	tcase_add_test(t, verbose_shows_the_longest_name_whole);
	tcase_add_test(t, many_levels_get_all_descriptors_there_are);
}

int
main(void)
{
	return run_unit("session", add);
}
