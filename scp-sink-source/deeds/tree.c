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

int
tree_remove(struct deeds *d, const char *path, answer_report_fn *report, void *context)
{
	static const struct walk_visitor visitor = { meet_to_remove, leave_removed };
	struct answer a = { 0, NULL };
	struct walk w;
	struct spot s;
	struct stat st;
	int end;

	if (spot_judge_direction(d, path, true, &a) == 0 &&
	    (d->policy->remove != RIGHT_NO || spot_refuse(d, path, "removing is not allowed", &a) == 0) &&
	    spot_find(d, path, SPOT_ANYTHING, &s, &a) == 0) {
		end = look(d, &s, &st, &a);
		if (end == 0) {
			walk_init(&w, d, &s, report, context);
			end = walk_run(&w, &st, &visitor);
			spot_close(&s);
			return end;
		}
		spot_close(&s);
	}
	return report(context, "", &a);
}
