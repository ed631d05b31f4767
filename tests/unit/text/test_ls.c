/* SPDX-License-Identifier: ISC */
#include <time.h>

#include "text/ls.h"
#include "unit.h"

enum {
	NOW = 1700000000	/* Tue Nov 14 22:13:20 2023 UTC */
};

static const struct ls_view view = { .uid = 7, .gid = 8, .user = "me", .group = "us", .now = NOW };

static const char *
show(const struct stat *st, const char *name)
{
	static char line[LS_LINE_MAX];

	ck_assert_uint_eq(ls_format(line, sizeof(line), &view, st, name), strlen(line));
	return line;
}

static void
in_utc(void)
{
	ck_assert_int_eq(setenv("TZ", "UTC0", 1), 0);
	tzset();
}

START_TEST(rule_36_a_line_as_clients_parse_it)
{
	struct stat st = { .st_mode = S_IFREG | 0644, .st_nlink = 1, .st_uid = 7, .st_gid = 8,
		.st_size = 12345, .st_mtim.tv_sec = NOW };

	in_utc();
	ck_assert_str_eq(show(&st, "a b"), "-rw-r--r--   1 me       us          12345 Nov 14 22:13 a b");
	st = (struct stat){ .st_mode = S_IFDIR | S_ISVTX | 0777, .st_nlink = 4000000000, .st_uid = 8,
		.st_gid = 4294967295, .st_size = INT64_MAX, .st_mtim.tv_sec = NOW - 200 * 86400 };
	ck_assert_str_eq(show(&st, "x"),
	    "drwxrwxrwt 4000000000 8        4294967295 9223372036854775807 Apr 28  2023 x");
	st = (struct stat){ .st_mode = S_IFLNK | 0777, .st_mtim.tv_sec = NOW + 1 };
	ck_assert_str_eq(show(&st, "l"), "lrwxrwxrwx   0 0        0               0 Nov 14  2023 l");
}
END_TEST

START_TEST(rule_36_half_a_year_back)
{
	struct stat st = { .st_mtim.tv_sec = NOW - 31556952 / 2 + 1 };

	in_utc();
	ck_assert_ptr_nonnull(strchr(show(&st, "x"), ':'));
	st.st_mtim.tv_sec--;
	ck_assert_ptr_null(strchr(show(&st, "x"), ':'));
}
END_TEST

START_TEST(rule_36_local_time)
{
	struct stat st = { .st_mtim.tv_sec = NOW };

	ck_assert_int_eq(setenv("TZ", "XXX-3", 1), 0);
	tzset();
	ck_assert_ptr_nonnull(strstr(show(&st, "x"), "Nov 15 01:13 x"));
}
END_TEST

START_TEST(rule_36_times_of_any_age)
{
	static const int64_t times[] = { INT64_MIN, INT64_MAX, -1, 0, UINT32_MAX };

	in_utc();
	for (size_t i = 0; i < COUNT(times); i++) {
		struct stat st = { .st_mtim.tv_sec = times[i] };

		ck_assert_ptr_nonnull(strstr(show(&st, "x"), " x"));
	}
}
END_TEST

START_TEST(rule_36_names_are_escaped_and_bounded)
{
	struct stat st = { .st_mode = S_IFREG, .st_nlink = UINT32_MAX, .st_uid = 4294967295,
		.st_gid = 4294967295, .st_size = INT64_MAX, .st_mtim.tv_sec = NOW };
	char name[256], line[LS_LINE_MAX];

	in_utc();
	ck_assert_ptr_nonnull(strstr(show(&st, "a\nb\033"), " a\\012b\\033"));
	memset(name, 1, sizeof(name) - 1);
	name[255] = '\0';
	ck_assert_uint_gt(strlen(show(&st, name)), 4 * 255);
	for (size_t cap = 1; cap < 200; cap++) {
		line[cap] = '#';
		ck_assert_uint_lt(ls_format(line, cap, &view, &st, name), cap);
		ck_assert(strlen(line) < cap && line[cap] == '#');
	}
}
END_TEST

START_TEST(rule_36_whoever_has_no_name_is_a_number)
{
	const struct ls_view nameless = { .uid = 7, .gid = 8, .user = "", .group = "", .now = NOW };
	struct stat st = { .st_uid = 7, .st_gid = 8 };
	char line[LS_LINE_MAX];

	in_utc();
	ls_format(line, sizeof(line), &nameless, &st, "x");
	ck_assert_ptr_nonnull(strstr(line, " 7        8        "));
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, rule_36_a_line_as_clients_parse_it);
	tcase_add_test(t, rule_36_half_a_year_back);
	tcase_add_test(t, rule_36_local_time);
	tcase_add_test(t, rule_36_times_of_any_age);
	tcase_add_test(t, rule_36_names_are_escaped_and_bounded);
	tcase_add_test(t, rule_36_whoever_has_no_name_is_a_number);
}

int
main(void)
{
	return run_unit("ls", add);
}
