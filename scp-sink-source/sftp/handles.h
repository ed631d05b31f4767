/* SPDX-License-Identifier: ISC */
#ifndef SFTP_HANDLES_H
#define SFTP_HANDLES_H

#include <stdbool.h>
#include <stdint.h>

#include "deeds/file.h"
#include "deeds/folder.h"

/*
 * What a client has open.  It knows each by eight bytes, a slot and a generation, so that what it says
 * too late never meets the slot's next user.  SFTP rule 16.  Memory is touched as handles are used.
 */
enum {
	HANDLES_MAX = 1000,
	HANDLES_LENGTH = 8		/* bytes of what a client says */
};

enum handle_kind { HANDLE_NONE, HANDLE_FILE, HANDLE_FOLDER };

struct handle {
	enum handle_kind kind;
	unsigned	 next;		/* of those that are free: a slot, or HANDLES_MAX */
	uint32_t	 generation;	/* counts its users */
	bool		 writes;	/* a file that may be written to */
	uint64_t	 moved;		/* bytes that were read and written */
	union {
		struct file   file;
		struct folder folder;
	};
};

struct handles {
	unsigned      most;		/* as many may be open */
	unsigned      used;		/* slots that were ever used: all behind them are free */
	unsigned      free;		/* the first of those before them that are */
	struct handle slots[HANDLES_MAX];
};

/* MOST: no more than HANDLES_MAX. */
void	handles_init(struct handles *, unsigned most);

/* A new one, all of which but its kind is the caller's to fill in; NULL where there are too many. */
struct handle *handles_add(struct handles *, enum handle_kind);
/* Whoever calls has closed it. */
void	handles_remove(struct handles *, struct handle *);

/* What the client reads of it, and finds it by: NULL where it is none of ours. */
void	handles_name(const struct handles *, const struct handle *, unsigned char name[HANDLES_LENGTH]);
struct handle *handles_find(struct handles *, const void *name, size_t len);

/* The first one that is open at AT or behind it, and *AT; NULL when there is none. */
struct handle *handles_next(struct handles *, unsigned *at);

#endif
