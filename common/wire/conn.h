/* SPDX-License-Identifier: ISC */
#ifndef WIRE_CONN_H
#define WIRE_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/record.h"
#include "wire/stream.h"

/*
 * The conversation on two descriptors, as either half of it.  A reply is a debt: what reads a
 * record puts us in debt, one reply pays it, and every function asserts that the conversation
 * stands where its caller thinks.  Each message is one write(2), made at once, so nothing waits
 * unsent while we wait for the peer.  In every function -1 means that the peer is lost, or that
 * what it sent is out of step, and nothing more can be read.  PROTOCOL rules 1, 5, 6.
 */
enum {
	CONN_TEXT_MAX = 65536,	/* a peer's error text that is longer is no text */
	CONN_STRAY = 1000,	/* milliseconds without more, behind what is no reply */
	CONN_EARLY = 100	/* milliseconds in which a peer that does not wait sends more */
};

enum conn_turn {		/* who owes the next message */
	TURN_FREE,		/* nobody: a record may be read, or sent */
	TURN_OURS,
	TURN_THEIRS
};

enum conn_status {		/* what a peer says after a body */
	STATUS_OK,
	STATUS_MISSING,		/* its end of input, as good as OK: curl and others never say it */
	STATUS_ERROR,		/* a warning with its text */
	STATUS_FATAL,		/* the same, and the peer is about to leave */
	STATUS_JUNK,		/* something else; the stream is out of step */
	STATUS_LOST		/* nothing, and it is not known why */
};

struct conn {
	struct stream	stream;
	enum conn_turn	turn;
	bool		ahead;	/* the peer was seen not to wait for a reply */
	bool		asked;	/* it was given the time for that */
	bool		stopped;	/* it ended the conversation with an error of its own */
	char		line[RECORD_MAX + 1];
};

/* FIRST: who speaks first, TURN_OURS for a sink and TURN_THEIRS for a source.  See stream_init. */
void	conn_init(struct conn *, int in, int out, enum conn_turn first, uint64_t rate);
/* One more conversation on the same stream, whose unread input is the beginning of it. */
void	conn_begin(struct conn *, enum conn_turn first);

/*
 * The sink's half.
 *
 * Reads the next record.  0, and a FILE, DIR, END or TIMES puts us in debt while a WARN or FATAL
 * does not; 1 when the peer is done; -1 with *WHY a text for the peer, and the debt, when what it
 * sent is no record, or ended inside one (record_parse says what RECORD holds then).  Its text is
 * good until the next record, or the next text behind a body, is read.
 */
int	conn_next(struct conn *, struct record *, const char **why);
int	conn_ack(struct conn *);
/* One warning, which is what text_message makes of it.  Pays the debt. */
int	conn_refuse(struct conn *, const char *message);
/*
 * Before a file or directory is refused: true when the peer does not wait for our answers, and so
 * sends what belongs to it in any case.  The first time that this is asked the peer has CONN_EARLY to
 * show it; whoever has, then or by a body that was read with its record, never waits.  PROTOCOL rule
 * 15.
 */
bool	conn_is_ahead(struct conn *);
/* See stream_receive.  -1 puts us in debt. */
int	conn_recv_body(struct conn *, int fd, uint64_t size, int *file_err);
/* Reads what follows a body; puts us in debt. TEXT of CAP bytes is the peer's message, or "". */
enum conn_status conn_recv_status(struct conn *, char *text, size_t cap);
/*
 * Skips a refused body and its status, of a peer that is ahead; in debt only if LOST or JUNK.  Where
 * the input ends before the body it is MISSING.
 */
enum conn_status conn_skip_body(struct conn *, uint64_t size);

/*
 * The source's half.
 *
 * Sends a record that awaits a reply.
 */
int	conn_send(struct conn *, const struct record *);
/* A warning that awaits none, likewise. */
int	conn_warn(struct conn *, const char *message);
/*
 * Reads the reply: 0 go on, 1 refused, -1 the end.  TEXT of CAP bytes is the peer's message, or "".
 * Reads one byte and, of a message, up to its newline, never more; of what is none, no further than
 * CONN_STRAY allows.  PROTOCOL rule 23.
 */
int	conn_await(struct conn *, char *text, size_t cap);
/* After that was -1: true when the peer has gone without a word, and nothing else is wrong. */
bool	conn_is_left(const struct conn *);
/* True when the peer has said that it ends the conversation: what it sends next is none of it. */
bool	conn_is_stopped(const struct conn *);
/*
 * See stream_send: the zero behind the body is the status that says all is well.  Where it is not
 * sent, the caller owes a conn_warn in its place.  PROTOCOL rule 22.
 */
int	conn_send_body(struct conn *, int fd, uint64_t size, bool sparse, int *file_err);
/* The status behind a body that somebody else has sent: NULL, all is well, or a message. */
int	conn_send_status(struct conn *, const char *message);

#endif
