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
	PATIENCE = 50		/* seconds until a signal that shall come is given up */
};

#define IDLE "idle for too long"
#define END  "the session took too long"

static const char *volatile told;	/* what the last signal hung up for */
static volatile sig_atomic_t signals;

static void
note(int signal, siginfo_t *info, void *context)
{
	const char *why = info->si_code == SI_TIMER ? deadline_ring() : "not a timer";

	(void)signal;
	(void)context;
	if (why != NULL)
		told = why;
	signals++;
}

static void
catch_alarms(void)
{
	struct sigaction action = { .sa_sigaction = note, .sa_flags = SA_SIGINFO };

	ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
}

/* True when there are COUNT signals, for which we wait. */
static bool
await_alarms(int count)
{
	struct timespec all = { .tv_sec = PATIENCE };

	while (signals < count)
		if (nanosleep(&all, NULL) == 0)
			return false;
	return true;
}

/* Nanoseconds that TIMER has left; 0 when it is not set. */
static int64_t
left(timer_t timer)
{
	struct itimerspec value;

	ck_assert_int_eq(timer_gettime(timer, &value), 0);
	return (int64_t)value.it_value.tv_sec * NANO + value.it_value.tv_nsec;
}

static void
assert_left(timer_t timer, int64_t seconds)
{
	ck_assert_int_le(left(timer), seconds * NANO);
	ck_assert_int_gt(left(timer), seconds * NANO - (int64_t)60 * NANO);
}

/* As if the deadline had begun, and what it waits for, so many seconds earlier. */
static void
age(struct deadline *d, int64_t seconds)
{
	d->since -= seconds * NANO;
	if (d->ends != 0)
		d->ends -= seconds * NANO;
}

START_TEST(none_is_none)
{
	struct deadline d;

	catch_alarms();
	ck_assert_int_eq(deadline_init(&d, 0, 0), 0);
	ck_assert(!d.has_timer);
	ck_assert(!d.has_killer);
	ck_assert(deadline_await(&d, DEADLINE_CLIENT, -1));
	ck_assert_ptr_null(deadline_ring());
	deadline_work(&d);
	ck_assert_ptr_null(deadline_passed(&d));
	deadline_end(&d);
	ck_assert(deadline_await(NULL, DEADLINE_CLIENT, -1));
	deadline_work(NULL);
	ck_assert_int_eq(signals, 0);
}
END_TEST

START_TEST(time_is_up_when_the_client_does_nothing)
{
	struct deadline d;

	catch_alarms();
	ck_assert_int_eq(deadline_init(&d, 1, 0), 0);
	ck_assert(!d.has_killer);
	ck_assert_ptr_null(deadline_passed(&d));
	ck_assert(deadline_await(&d, DEADLINE_CLIENT, -1));
	ck_assert(await_alarms(1));
	/* The timer began before the wait did, and may have rung for nothing. */
	ck_assert(told != NULL || await_alarms(2));
	ck_assert_str_eq(told, IDLE);
	ck_assert_str_eq(deadline_passed(&d), IDLE);
	ck_assert(!deadline_await(&d, DEADLINE_CLIENT, -1));
	/* It rings again. */
	assert_left(d.timer, DEADLINE_AGAIN);
	deadline_end(&d);
}
END_TEST

START_TEST(time_is_up_although_something_moves)
{
	struct deadline d;

	catch_alarms();
	ck_assert_int_eq(deadline_init(&d, HOUR, 1), 0);
	while (deadline_await(&d, DEADLINE_CLIENT, -1))
		;
	ck_assert_str_eq(deadline_passed(&d), END);
	deadline_end(&d);
	ck_assert_int_eq(signals, 1);
}
END_TEST

