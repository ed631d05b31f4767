/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>
#include <sys/vfs.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "paths/beneath.h"
#include "paths/cwd.h"
#include "paths/dir.h"
#include "paths/fs.h"
#include "paths/proc.h"
#include "paths/root.h"

enum {
	DIR_FLAGS = O_PATH | O_DIRECTORY | O_CLOEXEC,
	PLAIN_FLAGS = O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
	ABOVE_MAX = 4096	/* directories above another */
};

int
root_open(struct root *r)
{
	*r = (struct root){ .start = -1 };
	r->fd = open("/", DIR_FLAGS);
	if (r->fd == -1)
		return -1;
	r->start = open(".", DIR_FLAGS);
	if (r->start == -1)
		r->start = AT_FDCWD;	/* Relative paths will fail, absolute ones work. */
	return 0;
}

/* Skips what means nothing at the beginning of PATH: slashes, and "." between them. */
static const char *
skip_nothing(const char *path)
{
	const char *p = path + strspn(path, "/");

	while (p[0] == '.' && (p[1] == '/' || p[1] == '\0'))
		p += 1 + strspn(p + 1, "/");
	return p;
}

/*
 * What stands behind the directory DIR, plain but for the slash before it, in the absolute path
 * PATH, or NULL: component by component, however many slashes there are.
 */
static const char *
behind(const char *path, const char *dir)
{
	const char *p = skip_nothing(path);

	for (const char *d = skip_nothing(dir); *d != '\0'; d = skip_nothing(d)) {
		size_t n = strcspn(d, "/");

		if (strncmp(p, d, n) != 0 || (p[n] != '/' && p[n] != '\0'))
			return NULL;
		p = skip_nothing(p + n);
		d += n;
	}
	return p;
}

/* Where relative paths begin when nobody said: "" wherever that is not beneath the root. */
static void
start_here(struct root *r)
{
	char here[PATH_MAX];
	const char *rest;

	r->from[0] = '\0';
	if (cwd_path(here) == -1)
		return;
	rest = behind(here, r->name);
	if (rest == NULL || beneath_plain(r->from, "", rest) == -1)
		r->from[0] = '\0';
}

/* Whether what lies there is to be served. */
static int
look_at_filesystem(struct root *r)
{
	struct statfs fs;

	if (fstatfs(r->fd, &fs) == -1)
		return -1;
	if (fs_is_made_up(&fs)) {
		errno = EXDEV;
		return -1;
	}
	r->sure = fs_is_plain(&fs);
	return 0;
}

/*
 * Gets to know the path of the directory FD, and goes back to HERE.  A working directory that may not be
 * searched is not left, for there is no way back; where nothing else helps, "/" is as good.
 */
static int
learn_path(int fd, int here, char path[PATH_MAX])
{
	int end;

	if (here != -1)
		return cwd_path_of(fd, here, path);
	if (proc_path(fd, path) == 0)
		return 0;
	here = open("/", DIR_FLAGS);
	end = cwd_path_of(fd, here, path);
	dir_close(here);
	return end;
}

/* Opens the boundary, gets to know its path, and goes back to where we were. */
static int
open_boundary(struct root *r, const char *path, const char *inner)
{
	int here = open(".", DIR_FLAGS), top;
	struct stat st;
	bool known;

	top = open(path, DIR_FLAGS);
	if (top != -1)
		r->fd = beneath_open(top, inner, r->follow, DIR_FLAGS);
	dir_close(top);
	known = r->fd != -1 && fstat(r->fd, &st) == 0 && learn_path(r->fd, here, r->name) == 0;
	dir_close(here);
	if (!known)
		return -1;
	r->dev = st.st_dev;
	return look_at_filesystem(r);
}

