/* SPDX-License-Identifier: ISC */
#ifndef PATHS_TRAIL_H
#define PATHS_TRAIL_H

#include <stddef.h>

/*
 * The path to where a transfer stands, as the peer would write it: for messages only, never to open
 * anything.  It is as long as the deepest directory that is entered can make it.
 */
enum {
	TRAIL_MAX = 1 << 20
};

struct trail {
	size_t	len;		/* without the NUL */
	char	text[TRAIL_MAX];
};

/* Begins anew with PATH; what is too long for any directory is cut. */
void	trail_set(struct trail *, const char *path);

/*
 * Goes into NAME; returns the length to which trail_cut() goes back.  What does not fit is left
 * out.
 */
size_t	trail_add(struct trail *, const char *name);
void	trail_cut(struct trail *, size_t len);

/* Goes back by one name. */
void	trail_up(struct trail *);

#endif
