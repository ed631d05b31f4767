/* SPDX-License-Identifier: ISC */
#ifndef ORIGINATE_METER_H
#define ORIGINATE_METER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What moves, as one line on a terminal; pure, but for what the locale says of characters. */
enum {
	METER_COLUMNS_MAX = 500,	/* more of a terminal are not used */
	/* Bytes of a line, NUL included: four a column, and as many that stand in none. */
	METER_MAX = 8 * METER_COLUMNS_MAX + 8,
	METER_SUM_MAX = 250		/* bytes of a sum, NUL included */
};

#define METER_UNKNOWN UINT64_MAX

struct meter {
	const char *path;	/* of what moves, LEN bytes, not escaped */
	size_t	    len;
	bool	    utf8;	/* the terminal shows characters beyond ASCII */
	bool	    whole;	/* it is about all that moves, else about PATH alone */
	bool	    stalled;	/* nothing has moved for a while */
	bool	    over;	/* all of it has, in so many SECONDS */
	uint64_t    done, size;	/* bytes of it; SIZE may be unknown */
	uint64_t    rate;	/* bytes a second */
	uint64_t    seconds;	/* until it is over; may be unknown */
	uint64_t    files;	/* that have moved, where it is about all */
	uint64_t    all_files;	/* of so many; may be unknown */
};

/*
 * The line for a terminal of COLUMNS, which fills all of them but the last, so that none begins a new
 * line: what finds no room is left out, then the path is shortened on its left.  Returns the length,
 * 0 where there is no room at all.
 */
size_t	meter_line(char dst[METER_MAX], const struct meter *, unsigned columns);

/* BYTES in SECONDS, a second; 0 where that is no time. */
uint64_t meter_rate(uint64_t bytes, double seconds);

/* Seconds until so many bytes have moved, or METER_UNKNOWN. */
uint64_t meter_left(uint64_t bytes, uint64_t rate);

/* What has moved in all. */
struct meter_sum {
	uint64_t files, dirs, bytes, failed, skipped;
	double	 seconds;
};

/* "1,204 files, 31 directories, 3.3 GB in 4:51, 11.6 MB/s; 2 failed" */
void	meter_sum(char dst[METER_SUM_MAX], const struct meter_sum *);

#endif
