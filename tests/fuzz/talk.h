/* SPDX-License-Identifier: ISC */
#ifndef TALK_H
#define TALK_H

/* A client whose whole part of the conversation is known, and what is said to him. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/conn.h"

enum {
	SAID_MAX = 1 << 22	/* bytes that are said to a client */
};

/* The client does not read before the end: what is said must fit into what takes it. */
enum talk_heard {
	HEARD_IN_FILE,		/* it always does */
	HEARD_IN_PIPE		/* of 1 MiB */
};

/*
 * Begins a conversation with a client who says DATA and then nothing more.  PATIENT: he sends on
 * only after he was answered; what he says comes in pieces, each ended by a newline or a NUL.
 */
void	talk_begin(struct conn *, enum conn_turn first, const uint8_t *data, size_t size,
	    bool patient, enum talk_heard);

/* Once the session is over: all that was said to him, good until the next time. */
const char *talk_heard(size_t *len);
/* How much of what he said nobody has read. */
size_t	talk_unread(void);
/* Closes what it opened. */
void	talk_end(void);

#endif
