/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "paths/proc.h"

#ifndef SYS_faccessat2
#define SYS_faccessat2 439	/* Linux 5.8, the same number everywhere */
#endif

enum {
	PROC_NAME_MAX = sizeof("/proc/self/fd/-2147483648")
};

/* What /proc calls the descriptor FD. */
static void
name_descriptor(int fd, char path[PROC_NAME_MAX])
{
	snprintf(path, PROC_NAME_MAX, "/proc/self/fd/%d", fd);
}

int
proc_chmod(int fd, mode_t mode)
{
	char path[PROC_NAME_MAX];

	name_descriptor(fd, path);
	/* Not chmod(2), for which a cell has no word. */
	return fchmodat(AT_FDCWD, path, mode, 0);
}

int
proc_set_times(int fd, const struct timespec times[2])
{
	char path[PROC_NAME_MAX];

	name_descriptor(fd, path);
	return utimensat(AT_FDCWD, path, times, 0);
}

int
proc_link(int fd, int dirfd, const char *name)
{
	char path[PROC_NAME_MAX];

	name_descriptor(fd, path);
	return linkat(AT_FDCWD, path, dirfd, name, AT_SYMLINK_FOLLOW);
}

int
proc_path(int fd, char path[PATH_MAX])
{
	char link[PROC_NAME_MAX];
	struct stat here, there;
	ssize_t n;

	name_descriptor(fd, link);
	n = readlinkat(AT_FDCWD, link, path, PATH_MAX - 1);
	if (n == -1 || fstat(fd, &here) == -1)
		return -1;
	path[n] = '\0';
	/* What is behind the path of one that was removed is no part of it. */
	if (path[0] != '/' || fstatat(AT_FDCWD, path, &there, 0) == -1 || here.st_dev != there.st_dev ||
	    here.st_ino != there.st_ino) {
		errno = ENOENT;
		return -1;
	}
	if (n == 1)
		path[0] = '\0';
	return 0;
}

ssize_t
proc_listxattr(int fd, char *names, size_t size)
{
	char path[PROC_NAME_MAX];

	name_descriptor(fd, path);
	return listxattr(path, names, size);
}

ssize_t
proc_getxattr(int fd, const char *name, void *value, size_t size)
{
	char path[PROC_NAME_MAX];

	name_descriptor(fd, path);
	return getxattr(path, name, value, size);
}

int
proc_may_write(int fd)
{
	char path[PROC_NAME_MAX];

	name_descriptor(fd, path);
	return (int)syscall(SYS_faccessat2, AT_FDCWD, path, W_OK, AT_EACCESS);
}
