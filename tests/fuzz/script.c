/* SPDX-License-Identifier: ISC */
/*
 * A script.  Its lines end in the same places however their bytes come, and each is cut into commands
 * that stand in it, in their order; what is no syntax is said by script alone, but for a $, a NUL and
 * too many words.  Commands, their words quoted and put together, are a line with the same commands.
 * Values leave no variable, and a pattern is its text.
 */
#include <string.h>

#include "commands/variables.h"
#include "fuzz.h"
#include "text/pattern.h"
#include "text/reading.h"
#include "text/script.h"

enum {
	TEXT_MAX = 4096,	/* bytes */
	QUOTED_MAX = 8 * TEXT_MAX
};

static struct script script, again;
static struct words words, others;
static char room[VARIABLES_ROOM];

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

static size_t
read_line(const char *text, size_t len, size_t piece, enum reading_end *end)
{
	struct reading r;
	size_t at = 0;

	reading_begin(&r);
	*end = READING_GOES_ON;
	while (at < len && *end == READING_GOES_ON)
		at += reading_take(&r, text + at, piece < len - at ? piece : len - at, end);
	return at;
}

/* Appends TEXT between single quotes, and a blank. */
static char *
quote(char *p, const char *text)
{
	*p++ = '\'';
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			p = stpcpy(p, "'\\'");
		*p++ = *text;
	}
	return stpcpy(p, "' ");
}

/* The Nth command is what WORDS has, quoted, and says the same again. */
static void
check_quoted(size_t n)
{
	static const char *const joints[] = { ";", "&&", "||" };
	static char line[QUOTED_MAX];
	const struct script_command *c = &script.list[n];
	const char *why;
	char *at = stpcpy(stpcpy(line, ": "), joints[c->joint]);

	for (size_t i = 0; i < words.count; i++)
		at = quote(at, words.list[i].text);
	script_cut(&again, line, (size_t)(at - line));
	REQUIRE(again.count == (words.count > 0 || c->joint != SCRIPT_ALWAYS ? 2 : 1), "%zu", again.count);
	if (words.count == 0)
		return;
	REQUIRE(again.list[1].why == NULL && again.list[1].joint == c->joint, "%s", line);
	REQUIRE(again.list[1].assigned == 0, "%s", line);
	REQUIRE(words_split(&others, again.list[1].text, again.list[1].len, &why) == 0, "%s", why);
	REQUIRE(others.count == words.count, "%zu words, not %zu", others.count, words.count);
	for (size_t i = 0; i < words.count; i++)
		REQUIRE(strcmp(words.list[i].text, others.list[i].text) == 0, "word %zu", i);
}

/* Nobody but script finds out that this is no syntax, but for what depends on the command. */
static void
check_reason(const char *why)
{
	REQUIRE(strcmp(why, words_refuse_bare('$')) == 0 || strcmp(why, "it has a NUL byte") == 0 ||
	    strcmp(why, "it has too many words") == 0, "%s", why);
}

static void
check_variables(const struct script_command *c)
{
	static const struct variables v = { .status = 1, .start = "a", .here = "*{b,c}", .user = "~" };
	static char text[VARIABLES_ROOM];
	const char *why;

	if (words_split_live(&words, c->text, c->len, &why) == -1) {
		check_reason(why);
		return;
	}
	REQUIRE(words.count >= c->assigned, "%zu words", words.count);
	if (variables_put(&v, &words, room, &why) == -1)
		return;
	for (size_t i = 0; i < words.count; i++) {
		if (words.list[i].pattern == NULL)
			continue;
		strcpy(text, words.list[i].pattern);
		pattern_unescape(text);
		REQUIRE(strcmp(text, words.list[i].text) == 0, "\"%s\" is \"%s\"", words.list[i].text,
		    text);
	}
}

static void
check_command(size_t n)
{
	const struct script_command *c = &script.list[n];
	const char *why;

	if (c->why != NULL)
		return;
	check_variables(c);
	if (words_split(&words, c->text, c->len, &why) == -1) {
		check_reason(why);
		return;
	}
	REQUIRE(words.count >= c->assigned, "%zu words", words.count);
	check_quoted(n);
}

/* What was cut stands in the line, in its order, and only what redirects has changed. */
static void
check_places(const char *sent, const char *line, size_t len)
{
	const char *behind = line;

	REQUIRE(script.count <= SCRIPT_COMMANDS + 1, "%zu", script.count);
	for (size_t i = 0; i < script.count; i++) {
		const struct script_command *c = &script.list[i];

		/* An operator without a command on either side stands for both. */
		REQUIRE(c->text >= behind || (c->why != NULL && c->text + c->len == behind), "%zu", i);
		behind = c->text + c->len;
		REQUIRE(behind <= line + len, "command %zu ends behind the line", i);
	}
	for (size_t i = 0; i < len; i++)
		REQUIRE(line[i] == sent[i] || (line[i] == ' ' && strchr("12<>&/devnul\t", sent[i]) != NULL),
		    "byte %zu was changed", i);
	REQUIRE(script.comment == NULL || (script.comment > line &&
	    script.comment[-1] == '#' && script.comment + script.comment_len <= line + len), "comment");
}

static void
check_line(const char *text, size_t len)
{
	static char line[TEXT_MAX + 1];

	memcpy(line, text, len);
	line[len] = '\0';
	script_cut(&script, line, len);
	check_places(text, line, len);
	for (size_t i = 0; i < script.count; i++)
		check_command(i);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	enum reading_end end = READING_ENDS;

	if (size > TEXT_MAX)
		return 0;
	for (size_t at = 0; at < size && end == READING_ENDS;) {
		enum reading_end same;
		size_t len = read_line(text + at, size - at, size, &end);

		REQUIRE(read_line(text + at, size - at, 1, &same) == len && same == end, "by bytes");
		REQUIRE(read_line(text + at, len - 1, len, &same) == len - 1 && same == READING_GOES_ON, "early");
		REQUIRE(end == READING_GOES_ON ? at + len == size : text[at + len - 1] == '\n', "end");
		check_line(text + at, end == READING_GOES_ON ? len : len - 1);
		at += len;
	}
	return 0;
}
