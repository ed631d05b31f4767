/* SPDX-License-Identifier: ISC */
#ifndef DEEDS_TARGET_H
#define DEEDS_TARGET_H

#include "deeds/spot.h"

/* What a symbolic link says, and what that means: for the deeds alone.  SFTP rules 40, 41. */

/* The path beneath the root that a link in S with TEXT means: 0, or -1 where it means none. */
int	target_find(const struct spot *, const char *text, char plain[PATH_MAX]);

/*
 * Why it is denied, or NULL.  What can be reached through a link is judged like what is reached
 * without: else a name that is denied would have another one.  What is no directory yet may become a
 * file.
 */
const char *target_denies(const struct deeds *, const char *plain);

/* What the link S says, if the client may know that: 0, or -1 with errno. */
int	target_read(const struct deeds *, const struct spot *, char dst[PATH_MAX]);

#endif
