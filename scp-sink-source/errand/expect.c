/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

#include "ask/braces.h"
#include "errand/expect.h"
#include "errand/quote.h"
#include "text/pattern.h"

static const char too_many[] = "too many words";
static const char not_clear[] = "it is not clear what it stands for: -T accepts whatever comes";
static const char too_long[] = "its path is too long";

/* A slash is one, also behind a backslash. */
static void
unescape_slashes(char *pattern)
{
	char *to = pattern;

	for (const char *p = pattern; *p != '\0'; p++) {
		if (p[0] == '\\' && p[1] != '\0') {
			if (p[1] != '/')
				*to++ = *p;
			p++;
		}
		*to++ = *p;
	}
	*to = '\0';
}

/* The last component of PATTERN, which is cut to it: slashes at its end do not count. */
static char *
cut_last(char *pattern)
{
	size_t n;
	char *slash;

	unescape_slashes(pattern);
	n = strlen(pattern);
	while (n > 0 && pattern[n - 1] == '/')
		pattern[--n] = '\0';
	slash = strrchr(pattern, '/');
	return slash != NULL ? slash + 1 : pattern;
}

/* One word that a shell would have made names of: what of it is a pattern has no backslash before it. */
static const char *
add(struct expect *x, const char *pattern, size_t *used)
{
	struct expect_word *w = &x->words[x->n];
	char *text = x->text + *used, *last;
	bool home = quote_home(pattern) > 0;

	if (x->n == WORDS_MAX)
		return too_many;
	if (strlcpy(text, pattern, sizeof(x->text) - *used) >= sizeof(x->text) - *used)
		return too_long;
	*used += strlen(text) + 1;
	last = cut_last(text);
	home = home && last == text;
	*w = (struct expect_word){ .last = last, .pattern = pattern_is_wild(last) };
	if (!w->pattern)
		pattern_unescape(last);
	w->self = last[0] == '\0' || strcmp(last, ".") == 0 || strcmp(last, "..") == 0 ||
	    (home && last[1] == '\0');
	w->named = !w->self && !w->pattern && !home;
	x->n++;
	return NULL;
}

/* Each of the names that the braces of a word stand for. */
static const char *
add_braces(struct expect *x, const struct word *word, size_t *used)
{
	struct expansion cost, each;
	const char *why;

	expansion_init(&cost);
	expansion_init(&each);
	why = braces_expand(&cost, word->pattern, &each);
	for (size_t i = 0; why == NULL && i < each.count; i++)
		why = add(x, each.paths[i], used);
	expansion_end(&each);
	expansion_end(&cost);
	return why;
}

/* A name that means itself, as add has it. */
static const char *
add_literal(struct expect *x, const char *text, size_t *used)
{
	char pattern[WORDS_BYTES];
	size_t n = 0;

	for (const char *p = text; *p != '\0'; p++) {
		if (n + 2 >= sizeof(pattern))
			return too_long;
		if (strchr("\\*?[~", *p) != NULL)
			pattern[n++] = '\\';
		pattern[n++] = *p;
	}
	pattern[n] = '\0';
	return add(x, pattern, used);
}

/* What cannot be split may say at its end what comes all the same. */
static const char *
add_end(struct expect *x, const char *text, size_t *used)
{
	const char *slash = strrchr(text, '/'), *last = slash != NULL ? slash + 1 : text;

	if (slash != NULL && last[0] != '\0' &&
	    strpbrk(last, " \t\n'\"\\$`;&|<>(){}*?[]~#!^") == NULL)
		return add_literal(x, last, used);
	return not_clear;
}

/* Whether some shells, though not sh, would count: {1..3}. */
static bool
has_range(const char *pattern)
{
	for (const char *p = pattern; *p != '\0'; p++) {
		size_t n = *p == '{' ? 1 + strcspn(p + 1, "{},\\") : 0;

		if (n > 0 && p[n] == '}' && memmem(p, n, "..", 2) != NULL)
			return true;
		if (*p == '\\' && p[1] != '\0')
			p++;
	}
	return false;
}

