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

bool
pace_wait(struct pace *p, uint64_t moved)
{
	int64_t at, saved;

	if (p->rate == 0)
		return true;
	at = clock_now();
	saved = at - CLOCK_NANO / CHUNKS;
	if (p->due < saved)
		p->due = saved;
	p->due += (int64_t)((double)moved / (double)p->rate * CLOCK_NANO);
	if (p->due > at) {
		struct timespec until = clock_timespec(p->due);

		return clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == 0;
	}
	return true;
}

bool
pace_keep(struct pace *pace, uint64_t moved, const struct deadline *deadline, int in)
{
	struct pollfd p = { .fd = in };

	if (pace_wait(pace, moved))
		return true;
	return (deadline == NULL || deadline_passed(deadline) == NULL) &&
	    (poll(&p, 1, 0) == 0 || (p.revents & POLLNVAL) == 0);
}
