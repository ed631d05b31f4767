/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#include "paths/dir.h"
#include "paths/fs.h"
#include "upload/old.h"
#include "upload/upload.h"

enum {
	FILE_BITS = 0777,
	TRIES = 16		/* while others take away what was there, and put something there */
};

void
upload_init(struct upload *up, const struct policy *policy)
{
	*up = (struct upload){ .policy = policy, .way = UPLOAD_NONE, .fd = -1, .old = -1 };
	temp_init(&up->temp);
}

/* Whether a temporary with a name, which somebody may have taken meanwhile, can have its own. */
static int
check_names(struct upload *up, int dirfd)
{
	if (up->way != UPLOAD_NAMED ||
	    (up->policy->overwrite == OVERWRITE_YES && !up->manner.exclusive))
		return 0;
	ability_look(&up->ability, dirfd, up->name);
	if (up->ability.free)
		return 0;
	errno = EOPNOTSUPP;
	return -1;
}

/* A temporary in which there is room for what is announced. */
static int
begin_temp(struct upload *up, int dirfd, mode_t mode)
{
	up->temp.readable = up->manner.readable;
	if (temp_open(&up->temp, dirfd, up->name, mode & FILE_BITS) == -1)
		return -1;
	up->fd = up->temp.fd;
	up->way = up->temp.unnamed ? UPLOAD_UNNAMED : UPLOAD_NAMED;
	if (check_names(up, dirfd) == -1 ||
	    space_check(&up->space, up->policy, up->fd, up->size, false) == -1)
		return -1;
	return space_take(up->policy, up->fd, up->size, &up->taken);
}

/* Makes a new file under its name. */
static int
begin_visibly(struct upload *up, int dirfd, mode_t mode)
{
	int access = up->manner.readable ? O_RDWR : O_WRONLY;

	up->fd = dir_open(dirfd, up->name, access | O_CREAT | O_EXCL, mode & FILE_BITS);
	if (up->fd == -1)
		return -1;
	up->way = UPLOAD_IN_PLACE;
	return space_check(&up->space, up->policy, up->fd, up->size, true);
}

/* A file that is new to everybody: what the policy gives such files beyond the client's mode. */
static int
begin_new(struct upload *up, int dirfd, mode_t mode)
{
	const struct policy *p = up->policy;
	mode_t must = p->file_mode.must;
	struct stat st;

	if ((up->manner.partial && !up->replaces ? begin_visibly : begin_temp)(up, dirfd, mode) == -1)
		return -1;
	if (attrs_adopt(up->fd, p->has_group ? p->group : ATTRS_NO_GROUP, must & FILE_BITS) == -1)
		return -1;
	if (up->temp.late_mode)
		up->temp.mode |= must;
	if ((must & ATTRS_SPECIAL) == 0)
		return 0;
	/* Writing would take them away again. */
	if (fstat(up->fd, &st) == -1)
		return -1;
	up->late_mode = true;
	up->mode = up->temp.late_mode ? up->temp.mode
	    : (st.st_mode & (ATTRS_SPECIAL | FILE_BITS)) | must;
	return 0;
}

/* Makes a temporary that takes the place of OLD, whatever is lost: 1 or -1. */
static int
begin_replacing_anyway(struct upload *up, int dirfd, mode_t mode)
{
	up->replaces = true;
	if (begin_new(up, dirfd, mode) == 0)
		return 1;
	up->beside = up->policy->replace == REPLACE_ATOMIC && (errno == ENOSPC || errno == EDQUOT);
	return -1;
}

/* Why there can be no temporary where a file may still be written in place. */
static bool
is_no_obstacle(int err)
{
	return err == EACCES || err == EPERM || err == EROFS || err == ENOSPC || err == EDQUOT;
}

static bool
can_take_name(struct upload *up, const struct old *old)
{
	ability_look(&up->ability, old->dirfd, up->name);
	return !old->fixed && up->ability.replace;
}

/*
 * Makes a temporary that can take the place of OLD without losing anything of it: 1, 0 where there
 * can be none, -1 with errno.
 */
