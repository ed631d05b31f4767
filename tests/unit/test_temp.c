/* SPDX-License-Identifier: ISC */
#include <sys/wait.h>

#include <signal.h>

#include "temp.h"
#include "unit.h"

#define OLD "what was there"
#define NEW "what is new"

static struct temp temp;
static int unset;

/* Opens a temporary for "f", by its loop index without a name or with one, and writes NEW to it. */
static void
begin(int named, mode_t mode)
{
	temp_init(&temp);
	temp.named_only = named != 0;
	ck_assert_msg(temp_open(&temp, unit_fd, "f", mode) == 0, "temp_open: %s", strerror(errno));
	ck_assert_int_eq(temp.unnamed, named == 0);
	ck_assert_int_eq(write(temp.fd, NEW, strlen(NEW)), (ssize_t)strlen(NEW));
}

static bool
is_hidden_name(const char *name)
{
	return strncmp(name, ".scp-", strlen(".scp-")) == 0 && exists(name);
}

START_TEST(nothing_shows_until_the_name_is_taken)
{
	umask(022);
	begin(_i, 0666);
	ck_assert_ptr_null(get_file("f"));
	ck_assert_int_eq(count_entries("."), _i);
	ck_assert_int_eq(is_hidden_name(temp.name), _i);
	ck_assert_int_eq(temp_take_name(&temp, false, &unset), 0);
	ck_assert_int_eq(temp.fd, -1);
	ck_assert_str_eq(get_file("f"), NEW);
	ck_assert_uint_eq(mode_of("f"), 0644);
	temp_end(&temp);
	ck_assert_int_eq(count_entries("."), 1);
}
END_TEST

START_TEST(a_file_is_replaced_in_one_step)
{
	static const bool expected[] = { false, true };

	/* One that turned up meanwhile is replaced as well as one that was expected. */
	for (size_t i = 0; i < 2; i++) {
		put_file("f", OLD, 0600);
		begin(_i, 0640);
		ck_assert_str_eq(get_file("f"), OLD);
		ck_assert_int_eq(temp_take_name(&temp, expected[i], &unset), 0);
		ck_assert_str_eq(get_file("f"), NEW);
		temp_end(&temp);
		ck_assert_int_eq(count_entries("."), 1);
	}
}
END_TEST

START_TEST(a_link_that_turned_up_is_replaced_and_not_followed)
{
	put_file("precious", OLD, 0600);
	begin(_i, 0644);
	ck_assert_int_eq(symlinkat("precious", unit_fd, "f"), 0);
	ck_assert_int_eq(temp_take_name(&temp, false, &unset), 0);
	ck_assert_str_eq(get_file("precious"), OLD);
	ck_assert_str_eq(get_file("f"), NEW);
	ck_assert_uint_eq(mode_of("f"), 0644);
	temp_end(&temp);
}
END_TEST

START_TEST(a_directory_that_turned_up_is_left_alone)
{
	begin(_i, 0644);
	ck_assert_int_eq(mkdirat(unit_fd, "f", 0755), 0);
	ck_assert_int_eq(temp_take_name(&temp, false, &unset), -1);
	ck_assert_int_eq(errno, EISDIR);
	temp_end(&temp);
	ck_assert_int_eq(count_entries("."), 1);
	ck_assert_int_eq(count_entries("f"), 0);
}
END_TEST

START_TEST(the_end_removes_what_has_not_taken_its_name)
{
	temp_init(&temp);
	temp_end(&temp);
	put_file("f", OLD, 0600);
	begin(_i, 0644);
	temp_end(&temp);
	temp_end(&temp);
	ck_assert_str_eq(get_file("f"), OLD);
	ck_assert_int_eq(count_entries("."), 1);
}
END_TEST

/* Leaves a temporary of "f" behind, as SIGKILL does, and its hidden name in NAME. */
static void
leave_behind(char *name, mode_t mode)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		begin(1, mode);
		raise(SIGKILL);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WTERMSIG(status), SIGKILL);
	ck_assert_int_eq(count_entries("."), 1);
	/* The first free name is always the same: the next one would have it, were it not taken. */
	begin(1, mode);
	strcpy(name, temp.name);
	temp_end(&temp);
	ck_assert_int_eq(count_entries("."), 0);
}

START_TEST(the_dead_are_removed_whatever_their_mode)
{
	static const mode_t modes[] = { 0644, 0400, 0200, 0000, 0111 };
	char name[NAME_MAX + 1];

	if (geteuid() == 0) {
		ck_assert_int_eq(fchown(unit_fd, 65534, 65534), 0);
		ck_assert_int_eq(seteuid(65534), 0);
	}
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		leave_behind(name, modes[i]);
	ck_assert_int_eq(seteuid(getuid()), 0);
}
END_TEST

START_TEST(the_living_are_not_touched)
{
	struct temp other;

	begin(1, 0644);
	other = temp;
	begin(1, 0644);
	ck_assert_str_ne(temp.name, other.name);
	ck_assert_int_eq(count_entries("."), 2);
	ck_assert_int_eq(temp_take_name(&other, true, &unset), 0);
	ck_assert_int_eq(temp_take_name(&temp, true, &unset), 0);
	temp_end(&other);
	temp_end(&temp);
	ck_assert_int_eq(count_entries("."), 1);
}
END_TEST

