/* SPDX-License-Identifier: ISC */
#include <time.h>

#include "pace.h"

enum {
	NANO = 1000000000,
	CHUNKS = 10		/* a second: often enough to be smooth */
};

static int64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * NANO + t.tv_nsec;
}

void
pace_init(struct pace *p, uint64_t rate)
{
	*p = (struct pace){ .rate = rate };
	if (rate > 0)
		p->due = now();
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
	at = now();
	saved = at - NANO / CHUNKS;
	if (p->due < saved)
		p->due = saved;
	p->due += (int64_t)((double)moved / (double)p->rate * NANO);
	if (p->due > at) {
		struct timespec until = { .tv_sec = p->due / NANO, .tv_nsec = p->due % NANO };

		return clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == 0;
	}
	return true;
}
