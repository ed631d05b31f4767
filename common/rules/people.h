/* SPDX-License-Identifier: ISC */
#ifndef RULES_PEOPLE_H
#define RULES_PEOPLE_H

#include <sys/types.h>

#include <stddef.h>

#include "rules/account.h"

/*
 * Whose names are shown: root's, the account's own and those of its groups, where they are made of
 * letters, digits, ".", "_" and "-" alone; all else are numbers.  They are looked up once, before the
 * sandbox.
 */
enum {
	PEOPLE_GROUPS = 256,		/* more are numbers */
	PEOPLE_NAME_MAX = 64		/* a longer name is a number; NUL included */
};

struct people {
	uid_t	uid;
	char	user[PEOPLE_NAME_MAX];	/* "" where it has no name that is shown */
	size_t	ngroups;
	struct {
		gid_t gid;
		char  name[PEOPLE_NAME_MAX];
	} groups[PEOPLE_GROUPS];	/* the account's own first */
};

void	people_init(struct people *, const struct account *);

/* A name, or the number written to DST of PEOPLE_NAME_MAX bytes. */
const char *people_user(const struct people *, uid_t, char *dst);
const char *people_group(const struct people *, gid_t, char *dst);
/* The number of who is called NAME, or is that number: 0, or -1 where nobody is known. */
int	people_find_user(const struct people *, const char *name, uid_t *);
int	people_find_group(const struct people *, const char *name, gid_t *);

#endif
