/* SPDX-License-Identifier: ISC */
#include "unit.h"
#include "wire/clock.h"

enum {
	READS = 10000,
	PAUSE = CLOCK_NANO / 50
};

static int64_t
nanoseconds(clockid_t clock)
{
	struct timespec t;

	ck_assert_int_eq(clock_gettime(clock, &t), 0);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

START_TEST(it_is_the_clock_that_is_never_set)
{
	int64_t before = nanoseconds(CLOCK_MONOTONIC), now = clock_now();
	int64_t after = nanoseconds(CLOCK_MONOTONIC);

	ck_assert_int_le(before, now);
	ck_assert_int_le(now, after);
}
END_TEST

START_TEST(it_never_goes_back)
{
	for (int64_t i = 0, last = clock_now(), now; i < READS; i++, last = now) {
		now = clock_now();
		ck_assert_int_le(last, now);
	}
}
END_TEST

START_TEST(it_counts_nanoseconds)
{
	const struct timespec pause = { .tv_nsec = PAUSE };
	int64_t before = nanoseconds(CLOCK_MONOTONIC), began = clock_now(), took, most;

	ck_assert_int_eq(clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL), 0);
	took = clock_now() - began;
	most = nanoseconds(CLOCK_MONOTONIC) - before;
	ck_assert_int_ge(took, PAUSE);
	ck_assert_int_le(took, most);
}
END_TEST

static const struct {
	int64_t nanoseconds;
	time_t	sec;
	long	nsec;
} times[] = {
	{ 0, 0, 0 },
	{ 1, 0, 1 },
	{ 999999999, 0, 999999999 },
	{ 1000000000, 1, 0 },
	{ 1000000001, 1, 1 },
	{ INT64_MAX, 9223372036, 854775807 },
};

START_TEST(seconds_and_what_is_left_of_them)
{
	for (size_t i = 0; i < COUNT(times); i++) {
		struct timespec t = clock_timespec(times[i].nanoseconds);

		ck_assert_msg(t.tv_sec == times[i].sec && t.tv_nsec == times[i].nsec,
		    "row %zu: expected %jd and %ld, got %jd and %ld", i, (intmax_t)times[i].sec,
		    times[i].nsec, (intmax_t)t.tv_sec, t.tv_nsec);
	}
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, it_is_the_clock_that_is_never_set);
	tcase_add_test(t, it_never_goes_back);
	tcase_add_test(t, it_counts_nanoseconds);
	tcase_add_test(t, seconds_and_what_is_left_of_them);
}

int
main(void)
{
	return run_unit("clock", add);
}
