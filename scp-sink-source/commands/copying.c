/* SPDX-License-Identifier: ISC */
/* scp, as one command among others: the copy that its words ask for. */
#include <string.h>

#include <bsd/string.h>

#include "commands/scope.h"

static int
copy(struct shell *s, const struct request *r)
{
	const struct shell_world *w = s->world;
	struct root here = *w->deeds->root;	/* no descriptor of it is owned */
	enum shell_copy end;

	if (output_settle(&s->output) == -1)
		return JOB_FAILED;
	/* Relative paths begin in the current directory, and are said as they were said. */
	strlcpy(here.from, s->scope->here, sizeof(here.from));
	s->copied = true;
	end = w->copy(w->copier, r, &here,
	    policy_denies_copy(w->deeds->policy, r->role == REQUEST_SINK));
	shell_show_title(s);
	if (end == SHELL_COPY_ASTRAY)
		s->state = SHELL_ASTRAY;
	return end == SHELL_COPY_DONE ? JOB_DONE : JOB_FAILED;
}

int
copying_run(struct shell *s, struct job *j, int n, char *const words[])
{
	struct request r;
	const char *why;
	char letter;

	if (request_parse(&r, n, words, REQUEST_FOREIGN, &why, &letter) == -1) {
		(void)job_say(j, NULL, why);
		return JOB_MISUSED;
	}
	/* What it would say, and hear, is the protocol. */
	if (s->cut)
		return job_say(j, NULL, "its input and output go to the client alone");
	return copy(s, &r);
}
