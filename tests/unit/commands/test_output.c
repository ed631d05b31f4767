/* SPDX-License-Identifier: ISC */
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <signal.h>
#include <time.h>

#include "commands/output.h"
#include "unit.h"
#include "wire/clock.h"

enum {
	LOOKS = 3,		/* after which a slow reader reads */
	NEVER = 0,
	PIECE = 1000		/* bytes that do not divide the room */
};

static struct output output;	/* too large for a stack */
static struct stream stream;
static int out = -1, err = -1;	/* where the client reads; a file is at its end */

/* Time is what was slept since the test began, and the client reads its errors at some look. */
static bool slept_only;
static struct timespec begun;
static int64_t slept;
static int looks, reads_at;

int
clock_gettime(clockid_t clock, struct timespec *t)
{
	if (!slept_only)
		return (int)syscall(SYS_clock_gettime, clock, t);
	*t = clock_timespec(begun.tv_sec * (int64_t)CLOCK_NANO + begun.tv_nsec + slept);
	return 0;
}

/* What waits in the pipe or socket FD. */
static const char *
hear(int fd)
{
	static char text[1 << 17];
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	return text;
}

static int
count_waiting(int fd)
{
	int n;

	ck_assert_int_eq(ioctl(fd, FIONREAD, &n), 0);
	return n;
}

int
nanosleep(const struct timespec *wanted, struct timespec *left)
{
	if (!slept_only)
		return (int)syscall(SYS_nanosleep, wanted, left);
	slept += wanted->tv_sec * (int64_t)CLOCK_NANO + wanted->tv_nsec;
	if (++looks == reads_at) {
		ck_assert_int_eq(count_waiting(out), 0);
		ck_assert_str_ne(hear(err), "");
	}
	return 0;
}

/* The output is a pipe, and ERRORS what messages go to; the client reads at ERR. */
static void
begin(int errors)
{
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	out = fds[0];
	ck_assert_int_ne(fcntl(out, F_SETFL, O_NONBLOCK), -1);
	ck_assert_int_ne(fcntl(fds[1], F_SETPIPE_SZ, 1 << 18), -1);
	stream_init(&stream, -1, fds[1], 0);
	output_init(&output, &stream, errors);
	ck_assert(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
	slept_only = false;
	ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &begun), 0);
	slept_only = true;
	looks = 0;
	slept = 0;
	reads_at = NEVER;
}

static void
begin_pipe(void)
{
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	err = fds[0];
	ck_assert_int_ne(fcntl(err, F_SETFL, O_NONBLOCK), -1);
	begin(fds[1]);
}

static void
begin_socket(void)
{
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	err = fds[0];
	ck_assert_int_ne(fcntl(err, F_SETFL, O_NONBLOCK), -1);
	begin(fds[1]);
}

static void
put(const char *text)
{
	output_put(&output, text, strlen(text));
}

START_TEST(rule_17_output_collects)
{
	begin_pipe();
	put("a");
	output_print(&output, "%d-%s\n", 5, "b");
	ck_assert_int_eq(count_waiting(out), 0);
	ck_assert_int_eq(output_flush(&output), 0);
	ck_assert_str_eq(hear(out), "a5-b\n");
	ck_assert_int_eq(output_flush(&output), 0);
	ck_assert_str_eq(hear(out), "");
	ck_assert_int_eq(looks, 0);
}
END_TEST

START_TEST(rule_17_output_leaves_when_there_is_no_room)
{
	static char piece[PIECE];

	memset(piece, 'x', sizeof(piece));
	begin_pipe();
	for (int i = 0; i < OUTPUT_ROOM / PIECE; i++)
		output_put(&output, piece, PIECE);
	ck_assert_int_eq(count_waiting(out), 0);
	output_put(&output, piece, PIECE);
	ck_assert_int_eq(count_waiting(out), OUTPUT_ROOM);
	ck_assert_int_eq(output_flush(&output), 0);
	ck_assert_int_eq(count_waiting(out), (OUTPUT_ROOM / PIECE + 1) * PIECE);
	ck_assert_uint_eq(strspn(hear(out), "x"), (OUTPUT_ROOM / PIECE + 1) * PIECE);
}
END_TEST

