/* SPDX-License-Identifier: ISC */
#include <signal.h>

#include "doing.h"

#define NOT_OWN "it was not made in this session"

static struct stat st;

static int
make(const char *path)
{
	return deeds_mkdir(&deeds, path, 0777, &answer);
}

static int
take(const char *path)
{
	return deeds_remove(&deeds, path, &answer);
}

static int
move(const char *from, const char *to)
{
	return deeds_rename(&deeds, from, to, DEEDS_SPARE_SEEN, &answer);
}

static int
replace(const char *from, const char *to)
{
	return deeds_rename(&deeds, from, to, DEEDS_REPLACE, &answer);
}

/* What was made by this session, as an upload would be. */
static void
put_own(const char *plain, const char *content)
{
	char name[PATH_MAX];

	snprintf(name, sizeof(name), "top/%s", plain);
	put_file(name, content, 0644);
	ck_assert_int_eq(fstatat(unit_fd, name, &st, 0), 0);
	own_add(&deeds.own, plain, &(struct birth){ .dev = st.st_dev, .ino = st.st_ino });
}

START_TEST(rule_37_a_directory_has_the_mode_that_umask_and_policy_leave)
{
	begin_restricted();
	policy.dir_mode.may = 0770;
	policy.dir_mode.must = 0010;
	begin_session();
	EXPECT_YES(deeds_mkdir(&deeds, "d", 0100747, &answer));
	ck_assert_uint_eq(mode_of("top/d"), 0750);
	log_is("mkdir name \"/d\" mode 0750\n");
	/* Not even for a moment more than was asked for, in the end. */
	EXPECT_YES(deeds_mkdir(&deeds, "d/e/", 0440, &answer));
	ck_assert_uint_eq(mode_of("top/d/e"), 0450);
	ck_assert_uint_eq(deeds.usage.files, 2);
}
END_TEST

START_TEST(rule_37_what_is_there_is_in_the_way)
{
	begin_restricted();
	put_file("top/f", "", 0644);
	ck_assert_int_eq(mkdirat(unit_fd, "top/d", 0755), 0);
	ck_assert_int_eq(symlinkat("no", unit_fd, "top/l"), 0);
	begin_session();
	EXPECT_NO(make("d"), EEXIST, NULL);
	EXPECT_NO(make("f"), EEXIST, NULL);
	EXPECT_NO(make("l"), EEXIST, NULL);
	EXPECT_NO(make("/"), EEXIST, NULL);
	EXPECT_NO(make("no/d"), ENOENT, NULL);
	EXPECT_NO(make("f/d"), ENOTDIR, NULL);
	ck_assert(!exists("top/no"));
	ck_assert_uint_eq(deeds.usage.files, 0);
}
END_TEST

START_TEST(section_9_directories_as_the_policy_has_them)
{
	begin_restricted();
	begin_session();
	policy.mkdir = POLICY_NO;
	EXPECT_NO(make("d"), EACCES, "new directories are not allowed");
	policy.mkdir = POLICY_YES;
	policy.recursive = POLICY_NO;
	EXPECT_NO(make("d"), EACCES, "directories are not allowed");
	EXPECT_NO(deeds_rmdir(&deeds, "d", &answer), EACCES, "directories are not allowed");
	policy.recursive = POLICY_YES;
	policy.max_files = 1;
	EXPECT_YES(make("d"));
	EXPECT_NO(make("e"), EDQUOT, "more files than allowed");
	policy.max_files = 9;
	policy.max_depth = 1;
	EXPECT_NO(make("d/e"), EDQUOT, "directories are nested too deeply");
	EXPECT_NO(make(".d"), EACCES, "names that begin with a dot are not allowed");
	policy.download_only = true;
	EXPECT_NO(make("x"), EACCES, "uploads are not allowed");
	ck_assert_int_eq(count_entries("top"), 1);
}
END_TEST

