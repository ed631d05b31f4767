/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <fnmatch.h>
#include <stdint.h>

#include "text/pattern.h"
#include "unit.h"

enum {
	ROUNDS = 400000,
	SEED = 1,
	LONG = 1 << 20		/* far too long for whatever is not linear in it */
};

static const struct {
	const char *pattern, *name;
	bool	    wanted;
} matches[] = {
	{ "", "", true },
	{ "", "a", false },
	{ "a", "", false },
	{ "a", "a", true },
	{ "a", "b", false },
	{ "a", "A", false },
	{ "a", "ab", false },
	{ "ab", "a", false },
	{ "a b", "a b", true },
	/* * */
	{ "*", "", true },
	{ "*", "abc", true },
	{ "**", "", true },
	{ "**", "abc", true },
	{ "a*", "a", true },
	{ "a*", "abc", true },
	{ "a*", "ba", false },
	{ "*a", "a", true },
	{ "*a", "ba", true },
	{ "*a", "aab", false },
	{ "*.c", "x.c", true },
	{ "*.c", "x.c.c", true },
	{ "*.c", "x.cc", false },
	{ "a*b*c", "abc", true },
	{ "a*b*c", "axbxbxcxc", true },
	{ "a*b*c", "acb", false },
	{ "*ab*ab*", "abxab", true },
	{ "*ab*ab*", "abab", true },
	{ "*ab*ab*", "aba", false },
	{ "*aab", "aaaab", true },
	{ "*ab?", "ababc", true },
	{ "a**?**b", "axb", true },
	{ "a**?**b", "ab", false },
	/* ? */
	{ "?", "", false },
	{ "?", "a", true },
	{ "?", "ab", false },
	{ "a?c", "abc", true },
	{ "*?", "", false },
	{ "?*", "a", true },
	{ "??*", "a", false },
	{ "*??", "ab", true },
	/* Backslashes. */
	{ "\\*", "*", true },
	{ "\\*", "a", false },
	{ "\\*", "\\*", false },
	{ "\\?\\[\\]\\{\\}\\,\\~\\!\\^\\-\\:", "?[]{},~!^-:", true },
	{ "\\a", "a", true },
	{ "\\\\", "\\", true },
	{ "\\\\", "\\\\", false },
	{ "\\\\*", "\\abc", true },
	{ "\\", "\\", true },
	{ "a\\", "a\\", true },
	{ "a\\", "a", false },
	{ "*\\", "ab\\", true },
	{ "\\[a]", "[a]", true },
	{ "\\[a]", "a", false },
	/* What is no part of patterns. */
	{ "{a,b}", "{a,b}", true },
	{ "{a,b}", "a", false },
	{ "~", "~", true },
	{ "]", "]", true },
	{ "a]b", "a]b", true },
	{ "!a", "!a", true },
	{ "^a", "^a", true },
	{ "a-c", "b", false },
	/* Sets. */
	{ "[a]", "a", true },
	{ "[a]", "b", false },
	{ "[a]", "", false },
	{ "[a]", "[a]", false },
	{ "[abc]", "b", true },
	{ "[abc]", "ab", false },
	{ "[abc]x", "cx", true },
	{ "x[abc]", "xd", false },
	{ "*[abc]", "xxc", true },
	{ "[ab][cd]", "bd", true },
	{ "[ab][cd]", "db", false },
	{ "[*]", "*", true },
	{ "[*]", "a", false },
	{ "[?]", "?", true },
	{ "[?]", "a", false },
	{ "[[]", "[", true },
	{ "[[a]", "a", true },
	{ "[.]", ".", true },
	{ "[~]", "~", true },
	{ "[{a,b}]", ",", true },
	/* Ranges. */
	{ "[a-c]", "a", true },
	{ "[a-c]", "b", true },
	{ "[a-c]", "c", true },
	{ "[a-c]", "d", false },
	{ "[a-c]", "-", false },
	{ "[a-c]", "B", false },
	{ "[a-a]", "a", true },
	{ "[c-a]", "b", false },
	{ "[c-a]", "a", false },
	{ "[c-ax]", "x", true },
	{ "[a-cx-z]", "y", true },
	{ "[a-cx-z]", "m", false },
	{ "[a-c-e]", "d", false },
	{ "[a-c-e]", "-", true },
	{ "[a-c-e]", "e", true },
	{ "[-a]", "-", true },
	{ "[-a]", "a", true },
	{ "[a-]", "-", true },
	{ "[a-]", "a", true },
	{ "[a-]", "b", false },
	{ "[-]", "-", true },
	{ "[--0]", ".", true },
	{ "[!-]", "-", false },
	{ "[!--0]", ".", false },
	{ "[+--]", ",", true },
	{ "[ -~]", "m", true },
	/* Negated ones. */
	{ "[!a]", "b", true },
	{ "[!a]", "a", false },
	{ "[!a]", "!", true },
	{ "[!a]", "", false },
	{ "[^a]", "b", true },
	{ "[^a]", "a", false },
	{ "[!a-c]", "b", false },
	{ "[!a-c]", "d", true },
	{ "[!!]", "!", false },
	{ "[!!]", "a", true },
	{ "[!^]", "^", false },
	{ "[^!]", "!", false },
	{ "[a!]", "!", true },
	{ "[a^]", "^", true },
	{ "[!c-a]", "b", true },
	{ "*[!0-9]", "12", false },
	{ "*[!0-9]*", "1a2", true },
	/* A ] as the first member. */
	{ "[]]", "]", true },
	{ "[]]", "a", false },
	{ "[]a]", "]", true },
	{ "[]a]", "a", true },
	{ "[!]]", "]", false },
	{ "[!]]", "a", true },
	{ "[^]a]", "a", false },
	{ "[^]a]", "b", true },
	{ "[]-a]", "^", true },
	{ "[]-a]", "-", false },
	{ "[a]]", "a]", true },
	{ "[a]]", "]", false },
	/* Backslashes in sets. */
	{ "[\\]]", "]", true },
	{ "[\\]]", "\\", false },
	{ "[a\\]b]", "b", true },
	{ "[a\\]b]", "]", true },
	{ "[\\!a]", "!", true },
	{ "[\\!a]", "b", false },
	{ "[\\^a]", "^", true },
	{ "[\\^a]", "b", false },
	{ "[a\\-c]", "-", true },
	{ "[a\\-c]", "b", false },
	{ "[\\a-\\c]", "b", true },
	{ "[\\\\]", "\\", true },
	{ "[!\\]]", "]", false },
	{ "[!\\]]", "a", true },
	{ "[Z-\\]]", "[", true },
	/* A [ without its ]. */
	{ "[", "[", true },
	{ "[", "a", false },
	{ "[a", "[a", true },
	{ "[a", "a", false },
	{ "a[", "a[", true },
	{ "[]", "[]", true },
	{ "[!", "[!", true },
	{ "[!]", "[!]", true },
	{ "[^]", "[^]", true },
	{ "[!]", "a", false },
	{ "[[[", "[[[", true },
	{ "[a*", "[abc", true },
	{ "[a*", "abc", false },
	{ "[a?", "[ab", true },
	{ "[a\\]", "[a]", true },
	{ "[a\\]", "a", false },
	{ "[\\", "[\\", true },
	{ "*[", "ab[", true },
	{ "[a-", "[a-", true },
	{ "[a][b", "a[b", true },
	{ "[]*[]", "*", true },
	{ "[]*[]", "[]x[]", false },
	/* Classes. */
	{ "[[:alpha:]]", "a", true },
	{ "[[:alpha:]]", "1", false },
	{ "[![:alpha:]]", "1", true },
	{ "[^[:alpha:]]", "a", false },
	{ "[[:digit:][:upper:]]", "A", true },
	{ "[[:digit:][:upper:]]", "7", true },
	{ "[[:digit:][:upper:]]", "a", false },
	{ "[_[:digit:]x]", "_", true },
	{ "[_[:digit:]x]", "5", true },
	{ "[_[:digit:]x]", "x", true },
	{ "[_[:digit:]x]", ":", false },
	{ "[[:digit:]-z]", "-", true },
	{ "[[:digit:]-z]", "z", true },
	{ "[[:digit:]-z]", "5", true },
	{ "[[:digit:]-z]", "b", false },
	{ "[a-[:digit:]]", "-", true },
	{ "[a-[:digit:]]", "5", true },
	{ "[a-[:digit:]]", "b", false },
	{ "[[:space:]]*", " x", true },
	{ "*.[[:digit:]][[:digit:]]", "x.42", true },
	/* What looks like one. */
	{ "[:alpha:]", "a", true },
	{ "[:alpha:]", ":", true },
	{ "[:alpha:]", "b", false },
	{ "[[:alpha]", ":", true },
	{ "[[:alpha]", "b", false },
	{ "[[:alpha:", "[[:alpha:", true },
	{ "[[:ALPHA:]]", "a]", false },
	{ "[[:ALPHA:]]", "A]", true },
	{ "[[:unknown:]]", "u", false },
	{ "[[:unknown:]]", "u]", false },
	{ "[[:unknown:]x]", "x", true },
	{ "[![:unknown:]]", "u", true },
	{ "[[::]]", ":", false },
	{ "[[::]x]", "x", true },
	{ "[[:alphabet:]]", "a", false },
	{ "[[:alph:]]", "a", false },
	{ "[[\\:alpha:]]", "a]", true },
	{ "[[:alpha\\:]]", "a]", true },
	{ "[\\[:alpha:]]", "a]", true },
	{ "[\\[:alpha:]]", "b]", false },
	/* One that hides the only ]: the first [ is itself, and the second begins a set. */
	{ "[[:alpha:]", "[a", true },
	{ "[[:alpha:]", "[:", true },
	{ "[[:alpha:]", "[b", false },
	{ "[[:alpha:]", "a", false },
	{ "[x[:alpha:]", "[xa", true },
	{ "[[[:alpha:]", "[[a", true },
	{ "[[:alpha:][:digit:]", "[ad", true },
	{ "[[:alpha:][:digit:]", "[bd", false },
	{ "*[[:alpha:]", "x[a", true },
	{ "[[-x-[:alpha:]", "[[-x-a", true },
	/* Dots are for the other table. */
	{ "a.b", "a.b", true },
	{ "a?b", "a.b", true },
};

