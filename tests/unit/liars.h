/* SPDX-License-Identifier: ISC */
#ifndef LIARS_H
#define LIARS_H

/*
 * Filesystems say what a test has them say: fstatfs(2) and fstat(2) are ours, in the program under test
 * as well.  Those that fold are not on every machine, and no kernel has those that lie.
 */
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

enum {
	TYPE_VFAT = 0x4d44,
	TYPE_FUSE = 0x65735546,
	TYPE_EXT4 = 0xef53,
	TYPE_TMPFS = 0x01021994
};

static unsigned long type_said;		/* 0: as it is; -1: fstatfs fails */
static unsigned	     types_asked;
static const struct statfs *filesystem_said;	/* all of it, where it is not NULL */
static bool	     size_lies;		/* of regular files, these are said: */
static off_t	     size_said;
static blkcnt_t	     blocks_said;

int
fstatfs(int fd, struct statfs *fs)
{
	types_asked++;
	if (type_said == (unsigned long)-1) {
		errno = EIO;
		return -1;
	}
	if (syscall(SYS_fstatfs, fd, fs) == -1)
		return -1;
	if (filesystem_said != NULL)
		*fs = *filesystem_said;
	if (type_said != 0)
		fs->f_type = (__typeof__(fs->f_type))type_said;
	return 0;
}

int
fstat(int fd, struct stat *st)
{
	if (fstatat(fd, "", st, AT_EMPTY_PATH) == -1)
		return -1;
	if (size_lies && S_ISREG(st->st_mode)) {
		st->st_size = size_said;
		st->st_blocks = blocks_said;
	}
	return 0;
}

#endif
