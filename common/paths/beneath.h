/* SPDX-License-Identifier: ISC */
#ifndef PATHS_BENEATH_H
#define PATHS_BENEATH_H

#include <limits.h>
#include <stdbool.h>

/*
 * Opening what is beneath a directory, and nothing else, whatever anybody moves or links while we
 * look: by openat2(2) or, where the kernel or a filter of a container has none, by a walk that
 * takes one component at a time and follows no link but by its text.
 *
 * PATH is relative and plain: without empty components, "." and "..".  "" is the directory TOP
 * itself.  Links are followed only with FOLLOW, and only to what is beneath TOP: EXDEV where one
 * leads out or is absolute, ELOOP where none may be followed.
 */
enum {
	BENEATH_LINKS_MAX = 40,		/* followed in one path: the kernel's own limit */
	BENEATH_RETRIES = 32		/* of openat2, while somebody keeps renaming */
};

/* FLAGS as of open(2), without O_CREAT.  A descriptor owned by the caller, or -1. */
int	beneath_open(int top, const char *path, bool follow, int flags);

/*
 * The same where no mount point lies on the way, so that it is in TOP's own filesystem.  -1 with EXDEV
 * also where one does, and with ENOSYS where the kernel does not say: then beneath_open may have it.
 */
int	beneath_open_same(int top, const char *path, bool follow, int flags);

/*
 * The directory that holds what PATH names, owned by the caller, and its name there, after all
 * links: there need not be anything of that name, but it is no link when we look.  -1 with errno;
 * EINVAL where that is TOP itself.
 */
int	beneath_place(int top, const char *path, bool follow, char leaf[NAME_MAX + 1]);

/*
 * Makes PATH plain, as if every component of it were a directory: DST of PATH_MAX bytes begins with
 * FROM, plain itself, and PATH is taken from there.  EXDEV where it goes above the top.
 */
int	beneath_plain(char dst[PATH_MAX], const char *from, const char *path);

/* The same, where what is above the top is the top, as it is for "/". */
int	beneath_plain_system(char dst[PATH_MAX], const char *from, const char *path);

#endif
