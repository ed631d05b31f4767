/* SPDX-License-Identifier: ISC */
#include "doing.h"
#include "mounts.h"

static struct stat st;
static char path[PATH_MAX];

static int
look(const char *name)
{
	return deeds_look(&deeds, name, DEEDS_FOLLOW, &st, &answer);
}

static int
hold(const char *name)
{
	return deeds_look(&deeds, name, DEEDS_HOLD, &st, &answer);
}

static const struct {
	const char *said, *real;
} reals[] = {
	{ "", "/in" }, { ".", "/in" }, { "x", "/in/x" }, { "/", "/" }, { "/x/", "/x" },
	{ "..", "/" }, { "../../..", "/" }, { "/a/./b/../c", "/a/c" }, { ".hidden", "/in/.hidden" },
	{ "f/x", "/in/f/x" },
};

START_TEST(rule_26_a_real_path_beneath_a_root_is_text)
{
	begin_restricted();
	strcpy(policy.start, "in");
	ck_assert_int_eq(mkdirat(unit_fd, "top/in", 0755), 0);
	begin_session();
	for (size_t i = 0; i < COUNT(reals); i++) {
		EXPECT_YES(deeds_real_path(&deeds, reals[i].said, path, &answer));
		ck_assert_str_eq(path, reals[i].real);
	}
	log_is("");
}
END_TEST

START_TEST(rule_26_a_real_path_of_the_whole_system_has_no_links)
{
	char wanted[PATH_MAX];

	policy = drop_in_policy();
	ck_assert_int_eq(mkdirat(unit_fd, "d", 0755), 0);
	put_file("d/f", "", 0644);
	ck_assert_int_eq(symlinkat("d", unit_fd, "l"), 0);
	ck_assert_int_eq(symlinkat("d/f", unit_fd, "lf"), 0);
	begin_session();
	snprintf(wanted, sizeof(wanted), "%s/d", unit_path);
	EXPECT_YES(deeds_real_path(&deeds, "l/.", path, &answer));
	ck_assert_str_eq(path, wanted);
	snprintf(wanted, sizeof(wanted), "%s/d/f", unit_path);
	EXPECT_YES(deeds_real_path(&deeds, "l/../lf", path, &answer));
	ck_assert_str_eq(path, wanted);
	snprintf(wanted, sizeof(wanted), "%s/d/new", unit_path);
	EXPECT_YES(deeds_real_path(&deeds, "l/new", path, &answer));
	ck_assert_str_eq(path, wanted);
	EXPECT_YES(deeds_real_path(&deeds, "", path, &answer));
	ck_assert_str_eq(path, unit_path);
	EXPECT_YES(deeds_real_path(&deeds, "/", path, &answer));
	ck_assert_str_eq(path, "/");
	EXPECT_YES(deeds_real_path(&deeds, "/no-such-name", path, &answer));
	ck_assert_str_eq(path, "/no-such-name");
	EXPECT_NO(deeds_real_path(&deeds, "no/new", path, &answer), ENOENT, NULL);
	/* Whose filter of calls has none for going there. */
	policy.upload_only = true;
	EXPECT_YES(deeds_real_path(&deeds, "l/../no/.", path, &answer));
	snprintf(wanted, sizeof(wanted), "%s/no", unit_path);
	ck_assert_str_eq(path, wanted);
}
END_TEST

START_TEST(rule_28_links_are_followed_as_the_policy_says)
{
	begin_restricted();
	put_file("f", "", 0644);
	put_file("top/f", "abc", 0644);
	ck_assert_int_eq(symlinkat("f", unit_fd, "top/l"), 0);
	ck_assert_int_eq(symlinkat("../f", unit_fd, "top/out"), 0);
	begin_session();
	EXPECT_YES(look("f"));
	ck_assert_int_eq(st.st_size, 3);
	EXPECT_NO(look("l"), ELOOP, "symbolic links are not followed here");
	EXPECT_YES(hold("l"));
	ck_assert(S_ISLNK(st.st_mode));
	policy.symlinks = SYMLINKS_BENEATH;
	begin_session();
	EXPECT_YES(look("l"));
	ck_assert(S_ISREG(st.st_mode));
	EXPECT_NO(look("out"), ENOENT, "it is outside the root");
	EXPECT_YES(hold("out"));
	ck_assert(S_ISLNK(st.st_mode));
}
END_TEST

