/* SPDX-License-Identifier: ISC */
#ifndef LOG_JOURNAL_H
#define LOG_JOURNAL_H

#include <sys/socket.h>
#include <sys/un.h>

#include <stdbool.h>
#include <stddef.h>

/*
 * Where records go: to a descriptor, a line each, or to the system's log, a datagram each.  Nothing
 * waits for ever: after some seconds without room a record is lost, and so is each after that,
 * without any wait, until there is room.  Signals do not disturb it.
 */
struct journal {
	int	    fd;		/* owned where it is the system's; -1: none, or none to be had */
	const char *path;	/* borrowed: of the socket of the system's log; else NULL */
	const struct sockaddr_un *address;	/* its, once that is settled; NULL where it could not
						 * be pinned */
	bool	    settled;
	bool	    is_socket;	/* that the descriptor is */
	bool	    torn;	/* the last line on a descriptor has no end */
	int	    usual;	/* milliseconds that a record waits for room */
	int	    patience;	/* the same for the next one: 0 from when that was in vain until there
				 * is some */
};

enum {
	JOURNAL_PATIENCE = 10000	/* milliseconds for who may be a client far away */
};

void	journal_init(struct journal *);

/*
 * To FD, borrowed, waiting PATIENCE milliseconds.  A line that is no longer than PIPE_BUF, or any where
 * FD is no pipe, is one write(2).  No write blocks, whether FD does or not, but for those to a terminal
 * that is held.  SIGPIPE is the caller's to ignore.
 */
void	journal_to_fd(struct journal *, int fd, int patience);

/*
 * To the datagram socket at PATH, borrowed: -1 with errno where nobody is there.  Whoever is there
 * later, because a daemon was started anew, is found again.
 */
int	journal_to_socket(struct journal *, const char *path);

/*
 * From here on a daemon that was started anew is looked for by an address that is pinned (see
 * cell/pin), or, where that could not be, not at all: a record is lost then.  For whoever is about to
 * leave this process no other address.
 */
void	journal_settle(struct journal *);

/*
 * Writes the N bytes of RECORD: 0, or -1 with errno.  A line has its newline, and another one at its
 * beginning where the last one was torn.
 */
int	journal_write(struct journal *, const char *record, size_t n);

void	journal_close(struct journal *);

#endif
