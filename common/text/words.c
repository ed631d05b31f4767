/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "text/dollar.h"
#include "text/words.h"

/*
 * One byte of a command makes at most one of a text, and two of a pattern: itself and a backslash.
 * Each word ends both with a NUL.  So the texts have the first part of the buffer and the patterns
 * the rest, and neither can overflow, whatever the command.
 */
enum {
	TEXT_ROOM = WORDS_BYTES + WORDS_MAX,
	PATTERN_ROOM = 2 * WORDS_BYTES + WORDS_MAX
};
static_assert(TEXT_ROOM + PATTERN_ROOM <= sizeof(((struct words *)0)->buffer),
    "texts and patterns of the longest command fit");

const char words_expandable[] = "\\*?[]!^-:{},~";
/* Where variables mean something, so does this one. */
static const char live_too[] = "$";

const char words_not_closed[] = "the quote is not closed";

struct splitter {
	const char  *p, *end;	/* what is left of the command */
	struct words *words;
	char	    *text;	/* where the next byte of a text goes */
	char	    *pattern;	/* the same of a pattern */
	bool	     wild;	/* the word so far has something to expand */
	bool	     quoted;	/* something in it is quoted */
	bool	     live;	/* variables mean something */
};

static bool
is_one_of(const char *bytes, char c)
{
	return c != '\0' && strchr(bytes, c) != NULL;
}

