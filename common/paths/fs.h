/* SPDX-License-Identifier: ISC */
#ifndef PATHS_FS_H
#define PATHS_FS_H

#include <sys/stat.h>
#include <sys/vfs.h>

#include <stdbool.h>
#include <stdint.h>

#ifndef STATX_TYPE	/* The C library has no statx(2). */
#include <linux/stat.h>
#endif

/* What kind of filesystem a descriptor lies in, and what is made of the numbers that it says. */

/*
 * The bytes that a file has, of which stat(2) said ST.  0; -1 with EOVERFLOW where that is no number of
 * bytes.
 */
int	fs_size_of(const struct stat *st, uint64_t *size);

/* The same of what it takes on the disk; 0 for what is no number, and never more than INT64_MAX. */
uint64_t fs_taken_by(const struct stat *st);

/*
 * True in those that the kernel makes up, such as /proc and /sys, and where it cannot be told: what
 * is there are no files of anybody.
 */
bool	fs_is_kernels(int fd);
/* The same where that has been asked. */
bool	fs_is_made_up(const struct statfs *);

/*
 * True in those of our own disks and memory where the kernel alone knows who may do what, and where
 * what cannot be written is said at once and not when it is closed.
 */
bool	fs_is_plain(const struct statfs *);

/*
 * True where a file takes as many bytes of those that are said to be free as it has: not where they are
 * compressed, shared or borrowed, and not where somebody else counts them.
 */
bool	fs_counts_bytes(const struct statfs *);

/* What statx(2) calls attributes of FD, STATX_ATTR_APPEND and so on; 0 where nobody knows. */
uint64_t fs_attributes(int fd);
/* True where names fold everywhere, so that several spellings are one name: as Windows has it. */
bool	fs_folds(const struct statfs *);
/* True where flags of each directory say so, and nothing else. */
bool	fs_folds_by_flag(const struct statfs *);

#endif
