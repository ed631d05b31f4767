/* SPDX-License-Identifier: ISC */
#ifndef UPLOAD_SPACE_H
#define UPLOAD_SPACE_H

#include <sys/statvfs.h>

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
 * free.  IN_PLACE: what FD has already is room as well.  0, also where the filesystem cannot say,
 * or a byte there is not a byte; -1 with ENOSPC.
 */
int	space_check(struct space *, const struct policy *, int fd, uint64_t size, bool in_place);

/*
 * Takes the room of SIZE bytes for the new file FD, where the policy keeps something free, so that those
 * who ask at the same moment see that it is gone; *TAKEN where that was possible, or not necessary: else
 * space_keep is to be asked once the content is there.  0, or -1 with ENOSPC.
 */
int	space_take(const struct policy *, int fd, uint64_t size, bool *taken);

/* Whether what the policy keeps free, bytes and files, still is, now that something was made: 0, -1. */
int	space_keep(const struct policy *, int fd);

/*
 * The same for a file that grows, whose size nobody has said: HAS bytes in FD become END.  *GRANTED is up
 * to where that has been allowed, 0 at first: an eighth of the room at a time, so that what many are
 * given is not more than there is.  Asks nothing where nothing need stay free: writing says it then.
 */
int	space_check_growth(const struct policy *, int fd, uint64_t has, uint64_t end,
	    uint64_t *granted);

/*
 * Why nothing of SIZE bytes can be put anywhere on the filesystem of FD, which may be O_PATH, whatever
 * it is called: ENOSPC, for lack of room, of inodes or of what the policy keeps free, EROFS, or 0 where
 * there is no such reason.
 */
int	space_obstacle(const struct policy *, int fd, uint64_t size);

/*
 * What statvfs(3) says of the filesystem of FD, less what the policy keeps free; in a restricted
 * account it has no number.  0, -1.
 */
int	space_look(const struct policy *, int fd, struct statvfs *);

/* What comes next may go to another filesystem. */
void	space_forget(struct space *);

#endif