START_TEST(patterns_and_names)
{
	for (size_t i = 0; i < COUNT(matches); i++)
		for (int dot = PATTERN_DOT_SPECIAL; dot <= PATTERN_DOT_PLAIN; dot++) {
			/* These sets have the dot in them, and the other table has it. */
			if (dot == PATTERN_DOT_SPECIAL && matches[i].name[0] == '.')
				continue;
			ck_assert_msg(pattern_match(matches[i].pattern, matches[i].name,
			    (enum pattern_dot)dot) == matches[i].wanted,
			    "<%s> and <%s>, dot %d: expected %s", matches[i].pattern,
			    matches[i].name, dot, matches[i].wanted ? "a match" : "none");
		}
}
END_TEST

/* Whether they match in spite of their letters' case, and without. */
static const struct {
	const char *pattern, *name;
	bool	    folded, exactly;
} cases[] = {
	{ "abc", "abc", true, true }, { "abc", "ABC", true, false }, { "ABC", "aBc", true, false },
	{ "abc", "abd", false, false }, { "*.Key", "x.kEY", true, false }, { "[a-z]", "Q", true, false },
	{ "[A-Z]", "q", true, false }, { "[!a-z]", "q", true, false }, { "[!a-zA-Z]", "q", false, false },
	{ "[[:upper:]]x", "aX", true, false }, { "\\a", "A", true, false }, { "?", "A", true, true },
	{ ".a", ".A", true, false }, { "*", ".A", true, true }, { "@", "`", false, false },
	{ "[", "{", false, false }, { "\303\244", "\303\204", false, false },
	{ "\303\244x", "\303\244X", true, false },
};

