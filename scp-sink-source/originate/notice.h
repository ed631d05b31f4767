/* SPDX-License-Identifier: ISC */
#ifndef ORIGINATE_NOTICE_H
#define ORIGINATE_NOTICE_H

#include <stdbool.h>

#include "originate/greeting.h"

/*
 * What the user reads of text that a host has said where the protocol was due.  At most NOTICE_LINES
 * of it are shown, each escaped and cut.
 */
enum {
	NOTICE_LINES = 5,
	NOTICE_SHOWN = 200,	/* bytes of one of them */
	NOTICE_SAID = 300	/* bytes of what is said at once, NUL included */
};

/*
 * Says one LINE, which is fit for a terminal, of what SELF stands for: "scp: HOST: " belongs before
 * it.
 */
typedef void notice_say(void *self, const char *line);

struct notice {
	notice_say *say;
	void	   *self;	/* borrowed: its first argument */
	bool	    quiet;	/* text that is skipped is not worth a word */
	bool	    told;	/* how to be rid of it was said, or need not be */
};

/* It was skipped; and, once, how to be rid of it.  Not where there is none. */
void	notice_skipped(struct notice *, const struct greeting *);
/* The same, and nothing has come behind it. */
void	notice_stuck(struct notice *, const struct greeting *);
/* It is all that came: false where nothing of it can be seen, and nothing was said. */
bool	notice_instead(struct notice *, const struct greeting *);
/* There is no end of it. */
void	notice_too_much(struct notice *, const struct greeting *);
/* It stood between two records. */
void	notice_astray(struct notice *, const struct greeting *);
/* What a host may lack that was reached, and does not begin. */
extern const char notice_no_answer[];
/* It has not begun, and there was text; not if that was told before. */
void	notice_unanswered(struct notice *, const struct greeting *);

#endif