const char *
words_refuse_bare(char c)
{
	static const struct {
		const char *bytes, *why;
	} rows[] = {
		{ "$`", "it has an unquoted $ or `" },
		{ ";&|", "it has an unquoted ; & or |" },
		{ "<>", "it has an unquoted < or >" },
		{ "()", "it has an unquoted ( or )" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (is_one_of(rows[i].bytes, c))
			return rows[i].why;
	return NULL;
}

static bool
at_continuation(const char *p, const char *end)
{
	return end - p >= 2 && p[0] == '\\' && p[1] == '\n';
}

static void
put_bare(struct splitter *s, char c)
{
	*s->text++ = c;
	*s->pattern++ = c;
}

static void
put_quoted(struct splitter *s, char c)
{
	*s->text++ = c;
	if (is_one_of(words_expandable, c) || (s->live && is_one_of(live_too, c)))
		*s->pattern++ = '\\';
	*s->pattern++ = c;
}

/*
 * A variable, up to BEHIND: as it is in the text, and as ${NAME} in the pattern, which makes at most
 * two bytes of one, too.
 */
static void
put_variable(struct splitter *s, const char *behind)
{
	s->wild = true;
	*s->text++ = *s->p++;
	*s->pattern++ = '$';
	*s->pattern++ = '{';
	for (; s->p < behind; s->p++) {
		if (at_continuation(s->p, behind)) {
			s->p++;
			continue;
		}
		*s->text++ = *s->p;
		if (!is_one_of("{}", *s->p))
			*s->pattern++ = *s->p;
	}
	*s->pattern++ = '}';
}

/* Takes a variable, if there is one where they mean something.  *WHY: it is more than that. */
static bool
take_variable(struct splitter *s, bool bare, const char **why)
{
	const char *behind;
	enum dollar meaning;

	*why = NULL;
	if (!s->live || *s->p != '$')
		return false;
	meaning = dollar_read(s->p, s->end, &behind);
	if (meaning == DOLLAR_VARIABLE)
		put_variable(s, behind);
	else if (bare || meaning == DOLLAR_MORE)
		*why = words_refuse_bare('$');
	return meaning == DOLLAR_VARIABLE;
}

/*
 * Whether the ~ at P may stand for a directory.  As in sh, one quoted byte before the slash is
 * enough, and it does not: ~"user"/f names a file.
 */
static bool
tilde_is_bare(const char *p, const char *end)
{
	while (p < end && !is_one_of("/ \t\n", *p))
		if (at_continuation(p, end))
			p += 2;
		else if (is_one_of("\\'\"$", *p++))
			return false;
	return true;
}

static const char *
take_bare(struct splitter *s, bool first)
{
	const char *why;

	if (take_variable(s, true, &why))
		return NULL;
	if (why == NULL)
		why = words_refuse_bare(*s->p);
	if (why != NULL)
		return why;
	if (is_one_of("*?[{", *s->p))
		s->wild = true;
	if (*s->p == '~' && (first || s->live)) {
		if (!first || !tilde_is_bare(s->p, s->end)) {
			put_quoted(s, *s->p++);
			return NULL;
		}
		s->wild = true;
	}
	put_bare(s, *s->p++);
	return NULL;
}

static const char *
take_backslash(struct splitter *s)
{
	if (at_continuation(s->p, s->end)) {
		s->p += 2;
		return NULL;
	}
	if (s->p + 1 < s->end)
		s->p++;
	put_quoted(s, *s->p++);
	return NULL;
}

static const char *
take_single(struct splitter *s)
{
	for (s->p++; s->p < s->end && *s->p != '\''; s->p++)
		put_quoted(s, *s->p);
	if (s->p == s->end)
		return words_not_closed;
	s->p++;
	return NULL;
}

/* A byte within double quotes, or two that mean one. */
static void
take_inner(struct splitter *s)
{
	if (at_continuation(s->p, s->end)) {
		s->p += 2;
		return;
	}
	if (*s->p == '\\' && s->p + 1 < s->end && is_one_of("$`\"\\", s->p[1]))
		s->p++;
	put_quoted(s, *s->p++);
}

static const char *
take_double(struct splitter *s)
{
	const char *why = NULL;

	s->p++;
	while (s->p < s->end && *s->p != '"' && why == NULL)
		if (!take_variable(s, false, &why))
			take_inner(s);
	if (why != NULL)
		return why;
	if (s->p == s->end)
		return words_not_closed;
	s->p++;
	return NULL;
}

static const char *
take_piece(struct splitter *s, bool first)
{
	s->quoted = s->quoted || (is_one_of("\\'\"", *s->p) && !at_continuation(s->p, s->end));
	switch (*s->p) {
	case '\\':
		return take_backslash(s);
	case '\'':
		return take_single(s);
	case '"':
		return take_double(s);
	default:
		return take_bare(s, first);
	}
}

static const char *
take_word(struct splitter *s)
{
	struct word word = { .text = s->text, .pattern = s->pattern };
	const char *begin = s->p, *why;

	s->wild = s->quoted = false;
	while (s->p < s->end && !is_one_of(" \t\n", *s->p)) {
		why = take_piece(s, s->p == begin);
		if (why != NULL)
			return why;
	}
	*s->text++ = '\0';
	*s->pattern++ = '\0';
	if (!s->wild)
		word.pattern = NULL;
	word.quoted = s->quoted;
	s->words->list[s->words->count++] = word;
	return NULL;
}

/* Skips what is between words, which a newline is not. */
static void
skip_blanks(struct splitter *s)
{
	while (s->p < s->end)
		if (*s->p == ' ' || *s->p == '\t')
			s->p++;
		else if (at_continuation(s->p, s->end))
			s->p += 2;
		else
			return;
}

/* Scripts send a line with its newline: one that nothing follows is the end of the command. */
static const char *
finish_line(struct splitter *s)
{
	while (s->p < s->end && *s->p == '\n') {
		s->p++;
		skip_blanks(s);
	}
	return s->p == s->end ? NULL : "it has more than one line";
}

static const char *
split_words(struct splitter *s)
{
	const char *why = NULL;

	for (skip_blanks(s); why == NULL && s->p < s->end && *s->p != '\n'; skip_blanks(s)) {
		if (s->words->count == WORDS_MAX)
			return "it has too many words";
		why = take_word(s);
	}
	return why != NULL ? why : finish_line(s);
}

static int
split(struct words *w, const char *command, size_t len, bool live, const char **why)
{
	struct splitter s = {
		.p = command, .end = command + len, .words = w, .live = live,
		.text = w->buffer, .pattern = w->buffer + TEXT_ROOM,
	};

	w->count = 0;
	if (len > WORDS_BYTES)
		*why = "it is too long";
	else if (memchr(command, '\0', len) != NULL)
		*why = "it has a NUL byte";
	else
		*why = split_words(&s);
	return *why == NULL ? 0 : -1;
}

int
words_split(struct words *w, const char *command, size_t len, const char **why)
{
	return split(w, command, len, false, why);
}

int
words_split_live(struct words *w, const char *command, size_t len, const char **why)
{
	return split(w, command, len, true, why);
}
