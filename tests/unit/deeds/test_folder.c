/* SPDX-License-Identifier: ISC */
#include "deeds/folder.h"
#include "doing.h"
#include "mounts.h"

static struct folder folder, other;
static struct stat st;

static int
compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names that are listed, in order, "." and ".." first, a blank behind each; static. */
static const char *
names(const char *path)
{
	static char text[8192];
	char *list[256];
	size_t n = 0, used;
	struct folder_entry e;
	int more;

	ck_assert_msg(folder_open(&deeds, &folder, path, &answer) == 0, "%s: %s", path,
	    answer_text(&answer));
	while ((more = folder_next(&deeds, &folder, &e, &answer)) == 1)
		list[n++] = strdup(e.name);
	ck_assert_int_eq(more, 0);
	ck_assert_int_eq(folder_next(&deeds, &folder, &e, &answer), 0);
	folder_close(&folder);
	ck_assert_uint_ge(n, 2);
	qsort(list + 2, n - 2, sizeof(list[0]), compare);
	text[0] = '\0';
	used = 0;
	for (size_t i = 0; i < n; i++) {
		used += (size_t)sprintf(text + used, "%s ", list[i]);
		free(list[i]);
	}
	return text;
}

static void
make_tree(void)
{
	put_file("top/a", "abc", 0644);
	put_file("top/.hidden", "", 0644);
	ck_assert_int_eq(mkdirat(unit_fd, "top/d", 0711), 0);
	put_file("top/d/x", "", 0644);
	ck_assert_int_eq(symlinkat("a", unit_fd, "top/l"), 0);
}

START_TEST(rule_35_a_directory_has_dots_and_what_the_policy_has)
{
	begin_restricted();
	make_tree();
	put_file("top/.scp-0123456789abcdef-1000-0", "", 0644);
	begin_session();
	ck_assert_str_eq(names(""), ". .. a d l ");
	log_is("opendir \"/\"\n");
	ck_assert_str_eq(names("d/"), ". .. x ");
	log_is("opendir \"/d\"\n");
	policy.hidden = POLICY_YES;
	ck_assert_str_eq(names("/"), ". .. .hidden a d l ");
	policy.nrules = 1;
	policy.rules[0] = (struct policy_rule){ .allow = true, .pattern = "a" };
	ck_assert_str_eq(names("/"), ". .. a d ");
	EXPECT_NO(folder_open(&deeds, &folder, "a", &answer), ENOTDIR, NULL);
	EXPECT_NO(folder_open(&deeds, &folder, "no", &answer), ENOENT, NULL);
	folder_close(&folder);
	folder_close(&folder);
}
END_TEST

START_TEST(rule_35_entries_are_looked_at_without_following)
{
	struct folder_entry e;
	bool seen = false;

	begin_restricted();
	policy.symlinks = SYMLINKS_BENEATH;
	make_tree();
	begin_session();
	EXPECT_YES(folder_open(&deeds, &folder, ".", &answer));
	while (folder_next(&deeds, &folder, &e, &answer) == 1) {
		ck_assert_int_eq(S_ISLNK(e.st.st_mode), strcmp(e.name, "l") == 0);
		if (strcmp(e.name, "a") == 0)
			ck_assert_int_eq(e.st.st_size, 3);
		seen = seen || strcmp(e.name, "l") == 0;
	}
	ck_assert(seen);
	folder_close(&folder);
}
END_TEST

START_TEST(rule_35_what_did_not_fit_comes_again)
{
	struct folder_entry e;
	char name[NAME_MAX + 1];
	int n = 0;

	begin_restricted();
	make_tree();
	begin_session();
	EXPECT_YES(folder_open(&deeds, &folder, ".", &answer));
	while (folder_next(&deeds, &folder, &e, &answer) == 1) {
		ino_t ino = e.st.st_ino;

		strcpy(name, e.name);
		folder_unread(&folder);
		ck_assert_int_eq(folder_next(&deeds, &folder, &e, &answer), 1);
		ck_assert_str_eq(e.name, name);
		ck_assert_uint_eq(e.st.st_ino, ino);
		n++;
	}
	ck_assert_int_eq(n, 5);
	folder_close(&folder);
}
END_TEST

enum { MANY = 3000, AT_ONCE = 12 };

