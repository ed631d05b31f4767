/* SPDX-License-Identifier: ISC */
#ifndef COMMON_ROOT_H
#define COMMON_ROOT_H

#include <sys/types.h>

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Where paths become descriptors.  Every path of a request goes through here once; after that
 * there are only (directory descriptor, one component) pairs.  Every descriptor closes on exec,
 * and those of directories are O_PATH: searching them is all that they are good for.
 */
struct root {
	int	fd;		/* owned; where absolute paths begin; -1 when closed */
	int	start;		/* owned; where relative paths begin; -1 when closed, AT_FDCWD
				 * where the working directory may not even be searched */
};

enum root_trust {		/* whose symbolic links may lead elsewhere */
	ROOT_ANY_LINK,
	ROOT_OWN_LINKS		/* those of root and of the effective user */
};

/* Where something is, or would be. */
struct place {
	int	dirfd;			/* the directory that holds it; -1 when closed */
	bool	owned;			/* DIRFD is ours to close */
	char	leaf[NAME_MAX + 1];	/* its name there */
};

/* Absolute paths begin at the directory PATH, relative ones at the working directory. 0, -1. */
int	root_open(struct root *, const char *path);
void	root_close(struct root *);

/* The directory PATH names, links followed: a descriptor owned by the caller, or -1. */
int	root_dir(const struct root *, const char *path);

/*
 * The place that PATH names; slashes at its end do not count, and a link there is not followed. 
 * 0; -1 with errno, EINVAL where PATH ends in no name: "", "/", and "." or "..".
 */
int	root_place(const struct root *, const char *path, struct place *);

/*
 * The place where the symbolic link NAME in DIRFD leads in the end, and every other link on that
 * way. There need not be anything.  Where it leads to a directory by no name, as ".." does, that
 * is the place of ".".  0; -1 with errno, EACCES at a link that is not trusted, ELOOP after too
 * many.
 */
int	root_follow(const struct root *, int dirfd, const char *name, enum root_trust,
	    struct place *);

/* Closes what it owns and keeps errno; always safe after the two above, whatever they returned. */
void	place_close(struct place *);

/*
 * The name of the directory FD, as its parent has it.  0; -1 with errno, EINVAL for "/", which has
 * none, ENAMETOOLONG where its path is longer than the kernel tells.
 */
int	root_own_name(const struct root *, int fd, char leaf[NAME_MAX + 1]);

/*
 * Opens the one component NAME of DIRFD, never through a link, never waiting for a FIFO, never
 * getting a terminal.  FLAGS and MODE as in open(2).
 */
int	dir_open(int dirfd, const char *name, int flags, mode_t mode);

/* The same through links: a source sends what they lead to. */
int	dir_open_following(int dirfd, const char *name, int flags);

/* True when the one component NAME of DIRFD is a symbolic link. */
bool	dir_is_link(int dirfd, const char *name);

#endif
