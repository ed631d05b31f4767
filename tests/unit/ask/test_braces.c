/* SPDX-License-Identifier: ISC */
#include "ask/braces.h"
#include "unit.h"

#define BRACES "its braces make too many words"
#define NAMES "it stands for too many names"
#define WORK "it takes too long to expand"

enum {
	WORD_MAX = 1 << 17,	/* bytes of a word, NUL included */
	RANDOM_WORDS = 20000
};

static struct expansion cost, done;

/* Expands WORD alone: NULL, or why that failed. */
static const char *
expand(const char *word)
{
	expansion_end(&cost);
	expansion_end(&done);
	return braces_expand(&cost, word, &done);
}

/* WANTED has a blank between words. */
static void
check(const char *word, const char *wanted)
{
	char *text = strdup(wanted), *at = text;
	const char *why = expand(word);

	ck_assert_msg(why == NULL, "%s: %s", word, why);
	for (size_t i = 0; at != NULL; i++) {
		const char *one = strsep(&at, " ");

		ck_assert_msg(i < done.count, "%s: no %s", word, one);
		ck_assert_msg(strcmp(done.paths[i], one) == 0, "%s: expected %s, got %s", word, one,
		    done.paths[i]);
		ck_assert_msg(at != NULL || done.count == i + 1, "%s: and %s", word,
		    done.paths[done.count - 1]);
	}
	free(text);
}

/* Writes N times PIECE between HEAD and TAIL. */
static const char *
repeat(const char *head, const char *piece, size_t n, const char *tail)
{
	static char word[WORD_MAX];
	char *at = word + sprintf(word, "%s", head);

	ck_assert_uint_lt(strlen(head) + n * strlen(piece) + strlen(tail), sizeof(word));
	for (size_t i = 0; i < n; i++)
		at += sprintf(at, "%s", piece);
	strcpy(at, tail);
	return word;
}

/* As bash has them, but for {}, which is always itself, and ranges. */
static const struct {
	const char *word, *wanted;
} rows[] = {
	{ "{a,b}", "a b" }, { "{b,a}", "b a" }, { "x{a,b}y", "xay xby" },
	{ "{a,b,c,d}", "a b c d" }, { "{a,b}{c,d}", "ac ad bc bd" },
	{ "{a,b}{c,d}{e,f}", "ace acf ade adf bce bcf bde bdf" },
	{ "{a,{b,c}}", "a b c" }, { "{{a,b},c}", "a b c" }, { "{{a,b}}", "{a} {b}" },
	{ "x{a,y{b,c}z,d}", "xa xybz xycz xd" }, { "{{{a,b},c},d}", "a b c d" },
	{ "{a,{b,{c,{d,e}}}}", "a b c d e" }, { "{{a,b},{c,d}}", "a b c d" },
	{ "{x,x}", "x x" }, { "{a,b}/{c,d}", "a/c a/d b/c b/d" },
	/* Empty alternatives: all of them are words, for somebody else to leave out. */
	{ "", "" }, { "x{,y}", "x xy" }, { "x{y,}", "xy x" }, { "x{,}", "x x" }, { "{,a}", " a" },
	{ "{a,}", "a " }, { "{,a,,b,}", " a  b " }, { "{,}", " " }, { "{,}{,}", "   " },
	{ "{,}{,x}", " x  x" },
	/* Nothing to choose from. */
	{ "x", "x" }, { "a,b", "a,b" }, { "}", "}" },
	{ "{a}", "{a}" }, { "{}", "{}" }, { "x{}y", "x{}y" }, { "{", "{" }, { "{a", "{a" },
	{ "{a,b", "{a,b" }, { "{a,b}}", "a} b}" }, { "{{a,b}", "{a {b" }, { "{a,{b}", "{a,{b}" },
	{ "{a,{b,c}", "{a,b {a,c" }, { "{a}{b,c}", "{a}b {a}c" }, { "{a,b}{c", "a{c b{c" },
	{ "{}{a,b}", "{}a {}b" }, { "{a,b}{}", "a{} b{}" }, { "{{},a}", "{} a" },
	{ "{a,{}}", "a {}" }, { "{a},b}", "a} b" }, { "{{a},b}", "{a} b" },
	{ "{a,b},c}", "a,c} b,c}" },
	{ "{a}{b},c}", "a}{b} c" }, { "a{},b}", "a{},b}" }, { "{1..3}", "{1..3}" },
	{ "{1..3,x}", "1..3 x" }, { "{{{{", "{{{{" }, { "}}{{", "}}{{" }, { "}{a,b}{", "}a{ }b{" },
	/* What is behind a backslash is a letter, and stays behind it. */
	{ "{a\\,b}", "{a\\,b}" }, { "{a\\,b,c}", "a\\,b c" }, { "\\{a,b}", "\\{a,b}" },
	{ "{a,b\\}", "{a,b\\}" }, { "{a,b\\},c}", "a b\\} c" }, { "{a,\\{b,c}", "a \\{b c" },
	{ "\\{{a,b}\\}", "\\{a\\} \\{b\\}" }, { "{\\\\,x}", "\\\\ x" }, { "{a\\\\,b}", "a\\\\ b" },
	{ "\\{}{a,b}", "\\{}a \\{}b" }, { "{\\*,\\?}", "\\* \\?" }, { "{a,b}\\", "a\\ b\\" },
	{ "\\", "\\" }, { "{\\", "{\\" }, { "{a,\\}b}", "a \\}b" },
};

