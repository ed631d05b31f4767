/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "text/amount.h"

enum {
	DECIMAL = 10,
	OCTAL = 8,
	MODE_DIGITS_MAX = 5,
	MODE_MAX = 07777,
	PERCENT_MAX = 100
};

struct unit {
	const char *suffix;
	uint64_t    factor;
};

struct scale {
	const struct unit *units;	/* from small to large; of two alike, the last is shown */
	size_t		   n;
};

static const struct unit of_bytes[] = {
	{ "", 1 },
	{ "K", UINT64_C(1) << 10 },
	{ "M", UINT64_C(1) << 20 },
	{ "G", UINT64_C(1) << 30 },
	{ "T", UINT64_C(1) << 40 },
};

static const struct unit of_time[] = {
	{ "s", 1 },
	{ "", 1 },
	{ "m", 60 },
	{ "h", 3600 },
	{ "d", 86400 },
};

static const struct unit alone = { "", 1 };

static const struct scale count_scale = { &alone, 1 };
static const struct scale bytes_scale = { of_bytes, sizeof(of_bytes) / sizeof(of_bytes[0]) };
static const struct scale time_scale = { of_time, sizeof(of_time) / sizeof(of_time[0]) };

/* Reads digits at *TEXT, at least one, and moves it behind them. */
static bool
take_digits(const char **text, unsigned base, uint64_t *n)
{
	const char *p = *text;

	*n = 0;
	for (; *p >= '0' && *p < '0' + (int)base; p++) {
		unsigned digit = (unsigned)(*p - '0');

		if (*n > (UINT64_MAX - digit) / base)
			return false;
		*n = *n * base + digit;
	}
	if (p == *text)
		return false;
	*text = p;
	return true;
}

/* Reads digits, a unit and then exactly END. */
static int
take_quantity(const char *text, const struct scale *scale, const char *end, uint64_t max,
    uint64_t *result)
{
	uint64_t n;

	if (!take_digits(&text, DECIMAL, &n))
		return -1;
	for (size_t i = 0; i < scale->n; i++) {
		const struct unit *u = &scale->units[i];
		size_t len = strlen(u->suffix);

		if (strncmp(text, u->suffix, len) != 0 || strcmp(text + len, end) != 0)
			continue;
		if (n > max / u->factor)
			return -1;
		*result = n * u->factor;
		return 0;
	}
	return -1;
}

int
amount_count(const char *text, uint64_t *n)
{
	return take_quantity(text, &count_scale, "", AMOUNT_NONE - 1, n);
}

int
amount_size(const char *text, uint64_t *bytes)
{
	return take_quantity(text, &bytes_scale, "", AMOUNT_NONE - 1, bytes);
}

int
amount_rate(const char *text, uint64_t *rate)
{
	return take_quantity(text, &bytes_scale, "/s", AMOUNT_NONE - 1, rate);
}

int
amount_seconds(const char *text, uint64_t *seconds)
{
	return take_quantity(text, &time_scale, "", AMOUNT_SECONDS_MAX, seconds);
}

int
amount_percent(const char *text, unsigned *percent)
{
	uint64_t n;

	if (!take_digits(&text, DECIMAL, &n) || n > PERCENT_MAX || strcmp(text, "%") != 0)
		return -1;
	*percent = (unsigned)n;
	return 0;
}

int
amount_mode(const char *text, mode_t *mode)
{
	const char *p = text;
	uint64_t n;

	if (!take_digits(&p, OCTAL, &n) || *p != '\0' || p - text > MODE_DIGITS_MAX || n > MODE_MAX)
		return -1;
	*mode = (mode_t)n;
	return 0;
}

static void
show_quantity(char dst[AMOUNT_TEXT_MAX], const struct scale *scale, uint64_t n)
{
	const struct unit *u = &scale->units[scale->n - 1];

	while (u->factor > 1 && (n == 0 || n % u->factor != 0))
		u--;
	if (n == AMOUNT_NONE)
		snprintf(dst, AMOUNT_TEXT_MAX, "none");
	else
		snprintf(dst, AMOUNT_TEXT_MAX, "%" PRIu64 "%s", n / u->factor, u->suffix);
}

void
amount_show_count(char dst[AMOUNT_TEXT_MAX], uint64_t n)
{
	show_quantity(dst, &count_scale, n);
}

void
amount_show_size(char dst[AMOUNT_TEXT_MAX], uint64_t bytes)
{
	show_quantity(dst, &bytes_scale, bytes);
}

void
amount_show_seconds(char dst[AMOUNT_TEXT_MAX], uint64_t seconds)
{
	show_quantity(dst, &time_scale, seconds);
}
