/* SPDX-License-Identifier: ISC */
#ifndef SFTP_RELAY_H
#define SFTP_RELAY_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A pipe of our own, through which the kernel moves a piece of a file.  Of one that is read it is known,
 * once it is there, how much of it there is; one that is written is no longer in the pipe it came by, so
 * that whoever fills that need not wait for the disk.  SFTP rules 73, 74.
 */
enum {
	RELAY_SIZE = 524288,			/* what it is called to hold, in whole pages; */
	RELAY_MOST = RELAY_SIZE - 65536		/* bytes that it holds wherever in a page they begin */
};

enum relay_source { RELAY_UNKNOWN, RELAY_PIPE, RELAY_OTHER };

struct relay {
	int		  ends[2];	/* owned; -1: there is none yet */
	bool		  unable;	/* whoever has too many pipes gets none that is large enough */
	enum relay_source source;	/* what relay_takes was asked about */
};

void	relay_init(struct relay *);
void	relay_close(struct relay *);

/*
 * Fills it, which is empty, with N bytes of FD from OFFSET on: how many there are, fewer only at the
 * end; -1 where the kernel does not do so.  They are to be read from relay_end.
 */
ssize_t	relay_fill(struct relay *, int fd, uint64_t offset, size_t n);
int	relay_end(const struct relay *);

/* Whether it takes from the stream FD, always the same one: that is a pipe, and the kernel does so. */
bool	relay_takes(struct relay *, int fd);
/*
 * Moves N bytes of FD into it at most, as many as are there, and fit, without waiting: more than 0; 0 at
 * the end; -1 with errno, which is EAGAIN where none are there, or fit.
 */
ssize_t	relay_take(struct relay *, int fd, size_t n);
/*
 * Writes N of its bytes to the file FD from OFFSET on: 0 or an errno, and *DONE is how many.  It has
 * none of them any more, whatever fails.  SCRATCH, with room for N bytes, is used where the kernel does
 * not move them.
 */
int	relay_put(struct relay *, int fd, uint64_t offset, size_t n, void *scratch, size_t *done);
/* Reads N bytes of those that it has: 0, or -1, which nothing leads to, and it is of no use any more. */
int	relay_read(struct relay *, void *, size_t n);

#endif
