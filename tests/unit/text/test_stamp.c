/* SPDX-License-Identifier: ISC */
#include "text/stamp.h"
#include "unit.h"

#define NOW INT64_C(1790000000)		/* 2026-09-21T14:13:20Z */
#define UNTOUCHED 4711

/* Summer time begins in March and ends in October, whatever the system knows of zones. */
static void
live_in(const char *zone)
{
	ck_assert_int_eq(setenv("TZ", zone, 1), 0);
	tzset();
}

#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"

struct row {
	const char *text;
	long long   utc, local;	/* -1: none */
};

static const struct row digits[] = {
	/* What clients send. */
	{ "202611282342.05", 1795909325, 1795905725 }, { "202611282342", 1795909320, 1795905720 },
	/* Years. */
	{ "09211413", 1789999980, 1789992780 },
	{ "6901010000", -31536000, -31539600 }, { "6812312359", 3124223940, 3124220340 },
	{ "9912312359", 946684740, 946681140 },
	{ "0001010000", 946684800, 946681200 }, { "197001010000.01", 1, -3599 },
	{ "190001010000", -2208988800, -2208992400 },
	{ "000001010000", -62167219200, -62167222800 },
	/* Days that there are. */
	{ "202802291200", 1835438400, 1835434800 }, { "202602291200", -1, -1 },
	{ "202606311200", -1, -1 },
	{ "202600011200", -1, -1 }, { "202613011200", -1, -1 }, { "202601001200", -1, -1 },
	{ "202601321200", -1, -1 },
	{ "202601012400", -1, -1 }, { "202601012360", -1, -1 },
	{ "202601012359.60", 1767312000, 1767308400 }, { "202601012359.61", -1, -1 },
	/* What is skipped, and what there is twice: then it is winter. */
	{ "202603290159.59", 1774749599, 1774745999 }, { "202603290230", 1774751400, -1 },
	{ "202603290300", 1774753200, 1774746000 },
	{ "202610250230", 1792895400, 1792891800 }, { "202607010000", 1782864000, 1782856800 },
};

static const struct row dates[] = {
	{ "@0", 0, 0 }, { "@1790000000", 1790000000, 1790000000 }, { "@-5", -5, -5 },
	{ "@007", 7, 7 }, { "@99999999999", 99999999999, 99999999999 },
	{ "2026-11-28T23:42:05", 1795909325, 1795905725 },
	{ "2026-11-28 23:42:05", 1795909325, 1795905725 },
	{ "2026-11-28T23:42:05Z", 1795909325, 1795909325 },
	{ "2026-11-28 23:42:05Z", 1795909325, 1795909325 },
	{ "1969-12-31T23:59:58Z", -2, -2 }, { "9999-12-31T23:59:59Z", 253402300799, 253402300799 },
	{ "2028-02-29 00:00:00", 1835395200, 1835391600 },
	{ "2026-02-29 00:00:00", -1, -1 }, { "2026-03-29 02:30:00", 1774751400, -1 },
	{ "2026-03-29 02:30:00Z", 1774751400, 1774751400 },
	{ "2026-01-01 23:59:59", 1767311999, 1767308399 }, { "2026-01-01 23:59:60", -1, -1 },
	{ "2026-13-01 00:00:00", -1, -1 }, { "2026-01-01 24:00:00", -1, -1 },
};

/* Reads TEXT, and is told that there is no time of that name by a NULL. */
static const long long *
read_digits(const char *text, bool utc)
{
	static long long got;
	time_t when = UNTOUCHED;
	bool none = stamp_parse_digits(text, NOW, utc, &when) == -1;

	ck_assert(!none || when == UNTOUCHED);
	got = when;
	return none ? NULL : &got;
}

static const long long *
read_date(const char *text, bool utc)
{
	static long long got;
	time_t when = UNTOUCHED;
	bool none = stamp_parse_date(text, utc, &when) == -1;

	ck_assert(!none || when == UNTOUCHED);
	got = when;
	return none ? NULL : &got;
}

