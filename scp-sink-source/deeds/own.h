/* SPDX-License-Identifier: ISC */
#ifndef DEEDS_OWN_H
#define DEEDS_OWN_H

#include <sys/stat.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "paths/birth.h"

/*
 * What this session has made: committed, made as a directory or a link, or renamed from what was its
 * own.  Plain paths, with device, inode and birth: a path that names something else by now is not own,
 * also where that has the number of what was there.  The last OWN_MAX, in OWN_BYTES of paths; what is older may be forgotten.  Memory is touched as what is
 * remembered grows.
 * SFTP rule 58.
 */
enum {
	OWN_MAX = 4096,
	OWN_MORE = OWN_MAX / 8,		/* that are forgotten at once */
	OWN_BYTES = 1 << 20
};

struct own_entry {
	uint64_t id;		/* larger than those of older ones */
	uint32_t hash;		/* of the path */
	uint32_t at;		/* where the path begins in the texts, NUL-terminated */
	struct birth birth;
};

struct own {
	unsigned n;		/* entries, the oldest first */
	size_t	 used;		/* bytes of the texts */
	size_t	 full;		/* so many of them, and those that are no entry's are squeezed out */
	uint64_t last;		/* the id that was given last */
	struct own_entry entries[OWN_MAX + OWN_MORE];
	char	 texts[OWN_BYTES];	/* each behind the id of its entry; some are of none any more */
};

void	own_init(struct own *);
void	own_add(struct own *, const char *plain, const struct birth *);
/*
 * Whether PLAIN, which is NAME in DIRFD ("": DIRFD itself), and of which stat(2) said ST, is own.  Of what
 * is not that costs no call.
 */
bool	own_has(const struct own *, const char *plain, const struct stat *st, int dirfd,
	    const char *name);
/* PLAIN is gone, and so is what lies in it. */
void	own_forget(struct own *, const char *plain);
/* PLAIN is called TO now, and so is what lies in it. */
void	own_move(struct own *, const char *plain, const char *to);
/*
 * The next entry that lies directly in the directory PLAIN ("": the top), after the one at *AT (0: the
 * first): its name, valid until the next change, or NULL.  Changes in between skip and repeat nothing.
 */
const char *own_next(const struct own *, const char *plain, uint64_t *at);

#endif
