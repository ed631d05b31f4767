/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "deeds/target.h"
#include "paths/beneath.h"
#include "paths/dir.h"

int
target_find(const struct spot *s, const char *text, char plain[PATH_MAX])
{
	const char *slash = strrchr(s->plain, '/');
	size_t len = slash != NULL ? (size_t)(slash - s->plain) : 0;
	char dir[PATH_MAX];

	errno = ENOENT;
	if (text[0] == '/' || text[0] == '\0')
		return -1;
	memcpy(dir, s->plain, len);
	dir[len] = '\0';
	return beneath_plain(plain, dir, text);
}

const char *
target_denies(const struct deeds *d, const char *plain)
{
	const char *why = spot_denies(d, plain, SPOT_FILE);
	int fd;

	/* Whether it is a directory is of no interest where that changes nothing. */
	if (why == NULL || spot_denies(d, plain, SPOT_DIRECTORY) != NULL)
		return why;
	fd = root_beneath(d->root, plain, O_PATH | O_DIRECTORY);
	dir_close(fd);
	return fd != -1 ? NULL : why;
}

/* What the link says: 0, -1 with errno. */
static int
read_text(const struct spot *s, char dst[PATH_MAX])
{
	ssize_t n = readlinkat(s->place.dirfd, s->place.leaf, dst, PATH_MAX);

	if (n == -1)
		return -1;
	errno = ENAMETOOLONG;
	if (n == PATH_MAX)
		return -1;
	dst[n] = '\0';
	return 0;
}

/* Where nothing is revealed there are only the links that are listed. */
static bool
is_listed(const struct deeds *d, const struct spot *s)
{
	struct stat st;

	return !deeds_is_quiet(d) || d->policy->list == RIGHT_YES ||
	    (spot_stat(d, s, &st) == 0 && spot_is_own(d, s, &st));
}

/* Whether the client may know what it says. */
static bool
is_told(const struct deeds *d, const struct spot *s, const char *text)
{
	char plain[PATH_MAX];

	if (policy_denies_direction(d->policy, false) != NULL || !is_listed(d, s))
		return false;
	return !d->policy->restricted ||
	    (target_find(s, text, plain) == 0 && target_denies(d, plain) == NULL);
}

int
target_read(const struct deeds *d, const struct spot *s, char dst[PATH_MAX])
{
	if (read_text(s, dst) == -1)
		return -1;
	if (is_told(d, s, dst))
		return 0;
	errno = ENOENT;
	return -1;
}
