/* SPDX-License-Identifier: ISC */
#include <signal.h>

#include "joined.h"
#include "session/note.h"
#include "session/refuse.h"

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

static void
add(TCase *t)
{
	tcase_add_test(t, refusing_pays_and_counts);
	tcase_add_test(t, warning_awaits_nothing);
	tcase_add_test(t, giving_up_is_about_no_path);
	tcase_add_test(t, peer_that_is_gone_is_lost);
	tcase_add_test(t, verbose_repeats_what_the_client_is_told);
	tcase_add_test(t, what_the_client_may_know_of_an_errno);
	tcase_add_test(t, what_the_client_may_know_of_a_reason);
	tcase_add_test(t, verbose_reveals_no_more);
	tcase_add_test(t, messages_are_escaped_where_they_go);
	tcase_add_test(t, deep_paths_are_logged);
	tcase_add_test(t, giving_up_is_logged);
}

int
main(void)
{
	return run_unit("refuse", add);
}
