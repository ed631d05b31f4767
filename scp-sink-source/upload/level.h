/* SPDX-License-Identifier: ISC */
#ifndef UPLOAD_LEVEL_H
#define UPLOAD_LEVEL_H

#include <stdbool.h>

#include "paths/attrs.h"
#include "rules/policy.h"

/* One directory that is being filled. */
struct level {
	int		fd;	/* owned; -1 when closed */
	struct attrs	attrs;	/* its own, once its entries are in */
	bool		lent;	/* it was there, and is writable for us only meanwhile */
	mode_t		was;	/* with LENT: its mode before */
	bool		silent;	/* somebody else's: failing to set ATTRS is no error */
	bool		made;	/* it is new */
	mode_t		found;	/* its mode when it was opened */
};

/*
 * Makes the directory NAME in DIRFD, or opens the one that is there.  WANTED->mode is what the
 * client says, and has_mode whether it shall be exactly that, as with -p.  While it is filled it
 * is readable, writable and searchable for us if we have any say in it.  What is there keeps its
 * attributes where the policy overwrites nothing.  -1 with errno: ENOTDIR where NAME is something
 * else, which may be a link; ENOENT where it would be new and the policy has no new ones;
 * ENOSPC where a new one would take what the policy keeps free.  PROTOCOL
 * rule 10.
 */
int	level_make(struct level *, int dirfd, const char *name, const struct attrs *wanted,
	    const struct policy *);

/* The same for one that is new, whatever the policy says of those: EEXIST where anything is there. */
int	level_create(struct level *, int dirfd, const char *name, const struct attrs *wanted,
	    const struct policy *);

/* The same for a directory that is there, and only there: else ENOENT. */
int	level_open(struct level *, int dirfd, const char *name, const struct attrs *wanted,
	    const struct policy *);

/* The mode that it has in the end, if that can be set. */
mode_t	level_mode(const struct level *);

/*
 * Sets what the filled directory shall have, and closes it; -1 with errno and *WHAT as
 * attrs_apply.
 */
int	level_end(struct level *, const char **what);

/* Gives back what was lent and closes it; a new directory stays as it is. */
void	level_abandon(struct level *);

/* The same before anything is put there: then a new one, which is NAME in DIRFD, goes again. */
void	level_undo(struct level *, int dirfd, const char *name);

#endif
