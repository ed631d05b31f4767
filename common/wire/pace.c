/* SPDX-License-Identifier: ISC */
#include <poll.h>
#include <stddef.h>
#include <time.h>

#include "wire/clock.h"
#include "wire/pace.h"

enum {
	CHUNKS = 10		/* a second: often enough to be smooth */
};

void
pace_init(struct pace *p, uint64_t rate)
{
	*p = (struct pace){ .rate = rate };
	if (rate > 0)
		p->due = clock_now();
}

size_t
pace_chunk(const struct pace *p, size_t want)
{
	uint64_t chunk = p->rate / CHUNKS + 1;

	return p->rate == 0 || want <= chunk ? want : (size_t)chunk;
}

/* Counts MOVED bytes: whether they are not due yet. */
static bool
is_early(struct pace *p, uint64_t moved)
{
	int64_t at, saved;

	if (p->rate == 0)
		return false;
	at = clock_now();
	saved = at - CLOCK_NANO / CHUNKS;
	if (p->due < saved)
		p->due = saved;
	p->due += (int64_t)((double)moved / (double)p->rate * CLOCK_NANO);
	return p->due > at;
}

static bool
sleep_until(int64_t due)
{
	struct timespec until = clock_timespec(due);

	return clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == 0;
}

bool
pace_wait(struct pace *p, uint64_t moved)
{
	return !is_early(p, moved) || sleep_until(p->due);
}

static bool
is_over(const struct deadline *d)
{
	return d != NULL && deadline_passed(d) != NULL;
}

bool
pace_keep(struct pace *pace, uint64_t moved, const struct deadline *deadline, int in)
{
	struct pollfd p = { .fd = in };

	if (!is_early(pace, moved))
		return true;
	/* A signal that came before the sleep does not end it. */
	if (is_over(deadline))
		return false;
	if (sleep_until(pace->due))
		return true;
	return !is_over(deadline) && (poll(&p, 1, 0) == 0 || (p.revents & POLLNVAL) == 0);
}