int
root_confine(struct root *r, const char *path, const char *inner, const char *start, bool follow,
    const char **what)
{
	*r = (struct root){ .fd = -1, .start = -1, .confined = true, .follow = follow };
	*what = "root";
	strlcpy(r->alias, strcmp(path, "/") == 0 ? "" : path, sizeof(r->alias));
	if (inner[0] != '\0' &&
	    (strlcat(r->alias, "/", sizeof(r->alias)) >= sizeof(r->alias) ||
	    strlcat(r->alias, inner, sizeof(r->alias)) >= sizeof(r->alias))) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (open_boundary(r, path, inner) == -1)
		return -1;
	*what = "start";
	if (start == NULL)
		start_here(r);
	else if (strlcpy(r->from, start, sizeof(r->from)) >= sizeof(r->from)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	r->start = root_dir(r, ".");
	if (r->start == -1 && start == NULL) {
		/* A working directory that is out of reach is no reason to serve nobody. */
		r->from[0] = '\0';
		r->start = root_dir(r, ".");
	}
	return r->start == -1 ? -1 : 0;
}

void
root_close(struct root *r)
{
	dir_close(r->fd);
	dir_close(r->start);
	r->fd = r->start = -1;
}

/* The kernel takes less than PATH_MAX bytes of a path at once. */
int
root_dir_at(const struct root *r, const char *path, size_t len)
{
	char part[PATH_MAX];
	int at = path[0] == '/' ? r->fd : r->start, next, owned = -1;

	for (; len > 0 && *path == '/'; len--)
		path++;
	if (len == 0 && at == r->fd)
		return openat(at, ".", DIR_FLAGS);
	do {
		size_t n = len;

		if (n >= sizeof(part)) {
			const char *slash = memrchr(path, '/', sizeof(part) - 1);

			if (slash == NULL || slash == path) {
				dir_close(owned);
				errno = ENAMETOOLONG;
				return -1;
			}
			n = (size_t)(slash - path);
		}
		memcpy(part, path, n);
		part[n] = '\0';
		next = openat(owned == -1 ? at : owned, part, DIR_FLAGS);
		dir_close(owned);
		owned = next;
		path += n;
		len -= n;
		for (; owned != -1 && len > 0 && *path == '/'; len--)
			path++;
	} while (owned != -1 && len > 0);
	return owned;
}

/* What an absolute PATH says from the confined root on, which it may name by its own path. */
static const char *
from_top(const struct root *r, const char *path)
{
	const char *rest = NULL;

	if (r->name[0] != '\0')
		rest = behind(path, r->name);
	if (rest == NULL && r->alias[0] != '\0')
		rest = behind(path, r->alias);
	return rest != NULL ? rest : path;
}

int
root_plain(const struct root *r, const char *path, char dst[PATH_MAX])
{
	char here[PATH_MAX] = "/";

	if (!r->confined && path[0] != '/' && cwd_path(here) == -1)
		return -1;
	if (!r->confined)
		return beneath_plain_system(dst, here + 1, path);
	if (path[0] != '/')
		return beneath_plain(dst, r->from, path);
	return beneath_plain(dst, "", from_top(r, path));
}

int
root_plain_staying(const struct root *r, const char *path, char dst[PATH_MAX])
{
	assert(r->confined);
	if (path[0] != '/')
		return beneath_plain_system(dst, r->from, path);
	return beneath_plain_system(dst, "", from_top(r, path));
}

bool
root_serves(const struct root *r, int fd, const struct stat *st)
{
	return !r->confined || (st != NULL && st->st_dev == r->dev) || !fs_is_kernels(fd);
}

int
root_check(const struct root *r, int fd, struct stat *st)
{
	if (fstat(fd, st) == -1)
		return -1;
	errno = EXDEV;
	return root_serves(r, fd, st) ? 0 : -1;
}

/* Where something is mounted on the way, or the kernel does not say, what is there is looked at. */
static int
open_elsewhere(const struct root *r, const char *plain, int flags)
{
	struct stat st;
	int fd = beneath_open(r->fd, plain, r->follow, flags);

	if (fd == -1 || root_check(r, fd, &st) == 0)
		return fd;
	dir_close(fd);
	return -1;
}

int
root_beneath_in(const struct root *r, const char *plain, int flags, bool *same)
{
	int fd = -1;

	errno = ENAMETOOLONG;
	if (plain != NULL)
		fd = beneath_open_same(r->fd, plain, r->follow, flags);
	*same = fd != -1;
	if (fd != -1 || (errno != EXDEV && errno != ENOSYS))
		return fd;
	return open_elsewhere(r, plain, flags);
}

int
root_beneath(const struct root *r, const char *plain, int flags)
{
	bool same;

	return root_beneath_in(r, plain, flags, &same);
}

int
root_dir(const struct root *r, const char *path)
{
	char plain[PATH_MAX];

	if (!r->confined)
		return root_dir_at(r, path, strlen(path));
	if (path[0] == '\0') {
		errno = ENOENT;
		return -1;
	}
	return root_plain(r, path, plain) == -1 ? -1 : root_beneath(r, plain, DIR_FLAGS);
}

int
root_entry(const struct root *r, int dirfd, const char *name, const char *plain, int flags)
{
	int fd;

	if (!r->confined)
		return openat(dirfd, name, flags | PLAIN_FLAGS);
	fd = dir_open(dirfd, name, flags, 0);
	/* With O_DIRECTORY a link is no directory; without, it is a link too many. */
	if (fd != -1 || !r->follow || (errno != ELOOP && errno != ENOTDIR))
		return fd;
	return root_beneath(r, plain, flags | PLAIN_FLAGS);
}

int
root_entry_at_once(const struct root *r, const char *said, const char *plain, int flags)
{
	if (r->confined)
		return root_beneath(r, plain, flags | PLAIN_FLAGS);
	return openat(r->start, said, flags | PLAIN_FLAGS);
}

int
root_look_at_once(const struct root *r, const char *said, bool follow, struct stat *st)
{
	assert(!r->confined);
	return fstatat(r->start, said, st, follow ? 0 : AT_SYMLINK_NOFOLLOW);
}

int
root_look(const struct root *r, int dirfd, const char *name, const char *plain, struct stat *st)
{
	int fd, end;

	if (fstatat(dirfd, name, st, r->confined ? AT_SYMLINK_NOFOLLOW : 0) == -1)
		return -1;
	if (!r->confined || !S_ISLNK(st->st_mode))
		return 0;
	errno = ELOOP;
	fd = r->follow ? root_beneath(r, plain, O_PATH) : -1;
	if (fd == -1)
		return -1;
	end = fstat(fd, st);
	dir_close(fd);
	return end;
}

static bool
is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/*
 * Whether the directory FD is that of TOP or lies beneath it: 1, 0, or -1 where that cannot be told.
 * By what directories are, upwards: names say nothing where a directory is mounted twice.  The end is
 * where ".." of "/" is itself, for ".." of what is mounted within itself may look like it, too.
 */
static int
lies_beneath(int fd, const struct stat *top)
{
	int at = openat(fd, ".", DIR_FLAGS), found = -1;
	struct stat here, below = { .st_dev = 0 }, system;
	bool told = at != -1 && fstatat(at, "/", &system, 0) == 0;

	for (int i = 0; told && found == -1 && i < ABOVE_MAX; i++) {
		int up;

		told = fstat(at, &here) == 0;
		if (told && is_same(&here, top))
			found = 1;
		else if (told && i > 0 && is_same(&here, &below) && is_same(&here, &system))
			found = 0;
		below = here;
		up = openat(at, "..", DIR_FLAGS);
		dir_close(at);
		at = up;
		told = told && at != -1;
	}
	dir_close(at);
	return found;
}

/*
 * Opens the directory PATH, or where there is none the nearest above it: what is not there may come
 * to be.  -1 where that cannot be told, as behind a link to nowhere.
 */
static int
open_nearest(const char *path)
{
	char part[PATH_MAX];
	struct stat st;
	int fd = open(path, DIR_FLAGS);

	if (strlcpy(part, path, sizeof(part)) >= sizeof(part))
		return -1;
	while (fd == -1 && (errno == ENOENT || errno == ENOTDIR || errno == EACCES)) {
		char *slash = strrchr(part, '/');

		if (slash == NULL || (errno == ENOENT && lstat(part, &st) == 0))
			return -1;
		slash[slash == part] = '\0';
		fd = open(part, DIR_FLAGS);
	}
	return fd;
}

int
root_holds(const struct root *r, const char *path)
{
	int fd = open_nearest(path), held = -1;
	struct stat top;

	if (fd != -1 && fstat(r->fd, &top) == 0)
		held = lies_beneath(fd, &top);
	dir_close(fd);
	return held;
}

int
root_lies_in(const struct root *r, const char *path)
{
	struct stat top;
	int fd = open(path, DIR_FLAGS), held = -1;

	if (fd == -1)	/* Nothing lies in it then, unless it is out of our sight. */
		return behind(r->name, path) != NULL || behind(r->alias, path) != NULL;
	if (fstat(fd, &top) == 0)
		held = lies_beneath(r->fd, &top);
	dir_close(fd);
	return held;
}

int
root_file(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | PLAIN_FLAGS);

	if (fd == -1 && errno == ENOENT && lstat(path, &st) == 0)
		errno = ELOOP;
	return fd;
}