/* Whatever is there, and whatever it is, who learns nothing reads the same. */
START_TEST(rule_59_answers_tell_nothing_of_what_is_there)
{
	static const char *const names[] = { "f", "d", "l", "no", ".hidden" };

	begin_blind();
	put_file("top/f", "", 0644);
	ck_assert_int_eq(mkdirat(unit_fd, "top/d", 0755), 0);
	ck_assert_int_eq(symlinkat("f", unit_fd, "top/l"), 0);
	begin_session();
	for (size_t i = 0; i < COUNT(names); i++) {
		EXPECT_NO(take(names[i]), EACCES, NULL);
		EXPECT_NO(deeds_rmdir(&deeds, names[i], &answer), EACCES, NULL);
		EXPECT_NO(move(names[i], "x"), EACCES, NULL);
		EXPECT_NO(replace(names[i], "x"), EACCES, NULL);
	}
	EXPECT_NO(make("f"), EACCES, NULL);
	EXPECT_NO(make("d"), EACCES, NULL);
	EXPECT_NO(take("no/f"), ENOENT, NULL);
	EXPECT_NO(move("no/f", "x"), ENOENT, NULL);
	ck_assert_int_eq(count_entries("top"), 3);
}
END_TEST

START_TEST(rule_38_remove_takes_files_and_rmdir_empty_directories)
{
	begin_restricted();
	put_file("top/f", "", 0644);
	ck_assert_int_eq(mkdirat(unit_fd, "top/d", 0755), 0);
	put_file("top/d/g", "", 0644);
	put_file("f", "", 0644);
	ck_assert_int_eq(symlinkat("../f", unit_fd, "top/l"), 0);
	begin_session();
	EXPECT_NO(take("d"), EISDIR, NULL);
	EXPECT_NO(deeds_rmdir(&deeds, "f", &answer), ENOTDIR, NULL);
	EXPECT_NO(deeds_rmdir(&deeds, "d", &answer), ENOTEMPTY, NULL);
	EXPECT_NO(deeds_rmdir(&deeds, "/", &answer), EBUSY, NULL);
	EXPECT_NO(take("no"), ENOENT, NULL);
	log_clear();
	EXPECT_YES(take("f"));
	EXPECT_YES(take("d/g"));
	EXPECT_YES(deeds_rmdir(&deeds, "d/", &answer));
	EXPECT_YES(take("l"));
	log_is("remove name \"/f\"\nremove name \"/d/g\"\nrmdir name \"/d\"\nremove name \"/l\"\n");
	ck_assert_int_eq(count_entries("top"), 0);
	ck_assert(exists("f"));
}
END_TEST

START_TEST(section_9_removing_and_renaming_are_rights)
{
	begin_restricted();
	put_file("top/f", "", 0644);
	begin_session();
	policy.remove = policy.rename = RIGHT_NO;
	EXPECT_NO(take("f"), EACCES, "removing is not allowed");
	EXPECT_NO(deeds_rmdir(&deeds, "f", &answer), EACCES, "removing is not allowed");
	EXPECT_NO(move("f", "g"), EACCES, "renaming is not allowed");
	policy.remove = policy.rename = RIGHT_OWN;
	EXPECT_NO(take("f"), EACCES, NOT_OWN);
	EXPECT_NO(move("f", "g"), EACCES, NOT_OWN);
	put_own("own", "");
	EXPECT_YES(move("own", "mine"));
	EXPECT_YES(replace("mine", "f"));
	EXPECT_YES(take("f"));
	EXPECT_YES(make("d"));
	EXPECT_YES(move("d", "e"));
	EXPECT_YES(deeds_rmdir(&deeds, "e", &answer));
	ck_assert_int_eq(count_entries("top"), 0);
}
END_TEST

START_TEST(rule_58_a_name_that_is_anothers_by_now_is_not_own)
{
	begin_blind();
	begin_session();
	put_own("f", "own");
	put_file("top/g", "another's", 0644);
	ck_assert_int_eq(renameat(unit_fd, "top/g", unit_fd, "top/f"), 0);
	EXPECT_NO(take("f"), EACCES, NULL);
	EXPECT_NO(move("f", "x"), EACCES, NULL);
	ck_assert_str_eq(get_file("top/f"), "another's");
}
END_TEST

