/* SPDX-License-Identifier: ISC */
/* What a session sees, and does to, of its own uploads before they are closed. */
#include "deeds/file.h"
#include "deeds/folder.h"
#include "doing.h"

static struct file file, other;
static struct stat st;

/* Begins an upload of CONTENT to PATH. */
static void
begin_upload(struct file *f, const char *path, const char *content)
{
	const struct file_wish wish = {
		.flags = FILE_WRITE | FILE_CREATE | FILE_TRUNCATE, .has_mode = true, .mode = 0640,
	};
	const struct iovec piece = { (void *)(uintptr_t)content, strlen(content) };

	EXPECT_YES(file_open(&deeds, f, path, &wish, &answer));
	EXPECT_YES(file_write(&deeds, f, 0, &piece, 1, &answer));
}

static void
end_upload(struct file *f)
{
	EXPECT_YES(file_close(&deeds, f, &answer));
	ck_assert_ptr_null(deeds.pending);
}

static int
look(const char *path)
{
	return deeds_look(&deeds, path, DEEDS_FOLLOW, &st, &answer);
}

/* How often NAME is listed in PATH; its attributes are ST then. */
static int
count_listed(const char *path, const char *name)
{
	struct folder folder;
	struct folder_entry e;
	int n = 0;

	EXPECT_YES(folder_open(&deeds, &folder, path, &answer));
	while (folder_next(&deeds, &folder, &e, &answer) == 1)
		if (strcmp(e.name, name) == 0) {
			st = e.st;
			n++;
		}
	folder_close(&folder);
	return n;
}

START_TEST(rule_55_what_is_pending_is_seen_by_its_session)
{
	begin_restricted();
	put_file("top/old", "the old one", 0600);
	ck_assert_int_eq(mkdirat(unit_fd, "top/d", 0755), 0);
	begin_session();
	begin_upload(&file, "d/new", "abc");
	begin_upload(&other, "old", "abcd");
	EXPECT_YES(look("d/new"));
	ck_assert_int_eq(st.st_size, 3);
	ck_assert_uint_eq(st.st_nlink, 1);
	EXPECT_YES(deeds_look(&deeds, "d/./new", DEEDS_HOLD, &st, &answer));
	EXPECT_YES(look("old"));
	ck_assert_int_eq(st.st_size, 4);
	ck_assert_int_eq(count_listed("d", "new"), 1);
	ck_assert_int_eq(st.st_size, 3);
	ck_assert_int_eq(count_listed("", "old"), 1);
	ck_assert_int_eq(st.st_size, 4);
	ck_assert_int_eq(count_listed("", "new"), 0);
	EXPECT_NO(look("new"), ENOENT, NULL);
	/* Nobody else sees them. */
	ck_assert(!exists("top/d/new"));
	ck_assert_str_eq(get_file("top/old"), "the old one");
	EXPECT_YES(file_close(&deeds, &file, &answer));
	end_upload(&other);
	ck_assert_str_eq(get_file("top/d/new"), "abc");
	ck_assert_int_eq(count_listed("d", "new"), 1);
}
END_TEST

START_TEST(rule_55_also_where_nothing_else_is_seen)
{
	begin_blind();
	put_file("top/old", "the old one", 0600);
	begin_session();
	EXPECT_NO(look("old"), ENOENT, NULL);
	begin_upload(&file, "old", "abcd");
	begin_upload(&other, "new", "abc");
	EXPECT_YES(look("old"));
	ck_assert_int_eq(st.st_size, 4);
	ck_assert_int_eq(count_listed("", "old"), 1);
	ck_assert_int_eq(count_listed("", "new"), 1);
	EXPECT_YES(file_close(&deeds, &other, &answer));
	end_upload(&file);
	/* Then it is own. */
	EXPECT_YES(look("old"));
	ck_assert_int_eq(count_listed("", "old"), 1);
	ck_assert_int_eq(count_listed("", "new"), 1);
}
END_TEST

START_TEST(rule_55_attributes_by_path_are_those_of_the_upload)
{
	const struct wish wish = { .attrs = { .has_mode = true, .mode = 0600 } };

	begin_blind();
	begin_session();
	begin_upload(&file, "f", "abc");
	EXPECT_YES(deeds_set(&deeds, "f", DEEDS_FOLLOW, &wish, &answer));
	EXPECT_YES(look("f"));
	ck_assert_uint_eq(st.st_mode, S_IFREG | 0600);
	end_upload(&file);
	ck_assert_uint_eq(mode_of("top/f"), 0600);
}
END_TEST

