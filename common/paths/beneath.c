/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <linux/openat2.h>

#include <bsd/string.h>

#include "paths/beneath.h"
#include "paths/dir.h"

enum {
	STEP_FLAGS = O_PATH | O_NOFOLLOW | O_CLOEXEC,
	TOP_FLAGS = O_PATH | O_DIRECTORY | O_CLOEXEC,
	REWRITES_MAX = 1024	/* links that are followed, and steps up in what they say */
};

/* Takes the last component off DST of LEN bytes; returns its new length. */
static size_t
drop_last(const char *dst, size_t len)
{
	while (len > 0 && dst[len - 1] != '/')
		len--;
	return len > 0 ? len - 1 : 0;
}

/* Appends the N bytes of one component to the LEN bytes of DST: the new length, or 0. */
static size_t
append(char dst[PATH_MAX], size_t len, const char *name, size_t n)
{
	if (len + 1 + n >= PATH_MAX)
		return 0;
	if (len > 0)
		dst[len++] = '/';
	memcpy(dst + len, name, n);
	return len + n;
}

/* Takes the N bytes of one component at NAME: the new length of DST, or -1 with errno. */
static ssize_t
take_plain(char dst[PATH_MAX], size_t len, const char *name, size_t n, bool system)
{
	size_t longer;

	if (n == 1 && name[0] == '.')
		return (ssize_t)len;
	if (n == 2 && name[0] == '.' && name[1] == '.') {
		errno = EXDEV;
		return len == 0 && !system ? -1 : (ssize_t)drop_last(dst, len);
	}
	longer = append(dst, len, name, n);
	errno = ENAMETOOLONG;
	return longer == 0 ? -1 : (ssize_t)longer;
}

static int
make_plain(char dst[PATH_MAX], const char *from, const char *path, bool system)
{
	ssize_t len = (ssize_t)strlcpy(dst, from, PATH_MAX);
	size_t n;

	for (const char *p = path + strspn(path, "/"); *p != '\0'; p += n, p += strspn(p, "/")) {
		n = strcspn(p, "/");
		len = take_plain(dst, (size_t)len, p, n, system);
		if (len == -1)
			return -1;
		dst[len] = '\0';
	}
	return 0;
}

int
beneath_plain(char dst[PATH_MAX], const char *from, const char *path)
{
	return make_plain(dst, from, path, false);
}

int
beneath_plain_system(char dst[PATH_MAX], const char *from, const char *path)
{
	return make_plain(dst, from, path, true);
}

/* Where a walk stands: what is before DONE has been walked, and none of it was a link. */
struct walk {
	int	 top;			/* borrowed */
	int	 at;			/* owned */
	bool	 follow;
	unsigned links;			/* followed so far */
	unsigned rewrites;		/* of PATH, each of which begins anew */
	size_t	 done;
	char	 path[PATH_MAX];
};

/* Goes back to the top. */
static int
begin(struct walk *w)
{
	dir_close(w->at);
	w->done = 0;
	w->at = openat(w->top, ".", TOP_FLAGS);
	return w->at == -1 ? -1 : 0;
}

/*
 * Puts the N bytes at TEXT in place of what stands in the path from FROM on, TO of which is the
 * first byte to stay, and begins again: what TEXT leads through may be links.
 */
