/* SPDX-License-Identifier: ISC */
#include "liars.h"
#include "deeds/folder.h"
#include "doing.h"

static struct wish wish;

static int
set(const char *path)
{
	return deeds_set(&deeds, path, DEEDS_FOLLOW, &wish, &answer);
}

static int
set_held(const char *path)
{
	return deeds_set(&deeds, path, DEEDS_HOLD, &wish, &answer);
}

static struct wish
mode(mode_t m)
{
	return (struct wish){ .attrs = { .has_mode = true, .mode = m } };
}

static struct wish
size(uint64_t n)
{
	return (struct wish){ .has_size = true, .size = n };
}

static struct wish
times(time_t t)
{
	return (struct wish){ .attrs = { .has_times = true,
	    .times = { { .tv_sec = t }, { .tv_sec = t + 1 } } } };
}

static struct wish
owner(uid_t uid, gid_t gid)
{
	return (struct wish){ .has_owner = true, .uid = uid, .gid = gid };
}

START_TEST(rule_34_each_attribute_is_set_and_logged)
{
	begin_restricted();
	put_file("top/f", "abc", 0644);
	begin_session();
	wish = mode(0100600);
	wish.has_size = true;
	wish.size = 2;
	wish.attrs.has_times = true;
	wish.attrs.times[0].tv_sec = 1;
	wish.attrs.times[1].tv_sec = 86400;
	wish.has_owner = true;
	wish.uid = geteuid();
	wish.gid = getegid();
	EXPECT_YES(set("f"));
	log_is("set \"/f\" size 2\nset \"/f\" mode 0600\nset \"/f\" modtime 1970-01-02T00:00:00Z\n");
	ck_assert_str_eq(get_file("top/f"), "ab");
	ck_assert_uint_eq(mode_of("top/f"), 0600);
	ck_assert_int_eq(stat_of("top/f").st_mtime, 86400);
	wish = size(5);
	EXPECT_YES(set("f"));
	ck_assert_int_eq(stat_of("top/f").st_size, 5);
}
END_TEST

START_TEST(rule_34_a_file_whose_size_is_none_keeps_it)
{
	begin_restricted();
	put_file("top/f", "abc", 0644);
	begin_session();
	size_lies = true;
	size_said = -1;
	wish = size(2);
	EXPECT_NO(set("f"), EOVERFLOW, NULL);
	size_lies = false;
	ck_assert_str_eq(get_file("top/f"), "abc");
}
END_TEST

/* What is to stay free is kept from who only says a size, too; what does not grow takes nothing. */
START_TEST(rule_34_a_size_is_judged_like_what_is_written)
{
	begin_restricted();
	put_file("top/f", "abc", 0644);
	begin_session();
	policy.min_free_percent = 100;
	wish = size(4);
	EXPECT_NO(set("f"), ENOSPC, NULL);
	ck_assert_int_eq(stat_of("top/f").st_size, 3);
	wish = size(2);
	EXPECT_YES(set("f"));
	ck_assert_str_eq(get_file("top/f"), "ab");
}
END_TEST

START_TEST(rule_34_what_fails_first_is_told_and_the_rest_is_done)
{
	begin_restricted();
	put_file("top/f", "abc", 0644);
	policy.max_file_size = 10;
	begin_session();
	wish = mode(0604);
	wish.has_size = true;
	wish.size = 11;
	wish.has_owner = true;
	wish.uid = STRANGER;
	wish.gid = (gid_t)-1;
	EXPECT_NO(set("f"), EDQUOT, "larger than allowed");
	ck_assert_uint_eq(mode_of("top/f"), 0604);
	wish = owner(STRANGER, STRANGER);
	EXPECT_NO(set("f"), EPERM, "owners cannot be changed here");
	wish = owner(geteuid(), getegid());
	EXPECT_YES(set("f"));
	wish = size(UINT64_MAX);
	policy.max_file_size = AMOUNT_NONE;
	EXPECT_NO(set("f"), EFBIG, NULL);
	wish = size(0);
	ck_assert_int_eq(mkdirat(unit_fd, "top/d", 0755), 0);
	EXPECT_NO(set("d"), EISDIR, NULL);
	policy.overwrite = OVERWRITE_NO;
	EXPECT_NO(set("f"), EEXIST, NULL);
	ck_assert_str_eq(get_file("top/f"), "abc");
}
END_TEST

