/* SPDX-License-Identifier: ISC */
#ifndef DEEDS_FOLDER_H
#define DEEDS_FOLDER_H

#include <sys/stat.h>
#include <sys/types.h>

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "deeds/deeds.h"

/* One directory that is being listed: "." and ".." first, then what the policy has.  SFTP rules 35, 62. */
struct folder {
	int	fd;			/* owned; -1 when closed */
	bool	own;			/* only what this session has made, from memory */
	unsigned dots;			/* of "." and "..", how many were returned */
	char	plain[PATH_MAX];	/* from the root on */
	uint64_t at;			/* of own entries */
	/* further fields: where entries not yet returned begin (see paths/listing.h; buffers of what
	 * is read are few, and shared) */
	off_t	next;
};

struct folder_entry {
	const char *name;		/* valid until the next call for any folder */
	struct stat st;			/* of it, not followed */
};

void	folder_init(struct folder *);
/* Logs opendir. */
int	folder_open(struct deeds *, struct folder *, const char *path, struct answer *);
/* The next entry: 1, 0 at the end, -1 with *ANSWER.  What vanished meanwhile is skipped. */
int	folder_next(struct deeds *, struct folder *, struct folder_entry *, struct answer *);
/* What was last returned comes again: it did not fit. */
void	folder_unread(struct folder *);
int	folder_look(struct deeds *, const struct folder *, struct stat *, struct answer *);
void	folder_close(struct folder *);

#endif