START_TEST(rule_39_rename_spares_what_is_there_and_posix_rename_replaces)
{
	begin_restricted();
	put_file("top/a", "a", 0644);
	put_file("top/b", "b", 0644);
	ck_assert_int_eq(mkdirat(unit_fd, "top/d", 0755), 0);
	ck_assert_int_eq(mkdirat(unit_fd, "top/e", 0755), 0);
	begin_session();
	EXPECT_NO(move("a", "b"), EEXIST, NULL);
	EXPECT_NO(move("d", "e"), EEXIST, NULL);
	EXPECT_NO(move("no", "x"), ENOENT, NULL);
	ck_assert_str_eq(get_file("top/b"), "b");
	log_clear();
	EXPECT_YES(replace("a", "b"));
	ck_assert_str_eq(get_file("top/b"), "a");
	EXPECT_YES(move("b", "d/c"));
	EXPECT_YES(replace("d", "e"));
	log_is("rename old \"/a\" new \"/b\"\nrename old \"/b\" new \"/d/c\"\n"
	    "rename old \"/d\" new \"/e\"\n");
	ck_assert_str_eq(get_file("top/e/c"), "a");
	EXPECT_YES(make("h"));
	EXPECT_NO(replace("e/c", "h"), EISDIR, NULL);
	EXPECT_NO(move("e", "e/x"), EINVAL, NULL);
	EXPECT_NO(move("/", "x"), EBUSY, NULL);
	EXPECT_NO(move("e", "/"), EBUSY, NULL);
}
END_TEST

START_TEST(rule_39_overwrite_is_for_renaming_too)
{
	begin_restricted();
	put_file("top/a", "a", 0644);
	put_file("top/b", "b", 0644);
	ck_assert_int_eq(mkdirat(unit_fd, "top/d", 0755), 0);
	put_file("top/d/c", "c", 0644);
	policy.overwrite = OVERWRITE_NO;
	begin_session();
	EXPECT_NO(replace("a", "b"), EEXIST, NULL);
	policy.overwrite = OVERWRITE_BACKUP;
	EXPECT_YES(replace("a", "b"));
	ck_assert_str_eq(get_file("top/b"), "a");
	ck_assert_str_eq(get_file("top/b.~1~"), "b");
	/* From one directory to another. */
	EXPECT_YES(replace("d/c", "b"));
	ck_assert_str_eq(get_file("top/b"), "c");
	ck_assert_str_eq(get_file("top/b.~2~"), "a");
	/* A file that is renamed to itself stays. */
	EXPECT_YES(replace("b", "b"));
	ck_assert_str_eq(get_file("top/b"), "c");
	ck_assert_int_eq(count_entries("top"), 4);
	ck_assert_int_eq(count_entries("top/d"), 0);
}
END_TEST

START_TEST(rule_39_who_sees_nothing_replaces)
{
	begin_blind();
	put_file("top/b", "b", 0644);
	put_file("top/c", "c", 0644);
	begin_session();
	put_own("a", "a");
	EXPECT_YES(move("a", "b"));
	ck_assert_str_eq(get_file("top/b"), "a");
	policy.overwrite = OVERWRITE_NO;
	EXPECT_NO(replace("b", "c"), EACCES, NULL);
	EXPECT_YES(move("b", "new"));
	ck_assert_str_eq(get_file("top/c"), "c");
}
END_TEST

