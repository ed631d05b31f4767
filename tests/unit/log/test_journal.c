/* SPDX-License-Identifier: ISC */
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <limits.h>
#include <signal.h>
#include <time.h>

#include "log/journal.h"
#include "readers.h"
#include "unit.h"

/* Some record: a line has a newline, a datagram has none. */
#define RECORD "refused \"/dir/x\" reason \"why\""
#define LINE RECORD "\n"

enum {
	MANY = 100000,		/* records: more than any queue takes */
	LONG = PIPE_BUF + 1000,	/* bytes of a line that no pipe takes in one piece */
	SOON = 1,		/* milliseconds: patience where nobody will make room */
	LATE = 50000,		/* the same where somebody will, however busy the machine is */
	DISTURBANCES = 3	/* signals that interrupt one wait */
};

static struct journal j;
static char long_line[LONG + 1];

static int
write_text(const char *text)
{
	return journal_write(&j, text, strlen(text));
}

static void
make_long_line(void)
{
	memset(long_line, 'x', LONG - 1);
	long_line[LONG - 1] = '\n';
}

/* Begins at the daemon's socket: 0, or -1. */
static int
begin_socket(void)
{
	static struct sockaddr_un name;

	socket_name(&name);
	return journal_to_socket(&j, name.sun_path);
}

START_TEST(no_journal)
{
	memset(&j, 0xff, sizeof(j));
	journal_init(&j);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(j.fd, -1);
		ck_assert_ptr_null(j.path);
		ck_assert(!j.torn);
		errno = 0;
		ck_assert_int_eq(write_text(LINE), -1);
		ck_assert_int_eq(errno, ENOTCONN);
		journal_close(&j);
	}
}
END_TEST

START_TEST(lines_to_a_descriptor)
{
	int fd = openat(unit_fd, "log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	journal_to_fd(&j, fd, JOURNAL_PATIENCE);
	ck_assert_int_eq(write_text(LINE), 0);
	make_long_line();
	ck_assert_int_eq(write_text(long_line), 0);
	/* All that is said counts, whatever it is. */
	ck_assert_int_eq(journal_write(&j, "a\0b\n", 4), 0);
	ck_assert_int_eq(journal_write(&j, LINE, 0), 0);
	ck_assert(!j.torn);
	ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), (off_t)(strlen(LINE) + LONG + 4));
	ck_assert_int_eq(memcmp(get_file("log"), LINE, strlen(LINE)), 0);
	ck_assert_str_eq(get_file("log") + strlen(LINE) + LONG, "a");
	/* It is borrowed. */
	journal_close(&j);
	ck_assert_int_eq(j.fd, -1);
	ck_assert_int_eq(close(fd), 0);
}
END_TEST

START_TEST(a_line_is_one_write)
{
	static char got[LONG + 1];
	int pair[2];

	make_long_line();
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	journal_to_fd(&j, pair[0], JOURNAL_PATIENCE);
	for (int i = 0; i < 20; i++) {
		const char *line = i % 2 == 0 ? LINE : long_line;

		ck_assert_int_eq(write_text(line), 0);
		ck_assert_int_eq(recv(pair[1], got, sizeof(got), MSG_DONTWAIT),
		    (ssize_t)strlen(line));
		ck_assert_int_eq(memcmp(got, line, strlen(line)), 0);
		ck_assert_int_eq(recv(pair[1], got, sizeof(got), MSG_DONTWAIT), -1);
	}
}
END_TEST

START_TEST(a_descriptor_that_takes_nothing)
{
	int pipes[2], none;

	signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(pipe(pipes), 0);
	close(pipes[0]);
	journal_to_fd(&j, pipes[1], JOURNAL_PATIENCE);
	ck_assert_int_eq(write_text(LINE), -1);
	ck_assert_int_eq(errno, EPIPE);
	none = open("/dev/null", O_RDONLY | O_CLOEXEC);
	journal_to_fd(&j, none, JOURNAL_PATIENCE);
	ck_assert_int_eq(write_text(LINE), -1);
	ck_assert_int_eq(errno, EBADF);
	close(none);
	ck_assert_int_eq(write_text(LINE), -1);
	ck_assert_int_eq(errno, EBADF);
	ck_assert(!j.torn);
}
END_TEST

