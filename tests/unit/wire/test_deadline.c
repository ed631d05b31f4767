/* SPDX-License-Identifier: ISC */
#include <sys/resource.h>
#include <sys/wait.h>

#include <signal.h>
#include <time.h>

#include "unit.h"
#include "wire/deadline.h"

enum {
	NANO = 1000000000,
	HOUR = 3600,
	PATIENCE = 20		/* seconds until a signal that shall come is given up */
};

static const char *told;	/* the reason of the last signal */
static volatile sig_atomic_t signals;

static void
note(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	told = info->si_code == SI_TIMER ? info->si_value.sival_ptr : "not a timer";
	signals++;
}

static void
catch_alarms(void)
{
	struct sigaction action = { .sa_sigaction = note, .sa_flags = SA_SIGINFO };

	ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
}

static int64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * NANO + t.tv_nsec;
}

/* True when a signal came while we waited for one. */
static bool
await_alarm(void)
{
	struct timespec all = { .tv_sec = PATIENCE };

	return signals > 0 || nanosleep(&all, NULL) == -1;
}

/* Nanoseconds that TIMER has left; 0 when it is not set. */
static int64_t
left(timer_t timer)
{
	struct itimerspec value;

	ck_assert_int_eq(timer_gettime(timer, &value), 0);
	ck_assert_int_eq(value.it_interval.tv_sec, 0);
	ck_assert_int_eq(value.it_interval.tv_nsec, 0);
	return (int64_t)value.it_value.tv_sec * NANO + value.it_value.tv_nsec;
}

/* As if the timer had been set so long ago. */
static void
age(struct deadline *d, int64_t nanoseconds)
{
	struct itimerspec value = { .it_value = { .tv_sec = 0 } };
	int64_t rest = left(d->idle_timer) - nanoseconds;

	value.it_value.tv_sec = rest / NANO;
	value.it_value.tv_nsec = rest % NANO;
	ck_assert_int_eq(timer_settime(d->idle_timer, 0, &value, NULL), 0);
	d->armed -= nanoseconds;
}

START_TEST(none_is_none)
{
	struct deadline d;

	catch_alarms();
	ck_assert_int_eq(deadline_init(&d, 0, 0), 0);
	ck_assert(!d.has_idle);
	ck_assert(!d.has_end);
	deadline_touch(&d);
	ck_assert_ptr_null(deadline_passed(&d));
	deadline_end(&d);
	ck_assert_int_eq(signals, 0);
}
END_TEST

START_TEST(time_is_up_when_nothing_moves)
{
	struct deadline d;

	catch_alarms();
	ck_assert_int_eq(deadline_init(&d, 1, 0), 0);
	ck_assert(!d.has_end);
	ck_assert_ptr_null(deadline_passed(&d));
	ck_assert(await_alarm());
	ck_assert_str_eq(told, "idle for too long");
	ck_assert_str_eq(deadline_passed(&d), "idle for too long");
	deadline_end(&d);
	ck_assert_int_eq(signals, 1);
}
END_TEST

START_TEST(time_is_up_although_something_moves)
{
	struct deadline d;

	catch_alarms();
	ck_assert_int_eq(deadline_init(&d, HOUR, 1), 0);
	while (signals == 0)
		deadline_touch(&d);
	ck_assert_str_eq(told, "the session took too long");
	ck_assert_str_eq(deadline_passed(&d), "the session took too long");
	ck_assert_int_gt(left(d.idle_timer), 0);
	deadline_end(&d);
	ck_assert_int_eq(signals, 1);
}
END_TEST

START_TEST(the_end_alone_needs_no_touch)
{
	struct deadline d;

	catch_alarms();
	ck_assert_int_eq(deadline_init(&d, 0, HOUR), 0);
	ck_assert(!d.has_idle);
	deadline_touch(&d);
	ck_assert_ptr_null(deadline_passed(&d));
	ck_assert_int_gt(left(d.end_timer), 0);
	ck_assert_int_le(left(d.end_timer), (int64_t)HOUR * NANO);
	deadline_end(&d);
}
END_TEST

