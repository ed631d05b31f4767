/* SPDX-License-Identifier: ISC */
#include <sys/wait.h>

#include <signal.h>

#include "process.h"
#include "unit.h"

enum {
	AS_WANTED = 0,
	UNWANTED = 9
};

/* Exit status, or a negative signal, of a process that does DEED. */
static int
end_of(int (*deed)(void))
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(deed());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int
tidy(bool all)
{
	int high = dup2(unit_fd, 200);

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		close(fd);
	if (process_tidy_descriptors(all) == -1)
		return UNWANTED;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) == -1)
			return UNWANTED + 1 + fd;
	return (fcntl(high, F_GETFD) == -1 && errno == EBADF) == all ? AS_WANTED : UNWANTED;
}

static int
tidy_all(void)
{
	return tidy(true);
}

static int
tidy_three(void)
{
	return tidy(false);
}

START_TEST(descriptors_are_open_and_no_others)
{
	ck_assert_int_eq(end_of(tidy_all), AS_WANTED);
	ck_assert_int_eq(end_of(tidy_three), AS_WANTED);
}
END_TEST

/* What is left to a process that got SIGNAL once: neither input nor output. */
static int
be_told(int signal)
{
	char byte;
	int ends[2];

	if (pipe(ends) == -1 || dup2(ends[0], STDIN_FILENO) == -1 ||
	    dup2(ends[1], STDOUT_FILENO) == -1)
		return UNWANTED;
	process_set_signals(false);
	if (write(STDOUT_FILENO, "x", 1) != 1 || raise(signal) != 0)
		return UNWANTED + 1;
	if (read(STDIN_FILENO, &byte, 1) != -1 || errno != EBADF)
		return UNWANTED + 2;
	if (write(STDOUT_FILENO, "x", 1) != -1 || errno != EBADF)
		return UNWANTED + 3;
	return AS_WANTED;
}

static int told_by_hangup(void) { return be_told(SIGHUP); }
static int told_by_interrupt(void) { return be_told(SIGINT); }
static int told_by_terminate(void) { return be_told(SIGTERM); }
static int told_by_alarm(void) { return be_told(SIGALRM); }

START_TEST(being_told_hangs_up)
{
	ck_assert_int_eq(end_of(told_by_hangup), AS_WANTED);
	ck_assert_int_eq(end_of(told_by_interrupt), AS_WANTED);
	ck_assert_int_eq(end_of(told_by_terminate), AS_WANTED);
	ck_assert_int_eq(end_of(told_by_alarm), AS_WANTED);
}
END_TEST

static int
be_told_twice(void)
{
	(void)be_told(SIGTERM);
	raise(SIGTERM);
	return UNWANTED;
}

/* What we were told is known, and is how we end, for whoever waits for us. */
static int
end_as_told(void)
{
	process_set_signals(false);
	if (process_told() != 0)
		return UNWANTED;
	raise(SIGINT);
	raise(SIGTERM);
	if (process_told() == 0)
		return UNWANTED;
	process_die(SIGINT);
}

START_TEST(being_told_is_an_end_of_its_kind)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(end_as_told());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGINT);
}
END_TEST

START_TEST(whoever_insists_kills)
{
	ck_assert_int_eq(end_of(be_told_twice), -SIGTERM);
}
END_TEST

static int
write_to_nobody(void)
{
	int ends[2];

	process_set_signals(false);
	if (pipe(ends) == -1 || close(ends[0]) == -1)
		return UNWANTED;
	return write(ends[1], "x", 1) == -1 && errno == EPIPE ? AS_WANTED : UNWANTED;
}

START_TEST(writing_to_nobody_is_an_error)
{
	ck_assert_int_eq(end_of(write_to_nobody), AS_WANTED);
}
END_TEST

static bool
is_ignored(int signal)
{
	struct sigaction now;

	return sigaction(signal, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

static const int ignorable[] = { SIGHUP, SIGINT, SIGTERM, SIGCHLD };

/* Bit by bit, which of these are ignored behind it, where all were before. */
static int
count_ignored(bool person)
{
	int ignored = 0;

	for (size_t i = 0; i < COUNT(ignorable); i++)
		signal(ignorable[i], SIG_IGN);
	process_set_signals(person);
	for (size_t i = 0; i < COUNT(ignorable); i++)
		ignored |= is_ignored(ignorable[i]) << i;
	return ignored;
}

static int of_person(void) { return count_ignored(true); }
static int of_server(void) { return count_ignored(false); }

/* As by nohup(1), and in the background of a script; what has become of a child is to be known. */
START_TEST(what_a_person_has_ignored_stays_so)
{
	ck_assert_int_eq(end_of(of_person), 1 << 0 | 1 << 1);
	ck_assert_int_eq(end_of(of_server), 1 << 3);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, descriptors_are_open_and_no_others);
	tcase_add_test(t, being_told_hangs_up);
	tcase_add_test(t, being_told_is_an_end_of_its_kind);
	tcase_add_test(t, whoever_insists_kills);
	tcase_add_test(t, writing_to_nobody_is_an_error);
	tcase_add_test(t, what_a_person_has_ignored_stays_so);
}

int
main(void)
{
	return run_unit("process", add);
}