START_TEST(rule_17_output_leaves_before_a_message)
{
	begin_pipe();
	put("a\n");
	output_say(&output, "b: c");
	ck_assert_str_eq(hear(out), "a\n");
	ck_assert_str_eq(hear(err), "b: c\n");
}
END_TEST

/* A message, and output behind it, which the reader at ERR must not see before. */
static void
check_reason_first(void)
{
	reads_at = LOOKS;
	output_say(&output, "reason");
	put("marker\n");
	ck_assert_int_eq(count_waiting(out), 0);
	ck_assert_int_eq(output_flush(&output), 0);
	ck_assert_int_eq(looks, LOOKS);
	ck_assert_str_eq(hear(out), "marker\n");
	/* Once is enough. */
	put("more\n");
	ck_assert_int_eq(output_flush(&output), 0);
	ck_assert_int_eq(looks, LOOKS);
}

START_TEST(rule_14_a_reason_in_a_pipe_is_read_before_the_marker)
{
	begin_pipe();
	check_reason_first();
}
END_TEST

START_TEST(rule_14_a_reason_in_a_socket_is_read_before_the_marker)
{
	begin_socket();
	check_reason_first();
}
END_TEST

START_TEST(rule_14_nobody_waits_for_ever)
{
	begin_pipe();
	output_say(&output, "reason");
	put("marker\n");
	ck_assert_int_eq(output_flush(&output), 0);
	ck_assert_int_eq(slept, OUTPUT_DRAIN * (int64_t)(CLOCK_NANO / 1000));
	ck_assert_int_eq(looks, OUTPUT_DRAIN * 10);
	ck_assert_str_eq(hear(out), "marker\n");
	ck_assert_str_eq(hear(err), "reason\n");
}
END_TEST

START_TEST(rule_14_who_has_read_is_not_waited_for)
{
	begin_pipe();
	output_say(&output, "reason");
	ck_assert_str_eq(hear(err), "reason\n");
	put("marker\n");
	ck_assert_int_eq(output_flush(&output), 0);
	ck_assert_int_eq(looks, 0);
}
END_TEST

/* Nobody can tell who has read a file, whatever stands behind where we write, nor a device. */
START_TEST(rule_14_files_are_not_waited_for)
{
	int file = openat(unit_fd, "errors", O_RDWR | O_CREAT, 0600);

	ck_assert_int_eq(ftruncate(file, 4096), 0);
	begin(file);
	output_say(&output, "reason");
	put("marker\n");
	ck_assert_int_eq(output_flush(&output), 0);
	ck_assert_int_eq(looks, 0);
	begin(open("/dev/null", O_WRONLY | O_CLOEXEC));
	output_say(&output, "reason");
	put("marker\n");
	ck_assert_int_eq(output_flush(&output), 0);
	ck_assert_int_eq(looks, 0);
	ck_assert_str_eq(hear(out), "marker\n");
}
END_TEST

/* What a copy writes comes behind a reason, too, though nothing of ours is to be written. */
START_TEST(rule_14_others_write_behind_a_reason)
{
	begin_pipe();
	reads_at = LOOKS;
	output_say(&output, "reason");
	ck_assert_int_eq(output_settle(&output), 0);
	ck_assert_int_eq(looks, LOOKS);
	ck_assert_int_eq(output_settle(&output), 0);
	ck_assert_int_eq(looks, LOOKS);
	put("a");
	ck_assert_int_eq(output_settle(&output), 0);
	ck_assert_str_eq(hear(out), "a");
}
END_TEST

