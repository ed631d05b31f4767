/* SPDX-License-Identifier: ISC */
#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#include "paths/dir.h"
#include "upload/hidden.h"

#define PREFIX ".scp-"
#define DIGITS "0123456789"

enum {
	HASH_DIGITS = 16,	/* as make_name has it */
	TEMPS = 1024,		/* uploads of one name at a time by one user */
	RANDOM_TEMPS = 16	/* tries beyond that, of names that nobody can take before us */
};

enum found {			/* under a hidden name */
	FOUND_NOTHING,
	FOUND_DEAD,		/* and removed */
	FOUND_LIVE		/* or nothing that we could remove */
};

struct hidden {
	int		dirfd;		/* borrowed */
	const char     *goal;		/* borrowed */
	char	       *name;		/* borrowed: NAME_MAX + 1 bytes, for the name that is tried */
};

/* FNV-1a.  Names that collide share the names of their temporaries, nothing worse. */
static uint64_t
hash_of(const char *s)
{
	uint64_t h = 0xcbf29ce484222325;

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3;
	return h;
}

static bool
names_file(int dirfd, const char *name, const struct stat *file)
{
	struct stat named;

	return fstatat(dirfd, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	    named.st_dev == file->st_dev && named.st_ino == file->st_ino;
}

/* Locks the directory, not waiting: its descriptor, -1 where it is locked, -2 where none can be. */
static int
lock_dir(int dirfd, int how)
{
	int fd = dir_open(dirfd, ".", O_RDONLY | O_DIRECTORY, 0);
	bool never = fd == -1 ? errno == EACCES : false;

	if (fd == -1)
		return never ? -2 : -1;
	if (flock(fd, how | LOCK_NB) == 0)
		return fd;
	never = errno != EWOULDBLOCK;
	close(fd);
	return never ? -2 : -1;
}

int
hidden_guard(int dirfd)
{
	int fd = lock_dir(dirfd, LOCK_SH);

	return fd >= 0 ? fd : -1;
}

/*
 * A live one is writable for its owner, but for a moment in which its directory is locked: see
 * temp_mode_is_open.  Then FD is O_PATH, as that of a link always is.
 */
static int
open_of_another(const struct hidden *h, bool *closed)
{
	int fd = dir_open(h->dirfd, h->name, O_WRONLY, 0);

	*closed = fd == -1 && (errno == EACCES || errno == ELOOP);
	return *closed ? dir_open(h->dirfd, h->name, O_PATH, 0) : fd;
}

/*
 * Nobody holds the file FD, which is ST.  A symbolic link has no lock but that of its directory; nor has a
 * further name of somebody else's file, and taking that away loses nothing.
 */
static bool
is_dead(int fd, const struct stat *st, bool closed)
{
	const bool ours = st->st_uid == geteuid();

	if (!S_ISREG(st->st_mode) || !ours)
		return ours ? S_ISLNK(st->st_mode) : S_ISREG(st->st_mode) && st->st_nlink > 1;
	return closed ? (st->st_mode & S_IWUSR) == 0 : flock(fd, LOCK_EX | LOCK_NB) == 0;
}

/*
 * True when FD, that of a file of this name, is one that its process left behind: ours, not locked,
 * and still of this name, which by now may be that of a live one.  The lock is then held by FD, and
 * as long as it is, nobody gives the name to another file.
 */
static bool
is_stale(const struct hidden *h, int fd, bool closed)
{
	struct stat st;

	return fstat(fd, &st) == 0 && is_dead(fd, &st, closed) && names_file(h->dirfd, h->name, &st);
}

/* Removes the file of this name, open as FD, if its process left it behind. */
static enum found
judge(const struct hidden *h, int fd, bool closed)
{
	int dir = lock_dir(h->dirfd, LOCK_EX);
	enum found found = FOUND_LIVE;

	/* Where no directory can be locked, no live file has been closed. */
	if (dir != -1 && is_stale(h, fd, closed) && unlinkat(h->dirfd, h->name, 0) == 0)
		found = FOUND_DEAD;
	dir_close(dir);
	return found;
}

/* Removes the file of this name if its process left it behind: what is there now. */
static enum found
remove_stale(const struct hidden *h)
{
	bool closed;
	int fd = open_of_another(h, &closed);
	enum found found;

	if (fd == -1)
		return errno == ENOENT ? FOUND_NOTHING : FOUND_LIVE;
	found = judge(h, fd, closed);
	close(fd);
	return found;
}

bool
hidden_is_name(const char *name)
{
	size_t prefix = strlen(PREFIX), hash, user, number;

	/* Some filesystems take it for the same in any case. */
	if (strncasecmp(name, PREFIX, prefix) != 0)
		return false;
	hash = strspn(name + prefix, "0123456789abcdefABCDEF");
	name += prefix + hash;
	user = *name == '-' ? strspn(name + 1, DIGITS) : 0;
	name += user > 0 ? 1 + user : 0;
	number = *name == '-' ? strspn(name + 1, DIGITS) : 0;
	return hash == HASH_DIGITS && user > 0 && number > 0 && name[1 + number] == '\0';
}

static void
make_name(const struct hidden *h, int number)
{
	unsigned suffix = number < TEMPS ? (unsigned)number : arc4random();

	snprintf(h->name, NAME_MAX + 1, PREFIX "%016llx-%u-%u",
	    (unsigned long long)hash_of(h->goal), (unsigned)geteuid(), suffix);
}

/* Takes the hidden name of this number by CLAIM: EEXIST where it is not free. */
static int
claim_number(const struct hidden *h, int number, hidden_claim_fn *claim, void *context)
{
	make_name(h, number);
	if (claim(context) == 0)
		return 0;
	if (errno != EEXIST)
		return -1;
	if (remove_stale(h) != FOUND_LIVE)
		return claim(context);
	errno = EEXIST;
	return -1;
}

/*
 * Takes the first free hidden name.  Where somebody has taken all of them, the last ones that are
 * tried cannot be foreseen.
 */
int
hidden_claim(int dirfd, const char *goal, char name[NAME_MAX + 1], hidden_claim_fn *claim,
    void *context)
{
	const struct hidden h = { dirfd, goal, name };

	for (int i = 0; i < TEMPS + RANDOM_TEMPS; i++) {
		if (claim_number(&h, i, claim, context) == 0)
			return i;
		if (errno != EEXIST)
			break;
	}
	name[0] = '\0';
	return -1;
}

/* Several processes that were killed at once leave several. */
void
hidden_bury(int dirfd, const char *goal, int number)
{
	char name[NAME_MAX + 1];
	const struct hidden h = { dirfd, goal, name };
	enum found found = FOUND_DEAD;
	int saved = errno;

	for (int i = number + 1; i < TEMPS && found != FOUND_NOTHING; i++) {
		make_name(&h, i);
		found = remove_stale(&h);
	}
	errno = saved;
}

/*
 * There is no call that removes a name only if it is that of a certain file.  So the name is changed
 * to one that nobody can foresee or clears, and looked at there.
 */
void
hidden_remove(int dirfd, const char *name, const struct stat *ours)
{
	char aside[NAME_MAX + 1];
	const struct hidden h = { dirfd, name, aside };
	int saved = errno;

	if (names_file(dirfd, name, ours)) {
		make_name(&h, TEMPS);
		if (dir_rename_free(dirfd, name, aside) == -1)
			(void)unlinkat(dirfd, name, 0);	/* No other way is left. */
		else if (names_file(dirfd, aside, ours))
			(void)unlinkat(dirfd, aside, 0);
		else
			(void)dir_rename_free(dirfd, aside, name);
	}
	errno = saved;
}
