/* SPDX-License-Identifier: ISC */
/*
 * How a name is taken:
 *
 *   what is there        temporary     commit
 *   nothing              unnamed       link as name; where it exists by now, as the next line
 *   a regular file       unnamed       link as temporary, rename
 *   either               named         rename
 *   anything else        none          cut to its size where regular
 *
 * A temporary that has a name is locked, with flock(2), by the process that writes it.  Its name
 * follows from the user and the final name, so that whoever uploads that name next finds what a
 * SIGKILL left: a file of that name without a lock is nobody's.  An unnamed file is locked before
 * it gets the name.  One that is made with its name might be taken for dead before it is locked:
 * then it has lost its name, or the lock is somebody else's, and another one is made.
 */
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "root.h"
#include "upload.h"

enum {
	TEMPS = 1024,		/* uploads of one name at a time by one user */
	CLAIMS = 2,		/* tries for one temporary name: the second when a dead one was removed */
	FILE_BITS = 0777
};

void
upload_init(struct upload *up)
{
	*up = (struct upload){ .way = UPLOAD_NONE, .dirfd = -1, .fd = -1 };
}

/* FNV-1a.  Names that collide share the names of their temporaries, nothing worse. */
static uint64_t
hash_of(const char *s)
{
	uint64_t h = 0xcbf29ce484222325;

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3;
	return h;
}

/* A temporary is readable or writable for us, whatever its mode: see create_temp. */
static int
open_temp_of_another(const struct upload *up)
{
	int fd = dir_open(up->dirfd, up->temp, O_RDONLY, 0);

	return fd == -1 && errno == EACCES ? dir_open(up->dirfd, up->temp, O_WRONLY, 0) : fd;
}

/* Removes the temporary of this name if its process left it behind: true when the name is free. */
static bool
remove_stale(const struct upload *up)
{
	int fd = open_temp_of_another(up);
	struct stat st;
	bool gone = false;

	if (fd == -1)
		return errno == ENOENT;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	    flock(fd, LOCK_EX | LOCK_NB) == 0)
		gone = unlinkat(up->dirfd, up->temp, 0) == 0;
	close(fd);
	return gone;
}

typedef int claim_fn(struct upload *, mode_t);

/* Takes the first free temporary name by CLAIM, which fails with EEXIST where it is not free. */
static int
claim_temp(struct upload *up, mode_t mode, claim_fn *claim)
{
	for (int i = 0; i < TEMPS * CLAIMS; i++) {
		snprintf(up->temp, sizeof(up->temp), ".scp-%016llx-%u-%d",
		    (unsigned long long)hash_of(up->name), (unsigned)geteuid(), i / CLAIMS);
		if (claim(up, mode) == 0)
			return 0;
		if (errno != EEXIST)
			break;
		if (i % CLAIMS == 0 && !remove_stale(up))
			i++;
		errno = EEXIST;
	}
	up->temp[0] = '\0';
	return -1;
}

static void
drop_fd(struct upload *up)
{
	int saved = errno;

	if (up->fd != -1)
		close(up->fd);
	up->fd = -1;
	errno = saved;
}

/*
 * Whoever finds the temporary must be able to open it, to see whether it is locked: a mode that
 * lets not even the owner in has to wait.
 */
static int
create_temp(struct upload *up, mode_t mode)
{
	bool closed = (mode & (S_IRUSR | S_IWUSR)) == 0;
	struct stat st;
	bool ours;

	up->fd = dir_open(up->dirfd, up->temp, O_WRONLY | O_CREAT | O_EXCL, closed ? mode | S_IRUSR : mode);
	if (up->fd == -1)
		return -1;
	/* A filesystem without locks cannot tell a dead temporary from a live one, but works. */
	ours = flock(up->fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
	if (!ours || fstat(up->fd, &st) == -1 || st.st_nlink == 0) {
		errno = EEXIST;
		drop_fd(up);
		return -1;
	}
	if (closed) {
		up->late_mode = true;
		up->mode = st.st_mode & FILE_BITS & ~(mode_t)S_IRUSR;
	}
	return 0;
}

static int
link_by(enum upload_link how, int fd, int dirfd, const char *name)
{
	char path[sizeof("/proc/self/fd/-2147483648")];

	if (how == LINK_DIRECT)
		return linkat(fd, "", dirfd, name, AT_EMPTY_PATH);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, path, dirfd, name, AT_SYMLINK_FOLLOW);
}

