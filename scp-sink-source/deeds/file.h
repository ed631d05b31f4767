/* SPDX-License-Identifier: ISC */
#ifndef DEEDS_FILE_H
#define DEEDS_FILE_H

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>

#include <stdbool.h>
#include <stdint.h>

#include "deeds/deeds.h"
#include "deeds/pending.h"

/*
 * One open file, to read, to write, or both.  What is written is the old file or the new one: it
 * becomes the file of its name when it is closed, unless it had to be written in place.  SFTP rules 30
 * to 33 and 43 to 57.  A struct file stays where it is while it is open.
 */
enum file_flags {		/* of SFTP's OPEN, with its values */
	FILE_READ = 1, FILE_WRITE = 2, FILE_APPEND = 4, FILE_CREATE = 8, FILE_TRUNCATE = 16,
	FILE_EXCLUSIVE = 32
};

struct file_wish {
	unsigned flags;			/* of enum file_flags */
	bool	 has_mode, has_size;
	mode_t	 mode;			/* of a new file, as asked for */
	uint64_t size;			/* that is announced: judged, never a truncation */
};

/* Opens or begins; -1 with *ANSWER, and F is nothing that needs to be closed. */
int	file_open(struct deeds *, struct file *, const char *path, const struct file_wish *,
	    struct answer *);

/* Reads N bytes at OFFSET: *GOT of them, fewer only at the end; or -1 with *ANSWER.  They are counted. */
int	file_read(struct deeds *, struct file *, uint64_t offset, void *, size_t n, size_t *got,
	    struct answer *);
/*
 * The same for who moves them himself, by splice(2) from F's FD: whether N bytes at OFFSET can be
 * read, and then how many it were.
 */
int	file_may_read(struct deeds *, struct file *, uint64_t offset, size_t n, struct answer *);
void	file_have_read(struct deeds *, struct file *, size_t got);
/* Whether the session may move so many bytes more. */
bool	file_fits(const struct deeds *, uint64_t n);

/*
 * Writes N pieces, which continue each other, at OFFSET.  A failure spoils the file: what comes later
 * fails likewise, and closing it discards it.  Then WRITTEN has grown by what was written all the same.
 */
int	file_write(struct deeds *, struct file *, uint64_t offset, const struct iovec *, int n,
	    struct answer *);
/*
 * The same for who moves them himself, to F's FD: whether N bytes can be written, at OFFSET, which becomes
 * where they have to go; and then how many it were, and why no more: ERR, an errno, or 0.
 */
int	file_may_write(struct deeds *, struct file *, uint64_t *offset, uint64_t n, struct answer *);
int	file_have_written(struct deeds *, struct file *, uint64_t offset, uint64_t n, int err,
	    struct answer *);

int	file_look(struct deeds *, const struct file *, struct stat *, struct answer *);
int	file_set(struct deeds *, struct file *, const struct wish *, struct answer *);
int	file_sync(struct deeds *, struct file *, struct answer *);
int	file_room(struct deeds *, const struct file *, struct statvfs *, struct answer *);
/* N 0: to the end. */
int	file_copy(struct deeds *, struct file *from, uint64_t at, uint64_t n, struct file *to,
	    uint64_t offset, struct answer *);

/* Commits, logs, and closes whatever comes of it. */
int	file_close(struct deeds *, struct file *, struct answer *);
/* Discards what is not committed, for REASON (the log's), and closes. */
void	file_drop(struct deeds *, struct file *, const char *reason);

#endif
