/* SPDX-License-Identifier: ISC */
#ifndef WIRE_DEADLINE_H
#define WIRE_DEADLINE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/*
 * How long a session may stand still, and how long it may take.  A timer of the kernel does the
 * waiting, so what waits for a peer needs no timeout of its own: a SIGALRM comes, whose handler asks
 * deadline_ring whether to hang up.  Timers belong to the process: no child has them, and nothing
 * outlives it.
 *
 * Only the client stands still: as long as we are at work ourselves, on a disk or a log, the idle
 * time does not run, and when the whole time is up, the work that has begun is finished and may still
 * be replied to.  But for work that does not come to an end within DEADLINE_GRACE there is SIGKILL,
 * which is all that a filesystem that hangs may let through.
 */
enum {
	DEADLINE_MAX = 1000000000,	/* seconds, some 30 years: more is as much */
	DEADLINE_GRACE = 60,		/* seconds for our own work when the time is up */
	DEADLINE_AGAIN = 15		/* seconds until what did not end rings again */
};

struct deadline {
	int64_t		      idle;	/* nanoseconds without progress; 0: for ever */
	int64_t		      ends;	/* when the session does: monotonic nanoseconds; 0: never */
	bool		      has_timer, has_killer;	/* these exist */
	timer_t		      timer, killer;
	volatile sig_atomic_t waiting;	/* for the client: an enum deadline_wait */
	volatile int64_t      since;	/* while we do: since when */
	int		      room;	/* borrowed: where what is moved goes to */
	const char *volatile  reason;	/* why time is up, a constant text; else NULL */
};

enum deadline_wait {
	DEADLINE_WORK,		/* we do not wait for it, but are at work */
	DEADLINE_CLIENT,	/* only it can make us go on */
	DEADLINE_MOVE		/* that, or a disk: it is the client's turn while it leaves no room */
};

/*
 * Both times, in seconds, begin now, 0: none.  Signals are about this one from here on.  0, or -1 with
 * errno and no timer at all.
 */
int	deadline_init(struct deadline *, uint64_t idle, uint64_t end);

/*
 * Each time that we wait for the client, and behind that: no system call.  False where the time is
 * up, whoever needed it: then there is nothing to wait for, but for who replies to what was done.
 * ROOM is where a DEADLINE_MOVE moves to.  NULL has no times.
 */
bool	deadline_await(struct deadline *, enum deadline_wait, int room);
void	deadline_work(struct deadline *);

/*
 * For the handler of a signal that may be a timer's: why to hang up now, or NULL.  It rings again,
 * also after that, as long as the process is there.
 */
const char *deadline_ring(void);

/* The reason why time is up, a constant text, or NULL. */
const char *deadline_passed(const struct deadline *);

/* Tolerates one that was never begun but is all zero, and one that ended. */
void	deadline_end(struct deadline *);

#endif