static void
check_rows(const struct row *rows, size_t n, const long long *(*read)(const char *, bool))
{
	live_in(BERLIN);
	for (size_t i = 0; i < 2 * n; i++) {
		const struct row *r = &rows[i / 2];
		long long wanted = i % 2 == 0 ? r->utc : r->local;
		const long long *got = read(r->text, i % 2 == 0);

		ck_assert_msg(got != NULL ? *got == wanted : wanted == -1,
		"%s%s: expected %lld, got %lld",
		    r->text, i % 2 == 0 ? " in UTC" : "", wanted, got != NULL ? *got : -1);
	}
}

START_TEST(times_in_digits)
{
	check_rows(digits, COUNT(digits), read_digits);
}
END_TEST

START_TEST(times_as_dates)
{
	check_rows(dates, COUNT(dates), read_date);
}
END_TEST

/* Which of two is meant does not depend on what was asked before. */
START_TEST(an_hour_that_comes_twice)
{
	live_in(BERLIN);
	for (int i = 0; i < 4; i++) {
		ck_assert_int_eq(*read_digits(i % 2 == 0 ? "202607010000" : "202601010000", false),
		    i % 2 == 0 ? 1782856800 : 1767222000);
		ck_assert_int_eq(*read_digits("202610250230", false), 1792891800);
	}
	live_in("UTC0");
	ck_assert_int_eq(*read_digits("202610250230", false), 1792895400);
	live_in("NST3:30NDT2:30,M3.2.0,M11.1.0");
	ck_assert_int_eq(*read_digits("202607010000", false), 1782873000);
	/* The other half of the world has its summer then. */
	live_in("NZST-12NZDT,M9.5.0,M4.1.0/3");
	ck_assert_int_eq(*read_digits("202607010000", false), 1782820800);
	ck_assert_int_eq(*read_digits("202601010000", false), 1767178800);
}
END_TEST

START_TEST(the_year_is_the_present_one)
{
	time_t when;

	live_in(BERLIN);
	/* New Year comes to Berlin an hour before. */
	ck_assert_int_eq(stamp_parse_digits("06010000", 1798758000, true, &when), 0);
	ck_assert_int_eq(when, 1780272000);
	ck_assert_int_eq(stamp_parse_digits("06010000", 1798758000, false, &when), 0);
	ck_assert_int_eq(when, 1811800800);
}
END_TEST

START_TEST(what_is_no_time)
{
	static const char *const no_digits[] = {
		"", "0", "0101", "010100", "0101000", "010100000", "20260101000", "2026010100000",
		"202601010000.", "202601010000.1", "202601010000.123", "202601010000.1x",
		"20260101000x", "x02601010000", "-02601010000", "+2601010000", " 01010000",
		"01010000 ", "01010000.00 ", "202601010000.00.00", "2026-01-01", "@0", ".00",
		"01010000:00",
		"\331\240\331\240\331\240\331\240",
	};
	static const char *const no_dates[] = {
		"", "@", "@-", "@+1", "@1.5", "@ 1", "@1 ", "@--1", "@x", "@1x",
		"@9223372036854775807", "@9223372036854775808", "@-9223372036854775808",
		"@99999999999999999999999",
		"2026", "2026-01-01", "2026-01-01T00:00", "2026-01-01T00:00:0",
		"2026-01-01T00:00:00z", "2026-01-01T00:00:00Z ", "2026-01-01T00:00:00+01",
		"2026-01-01  00:00:00",
		"2026-1-01T00:00:00", "26-01-01T00:00:00", "2026/01/01T00:00:00",
		"2026-01-01t00:00:00", "2026-01-01T00:00:00.5", "now", "yesterday", "202601010000",
		"0",
		"12026-01-01T00:00:00", "2026-01-01\t00:00:00",
	};

	live_in(BERLIN);
	for (size_t i = 0; i < COUNT(no_digits); i++)
		ck_assert_msg(read_digits(no_digits[i], i % 2 == 0) == NULL, "<%s>", no_digits[i]);
	for (size_t i = 0; i < COUNT(no_dates); i++)
		ck_assert_msg(read_date(no_dates[i], i % 2 == 0) == NULL, "<%s>", no_dates[i]);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, times_in_digits);
	tcase_add_test(t, times_as_dates);
	tcase_add_test(t, an_hour_that_comes_twice);
	tcase_add_test(t, the_year_is_the_present_one);
	tcase_add_test(t, what_is_no_time);
}

int
main(void)
{
	return run_unit("stamp", add);
}
