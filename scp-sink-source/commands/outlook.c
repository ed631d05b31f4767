/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "commands/known.h"
#include "commands/outlook.h"
#include "commands/verbs.h"
#include "text/reading.h"
#include "text/script.h"

/* What each flag of a verb asks of a policy, and what is said where that has it not. */
struct need {
	unsigned    flag;
	bool	  (*has)(const struct policy *);
	const char *why;	/* NULL: what the policy says */
};

static bool
has_list(const struct policy *p)
{
	return p->list != RIGHT_NO;
}

static bool
has_reveal(const struct policy *p)
{
	return p->reveal == POLICY_YES;
}

static bool
has_download(const struct policy *p)
{
	return !p->upload_only;
}

static bool
has_upload(const struct policy *p)
{
	return !p->download_only;
}

static bool
has_mkdir(const struct policy *p)
{
	return p->mkdir == POLICY_YES;
}

static bool
has_remove(const struct policy *p)
{
	return p->remove != RIGHT_NO;
}

static bool
has_rename(const struct policy *p)
{
	return p->rename != RIGHT_NO;
}

static bool
has_attributes(const struct policy *p)
{
	return p->attributes != RIGHT_NO;
}

static bool
has_links(const struct policy *p)
{
	return p->make_links == POLICY_YES;
}

static bool
has_recursion(const struct policy *p)
{
	return policy_denies_recursion(p) == NULL;
}

static const struct need needs[] = {
	{ VERB_NEEDS_DOWNLOAD, has_download, "downloads are not allowed" },
	{ VERB_NEEDS_UPLOAD | VERB_NEEDS_MKDIR | VERB_NEEDS_REMOVE | VERB_NEEDS_RENAME |
	    VERB_NEEDS_ATTRIBUTES | VERB_NEEDS_LINKS, has_upload, "uploads are not allowed" },
	{ VERB_NEEDS_REVEAL, has_reveal, "the room that is left is not told" },
	{ VERB_NEEDS_RECURSION, has_recursion, NULL },
	{ VERB_NEEDS_MKDIR, has_mkdir, "new directories are not allowed" },
	{ VERB_NEEDS_REMOVE, has_remove, "removing is not allowed" },
	{ VERB_NEEDS_RENAME, has_rename, "renaming is not allowed" },
	{ VERB_NEEDS_ATTRIBUTES, has_attributes, "setting attributes is not allowed" },
	{ VERB_NEEDS_LINKS, has_links, "making links is not allowed" },
};

/* Whether one of LETTERS is an option of the verb that is word AT, none of whose letters has a value. */
static bool
has_option(const struct words *w, size_t at, const char *letters)
{
	for (size_t i = at + 1; i < w->count; i++) {
		const char *word = w->list[i].text;

		if (word[0] != '-' || strcmp(word, "--") == 0)
			return false;
		if (word[1] != '-' && strpbrk(word, letters) != NULL)
			return true;
	}
	return false;
}

/* Why the policy has no such command where directories are concerned, or NULL. */
static const char *
deny_directories(const struct policy *p, const struct known *k, const struct words *w)
{
	static const char *const walkers[][2] = {	/* and the options that make them walk */
		{ "chgrp", "R" }, { "chmod", "R" }, { "chown", "R" }, { "cp", "aRr" }, { "rm", "Rr" }
	};

	if ((k->deed->flags & VERB_NEEDS_LIST) != 0 && !has_list(p) && !has_option(w, k->at, "d"))
		return k->at + 1 < w->count ? "of directories: listing is not allowed"
		    : "listing is not allowed";
	for (size_t i = 0; i < sizeof(walkers) / sizeof(walkers[0]) && !has_recursion(p); i++)
		if (strcmp(k->deed->name, walkers[i][0]) == 0 && has_option(w, k->at, walkers[i][1]))
			return policy_denies_recursion(p);
	return NULL;
}