/* Whatever we are at takes its time, which is not the client's. */
START_TEST(our_own_work_is_not_idle)
{
	struct deadline d;

	ck_assert_int_eq(deadline_init(&d, HOUR, 0), 0);
	deadline_await(&d, DEADLINE_CLIENT, -1);
	deadline_work(&d);
	age(&d, 3 * HOUR);
	ck_assert_ptr_null(deadline_ring());
	ck_assert_ptr_null(deadline_passed(&d));
	assert_left(d.timer, HOUR);
	/* The client has all of its time from here on. */
	ck_assert(deadline_await(&d, DEADLINE_CLIENT, -1));
	age(&d, HOUR - 100);
	ck_assert_ptr_null(deadline_ring());
	assert_left(d.timer, 100);
	age(&d, 100);
	ck_assert_str_eq(deadline_ring(), IDLE);
	deadline_end(&d);
}
END_TEST

/* What is done when the time is up is done, and said, but nothing more is waited for. */
START_TEST(our_own_work_comes_to_its_end)
{
	struct deadline d;

	ck_assert_int_eq(deadline_init(&d, 0, HOUR), 0);
	deadline_work(&d);
	age(&d, HOUR);
	ck_assert_ptr_null(deadline_ring());
	ck_assert_str_eq(deadline_passed(&d), END);
	assert_left(d.timer, DEADLINE_AGAIN);
	ck_assert(!deadline_await(&d, DEADLINE_CLIENT, -1));
	/* Who does not take the reply is hung up on. */
	ck_assert_str_eq(deadline_ring(), END);
	deadline_end(&d);
}
END_TEST

/* A disk that has nothing for a client that takes all is not the client's fault. */
START_TEST(what_moves_waits_for_one_of_two)
{
	static char page[4096];
	struct deadline d;
	int pipes[2];

	ck_assert_int_eq(pipe2(pipes, O_CLOEXEC | O_NONBLOCK), 0);
	ck_assert_int_eq(deadline_init(&d, HOUR, 0), 0);
	deadline_await(&d, DEADLINE_MOVE, pipes[1]);
	age(&d, 3 * HOUR);
	ck_assert_ptr_null(deadline_ring());
	ck_assert_ptr_null(deadline_passed(&d));
	assert_left(d.timer, HOUR);
	while (write(pipes[1], page, sizeof(page)) > 0)
		;
	deadline_await(&d, DEADLINE_MOVE, pipes[1]);
	age(&d, HOUR);
	ck_assert_str_eq(deadline_ring(), IDLE);
	deadline_end(&d);
}
END_TEST

START_TEST(the_sooner_one_is_waited_for)
{
	struct deadline d;

	ck_assert_int_eq(deadline_init(&d, HOUR, 10 * HOUR), 0);
	assert_left(d.timer, HOUR);
	assert_left(d.killer, 10 * HOUR + DEADLINE_GRACE);
	deadline_end(&d);
	ck_assert_int_eq(deadline_init(&d, 10 * HOUR, HOUR), 0);
	assert_left(d.timer, HOUR);
	deadline_await(&d, DEADLINE_CLIENT, -1);
	ck_assert_ptr_null(deadline_ring());
	assert_left(d.timer, HOUR);
	deadline_end(&d);
	ck_assert_int_eq(deadline_init(&d, 0, HOUR), 0);
	assert_left(d.timer, HOUR);
	deadline_await(&d, DEADLINE_CLIENT, -1);
	ck_assert_ptr_null(deadline_ring());
	assert_left(d.timer, HOUR);
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
	deadline_await(&d, DEADLINE_CLIENT, -1);
	while (told == NULL) {
		ck_assert_int_eq(read(pipes[0], &c, 1), -1);
		ck_assert_int_eq(errno, EINTR);
	}
	ck_assert_str_eq(deadline_passed(&d), IDLE);
	deadline_end(&d);
}
END_TEST

