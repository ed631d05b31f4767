/* SPDX-License-Identifier: ISC */
#include "text/spelling.h"
#include "unit.h"

static const struct {
	const char *name, *wanted;
} folds[] = {
	{ "", "" }, { "plain.txt", "plain.txt" }, { "SECRET", "SECRET" },
	{ "\305\277ecret", "secret" }, { "\342\204\252ey", "key" },
	{ "pa\303\237", "pass" }, { "pa\341\272\236", "pass" }, { "\357\254\203x", "ffix" },
	{ "s\302\255ecret", "secret" }, { "\342\200\213.profile", ".profile" },
	{ "a\363\240\200\201b", "ab" }, { "\357\273\277", "" },
	/* Other letters stay, and so do bytes that are none. */
	{ "gr\303\274n", "gr\303\274n" }, { "a\377b", "a\377b" }, { "a\305", "a\305" },
	{ "\342\202\254", "\342\202\254" },
};

START_TEST(what_a_name_comes_to)
{
	char got[NAME_MAX + 1];

	for (size_t i = 0; i < COUNT(folds); i++) {
		spelling_fold(folds[i].name, got);
		ck_assert_str_eq(got, folds[i].wanted);
	}
}
END_TEST

/* Each name of as many bytes as fit, and one that would grow. */
START_TEST(long_names)
{
	char name[2 * NAME_MAX + 2] = "", got[NAME_MAX + 1];

	memset(name, 'a', NAME_MAX);
	spelling_fold(name, got);
	ck_assert_str_eq(got, name);
	memset(name, 0, sizeof(name));
	for (int i = 0; i < NAME_MAX; i++)
		memcpy(name + 2 * i, "\303\237", 2);
	spelling_fold(name, got);
	ck_assert_uint_eq(strlen(got), NAME_MAX - 1);
	ck_assert_uint_eq(strspn(got, "s"), NAME_MAX - 1);
}
END_TEST

static const struct {
	const char *name, *wanted;	/* NULL: nothing to cut */
} cuts[] = {
	{ "a", NULL }, { "", NULL }, { "a.b", NULL }, { ".", NULL }, { "..", NULL }, { " ", NULL },
	{ ":x", NULL }, { " a", NULL },
	{ "a.", "a" }, { "a.b..", "a.b" }, { "a ", "a" }, { "a. . ", "a" }, { ".a.", ".a" },
	{ "a:b", "a" }, { "a.key::$DATA", "a.key" }, { "a. :b", "a" },
};

START_TEST(what_is_cut_off)
{
	for (size_t i = 0; i < COUNT(cuts); i++) {
		char name[NAME_MAX + 1];

		snprintf(name, sizeof(name), "%s", cuts[i].name);
		ck_assert_int_eq(spelling_cut(name), cuts[i].wanted != NULL);
		ck_assert_str_eq(name, cuts[i].wanted != NULL ? cuts[i].wanted : cuts[i].name);
	}
}
END_TEST

START_TEST(short_names)
{
	static const char *const short_ones[] = {
		"SECRET~1.KEY", "SECRE~12.KEY", "A~1", "a~1.b", "PROFIL~1", "SECRET~9.K",
	};
	static const char *const others[] = {
		"", "~1", "SECRETS~1", "SECRET~1.KEYS", "SECRET~.KEY", "SECRET1.KEY", "a.txt~", "a~1.b.c",
		"foo.~1~", "a~b1", "plain.txt", ".a~1", "~1.KEY", "a.b~1",
	};

	for (size_t i = 0; i < COUNT(short_ones); i++)
		ck_assert_msg(spelling_is_short(short_ones[i]), "%s", short_ones[i]);
	for (size_t i = 0; i < COUNT(others); i++)
		ck_assert_msg(!spelling_is_short(others[i]), "%s", others[i]);
}
END_TEST

START_TEST(ascii)
{
	ck_assert(spelling_is_ascii(""));
	ck_assert(spelling_is_ascii("a\177"));
	ck_assert(!spelling_is_ascii("a\200"));
	ck_assert(!spelling_is_ascii("\303\244"));
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, what_a_name_comes_to);
	tcase_add_test(t, long_names);
	tcase_add_test(t, what_is_cut_off);
	tcase_add_test(t, short_names);
	tcase_add_test(t, ascii);
}

int
main(void)
{
	return run_unit("spelling", add);
}
