/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <linux/fs.h>

#include "paths/attrs.h"
#include "paths/dir.h"

enum {
	FILE_BITS = 07777,
	PLAIN_FLAGS = O_NONBLOCK | O_NOCTTY | O_CLOEXEC
};

int
dir_open(int dirfd, const char *name, int flags, mode_t mode)
{
	return openat(dirfd, name, flags | PLAIN_FLAGS | O_NOFOLLOW, mode);
}

bool
dir_is_link(int dirfd, const char *name)
{
	struct stat st;

	return fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode);
}

/* renameat2(2), for which not every C library has a function. */
static int
rename_by(int fromdir, const char *from, int todir, const char *to, unsigned flags)
{
	return (int)syscall(SYS_renameat2, fromdir, from, todir, to, flags);
}

/* Some filesystems have no rename that replaces nothing, but links, which replace nothing either: 1. */
static int
move_by_link(int fromdir, const char *from, int todir, const char *to)
{
	if (linkat(fromdir, from, todir, to, 0) == -1)
		return -1;
	/* The name is taken, whatever becomes of the other. */
	(void)unlinkat(fromdir, from, 0);
	return 1;
}

static bool
is_no_such_rename(int err)
{
	return err == EINVAL || err == ENOSYS;
}

/* Directories have no links; what is put in the way at this moment can only be an empty one. */
static int
move_directory(int fromdir, const char *from, int todir, const char *to)
{
	struct stat st;

	if (fstatat(todir, to, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = EEXIST;
		return -1;
	}
	return errno == ENOENT ? renameat(fromdir, from, todir, to) : -1;
}

int
dir_move_free(int fromdir, const char *from, int todir, const char *to)
{
	struct stat st;

	if (rename_by(fromdir, from, todir, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (!is_no_such_rename(errno) || fstatat(fromdir, from, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return -1;
	if (S_ISDIR(st.st_mode))
		return move_directory(fromdir, from, todir, to);
	return move_by_link(fromdir, from, todir, to) == -1 ? -1 : 0;
}

int
dir_rename_plain(int dirfd, const char *from, const char *to)
{
	return rename_by(dirfd, from, dirfd, to, RENAME_NOREPLACE);
}

int
dir_rename_free(int dirfd, const char *from, const char *to)
{
	if (dir_rename_plain(dirfd, from, to) == 0)
		return 0;
	return is_no_such_rename(errno) ? move_by_link(dirfd, from, dirfd, to) : -1;
}

int
dir_exchange(int dirfd, const char *a, const char *b)
{
	return rename_by(dirfd, a, dirfd, b, RENAME_EXCHANGE);
}

/* Opens a file of ours whose mode does not let us write. */
static int
open_closed(int dirfd, const char *name)
{
	int held = dir_open(dirfd, name, O_PATH, 0), fd = -1;
	struct stat st;

	if (held == -1)
		return -1;
	if (fstat(held, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	    attrs_chmod(held, (st.st_mode & FILE_BITS) | S_IWUSR) == 0) {
		fd = dir_open(dirfd, name, O_WRONLY, 0);
		(void)attrs_chmod(held, st.st_mode & FILE_BITS);	/* As it just could be. */
	}
	close(held);
	return fd;
}

void
dir_announce(int dirfd, const char *name)
{
	int fd = dir_open(dirfd, name, O_WRONLY, 0);

	if (fd == -1 && errno == EACCES)
		fd = open_closed(dirfd, name);
	dir_close(fd);
}

int
dir_sync(int dirfd)
{
	int fd = dir_open(dirfd, ".", O_RDONLY | O_DIRECTORY, 0), end;

	if (fd == -1)
		return -1;
	end = fsync(fd);
	dir_close(fd);
	return end;
}

bool
dir_is_trap(int dirfd, const struct stat *link)
{
	struct stat dir;

	if (link->st_uid == geteuid())
		return false;
	if (fstat(dirfd, &dir) == -1)
		return true;	/* What cannot be told is not trusted. */
	return dir.st_uid != link->st_uid &&
	    (dir.st_mode & (S_ISVTX | S_IWOTH)) == (S_ISVTX | S_IWOTH);
}

void
dir_close(int fd)
{
	int saved = errno;

	if (fd >= 0)
		close(fd);
	errno = saved;
}
