/* SPDX-License-Identifier: ISC */
#include "commanding.h"

static struct stat st;

static void
date(const char *name, time_t when)
{
	const struct timespec times[2] = { { .tv_sec = when }, { .tv_sec = when } };

	ck_assert_int_eq(utimensat(unit_fd, name, times, AT_SYMLINK_NOFOLLOW), 0);
}

static void
look_at(const char *name)
{
	ck_assert_int_eq(fstatat(unit_fd, name, &st, AT_SYMLINK_NOFOLLOW), 0);
}

static bool
log_has(const char *line)
{
	return strstr(log_text(), line) != NULL;
}

START_TEST(cp_copies_a_file_with_its_mode_less_umask)
{
	begin_restricted();
	put_file("top/f", "content", 0666);
	put_file("top/empty", "", 0644);
	make_dir("top/d");
	date("top/f", 1000);
	begin_commands(-1);
	(void)umask(027);
	EXPECT_DONE("cp f g");
	ck_assert_str_eq(get_file("top/g"), "content");
	ck_assert_uint_eq(mode_of("top/g"), 0640);
	look_at("top/g");
	ck_assert_int_gt(st.st_mtime, 1000);
	log_is("close \"/g\" bytes read 0 written 7 seconds # mode 0640\n"
	    "close \"/f\" bytes read 7 written 0 seconds # mode 0666\n");
	EXPECT_DONE("cp -p f empty d");
	look_at("top/d/f");
	ck_assert_int_eq(st.st_mtime, 1000);
	ck_assert_uint_eq(mode_of("top/d/f"), 0666);
	ck_assert_str_eq(get_file("top/d/empty"), "");
	/* What was longer is no longer that. */
	put_file("top/g", "much longer content", 0600);
	EXPECT_DONE("cp f g");
	ck_assert_str_eq(get_file("top/g"), "content");
	ck_assert_uint_eq(mode_of("top/g"), 0600);
	EXPECT_DONE("cp empty g");
	ck_assert_str_eq(get_file("top/g"), "");
	ck_assert_int_eq(count_entries("top"), 4);
}
END_TEST

START_TEST(cp_says_what_it_does_not_copy)
{
	begin_restricted();
	put_file("out", "secret", 0644);
	put_file("top/f", "f", 0644);
	put_file("top/dark", "f", 0);
	make_dir("top/d");
	make_dir("top/d/f");
	ck_assert_int_eq(mkfifoat(unit_fd, "top/p", 0600), 0);
	ck_assert_int_eq(symlinkat("../out", unit_fd, "top/l"), 0);
	ck_assert_int_eq(linkat(unit_fd, "top/f", unit_fd, "top/again", 0), 0);
	begin_commands(-1);
	EXPECT_FAILED("cp no x", "cp: no: No such file or directory");
	EXPECT_FAILED("cp d x", "cp: d: Is a directory");
	EXPECT_FAILED("cp f d", "cp: f: Is a directory");
	EXPECT_FAILED("cp -T f d", "cp: f: Is a directory");
	EXPECT_FAILED("cp f no/x", "cp: f: No such file or directory");
	EXPECT_FAILED("cp f x/", "cp: x/: Not a directory");
	EXPECT_FAILED("cp f f", "cp: f: both are the same file");
	EXPECT_FAILED("cp f again", "cp: f: both are the same file");
	EXPECT_FAILED("cp p x", "cp: p: not a regular file");
	EXPECT_FAILED("cp l x", "cp: l: symbolic links are not followed here");
	EXPECT_FAILED("cp dark x", "cp: dark: Permission denied");
	EXPECT_FAILED("cp f .x", "cp: f: names that begin with a dot are not allowed");
	EXPECT_FAILED("cp f again no", "cp: no: Not a directory");
	ck_assert(!exists("top/x"));
	ck_assert_str_eq(get_file("top/f"), "f");
	ck_assert_int_eq(count_entries("top"), 6);
}
END_TEST

START_TEST(rule_25_cp_obeys_overwrite)
{
	begin_restricted();
	put_file("top/f", "new", 0644);
	put_file("top/g", "old", 0644);
	begin_commands(-1);
	policy.overwrite = OVERWRITE_NO;
	EXPECT_FAILED("cp -f f g", "cp: g: File exists");
	ck_assert_str_eq(get_file("top/g"), "old");
	policy.overwrite = OVERWRITE_BACKUP;
	EXPECT_DONE("cp f g");
	ck_assert_str_eq(get_file("top/g"), "new");
	ck_assert_str_eq(get_file("top/g.~1~"), "old");
	policy.overwrite = OVERWRITE_YES;
	policy.replace = REPLACE_IN_PLACE;
	EXPECT_FAILED("cp f f", "cp: f: both are the same file");
	ck_assert_str_eq(get_file("top/f"), "new");
	put_file("top/f", "", 0644);
	EXPECT_DONE("cp f g");
	ck_assert_str_eq(get_file("top/g"), "");
}
END_TEST

START_TEST(rule_45_cp_needs_both_directions_and_obeys_limits)
{
	begin_restricted();
	put_file("top/f", "content", 0644);
	begin_commands(-1);
	policy.upload_only = true;
	EXPECT_FAILED("cp f g", "cp: f: downloads are not allowed");
	policy.upload_only = false;
	policy.download_only = true;
	EXPECT_FAILED("cp f g", "cp: f: uploads are not allowed");
	policy.download_only = false;
	policy.max_file_size = 3;
	EXPECT_FAILED("cp f g", "cp: f: larger than allowed");
	policy.max_file_size = 100;
	/* What is read and what is written both count. */
	policy.max_session_bytes = 13;
	EXPECT_FAILED("cp f g", "cp: f: more data than allowed");
	ck_assert_int_eq(count_entries("top"), 1);
	policy.max_session_bytes = 14;
	EXPECT_DONE("cp f g");
}
END_TEST

