/* SPDX-License-Identifier: ISC */
#ifndef WIRE_PACE_H
#define WIRE_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/deadline.h"

/* Holds a stream of bytes to an average rate. */
struct pace {
	uint64_t	rate;		/* bytes a second; 0: unlimited, and the rest is unused */
	int64_t		due;		/* when the next bytes may move: monotonic nanoseconds */
};

void	pace_init(struct pace *, uint64_t rate);

/* How many of WANT bytes to move before the next pace_wait: all, or a tenth of a second's worth. */
size_t	pace_chunk(const struct pace *, size_t want);

/*
 * Counts MOVED bytes and sleeps until they were due.  What a slow peer leaves unused is not saved
 * up, beyond a tenth of a second's worth.  False when a signal ended the sleep.
 */
bool	pace_wait(struct pace *, uint64_t moved);

/*
 * The same in a session that hears its peer on IN.  False when a signal has ended the sleep and the
 * session: the time is up, before it as well, or it has taken the peer away.  DEADLINE may be NULL.
 */
bool	pace_keep(struct pace *, uint64_t moved, const struct deadline *, int in);

#endif
