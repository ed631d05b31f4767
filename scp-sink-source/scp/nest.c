/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "paths/dir.h"
#include "paths/follow.h"
#include "scp/nest.h"

void
nest_init(struct nest *n, const struct root *root, const struct policy *policy)
{
	n->root = root;
	n->policy = policy;
	n->target = (struct place){ .dirfd = -1 };
	n->whole = n->slash = false;
	n->link = -1;
	n->err = ENOENT;
	n->depth = 0;
	n->outside = n->untold = 0;
	n->outside_err = EACCES;
}

/* The link that the target is, or -1.  What is judged later is what is held here. */
static int
hold_link(const struct place *target)
{
	struct stat st;
	int fd = dir_open(target->dirfd, target->leaf, O_PATH, 0);

	if (fd == -1 || (fstat(fd, &st) == 0 && S_ISLNK(st.st_mode)))
		return fd;
	dir_close(fd);
	return -1;
}

/*
 * The target may be a link.  On the whole system what it leads to is found out when something is
 * put there, in a confined root at once: later nobody can say where in the root we are.
 */
static void
aim_through_link(struct nest *n, const char *path)
{
	struct place p;

	n->link = hold_link(&n->target);
	if (n->link == -1 || !n->root->confined)
		return;
	dir_close(n->link);
	n->link = -1;
	place_close(&n->target);
	if (place_open_through(n->root, path, &p) == 0)
		n->target = p;
	else
		n->err = errno;
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
	    place_open(n->root, path, &n->target) == 0)
		aim_through_link(n, path);
	return n->err;
}

void
nest_aim_at_given(struct nest *n)
{
	n->whole = true;
	n->err = ENOTDIR;
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
	if (nest_is_at_target(n) && n->link != -1)
		return follow_held(n->root, nest_dir(n), n->link, p);
	if (!n->root->confined && n->policy->symlinks == SYMLINKS_BENEATH)
		return follow_link(n->root, nest_dir(n), name, FOLLOW_OWN, p);
	errno = dir_is_link(nest_dir(n), name) ? ELOOP : ENOTDIR;
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
	end = level_open(&n->levels[n->depth], p.dirfd, p.leaf, wanted, n->policy);
	place_close(&p);
	/* There is a link, so there is something, though it leads nowhere. */
	if (end == -1 && errno == ENOENT)
		errno = EEXIST;
	return end;
}

/* What the kernel makes up is not for a confined root, wherever it is mounted. */
static int
check_filesystem(const struct nest *n, struct level *l, const char *name)
{
	struct stat st;
	int saved;

	if (!n->root->confined || root_check(n->root, l->fd, &st) == 0)
		return 0;
	saved = errno;
	level_undo(l, nest_dir(n), name);
	errno = saved;
	return -1;
}

int
nest_enter(struct nest *n, const char *name, const struct attrs *wanted)
{
	struct level *l = &n->levels[n->depth];
	int dirfd = nest_dir(n);

	if (dirfd == -1)
		return -1;
	if (level_make(l, dirfd, name, wanted, n->policy) == -1 &&
	    (errno != ENOTDIR || open_through_link(n, name, wanted) == -1))
		return -1;
	if (check_filesystem(n, l, name) == -1)
		return -1;
	n->depth++;
	return 0;
}

bool
nest_is_new(const struct nest *n)
{
	return n->depth > 0 && n->levels[n->depth - 1].made;
}

mode_t
nest_mode(const struct nest *n)
{
	assert(n->depth > 0);
	return level_mode(&n->levels[n->depth - 1]);
}

void
nest_enter_refused(struct nest *n, int err)
{
	if (!nest_is_shut(n))
		n->outside_err = err;
	n->outside++;
}

bool
nest_is_shut(const struct nest *n)
{
	return n->outside > n->untold;
}

void
nest_enter_untold(struct nest *n)
{
	assert(!nest_is_shut(n));
	n->untold = ++n->outside;
}

bool
nest_is_untold(const struct nest *n)
{
	return n->outside > 0 && !nest_is_shut(n);
}

int
nest_leave(struct nest *n, const char **what)
{
	*what = NULL;
	if (n->outside > 0) {
		n->untold -= nest_is_untold(n);
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
	dir_close(n->link);
	n->link = -1;
}