/* "." exists: the answer is EEXIST where the file could have been linked. */
static enum upload_link
find_link(int fd, int dirfd)
{
	for (enum upload_link how = LINK_DIRECT; how < LINK_NONE; how++)
		if (link_by(how, fd, dirfd, ".") == -1 && errno == EEXIST)
			return how;
	return LINK_NONE;
}

/*
 * True when there is no more to try: the file is open, or it failed for a reason that would stay.
 */
static bool
open_unnamed(struct upload *up, mode_t mode)
{
	up->way = UPLOAD_UNNAMED;
	up->fd = openat(up->dirfd, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, mode);
	if (up->fd == -1)
		return errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL && errno != ENOSYS;
	if (up->link == LINK_UNKNOWN)
		up->link = find_link(up->fd, up->dirfd);
	if (up->link != LINK_NONE)
		return true;
	drop_fd(up);
	return false;
}

static int
open_temp(struct upload *up, mode_t mode)
{
	if (!up->named_only && open_unnamed(up, mode))
		return up->fd == -1 ? -1 : 0;
	up->named_only = true;
	up->way = UPLOAD_NAMED;
	return claim_temp(up, mode, create_temp);
}

static bool
is_mount_point(int fd)
{
	struct statx sx;

	return statx(fd, "", AT_EMPTY_PATH, STATX_TYPE, &sx) == 0 &&
	    (sx.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

/*
 * Makes a temporary that can take the place of OLD without losing anything of it: 1, 0 where there
 * can be none, -1 with errno.
 */
static int
begin_replacing(struct upload *up, int old, const struct stat *st)
{
	if (st->st_nlink > 1 || is_mount_point(old))
		return 0;
	if (open_temp(up, st->st_mode & FILE_BITS) == -1)
		return errno == EACCES || errno == EPERM || errno == EROFS ? 0 : -1;
	if (attrs_inherit(up->fd, old, &up->mode) == -1) {
		upload_end(up);
		return 0;
	}
	up->late_mode = (up->mode & ATTRS_SPECIAL) != 0;
	up->replaces = true;
	return 1;
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
open_old(const struct upload *up)
{
	int fd = dir_open(up->dirfd, up->name, O_WRONLY, 0);

	if (fd != -1 || errno != ETXTBSY)
		return fd;
	fd = dir_open(up->dirfd, up->name, O_RDONLY, 0);
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

static int
begin_over(struct upload *up, enum upload_allow allow)
{
	struct stat st;
	int old = open_old(up), replacing = -1, end = -1;

	if (old == -1)
		return -1;
	if (fstat(old, &st) == 0 && check_kind(st.st_mode, allow) == 0) {
		up->regular = S_ISREG(st.st_mode);
		replacing = up->regular ? begin_replacing(up, old, &st) : 0;
		if (replacing == 0)
			end = begin_in_place(up, old);
	}
	if (replacing == 1 || end == -1) {
		int saved = errno;

		close(old);
		errno = saved;
	}
	return replacing == 1 ? 0 : end;
}

/* Blocks that this file may still take. */
static uint64_t
room_for(const struct upload *up, const struct statvfs *fs)
{
	struct stat st;
	uint64_t room = fs->f_bavail;

	/* What is overwritten in place needs no other room. */
	if (up->way == UPLOAD_IN_PLACE && fstat(up->fd, &st) == 0)
		room += (uint64_t)st.st_blocks * 512 / fs->f_frsize;
	return geteuid() == 0 ? room + (fs->f_bfree - fs->f_bavail) : room;
}

/* Refuses what cannot fit before it is sent. */
static int
check_space(const struct upload *up)
{
	struct statvfs fs;
	uint64_t blocks;

	if (up->size == 0 || !up->regular || fstatvfs(up->fd, &fs) == -1 || fs.f_blocks == 0 ||
	    fs.f_frsize == 0)
		return 0;
	blocks = up->size / fs.f_frsize + (up->size % fs.f_frsize != 0);
	if (blocks <= fs.f_bavail || blocks <= room_for(up, &fs))
		return 0;
	errno = ENOSPC;
	return -1;
}

static int
begin(struct upload *up, mode_t mode, enum upload_allow allow)
{
	struct stat st;

	if (fstatat(up->dirfd, up->name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		if (check_kind(st.st_mode, allow) == -1 || begin_over(up, allow) == -1)
			return -1;
	} else if (errno != ENOENT || open_temp(up, mode & FILE_BITS) == -1) {
		return -1;
	}
	return check_space(up);
}

int
upload_begin(struct upload *up, int dirfd, const char *name, mode_t mode, uint64_t size,
    enum upload_allow allow)
{
	assert(up->way == UPLOAD_NONE);
	up->dirfd = dirfd;
	up->name = name;
	up->temp[0] = '\0';
	up->size = size;
	up->regular = true;
	up->replaces = up->late_mode = false;
	if (begin(up, mode, allow) == 0)
		return 0;
	upload_end(up);
	return -1;
}

static int
link_temp(struct upload *up, mode_t mode)
{
	(void)mode;
	return link_by(up->link, up->fd, up->dirfd, up->temp);
}

/* Closes the file: the last chance of some filesystems to say that data did not reach them. */
static int
close_written(struct upload *up)
{
	int fd = up->fd;

	up->fd = -1;
	return close(fd);
}

/* Renames the temporary.  The lock is kept until then, by a second descriptor of the same file. */
static int
put_in_place(struct upload *up)
{
	int lock = fcntl(up->fd, F_DUPFD_CLOEXEC, 0), end = -1, saved;

	if (lock == -1)
		return -1;
	if (close_written(up) == 0)
		end = renameat(up->dirfd, up->temp, up->dirfd, up->name);
	saved = errno;
	if (end == -1)
		unlinkat(up->dirfd, up->temp, 0);
	up->temp[0] = '\0';
	close(lock);
	errno = saved;
	return end;
}

static int
name_unnamed(struct upload *up)
{
	int saved;

	if (!up->replaces && link_by(up->link, up->fd, up->dirfd, up->name) == 0) {
		if (close_written(up) == 0)
			return 0;
		saved = errno;
		unlinkat(up->dirfd, up->name, 0);
		errno = saved;
		return -1;
	}
	if (!up->replaces && errno != EEXIST)
		return -1;
	/* Where there are no locks, there is no need to fail for that either. */
	(void)flock(up->fd, LOCK_EX | LOCK_NB);
	if (claim_temp(up, 0, link_temp) == -1)
		return -1;
	return put_in_place(up);
}

static int
take_name(struct upload *up)
{
	assert(up->way != UPLOAD_NONE);
	if (up->way == UPLOAD_IN_PLACE)
		return close_written(up);
	return up->way == UPLOAD_NAMED ? put_in_place(up) : name_unnamed(up);
}

int
upload_commit(struct upload *up, const struct attrs *wanted, const char **what)
{
	struct attrs a = *wanted;
	const char *unset = NULL;
	int failed = 0;

	*what = NULL;
	if (up->regular && up->way == UPLOAD_IN_PLACE && ftruncate(up->fd, (off_t)up->size) == -1)
		return -1;
	if (up->late_mode && !a.has_mode) {
		a.has_mode = true;
		a.mode = up->mode;
	}
	if (up->regular && attrs_apply(up->fd, &a, &unset) == -1)
		failed = errno;
	if (take_name(up) == -1)
		return -1;
	*what = unset;
	errno = failed;
	return failed == 0 ? 0 : -1;
}

void
upload_end(struct upload *up)
{
	int saved = errno;

	if (up->temp[0] != '\0')
		unlinkat(up->dirfd, up->temp, 0);
	up->temp[0] = '\0';
	drop_fd(up);
	up->way = UPLOAD_NONE;
	errno = saved;
}
