/* SPDX-License-Identifier: ISC */
#ifndef DEEDS_SIGHT_H
#define DEEDS_SIGHT_H

#include <sys/stat.h>

#include <stdbool.h>

#include "deeds/deeds.h"

/* What a client may see, for the deeds alone. */

/*
 * Whether what is at PLAIN, NAME in DIRFD as of own_has, ST of it, is seen by whom only directories and
 * what is own are shown; to everybody else all is.  A directory that is not own loses, in ST, all traces
 * of what is in it.  SFTP rules 59, 60.
 */
bool	sight_has(const struct deeds *, const char *plain, struct stat *, int dirfd, const char *name);

/* The room where FD is, which is what PLAIN names, if that is told: 0, or refused. */
int	sight_room(struct deeds *, const char *plain, int fd, struct statvfs *, struct answer *);
/* Why it is not. */
extern const char sight_no_room[];

#endif
