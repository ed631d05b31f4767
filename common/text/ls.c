/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <bsd/string.h>

#include "text/ls.h"
#include "text/text.h"

enum {
	MODE_MAX = 12,		/* strmode(3), with a blank and a NUL */
	NUMBER_MAX = 24,
	DATE_MAX = 48,		/* of any year */
	HALF_YEAR = 31556952 / 2	/* seconds */
};

/* Not strftime(3), whose months are those of the locale. */
static void
format_date(char date[DATE_MAX], time_t when, time_t now)
{
	static const char months[][4] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
	};
	struct tm tm;

	if (localtime_r(&when, &tm) == NULL)
		snprintf(date, DATE_MAX, "Jan  1  1970");	/* a year that no int holds */
	else if (when <= now && now - when < HALF_YEAR)
		snprintf(date, DATE_MAX, "%s %2d %02d:%02d", months[tm.tm_mon], tm.tm_mday, tm.tm_hour,
		    tm.tm_min);
	else
		snprintf(date, DATE_MAX, "%s %2d  %lld", months[tm.tm_mon], tm.tm_mday,
		    tm.tm_year + 1900LL);
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
	char mode[MODE_MAX], user[NUMBER_MAX], group[NUMBER_MAX], date[DATE_MAX];
	int n;

	strmode(st->st_mode, mode);
	mode[strcspn(mode, " ")] = '\0';
	format_date(date, st->st_mtime, v->now);
	n = snprintf(dst, cap, "%s %3ju %-8s %-8s %8ju %s ", mode, (uintmax_t)st->st_nlink,
	    name_of(st->st_uid, v->uid, v->user, user), name_of(st->st_gid, v->gid, v->group, group),
	    (uintmax_t)(st->st_size > 0 ? st->st_size : 0), date);
	if (n < 0 || (size_t)n >= cap)
		return strlen(dst);
	return (size_t)n + text_escape(dst + n, cap - (size_t)n, name, strlen(name));
}