/* Whoever reads a pipe may stop doing so: no record is worth a session that never ends. */
START_TEST(a_full_pipe_does_not_hold_the_session)
{
	int pipes[2];

	ck_assert_int_eq(pipe(pipes), 0);
	journal_to_fd(&j, pipes[1], JOURNAL_PATIENCE);
	ck_assert_int_gt(j.patience, 0);
	fill_pipe(pipes[1], 0);
	j.patience = SOON;
	ck_assert_int_eq(write_text(LINE), -1);
	ck_assert_int_eq(errno, EAGAIN);
	/* Nor does the next one wait. */
	ck_assert_int_eq(j.patience, 0);
	ck_assert_int_eq(write_text(LINE), -1);
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert(!j.torn);
	ck_assert_str_eq(empty_pipe(pipes[0]), "");
	ck_assert_int_eq(write_text(LINE), 0);
	ck_assert_int_gt(j.patience, SOON);
	ck_assert_str_eq(empty_pipe(pipes[0]), LINE);
}
END_TEST

/* What does not fit as a whole must not be waited for, and what is torn must not spoil the next. */
START_TEST(a_pipe_with_room_for_half_a_line)
{
	int pipes[2];
	char *got;

	make_long_line();
	ck_assert_int_eq(pipe(pipes), 0);
	journal_to_fd(&j, pipes[1], JOURNAL_PATIENCE);
	fill_pipe(pipes[1], 1);
	j.patience = SOON;
	ck_assert_int_eq(write_text(long_line), -1);
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert(j.torn);
	got = empty_pipe(pipes[0]);
	ck_assert_uint_eq(strlen(got), PIPE_BUF);
	ck_assert_ptr_null(strchr(got, '\n'));
	/* Nothing of a line at all leaves it as it is. */
	fill_pipe(pipes[1], 0);
	ck_assert_int_eq(write_text("\n" LINE), -1);
	ck_assert(j.torn);
	ck_assert_str_eq(empty_pipe(pipes[0]), "");
	ck_assert_int_eq(write_text("\n" LINE), 0);
	ck_assert(!j.torn);
	ck_assert_int_eq(write_text(LINE), 0);
	ck_assert(!j.torn);
	ck_assert_str_eq(empty_pipe(pipes[0]), "\n" LINE LINE);
}
END_TEST

