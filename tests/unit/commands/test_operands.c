/* SPDX-License-Identifier: ISC */
/* What operands stand for, in a session that goes from directory to directory. */
#include <bsd/unistd.h>

#include "commanding.h"
#include "commands/shell.h"

static struct conn conn;	/* too large for a stack */

/* Of the copy that was last asked for: where relative paths began, and its operand. */
static char copied_from[PATH_MAX], copied[PATH_MAX];

static enum shell_copy
copy(void *copier, const struct request *request, const struct root *r, const char *why)
{
	(void)copier;
	ck_assert_ptr_null(why);
	strcpy(copied_from, r->from);
	strcpy(copied, request->paths[0]);
	return SHELL_COPY_DONE;
}

/* Runs SCRIPT to its end: its status. */
static int
run_script(const char *script)
{
	static struct title title;
	const struct shell_world world = {
		.deeds = &deeds, .people = &people, .title = &title, .conn = &conn,
		.errors = output.errors, .copy = copy,
	};
	int status;

	title_init(&title, "testing");
	conn_init(&conn, open("/dev/null", O_RDONLY | O_CLOEXEC), stream.out, TURN_FREE, 0);
	ck_assert_int_eq(shell_run(&world, script, &status), SHELL_ENDED);
	close(conn.stream.in);
	return status;
}

#define EXPECT_SCRIPT(wanted, out, err, script) do { \
	ck_assert_int_eq(run_script(script), wanted); \
	ck_assert_str_eq(take_output(), out); \
	ck_assert_str_eq(take_errors(), err); \
} while (0)

static void
begin(void)
{
	begin_restricted();
	policy.hidden = POLICY_YES;
	strcpy(policy.start, "start");
	ck_assert_int_eq(mkdirat(unit_fd, "top/start", 0755), 0);
	ck_assert_int_eq(mkdirat(unit_fd, "top/d", 0755), 0);
	ck_assert_int_eq(mkdirat(unit_fd, "top/d/e", 0755), 0);
	put_file("top/start/s", "", 0644);
	put_file("top/d/a", "", 0644);
	put_file("top/d/.h", "", 0644);
	begin_commands(-1);
}

START_TEST(patterns_are_looked_up_where_the_session_is)
{
	begin();
	EXPECT_SCRIPT(0, "s\n", "", "echo *");
	EXPECT_SCRIPT(0, "a e\n. .. .h\n../d ../start\n/start/s\n", "",
	    "cd ../d; echo *; echo .*; echo ../*; echo /start/*");
	EXPECT_SCRIPT(0, "a\n", "", "cd /d; ls -d [a]");
	EXPECT_SCRIPT(0, "d start\n../../d ../../start\n", "", "cd /; echo *; echo ../../*");
	EXPECT_SCRIPT(2, "", "ls: x*: No such file or directory\n", "cd /d; ls x*");
}
END_TEST

START_TEST(a_tilde_is_the_start_wherever_the_session_is)
{
	begin();
	EXPECT_SCRIPT(0, "/start /start/s\n/start/s\n/start\n", "",
	    "cd /d && echo ~ ~/*; ls ~/s; cd ~; pwd");
	EXPECT_SCRIPT(0, "/start/x ~other/x\n", "", "cd /d; echo ~u/x ~other/x");
}
END_TEST

START_TEST(rule_6_without_reveal_nothing_is_looked_up)
{
	begin();
	policy.reveal = POLICY_NO;
	EXPECT_SCRIPT(0, "*\n", "", "cd /d; echo *");
}
END_TEST

START_TEST(copies_begin_where_the_session_is_and_are_called_as_they_were)
{
	begin();
	EXPECT_SCRIPT(0, "", "", "scp -f s; true");
	ck_assert_str_eq(copied_from, "start");
	EXPECT_SCRIPT(0, "", "", "cd /d; scp -f a");
	ck_assert_str_eq(copied_from, "d");
	ck_assert_str_eq(copied, "a");
	EXPECT_SCRIPT(0, "", "", "cd /; scp -t /start/../x");
	ck_assert_str_eq(copied_from, "");
	ck_assert_str_eq(copied, "/start/../x");
	ck_assert_str_eq(root.from, "start");
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, patterns_are_looked_up_where_the_session_is);
	tcase_add_test(t, a_tilde_is_the_start_wherever_the_session_is);
	tcase_add_test(t, copies_begin_where_the_session_is_and_are_called_as_they_were);
	tcase_add_test(t, rule_6_without_reveal_nothing_is_looked_up);
}

int
main(int argc, char *argv[])
{
	setproctitle_init(argc, argv, environ);
	return run_unit("operands", add);
}
