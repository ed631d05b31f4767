/* SPDX-License-Identifier: ISC */
/*
 * The old file gets its second name before it loses the first, so that a kill leaves both or one.
 * Somebody may have put yet another file there meanwhile: that is why the names are exchanged and
 * what comes out is looked at.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "paths/dir.h"
#include "upload/backup.h"

enum {
	TRIES = 16		/* while others make and remove files of the name */
};

/* Links FROM in DIRFD as the first free backup of NAME, which KEPT then says. */
static int
link_backup(int dirfd, const char *from, const char *name, char kept[NAME_MAX + 1])
{
	for (int i = 1; i <= BACKUPS_MAX; i++) {
		if (snprintf(kept, NAME_MAX + 1, "%s.~%d~", name, i) > NAME_MAX) {
			errno = ENAMETOOLONG;
			return -1;
		}
		if (linkat(dirfd, from, dirfd, kept, 0) == 0)
			return 0;
		if (errno != EEXIST)
			return -1;
	}
	return -1;
}

static bool
is_same_file(int dirfd, const char *a, const char *b)
{
	struct stat x, y;

	return fstatat(dirfd, a, &x, AT_SYMLINK_NOFOLLOW) == 0 &&
	    fstatat(dirfd, b, &y, AT_SYMLINK_NOFOLLOW) == 0 && x.st_dev == y.st_dev &&
	    x.st_ino == y.st_ino;
}

static bool
is_directory(int dirfd, const char *name)
{
	struct stat st;

	return fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

/*
 * Puts TEMP in the place of NAME, of which there is the backup KEPT.  ENOENT where it has gone since,
 * and is to be looked for again.
 */
static int
exchange(int dirfd, const char *temp, const char *name, char kept[NAME_MAX + 1])
{
	if (dir_exchange(dirfd, temp, name) == -1)
		return errno == EINVAL || errno == ENOSYS
		    ? renameat(dirfd, temp, dirfd, name) : -1;
	if (is_directory(dirfd, temp)) {
		(void)dir_exchange(dirfd, temp, name);
		errno = EISDIR;
		return -1;
	}
	/* What cannot be kept a second time keeps at least its hidden name. */
	if (is_same_file(dirfd, temp, kept) || link_backup(dirfd, temp, name, kept) == 0)
		(void)unlinkat(dirfd, temp, 0);
	return 0;
}

/* Replaces what is there: 1, 0 to look again, -1. */
static int
replace(int dirfd, const char *temp, const char *name, char kept[NAME_MAX + 1])
{
	struct stat st;
	int saved;

	if (exchange(dirfd, temp, name, kept) == 0)
		return 1;
	/* Whoever took the name away, or put a directory there, left us the file. */
	if (errno == EISDIR)
		return -1;
	if (errno == ENOENT && fstatat(dirfd, temp, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	saved = errno;
	(void)unlinkat(dirfd, kept, 0);
	errno = saved;
	return -1;
}

/* The same where there is nothing, whose backup nobody needs a name for, as FAILED says. */
static int
take_free(int dirfd, const char *temp, const char *name, int failed)
{
	if (dir_rename_free(dirfd, temp, name) == 0)
		return 1;
	if (errno == EEXIST && failed == ENOENT)
		return 0;
	errno = errno == EEXIST ? failed : errno;
	return -1;
}

int
backup_replace(int dirfd, const char *temp, const char *name)
{
	char kept[NAME_MAX + 1];
	int end = 0;

	/* What turns up or goes between the steps is what the next round finds. */
	for (int try = 0; try < TRIES && end == 0; try++) {
		if (link_backup(dirfd, name, name, kept) == 0)
			end = replace(dirfd, temp, name, kept);
		else if (errno == ENOENT || errno == ENAMETOOLONG)
			end = take_free(dirfd, temp, name, errno);
		else
			end = -1;
	}
	return end == 1 ? 0 : -1;
}