START_TEST(rule_56_what_is_removed_before_it_is_closed_is_never_there)
{
	begin_restricted();
	put_file("top/old", "the old one", 0600);
	begin_session();
	begin_upload(&file, "new", "abc");
	begin_upload(&other, "old", "abc");
	log_clear();
	EXPECT_YES(deeds_remove(&deeds, "new", &answer));
	EXPECT_YES(deeds_remove(&deeds, "old", &answer));
	log_is("remove name \"/new\"\nremove name \"/old\"\n");
	EXPECT_NO(look("new"), ENOENT, NULL);
	ck_assert(!exists("top/old"));
	EXPECT_YES(file_close(&deeds, &file, &answer));
	end_upload(&other);
	ck_assert_int_eq(count_entries("top"), 0);
	EXPECT_NO(deeds_remove(&deeds, "new", &answer), ENOENT, NULL);
}
END_TEST

/* Else removing would tell whether an upload has something to replace, or would remove that. */
START_TEST(rule_56_who_does_not_see_the_old_one_leaves_it)
{
	begin_blind();
	put_file("top/old", "the old one", 0600);
	begin_session();
	begin_upload(&file, "old", "abc");
	begin_upload(&other, "new", "abc");
	EXPECT_YES(deeds_remove(&deeds, "old", &answer));
	EXPECT_YES(deeds_remove(&deeds, "new", &answer));
	EXPECT_NO(look("old"), ENOENT, NULL);
	EXPECT_YES(file_close(&deeds, &file, &answer));
	end_upload(&other);
	ck_assert_str_eq(get_file("top/old"), "the old one");
	ck_assert_int_eq(count_entries("top"), 1);
}
END_TEST

START_TEST(rule_57_renaming_an_open_file_publishes_it)
{
	const struct iovec more = { (void *)(uintptr_t)"def", 3 };

	begin_blind();
	ck_assert_int_eq(mkdirat(unit_fd, "top/d", 0755), 0);
	begin_session();
	begin_upload(&file, "f.part", "abc");
	EXPECT_YES(deeds_rename(&deeds, "f.part", "d/f", DEEDS_SPARE_SEEN, &answer));
	ck_assert_str_eq(get_file("top/d/f"), "abc");
	ck_assert(!exists("top/f.part"));
	/* It goes on in place. */
	EXPECT_YES(file_write(&deeds, &file, 3, &more, 1, &answer));
	end_upload(&file);
	ck_assert_str_eq(get_file("top/d/f"), "abcdef");
	EXPECT_YES(look("d/f"));
	EXPECT_NO(look("f.part"), ENOENT, NULL);
}
END_TEST

START_TEST(rule_57_nothing_is_published_for_a_name_that_is_denied)
{
	begin_restricted();
	policy.nrules = 1;
	policy.rules[0] = (struct policy_rule){ .allow = true, .pattern = "f*" };
	begin_session();
	begin_upload(&file, "f", "abc");
	EXPECT_NO(deeds_rename(&deeds, "f", "g", DEEDS_REPLACE, &answer), EACCES,
	    "this name is not allowed");
	ck_assert(!exists("top/f"));
	end_upload(&file);
}
END_TEST

START_TEST(rule_57_so_does_a_hard_link)
{
	begin_restricted();
	policy.make_links = POLICY_YES;
	begin_session();
	begin_upload(&file, "f", "abc");
	EXPECT_YES(deeds_hard_link(&deeds, "f", "g", DEEDS_SPARE, &answer));
	ck_assert_str_eq(get_file("top/g"), "abc");
	end_upload(&file);
	ck_assert_str_eq(get_file("top/f"), "abc");
}
END_TEST

START_TEST(rule_57_a_directory_takes_what_is_pending_in_it_along)
{
	begin_restricted();
	begin_session();
	EXPECT_YES(deeds_mkdir(&deeds, "d", 0755, &answer));
	EXPECT_YES(deeds_mkdir(&deeds, "d/e", 0755, &answer));
	begin_upload(&file, "d/e/f", "abc");
	begin_upload(&other, "dd", "abc");
	EXPECT_YES(deeds_rename(&deeds, "d", "x", DEEDS_SPARE_SEEN, &answer));
	ck_assert(!exists("top/x/e/f"));
	EXPECT_NO(deeds_rmdir(&deeds, "x/e", &answer), ENOTEMPTY, NULL);
	ck_assert(!exists("top/x/e/f"));
	EXPECT_YES(file_close(&deeds, &file, &answer));
	ck_assert_str_eq(get_file("top/x/e/f"), "abc");
	ck_assert(!exists("top/dd"));
	EXPECT_YES(deeds_remove(&deeds, "x/e/f", &answer));
	EXPECT_YES(deeds_rmdir(&deeds, "x/e", &answer));
	end_upload(&other);
}
END_TEST