/* More directories than there are buffers, read by turns: none loses an entry, and none has one twice. */
START_TEST(rule_35_many_are_read_by_turns)
{
	static struct folder folders[AT_ONCE];
	static unsigned seen[AT_ONCE][MANY];
	struct folder_entry e;
	char name[64];
	unsigned open = AT_ONCE;

	begin_restricted();
	ck_assert_int_eq(mkdirat(unit_fd, "top/many", 0755), 0);
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "top/many/%u", i);
		put_file(name, "", 0644);
	}
	begin_session();
	for (unsigned k = 0; k < AT_ONCE; k++)
		EXPECT_YES(folder_open(&deeds, &folders[k], "many", &answer));
	while (open > 0)
		for (unsigned k = 0; k < AT_ONCE; k++) {
			if (folders[k].fd == -1)
				continue;
			if (folder_next(&deeds, &folders[k], &e, &answer) == 1) {
				if (e.name[0] != '.')
					seen[k][strtoul(e.name, NULL, 10)]++;
			} else {
				folder_close(&folders[k]);
				open--;
			}
		}
	for (unsigned k = 0; k < AT_ONCE; k++)
		for (unsigned i = 0; i < MANY; i++)
			ck_assert_uint_eq(seen[k][i], 1);
}
END_TEST

START_TEST(rule_35_what_vanishes_is_skipped)
{
	struct folder_entry e;
	int n = 0;

	begin_restricted();
	make_tree();
	begin_session();
	EXPECT_YES(folder_open(&deeds, &folder, ".", &answer));
	ck_assert_int_eq(folder_next(&deeds, &folder, &e, &answer), 1);
	ck_assert_int_eq(folder_next(&deeds, &folder, &e, &answer), 1);
	ck_assert_int_eq(folder_next(&deeds, &folder, &e, &answer), 1);	/* The buffer is full. */
	ck_assert_int_eq(unlinkat(unit_fd, "top/l", 0), 0);
	ck_assert_int_eq(unlinkat(unit_fd, "top/a", 0), 0);
	while (folder_next(&deeds, &folder, &e, &answer) == 1) {
		ck_assert_str_ne(e.name, "l");
		ck_assert_str_ne(e.name, "a");
		n++;
	}
	ck_assert_int_le(n, 1);
	folder_close(&folder);
}
END_TEST

START_TEST(rule_62_what_is_own_is_listed_from_memory)
{
	begin_blind();
	make_tree();
	ck_assert_int_eq(fchmodat(unit_fd, "top/d", 0311, 0), 0);
	begin_session();
	ck_assert_str_eq(names(""), ". .. ");
	/* Nobody need be able to read the directory. */
	ck_assert_str_eq(names("d"), ". .. ");
	EXPECT_YES(deeds_mkdir(&deeds, "d/e", 0755, &answer));
	ck_assert_int_eq(fstatat(unit_fd, "top/d/x", &st, 0), 0);
	own_add(&deeds.own, "d/x", &(struct birth){ .dev = st.st_dev, .ino = st.st_ino });
	ck_assert_str_eq(names("d"), ". .. e x ");
	ck_assert_str_eq(names(""), ". .. ");
	/* What is another's by now is not own. */
	ck_assert_int_eq(symlinkat("..", unit_fd, "top/d/y"), 0);
	ck_assert_int_eq(renameat(unit_fd, "top/d/y", unit_fd, "top/d/x"), 0);
	ck_assert_str_eq(names("d"), ". .. e ");
	EXPECT_NO(folder_open(&deeds, &folder, "a", &answer), ENOENT, NULL);
	EXPECT_NO(folder_open(&deeds, &folder, "no", &answer), ENOENT, NULL);
	EXPECT_NO(folder_open(&deeds, &folder, "l", &answer), ENOENT, NULL);
}
END_TEST

START_TEST(rule_60_dots_have_no_traces_either)
{
	struct folder_entry e;

	begin_blind();
	begin_session();
	deeds.begun = 1234567;
	EXPECT_YES(folder_open(&deeds, &folder, "", &answer));
	ck_assert_int_eq(folder_next(&deeds, &folder, &e, &answer), 1);
	ck_assert_int_eq(e.st.st_mtime, 1234567);
	ck_assert_int_eq(folder_next(&deeds, &folder, &e, &answer), 1);
	ck_assert_int_eq(e.st.st_mtime, 1234567);
	EXPECT_YES(folder_look(&deeds, &folder, &e.st, &answer));
	ck_assert_int_eq(e.st.st_mtime, 1234567);
	folder_close(&folder);
}
END_TEST

/* Who goes up from the top stays there, and sees nothing of what is above. */
START_TEST(rule_35_the_top_has_nothing_above_it)
{
	struct folder_entry e;
	ino_t ino;

	begin_restricted();
	begin_session();
	EXPECT_YES(folder_open(&deeds, &folder, "..", &answer));
	ck_assert_int_eq(folder_next(&deeds, &folder, &e, &answer), 1);
	ino = e.st.st_ino;
	ck_assert_int_eq(folder_next(&deeds, &folder, &e, &answer), 1);
	ck_assert_str_eq(e.name, "..");
	ck_assert_uint_eq(e.st.st_ino, ino);
	folder_close(&folder);
}
END_TEST

