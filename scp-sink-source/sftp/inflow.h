/* SPDX-License-Identifier: ISC */
#ifndef SFTP_INFLOW_H
#define SFTP_INFLOW_H

#include "sftp/channel.h"

/*
 * What comes in by a channel.  As much as is there is read into one buffer, in which packets stay until
 * they are done with.  SFTP rules 9, 12, 72, 73.
 *
 * What a large WRITE writes does not go through that buffer: once a session moves much, as fast as it
 * can, and by a pipe, the packet is given as far as it is there, and the rest is COMING.
 */
enum {
	INFLOW_MIN = 131072,		/* bytes of data that are worth it */
	INFLOW_HEAD = 4 * PACKET_NUMBER + 1 + 8 + 8,	/* bytes of a WRITE before them: of our handles */
	INFLOW_UNTOLD = 2 * CHANNEL_IN	/* of them that come before replies are written */
};

/*
 * The next packet, waiting for it: 1; 0 where the input ended before it; -1 where there is none, for
 * the peer is lost, or what it sent is no packet: then there is a WHY.
 */
int	inflow_next(struct channel *, struct packet *);

/* The one behind it, if it is there already; inflow_skip takes it. */
bool	inflow_peek(const struct channel *, struct packet *);
void	inflow_skip(struct channel *, const struct packet *);

/*
 * Moves the last packet's COMING bytes to the file FD, from OFFSET on: how many, fewer where the peer is
 * lost, or there is an *ERR, an errno.  What nobody moves is passed over by inflow_next.
 */
uint64_t inflow_move(struct channel *, int fd, uint64_t offset, int *err);

#endif
