/* SPDX-License-Identifier: ISC */
#ifndef ORIGINATE_TALK_H
#define ORIGINATE_TALK_H

#include "errand/dial.h"
#include "errand/quote.h"
#include "originate/order.h"

/*
 * A conversation with one host, as it is for whoever does not take part in it: a program that reaches the
 * host, a worker who speaks, and what there is to be said when both have ended.  What goes wrong is said.
 */
enum {
	TALK_SIGNALLED = 128	/* more than a signal's number: how a shell says it */
};

/* All of it, by a WORKER that knows what it is about.  What fails is counted. */
void	talk_converse(struct order *, struct worker *, const struct operand *host,
	    const char *command);

/* A SOURCE there is asked for, in a conversation of its own; the WORKER has where it goes, which is PATH. */
void	talk_fetch(struct order *, struct worker *, const struct operand *source, const char *path);

/* What HOST, which RECEIVES or sends, is asked to do with its path: 0, -1. */
int	talk_command(struct order *, const struct operand *host, bool receives, bool directory,
	    char command[QUOTE_COMMAND_MAX]);

/*
 * Each part of it: 0, or -1 where that did not go well.  HOST is reached, and does what COMMAND says; a
 * process speaks with it; it has ended, or is made to.
 */
int	talk_call(struct order *, struct transport *, const struct operand *host,
	    const char *command);
int	talk_work(struct order *, struct worker *, const struct operand *host);
int	talk_hang_up(struct order *, struct transport *, const struct operand *host);

/* Two hosts have copied by themselves, or have not: what is said of that, unless all has been said. */
int	talk_hang_up_alone(struct order *, struct transport *, const struct operand *host);

/* How hosts are reached.  Somebody may be asked on a terminal, or by a program that ssh knows. */
struct dial_way talk_way(const struct order *);

#endif