START_TEST(rule_57_nothing_is_published_for_what_is_refused)
{
	begin_restricted();
	policy.make_links = POLICY_YES;
	put_file("top/a", "a", 0644);
	begin_session();
	EXPECT_YES(deeds_mkdir(&deeds, "d", 0755, &answer));
	EXPECT_YES(deeds_mkdir(&deeds, "empty", 0755, &answer));
	begin_upload(&file, "d/f", "half");
	EXPECT_NO(deeds_rename(&deeds, "d/f", "a", DEEDS_SPARE_SEEN, &answer), EEXIST, NULL);
	EXPECT_NO(deeds_hard_link(&deeds, "d/f", "a", DEEDS_SPARE, &answer), EEXIST, NULL);
	EXPECT_NO(deeds_rename(&deeds, "empty", "d", DEEDS_REPLACE, &answer), ENOTEMPTY, NULL);
	EXPECT_NO(deeds_rename(&deeds, "d", "a", DEEDS_SPARE_SEEN, &answer), EEXIST, NULL);
	ck_assert(!exists("top/d/f"));
	end_upload(&file);
	ck_assert_str_eq(get_file("top/d/f"), "half");
}
END_TEST

START_TEST(rule_57_a_name_that_is_pending_is_taken)
{
	begin_restricted();
	policy.make_links = POLICY_YES;
	put_file("top/a", "a", 0644);
	begin_session();
	begin_upload(&file, "f", "abc");
	EXPECT_NO(deeds_rename(&deeds, "a", "f", DEEDS_SPARE_SEEN, &answer), EEXIST, NULL);
	EXPECT_NO(deeds_mkdir(&deeds, "f", 0755, &answer), EEXIST, NULL);
	EXPECT_NO(deeds_symlink(&deeds, "a", "f", DEEDS_SPARE, &answer), EEXIST, NULL);
	EXPECT_NO(deeds_hard_link(&deeds, "a", "f", DEEDS_SPARE, &answer), EEXIST, NULL);
	/* What takes its place is what is there, as if it had had the name. */
	EXPECT_YES(deeds_rename(&deeds, "a", "f", DEEDS_REPLACE, &answer));
	end_upload(&file);
	ck_assert_str_eq(get_file("top/f"), "a");
	ck_assert_int_eq(count_entries("top"), 1);
}
END_TEST

/* A file of another size takes the place of one that must not be written in place. */
START_TEST(rule_34_size_by_path_keeps_the_old_file_where_that_is_promised)
{
	const struct wish wish = { .has_size = true, .size = 2 };

	begin_restricted();
	put_file("top/f", "abc", 0644);
	put_file("top/g", "abc", 0644);
	ck_assert_int_eq(linkat(unit_fd, "top/g", unit_fd, "outside", 0), 0);
	policy.overwrite = OVERWRITE_BACKUP;
	begin_session();
	EXPECT_YES(deeds_set(&deeds, "f", DEEDS_FOLLOW, &wish, &answer));
	ck_assert_str_eq(get_file("top/f"), "ab");
	ck_assert_str_eq(get_file("top/f.~1~"), "abc");
	policy.overwrite = OVERWRITE_YES;
	EXPECT_YES(deeds_set(&deeds, "g", DEEDS_FOLLOW, &wish, &answer));
	ck_assert_str_eq(get_file("top/g"), "ab");
	ck_assert_str_eq(get_file("outside"), "abc");
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, rule_55_what_is_pending_is_seen_by_its_session);
	tcase_add_test(t, rule_55_also_where_nothing_else_is_seen);
	tcase_add_test(t, rule_55_attributes_by_path_are_those_of_the_upload);
	tcase_add_test(t, rule_56_what_is_removed_before_it_is_closed_is_never_there);
	tcase_add_test(t, rule_56_who_does_not_see_the_old_one_leaves_it);
	tcase_add_test(t, rule_57_renaming_an_open_file_publishes_it);
	tcase_add_test(t, rule_57_nothing_is_published_for_a_name_that_is_denied);
	tcase_add_test(t, rule_57_so_does_a_hard_link);
	tcase_add_test(t, rule_57_a_directory_takes_what_is_pending_in_it_along);
	tcase_add_test(t, rule_57_nothing_is_published_for_what_is_refused);
	tcase_add_test(t, rule_57_a_name_that_is_pending_is_taken);
	tcase_add_test(t, rule_34_size_by_path_keeps_the_old_file_where_that_is_promised);
}

int
main(void)
{
	return run_unit("view", add);
}
