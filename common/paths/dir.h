/* SPDX-License-Identifier: ISC */
#ifndef PATHS_DIR_H
#define PATHS_DIR_H

#include <sys/stat.h>
#include <sys/types.h>

#include <stdbool.h>

/* What is done with one component of a directory that is held by its descriptor. */

/*
 * Opens the one component NAME of DIRFD, never through a link, never waiting for a FIFO, never
 * getting a terminal.  FLAGS and MODE as in open(2).
 */
int	dir_open(int dirfd, const char *name, int flags, mode_t mode);

/*
 * Renames FROM in DIRFD to TO there, which must be free: EEXIST.  0; 1 where it was linked instead, of
 * which whoever watches DIRFD hears less; -1.
 */
int	dir_rename_free(int dirfd, const char *from, const char *to);

/* The same without the link: EINVAL or ENOSYS where there is no such rename. */
int	dir_rename_plain(int dirfd, const char *from, const char *to);

/* As dir_rename_free, but 0 or -1, from one directory to another; a directory, too, where links cannot stand in for that. */
int	dir_move_free(int fromdir, const char *from, int todir, const char *to);

/*
 * Each of the names A and B in DIRFD becomes that of the other's file.  0, -1: with EINVAL or ENOSYS
 * where there is no such rename.
 */
int	dir_exchange(int dirfd, const char *a, const char *b);

/*
 * Opens the file NAME in DIRFD for writing and closes it, so that whoever watches DIRFD hears that all
 * of it is there, as inotify(7) tells it.  Its mode may keep the user out.
 */
void	dir_announce(int dirfd, const char *name);

/* Has the disk know what names the directory DIRFD has.  0, -1. */
int	dir_sync(int dirfd);

/* True when the one component NAME of DIRFD is a symbolic link. */
bool	dir_is_link(int dirfd, const char *name);

/*
 * True for a symbolic link in DIRFD, of which LINK is known, that somebody else has put where
 * everybody may, as in /tmp.  The kernel follows no such one where it is told so (protected_symlinks
 * in proc(5)): the directory is sticky, everybody may write to it, and the link belongs neither to
 * the effective user nor to the directory's owner.
 */
bool	dir_is_trap(int dirfd, const struct stat *link);

/* Closes FD, which may be -1, and keeps errno. */
void	dir_close(int fd);

#endif
