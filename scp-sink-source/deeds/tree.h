/* SPDX-License-Identifier: ISC */
#ifndef DEEDS_TREE_H
#define DEEDS_TREE_H

#include "deeds/deeds.h"

/*
 * Deeds to a file, or to a directory and all that is in it, each entry of which is judged and logged by
 * itself.  What is refused, or fails, is reported, and the rest goes on: never through a link, never into
 * what is mounted there, and only what a listing shows.  COMMANDS rule 23.
 */

/* Each: 0, or -1 where anything failed, or was not done because nothing goes on. */
int	tree_remove(struct deeds *, const char *path, const struct answer_hearer *);
/* Symbolic links are left alone. */
int	tree_set(struct deeds *, const char *path, const struct wish *,
	    const struct answer_hearer *);

struct tree_manner {			/* of a copy */
	bool	 whole;			/* directories, too; and links are links */
	bool	 keep;			/* modes and times are as they were */
	uint64_t piece;			/* bytes that are copied before */
	bool	(*moved)(void *mover, uint64_t n);	/* is told of N: false where no more is to be */
	void	*mover;			/* its first argument */
};

/*
 * Each file is one download and one upload: new or old, whole, and as the policy has it.  A directory that
 * is there already is one that is copied into, but never one into itself.
 */
int	tree_copy(struct deeds *, const char *from, const char *to, const struct tree_manner *,
	    const struct answer_hearer *);

#endif
