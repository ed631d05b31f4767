/* SPDX-License-Identifier: ISC */
#include "errand/expect.h"
#include "unit.h"

#define T EXPECT_TAKEN
#define S EXPECT_SELF
#define M EXPECT_MANY
#define X EXPECT_OTHER
#define SHELL 1			/* -O */
#define ANY 2			/* -T */

static struct expect expect;

/* What comes, in its order: an entry, a directory with a slash behind it. */
struct entry {
	const char	   *name;
	enum expect_verdict verdict;
	const char	   *as;	/* NULL: what it calls itself */
};

static const struct {
	const char  *path;
	int	     how;
	struct entry entries[5];
} rows[] = {
	/* One, whatever it is called, which is called here what was asked for. */
	{ "x", 0, { { "x", T, "x" }, { "x", M, NULL } } },
	{ "x", 0, { { "a.cfg", T, "x" }, { "b", M, NULL } } },
	{ "x", 0, { { "x/", T, "x" }, { "y/", M, NULL } } },
	{ "x", 0, { { ".bashrc", T, "x" } } },
	{ "x", 0, { { "./", T, "x" } } },
	{ "/a/b/x", 0, { { "y", T, "x" } } },
	{ "a*/x", 0, { { "y", T, "x" }, { "x", M, NULL } } },
	{ "a b", 0, { { "y", T, "a b" } } },
	{ "x/", 0, { { "y/", T, "x" } } },
	{ "x///", 0, { { "y/", T, "x" } } },
	{ "...", 0, { { "y", T, "..." } } },
	/* Backslashes have done what they do. */
	{ "a\\*b", 0, { { "y", T, "a*b" } } },
	{ "\\x\\y", 0, { { "z", T, "xy" } } },
	{ "x\\", 0, { { "y", T, "x\\" } } },
	{ "x\\/", 0, { { "y", T, "x" } } },
	{ "a\\/x", 0, { { "y", T, "x" } } },
	{ "x\\\\/", 0, { { "y", T, "x\\" } } },
	{ "\\~", 0, { { "y", T, "~" } } },
	{ "\\~me", 0, { { "y", T, "~me" } } },
	{ "a/~", 0, { { "y", T, "~" } } },
	{ "a/~me", 0, { { "y", T, "~me" } } },
	{ "~-", 0, { { "y", T, "~-" } } },
	{ "~me\\/", 0, { { "y", T, "~me" } } },
	{ "~a b", 0, { { "y", T, "~a b" } } },
	{ "{a,b}", 0, { { "a", T, "{a,b}" }, { "b", M, NULL } } },
	{ "a'b$c", 0, { { "y", T, "a'b$c" } } },
	{ "[ab", 0, { { "y", T, "[ab" } } },
	{ "a[b/c]", 0, { { "y", T, "c]" } } },
	/* As many as it is a pattern of. */
	{ "*", 0, { { "a", T, NULL }, { "b/", T, NULL }, { ".bashrc", X, NULL }, { "c", T,
	    NULL } } },
	{ "*", 0, { { "./", X, NULL }, { "..", X, NULL } } },
	{ "?", 0, { { "a", T, NULL }, { "\303\266", T, NULL }, { "ab", X, NULL }, { ".", X,
	    NULL } } },
	{ ".*", 0, { { ".a", T, NULL }, { "a", X, NULL }, { "./", X, NULL } } },
	{ "a/*.c", 0, { { "b.c", T, NULL }, { "b.h", X, NULL }, { ".c", X, NULL }, { "c.c", T,
	    NULL } } },
	{ "*.c/", 0, { { "b.c/", T, NULL }, { "b.h/", X, NULL } } },
	{ "[!a]", 0, { { "b", T, NULL }, { "a", X, NULL }, { ".", X, NULL } } },
	{ "[^a-y]", 0, { { "z", T, NULL }, { "b", X, NULL } } },
	{ "\\[*", 0, { { "[x", T, NULL }, { "x", X, NULL } } },
	{ "~a*", 0, { { "~ab", T, NULL }, { "ab", X, NULL } } },
	{ "{a,b}*", 0, { { "{a,b}c", T, NULL }, { "a", X, NULL } } },
	/* The contents of a single directory, whatever that is called. */
	{ ".", 0, { { "x/", S, NULL }, { "y/", M, NULL } } },
	{ ".", 0, { { "./", S, NULL }, { "./", M, NULL } } },
	{ ".", 0, { { "x", X, NULL }, { "x/", S, NULL }, { "x", X, NULL } } },
	{ "..", 0, { { "home/", S, NULL } } },
	{ "x/.", 0, { { "./", S, NULL } } },
	{ "x/..", 0, { { "y/", S, NULL } } },
	{ "x/./", 0, { { "y/", S, NULL } } },
	{ "\\.", 0, { { "y/", S, NULL } } },
	{ "/", 0, { { "y/", S, NULL } } },
	{ "~", 0, { { "me/", S, NULL }, { "me/", M, NULL } } },
	{ "~/", 0, { { "me/", S, NULL } } },
	{ "~", 0, { { "me", X, NULL } } },
	{ "*/.", 0, { { "y/", S, NULL } } },
	/* Somebody's home has its own name. */
	{ "~me", 0, { { "him/", T, NULL }, { "me/", M, NULL } } },
	{ "~me/", 0, { { "him/", T, NULL } } },
	{ "~me", 0, { { "./", X, NULL } } },
	{ "~me/x", 0, { { "y", T, "x" } } },

	/* As a shell there would have it. */
	{ "x", SHELL, { { "y", T, "x" }, { "y", M, NULL } } },
	{ "'a b'", SHELL, { { "y", T, "a b" } } },
	{ "a b", SHELL, { { "b", T, "b" }, { "a", T, "a" }, { "a", M, NULL }, { "c", X, NULL } } },
	{ "{a,b}", SHELL, { { "a", T, "a" }, { "b", T, "b" }, { "a", M, NULL }, { "{a,b}", X,
	    NULL } } },
	{ "d/{a,b*}", SHELL, { { "bc", T, NULL }, { "bd", T, NULL }, { "a", T, "a" }, { "c", X,
	    NULL } } },
	{ "{1..3,a}", SHELL, { { "1..3", T, "1..3" }, { "1", X, NULL } } },
	{ "\\{1..3}", SHELL, { { "y", T, "{1..3}" } } },
	{ "'{a,b}'", SHELL, { { "y", T, "{a,b}" } } },
	{ "\\*", SHELL, { { "y", T, "*" } } },
	{ "*", SHELL, { { "y", T, NULL }, { ".y", X, NULL } } },
	{ "~", SHELL, { { "y/", S, NULL } } },
	{ "'~'", SHELL, { { "y", T, "~" } } },
	{ "\\~me", SHELL, { { "y", T, "~me" } } },
	{ "~me", SHELL, { { "him/", T, NULL } } },
	{ ". x", SHELL, { { "y/", S, NULL }, { "x", T, "x" }, { "z", X, NULL } } },
	{ "\"a\"'*'", SHELL, { { "y", T, "a*" } } },
	/* Of what cannot be told, the end may be plain. */
	{ "$HOME/x", SHELL, { { "y", T, "x" }, { "x", M, NULL } } },
	{ "`pwd`/x.tar", SHELL, { { "y", T, "x.tar" } } },

	{ "x", ANY, { { "a", T, NULL }, { ".b/", T, NULL }, { "./", S, NULL } } },
	{ ".", ANY, { { "./", S, NULL } } },
	{ "x", ANY, { { ".", X, NULL } } },
	{ "$(ls)", SHELL | ANY, { { "a", T, NULL }, { "b", T, NULL } } },
};

