/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <errno.h>
#include <unistd.h>

#include "upload/space.h"

enum {
	BLOCK = 512,		/* bytes, of st_blocks */
	MIB = 1 << 20,
	PLENTY = 1024,		/* MiB of room that nobody else will take in the next moment */
	SHARE = 8,		/* the part of the room that one file is given at a time: one in so many */
	MIN_FILE = 8192		/* bytes that a file takes beyond its size, and more */
};

/* Blocks that hold so many bytes. */
static uint64_t
blocks_of(const struct statvfs *fs, uint64_t bytes)
{
	return bytes / fs->f_frsize + (bytes % fs->f_frsize != 0);
}

/* Blocks that this file may still take: what is overwritten in place needs no other room. */
static uint64_t
room_for(int fd, bool in_place, const struct statvfs *fs)
{
	struct stat st;
	uint64_t room = fs->f_bavail;

	if (in_place && fstat(fd, &st) == 0)
		room += (uint64_t)st.st_blocks * BLOCK / fs->f_frsize;
	return geteuid() == 0 ? room + (fs->f_bfree - fs->f_bavail) : room;
}

/* Blocks that the policy keeps free. */
static uint64_t
reserve_of(const struct policy *p, const struct statvfs *fs)
{
	uint64_t blocks = blocks_of(fs, p->min_free);
	uint64_t share = fs->f_blocks / 100 * p->min_free_percent +
	    (fs->f_blocks % 100 * p->min_free_percent + 99) / 100;

	return blocks > share ? blocks : share;
}

/* Bytes that need not be asked for again, of BLOCKS that would still be free. */
static uint64_t
spare_of(const struct policy *p, const struct statvfs *fs, uint64_t blocks)
{
	uint64_t mib = blocks / (MIB / fs->f_frsize + 1);

	return p->min_free > 0 || p->min_free_percent > 0 || mib < PLENTY ? 0 : mib / 8 * MIB;
}

static int
ask(struct space *s, const struct policy *p, int fd, uint64_t size, bool in_place)
{
	struct statvfs fs;
	uint64_t blocks;

	s->spare = 0;
	if (fstatvfs(fd, &fs) == -1 || fs.f_blocks == 0 || fs.f_frsize == 0)
		return 0;
	blocks = blocks_of(&fs, size) + reserve_of(p, &fs);
	if (blocks <= fs.f_bavail)
		s->spare = spare_of(p, &fs, fs.f_bavail - blocks);
	if (blocks <= fs.f_bavail || blocks <= room_for(fd, in_place, &fs))
		return 0;
	errno = ENOSPC;
	return -1;
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

/* Takes what the policy keeps free off the room that there is. */
static void
hide_reserve(const struct policy *p, struct statvfs *fs)
{
	uint64_t keep = fs->f_frsize == 0 ? 0 : reserve_of(p, fs);

	fs->f_bavail = fs->f_bavail > keep ? fs->f_bavail - keep : 0;
}

int
space_check_growth(const struct policy *p, int fd, uint64_t has, uint64_t end, uint64_t *granted)
{
	struct statvfs fs;
	uint64_t blocks, bytes;

	if ((p->min_free == 0 && p->min_free_percent == 0) || end <= has || end <= *granted)
		return 0;
	if (fstatvfs(fd, &fs) == -1 || fs.f_blocks == 0 || fs.f_frsize == 0)
		return 0;
	hide_reserve(p, &fs);
	blocks = blocks_of(&fs, end - has);
	if (blocks > fs.f_bavail) {
		errno = ENOSPC;
		return -1;
	}
	blocks = (fs.f_bavail - blocks) / SHARE;
	bytes = blocks > UINT64_MAX / fs.f_frsize ? UINT64_MAX : blocks * fs.f_frsize;
	*granted = bytes > UINT64_MAX - end ? UINT64_MAX : end + bytes;
	return 0;
}

int
space_obstacle(const struct policy *p, int fd, uint64_t size)
{
	struct statvfs fs;
	uint64_t room;

	if (fstatvfs(fd, &fs) == -1)
		return 0;
	if ((fs.f_flag & ST_RDONLY) != 0)
		return EROFS;
	/* What cannot say has none of either. */
	if (fs.f_blocks == 0 || fs.f_frsize == 0)
		return 0;
	room = geteuid() == 0 ? fs.f_bfree : fs.f_bavail;
	if (room == 0 || room < blocks_of(&fs, size) + reserve_of(p, &fs))
		return ENOSPC;
	return fs.f_files > 0 && (geteuid() == 0 ? fs.f_ffree : fs.f_favail) == 0 ? ENOSPC : 0;
}

int
space_look(const struct policy *p, int fd, struct statvfs *fs)
{
	if (fstatvfs(fd, fs) == -1)
		return -1;
	hide_reserve(p, fs);
	if (p->restricted)
		fs->f_fsid = 0;
	return 0;
}

void
space_forget(struct space *s)
{
	s->spare = 0;
}
