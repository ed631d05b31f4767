/* SPDX-License-Identifier: ISC */
#ifndef SCP_DESCENT_H
#define SCP_DESCENT_H

#include <sys/stat.h>
#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "paths/listing.h"
#include "paths/trail.h"
#include "rules/policy.h"

/*
 * The way down into a tree that is gone through: the directories that are open, one in another, and how far
 * each has been read.
 */
enum {
	DESCENT_LINKS_MAX = 16384	/* links to directories that are followed in one: without a bound,
					 * 60 directories full of links to the next one would be more
					 * than anybody can send */
};

struct descent_level {
	int		    fd;		/* owned */
	bool		    unnamed;	/* it stands for what is in it, and has no name of its own */
	dev_t		    dev;
	ino_t		    ino;
	struct listing_mark mark;
};

struct descent {
	unsigned	     depth;	/* directories that are open */
	uint64_t	     since;	/* when it began, as births are */
	unsigned	     links;	/* that led to directories; at most one more than are followed */
	struct descent_level levels[POLICY_DEPTH_MAX];
	struct listing	     listing;	/* behind all else: most of it is never touched */
};

void	descent_init(struct descent *);

/* Whether the directory ST is one that is open: there would be no end of it. */
bool	descent_is_in(const struct descent *, const struct stat *);

/*
 * Whether the directory FD, where the TRAIL is, comes of this tree's being copied into itself: there would be no end
 * of that either.
 */
bool	descent_is_own_copy(const struct descent *, int fd, const struct trail *);

/*
 * Whether the directory FD, which was found in the innermost one as TYPE, a DT_*, is behind a link that is
 * one more than are followed; *FIRST: the first of these.
 */
bool	descent_is_enough(struct descent *, int fd, unsigned char type, bool *first);

/* Goes into the directory FD, which is ST, and is handed over.  There are fewer than POLICY_DEPTH_MAX. */
void	descent_enter(struct descent *, int fd, const struct stat *, bool unnamed);

/* The innermost directory, of those that there are; its next entry, as listing_next. */
const struct descent_level *descent_top(const struct descent *);
int	descent_next(struct descent *, struct listing_entry *);

void	descent_leave(struct descent *);

#endif
