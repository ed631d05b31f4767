/* SPDX-License-Identifier: ISC */
/*
 * What a person calls something, a NUL, and a name that comes.  A host is none that ssh would take for an
 * option, or a shell for more; what is no URI is put together again from its parts.  The path, quoted, is one
 * word, which says the same to a shell: the same bytes, and as much of a pattern.  What may come for it is the
 * same whether we, or a shell, say so.
 */
#include <string.h>

#include "errand/expect.h"
#include "errand/operand.h"
#include "errand/quote.h"
#include "fuzz.h"
#include "text/pattern.h"
#include "text/utf8.h"

enum {
	SAID_MAX = 1024		/* bytes */
};

static struct words words;
static struct expect asked, told;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

/* What is in none, as an option or to a shell. */
static void
check_name(const char *name, const char *none)
{
	REQUIRE(name[0] != '-', "\"%s\"", name);
	REQUIRE(strpbrk(name, none) == NULL, "\"%s\"", name);
	for (const char *p = name; *p != '\0'; p++)
		REQUIRE((unsigned char)*p >= ' ' && *p != '\177', "\"%s\"", name);
}

/* Of one that is no URI, the parts are the text, but for brackets, an @ without a user, and a path that is ".". */
static void
check_parts(const struct operand *o)
{
	const char *behind = o->said + strlen(o->said) - strlen(o->path);
	char text[2 * SAID_MAX];
	bool bare = false;

	if (strncmp(o->said, "scp://", strlen("scp://")) == 0)
		return;
	for (int i = 0; i < 8 && !bare; i++) {
		snprintf(text, sizeof(text), "%s%s%s%s%s:%s", o->user, (i & 1) != 0 ? "@" : "",
		    (i & 2) != 0 ? "[" : "", o->host, (i & 2) != 0 ? "]" : "",
		    (i & 4) != 0 ? "" : o->path);
		bare = strcmp(text, o->said) == 0;
	}
	REQUIRE(bare, "\"%s\" \"%s\" \"%s\"", o->user, o->host, behind);
}

static void
check_remote(const struct operand *o)
{
	REQUIRE(o->host[0] != '\0' && o->path[0] != '\0', "\"%s\"", o->said);
	check_name(o->user, "'`\";&<>|(){}");
	check_name(o->host, "'`\";&<>|(){}$\\, /@");
	REQUIRE(o->port <= 65535, "%u", o->port);
	check_parts(o);
}

/* QUOTED is a word of a shell: its only one. */
static const struct word *
split(const char *quoted)
{
	const char *why = NULL;

	REQUIRE(words_split(&words, quoted, strlen(quoted), &why) == 0, "<%s>: %s", quoted, why);
	REQUIRE(words.count == 1, "<%s>: %zu words", quoted, words.count);
	return &words.list[0];
}

/* Behind what keeps a word from being an option. */
static const char *
bare(const char *word, const char *path)
{
	return strncmp(word, "./", 2) == 0 && strncmp(path, "./", 2) != 0 ? word + 2 : word;
}

static void
check_target(const char *path)
{
	static char quoted[4 * SAID_MAX + 4];
	size_t len = quote_path(quoted, sizeof(quoted), path, QUOTE_TARGET);
	const struct word *word;

	REQUIRE(len > 0 && len == strlen(quoted), "%zu", len);
	REQUIRE(quoted[0] != '-', "<%s>", quoted);
	word = split(quoted);
	REQUIRE(strcmp(bare(word->text, path), path) == 0, "<%s>", quoted);
	REQUIRE((word->pattern != NULL) == (quote_home(path) > 0), "<%s>", quoted);
}

/* Two stars are one, and a backslash is gone. */
static void
simplify(char *path)
{
	char *to = path;

	for (const char *p = path; *p != '\0'; p++) {
		size_t n = pattern_set_length(p);

		if (n > 0 && memchr(p, '/', n) == NULL) {
			memmove(to, p, n);
			to += n;
			p += n - 1;
			continue;
		}
		if (p[0] == '*' && p[1] == '*')
			continue;
		if (p[0] == '\\' && p[1] != '\0')
			*to++ = *p++;
		*to++ = *p;
	}
	*to = '\0';
	pattern_unescape(path);
}

/* A backslash within a character keeps it from being one, for who reads backslashes: no shell tells us of those. */
static bool
parts_character(const char *path)
{
	for (const char *p = strchr(path, '\\'); p != NULL; p = strchr(p + 1, '\\'))
		if (utf8_is_inner(p[1]))
			return true;
	return false;
}

static void
check_source(const char *path, const char *name)
{
	static char quoted[4 * SAID_MAX + 4], plain[SAID_MAX + 1];
	const struct errand ours = { .shell_text = false }, theirs = { .shell_text = true };
	const struct word *word;
	const char *why = NULL;

	REQUIRE(quote_path(quoted, sizeof(quoted), path, QUOTE_SOURCE) > 0, "\"%s\"", path);
	REQUIRE(quoted[0] != '-', "<%s>", quoted);
	word = split(quoted);
	strcpy(plain, path);
	simplify(plain);
	REQUIRE(strcmp(bare(word->text, plain), plain) == 0, "<%s> is not \"%s\"", word->text,
	    plain);
	REQUIRE(expect_init(&asked, &ours, path, &why) == 0, "\"%s\": %s", path, why);
	REQUIRE(expect_init(&told, &theirs, quoted, &why) == 0, "<%s>: %s", quoted, why);
	for (int i = 0; i < 4 && !parts_character(path); i++) {
		const char *as = NULL, *too = NULL;
		enum expect_verdict verdict = expect_judge(&asked, name, i % 2 == 0, &as);

		REQUIRE(expect_judge(&told, name, i % 2 == 0, &too) == verdict, "<%s>: \"%s\"",
		    quoted, name);
		REQUIRE(verdict != EXPECT_TAKEN || strcmp(as, too) == 0, "<%s>: \"%s\", \"%s\"",
		    quoted, as, too);
		REQUIRE(strchr(as, '/') == NULL || strchr(name, '/') != NULL, "\"%s\"", as);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char both[SAID_MAX + 2];
	const char *why = NULL, *name;
	struct operand o;

	if (size > SAID_MAX)
		return 0;
	if (size > 0)
		memcpy(both, data, size);
	both[size] = both[size + 1] = '\0';
	name = both + strlen(both) + 1;
	if (operand_parse(&o, both, &why) == -1) {
		REQUIRE(why != NULL && o.text == NULL, "\"%s\"", both);
		return 0;
	}
	if (o.remote) {
		check_remote(&o);
		check_target(o.path);
		check_source(o.path, name);
	} else {
		REQUIRE(strcmp(o.path, both) == 0, "\"%s\"", o.path);
	}
	operand_end(&o);
	return 0;
}
