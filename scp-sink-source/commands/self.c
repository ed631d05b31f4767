/* SPDX-License-Identifier: ISC */
/* Who and what is served, and on what. */
#include "commands/verbs.h"

/* No version, no machine, no host: clients ask what kind of system they are on. */
int
verb_uname(struct job *j)
{
	output_print(j->output, "Linux\n");
	return JOB_DONE;
}

int
verb_whoami(struct job *j)
{
	const struct account *account = j->deeds->account;

	if (account->name[0] != '\0')
		output_print(j->output, "%s\n", account->name);
	else
		output_print(j->output, "%u\n", (unsigned)account->uid);
	return JOB_DONE;
}

/* WinSCP needs a line, and the account's own group is there in any case. */
int
verb_groups(struct job *j)
{
	const struct people *p = j->people;
	char number[PEOPLE_NAME_MAX];

	for (size_t i = 0; i < p->ngroups; i++)
		output_print(j->output, "%s%s", i > 0 ? " " : "",
		    people_group(p, p->groups[i].gid, number));
	output_print(j->output, "\n");
	return JOB_DONE;
}
