/* SPDX-License-Identifier: ISC */
#ifndef DEEDS_TREE_H
#define DEEDS_TREE_H

#include "deeds/deeds.h"

/*
 * Deeds to a file, or to a directory and all that is in it, each entry of which is judged and logged by
 * itself.  What is refused, or fails, is reported, and the rest goes on: never through a link, never into
 * what is mounted there, and only what a listing shows.  COMMANDS rule 23.
 */

/* Each: 0, or -1 where anything failed. */
int	tree_remove(struct deeds *, const char *path, answer_report_fn *, void *context);
/* Symbolic links are left alone. */
int	tree_set(struct deeds *, const char *path, const struct wish *, answer_report_fn *,
	    void *context);

#endif
