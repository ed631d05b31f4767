/* SPDX-License-Identifier: ISC */
#ifndef WIRE_STREAM_H
#define WIRE_STREAM_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/deadline.h"
#include "wire/pace.h"

/*
 * The bytes of a conversation, whatever they mean: read ahead, written at once, held to a rate, and
 * watched.  Bodies move from and to files in the way that costs least.
 *
 * Large bodies widen the pipe that they go through to STREAM_PIPE, once.  The kernel lets one user
 * have 64 MiB of pipes before it makes his new ones small: a hundred sessions, of three pipes each,
 * fit into that.
 */
enum {
	STREAM_IN = 262144,	/* of a large body, one read and one write */
	STREAM_OUT = 65536,	/* a body that shares a write with its status is smaller */
	STREAM_PIPE = 524288,
	STREAM_SHRANK = ENODATA	/* of a file that ended before its announced size */
};

struct stream {
	int		in, out;	/* borrowed, never closed here */
	bool		lost;		/* a read failed: the peer is gone, or we are to stop */
	bool		ended;		/* the peer sends no more, as a single byte showed */
	bool		widened;	/* the pipe that bodies go through */
	size_t		inpos, inlen;	/* unread: inbuf[inpos..inlen) */
	struct pace	pace;
	struct deadline *deadline;	/* borrowed: told when we wait for the peer; may be NULL */
	void		(*watch)(void *, uint64_t done, uint64_t size);	/* of a body; may be NULL */
	void		*watcher;	/* its first argument */
	char		inbuf[STREAM_IN], outbuf[STREAM_OUT];
};

/* RATE: bytes/s or 0.  Neither a deadline nor a watcher. */
void	stream_init(struct stream *, int in, int out, uint64_t rate);

/* True when there is unread input, by reading once where there is none; false at the end or LOST. */
bool	stream_has_input(struct stream *);
/* True when the peer has sent more than was read, or does so within PATIENCE milliseconds. */
bool	stream_is_ahead(const struct stream *, int patience);
/*
 * Reads once more, behind the unread input, of which there is less than STREAM_IN, within PATIENCE
 * milliseconds; -1: for ever.  Whether that counts as waiting for the peer is for the caller to have
 * said to the deadline.
 */
enum stream_news {
	STREAM_CAME,
	STREAM_SILENT,		/* nothing, in that time */
	STREAM_END,
	STREAM_LOST
};
enum stream_news stream_gather(struct stream *, int patience);
/* The unread input, good until there is none: how many bytes from *FROM on. */
size_t	stream_unread(const struct stream *, const char **from);
void	stream_skip(struct stream *, size_t n);
/*
 * One byte of what was read ahead, or else reads one and no more: what follows may be for somebody
 * else.  -1 when there is none.
 */
int	stream_read_byte(struct stream *, char *);
/* One message: 0, -1. */
int	stream_write(struct stream *, const void *, size_t);

/*
 * Reads SIZE bytes of a body and writes them to FD; FD -1: to nobody.  When FD fails, *FILE_ERR is
 * its errno, and the rest of the body is read all the same, else 0.  -1 when the peer is lost.
 */
int	stream_receive(struct stream *, int fd, uint64_t size, int *file_err);

/*
 * The same, to another peer: what is large is moved by the kernel.  When he takes no more, *TO_ERR is the
 * errno; both may be idle for as long as S may.
 */
int	stream_pass(struct stream *s, struct stream *to, uint64_t size, int *to_err);

/*
 * Sends SIZE bytes of FD, from where it stands, and a zero behind them.  Where FD fails or ends
 * early, zeros take the place of what is missing, *FILE_ERR is its errno or STREAM_SHRANK, and the
 * one behind is not sent.  The holes of a SPARSE file are sent without being read.  -1 when the peer
 * is lost.
 */
int	stream_send(struct stream *, int fd, uint64_t size, bool sparse, int *file_err);

#endif
