/* SPDX-License-Identifier: ISC */
#ifndef SFTP_RELAY_H
#define SFTP_RELAY_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A pipe of our own, through which the kernel moves a piece of a file: once it is there, it is known how
 * much of it there is.  SFTP rule 74.
 */
enum {
	RELAY_SIZE = 524288,			/* what it is called to hold, in whole pages; */
	RELAY_MOST = RELAY_SIZE - 65536		/* bytes that it holds wherever in a page they begin */
};

struct relay {
	int  ends[2];		/* owned; -1: there is none yet */
	bool unable;		/* whoever has too many pipes gets none that is large enough */
};

void	relay_init(struct relay *);
void	relay_close(struct relay *);

/*
 * Fills it, which is empty, with N bytes of FD from OFFSET on: how many there are, fewer only at the
 * end; -1 where the kernel does not do so.  They are to be read from relay_end.
 */
ssize_t	relay_fill(struct relay *, int fd, uint64_t offset, size_t n);
int	relay_end(const struct relay *);

#endif