static enum expect_verdict
judge(const char *entry, const char **as)
{
	static char name[256];
	size_t len = strlen(entry);
	bool directory = entry[len - 1] == '/';

	snprintf(name, sizeof(name), "%.*s", (int)(len - directory), entry);
	return expect_judge(&expect, name, directory, as);
}

static void
check_row(size_t i)
{
	const struct errand e = { .shell_text = (rows[i].how & SHELL) != 0,
	    .any_name = (rows[i].how & ANY) != 0 };
	bool came = false;
	const char *why = "";

	ck_assert_msg(expect_init(&expect, &e, rows[i].path, &why) == 0, "<%s>: \"%s\"",
	    rows[i].path, why);
	ck_assert(!expect_is_met(&expect));
	for (const struct entry *n = rows[i].entries; n->name != NULL; n++) {
		const char *as = NULL;
		enum expect_verdict got = judge(n->name, &as);

		ck_assert_msg(got == n->verdict, "<%s>: \"%s\": expected %d, got %d", rows[i].path,
		    n->name,
		    (int)n->verdict, (int)got);
		if (got == T && n->as != NULL)
			ck_assert_msg(strcmp(as, n->as) == 0,
			    "<%s>: \"%s\": expected <%s>, got <%s>", rows[i].path,
			    n->name, n->as, as);
		if (got == T && n->as == NULL)
			ck_assert_msg(strncmp(as, n->name, strlen(as)) == 0,
			    "<%s>: \"%s\": got <%s>", rows[i].path,
			    n->name, as);
		came = came || got == T || got == S;
		ck_assert_int_eq(expect_is_met(&expect), came);
	}
}

START_TEST(what_may_come)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		check_row(i);
}
END_TEST

