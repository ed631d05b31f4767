/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "commands/known.h"
#include "commands/verbs.h"

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

struct known
known_look(struct words *w, const struct script_command *c)
{
	struct known k = { .why = c->why };

	if (k.why != NULL || split(w, c, &k) == -1 || k.verb == NULL)
		return k;
	k.changes = strcmp(k.verb->name, "scp") == 0 ? is_upload(w, c->assigned + 1)
	    : (k.verb->flags & VERB_CHANGES) != 0;
	return k;
}

bool
known_is_served(struct words *w, const struct script *script)
{
	for (size_t i = 0; i < script->count; i++) {
		struct known k = known_look(w, &script->list[i]);

		if (k.why != NULL || (!k.empty && k.verb == NULL))
			return false;
	}
	return true;
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
