/* SPDX-License-Identifier: ISC */
#ifndef DEEDS_REFUSE_H
#define DEEDS_REFUSE_H

#include "deeds/deeds.h"

/*
 * Saying no, for the deeds alone.  Each writes the real reason to the log, counts it, and leaves in
 * *ANSWER what the client may know: always -1.  PATH is plain, without a slash before it.  SFTP rules
 * 17, 59, 67.
 */

/* What would be said whatever is there, as of directions, rights and limits: ERR and TEXT, or NULL. */
int	refuse_openly(struct deeds *, const char *path, int err, const char *text, struct answer *);

/* What tells of what is there, or of its name: where nothing is revealed it is EACCES, and no more. */
int	refuse_telling(struct deeds *, const char *path, int err, const char *text, struct answer *);

/* To who looks, what is denied is not there. */
int	refuse_sight(struct deeds *, const char *path, const char *text, struct answer *);

/* What the system says: as refuse_telling, or openly where it tells nothing. */
int	refuse_errno(struct deeds *, const char *path, int err, struct answer *);

/* The same of what a client wants to change, where what is not there is no word in the log. */
int	refuse_change(struct deeds *, const char *path, int err, struct answer *);

/* The same answer without a word in the log, nor counted. */
int	refuse_quietly(const struct deeds *, int err, struct answer *);
/* Likewise to who looks, to whom what may not be told is not there. */
int	refuse_unseen(const struct deeds *, int err, struct answer *);
/* That, of PATH: what is not there is what clients ask for, and all else that goes wrong is logged. */
int	refuse_look(struct deeds *, const char *path, int err, struct answer *);

/* Why what is not own is left alone where only that may be changed. */
extern const char refuse_not_own[];

/* A record was written, or not: END is what the log's function returned. */
void	refuse_note(struct deeds *, int end);

#endif
