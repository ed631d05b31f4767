/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "paths/dir.h"
#include "upload/level.h"
#include "upload/space.h"

enum {
	FILE_BITS = 0777,
	MODE_BITS = 07777
};

static void
close_level(struct level *l)
{
	int saved = errno;

	if (l->fd != -1)
		close(l->fd);
	l->fd = -1;
	errno = saved;
}

/* What the mode of the directory, now that of ST, shall be in the end. */
static mode_t
final_mode(const struct stat *st, const struct attrs *wanted, bool made)
{
	mode_t now = st->st_mode & MODE_BITS;

	/* Whoever set the bit on the parent wants it on everything below. */
	if (wanted->has_mode)
		return wanted->mode | (now & S_ISGID);
	/* Only what was added to fill it goes: all else is as umask or the default ACL made it. */
	return made ? now & ~(S_IRWXU & ~wanted->mode) : now;
}

/* Reopens a directory that could only be searched, now that it can be read. */
static void
reopen(struct level *l)
{
	int fd = dir_open(l->fd, ".", O_RDONLY | O_DIRECTORY, 0);

	if (fd == -1)
		return;
	close_level(l);
	l->fd = fd;
}

/* Makes the directory writable for us where that is ours to do. */
static void
borrow(struct level *l, mode_t now)
{
	if ((now & S_IRWXU) == S_IRWXU || attrs_chmod(l->fd, now | S_IRWXU) == -1)
		return;
	l->attrs.has_mode = true;
	l->was = now;
	l->lent = true;
	reopen(l);
}

static int
begin(struct level *l, const struct attrs *wanted, bool made)
{
	struct stat st;
	uid_t us = geteuid();

	if (fstat(l->fd, &st) == -1) {
		close_level(l);
		return -1;
	}
	/* What took the place of the directory that we made is not ours to change. */
	made = made && st.st_uid == us;
	l->made = made;
	l->found = st.st_mode & MODE_BITS;
	l->attrs = *wanted;
	l->attrs.mode = final_mode(&st, wanted, made);
	l->attrs.has_mode = l->attrs.mode != (st.st_mode & MODE_BITS);
	l->silent = st.st_uid != us && us != 0;
	if (st.st_uid == us && us != 0)
		borrow(l, st.st_mode & MODE_BITS);
	if (made)
		l->lent = false;
	return 0;
}

/* Nothing of what was there is changed, in the end. */
static void
keep_attributes(struct level *l)
{
	l->attrs = (struct attrs){ .has_mode = l->lent, .mode = l->was };
}

static int
open_as(struct level *l, int dirfd, const char *name, const struct attrs *wanted,
    const struct policy *p, bool made)
{
	*l = (struct level){ .fd = -1 };
	l->fd = dir_open(dirfd, name, O_RDONLY | O_DIRECTORY, 0);
	if (l->fd == -1 && errno == EACCES)
		l->fd = dir_open(dirfd, name, O_PATH | O_DIRECTORY, 0);
	if (l->fd == -1 || begin(l, wanted, made) == -1)
		return -1;
	if (!l->made && p->overwrite == OVERWRITE_NO)
		keep_attributes(l);
	return 0;
}

int
level_open(struct level *l, int dirfd, const char *name, const struct attrs *wanted,
    const struct policy *p)
{
	return open_as(l, dirfd, name, wanted, p, false);
}

/* What the policy gives a new directory, and those who look for it after a crash. */
static int
adopt(struct level *l, int dirfd, const struct policy *p)
{
	if (space_keep(p, l->fd) == 0 &&
	    attrs_adopt(l->fd, p->has_group ? p->group : ATTRS_NO_GROUP, p->dir_mode.must) == 0 &&
	    (p->sync != SYNC_FULL || dir_sync(dirfd) == 0)) {
		l->attrs.mode |= p->dir_mode.must;
		return 0;
	}
	close_level(l);
	return -1;
}

/* What is not as it should be is not there. */
static void
remove_made(int dirfd, const char *name)
{
	int saved = errno;

	(void)unlinkat(dirfd, name, AT_REMOVEDIR);
	errno = saved;
}

/* Goes into the directory that was just made. */
static int
open_made(struct level *l, int dirfd, const char *name, const struct attrs *wanted,
    const struct policy *p)
{
	if (open_as(l, dirfd, name, wanted, p, true) == 0 &&
	    (!l->made || adopt(l, dirfd, p) == 0))
		return 0;
	remove_made(dirfd, name);
	return -1;
}

static int
make(int dirfd, const char *name, const struct attrs *wanted)
{
	return mkdirat(dirfd, name, (wanted->mode & FILE_BITS) | S_IRWXU);
}

int
level_create(struct level *l, int dirfd, const char *name, const struct attrs *wanted,
    const struct policy *p)
{
	*l = (struct level){ .fd = -1 };
	if (make(dirfd, name, wanted) == -1)
		return -1;
	return open_made(l, dirfd, name, wanted, p);
}

int
level_make(struct level *l, int dirfd, const char *name, const struct attrs *wanted,
    const struct policy *p)
{
	*l = (struct level){ .fd = -1 };
	if (p->mkdir == POLICY_NO)
		return level_open(l, dirfd, name, wanted, p);
	if (make(dirfd, name, wanted) == 0)
		return open_made(l, dirfd, name, wanted, p);
	return errno == EEXIST ? level_open(l, dirfd, name, wanted, p) : -1;
}

void
level_undo(struct level *l, int dirfd, const char *name)
{
	bool made = l->made;

	level_abandon(l);
	if (made)
		remove_made(dirfd, name);
}

mode_t
level_mode(const struct level *l)
{
	return l->made || (l->attrs.has_mode && !l->silent) ? l->attrs.mode : l->found;
}

int
level_end(struct level *l, const char **what)
{
	int end = 0;

	*what = NULL;
	if (l->fd != -1 && attrs_apply(l->fd, &l->attrs, what) == -1 && !l->silent)
		end = -1;
	close_level(l);
	return end;
}

void
level_abandon(struct level *l)
{
	if (l->fd != -1 && l->lent)
		(void)attrs_chmod(l->fd, l->was);
	close_level(l);
}
