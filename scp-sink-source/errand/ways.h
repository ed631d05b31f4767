/* SPDX-License-Identifier: ISC */
#ifndef ERRAND_WAYS_H
#define ERRAND_WAYS_H

#include "errand/operand.h"

/* Which way a copy goes, and so whether what is said of it can be obeyed by us; pure. */
enum {
	WAYS_HERE = 1,		/* from a host to here */
	WAYS_AWAY = 2,		/* from here to a host */
	WAYS_THROUGH = 4,	/* from one host to another, through here */
	WAYS_APART = 8,		/* the same, and they do it by themselves */
	WAYS_WITHIN = 16,	/* it stays here, and another program does it */
	WAYS_OURS = WAYS_HERE | WAYS_AWAY | WAYS_THROUGH
};

/* That of one SOURCE; DIRECT: hosts copy to each other. */
unsigned ways_of(const struct operand *source, const struct operand *target, bool direct);

/* Why what can be obeyed on the ways ABLE is not on all of MEANT, or NULL. */
const char *ways_deny(unsigned able, unsigned meant);

#endif
