/* SPDX-License-Identifier: ISC */
#ifndef ORIGINATE_ORDER_H
#define ORIGINATE_ORDER_H

#include "originate/display.h"
#include "originate/sources.h"
#include "originate/worker.h"

/* All that is known before anything is started, and what came of it. */
struct order {
	struct errand  errand;
	struct policy  policy;		/* for what is written and read here */
	struct root    whole;		/* the whole system */
	struct root    target;		/* the directory that files come into; or closed */
	int	       given;		/* owned: or what they are written to, as standard output is; or -1 */
	int	       cell;		/* owned: else the one that what comes is in; or -1 */
	struct sources sources;
	struct program program;
	struct transport transport;	/* of the conversation that goes on */
	struct expect  expect;		/* likewise, with a source */
	char	      *paths[1];	/* likewise: where that goes; borrowed */
	struct outcome *outcome;	/* of the last conversation, in memory that its process shares */
	const char   **hosts;		/* owned, the names are not: all of them, and NULL */
	struct tally   tally;
	struct display display;
	unsigned       failed;		/* sources, or conversations, that did not go well */
};

/* Nothing is open. */
void	order_init(struct order *);

/*
 * Reads the command line, and looks at all that can be known before anybody logs in: 0, -1, which was said.
 * From then on it is counted, and may be shown, what becomes of it; order_end is for both.
 */
int	order_take(struct order *, int argc, char *argv[]);
void	order_end(struct order *);

/* "scp: WHERE: WHY", for the person: always -1.  WHERE may be NULL. */
int	order_complain(struct order *, const char *where, const char *why);

#endif
