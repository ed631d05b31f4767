/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "commands/fish.h"
#include "commands/scope.h"
#include "text/reading.h"

enum line_end {
	LINE_WHOLE,
	LINE_ASTRAY,		/* what follows it is none */
	LINE_LONG,		/* it was skipped */
	LINE_NONE		/* the input has ended */
};

/* One line as it is put together. */
struct reader {
	struct reading reading;
	size_t	       len;
	bool	       dropped;		/* some of it did not fit */
	char	       text[WORDS_BYTES + 1];
};

/* Clients acknowledge more than was asked: what they leave before a line is none of it. */
static void
skip_leftovers(struct stream *in)
{
	const char *from;
	size_t n = stream_unread(in, &from), zeros = 0;

	while (zeros < n && from[zeros] == '\0')
		zeros++;
	stream_skip(in, zeros);
}

/* Takes what is unread of the line, whose newline is kept. */
static enum reading_end
take(struct reader *r, struct stream *in)
{
	enum reading_end end;
	const char *from;
	size_t have = stream_unread(in, &from);
	size_t n = reading_take(&r->reading, from, have, &end);

	if (n > sizeof(r->text) - r->len)
		r->dropped = true;
	else if (!r->dropped)
		memcpy(r->text + r->len, from, n);
	r->len += r->dropped ? 0 : n;
	stream_skip(in, n);
	return end;
}

/* The next line, without its newline.  What there is to be read has left before we wait for more. */
static enum line_end
read_line(struct shell *s, struct reader *r)
{
	struct stream *in = &s->world->conn->stream;
	enum reading_end end = READING_GOES_ON;
	const char *from;

	reading_begin(&r->reading);
	r->len = 0;
	r->dropped = false;
	while (end == READING_GOES_ON) {
		if (stream_unread(in, &from) == 0 && output_flush(&s->output) == -1)
			return LINE_NONE;
		if (!stream_has_input(in)) {
			if (in->lost || (r->len == 0 && !r->dropped))
				return LINE_NONE;
			break;
		}
		if (r->len == 0)
			skip_leftovers(in);
		end = take(r, in);
	}
	if (end != READING_GOES_ON)
		r->len--;
	if (end == READING_ASTRAY)
		return LINE_ASTRAY;
	return r->dropped ? LINE_LONG : LINE_WHOLE;
}

/* What the comment in R announces; the line behind it is for those who know no such comment. */
static void
take_upload(struct shell *s, struct reader *r)
{
	size_t len = r->len;
	char *line = strndup(r->text, len);

	if (line == NULL) {
		shell_give_up(s);
	} else if (read_line(s, r) == LINE_NONE) {
		s->state = SHELL_ENDING;
		s->lost = true;
	} else {
		fish_take_upload(s, line, len);
	}
	free(line);
}

/* Carries out what R has read. */
static void
run_line(struct shell *s, struct reader *r, enum line_end end)
{
	if (r->dropped)
		shell_refuse_text(s, r->text, r->len, "it is too long");
	else if (s->fish && fish_is_upload(r->text, r->len))
		take_upload(s, r);
	else
		shell_run_line(s, r->text, r->len);
	if (end == LINE_ASTRAY && s->state == SHELL_GOING) {
		shell_go_astray(s);
		s->state = SHELL_ENDING;
	}
}

void
shell_run_lines(struct shell *s)
{
	struct reader *r = malloc(sizeof(*r));
	bool outer = s->lines;
	enum line_end end;

	if (r == NULL) {
		shell_give_up(s);
		return;
	}
	s->lines = true;
	while (s->state == SHELL_GOING && (end = read_line(s, r)) != LINE_NONE)
		run_line(s, r, end);
	s->lines = outer;
	s->lost = s->lost || s->world->conn->stream.lost;
	free(r);
}
