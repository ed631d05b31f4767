/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "paths/dir.h"
#include "paths/fs.h"
#include "paths/proc.h"
#include "paths/sticky.h"
#include "upload/old.h"

void
old_init(struct old *o, const struct policy *policy, const struct upload_manner *manner, int dirfd,
    const char *name)
{
	o->policy = policy;
	o->manner = manner;
	o->dirfd = dirfd;
	o->name = name;
	o->fd = -1;
	o->writable = o->fixed = false;
	o->attributes = 0;
}

/*
 * True when the kernel says, without opening it, that it may be written by us.  In some filesystems it
 * cannot: others have the last word there.
 */
static bool
may_write(const struct old *o)
{
	struct statfs fs;

	return (o->attributes & STATX_ATTR_APPEND) == 0 && proc_may_write(o->fd) == 0 &&
	    fstatfs(o->fd, &fs) == 0 && fs_is_plain(&fs);
}

/* Opens what is there for writing, and for reading as well where that is wanted and may be. */
static int
open_to_write(const struct old *o, mode_t type)
{
	const struct upload_manner *manner = o->manner;
	int fd = -1;

	errno = 0;
	/* A FIFO that is opened for both has a reader, ourselves. */
	if (manner->readable && S_ISREG(type))
		fd = dir_open(o->dirfd, o->name, O_RDWR, 0);
	if (fd == -1 && !(errno == EACCES && manner->read && manner->keep))
		fd = dir_open(o->dirfd, o->name, O_WRONLY, 0);
	return fd;
}

/* Holds it without opening it for writing; open for reading where what is in it counts. */
static int
open_to_hold(const struct old *o)
{
	const struct upload_manner *manner = o->manner;
	int fd = -1;

	errno = EACCES;
	if (manner->keep && manner->readable)
		fd = dir_open(o->dirfd, o->name, O_RDONLY, 0);
	if (fd == -1 && errno == EACCES && !(manner->keep && manner->read))
		fd = dir_open(o->dirfd, o->name, O_PATH, 0);
	return fd;
}

/*
 * Opens it for writing, which tells whether we may write it.  The kernel says that it is a running
 * program only after it found that we may: such a file can be replaced.
 */
static int
open_old(struct old *o, mode_t type)
{
	o->fd = open_to_write(o, type);
	o->writable = o->fd != -1;
	if (o->fd != -1 || errno != ETXTBSY)
		return o->fd;
	o->fd = open_to_hold(o);
	if (o->fd == -1)
		errno = ETXTBSY;
	return o->fd;
}

/* Whether it is likely to be: of what is kept the first that is written may yet say otherwise. */
static bool
is_to_be_replaced(const struct old *o, mode_t type)
{
	const struct policy *p = o->policy;

	return S_ISREG(type) && !o->manner->partial &&
	    ((p->replace != REPLACE_IN_PLACE && !o->manner->in_place) || p->overwrite == OVERWRITE_BACKUP);
}

int
old_hold(struct old *o, mode_t type)
{
	bool replace = is_to_be_replaced(o, type);

	if (replace)
		o->fd = open_to_hold(o);
	if (o->fd != -1) {
		o->attributes = fs_attributes(o->fd);
		if (may_write(o))
			return fstat(o->fd, &o->st);
		close(o->fd);
	}
	if (open_old(o, type) == -1)
		return -1;
	if (!replace)
		o->attributes = fs_attributes(o->fd);
	return fstat(o->fd, &o->st);
}

int
old_take(struct old *o, int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags == -1 || fstat(fd, &o->st) == -1)
		return -1;
	o->fd = fd;
	/* Where it had to be opened to know whether it may be, it is. */
	o->writable = (flags & O_PATH) == 0 && (flags & O_ACCMODE) != O_RDONLY;
	return 0;
}

static bool
is_protected(const struct old *o)
{
	unsigned sticky = o->policy->sticky;

	if (!S_ISREG(o->st.st_mode))
		return true;
	return sticky == STICKY_ASK ? sticky_is_protected() : sticky == STICKY_PROTECTED;
}

/*
 * In a directory like /tmp, what somebody else left under our name is a trap: the kernel refuses to
 * open it where it would have been created (protected_regular in proc(5)), unless the administrator has
 * said that such files may be written, and so do we.
 */
int
old_check_owner(struct old *o)
{
	uid_t us = geteuid();
	struct stat dir;

	if (o->st.st_uid == us || fstat(o->dirfd, &dir) == -1)
		return 0;
	o->fixed = us != 0 && dir.st_uid != us && (dir.st_mode & S_ISVTX) != 0;
	if (dir.st_uid == o->st.st_uid || (dir.st_mode & (S_ISVTX | S_IWOTH)) != (S_ISVTX | S_IWOTH) ||
	    !is_protected(o))
		return 0;
	errno = EACCES;
	return -1;
}

bool
old_is_mount_point(const struct old *o)
{
	return (o->attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

int
old_must_be_replaced(const struct old *o)
{
	const struct policy *p = o->policy;
	bool partial = o->manner->partial, linked = o->st.st_nlink > 1;
	bool backup = p->overwrite == OVERWRITE_BACKUP && !partial;

	/* It may be another file than the one that was looked at before. */
	errno = p->overwrite == OVERWRITE_NO ? EEXIST : !p->restricted ? 0
	    : old_is_mount_point(o) ? EBUSY
	    : linked && p->replace == REPLACE_IN_PLACE && !backup ? EMLINK : 0;
	if (errno != 0)
		return -1;
	return backup || (p->replace == REPLACE_ATOMIC && !partial) || (p->restricted && linked);
}

static int
open_held(struct old *o)
{
	int fd = open_to_write(o, o->st.st_mode);
	struct stat st;

	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == -1 || st.st_dev != o->st.st_dev || st.st_ino != o->st.st_ino) {
		close(fd);
		errno = ENOENT;
		return -1;
	}
	close(o->fd);
	o->fd = fd;
	o->writable = true;
	return 0;
}

/*
 * It is opened so that we need not wait for a FIFO's reader; the writing may wait, and the flag is ours
 * alone, as the descriptor has no other.
 */
int
old_open(struct old *o)
{
	if (!o->writable && open_held(o) == -1)
		return -1;
	return fcntl(o->fd, F_SETFL, 0) == -1 ? -1 : 0;
}

void
old_close(struct old *o)
{
	dir_close(o->fd);
	o->fd = -1;
}
