/* SPDX-License-Identifier: ISC */
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "paths/attrs.h"
#include "paths/proc.h"
#include "paths/xattr.h"

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452	/* Linux 6.6, the same number everywhere */
#endif

int
attrs_chmod(int fd, mode_t mode)
{
	/* Not fchmod(3): some C libraries go by /proc then, by calls that a cell has no word for. */
	if (syscall(SYS_fchmod, fd, mode) == 0)
		return 0;
	if (errno != EBADF)
		return -1;
	/* An O_PATH descriptor, of what we may not read. */
	if (syscall(SYS_fchmodat2, fd, "", mode, AT_EMPTY_PATH) == 0)
		return 0;
	if (errno != ENOSYS)
		return -1;
	return proc_chmod(fd, mode);
}

int
attrs_touch(int fd, const struct timespec times[2])
{
	if (futimens(fd, times) == 0)
		return 0;
	if (errno != EBADF)
		return -1;
	if (utimensat(fd, "", times, AT_EMPTY_PATH) == 0)
		return 0;
	/* Before Linux 5.8 there is no such flag. */
	if (errno != EINVAL && errno != ENOENT)
		return -1;
	return proc_set_times(fd, times);
}

int
attrs_chown(int fd, uid_t uid, gid_t gid)
{
	return fchownat(fd, "", uid, gid, AT_EMPTY_PATH);
}

int
attrs_adopt(int fd, gid_t group, mode_t must)
{
	struct stat st;

	if (group != ATTRS_NO_GROUP && fchown(fd, (uid_t)-1, group) == -1)
		return -1;
	if (must == 0)
		return 0;
	if (fstat(fd, &st) == -1)
		return -1;
	return (st.st_mode & must) == must ? 0
	    : attrs_chmod(fd, (st.st_mode & (ATTRS_SPECIAL | 0777)) | must);
}

const char attrs_set_mode[] = "set mode", attrs_set_times[] = "set times";

static bool
is_time(struct timespec has, struct timespec wanted)
{
	return wanted.tv_nsec == UTIME_OMIT ||
	    (has.tv_sec == wanted.tv_sec && has.tv_nsec == wanted.tv_nsec);
}

/* What is somebody else's may be as it should be. */
static bool
has_mode(int fd, mode_t mode)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (st.st_mode & (ATTRS_SPECIAL | 0777)) == mode;
}

static bool
has_times(int fd, const struct timespec times[2])
{
	struct stat st;

	return fstat(fd, &st) == 0 && is_time(st.st_atim, times[0]) && is_time(st.st_mtim, times[1]);
}

int
attrs_apply(int fd, const struct attrs *a, const char **what)
{
	int failed = 0, err;

	*what = NULL;
	if (a->has_mode && attrs_chmod(fd, a->mode) == -1) {
		err = errno;
		if (err != EPERM || !has_mode(fd, a->mode)) {
			failed = err;
			*what = attrs_set_mode;
		}
	}
	if (a->has_times && futimens(fd, a->times) == -1) {
		err = errno;
		if (failed == 0 && (err != EPERM || !has_times(fd, a->times))) {
			failed = err;
			*what = attrs_set_times;
		}
	}
	errno = failed;
	return failed == 0 ? 0 : -1;
}

/*
 * As the kernel does when a file is written in place: only root's writing keeps set-id bits, but
 * set-group-ID without the right to execute means something else.
 */
static mode_t
mode_after_writing(mode_t mode)
{
	if (geteuid() == 0)
		return mode;
	return mode & ~(mode_t)(S_ISUID | ((mode & S_IXGRP) != 0 ? S_ISGID : 0));
}

int
attrs_inherit(int fd, int replaced, mode_t *mode)
{
	struct stat old, new;
	const mode_t bits = ATTRS_SPECIAL | 0777;
	int acl;

	if (fstat(replaced, &old) == -1 || fstat(fd, &new) == -1)
		return -1;
	if ((old.st_uid != new.st_uid || old.st_gid != new.st_gid) &&
	    fchown(fd, old.st_uid, old.st_gid) == -1)
		return -1;
	*mode = mode_after_writing(old.st_mode & bits);
	acl = xattr_copy(fd, replaced);
	if (acl != 0 || (new.st_mode & bits) == (old.st_mode & 0777))
		return acl == -1 ? -1 : 0;
	return fchmod(fd, old.st_mode & 0777);
}
