/* SPDX-License-Identifier: ISC */
#include <sys/sysmacros.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <bsd/string.h>

#include "text/ls.h"
#include "text/text.h"

enum {
	NUMBER_MAX = 24,
	HALF_YEAR = 31556952 / 2,	/* seconds */
	FACTOR = 1024,
	MINUTE = 60,
	HOUR = 3600
};

void
ls_mode(char dst[LS_MODE_MAX], mode_t mode)
{
	strmode(mode, dst);
	dst[strcspn(dst, " ")] = '\0';
}

/* BYTES in units of which there are at most 1023; with a digit behind the point below ten of them. */
static void
format_human(char dst[LS_SIZE_MAX], uint64_t bytes)
{
	const char *letter = "KMGTPE";
	uint64_t unit = FACTOR, tenths;

	if (bytes < FACTOR) {
		snprintf(dst, LS_SIZE_MAX, "%ju", (uintmax_t)bytes);
		return;
	}
	for (; letter[1] != '\0' && bytes > (FACTOR - 1) * unit; letter++)
		unit *= FACTOR;
	tenths = bytes / unit * 10 + (bytes % unit * 10 + unit - 1) / unit;
	if (tenths < 100)
		snprintf(dst, LS_SIZE_MAX, "%ju.%ju%c", (uintmax_t)(tenths / 10),
		    (uintmax_t)(tenths % 10), *letter);
	else
		snprintf(dst, LS_SIZE_MAX, "%ju%c", (uintmax_t)((tenths + 9) / 10), *letter);
}

void
ls_size(char dst[LS_SIZE_MAX], const struct stat *st, bool human)
{
	if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
		snprintf(dst, LS_SIZE_MAX, "%u, %u", major(st->st_rdev), minor(st->st_rdev));
	else if (human)
		format_human(dst, (uint64_t)st->st_size);
	else
		snprintf(dst, LS_SIZE_MAX, "%ju", (uintmax_t)st->st_size);
}

/* What WHEN is called: false for a year that no int holds. */
static bool
break_down(time_t when, bool utc, struct tm *tm)
{
	return (utc ? gmtime_r(&when, tm) : localtime_r(&when, tm)) != NULL;
}

/* Not strftime(3), whose months are those of the locale. */
void
ls_date(char dst[LS_TIME_MAX], time_t when, time_t now, bool utc)
{
	static const char months[][4] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
	};
	struct tm tm;

	if (!break_down(when, utc, &tm))
		snprintf(dst, LS_TIME_MAX, "Jan  1  1970");
	else if (when <= now && now - when < HALF_YEAR)
		snprintf(dst, LS_TIME_MAX, "%s %2d %02d:%02d", months[tm.tm_mon], tm.tm_mday, tm.tm_hour,
		    tm.tm_min);
	else
		snprintf(dst, LS_TIME_MAX, "%s %2d  %lld", months[tm.tm_mon], tm.tm_mday,
		    tm.tm_year + 1900LL);
}

void
ls_full_time(char dst[LS_TIME_MAX], const struct timespec *when, bool utc)
{
	struct tm tm;
	long east;

	if (!break_down(when->tv_sec, utc, &tm)) {
		snprintf(dst, LS_TIME_MAX, "1970-01-01 00:00:00.000000000 +0000");
		return;
	}
	east = tm.tm_gmtoff < 0 ? -tm.tm_gmtoff : tm.tm_gmtoff;
	snprintf(dst, LS_TIME_MAX, "%04lld-%02d-%02d %02d:%02d:%02d.%09ld %c%02ld%02ld",
	    tm.tm_year + 1900LL, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
	    when->tv_nsec, tm.tm_gmtoff < 0 ? '-' : '+', east / HOUR, east % HOUR / MINUTE);
}

/* The NAME that is known for OURS, or the number; returns which. */
static const char *
name_of(unsigned id, unsigned ours, const char *name, char number[NUMBER_MAX])
{
	if (id == ours && name[0] != '\0')
		return name;
	snprintf(number, NUMBER_MAX, "%u", id);
	return number;
}

size_t
ls_format(char *dst, size_t cap, const struct ls_view *v, const struct stat *st, const char *name)
{
	char mode[LS_MODE_MAX], user[NUMBER_MAX], group[NUMBER_MAX], date[LS_TIME_MAX];
	int n;

	ls_mode(mode, st->st_mode);
	ls_date(date, st->st_mtime, v->now, false);
	n = snprintf(dst, cap, "%s %3ju %-8s %-8s %8ju %s ", mode, (uintmax_t)st->st_nlink,
	    name_of(st->st_uid, v->uid, v->user, user), name_of(st->st_gid, v->gid, v->group, group),
	    (uintmax_t)(st->st_size > 0 ? st->st_size : 0), date);
	if (n < 0 || (size_t)n >= cap)
		return strlen(dst);
	return (size_t)n + text_escape(dst + n, cap - (size_t)n, name, strlen(name));
}
