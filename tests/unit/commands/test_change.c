/* SPDX-License-Identifier: ISC */
#include <sys/mount.h>

#include <bsd/string.h>

#include "commanding.h"
#include "mounts.h"

#define NOT_OWN "it was not made in this session"

START_TEST(mkdir_makes_what_is_not_there)
{
	begin_restricted();
	put_file("top/f", "", 0644);
	begin_commands(-1);
	(void)umask(027);
	EXPECT_DONE("mkdir a 'b c' /in");
	ck_assert_uint_eq(mode_of("top/b c"), 0750);
	log_is("mkdir name \"/a\" mode 0750\nmkdir name \"/b c\" mode 0750\n"
	    "mkdir name \"/in\" mode 0750\n");
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
	log_is("mkdir name \"/x\" mode 0755\nmkdir name \"/x/y\" mode 0755\n"
	    "mkdir name \"/x/y/z\" mode 0755\nmkdir name \"/q\" mode 0755\n"
	    "mkdir name \"/q/r\" mode 0755\n");
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

START_TEST(mkdir_m_is_that_mode_whatever_umask_says)
{
	begin_restricted();
	begin_commands(-1);
	(void)umask(077);
	EXPECT_DONE("mkdir -m 755 a");
	ck_assert_uint_eq(mode_of("top/a"), 0755);
	EXPECT_DONE("mkdir -p -m u=rwx,g=rx,o= b/c");
	ck_assert_uint_eq(mode_of("top/b/c"), 0750);
	ck_assert_uint_eq(mode_of("top/b"), 0700);
	policy.dir_mode.may = 0750;
	EXPECT_DONE("mkdir -m 777 d");
	ck_assert_uint_eq(mode_of("top/d"), 0750);
	EXPECT_FAILED("mkdir -m 888 e", "mkdir: 888: no such mode");
	EXPECT_MISUSED("mkdir -m", "mkdir: -m: it needs a value");
	ck_assert(!exists("top/e"));
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

/* A small tree: the directory NAME, with a file, a link to OUT, and a directory with a file. */
static void
make_tree(const char *name)
{
	char path[PATH_MAX];

	make_dir(name);
	snprintf(path, sizeof(path), "%s/f", name);
	put_file(path, "f", 0644);
	snprintf(path, sizeof(path), "%s/l", name);
	ck_assert_int_eq(symlinkat("../../out", unit_fd, path), 0);
	snprintf(path, sizeof(path), "%s/d", name);
	make_dir(path);
	snprintf(path, sizeof(path), "%s/d/g", name);
	put_file(path, "g", 0644);
}

static void
make_out(void)
{
	make_dir("out");
	put_file("out/canary", "", 0644);
}

static bool
log_has(const char *line)
{
	return strstr(log_text(), line) != NULL;
}

START_TEST(rule_23_rm_r_takes_a_tree_and_follows_no_link)
{
	begin_restricted();
	make_out();
	make_tree("top/t");
	put_file("top/f", "", 0644);
	ck_assert_int_eq(symlinkat("../out", unit_fd, "top/l"), 0);
	begin_commands(-1);
	EXPECT_DONE("rm -r t/ f l");
	ck_assert_int_eq(count_entries("top"), 0);
	ck_assert(exists("out/canary"));
	/* One record each. */
	ck_assert(log_has("remove name \"/t/f\"\n") && log_has("remove name \"/t/l\"\n"));
	ck_assert(log_has("remove name \"/t/d/g\"\nrmdir name \"/t/d\"\n"));
	ck_assert(log_has("rmdir name \"/t\"\nremove name \"/f\"\nremove name \"/l\"\n"));
	ck_assert(!log_has("opendir") && !log_has("refused"));
	EXPECT_FAILED("rm -r no", "rm: no: No such file or directory");
	EXPECT_DONE("rm -rf no");
	EXPECT_FAILED("rm -r /", "rm: /: Device or resource busy");
	EXPECT_FAILED("rm -rf .", "rm: .: Invalid argument");
	ck_assert_int_eq(deeds.errors, 1);
}
END_TEST

START_TEST(rule_23_what_is_refused_is_named_and_its_directory_stays)
{
	begin_restricted();
	make_tree("top/t");
	make_dir("top/t/locked");
	put_file("top/t/locked/x", "", 0644);
	ck_assert_int_eq(fchmodat(unit_fd, "top/t/locked", 0555, 0), 0);
	begin_commands(-1);
	EXPECT_FAILED("rm -rf t", "rm: t/locked/x: Permission denied");
	ck_assert_int_eq(count_entries("top/t"), 1);
	ck_assert(!log_has("rmdir name \"/t\"") && !log_has("rmdir name \"/t/locked\""));
	ck_assert_int_eq(fchmodat(unit_fd, "top/t/locked", 0755, 0), 0);
	/* What is denied is not there: nobody says what its directory is kept by. */
	put_file("top/t/locked/.h", "", 0644);
	log_clear();
	EXPECT_FAILED("rm -r t/", "rm: t/locked: Directory not empty");
	log_is("remove name \"/t/locked/x\"\nrefused \"/t/locked\" reason \"Directory not empty\"\n");
	ck_assert(exists("top/t/locked/.h"));
}
END_TEST

START_TEST(rule_23_recursive_no_leaves_files)
{
	begin_restricted();
	make_tree("top/t");
	put_file("top/f", "", 0644);
	policy.recursive = POLICY_NO;
	begin_commands(-1);
	EXPECT_FAILED("rm -r t", "rm: t: directories are not allowed");
	EXPECT_DONE("rm -f -r f");
	ck_assert(exists("top/t/d/g") && !exists("top/f"));
	policy.recursive = POLICY_YES;
	policy.list = RIGHT_NO;
	EXPECT_FAILED("rm -r t", "rm: t: listing is not allowed");
	policy.list = RIGHT_YES;
	policy.max_depth = 1;
	EXPECT_FAILED("rm -r t", "rm: t/d: directories are nested too deeply");
	ck_assert(exists("top/t/d/g") && !exists("top/t/f"));
	policy.remove = RIGHT_NO;
	EXPECT_FAILED("rm -r t", "rm: t: removing is not allowed");
}
END_TEST

START_TEST(rule_45_rm_r_with_own_takes_what_is_own)
{
	begin_restricted();
	make_out();
	policy.remove = RIGHT_OWN;
	begin_commands(-1);
	EXPECT_DONE("mkdir -p t/a t/b");
	put_file("top/t/b/f", "another's", 0644);
	log_clear();
	EXPECT_FAILED("rm -r t", "rm: t/b/f: " NOT_OWN);
	ck_assert(!exists("top/t/a") && exists("top/t/b/f"));
	make_dir("top/not");
	EXPECT_FAILED("rm -r not", "rm: not: " NOT_OWN);
	ck_assert(exists("top/not"));
}
END_TEST

/* Nor is anything told of what lies beside what is own. */
START_TEST(rule_45_rm_r_of_who_may_know_nothing)
{
	begin_blind();
	make_dir("top/d");
	begin_commands(-1);
	EXPECT_DONE("mkdir -p t/a t/b/c");
	put_file("top/t/b/f", "another's", 0644);
	EXPECT_FAILED("rm -r t", "rm: t/b: Permission denied");
	ck_assert(!exists("top/t/a") && !exists("top/t/b/c") && exists("top/t/b/f"));
	EXPECT_FAILED("rm -r d", "rm: d: Permission denied");
	EXPECT_FAILED("rm -rf no", "rm: no: Permission denied");
}
END_TEST

/* More than one read of a directory, and more levels than keep what they have read. */
START_TEST(rule_23_rm_r_of_a_wide_and_deep_tree)
{
	enum { WIDE = 1500, DEEP = 40 };
	char name[PATH_MAX] = "top/t";
	int n = 0;

	begin_restricted();
	make_dir("top/t");
	for (int i = 0; i < DEEP; i++) {
		strlcat(name, "/d", sizeof(name));
		make_dir(name);
		for (int k = 0; i % 8 == 0 && k < WIDE / 5; k++, n++) {
			char file[PATH_MAX + 16];

			snprintf(file, sizeof(file), "%s/%d", name, k);
			put_file(file, "", 0644);
		}
	}
	ck_assert_int_eq(n, WIDE);
	begin_commands(-1);
	EXPECT_DONE("rm -r t");
	ck_assert(!exists("top/t"));
	ck_assert_int_eq(deeds.errors, 0);
}
END_TEST

/* Nobody reads what is said of it any more: it ends before long. */
START_TEST(rule_21_rm_r_ends_with_its_client)
{
	enum { FILES = 1000 };
	int ends[2], left;

	begin_restricted();
	make_dir("top/t");
	for (int i = 0; i < FILES; i++) {
		char file[64];

		snprintf(file, sizeof(file), "top/t/%d", i);
		put_file(file, "", 0644);
	}
	begin_commands(-1);
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	ck_assert_int_eq(close(ends[0]), 0);
	stream.out = ends[1];
	ck_assert_int_eq(RUN_LOST("rm", "-r", "t"), JOB_FAILED);
	left = count_entries("top/t");
	ck_assert(left > 0 && left < FILES);
}
END_TEST

START_TEST(rule_23_rm_r_does_not_go_into_what_is_mounted)
{
	char from[PATH_MAX], to[PATH_MAX];

	if (!unshare_mounts())
		return;
	ck_assert_int_eq(mkdirat(unit_fd, "top", 0755), 0);
	make_out();
	make_tree("top/t");
	make_dir("top/t/m");
	snprintf(from, sizeof(from), "%s/out", unit_path);
	snprintf(to, sizeof(to), "%s/top/t/m", unit_path);
	/* A directory of the same filesystem: nothing but the mount tells it from others. */
	ck_assert_int_eq(mount(from, to, NULL, MS_BIND, NULL), 0);
	policy = restricted_policy();
	begin_commands(-1);
	EXPECT_FAILED("rm -r t", "rm: t/m: something is mounted there");
	EXPECT_FAILED("rm -r t/m", "rm: t/m: something is mounted there");
	ck_assert_int_eq(umount(to), 0);
	ck_assert(exists("out/canary"));
	ck_assert_int_eq(count_entries("top/t"), 1);
	EXPECT_DONE("rm -r t");
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
	tcase_add_test(t, mkdir_m_is_that_mode_whatever_umask_says);
	tcase_add_test(t, rm_takes_files_and_says_of_each_why_not);
	tcase_add_test(t, rm_f_forgives_what_is_not_there_and_nothing_else);
	tcase_add_test(t, what_has_no_name_of_its_own_is_not_removed);
	tcase_add_test(t, rmdir_and_rm_d_take_what_is_empty_and_unlink_one_file);
	tcase_add_test(t, rule_23_rm_r_takes_a_tree_and_follows_no_link);
	tcase_add_test(t, rule_23_what_is_refused_is_named_and_its_directory_stays);
	tcase_add_test(t, rule_23_recursive_no_leaves_files);
	tcase_add_test(t, rule_45_rm_r_with_own_takes_what_is_own);
	tcase_add_test(t, rule_45_rm_r_of_who_may_know_nothing);
	tcase_add_test(t, rule_23_rm_r_of_a_wide_and_deep_tree);
	tcase_add_test(t, rule_21_rm_r_ends_with_its_client);
	tcase_add_test(t, rule_23_rm_r_does_not_go_into_what_is_mounted);
	tcase_add_test(t, answers_tell_nothing_to_who_may_know_nothing);
}

int
main(void)
{
	return run_unit("change", add);
}
