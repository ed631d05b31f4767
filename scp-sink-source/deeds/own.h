/* SPDX-License-Identifier: ISC */
#ifndef DEEDS_OWN_H
#define DEEDS_OWN_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

/*
 * What this session has made: committed, made as a directory or a link, or renamed from what was its
 * own.  Plain paths, with device and inode: a path that names something else by now is not own.  The
 * last OWN_MAX, in OWN_BYTES of paths; what is older is forgotten.  SFTP rule 58.
 */
enum {
	OWN_MAX = 4096,
	OWN_BYTES = 1 << 20
};

struct own;	/* to be laid out where it is written: no allocation, memory touched as it grows */

void	own_init(struct own *);
void	own_add(struct own *, const char *plain, dev_t dev, ino_t ino);
bool	own_has(const struct own *, const char *plain, dev_t dev, ino_t ino);
/* PLAIN is gone, and so is what lies in it. */
void	own_forget(struct own *, const char *plain);
/* PLAIN is called TO now, and so is what lies in it. */
void	own_move(struct own *, const char *plain, const char *to);
/*
 * The next entry that lies directly in the directory PLAIN, after the one at *AT (0: the first): its
 * name, valid until the next change, or NULL.
 */
const char *own_next(const struct own *, const char *plain, size_t *at);

#endif