START_TEST(letters_of_either_case)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *pattern = cases[i].pattern, *name = cases[i].name;

		ck_assert_msg(pattern_match_folded(pattern, name) == cases[i].folded, "<%s> and <%s>",
		    pattern, name);
		ck_assert_msg(pattern_match(pattern, name, PATTERN_DOT_PLAIN) == cases[i].exactly,
		    "<%s> and <%s>, exactly", pattern, name);
	}
	for (size_t i = 0; i < COUNT(matches); i++)
		ck_assert(!matches[i].wanted || pattern_match_folded(matches[i].pattern, matches[i].name));
}
END_TEST

static const struct {
	const char *pattern, *name;
	bool	    special, plain;
} dots[] = {
	{ "*", ".", false, true },
	{ "*", ".a", false, true },
	{ "*a", ".a", false, true },
	{ "?a", ".a", false, true },
	{ "[.]a", ".a", false, true },
	{ "[!x]a", ".a", false, true },
	{ "[[:punct:]]a", ".a", false, true },
	{ "[ -~]a", ".a", false, true },
	{ "*.a", ".a", false, true },
	{ "**.a", ".a", false, true },
	{ "", ".", false, false },
	{ ".", ".", true, true },
	{ ".a", ".a", true, true },
	{ ".*", ".a", true, true },
	{ ".*", ".", true, true },
	{ ".*", "..", true, true },
	{ ".?", ".a", true, true },
	{ ".[.]", "..", true, true },
	{ "\\.a", ".a", true, true },
	{ "\\.*", ".a", true, true },
	{ "\\a", ".a", false, false },
	{ "\\", ".", false, false },
	{ ".b", ".a", false, false },
	/* Only at the beginning. */
	{ "*", "a.b", true, true },
	{ "a*", "a.b", true, true },
	{ "a?b", "a.b", true, true },
	{ "a[.]b", "a.b", true, true },
	{ "*b", "a.b", true, true },
	{ ".*", "a.b", false, false },
};

