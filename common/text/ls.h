/* SPDX-License-Identifier: ISC */
#ifndef TEXT_LS_H
#define TEXT_LS_H

#include <sys/stat.h>

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* What "ls" shows of a file, as clients parse it, in the C locale: pure. */
enum {
	LS_LINE_MAX = 1536,	/* any line of a name of 255 bytes, NUL included; of its parts: */
	LS_MODE_MAX = 12,	/* a blank included, which strmode(3) ends with */
	LS_SIZE_MAX = 24,
	LS_TIME_MAX = 128	/* of any year */
};

/* Its type and permissions: ten characters, and never one behind them. */
void	ls_mode(char dst[LS_MODE_MAX], mode_t);

/* Its bytes, of a device "MAJOR, MINOR".  HUMAN: as "ls -h" has them, rounded up. */
void	ls_size(char dst[LS_SIZE_MAX], const struct stat *, bool human);

/*
 * A time of the half year before NOW has its hour, any other its year; in full it is all that is
 * known.  In the time zone of tzset(3), or UTC.
 */
void	ls_date(char dst[LS_TIME_MAX], time_t when, time_t now, bool utc);
void	ls_full_time(char dst[LS_TIME_MAX], const struct timespec *, bool utc);

/* Whose names are known: all others are numbers. */
struct ls_view {
	uid_t	    uid;
	gid_t	    gid;
	const char *user, *group;	/* borrowed; "" where there is none */
	time_t	    now;
};

/*
 * The line that "ls -l" has for it, its columns aligned: writes mode, links, owner, group, size, date
 * and NAME to DST of CAP bytes, at least 1; what cannot be shown of the name is escaped.
 * NUL-terminated, and cut where it does not fit; returns the length.
 */
size_t	ls_format(char *dst, size_t cap, const struct ls_view *, const struct stat *,
	    const char *name);

#endif
