/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "commands/known.h"
#include "commands/verbs.h"

/* scp -f changes nothing; what -t is, among bundled letters, is told by the words that are options. */
static bool
is_upload(const struct words *w, size_t from)
{
	for (size_t i = from; i < w->count && w->list[i].text[0] == '-'; i++)
		if (strchr(w->list[i].text, 't') != NULL)
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
