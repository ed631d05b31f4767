/* SPDX-License-Identifier: ISC */
#ifndef LOG_LINE_H
#define LOG_LINE_H

#include <stddef.h>

/*
 * One record of the log while it is put together.  What comes from outside is escaped.  Whoever puts
 * it together has seen that all of it fits: that it does not is a mistake, and asserted.
 */
enum {
	LINE_TEXT_MAX = 8000,		/* bytes, NUL included, with all that syslog wants before
					 * the record: what rsyslog takes whole by default */
	LINE_SECONDS_MAX = 1000000000	/* what is longer is said to be as long as this */
};

struct line {
	size_t	len;		/* 0 at first */
	char	text[LINE_TEXT_MAX];
};

void	line_put(struct line *, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What text_quote makes of S, in at most CAP bytes. */
void	line_put_quoted(struct line *, const char *s, size_t cap);

/* Puts NAME and, in quotes, that. */
void	line_put_string(struct line *, const char *name, const char *s, size_t cap);

/* The same as a string of JSON, of text_quote_json. */
void	line_put_json(struct line *, const char *s, size_t cap);

/* Puts a member of a JSON object that has others before it. */
void	line_put_member(struct line *, const char *name, const char *s, size_t cap);

/* Puts SECONDS with three decimals. */
void	line_put_seconds(struct line *, double seconds);

/* Puts what a daemon for the system's log expects before each record, in English everywhere. */
void	line_put_syslog_head(struct line *, int priority);

#endif