START_TEST(a_dot_at_the_beginning)
{
	for (size_t i = 0; i < COUNT(dots); i++) {
		bool special = pattern_match(dots[i].pattern, dots[i].name, PATTERN_DOT_SPECIAL);
		bool plain = pattern_match(dots[i].pattern, dots[i].name, PATTERN_DOT_PLAIN);

		ck_assert_msg(special == dots[i].special && plain == dots[i].plain,
		    "<%s> and <%s>: expected %d and %d, got %d and %d", dots[i].pattern,
		    dots[i].name, dots[i].special, dots[i].plain, special, plain);
	}
}
END_TEST

/* Letters are e acute (two bytes), the euro (three), a smile (four). */
static const struct {
	const char *pattern, *name;
	bool	    wanted;
} characters[] = {
	{ "?", "\303\251", true },
	{ "?", "\342\202\254", true },
	{ "?", "\360\237\230\200", true },
	{ "??", "\303\251", false },
	{ "??", "\303\251\342\202\254", true },
	{ "*?", "\360\237\230\200", true },
	{ "*??", "\360\237\230\200", false },
	{ "a?b", "a\342\202\254b", true },
	{ "\303\251", "\303\251", true },
	{ "\\\303\251", "\303\251", true },
	{ "*\303\251", "a\303\251", true },
	{ "*\251", "a\303\251", false },
	{ "\303*", "\303\251", false },
	/* Sets of them, and ranges, by code point. */
	{ "[\303\251]", "\303\251", true },
	{ "[\303\251]", "\303\250", false },
	{ "[\303\251]", "\303", false },
	{ "[\303\251]", "\251", false },
	{ "[\303\251\342\202\254]", "\342\202\254", true },
	{ "[\\\303\251]", "\303\251", true },
	{ "[!\303\251]", "\303\250", true },
	{ "[!\303\251]", "\303\251", false },
	{ "[!\303\251]", "\342\202\254", true },
	{ "[!a]", "\360\237\230\200", true },
	{ "[^a]x", "\360\237\230\200x", true },
	{ "[\303\240-\303\257]", "\303\251", true },
	{ "[\303\240-\303\257]", "\303\277", false },
	{ "[a-\303\277]", "\303\251", true },
	{ "[a-\303\277]", "z", true },
	{ "[a-\303\277]", "\342\202\254", false },
	{ "[\303\251-\360\237\230\200]", "\342\202\254", true },
	{ "[\303\251-\360\237\230\200]", "a", false },
	{ "[\342\202\254-\303\251]", "\342\202\253", false },
	{ "[]\303\251]", "]", true },
	{ "[]\303\251]", "\303\251", true },
	{ "[\303\251", "[\303\251", true },
	{ "[[:alpha:]\303\251]", "\303\251", true },
	/* Classes are of ASCII. */
	{ "[[:alpha:]]", "\303\251", false },
	{ "[[:print:]]", "\303\251", false },
	{ "[![:alpha:]]", "\303\251", true },
	/* Bytes that are no character are one each. */
	{ "?", "\351", true },
	{ "?", "\377", true },
	{ "?", "\251", true },
	{ "??", "\251\251", true },
	{ "?", "\251\251", false },
	{ "\351", "\351", true },
	{ "\\\351", "\351", true },
	{ "\351", "\303\251", false },
	{ "[\351]", "\351", true },
	{ "[\351]", "\303\251", false },
	{ "[!\351]", "\303\251", true },
	{ "[!a]", "\351", true },
	{ "[\340-\357]", "\351", true },
	{ "[\340-\357]", "\361", false },
	{ "[\340-\357]", "\303\251", false },
	{ "a\351*", "a\351b", true },
	{ "?", "\303", true },
	{ "??", "\303a", true },
	{ "??", "\342\202", true },
	{ "???", "\342\202a", true },
	{ "???", "\360\237\230", true },
	{ "????", "\360\237\230a", true },
	{ "?", "\342\202", false },
	{ "\303?", "\303a", true },
	/* So are those of a longer form than needed, surrogates, and what lies beyond. */
	{ "??", "\300\257", true },
	{ "?", "\300\257", false },
	{ "??", "\301\277", true },
	{ "???", "\340\200\257", true },
	{ "???", "\340\237\277", true },
	{ "?", "\340\240\200", true },
	{ "????", "\360\217\277\277", true },
	{ "?", "\360\220\200\200", true },
	{ "?", "\355\237\277", true },
	{ "???", "\355\240\200", true },
	{ "???", "\355\277\277", true },
	{ "?", "\356\200\200", true },
	{ "?", "\364\217\277\277", true },
	{ "????", "\364\220\200\200", true },
	{ "????", "\365\200\200\200", true },
	{ "/", "\300\257", false },
	{ "[/]", "\340\200\257", false },
};

