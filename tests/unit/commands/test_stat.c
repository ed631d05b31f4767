/* SPDX-License-Identifier: ISC */
#include "commanding.h"

enum {
	NOON = 1600000000	/* Sun Sep 13 12:26:40 2020 UTC */
};

static void
begin(void)
{
	const struct timespec times[2] = { { NOON + 1, 0 }, { NOON, 5 } };

	begin_restricted();
	ck_assert_int_eq(mkdirat(unit_fd, "top/d", 0750), 0);
	put_file("top/f", "abc", 0640);
	put_file("top/empty", "", 04755);
	ck_assert_int_eq(symlinkat("f", unit_fd, "top/l"), 0);
	ck_assert_int_eq(utimensat(unit_fd, "top/f", times, 0), 0);
	begin_commands(-1);
	people.ngroups = 1;
	people.groups[0].gid = getegid();
	strcpy(people.groups[0].name, "us");
}

START_TEST(rule_33_fields)
{
	char wanted[256];
	struct stat st;

	begin();
	ck_assert_int_eq(fstatat(unit_fd, "top/f", &st, 0), 0);
	EXPECT(JOB_DONE, "f 81a0 640 -rw-r----- 3 1600000001 1600000000 u us 1 regular file %?\n", "",
	    "stat", "-c", "%n %f %a %A %s %X %Y %U %G %h %F %%%i", "f");
	snprintf(wanted, sizeof(wanted), "%u %u %lld%%\n", (unsigned)geteuid(), (unsigned)getegid(),
	    (long long)st.st_ctime);
	EXPECT(JOB_DONE, wanted, "", "stat", "--format=%u %g %Z%", "f");
	EXPECT(JOB_DONE, "regular empty file 4755\nsymbolic link 777\ndirectory 750\n", "", "stat",
	    "--format", "%F %a", "empty", "l", "d/");
	EXPECT(JOB_DONE, "\\n\n", "", "stat", "-c\\n", "f");
}
END_TEST

START_TEST(rule_33_kinds)
{
	begin();
	ck_assert_int_eq(mkfifoat(unit_fd, "top/p", 0600), 0);
	ck_assert_int_eq(mknodat(unit_fd, "top/s", S_IFSOCK | 0600, 0), 0);
	EXPECT(JOB_DONE, "fifo\nsocket\n", "", "stat", "-c%F", "p", "s");
}
END_TEST

START_TEST(rule_33_without_a_format)
{
	begin();
	EXPECT(JOB_DONE, "  File: f\n  Size: 3\nAccess: (0640/-rw-r-----)\n"
	    "Modify: 2020-09-13 12:26:40.000000005 +0000\n", "", "stat", "f");
	EXPECT(JOB_FAILED, "f\n", "stat: no: No such file or directory\n", "stat", "-c%n", "no", "f");
	EXPECT(JOB_FAILED, "", "stat: f/: Not a directory\n", "stat", "f/");
	EXPECT(JOB_MISUSED, "", "stat: missing operand\n", "stat", "-L");
	EXPECT(JOB_MISUSED, "", "stat: -c: it needs a value\n", "stat", "-c");
	log_is("");
}
END_TEST

START_TEST(rule_33_links_are_followed_where_that_is_asked_for_and_allowed)
{
	begin();
	EXPECT(JOB_DONE, "l symbolic link\n", "", "stat", "-c%n %F", "l");
	ck_assert_int_eq(RUN("stat", "-Lc%n", "l"), JOB_FAILED);
	ck_assert_str_eq(take_output(), "");
	take_errors();
	root.follow = true;
	EXPECT(JOB_DONE, "l regular file\n", "", "stat", "-Lc", "%n %F", "l");
}
END_TEST

START_TEST(rule_33_no_name_forges_a_line)
{
	begin();
	put_file("top/a\nb", "", 0644);
	EXPECT(JOB_DONE, "a?b\n", "", "stat", "-c%n", "a\nb");
	ck_assert_int_eq(RUN("stat", "a\nb"), JOB_DONE);
	ck_assert_int_eq(strncmp(take_output(), "  File: a?b\n  Size: 0\n", 22), 0);
}
END_TEST

START_TEST(rule_32_who_learns_nothing_sees_directories_alone)
{
	begin();
	policy.upload_only = true;
	policy.reveal = POLICY_NO;
	policy.list = RIGHT_OWN;
	EXPECT(JOB_FAILED, "d 755\n", "stat: f: No such file or directory\n", "stat", "-c%n %a", "f",
	    "d");
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, rule_33_fields);
	tcase_add_test(t, rule_33_kinds);
	tcase_add_test(t, rule_33_without_a_format);
	tcase_add_test(t, rule_33_links_are_followed_where_that_is_asked_for_and_allowed);
	tcase_add_test(t, rule_33_no_name_forges_a_line);
	tcase_add_test(t, rule_32_who_learns_nothing_sees_directories_alone);
}

int
main(void)
{
	return run_unit("stat", add);
}
