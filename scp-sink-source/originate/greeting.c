/* SPDX-License-Identifier: ISC */
#include <stdbool.h>
#include <string.h>

#include "originate/greeting.h"
#include "wire/record.h"

enum {
	MODE_AT = 1,		/* in a record of a file or directory */
	MODE_DIGITS = 4,
	SIZE_AT = MODE_AT + MODE_DIGITS + 1,
	SIZE_DIGITS = 19
};

/* Whether a record begins at a byte. */
enum fit {
	FIT_NOT,
	FIT_SO_FAR,		/* what there is of it does */
	FIT_WHOLE
};

void
greeting_init(struct greeting *g, enum greeting_of of)
{
	g->of = of;
	g->total = g->kept = 0;
}

static void
keep(struct greeting *g, const char *bytes, size_t len)
{
	size_t room = GREETING_KEPT - g->kept;
	size_t n = len < room ? len : room;

	memcpy(g->text + g->kept, bytes, n);
	g->kept += n;
	g->total += len;
}

void
greeting_end(struct greeting *g, const char *bytes, size_t len)
{
	keep(g, bytes, len);
}

/* How many bytes from P on are of SET. */
static size_t
span(const char *p, size_t len, const char *set)
{
	size_t n = 0;

	while (n < len && p[n] != '\0' && strchr(set, p[n]) != NULL)
		n++;
	return n;
}

/* N digits of at most MOST, of LEFT bytes, and a blank behind them. */
static enum fit
fit_digits(const char *p, size_t left, size_t n, size_t most)
{
	if (n > most)
		return FIT_NOT;
	if (n == left)
		return FIT_SO_FAR;
	return n > 0 && p[n] == ' ' ? FIT_WHOLE : FIT_NOT;
}

/* What stands before the name of a file or directory. */
static enum fit
fit_head(const char *p, size_t len)
{
	size_t mode = span(p + MODE_AT, len - MODE_AT, "01234567"), size;
	enum fit fit = fit_digits(p + MODE_AT, len - MODE_AT, mode, MODE_DIGITS);

	if (fit != FIT_WHOLE)
		return fit;
	if (mode != MODE_DIGITS)
		return FIT_NOT;
	size = span(p + SIZE_AT, len - SIZE_AT, "0123456789");
	return fit_digits(p + SIZE_AT, len - SIZE_AT, size, SIZE_DIGITS);
}

/* Times alone, up to the newline. */
static enum fit
fit_times(const char *p, size_t len)
{
	size_t n = 1 + span(p + 1, len - 1, "0123456789 -");

	if (n == len)
		return FIT_SO_FAR;
	return p[n] == '\n' ? FIT_WHOLE : FIT_NOT;
}

/* How far P, of LEN bytes and at least one, begins like a record that may stand behind text. */
static enum fit
fit_shape(const char *p, size_t len)
{
	switch (p[0]) {
	case RECORD_FILE:
	case RECORD_DIR:
		return fit_head(p, len);
	case RECORD_TIMES:
		return fit_times(p, len);
	default:
		return FIT_NOT;
	}
}

/* The length of the line at P without its newline; LEN where that has not come. */
static size_t
line_length(const char *p, size_t len)
{
	size_t most = len < RECORD_MAX ? len : RECORD_MAX;
	const char *end = memchr(p, '\n', most);

	return end != NULL ? (size_t)(end - p) : len;
}

/* Whether the protocol has a record of these bytes.  A name that is not to be had is one, too. */
static bool
is_record(const char *p, size_t len)
{
	char line[RECORD_MAX + 1];
	struct record r;
	const char *why;

	memcpy(line, p, len);
	return record_parse(&r, line, len, &why) == 0 || why == record_bad_name;
}

/* Whether a whole record begins here, behind whatever text. */
static enum fit
fit_record(const char *p, size_t len)
{
	enum fit fit = fit_shape(p, len);
	size_t end;

	if (fit != FIT_WHOLE)
		return len < RECORD_MAX ? fit : FIT_NOT;
	end = line_length(p, len);
	if (end == len)
		return len < RECORD_MAX ? FIT_SO_FAR : FIT_NOT;
	return is_record(p, end) ? FIT_WHOLE : FIT_NOT;
}

static bool
is_message(char c)
{
	return c == RECORD_WARN || c == RECORD_FATAL;
}

/*
 * What stands where a record is due is one if the protocol has such a record, or if it begins like
 * one and is spoilt: whoever waits for a reply to it is not to wait for ever.
 */
static enum fit
fit_due(const char *p, size_t len)
{
	size_t end;

	if (fit_shape(p, len) == FIT_WHOLE)
		return FIT_WHOLE;
	if (p[0] == '\0' || strchr("CDET", p[0]) == NULL ||
	    (len > 1 && (p[1] == '\0' || strchr("\n -0123456789", p[1]) == NULL)))
		return FIT_NOT;
	end = line_length(p, len);
	if (end == len)
		return len < RECORD_MAX ? FIT_SO_FAR : FIT_NOT;
	return is_record(p, end) ? FIT_WHOLE : FIT_NOT;
}

/* From the left, and in every line: the first byte that a record or a message begins with. */
static enum greeting_verdict
seek_record(const struct greeting *g, const char *bytes, size_t len, size_t *at)
{
	for (*at = 0; *at < len; ++*at) {
		bool due = g->of == GREETING_BEHIND && g->total + *at == 0;
		const char *p = bytes + *at;
		enum fit fit;

		if (is_message(*p) && (due || g->of == GREETING_OF_SOURCE))
			return GREETING_MESSAGE;
		fit = due ? fit_due(p, len - *at) : fit_record(p, len - *at);
		if (fit != FIT_NOT)
			return fit == FIT_WHOLE ? GREETING_BEGAN : GREETING_UNKNOWN;
	}
	return GREETING_UNKNOWN;
}

/* The first message, or the last NUL, if there is nothing else behind it. */
static enum greeting_verdict
seek_reply(const char *bytes, size_t len, size_t *at)
{
	for (*at = 0; *at < len; ++*at)
		if (is_message(bytes[*at]))
			return GREETING_MESSAGE;
	if (len == 0 || bytes[len - 1] != '\0')
		return GREETING_UNKNOWN;
	*at = len - 1;
	return GREETING_MAYBE;
}

enum greeting_verdict
greeting_take(struct greeting *g, const char *bytes, size_t len, size_t *taken)
{
	enum greeting_verdict v = g->of == GREETING_OF_SINK ? seek_reply(bytes, len, taken)
	    : seek_record(g, bytes, len, taken);
	size_t most = GREETING_MAX - g->total;

	if (*taken > most) {
		*taken = most;
		v = GREETING_TOO_MUCH;
	}
	keep(g, bytes, *taken);
	return v;
}
