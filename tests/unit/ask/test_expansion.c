/* SPDX-License-Identifier: ISC */
#include "ask/expansion.h"
#include "unit.h"

#define NAMES "it stands for too many names"

enum {
	BIG = 1 << 20		/* bytes of a path, NUL included: some fit */
};

static struct expansion e;

/* A path of N bytes, NUL included. */
static char *
make_path(size_t n)
{
	char *path = malloc(n);

	ck_assert_ptr_nonnull(path);
	memset(path, 'x', n - 1);
	path[n - 1] = '\0';
	return path;
}

static void
add_all(const char *letters)
{
	for (; *letters != '\0'; letters++)
		ck_assert_ptr_null(expansion_add(&e, strndup(letters, 1)));
}

/* The paths must be the LETTERS, one each. */
static void
expect(const char *letters)
{
	ck_assert_uint_eq(e.count, strlen(letters));
	ck_assert_uint_eq(e.bytes, 2 * strlen(letters));
	ck_assert_uint_ge(e.room, e.count);
	for (size_t i = 0; i < e.count; i++) {
		ck_assert_int_eq(e.paths[i][0], letters[i]);
		ck_assert_int_eq(e.paths[i][1], '\0');
	}
}

/* It can be used again, and ended twice. */
START_TEST(beginning_and_end)
{
	memset(&e, 0xff, sizeof(e));
	for (int i = 0; i < 3; i++) {
		expansion_init(&e);
		expect("");
		ck_assert_uint_eq(e.work, 0);
		add_all("ab");
		ck_assert(expansion_spend(&e, 7));
		ck_assert_uint_eq(e.work, 7);
		expansion_end(&e);
		expansion_end(&e);
		expect("");
		ck_assert_ptr_null(e.paths);
		ck_assert_uint_eq(e.room, 0);
		ck_assert_uint_eq(e.work, 0);
	}
}
END_TEST

START_TEST(paths_in_their_order)
{
	static const char letters[] = "the quick brown fox jumps over the lazy dog";
	char *path = strdup("");

	expansion_init(&e);
	add_all(letters);
	expect(letters);
	/* It is the very one that was handed over, and may be empty. */
	ck_assert_ptr_null(expansion_add(&e, path));
	ck_assert_ptr_eq(e.paths[e.count - 1], path);
	ck_assert_uint_eq(e.bytes, 2 * strlen(letters) + 1);
	expansion_end(&e);
}
END_TEST

/* What is not taken is freed all the same: the sanitizer would tell. */
START_TEST(as_many_as_there_may_be)
{
	expansion_init(&e);
	for (size_t i = 0; i < EXPAND_MAX; i++)
		if (expansion_add(&e, strdup("x")) != NULL)
			ck_abort_msg("path %zu is not taken", i);
	for (int i = 0; i < 2; i++) {
		ck_assert_str_eq(expansion_add(&e, strdup("y")), NAMES);
		ck_assert_uint_eq(e.count, EXPAND_MAX);
		ck_assert_uint_eq(e.bytes, 2 * EXPAND_MAX);
	}
	/* One less, one more. */
	free(expansion_take_last(&e));
	ck_assert_ptr_null(expansion_add(&e, strdup("z")));
	ck_assert_str_eq(expansion_add(&e, strdup("y")), NAMES);
	ck_assert_str_eq(e.paths[EXPAND_MAX - 1], "z");
	expansion_end(&e);
}
END_TEST

START_TEST(as_many_bytes_as_there_may_be)
{
	expansion_init(&e);
	ck_assert_str_eq(expansion_add(&e, make_path(EXPAND_BYTES + 1)), NAMES);
	ck_assert_uint_eq(e.count, 0);
	ck_assert_uint_eq(e.bytes, 0);
	ck_assert_ptr_null(expansion_add(&e, make_path(EXPAND_BYTES)));
	ck_assert_str_eq(expansion_add(&e, strdup("")), NAMES);
	expansion_clear(&e);
	for (size_t i = 0; i < EXPAND_BYTES / BIG - 1; i++)
		ck_assert_ptr_null(expansion_add(&e, make_path(BIG)));
	ck_assert_str_eq(expansion_add(&e, make_path(BIG + 1)), NAMES);
	/* What is shorter still fits. */
	ck_assert_ptr_null(expansion_add(&e, make_path(BIG)));
	ck_assert_uint_eq(e.bytes, EXPAND_BYTES);
	ck_assert_str_eq(expansion_add(&e, strdup("")), NAMES);
	expansion_end(&e);
}
END_TEST