START_TEST(characters_of_more_than_one_byte)
{
	for (size_t i = 0; i < COUNT(characters); i++)
		ck_assert_msg(pattern_match(characters[i].pattern, characters[i].name,
		    PATTERN_DOT_SPECIAL) == characters[i].wanted,
		    "row %zu: <%s> and <%s>: expected %s", i, characters[i].pattern,
		    characters[i].name, characters[i].wanted ? "a match" : "none");
}
END_TEST

static int
is_blank(int c)
{
	return c == ' ' || c == '\t';
}

static const struct {
	const char *name;
	int	  (*has)(int);
} classes[] = {
	{ "alnum", isalnum }, { "alpha", isalpha }, { "blank", is_blank }, { "cntrl", iscntrl },
	{ "digit", isdigit }, { "graph", isgraph }, { "lower", islower }, { "print", isprint },
	{ "punct", ispunct }, { "space", isspace }, { "upper", isupper }, { "xdigit", isxdigit },
};

START_TEST(every_class_and_every_byte)
{
	for (size_t i = 0; i < COUNT(classes); i++)
		for (int b = 1; b < 256; b++) {
			bool wanted = b < 128 && classes[i].has(b) != 0, got, not;
			char name[] = { (char)b, '\0' }, pattern[32];

			snprintf(pattern, sizeof(pattern), "[[:%s:]]", classes[i].name);
			got = pattern_match(pattern, name, PATTERN_DOT_PLAIN);
			snprintf(pattern, sizeof(pattern), "[![:%s:]]", classes[i].name);
			not = pattern_match(pattern, name, PATTERN_DOT_PLAIN);
			ck_assert_msg(got == wanted && not == !wanted,
			    "byte %d is %sof %s: got %d, and %d of its negation", b,
			    wanted ? "" : "not ", classes[i].name, got, not);
		}
}
END_TEST