/* All that the shell would make of a word that is no name yet. */
static const char *
add_pattern(struct expect *x, const struct word *word, size_t *used)
{
	return has_range(word->pattern) ? not_clear : add_braces(x, word, used);
}

/* TEXT is for the shell of the remote side: what that would make of it. */
static const char *
add_words(struct expect *x, const char *text, size_t *used)
{
	struct words *words = malloc(sizeof(*words));
	const char *why = NULL;

	if (words == NULL)
		return "there is no memory";
	if (words_split(words, text, strlen(text), &why) == -1 || words->count == 0)
		why = add_end(x, text, used);
	else
		for (size_t i = 0; why == NULL && i < words->count; i++)
			why = words->list[i].pattern != NULL ? add_pattern(x, &words->list[i], used)
			    : add_literal(x, words->list[i].text, used);
	free(words);
	return why;
}

int
expect_init(struct expect *x, const struct errand *e, const char *path, const char **why)
{
	size_t used = 0;

	x->any = e->any_name;
	x->came = false;
	x->n = 0;
	*why = x->any ? NULL : e->shell_text ? add_words(x, path, &used) : add(x, path, &used);
	return *why == NULL ? 0 : -1;
}

/* A shell leaves a pattern as it is that nothing matches, and there may be a file of that name. */
static bool
is_itself(const char *pattern, const char *name)
{
	for (; *pattern != '\0'; pattern++, name++) {
		if (*pattern == '\\' && pattern[1] != '\0')
			pattern++;
		if (*pattern != *name)
			return false;
	}
	return *name == '\0';
}

static bool
fits(const struct expect_word *w, const char *name, bool directory)
{
	if (w->self)
		return directory;
	if (w->pattern)
		return pattern_match(w->last, name, PATTERN_DOT_SPECIAL) || is_itself(w->last, name);
	return !w->named || strcmp(w->last, name) == 0;
}

/* The word that is for NAME: one that has not been met, if there is any. */
static struct expect_word *
find_word(struct expect *x, const char *name, bool directory)
{
	struct expect_word *found = NULL;

	/* Whatever a single name is called there. */
	if (x->n == 1 && x->words[0].named)
		return &x->words[0];
	for (size_t i = 0; i < x->n; i++)
		if (fits(&x->words[i], name, directory) && (found == NULL || found->met))
			found = &x->words[i];
	return found;
}

enum expect_verdict
expect_judge(struct expect *x, const char *name, bool directory, const char **as)
{
	struct expect_word *w = x->any ? NULL : find_word(x, name, directory);

	*as = name;
	if (w == NULL && !x->any)
		return EXPECT_OTHER;
	if (w != NULL && w->met && !w->pattern)
		return EXPECT_MANY;
	/* Who has asked for no certain name gets none that is no name. */
	if (strcmp(name, ".") == 0 && (w == NULL ? !directory : !w->self && !w->named))
		return EXPECT_OTHER;
	x->came = true;
	if (w == NULL)
		return strcmp(name, ".") == 0 ? EXPECT_SELF : EXPECT_TAKEN;
	w->met = true;
	if (w->self)
		return EXPECT_SELF;
	if (w->named)
		*as = w->last;
	return EXPECT_TAKEN;
}

bool
expect_is_contents(const struct errand *e, const char *path)
{
	struct expect *x = calloc(1, sizeof(*x));
	size_t used = 0;
	bool self = false;

	/* Whatever may come: this is about what was asked for. */
	if (x != NULL && (e->shell_text ? add_words(x, path, &used) : add(x, path, &used)) == NULL)
		for (size_t i = 0; i < x->n; i++)
			self = self || x->words[i].self;
	free(x);
	return self;
}

bool
expect_is_of_many(const struct expect *x)
{
	return x->any || x->n > 1 || (x->n == 1 && x->words[0].pattern);
}

bool
expect_is_met(const struct expect *x)
{
	return x->came;
}
