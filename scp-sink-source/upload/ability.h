/* SPDX-License-Identifier: ISC */
#ifndef UPLOAD_ABILITY_H
#define UPLOAD_ABILITY_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What can be done with names in a directory, found out before a byte of a file has come.  Where the
 * kernel alone has the say that is known; elsewhere, as over a network or with FUSE, it is tried once a
 * filesystem, with two hidden files.
 */
struct ability {
	bool		here;		/* the rest is known of this directory */
	bool		replace;	/* a rename takes away what has the name */
	bool		free;		/* a name can be taken only if it is free */
	bool		tried;		/* FS was tried, and this came out: */
	uint64_t	fs;
	bool		fs_replace, fs_free;
};

/* Finds out for DIRFD, where GOAL will be, unless HERE is set. */
void	ability_look(struct ability *, int dirfd, const char *goal);

/* True where names can only be added, as chattr(1) may have it. */
bool	ability_only_adds(int dirfd);

/* What comes next goes to another directory. */
void	ability_forget(struct ability *);

#endif
