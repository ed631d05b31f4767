/* SPDX-License-Identifier: ISC */
#ifndef DEEDS_WALK_H
#define DEEDS_WALK_H

#include <sys/stat.h>

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "deeds/entries.h"
#include "deeds/spot.h"

/*
 * A directory and all that is in it, for what is done to each of it.  Every directory on the way is held,
 * so nobody who puts a link in the place of one, or moves one, leads the walk elsewhere; it never goes
 * through a link, nor into what is mounted there.  It sees what a listing shows.  For the deeds alone.
 */
enum walk_turn {
	WALK_ON,		/* that is all of it */
	WALK_IN,		/* it is a directory, and what is in it comes next */
	WALK_AGAIN		/* what is in it is to be gone through once more */
};

struct walk_level {
	int	       fd;		/* owned */
	struct entries entries;
	size_t	       len;		/* of the path that leads here */
	unsigned       passes;		/* through its entries, before this one */
	bool	       stays;		/* something in it was refused, or failed */
	bool	       changed;		/* by the visitor, in this pass */
};

struct walk {
	struct deeds	   *d;
	const struct answer_hearer *hearer;	/* borrowed */
	unsigned	    steps;	/* that were taken */
	const void	   *wish;	/* the visitor's own */
	bool		    over;	/* by the visitor: nothing is met any more */
	bool		    failed;	/* anything */
	struct spot	    spot;	/* of what is met; its PLAIN grows and shrinks */
	struct place	    top;	/* where the walk begins, and what that is called; */
	bool		    nameless;	/* it has no name, as the root itself; */
	size_t		    top_len;	/* and how long its path is */
	unsigned	    n;		/* directories that are open */
	struct walk_level   levels[POLICY_DEPTH_MAX];
};

/* What is done.  Each is at W's SPOT, and returns an enum walk_turn, or -1 with *ANSWER. */
struct walk_visitor {
	/* Meets what is there, which is ST. */
	int (*meet)(struct walk *, const struct stat *, struct answer *);
	/* Behind the entries of a directory; L is its level, still open.  NULL: nothing. */
	int (*leave)(struct walk *, struct walk_level *, struct answer *);
};

/* Begins with what is at S, which was found, and whose place is held until the walk is over. */
void	walk_init(struct walk *, struct deeds *, const struct spot *, const struct answer_hearer *);

/* What went wrong at the spot, and what it lies in stays: for a visitor that goes on all the same. */
void	walk_report(struct walk *, const struct answer *);

/*
 * Meets what is there, ST of it, and all that is in it: 0, or -1 where anything failed, which was reported.
 * It stops where a record that is required could not be written.
 */
int	walk_run(struct walk *, const struct stat *, const struct walk_visitor *);

#endif