START_TEST(no_memory_for_a_path)
{
	expansion_init(&e);
	ck_assert_ptr_eq(expansion_add(&e, NULL), expansion_no_memory);
	expect("");
	add_all("ab");
	ck_assert_ptr_eq(expansion_add(&e, NULL), expansion_no_memory);
	expect("ab");
	expansion_end(&e);
}
END_TEST

START_TEST(taking_the_last)
{
	expansion_init(&e);
	add_all("abc");
	for (const char *c = "cba"; *c != '\0'; c++) {
		char *path = expansion_take_last(&e);

		ck_assert_int_eq(path[0], *c);
		ck_assert_int_eq(path[1], '\0');
		free(path);
	}
	expect("");
	add_all("d");
	expect("d");
	expansion_end(&e);
}
END_TEST

START_TEST(turning_around)
{
	static const struct { const char *letters; size_t first; const char *wanted; } rows[] = {
		{ "", 0, "" }, { "a", 0, "a" }, { "a", 1, "a" }, { "ab", 0, "ba" },
		{ "ab", 1, "ab" }, { "ab", 2, "ab" }, { "abc", 0, "cba" }, { "abcd", 0, "dcba" },
		{ "abcd", 1, "adcb" }, { "abcd", 2, "abdc" }, { "abcd", 3, "abcd" },
		{ "abcd", 4, "abcd" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		expansion_init(&e);
		add_all(rows[i].letters);
		expansion_reverse(&e, rows[i].first);
		expect(rows[i].wanted);
		expansion_end(&e);
	}
}
END_TEST

START_TEST(as_much_work_as_there_may_be)
{
	expansion_init(&e);
	ck_assert(expansion_spend(&e, 0));
	ck_assert(expansion_spend(&e, EXPAND_WORK - 1));
	ck_assert(expansion_spend(&e, 1));
	ck_assert(expansion_spend(&e, 0));
	ck_assert(!expansion_spend(&e, 1));
	/* Too much is not forgotten. */
	ck_assert(!expansion_spend(&e, 0));
	expansion_end(&e);
	ck_assert(!expansion_spend(&e, (size_t)EXPAND_WORK + 1));
	expansion_end(&e);
	ck_assert(expansion_spend(&e, EXPAND_WORK));
	expansion_end(&e);
}
END_TEST

START_TEST(forgetting_keeps_the_room)
{
	char **paths;
	size_t room;

	expansion_init(&e);
	expansion_clear(&e);
	expect("");
	add_all("abcdefghijklmnopqrstuvwxyz");
	paths = e.paths;
	room = e.room;
	expansion_clear(&e);
	expansion_clear(&e);
	expect("");
	ck_assert_ptr_eq(e.paths, paths);
	ck_assert_uint_eq(e.room, room);
	add_all("xyz");
	expect("xyz");
	ck_assert_ptr_eq(e.paths, paths);
	expansion_end(&e);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, beginning_and_end);
	tcase_add_test(t, paths_in_their_order);
	tcase_add_test(t, as_many_as_there_may_be);
	tcase_add_test(t, as_many_bytes_as_there_may_be);
	tcase_add_test(t, no_memory_for_a_path);
	tcase_add_test(t, taking_the_last);
	tcase_add_test(t, turning_around);
	tcase_add_test(t, as_much_work_as_there_may_be);
	tcase_add_test(t, forgetting_keeps_the_room);
}

int
main(void)
{
	return run_unit("expansion", add);
}
