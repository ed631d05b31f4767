/* SPDX-License-Identifier: ISC */
#include <sys/file.h>
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

/* One of two hidden files.  It is locked while the other one is made, which would take it for dead. */
struct trial {
	int	    dirfd;
	const char *goal;
	int	    fd;			/* owned; -1 where there is none */
	char	    name[NAME_MAX + 1];	/* "" likewise */
};

static int
create(void *trial)
{
	struct trial *t = trial;

	t->fd = dir_open(t->dirfd, t->name, O_WRONLY | O_CREAT | O_EXCL, S_IWUSR);
	if (t->fd == -1)
		return -1;
	/* Where there are no locks nobody takes it for dead, either. */
	(void)flock(t->fd, LOCK_EX | LOCK_NB);
	return 0;
}

static int
make(struct trial *t, int dirfd, const char *goal)
{
	*t = (struct trial){ .dirfd = dirfd, .goal = goal, .fd = -1 };
	return hidden_claim(dirfd, goal, t->name, create, t) == -1 ? -1 : 0;
}

static void
take_away(const struct trial *t)
{
	if (t->name[0] != '\0')
		(void)unlinkat(t->dirfd, t->name, 0);
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
	struct trial first, second = { .dirfd = dirfd, .fd = -1 };
	bool made = make(&first, dirfd, goal) == 0 && make(&second, dirfd, goal) == 0;

	/* What is open is put aside by FUSE before its name is taken, so that this says nothing. */
	dir_close(first.fd);
	dir_close(second.fd);
	a->fs_replace = a->fs_free = true;
	if (made) {
		a->fs_replace = could(renameat(dirfd, first.name, dirfd, second.name));
		take_away(&first);
		a->fs_free = could(dir_rename_free(dirfd, second.name, first.name));
	}
	take_away(&first);
	take_away(&second);
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