START_TEST(rule_19_what_is_to_be_ignored_is_no_failure)
{
	begin_restricted();
	put_file("top/f", "abc", 0640);
	policy.modes = MODES_INHERIT;
	policy.times = TIMES_IGNORE;
	begin_session();
	wish = mode(0600);
	EXPECT_YES(set("f"));
	wish = times(7);
	EXPECT_YES(set("f"));
	ck_assert_uint_eq(mode_of("top/f"), 0640);
	ck_assert_int_ne(stat_of("top/f").st_mtime, 8);
	log_is("");
}
END_TEST

START_TEST(rule_34_modes_are_as_the_policy_has_them)
{
	begin_restricted();
	put_file("top/f", "abc", 0640);
	ck_assert_int_eq(mkdirat(unit_fd, "top/d", 0755), 0);
	ck_assert_int_eq(fchmodat(unit_fd, "top/d", 02755, 0), 0);
	policy.file_mode = (struct policy_bits){ .may = 0770, .must = 0040 };
	begin_session();
	wish = mode(04707);
	EXPECT_YES(set("f"));
	ck_assert_uint_eq(mode_of("top/f"), 0740);
	wish = mode(0700);
	EXPECT_YES(set("d"));
	ck_assert_uint_eq(mode_of("top/d"), 02700);
	/* What keeps the owner out can be taken back. */
	wish = mode(0);
	EXPECT_YES(set("d"));
	wish = times(7);
	EXPECT_YES(set("d"));
	wish = mode(0700);
	EXPECT_YES(set("d"));
	ck_assert_int_eq(stat_of("top/d").st_mtime, 8);
}
END_TEST

START_TEST(rule_28_nothing_is_changed_through_a_link)
{
	begin_restricted();
	policy.symlinks = SYMLINKS_BENEATH;
	put_file("top/f", "abc", 0640);
	ck_assert_int_eq(symlinkat("f", unit_fd, "top/l"), 0);
	begin_session();
	wish = mode(0600);
	EXPECT_NO(set("l"), ELOOP, "symbolic links are not followed here");
	wish = size(0);
	EXPECT_NO(set("l"), ELOOP, "symbolic links are not followed here");
	EXPECT_NO(set_held("l"), EINVAL, NULL);
	EXPECT_NO(set_held("f"), EINVAL, NULL);
	wish = mode(0600);
	EXPECT_NO(set_held("l"), EOPNOTSUPP, NULL);
	EXPECT_YES(set_held("f"));
	wish = times(7);
	EXPECT_YES(set_held("l"));
	ck_assert_int_eq(stat_of("top/l").st_mtime, 8);
	ck_assert_int_ne(stat_of("top/f").st_mtime, 8);
	ck_assert_str_eq(get_file("top/f"), "abc");
}
END_TEST

START_TEST(rule_34_only_files_and_directories_are_changed_beneath_a_root)
{
	begin_restricted();
	ck_assert_int_eq(mkfifoat(unit_fd, "top/fifo", 0644), 0);
	begin_session();
	wish = mode(0600);
	EXPECT_NO(set("fifo"), ENXIO, "not a regular file");
	wish = size(0);
	EXPECT_NO(set("fifo"), ENXIO, "not a regular file");
	ck_assert_uint_eq(mode_of("top/fifo"), 0644);
}
END_TEST

START_TEST(section_9_attributes_are_a_right)
{
	begin_restricted();
	put_file("top/f", "", 0644);
	ck_assert_int_eq(mkdirat(unit_fd, "top/d", 0755), 0);
	begin_session();
	wish = mode(0600);
	policy.attributes = RIGHT_NO;
	EXPECT_NO(set("f"), EACCES, "setting attributes is not allowed");
	EXPECT_NO(set("d"), EACCES, "setting attributes is not allowed");
	policy.attributes = RIGHT_OWN;
	EXPECT_NO(set("f"), EACCES, "it was not made in this session");
	/* Directories of whole trees; but not where they are sent to. */
	wish = mode(0700);
	EXPECT_YES(set("d"));
	EXPECT_NO(set("/"), EACCES, "it was not made in this session");
	EXPECT_NO(set(""), EACCES, "it was not made in this session");
	ck_assert_uint_eq(mode_of("top"), 0755);
	policy.overwrite = OVERWRITE_NO;
	EXPECT_NO(set("d"), EACCES, "it was not made in this session");
	EXPECT_YES(deeds_mkdir(&deeds, "e", 0755, &answer));
	EXPECT_YES(set("e"));
	own_add(&deeds.own, "f", &(struct birth){
		.dev = stat_of("top/f").st_dev, .ino = stat_of("top/f").st_ino });
	EXPECT_YES(set("f"));
	policy.download_only = true;
	EXPECT_NO(set("f"), EACCES, "uploads are not allowed");
}
END_TEST

