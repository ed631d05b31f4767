/* SPDX-License-Identifier: ISC */
#include <signal.h>

#include "joined.h"
#include "session/note.h"
#include "session/refuse.h"

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

static void
add(TCase *t)
{
	tcase_add_test(t, files_are_logged_once_each);
	tcase_add_test(t, files_of_a_source_are_read);
	tcase_add_test(t, directories_are_logged);
	tcase_add_test(t, without_a_log_all_is_well);
	tcase_add_test(t, a_required_log_that_cannot_be_written);
	tcase_add_test(t, a_required_log_that_is_not_there);
	tcase_add_test(t, a_log_that_is_not_required_may_fail);
}

int
main(void)
{
	return run_unit("note", add);
}
