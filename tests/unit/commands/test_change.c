/* SPDX-License-Identifier: ISC */
#include "commanding.h"

#define NOT_OWN "it was not made in this session"

static void
make_dir(const char *name)
{
	ck_assert_int_eq(mkdirat(unit_fd, name, 0755), 0);
}

START_TEST(mkdir_makes_what_is_not_there)
{
	begin_restricted();
	put_file("top/f", "", 0644);
	begin_commands(-1);
	(void)umask(027);
	EXPECT_DONE("mkdir a 'b c' /in");
	ck_assert_uint_eq(mode_of("top/b c"), 0750);
	log_is("mkdir name \"/a\" mode 0777\nmkdir name \"/b c\" mode 0777\n"
	    "mkdir name \"/in\" mode 0777\n");
	go_to("in");
	EXPECT_DONE("mkdir x ../y");
	ck_assert(exists("top/in/x") && exists("top/y"));
	go_to("");
	EXPECT_LINE("mkdir f g no/h .h", JOB_FAILED, "", "mkdir: f: File exists\n"
	    "mkdir: no/h: No such file or directory\n"
	    "mkdir: .h: names that begin with a dot are not allowed\n");
	ck_assert(exists("top/g"));
	EXPECT_MISUSED("mkdir", "mkdir: missing operand");
	EXPECT_MISUSED("mkdir -v x", "mkdir: -v: no such option");
	EXPECT_FAILED("mkdir ''", "mkdir: : No such file or directory");
}
END_TEST

START_TEST(mkdir_p_makes_all_that_leads_there_and_leaves_alone_what_is)
{
	begin_restricted();
	put_file("top/f", "", 0644);
	make_dir("top/d");
	ck_assert_int_eq(fchmodat(unit_fd, "top/d", 0700, 0), 0);
	begin_commands(-1);
	EXPECT_DONE("mkdir -p d / . x/y/z/ d/../q//r");
	ck_assert(exists("top/x/y/z") && exists("top/q/r"));
	ck_assert_uint_eq(mode_of("top/d"), 0700);
	/* What is asked in passing is no record. */
	log_is("mkdir name \"/x\" mode 0777\nmkdir name \"/x/y\" mode 0777\n"
	    "mkdir name \"/x/y/z\" mode 0777\nmkdir name \"/q\" mode 0777\n"
	    "mkdir name \"/q/r\" mode 0777\n");
	EXPECT_FAILED("mkdir -p f", "mkdir: f: File exists");
	EXPECT_FAILED("mkdir -p f/x", "mkdir: f/x: File exists");
	EXPECT_FAILED("mkdir -p x/.y/z", "mkdir: x/.y/z: names that begin with a dot are not allowed");
	log_clear();
	policy.mkdir = POLICY_NO;
	EXPECT_FAILED("mkdir -p x/new", "mkdir: x/new: new directories are not allowed");
	log_is("refused \"/x/new\" reason \"new directories are not allowed\"\n");
	EXPECT_DONE("mkdir -p x/y");
	ck_assert_uint_eq(deeds.errors, 4);
}
END_TEST

START_TEST(rm_takes_files_and_says_of_each_why_not)
{
	begin_restricted();
	put_file("top/f", "", 0644);
	put_file("top/g", "", 0644);
	make_dir("top/d");
	put_file("top/d/h", "", 0644);
	ck_assert_int_eq(symlinkat("d", unit_fd, "top/l"), 0);
	begin_commands(-1);
	EXPECT_LINE("rm f no d g l d/h/", JOB_FAILED, "", "rm: no: No such file or directory\n"
	    "rm: d: Is a directory\nrm: d/h/: Not a directory\n");
	log_is("remove name \"/f\"\nrefused \"/d\" reason \"Is a directory\"\n"
	    "remove name \"/g\"\nremove name \"/l\"\n");
	ck_assert_int_eq(count_entries("top"), 1);
	ck_assert(exists("top/d/h"));
	EXPECT_MISUSED("rm", "rm: missing operand");
	EXPECT_MISUSED("rm -i d/h", "rm: -i: no such option");
	ck_assert(exists("top/d/h"));
}
END_TEST

