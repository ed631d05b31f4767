/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <bsd/string.h>

#include "originate/figure.h"

enum {
	UNIT = 1024,
	MANY = 1000,		/* of a unit, rounded: the next one is shown */
	GROUP = 3,		/* digits between commas */
	MINUTE = 60,
	HOUR = 3600,
	HOURS_MAX = 100,
	PERCENT = 100
};

static const char *const units[] = { "B", "KB", "MB", "GB", "TB", "PB", "EB" };

void
figure_count(char dst[FIGURE_MAX], uint64_t n)
{
	char digits[FIGURE_MAX];
	size_t len = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, n), to = 0;

	for (size_t i = 0; i < len; i++) {
		if (i > 0 && (len - i) % GROUP == 0)
			dst[to++] = ',';
		dst[to++] = digits[i];
	}
	dst[to] = '\0';
}

/* BYTES in the unit *AT, in which it is less than MANY once it is rounded. */
static double
in_unit(uint64_t bytes, size_t *at)
{
	double n = (double)bytes;

	*at = 0;
	while (n >= MANY - 0.5) {
		n /= UNIT;
		++*at;
	}
	return n;
}

void
figure_size(char dst[FIGURE_MAX], uint64_t bytes)
{
	size_t at;
	double n = in_unit(bytes, &at);

	/* What is rounded to ten has no decimal. */
	snprintf(dst, FIGURE_MAX, "%.*f%s", at > 0 && n < 9.95 ? 1 : 0, n, units[at]);
}

void
figure_rate(char dst[FIGURE_MAX], uint64_t bytes, const char *blank)
{
	size_t at;
	double n = in_unit(bytes, &at);

	snprintf(dst, FIGURE_MAX, "%.*f%s%s", at > 0 ? 1 : 0, n, blank, units[at]);
}

static void
show_time(char dst[FIGURE_MAX], uint64_t seconds, const char *minutes)
{
	unsigned hours = (unsigned)(seconds / HOUR), rest = (unsigned)(seconds % HOUR);

	if (hours > 0)
		snprintf(dst, FIGURE_MAX, "%u:%02u:%02u", hours, rest / MINUTE, rest % MINUTE);
	else
		snprintf(dst, FIGURE_MAX, minutes[0] == '0' ? "%02u:%02u" : "%u:%02u",
		    rest / MINUTE, rest % MINUTE);
}

void
figure_clock(char dst[FIGURE_MAX], uint64_t seconds)
{
	if (seconds / HOUR >= HOURS_MAX)
		strlcpy(dst, "--:--", FIGURE_MAX);
	else
		show_time(dst, seconds, "00");
}

void
figure_span(char dst[FIGURE_MAX], uint64_t seconds)
{
	show_time(dst, seconds, "");
}

unsigned
figure_percent(uint64_t done, uint64_t all)
{
	if (done >= all)
		return PERCENT;
	return (unsigned)((double)done / (double)all * PERCENT);
}