START_TEST(braces_as_bash_has_them)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		check(rows[i].word, rows[i].wanted);
}
END_TEST

/* Each by itself, behind those that are there. */
START_TEST(words_are_appended)
{
	static const char *const wanted[] = { "z", "b", "a", "{c" };

	expansion_init(&cost);
	expansion_init(&done);
	ck_assert_ptr_null(braces_expand(&cost, "z", &done));
	ck_assert_ptr_null(braces_expand(&cost, "{b,a}", &done));
	ck_assert_ptr_null(braces_expand(&cost, "{c", &done));
	ck_assert_uint_eq(done.count, COUNT(wanted));
	for (size_t i = 0; i < COUNT(wanted); i++)
		ck_assert_str_eq(done.paths[i], wanted[i]);
	/* What it took is counted where it was said, and there are no words there. */
	ck_assert_uint_gt(cost.work, 0);
	ck_assert_uint_eq(cost.count, 0);
	ck_assert_uint_eq(done.work, 0);
}
END_TEST

static void
check_fails(const char *word, const char *wanted)
{
	const char *why = expand(word);

	ck_assert_msg(why != NULL && strcmp(why, wanted) == 0, "%.20s: expected \"%s\", got \"%s\"",
	    word, wanted, why);
}

START_TEST(braces_without_end)
{
	check_fails(repeat("", "{a,b}", 20, ""), BRACES);
	check_fails(repeat("", "{a,b}", 1000, ""), BRACES);
	check_fails(repeat("", "{a,b}", 10000, ""), NAMES);
	check_fails(repeat("{", "a,", EXPAND_BRACES, "a}"), BRACES);
	check_fails(repeat("", "{a,b}", 10, "{,}"), BRACES);
	check_fails(repeat("", "{,}", 11, ""), BRACES);
	check_fails(repeat("", "{", 65000, ""), WORK);
	check_fails(repeat("", "{", 60000, "{a,b}"), WORK);
	check_fails(repeat("", "{a,", 20000, ""), WORK);
	/* What failed is no burden for what comes next. */
	check("{x,y}", "x y");
}
END_TEST

/* Work that was done before counts, and so do words. */
START_TEST(others_have_had_their_part)
{
	expansion_init(&cost);
	expansion_init(&done);
	ck_assert(expansion_spend(&cost, EXPAND_WORK));
	ck_assert_str_eq(braces_expand(&cost, "x", &done), WORK);
	expansion_init(&cost);
	while (expansion_add(&done, strdup("")) == NULL)
		;
	ck_assert_uint_eq(done.count, EXPAND_MAX);
	ck_assert_str_eq(braces_expand(&cost, "x", &done), NAMES);
	ck_assert_uint_eq(done.count, EXPAND_MAX);
}
END_TEST

/* As often as may be, and no more. */
START_TEST(braces_up_to_their_end)
{
	static char deep[WORD_MAX];
	char *at = deep;

	ck_assert_ptr_null(expand(repeat("", "{a,b}", 10, "")));
	ck_assert_uint_eq(done.count, EXPAND_BRACES);
	ck_assert_str_eq(done.paths[0], "aaaaaaaaaa");
	ck_assert_str_eq(done.paths[1], "aaaaaaaaab");
	ck_assert_str_eq(done.paths[EXPAND_BRACES - 1], "bbbbbbbbbb");
	ck_assert_ptr_null(expand(repeat("{", "a,", EXPAND_BRACES - 1, "a}")));
	ck_assert_uint_eq(done.count, EXPAND_BRACES);
	for (int i = 0; i < EXPAND_BRACES - 1; i++)
		at += sprintf(at, "{%d,", i);
	memset(at, '}', EXPAND_BRACES - 1);
	ck_assert_ptr_null(expand(deep));
	ck_assert_uint_eq(done.count, EXPAND_BRACES);
	ck_assert_str_eq(done.paths[0], "0");
	ck_assert_str_eq(done.paths[EXPAND_BRACES - 2], "1022");
	ck_assert_str_eq(done.paths[EXPAND_BRACES - 1], "");
	check(repeat("", "{", 1000, ""), repeat("", "{", 1000, ""));
	check("{x,y}", "x y");
}
END_TEST

/* Whatever it is, it comes to an end, in one word at least, and leaves nothing behind. */
START_TEST(random_words)
{
	static const char bytes[] = "{{{}}},,,\\ab";

	srandom(1);
	for (int i = 0; i < RANDOM_WORDS; i++) {
		char word[32];
		size_t n = (size_t)random() % sizeof(word), alternatives = 1;
		const char *why;

		for (size_t k = 0; k < n; k++) {
			word[k] = bytes[(size_t)random() % (sizeof(bytes) - 1)];
			alternatives += word[k] == ',';
		}
		word[n] = '\0';
		why = expand(word);
		ck_assert_msg(why == NULL && done.count > 0, "\"%s\": %s", word, why);
		if (strchr(word, '{') == NULL || strchr(word, '}') == NULL || alternatives == 1)
			ck_assert_msg(done.count == 1 && strcmp(done.paths[0], word) == 0, "\"%s\"",
			    word);
	}
	expansion_end(&done);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, braces_as_bash_has_them);
	tcase_add_test(t, words_are_appended);
	tcase_add_test(t, braces_without_end);
	tcase_add_test(t, others_have_had_their_part);
	tcase_add_test(t, braces_up_to_their_end);
	tcase_add_test(t, random_words);
}

int
main(void)
{
	return run_unit("braces", add);
}
