/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "text/name.h"
#include "wire/record.h"

enum {
	MODE_BITS = 07777,
	MODE_DIGITS = 7,	/* "0100644" is what some applications send */
	SIZE_DIGITS = 19,
	USEC_MAX = 999999
};

const char record_bad_name[] = "unexpected filename";

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
take(const char **p, char c)
{
	if (**p != c)
		return false;
	++*p;
	return true;
}

/* Takes decimal digits; false where there are none. Beyond LIMIT the value is LIMIT + 1. */
static bool
take_number(const char **p, uint64_t limit, uint64_t *value)
{
	uint64_t v = 0;

	if (!is_digit(**p))
		return false;
	for (; is_digit(**p); ++*p) {
		unsigned digit = (unsigned)(**p - '0');

		if (v > limit || v > (limit - digit) / 10)
			v = limit + 1;
		else
			v = v * 10 + digit;
	}
	*value = v;
	return true;
}

/*
 * Takes seconds of a time, which may be before 1970.  Nobody knows what a client means by that: like what
 * is beyond any clock, it is LIMIT + 1.
 */
static bool
take_seconds(const char **p, uint64_t *sec)
{
	const char *digits = *p;
	bool negative = take(&digits, '-');

	if (!take_number(&digits, INT64_MAX, sec))
		return false;
	*p = digits;
	if (negative && *sec > 0)
		*sec = (uint64_t)INT64_MAX + 1;
	return true;
}

/* Some clients leave the microseconds out or put blanks before them: both have always passed. */
static bool
take_usec(const char **p, uint64_t *usec)
{
	while (**p == ' ')
		++*p;
	*usec = 0;
	take_number(p, USEC_MAX, usec);
	return *usec <= USEC_MAX;
}

static struct timespec
time_of(uint64_t sec, uint64_t usec)
{
	return (struct timespec){ .tv_sec = (time_t)sec, .tv_nsec = (long)usec * 1000 };
}

static const char *
parse_times(struct record *r, const char *p, const char *end)
{
	uint64_t msec, musec, asec, ausec;

	take(&p, ' ');		/* The JSch example writes a blank after T. */
	if (!take_seconds(&p, &msec))
		return "mtime.sec not present";
	if (!take(&p, ' '))
		return "mtime.sec not delimited";
	if (!take_usec(&p, &musec) || !take(&p, ' '))
		return "mtime.usec not delimited";
	if (!take_seconds(&p, &asec))
		return "atime.sec not present";
	if (!take(&p, ' '))
		return "atime.sec not delimited";
	if (!take_usec(&p, &ausec) || p != end)
		return "atime.usec not delimited";
	r->times[0] = time_of(asec, ausec);
	r->times[1] = time_of(msec, musec);
	if (asec > INT64_MAX || msec > INT64_MAX)
		r->times[0].tv_nsec = r->times[1].tv_nsec = UTIME_OMIT;
	return NULL;
}

static bool
take_mode(const char **p, mode_t *mode)
{
	unsigned v = 0;
	int digits = 0;

	while (**p == ' ')
		++*p;
	for (; **p >= '0' && **p <= '7'; ++*p, digits++)
		if (digits < MODE_DIGITS)
			v = v << 3 | (unsigned)(**p - '0');
	*mode = v & MODE_BITS;
	return digits >= 1 && digits <= MODE_DIGITS && !is_digit(**p);
}

static const char *
parse_entry(struct record *r, const char *p, const char *end)
{
	const char *digits;

	if (!take_mode(&p, &r->mode))
		return "bad mode";
	if (!take(&p, ' '))
		return "mode not delimited";
	digits = p;
	if (!take_number(&p, INT64_MAX, &r->size))
		return "size not present";
	if (*p != ' ')
		return "size not delimited";
	if (r->size > INT64_MAX || p - digits > SIZE_DIGITS)
		return "size out of range";
	r->asks = r->kind == RECORD_FILE && p - digits == SIZE_DIGITS && *digits == '0';
	r->text = ++p;
	r->textlen = (size_t)(end - p);
	return name_is_component(r->text, r->textlen) ? NULL : record_bad_name;
}

static const char *
parse_line(struct record *r, char *line, size_t len)
{
	switch (line[0]) {
	case '\0':
		return len == 0 ? "unexpected <newline>" : "expected control record";
	case RECORD_WARN:
	case RECORD_FATAL:
		r->text = line + 1;
		r->textlen = len - 1;
		return NULL;
	case RECORD_TIMES:
		return parse_times(r, line + 1, line + len);
	case RECORD_FILE:
	case RECORD_DIR:
		return parse_entry(r, line + 1, line + len);
	case RECORD_END:
		return len == 1 ? NULL : "expected control record";
	default:
		return "expected control record";
	}
}

int
record_parse(struct record *r, char *line, size_t len, const char **why)
{
	line[len] = '\0';
	*r = (struct record){ .kind = (enum record_kind)(unsigned char)line[0], .text = "" };
	*why = parse_line(r, line, len);
	return *why == NULL ? 0 : -1;
}

static long long
wire_seconds(struct timespec t)
{
	return t.tv_sec < 0 ? 0 : (long long)t.tv_sec;
}

size_t
record_head(char head[RECORD_HEAD_MAX], const struct record *r)
{
	int n = 0;

	switch (r->kind) {
	case RECORD_FILE:
	case RECORD_DIR:
		n = snprintf(head, RECORD_HEAD_MAX, "%c%04o %0*llu ", (char)r->kind,
		    (unsigned)r->mode & MODE_BITS, r->asks ? SIZE_DIGITS : 1,
		    r->kind == RECORD_FILE ? (unsigned long long)r->size : 0ULL);
		break;
	case RECORD_TIMES:
		n = snprintf(head, RECORD_HEAD_MAX, "T%lld 0 %lld 0", wire_seconds(r->times[1]),
		    wire_seconds(r->times[0]));
		break;
	case RECORD_END:
	case RECORD_WARN:
	case RECORD_FATAL:
		n = snprintf(head, RECORD_HEAD_MAX, "%c", (char)r->kind);
		break;
	}
	return (size_t)n;
}

/*
 * Appends TEXT as it goes on the wire, where a newline would end the record: false if it is too
 * long.
 */
static bool
append_text(char *dst, size_t cap, size_t *used, const char *text)
{
	for (; *text != '\0'; text++) {
		char one[] = { *text, '\0' };
		const char *as = *text == '\n' ? "\\^J" : one;
		size_t n = strlen(as);

		if (*used + n >= cap)
			return false;
		/* The NUL is put by the caller.  NOLINTNEXTLINE(bugprone-not-null-terminated-result) */
		memcpy(dst + *used, as, n);
		*used += n;
	}
	return true;
}

int
record_format(char *dst, size_t cap, const struct record *r)
{
	char head[RECORD_HEAD_MAX];
	size_t used = record_head(head, r);

	if (used < cap) {
		memcpy(dst, head, used);
		if (append_text(dst, cap, &used, r->text) && used + 1 < cap) {
			memcpy(dst + used, "\n", 2);
			return (int)used + 1;
		}
	}
	errno = ENAMETOOLONG;
	return -1;
}

bool
record_is_self(const struct record *r)
{
	return r->kind == RECORD_DIR && r->textlen == 1 && r->text[0] == '.';
}
