/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "paths/beneath.h"
#include "paths/cwd.h"
#include "paths/dir.h"
#include "paths/place.h"

enum {
	DIR_FLAGS = O_PATH | O_DIRECTORY | O_CLOEXEC
};

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

/* As place_open, in a confined root: PATH must not be the root itself. */
static int
place_beneath(const struct root *r, const char *path, struct place *p)
{
	char plain[PATH_MAX];
	size_t len;

	if (root_plain(r, path, plain) == -1)
		return -1;
	len = strlen(plain);
	if (split_leaf(plain, &len, p->leaf) == -1)
		return -1;
	plain[len > 0 ? len - 1 : 0] = '\0';
	p->owned = true;
	p->dirfd = root_beneath(r, plain, DIR_FLAGS);
	return p->dirfd == -1 ? -1 : 0;
}

int
place_open(const struct root *r, const char *path, struct place *p)
{
	size_t len = strlen(path);

	*p = (struct place){ .dirfd = -1 };
	if (r->confined)
		return path[0] == '\0' ? (errno = EINVAL, -1) : place_beneath(r, path, p);
	if (split_leaf(path, &len, p->leaf) == -1)
		return -1;
	p->owned = len > 0;
	p->dirfd = p->owned ? root_dir_at(r, path, len) : r->start;
	return p->dirfd == -1 ? -1 : 0;
}

int
place_open_through(const struct root *r, const char *path, struct place *p)
{
	char plain[PATH_MAX];
	struct stat st;

	assert(r->confined);
	*p = (struct place){ .dirfd = -1 };
	if (path[0] == '\0') {
		errno = EINVAL;
		return -1;
	}
	if (root_plain(r, path, plain) == -1)
		return -1;
	p->dirfd = beneath_place(r->fd, plain, r->follow, p->leaf);
	p->owned = true;
	if (p->dirfd == -1 || root_check(r, p->dirfd, &st) == 0)
		return p->dirfd == -1 ? -1 : 0;
	place_close(p);
	return -1;
}

void
place_close(struct place *p)
{
	if (p->owned)
		dir_close(p->dirfd);
	p->dirfd = -1;
	p->owned = false;
}

int
place_own_name(const struct root *r, int fd, char leaf[NAME_MAX + 1])
{
	char path[PATH_MAX];
	size_t len;

	if (r->start < 0) {
		errno = EACCES;
		return -1;	/* There would be no way back. */
	}
	if (cwd_path_of(fd, r->start, path) == -1)
		return -1;
	len = strlen(path);
	return split_leaf(path, &len, leaf);
}
