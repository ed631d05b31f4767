/* SPDX-License-Identifier: ISC */
#ifndef DEEDS_ANSWER_H
#define DEEDS_ANSWER_H

#include <stdbool.h>

/*
 * What came of a deed, as the client may know it.  What it may not know is in the log alone.  All 0
 * is: done.
 */
struct answer {
	int	    err;	/* an errno, whose kind each language has its own word for; 0: done */
	const char *text;	/* a constant that says more than what ERR is called, or NULL */
};

/* What there is to say: TEXT, or what ERR is called. */
const char *answer_text(const struct answer *);

/* Who hears of what goes wrong among what was asked for together. */
struct answer_hearer {
	/* REST is where, from there on; "" is that itself.  -1; or 0 where that is no failure. */
	int	(*hear)(void *context, const char *rest, const struct answer *);
	bool	(*goes_on)(void *context);	/* asked now and then: else no more is done */
	void	*context;
};

#endif
