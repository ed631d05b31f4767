/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "commands/known.h"
#include "commands/verbs.h"
#include "text/reading.h"

const char known_not_found[] = "command not found";
const char known_not_served[] = "not done: something else on this line is not served";
const char known_too_deep[] = "scripts are too deep in one another";

enum {
	READER_MAX = 16		/* bytes of the longest name of those that read, NUL included */
};

/* scp -f changes nothing; -t stands among bundled letters, and may do so behind the value of another. */
static bool
is_upload(const struct words *w, size_t from)
{
	for (size_t i = from; i < w->count && strcmp(w->list[i].text, "--") != 0; i++)
		if (w->list[i].text[0] == '-' && strchr(w->list[i].text, 't') != NULL)
			return true;
	return false;
}

/*
 * The words of C: 0, -1.  Variables mean something to a few verbs; to all
 * others a $ in double quotes is itself, and a bare one is no syntax.
 */
static int
split(struct words *w, const struct script_command *c, struct known *k)
{
	int end = words_split(w, c->text, c->len, &k->why);
	const char *none;

	if (end == -1 && words_split_live(w, c->text, c->len, &none) == -1)
		return -1;
	k->empty = c->assigned >= w->count;
	k->verb = k->empty ? NULL : verbs_find(w->list[c->assigned].text);
	if (k->verb == NULL || (k->verb->flags & VERB_VARIABLES) == 0)
		return end;
	return words_split_live(w, c->text, c->len, &k->why);
}

/* Which word of W the verb is that the one at FIRST comes to: it is behind each exec. */
static size_t
find_deed(const struct words *w, size_t first)
{
	const struct verb *verb = verbs_find(w->list[first].text);

	while (verb != NULL && (verb->flags & VERB_EXEC) != 0 && first + 1 < w->count)
		verb = verbs_find(w->list[++first].text);
	return first;
}

struct known
known_look(struct words *w, const struct script_command *c)
{
	struct known k = { .why = c->why };

	if (k.why != NULL || split(w, c, &k) == -1 || k.verb == NULL)
		return k;
	k.at = find_deed(w, c->assigned);
	k.deed = verbs_find(w->list[k.at].text);
	if (k.deed != NULL)
		k.changes = strcmp(k.deed->name, "scp") == 0 ? is_upload(w, k.at + 1)
		    : (k.deed->flags & VERB_CHANGES) != 0;
	return k;
}

static bool are_served(struct words *, const struct script *, unsigned depth);

/* Whether the script TEXT, which changes, has nothing that is not served; W is room for its words. */
static bool
is_text_served(struct words *w, char *text, unsigned depth)
{
	size_t len = strlen(text), at = 0;
	enum reading_end end = READING_ENDS;
	struct reading reading;
	struct script script;
	bool served = true;

	while (served && at < len) {
		size_t n;

		reading_begin(&reading);
		n = reading_take(&reading, text + at, len - at, &end);
		script_cut(&script, text + at, end == READING_GOES_ON ? n : n - 1);
		served = end != READING_ASTRAY && are_served(w, &script, depth);
		at += n;
	}
	return served;
}

/* The same of a script that is a word, which stays as it is. */
static bool
is_word_served(const char *word, unsigned depth)
{
	struct words *w = malloc(sizeof(*w));
	char *text = strdup(word);
	bool served = w != NULL && text != NULL && is_text_served(w, text, depth);

	free(text);
	free(w);
	return served;
}

const char *
known_script(const struct words *w, const struct known *k)
{
	const struct word *words = w->list + k->at;

	if (k->deed == NULL || (k->deed->flags & VERB_SHELL) == 0 || k->at + 3 != w->count ||
	    strcmp(words[1].text, "-c") != 0)
		return NULL;
	return words[2].text;
}

/* Whether there is such a verb, and it is served with all that it would carry out in turn. */
static bool
is_served(const struct words *w, const struct known *k, unsigned depth)
{
	const char *script = known_script(w, k);

	/* What is too deep is said to be that, and not carried out. */
	return k->deed != NULL && (script == NULL || depth == KNOWN_DEPTH || is_word_served(script, depth + 1));
}

static bool
are_served(struct words *w, const struct script *script, unsigned depth)
{
	for (size_t i = 0; i < script->count; i++) {
		const struct script_command *c = &script->list[i];
		struct known k = known_look(w, c);

		if (k.why != NULL || (!k.empty && !is_served(w, &k, depth)))
			return false;
	}
	return true;
}

bool
known_is_served(struct words *w, const struct script *script)
{
	return are_served(w, script, 0);
}

/* Programs through which clients of shells send files, besides those that there are. */
static const char *const readers[] = { "dd", "head", "tee" };

static bool
reads(const char *word)
{
	const struct verb *verb = verbs_find(word);

	if (verb != NULL)
		return (verb->flags & VERB_READS) != 0;
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
		if (strcmp(readers[i], word) == 0)
			return true;
	return false;
}

/* What is no syntax is known by how it begins: "cat >f", but not "cat <f". */
static bool
begins_to_read(const struct script_command *c)
{
	size_t len = 0;
	char word[READER_MAX];

	while (len < c->len && strchr(" \t\n;&|<>()", c->text[len]) == NULL)
		len++;
	if (len >= sizeof(word) || memchr(c->text, '<', c->len) != NULL)
		return false;
	memcpy(word, c->text, len);
	word[len] = '\0';
	return reads(word);
}

/* Whether one of the LEN bytes at TEXT, which are what is behind scp, is the option -t. */
static bool
says_upload(const char *text, size_t len)
{
	for (size_t i = 0; i + 1 < len; i++)
		if (text[i] == '-' && strchr(" \t", text[i - 1]) != NULL)
			for (; i < len && strchr(" \t", text[i]) == NULL; i++)
				if (text[i] == 't')
					return true;
	return false;
}

/* The same behind a verb that nobody knows, as sudo is, or in what is no syntax. */
static bool
has_upload(const struct script_command *c)
{
	static const char scp[] = "scp";
	const size_t n = sizeof(scp) - 1;

	for (size_t i = 0; i + n < c->len; i++)
		if (memcmp(c->text + i, scp, n) == 0 && strchr(" \t", c->text[i + n]) != NULL &&
		    (i == 0 || strchr(" \t/;&|('\"`", c->text[i - 1]) != NULL) &&
		    says_upload(c->text + i + n + 1, c->len - i - n - 1))
			return true;
	return false;
}

bool
known_would_take_file(const struct script_command *c, const struct known *k)
{
	if (k->why == NULL && k->deed != NULL)
		return strcmp(k->deed->name, "scp") == 0 && k->changes;
	return (k->why != NULL || !k->empty) && has_upload(c);
}

bool
known_would_read(const struct words *w, const struct script_command *c, const struct known *k)
{
	if (k->why != NULL)
		return begins_to_read(c);
	if (k->empty || c->no_input || !reads(w->list[c->assigned].text))
		return false;
	for (size_t i = c->assigned + 1; i < w->count; i++)
		if (k->verb != NULL ? w->list[i].text[0] != '-' : strncmp(w->list[i].text, "if=", 3) == 0)
			return false;
	return true;
}
