/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>
#include <sys/syscall.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "paths/dir.h"
#include "upload/upload.h"

#ifndef STATX_TYPE	/* The C library has no statx(2). */
#include <linux/stat.h>
#endif

enum {
	FILE_BITS = 0777
};

void
upload_init(struct upload *up, const struct policy *policy)
{
	*up = (struct upload){ .policy = policy, .way = UPLOAD_NONE, .fd = -1, .old = -1 };
	temp_init(&up->temp);
}

static int
begin_temp(struct upload *up, int dirfd, mode_t mode)
{
	up->temp.readable = up->manner.readable;
	if (temp_open(&up->temp, dirfd, up->name, mode & FILE_BITS) == -1)
		return -1;
	up->fd = up->temp.fd;
	up->way = up->temp.unnamed ? UPLOAD_UNNAMED : UPLOAD_NAMED;
	return 0;
}

static bool
is_mount_point(int fd)
{
	struct statx sx;

	return syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_TYPE, &sx) == 0 &&
	    (sx.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
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
	return 0;
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
must_replace(const struct upload *up, int old, const struct stat *st)
{
	const struct policy *p = up->policy;
	bool partial = up->manner.partial, linked = st->st_nlink > 1;
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
	return begin_new(up, dirfd, mode) == -1 ? -1 : 1;
}

/*
 * Makes a temporary that can take the place of OLD without losing anything of it: 1, 0 where there
 * can be none, -1 with errno.
 */
static int
begin_replacing(struct upload *up, int dirfd, int old, const struct stat *st)
{
	/* The group and the ACL that it is for are yet to come: until then it is for us alone. */
	if (begin_temp(up, dirfd, st->st_mode & S_IRWXU) == -1)
		return errno == EACCES || errno == EPERM || errno == EROFS ? 0 : -1;
	if (attrs_inherit(up->fd, old, &up->mode) == -1) {
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
choose(struct upload *up, int dirfd, int old, const struct stat *st, mode_t mode)
{
	const struct policy *p = up->policy;
	int must = must_replace(up, old, st), replacing;

	if (must == -1)
		return -1;
	up->forced = must == 1;
	/* In a restricted account a mount point does not come as far as this. */
	if (must == 0 && (p->replace == REPLACE_IN_PLACE || up->manner.in_place ||
	    up->manner.partial || st->st_nlink > 1 || (!p->restricted && is_mount_point(old))))
		return 0;
	replacing = begin_replacing(up, dirfd, old, st);
	return replacing == 0 && must == 1 ? begin_replacing_anyway(up, dirfd, mode) : replacing;
}

/*
 * Writes to OLD itself.  It was opened so that we need not wait for a FIFO's reader; the writing
 * may wait, and the flag is ours alone.
 */
static int
begin_in_place(struct upload *up, int old)
{
	int flags = fcntl(old, F_GETFL);

	if (flags == -1 || (flags & O_ACCMODE) == O_RDONLY) {
		errno = ETXTBSY;
		return -1;
	}
	if (fcntl(old, F_SETFL, flags & ~O_NONBLOCK) == -1)
		return -1;
	up->way = UPLOAD_IN_PLACE;
	up->fd = old;
	return 0;
}

/*
 * Opens what is there for writing.  The kernel says that it is a running program only after it
 * found that we may write it: such a file can be replaced.
 */
static int
open_old(const struct upload *up, int dirfd, mode_t type)
{
	const char *name = up->name;
	/* A FIFO that is opened for both has a reader, ourselves. */
	int fd = -1;

	errno = 0;
	if (up->manner.readable && S_ISREG(type))
		fd = dir_open(dirfd, name, O_RDWR, 0);
	if (fd != -1 || (errno == EACCES && up->manner.read && up->manner.keep))
		return fd;
	fd = dir_open(dirfd, name, O_WRONLY, 0);
	if (fd != -1 || errno != ETXTBSY)
		return fd;
	fd = dir_open(dirfd, name, O_RDONLY, 0);
	if (fd == -1)
		errno = ETXTBSY;
	return fd;
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

/*
 * In a directory like /tmp, what somebody else left under our name is a trap: the kernel refuses to
 * open it where it would have been created (protected_regular in proc(5)), and so do we.
 */
static int
check_owner(int dirfd, const struct stat *st)
{
	struct stat dir;

	if (st->st_uid == geteuid() || fstat(dirfd, &dir) == -1 || dir.st_uid == st->st_uid ||
	    (dir.st_mode & (S_ISVTX | S_IWOTH)) != (S_ISVTX | S_IWOTH))
		return 0;
	errno = EACCES;
	return -1;
}

static int
begin_over(struct upload *up, int dirfd, mode_t mode, enum upload_allow allow, mode_t type)
{
	struct stat st;
	int old = open_old(up, dirfd, type), replacing = -1, end = -1, saved;

	if (old == -1)
		return -1;
	if (fstat(old, &st) == 0 && check_kind(st.st_mode, allow) == 0 &&
	    check_owner(dirfd, &st) == 0) {
		up->regular = S_ISREG(st.st_mode);
		up->old_size = up->regular ? (uint64_t)st.st_size : 0;
		replacing = up->regular ? choose(up, dirfd, old, &st, mode) : 0;
		if (replacing == 0)
			end = begin_in_place(up, old);
	}
	if (replacing == 1 && up->manner.keep)
		up->old = old;
	if (end == 0 || up->old == old)
		return 0;	/* OLD was handed over. */
	saved = errno;
	close(old);
	errno = saved;
	return replacing == 1 ? 0 : -1;
}

void
upload_elsewhere(struct upload *up)
{
	space_forget(&up->space);
}

static int
begin(struct upload *up, int dirfd, mode_t mode, enum upload_allow allow)
{
	struct stat st;

	if (fstatat(dirfd, up->name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		if (check_kind(st.st_mode, allow) == -1)
			return -1;
		if (up->manner.exclusive ||
		    (S_ISREG(st.st_mode) && up->policy->overwrite == OVERWRITE_NO)) {
			errno = EEXIST;
			return -1;
		}
		if (begin_over(up, dirfd, mode, allow, st.st_mode) == -1)
			return -1;
	} else if (errno != ENOENT || (up->random && !up->manner.create) ||
	    begin_new(up, dirfd, mode) == -1) {
		return -1;
	}
	return up->regular ? space_check(&up->space, up->policy, up->fd, up->size,
	    up->way == UPLOAD_IN_PLACE) : 0;
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
	up->replaces = up->late_mode = up->forced = false;
	if (begin(up, dirfd, mode, allow) == 0)
		return 0;
	upload_end(up);
	return -1;
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
	int temp = up->fd;
	enum upload_way way = up->way;

	if (begin_in_place(up, up->old) == -1)
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

/* Puts what was written under its name: closes FD, whoever owns it. */
static int
finish(struct upload *up, int *unset)
{
	int fd = up->fd;

	*unset = 0;
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
		unset = "set mode";
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
