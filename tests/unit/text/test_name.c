/* SPDX-License-Identifier: ISC */
#include "text/name.h"
#include "unit.h"

static const struct {
	const char *bytes;
	size_t	    len;
	bool	    wanted;
} names[] = {
	{ "", 0, false },	{ ".", 1, false },	{ "..", 2, false },
	{ "/", 1, false },	{ "a/b", 3, false },	{ "/x", 2, false },
	{ "a/", 2, false },	{ "../x", 4, false },	{ "a\0b", 3, false },
	{ "\0", 1, false },	{ "a", 1, true },	{ "...", 3, true },
	{ ".x", 2, true },	{ "-rf", 3, true },	{ "*", 1, true },
	{ "a\033[1m", 5, true },	{ "\xff\xfe", 2, true },	{ " ", 1, true },
	{ "a\nb", 3, true },	{ "..x", 2, false },	/* the length counts, not the NUL */
};

START_TEST(rule_9_what_a_name_may_be)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ck_assert_msg(name_is_component(names[i].bytes, names[i].len) == names[i].wanted,
		    "row %zu, \"%s\": expected %d", i, names[i].bytes, names[i].wanted);
}
END_TEST

START_TEST(length_is_the_filesystems_business)
{
	char name[5000];

	memset(name, 'n', sizeof(name));
	ck_assert(name_is_component(name, 256));
	ck_assert(name_is_component(name, sizeof(name)));
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, rule_9_what_a_name_may_be);
	tcase_add_test(t, length_is_the_filesystems_business);
}

int
main(void)
{
	return run_unit("name", add);
}
