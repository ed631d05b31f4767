/* SPDX-License-Identifier: ISC */
#ifndef DEEDS_PENDING_H
#define DEEDS_PENDING_H

#include <stdbool.h>
#include <stdint.h>

#include "deeds/deeds.h"
#include "deeds/overlay.h"
#include "deeds/spot.h"
#include "upload/upload.h"

/*
 * What an open file is, and what becomes of it between its beginning and its name.  SFTP rules 52 to
 * 57.  It stays where it is in memory while it is open.
 */
struct file {
	struct file    *next;		/* of those that are pending */
	struct spot	spot;		/* where it is, or will be; with WRITES its directory is held */
	int		fd;		/* read here; owned where nothing is written, else UPLOAD's */
	bool		reads, writes, appends;
	bool		pending;	/* it has no name yet */
	bool		undecided;	/* likewise, and whether it ever will have, or the old file is
					 * written in place, the first that is written shows */
	bool		gone;		/* its name was removed: closing it makes nothing */
	bool		told;		/* the log has it that it may not be read, or no further */
	struct upload	upload;		/* with WRITES */
	struct overlay	overlay;	/* what was there, and how large it is, or was when it was
					 * opened to be read */
	struct answer	spoilt;		/* why nothing more is written, and it is not kept; ERR 0: it is */
	struct attrs	late;		/* what it was given so far */
	bool		mode_waits, times_wait;	/* for when it is closed: it could not be set, or what
					 * was written since has changed it */
	uint64_t	announced;	/* bytes that were, or 0 */
	uint64_t	granted;	/* up to where it may grow without asking for room */
	uint64_t	known;		/* its size as far as this session has made it that */
	uint64_t	read, written;	/* bytes, for the log; */
	int64_t		since;		/* when it was opened: monotonic nanoseconds; */
	mode_t		mode;		/* and what it has or was asked for */
};

/* All that it is this session has written: no more of it is another's than its name. */
bool	file_is_all_own(const struct file *);

/* The file of this session that has no name yet and will have this one, or NULL. */
struct file *file_pending(const struct deeds *, const struct spot *);
/* It takes its name as it is, and goes on in place. */
int	file_publish(struct deeds *, struct file *, struct answer *);
/* Whether anything is pending within the directory PLAIN. */
bool	file_pending_within(const struct deeds *, const char *plain);
/* That directory is called TO now: what is pending goes along, and stays pending. */
void	file_move_within(struct deeds *, const char *plain, const char *to);
/* Its name, and what was there before, is removed: closing it makes nothing. */
void	file_forsake(struct deeds *, struct file *);

/* The rest is for file.h alone. */

/* F is one more that is pending; and is none any more, whether it was or not. */
void	pending_add(struct deeds *, struct file *);
void	pending_remove(struct deeds *, struct file *);

/*
 * Decides what is undecided: a private copy, or, IN_PLACE, the old file itself, if that can be written.
 */
void	pending_decide(struct deeds *, struct file *, bool in_place);

/* F, which is in place, is only appended to if that was asked for: 0, or -1 with errno. */
int	pending_append(const struct file *);

/* What it has is no longer what it had when its attributes were set: some have to be set again. */
void	pending_have_changed(struct file *);

/* Copies what is missing of the old file: 0, or -1 with errno. */
int	pending_complete(const struct deeds *, struct file *);
/* Whether there is room for it to become END bytes: 0, or -1 with errno. */
int	pending_check_room(const struct deeds *, struct file *, uint64_t end);

/* What is to be set when the file gets its name, or is closed. */
struct attrs pending_attrs(const struct file *);

/* Nothing more is written to F, for ERR and TEXT, if nothing was said before: -1 with *ANSWER. */
int	pending_spoil(struct deeds *, struct file *, int err, const char *text, struct answer *);

#endif
