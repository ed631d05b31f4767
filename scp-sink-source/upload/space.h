/* SPDX-License-Identifier: ISC */
#ifndef UPLOAD_SPACE_H
#define UPLOAD_SPACE_H

#include <stdbool.h>
#include <stdint.h>

#include "rules/policy.h"

/*
 * Whether what is announced fits, before it is sent.  Others take room, too; so what was found is
 * trusted only where there is plenty of it and no promise to keep, and for an eighth of it.
 */
struct space {
	uint64_t	spare;	/* bytes for which there is room, without asking; 0 at first */
	bool		plain;	/* what was asked last: see fs_is_plain */
};

/*
 * Asks whether SIZE bytes fit where FD, a regular file, is, and leave what the policy wants to be
 * free.  IN_PLACE: what FD has already is room as well.  0, also where the filesystem cannot say;
 * -1 with ENOSPC.
 */
int	space_check(struct space *, const struct policy *, int fd, uint64_t size, bool in_place);

/*
 * Why nothing of SIZE bytes can be put anywhere on the filesystem of FD, which may be O_PATH, whatever
 * it is called: ENOSPC, for lack of room, of inodes or of what the policy keeps free, EROFS, or 0 where
 * there is no such reason.
 */
int	space_obstacle(const struct policy *, int fd, uint64_t size);

/* What comes next may go to another filesystem. */
void	space_forget(struct space *);

#endif