static void
make_tree(void)
{
	put_file("out", "secret", 0644);
	make_dir("top/t");
	make_dir("top/t/d");
	put_file("top/t/f", "f", 0644);
	put_file("top/t/d/g", "g", 0600);
	put_file("top/t/.h", "h", 0600);
	ck_assert_int_eq(symlinkat("d/g", unit_fd, "top/t/l"), 0);
	ck_assert_int_eq(fchmodat(unit_fd, "top/t/d", 0750, 0), 0);
	date("top/t/d/g", 1000);
	date("top/t/d", 2000);
	date("top/t", 3000);
}

START_TEST(rule_23_cp_r_copies_a_tree)
{
	begin_restricted();
	make_tree();
	policy.make_links = POLICY_YES;
	begin_commands(-1);
	EXPECT_DONE("cp -p -r -f -T t u");
	ck_assert_str_eq(get_file("top/u/f"), "f");
	ck_assert_str_eq(get_file("top/u/d/g"), "g");
	ck_assert(!exists("top/u/.h"));
	ck_assert_uint_eq(mode_of("top/u/d"), 0750);
	look_at("top/u/l");
	ck_assert(S_ISLNK(st.st_mode));
	look_at("top/u/d/g");
	ck_assert_int_eq(st.st_mtime, 1000);
	look_at("top/u/d");
	ck_assert_int_eq(st.st_mtime, 2000);
	look_at("top/u");
	ck_assert_int_eq(st.st_mtime, 3000);
	ck_assert(log_has("mkdir name \"/u\" mode 0755\n") && log_has("mkdir name \"/u/d\" mode 0750\n"));
	ck_assert(log_has("close \"/u/d/g\" bytes read 0 written 1 "));
	ck_assert(log_has("symlink old \"d/g\" new \"/u/l\"\n"));
	/* Into what is there, and over it. */
	put_file("top/t/f", "new", 0644);
	EXPECT_DONE("cp -r -T t u");
	ck_assert_str_eq(get_file("top/u/f"), "new");
	EXPECT_DONE("cp -a t u");
	ck_assert_str_eq(get_file("top/u/t/d/g"), "g");
}
END_TEST

START_TEST(rule_23_what_is_not_copied_is_named)
{
	begin_restricted();
	make_tree();
	ck_assert_int_eq(mkfifoat(unit_fd, "top/t/d/p", 0600), 0);
	begin_commands(-1);
	EXPECT_LINE("cp -r t/l t/d u", JOB_FAILED, "", "cp: u: Not a directory\n");
	EXPECT_FAILED("cp -r t/d u", "cp: t/d/p: not a regular file");
	ck_assert_str_eq(get_file("top/u/g"), "g");
	EXPECT_FAILED("cp -r t/l x", "cp: t/l: making links is not allowed");
	ck_assert_int_eq(unlinkat(unit_fd, "top/t/l", 0), 0);
	ck_assert_int_eq(unlinkat(unit_fd, "top/t/d/p", 0), 0);
	EXPECT_FAILED("cp -r t t", "cp: t: it would be copied into itself");
	EXPECT_FAILED("cp -r t t/d/x", "cp: t: it would be copied into itself");
	EXPECT_FAILED("cp -r / x", "cp: /: it would be copied into itself");
	ck_assert(!exists("top/t/t") && !exists("top/t/d/x") && !exists("top/x"));
	EXPECT_FAILED("cp -rT t t", "cp: t: both are the same file");
	put_file("top/file", "", 0644);
	EXPECT_FAILED("cp -rT t file", "cp: t: Not a directory");
	policy.max_depth = 1;
	EXPECT_FAILED("cp -rT t v", "cp: t/d: directories are nested too deeply");
	ck_assert(exists("top/v/f") && !exists("top/v/d"));
	policy.max_depth = 64;
	policy.mkdir = POLICY_NO;
	EXPECT_FAILED("cp -rT t w", "cp: t: new directories are not allowed");
	EXPECT_FAILED("cp -rT t v", "cp: t/d: new directories are not allowed");
	policy.recursive = POLICY_NO;
	EXPECT_FAILED("cp -r t w", "cp: t: directories are not allowed");
	policy.recursive = POLICY_YES;
	policy.mkdir = POLICY_YES;
	policy.max_files = deeds.usage.files;
	EXPECT_FAILED("cp -rT t w", "cp: t: more files than allowed");
	ck_assert(!exists("top/w"));
}
END_TEST

/* The name of what is copied to is another one, and yet it lies in what is copied. */
START_TEST(rule_23_a_link_into_what_is_copied_ends_it)
{
	begin_restricted();
	make_tree();
	ck_assert_int_eq(symlinkat("t/d", unit_fd, "top/way"), 0);
	policy.symlinks = SYMLINKS_BENEATH;
	policy.make_links = POLICY_YES;
	begin_commands(-1);
	EXPECT_FAILED("cp -r t way/x", "cp: t/d/x: it would be copied into itself");
	ck_assert(exists("top/t/d/x") && !exists("top/t/d/x/d/x"));
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, cp_copies_a_file_with_its_mode_less_umask);
	tcase_add_test(t, cp_says_what_it_does_not_copy);
	tcase_add_test(t, rule_25_cp_obeys_overwrite);
	tcase_add_test(t, rule_45_cp_needs_both_directions_and_obeys_limits);
	tcase_add_test(t, rule_23_cp_r_copies_a_tree);
	tcase_add_test(t, rule_23_what_is_not_copied_is_named);
	tcase_add_test(t, rule_23_a_link_into_what_is_copied_ends_it);
}

int
main(void)
{
	return run_unit("copy", add);
}
