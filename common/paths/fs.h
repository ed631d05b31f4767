/* SPDX-License-Identifier: ISC */
#ifndef PATHS_FS_H
#define PATHS_FS_H

#include <stdbool.h>

/* What kind of filesystem a descriptor lies in. */

/*
 * True in those that the kernel makes up, such as /proc and /sys, and where it cannot be told: what
 * is there are no files of anybody.
 */
bool	fs_is_kernels(int fd);

#endif
