/* SPDX-License-Identifier: ISC */
#ifndef DEEDS_NOTE_H
#define DEEDS_NOTE_H

#include "deeds/deeds.h"

/* What was done, for the log.  Paths are plain, without a slash before them.  SFTP rule 66. */

void	note_dir(struct deeds *, const char *plain, mode_t mode, bool made);
/* TO may be NULL. */
void	note_act(struct deeds *, enum audit_act, const char *plain, const char *to);
/* TEXT is what a symbolic link says, as it is. */
void	note_symlink(struct deeds *, const char *plain, const char *text);
void	note_set(struct deeds *, const char *plain, enum audit_attribute, const char *value);

#endif