/* What waits in the kernel is woken, which is all that the deadline is for. */
START_TEST(a_read_is_interrupted)
{
	struct deadline d;
	int pipes[2];
	char c;

	catch_alarms();
	ck_assert_int_eq(pipe(pipes), 0);
	ck_assert_int_eq(deadline_init(&d, 1, 0), 0);
	ck_assert_int_eq(read(pipes[0], &c, 1), -1);
	ck_assert_int_eq(errno, EINTR);
	ck_assert_str_eq(deadline_passed(&d), "idle for too long");
	deadline_end(&d);
}
END_TEST

/* Never sooner than what was asked for, even if the last touch was one that costs nothing. */
START_TEST(an_eighth_is_added_for_what_is_not_noticed)
{
	struct deadline d;
	const int64_t eighth = (int64_t)HOUR * NANO / 8;

	ck_assert_int_eq(deadline_init(&d, HOUR, 0), 0);
	ck_assert_int_gt(left(d.idle_timer), (int64_t)HOUR * NANO);
	ck_assert_int_le(left(d.idle_timer), (int64_t)HOUR * NANO + eighth);
	deadline_end(&d);
}
END_TEST

START_TEST(an_eighth_passes_before_the_timer_is_set_anew)
{
	struct deadline d;
	const int64_t eighth = (int64_t)HOUR * NANO / 8, whole = (int64_t)HOUR * NANO + eighth;
	int64_t armed;

	ck_assert_int_eq(deadline_init(&d, HOUR, 0), 0);
	/* Ten seconds less than an eighth: not yet. */
	age(&d, eighth - (int64_t)10 * NANO);
	armed = d.armed;
	deadline_touch(&d);
	ck_assert_int_eq(d.armed, armed);
	ck_assert_int_le(left(d.idle_timer), whole - eighth + (int64_t)10 * NANO);
	/* Ten seconds more: now. */
	age(&d, (int64_t)20 * NANO);
	armed = now();
	deadline_touch(&d);
	ck_assert_int_ge(d.armed, armed);
	ck_assert_int_le(d.armed, now());
	ck_assert_int_gt(left(d.idle_timer), whole - eighth + (int64_t)20 * NANO);
	ck_assert_ptr_null(deadline_passed(&d));
	deadline_end(&d);
}
END_TEST

/* The session ends, but may still read and write a little: it does not go on by that. */
START_TEST(a_time_that_is_up_stays_so)
{
	struct deadline d;

	catch_alarms();
	ck_assert_int_eq(deadline_init(&d, 1, 0), 0);
	ck_assert(await_alarm());
	d.armed -= (int64_t)HOUR * NANO;
	deadline_touch(&d);
	ck_assert_int_eq(left(d.idle_timer), 0);
	ck_assert_str_eq(deadline_passed(&d), "idle for too long");
	deadline_end(&d);
	ck_assert_int_eq(signals, 1);
}
END_TEST

START_TEST(what_moves_keeps_the_session)
{
	struct deadline d;
	const int64_t most = (int64_t)HOUR * NANO - (int64_t)60 * NANO;

	catch_alarms();
	ck_assert_int_eq(deadline_init(&d, HOUR, 0), 0);
	for (int i = 0; i < 10; i++) {
		age(&d, most);
		deadline_touch(&d);
		ck_assert_int_gt(left(d.idle_timer), most);
		ck_assert_ptr_null(deadline_passed(&d));
	}
	deadline_end(&d);
	ck_assert_int_eq(signals, 0);
}
END_TEST

static const uint64_t large[] = {
	DEADLINE_MAX - 1, DEADLINE_MAX, (uint64_t)DEADLINE_MAX + 1, INT32_MAX, UINT32_MAX,
	(uint64_t)1 << 32, UINT64_MAX / NANO, INT64_MAX / NANO, INT64_MAX,
	(uint64_t)INT64_MAX + 1, UINT64_MAX - 1, UINT64_MAX,
};

