/* SPDX-License-Identifier: ISC */
#ifndef ERRAND_DIAL_H
#define ERRAND_DIAL_H

#include "errand/errand.h"
#include "errand/quote.h"

/* The words of a program that reaches a host.  ORIGINATE sections 4 and 9. */
enum {
	DIAL_WORDS = 2 * ERRAND_FLAGS_MAX + 32
};

struct dial {
	size_t n;
	char  *argv[DIAL_WORDS + 1];	/* owned, and so is what is in it; ends with NULL */
};

/* How it is reached, and whether somebody can be asked for a password. */
struct dial_way {
	const char *program;	/* borrowed */
	bool	    dropbear;	/* it is dbclient, which has other options */
	bool	    answered;
};

/*
 * Has HOST, an operand, run COMMAND.  0; -1 with *WHERE, borrowed or NULL, and *WHY a constant.  dial_end
 * is for both.
 */
int	dial_host(struct dial *, const struct dial_way *, const struct errand *,
	    const struct operand *host, const char *command, const char **where, const char **why);

/* Has the host of SOURCE copy that to the target of the errand by itself, likewise. */
int	dial_direct(struct dial *, const struct dial_way *, const struct errand *,
	    const struct operand *source, const char **where, const char **why);

void	dial_end(struct dial *);

#endif
