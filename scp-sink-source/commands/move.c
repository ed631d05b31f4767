/* SPDX-License-Identifier: ISC */
/* Commands about where things are: mv, ln. */
#include <errno.h>
#include <string.h>

#include "commands/target.h"
#include "commands/verbs.h"
#include "text/text.h"

/* Which of both names the reason is about. */
static const char *
about(const struct passage *p, const struct answer *a)
{
	return a->err == EEXIST || a->err == ENOTEMPTY || a->err == EISDIR ? p->to_said
	    : p->from_said;
}

/* rename(2) does nothing to a file that has both names, and calls that success. */
static bool
is_same(struct job *j, const struct passage *p)
{
	struct stat from, to;

	return deeds_peek(j->deeds, p->from, DEEDS_HOLD, &from) &&
	    deeds_peek(j->deeds, p->to, DEEDS_HOLD, &to) &&
	    from.st_dev == to.st_dev && from.st_ino == to.st_ino;
}

static int
move(struct job *j, const struct passage *p)
{
	const enum deeds_onto onto = job_has(j, 'n') ? DEEDS_SPARE : DEEDS_REPLACE;
	struct answer a = { 0, NULL };

	if (target_is_dots(p->from_said))
		return job_say(j, p->from_said, text_error(EBUSY));
	if (target_check_slash(j, p->from_said, p->from) != 0 ||
	    target_check_slash(j, p->to_said, p->from) != 0)
		return JOB_FAILED;
	if (is_same(j, p))
		return job_say(j, p->from_said, "both are the same file");
	if (deeds_rename(j->deeds, p->from, p->to, onto, &a) == 0)
		return 0;
	return onto == DEEDS_SPARE && a.err == EEXIST ? 0 : job_answer(j, about(p, &a), &a);
}

int
verb_mv(struct job *j)
{
	return target_each(j, DEEDS_FOLLOW, move);
}

static int
link_one(struct job *j, const struct passage *p)
{
	const enum deeds_onto onto = job_has(j, 'f') ? DEEDS_REPLACE : DEEDS_SPARE;
	struct answer a = { 0, NULL };

	if (target_is_dots(p->to_said))
		return job_say(j, p->to_said, text_error(EEXIST));
	if (job_has(j, 's'))
		return deeds_symlink(j->deeds, p->from_said, p->to, onto, &a) == 0 ? 0
		    : job_answer(j, p->to_said, &a);
	if (onto == DEEDS_REPLACE && is_same(j, p))
		return job_say(j, p->from_said, "both are the same file");
	return deeds_hard_link(j->deeds, p->from, p->to, onto, &a) == 0 ? 0
	    : job_answer(j, about(p, &a), &a);
}

int
verb_ln(struct job *j)
{
	return target_each(j, job_has(j, 'n') ? DEEDS_HOLD : DEEDS_FOLLOW, link_one);
}