/* A disk that is full, and then is not. */
START_TEST(a_line_that_is_torn)
{
	struct rlimit limit;
	int fd = openat(unit_fd, "log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	journal_to_fd(&j, fd, JOURNAL_PATIENCE);
	limit.rlim_cur = 10;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	for (int i = 0; i < 2; i++) {
		errno = 0;
		ck_assert_int_eq(write_text(LINE), -1);
		ck_assert_int_eq(errno, EFBIG);
		ck_assert(j.torn);
		ck_assert_str_eq(get_file("log"), "refused \"/");
	}
	limit.rlim_cur = limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(write_text("\n" LINE), 0);
	ck_assert(!j.torn);
	ck_assert_str_eq(get_file("log"), "refused \"/\n" LINE);
	/* Whoever begins again begins with no half line. */
	j.torn = true;
	journal_to_fd(&j, fd, JOURNAL_PATIENCE);
	ck_assert(!j.torn);
	close(fd);
}
END_TEST

/* Reads what is in the pipe or socket FD, but not before a while, and then ends. */
static pid_t
read_later(int fd, size_t n)
{
	pid_t child = fork();

	if (child == 0) {
		static char all[1 << 17];
		struct timespec while_ = { .tv_nsec = 200000000 };
		struct pollfd p = { .fd = fd, .events = POLLIN };

		nanosleep(&while_, NULL);
		for (size_t got = 0; got < n;) {
			ssize_t more;

			poll(&p, 1, -1);
			more = read(fd, all, sizeof(all));
			if (more > 0)
				got += (size_t)more;
		}
		_exit(0);
	}
	ck_assert_int_gt(child, 0);
	return child;
}

static volatile sig_atomic_t alarms;

static void
undisturb(void)
{
	struct itimerval never = { { 0, 0 }, { 0, 0 } };

	setitimer(ITIMER_REAL, &never, NULL);
}

static void
count_alarm(int signal)
{
	(void)signal;
	if (++alarms == DISTURBANCES)
		undisturb();
}

/* Interrupts whatever waits, a few times. */
static void
disturb(void)
{
	struct sigaction action = { .sa_handler = count_alarm };
	struct itimerval often = { { 0, 50000 }, { 0, 50000 } };

	alarms = 0;
	ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
}

START_TEST(a_line_waits_for_room)
{
	for (int flags = 0; flags <= O_NONBLOCK; flags += O_NONBLOCK) {
		int pipes[2], size;
		pid_t child;

		ck_assert_int_eq(pipe2(pipes, flags), 0);
		size = fcntl(pipes[1], F_GETPIPE_SZ);
		journal_to_fd(&j, pipes[1], JOURNAL_PATIENCE);
		fill_pipe(pipes[1], 0);
		j.patience = LATE;
		child = read_later(pipes[0], (size_t)size);
		disturb();
		ck_assert_int_eq(write_text(LINE), 0);
		undisturb();
		ck_assert_int_eq(waitpid(child, NULL, 0), child);
		close(pipes[0]);
		close(pipes[1]);
	}
}
END_TEST

START_TEST(a_long_line_goes_through_a_small_pipe)
{
	int pipes[2];
	pid_t child;

	make_long_line();
	ck_assert_int_eq(pipe2(pipes, O_NONBLOCK), 0);
	ck_assert_int_eq(fcntl(pipes[1], F_SETPIPE_SZ, PAGE), PAGE);
	journal_to_fd(&j, pipes[1], JOURNAL_PATIENCE);
	j.patience = LATE;
	child = read_later(pipes[0], LONG);
	ck_assert_int_eq(write_text(long_line), 0);
	ck_assert(!j.torn);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
}
END_TEST

START_TEST(records_to_a_socket)
{
	int daemon, before = count_descriptors();

	daemon = start_daemon();
	ck_assert_int_eq(begin_socket(), 0);
	ck_assert_int_eq(fcntl(j.fd, F_GETFD), FD_CLOEXEC);
	make_long_line();
	ck_assert_int_eq(write_text(RECORD), 0);
	ck_assert_int_eq(write_text(long_line), 0);
	ck_assert_str_eq(receive(daemon), RECORD);
	ck_assert_str_eq(receive(daemon), long_line);
	ck_assert(!has_record(daemon));
	/* It is owned. */
	journal_close(&j);
	journal_close(&j);
	close(daemon);
	ck_assert_int_eq(count_descriptors(), before);
}
END_TEST

START_TEST(nobody_is_there)
{
	struct sockaddr_un name;
	int before = count_descriptors();

	ck_assert_int_eq(begin_socket(), -1);
	ck_assert_int_eq(errno, ENOENT);
	/* Whoever goes on all the same fails with each record. */
	ck_assert_int_eq(write_text(RECORD), -1);
	ck_assert_int_eq(errno, ENOTCONN);
	journal_close(&j);
	/* A socket whose owner has gone. */
	close(start_daemon());
	ck_assert_int_eq(begin_socket(), -1);
	ck_assert_int_eq(errno, ECONNREFUSED);
	journal_close(&j);
	socket_name(&name);
	ck_assert_int_eq(unlink(name.sun_path), 0);
	put_file("socket", "", 0644);
	ck_assert_int_eq(begin_socket(), -1);
	ck_assert_int_eq(errno, ECONNREFUSED);
	journal_close(&j);
	ck_assert_int_eq(count_descriptors(), before);
}
END_TEST

/* A socket of another kind is nobody we can talk to. */
START_TEST(a_stream_is_no_log)
{
	struct sockaddr_un name;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), before;

	socket_name(&name);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	before = count_descriptors();
	ck_assert_int_eq(begin_socket(), -1);
	ck_assert_int_eq(errno, EPROTOTYPE);
	ck_assert_int_eq(j.fd, -1);
	journal_close(&j);
	ck_assert_int_eq(count_descriptors(), before);
}
END_TEST

START_TEST(the_name_of_a_socket_is_not_cut)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	char path[256];
	int daemon = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memset(path, 'x', sizeof(path));
	memcpy(path, unit_path, strlen(unit_path));
	path[strlen(unit_path)] = '/';
	path[sizeof(name.sun_path)] = '\0';
	ck_assert_int_eq(journal_to_socket(&j, path), -1);
	ck_assert_int_eq(errno, ENAMETOOLONG);
	journal_close(&j);
	path[sizeof(name.sun_path) - 1] = '\0';
	memcpy(name.sun_path, path, sizeof(name.sun_path));
	ck_assert_int_eq(bind(daemon, (struct sockaddr *)&name, sizeof(name)), 0);
	ck_assert_int_eq(journal_to_socket(&j, path), 0);
	ck_assert_int_eq(write_text(RECORD), 0);
	ck_assert(has_record(daemon));
	journal_close(&j);
}
END_TEST

