/* SPDX-License-Identifier: ISC */
#ifndef PATHS_TRAIL_H
#define PATHS_TRAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The path to where a transfer stands, as the peer would write it: for messages only, never to open
 * anything.  It is as long, and as deep, as the deepest directory that is entered can make it; a
 * peer that names more, because it goes on below what is refused, is beyond it: then the text ends in
 * "/..." and grows no more, however deep that goes.
 */
enum {
	TRAIL_MAX = 1 << 20,
	TRAIL_DEPTH_MAX = 4096
};

struct trail {
	size_t	 len;			/* without the NUL */
	uint64_t beyond;		/* names that are not in it */
	unsigned depth;			/* names that are, besides the path it began with */
	size_t	 cuts[TRAIL_DEPTH_MAX + 1];	/* the length before each of them, and before
						 * what says that there are more */
	char	 text[TRAIL_MAX];
};

/* Begins anew with PATH; what is too long for any directory is cut. */
void	trail_set(struct trail *, const char *path);

/* Takes the slashes at its end away, but for one that is all there is. */
void	trail_trim(struct trail *);

/* Goes to NAME in it; "" is where it stands. */
void	trail_enter(struct trail *, const char *name);

/* The name that it went to last, where that is one; "..." where it is not in it. */
const char *trail_last(const struct trail *);

/* Whether it went the same way TIMES times, one after the other: its last names are those before them, again. */
bool	trail_comes_round(const struct trail *, unsigned times);

/* Goes back to where it stood before the last trail_enter() that is not undone yet. */
void	trail_leave(struct trail *);

#endif
