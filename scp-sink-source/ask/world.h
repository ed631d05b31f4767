/* SPDX-License-Identifier: ISC */
#ifndef ASK_WORLD_H
#define ASK_WORLD_H

#include <limits.h>
#include <stdbool.h>

#include "paths/root.h"
#include "rules/account.h"
#include "rules/policy.h"

/* Where the operands of a client's command are looked for, and what of it is there for that client. */
struct expand_world {
	const struct root    *root;		/* borrowed, like the others */
	const struct policy  *policy;
	const struct account *account;
	bool		      wild;	/* patterns are looked up; else they stay as they are */
	const char	     *base;	/* where relative paths begin, from a confined root on, plain:
					 * then ~ is absolute, what is above the top is the top, and
					 * a pattern may match "." and ".."; NULL: where they begin in
					 * the root */
};

/* Whether PATH is there, and if so is a directory, where it has to be one. */
bool	world_has(const struct expand_world *, const char *path, bool directory);
bool	world_has_directory(const struct expand_world *, const char *path);

/* Opens the directory PATH, "" being where relative paths begin: O_PATH, or -1. */
int	world_open(const struct expand_world *, const char *path);

/* With a base: where relative paths begin in the root, as an absolute path. */
void	world_name_start(const struct expand_world *, char dst[PATH_MAX]);

#endif
