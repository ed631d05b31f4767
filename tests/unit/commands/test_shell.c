/* SPDX-License-Identifier: ISC */
#include <stdarg.h>

#include <bsd/unistd.h>

#include "commanding.h"
#include "commands/shell.h"

/* What copies come to, and what they were: here nothing is copied. */
static enum shell_copy copy_ends;
static char copied[4 * PATH_MAX];
static char shown[1024];	/* in the process title, one line each */
static struct conn conn;
static struct title title;
static int status;

void
setproctitle(const char *format, ...)
{
	size_t len = strlen(shown);
	va_list ap;

	va_start(ap, format);
	vsnprintf(shown + len, sizeof(shown) - len, format, ap);
	va_end(ap);
	len = strlen(shown);
	snprintf(shown + len, sizeof(shown) - len, "\n");
}

static enum shell_copy
pretend(void *none, const struct request *r, const struct root *from, const char *why)
{
	size_t len = strlen(copied);

	ck_assert_ptr_null(none);
	snprintf(copied + len, sizeof(copied) - len, "%s %s in /%s%s%s\n", r->role == REQUEST_SINK ? "to" : "from",
	    r->paths[0], from->from, why != NULL ? ": " : "", why != NULL ? why : "");
	return copy_ends;
}

static void
begin(void)
{
	begin_restricted();
	put_file("top/f", "", 0644);
	ck_assert_int_eq(mkdirat(unit_fd, "top/d", 0755), 0);
	begin_commands(-1);
	copy_ends = SHELL_COPY_DONE;
}

/* Plays SCRIPT, or lines that are SENT, to its end. */
static enum shell_end
play(const char *script, const char *sent)
{
	const struct shell_world world = {
		.deeds = &deeds, .people = &people, .title = &title, .conn = &conn,
		.errors = output.errors, .copy = pretend, .copier = NULL,
	};
	int input = open_sink("input");

	ck_assert_int_eq(write(input, sent, strlen(sent)), (ssize_t)strlen(sent));
	ck_assert_int_eq(lseek(input, 0, SEEK_SET), 0);
	title_init(&title, "serving commands");
	conn_init(&conn, input, stream.out, TURN_FREE, 0);
	copied[0] = shown[0] = '\0';
	return shell_run(&world, script, &status);
}

#define ASTRAY "sh: what follows is not read: it is a part of what is not served\n"

/* A session of lines ends so, with a status, and has written OUT and ERR. */
static const struct {
	const char    *sent;
	enum shell_end end;
	int	       status;
	const char    *out, *err;
} sessions[] = {
	{ "", SHELL_ENDED, 0, "", "" },
	{ "echo a\necho b", SHELL_ENDED, 0, "a\nb\n", "" },
	{ "\0" "echo a\r\n", SHELL_ENDED, 0, "", "" },
	{ "false\n# nothing\n\nA=b; echo $?\nfalse\n\n", SHELL_ENDED, 1, "0\n", "" },
	/* Rule 6: how commands are joined. */
	{ "true && echo a || echo b; false && echo c || echo d\n", SHELL_ENDED, 0, "a\nd\n", "" },
	/* Rules 9 to 12. */
	{ "x; rm f; echo $?; test -e f && echo there\n", SHELL_ENDED, 0, "126\nthere\n",
	    "x: command not found\nrm: not done: something else on this line is not served\n" },
	{ "x\n", SHELL_ENDED, 127, "", "x: command not found\n" },
	{ "ls | x; echo $?\n", SHELL_ENDED, 0, "2\n", "ls: no such syntax: it has an unquoted ; & or |\n" },
	{ "ls -y\n", SHELL_ENDED, 2, "", "ls: -y: no such option\n" },
	/* Scripts within have a directory, zone and redirections of their own. */
	{ "sh -c 'cd d; pwd; exit 3'; echo $?; pwd\n", SHELL_ENDED, 0, "/d\n3\n/\n", "" },
	{ "sh -c 'x' 2>&1; echo $?\n", SHELL_ENDED, 0, "x: command not found\n127\n", "" },
	{ "sh -c 'rm f\nx'; echo $?\n", SHELL_ENDED, 0, "127\n",
	    "rm: not done: something else on this line is not served\nx: command not found\n" },
	{ "sh\ncd d\npwd\nexit\npwd\n", SHELL_ENDED, 0, "/d\n/\n", "" },
	{ "sh -c \"sh -c 'sh -c \\\"sh -c \\\\\\\"sh -c pwd\\\\\\\"\\\"'\"\n", SHELL_ENDED, 2, "",
	    "sh: scripts are too deep in one another\n" },
	{ "exec 2>&1\nx\n", SHELL_ENDED, 127, "x: command not found\n", "" },
	{ "exec 2>/dev/null\nx\n", SHELL_ENDED, 127, "", "" },
	{ "exec echo a; echo b\necho c\n", SHELL_ENDED, 0, "a\n", "" },
	{ "exec x; echo b\n", SHELL_ENDED, 127, "", "exec: x: command not found\n" },
	/* A script that ends at what fails. */
	{ "set -e; false; echo a\n", SHELL_ENDED, 1, "", "" },
	{ "set -e; false || echo a; set +e; false; echo b\n", SHELL_ENDED, 0, "a\nb\n", "" },
	{ "set -e\nsh -c 'false; echo a'\nfalse\necho b\n", SHELL_ENDED, 1, "a\n", "" },
	{ "exit 7\necho a\n", SHELL_ENDED, 7, "", "" },
	{ "false; exit\n", SHELL_ENDED, 1, "", "" },
	/* Rule 19, and whatever else may leave a file's bytes behind. */
	{ "cat >f\nrm f\n", SHELL_LOST, 2, "",
	    "cat: no such syntax: it has an unquoted < or >\nsh: what follows is not read: it is a part of what is "
	    "not served\n" },
	{ "cat <<E; echo m\nrm f\nE\n", SHELL_ENDED, 2, "m\n",
	    "cat: no such syntax: it has an unquoted < or >\nsh: what follows is not read: it is a part of what is "
	    "not served\n" },
	{ "scp -Z -t .; echo m\nrm f\n", SHELL_LOST, 0, "m\n", "scp: unknown option\n" ASTRAY },
	{ "scp -t .; x\nrm f\n", SHELL_LOST, 2, "",
	    "scp: not done: something else on this line is not served\n" ASTRAY },
	{ "false && scp -t .\nrm f\n", SHELL_LOST, 2, "", ASTRAY },
	{ "scp -t . >/dev/null\nrm f\n", SHELL_LOST, 2, "",
	    "scp: its input and output go to the client alone\n" ASTRAY },
	{ "sh -c 'scp -y -t .'\nrm f\n", SHELL_LOST, 2, "", "scp: unknown option\n" ASTRAY },
	{ "sudo scp -rt .\nrm f\n", SHELL_LOST, 2, "", "sudo: command not found\n" ASTRAY },
	{ "x | scp\necho a\n", SHELL_ENDED, 0, "a\n", "x: no such syntax: it has an unquoted ; & or |\n" },
	{ "sftp-server; echo a\n", SHELL_SFTP, 0, "", "" },
};

