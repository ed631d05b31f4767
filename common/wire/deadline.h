/* SPDX-License-Identifier: ISC */
#ifndef WIRE_DEADLINE_H
#define WIRE_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/*
 * How long a session may stand still, and how long it may take.  When a time is up, a SIGALRM comes
 * whose si_value.sival_ptr is the reason, a constant text: its handler ends the session as any
 * signal to stop does.  Timers of the kernel do the waiting, so what waits for a peer needs no
 * timeout of its own.  They belong to the process: no child has them, and nothing outlives it.
 */
enum {
	DEADLINE_MAX = 1000000000	/* seconds, some 30 years: more is as much */
};

struct deadline {
	uint64_t idle;			/* seconds without progress; 0: for ever */
	int64_t	 armed;			/* when IDLE began anew: monotonic nanoseconds */
	bool	 has_idle, has_end;	/* the timers exist */
	timer_t	 idle_timer, end_timer;
};

/*
 * Both times begin now.  0, or -1 with errno and no timer at all.  IDLE and END in seconds, 0:
 * none.
 */
int	deadline_init(struct deadline *, uint64_t idle, uint64_t end);

/*
 * Something has moved.  Costs a system call only once an eighth of the idle time has passed since
 * the last one that did; for the same reason the time is up no sooner than IDLE after what moved
 * last, but up to an eighth later.  A time that is up already stays so.
 */
void	deadline_touch(struct deadline *);

/* The reason why time is up, a constant text, or NULL.  Where both are, it has idled. */
const char *deadline_passed(const struct deadline *);

/* Tolerates one that was never begun but is all zero, and one that ended. */
void	deadline_end(struct deadline *);

#endif
