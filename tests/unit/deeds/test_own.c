/* SPDX-License-Identifier: ISC */
#include "deeds/own.h"
#include "unit.h"

static struct own own;	/* too large for a stack */

/* The names in the directory PLAIN, a blank behind each, in a static buffer. */
static const char *
names_in(const char *plain)
{
	static char names[4096];
	const char *name;
	uint64_t at = 0;

	names[0] = '\0';
	while ((name = own_next(&own, plain, &at)) != NULL) {
		strcat(names, name);
		strcat(names, " ");
	}
	return names;
}

START_TEST(rule_58_own_is_a_path_and_an_inode)
{
	own_init(&own);
	ck_assert(!own_has(&own, "a", 1, 2));
	own_add(&own, "a", 1, 2);
	ck_assert(own_has(&own, "a", 1, 2));
	ck_assert(!own_has(&own, "a", 1, 3));
	ck_assert(!own_has(&own, "a", 2, 2));
	ck_assert(!own_has(&own, "b", 1, 2));
	ck_assert(!own_has(&own, "a/a", 1, 2));
	/* What was there before has gone. */
	own_add(&own, "a", 1, 3);
	ck_assert(own_has(&own, "a", 1, 3));
	ck_assert(!own_has(&own, "a", 1, 2));
	ck_assert_str_eq(names_in(""), "a ");
}
END_TEST

START_TEST(rule_58_what_goes_is_forgotten_with_what_lies_in_it)
{
	own_init(&own);
	own_add(&own, "d", 1, 1);
	own_add(&own, "d/x", 1, 2);
	own_add(&own, "d/e/y", 1, 3);
	own_add(&own, "dd", 1, 4);
	own_forget(&own, "d");
	ck_assert(!own_has(&own, "d", 1, 1));
	ck_assert(!own_has(&own, "d/x", 1, 2));
	ck_assert(!own_has(&own, "d/e/y", 1, 3));
	/* Components, not the beginnings of names. */
	ck_assert(own_has(&own, "dd", 1, 4));
}
END_TEST

START_TEST(rule_58_what_moves_is_own_where_it_is_then)
{
	own_init(&own);
	own_add(&own, "new/old", 1, 9);
	own_add(&own, "d", 1, 1);
	own_add(&own, "d/x", 1, 2);
	own_add(&own, "dd", 1, 4);
	own_move(&own, "d", "new");
	ck_assert(own_has(&own, "new", 1, 1));
	ck_assert(own_has(&own, "new/x", 1, 2));
	ck_assert(own_has(&own, "dd", 1, 4));
	ck_assert(!own_has(&own, "d", 1, 1));
	ck_assert(!own_has(&own, "d/x", 1, 2));
	/* What was there gave way. */
	ck_assert(!own_has(&own, "new/old", 1, 9));
	own_move(&own, "new", "new");
	ck_assert(own_has(&own, "new/x", 1, 2));
	own_move(&own, "nothing", "new");
	ck_assert(!own_has(&own, "new", 1, 1));
}
END_TEST

START_TEST(rule_62_a_directory_lists_what_lies_directly_in_it)
{
	uint64_t at = 0;

	own_init(&own);
	own_add(&own, "a", 1, 1);
	own_add(&own, "d/x", 1, 2);
	own_add(&own, "d/e/y", 1, 3);
	own_add(&own, "d/z", 1, 4);
	ck_assert_str_eq(names_in(""), "a ");
	ck_assert_str_eq(names_in("d"), "x z ");
	ck_assert_str_eq(names_in("d/e"), "y ");
	ck_assert_str_eq(names_in("e"), "");
	/* Whatever goes or comes meanwhile, nothing is skipped or comes twice. */
	ck_assert_str_eq(own_next(&own, "d", &at), "x");
	own_forget(&own, "a");
	own_forget(&own, "d/x");
	own_add(&own, "d/new", 1, 5);
	ck_assert_str_eq(own_next(&own, "d", &at), "z");
	ck_assert_str_eq(own_next(&own, "d", &at), "new");
	ck_assert_ptr_null(own_next(&own, "d", &at));
}
END_TEST

START_TEST(rule_58_the_last_ones_are_remembered)
{
	char path[64];

	own_init(&own);
	for (unsigned i = 0; i < 2 * OWN_MAX; i++) {
		snprintf(path, sizeof(path), "d/%u", i);
		own_add(&own, path, 1, i);
	}
	ck_assert_uint_ge(own.n, OWN_MAX);
	for (unsigned i = 0; i < 2 * OWN_MAX; i++) {
		snprintf(path, sizeof(path), "d/%u", i);
		ck_assert_msg(own_has(&own, path, 1, i) == (i >= 2 * OWN_MAX - own.n), "%u", i);
	}
}
END_TEST

/* However many there were. */
START_TEST(they_take_little_memory)
{
	size_t most = 0;
	char path[64];

	own_init(&own);
	for (unsigned i = 0; i < 20 * OWN_MAX; i++) {
		snprintf(path, sizeof(path), "d/f%06u", i);
		own_add(&own, path, 1, i);
		most = own.used > most ? own.used : most;
	}
	ck_assert_uint_ge(own.n, OWN_MAX);
	ck_assert_uint_lt(most, OWN_BYTES / 3);
}
END_TEST

/* The longest paths, so that their texts are squeezed, and the oldest of them give way. */
START_TEST(rule_58_their_paths_have_a_bound)
{
	char path[PATH_MAX], moved[PATH_MAX];
	const unsigned n = 5000;

	own_init(&own);
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	for (unsigned i = 0; i < n; i++) {
		snprintf(path + 4000, 90, "%u", i);
		own_add(&own, path, 1, i);
		ck_assert(own_has(&own, path, 1, i));
		ck_assert_uint_le(own.used, OWN_BYTES);
	}
	ck_assert_uint_gt(own.n, 100);
	/* Those that are left are the last ones, and say what they are. */
	for (unsigned i = 0; i < own.n; i++) {
		snprintf(path + 4000, 90, "%u", n - own.n + i);
		ck_assert(own_has(&own, path, 1, n - own.n + i));
	}
	/* Moved often enough, each has many texts, of which one counts. */
	own_init(&own);
	own_add(&own, "d/x", 1, 1);
	for (unsigned i = 0; i < n; i++) {
		memset(moved, 'y', 1000);
		snprintf(moved + 1000, 90, "%u", i);
		own_move(&own, i == 0 ? "d" : path, moved);
		strcpy(path, moved);
	}
	strcat(path, "/x");
	ck_assert(own_has(&own, path, 1, 1));
	/* What nobody can say any more is forgotten. */
	memset(moved, 'z', PATH_MAX - 2);
	moved[PATH_MAX - 2] = '\0';
	path[strlen(path) - 2] = '\0';
	own_move(&own, path, moved);
	ck_assert_uint_eq(own.n, 0);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, rule_58_own_is_a_path_and_an_inode);
	tcase_add_test(t, rule_58_what_goes_is_forgotten_with_what_lies_in_it);
	tcase_add_test(t, rule_58_what_moves_is_own_where_it_is_then);
	tcase_add_test(t, rule_62_a_directory_lists_what_lies_directly_in_it);
	tcase_add_test(t, rule_58_the_last_ones_are_remembered);
	tcase_add_test(t, they_take_little_memory);
	tcase_add_test(t, rule_58_their_paths_have_a_bound);
}

int
main(void)
{
	return run_unit("own", add);
}