START_TEST(rule_15_sinks)
{
	static const struct {
		enum script_sink output_to, errors_to;
		const char *out, *err;
	} rows[] = {
		{ SCRIPT_OUTPUT, SCRIPT_ERRORS, "ac", "b\n" },
		{ SCRIPT_OUTPUT, SCRIPT_OUTPUT, "ab\nc", "" },
		{ SCRIPT_ERRORS, SCRIPT_ERRORS, "", "ab\nc" },
		{ SCRIPT_ERRORS, SCRIPT_OUTPUT, "b\n", "ac" },
		{ SCRIPT_NOWHERE, SCRIPT_ERRORS, "", "b\n" },
		{ SCRIPT_OUTPUT, SCRIPT_NOWHERE, "ac", "" },
		{ SCRIPT_NOWHERE, SCRIPT_NOWHERE, "", "" },
		{ SCRIPT_NOWHERE, SCRIPT_OUTPUT, "b\n", "" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		begin_pipe();
		output.output_to = rows[i].output_to;
		output.errors_to = rows[i].errors_to;
		put("a");
		output_say(&output, "b");
		put("c");
		ck_assert_int_eq(output_flush(&output), 0);
		ck_assert_str_eq(hear(out), rows[i].out);
		ck_assert_str_eq(hear(err), rows[i].err);
	}
}
END_TEST

START_TEST(nobody_reads_any_more)
{
	static char much[2 * OUTPUT_ROOM];

	begin_pipe();
	close(out);
	put("a");
	ck_assert_int_eq(output_flush(&output), -1);
	output_put(&output, much, sizeof(much));
	output_say(&output, "b");
	ck_assert_str_eq(hear(err), "");
	ck_assert_int_eq(output_flush(&output), -1);
	ck_assert_int_eq(output_settle(&output), -1);
	/* Nor the messages. */
	begin_pipe();
	close(err);
	output_say(&output, "b");
	put("a");
	ck_assert_int_eq(output_flush(&output), -1);
	ck_assert_str_eq(hear(out), "");
	/* A full room is told of by the next one who asks. */
	begin_pipe();
	close(out);
	output_put(&output, much, sizeof(much));
	ck_assert_int_eq(output_flush(&output), -1);
}
END_TEST

/* A message is a line, however long, and leaves at once. */
START_TEST(a_message_is_a_line)
{
	static char line[3 * PATH_MAX];
	const char *got;

	memset(line, 'x', sizeof(line) - 1);
	for (size_t len = 0; len < sizeof(line); len = len < 8185 ? 8185 : len + 1) {
		begin_pipe();
		line[len] = '\0';
		output_say(&output, line);
		line[len] = 'x';
		got = hear(err);
		ck_assert_uint_ge(strlen(got), len < 8000 ? len + 1 : 8000);
		ck_assert_ptr_eq(strchr(got, '\n'), got + strlen(got) - 1);
		close(err);
		close(out);
		close(output.errors);
		close(stream.out);
		if (len > 8200)
			break;
	}
}
END_TEST

START_TEST(names_without_some_bytes)
{
	begin_pipe();
	output_put_name(&output, "", "x");
	output_put_name(&output, "axbxx", "x");
	output_put_name(&output, "|a\nb", "");
	output_put_name(&output, "|a\nb\t", "\n\t");
	ck_assert_int_eq(output_flush(&output), 0);
	ck_assert_str_eq(hear(out), "a?b??|a\nb|a?b?");
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, rule_17_output_collects);
	tcase_add_test(t, rule_17_output_leaves_when_there_is_no_room);
	tcase_add_test(t, rule_17_output_leaves_before_a_message);
	tcase_add_test(t, rule_14_a_reason_in_a_pipe_is_read_before_the_marker);
	tcase_add_test(t, rule_14_a_reason_in_a_socket_is_read_before_the_marker);
	tcase_add_test(t, rule_14_nobody_waits_for_ever);
	tcase_add_test(t, rule_14_who_has_read_is_not_waited_for);
	tcase_add_test(t, rule_14_files_are_not_waited_for);
	tcase_add_test(t, rule_14_others_write_behind_a_reason);
	tcase_add_test(t, rule_15_sinks);
	tcase_add_test(t, nobody_reads_any_more);
	tcase_add_test(t, a_message_is_a_line);
	tcase_add_test(t, names_without_some_bytes);
}

int
main(void)
{
	return run_unit("output", add);
}
