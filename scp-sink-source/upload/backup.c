/* SPDX-License-Identifier: ISC */
/*
 * The new file first takes the name of the backup, which nobody has; then the two names are
 * exchanged.  So what is kept is whatever had the name at that moment, and no file is without a name
 * in between, or has one that anybody clears.  A kill leaves the new file, whole, as the backup.
 *
 * Where names cannot be exchanged, the old file is moved, over one of two names that the new one has, or
 * to a free one: then nothing has its name until the new file does.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include <bsd/string.h>

#include "paths/dir.h"
#include "upload/backup.h"
#include "upload/hidden.h"

enum {
	TRIES = 16		/* while others make and remove files of the name */
};

struct swap {
	int		   dirfd;		/* borrowed */
	const char	  *name;		/* borrowed: what the new file will be called */
	const struct stat *ours;		/* borrowed: what it is */
	char		   now[NAME_MAX + 1];	/* what it is called meanwhile */
	char		   kept[NAME_MAX + 1];	/* what the old one is called then; "": there was none */
};

/* Has ENTER take the first backup of NAME that is free, which is then TO. */
static int
enter_number(const char *name, backup_enter_fn *enter, void *context, char to[NAME_MAX + 1])
{
	for (int i = 1; i <= BACKUPS_MAX; i++) {
		if (snprintf(to, NAME_MAX + 1, "%s.~%d~", name, i) > NAME_MAX) {
			errno = ENAMETOOLONG;
			return -1;
		}
		if (enter(context, to) == 0)
			return 0;
		if (errno != EEXIST)
			return -1;
	}
	return -1;
}

static bool
is_directory(int dirfd, const char *name)
{
	struct stat st;

	return fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static int
exchange(const struct swap *s)
{
	if (dir_exchange(s->dirfd, s->now, s->name) == -1)
		return -1;
	if (!is_directory(s->dirfd, s->now))
		return 0;
	(void)dir_exchange(s->dirfd, s->now, s->name);
	errno = EISDIR;
	return -1;
}

/* Gives the new file, which is FROM, the name where there is nothing: 1, 0 where there is again, -1. */
static int
take_free(const struct swap *s, const char *from)
{
	switch (dir_rename_free(s->dirfd, from, s->name)) {
	case 0:
		return 1;
	case 1:
		dir_announce(s->dirfd, s->name);
		return 1;
	default:
		return errno == EEXIST ? 0 : -1;
	}
}

/* Gives the new file, which is NEW, the name: the old one has just been moved from there to OLD. */
static int
take_moved(struct swap *s, const char *new, const char *old)
{
	int end = take_free(s, new), saved = errno;

	if (end == -1)
		(void)dir_rename_free(s->dirfd, old, s->name);
	errno = saved;
	return end;
}

static int
move_old(void *swap, const char *to)
{
	const struct swap *s = swap;

	/* Never by a link: what is unlinked then might be another file. */
	return dir_rename_plain(s->dirfd, s->name, to);
}

/* The old file is moved to the next free name, and in the end to the one that the new file had. */
static int
exchange_by_moves(struct swap *s)
{
	char old[NAME_MAX + 1];
	int end;

	if (is_directory(s->dirfd, s->name)) {
		errno = EISDIR;
		return -1;
	}
	if (enter_number(s->name, move_old, s, old) == -1)
		return errno == ENOENT ? take_free(s, s->now) : -1;
	end = take_moved(s, s->now, old);
	if (end == 1)
		strlcpy(s->kept, dir_rename_plain(s->dirfd, old, s->now) == 0 ? s->now : old,
		    sizeof(s->kept));
	return end;
}

static int
link_again(void *swap, const char *to)
{
	const struct swap *s = swap;

	return linkat(s->dirfd, s->now, s->dirfd, to, 0);
}

/* The old file is moved over one of two names that the new one has: 1, 0 to look again, -1. */
static int
exchange_by_link(struct swap *s)
{
	char second[NAME_MAX + 1], old[NAME_MAX + 1];
	int end, saved;

	if (enter_number(s->name, link_again, s, second) == -1)
		return errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS || errno == EMLINK
		    ? exchange_by_moves(s) : -1;
	strlcpy(old, s->now, sizeof(old));
	if (renameat(s->dirfd, s->name, s->dirfd, old) == 0) {
		end = take_moved(s, second, old);
		strlcpy(s->now, second, sizeof(s->now));
		strlcpy(s->kept, old, sizeof(s->kept));
		return end;
	}
	saved = errno == ENOTDIR ? EISDIR : errno;
	hidden_remove(s->dirfd, second, s->ours);
	errno = saved;
	return errno == ENOENT ? take_free(s, s->now) : -1;
}

/* Puts the new file, which has the backup's name, in the place of NAME: 1, 0 to look again, -1. */
static int
replace(struct swap *s)
{
	if (exchange(s) == 0) {
		strlcpy(s->kept, s->now, sizeof(s->kept));
		return 1;
	}
	switch (errno) {
	case ENOENT:
		return take_free(s, s->now);
	case EINVAL:
	case ENOSYS:
	case EOPNOTSUPP:
		return exchange_by_link(s);
	default:
		return -1;
	}
}

/* 0, or -1 with errno. */
static int
replace_or_enter(struct swap *s, backup_enter_fn *enter, void *context)
{
	int end = 0, saved;

	if (enter(context, s->name) == 0)
		return 0;
	if (errno != EEXIST || enter_number(s->name, enter, context, s->now) == -1)
		return -1;
	for (int try = 0; try < TRIES && end == 0; try++)
		end = replace(s);
	if (end == 1)
		return 0;
	saved = errno;
	hidden_remove(s->dirfd, s->now, s->ours);
	errno = saved;
	return -1;
}

int
backup_replace(int dirfd, const char *name, const struct stat *ours, backup_enter_fn *enter,
    void *context, char *kept)
{
	struct swap s = { .dirfd = dirfd, .name = name, .ours = ours };
	int end = replace_or_enter(&s, enter, context);

	if (kept != NULL)
		strlcpy(kept, s.kept, NAME_MAX + 1);
	return end;
}

void
backup_undo(int dirfd, const char *name, const char *kept, const struct stat *ours)
{
	int saved = errno;

	if (kept[0] == '\0')
		hidden_remove(dirfd, name, ours);
	else if (dir_exchange(dirfd, kept, name) == 0)
		hidden_remove(dirfd, kept, ours);
	else
		(void)renameat(dirfd, kept, dirfd, name);
	errno = saved;
}