START_TEST(rule_34_nothing_is_set_where_the_path_is_seen)
{
	begin_blind();
	put_file("top/f", "", 0644);
	begin_session();
	wish = (struct wish){ .has_size = false };
	EXPECT_YES(set("/"));
	EXPECT_NO(set("f"), EACCES, NULL);
	EXPECT_NO(set("no"), EACCES, NULL);
	wish = mode(0600);
	EXPECT_NO(set("f"), EACCES, NULL);
	EXPECT_NO(set("no"), EACCES, NULL);
	EXPECT_NO(set("no/f"), ENOENT, NULL);
	ck_assert_uint_eq(mode_of("top/f"), 0644);
}
END_TEST

START_TEST(a_drop_in_sets_what_the_kernel_lets_it)
{
	policy = drop_in_policy();
	put_file("f", "abc", 0644);
	ck_assert_int_eq(symlinkat("f", unit_fd, "l"), 0);
	begin_session();
	wish = mode(04755);
	EXPECT_YES(set("l"));
	ck_assert_uint_eq(mode_of("f"), 04755);
	wish = size(1);
	EXPECT_YES(set("l"));
	ck_assert_str_eq(get_file("f"), "a");
	wish = owner(STRANGER, STRANGER);
	if (geteuid() != 0) {
		EXPECT_NO(set("f"), EPERM, NULL);
		return;
	}
	EXPECT_YES(set("l"));
	ck_assert_uint_eq(stat_of("f").st_uid, STRANGER);
	EXPECT_YES(set_held("l"));
	ck_assert_uint_eq(stat_of("l").st_uid, STRANGER);
}
END_TEST

/* By handle it is what was opened, whatever has its name by now. */
START_TEST(rule_34_a_directory_that_is_open_is_set_itself)
{
	struct folder folder;

	begin_restricted();
	ck_assert_int_eq(mkdirat(unit_fd, "top/d", 0755), 0);
	begin_session();
	EXPECT_YES(folder_open(&deeds, &folder, "d", &answer));
	ck_assert_int_eq(renameat(unit_fd, "top/d", unit_fd, "top/e"), 0);
	ck_assert_int_eq(mkdirat(unit_fd, "top/d", 0755), 0);
	log_clear();
	wish = mode(0700);
	EXPECT_YES(folder_set(&deeds, &folder, &wish, &answer));
	log_is("set \"/d\" mode 0700\n");
	ck_assert_uint_eq(mode_of("top/e"), 0700);
	ck_assert_uint_eq(mode_of("top/d"), 0755);
	wish = size(0);
	EXPECT_NO(folder_set(&deeds, &folder, &wish, &answer), EISDIR, NULL);
	policy.attributes = RIGHT_NO;
	EXPECT_NO(folder_set(&deeds, &folder, &wish, &answer), EACCES,
	    "setting attributes is not allowed");
	folder_close(&folder);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, rule_34_each_attribute_is_set_and_logged);
	tcase_add_test(t, rule_34_a_file_whose_size_is_none_keeps_it);
	tcase_add_test(t, rule_34_a_size_is_judged_like_what_is_written);
	tcase_add_test(t, rule_34_what_fails_first_is_told_and_the_rest_is_done);
	tcase_add_test(t, rule_19_what_is_to_be_ignored_is_no_failure);
	tcase_add_test(t, rule_34_modes_are_as_the_policy_has_them);
	tcase_add_test(t, rule_34_a_directory_that_is_open_is_set_itself);
	tcase_add_test(t, rule_28_nothing_is_changed_through_a_link);
	tcase_add_test(t, rule_34_only_files_and_directories_are_changed_beneath_a_root);
	tcase_add_test(t, section_9_attributes_are_a_right);
	tcase_add_test(t, rule_34_nothing_is_set_where_the_path_is_seen);
	tcase_add_test(t, a_drop_in_sets_what_the_kernel_lets_it);
}

int
main(void)
{
	return run_unit("set", add);
}
