/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include <bsd/string.h>

#include "paths/dir.h"
#include "paths/fold.h"
#include "rules/alias.h"
#include "text/spelling.h"

static const char taken_for[] = "names fold here, and this one is taken for one that is not allowed";
static const char untold[] = "names fold here, and what this one is taken for cannot be told";

/* Whether the text alone says that, where names fold, NAME is one that is denied. */
static bool
is_denied_folded(const struct policy *p, const char *name)
{
	char folded[NAME_MAX + 1];

	if (!policy_judges_names(p))
		return false;
	spelling_fold(name, folded);
	return policy_denies_folded(p, folded) ||
	    (spelling_cut(folded) && policy_denies_folded(p, folded));
}

/* Whether there are rules at all, and only the directory can say what they are to NAME. */
static bool
may_find_another(const struct policy *p, const char *name)
{
	if (!policy_judges_names(p))
		return false;
	return spelling_is_short(name) || (policy_is_beyond_ascii(p) && !spelling_is_ascii(name));
}

const char *
alias_denies_listed(const struct policy *p, int dirfd, const char *name, bool directory)
{
	const char *why = policy_denies_name(p, name, directory);

	if (why == NULL && is_denied_folded(p, name) && fold_is_in(dirfd, name))
		why = taken_for;
	return why;
}

/* One file, and what is to be judged of its names. */
struct trial {
	const struct policy *policy;
	bool		     directory;
};

static bool
is_entry_denied(void *trial, const char *entry)
{
	const struct trial *t = trial;

	return policy_denies_name(t->policy, entry, t->directory) != NULL ||
	    is_denied_folded(t->policy, entry);
}

const char *
alias_denies_name(const struct policy *p, int dirfd, const char *name, bool directory)
{
	const char *why = alias_denies_listed(p, dirfd, name, directory);
	struct trial t = { p, directory };
	int found;

	if (why != NULL || !may_find_another(p, name) || !fold_is_in(dirfd, name))
		return why;
	found = fold_find(dirfd, name, is_entry_denied, &t);
	return found == 0 ? NULL : found == 1 ? taken_for : untold;
}

/* The directory of which PLAIN of LEN bytes is the path. */
static int
open_dir(const struct root *r, const char *plain, size_t len)
{
	char path[PATH_MAX];

	if (len + 1 >= sizeof(path))
		return -1;
	path[0] = '/';
	memcpy(path + 1, plain, len);
	path[len + 1] = '\0';
	return r->confined ? root_beneath(r, path + 1, O_PATH | O_DIRECTORY)
	    : root_dir_at(r, path, len + 1);
}

/* The component of LEN bytes at NAME, what is before which is in PLAIN. */
static const char *
judge_component(const struct policy *p, const struct root *r, const char *plain, const char *name,
    size_t len, bool directory)
{
	char component[NAME_MAX + 1];
	const char *why = NULL;
	int dirfd;

	memcpy(component, name, len);
	component[len] = '\0';
	if (!is_denied_folded(p, component) && !may_find_another(p, component))
		return NULL;
	dirfd = open_dir(r, plain, name > plain ? (size_t)(name - plain) - 1 : 0);
	/* Where there is no directory nothing is found. */
	if (dirfd != -1)
		why = alias_denies_name(p, dirfd, component, directory);
	dir_close(dirfd);
	return why;
}

const char *
alias_denies_path(const struct policy *p, const struct root *r, const char *plain, bool directory)
{
	const char *why = policy_denies_path(p, plain, directory), *name = plain;

	while (why == NULL && policy_judges_names(p) && *name != '\0') {
		size_t len = strcspn(name, "/");
		bool last = name[len] == '\0';

		why = judge_component(p, r, plain, name, len, directory || !last);
		name += last ? len : len + 1;
	}
	return why;
}
