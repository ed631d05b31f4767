/* SPDX-License-Identifier: ISC */
/* scp, as one command among others: the copy that its words ask for. */
#include <string.h>

#include "commands/scope.h"

/*
 * Where the current directory is not where relative paths begin anyway, operands are said from the
 * root on: 0; -1, said.
 */
static int
place_operands(struct shell *s, struct job *j, struct request *r, struct expansion *placed)
{
	char path[PATH_MAX];

	if (strcmp(s->scope->here, s->world->deeds->root->from) == 0)
		return 0;
	for (int i = 0; i < r->npaths; i++) {
		const char *said = r->paths[i][0] != '\0' ? r->paths[i] : ".";

		if (job_path(j, said, path) != 0 || expansion_add(placed, strdup(path)) != NULL)
			return -1;
	}
	r->paths = placed->paths;
	return 0;
}

/* Why the policy has no such copy, or NULL. */
static const char *
deny(const struct policy *p, const struct request *r)
{
	const char *why = policy_denies_protocol(p, false);

	return why != NULL ? why : policy_denies_direction(p, r->role == REQUEST_SINK);
}

static int
copy(struct shell *s, const struct request *r)
{
	const struct shell_world *w = s->world;
	enum shell_copy end;

	if (output_flush(&s->output) == -1)
		return JOB_FAILED;
	end = w->copy(w->copier, r, deny(w->deeds->policy, r));
	title_show(w->title, s->scope->here, strlen(s->scope->here));
	if (end == SHELL_COPY_ASTRAY)
		s->state = SHELL_ASTRAY;
	return end == SHELL_COPY_DONE ? JOB_DONE : JOB_FAILED;
}

int
copying_run(struct shell *s, struct job *j, int n, char *const words[])
{
	struct request r;
	struct expansion placed;
	const char *why;
	char letter;
	int end = JOB_FAILED;

	if (request_parse(&r, n, words, REQUEST_FOREIGN, &why, &letter) == -1) {
		(void)job_say(j, NULL, why);
		return JOB_MISUSED;
	}
	/* What it would say, and hear, is the protocol. */
	if (s->cut)
		return job_say(j, NULL, "its input and output go to the client alone");
	expansion_init(&placed);
	if (place_operands(s, j, &r, &placed) == 0)
		end = copy(s, &r);
	expansion_end(&placed);
	return end;
}
