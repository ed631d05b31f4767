/* SPDX-License-Identifier: ISC */
/*
 * A command.  Its words, quoted and put together, are a command with the same words; what is in
 * them was in the command, in that order; and where nothing is special, words are what is between
 * blanks.
 */
#include <string.h>

#include "fuzz.h"
#include "text/pattern.h"
#include "text/words.h"

#define SPECIAL "\\'\"$`;&|<>()*?[{~\n"

enum {
	COMMAND_MAX = 4096	/* bytes; quoted, each may take four */
};

static struct words words, again;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

/* Appends TEXT between single quotes. */
static size_t
quote(char *to, const char *text)
{
	char *p = to;

	*p++ = '\'';
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			p = stpcpy(p, "'\\'");
		*p++ = *text;
	}
	*p++ = '\'';
	*p++ = ' ';
	return (size_t)(p - to);
}

static void
check_quoted(void)
{
	static char command[WORDS_BYTES];
	const char *why = NULL;
	size_t len = 0;

	for (size_t i = 0; i < words.count; i++)
		len += quote(command + len, words.list[i].text);
	REQUIRE(words_split(&again, command, len, &why) == 0, "%s", why);
	REQUIRE(again.count == words.count, "%zu words, not %zu", again.count, words.count);
	for (size_t i = 0; i < words.count; i++) {
		REQUIRE(strcmp(again.list[i].text, words.list[i].text) == 0, "word %zu", i);
		REQUIRE(again.list[i].pattern == NULL, "word %zu is a pattern", i);
	}
}

/* Every byte of the words is one of the command, none twice, and in its order. */
static void
check_origin(const char *command, size_t len)
{
	size_t at = 0;

	for (size_t i = 0; i < words.count; i++)
		for (const char *p = words.list[i].text; *p != '\0'; p++, at++) {
			while (at < len && command[at] != *p)
				at++;
			REQUIRE(at < len, "word %zu has a byte from nowhere", i);
		}
}

/* A pattern whose backslashes are removed is the text. */
static void
check_patterns(void)
{
	static char text[2 * COMMAND_MAX + 1];

	for (size_t i = 0; i < words.count; i++) {
		if (words.list[i].pattern == NULL)
			continue;
		REQUIRE(strlen(words.list[i].pattern) < sizeof(text), "word %zu is long", i);
		strcpy(text, words.list[i].pattern);
		pattern_unescape(text);
		REQUIRE(strcmp(text, words.list[i].text) == 0, "word %zu: \"%s\"", i, text);
	}
}

static void
check_plain(char *command)
{
	size_t n = 0;

	for (char *w = strtok(command, " \t"); w != NULL; w = strtok(NULL, " \t"), n++) {
		REQUIRE(n < words.count, "too few words");
		REQUIRE(strcmp(w, words.list[n].text) == 0, "\"%s\" is another", w);
		REQUIRE(words.list[n].pattern == NULL, "\"%s\" is a pattern", w);
	}
	REQUIRE(n == words.count, "%zu words, not %zu", words.count, n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char command[COMMAND_MAX + 1];
	const char *why = NULL;
	int end;

	if (size > COMMAND_MAX)
		return 0;
	if (size > 0)
		memcpy(command, data, size);
	command[size] = '\0';
	end = words_split(&words, command, size, &why);
	REQUIRE((end == 0) == (why == NULL), "%d", end);
	if (strlen(command) != size)
		REQUIRE(end == -1, "a NUL was taken");
	if (end == -1)
		return 0;
	check_origin(command, size);
	check_patterns();
	check_quoted();
	if (strpbrk(command, SPECIAL) == NULL)
		check_plain(command);
	return 0;
}
