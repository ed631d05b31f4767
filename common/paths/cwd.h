/* SPDX-License-Identifier: ISC */
#ifndef PATHS_CWD_H
#define PATHS_CWD_H

#include <limits.h>

/* The working directory, of which the kernel knows the path, with or without /proc. */

/* Its path, an absolute one: 0, or -1 with errno. */
int	cwd_path(char path[PATH_MAX]);

/*
 * The path of the directory FD, without a slash at its end: we go there, and then to the directory
 * BACK.  0, -1.
 */
int	cwd_path_of(int fd, int back, char path[PATH_MAX]);

#endif
