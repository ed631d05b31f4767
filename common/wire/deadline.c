/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <poll.h>

#include "wire/clock.h"
#include "wire/deadline.h"

static const char idle_reason[] = "idle for too long", end_reason[] = "the session took too long";

/* A handler has no arguments of ours: the one that it is about. */
static struct deadline *volatile current;

static int64_t
nanoseconds(uint64_t seconds)
{
	return (int64_t)(seconds < DEADLINE_MAX ? seconds : DEADLINE_MAX) * CLOCK_NANO;
}

static int
arm(timer_t timer, int64_t at)
{
	struct itimerspec when = { .it_value = clock_timespec(at) };

	return timer_settime(timer, TIMER_ABSTIME, &when, NULL);
}

/* Makes *TIMER, which will send SIGNAL at that time. */
static int
begin(timer_t *timer, bool *exists, int signal, int64_t at)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = signal };

	*exists = timer_create(CLOCK_MONOTONIC, &event, timer) == 0;
	return *exists ? arm(*timer, at) : -1;
}

static int64_t
first_of(const struct deadline *d, int64_t idles)
{
	return d->ends != 0 && (d->idle == 0 || d->ends < idles) ? d->ends : idles;
}

int
deadline_init(struct deadline *d, uint64_t idle, uint64_t end)
{
	int64_t now = clock_now();
	int failed, saved;

	*d = (struct deadline){
		.idle = nanoseconds(idle), .ends = end > 0 ? now + nanoseconds(end) : 0, .room = -1,
	};
	current = d;
	if (idle == 0 && end == 0)
		return 0;
	failed = begin(&d->timer, &d->has_timer, SIGALRM, first_of(d, now + d->idle));
	if (end > 0 && failed == 0)
		failed = begin(&d->killer, &d->has_killer, SIGKILL,
		    d->ends + nanoseconds(DEADLINE_GRACE));
	if (failed == 0)
		return 0;
	saved = errno;
	deadline_end(d);
	errno = saved;
	return -1;
}

bool
deadline_await(struct deadline *d, enum deadline_wait wait, int room)
{
	if (d == NULL)
		return true;
	/* The signal may come at any point: what it reads is whole. */
	d->waiting = DEADLINE_WORK;
	d->room = room;
	if (d->idle != 0)
		d->since = clock_now();
	d->waiting = (sig_atomic_t)wait;
	return d->reason == NULL;
}

void
deadline_work(struct deadline *d)
{
	if (d != NULL)
		d->waiting = DEADLINE_WORK;
}

/* True when we wait for the client, and not for a disk that has nothing for it. */
static bool
waits_for_client(const struct deadline *d)
{
	struct pollfd p = { .fd = d->room, .events = POLLOUT };

	return d->waiting == DEADLINE_CLIENT ||
	    (d->waiting == DEADLINE_MOVE && poll(&p, 1, 0) != 1);
}

const char *
deadline_ring(void)
{
	struct deadline *d = current;
	int64_t now = clock_now(), began;
	bool waits;

	if (d == NULL || !d->has_timer)
		return NULL;
	waits = waits_for_client(d);
	began = waits && d->idle != 0 ? d->since : now;
	if (d->reason == NULL && d->idle != 0 && now - began >= d->idle)
		d->reason = idle_reason;
	if (d->reason == NULL && d->ends != 0 && now >= d->ends)
		d->reason = end_reason;
	/* Cannot fail: the timer exists, and the time is a valid one. */
	(void)arm(d->timer, d->reason != NULL ? now + nanoseconds(DEADLINE_AGAIN)
	    : first_of(d, began + d->idle));
	return waits ? d->reason : NULL;
}

const char *
deadline_passed(const struct deadline *d)
{
	return d->reason;
}

void
deadline_end(struct deadline *d)
{
	if (current == d)
		current = NULL;
	if (d->has_timer)
		timer_delete(d->timer);
	if (d->has_killer)
		timer_delete(d->killer);
	d->has_timer = d->has_killer = false;
}