START_TEST(every_byte_matches_itself)
{
	for (int b = 1; b < 256; b++) {
		char name[] = { (char)b, '\0' }, bare[] = { (char)b, '\0' };
		char quoted[] = { '\\', (char)b, '\0' }, set[] = { '[', '\\', (char)b, ']', '\0' };
		char neighbour[] = { (char)(b == 255 ? 1 : b + 1), '\0' };
		const char *const all[] = { bare, quoted, set, "?", "*" };

		for (size_t i = 0; i < COUNT(all); i++)
			ck_assert_msg(pattern_match(all[i], name, PATTERN_DOT_PLAIN),
			    "byte %d: expected <%s> to match it", b, all[i]);
		ck_assert_msg(!pattern_match(quoted, neighbour, PATTERN_DOT_PLAIN) &&
		    !pattern_match(set, neighbour, PATTERN_DOT_PLAIN),
		    "byte %d: expected it not to match the next", b);
	}
}
END_TEST

static const struct {
	const char *pattern;
	bool	    wild;
	const char *name;	/* of one that is not wild */
} wilds[] = {
	{ "", false, "" },
	{ "a", false, "a" },
	{ "a b{c,d}~!^-:", false, "a b{c,d}~!^-:" },
	{ "*", true, NULL },
	{ "a*", true, NULL },
	{ "?", true, NULL },
	{ "a?b", true, NULL },
	{ "[a]", true, NULL },
	{ "x[a-z]", true, NULL },
	{ "[!a]", true, NULL },
	{ "[]]", true, NULL },
	{ "[\\]]", true, NULL },
	{ "[", false, "[" },
	{ "[a", false, "[a" },
	{ "a]", false, "a]" },
	{ "[]", false, "[]" },
	{ "[!]", false, "[!]" },
	{ "[a\\]", false, "[a]" },
	{ "[[[", false, "[[[" },
	{ "[[:alpha:]", true, NULL },
	{ "[x[:alpha:", false, "[x[:alpha:" },
	{ "[*", true, NULL },
	{ "\\*", false, "*" },
	{ "\\?", false, "?" },
	{ "\\[a]", false, "[a]" },
	{ "\\\\", false, "\\" },
	{ "\\\\*", true, NULL },
	{ "\\\\\\*", false, "\\*" },
	{ "\\a\\b", false, "ab" },
	{ "\\", false, "\\" },
	{ "a\\", false, "a\\" },
	{ "a\\\\\\", false, "a\\\\" },
	{ "\\\303\251", false, "\303\251" },
	{ "\\\\\\*\\?\\[\\]\\!\\^\\-\\:\\{\\}\\,\\~", false, "\\*?[]!^-:{},~" },
};

