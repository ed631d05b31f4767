/* SPDX-License-Identifier: ISC */
#ifndef PATHS_PROC_H
#define PATHS_PROC_H

#include <sys/types.h>

#include <limits.h>
#include <time.h>

/*
 * What is done to what a descriptor is by its name in /proc, for kernels that do not do it by the
 * descriptor.  0, -1.
 */
int	proc_chmod(int fd, mode_t mode);
int	proc_set_times(int fd, const struct timespec times[2]);

/* Gives it the name NAME in DIRFD, too. */
int	proc_link(int fd, int dirfd, const char *name);

/* Whether the file may be written to, as the kernel knows without opening it. */
int	proc_may_write(int fd);

/*
 * The path of the directory FD, without a slash at its end, for who cannot go there and come back; 0, or -1
 * with errno, also where there is no /proc.
 */
int	proc_path(int fd, char path[PATH_MAX]);

/* As the calls without "proc_" are for a descriptor that is not O_PATH. */
ssize_t	proc_listxattr(int fd, char *names, size_t size);
ssize_t	proc_getxattr(int fd, const char *name, void *value, size_t size);

#endif