/* Whoever holds signals back, or a filesystem that lets none through, holds nothing up. */
START_TEST(work_without_an_end_is_killed)
{
	const struct itimerspec soon = { .it_value = { .tv_nsec = 1 } };
	int status;
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		struct deadline d;
		sigset_t all;

		sigfillset(&all);
		if (sigprocmask(SIG_SETMASK, &all, NULL) == -1 || deadline_init(&d, 0, HOUR) == -1 ||
		    timer_settime(d.killer, 0, &soon, NULL) == -1)
			_exit(1);
		sleep(PATIENCE);
		_exit(2);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}
END_TEST

/* The signal of somebody who says that he is a timer. */
START_TEST(who_says_that_he_is_a_timer)
{
	union sigval anything = { .sival_ptr = (void *)8 };
	struct deadline d;

	catch_alarms();
	ck_assert_ptr_null(deadline_ring());
	ck_assert_int_eq(deadline_init(&d, HOUR, HOUR), 0);
	deadline_await(&d, DEADLINE_CLIENT, -1);
	ck_assert_int_eq(sigqueue(getpid(), SIGALRM, anything), 0);
	ck_assert_str_eq(told, "not a timer");
	ck_assert_ptr_null(deadline_ring());
	ck_assert_ptr_null(deadline_passed(&d));
	deadline_end(&d);
	ck_assert_ptr_null(deadline_ring());
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
		ck_assert_int_gt(left(d.timer), (int64_t)HOUR * NANO);
		ck_assert_int_gt(left(d.killer), (int64_t)HOUR * NANO);
		ck_assert(deadline_await(&d, DEADLINE_CLIENT, -1));
		ck_assert_ptr_null(deadline_ring());
		ck_assert_int_gt(left(d.timer), (int64_t)HOUR * NANO);
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
	ck_assert(is_gone(d.timer));
	ck_assert(is_gone(d.killer));
	deadline_end(&d);
	ck_assert_ptr_null(deadline_passed(&d));
	ck_assert_ptr_null(deadline_ring());
	ck_assert_int_eq(signals, 0);
}
END_TEST

/*
 * Each timer counts as a signal that waits; sshd may allow few.  A process of its own, for Check has a
 * timer, too.
 */
static int
fail_with(rlim_t allowed)
{
	struct rlimit limit;
	struct deadline d;

	if (getrlimit(RLIMIT_SIGPENDING, &limit) == -1)
		return 1;
	limit.rlim_cur = allowed;
	/* Nobody else of this account has signals that count. */
	if (setrlimit(RLIMIT_SIGPENDING, &limit) == -1 || setresuid(STRANGER, STRANGER, STRANGER) == -1)
		return 2;
	if (deadline_init(&d, HOUR, HOUR) != -1 || errno != EAGAIN || d.has_timer || d.has_killer)
		return 3;
	/* What the first one took is free again. */
	return allowed == 0 || deadline_init(&d, HOUR, 0) == 0 ? 0 : 4;
}

START_TEST(nothing_is_left_of_a_failure)
{
	for (rlim_t allowed = 0; allowed < 2; allowed++) {
		int status;
		pid_t child;

		if (lacks_root("an account that has no other signals"))
			return;
		child = fork();
		ck_assert_int_ge(child, 0);
		if (child == 0)
			_exit(fail_with(allowed));
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		ck_assert_int_eq(status, 0);
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
		_exit(is_gone(d.timer) && is_gone(d.killer) ? 0 : 1);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	ck_assert_int_gt(left(d.timer), 0);
	deadline_end(&d);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, none_is_none);
	tcase_add_test(t, time_is_up_when_the_client_does_nothing);
	tcase_add_test(t, time_is_up_although_something_moves);
	tcase_add_test(t, our_own_work_is_not_idle);
	tcase_add_test(t, our_own_work_comes_to_its_end);
	tcase_add_test(t, what_moves_waits_for_one_of_two);
	tcase_add_test(t, the_sooner_one_is_waited_for);
	tcase_add_test(t, a_read_is_interrupted);
	tcase_add_test(t, work_without_an_end_is_killed);
	tcase_add_test(t, who_says_that_he_is_a_timer);
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
