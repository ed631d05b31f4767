/* SPDX-License-Identifier: ISC */
#ifndef DEEDS_OVERLAY_H
#define DEEDS_OVERLAY_H

#include <stddef.h>
#include <stdint.h>

/*
 * A new file that behaves as a private copy of an old one, which is copied only as far as needed: who
 * overwrites all of it from its beginning on copies nothing.  Without an old file it is a file of which
 * the size is known.  SFTP rule 45.
 *
 * FD, the new file, is open for writing.  Each returns 0, or -1 with errno: EACCES where bytes of the
 * old one are needed and may not be read, ESTALE where somebody has cut it.
 */
struct overlay {
	int	 old;		/* borrowed: the old file; -1: none, or none of its bytes is missing */
	uint64_t kept;		/* bytes of it that count */
	uint64_t high;		/* bytes from 0 on that the new file has; with OLD, all that it has */
	uint64_t size;		/* of what it behaves as */
};

/* OLD of SIZE bytes; -1: FD is the file itself, and has SIZE bytes. */
void	overlay_init(struct overlay *, int old, uint64_t size);

/* Before bytes are written at OFFSET; and behind that, when all up to END are. */
int	overlay_prepare(struct overlay *, int fd, uint64_t offset);
void	overlay_have_written(struct overlay *, uint64_t end);

/* It has SIZE bytes now.  Nothing behind that is ever copied. */
int	overlay_cut(struct overlay *, int fd, uint64_t size);

/* Copies all that is missing. */
int	overlay_complete(struct overlay *, int fd);

/* Copies N bytes at *AT in FROM, which moves on with them, to OFFSET in FD: all, or -1. */
int	overlay_copy(int from, uint64_t *at, int fd, uint64_t offset, uint64_t n);

#endif
