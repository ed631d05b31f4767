/* SPDX-License-Identifier: ISC */
#include "paths/trail.h"
#include "unit.h"

static struct trail trail;

static void
check_trail(const char *wanted)
{
	ck_assert_str_eq(trail.text, wanted);
	ck_assert_uint_eq(trail.len, strlen(wanted));
}

static const struct {
	const char *path, *name, *wanted;
} joins[] = {
	{ "d", "f", "d/f" },
	{ "a/b", "f", "a/b/f" },
	{ "/", "f", "/f" },
	{ "d/", "f", "d/f" },
	{ "d//", "f", "d//f" },
	{ "", "f", "f" },
	{ ".", "f", "./f" },
	{ "d", "a\nb", "d/a\nb" },
	{ "d", "%s", "d/%s" },
};

START_TEST(names_are_joined_and_cut)
{
	for (size_t i = 0; i < sizeof(joins) / sizeof(joins[0]); i++) {
		size_t before;

		trail_set(&trail, joins[i].path);
		check_trail(joins[i].path);
		before = trail_add(&trail, joins[i].name);
		check_trail(joins[i].wanted);
		ck_assert_uint_eq(before, strlen(joins[i].path));
		trail_cut(&trail, before);
		check_trail(joins[i].path);
	}
}
END_TEST

START_TEST(levels_go_back_one_by_one)
{
	size_t one, two, three;

	trail_set(&trail, "d");
	one = trail_add(&trail, "one");
	two = trail_add(&trail, "two");
	three = trail_add(&trail, "three");
	check_trail("d/one/two/three");
	trail_cut(&trail, three);
	check_trail("d/one/two");
	three = trail_add(&trail, "other");
	check_trail("d/one/two/other");
	trail_cut(&trail, three);
	trail_cut(&trail, two);
	check_trail("d/one");
	trail_cut(&trail, one);
	check_trail("d");
}
END_TEST

/* Where it stands after one name up, another goes to where the first one was. */
START_TEST(going_up_by_one_name)
{
	static const struct {
		const char *path, *name, *wanted;
	} rows[] = {
		{ "d", "f", "d/x" },	{ "a/b", "f", "a/b/x" },	{ "/", "f", "/x" },
		{ "d/", "f", "d/x" },	{ "", "f", "x" },		{ "d", "a\nb", "d/x" },
		{ ".", "f", "./x" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		trail_set(&trail, rows[i].path);
		trail_add(&trail, rows[i].name);
		trail_up(&trail);
		ck_assert_uint_eq(strlen(trail.text), trail.len);
		trail_add(&trail, "x");
		check_trail(rows[i].wanted);
	}
	trail_set(&trail, "a/b/c");
	trail_up(&trail);
	check_trail("a/b");
	trail_up(&trail);
	check_trail("a");
	trail_up(&trail);
	check_trail("");
	trail_up(&trail);
	check_trail("");
}
END_TEST

START_TEST(setting_begins_anew)
{
	trail_set(&trail, "a/long/path");
	trail_set(&trail, "x");
	check_trail("x");
	trail_set(&trail, "");
	check_trail("");
}
END_TEST

START_TEST(a_path_that_is_too_long_is_cut)
{
	static const size_t lens[] = {
		TRAIL_MAX - 2, TRAIL_MAX - 1, TRAIL_MAX, TRAIL_MAX + 1, TRAIL_MAX + 999,
	};
	char *path = malloc(TRAIL_MAX + 1000);

	ck_assert_ptr_nonnull(path);
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		size_t len = lens[i];

		memset(path, 'p', len);
		path[len] = '\0';
		trail_set(&trail, path);
		ck_assert_uint_eq(trail.len, len < TRAIL_MAX ? len : TRAIL_MAX - 1);
		ck_assert_uint_eq(strlen(trail.text), trail.len);
	}
	free(path);
}
END_TEST

START_TEST(what_does_not_fit_is_left_out)
{
	static const char start[] = "start";
	size_t len, before;
	char name[256];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	trail_set(&trail, start);
	do {
		len = trail.len;
		before = trail_add(&trail, name);
		ck_assert_uint_eq(before, len);
		ck_assert_uint_lt(trail.len, TRAIL_MAX);
	} while (trail.len > len);
	ck_assert_uint_eq(strnlen(trail.text, TRAIL_MAX), trail.len);
	/* Full to the brim, it still goes back to where it was. */
	trail_cut(&trail, strlen(start));
	check_trail(start);
	trail_add(&trail, "f");
	check_trail("start/f");
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, names_are_joined_and_cut);
	tcase_add_test(t, levels_go_back_one_by_one);
	tcase_add_test(t, going_up_by_one_name);
	tcase_add_test(t, setting_begins_anew);
	tcase_add_test(t, a_path_that_is_too_long_is_cut);
	tcase_add_test(t, what_does_not_fit_is_left_out);
}

int
main(void)
{
	return run_unit("trail", add);
}