START_TEST(section_9_listing_is_a_right)
{
	begin_restricted();
	strcpy(policy.start, "d");
	make_tree();
	begin_session();
	policy.list = RIGHT_NO;
	EXPECT_NO(folder_open(&deeds, &folder, "", &answer), EACCES, "listing is not allowed");
	policy.list = RIGHT_YES;
	policy.recursive = POLICY_NO;
	ck_assert_str_eq(names(""), ". .. x ");
	EXPECT_NO(folder_open(&deeds, &folder, "/", &answer), EACCES, "directories are not allowed");
	EXPECT_NO(folder_open(&deeds, &folder, ".x", &answer), ENOENT, NULL);
}
END_TEST

START_TEST(rule_28_links_to_directories_as_the_policy_says)
{
	begin_restricted();
	make_tree();
	ck_assert_int_eq(symlinkat("d", unit_fd, "top/ld"), 0);
	ck_assert_int_eq(symlinkat("..", unit_fd, "top/up"), 0);
	begin_session();
	EXPECT_NO(folder_open(&deeds, &folder, "ld", &answer), ENOTDIR, NULL);
	policy.symlinks = SYMLINKS_BENEATH;
	begin_session();
	ck_assert_str_eq(names("ld"), ". .. x ");
	EXPECT_NO(folder_open(&deeds, &folder, "up", &answer), ENOENT, "it is outside the root");
}
END_TEST

START_TEST(rule_25_what_the_kernel_makes_up_is_not_listed)
{
	if (!unshare_mounts())
		return;
	ck_assert_int_eq(mkdirat(unit_fd, "top", 0755), 0);
	ck_assert_int_eq(mkdirat(unit_fd, "top/proc", 0755), 0);
	ck_assert_int_eq(mount("/proc", PATH_IN("top/proc"), NULL, MS_BIND, NULL), 0);
	policy = restricted_policy();
	begin_session();
	ck_assert_str_eq(names(""), ". .. ");
	EXPECT_NO(folder_open(&deeds, &folder, "proc", &answer), ENOENT, "it is outside the root");
	root_close(&root);
	ck_assert_int_eq(umount2(PATH_IN("top/proc"), MNT_DETACH), 0);
}
END_TEST

START_TEST(a_drop_in_lists_what_is_there)
{
	struct folder_entry e;

	policy = drop_in_policy();
	put_file(".a", "", 0644);
	begin_session();
	ck_assert_str_eq(names("."), ". .. .a ");
	EXPECT_YES(folder_open(&deeds, &other, "/tmp/../tmp", &answer));
	ck_assert_int_eq(folder_next(&deeds, &other, &e, &answer), 1);
	ck_assert_int_eq(folder_next(&deeds, &other, &e, &answer), 1);
	ck_assert_int_eq(stat("/", &st), 0);
	ck_assert_uint_eq(e.st.st_ino, st.st_ino);
	folder_close(&other);
}
END_TEST

/* Of a directory that may be read, and not searched, nothing can be told. */
START_TEST(rule_35_what_may_not_be_looked_at_is_left_out)
{
	begin_restricted();
	make_tree();
	ck_assert_int_eq(fchmodat(unit_fd, "top/d", 0444, 0), 0);
	begin_session();
	ck_assert_str_eq(names("d"), geteuid() == 0 ? ". .. x " : ". .. ");
	ck_assert_int_eq(fchmodat(unit_fd, "top/d", 0711, 0), 0);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, rule_35_what_may_not_be_looked_at_is_left_out);
	tcase_add_test(t, rule_35_a_directory_has_dots_and_what_the_policy_has);
	tcase_add_test(t, rule_35_entries_are_looked_at_without_following);
	tcase_add_test(t, rule_35_what_did_not_fit_comes_again);
	tcase_add_test(t, rule_35_many_are_read_by_turns);
	tcase_add_test(t, rule_35_what_vanishes_is_skipped);
	tcase_add_test(t, rule_62_what_is_own_is_listed_from_memory);
	tcase_add_test(t, rule_60_dots_have_no_traces_either);
	tcase_add_test(t, rule_35_the_top_has_nothing_above_it);
	tcase_add_test(t, section_9_listing_is_a_right);
	tcase_add_test(t, rule_28_links_to_directories_as_the_policy_says);
	tcase_add_test(t, rule_25_what_the_kernel_makes_up_is_not_listed);
	tcase_add_test(t, a_drop_in_lists_what_is_there);
}

int
main(void)
{
	return run_unit("folder", add);
}
