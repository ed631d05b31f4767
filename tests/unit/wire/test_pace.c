/* SPDX-License-Identifier: ISC */
#include <sys/time.h>

#include <limits.h>
#include <signal.h>
#include <time.h>

#include "unit.h"
#include "wire/pace.h"

enum {
	NANO = 1000000000,
	RATE = 10000,		/* bytes a second: of the tests that take time */
	PART = 1000		/* bytes, due after a tenth of a second */
};

static int64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * NANO + t.tv_nsec;
}

START_TEST(no_rate_holds_nothing)
{
	struct pace p;

	pace_init(&p, 0);
	ck_assert_uint_eq(p.rate, 0);
	ck_assert_uint_eq(pace_chunk(&p, 0), 0);
	ck_assert_uint_eq(pace_chunk(&p, 1), 1);
	ck_assert_uint_eq(pace_chunk(&p, SIZE_MAX), SIZE_MAX);
	/* Would take longer than anybody waits if it were held to any rate. */
	for (int i = 0; i < 1000; i++)
		pace_wait(&p, UINT64_MAX);
	ck_assert_uint_eq(p.rate, 0);
}
END_TEST

static const struct {
	uint64_t rate;
	size_t	 want, least, most;
} chunks[] = {
	{ 1000, 0, 0, 0 },
	{ 1000, 1, 1, 1 },
	{ 1000, 100, 100, 100 },
	{ 1000, 5000, 100, 101 },
	{ 1000, SIZE_MAX, 100, 101 },
	{ 10000000, 65536, 65536, 65536 },
	{ 10000000, 2000000, 1000000, 1000001 },
	{ UINT64_MAX, 65536, 65536, 65536 },
	/* Never none, or nothing would ever move. */
	{ 1, 5000, 1, 1 },
	{ 9, 5000, 1, 1 },
	{ 10, 5000, 1, 2 },
};

START_TEST(a_chunk_is_all_or_a_tenth_of_a_second)
{
	for (size_t i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++) {
		struct pace p;
		size_t got;

		pace_init(&p, chunks[i].rate);
		got = pace_chunk(&p, chunks[i].want);
		ck_assert_msg(got >= chunks[i].least && got <= chunks[i].most,
		    "row %zu: expected %zu to %zu, got %zu", i, chunks[i].least,
		    chunks[i].most, got);
	}
}
END_TEST

START_TEST(no_faster_than_the_rate)
{
	struct pace p;
	int64_t began = now(), took;

	pace_init(&p, RATE);
	for (int i = 0; i < 3; i++)
		pace_wait(&p, PART);
	took = now() - began;
	ck_assert_msg(took >= NANO / 10 * 3 - NANO / 1000, "expected 0.3 s at least, got %jd ns",
	    (intmax_t)took);
}
END_TEST

/* All at once is no faster than bit by bit. */
START_TEST(a_large_chunk_is_as_slow)
{
	struct pace p;
	int64_t began = now(), took;

	pace_init(&p, RATE);
	pace_wait(&p, 2 * PART);
	took = now() - began;
	ck_assert_msg(took >= NANO / 10 * 2 - NANO / 1000, "expected 0.2 s at least, got %jd ns",
	    (intmax_t)took);
}
END_TEST

/* The first part behind a pause may pass, for a tenth of a second is saved up; the others not. */
START_TEST(what_a_pause_saves_up_is_bounded)
{
	const struct timespec pause = { .tv_nsec = NANO / 10 * 4 };
	struct pace p;
	int64_t began, took;

	pace_init(&p, RATE);
	pace_wait(&p, 1);
	nanosleep(&pause, NULL);
	began = now();
	for (int i = 0; i < 3; i++)
		pace_wait(&p, PART);
	took = now() - began;
	ck_assert_msg(took >= NANO / 10 * 2 - NANO / 1000, "expected 0.2 s at least, got %jd ns",
	    (intmax_t)took);
}
END_TEST

/* The same after a pause of minutes, which the test makes by setting the measure back. */
START_TEST(what_a_long_pause_saves_up_is_bounded)
{
	struct pace p;
	int64_t began, took;

	pace_init(&p, RATE);
	p.due -= (int64_t)600 * NANO;
	began = now();
	for (int i = 0; i < 3; i++)
		pace_wait(&p, PART);
	took = now() - began;
	ck_assert_msg(took >= NANO / 10 * 2 - NANO / 1000, "expected 0.2 s at least, got %jd ns",
	    (intmax_t)took);
}
END_TEST

static void
do_nothing(int signal)
{
	(void)signal;
}

START_TEST(a_signal_ends_the_sleep)
{
	const struct sigaction act = { .sa_handler = do_nothing };
	const struct itimerval soon = { .it_value = { .tv_usec = 10000 } };
	struct pace p;

	pace_init(&p, 1);
	ck_assert_int_eq(sigaction(SIGALRM, &act, NULL), 0);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &soon, NULL), 0);
	ck_assert_int_eq(pace_wait(&p, 3600), false);
	pace_init(&p, 0);
	ck_assert_int_eq(pace_wait(&p, 3600), true);
}
END_TEST

/* The time that passed before the sleep is no less up: an hour is slept by nobody. */
START_TEST(nobody_sleeps_when_the_time_is_up)
{
	const struct deadline passed = { .reason = "the time is up" };
	struct pace p;

	pace_init(&p, 1);
	ck_assert_int_eq(pace_keep(&p, 3600, &passed, -1), false);
	/* What is due is kept all the same. */
	pace_init(&p, RATE);
	ck_assert_int_eq(pace_keep(&p, 0, &passed, -1), true);
	pace_init(&p, 0);
	ck_assert_int_eq(pace_keep(&p, 3600, &passed, -1), true);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, nobody_sleeps_when_the_time_is_up);
	tcase_add_test(t, a_signal_ends_the_sleep);
	tcase_add_test(t, no_rate_holds_nothing);
	tcase_add_test(t, a_chunk_is_all_or_a_tenth_of_a_second);
	tcase_add_test(t, no_faster_than_the_rate);
	tcase_add_test(t, a_large_chunk_is_as_slow);
	tcase_add_test(t, what_a_pause_saves_up_is_bounded);
	tcase_add_test(t, what_a_long_pause_saves_up_is_bounded);
}

int
main(void)
{
	return run_unit("pace", add);
}
