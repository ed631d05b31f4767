/* SPDX-License-Identifier: ISC */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "text/pattern.h"
#include "text/utf8.h"

/*
 * A match goes through pattern and name side by side.  Where it fails, only the last * is tried
 * again, one character further: what an earlier one took can be left as it is, because the last
 * one takes whatever more there is.  So each character of the name sees the pattern once at most.
 *
 * That a [ has no ] is known only at the end of the pattern.  It is remembered, because any [
 * behind such a one has none either: what hides each ], a backslash or a class, hides it from all
 * of them.  The exception is the [ of a class itself, which then begins a set that ends with it.
 */
enum {
	CODE_BYTE = UTF8_CODE_MAX + 1	/* plus a byte that is no character */
};

struct reader {
	const char *unclosed;	/* the first [ found to have no ], or NULL */
	bool	    folds;	/* a letter of ASCII is matched in either case */
};

struct class {
	const char *name;
	const char *ranges;	/* pairs of a first and a last character */
};

static const struct class classes[] = {
	{ "alnum", "09AZaz" },
	{ "alpha", "AZaz" },
	{ "blank", "\t\t  " },
	{ "cntrl", "\001\037\177\177" },
	{ "digit", "09" },
	{ "graph", "!~" },
	{ "lower", "az" },
	{ "print", " ~" },
	{ "punct", "!/:@[`{~" },
	{ "space", "\t\r  " },
	{ "upper", "AZ" },
	{ "xdigit", "09AFaf" },
};

/* Takes the character at *P, or one byte that is none; not at the end of a string. */
static uint32_t
take_code(const char **p)
{
	uint32_t code;
	size_t n = utf8_take(*p, UTF8_BYTES_MAX, &code);

	if (n == 0) {
		n = 1;
		code = CODE_BYTE + (uint32_t)(unsigned char)**p;
	}
	*p += n;
	return code;
}

/* The same in a pattern, where a backslash is before what stands for itself. */
static uint32_t
take_literal(const char **p)
{
	if (**p == '\\' && (*p)[1] != '\0')
		++*p;
	return take_code(p);
}

/* The ] of the class at P, or NULL where there is none, known or unknown. */
static const char *
class_end(const char *p)
{
	if (p[0] != '[' || p[1] != ':')
		return NULL;
	for (p += 2; *p >= 'a' && *p <= 'z'; p++)
		;
	return p[0] == ':' && p[1] == ']' ? p + 1 : NULL;
}

/* Whether C is of the class at P, whose ] is at END.  Nothing is of an unknown one. */
static bool
class_has(const char *p, const char *end, uint32_t c)
{
	size_t len = (size_t)(end - p) - strlen("[::");
	const char *r = "";

	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (strlen(classes[i].name) == len && memcmp(classes[i].name, p + 2, len) == 0)
			r = classes[i].ranges;
	for (; *r != '\0'; r += 2)
		if (c >= (unsigned char)r[0] && c <= (unsigned char)r[1])
			return true;
	return false;
}

static bool
is_negation(char c)
{
	return c == '!' || c == '^';
}

/* The ] of the set that the [ at P begins, or NULL where that is no set. */
static const char *
set_end(struct reader *r, const char *p)
{
	const char *open = p++, *end;

	if (r->unclosed != NULL && open > r->unclosed)
		return class_end(open);
	if (is_negation(*p))
		p++;
	if (*p == ']')
		p++;
	for (; *p != '\0' && *p != ']'; p++)
		if ((end = class_end(p)) != NULL)
			p = end;
		else if (*p == '\\' && p[1] != '\0')
			p++;
	if (*p == ']')
		return p;
	r->unclosed = open;
	return NULL;
}

/* Takes one character of a set that ends at END, or a range; whether C is in it. */
static bool
take_range(const char **p, const char *end, uint32_t c)
{
	uint32_t first = take_literal(p), last = first;

	/* A class ends no range: the - before one is itself, as the one before the ] is. */
	if (**p == '-' && *p + 1 < end && class_end(*p + 1) == NULL) {
		++*p;
		last = take_literal(p);
	}
	return c >= first && c <= last;
}

/* Whether C is in the set that begins at P and whose ] is at END. */
static bool
set_has(const char *p, const char *end, uint32_t c)
{
	bool negated = is_negation(*++p), found = false;

	p += negated;
	while (p < end) {
		const char *stop = class_end(p);

		if (stop != NULL) {
			found = found || class_has(p, stop, c);
			p = stop + 1;
		} else if (take_range(&p, end, c)) {
			found = true;
		}
	}
	return found != negated;
}

/* C in the other case, where it is a letter of ASCII; else itself. */
static uint32_t
other_case(uint32_t c)
{
	bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

	return letter ? c ^ ('a' ^ 'A') : c;
}

/* Takes what matches one character, but for a *; whether it matches C. */
static bool
take_one(struct reader *r, const char **p, uint32_t c)
{
	const char *open = *p, *end = *open == '[' ? set_end(r, open) : NULL;
	uint32_t other = r->folds ? other_case(c) : c, wanted;

	if (end != NULL) {
		*p = end + 1;
		return set_has(open, end, c) || (other != c && set_has(open, end, other));
	}
	if (*open == '?') {
		++*p;
		return true;
	}
	if (*open == '\0')
		return false;
	wanted = take_literal(p);
	return wanted == c || wanted == other;
}

static bool
match_from(const char *p, const char *name, bool folds)
{
	struct reader r = { .unclosed = NULL, .folds = folds };
	const char *behind_star = NULL, *taken = name;

	while (*name != '\0') {
		if (*p == '*') {
			behind_star = ++p;
			taken = name;
			continue;
		}
		if (take_one(&r, &p, take_code(&name)))
			continue;
		if (behind_star == NULL)
			return false;
		p = behind_star;
		take_code(&taken);
		name = taken;
	}
	while (*p == '*')
		p++;
	return *p == '\0';
}

bool
pattern_match(const char *pattern, const char *name, enum pattern_dot dot)
{
	if (dot == PATTERN_DOT_SPECIAL && name[0] == '.' &&
	    pattern[pattern[0] == '\\' ? 1 : 0] != '.')
		return false;
	return match_from(pattern, name, false);
}

bool
pattern_match_folded(const char *pattern, const char *name)
{
	return match_from(pattern, name, true);
}

bool
pattern_is_wild(const char *pattern)
{
	struct reader r = { .unclosed = NULL };

	for (const char *p = pattern; *p != '\0'; p++) {
		if (*p == '*' || *p == '?' || (*p == '[' && set_end(&r, p) != NULL))
			return true;
		if (*p == '\\' && p[1] != '\0')
			p++;
	}
	return false;
}

size_t
pattern_set_length(const char *pattern)
{
	struct reader r = { .unclosed = NULL };
	const char *end = *pattern == '[' ? set_end(&r, pattern) : NULL;

	return end != NULL ? (size_t)(end - pattern) + 1 : 0;
}

void
pattern_unescape(char *pattern)
{
	char *to = pattern;

	for (const char *p = pattern; *p != '\0'; p++) {
		if (*p == '\\' && p[1] != '\0')
			p++;
		*to++ = *p;
	}
	*to = '\0';
}
