/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#include "paths/dir.h"
#include "paths/fs.h"
#include "paths/proc.h"
#include "paths/sticky.h"
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

struct old {			/* what is there already */
	int		fd;		/* owned; only held, unless what is in it is read, or it is
					 * written in place */
	bool		writable;	/* FD is open for writing */
	struct stat	st;
	uint64_t	attributes;	/* as of statx(2) */
	bool		fixed;		/* its name is for its owner to give away: a sticky directory */
};

static bool
is_mount_point(const struct old *old)
{
	return (old->attributes & STATX_ATTR_MOUNT_ROOT) != 0;
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

/* Whether the policy leaves no choice but to replace OLD: 1, 0, or -1 with errno. */
static int
must_replace(const struct upload *up, const struct old *old)
{
	const struct policy *p = up->policy;
	bool partial = up->manner.partial, linked = old->st.st_nlink > 1;
	bool backup = p->overwrite == OVERWRITE_BACKUP && !partial;

	/* It may be another file than the one that was looked at before. */
	errno = p->overwrite == OVERWRITE_NO ? EEXIST : !p->restricted ? 0
	    : is_mount_point(old) ? EBUSY
	    : linked && p->replace == REPLACE_IN_PLACE && !backup ? EMLINK : 0;
	if (errno != 0)
		return -1;
	return backup || (p->replace == REPLACE_ATOMIC && !partial) || (p->restricted && linked);
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
can_take_name(struct upload *up, int dirfd, const struct old *old)
{
	ability_look(&up->ability, dirfd, up->name);
	return !old->fixed && up->ability.replace;
}

/*
 * Makes a temporary that can take the place of OLD without losing anything of it: 1, 0 where there
 * can be none, -1 with errno.
 */
static int
begin_replacing(struct upload *up, int dirfd, const struct old *old)
{
	/* The group and the ACL that it is for are yet to come: until then it is for us alone. */
	if (begin_temp(up, dirfd, old->st.st_mode & S_IRWXU) == -1) {
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
choose(struct upload *up, int dirfd, const struct old *old, mode_t mode)
{
	const struct policy *p = up->policy;
	bool in_place = p->replace == REPLACE_IN_PLACE || up->manner.in_place || up->manner.partial;
	int must = must_replace(up, old), replacing;

	if (must == -1)
		return -1;
	up->forced = must == 1;
	/* Found out now, and not when all of it has come. */
	if ((must == 1 || !in_place) && !can_take_name(up, dirfd, old)) {
		errno = EPERM;
		return must == 0 ? 0 : -1;
	}
	/* In a restricted account a mount point does not come as far as this. */
	if (must == 0 && (in_place || old->st.st_nlink > 1 ||
	    (!p->restricted && is_mount_point(old))))
		return 0;
	replacing = begin_replacing(up, dirfd, old);
	return replacing == 0 && must == 1 ? begin_replacing_anyway(up, dirfd, mode) : replacing;
}

/*
 * True when the kernel says, without opening it, that the file FD may be written by us.  In some
 * filesystems it cannot: others have the last word there.
 */
static bool
may_write(const struct old *old)
{
	struct statfs fs;

	return (old->attributes & STATX_ATTR_APPEND) == 0 && proc_may_write(old->fd) == 0 &&
	    fstatfs(old->fd, &fs) == 0 && fs_is_plain(&fs);
}

/* Opens what is there for writing, and for reading as well where that is wanted and may be. */
static int
open_to_write(const struct upload *up, int dirfd, mode_t type)
{
	const struct upload_manner *manner = &up->manner;
	int fd = -1;

	errno = 0;
	/* A FIFO that is opened for both has a reader, ourselves. */
	if (manner->readable && S_ISREG(type))
		fd = dir_open(dirfd, up->name, O_RDWR, 0);
	if (fd == -1 && !(errno == EACCES && manner->read && manner->keep))
		fd = dir_open(dirfd, up->name, O_WRONLY, 0);
	return fd;
}

/* Holds it without opening it for writing; open for reading where what is in it counts. */
static int
open_to_hold(const struct upload *up, int dirfd)
{
	const struct upload_manner *manner = &up->manner;
	int fd = -1;

	errno = EACCES;
	if (manner->keep && manner->readable)
		fd = dir_open(dirfd, up->name, O_RDONLY, 0);
	if (fd == -1 && errno == EACCES && !(manner->keep && manner->read))
		fd = dir_open(dirfd, up->name, O_PATH, 0);
	return fd;
}

/*
 * Opens it for writing, which tells whether we may write it.  The kernel says that it is a running
 * program only after it found that we may: such a file can be replaced.
 */
static int
open_old(const struct upload *up, struct old *old, int dirfd, mode_t type)
{
	old->fd = open_to_write(up, dirfd, type);
	old->writable = old->fd != -1;
	if (old->fd != -1 || errno != ETXTBSY)
		return old->fd;
	old->fd = open_to_hold(up, dirfd);
	if (old->fd == -1)
		errno = ETXTBSY;
	return old->fd;
}

/* Whether it is likely to be: of what is kept the first that is written may yet say otherwise. */
static bool
is_to_be_replaced(const struct upload *up, mode_t type)
{
	const struct policy *p = up->policy;
	const struct upload_manner *manner = &up->manner;

	return S_ISREG(type) && !manner->partial &&
	    ((p->replace != REPLACE_IN_PLACE && !manner->in_place) || p->overwrite == OVERWRITE_BACKUP);
}

/*
 * Holds what is there, if we may write it.  Whoever watches it hears when a file is closed that was
 * open for writing, and takes that for new content: so one that is to be replaced is opened so only
 * where that is the one way to know.
 */
static int
hold_old(const struct upload *up, struct old *old, int dirfd, mode_t type)
{
	bool replace = is_to_be_replaced(up, type);

	old->writable = false;
	old->attributes = 0;
	old->fd = replace ? open_to_hold(up, dirfd) : -1;
	if (old->fd != -1) {
		old->attributes = fs_attributes(old->fd);
		if (may_write(old))
			return fstat(old->fd, &old->st);
		close(old->fd);
	}
	if (open_old(up, old, dirfd, type) == -1)
		return -1;
	if (!replace)
		old->attributes = fs_attributes(old->fd);
	return fstat(old->fd, &old->st);
}

/* Opens for writing what is held, and lets that go: ENOENT where it has no such name any more. */
static int
open_held(const struct upload *up, struct old *old, int dirfd)
{
	int fd = open_to_write(up, dirfd, old->st.st_mode);
	struct stat st;

	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == -1 || st.st_dev != old->st.st_dev || st.st_ino != old->st.st_ino) {
		close(fd);
		errno = ENOENT;
		return -1;
	}
	close(old->fd);
	old->fd = fd;
	old->writable = true;
	return 0;
}

/*
 * Writes to what is there.  It is opened so that we need not wait for a FIFO's reader; the writing may
 * wait, and the flag is ours alone, as the descriptor has no other.
 */
static int
begin_in_place(struct upload *up, int dirfd, struct old *old)
{
	if (up->regular && space_check(&up->space, up->policy, old->fd, up->size, true) == -1)
		return -1;
	if ((!old->writable && open_held(up, old, dirfd) == -1) ||
	    fcntl(old->fd, F_SETFL, 0) == -1)
		return -1;
	up->way = UPLOAD_IN_PLACE;
	up->fd = old->fd;
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

static bool
is_protected(const struct upload *up, const struct old *old)
{
	unsigned sticky = up->policy->sticky;

	if (!S_ISREG(old->st.st_mode))
		return true;
	return sticky == STICKY_ASK ? sticky_is_protected() : sticky == STICKY_PROTECTED;
}

/*
 * In a directory like /tmp, what somebody else left under our name is a trap: the kernel refuses to
 * open it where it would have been created (protected_regular in proc(5)), unless the administrator has
 * said that such files may be written, and so do we.
 */
static int
check_owner(const struct upload *up, int dirfd, struct old *old)
{
	uid_t us = geteuid();
	struct stat dir;

	old->fixed = false;
	if (old->st.st_uid == us || fstat(dirfd, &dir) == -1)
		return 0;
	old->fixed = us != 0 && dir.st_uid != us && (dir.st_mode & S_ISVTX) != 0;
	if (dir.st_uid == old->st.st_uid || (dir.st_mode & (S_ISVTX | S_IWOTH)) != (S_ISVTX | S_IWOTH) ||
	    !is_protected(up, old))
		return 0;
	errno = EACCES;
	return -1;
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

	if (hold_old(up, &old, dirfd, type) == 0 &&
	    check_kind(old.st.st_mode, allow) == 0 && check_owner(up, dirfd, &old) == 0 &&
	    measure(up, &old) == 0) {
		replacing = up->regular ? choose(up, dirfd, &old, mode) : 0;
		if (replacing == 0)
			end = begin_in_place(up, dirfd, &old);
	}
	if (replacing == 1 && up->manner.keep)
		up->old = old.fd;
	if (end == 0 || up->old != -1)
		return 0;	/* OLD was handed over. */
	dir_close(old.fd);
	return replacing == 1 ? 0 : -1;
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

static void
drop_old(struct upload *up)
{
	dir_close(up->old);
	up->old = -1;
}

int
upload_turn_in_place(struct upload *up)
{
	struct old old = { .fd = up->old };
	int temp = up->fd, flags = fcntl(old.fd, F_GETFL);
	enum upload_way way = up->way;

	if (flags == -1 || fstat(old.fd, &old.st) == -1)
		return -1;
	/* Where it had to be opened to know whether it may be, it is. */
	old.writable = (flags & O_PATH) == 0 && (flags & O_ACCMODE) != O_RDONLY;
	if (begin_in_place(up, up->temp.dirfd, &old) == -1)
		return -1;
	assert(way != UPLOAD_IN_PLACE && temp == up->temp.fd);
	temp_end(&up->temp);
	up->old = -1;		/* handed over */
	up->replaces = up->late_mode = false;
	return 0;
}

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
	drop_old(up);
	up->way = UPLOAD_IN_PLACE;
	up->fd = fd;
	return end;
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
	drop_old(up);
	up->fd = -1;
	up->way = UPLOAD_NONE;
	errno = saved;
}
