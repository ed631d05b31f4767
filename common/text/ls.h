/* SPDX-License-Identifier: ISC */
#ifndef TEXT_LS_H
#define TEXT_LS_H

#include <sys/stat.h>

#include <stddef.h>
#include <time.h>

/* The line that "ls -l" has for a file, as clients parse it: pure. */
enum {
	LS_LINE_MAX = 1536	/* any line of a name of 255 bytes, NUL included */
};

/* Whose names are known: all others are numbers. */
struct ls_view {
	uid_t	    uid;
	gid_t	    gid;
	const char *user, *group;	/* borrowed; "" where there is none */
	time_t	    now;
};

/*
 * Writes mode, links, owner, group, size, date and NAME to DST of CAP bytes, at least 1, in the C
 * locale and the time zone of tzset(3); what cannot be shown of the name is escaped.  A date of the
 * half year before now has its time, any other its year.  NUL-terminated, and cut where it does not
 * fit; returns the length.
 */
size_t	ls_format(char *dst, size_t cap, const struct ls_view *, const struct stat *,
	    const char *name);

#endif
