/* SPDX-License-Identifier: ISC */
#ifndef PATHS_LISTING_H
#define PATHS_LISTING_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

/*
 * The entries of directories within directories, in the order of the filesystem, in memory that
 * depends neither on how many there are nor on how deep they lie.  A few levels keep what they have
 * read; a level whose buffer a deeper one took reads on from its mark.
 */
enum {
	LISTING_SLOTS = 8,	/* levels that keep their buffers */
	LISTING_BUFFER = 32768	/* bytes of entries that one system call returns */
};

struct listing_slot {
	unsigned level;		/* whose entries these are */
	size_t	 pos, len;	/* unread: bytes [pos..len) of its buffer */
};

/* The buffers are behind all else: those that nobody needs are never touched. */
struct listing {
	struct listing_slot slots[LISTING_SLOTS];
	_Alignas(uint64_t) char buffers[LISTING_SLOTS][LISTING_BUFFER];
};

struct listing_entry {
	const char   *name;	/* valid until the next call for any level */
	unsigned char type;	/* DT_*, DT_UNKNOWN where the filesystem does not say */
	uint64_t      ino;	/* what the filesystem says here, which need not be what stat(2) does */
};

struct listing_mark {
	off_t	next;		/* where entries not yet returned begin; 0: all */
};

void	listing_init(struct listing *);

/* LEVEL, whatever it was before, is a directory of which nothing has been returned. */
void	listing_begin(struct listing *, unsigned level, struct listing_mark *);

/* The next entry of FD other than "." and "..": 1, 0 at the end, -1 with errno. */
int	listing_next(struct listing *, unsigned level, int fd, struct listing_mark *,
	    struct listing_entry *);

#endif
