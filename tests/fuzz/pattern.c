/* SPDX-License-Identifier: ISC */
/*
 * A pattern, a NUL, and a name.  Where fnmatch(3) means the same by a pattern, it is asked, too.
 */
#include <ctype.h>
#include <fnmatch.h>
#include <string.h>
#include <time.h>

#include "fuzz.h"
#include "text/pattern.h"

enum {
	TEXT_MAX = 2048,	/* bytes of a pattern, and of a name */
	TIME_MAX = 5		/* seconds of CPU time for the longest of both, with sanitizers */
};

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

static bool
is_ascii(const char *s)
{
	for (; *s != '\0'; s++)
		if (!isascii((unsigned char)*s))
			return false;
	return true;
}

/*
 * Sets are where implementations differ: in what a backslash, a class, or a missing ] is there.
 * Those that are asked about have letters, digits, a range of them and a negation, and end.
 */
static const char *
plain_set_end(const char *p)
{
	p++;
	if (*p == '!')
		p++;
	if (!isalnum((unsigned char)*p))
		return NULL;
	while (isalnum((unsigned char)*p) ||
	    (*p == '-' && isalnum((unsigned char)p[-1]) && isalnum((unsigned char)p[1]) &&
	    p[-1] <= p[1]))
		p++;
	return *p == ']' ? p : NULL;
}

/* Where a range ends there is no other: [a-b-c] is not asked about. */
static bool
has_double_range(const char *pattern)
{
	for (const char *p = strchr(pattern, '-'); p != NULL; p = strchr(p + 1, '-'))
		if (p[1] != '\0' && p[2] == '-')
			return true;
	return false;
}

/* Not at the end of the pattern; a backslash there is for each to judge. */
static bool
is_common(const char *pattern)
{
	for (const char *p = pattern; *p != '\0'; p++) {
		if (*p == '[') {
			p = plain_set_end(p);
			if (p == NULL)
				return false;
		} else if (*p == '\\' && *++p == '\0') {
			return false;
		}
	}
	return !has_double_range(pattern);
}

static void
check_against_libc(const char *pattern, const char *name)
{
	for (int plain = 0; plain < 2; plain++) {
		bool ours = pattern_match(pattern, name,
		    plain ? PATTERN_DOT_PLAIN : PATTERN_DOT_SPECIAL);
		bool theirs = fnmatch(pattern, name, plain ? 0 : FNM_PERIOD) == 0;

		REQUIRE(ours == theirs, "\"%s\" and \"%s\", %d: %d", pattern, name, plain, ours);
	}
}

/* A name, each byte of which is quoted, is a pattern of itself and of nothing else. */
static void
check_literal(const char *pattern, const char *name)
{
	static char literal[2 * TEXT_MAX + 1];
	char *to = literal;

	for (const char *p = name; *p != '\0'; p++) {
		if (isascii((unsigned char)*p))
			*to++ = '\\';
		*to++ = *p;
	}
	*to = '\0';
	REQUIRE(!pattern_is_wild(literal), "\"%s\"", literal);
	REQUIRE(pattern_match(literal, name, PATTERN_DOT_SPECIAL), "\"%s\"", literal);
	REQUIRE(pattern_match(literal, pattern, PATTERN_DOT_PLAIN) == (strcmp(name, pattern) == 0),
	    "\"%s\" and \"%s\"", literal, pattern);
	pattern_unescape(literal);
	REQUIRE(strcmp(literal, name) == 0, "\"%s\"", literal);
}

static void
check_properties(const char *pattern, const char *name)
{
	static char other[TEXT_MAX + 2];
	bool plain = pattern_match(pattern, name, PATTERN_DOT_PLAIN);
	bool special = pattern_match(pattern, name, PATTERN_DOT_SPECIAL);

	REQUIRE(pattern_match("*", name, PATTERN_DOT_PLAIN), "\"%s\"", name);
	REQUIRE(plain || !special, "\"%s\" and \"%s\"", pattern, name);
	if (name[0] != '.')
		REQUIRE(plain == special, "\"%s\" and \"%s\"", pattern, name);
	snprintf(other, sizeof(other), "*%s", pattern);
	if (plain)
		REQUIRE(pattern_match(other, name, PATTERN_DOT_PLAIN), "\"%s\"", other);
	if (pattern_is_wild(pattern))
		return;
	strcpy(other, pattern);
	pattern_unescape(other);
	REQUIRE(plain == (strcmp(other, name) == 0), "\"%s\" and \"%s\"", pattern, name);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char both[2 * TEXT_MAX + 2];
	const char *name;
	clock_t began = clock();

	if (size > TEXT_MAX)
		return 0;
	if (size > 0)
		memcpy(both, data, size);
	both[size] = both[size + 1] = '\0';
	name = both + strlen(both) + 1;
	check_literal(both, name);
	check_properties(both, name);
	if (is_ascii(both) && is_ascii(name) && is_common(both))
		check_against_libc(both, name);
	REQUIRE(clock() - began < TIME_MAX * CLOCKS_PER_SEC, "it takes too long");
	return 0;
}
