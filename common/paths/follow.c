/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "paths/dir.h"
#include "paths/follow.h"

enum {
	DIR_FLAGS = O_PATH | O_DIRECTORY | O_CLOEXEC,
	LINKS_MAX = 40		/* the kernel's own limit */
};

/* Where a walk stands: it takes the components of REST one by one, none of them through a link. */
struct walk {
	const struct root *root;
	enum follow_trust	   trust;
	int		   at;			/* owned */
	unsigned	   links;		/* followed so far */
	char		   rest[PATH_MAX];	/* yet to be walked */
};

/* Whether the link that ST is of, which is where W stands, may lead anywhere. */
static bool
is_trusted(const struct walk *w, const struct stat *st)
{
	return (w->trust == FOLLOW_ANY || st->st_uid == 0 || st->st_uid == geteuid()) &&
	    !dir_is_trap(w->at, st);
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
		dir_close(w->at);
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
		dir_close(fd);
		return end;
	}
	if (last && (fd != -1 || errno == ENOENT)) {
		strlcpy(leaf, name, NAME_MAX + 1);
		dir_close(fd);
		return 1;
	}
	if (fd == -1)
		return -1;
	dir_close(w->at);
	w->at = fd;
	memmove(w->rest, tail, strlen(tail) + 1);
	return 0;
}

/* Begins in DIRFD. */
static int
begin(struct walk *w, int dirfd, struct place *p)
{
	*p = (struct place){ .dirfd = -1 };
	w->at = dir_open(dirfd, ".", DIR_FLAGS, 0);
	return w->at == -1 ? -1 : 0;
}

/* Walks to the end, where FAILED is not -1 already. */
static int
walk(struct walk *w, int failed, struct place *p)
{
	int end = failed;

	while (end == 0)
		end = step(w, p->leaf);
	p->dirfd = w->at;
	p->owned = true;
	if (end == -1)
		place_close(p);
	return end == -1 ? -1 : 0;
}

int
follow_link(const struct root *r, int dirfd, const char *name, enum follow_trust trust,
    struct place *p)
{
	struct walk w = { .root = r, .trust = trust };

	if (begin(&w, dirfd, p) == -1)
		return -1;
	strlcpy(w.rest, name, sizeof(w.rest));
	return walk(&w, 0, p);
}

int
follow_held(const struct root *r, int dirfd, int link, struct place *p)
{
	struct walk w = { .root = r, .trust = FOLLOW_ANY };
	struct stat st;

	if (begin(&w, dirfd, p) == -1)
		return -1;
	return walk(&w, fstat(link, &st) == -1 ? -1 : splice_link(&w, link, &st, ""), p);
}
