/* SPDX-License-Identifier: ISC */
#include "joined.h"
#include "session/client.h"
#include "session/note.h"
#include "session/refuse.h"

static char heard[2048];	/* by the person, a line each */

/* A line of what he hears: WORD, PATH of LEN bytes or "-", and TEXT, if any. */
static void
write_down(const char *word, const char *path, size_t len, const char *text)
{
	size_t used = strlen(heard);

	if (path == NULL) {
		path = "-";
		len = 1;
	}
	snprintf(heard + used, sizeof(heard) - used, "%s %.*s%s%s\n", word, (int)len, path,
	    text != NULL ? ": " : "", text != NULL ? text : "");
}

static void
complain(void *self, const char *path, size_t len, const char *reason)
{
	ck_assert_ptr_eq(self, heard);
	write_down("complain", path, len, reason);
}

static void
hear(void *self, const char *text)
{
	ck_assert_ptr_eq(self, heard);
	write_down("hear", NULL, 0, text);
}

static void
begin(void *self, const char *path, size_t len, uint64_t size)
{
	char text[32];

	ck_assert_ptr_eq(self, heard);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)size);
	write_down("begin", path, len, text);
}

static void
move(void *self, uint64_t done)
{
	char text[32];

	ck_assert_ptr_eq(self, heard);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)done);
	write_down("move", NULL, 0, text);
}

static void
end(void *self, const char *path, size_t len, const char *reason)
{
	ck_assert_ptr_eq(self, heard);
	write_down("end", path, len, reason);
}

static void
enter(void *self, const char *path, size_t len)
{
	ck_assert_ptr_eq(self, heard);
	write_down("enter", path, len, NULL);
}

static void
skip(void *self, const char *path, size_t len)
{
	ck_assert_ptr_eq(self, heard);
	write_down("skip", path, len, NULL);
}

static const struct client person = {
	.self = heard, .host = "h\033", .sorry = "sorry", .complain = complain, .hear = hear, .begin = begin,
	.move = move, .end = end, .enter = enter, .skip = skip,
};

/* Since the last time that was. */
static void
hears(const char *wanted)
{
	ck_assert_str_eq(heard, wanted);
	heard[0] = '\0';
}

START_TEST(complaints_are_about_a_place_or_about_all)
{
	struct trail where;

	trail_set(&where, "d/f\033");
	client_complain(&person, &where, NULL, "no");
	client_complain(&person, &where, "set mode", "no");
	client_complain(&person, NULL, NULL, "no");
	client_complain(&person, NULL, "protocol error", "no");
	hears("complain d/f\033: no\ncomplain d/f\033: set mode: no\ncomplain -: no\n"
	    "complain -: protocol error: no\n");
}
END_TEST

START_TEST(what_is_said_is_escaped)
{
	ck_assert(client_hear(&person, "d/f", 3, "a\033b\nc", 3, false));
	hears("hear -: a\\033b\n");
	ck_assert(!client_hear(&person, NULL, 0, "", 0, false));
	hears("complain -: no reason was given\n");
	ck_assert(!client_hear(&person, "d/f", 3, "", 0, false));
	hears("complain d/f: no reason was given\n");
	ck_assert(!client_hear(&person, NULL, 0, "", 0, true));
	hears("complain -: lost connection\n");
}
END_TEST

static bool
count_down(void *left)
{
	int *n = left;

	return (*n)-- > 0;
}

START_TEST(whatever_comes_is_due_unless_somebody_knows)
{
	struct client knowing = person;
	int left = 1;

	ck_assert(client_awaits(NULL));
	ck_assert(client_awaits(&person));
	knowing.due = count_down;
	knowing.waiter = &left;
	ck_assert(client_awaits(&knowing));
	ck_assert(!client_awaits(&knowing));
}
END_TEST

/* A session that he began, and its other side, where the trail is at d/f. */
static void
begin_copy(int ends[2], enum conn_turn turn, const struct client *client)
{
	connect_to(ends, turn, false);
	session_originate(&session, client, NULL);
	trail_set(&session.trail, "d/f");
	heard[0] = '\0';
}

static const struct {
	struct reason reason;
	const char   *heard;
	unsigned      errors, skipped;
} reasons[] = {
	{ { .err = EISDIR }, "complain d/f: Is a directory\n", 1, 0 },
	{ { .what = "set mode", .err = EPERM }, "complain d/f: set mode: Operation not permitted\n", 1, 0 },
	{ { .text = "it tells", .telling = true }, "complain d/f: it tells\n", 1, 0 },
	{ { .text = "no", .skip = true }, "skip d/f\n", 0, 1 },
	{ { .text = "no", .within = true }, "", 0, 0 },
};

