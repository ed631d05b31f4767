/* SPDX-License-Identifier: ISC */
#ifndef SFTP_CHANNEL_H
#define SFTP_CHANNEL_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sftp/packet.h"
#include "sftp/relay.h"
#include "wire/deadline.h"
#include "wire/pace.h"

/*
 * The two byte streams of a session.  What comes is inflow's to read; replies collect, and leave at once
 * before we wait for more, or when there are many.  SFTP rules 13, 74.
 *
 * Whatever is lost, by the peer, a signal or a timer, is told by inflow_next alone.
 */
enum {
	CHANNEL_IN = 524288,		/* two of the largest WRITEs */
	CHANNEL_FULL = 262144,		/* replies that are written before we go on */
	CHANNEL_DATA = 261120,		/* bytes of a file in one reply */
	CHANNEL_HELD = RELAY_MOST,	/* the same in as many as the kernel moves at once */
	CHANNEL_REPLY = 270336,		/* room that each reply has */
	CHANNEL_WIDE_FROM = 1 << 18,	/* bytes of files that are worth a pipe that holds more */
	CHANNEL_MOVES = 1 << 14		/* bytes that a peer must take or send, or be idle */
};

struct channel {
	int		 in, out;	/* borrowed */
	struct deadline	*deadline;	/* borrowed: told when we wait for the peer; may be NULL */
	struct pace	 pace;
	const char	*why;		/* what was wrong with the input, a constant, or NULL */
	bool		 lost;		/* the peer is gone, or we are to stop */
	bool		 wide_in, wide_out;	/* these pipes were widened */
	uint64_t	 moved;		/* bytes of files, either way */
	uint64_t	 owed;		/* those in the replies that the pace does not know yet */
	size_t		 quiet;		/* bytes that came since the peer last was seen to move */
	struct relay	 relay;		/* through which large pieces of files go */
	size_t		 coming;	/* bytes of the last packet that nobody has read yet */
	size_t		 untold;	/* such as came since replies left */
	bool		 sparing;	/* it was such a large one that only heads are read ahead */
	size_t		 pos, len;	/* unread: inbuf[pos..len) */
	size_t		 mark;		/* where the last reply begins */
	size_t		 first;		/* where those to the last packet begin */
	struct reply	 replies;
	unsigned char	 inbuf[CHANNEL_IN], outbuf[CHANNEL_FULL + CHANNEL_REPLY];
};

/* RATE: bytes of files a second, or 0. */
void	channel_init(struct channel *, int in, int out, struct deadline *, uint64_t rate);
/* N bytes that somebody has read from IN before, at most CHANNEL_IN. */
void	channel_feed(struct channel *, const void *, size_t n);
/* Tells what is still to be told. */
void	channel_close(struct channel *);

/* Where the next reply is built, with room for CHANNEL_REPLY bytes. */
struct reply *channel_reply(struct channel *);
/* Nobody shall read that; or any that the packet which inflow_next was last asked for has. */
void	channel_withdraw(struct channel *);
void	channel_withdraw_all(struct channel *);

/* N bytes of files came in: their pace is kept. */
void	channel_count(struct channel *, uint64_t n);

/*
 * DATA is built in two steps: where N bytes go, and what became of them.  The reply has no more than
 * that afterwards.
 */
void   *channel_begin_data(struct channel *, uint32_t id, size_t n);
void	channel_end_data(struct channel *, size_t got);

/*
 * The same of what the kernel moves.  N bytes of FD from OFFSET on, at most CHANNEL_HELD, are held: how
 * many there are, fewer only at the end; -1 where it does not do so.  All that is held is then sent, N
 * bytes for each DATA, before anything else is held.
 */
ssize_t	channel_hold(struct channel *, int fd, uint64_t offset, size_t n);
void	channel_send_held(struct channel *, uint32_t id, size_t n);

/* The rest is for inflow.h alone. */

/* Writes the replies that are there. */
void	channel_flush(struct channel *);
/* One read, of what is there, by which the peer moves if it is enough. */
ssize_t	channel_hear(struct channel *, void *, size_t n);
/* Waits until there is more to read, or the peer is lost. */
void	channel_await(struct channel *);
/* Files go through the pipe FD, if it is one: it becomes *WIDE.  Those that are held to a rate need no such. */
void	channel_widen(const struct channel *, bool *wide, int fd);

#endif
