/* SPDX-License-Identifier: ISC */
#ifndef SCP_FLIGHT_H
#define SCP_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "session.h"

/*
 * What a source has sent without waiting for the replies, in their order, and what becomes of it when they
 * come.  Only in a session that has a client, and only where the other side has agreed to it.
 */
enum {
	FLIGHT_PATH = 512	/* bytes of a path; what has a longer one does not fly */
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
	unsigned	 number;	/* DIR: which of all that were announced; from 1 */
	bool		 whole;		/* BODY: nothing is wrong with it so far */
	uint64_t	 size;		/* BODY: in bytes */
	int64_t		 since;		/* BODY: when it began to move: monotonic nanoseconds */
	size_t		 len;
	char		 path[FLIGHT_PATH];	/* FILE, BODY, DIR: of LEN bytes */
};

struct flight {
	struct session	  *session;	/* borrowed */
	unsigned	   first, n;	/* of the ring below */
	unsigned	   shut;	/* directories, in one another, the outermost of which was refused */
	unsigned	   refused;	/* the number of that one, until somebody looks; 0: none */
	struct flight_item items[CONN_OUTSTANDING];
};

void	flight_init(struct flight *, struct session *);

/* True where what the trail says can be remembered. */
bool	flight_takes(const struct flight *);

/*
 * One more thing was sent, and is about where the trail stands: the item, of which the caller says what
 * it is besides.  There are fewer than CONN_OUTSTANDING.
 */
struct flight_item *flight_add(struct flight *, enum flight_kind);

/*
 * Hears the replies that are there, and waits for as many as are needed to have ROOM for that many items
 * more.  0; -1 when the other side was lost, left or was out of step.  Of what is in a directory that was
 * refused nothing is said: that it was is known.
 */
int	flight_make_room(struct flight *, unsigned room);
/* Waits for all of them, likewise. */
int	flight_end(struct flight *);

#endif