/* Processes that are killed together leave one each; the next upload finds them all. */
START_TEST(all_the_dead_are_removed)
{
	enum { DEAD = 5 };
	pid_t pids[DEAD];
	int told[2], status;
	char byte;

	ck_assert_int_eq(pipe(told), 0);
	for (int i = 0; i < DEAD; i++) {
		pids[i] = fork();
		ck_assert_int_ge(pids[i], 0);
		if (pids[i] == 0) {
			begin(1, 0644);
			(void)!write(told[1], "", 1);
			pause();
		}
		ck_assert_int_eq(read(told[0], &byte, 1), 1);
	}
	ck_assert_int_eq(count_entries("."), DEAD);
	for (int i = 0; i < DEAD; i++) {
		ck_assert_int_eq(kill(pids[i], SIGKILL), 0);
		ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
	}
	ck_assert_int_eq(count_entries("."), DEAD);
	begin(1, 0644);
	ck_assert_int_eq(count_entries("."), 1);
	temp_end(&temp);
	ck_assert_int_eq(count_entries("."), 0);
}
END_TEST

/* Whoever takes all names that can be foreseen does not keep others from uploading. */
START_TEST(taken_names_do_not_stop_anybody)
{
	char name[NAME_MAX + 1];
	int taken = 0;

	begin(1, 0644);
	strcpy(name, temp.name);
	temp_end(&temp);
	for (char *number = strrchr(name, '-') + 1; taken < 1024; taken++) {
		snprintf(number, 8, "%d", taken);
		ck_assert_int_eq(mkdirat(unit_fd, name, 0755), 0);
	}
	begin(_i, 0644);
	put_file("f", OLD, 0600);
	ck_assert_int_eq(temp_take_name(&temp, true, &unset), 0);
	temp_end(&temp);
	ck_assert_str_eq(get_file("f"), NEW);
	ck_assert_int_eq(count_entries("."), taken + 1);
}
END_TEST

/* A name of ours that is a link, a directory or another user's file is nobody's to remove. */
START_TEST(traps_are_walked_around)
{
	char name[NAME_MAX + 1];

	begin(1, 0644);
	strcpy(name, temp.name);
	temp_end(&temp);
	put_file("precious", OLD, 0600);

	ck_assert_int_eq(symlinkat("precious", unit_fd, name), 0);
	begin(1, 0644);
	ck_assert_str_ne(temp.name, name);
	temp_end(&temp);
	ck_assert(exists(name));
	ck_assert_int_eq(unlinkat(unit_fd, name, 0), 0);

	ck_assert_int_eq(mkdirat(unit_fd, name, 0755), 0);
	begin(1, 0644);
	ck_assert_str_ne(temp.name, name);
	temp_end(&temp);
	ck_assert(exists(name));
	ck_assert_str_eq(get_file("precious"), OLD);
}
END_TEST

START_TEST(a_mode_that_keeps_the_owner_out_waits)
{
	umask(022);
	begin(1, 0022);
	ck_assert_int_eq(temp.late_mode, true);
	ck_assert_uint_eq(temp.mode, 0);
	ck_assert_uint_eq(mode_of(temp.name), 0400);
	temp_end(&temp);
	begin(1, 0400);
	ck_assert_int_eq(temp.late_mode, false);
	temp_end(&temp);
}
END_TEST

/* By its loop index: unnamed, named, and unnamed over what turned up meanwhile. */
START_TEST(a_late_mode_is_set_in_the_end)
{
	umask(022);
	begin(_i == 1, 0644);
	if (_i == 2)
		put_file("f", OLD, 0600);
	temp_set_late_mode(&temp, 02010);
	ck_assert_int_eq(temp_take_name(&temp, false, &unset), 0);
	ck_assert_int_eq(unset, 0);
	ck_assert_uint_eq(mode_of("f"), 02010);
	temp_end(&temp);
	ck_assert_int_eq(count_entries("."), 1);
}
END_TEST

START_TEST(what_cannot_be_made_says_why)
{
	temp_init(&temp);
	temp.named_only = _i != 0;
	ck_assert_int_eq(mkdirat(unit_fd, "gone", 0755), 0);
	{
		int fd = openat(unit_fd, "gone", O_PATH | O_DIRECTORY | O_CLOEXEC);

		ck_assert_int_eq(unlinkat(unit_fd, "gone", AT_REMOVEDIR), 0);
		ck_assert_int_eq(temp_open(&temp, fd, "f", 0644), -1);
		ck_assert_int_eq(errno, ENOENT);
		close(fd);
	}
	temp_end(&temp);
	ck_assert_int_eq(temp.fd, -1);
	ck_assert_int_eq(count_entries("."), 0);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_loop_test(t, nothing_shows_until_the_name_is_taken, 0, 2);
	tcase_add_loop_test(t, a_file_is_replaced_in_one_step, 0, 2);
	tcase_add_loop_test(t, a_link_that_turned_up_is_replaced_and_not_followed, 0, 2);
	tcase_add_loop_test(t, a_directory_that_turned_up_is_left_alone, 0, 2);
	tcase_add_loop_test(t, the_end_removes_what_has_not_taken_its_name, 0, 2);
	tcase_add_test(t, the_dead_are_removed_whatever_their_mode);
	tcase_add_test(t, the_living_are_not_touched);
	tcase_add_test(t, all_the_dead_are_removed);
	tcase_add_loop_test(t, taken_names_do_not_stop_anybody, 0, 2);
	tcase_add_test(t, traps_are_walked_around);
	tcase_add_test(t, a_mode_that_keeps_the_owner_out_waits);
	tcase_add_loop_test(t, a_late_mode_is_set_in_the_end, 0, 3);
	tcase_add_loop_test(t, what_cannot_be_made_says_why, 0, 2);
}

int
main(void)
{
	return run_unit("temp", add);
}
