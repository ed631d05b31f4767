/* SPDX-License-Identifier: ISC */
#include <errno.h>

#include "deeds/acts.h"
#include "deeds/refuse.h"
#include "deeds/tree.h"
#include "deeds/walk.h"

enum {
	PASSES = 64	/* through one directory: some filesystems skip entries once others are removed */
};

/* What is there, for who changes it, and all that is in it: -1 with *ANSWER. */
static int
look(struct deeds *d, const struct spot *s, struct stat *st, struct answer *a)
{
	const char *why;

	if (spot_stat(d, s, st) == -1)
		return refuse_change(d, s->plain, errno, a);
	why = S_ISDIR(st->st_mode) ? NULL : spot_denies_file(d, s);
	if (why != NULL)
		return refuse_telling(d, s->plain, EACCES, why, a);
	why = S_ISDIR(st->st_mode) ? policy_denies_recursion(d->policy) : NULL;
	return why == NULL ? 0 : refuse_openly(d, s->plain, EACCES, why, a);
}

static int
meet_to_remove(struct walk *w, const struct stat *st, struct answer *a)
{
	if (!S_ISDIR(st->st_mode))
		return act_remove(w->d, &w->spot, AUDIT_REMOVE, a);
	return act_judge_removal(w->d, &w->spot, a) == -1 ? -1 : WALK_IN;
}

/*
 * It goes when it is empty.  Where it is not, although everything in it went, something was skipped, or is
 * new.
 */
static int
leave_removed(struct walk *w, struct walk_level *l, struct answer *a)
{
	bool retry = l->changed && l->passes < PASSES;
	int end;

	if (l->stays)
		return WALK_ON;
	w->d->muted = retry;
	end = act_remove(w->d, &w->spot, AUDIT_RMDIR, a);
	w->d->muted = false;
	return end == 0 ? WALK_ON : retry ? WALK_AGAIN : -1;
}

/* What was asked for is at S, which was found: begins there. */
static int
walk(struct deeds *d, const struct spot *s, const struct walk_visitor *v, const void *wish,
    const struct answer_hearer *hearer)
{
	struct answer a = { 0, NULL };
	struct stat st;
	struct walk w;

	if (look(d, s, &st, &a) == -1)
		return hearer->hear(hearer->context, "", &a);
	walk_init(&w, d, s, hearer);
	w.wish = wish;
	return walk_run(&w, &st, v);
}

/* WHY: there is no such right; NULL: there is. */
static int
begin(struct deeds *d, const char *path, const char *why, struct spot *s, struct answer *a)
{
	if (spot_judge_direction(d, path, true, a) == -1)
		return -1;
	return why != NULL ? spot_refuse(d, path, why, a) : spot_find(d, path, SPOT_ANYTHING, s, a);
}

int
tree_remove(struct deeds *d, const char *path, const struct answer_hearer *hearer)
{
	static const struct walk_visitor visitor = { meet_to_remove, leave_removed };
	const char *why = d->policy->remove == RIGHT_NO ? "removing is not allowed" : NULL;
	struct answer a = { 0, NULL };
	struct spot s;
	int end;

	if (begin(d, path, why, &s, &a) == -1)
		return hearer->hear(hearer->context, "", &a);
	end = walk(d, &s, &visitor, NULL, hearer);
	spot_close(&s);
	return end;
}

/* A directory before what is in it: that it may be read may be what is wished for. */
static int
meet_to_set(struct walk *w, const struct stat *st, struct answer *a)
{
	const bool dir = S_ISDIR(st->st_mode);

	if (S_ISLNK(st->st_mode))
		return WALK_ON;
	if (act_set(w->d, &w->spot, w->wish, a) == 0)
		return dir ? WALK_IN : WALK_ON;
	if (!dir)
		return -1;
	walk_report(w, a);
	return WALK_IN;
}

int
tree_set(struct deeds *d, const char *path, const struct wish *wish, const struct answer_hearer *hearer)
{
	static const struct walk_visitor visitor = { meet_to_set, NULL };
	const char *why = d->policy->attributes == RIGHT_NO ? "setting attributes is not allowed" : NULL;
	struct answer a = { 0, NULL };
	struct spot s;
	int end;

	if (begin(d, path, why, &s, &a) == -1)
		return hearer->hear(hearer->context, "", &a);
	end = walk(d, &s, &visitor, wish, hearer);
	spot_close(&s);
	return end;
}
