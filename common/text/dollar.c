/* SPDX-License-Identifier: ISC */
#include <stdbool.h>
#include <string.h>

#include "text/dollar.h"

static const char *
skip_continuations(const char *p, const char *end)
{
	while (end - p >= 2 && p[0] == '\\' && p[1] == '\n')
		p += 2;
	return p;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

/* Where the name at P ends: P, where there is none. */
static const char *
skip_name(const char *p, const char *end)
{
	if (p < end && *p == '?')
		return skip_continuations(p + 1, end);
	if (p < end && is_letter(*p))
		while (p < end && (is_letter(*p) || is_digit(*p)))
			p = skip_continuations(p + 1, end);
	return p;
}

/* What stands at P, behind a $, is no name. */
static enum dollar
read_other(const char *p, const char *end)
{
	bool parameter = p < end && *p != '\0' && (is_digit(*p) || strchr("({!@*#$-", *p) != NULL);

	return parameter ? DOLLAR_MORE : DOLLAR_ITSELF;
}

enum dollar
dollar_read(const char *p, const char *end, const char **behind)
{
	const char *name = skip_continuations(p + 1, end);
	bool braced = name < end && *name == '{';

	if (braced)
		name = skip_continuations(name + 1, end);
	*behind = skip_name(name, end);
	if (*behind == name)
		return braced ? DOLLAR_MORE : read_other(name, end);
	if (!braced)
		return DOLLAR_VARIABLE;
	return *behind < end && *(*behind)++ == '}' ? DOLLAR_VARIABLE : DOLLAR_MORE;
}
