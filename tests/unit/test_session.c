/* SPDX-License-Identifier: ISC */
#include <sys/resource.h>

#include <signal.h>
#include <stdarg.h>

#include <bsd/unistd.h>

#include "session.h"
#include "unit.h"

/* Too large for a stack. */
static struct session session;
static struct conn conn;
static struct request request;
static struct policy policy;
static struct root root;

static void
init(enum request_role role, bool verbose)
{
	request = (struct request){ .role = role, .verbose = verbose };
	session_init(&session, &conn, &request, &policy, &root);
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
	session.percent = 50;
	trail_set(&session.trail, "left over");
	init(REQUEST_SINK, false);
	ck_assert_ptr_eq(session.conn, &conn);
	ck_assert_ptr_eq(session.request, &request);
	ck_assert_ptr_eq(session.policy, &policy);
	ck_assert_ptr_eq(session.root, &root);
	ck_assert_uint_eq(session.errors, 0);
	ck_assert_uint_eq(session.percent, 0);
	ck_assert_str_eq(session.trail.text, "");
	ck_assert_ptr_eq(conn.watcher, &session);
	ck_assert(conn.watch != NULL);
}
END_TEST

START_TEST(title_says_what_the_trail_says)
{
	init(REQUEST_SINK, false);
	trail_set(&session.trail, "d/f");
	session_title(&session);
	ck_assert_str_eq(title, "receiving d/f 0%");
	init(REQUEST_SOURCE, false);
	trail_set(&session.trail, "d/g");
	session_title(&session);
	ck_assert_str_eq(title, "sending d/g 0%");
}
END_TEST

START_TEST(title_follows_a_body)
{
	init(REQUEST_SINK, false);
	trail_set(&session.trail, "f");
	session_title(&session);
	conn.watch(conn.watcher, 1, 4);
	ck_assert_uint_eq(session.percent, 25);
	ck_assert_str_eq(title, "receiving f 25%");
	conn.watch(conn.watcher, 4, 4);
	ck_assert_str_eq(title, "receiving f 100%");
	session_title(&session);
	ck_assert_uint_eq(session.percent, 0);
	ck_assert_str_eq(title, "receiving f 0%");
}
END_TEST

START_TEST(title_is_set_only_where_it_changes)
{
	init(REQUEST_SINK, false);
	session_title(&session);
	titles = 0;
	for (uint64_t done = 1; done <= 100000; done++)
		conn.watch(conn.watcher, done, 100000);
	ck_assert_int_eq(titles, 100);
}
END_TEST

START_TEST(title_counts_sizes_that_no_product_could)
{
	init(REQUEST_SOURCE, false);
	trail_set(&session.trail, "f");
	conn.watch(conn.watcher, INT64_MAX / 2 + 1, INT64_MAX);
	ck_assert_str_eq(title, "sending f 50%");
}
END_TEST

START_TEST(title_escapes_control_bytes)
{
	init(REQUEST_SINK, false);
	trail_set(&session.trail, "a\n\033[1mb");
	session_title(&session);
	ck_assert_str_eq(title, "receiving a\\012\\033[1mb 0%");
}
END_TEST

START_TEST(title_shows_the_end_of_a_long_path)
{
	char path[2000];

	memset(path, 'd', sizeof(path));
	strcpy(path + sizeof(path) - sizeof("/leaf"), "/leaf");
	init(REQUEST_SINK, false);
	trail_set(&session.trail, path);
	session_title(&session);
	ck_assert_uint_lt(strlen(title), 400);
	ck_assert_int_eq(strncmp(title, "receiving ddd", strlen("receiving ddd")), 0);
	ck_assert_ptr_nonnull(strstr(title, "ddd/leaf 0%"));
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
	ck_assert_int_eq(session_refuse(&session, NULL, "Is a directory"), 0);
	ck_assert_str_eq(said(ends[0]), "\1scp: d/f\\033: Is a directory\n");
	ck_assert_int_eq((int)conn.turn, (int)TURN_FREE);
	ck_assert_uint_eq(session.errors, 1);
	conn.turn = TURN_OURS;
	ck_assert_int_eq(session_refuse(&session, "set mode", "Operation not permitted"), 0);
	ck_assert_str_eq(said(ends[0]), "\1scp: d/f\\033: set mode: Operation not permitted\n");
	ck_assert_uint_eq(session.errors, 2);
}
END_TEST

START_TEST(warning_awaits_nothing)
{
	int ends[2];

	connect_to(ends, TURN_FREE, false);
	ck_assert_int_eq(session_warn(&session, "Permission denied"), 0);
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
	ck_assert_int_eq(session_refuse(&session, NULL, "no"), -1);
	ck_assert_int_eq(session_warn(&session, "no"), -1);
	conn.turn = TURN_OURS;
	ck_assert_int_eq(session_give_up(&session, NULL, "no"), -1);
	ck_assert_uint_eq(session.errors, 3);
}
END_TEST

static void
refuse_once(void)
{
	conn.turn = TURN_OURS;
	ck_assert_int_eq(session_refuse(&session, "set mode", "no"), 0);
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

START_TEST(reasons_are_the_c_locales)
{
	ck_assert_str_eq(session_reason(ENOENT), "No such file or directory");
	ck_assert_str_eq(session_reason(EACCES), "Permission denied");
	ck_assert_str_eq(session_reason(ENXIO), "not a regular file");
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
	tcase_add_test(t, title_counts_sizes_that_no_product_could);
	tcase_add_test(t, title_escapes_control_bytes);
	tcase_add_test(t, title_shows_the_end_of_a_long_path);
	tcase_add_test(t, verbose_is_one_line_each);
	tcase_add_test(t, quiet_is_silent);
	tcase_add_test(t, refusing_pays_and_counts);
	tcase_add_test(t, warning_awaits_nothing);
	tcase_add_test(t, giving_up_is_about_no_path);
	tcase_add_test(t, peer_that_is_gone_is_lost);
	tcase_add_test(t, verbose_repeats_what_the_client_is_told);
	tcase_add_test(t, reasons_are_the_c_locales);
	tcase_add_test(t, verbose_shows_the_longest_name_whole);
	tcase_add_test(t, many_levels_get_all_descriptors_there_are);
}

int
main(void)
{
	return run_unit("session", add);
}
