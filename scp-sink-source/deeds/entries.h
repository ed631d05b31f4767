/* SPDX-License-Identifier: ISC */
#ifndef DEEDS_ENTRIES_H
#define DEEDS_ENTRIES_H

#include <sys/stat.h>

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "deeds/deeds.h"
#include "paths/listing.h"

/*
 * What a client may know of the entries of one directory, in the order of the filesystem: what the
 * policy denies, and temporaries, are left out, and so is what vanished meanwhile.  For the deeds alone;
 * what is pending is folder's.
 */
struct entries {
	bool	 own;			/* only what this session has made, from memory: the directory
					 * is not read */
	unsigned level;			/* of the listing, which has nothing else of this number */
	struct listing_mark mark;	/* in it */
	uint64_t at;			/* in what is own */
};

void	entries_begin(struct deeds *, struct entries *);

/* The next name of the directory FD, which PLAIN leads to: 1, 0 at the end, -1 with errno. */
int	entries_next(struct deeds *, struct entries *, int fd, const char *plain, const char **name);

/*
 * Whether it is seen, and what it is, not followed; false with errno: ENOENT where no more is to be said of
 * it.
 */
bool	entries_see(const struct deeds *, const struct entries *, int fd, const char *plain,
	    const char *name, struct stat *);

/* The plain path of NAME in the directory PLAIN; false where it is too long for anybody to say. */
bool	entries_path(const char *plain, const char *name, char dst[PATH_MAX]);

#endif
