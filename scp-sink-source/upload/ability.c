/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>
#include <sys/vfs.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "paths/dir.h"
#include "paths/fs.h"
#include "upload/ability.h"
#include "upload/hidden.h"

struct trial {
	int	    dirfd;
	const char *goal;
	char	    first[NAME_MAX + 1], second[NAME_MAX + 1];	/* "" where there is none */
	char	   *name;					/* of the one that is being made */
};

static int
create(void *trial)
{
	const struct trial *t = trial;
	int fd = dir_open(t->dirfd, t->name, O_WRONLY | O_CREAT | O_EXCL, S_IWUSR);

	dir_close(fd);
	return fd == -1 ? -1 : 0;
}

static int
make(struct trial *t, char name[NAME_MAX + 1])
{
	t->name = name;
	return hidden_claim(t->dirfd, t->goal, name, create, t) == -1 ? -1 : 0;
}

static void
take_away(const struct trial *t, const char *name)
{
	if (name[0] != '\0')
		(void)unlinkat(t->dirfd, name, 0);
}

/* Whether what ended so can be done: anything may go wrong with it that says nothing of that. */
static bool
could(int end)
{
	return end != -1 || (errno != EPERM && errno != EEXIST && errno != EXDEV &&
	    errno != ENOSYS && errno != EOPNOTSUPP && errno != EINVAL && errno != EMLINK);
}

static void
try(struct ability *a, int dirfd, const char *goal)
{
	struct trial t = { .dirfd = dirfd, .goal = goal };

	a->fs_replace = a->fs_free = true;
	if (make(&t, t.first) == 0 && make(&t, t.second) == 0) {
		a->fs_replace = could(renameat(dirfd, t.first, dirfd, t.second));
		take_away(&t, t.first);
		a->fs_free = could(dir_rename_free(dirfd, t.second, t.first));
	}
	take_away(&t, t.first);
	take_away(&t, t.second);
}

bool
ability_only_adds(int dirfd)
{
	return (fs_attributes(dirfd) & STATX_ATTR_APPEND) != 0;
}

static bool
is_plain(int dirfd)
{
	struct statfs fs;

	return fstatfs(dirfd, &fs) == 0 && fs_is_plain(&fs);
}

void
ability_look(struct ability *a, int dirfd, const char *goal)
{
	struct stat st;

	if (a->here)
		return;
	a->here = true;
	a->replace = a->free = !ability_only_adds(dirfd);
	if (!a->replace || is_plain(dirfd) || fstat(dirfd, &st) == -1)
		return;
	if (!a->tried || a->fs != st.st_dev)
		try(a, dirfd, goal);
	a->tried = true;
	a->fs = st.st_dev;
	a->replace = a->fs_replace;
	a->free = a->fs_free;
}

void
ability_forget(struct ability *a)
{
	a->here = false;
}