START_TEST(what_is_wild_and_what_a_name)
{
	for (size_t i = 0; i < COUNT(wilds); i++) {
		char name[64];
		bool wild = pattern_is_wild(wilds[i].pattern);

		ck_assert_msg(wild == wilds[i].wild, "<%s>: expected %s", wilds[i].pattern,
		    wilds[i].wild ? "a pattern" : "a name");
		if (wilds[i].wild)
			continue;
		strcpy(name, wilds[i].pattern);
		pattern_unescape(name);
		ck_assert_msg(strcmp(name, wilds[i].name) == 0, "<%s>: expected <%s>, got <%s>",
		    wilds[i].pattern, wilds[i].name, name);
		ck_assert_msg(pattern_match(wilds[i].pattern, name, PATTERN_DOT_SPECIAL),
		    "<%s>: expected to match <%s>", wilds[i].pattern, name);
	}
}
END_TEST

static void
random_string(char *s, size_t room, const char *bytes)
{
	size_t len = (size_t)rand() % room, n = strlen(bytes);

	for (size_t i = 0; i < len; i++)
		s[i] = bytes[(size_t)rand() % n];
	s[len] = '\0';
}

/* A pattern that is not wild matches its own name, and no other. */
START_TEST(names_that_are_not_wild)
{
	static const char bytes[] = "ab[]!^-:\\\377";
	size_t seen = 0;

	srand(SEED);
	for (int round = 0; round < ROUNDS / 4; round++) {
		char pattern[10], name[10], other[10];

		random_string(pattern, sizeof(pattern), bytes);
		random_string(other, sizeof(other), bytes);
		if (pattern_is_wild(pattern))
			continue;
		seen++;
		strcpy(name, pattern);
		pattern_unescape(name);
		if (!pattern_match(pattern, name, PATTERN_DOT_SPECIAL))
			ck_abort_msg("<%s>: expected to match <%s>", pattern, name);
		if (pattern_match(pattern, other, PATTERN_DOT_SPECIAL) !=
		    (strcmp(name, other) == 0))
			ck_abort_msg("<%s>: it is <%s>, and got <%s> wrong", pattern, name, other);
	}
	ck_assert_uint_gt(seen, ROUNDS / 10);
}
END_TEST

/* But for [.a.], and for what stands at the end and is itself, where it is not like the shells. */
START_TEST(as_the_library_has_it)
{
	static const char *const alphabets[] = {
		"ab*?", "ab*[]!^-", "abc[]-\\?", "a.*?[]!\\", "[]!^-", "ab-z[]*",
	};
	size_t seen = 0;

	srand(SEED);
	for (int round = 0; round < ROUNDS; round++) {
		const char *bytes = alphabets[(size_t)round % COUNT(alphabets)];
		bool special = rand() % 2 == 0, wanted, got;
		char pattern[10], name[8];

		random_string(pattern, sizeof(pattern), bytes);
		random_string(name, sizeof(name), bytes);
		if (strstr(pattern, "[.") != NULL || (pattern[0] != '\0' &&
		    strchr("\\-", pattern[strlen(pattern) - 1]) != NULL))
			continue;
		wanted = fnmatch(pattern, name, special ? FNM_PERIOD : 0) == 0;
		got = pattern_match(pattern, name,
		    special ? PATTERN_DOT_SPECIAL : PATTERN_DOT_PLAIN);
		if (got != wanted)
			ck_abort_msg("<%s> and <%s>, %s dot: expected %d, got %d", pattern, name,
			    special ? "special" : "plain", wanted, got);
		seen += got;
	}
	ck_assert_uint_gt(seen, ROUNDS / 200);
}
END_TEST

