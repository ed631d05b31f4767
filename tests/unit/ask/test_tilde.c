/* SPDX-License-Identifier: ISC */
#include <pwd.h>

#include "ask/tilde.h"
#include "unit.h"

/* What test_expand does not say of it: a word by itself, and what it costs. */
static const struct account root = { .uid = 0, .name = "root", .home = "/root" };

static void
check_word(const char *word, bool others, const char *wanted)
{
	struct expansion cost;
	char *text = strdup(word);

	expansion_init(&cost);
	ck_assert_ptr_null(tilde_expand(&cost, &root, others, NULL, &text));
	ck_assert_str_eq(text, wanted);
	free(text);
}

static const struct {
	const char *word, *wanted;
} rows[] = {
	{ "", "" }, { "x", "x" }, { "x/~", "x/~" }, { "\\~", "\\~" },
	{ "~", "." }, { "~/", "." }, { "~/x/*", "x/*" }, { "~/-x", "./-x" }, { "~/\\-x", "./\\-x" },
	{ "~root", "." }, { "~root//x", "x" }, { "~rootx/x", "~rootx/x" }, { "~r*/x", "~r*/x" },
};

START_TEST(where_relative_paths_begin)
{
	check_word(rows[_i].word, false, rows[_i].wanted);
	check_word(rows[_i].word, true, rows[_i].wanted);
}
END_TEST

START_TEST(homes_of_others)
{
	const struct passwd *pw = getpwnam("daemon");
	char wanted[512];

	ck_assert_ptr_nonnull(pw);
	snprintf(wanted, sizeof(wanted), "%s/x", pw->pw_dir);
	check_word("~daemon/x", true, wanted);
	check_word("~daemon/x", false, "~daemon/x");
}
END_TEST

START_TEST(looking_costs)
{
	struct expansion cost;
	char *text = strdup("~"), *other = strdup("~nobody-here");

	expansion_init(&cost);
	ck_assert_ptr_null(tilde_expand(&cost, &root, true, NULL, &text));
	ck_assert_uint_eq(cost.work, 0);
	ck_assert_ptr_null(tilde_expand(&cost, &root, true, NULL, &other));
	ck_assert_uint_gt(cost.work, 0);
	cost.work = EXPAND_WORK;
	ck_assert_str_eq(tilde_expand(&cost, &root, true, NULL, &other), expansion_too_much_work);
	ck_assert_str_eq(other, "~nobody-here");
	free(text);
	free(other);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_loop_test(t, where_relative_paths_begin, 0, (int)COUNT(rows));
	tcase_add_test(t, homes_of_others);
	tcase_add_test(t, looking_costs);
}

int
main(void)
{
	return run_unit("tilde", add);
}
