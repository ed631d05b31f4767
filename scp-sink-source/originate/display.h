/* SPDX-License-Identifier: ISC */
#ifndef ORIGINATE_DISPLAY_H
#define ORIGINATE_DISPLAY_H

#include <sys/types.h>

#include <signal.h>

#include "originate/tally.h"

/*
 * Shows what moves, twice a second, while the process that moves it is waited for: by whoever waits for
 * it, who has nothing else to do.  So nothing of that is done in a signal's handler, a transfer makes
 * no system call more, its reads and deadlines are left alone, and a terminal that stands still holds
 * up nobody.
 *
 * On a terminal only in whose foreground we are; that is asked each time.  SIGUSR1, and SIGINFO where
 * there is one, has the sum said on standard error.
 */
enum {
	DISPLAY_PER_SECOND = 2,
	DISPLAY_STALLED = 5,		/* seconds without a byte that are worth a word */
	DISPLAY_SECONDS = 5,		/* of which the rate is */
	DISPLAY_SAMPLES = DISPLAY_PER_SECOND * DISPLAY_SECONDS + 1
};

struct display {
	struct tally *tally;		/* borrowed */
	sigset_t      signals;		/* that we wait for, and nobody gets otherwise */
	unsigned      width;		/* columns of the terminal; 0: it does not say, or is none */
	bool	      awake;		/* something has come of the process that is attended */
	uint64_t      events;		/* what had come before it began, in all */
	int64_t	      next;		/* when it is due again: monotonic nanoseconds */
	int64_t	      changed;		/* when the last byte was seen to have moved */
	bool	      other;		/* every second time there is an object */
	unsigned      n;		/* samples that were taken, of which the last are kept */
	struct {
		int64_t	 at;
		uint64_t moved;
	} samples[DISPLAY_SAMPLES];
};

/*
 * From here on the signals that it waits for are held back, also in processes that are made later; a
 * program that is started is to have them as usual.  The locale becomes the user's, as far as it is
 * about characters.
 */
void	display_begin(struct display *, struct tally *);

/*
 * Shows what moves until the process PID, a child of ours, has ended, for which nobody has waited yet.
 * Where we are told to stop meanwhile, it is, too.
 */
void	display_attend(struct display *, pid_t pid);

/* The last word, where one is wanted: what moved in all, if anything did, and that we exit with STATUS. */
void	display_end(struct display *, int status);

#endif
