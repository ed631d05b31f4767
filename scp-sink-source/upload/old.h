/* SPDX-License-Identifier: ISC */
#ifndef UPLOAD_OLD_H
#define UPLOAD_OLD_H

#include <sys/stat.h>

#include <stdbool.h>
#include <stdint.h>

#include "rules/policy.h"
#include "upload/manner.h"

/*
 * What has the name already that an upload shall have.  It is held by a descriptor, and judged and written
 * as what it was then, whatever has its name meanwhile.
 */
struct old {
	const struct policy	   *policy;	/* these are borrowed */
	const struct upload_manner *manner;
	int		dirfd;		/* where its name is */
	const char     *name;		/* one component */
	int		fd;		/* owned; -1 when there is none.  It is only held, unless what is in
					 * it is read, or it is written in place */
	bool		writable;	/* FD is open for writing */
	struct stat	st;
	uint64_t	attributes;	/* as of statx(2) */
	bool		fixed;		/* its name is for its owner to give away: a sticky directory */
};

/* Nothing is held yet. */
void	old_init(struct old *, const struct policy *, const struct upload_manner *, int dirfd,
	    const char *name);

/*
 * Holds what is there, which was of TYPE just now, if we may write it: 0, or -1 with errno, ENOENT where it
 * has gone.  Whoever watches it hears when a file is closed that was open for writing, and takes that for
 * new content: so one that is to be replaced is opened so only where that is the one way to know.
 */
int	old_hold(struct old *, mode_t type);
/* Holds it by FD, as it was held before: 0, or -1 with errno, and FD is still the caller's. */
int	old_take(struct old *, int fd);

/* Whether it is a trap: -1 with EACCES. */
int	old_check_owner(struct old *);
bool	old_is_mount_point(const struct old *);

/* Whether the policy leaves no choice but to replace it, a regular file: 1, 0, or -1 with errno. */
int	old_must_be_replaced(const struct old *);

/*
 * Has FD open for writing, which waits where it has to: 0, or -1 with errno, ENOENT where it has no such
 * name any more, and it is held as before.
 */
int	old_open(struct old *);

/* Lets it go.  Always safe. */
void	old_close(struct old *);

#endif
