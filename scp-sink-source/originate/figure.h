/* SPDX-License-Identifier: ISC */
#ifndef ORIGINATE_FIGURE_H
#define ORIGINATE_FIGURE_H

#include <stddef.h>
#include <stdint.h>

/* Numbers as people read them; pure.  Units of bytes are powers of 1024, as scp has always shown them. */
enum {
	FIGURE_MAX = 40		/* bytes of one, NUL included */
};

/* 1,204 */
void	figure_count(char dst[FIGURE_MAX], uint64_t n);

/* 980B, 1.2GB, 12MB: five columns at most, but for what is beyond all units. */
void	figure_size(char dst[FIGURE_MAX], uint64_t bytes);

/* 4.1MB, 980B, for a second: with a decimal.  BLANK is what stands before the unit. */
void	figure_rate(char dst[FIGURE_MAX], uint64_t bytes, const char *blank);

/* 00:05, 1:00:05; what is longer than can be shown --:--. */
void	figure_clock(char dst[FIGURE_MAX], uint64_t seconds);

/* 0:05, 4:51, 1:04:51 */
void	figure_span(char dst[FIGURE_MAX], uint64_t seconds);

/* 100 * DONE / ALL, at most 100; of nothing all is done. */
unsigned figure_percent(uint64_t done, uint64_t all);

#endif