START_TEST(a_daemon_that_starts_anew_is_found)
{
	int daemon = start_daemon(), before;

	ck_assert_int_eq(begin_socket(), 0);
	ck_assert_int_eq(write_text(RECORD), 0);
	ck_assert(has_record(daemon));
	before = count_descriptors();
	for (int i = 0; i < 3; i++) {
		close(daemon);
		daemon = start_daemon();
		ck_assert_int_eq(write_text(RECORD), 0);
		ck_assert(has_record(daemon));
		ck_assert_int_eq(write_text(RECORD), 0);
		ck_assert(has_record(daemon));
		ck_assert(!has_record(daemon));
	}
	ck_assert_int_eq(count_descriptors(), before);
	journal_close(&j);
	ck_assert_int_eq(count_descriptors(), before - 1);
}
END_TEST

/* While it is not there records are lost, but not those after them. */
START_TEST(a_daemon_that_takes_its_time)
{
	int daemon = start_daemon();

	ck_assert_int_eq(begin_socket(), 0);
	ck_assert_int_eq(write_text(RECORD), 0);
	ck_assert(has_record(daemon));
	close(daemon);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(write_text(RECORD), -1);
		ck_assert_int_eq(errno, ECONNREFUSED);
	}
	daemon = start_daemon();
	ck_assert_int_eq(write_text("x"), 0);
	ck_assert_str_eq(receive(daemon), "x");
	ck_assert(!has_record(daemon));
	journal_close(&j);
}
END_TEST

START_TEST(a_full_queue_does_not_hold_the_session)
{
	int daemon = start_daemon(), queued = 0, got = 0;

	ck_assert_int_eq(begin_socket(), 0);
	ck_assert_int_gt(j.patience, 0);
	/* Every record that is written gives its patience back. */
	while (j.patience > 0 && queued < MANY) {
		j.patience = SOON;
		if (write_text(RECORD) == -1)
			break;
		queued++;
	}
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_int_gt(queued, 0);
	ck_assert_int_eq(j.patience, 0);
	ck_assert_int_eq(write_text(RECORD), -1);
	ck_assert_int_eq(errno, EAGAIN);
	/* Whoever reads again gets what comes then. */
	ck_assert(has_record(daemon));
	ck_assert_int_eq(write_text(RECORD), 0);
	ck_assert_int_gt(j.patience, SOON);
	while (has_record(daemon))
		got++;
	ck_assert_int_eq(got, queued);
	journal_close(&j);
}
END_TEST

START_TEST(a_record_waits_for_room)
{
	int daemon = start_daemon(), queued = 0;
	pid_t child;

	ck_assert_int_eq(begin_socket(), 0);
	for (j.patience = 0; write_text(RECORD) == 0; j.patience = 0)
		ck_assert_int_lt(queued++, MANY);
	journal_close(&j);
	ck_assert_int_eq(begin_socket(), 0);
	j.patience = LATE;
	child = read_later(daemon, 1);
	disturb();
	ck_assert_int_eq(write_text(RECORD), 0);
	undisturb();
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	journal_close(&j);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, no_journal);
	tcase_add_test(t, lines_to_a_descriptor);
	tcase_add_test(t, a_line_is_one_write);
	tcase_add_test(t, a_descriptor_that_takes_nothing);
	tcase_add_test(t, a_full_pipe_does_not_hold_the_session);
	tcase_add_test(t, a_pipe_with_room_for_half_a_line);
	tcase_add_test(t, a_line_that_is_torn);
	tcase_add_test(t, a_line_waits_for_room);
	tcase_add_test(t, a_long_line_goes_through_a_small_pipe);
	tcase_add_test(t, records_to_a_socket);
	tcase_add_test(t, nobody_is_there);
	tcase_add_test(t, a_stream_is_no_log);
	tcase_add_test(t, the_name_of_a_socket_is_not_cut);
	tcase_add_test(t, a_daemon_that_starts_anew_is_found);
	tcase_add_test(t, a_daemon_that_takes_its_time);
	tcase_add_test(t, a_full_queue_does_not_hold_the_session);
	tcase_add_test(t, a_record_waits_for_room);
}

int
main(void)
{
	return run_unit("journal", add);
}