/* He reads all there is to say, and the other side that something was not taken, where it needs to. */
START_TEST(the_other_side_is_told_no_more_than_sorry)
{
	int ends[2];

	for (size_t i = 0; i < COUNT(reasons); i++) {
		begin_copy(ends, TURN_OURS, &person);
		ck_assert_int_eq(session_refuse(&session, &reasons[i].reason), 0);
		hears(reasons[i].heard);
		ck_assert_str_eq(said(ends[0]), "\1sorry\n");
		ck_assert_int_eq(session_spoil(&session, &reasons[i].reason), 0);
		hears(reasons[i].heard);
		ck_assert_str_eq(said(ends[0]), "\1sorry\n");
		ck_assert_int_eq(session_warn(&session, &reasons[i].reason), 0);
		hears(reasons[i].heard);
		ck_assert_uint_eq(session.errors, 3 * reasons[i].errors);
		ck_assert_uint_eq(session.skipped, 3 * reasons[i].skipped);
		close(ends[1]);
		ck_assert_str_eq(said(ends[0]), "");
		close(ends[0]);
	}
}
END_TEST

START_TEST(the_last_word_is_about_no_path)
{
	const struct record stray = { .kind = RECORD_FILE, .text = "s\033", .textlen = 2 };
	int ends[2];

	begin_copy(ends, TURN_OURS, &person);
	ck_assert_int_eq(session_give_up(&session, "protocol error", "no"), -1);
	hears("complain -: protocol error: no\n");
	ck_assert_str_eq(said(ends[0]), "\1sorry\n");
	conn.turn = TURN_OURS;
	ck_assert_int_eq(session_give_up_entry(&session, &stray, true), -1);
	hears("complain -: h\033 sent more than was asked for\n");
	conn.turn = TURN_OURS;
	ck_assert_int_eq(session_give_up_entry(&session, &stray, false), -1);
	hears("complain -: h\033 sent \"s\\033\", which was not asked for (-T accepts it)\n");
	ck_assert_uint_eq(session.errors, 3);
}
END_TEST

START_TEST(what_the_other_side_says_is_counted)
{
	int ends[2];

	begin_copy(ends, TURN_OURS, &person);
	session_begin_file(&session, 0644);
	session_hear(&session, "no", 2);
	hears("hear -: no\n");
	ck_assert(session.begun);
	session_hear(&session, "", 0);
	hears("complain d/f: no reason was given\n");
	ck_assert(!session.begun);
	session_hear(&session, "", 0);
	hears("complain -: no reason was given\n");
	/* Of something else, whatever moves now. */
	session_begin_file(&session, 0644);
	ck_assert(!session_hear_of(&session, "e", 1, "", 0));
	ck_assert(session_hear_of(&session, "e", 1, "no", 2));
	hears("complain e: no reason was given\nhear -: no\n");
	ck_assert(session.begun);
	ck_assert_uint_eq(session.heard, 5);
	ck_assert_uint_eq(session.errors, 5);
}
END_TEST

START_TEST(files_and_directories_are_followed)
{
	int ends[2];

	begin_copy(ends, TURN_OURS, &person);
	ck_assert_int_eq(session_log_dir(&session, 0755, true), 0);
	session_title(&session, 5);
	session_begin_file(&session, 0644);
	conn.stream.watch(conn.stream.watcher, 3, 5);
	ck_assert_uint_eq(session.moved, 3);
	ck_assert_int_eq(session_end_file(&session), 0);
	hears("enter d/f\nbegin d/f: 5\nmove -: 3\nend d/f\n");
	session_begin_file(&session, 0644);
	session_fail_file(&session, "no");
	session_fail_file(&session, "no");
	hears("end d/f: no\n");
	ck_assert_uint_eq(session.errors, 0);
	session_begin_file(&session, 0644);
	session_lose_file(&session);
	session_lose_file(&session);
	hears("complain d/f: lost connection\n");
	ck_assert_uint_eq(session.errors, 1);
}
END_TEST

/* What he has said himself is no name for rules to judge; his paths may begin with something else. */
START_TEST(operands_are_his)
{
	struct client elsewhere = person;
	char path[PATH_MAX];
	int ends[2];

	confine("");
	policy.hidden = POLICY_NO;
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	conn_init(&conn, -1, ends[1], TURN_OURS, 0);
	join(REQUEST_SINK);
	session_originate(&session, &person, NULL);
	ck_assert_ptr_null(session_turn_to(&session, ".a"));
	ck_assert_str_eq(session.trail.text, ".a");
	elsewhere.shown = "there";
	session_originate(&session, &elsewhere, NULL);
	ck_assert_ptr_null(session_turn_to(&session, "a/b"));
	ck_assert_str_eq(session.trail.text, "there");
	trail_enter(&session.trail, "f");
	ck_assert(session_path(&session, path, sizeof(path)));
	ck_assert_str_eq(path, "a/b/f");
	ck_assert_ptr_null(session_turn_to(&session, "../.."));
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, complaints_are_about_a_place_or_about_all);
	tcase_add_test(t, what_is_said_is_escaped);
	tcase_add_test(t, whatever_comes_is_due_unless_somebody_knows);
	tcase_add_test(t, the_other_side_is_told_no_more_than_sorry);
	tcase_add_test(t, the_last_word_is_about_no_path);
	tcase_add_test(t, what_the_other_side_says_is_counted);
	tcase_add_test(t, files_and_directories_are_followed);
	tcase_add_test(t, operands_are_his);
}

int
main(void)
{
	return run_unit("client", add);
}
