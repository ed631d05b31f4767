/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "root.h"

enum {
	DIR_FLAGS = O_PATH | O_DIRECTORY | O_CLOEXEC,
	PLAIN_FLAGS = O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
	LINKS_MAX = 40		/* the kernel's own limit */
};

/* Closes FD, which may be -1, and keeps errno. */
static void
close_quietly(int fd)
{
	int saved = errno;

	if (fd >= 0)
		close(fd);
	errno = saved;
}

int
root_open(struct root *r, const char *path)
{
	r->start = -1;
	r->fd = open(path, DIR_FLAGS);
	if (r->fd == -1)
		return -1;
	r->start = open(".", DIR_FLAGS);
	if (r->start == -1)
		r->start = AT_FDCWD;	/* Relative paths will fail, absolute ones work. */
	return 0;
}

void
root_close(struct root *r)
{
	close_quietly(r->fd);
	close_quietly(r->start);
	r->fd = r->start = -1;
}

/* Opens a directory by a path of any length: the kernel takes less than PATH_MAX bytes of it. */
static int
open_dir(const struct root *r, const char *path, size_t len)
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
				close_quietly(owned);
				errno = ENAMETOOLONG;
				return -1;
			}
			n = (size_t)(slash - path);
		}
		memcpy(part, path, n);
		part[n] = '\0';
		next = openat(owned == -1 ? at : owned, part, DIR_FLAGS);
		close_quietly(owned);
		owned = next;
		path += n;
		len -= n;
		for (; owned != -1 && len > 0 && *path == '/'; len--)
			path++;
	} while (owned != -1 && len > 0);
	return owned;
}

int
root_dir(const struct root *r, const char *path)
{
	return open_dir(r, path, strlen(path));
}

