/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "ask/world.h"
#include "paths/place.h"
#include "rules/alias.h"

/*
 * What PATH, found by the world's base, is for everybody: itself, or written to DST; NULL where it is
 * too long.  The root's own name is before it, lest what is called so within be taken for that.
 */
static const char *
locate(const struct expand_world *w, const char *path, char dst[PATH_MAX])
{
	const char *top = w->root->name[0] != '\0' ? w->root->name : w->root->alias;
	char full[PATH_MAX], plain[PATH_MAX];

	if (w->base == NULL)
		return path;
	if (path[0] != '/') {
		if (snprintf(full, PATH_MAX, "%s/%s/%s", top, w->base, path) >= PATH_MAX)
			return NULL;
		path = full;
	}
	if (root_plain_staying(w->root, path, plain) == -1 ||
	    snprintf(dst, PATH_MAX, "%s/%s", top, plain) >= PATH_MAX)
		return NULL;
	return dst;
}

/* Whether a client that names PATH is not told at once that he may not. */
static bool
is_allowed(const struct expand_world *w, const char *path, bool directory)
{
	char plain[PATH_MAX];

	if (root_plain(w->root, path, plain) == -1)
		return !w->root->confined;	/* On the whole system the kernel judges. */
	return alias_denies_path(w->policy, w->root, plain, directory) == NULL;
}

int
world_open(const struct expand_world *w, const char *path)
{
	char buffer[PATH_MAX];

	path = locate(w, path[0] == '\0' ? "." : path, buffer);
	if (path == NULL)
		return -1;
	return is_allowed(w, path, true) ? root_dir(w->root, path) : -1;
}

bool
world_has_directory(const struct expand_world *w, const char *path)
{
	int fd = world_open(w, path);

	if (fd == -1)
		return false;
	close(fd);
	return true;
}

bool
world_has(const struct expand_world *w, const char *path, bool directory)
{
	char buffer[PATH_MAX];
	struct place p;
	struct stat st;
	bool there;

	if (directory)
		return world_has_directory(w, path);
	path = locate(w, path, buffer);
	if (path == NULL)
		return false;
	there = place_open(w->root, path, &p) == 0 &&
	    fstatat(p.dirfd, p.leaf, &st, AT_SYMLINK_NOFOLLOW) == 0;
	place_close(&p);
	return there && is_allowed(w, path, !S_ISREG(st.st_mode));
}

/* Nothing within is the root, even if it is called so. */
void
world_name_start(const struct expand_world *w, char dst[PATH_MAX])
{
	const char *from = w->root->from;
	char plain[PATH_MAX];

	if (snprintf(dst, PATH_MAX, "/%s", from) < PATH_MAX &&
	    root_plain_staying(w->root, dst, plain) == 0 && strcmp(plain, from) == 0)
		return;
	if (snprintf(dst, PATH_MAX, "/../%s", from) >= PATH_MAX)
		strlcpy(dst, "/", PATH_MAX);
}
