/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>

#include "nest.h"

void
nest_init(struct nest *n, const struct root *root, bool follow)
{
	n->root = root;
	n->follow = follow;
	n->target = (struct place){ .dirfd = -1 };
	n->whole = n->slash = n->link = false;
	n->err = ENOENT;
	n->depth = n->outside = 0;
}

int
nest_aim(struct nest *n, const char *path)
{
	int fd = root_dir(n->root, path);

	n->whole = fd == -1;
	if (fd != -1) {
		n->target = (struct place){ .dirfd = fd, .owned = true };
		return 0;
	}
	n->err = errno;
	n->slash = path[0] != '\0' && path[strlen(path) - 1] == '/';
	if ((n->err == ENOENT || n->err == ENOTDIR) &&
	    root_place(n->root, path, &n->target) == 0)
		n->link = dir_is_link(n->target.dirfd, n->target.leaf);
	return n->err;
}

bool
nest_is_at_target(const struct nest *n)
{
	return n->whole && n->depth == 0 && n->outside == 0;
}

const char *
nest_name(const struct nest *n, const char *name)
{
	return nest_is_at_target(n) ? n->target.leaf : name;
}

int
nest_dir(const struct nest *n)
{
	if (n->outside > 0) {
		errno = n->outside_err;
		return -1;
	}
	if (n->depth > 0)
		return n->levels[n->depth - 1].fd;
	errno = n->err;
	return n->target.dirfd;
}

int
nest_follow(const struct nest *n, const char *name, struct place *p)
{
	enum root_trust trust = nest_is_at_target(n) && n->link ? ROOT_ANY_LINK : ROOT_OWN_LINKS;

	if (n->follow)
		return root_follow(n->root, nest_dir(n), name, trust, p);
	errno = ELOOP;
	return -1;
}

/* Opens the directory that a link leads to, which must be there. */
static int
open_through_link(struct nest *n, const char *name, const struct attrs *wanted)
{
	struct place p = { .dirfd = -1 };
	int end;

	if (nest_follow(n, name, &p) == -1)
		return -1;
	end = level_open(&n->levels[n->depth], p.dirfd, p.leaf, wanted);
	place_close(&p);
	/* There is a link, so there is something, though it leads nowhere. */
	if (end == -1 && errno == ENOENT)
		errno = EEXIST;
	return end;
}

int
nest_enter(struct nest *n, const char *name, const struct attrs *wanted)
{
	int dirfd = nest_dir(n);

	if (dirfd == -1)
		return -1;
	if (level_make(&n->levels[n->depth], dirfd, name, wanted) == -1 &&
	    (errno != ENOTDIR || open_through_link(n, name, wanted) == -1))
		return -1;
	n->depth++;
	return 0;
}

void
nest_enter_refused(struct nest *n, int err)
{
	if (n->outside++ == 0)
		n->outside_err = err;
}

int
nest_leave(struct nest *n, const char **what)
{
	*what = NULL;
	if (n->outside > 0) {
		n->outside--;
		return 0;
	}
	if (n->depth == 0)
		return 1;
	return level_end(&n->levels[--n->depth], what);
}

void
nest_end(struct nest *n)
{
	while (n->depth > 0)
		level_abandon(&n->levels[--n->depth]);
	place_close(&n->target);
}
