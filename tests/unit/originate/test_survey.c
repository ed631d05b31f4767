/* SPDX-License-Identifier: ISC */
#include "dirs.h"
#include "originate/survey.h"
#include "policies.h"
#include "unit.h"

static struct survey survey;
static struct root root;
static struct policy policy;
static uint64_t files, bytes;

/* A tree of four files of 1, 20, 300 and 4000 bytes. */
static void
make_tree(void)
{
	make_dir("t");
	make_dir("t/a");
	make_dir("t/a/b");
	make_dir("t/.h");
	put_file("t/one", "1", 0644);
	put_file("t/a/two", "12345678901234567890", 0644);
	put_file("t/a/b/three.o", "", 0644);
	ck_assert_int_eq(truncate("t/a/b/three.o", 300), 0);
	put_file("t/.h/four", "", 0644);
	ck_assert_int_eq(truncate("t/.h/four", 4000), 0);
	ck_assert_int_eq(mkfifoat(unit_fd, "t/fifo", 0600), 0);
	make_link("t/nowhere", "nothing");
}

static bool
count(char *const *paths, int n, bool recursive, int patience)
{
	struct request request = { .recursive = recursive, .npaths = n, .paths = paths };

	return survey_run(&survey, &request, &policy, &root, patience, &files, &bytes);
}

static void
expect(const char *path, bool recursive, uint64_t n, uint64_t size)
{
	char text[PATH_MAX], *paths[] = { text };
	int before = count_open();

	snprintf(text, sizeof(text), "%s", path);
	ck_assert(count(paths, 1, recursive, 60000));
	ck_assert_int_eq(count_open(), before);
	ck_assert_msg(files == n && bytes == size, "%s: expected %ju files of %ju bytes, got %ju of %ju",
	    path, (uintmax_t)n, (uintmax_t)size, (uintmax_t)files, (uintmax_t)bytes);
}

static void
begin(void)
{
	ck_assert_int_eq(fchdir(unit_fd), 0);
	make_tree();
	ck_assert_int_eq(root_open(&root), 0);
	policy = drop_in_policy();
}

START_TEST(trees_and_files)
{
	begin();
	expect("t", true, 4, 4321);
	expect("t/", true, 4, 4321);
	expect("t/.", true, 4, 4321);
	expect("t/a/..", true, 4, 4321);
	expect("t/a", true, 2, 320);
	expect("t/one", true, 1, 1);
	expect("t/one", false, 1, 1);
	/* What is not sent is none. */
	expect("t", false, 0, 0);
	expect("t/.", false, 0, 0);
	expect("t/fifo", true, 0, 0);
	expect("t/nowhere", true, 0, 0);
	expect("none", true, 0, 0);
	expect("none/..", true, 0, 0);
	expect("", true, 0, 0);
}
END_TEST

START_TEST(several)
{
	char a[] = "t/a", b[] = "t/one", c[] = "t/one", *paths[] = { a, b, c };

	begin();
	ck_assert(count(paths, 3, true, 60000));
	ck_assert_uint_eq(files, 4);
	ck_assert_uint_eq(bytes, 322);
}
END_TEST

/* Those are followed, as by a source; those that lead round are left out. */
START_TEST(links)
{
	begin();
	make_link("t/link", "a/two");
	expect("t", true, 5, 4341);
	make_link("t/again", "a");
	expect("t", true, 7, 4661);
	make_link("t/a/b/round", "../..");
	expect("t/a", true, 5, 4341);
	make_link("t/self", "self");
	expect("t/self", true, 0, 0);
}
END_TEST

static void
deny(const char *pattern)
{
	struct policy_rule *r = &policy.rules[policy.nrules++];

	*r = (struct policy_rule){ .allow = false };
	snprintf(r->pattern, sizeof(r->pattern), "%s", pattern);
}

START_TEST(what_the_policy_has_not)
{
	begin();
	deny("*.o");
	expect("t", true, 3, 4021);
	expect("t/a/b/three.o", true, 0, 0);
	deny("a");
	expect("t", true, 2, 4001);
	expect("t/a", true, 0, 0);
	policy = drop_in_policy();
	policy.hidden = POLICY_NO;
	expect("t", true, 3, 321);
	policy = drop_in_policy();
	policy.max_file_size = 300;
	expect("t", true, 3, 321);
	policy = drop_in_policy();
	policy.recursive = POLICY_NO;
	expect("t", true, 0, 0);
}
END_TEST

START_TEST(no_time)
{
	char t[] = "t", *paths[] = { t };
	int before;

	begin();
	before = count_open();
	ck_assert(!count(paths, 1, true, 0));
	ck_assert_int_eq(count_open(), before);
}
END_TEST

/* As deep as anything is sent, and one more. */
START_TEST(deep)
{
	int fd = unit_fd;

	begin();
	for (int i = 0; i <= 70; i++) {
		int next;

		ck_assert_int_eq(mkdirat(fd, "d", 0755), 0);
		next = openat(fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		ck_assert_int_ge(next, 0);
		ck_assert_int_eq(mknodat(next, "f", S_IFREG | 0600, 0), 0);
		if (fd != unit_fd)
			close(fd);
		fd = next;
	}
	close(fd);
	expect("d", true, 71, 0);
	policy.max_depth = 64;
	expect("d", true, 64, 0);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, trees_and_files);
	tcase_add_test(t, several);
	tcase_add_test(t, links);
	tcase_add_test(t, what_the_policy_has_not);
	tcase_add_test(t, no_time);
	tcase_add_test(t, deep);
}

int
main(void)
{
	return run_unit("survey", add);
}
