/* SPDX-License-Identifier: ISC */
#include "wire/clock.h"

int64_t
clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * CLOCK_NANO + t.tv_nsec;
}

struct timespec
clock_timespec(int64_t nanoseconds)
{
	return (struct timespec){
		.tv_sec = nanoseconds / CLOCK_NANO, .tv_nsec = nanoseconds % CLOCK_NANO,
	};
}
