/* SPDX-License-Identifier: ISC */
#ifndef UPLOAD_BACKUP_H
#define UPLOAD_BACKUP_H

enum {
	BACKUPS_MAX = 9999	/* that one name can have */
};

/*
 * Renames the file TEMP in DIRFD to NAME.  A file of that name gets the first free name of NAME.~1~,
 * NAME.~2~ and so on, and never is without a name.  -1 with errno, and NAME is as it was: EEXIST
 * where no number is free, EPERM where the filesystem, or the owner of the file, allows no second
 * name.
 */
int	backup_replace(int dirfd, const char *temp, const char *name);

#endif
