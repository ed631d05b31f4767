/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>
#include <linux/fs.h>

#include "paths/dir.h"
#include "paths/fold.h"
#include "paths/fs.h"
#include "paths/listing.h"

#ifndef FS_CASEFOLD_FL
#define FS_CASEFOLD_FL 0x40000000
#endif

enum {
	YES = 1,
	NO = 0,
	UNKNOWN = -1
};

static bool
is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* What the flags of the directory say: a descriptor that only holds it has no word for that. */
static int
ask_flags(int dirfd)
{
	/* The call is said to return a long, and returns an int: the first one of these. */
	unsigned flags[sizeof(long) / sizeof(unsigned)] = { 0 };
	int fd = dir_open(dirfd, ".", O_RDONLY | O_DIRECTORY, 0), folds = NO;

	if (fd == -1)
		return UNKNOWN;
	if (syscall(SYS_ioctl, fd, FS_IOC_GETFLAGS, flags) == 0 && (flags[0] & FS_CASEFOLD_FL) != 0)
		folds = YES;
	dir_close(fd);
	return folds;
}

static int
ask_filesystem(int dirfd)
{
	struct statfs fs;

	if (fstatfs(dirfd, &fs) == -1)
		return UNKNOWN;
	if (fs_folds(&fs))
		return YES;
	return fs_folds_by_flag(&fs) ? ask_flags(dirfd) : UNKNOWN;
}

/* Gives the first letter of ASCII in NAME the other case: false where there is none. */
static bool
respell(char *name)
{
	for (; *name != '\0'; name++) {
		if ((*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z')) {
			*name ^= 'a' ^ 'A';
			return true;
		}
	}
	return false;
}

/* Whether what is there is found by another spelling as well. */
static int
try_spelling(int dirfd, const char *name)
{
	char other[NAME_MAX + 1];
	struct stat here, there;

	if (strlcpy(other, name, sizeof(other)) >= sizeof(other) || !respell(other) ||
	    fstatat(dirfd, name, &here, AT_SYMLINK_NOFOLLOW) == -1)
		return UNKNOWN;
	if (fstatat(dirfd, other, &there, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT ? NO : UNKNOWN;
	return is_same(&here, &there) ? YES : NO;
}

bool
fold_is_in(int dirfd, const char *name)
{
	int folds = ask_filesystem(dirfd);

	return (folds != UNKNOWN ? folds : try_spelling(dirfd, name)) != NO;
}

/* A file that is looked for among the entries of a directory. */
struct search {
	int	       fd;	/* of the directory */
	const char    *name;
	struct stat    st;	/* of what that finds */
	fold_judge_fn *judge;
	void	      *context;
	bool	       found;	/* an entry was judged */
};

/* Whether the entry is the file: BY_LOOKING asks for more than it says of itself. */
static bool
is_entry_of(const struct search *s, const struct listing_entry *e, bool by_looking)
{
	struct stat st;

	if (!by_looking)
		return e->ino == s->st.st_ino;
	return fstatat(s->fd, e->name, &st, AT_SYMLINK_NOFOLLOW) == 0 && is_same(&st, &s->st);
}

/* As fold_find, once through the directory. */
static int
look_through(struct search *s, bool by_looking)
{
	struct listing l;
	struct listing_mark mark;
	struct listing_entry e;
	int more = lseek(s->fd, 0, SEEK_SET) == -1 ? -1 : 1;

	listing_init(&l);
	listing_begin(&l, 0, &mark);
	for (int i = 0; more == 1 && i < FOLD_ENTRIES_MAX; i++) {
		more = listing_next(&l, 0, s->fd, &mark, &e);
		if (more != 1)
			continue;
		if (strcmp(e.name, s->name) == 0) {
			s->found = true;
			return 0;
		}
		if (!is_entry_of(s, &e, by_looking))
			continue;
		s->found = true;
		if (s->judge(s->context, e.name))
			return 1;
	}
	return more == 0 ? 0 : -1;
}

int
fold_find(int dirfd, const char *name, fold_judge_fn *judge, void *context)
{
	struct search s = { .name = name, .judge = judge, .context = context };
	/* Some filesystems number a file anew whenever nobody holds it. */
	int held = dir_open(dirfd, name, O_PATH, 0), end = -1;

	if (held == -1)
		return errno == ENOENT ? 0 : -1;
	s.fd = fstat(held, &s.st) == 0 ? dir_open(dirfd, ".", O_RDONLY | O_DIRECTORY, 0) : -1;
	if (s.fd != -1)
		end = look_through(&s, false);
	/* Others do not say in a directory what they say of the file. */
	if (end == 0 && !s.found)
		end = look_through(&s, true);
	if (end == 0 && !s.found)
		end = -1;
	dir_close(s.fd);
	dir_close(held);
	return end;
}