START_TEST(large_times_are_times)
{
	catch_alarms();
	for (size_t i = 0; i < COUNT(large); i++) {
		struct deadline d;

		ck_assert_msg(deadline_init(&d, large[i], large[i]) == 0, "row %zu: %s", i,
		    strerror(errno));
		ck_assert_uint_le(d.idle, DEADLINE_MAX);
		ck_assert_int_gt(left(d.idle_timer), (int64_t)HOUR * NANO);
		ck_assert_int_gt(left(d.end_timer), (int64_t)HOUR * NANO);
		d.armed -= (int64_t)DEADLINE_MAX / 4 * NANO;
		deadline_touch(&d);
		ck_assert_int_gt(left(d.idle_timer), (int64_t)HOUR * NANO);
		ck_assert_ptr_null(deadline_passed(&d));
		deadline_end(&d);
	}
	ck_assert_int_eq(signals, 0);
}
END_TEST

static bool
is_gone(timer_t timer)
{
	struct itimerspec value;

	return timer_gettime(timer, &value) == -1 && errno == EINVAL;
}

START_TEST(nothing_is_left_after_the_end)
{
	struct deadline d = { .idle = 0 };

	catch_alarms();
	deadline_end(&d);
	ck_assert_int_eq(deadline_init(&d, HOUR, HOUR), 0);
	deadline_end(&d);
	ck_assert(is_gone(d.idle_timer));
	ck_assert(is_gone(d.end_timer));
	deadline_end(&d);
	ck_assert(!d.has_idle);
	ck_assert(!d.has_end);
	ck_assert_ptr_null(deadline_passed(&d));
	d.armed -= (int64_t)HOUR * NANO;
	deadline_touch(&d);
	ck_assert_int_eq(signals, 0);
}
END_TEST

/* Each timer counts as a signal that waits; sshd may allow few. */
START_TEST(nothing_is_left_of_a_failure)
{
	for (rlim_t allowed = 0; allowed < 2; allowed++) {
		struct rlimit limit, less;
		struct deadline d;

		if (lacks_root("an account that has no other signals"))
			return;
		ck_assert_int_eq(getrlimit(RLIMIT_SIGPENDING, &limit), 0);
		less = (struct rlimit){ allowed, limit.rlim_max };
		ck_assert_int_eq(setrlimit(RLIMIT_SIGPENDING, &less), 0);
		/* Nobody else of this account has signals that count. */
		ck_assert_int_eq(setresuid(STRANGER, STRANGER, 0), 0);
		ck_assert_int_eq(deadline_init(&d, HOUR, HOUR), -1);
		ck_assert_int_eq(errno, EAGAIN);
		ck_assert(!d.has_idle);
		ck_assert(!d.has_end);
		/* What the first one took is free again. */
		if (allowed == 1) {
			ck_assert_int_eq(deadline_init(&d, HOUR, 0), 0);
			deadline_end(&d);
		}
		ck_assert_int_eq(setresuid(0, 0, 0), 0);
		ck_assert_int_eq(setrlimit(RLIMIT_SIGPENDING, &limit), 0);
	}
}
END_TEST

START_TEST(a_child_has_no_deadline)
{
	struct deadline d;
	int status;
	pid_t child;

	ck_assert_int_eq(deadline_init(&d, HOUR, HOUR), 0);
	child = fork();
	if (child == 0)
		_exit(is_gone(d.idle_timer) && is_gone(d.end_timer) ? 0 : 1);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	ck_assert_int_gt(left(d.idle_timer), 0);
	deadline_end(&d);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, none_is_none);
	tcase_add_test(t, time_is_up_when_nothing_moves);
	tcase_add_test(t, time_is_up_although_something_moves);
	tcase_add_test(t, the_end_alone_needs_no_touch);
	tcase_add_test(t, a_read_is_interrupted);
	tcase_add_test(t, an_eighth_is_added_for_what_is_not_noticed);
	tcase_add_test(t, an_eighth_passes_before_the_timer_is_set_anew);
	tcase_add_test(t, a_time_that_is_up_stays_so);
	tcase_add_test(t, what_moves_keeps_the_session);
	tcase_add_test(t, large_times_are_times);
	tcase_add_test(t, nothing_is_left_after_the_end);
	tcase_add_test(t, nothing_is_left_of_a_failure);
	tcase_add_test(t, a_child_has_no_deadline);
}

int
main(void)
{
	return run_unit("deadline", add);
}