START_TEST(rule_67_that_nothing_is_there_is_no_refusal)
{
	begin_restricted();
	put_file("top/f", "", 0644);
	policy.nrules = 1;
	policy.rules[0] = (struct policy_rule){ .allow = true, .pattern = "f" };
	put_file("top/g", "", 0644);
	ck_assert_int_eq(mkdirat(unit_fd, "top/d", 0755), 0);
	begin_session();
	EXPECT_NO(look("x"), ENOENT, NULL);
	EXPECT_NO(look("f/x"), ENOTDIR, NULL);
	ck_assert_uint_eq(deeds.errors, 0);
	log_is("");
	EXPECT_YES(look("d"));
	EXPECT_YES(look(""));
	EXPECT_NO(look("g"), ENOENT, NULL);
	log_is("refused \"/g\" reason \"this name is not allowed\"\n");
	ck_assert_uint_eq(deeds.errors, 1);
}
END_TEST

START_TEST(rule_59_only_directories_and_own_are_seen)
{
	begin_blind();
	put_file("top/f", "abc", 0604);
	put_file("top/own", "abcd", 0604);
	ck_assert_int_eq(symlinkat("f", unit_fd, "top/l"), 0);
	begin_session();
	ck_assert_int_eq(fstatat(unit_fd, "top/own", &st, 0), 0);
	own_add(&deeds.own, "own", &(struct birth){ .dev = st.st_dev, .ino = st.st_ino });
	EXPECT_NO(look("f"), ENOENT, NULL);
	EXPECT_NO(look("x"), ENOENT, NULL);
	EXPECT_NO(look("l"), ENOENT, NULL);
	EXPECT_NO(hold("l"), ENOENT, NULL);
	EXPECT_NO(look("f/x"), ENOENT, NULL);
	EXPECT_YES(look("own"));
	ck_assert_int_eq(st.st_size, 4);
	ck_assert_uint_eq(st.st_mode, S_IFREG | 0604);
	/* Somebody else has the name by now. */
	put_file("top/other", "", 0644);
	ck_assert_int_eq(renameat(unit_fd, "top/other", unit_fd, "top/own"), 0);
	EXPECT_NO(look("own"), ENOENT, NULL);
}
END_TEST

START_TEST(rule_60_a_directory_that_is_not_own_has_no_traces)
{
	begin_blind();
	ck_assert_int_eq(mkdirat(unit_fd, "top/d", 0711), 0);
	ck_assert_int_eq(mkdirat(unit_fd, "top/own", 0711), 0);
	begin_session();
	ck_assert_int_eq(fstatat(unit_fd, "top/own", &st, 0), 0);
	own_add(&deeds.own, "own", &(struct birth){ .dev = st.st_dev, .ino = st.st_ino });
	deeds.begun = 1234567;
	EXPECT_YES(look("d"));
	ck_assert_uint_eq(st.st_mode, S_IFDIR | 0755);
	ck_assert_int_eq(st.st_size, 4096);
	ck_assert_uint_eq(st.st_nlink, 1);
	ck_assert_uint_eq(st.st_uid, account.uid);
	ck_assert_uint_eq(st.st_gid, account.gid);
	ck_assert_int_eq(st.st_mtime, 1234567);
	ck_assert_int_eq(st.st_atime, 1234567);
	EXPECT_YES(look("/"));
	ck_assert_int_eq(st.st_mtime, 1234567);
	EXPECT_YES(look("own"));
	ck_assert_uint_eq(st.st_mode, S_IFDIR | 0711);
}
END_TEST