/* Fills DST of SIZE bytes with BEGIN, as many of EACH as fit, and END. */
static void
repeat(char *dst, size_t size, const char *begin, const char *each, const char *end)
{
	size_t n = strlen(each), at = strlen(begin);

	strcpy(dst, begin);
	for (; at + n + strlen(end) < size; at += n)
		memcpy(dst + at, each, n);
	strcpy(dst + at, end);
}

/* These take for ever where every * is tried again, or what is known is found out again. */
static const struct {
	const char *begin, *each, *end;
	const char *name, *name_end;
	bool	    wanted;
} hostile[] = {
	{ "", "a*", "b", "a", "", false },
	{ "", "a*", "b", "a", "b", true },
	{ "", "*a", "b", "a", "", false },
	{ "*", "?", "*b", "a", "", false },
	{ "", "*?", "b", "a", "", false },
	{ "", "*[ab]", "c", "ab", "", false },
	{ "", "*[!b]", "b", "a", "b", true },
	{ "", "[[:alpha:][:digit:]]*", "-", "a1", "", false },
	{ "", "*", "b", "a", "", false },
	{ "*", "[", "", "[", "", true },
	{ "*", "[", "*", "x", "", false },
	{ "*[", "[:alpha:]", "x", "[a", "", false },
	{ "*", "[!", "", "[!", "", true },
	{ "*", "[[:alpha:", "b", "a", "", false },
	{ "*[", "a", "]b", "a", "", false },
	{ "*[", "\\]", "]b", "a]", "", false },
};

START_TEST(hostile_patterns_take_no_longer)
{
	static char pattern[4096], name[4096];

	for (size_t i = 0; i < COUNT(hostile); i++) {
		repeat(pattern, sizeof(pattern) / 2, hostile[i].begin, hostile[i].each,
		    hostile[i].end);
		repeat(name, sizeof(name), "", hostile[i].name, hostile[i].name_end);
		ck_assert_msg(pattern_match(pattern, name, PATTERN_DOT_SPECIAL) ==
		    hostile[i].wanted, "%.20s... and %.20s...: expected %s", pattern, name,
		    hostile[i].wanted ? "a match" : "none");
	}
}
END_TEST

START_TEST(long_patterns_that_never_close)
{
	static const char *const each[] = { "[", "[!", "[^", "[a", "[\\]", "[:", "[[:a" };
	char *pattern = malloc(LONG + 16), *name = malloc(LONG + 16);

	ck_assert_ptr_nonnull(pattern);
	ck_assert_ptr_nonnull(name);
	for (size_t i = 0; i < COUNT(each); i++) {
		repeat(pattern, LONG, "", each[i], "");
		ck_assert_msg(!pattern_is_wild(pattern), "%.20s...: expected a name", pattern);
		strcpy(name, pattern);
		pattern_unescape(name);
		ck_assert_msg(pattern_match(pattern, name, PATTERN_DOT_SPECIAL),
		    "%.20s...: expected a match", pattern);
	}
	/* Each [x is a name, and what follows it a set. */
	repeat(pattern, LONG, "", "[x[:alpha:]", "");
	repeat(name, LONG / 11 * 3 + 1, "", "[xa", "");
	ck_assert(pattern_is_wild(pattern));
	ck_assert(pattern_match(pattern, name, PATTERN_DOT_SPECIAL));
	free(pattern);
	free(name);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, patterns_and_names);
	tcase_add_test(t, a_dot_at_the_beginning);
	tcase_add_test(t, letters_of_either_case);
	tcase_add_test(t, characters_of_more_than_one_byte);
	tcase_add_test(t, every_class_and_every_byte);
	tcase_add_test(t, every_byte_matches_itself);
	tcase_add_test(t, what_is_wild_and_what_a_name);
	tcase_add_test(t, names_that_are_not_wild);
	tcase_add_test(t, as_the_library_has_it);
	tcase_add_test(t, hostile_patterns_take_no_longer);
	tcase_add_test(t, long_patterns_that_never_close);
}

int
main(void)
{
	return run_unit("pattern", add);
}
