/* SPDX-License-Identifier: ISC */
/*
 * Braces make words of a word.  Those that may have more braces wait on a stack, the next one on
 * top, so that what is finished comes in order.  Each of them makes one path at least: there is
 * never more to do than EXPAND_BRACES allows.
 */
#include <stdlib.h>
#include <string.h>

#include "ask/braces.h"

static const char too_many_braces[] = "its braces make too many words";

static bool
is_escape(const char *p)
{
	return p[0] == '\\' && p[1] != '\0';
}

/*
 * The } of the alternatives that the { at P begins, or NULL where it begins none.  As in bash, a }
 * without a comma before it is a letter like any other: {a},b} is "a}" or "b".
 */
static const char *
group_end(const char *p)
{
	size_t depth = 0;
	bool comma = false;

	for (p++; *p != '\0'; p++)
		if (is_escape(p))
			p++;
		else if (*p == '{')
			depth++;
		else if (*p == '}' && depth > 0)
			depth--;
		else if (*p == '}' && comma)
			return p;
		else if (*p == ',' && depth == 0)
			comma = true;
	return NULL;
}

/* The comma or END, the } of the group, that ends the alternative at P. */
static const char *
alternative_end(const char *p, const char *end)
{
	size_t depth = 0;

	for (; p < end && (*p != ',' || depth > 0); p++)
		if (is_escape(p))
			p++;
		else if (*p == '{')
			depth++;
		else if (*p == '}' && depth > 0)
			depth--;
	return p;
}

/*
 * Finds the first group of alternatives in WORD: *OPEN is its {, or NULL, and *CLOSE its }.  {} is
 * itself, whatever follows it.
 */
static const char *
find_group(struct expansion *cost, const char *word, const char **open, const char **close)
{
	size_t len = strlen(word);

	*open = NULL;
	if (!expansion_spend(cost, len))
		return expansion_too_much_work;
	for (const char *p = word; *p != '\0'; p++) {
		if (is_escape(p) || (p[0] == '{' && p[1] == '}')) {
			p++;
		} else if (*p == '{') {
			if (!expansion_spend(cost, len))
				return expansion_too_much_work;
			*close = group_end(p);
			if (*close == NULL)
				continue;
			*open = p;
			return NULL;
		}
	}
	return NULL;
}

/* Puts one and one together: WORD with the alternative FROM .. TO for the group OPEN .. CLOSE. */
static char *
choose(const char *word, const char *open, const char *close, const char *from, const char *to)
{
	size_t before = (size_t)(open - word), chosen = (size_t)(to - from);
	size_t after = strlen(close + 1) + 1;
	char *made = malloc(before + chosen + after);

	if (made == NULL)
		return NULL;
	memcpy(made, word, before);
	memcpy(made + before, from, chosen);
	memcpy(made + before + chosen, close + 1, after);
	return made;
}

/* Puts on TODO, the first on top, what the group OPEN .. CLOSE makes of WORD. */
static const char *
add_alternatives(struct expansion *todo, size_t done, const char *word, const char *open,
    const char *close)
{
	size_t first = todo->count;
	const char *why = NULL, *at = open, *end;

	do {
		if (todo->count + done == EXPAND_BRACES)
			return too_many_braces;
		end = alternative_end(at + 1, close);
		why = expansion_add(todo, choose(word, open, close, at + 1, end));
		at = end;
	} while (why == NULL && at < close);
	expansion_reverse(todo, first);
	return why;
}

/* Takes a word off TODO, to which its alternatives go; one that has none is DONE. */
static const char *
expand_group(struct expansion *cost, struct expansion *todo, struct expansion *done)
{
	char *word = expansion_take_last(todo);
	const char *open, *close, *why = find_group(cost, word, &open, &close);

	if (why == NULL && open == NULL)
		return expansion_add(done, word);
	if (why == NULL)
		why = add_alternatives(todo, done->count, word, open, close);
	free(word);
	return why;
}

const char *
braces_expand(struct expansion *cost, const char *word, struct expansion *done)
{
	struct expansion todo;
	const char *why;

	expansion_init(&todo);
	why = expansion_add(&todo, strdup(word));
	while (why == NULL && todo.count > 0)
		why = expand_group(cost, &todo, done);
	expansion_end(&todo);
	return why;
}
