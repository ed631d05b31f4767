/* SPDX-License-Identifier: ISC */
#include <stdint.h>
#include <string.h>

#include "text/stamp.h"

enum {
	TM_YEAR = 1900,		/* that tm_year counts from */
	TM_MONTH = 1,
	CENTURY = 100,
	YY_FIRST = 69,		/* of 1969, less is of 2000 */
	SECOND_MAX = 59
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads a number of exactly N digits at *TEXT, and moves it behind them. */
static bool
take_number(const char **text, int n, int *number)
{
	*number = 0;
	for (; n > 0; n--, ++*text) {
		if (!is_digit(**text))
			return false;
		*number = *number * 10 + (**text - '0');
	}
	return true;
}

static bool
take_byte(const char **text, char c)
{
	if (**text != c)
		return false;
	++*text;
	return true;
}

static bool
same_clock(const struct tm *a, const struct tm *b)
{
	return a->tm_year == b->tm_year && a->tm_mon == b->tm_mon && a->tm_mday == b->tm_mday &&
	    a->tm_hour == b->tm_hour && a->tm_min == b->tm_min;
}

/* The minute that a clock showed so, summer time or not: 0, -1. */
static int
make_minute(const struct tm *said, int summer, bool utc, time_t *minute)
{
	struct tm made = *said, shown;

	made.tm_sec = 0;
	made.tm_isdst = summer;
	*minute = utc ? timegm(&made) : mktime(&made);
	if ((utc ? gmtime_r(minute, &shown) : localtime_r(minute, &shown)) == NULL)
		return -1;
	return same_clock(said, &shown) ? 0 : -1;
}

/*
 * The C library takes a 31st of June, and what summer time skips, for another time.  Of two of the
 * same name it takes the one of winter, if asked for that first, whatever it was asked before.
 */
static int
make_time(const struct tm *said, bool utc, time_t *when)
{
	static const int summer[] = { 0, 1, -1 };
	time_t minute;

	for (size_t i = 0; i < sizeof(summer) / sizeof(summer[0]); i++)
		if (make_minute(said, summer[i], utc, &minute) == 0) {
			*when = minute + said->tm_sec;
			return 0;
		}
	return -1;
}

/* The year, of which TEXT has N digits. */
static bool
take_year(const char **text, size_t n, time_t now, bool utc, int *year)
{
	struct tm today;

	if (n == 0) {
		if ((utc ? gmtime_r(&now, &today) : localtime_r(&now, &today)) == NULL)
			return false;
		*year = today.tm_year + TM_YEAR;
		return true;
	}
	if (!take_number(text, (int)n, year))
		return false;
	if (n == 2)
		*year += *year < YY_FIRST ? 20 * CENTURY : 19 * CENTURY;
	return true;
}

int
stamp_parse_digits(const char *text, time_t now, bool utc, time_t *when)
{
	size_t digits = strcspn(text, "."), rest = strlen("MMDDhhmm");
	struct tm t = { .tm_sec = 0 };

	if (digits != rest && digits != rest + 2 && digits != rest + 4)
		return -1;
	if (!take_year(&text, digits - rest, now, utc, &t.tm_year) ||
	    !take_number(&text, 2, &t.tm_mon) || !take_number(&text, 2, &t.tm_mday) ||
	    !take_number(&text, 2, &t.tm_hour) || !take_number(&text, 2, &t.tm_min))
		return -1;
	if (take_byte(&text, '.') && !take_number(&text, 2, &t.tm_sec))
		return -1;
	t.tm_year -= TM_YEAR;
	t.tm_mon -= TM_MONTH;
	return *text == '\0' && t.tm_sec <= SECOND_MAX + 1 ? make_time(&t, utc, when) : -1;
}

/* A number, with a sign or without, that has a date. */
static int
parse_seconds(const char *text, time_t *when)
{
	bool negative = take_byte(&text, '-');
	int64_t n = 0;
	struct tm date;
	time_t seconds;

	if (*text == '\0')
		return -1;
	for (; is_digit(*text); text++) {
		if (n > (INT64_MAX - 9) / 10)
			return -1;
		n = n * 10 + (*text - '0');
	}
	seconds = (time_t)(negative ? -n : n);
	if (*text != '\0' || gmtime_r(&seconds, &date) == NULL)
		return -1;
	*when = seconds;
	return 0;
}

int
stamp_parse_date(const char *text, bool utc, time_t *when)
{
	struct tm t = { .tm_sec = 0 };

	if (take_byte(&text, '@'))
		return parse_seconds(text, when);
	if (!take_number(&text, 4, &t.tm_year) || !take_byte(&text, '-') ||
	    !take_number(&text, 2, &t.tm_mon) || !take_byte(&text, '-') ||
	    !take_number(&text, 2, &t.tm_mday) ||
	    (!take_byte(&text, 'T') && !take_byte(&text, ' ')) ||
	    !take_number(&text, 2, &t.tm_hour) || !take_byte(&text, ':') ||
	    !take_number(&text, 2, &t.tm_min) || !take_byte(&text, ':') ||
	    !take_number(&text, 2, &t.tm_sec))
		return -1;
	utc = take_byte(&text, 'Z') || utc;
	t.tm_year -= TM_YEAR;
	t.tm_mon -= TM_MONTH;
	return *text == '\0' && t.tm_sec <= SECOND_MAX ? make_time(&t, utc, when) : -1;
}