/* Where files are downloaded, nothing is told of those that cannot be. */
START_TEST(section_9_with_reveal_no_what_could_be_read_is_there)
{
	if (lacks_root("a user whom permissions bind"))
		return;
	begin_restricted();
	policy.reveal = POLICY_NO;
	policy.list = RIGHT_OWN;
	put_file("top/f", "", 0644);
	put_file("top/closed", "", 0);
	ck_assert_int_eq(mkfifoat(unit_fd, "top/fifo", 0644), 0);
	begin_session();
	EXPECT_YES(look("f"));
	EXPECT_NO(look("closed"), ENOENT, NULL);
	EXPECT_NO(look("fifo"), ENOENT, NULL);
	EXPECT_NO(look("no"), ENOENT, NULL);
	log_is("");
}
END_TEST

START_TEST(rule_25_what_the_kernel_makes_up_is_not_there)
{
	if (!unshare_mounts())
		return;
	ck_assert_int_eq(mkdirat(unit_fd, "top", 0755), 0);
	ck_assert_int_eq(mkdirat(unit_fd, "top/proc", 0755), 0);
	ck_assert_int_eq(mkdirat(unit_fd, "top/tmp", 0755), 0);
	ck_assert_int_eq(mount("/proc", PATH_IN("top/proc"), NULL, MS_BIND, NULL), 0);
	ck_assert_int_eq(mount("none", PATH_IN("top/tmp"), "tmpfs", 0, NULL), 0);
	policy = restricted_policy();
	begin_session();
	EXPECT_NO(look("proc"), ENOENT, "it is outside the root");
	EXPECT_NO(look("proc/self"), ENOENT, "it is outside the root");
	EXPECT_YES(look("tmp"));
	root_close(&root);
	ck_assert_int_eq(umount2(PATH_IN("top/proc"), MNT_DETACH), 0);
	ck_assert_int_eq(umount2(PATH_IN("top/tmp"), MNT_DETACH), 0);
}
END_TEST

START_TEST(rule_21_room_is_told_less_what_must_stay_free)
{
	struct statvfs fs, less;

	begin_restricted();
	begin_session();
	EXPECT_YES(deeds_room(&deeds, "", &fs, &answer));
	ck_assert_uint_gt(fs.f_blocks, 0);
	ck_assert_uint_eq(fs.f_fsid, 0);
	policy.min_free_percent = 100;
	EXPECT_YES(deeds_room(&deeds, "", &less, &answer));
	ck_assert_uint_eq(less.f_bavail, 0);
	EXPECT_NO(deeds_room(&deeds, "no", &fs, &answer), ENOENT, NULL);
	policy.reveal = POLICY_NO;
	EXPECT_NO(deeds_room(&deeds, "", &fs, &answer), EACCES, "the room that is left is not told");
}
END_TEST

START_TEST(a_drop_in_sees_what_stat_does)
{
	policy = drop_in_policy();
	put_file("f", "abc", 0644);
	ck_assert_int_eq(symlinkat("f", unit_fd, "l"), 0);
	ck_assert_int_eq(symlinkat("no", unit_fd, "dangling"), 0);
	begin_session();
	EXPECT_YES(look("l"));
	ck_assert_int_eq(st.st_size, 3);
	EXPECT_YES(hold("dangling"));
	EXPECT_NO(look("dangling"), ENOENT, NULL);
	EXPECT_YES(look("/"));
	EXPECT_YES(look("/dev/null"));
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, rule_26_a_real_path_beneath_a_root_is_text);
	tcase_add_test(t, rule_26_a_real_path_of_the_whole_system_has_no_links);
	tcase_add_test(t, rule_28_links_are_followed_as_the_policy_says);
	tcase_add_test(t, rule_67_that_nothing_is_there_is_no_refusal);
	tcase_add_test(t, rule_59_only_directories_and_own_are_seen);
	tcase_add_test(t, rule_60_a_directory_that_is_not_own_has_no_traces);
	tcase_add_test(t, section_9_with_reveal_no_what_could_be_read_is_there);
	tcase_add_test(t, rule_25_what_the_kernel_makes_up_is_not_there);
	tcase_add_test(t, rule_21_room_is_told_less_what_must_stay_free);
	tcase_add_test(t, a_drop_in_sees_what_stat_does);
}

int
main(void)
{
	return run_unit("look", add);
}
