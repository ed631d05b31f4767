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

START_TEST(names_are_joined_and_left)
{
	for (size_t i = 0; i < COUNT(joins); i++) {
		trail_set(&trail, joins[i].path);
		check_trail(joins[i].path);
		trail_enter(&trail, joins[i].name);
		check_trail(joins[i].wanted);
		ck_assert_str_eq(trail_last(&trail), joins[i].name);
		trail_leave(&trail);
		check_trail(joins[i].path);
	}
}
END_TEST

/* However the path it began with is written, it goes back to exactly that. */
START_TEST(levels_go_back_one_by_one)
{
	static const char *const begins[] = { "d", "d/", "d//", "/", "//", "", ".", "d///e//" };

	for (size_t i = 0; i < COUNT(begins); i++) {
		char levels[5][64];

		trail_set(&trail, begins[i]);
		for (int n = 0; n < 5; n++) {
			strcpy(levels[n], trail.text);
			trail_enter(&trail, n == 2 ? "" : "name");
		}
		for (int n = 4; n >= 0; n--) {
			trail_leave(&trail);
			check_trail(levels[n]);
			trail_enter(&trail, "other");
			trail_leave(&trail);
			check_trail(levels[n]);
		}
		ck_assert_uint_eq(trail.depth, 0);
	}
}
END_TEST

START_TEST(slashes_are_trimmed)
{
	static const struct {
		const char *path, *wanted;
	} rows[] = {
		{ "", "" }, { "/", "/" }, { "//", "/" }, { "d", "d" }, { "d/", "d" }, { "d//", "d" },
		{ "/d//", "/d" }, { "d//e/", "d//e" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		trail_set(&trail, rows[i].path);
		trail_trim(&trail);
		check_trail(rows[i].wanted);
	}
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
	char *path = malloc(TRAIL_MAX + 1000);

	ck_assert_ptr_nonnull(path);
	for (size_t len = TRAIL_MAX - 6; len < TRAIL_MAX + 999; len++) {
		memset(path, 'p', len);
		path[len] = '\0';
		trail_set(&trail, path);
		ck_assert_uint_lt(trail.len, TRAIL_MAX);
		trail_enter(&trail, "f");
		ck_assert_uint_lt(trail.len, TRAIL_MAX);
		ck_assert_str_eq(trail.text + trail.len - 4, "/...");
		trail_leave(&trail);
		ck_assert_uint_eq(strlen(trail.text), trail.len);
	}
	free(path);
}
END_TEST

/* Goes deeper by NAME until that is beyond the trail: how many names are in it. */
static unsigned
fill(const char *name)
{
	trail_set(&trail, "start");
	while (trail.beyond == 0)
		trail_enter(&trail, name);
	return trail.depth;
}

/* What is beyond it, because it is too long or too deep, leaves it as it was, however much it is. */
static void
go_beyond_and_back(const char *name, const char *next)
{
	unsigned depth = fill(name);
	size_t len = trail.len;

	ck_assert_uint_lt(len, TRAIL_MAX);
	ck_assert_str_eq(trail.text + len - 4, "/...");
	for (int i = 0; i < 100000; i++) {
		trail_enter(&trail, next);
		ck_assert_uint_eq(trail.len, len);
	}
	for (int i = 0; i < 100000; i++)
		trail_leave(&trail);
	ck_assert_uint_eq(trail.len, len);
	trail_leave(&trail);
	ck_assert_uint_eq(trail.beyond, 0);
	ck_assert_uint_eq(trail.len, strlen("start") + depth * (strlen(name) + 1));
	while (trail.depth > 0)
		trail_leave(&trail);
	check_trail("start");
}

START_TEST(what_is_beyond_it_changes_nothing)
{
	static char name[8101];

	memset(name, 'n', sizeof(name) - 1);
	go_beyond_and_back(name, "f");
	go_beyond_and_back(name, name);
	go_beyond_and_back("d", name);
	ck_assert_uint_eq(fill("d"), TRAIL_DEPTH_MAX);
}
END_TEST

/* Paths, what they begin with, and how many times the last of their names come, one round after the other. */
static const struct {
	const char *from, *names;
	unsigned    times;
} rounds[] = {
	{ "x", "", 0 },
	{ "x", "x", 1 },		/* What it begins with does not count. */
	{ "x", "x/x", 2 },
	{ "x", "x/x/x", 3 },
	{ "", "x/x/x", 3 },
	{ "/", "x/x/x", 3 },
	{ ".", "a/x/x/x", 3 },
	{ ".", "x/x/x/a", 1 },
	{ ".", "x/a/x/x", 2 },
	{ ".", "a/b/a/b/a/b", 3 },
	{ ".", "a/b/a/b/a", 2 },
	{ ".", "b/a/b/a/a/b", 1 },
	{ ".", "ab/ab/a", 1 },
	{ ".", "x/xx/x", 1 },
	{ ".", "a/b/c/a/b/c/a/b/c/a/b/c", 4 },
	{ ".", "q/a/a/b/a/a/b/a/a/b", 3 },
};

START_TEST(names_come_round)
{
	char names[64], *rest = names;

	strcpy(names, rounds[_i].names);
	trail_set(&trail, rounds[_i].from);
	while (rest != NULL && *rest != '\0')
		trail_enter(&trail, strsep(&rest, "/"));
	for (unsigned times = 2; times < 6; times++)
		ck_assert_msg(trail_comes_round(&trail, times) == (times <= rounds[_i].times), "%s: %u times",
		    rounds[_i].names, times);
}
END_TEST

/* Of what is not in it nothing is known. */
START_TEST(what_is_beyond_it_does_not_come_round)
{
	trail_set(&trail, ".");
	for (unsigned i = 0; i < TRAIL_DEPTH_MAX; i++)
		trail_enter(&trail, "x");
	ck_assert(trail_comes_round(&trail, 3));
	trail_enter(&trail, "x");
	ck_assert(!trail_comes_round(&trail, 3));
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, names_are_joined_and_left);
	tcase_add_test(t, levels_go_back_one_by_one);
	tcase_add_test(t, slashes_are_trimmed);
	tcase_add_test(t, setting_begins_anew);
	tcase_add_test(t, a_path_that_is_too_long_is_cut);
	tcase_add_test(t, what_is_beyond_it_changes_nothing);
	tcase_add_loop_test(t, names_come_round, 0, (int)(sizeof(rounds) / sizeof(rounds[0])));
	tcase_add_test(t, what_is_beyond_it_does_not_come_round);
}

int
main(void)
{
	return run_unit("trail", add);
}
