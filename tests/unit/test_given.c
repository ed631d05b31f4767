/* SPDX-License-Identifier: ISC */
/* What holds all other tests to giving back what they take: here are some that do not. */
#include <sys/time.h>

#include "unit.h"

static void
keep_limit(void)
{
	ck_assert_int_eq(setrlimit(RLIMIT_SIGPENDING, &(struct rlimit){ 0, 0 }), 0);
}

static void
keep_no_core(void)
{
	ck_assert_int_eq(setrlimit(RLIMIT_CORE, &(struct rlimit){ 7, 7 }), 0);
}

static void
keep_blocked(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	ck_assert_int_eq(sigprocmask(SIG_BLOCK, &set, NULL), 0);
}

static void
keep_timer(void)
{
	const struct itimerval late = { .it_value = { .tv_sec = 1000 } };

	ck_assert_int_eq(setitimer(ITIMER_VIRTUAL, &late, NULL), 0);
}

static void
keep_group(void)
{
	ck_assert_int_eq(setegid(STRANGER), 0);
}

static void
keep_groups(void)
{
	ck_assert_int_eq(setgroups(2, (gid_t[]){ STRANGER, NOBODY }), 0);
}

static void
keep_user(void)
{
	ck_assert_int_eq(seteuid(STRANGER), 0);
}

static void
change_what_is_put_back(void)
{
	umask(0777);
	signal(SIGUSR1, SIG_IGN);
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stdout));
	ck_assert_int_eq(close(STDIN_FILENO), 0);
}

static void
give_all_back(void)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_SIGPENDING, &limit), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_SIGPENDING, &(struct rlimit){ 0, limit.rlim_max }), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_SIGPENDING, &limit), 0);
}

static const struct {
	const char *what;	/* that is named; NULL when nothing is missing */
	void	  (*test)(void);
	bool	    root;	/* needs it */
} rows[] = {
	{ "RLIMIT_SIGPENDING", keep_limit, false },
	{ "RLIMIT_CORE", keep_no_core, false },
	{ "the blocked signals", keep_blocked, false },
	{ "an interval timer", keep_timer, false },
	{ "a group ID", keep_group, true },
	{ "the groups", keep_groups, true },
	{ "a user ID", keep_user, true },
	{ NULL, become_user, true },
	{ NULL, change_what_is_put_back, false },
	{ NULL, give_all_back, false },
};

START_TEST(row)
{
	rows[_i].test();
}
END_TEST

/* A runner of its own for one row, as run_unit has it for a file. */
static void
run_row(int i, char *said, size_t room)
{
	Suite *suite = suite_create("inner");
	TCase *tests = tcase_create("inner");
	SRunner *runner;
	TestResult **failures;

	tcase_add_checked_fixture(tests, unit_setup, unit_teardown);
	tcase_add_loop_test(tests, row, i, i + 1);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_SILENT);
	failures = srunner_failures(runner);
	snprintf(said, room, "%s", srunner_ntests_failed(runner) == 0 ? "" : tr_msg(failures[0]));
	free(failures);
	srunner_free(runner);
}

START_TEST(what_is_kept_is_named)
{
	char said[256], wanted[256] = "";

	if (rows[_i].root && lacks_root("identities"))
		return;
	run_row(_i, said, sizeof(said));
	if (rows[_i].what != NULL)
		snprintf(wanted, sizeof(wanted), "the test did not give back %s", rows[_i].what);
	ck_assert_str_eq(said, wanted);
}
END_TEST

static struct stat
standard(int fd)
{
	struct stat st = { .st_ino = 0 };

	(void)fstat(fd, &st);
	return st;
}

START_TEST(what_may_be_changed_is_put_back)
{
	const struct stat in = standard(STDIN_FILENO), out = standard(STDOUT_FILENO);
	struct given g;
	char here[512], there[512];

	ck_assert_int_eq(fchdir(unit_fd), 0);
	ck_assert_ptr_nonnull(getcwd(here, sizeof(here)));
	given_hold(&g);
	change_what_is_put_back();
	ck_assert_ptr_null(given_take_back(&g));
	ck_assert_uint_eq(umask(022), 022);
	ck_assert(signal(SIGUSR1, SIG_DFL) == SIG_DFL);
	ck_assert_str_eq(getcwd(there, sizeof(there)), here);
	ck_assert_uint_eq(standard(STDIN_FILENO).st_ino, in.st_ino);
	ck_assert_uint_eq(standard(STDOUT_FILENO).st_ino, out.st_ino);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_loop_test(t, what_is_kept_is_named, 0, COUNT(rows));
	tcase_add_test(t, what_may_be_changed_is_put_back);
}

int
main(void)
{
	return run_unit("given", add);
}
