/* SPDX-License-Identifier: ISC */
#include <sys/sysmacros.h>

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

START_TEST(rule_28_modes_are_ten_characters)
{
	static const struct {
		mode_t	    mode;
		const char *wanted;
	} rows[] = {
		{ S_IFREG | 0640, "-rw-r-----" }, { S_IFDIR | 01777, "drwxrwxrwt" },
		{ S_IFDIR | 01776, "drwxrwxrwT" }, { S_IFREG | 06755, "-rwsr-sr-x" },
		{ S_IFREG | 06644, "-rwSr-Sr--" }, { S_IFLNK | 0777, "lrwxrwxrwx" },
		{ S_IFIFO, "p---------" }, { S_IFSOCK | 0111, "s--x--x--x" },
		{ S_IFCHR | 0600, "crw-------" }, { S_IFBLK | 0660, "brw-rw----" },
	};
	char mode[LS_MODE_MAX];

	for (size_t i = 0; i < COUNT(rows); i++) {
		ls_mode(mode, rows[i].mode);
		ck_assert_str_eq(mode, rows[i].wanted);
	}
}
END_TEST

/* As coreutils' ls -h has them. */
START_TEST(rule_28_sizes)
{
	static const struct {
		off_t	    size;
		const char *human;
	} rows[] = {
		{ 0, "0" }, { 1023, "1023" }, { 1024, "1.0K" }, { 1025, "1.1K" }, { 10137, "9.9K" },
		{ 10138, "10K" }, { 10240, "10K" }, { 10241, "11K" }, { 48213, "48K" },
		{ 1047552, "1023K" }, { 1047553, "1.0M" }, { 1048576, "1.0M" }, { 1048577, "1.1M" },
		{ INT64_MAX, "8.0E" },
	};
	struct stat st = { .st_mode = S_IFREG };
	char size[LS_SIZE_MAX];

	for (size_t i = 0; i < COUNT(rows); i++) {
		st.st_size = rows[i].size;
		ls_size(size, &st, true);
		ck_assert_str_eq(size, rows[i].human);
	}
	ls_size(size, &st, false);
	ck_assert_str_eq(size, "9223372036854775807");
	st = (struct stat){ .st_mode = S_IFCHR, .st_rdev = makedev(1, 3), .st_size = 7 };
	ls_size(size, &st, true);
	ck_assert_str_eq(size, "1, 3");
}
END_TEST

START_TEST(rule_29_full_time)
{
	struct timespec when = { NOW, 7 };
	char text[LS_TIME_MAX];

	ck_assert_int_eq(setenv("TZ", "XXX+3:30", 1), 0);
	tzset();
	ls_full_time(text, &when, false);
	ck_assert_str_eq(text, "2023-11-14 18:43:20.000000007 -0330");
	ls_full_time(text, &when, true);
	ck_assert_str_eq(text, "2023-11-14 22:13:20.000000007 +0000");
	ck_assert_int_eq(setenv("TZ", "XXX-5:45", 1), 0);
	tzset();
	ls_full_time(text, &when, false);
	ck_assert_str_eq(text, "2023-11-15 03:58:20.000000007 +0545");
	when = (struct timespec){ INT64_MAX, 999999999 };
	ls_full_time(text, &when, false);
	ck_assert_str_eq(text, "1970-01-01 00:00:00.000000000 +0000");
}
END_TEST

START_TEST(rule_29_dates_in_either_zone)
{
	char text[LS_TIME_MAX];

	ck_assert_int_eq(setenv("TZ", "XXX-3", 1), 0);
	tzset();
	ls_date(text, NOW, NOW, true);
	ck_assert_str_eq(text, "Nov 14 22:13");
	ls_date(text, NOW, NOW, false);
	ck_assert_str_eq(text, "Nov 15 01:13");
	ls_date(text, NOW, NOW - 1, true);
	ck_assert_str_eq(text, "Nov 14  2023");
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
	tcase_add_test(t, rule_28_modes_are_ten_characters);
	tcase_add_test(t, rule_28_sizes);
	tcase_add_test(t, rule_29_full_time);
	tcase_add_test(t, rule_29_dates_in_either_zone);
}

int
main(void)
{
	return run_unit("ls", add);
}
