/* SPDX-License-Identifier: ISC */
#include "pace.h"

enum {
	NANO = 1000000000,
	CHUNKS = 10,		/* a second: often enough to be smooth */
	WINDOW = 2		/* seconds after which measuring begins anew */
};

static int64_t
since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)(now.tv_sec - start->tv_sec) * NANO + (now.tv_nsec - start->tv_nsec);
}

static void
restart(struct pace *p)
{
	p->moved = 0;
	clock_gettime(CLOCK_MONOTONIC, &p->start);
}

void
pace_init(struct pace *p, uint64_t rate)
{
	*p = (struct pace){ .rate = rate };
	if (rate > 0)
		restart(p);
}

size_t
pace_chunk(const struct pace *p, size_t want)
{
	uint64_t chunk = p->rate / CHUNKS + 1;

	return p->rate == 0 || want <= chunk ? want : (size_t)chunk;
}

void
pace_wait(struct pace *p, uint64_t moved)
{
	int64_t due, early;

	if (p->rate == 0)
		return;
	p->moved += moved;
	due = (int64_t)((double)p->moved / (double)p->rate * NANO);
	early = due - since(&p->start);
	if (early > 0) {
		struct timespec nap = { .tv_sec = early / NANO, .tv_nsec = early % NANO };

		nanosleep(&nap, NULL);
	}
	if (since(&p->start) > (int64_t)WINDOW * NANO)
		restart(p);
}
