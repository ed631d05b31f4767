/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "paths/dir.h"
#include "paths/fs.h"
#include "upload/commit.h"

static enum temp_take
way_to_take(const struct upload *up)
{
	if (up->policy->overwrite == OVERWRITE_NO || up->manner.exclusive)
		return TEMP_TAKE_FREE;
	if (up->policy->overwrite == OVERWRITE_BACKUP)
		return TEMP_TAKE_BACKUP;
	return up->replaces ? TEMP_TAKE_OVER : TEMP_TAKE_NEW;
}

/* Whether closing loses nothing: a look is less than a second descriptor. */
static bool
is_sure(const struct upload *up)
{
	struct statfs fs;

	return up->space.plain || up->manner.sure || (up->size == 0 && !up->random) ||
	    (up->random && fstatfs(up->fd, &fs) == 0 && fs_is_plain(&fs));
}

/* Puts what was written under its name: closes FD, whoever owns it. */
static int
finish(struct upload *up, int *unset)
{
	int fd = up->fd;

	*unset = 0;
	up->temp.sure = up->way != UPLOAD_IN_PLACE && is_sure(up);
	up->fd = -1;
	return up->way == UPLOAD_IN_PLACE ? close(fd)
	    : temp_take_name(&up->temp, way_to_take(up), unset);
}

static int
sync_file(const struct upload *up)
{
	return up->policy->sync == SYNC_NONE || !up->regular ? 0 : fsync(up->fd);
}

/* The mode that the file shall have waits, where it must, until the temporary has its name. */
static void
put_off_mode(struct upload *up, struct attrs *a)
{
	if (!a->has_mode || up->way == UPLOAD_IN_PLACE)
		return;
	up->temp.late_mode = false;
	if (temp_mode_is_open(a->mode))
		return;
	temp_set_late_mode(&up->temp, a->mode);
	a->mode |= S_IRUSR;
}

int
upload_commit(struct upload *up, const struct attrs *wanted, const char **what)
{
	struct attrs a = *wanted;
	const char *unset = NULL;
	int failed = 0, late;

	assert(up->way != UPLOAD_NONE);
	*what = NULL;
	if (up->way == UPLOAD_IN_PLACE && up->regular && !up->random &&
	    ftruncate(up->fd, (off_t)up->size) == -1)
		return -1;
	/* What grew as it came was allowed piece by piece, while others took room as well. */
	if (up->way != UPLOAD_IN_PLACE && (!up->taken || up->random) &&
	    space_keep(up->policy, up->fd) == -1)
		return -1;
	if (up->late_mode && !a.has_mode) {
		a.has_mode = true;
		a.mode = up->mode;
	}
	put_off_mode(up, &a);
	if (up->regular && attrs_apply(up->fd, &a, &unset) == -1)
		failed = errno;
	if (sync_file(up) == -1 || finish(up, &late) == -1)
		return -1;
	if (late != 0) {
		failed = late;
		unset = up->temp.late_mode ? "set mode" : "close";
	} else if (up->policy->sync == SYNC_FULL && up->way != UPLOAD_IN_PLACE &&
	    dir_sync(up->temp.dirfd) == -1) {
		failed = errno;
		unset = "sync";
	}
	*what = unset;
	errno = failed;
	return failed == 0 ? 0 : -1;
}

int
upload_publish(struct upload *up, const struct attrs *wanted, const char **what)
{
	int fd = fcntl(up->fd, F_DUPFD_CLOEXEC, 0), end;

	assert(up->way != UPLOAD_IN_PLACE);
	*what = NULL;
	if (fd == -1)
		return -1;
	end = upload_commit(up, wanted, what);
	if (end == -1 && *what == NULL) {
		dir_close(fd);
		return -1;
	}
	dir_close(up->old);
	up->old = -1;
	up->way = UPLOAD_IN_PLACE;
	up->fd = fd;
	return end;
}