static int
rewrite(struct walk *w, size_t from, const char *text, size_t n, size_t to)
{
	char behind[PATH_MAX];

	if (++w->rewrites > REWRITES_MAX) {
		errno = ELOOP;
		return -1;
	}
	strlcpy(behind, w->path + to, sizeof(behind));
	if (from + n + strlen(behind) >= sizeof(w->path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(w->path + from, text, n);
	strlcpy(w->path + from + n, behind, sizeof(w->path) - from - n);
	return begin(w);
}

/* Puts what a link says, the N bytes at TEXT, in place of the component of LEN bytes that it is. */
static int
go_through(struct walk *w, size_t len, const char *text, size_t n)
{
	if (text[0] == '/') {
		errno = EXDEV;
		return -1;
	}
	return rewrite(w, w->done, text, n, w->done + len);
}

/* Goes up, which is a matter of text: what was walked had no links. */
static int
go_up(struct walk *w)
{
	struct stat st;
	size_t before;

	if (w->done == 0) {
		errno = EXDEV;
		return -1;
	}
	/* A matter of permission, too: ".." is looked up in a directory like any other name. */
	if (fstatat(w->at, ".", &st, 0) == -1)
		return -1;
	before = drop_last(w->path, w->done - 1);
	return rewrite(w, before, "", 0, w->done + strlen(".."));
}

/* Follows the link FD, of which ST is known, where that may be. */
static int
follow(struct walk *w, int fd, size_t len, const struct stat *st)
{
	char text[PATH_MAX];
	ssize_t n;

	errno = !w->follow || ++w->links > BENEATH_LINKS_MAX ? ELOOP
	    : dir_is_trap(w->at, st) ? EACCES : 0;
	if (errno != 0)
		return -1;
	n = readlinkat(fd, "", text, sizeof(text));
	if (n == -1)
		return -1;
	return go_through(w, len, text, (size_t)n);
}

/* Goes into the component NAME of LEN bytes, behind which there are more. */
static int
step(struct walk *w, const char *name, size_t len)
{
	struct stat st = { .st_mode = 0 };
	int fd = openat(w->at, name, STEP_FLAGS), end;

	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		dir_close(w->at);
		w->at = fd;
		w->done += len + 1;
		return 0;
	}
	errno = ENOTDIR;
	end = S_ISLNK(st.st_mode) ? follow(w, fd, len, &st) : -1;
	dir_close(fd);
	return end;
}

/*
 * The last component: 1 when LEAF is not a link, 0 to go on, -1.  Only the text of a link puts a
 * SLASH behind it, where what is there must be a directory.  What is judged is what is followed.
 */
static int
arrive(struct walk *w, const char *leaf, bool slash)
{
	struct stat st;
	int fd = openat(w->at, leaf, STEP_FLAGS), end;

	if (fd == -1)
		return errno == ENOENT ? 1 : -1;
	end = fstat(fd, &st);
	if (end == 0 && S_ISLNK(st.st_mode)) {
		end = follow(w, fd, strlen(leaf), &st);
	} else if (end == 0) {
		errno = ENOTDIR;
		end = slash && !S_ISDIR(st.st_mode) ? -1 : 1;
	}
	dir_close(fd);
	return end;
}

static bool
is_name(const char *name, size_t len, const char *what)
{
	return len == strlen(what) && memcmp(name, what, len) == 0;
}

/* One component further: 1 at the end, 0 to go on, -1. */
static int
advance(struct walk *w, char leaf[NAME_MAX + 1])
{
	char *name = w->path + w->done;
	size_t len, end;

	memmove(name, name + strspn(name, "/"), strlen(name + strspn(name, "/")) + 1);
	len = strcspn(name, "/");
	if (is_name(name, len, "..")) {
		return go_up(w);
	} else if (is_name(name, len, ".")) {
		memmove(name, name + len, strlen(name + len) + 1);
		return 0;
	} else if (len > NAME_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(leaf, name, len);
	leaf[len] = '\0';
	if (len == 0)
		return 1;	/* The directory that we are at. */
	end = len + strspn(name + len, "/");
	return name[end] == '\0' ? arrive(w, leaf, end > len) : step(w, leaf, len);
}

/* Walks to the directory that holds what PATH names: owned; LEAF is "" for TOP itself. */
static int
walk(int top, const char *path, bool follow_links, char leaf[NAME_MAX + 1])
{
	struct walk w = { .top = top, .at = -1, .follow = follow_links };
	int end = 0;

	if (beneath_plain(w.path, "", path) == -1 || begin(&w) == -1)
		return -1;
	while (end == 0)
		end = advance(&w, leaf);
	if (end == 1)
		return w.at;
	dir_close(w.at);
	return -1;
}

static int
open_by_walk(int top, const char *path, bool follow_links, int flags)
{
	char leaf[NAME_MAX + 1];
	int dirfd = walk(top, path, follow_links, leaf), fd;

	if (dirfd == -1)
		return -1;
	fd = openat(dirfd, leaf[0] != '\0' ? leaf : ".", flags | O_NOFOLLOW | O_CLOEXEC);
	dir_close(dirfd);
	return fd;
}

/*
 * EAGAIN: somebody renamed something on the way, and the kernel cannot tell whether it has left
 * TOP.
 */
static int
open_by_kernel(int top, const char *path, bool follow_links, int flags, uint64_t resolve)
{
	struct open_how how = {
		.flags = (unsigned)flags | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | resolve |
		    (follow_links ? 0 : RESOLVE_NO_SYMLINKS),
	};
	long fd = -1;

	errno = EAGAIN;
	for (int i = 0; i < BENEATH_RETRIES && fd == -1 && errno == EAGAIN; i++)
		fd = syscall(SYS_openat2, top, path[0] != '\0' ? path : ".", &how, sizeof(how));
	return (int)fd;
}

/*
 * True where a walk may do what the kernel did not.  A kernel that begins a path anew, because somebody
 * renamed or mounted something meanwhile, goes on counting its links from where it was: so too many of
 * them are counted again.
 */
static bool
is_for_walk(int err, bool follow_links)
{
	return err == ENOSYS || err == EPERM || err == EAGAIN || (err == ELOOP && follow_links);
}

int
beneath_open(int top, const char *path, bool follow_links, int flags)
{
	int fd = open_by_kernel(top, path, follow_links, flags, 0);

	if (fd == -1 && is_for_walk(errno, follow_links))
		return open_by_walk(top, path, follow_links, flags);
	return fd;
}

int
beneath_open_same(int top, const char *path, bool follow_links, int flags)
{
	int fd = open_by_kernel(top, path, follow_links, flags, RESOLVE_NO_XDEV);

	if (fd == -1 && is_for_walk(errno, follow_links))
		errno = ENOSYS;
	return fd;
}

int
beneath_place(int top, const char *path, bool follow_links, char leaf[NAME_MAX + 1])
{
	int dirfd = walk(top, path, follow_links, leaf);

	if (dirfd == -1 || leaf[0] != '\0')
		return dirfd;
	dir_close(dirfd);
	errno = EINVAL;
	return -1;
}
