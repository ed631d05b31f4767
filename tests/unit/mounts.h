/* SPDX-License-Identifier: ISC */
#ifndef MOUNTS_H
#define MOUNTS_H

/*
 * Filesystems that a test mounts in its directory, in a namespace of its own, which goes with the
 * process of the test.
 */
#include <sys/mount.h>

#include <limits.h>
#include <sched.h>

#include "unit.h"

#define PATH_IN(name) path_in((char[PATH_MAX]){ 0 }, name)

static inline const char *
path_in(char path[PATH_MAX], const char *name)
{
	snprintf(path, PATH_MAX, "%s/%s", unit_path, name);
	return path;
}

/* A mount namespace of our own: false, and said so, where there can be none. */
static inline bool
unshare_mounts(void)
{
	if (lacks_root("mounts"))
		return false;
	if (unshare(CLONE_NEWNS) == -1 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1) {
		printf("SKIP: no mounts here: %s\n", strerror(errno));
		return false;
	}
	/* What was open before still leads to where it was before. */
	close(unit_fd);
	unit_fd = open(unit_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(unit_fd, 0);
	return true;
}

/* A filesystem of SIZE in "small", opened; -1, and said so, where there can be none. */
static inline int
mount_small(const char *size)
{
	int dirfd;

	if (!unshare_mounts())
		return -1;
	ck_assert_int_eq(mkdirat(unit_fd, "small", 0755), 0);
	ck_assert_int_eq(mount("none", PATH_IN("small"), "tmpfs", 0, size), 0);
	dirfd = openat(unit_fd, "small", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(dirfd, 0);
	return dirfd;
}

/* Gives it another size. */
static inline void
resize_small(const char *size)
{
	ck_assert_int_eq(mount("none", PATH_IN("small"), "tmpfs", MS_REMOUNT, size), 0);
}

static inline void
unmount_small(int dirfd)
{
	close(dirfd);
	ck_assert_int_eq(umount2(PATH_IN("small"), MNT_DETACH), 0);
}

#endif
