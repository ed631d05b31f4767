/* SPDX-License-Identifier: ISC */
#ifndef DEEDS_ACTS_H
#define DEEDS_ACTS_H

#include "deeds/file.h"
#include "deeds/spot.h"

/*
 * Deeds to what is at a spot, whose direction, right and name have been judged: each judges what is
 * there, acts, and logs.  For the deeds alone.
 */

/* Whether what is there, if anything is, may be removed. */
int	act_judge_removal(struct deeds *, const struct spot *, struct answer *);
/* AUDIT_REMOVE, or AUDIT_RMDIR. */
int	act_remove(struct deeds *, const struct spot *, enum audit_act, struct answer *);
/* Links are not followed. */
int	act_set(struct deeds *, const struct spot *, const struct wish *, struct answer *);
/* As deeds_symlink; and as file_open, of which the direction has been judged. */
int	act_symlink(struct deeds *, const char *text, const struct spot *, enum deeds_onto,
	    struct answer *);
int	act_open(struct deeds *, struct file *, const struct spot *, const struct file_wish *,
	    struct answer *);

#endif
