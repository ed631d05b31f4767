/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "paths/fs.h"
#include "upload/space.h"

enum {
	MIB = 1 << 20,
	PLENTY = 1024,		/* MiB of room that nobody else will take in the next moment */
	SHARE = 8,		/* the part of the room that one file is given at a time: one in so many */
	MIN_FILE = 8192		/* bytes that a file takes beyond its size, and more */
};

/* Numbers that a filesystem says, or a client, may be as large as they like: no sum or product wraps. */
static uint64_t
sum(uint64_t a, uint64_t b)
{
	return b > UINT64_MAX - a ? UINT64_MAX : a + b;
}

static uint64_t
product(uint64_t a, uint64_t b)
{
	return b != 0 && a > UINT64_MAX / b ? UINT64_MAX : a * b;
}

static bool
can_tell(const struct statfs *fs)
{
	return fs->f_blocks != 0 && fs->f_frsize > 0;
}

static uint64_t
block_of(const struct statfs *fs)
{
	return (uint64_t)fs->f_frsize;
}

/* Blocks that hold so many bytes. */
static uint64_t
blocks_of(const struct statfs *fs, uint64_t bytes)
{
	return bytes / block_of(fs) + (bytes % block_of(fs) != 0);
}

/* Blocks that are free for us. */
static uint64_t
room_of(const struct statfs *fs)
{
	return geteuid() == 0 ? fs->f_bfree : fs->f_bavail;
}

/* Blocks that this file may still take: what is overwritten in place needs no other room. */
static uint64_t
room_for(int fd, bool in_place, const struct statfs *fs)
{
	struct stat st;
	uint64_t room = room_of(fs);

	if (in_place && fstat(fd, &st) == 0)
		room = sum(room, fs_taken_by(&st) / block_of(fs));
	return room;
}

/* What the policy keeps free of ALL, which is a share. */
static uint64_t
share_of(const struct policy *p, uint64_t all)
{
	return all / 100 * p->min_free_percent + (all % 100 * p->min_free_percent + 99) / 100;
}

/* Blocks that the policy keeps free. */
static uint64_t
reserve_of(const struct policy *p, const struct statfs *fs)
{
	uint64_t blocks = blocks_of(fs, p->min_free);
	uint64_t share = share_of(p, fs->f_blocks);

	return blocks > share ? blocks : share;
}

static bool
keeps_free(const struct policy *p)
{
	return p->min_free > 0 || p->min_free_percent > 0;
}

/* Bytes that need not be asked for again, of BLOCKS that would still be free. */
static uint64_t
spare_of(const struct policy *p, const struct statfs *fs, uint64_t blocks)
{
	uint64_t mib = blocks / (MIB / block_of(fs) + 1);

	return keeps_free(p) || mib < PLENTY ? 0 : product(mib / 8, MIB);
}

/* Blocks that must be free for SIZE bytes: where that cannot be said, it is tried. */
static uint64_t
blocks_for(const struct policy *p, const struct statfs *fs, uint64_t size)
{
	return sum(reserve_of(p, fs), fs_counts_bytes(fs) ? blocks_of(fs, size) : 0);
}

static int
ask(struct space *s, const struct policy *p, int fd, uint64_t size, bool in_place)
{
	struct statfs fs;
	uint64_t blocks;

	s->spare = 0;
	if (fstatfs(fd, &fs) == -1)
		return 0;
	s->plain = fs_is_plain(&fs);
	if (!can_tell(&fs))
		return 0;
	blocks = blocks_for(p, &fs, size);
	if (blocks <= fs.f_bavail)
		s->spare = spare_of(p, &fs, fs.f_bavail - blocks);
	if (blocks <= fs.f_bavail || blocks <= room_for(fd, in_place, &fs))
		return 0;
	errno = ENOSPC;
	return -1;
}

/* Whether there still is all that the policy keeps free, of files as well as of bytes. */
static bool
is_kept(const struct policy *p, int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) == -1 || !can_tell(&fs))
		return true;
	return room_of(&fs) >= reserve_of(p, &fs) &&
	    (fs.f_files == 0 || fs.f_ffree >= share_of(p, fs.f_files));
}

int
space_keep(const struct policy *p, int fd)
{
	if (!keeps_free(p) || is_kept(p, fd))
		return 0;
	errno = ENOSPC;
	return -1;
}

int
space_take(const struct policy *p, int fd, uint64_t size, bool *taken)
{
	struct statfs fs;

	*taken = true;
	if (!keeps_free(p))
		return 0;
	/* What is compressed takes less than that. */
	if (size > 0 && fstatfs(fd, &fs) == 0)
		*taken = fs_counts_bytes(&fs) && size <= INT64_MAX &&
		    fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)size) == 0;
	else if (size > 0)
		*taken = false;
	return space_keep(p, fd);
}

int
space_check(struct space *s, const struct policy *p, int fd, uint64_t size, bool in_place)
{
	uint64_t needed = size + MIN_FILE;

	if (size == 0)
		return 0;
	if (needed < size || needed > s->spare)
		return ask(s, p, fd, size, in_place);
	s->spare -= needed;
	return 0;
}

/* Blocks of so many that are there for us, less what the policy keeps free. */
static uint64_t
left_of(const struct policy *p, const struct statfs *fs)
{
	uint64_t keep = can_tell(fs) ? reserve_of(p, fs) : 0;

	return fs->f_bavail > keep ? fs->f_bavail - keep : 0;
}

/* Files of so many that may be made, likewise. */
static uint64_t
files_left_of(const struct policy *p, const struct statvfs *fs)
{
	uint64_t keep = share_of(p, fs->f_files);

	return fs->f_favail > keep ? fs->f_favail - keep : 0;
}

int
space_check_growth(const struct policy *p, int fd, uint64_t has, uint64_t end, uint64_t *granted)
{
	struct statfs fs;
	uint64_t blocks, left;

	if (!keeps_free(p) || end <= has || end <= *granted)
		return 0;
	if (fstatfs(fd, &fs) == -1 || !can_tell(&fs))
		return 0;
	left = left_of(p, &fs);
	blocks = blocks_of(&fs, end - has);
	if (blocks > left) {
		errno = ENOSPC;
		return -1;
	}
	*granted = sum(end, product((left - blocks) / SHARE, block_of(&fs)));
	return 0;
}

int
space_obstacle(const struct policy *p, int fd, uint64_t size)
{
	struct statfs fs;
	uint64_t room;

	if (fstatfs(fd, &fs) == -1)
		return 0;
	if ((fs.f_flags & ST_RDONLY) != 0)
		return EROFS;
	/* What cannot say has none of either. */
	if (!can_tell(&fs))
		return 0;
	room = room_of(&fs);
	if (room == 0 || room < blocks_for(p, &fs, size))
		return ENOSPC;
	return fs.f_files > 0 && fs.f_ffree == 0 ? ENOSPC : 0;
}

int
space_look(const struct policy *p, int fd, struct statvfs *fs)
{
	struct statfs all;

	if (fstatvfs(fd, fs) == -1 || fstatfs(fd, &all) == -1)
		return -1;
	fs->f_bavail = left_of(p, &all);
	fs->f_favail = files_left_of(p, fs);
	if (p->restricted)
		fs->f_fsid = 0;
	return 0;
}

void
space_forget(struct space *s)
{
	s->spare = 0;
	s->plain = false;
}