START_TEST(what_cannot_be_told)
{
	static const char *const paths[] = {
		"$x", "$(ls)", "`ls`", "a;b", "$x/*", "$x/'a'", "$x/", "$x/a b", "$x/$y", "a|b/~",
		"'a", " ", "$x/a{b,c}",
		"$x/-#", "a&b/c!", "x{1..3}", "{a..c}{d,e}", "{d,{a..c}}",
	};
	const struct errand e = { .shell_text = true };

	for (size_t i = 0; i < COUNT(paths); i++) {
		const char *why = NULL;

		ck_assert_msg(expect_init(&expect, &e, paths[i], &why) == -1, "<%s>", paths[i]);
		ck_assert_str_eq(why,
		    "it is not clear what it stands for: -T accepts whatever comes");
	}
}
END_TEST

/* By its loop index: a path, braces, words. */
START_TEST(what_is_too_much)
{
	static char path[WORDS_BYTES + 2];
	const struct errand e = { .shell_text = _i > 0 };
	const char *why = NULL;

	if (_i == 1)
		strcpy(path, "{1,2,3,4,5}{1,2,3,4,5}{1,2,3,4,5}{1,2,3,4,5}{1,2,3,4,5}");
	else
		for (size_t i = 0; i + 1 < sizeof(path); i++)
			path[i] = _i == 2 && i % 2 == 1 ? ' ' : 'x';
	ck_assert_int_eq(expect_init(&expect, &e, path, &why), -1);
	ck_assert_ptr_nonnull(why);
}
END_TEST

/* As many as there can be. */
START_TEST(each_of_many_words_is_met_once)
{
	static char path[2 * 5 * WORDS_MAX];
	const struct errand e = { .shell_text = true };
	const char *as, *why = "";
	char name[16];
	size_t n = 0;

	for (int i = 0; i < WORDS_MAX; i++)
		n += (size_t)snprintf(path + n, sizeof(path) - n, "w%d ", i);
	ck_assert_msg(expect_init(&expect, &e, path, &why) == 0, "%s", why);
	for (int i = WORDS_MAX - 1; i >= 0; i--) {
		snprintf(name, sizeof(name), "w%d", i);
		ck_assert_int_eq((int)expect_judge(&expect, name, false, &as), T);
		ck_assert_str_eq(as, name);
		ck_assert_int_eq((int)expect_judge(&expect, name, false, &as), M);
	}
	ck_assert_int_eq((int)expect_judge(&expect, "w", false, &as), X);
}
END_TEST

/* Whatever may come. */
START_TEST(what_stands_for_its_contents)
{
	static const struct {
		const char *path;
		bool	    shell, contents;
	} of[] = {
		{ ".", false, true }, { "x/..", false, true }, { "x/.//", false, true }, { "~", false, true },
		{ "/", false, true }, { "x", false, false }, { "~me", false, false }, { "*", false, false },
		{ "...", false, false }, { "a .", false, false }, { "a .", true, true }, { "'a .'", true, false },
		{ "$x", true, false }, { "{a,.}", true, true },
	};

	for (size_t i = 0; i < COUNT(of); i++)
		for (int any = 0; any < 2; any++) {
			const struct errand e = { .shell_text = of[i].shell, .any_name = any == 1 };

			ck_assert_msg(expect_is_contents(&e, of[i].path) == of[i].contents, "<%s>", of[i].path);
		}
}
END_TEST

START_TEST(whether_there_may_be_more_than_one)
{
	static const struct {
		const char *path;
		struct errand errand;
		bool	    many;
	} of[] = {
		{ "d/x", { .any_name = false }, false },
		{ "d/", { .any_name = false }, false },
		{ "~you", { .any_name = false }, false },
		{ "d/x*", { .any_name = false }, true },
		{ "x", { .any_name = true }, true },
		{ "x y", { .shell_text = true }, true },
		{ "x\\ y", { .shell_text = true }, false },
	};

	for (size_t i = 0; i < COUNT(of); i++) {
		const char *why = "";

		ck_assert_msg(expect_init(&expect, &of[i].errand, of[i].path, &why) == 0, "<%s>: \"%s\"",
		    of[i].path, why);
		ck_assert_msg(expect_is_of_many(&expect) == of[i].many, "<%s>", of[i].path);
	}
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, what_may_come);
	tcase_add_test(t, what_stands_for_its_contents);
	tcase_add_test(t, whether_there_may_be_more_than_one);
	tcase_add_test(t, what_cannot_be_told);
	tcase_add_loop_test(t, what_is_too_much, 0, 3);
	tcase_add_test(t, each_of_many_words_is_met_once);
}

int
main(void)
{
	return run_unit("expect", add);
}
