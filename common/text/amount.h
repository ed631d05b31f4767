/* SPDX-License-Identifier: ISC */
#ifndef TEXT_AMOUNT_H
#define TEXT_AMOUNT_H

#include <sys/types.h>

#include <stdint.h>

/*
 * Numbers with their units, as administrators write them: pure.  Every number is decimal digits
 * alone, without sign or blank, and what overflows, or would be AMOUNT_NONE, is an error.  Each
 * returns 0, or -1 and leaves the result alone.
 */
enum {
	AMOUNT_TEXT_MAX = 32,		/* of what is written, NUL included */
	AMOUNT_SECONDS_MAX = INT32_MAX	/* 68 years: in nanoseconds, on top of any clock's, they
					 * fit in 63 bits */
};

#define AMOUNT_NONE UINT64_MAX	/* "none": no limit */

/* A count: "20". */
int	amount_count(const char *text, uint64_t *n);
/* Bytes: "512", "10K", "5M", "2G", "1T", in powers of 1024. */
int	amount_size(const char *text, uint64_t *bytes);
/* Bytes a second: a size and "/s". */
int	amount_rate(const char *text, uint64_t *rate);
/* Seconds: "90", "90s", "5m", "2h", "1d"; at most AMOUNT_SECONDS_MAX. */
int	amount_seconds(const char *text, uint64_t *seconds);
/* "0%" to "100%". */
int	amount_percent(const char *text, unsigned *percent);
/* Permission bits in octal, at most 07777, one to five digits. */
int	amount_mode(const char *text, mode_t *mode);

/* The shortest text that means the same; AMOUNT_NONE is "none". */
void	amount_show_count(char dst[AMOUNT_TEXT_MAX], uint64_t n);
void	amount_show_size(char dst[AMOUNT_TEXT_MAX], uint64_t bytes);
void	amount_show_seconds(char dst[AMOUNT_TEXT_MAX], uint64_t seconds);

#endif
