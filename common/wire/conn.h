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
 * unsent while we wait for the peer.  Where both have agreed on it, or we have begun the copy, the two
 * halves need not wait for each other: then debts are counted, and are paid in their order.  In
 * every function -1 means that the peer is lost, or that what it sent is out of step, and nothing
 * more can be read.  PROTOCOL rules 1, 5, 6.
 */
enum {
	CONN_TEXT_MAX = 65536,	/* a peer's error text that is longer is no text */
	CONN_STRAY = 1000,	/* milliseconds without more, behind what is no reply */
	CONN_EARLY = 100,	/* milliseconds in which a peer that does not wait sends more */
	CONN_SLOW = 2,		/* milliseconds: to wait for that long, for each file, is worth avoiding */
	CONN_LEAD = 512,	/* replies that are given before they are due */
	CONN_OUTSTANDING = 128,	/* replies that a source awaits at most: with their texts, of
				 * TEXT_MESSAGE_MAX each, they fit into one pipe */
	CONN_AGREED = 6		/* the reply to a file that asks, in place of 0 */
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
	unsigned	owed;	/* replies that the peer owes: with TURN_THEIRS at least one */
	bool		asking;	/* the last record, of either half, is a file that asks */
	bool		agreed;	/* what is refused is skipped, and nothing else is waited for */
	unsigned	lead;	/* replies to be given ahead, once a body was slow to come */
	bool		slow;	/* one was */
	bool		leading;	/* they were given */
	int64_t		answered;	/* with LEAD: when the last reply was; monotonic nanoseconds */
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
/*
 * Pays the debt.  To a FILE that ASKS it says that we know what is asked: from then on this peer sends on
 * without having heard of a file or directory whether it is refused, and sends what belongs to it in any
 * case.  A file that asks once more is one that it does wait for.
 */
int	conn_ack(struct conn *);
/*
 * One warning, which is what text_message makes of it.  Pays the debt.  A file that asks and is refused
 * has agreed on nothing.
 */
int	conn_refuse(struct conn *, const char *message);
/*
 * While nothing may be refused: once a body has come CONN_SLOW after the reply that it waited for, the
 * next conn_ack gives REPLIES more, at most CONN_LEAD, than are due.  From then on each record and each
 * body gets one that says that all is well, be it refused or not, and what belongs to it comes.  Where
 * those cannot be written nothing is lost: the source may be done, and what it has said is still to
 * be read.
 */
void	conn_lead(struct conn *, unsigned replies);
/*
 * Before a file or directory is refused: true when the peer does not wait for our answers, and so
 * sends what belongs to it in any case.  Where that was not agreed on, the first time that this is
 * asked the peer has CONN_EARLY to show it; whoever has, then or by a body that was read with its
 * record, never waits.  PROTOCOL rule 15.
 */
bool	conn_is_ahead(struct conn *);
/* See stream_receive.  -1 puts us in debt. */
int	conn_recv_body(struct conn *, int fd, uint64_t size, int *file_err);
/* The same to the sink of another conversation; see stream_pass. */
int	conn_pass_body(struct conn *, struct conn *to, uint64_t size, int *to_err);
/* Reads what follows a body; puts us in debt. TEXT of CAP bytes is the peer's message, or "". */
enum conn_status conn_recv_status(struct conn *, char *text, size_t cap);
/*
 * Skips a refused body and its status, of a peer that is ahead; in debt only if LOST or JUNK, for nothing
 * is owed for it but what is given ahead.  Where the input ends before the body it is MISSING.
 */
enum conn_status conn_skip_body(struct conn *, uint64_t size);

/*
 * The source's half.
 *
 * Sends a record that awaits a reply.  One that ASKS may be sent where none is outstanding.
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
/*
 * Whether the sink has said, of a file that ASKS, that it skips whatever it refuses.  Then up to
 * CONN_OUTSTANDING replies may be, more than they are is read, and what belongs to a refused file or
 * directory must be sent all the same: a body that nothing more is said of, entries that are refused one
 * by one, and an END.  A file that asks has no body where it is refused.
 */
bool	conn_is_agreed(const struct conn *);
/* It has said so earlier in this conversation, to somebody else. */
void	conn_agree(struct conn *);
/* Then: true when conn_await would not wait. */
bool	conn_has_reply(struct conn *);
/* The reply was a refusal, of a file whose body is sent: that has no reply of its own. */
void	conn_spare_reply(struct conn *);
/* True when a reply of ours is due. */
bool	conn_owes_reply(const struct conn *);
/* After that was -1: true when the peer has gone without a word, and nothing else is wrong. */
bool	conn_is_left(const struct conn *);
/* The same where it has gone, or cannot be heard any more for whatever reason. */
bool	conn_is_lost(const struct conn *);
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
