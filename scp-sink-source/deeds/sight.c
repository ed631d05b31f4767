/* SPDX-License-Identifier: ISC */
#include <errno.h>

#include "deeds/refuse.h"
#include "deeds/sight.h"
#include "upload/space.h"

enum {
	SHOWN_MODE = S_IFDIR | 0755,
	SHOWN_SIZE = 4096
};

/* What any directory looks like that is somebody else's. */
static void
mask(const struct deeds *d, struct stat *st)
{
	const struct timespec begun = { .tv_sec = d->begun };

	*st = (struct stat){
		.st_dev = st->st_dev, .st_ino = st->st_ino, .st_mode = SHOWN_MODE, .st_nlink = 1,
		.st_uid = d->account->uid, .st_gid = d->account->gid, .st_size = SHOWN_SIZE,
		.st_atim = begun, .st_mtim = begun, .st_ctim = begun,
	};
}

bool
sight_has(const struct deeds *d, const char *plain, struct stat *st, int dirfd, const char *name)
{
	if (!deeds_is_blind(d) || own_has(&d->own, plain, st, dirfd, name))
		return true;
	if (!S_ISDIR(st->st_mode))
		return false;
	mask(d, st);
	return true;
}

const char sight_no_room[] = "the room that is left is not told";

int
sight_room(struct deeds *d, const char *plain, int fd, struct statvfs *fs, struct answer *a)
{
	if (deeds_is_quiet(d))
		return refuse_openly(d, plain, EACCES, sight_no_room, a);
	return space_look(d->policy, fd, fs) == 0 ? 0 : refuse_look(d, plain, errno, a);
}