/* Why the policy has no such command at all, or NULL. */
static const char *
deny(const struct policy *p, const struct known *k, const struct words *w)
{
	const struct verb *v = k->deed;

	if (v == NULL)
		return known_not_found;
	if (strcmp(v->name, "scp") == 0)
		return policy_denies_copy(p, k->changes);
	if (strcmp(v->name, "sftp-server") == 0)
		return policy_denies_protocol(p, true);
	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
		if ((v->flags & needs[i].flag) != 0 && !needs[i].has(p))
			return needs[i].why != NULL ? needs[i].why : policy_denies_recursion(p);
	return deny_directories(p, k, w);
}

/* What is asked of each command of a script, until it says to stop: true when it did. */
typedef bool visit(void *, struct words *, const struct script_command *, bool served);

static bool
visit_line(struct words *w, char *line, size_t len, bool part, visit *v, void *visitor)
{
	struct script script;
	bool served;

	script_cut(&script, line, len);
	served = part && known_is_served(w, &script);
	for (size_t i = 0; i < script.count; i++)
		if (v(visitor, w, &script.list[i], served))
			return true;
	return false;
}

/* PART: what it is within is served. */
static void
visit_all(const char *text, bool part, visit *v, void *visitor)
{
	struct words *w = malloc(sizeof(*w));
	char *copy = strdup(text);
	size_t len = strlen(text), at = 0;
	enum reading_end end = READING_ENDS;
	struct reading reading;

	while (w != NULL && copy != NULL && at < len && end != READING_ASTRAY) {
		size_t n;

		reading_begin(&reading);
		n = reading_take(&reading, copy + at, len - at, &end);
		if (visit_line(w, copy + at, end == READING_GOES_ON ? n : n - 1, part, v, visitor))
			break;
		at += n;
	}
	free(copy);
	free(w);
}

/* Whom outlook_tell tells. */
struct listener {
	const struct policy *policy;
	void (*tell)(void *, const struct outlook *);
	void *context;
	unsigned depth;
};

static bool	tell_one(void *, struct words *, const struct script_command *, bool);

/* What is within a command, as if it stood behind it. */
static void
tell_within(struct listener *l, const char *script, bool served)
{
	if (l->depth == KNOWN_DEPTH)
		return;
	l->depth++;
	visit_all(script, served, tell_one, l);
	l->depth--;
}

/* What would become of a command that is K. */
static const char *
foresee(const struct listener *l, const struct words *w, const struct known *k, bool served)
{
	if (k->verb == NULL)
		return known_not_found;
	if (!served && k->changes)
		return known_not_served;
	if (l->depth == KNOWN_DEPTH && k->deed != NULL && (k->deed->flags & VERB_SHELL) != 0)
		return known_too_deep;
	return deny(l->policy, k, w);
}

static bool
tell_one(void *visitor, struct words *w, const struct script_command *c, bool served)
{
	struct listener *l = visitor;
	struct known k = known_look(w, c);
	struct outlook o = { .text = c->text, .len = c->len, .why = k.why, .depth = l->depth };
	const char *script = NULL;
	size_t first = c->assigned;

	if (k.why == NULL && !k.empty) {
		o.verb = k.verb != NULL ? k.verb->name : NULL;
		o.operands = w->list + first + 1;
		o.count = w->count - first - 1;
		o.why = foresee(l, w, &k, served);
		script = known_script(w, &k);
	}
	l->tell(l->context, &o);
	if (script != NULL)
		tell_within(l, script, served);
	return false;
}

void
outlook_tell(const char *script, const struct policy *policy,
    void (*tell)(void *, const struct outlook *), void *context)
{
	struct listener l = { .policy = policy, .tell = tell, .context = context };

	visit_all(script, true, tell_one, &l);
}

/* What of a script was seen so far. */
struct sight {
	bool ours, unknown;
};

static bool
see_one(void *visitor, struct words *w, const struct script_command *c, bool served)
{
	struct sight *s = visitor;
	struct known k = known_look(w, c);

	(void)served;
	s->ours = k.why == NULL && (k.verb != NULL || k.empty);
	s->unknown = s->unknown || k.why == NULL;
	return s->ours;
}

bool
outlook_is_ours(const char *script, int *status)
{
	struct sight s = { .ours = false };

	visit_all(script, true, see_one, &s);
	*status = s.unknown ? JOB_UNKNOWN : JOB_MISUSED;
	return s.ours;
}
