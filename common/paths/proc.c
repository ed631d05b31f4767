/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "paths/proc.h"

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
	return chmod(path, mode);
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
