/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "text/quoting.h"

static bool
is_one_of(const char *bytes, char c)
{
	return c != '\0' && strchr(bytes, c) != NULL;
}

bool
quoting_ends_word(char c)
{
	return is_one_of(" \t\n;&|<>()", c);
}

void
quoting_begin(struct quoting *q)
{
	*q = (struct quoting){ .depth = 0 };
}

static enum quoting_kind
push(struct quoting *q, char c)
{
	if (q->depth < QUOTING_NEST)
		q->open[q->depth++] = c;
	else
		q->lost = true;
	q->word = true;
	return QUOTING_QUOTED;
}

static enum quoting_kind
pop(struct quoting *q)
{
	q->depth--;
	return QUOTING_QUOTED;
}

/* A line that goes on is one: nothing has come between its bytes. */
static enum quoting_kind
take_escaped(struct quoting *q, char c)
{
	q->escaped = false;
	if (c == '\n')
		q->word = q->was_word;
	else
		q->dollar = false;
	return QUOTING_QUOTED;
}

static enum quoting_kind
take_backslash(struct quoting *q)
{
	q->escaped = true;
	q->was_word = q->word;
	q->word = true;
	return QUOTING_QUOTED;
}

static bool
is_of_name(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	    c == '_' || c == '?';
}

static bool
closes(char in, char c)
{
	return (in == '(' && c == ')') || (in == '{' && c == '}') || (in == '"' && c == '"');
}

/* Whether C, within IN, opens something; DOLLAR: a $ stands before it. */
static bool
opens(char in, char c, bool dollar)
{
	switch (c) {
	case '`':
	case '"':
		return true;
	case '\'':
		return in != '"';
	case '(':
		return dollar || in == '(';
	case '{':
		return dollar;
	default:
		return false;
	}
}

/* Whether C, within IN, is for sh to run, or to work out, something. */
static bool
runs(char in, char c, bool dollar)
{
	return c == '`' || (c == '(' && dollar) || (in == '{' && c != '}' && !is_of_name(c));
}

/* C stands within nothing. */
static enum quoting_kind
take_bare(struct quoting *q, char c)
{
	if (c == '#' && !q->word) {
		q->comment = true;
		return QUOTING_COMMENT;
	}
	q->word = !quoting_ends_word(c);
	return QUOTING_BARE;
}

static enum quoting_kind
take_plain(struct quoting *q, char in, char c)
{
	bool dollar = q->dollar;

	if (c == '\\')
		return take_backslash(q);
	q->dollar = c == '$';
	q->runs = q->runs || runs(in, c, dollar);
	if (closes(in, c))
		return pop(q);
	if (opens(in, c, dollar))
		return push(q, c);
	return q->depth > 0 ? QUOTING_QUOTED : take_bare(q, c);
}

enum quoting_kind
quoting_step(struct quoting *q, char c)
{
	char in = '\0';

	if (q->depth > 0)
		in = q->open[q->depth - 1];
	if (q->comment && c != '\n')
		return QUOTING_COMMENT;
	q->comment = false;
	if (q->escaped)
		return take_escaped(q, c);
	if (in == '\'' || (in == '`' && c != '\\'))
		return c == in ? pop(q) : QUOTING_QUOTED;
	return take_plain(q, in, c);
}
