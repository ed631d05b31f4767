/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "paths/birth.h"

#ifndef STATX_TYPE	/* The C library has no statx(2). */
#include <linux/stat.h>
#endif

enum {
	FLAGS = AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW
};

#define NANO UINT64_C(1000000000)

/* Where there is no such call there are no births. */
static int
look_by_stat(int dirfd, const char *name, struct birth *b)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, FLAGS) == -1)
		return -1;
	*b = (struct birth){ .dev = st.st_dev, .ino = st.st_ino };
	return 0;
}

int
birth_look(int dirfd, const char *name, struct birth *b)
{
	struct statx sx;

	if (syscall(SYS_statx, dirfd, name, FLAGS, STATX_INO | STATX_BTIME, &sx) == -1)
		return errno == ENOSYS || errno == EPERM ? look_by_stat(dirfd, name, b) : -1;
	*b = (struct birth){ .dev = makedev(sx.stx_dev_major, sx.stx_dev_minor), .ino = sx.stx_ino };
	if ((sx.stx_mask & STATX_BTIME) != 0)
		b->born = (uint64_t)sx.stx_btime.tv_sec * NANO + sx.stx_btime.tv_nsec;
	return 0;
}

uint64_t
birth_now(void)
{
	struct timespec now;

	/* Filesystems have this time, or that of the last tick. */
	if (clock_gettime(CLOCK_REALTIME, &now) == -1)
		return UINT64_MAX;
	return (uint64_t)now.tv_sec * NANO + (uint64_t)now.tv_nsec;
}

bool
birth_is_same(const struct birth *a, const struct birth *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->born == b->born;
}