static int
begin_replacing(struct upload *up, const struct old *old)
{
	/* The group and the ACL that it is for are yet to come: until then it is for us alone. */
	if (begin_temp(up, old->dirfd, old->st.st_mode & S_IRWXU) == -1) {
		upload_end(up);
		return is_no_obstacle(errno) ? 0 : -1;
	}
	if (attrs_inherit(up->fd, old->fd, &up->mode) == -1) {
		upload_end(up);
		return 0;
	}
	/* Whatever the umask made of the temporary, it has the old file's mode now. */
	up->temp.late_mode = false;
	up->late_mode = (up->mode & ATTRS_SPECIAL) != 0;
	up->replaces = true;
	return 1;
}

/* As above, by the policy, for a regular file. */
static int
choose(struct upload *up, const struct old *old, mode_t mode)
{
	const struct policy *p = up->policy;
	bool in_place = p->replace == REPLACE_IN_PLACE || up->manner.in_place || up->manner.partial;
	int must = old_must_be_replaced(old), replacing;

	if (must == -1)
		return -1;
	up->forced = must == 1;
	/* Found out now, and not when all of it has come. */
	if ((must == 1 || !in_place) && !can_take_name(up, old)) {
		errno = EPERM;
		return must == 0 ? 0 : -1;
	}
	/* In a restricted account a mount point does not come as far as this. */
	if (must == 0 && (in_place || old->st.st_nlink > 1 ||
	    (!p->restricted && old_is_mount_point(old))))
		return 0;
	replacing = begin_replacing(up, old);
	return replacing == 0 && must == 1 ? begin_replacing_anyway(up, old->dirfd, mode) : replacing;
}

/* Writes to what is there, whose descriptor is handed over: 0, -1. */
static int
begin_in_place(struct upload *up, struct old *old)
{
	if (up->regular && space_check(&up->space, up->policy, old->fd, up->size, true) == -1)
		return -1;
	if (old_open(old) == -1)
		return -1;
	up->way = UPLOAD_IN_PLACE;
	up->fd = old->fd;
	old->fd = -1;
	return 0;
}

/* Looks at a thing before it is opened: opening alone has consequences for some devices. */
static int
check_kind(mode_t mode, enum upload_allow allow)
{
	if (S_ISREG(mode))
		return 0;
	errno = S_ISLNK(mode) ? ELOOP : S_ISDIR(mode) ? EISDIR : ENXIO;
	return allow == UPLOAD_SPECIAL && errno == ENXIO ? 0 : -1;
}

static int
measure(struct upload *up, const struct old *old)
{
	up->regular = S_ISREG(old->st.st_mode);
	return up->regular ? fs_size_of(&old->st, &up->old_size) : 0;
}

/* Where something of type TYPE was just now: 0, -1 with ENOENT where it has gone. */
static int
begin_over(struct upload *up, int dirfd, mode_t mode, enum upload_allow allow, mode_t type)
{
	struct old old;
	int replacing = -1, end = -1;

	old_init(&old, up->policy, &up->manner, dirfd, up->name);
	if (old_hold(&old, type) == 0 && check_kind(old.st.st_mode, allow) == 0 &&
	    old_check_owner(&old) == 0 && measure(up, &old) == 0) {
		replacing = up->regular ? choose(up, &old, mode) : 0;
		end = replacing == 1 ? 0 : replacing == 0 ? begin_in_place(up, &old) : -1;
	}
	if (replacing == 1 && up->manner.keep) {
		up->old = old.fd;
		old.fd = -1;	/* handed over */
	}
	old_close(&old);
	return end;
}

void
upload_elsewhere(struct upload *up)
{
	space_forget(&up->space);
	ability_forget(&up->ability);
}

/* As what is there now asks for: 0, -1 with ENOENT where it has gone. */
static int
begin_over_any(struct upload *up, int dirfd, const struct stat *st, mode_t mode,
    enum upload_allow allow)
{
	if (check_kind(st->st_mode, allow) == -1)
		return -1;
	if (up->manner.exclusive ||
	    (S_ISREG(st->st_mode) && up->policy->overwrite == OVERWRITE_NO)) {
		errno = EEXIST;
		return -1;
	}
	return begin_over(up, dirfd, mode, allow, st->st_mode);
}

