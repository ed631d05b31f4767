/* SPDX-License-Identifier: ISC */
#ifndef UPLOAD_BACKUP_H
#define UPLOAD_BACKUP_H

#include <sys/stat.h>

enum {
	BACKUPS_MAX = 9999	/* that one name can have */
};

/* Gives the new file the name TO, which replaces nothing: 0, or -1 with errno, EEXIST. */
typedef int	backup_enter_fn(void *context, const char *to);

/*
 * Makes the new file, which has no name in DIRFD but what ENTER takes away from it, the one that NAME
 * names.  Whatever has NAME at that moment gets the first free name of NAME.~1~, NAME.~2~ and so on,
 * and never is without a name; OURS is what fstat(2) says of the new file.  -1 with errno, and NAME
 * is as it was: EEXIST where no number is free, EISDIR for a directory.  Then the new file has no
 * name, or the one that it came with.  KEPT, of NAME_MAX + 1 bytes if not NULL, is what the old one is
 * called from then on; "" where there was none.
 */
int	backup_replace(int dirfd, const char *name, const struct stat *ours, backup_enter_fn *enter,
	    void *context, char *kept);

/*
 * NAME is again what has become KEPT, or nothing: for a new file that has another name, too.  Keeps errno.
 */
void	backup_undo(int dirfd, const char *name, const char *kept, const struct stat *ours);

#endif
