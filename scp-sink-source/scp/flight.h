/* SPDX-License-Identifier: ISC */
#ifndef SCP_FLIGHT_H
#define SCP_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "session/session.h"

/*
 * What is sent to a sink, which need not be waited for where we have begun the copy and the other side has
 * agreed to it: what was sent so, in its order, and what becomes of it when the replies come.  The first
 * file whose reply takes CONN_SLOW is followed by one that asks.
 */
enum {
	FLIGHT_PATH = 512,	/* bytes of a path; what has a longer one does not fly */
	FLIGHT_ASKED = 8 << 20,	/* bytes of a file that is not to be sent for nothing: it is worth a
				 * round trip to know */
	FLIGHT_ENTRY = 3	/* items, at most, of an entry: its times, itself, its body */
};

enum flight_kind {
	FLIGHT_TIMES,
	FLIGHT_FILE,
	FLIGHT_BODY,		/* the one of the FILE before it */
	FLIGHT_DIR,
	FLIGHT_END
};

struct flight_item {
	enum flight_kind kind;
	unsigned	 number;	/* DIR: which of all that fly; from 1 */
	bool		 whole;		/* BODY: nothing is wrong with it so far */
	uint64_t	 size;		/* BODY: in bytes */
	int64_t		 since;		/* BODY: when it began to move: monotonic nanoseconds */
	size_t		 len;
	char		 path[FLIGHT_PATH];	/* FILE, BODY, DIR: of LEN bytes */
};

struct flight {
	struct session	   *session;	/* borrowed: with the sink; it has a client, if anything is to fly */
	const struct trail *trail;	/* borrowed: where we are */
	bool		    more;	/* one file is not all */
	bool		    may_ask;	/* the other side may know of not waiting */
	bool		    slow;	/* a reply was worth not being waited for */
	int64_t		    since;	/* when what is waited for was sent */
	unsigned	    first, n;	/* of the ring below */
	unsigned	    shut;	/* directories that were heard of, in one another, the outermost of
					 * which was refused */
	unsigned	    cut;	/* how many are open, with the outermost that was refused; 0: none was */
	unsigned	    flown;	/* directories in all */
	bool		    spared;	/* the file whose body is being sent was refused */
	unsigned	    depth;	/* directories that are open */
	unsigned	    numbers[POLICY_DEPTH_MAX];	/* of those, as above; 0: it has not flown */
	struct flight_item  items[CONN_OUTSTANDING];
};

/* MORE: one file is not all that there is to send. */
void	flight_init(struct flight *, struct session *, const struct trail *, bool more);

/*
 * Has the record of a file, where the trail stands, say whether it asks.  Before one that does is sent to a sink
 * that has agreed, it is heard whether a directory that it is in was refused.  0; -1 as below.
 */
int	flight_ask(struct flight *, struct record *);
/* Why a file of SIZE bytes is not to be sent, or NULL: it would have to ask, and cannot. */
const char *flight_denies_file(const struct flight *, uint64_t size);

/*
 * Sends a file, a directory, its end, or times: 0 go on; 1 the caller awaits the reply, and says what it was;
 * -1 as below.
 */
int	flight_send(struct flight *, const struct record *);
void	flight_settle(struct flight *, const struct record *, int reply);

/*
 * A body of SIZE bytes, which began to move at SINCE, was sent with its status: true where that is all for
 * now; false where its reply is the next one, and awaited by the caller.  WHOLE: nothing is wrong with it.
 */
bool	flight_send_body(struct flight *, bool whole, uint64_t size, int64_t since);

/* True where the innermost directory is within one that was refused, or is that: but for its end, nothing
 * need be sent from it. */
bool	flight_is_cut(const struct flight *);

/*
 * Hears the replies that are there, and waits for as many as are needed to have room for one entry more.
 * 0; -1 when the other side was lost, left or was out of step.  Of what is in a directory that was refused
 * nothing is said: that it was is known.
 */
int	flight_make_room(struct flight *);
/* Waits for all of them, likewise. */
int	flight_end(struct flight *);
/*
 * Whoever does not take what is sent any more may have said why, which is heard.  True where that is said of
 * the body that was being sent, or ends it all.
 */
bool	flight_lose(struct flight *);

#endif
