/* SPDX-License-Identifier: ISC */
#ifndef DEEDS_FOLDER_H
#define DEEDS_FOLDER_H

#include <sys/stat.h>
#include <sys/types.h>

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "deeds/deeds.h"
#include "deeds/entries.h"

/*
 * One directory that is being listed: "." and "..", then what the policy has, in the order of the
 * filesystem, and last what is pending in this session.  SFTP rules 35, 55, 62.
 *
 * What vanishes meanwhile, or may not be looked at, is left out.  But who mirrors a directory takes what is
 * not listed for what is not there: where an entry cannot be looked at for another reason, the listing
 * fails, behind all that can.
 */
struct folder_entry {
	const char *name;		/* valid until the next call for any folder */
	struct stat st;			/* of it, not followed */
};

struct folder {
	int	 fd;			/* owned; -1 when closed */
	bool	 again;			/* LAST comes again */
	bool	 listed;		/* all but what is pending was returned */
	unsigned dots;			/* of "." and "..", how many were returned */
	int	 missed;		/* why an entry could not be looked at, an errno; 0: all could be */
	unsigned pending;		/* of what is pending, how many were looked at */
	struct entries entries;		/* of it */
	char	 plain[PATH_MAX];	/* from the root on */
	char	 name[NAME_MAX + 1];	/* LAST's */
	struct folder_entry last;	/* what was returned last */
};

void	folder_init(struct folder *);
/* Logs opendir. */
int	folder_open(struct deeds *, struct folder *, const char *path, struct answer *);
/* The next entry: 1, 0 at the end, -1 with *ANSWER. */
int	folder_next(struct deeds *, struct folder *, struct folder_entry *, struct answer *);
/* What was last returned comes again: it did not fit.  Before any other call for a folder. */
void	folder_unread(struct folder *);
int	folder_look(struct deeds *, const struct folder *, struct stat *, struct answer *);
/* What its entry NAME, a link, says, if the client may know that: nothing is logged where not. */
bool	folder_tells_link(const struct deeds *, const struct folder *, const char *name,
	    char dst[PATH_MAX]);
/* The filesystem that it is in, less what must stay free. */
int	folder_room(struct deeds *, const struct folder *, struct statvfs *, struct answer *);
/* As deeds_set, of the directory that it is, whatever has its path by now. */
int	folder_set(struct deeds *, const struct folder *, const struct wish *, struct answer *);
void	folder_close(struct folder *);

#endif
