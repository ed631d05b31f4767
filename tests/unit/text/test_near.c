/* SPDX-License-Identifier: ISC */
#include "text/near.h"
#include "unit.h"

static const struct {
	const char *a, *b;
	bool	    near;
} rows[] = {
	{ "root", "root", true }, { "Root", "root", true }, { "", "", true },
	{ "rot", "root", true }, { "rooot", "root", true }, { "riot", "root", true },
	{ "orot", "root", true }, { "tr", "root", false }, { "boat", "root", false },
	{ "max-filesize", "max-file-size", true }, { "maxfilesize", "max-file-size", true },
	{ "max_file_size", "max-file-size", true }, { "max-size", "max-file-size", false },
	{ "a", "b", false }, { "ab", "ba", false }, { "abc", "abd", false }, { "abcd", "abdc", true },
	{ "x", "", false }, { "abcdefgh", "badcefgh", true }, { "abcdefgh", "badcfegh", false },
	/* What is very long is nothing like it. */
	{ "1234567890123456789012345678901", "1234567890123456789012345678901", true },
	{ "12345678901234567890123456789012", "12345678901234567890123456789012", false },
};

START_TEST(words)
{
	ck_assert_int_eq(near_is(rows[_i].a, rows[_i].b), rows[_i].near);
	ck_assert_int_eq(near_is(rows[_i].b, rows[_i].a), rows[_i].near);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_loop_test(t, words, 0, (int)COUNT(rows));
}

int
main(void)
{
	return run_unit("near", add);
}
