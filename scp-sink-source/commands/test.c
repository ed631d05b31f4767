/* SPDX-License-Identifier: ISC */
/* The expressions of test, which are about one word or one file. */
#include <string.h>
#include <unistd.h>

#include "commands/verbs.h"

static int
status_of(bool truth)
{
	return truth ? JOB_DONE : JOB_FAILED;
}

static bool
is_of_group(const struct people *p, gid_t gid)
{
	for (size_t i = 0; i < p->ngroups; i++)
		if (p->groups[i].gid == gid)
			return true;
	return false;
}

/* Whether the account has the permission BIT, as of others, by the mode alone. */
static bool
permits(const struct people *p, const struct stat *st, mode_t bit)
{
	if (p->uid == 0)
		return bit != S_IXOTH || S_ISDIR(st->st_mode) || (st->st_mode & 0111) != 0;
	if (p->uid == st->st_uid)
		return (st->st_mode & bit << 6) != 0;
	if (is_of_group(p, st->st_gid))
		return (st->st_mode & bit << 3) != 0;
	return (st->st_mode & bit) != 0;
}

/* What the policy does not have is not permitted by any mode. */
static bool
may_read(const struct job *j, const struct stat *st)
{
	const struct policy *p = j->deeds->policy;

	return permits(j->people, st, S_IROTH) &&
	    (S_ISDIR(st->st_mode) || policy_denies_direction(p, false) == NULL);
}

static bool
may_write(const struct job *j, const struct stat *st)
{
	return permits(j->people, st, S_IWOTH) &&
	    policy_denies_direction(j->deeds->policy, true) == NULL;
}

static bool
is_so(const struct job *j, char letter, const struct stat *st)
{
	switch (letter) {
	case 'd':
		return S_ISDIR(st->st_mode);
	case 'f':
		return S_ISREG(st->st_mode);
	case 'L': case 'h':
		return S_ISLNK(st->st_mode);
	case 's':
		return st->st_size > 0;
	case 'r':
		return may_read(j, st);
	case 'w':
		return may_write(j, st);
	case 'x':
		return permits(j->people, st, S_IXOTH);
	default:
		return true;	/* It is there. */
	}
}

static int
ask_of_file(struct job *j, char letter, const char *operand)
{
	bool link = letter == 'L' || letter == 'h';
	struct answer unsaid;
	struct stat st;

	return status_of(job_look(j, operand, link ? DEEDS_HOLD : DEEDS_FOLLOW, &st, &unsaid) == 0 &&
	    is_so(j, letter, &st));
}

/* A lone word is one, whatever it looks like. */
static int
judge(struct job *j, int n, char *const words[])
{
	int status;

	if (n <= 1)
		return status_of(n == 1 && words[0][0] != '\0');
	if (strcmp(words[0], "!") == 0) {
		status = judge(j, n - 1, words + 1);
		return status == JOB_MISUSED ? status : status_of(status != JOB_DONE);
	}
	if (n == 2 && words[0][0] == '-' && words[0][1] != '\0' && words[0][2] == '\0' &&
	    strchr("edfLhsrwx", words[0][1]) != NULL)
		return ask_of_file(j, words[0][1], words[1]);
	(void)job_say(j, NULL, "no such expression");
	return JOB_MISUSED;
}

int
verb_test(struct job *j)
{
	int n = j->count;

	if (strcmp(j->verb->name, "[") != 0)
		return judge(j, n, j->operands);
	if (n > 0 && strcmp(j->operands[n - 1], "]") == 0)
		return judge(j, n - 1, j->operands);
	(void)job_say(j, NULL, "it has no ] at its end");
	return JOB_MISUSED;
}