START_TEST(rule_25_both_paths_are_judged)
{
	begin_restricted();
	policy.nrules = 1;
	policy.rules[0] = (struct policy_rule){ .allow = true, .pattern = "*.txt" };
	put_file("top/a.txt", "a", 0644);
	put_file("top/b", "b", 0644);
	put_file("top/.c", "c", 0644);
	ck_assert_int_eq(mkdirat(unit_fd, "top/d", 0755), 0);
	begin_session();
	EXPECT_NO(move("a.txt", "x"), EACCES, "this name is not allowed");
	EXPECT_NO(move("b", "b.txt"), EACCES, "this name is not allowed");
	EXPECT_NO(move(".c", "c.txt"), EACCES, "names that begin with a dot are not allowed");
	EXPECT_NO(move("a.txt", ".c"), EACCES, "names that begin with a dot are not allowed");
	EXPECT_NO(move("a.txt", ".d/a.txt"), EACCES, "names that begin with a dot are not allowed");
	EXPECT_NO(take("b"), EACCES, "this name is not allowed");
	/* Patterns of allow are about files. */
	EXPECT_YES(move("d", "e"));
	EXPECT_YES(move("../../a.txt", "../e/../../z.txt"));
	ck_assert_str_eq(get_file("top/z.txt"), "a");
}
END_TEST

START_TEST(rule_25_links_lead_nowhere)
{
	begin_restricted();
	policy.symlinks = SYMLINKS_BENEATH;
	ck_assert_int_eq(mkdirat(unit_fd, "outside", 0777), 0);
	put_file("outside/f", "f", 0666);
	ck_assert_int_eq(symlinkat("../outside", unit_fd, "top/l"), 0);
	ck_assert_int_eq(symlinkat("../outside/f", unit_fd, "top/lf"), 0);
	put_file("top/a", "a", 0644);
	begin_session();
	EXPECT_NO(move("a", "l/a"), ENOENT, "it is outside the root");
	EXPECT_NO(move("l/f", "b"), ENOENT, "it is outside the root");
	EXPECT_NO(make("l/d"), ENOENT, "it is outside the root");
	EXPECT_NO(take("l/f"), ENOENT, "it is outside the root");
	EXPECT_NO(deeds_rmdir(&deeds, "l/", &answer), ENOTDIR, NULL);
	/* The link itself, at the end. */
	EXPECT_YES(replace("a", "lf"));
	ck_assert_str_eq(get_file("outside/f"), "f");
	ck_assert_int_eq(count_entries("outside"), 1);
}
END_TEST

START_TEST(rule_68_a_record_that_fails_is_noticed)
{
	begin_restricted();
	begin_session();
	log_begin_broken(&audit);
	ck_assert(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
	EXPECT_YES(make("d"));
	ck_assert(deeds.unlogged);
}
END_TEST

START_TEST(nothing_stays_open)
{
	int before;

	begin_restricted();
	put_file("top/f", "", 0644);
	begin_session();
	before = count_descriptors();
	EXPECT_YES(make("d"));
	EXPECT_YES(move("f", "d/g"));
	EXPECT_NO(move("d/g", "no/g"), ENOENT, NULL);
	EXPECT_NO(move("d/no", "d/g"), ENOENT, NULL);
	EXPECT_NO(take("d/no"), ENOENT, NULL);
	EXPECT_YES(take("d/g"));
	EXPECT_YES(deeds_rmdir(&deeds, "d", &answer));
	ck_assert_int_eq(count_descriptors(), before);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, rule_37_a_directory_has_the_mode_that_umask_and_policy_leave);
	tcase_add_test(t, rule_37_what_is_there_is_in_the_way);
	tcase_add_test(t, section_9_directories_as_the_policy_has_them);
	tcase_add_test(t, rule_59_answers_tell_nothing_of_what_is_there);
	tcase_add_test(t, rule_38_remove_takes_files_and_rmdir_empty_directories);
	tcase_add_test(t, section_9_removing_and_renaming_are_rights);
	tcase_add_test(t, rule_58_a_name_that_is_anothers_by_now_is_not_own);
	tcase_add_test(t, rule_39_rename_spares_what_is_there_and_posix_rename_replaces);
	tcase_add_test(t, rule_39_overwrite_is_for_renaming_too);
	tcase_add_test(t, rule_39_who_sees_nothing_replaces);
	tcase_add_test(t, rule_25_both_paths_are_judged);
	tcase_add_test(t, rule_25_links_lead_nowhere);
	tcase_add_test(t, rule_68_a_record_that_fails_is_noticed);
	tcase_add_test(t, nothing_stays_open);
}

int
main(void)
{
	return run_unit("names", add);
}