/* Splits the last component off PATH of *LEN bytes, which become those before it. */
static int
split_leaf(const char *path, size_t *len, char leaf[NAME_MAX + 1])
{
	size_t end = *len, begin;

	while (end > 0 && path[end - 1] == '/')
		end--;
	for (begin = end; begin > 0 && path[begin - 1] != '/';)
		begin--;
	if (end - begin > NAME_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(leaf, path + begin, end - begin);
	leaf[end - begin] = '\0';
	if (leaf[0] == '\0' || strcmp(leaf, ".") == 0 || strcmp(leaf, "..") == 0) {
		errno = EINVAL;
		return -1;
	}
	*len = begin;
	return 0;
}

int
root_place(const struct root *r, const char *path, struct place *p)
{
	size_t len = strlen(path);

	*p = (struct place){ .dirfd = -1 };
	if (split_leaf(path, &len, p->leaf) == -1)
		return -1;
	p->owned = len > 0;
	p->dirfd = p->owned ? open_dir(r, path, len) : r->start;
	return p->dirfd == -1 ? -1 : 0;
}

void
place_close(struct place *p)
{
	if (p->owned)
		close_quietly(p->dirfd);
	p->dirfd = -1;
	p->owned = false;
}

/* Where a walk stands: it takes the components of REST one by one, none of them through a link. */
struct walk {
	const struct root *root;
	enum root_trust	   trust;
	int		   at;			/* owned */
	unsigned	   links;		/* followed so far */
	char		   rest[PATH_MAX];	/* yet to be walked */
};

static bool
is_trusted(const struct walk *w, const struct stat *st)
{
	return w->trust == ROOT_ANY_LINK || st->st_uid == 0 || st->st_uid == geteuid();
}

/* Puts what the link FD says in place of itself: TAIL is what came behind it. */
static int
splice_link(struct walk *w, int fd, const struct stat *st, const char *tail)
{
	char text[PATH_MAX];
	ssize_t n;

	if (!is_trusted(w, st)) {
		errno = EACCES;
		return -1;
	}
	if (++w->links > LINKS_MAX) {
		errno = ELOOP;
		return -1;
	}
	n = readlinkat(fd, "", text, sizeof(text));
	if (n == -1)
		return -1;
	if ((size_t)n + 1 + strlen(tail) >= sizeof(text)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	text[n] = '\0';
	if (tail[0] != '\0') {
		text[n++] = '/';
		strlcpy(text + n, tail, sizeof(text) - (size_t)n);
	}
	strlcpy(w->rest, text, sizeof(w->rest));
	if (w->rest[0] == '/') {
		close_quietly(w->at);
		w->at = dir_open(w->root->fd, ".", DIR_FLAGS, 0);
	}
	return w->at == -1 ? -1 : 0;
}

/*
 * Takes the first component off REST: true, and it is the LAST where nothing but slashes follows.
 */
static bool
take_component(char *rest, char **name, char **tail)
{
	*name = rest + strspn(rest, "/");
	*tail = *name + strcspn(*name, "/");
	if (**tail != '\0')
		*(*tail)++ = '\0';
	*tail += strspn(*tail, "/");
	return **name != '\0';
}

/* Goes one component on: 1 when LEAF is the last and no link, 0 to go on, -1. */
static int
step(struct walk *w, char leaf[NAME_MAX + 1])
{
	char *name, *tail;
	struct stat st;
	int fd, end;
	bool last;

	if (!take_component(w->rest, &name, &tail)) {
		strlcpy(leaf, ".", NAME_MAX + 1);
		return 1;
	}
	/* With a slash behind it, it must be a directory, which is gone into. */
	last = tail == name + strlen(name) && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
	fd = openat(w->at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd != -1 && fstat(fd, &st) == 0 && S_ISLNK(st.st_mode)) {
		end = splice_link(w, fd, &st, tail);
		close_quietly(fd);
		return end;
	}
	if (last && (fd != -1 || errno == ENOENT)) {
		strlcpy(leaf, name, NAME_MAX + 1);
		close_quietly(fd);
		return 1;
	}
	if (fd == -1)
		return -1;
	close_quietly(w->at);
	w->at = fd;
	memmove(w->rest, tail, strlen(tail) + 1);
	return 0;
}

int
root_follow(const struct root *r, int dirfd, const char *name, enum root_trust trust,
    struct place *p)
{
	struct walk w = { .root = r, .trust = trust };
	int end = 0;

	*p = (struct place){ .dirfd = -1 };
	w.at = dir_open(dirfd, ".", DIR_FLAGS, 0);
	if (w.at == -1)
		return -1;
	strlcpy(w.rest, name, sizeof(w.rest));
	while (end == 0)
		end = step(&w, p->leaf);
	p->dirfd = w.at;
	p->owned = true;
	if (end == -1)
		place_close(p);
	return end == -1 ? -1 : 0;
}

int
root_own_name(const struct root *r, int fd, char leaf[NAME_MAX + 1])
{
	char path[PATH_MAX];
	size_t len;
	int end = -1;

	if (r->start == AT_FDCWD) {
		errno = EACCES;
		return -1;	/* There would be no way back. */
	}
	/* The kernel knows the path of a working directory, with or without /proc. */
	if (fchdir(fd) == -1)
		return -1;
	if (getcwd(path, sizeof(path)) != NULL) {
		len = strlen(path);
		end = split_leaf(path, &len, leaf);
	} else if (errno == ERANGE) {
		errno = ENAMETOOLONG;
	}
	if (fchdir(r->start) == -1)
		return -1;
	return end;
}

int
dir_open(int dirfd, const char *name, int flags, mode_t mode)
{
	return openat(dirfd, name, flags | PLAIN_FLAGS | O_NOFOLLOW, mode);
}

bool
dir_is_link(int dirfd, const char *name)
{
	struct stat st;

	return fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode);
}

int
dir_open_following(int dirfd, const char *name, int flags)
{
	return openat(dirfd, name, flags | PLAIN_FLAGS);
}
