/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "commands/variables.h"

static const char *const names[] = { "HOME", "LANG", "LOGNAME", "PWD", "USER" };

struct putter {
	const struct variables *variables;
	char *text, *end;	/* the room that is left for texts */
	char *pattern;		/* for patterns there is twice as much, which is enough */
	bool  wild;		/* the word so far has something to expand */
};

const char *
variables_name(size_t n)
{
	return n < sizeof(names) / sizeof(names[0]) ? names[n] : NULL;
}

static bool
is(const char *name, size_t len, const char *wanted)
{
	return strlen(wanted) == len && memcmp(name, wanted, len) == 0;
}

bool
variables_get(const struct variables *v, const char *name, size_t len, char dst[VARIABLES_VALUE])
{
	if (is(name, len, "?"))
		snprintf(dst, VARIABLES_VALUE, "%d", v->status);
	else if (is(name, len, "LANG"))
		snprintf(dst, VARIABLES_VALUE, "C.UTF-8");
	else if (is(name, len, "HOME"))
		snprintf(dst, VARIABLES_VALUE, "/%s", v->start);
	else if (is(name, len, "PWD"))
		snprintf(dst, VARIABLES_VALUE, "/%s", v->here);
	else if (is(name, len, "USER") || is(name, len, "LOGNAME"))
		snprintf(dst, VARIABLES_VALUE, "%s", v->user);
	else
		dst[0] = '\0';
	return dst[0] != '\0';
}

static int
put(struct putter *p, char c, bool quoted)
{
	if (p->text == p->end)
		return -1;
	if (quoted && c != '\0' && strchr(words_expandable, c) != NULL)
		*p->pattern++ = '\\';
	*p->text++ = *p->pattern++ = c;
	return 0;
}

/* The value of ${NAME}, which *FROM begins with and is moved behind. */
static int
put_value(struct putter *p, const char **from)
{
	const char *name = *from + 2;
	size_t len = strcspn(name, "}");
	char value[VARIABLES_VALUE];

	*from = name + len + 1;
	(void)variables_get(p->variables, name, len, value);
	for (const char *v = value; *v != '\0'; v++)
		if (put(p, *v, true) == -1)
			return -1;
	return 0;
}

/* One byte of a pattern, FIRST of its word, or two of which the first one is a backslash. */
static int
put_piece(struct putter *p, const char **from, bool first)
{
	bool quoted = **from == '\\';
	char c;

	*from += quoted;
	c = *(*from)++;
	p->wild = p->wild || (!quoted && (strchr("*?[{", c) != NULL || (first && c == '~')));
	return put(p, c, quoted);
}

static int
put_word(struct putter *p, struct word *w)
{
	const char *from = w->pattern;
	struct word made = { .text = p->text, .pattern = p->pattern, .quoted = w->quoted };

	p->wild = false;
	while (*from != '\0')
		if ((*from == '$' ? put_value(p, &from)
		    : put_piece(p, &from, from == w->pattern)) == -1)
			return -1;
	if (put(p, '\0', false) == -1)
		return -1;
	if (!p->wild)
		made.pattern = NULL;
	*w = made;
	return 0;
}

/* Whether PATTERN has a variable. */
static bool
has_variable(const char *pattern)
{
	for (const char *p = pattern; p != NULL && *p != '\0'; p++)
		if (*p == '$')
			return true;
		else if (*p == '\\')
			p++;
	return false;
}

int
variables_put(const struct variables *v, struct words *words, char room[VARIABLES_ROOM],
    const char **why)
{
	struct putter p = {
		.variables = v, .text = room, .end = room + WORDS_BYTES, .pattern = room + WORDS_BYTES
	};
	size_t kept = 0;

	*why = "its variables make it too long";
	for (size_t i = 0; i < words->count; i++) {
		struct word w = words->list[i];
		bool has = has_variable(w.pattern);

		if (has && put_word(&p, &w) == -1)
			return -1;
		if (!has || w.quoted || w.text[0] != '\0')
			words->list[kept++] = w;
	}
	words->count = kept;
	*why = NULL;
	return 0;
}
