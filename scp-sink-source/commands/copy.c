/* SPDX-License-Identifier: ISC */
/* cp: what is copied within the account. */
#include <errno.h>

#include "commands/target.h"
#include "commands/verbs.h"
#include "deeds/tree.h"

enum {
	PIECE = 64 << 20	/* bytes between two looks at whether the session goes on */
};

struct copying {
	struct job *j;
	const struct passage *p;
};

/* N bytes were copied: false where the session is to end. */
static bool
keep_pace(void *output, uint64_t n)
{
	struct output *o = output;
	struct stream *s = o->stream;

	o->lost = o->lost || !pace_keep(&s->pace, n, s->deadline, s->in) ||
	    (s->deadline != NULL && deadline_passed(s->deadline) != NULL);
	return !o->lost;
}

static int
say(void *copying, const char *rest, const struct answer *a)
{
	const struct copying *c = copying;
	char said[2 * PATH_MAX];

	target_join(said, a->err == EEXIST ? c->p->to_said : c->p->from_said, rest);
	(void)job_answer(c->j, said, a);
	return -1;
}

static bool
goes_on(void *copying)
{
	const struct copying *c = copying;

	return target_goes_on(c->j);
}

static int
copy(struct job *j, const struct passage *p)
{
	struct stream *s = j->output->stream;
	struct copying c = { j, p };
	const struct tree_manner manner = {
		.whole = job_has(j, 'r') || job_has(j, 'R') || job_has(j, 'a'),
		.keep = job_has(j, 'p') || job_has(j, 'a'),
		.piece = pace_chunk(&s->pace, PIECE), .moved = keep_pace, .mover = j->output,
	};

	if (target_check_slash(j, p->from_said, p->from) != 0 ||
	    target_check_slash(j, p->to_said, p->from) != 0)
		return JOB_FAILED;
	return tree_copy(j->deeds, p->from, p->to, &manner,
	    &(struct answer_hearer){ say, goes_on, &c }) == 0 ? JOB_DONE : JOB_FAILED;
}

int
verb_cp(struct job *j)
{
	return target_each(j, DEEDS_FOLLOW, copy);
}
