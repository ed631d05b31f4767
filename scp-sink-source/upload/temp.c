/* SPDX-License-Identifier: ISC */
/*
 * How a name is taken:
 *
 *   what is there        temporary     then
 *   nothing              unnamed       link as the name; where it exists by now, as the next line
 *   a file               unnamed       link as a hidden name, rename
 *   either               named         rename
 *
 * Where a file that is there shall stay, the link or the rename fails; where it shall be kept under
 * another name, the rename is that of backup.c.
 *
 * A temporary that has a hidden name is locked.  An unnamed file is locked before it gets the name.
 * One that is made with its name might be taken for dead before it is locked: then it has lost its
 * name, or the lock is somebody else's, and another one is made.
 */
#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "paths/dir.h"
#include "paths/proc.h"
#include "upload/backup.h"
#include "upload/hidden.h"
#include "upload/temp.h"

enum {
	FILE_BITS = 07777
};

void
temp_init(struct temp *t)
{
	*t = (struct temp){ .dirfd = -1, .fd = -1 };
}

static void
drop_fd(struct temp *t)
{
	int saved = errno;

	if (t->fd != -1)
		close(t->fd);
	t->fd = -1;
	errno = saved;
}

bool
temp_mode_is_open(mode_t mode)
{
	return (mode & (S_IRUSR | S_IWUSR)) != 0;
}

void
temp_set_late_mode(struct temp *t, mode_t mode)
{
	t->late_mode = true;
	t->mode = mode;
}

/* Makes the file, which now has mode NOW, one that may have a hidden name. */
static void
let_owner_in(struct temp *t, mode_t now)
{
	now &= FILE_BITS;
	if (temp_mode_is_open(now) || fchmod(t->fd, now | S_IRUSR) == -1)
		return;
	if (!t->late_mode)
		temp_set_late_mode(t, now);
}

static void
remove_file(const struct temp *t, const char *name)
{
	int saved = errno;

	unlinkat(t->dirfd, name, 0);
	errno = saved;
}

static int
access_of(const struct temp *t)
{
	return t->readable ? O_RDWR : O_WRONLY;
}

static int
create(void *temp)
{
	struct temp *t = temp;
	struct stat st;
	bool ours;

	t->fd = dir_open(t->dirfd, t->name, access_of(t) | O_CREAT | O_EXCL, t->born);
	if (t->fd == -1)
		return -1;
	/* A filesystem without locks cannot tell a dead temporary from a live one, but works. */
	ours = flock(t->fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
	if (ours && fstat(t->fd, &st) == -1) {
		remove_file(t, t->name);
		drop_fd(t);
		return -1;
	}
	if (!ours || st.st_nlink == 0) {
		errno = EEXIST;
		drop_fd(t);
		return -1;
	}
	let_owner_in(t, st.st_mode);
	return 0;
}

static int
link_by(enum temp_link how, int fd, int dirfd, const char *name)
{
	if (how == TEMP_LINK_DIRECT)
		return linkat(fd, "", dirfd, name, AT_EMPTY_PATH);
	return proc_link(fd, dirfd, name);
}

/* "." exists: the answer is EEXIST where the file could have been linked. */
static enum temp_link
find_link(int fd, int dirfd)
{
	for (enum temp_link how = TEMP_LINK_DIRECT; how < TEMP_LINK_NONE; how++)
		if (link_by(how, fd, dirfd, ".") == -1 && errno == EEXIST)
			return how;
	return TEMP_LINK_NONE;
}

/* True when there is no more to try: it is open, or failed for a reason that would stay. */
static bool
open_unnamed(struct temp *t, mode_t mode)
{
	t->fd = openat(t->dirfd, ".", O_TMPFILE | access_of(t) | O_CLOEXEC, mode);
	if (t->fd == -1) {
		t->named_only = errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL ||
		    errno == ENOSYS;
		/* EPERM is for a directory that is gone: of a name, that is said better. */
		return !t->named_only && errno != EPERM;
	}
	if (t->link == TEMP_LINK_UNKNOWN)
		t->link = find_link(t->fd, t->dirfd);
	if (t->link != TEMP_LINK_NONE)
		return true;
	t->named_only = true;
	drop_fd(t);
	return false;
}

int
temp_open(struct temp *t, int dirfd, const char *goal, mode_t mode)
{
	t->dirfd = dirfd;
	t->goal = goal;
	t->name[0] = '\0';
	t->late_mode = false;
	t->unnamed = !t->named_only && open_unnamed(t, mode);
	if (t->unnamed)
		return t->fd == -1 ? -1 : 0;
	t->born = mode;
	return hidden_claim(t->dirfd, t->goal, t->name, create, t);
}

static int
link_hidden(void *temp)
{
	const struct temp *t = temp;

	return link_by(t->link, t->fd, t->dirfd, t->name);
}

/* Closes the file: the last chance of some filesystems to say that data did not reach them. */
static int
close_written(struct temp *t)
{
	int fd = t->fd;

	t->fd = -1;
	return close(fd);
}

/*
 * What kept the owner out no longer matters: the file, open as FD, needs no hidden name any more.
 */
static void
set_late_mode(const struct temp *t, int fd, int *unset)
{
	if (t->late_mode && fchmod(fd, t->mode) == -1)
		*unset = errno;
}

static int
rename_by(const struct temp *t, enum temp_take take)
{
	if (take == TEMP_TAKE_FREE)
		return dir_rename_free(t->dirfd, t->name, t->goal);
	if (take == TEMP_TAKE_BACKUP)
		return backup_replace(t->dirfd, t->name, t->goal);
	return renameat(t->dirfd, t->name, t->dirfd, t->goal);
}

/* Renames it.  The lock is kept until then, by a second descriptor of the same file. */
static int
rename_to_goal(struct temp *t, enum temp_take take, int *unset)
{
	int lock = fcntl(t->fd, F_DUPFD_CLOEXEC, 0), end = -1, saved;

	if (lock == -1)
		return -1;
	if (close_written(t) == 0)
		end = rename_by(t, take);
	if (end == -1)
		remove_file(t, t->name);
	else
		set_late_mode(t, lock, unset);
	t->name[0] = '\0';
	saved = errno;
	close(lock);
	errno = saved;
	return end;
}

static int
link_as_goal(struct temp *t, int *unset)
{
	if (link_by(t->link, t->fd, t->dirfd, t->goal) == -1)
		return -1;
	set_late_mode(t, t->fd, unset);
	if (close_written(t) == 0)
		return 0;
	remove_file(t, t->goal);
	return -1;
}

static int
get_hidden_name(struct temp *t)
{
	struct stat st;

	/* Where there are no locks, that is no reason to fail. */
	(void)flock(t->fd, LOCK_EX | LOCK_NB);
	if (fstat(t->fd, &st) == -1)
		return -1;
	let_owner_in(t, st.st_mode);
	return hidden_claim(t->dirfd, t->goal, t->name, link_hidden, t);
}

int
temp_take_name(struct temp *t, enum temp_take take, int *unset)
{
	*unset = 0;
	if (t->unnamed && take != TEMP_TAKE_OVER) {
		if (link_as_goal(t, unset) == 0)
			return 0;
		if (t->fd == -1 || errno != EEXIST || take == TEMP_TAKE_FREE)
			return -1;
	}
	if (t->unnamed && get_hidden_name(t) == -1)
		return -1;
	return rename_to_goal(t, take, unset);
}

void
temp_end(struct temp *t)
{
	if (t->name[0] != '\0')
		remove_file(t, t->name);
	t->name[0] = '\0';
	drop_fd(t);
}