START_TEST(rm_f_forgives_what_is_not_there_and_nothing_else)
{
	begin_restricted();
	put_file("top/f", "", 0644);
	put_file("top/.h", "", 0644);
	begin_commands(-1);
	EXPECT_DONE("rm -f");
	EXPECT_DONE("rm -f no no/no f/no f");
	log_is("remove name \"/f\"\n");
	ck_assert(!exists("top/f"));
	EXPECT_FAILED("rm -f .h", "rm: .h: names that begin with a dot are not allowed");
	ck_assert(exists("top/.h"));
	policy.remove = RIGHT_NO;
	EXPECT_FAILED("rm -f no", "rm: no: removing is not allowed");
}
END_TEST

START_TEST(what_has_no_name_of_its_own_is_not_removed)
{
	begin_restricted();
	make_dir("top/d");
	begin_commands(-1);
	go_to("d");
	for (const char *const *verb = (const char *const []){ "rm", "rm -d", "rm -f", "rmdir", NULL };
	    *verb != NULL; verb++) {
		static const char *const names[] = { ".", "..", "./", "x/..", "../d/." };
		const char *word = strcmp(*verb, "rmdir") == 0 ? "rmdir" : "rm";

		for (size_t i = 0; i < COUNT(names); i++) {
			char line[64], message[64];

			snprintf(line, sizeof(line), "%s %s", *verb, names[i]);
			snprintf(message, sizeof(message), "%s: %s: Invalid argument\n", word, names[i]);
			EXPECT_LINE(line, JOB_FAILED, "", message);
		}
	}
	EXPECT_FAILED("rmdir /", "rmdir: /: Device or resource busy");
	ck_assert(exists("top/d"));
	go_to("");
}
END_TEST

START_TEST(rmdir_and_rm_d_take_what_is_empty_and_unlink_one_file)
{
	begin_restricted();
	for (const char *const *name = (const char *const []){ "top/a", "top/b", "top/c", NULL };
	    *name != NULL; name++)
		make_dir(*name);
	put_file("top/c/f", "", 0644);
	put_file("top/g", "", 0644);
	begin_commands(-1);
	EXPECT_DONE("rmdir a/");
	EXPECT_DONE("rm -d b g");
	log_is("rmdir name \"/a\"\nrmdir name \"/b\"\nremove name \"/g\"\n");
	EXPECT_FAILED("rmdir c", "rmdir: c: Directory not empty");
	EXPECT_FAILED("rm -d c", "rm: c: Directory not empty");
	EXPECT_FAILED("rmdir c/f", "rmdir: c/f: Not a directory");
	EXPECT_FAILED("unlink c", "unlink: c: Is a directory");
	EXPECT_MISUSED("unlink c/f c", "unlink: too many operands");
	EXPECT_DONE("unlink c/f");
	EXPECT_FAILED("unlink c/f", "unlink: c/f: No such file or directory");
	policy.recursive = POLICY_NO;
	EXPECT_FAILED("rmdir c", "rmdir: c: directories are not allowed");
}
END_TEST

/* As SFTP rule 59: who may know nothing reads the same, whatever is there. */
START_TEST(answers_tell_nothing_to_who_may_know_nothing)
{
	begin_blind();
	put_file("top/f", "", 0644);
	make_dir("top/d");
	begin_commands(-1);
	EXPECT_LINE("rm -f f d no .h", JOB_FAILED, "", "rm: f: Permission denied\n"
	    "rm: d: Permission denied\nrm: no: Permission denied\nrm: .h: Permission denied\n");
	EXPECT_LINE("rmdir f d no", JOB_FAILED, "", "rmdir: f: Permission denied\n"
	    "rmdir: d: Permission denied\nrmdir: no: Permission denied\n");
	EXPECT_LINE("mkdir f d", JOB_FAILED, "", "mkdir: f: Permission denied\n"
	    "mkdir: d: Permission denied\n");
	EXPECT_DONE("mkdir -p d own/deep");
	EXPECT_DONE("rmdir own/deep own");
	ck_assert_int_eq(count_entries("top"), 2);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, mkdir_makes_what_is_not_there);
	tcase_add_test(t, mkdir_p_makes_all_that_leads_there_and_leaves_alone_what_is);
	tcase_add_test(t, rm_takes_files_and_says_of_each_why_not);
	tcase_add_test(t, rm_f_forgives_what_is_not_there_and_nothing_else);
	tcase_add_test(t, what_has_no_name_of_its_own_is_not_removed);
	tcase_add_test(t, rmdir_and_rm_d_take_what_is_empty_and_unlink_one_file);
	tcase_add_test(t, answers_tell_nothing_to_who_may_know_nothing);
}

int
main(void)
{
	return run_unit("change", add);
}