static int
begin(struct upload *up, int dirfd, mode_t mode, enum upload_allow allow)
{
	struct stat st;
	int end = -1;

	errno = ENOENT;
	for (int try = 0; try < TRIES && end == -1 && errno == ENOENT; try++) {
		if (fstatat(dirfd, up->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			end = begin_over_any(up, dirfd, &st, mode, allow);
		else if (errno != ENOENT || (up->random && !up->manner.create))
			return -1;
		else
			end = begin_new(up, dirfd, mode);
	}
	return end;
}

static int
begin_or_end(struct upload *up, int dirfd, const char *name, mode_t mode, uint64_t size,
    enum upload_allow allow)
{
	assert(up->way == UPLOAD_NONE && up->old == -1);
	up->name = name;
	up->size = size;
	up->regular = true;
	up->old_size = 0;
	up->replaces = up->late_mode = up->forced = up->beside = false;
	if (begin(up, dirfd, mode, allow) == 0)
		return 0;
	upload_end(up);
	return -1;
}

const char *
upload_advice(const struct upload *up, int err)
{
	if (!up->beside)
		return NULL;
	return err == EDQUOT ? "Disk quota exceeded beside the old file: remove that first, or use replace auto"
	    : "No space left on device beside the old file: remove that first, or use replace auto";
}

int
upload_begin(struct upload *up, int dirfd, const char *name, mode_t mode, uint64_t size,
    enum upload_allow allow)
{
	up->random = false;
	up->manner = (struct upload_manner){ .create = false };
	return begin_or_end(up, dirfd, name, mode, size, allow);
}

void
upload_begin_given(struct upload *up, int fd, uint64_t size)
{
	up->random = up->regular = up->replaces = up->late_mode = false;
	up->manner = (struct upload_manner){ .create = false };
	up->way = UPLOAD_IN_PLACE;
	up->fd = fd;
	up->name = "";
	up->size = size;
}

int
upload_open(struct upload *up, int dirfd, const char *name, mode_t mode, uint64_t size,
    const struct upload_manner *manner)
{
	up->random = true;
	up->manner = *manner;
	if (begin_or_end(up, dirfd, name, mode, size,
	    manner->special ? UPLOAD_SPECIAL : UPLOAD_REGULAR) == -1)
		return -1;
	if (up->way != UPLOAD_IN_PLACE || !up->regular || manner->keep || ftruncate(up->fd, 0) == 0)
		return 0;
	upload_end(up);
	return -1;
}

int
upload_turn_in_place(struct upload *up)
{
	enum upload_way way = up->way;
	int temp = up->fd;
	struct old old;

	old_init(&old, up->policy, &up->manner, up->temp.dirfd, up->name);
	if (old_take(&old, up->old) == -1 || begin_in_place(up, &old) == -1)
		return -1;
	assert(way != UPLOAD_IN_PLACE && temp == up->temp.fd);
	temp_end(&up->temp);
	up->old = -1;		/* handed over */
	up->replaces = up->late_mode = false;
	return 0;
}

mode_t
upload_mode(const struct upload *up)
{
	struct stat st;

	if (up->late_mode)
		return up->mode;
	if (up->way != UPLOAD_IN_PLACE && up->temp.late_mode)
		return up->temp.mode;
	return fstat(up->fd, &st) == 0 ? st.st_mode & (ATTRS_SPECIAL | FILE_BITS) : 0;
}

bool
upload_is_in_place(const struct upload *up)
{
	return up->way == UPLOAD_IN_PLACE;
}

void
upload_end(struct upload *up)
{
	int saved = errno;

	if (up->way == UPLOAD_IN_PLACE && up->fd != -1)
		close(up->fd);
	temp_end(&up->temp);
	dir_close(up->old);
	up->old = up->fd = -1;
	up->way = UPLOAD_NONE;
	errno = saved;
}
