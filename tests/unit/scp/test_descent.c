/* SPDX-License-Identifier: ISC */
#include "scp/descent.h"
#include "unit.h"

static struct descent descent;	/* too large for a stack */

static int
open_dir(const char *name, struct stat *st)
{
	int fd = openat(unit_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck_assert_msg(fd >= 0 && fstat(fd, st) == 0, "%s: %s", name, strerror(errno));
	return fd;
}

static void
enter(const char *name)
{
	struct stat st;
	int fd = open_dir(name, &st);

	descent_enter(&descent, fd, &st, false);
}

START_TEST(each_level_goes_on_where_it_was)
{
	int before = count_descriptors();
	struct listing_entry found;

	put_dir("a", 0755);
	put_dir("a/b", 0755);
	put_file("a/b/c", "", 0644);
	descent_init(&descent);
	enter("a");
	ck_assert_int_eq(descent_next(&descent, &found), 1);
	ck_assert_str_eq(found.name, "b");
	enter("a/b");
	ck_assert_uint_eq(descent.depth, 2);
	ck_assert_int_eq(descent_next(&descent, &found), 1);
	ck_assert_str_eq(found.name, "c");
	ck_assert_int_eq(descent_next(&descent, &found), 0);
	descent_leave(&descent);
	ck_assert_int_eq(descent_next(&descent, &found), 0);
	descent_leave(&descent);
	ck_assert_uint_eq(descent.depth, 0);
	ck_assert_int_eq(count_descriptors(), before);
}
END_TEST

START_TEST(what_is_open_is_known_again)
{
	struct stat a, b, aside;

	put_dir("a", 0755);
	put_dir("a/b", 0755);
	put_dir("aside", 0755);
	a = stat_of("a");
	b = stat_of("a/b");
	aside = stat_of("aside");
	descent_init(&descent);
	ck_assert(!descent_is_in(&descent, &a));
	enter("a");
	enter("a/b");
	ck_assert(descent_is_in(&descent, &a));
	ck_assert(descent_is_in(&descent, &b));
	ck_assert(!descent_is_in(&descent, &aside));
	descent_leave(&descent);
	ck_assert(!descent_is_in(&descent, &b));
	descent_leave(&descent);
}
END_TEST

/* What a directory has itself is never too many, whether or not anybody said what it is. */
START_TEST(links_are_counted_and_nothing_else)
{
	static const struct {
		const char   *name;
		unsigned char type;
		unsigned      links;
	} rows[] = {
		{ "a/b", DT_DIR, 0 }, { "a/b", DT_UNKNOWN, 0 }, { "a/b", DT_LNK, 1 },
		{ "aside", DT_DIR, 0 }, { "aside", DT_UNKNOWN, 1 }, { "aside", DT_LNK, 1 },
	};
	bool first;

	put_dir("a", 0755);
	put_dir("a/b", 0755);
	put_dir("aside", 0755);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct stat st;
		int fd = open_dir(rows[i].name, &st);

		descent_init(&descent);
		ck_assert(!descent_is_enough(&descent, fd, rows[i].type, &first));
		ck_assert_uint_eq(descent.links, 0);
		enter("a");
		ck_assert(!descent_is_enough(&descent, fd, rows[i].type, &first));
		ck_assert_msg(descent.links == rows[i].links, "row %zu: %u links", i, descent.links);
		descent_leave(&descent);
		close(fd);
	}
}
END_TEST

START_TEST(the_first_link_too_many_is_known)
{
	struct stat st;
	bool first;
	int fd;

	put_dir("a", 0755);
	descent_init(&descent);
	enter("a");
	fd = open_dir(".", &st);
	for (int i = 0; i < DESCENT_LINKS_MAX; i++)
		ck_assert(!descent_is_enough(&descent, fd, DT_LNK, &first));
	ck_assert(descent_is_enough(&descent, fd, DT_LNK, &first));
	ck_assert(first);
	for (int i = 0; i < 3; i++) {
		ck_assert(descent_is_enough(&descent, fd, DT_LNK, &first));
		ck_assert(!first);
	}
	ck_assert(!descent_is_enough(&descent, fd, DT_DIR, &first));
	ck_assert_uint_eq(descent.links, DESCENT_LINKS_MAX + 1);
	descent_leave(&descent);
	close(fd);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, each_level_goes_on_where_it_was);
	tcase_add_test(t, what_is_open_is_known_again);
	tcase_add_test(t, links_are_counted_and_nothing_else);
	tcase_add_test(t, the_first_link_too_many_is_known);
}

int
main(void)
{
	return run_unit("descent", add);
}
