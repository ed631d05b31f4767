/* SPDX-License-Identifier: ISC */
#ifndef PATHS_ROOT_H
#define PATHS_ROOT_H

#include <sys/stat.h>
#include <sys/types.h>

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Where paths become descriptors.  Every path of a request goes through here once; after that
 * there are only (directory descriptor, one component) pairs.  Every descriptor closes on exec,
 * and those of directories are O_PATH: searching them is all that they are good for.
 *
 * A root is either the whole system, where paths mean what they mean to everybody and may be longer
 * than PATH_MAX, or it is confined: then a path is plain text first (root_plain), whose "/" is the
 * root and whose ".." goes one component back, and nothing that is opened lies outside, nor in one
 * of the kernel's own filesystems, such as /proc.
 */
struct root {
	int	fd;		/* owned; where absolute paths begin; -1 when closed */
	int	start;		/* owned; where relative paths begin; -1 when closed, AT_FDCWD
				 * where the working directory may not even be searched */
	bool	confined;	/* the rest is for such a root only */
	bool	follow;		/* links that stay beneath the root are followed */
	dev_t	dev;		/* the root's own filesystem */
	bool	sure;		/* it is one in which closing a file loses nothing: see fs_is_plain */
	char	name[PATH_MAX];	/* its real path, without a slash at its end; "" for "/" */
	char	alias[PATH_MAX];	/* what the administrator calls it, likewise */
	char	from[PATH_MAX];	/* where relative paths begin, beneath the root: plain */
};

/* The whole system; relative paths begin at the working directory.  0, -1. */
int	root_open(struct root *);

/*
 * Confines to the directory INNER ("" is itself) beneath the directory PATH, which is absolute and
 * the administrator's; relative paths begin at START beneath that, or, where START is NULL, at the
 * working directory if it is beneath it, else at the root.  INNER and START are plain.  FOLLOW: see
 * above.  0; -1 with errno and *WHAT which of the two cannot be had: "root", "start".
 */
int	root_confine(struct root *, const char *path, const char *inner, const char *start,
	    bool follow, const char **what);
void	root_close(struct root *);

/*
 * PATH from the root on, as text: without "." and "..", empty components and a slash at either end;
 * "" is the root itself.  The root's own path at the beginning of an absolute PATH counts as "/".
 * 0; -1 with errno, EXDEV where PATH goes above the root.  On the whole system, whose top is above
 * itself and where a ".." behind a link may mean another directory, this is for messages and rules
 * on names only.
 */
int	root_plain(const struct root *, const char *path, char dst[PATH_MAX]);

/*
 * The same in a confined root, where what is above the top is the top, as it is for "/", and "" is
 * where relative paths begin: whoever goes up from there stays.
 */
int	root_plain_staying(const struct root *, const char *path, char dst[PATH_MAX]);

/* The directory PATH names, links followed: a descriptor owned by the caller, or -1. */
int	root_dir(const struct root *, const char *path);

/* The same for the first LEN bytes of PATH, of any length, on the whole system. */
int	root_dir_at(const struct root *, const char *path, size_t len);

/*
 * Opens what is at PLAIN beneath a confined root, if that is to be served; NULL is a path that is
 * too long.  A descriptor owned by the caller, or -1.
 */
int	root_beneath(const struct root *, const char *plain, int flags);
/* The same; *SAME: it is known to lie in the root's own filesystem. */
int	root_beneath_in(const struct root *, const char *plain, int flags, bool *same);

/*
 * Opens the entry NAME of DIRFD, for a source: the descriptor, or -1.  On the whole system links
 * are followed, as everybody does; in a confined root only those that stay beneath it, and PLAIN,
 * the plain path of the entry, is how they are; NULL where it is too long for one.  ELOOP where none
 * are.
 */
int	root_entry(const struct root *, int dirfd, const char *name, const char *plain, int flags);

/*
 * The same of what SAID names, PLAIN as of root_plain, in one step: no slash is at its end, and whoever
 * calls has judged it.  What goes wrong is better said by those who take it step by step.
 */
int	root_entry_at_once(const struct root *, const char *said, const char *plain, int flags);
/* What stat(2), or lstat(2), says of that on the whole system. */
int	root_look_at_once(const struct root *, const char *said, bool follow, struct stat *);

/* What that would open, not opened: see stat(2). */
int	root_look(const struct root *, int dirfd, const char *name, const char *plain,
	    struct stat *);

/*
 * True unless FD, of which ST is known, lies in one of the kernel's filesystems below a confined
 * root.
 */
bool	root_serves(const struct root *, int fd, const struct stat *st);
/* What FD is, if that is to be served: see fstat(2).  -1 with errno, EXDEV where it is not. */
int	root_check(const struct root *, int fd, struct stat *);

/*
 * Whether the directory PATH, an absolute one, is the confined root or lies beneath it: 1, 0, or -1
 * where nobody can tell.  What counts is what directories are, not what they are called, so that one
 * that is mounted twice is the same; of what is not there, whatever is nearest above it.  What is
 * mounted beneath the root is not looked through.
 */
int	root_holds(const struct root *, const char *path);
/* Whether the confined root is the directory PATH, or lies beneath it, likewise. */
int	root_lies_in(const struct root *, const char *path);

/*
 * Opens the administrator's file PATH, whatever root there is, for reading.  -1 with errno, ENOENT
 * only where there is nothing of that name, not even a link.
 */
int	root_file(const char *path);

#endif
