/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log/line.h"
#include "text/text.h"

enum {
	MILLI = 1000
};

void
line_put(struct line *l, const char *format, ...)
{
	size_t room = sizeof(l->text) - l->len;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(l->text + l->len, room, format, args);
	va_end(args);
	assert(n >= 0 && (size_t)n < room);
	l->len += (size_t)n;
}

void
line_put_quoted(struct line *l, const char *s, size_t cap)
{
	assert(cap <= sizeof(l->text) - l->len);
	/* What is longer than CAP is cut in any case, and its length nothing to look for. */
	l->len += text_quote(l->text + l->len, cap, s, strnlen(s, cap));
}

void
line_put_string(struct line *l, const char *name, const char *s, size_t cap)
{
	line_put(l, " %s \"", name);
	line_put_quoted(l, s, cap);
	line_put(l, "\"");
}

void
line_put_json(struct line *l, const char *s, size_t cap)
{
	assert(cap <= sizeof(l->text) - l->len);
	l->len += text_quote_json(l->text + l->len, cap, s, strnlen(s, cap));
}

void
line_put_member(struct line *l, const char *name, const char *s, size_t cap)
{
	line_put(l, ",\"%s\":\"", name);
	line_put_json(l, s, cap);
	line_put(l, "\"");
}

void
line_put_seconds(struct line *l, double seconds)
{
	uint64_t thousandths;

	/* Nothing else than what can be converted; the locale has no say in it. */
	if (!(seconds > 0))
		seconds = 0;
	if (seconds > LINE_SECONDS_MAX)
		seconds = LINE_SECONDS_MAX;
	thousandths = (uint64_t)(seconds * MILLI + 0.5);
	line_put(l, "%" PRIu64 ".%03" PRIu64, thousandths / MILLI, thousandths % MILLI);
}

void
line_put_syslog_head(struct line *l, int priority)
{
	static const char months[12][4] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
	};
	time_t seconds = time(NULL);
	struct tm t = { .tm_mday = 1 };

	localtime_r(&seconds, &t);
	line_put(l, "<%d>%s %2d %02d:%02d:%02d scp[%d]: ", priority, months[t.tm_mon], t.tm_mday,
	    t.tm_hour, t.tm_min, t.tm_sec, (int)getpid());
}
