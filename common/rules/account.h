/* SPDX-License-Identifier: ISC */
#ifndef RULES_ACCOUNT_H
#define RULES_ACCOUNT_H

#include <sys/types.h>

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

enum {
	ACCOUNT_NAME_MAX = 256,		/* NUL included */
	ACCOUNT_GROUPS = 65536,		/* the kernel's own limit */
	ACCOUNT_SAID = 2		/* USER and LOGNAME */
};

/* Whom we serve: the user whose process this is, as the system's databases know him. */
struct account {
	uid_t	uid;
	gid_t	gid;				/* primary */
	bool	ours;				/* it is the process's own: its groups are those
						 * of the process, not of the databases */
	char	name[ACCOUNT_NAME_MAX];		/* "" where the user id has none */
	char	group[ACCOUNT_NAME_MAX];	/* the primary group's; "" where it has none */
	char	home[PATH_MAX];			/* "" where unknown */
};

/*
 * Fills in the process's own account.  SAID are the names that whoever logged it in has for it, NULL
 * where there is none: the one that has our user id is it, for others may have the same.  Where none
 * is said, it is the only one of that user id; no name at all is no error.  0, or -1 where it is not
 * clear which of several it is.
 */
int	account_own(struct account *, const char *const said[ACCOUNT_SAID]);

/* Fills in the account of the user NAME; -1 where there is none. */
int	account_named(struct account *, const char *name);

/* Whether the account is the user NAME: 1, 0, or -1: no such user.  Numbers do not count. */
int	account_is_user(const struct account *, const char *name);

/*
 * Whether the account is in the group NAME: 1, 0, or -1: no such group, or nobody can tell.  *GID
 * is the group's.
 */
int	account_is_in_group(const struct account *, const char *name, gid_t *gid);

/*
 * Writes TEXT with %u, %h, %g and %% replaced to DST of CAP bytes, at least 1; 0, or -1 with *WHY a
 * constant text: another letter behind %, something unknown, a name that is no single component, or
 * too long.
 */
int	account_expand(const struct account *, const char *text, char *dst, size_t cap,
	    const char **why);

#endif
