/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <signal.h>

#include "wire/clock.h"
#include "wire/deadline.h"

enum {
	PARTS = 8		/* of the idle time, one of which may pass unnoticed */
};

static const char idle_reason[] = "idle for too long", end_reason[] = "the session took too long";

static uint64_t
at_most(uint64_t seconds)
{
	return seconds < DEADLINE_MAX ? seconds : DEADLINE_MAX;
}

/* What may pass before the timer is set anew. */
static int64_t
slack(const struct deadline *d)
{
	return (int64_t)d->idle * CLOCK_NANO / PARTS;
}

static int
arm(timer_t timer, int64_t nanoseconds)
{
	struct itimerspec when = { .it_value = clock_timespec(nanoseconds) };

	return timer_settime(timer, 0, &when, NULL);
}

static bool
has_run_out(timer_t timer)
{
	struct itimerspec left;

	return timer_gettime(timer, &left) == 0 && left.it_value.tv_sec == 0 &&
	    left.it_value.tv_nsec == 0;
}

/* Makes *TIMER, which will say REASON after that many nanoseconds. */
static int
begin(timer_t *timer, bool *exists, const char *reason, int64_t nanoseconds)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = SIGALRM,
		.sigev_value.sival_ptr = (void *)(uintptr_t)reason,
	};

	*exists = timer_create(CLOCK_MONOTONIC, &event, timer) == 0;
	return *exists ? arm(*timer, nanoseconds) : -1;
}

int
deadline_init(struct deadline *d, uint64_t idle, uint64_t end)
{
	int failed = 0, saved;

	*d = (struct deadline){ .idle = at_most(idle), .armed = clock_now() };
	if (idle > 0)
		failed = begin(&d->idle_timer, &d->has_idle, idle_reason,
		    (int64_t)d->idle * CLOCK_NANO + slack(d));
	if (end > 0 && failed == 0)
		failed = begin(&d->end_timer, &d->has_end, end_reason,
		    (int64_t)at_most(end) * CLOCK_NANO);
	if (failed == 0)
		return 0;
	saved = errno;
	deadline_end(d);
	errno = saved;
	return -1;
}

void
deadline_touch(struct deadline *d)
{
	int64_t at;

	if (!d->has_idle)
		return;
	at = clock_now();
	if (at - d->armed < slack(d) || has_run_out(d->idle_timer))
		return;
	/* Cannot fail: the timer exists, and the time is a valid one. */
	(void)arm(d->idle_timer, (int64_t)d->idle * CLOCK_NANO + slack(d));
	d->armed = at;
}

const char *
deadline_passed(const struct deadline *d)
{
	if (d->has_idle && has_run_out(d->idle_timer))
		return idle_reason;
	if (d->has_end && has_run_out(d->end_timer))
		return end_reason;
	return NULL;
}

void
deadline_end(struct deadline *d)
{
	if (d->has_idle)
		timer_delete(d->idle_timer);
	if (d->has_end)
		timer_delete(d->end_timer);
	d->has_idle = d->has_end = false;
}