START_TEST(sessions_of_lines)
{
	const char *out, *err;
	enum shell_end end;

	begin();
	end = play(NULL, sessions[_i].sent);
	out = take_output();
	err = take_errors();
	ck_assert_msg(end == sessions[_i].end && status == sessions[_i].status &&
	    strcmp(out, sessions[_i].out) == 0 && strcmp(err, sessions[_i].err) == 0,
	    "%s: ended %d, status %d, \"%s\", \"%s\"", sessions[_i].sent, (int)end, status, out, err);
	ck_assert(exists("top/f"));
}
END_TEST

/* An exec string is the same; it does not read lines. */
START_TEST(scripts)
{
	begin();
	ck_assert_int_eq(play("cd d\npwd; false", "echo not read\n"), SHELL_ENDED);
	ck_assert_int_eq(status, 1);
	ck_assert_str_eq(take_output(), "/d\n");
	ck_assert_int_eq(play("sh", "echo read\n"), SHELL_ENDED);
	ck_assert_str_eq(take_output(), "read\n");
	ck_assert_int_eq(play("x; rm f\nrm f", ""), SHELL_ENDED);
	ck_assert_int_eq(status, 0);
	ck_assert_str_eq(take_errors(), "x: command not found\n"
	    "rm: not done: something else on this line is not served\n");
	ck_assert(!exists("top/f"));
}
END_TEST

START_TEST(copies_begin_where_the_session_is)
{
	begin();
	ck_assert_int_eq(play(NULL, "cd d; scp -t .; echo $?\nscp -r -f a; scp -t x 2>/dev/null\n"), SHELL_ENDED);
	ck_assert_str_eq(copied, "to . in /d\nfrom a in /d\nto x in /d\n");
	ck_assert_str_eq(take_output(), "0\n");
	copy_ends = SHELL_COPY_FAILED;
	ck_assert_int_eq(play(NULL, "scp -t .; echo $?\n"), SHELL_ENDED);
	ck_assert_str_eq(take_output(), "1\n");
	ck_assert_int_eq(play(NULL, "scp -f . >/dev/null; scp -y\nscp\n"), SHELL_ENDED);
	ck_assert_str_eq(copied, "");
	ck_assert_int_eq(status, 2);
}
END_TEST

/* What its line says is said; nothing else is done, and no other line is read. */
START_TEST(rule_19_behind_a_copy_that_went_astray_nothing_is_a_command)
{
	begin();
	copy_ends = SHELL_COPY_ASTRAY;
	ck_assert_int_eq(play(NULL, "scp -t . ; rm f ; echo m $?\nrm f\n"), SHELL_LOST);
	ck_assert_str_eq(take_output(), "m 1\n");
	ck_assert_int_eq(play(NULL, "sh -c 'scp -t . ; rm f'; rm f; echo m\nrm f\n"), SHELL_LOST);
	ck_assert_str_eq(take_output(), "m\n");
	ck_assert_int_eq(play("scp -t .; rm f", ""), SHELL_LOST);
	ck_assert(exists("top/f"));
}
END_TEST

START_TEST(where_it_is_is_shown)
{
	begin();
	(void)play(NULL, "pwd\n");
	ck_assert_str_eq(shown, "serving commands /\n");
	(void)play(NULL, "cd d\ncd\nsh -c 'cd d'\nscp -t .\ncd none\n");
	ck_assert_str_eq(shown, "serving commands /\nserving commands /d\nserving commands /\n"
	    "serving commands /d\nserving commands /\nserving commands /\nserving commands /\n");
}
END_TEST

/* The record that is required is what the client would learn of. */
START_TEST(what_the_log_does_not_take_ends_the_session)
{
	begin();
	deeds.unlogged = true;
	ck_assert_int_eq(play(NULL, "echo a\nrm f\n"), SHELL_LOST);
	ck_assert(exists("top/f"));
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_loop_test(t, sessions_of_lines, 0, (int)COUNT(sessions));
	tcase_add_test(t, scripts);
	tcase_add_test(t, copies_begin_where_the_session_is);
	tcase_add_test(t, rule_19_behind_a_copy_that_went_astray_nothing_is_a_command);
	tcase_add_test(t, where_it_is_is_shown);
	tcase_add_test(t, what_the_log_does_not_take_ends_the_session);
}

int
main(void)
{
	return run_unit("shell", add);
}
