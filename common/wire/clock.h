/* SPDX-License-Identifier: ISC */
#ifndef WIRE_CLOCK_H
#define WIRE_CLOCK_H

#include <stdint.h>
#include <time.h>

enum {
	CLOCK_NANO = 1000000000,	/* nanoseconds a second */
	CLOCK_MILLI = 1000000		/* nanoseconds a millisecond */
};

/* Nanoseconds since some time in the past: never set, never going back, as CLOCK_MONOTONIC. */
int64_t	clock_now(void);

/* NANOSECONDS, not negative, as the kernel takes them. */
struct timespec clock_timespec(int64_t nanoseconds);

#endif
