/* SPDX-License-Identifier: ISC */
#ifndef PATHS_PROC_H
#define PATHS_PROC_H

#include <sys/types.h>

#include <time.h>

/*
 * What is done to what a descriptor is by its name in /proc, for kernels that do not do it by the
 * descriptor.  0, -1.
 */
int	proc_chmod(int fd, mode_t mode);
int	proc_set_times(int fd, const struct timespec times[2]);

/* Gives it the name NAME in DIRFD, too. */
int	proc_link(int fd, int dirfd, const char *name);

#endif
