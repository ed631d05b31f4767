/* SPDX-License-Identifier: ISC */
#ifndef TEXT_STAMP_H
#define TEXT_STAMP_H

#include <stdbool.h>
#include <time.h>

/*
 * Points in time, as they are said to touch(1): in UTC, or in the time zone of tzset(3), where one
 * that no clock has shown, because of summer time, is none, and of two the one of winter is meant.
 * Each returns 0; or -1 where TEXT is none, and leaves *WHEN alone.
 */

/*
 * "[[CC]YY]MMDDhhmm[.ss]".  Without CC, years are those from 1969 to 2068; without YY, it is the one
 * of NOW.  A second may be the sixtieth, which is the next minute's first.
 */
int	stamp_parse_digits(const char *text, time_t now, bool utc, time_t *when);

/* "@N", seconds since 1970, or "YYYY-MM-DDThh:mm:ss", T or a blank, and in UTC with a Z behind. */
int	stamp_parse_date(const char *text, bool utc, time_t *when);

#endif
