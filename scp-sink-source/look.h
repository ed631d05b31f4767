/* SPDX-License-Identifier: ISC */
#ifndef LOOK_H
#define LOOK_H

#include "ask/service.h"

/*
 * What a session of an account would meet, seen with the eyes of that account: this process becomes
 * the user, and stays him.  Nothing is written anywhere.  Each returns 0, or -1 with the service's
 * problem, in the words that the session would have for it.
 */

/*
 * It is about the user NAME, or where that is NULL about whoever asks.  Root becomes him, in his home,
 * before anything is read.  1 where somebody else asks: then nobody can tell but what is said.
 */
int	look_as(struct service *, const char *name);

/* Where the account's shell is this program, FILE, the configuration, sets it a root. */
int	look_for_root(struct service *, const char *file);

/*
 * The root and the start are there, and can be searched; where the policy allows uploads and says
 * where, new files can be put there.  The policy is loaded, and if there is a request its root open.
 */
int	look_at_root(struct service *);

/* Somebody takes the records, also where the policy does not require it. */
int	look_for_log(struct service *);

/* The sandbox can be had.  The process is in it then: it can speak, and end. */
int	look_at_sandbox(struct service *);

#endif
