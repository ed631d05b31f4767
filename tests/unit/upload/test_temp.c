/* SPDX-License-Identifier: ISC */
#include <sys/wait.h>

#include <signal.h>

#include "numbered.h"
#include "upload/temp.h"

#define OLD "what was there"
#define NEW "what is new"

static struct temp temp;
static int unset;
static int no_flags_err;	/* what renames of a special kind fail with; 0: they work */

/* Some filesystems know no rename but the plain one. */
static int
rename_meets(unsigned flags)
{
	errno = no_flags_err;
	return flags == 0 || no_flags_err == 0 ? 0 : -1;
}

/* Opens a temporary for GOAL, without a name or with one, and writes NEW to it. */
static void
begin_as(int named, const char *goal, mode_t mode)
{
	temp_init(&temp);
	temp.named_only = named != 0;
	ck_assert_msg(temp_open(&temp, unit_fd, goal, mode) == 0, "temp_open: %s", strerror(errno));
	ck_assert_int_eq(temp.unnamed, named == 0);
	ck_assert_int_eq(write(temp.fd, NEW, strlen(NEW)), (ssize_t)strlen(NEW));
}

/* For "f", by its loop index. */
static void
begin(int named, mode_t mode)
{
	begin_as(named, "f", mode);
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
	ck_assert_int_eq(temp_take_name(&temp, TEMP_TAKE_NEW, &unset), 0);
	ck_assert_int_eq(temp.fd, -1);
	ck_assert_str_eq(get_file("f"), NEW);
	ck_assert_uint_eq(mode_of("f"), 0644);
	temp_end(&temp);
	ck_assert_int_eq(count_entries("."), 1);
}
END_TEST

START_TEST(a_file_is_replaced_in_one_step)
{
	static const enum temp_take takes[] = { TEMP_TAKE_NEW, TEMP_TAKE_OVER };

	/* One that turned up meanwhile is replaced as well as one that was expected. */
	for (size_t i = 0; i < 2; i++) {
		put_file("f", OLD, 0600);
		begin(_i, 0640);
		ck_assert_str_eq(get_file("f"), OLD);
		ck_assert_int_eq(temp_take_name(&temp, takes[i], &unset), 0);
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
	ck_assert_int_eq(temp_take_name(&temp, TEMP_TAKE_NEW, &unset), 0);
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
	ck_assert_int_eq(temp_take_name(&temp, TEMP_TAKE_NEW, &unset), -1);
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
	ck_assert_int_eq(temp_take_name(&other, TEMP_TAKE_OVER, &unset), 0);
	ck_assert_int_eq(temp_take_name(&temp, TEMP_TAKE_OVER, &unset), 0);
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
	ck_assert_int_eq(temp_take_name(&temp, TEMP_TAKE_OVER, &unset), 0);
	temp_end(&temp);
	ck_assert_str_eq(get_file("f"), NEW);
	ck_assert_int_eq(count_entries("."), taken + 1);
}
END_TEST

/* A name of ours that is a directory or another user's file is nobody's to remove. */
START_TEST(traps_are_walked_around)
{
	char name[NAME_MAX + 1];

	begin(1, 0644);
	strcpy(name, temp.name);
	temp_end(&temp);
	put_file("precious", OLD, 0600);

	/* A link of ours is one that somebody dead has left: it goes, and is not followed. */
	ck_assert_int_eq(symlinkat("precious", unit_fd, name), 0);
	begin(1, 0644);
	temp_end(&temp);
	ck_assert(!exists(name));
	ck_assert_str_eq(get_file("precious"), OLD);

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
	ck_assert_uint_eq(mode_of(temp.name), 0200);
	temp_end(&temp);
	begin(1, 0444);
	ck_assert_int_eq(temp.late_mode, true);
	ck_assert_uint_eq(temp.mode, 0444);
	ck_assert_uint_eq(mode_of(temp.name), 0644);
	temp_end(&temp);
	begin(1, 0200);
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
	ck_assert_int_eq(temp_take_name(&temp, TEMP_TAKE_NEW, &unset), 0);
	ck_assert_int_eq(unset, 0);
	ck_assert_uint_eq(mode_of("f"), 02010);
	temp_end(&temp);
	ck_assert_int_eq(count_entries("."), 1);
}
END_TEST

/* Some filesystems make an unnamed file even there, which cannot get a name then. */
START_TEST(what_cannot_be_made_says_why)
{
	int fd, end;

	temp_init(&temp);
	temp.named_only = _i != 0;
	ck_assert_int_eq(mkdirat(unit_fd, "gone", 0755), 0);
	fd = openat(unit_fd, "gone", O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(unlinkat(unit_fd, "gone", AT_REMOVEDIR), 0);
	end = temp_open(&temp, fd, "f", 0644);
	if (end == 0)
		end = temp_take_name(&temp, TEMP_TAKE_NEW, &unset);
	ck_assert_int_eq(end, -1);
	ck_assert_int_eq(errno, ENOENT);
	close(fd);
	temp_end(&temp);
	ck_assert_int_eq(temp.fd, -1);
	ck_assert_int_eq(count_entries("."), 0);
}
END_TEST

/* What a loop index means from here on: each of these, without a name and with one. */
static const int rename_errs[] = { 0, EINVAL, ENOSYS };

enum {
	WAYS = 2 * COUNT(rename_errs)
};

static void
begin_way(int way, const char *goal, mode_t mode)
{
	no_flags_err = rename_errs[way / 2];
	begin_as(way % 2, goal, mode);
}

START_TEST(a_free_name_is_taken)
{
	umask(022);
	begin_way(_i, "f", 0666);
	ck_assert_int_eq(temp_take_name(&temp, TEMP_TAKE_FREE, &unset), 0);
	ck_assert_int_eq(unset, 0);
	ck_assert_int_eq(temp.fd, -1);
	temp_end(&temp);
	ck_assert_str_eq(get_file("f"), NEW);
	ck_assert_uint_eq(mode_of("f"), 0644);
	ck_assert_int_eq(count_entries("."), 1);
}
END_TEST

enum occupant { OCCUPANT_FILE, OCCUPANT_LINK, OCCUPANT_DANGLING, OCCUPANT_DIR, OCCUPANT_FIFO,
    OCCUPANTS };

/* Puts something there that has the name "f". */
static void
occupy(enum occupant what)
{
	if (what == OCCUPANT_FILE)
		put_file("f", OLD, 0640);
	else if (what == OCCUPANT_LINK)
		ck_assert_int_eq(symlinkat("precious", unit_fd, "f"), 0);
	else if (what == OCCUPANT_DANGLING)
		ck_assert_int_eq(symlinkat("nowhere", unit_fd, "f"), 0);
	else if (what == OCCUPANT_DIR)
		ck_assert_int_eq(mkdirat(unit_fd, "f", 0755), 0);
	else
		ck_assert_int_eq(mkfifoat(unit_fd, "f", 0600), 0);
}

/* Before the temporary is opened, and between that and the end. */
START_TEST(a_name_that_is_not_free_is_not_taken)
{
	put_file("precious", OLD, 0600);
	for (int i = 0; i < 2 * OCCUPANTS; i++) {
		struct stat before, after;
		int end, err;

		if (i % 2 == 0)
			occupy((enum occupant)(i / 2));
		begin_way(_i, "f", 0644);
		if (i % 2 == 1)
			occupy((enum occupant)(i / 2));
		ck_assert_int_eq(fstatat(unit_fd, "f", &before, AT_SYMLINK_NOFOLLOW), 0);
		end = temp_take_name(&temp, TEMP_TAKE_FREE, &unset);
		err = errno;
		ck_assert_msg(end == -1 && err == EEXIST, "row %d: expected %s, got %d, %s", i,
		    strerror(EEXIST), end, strerror(err));
		temp_end(&temp);
		ck_assert_int_eq(temp.fd, -1);
		ck_assert_int_eq(fstatat(unit_fd, "f", &after, AT_SYMLINK_NOFOLLOW), 0);
		ck_assert_uint_eq(after.st_ino, before.st_ino);
		ck_assert_uint_eq(after.st_mode, before.st_mode);
		ck_assert_uint_eq(after.st_nlink, before.st_nlink);
		if (i / 2 == OCCUPANT_FILE)
			ck_assert_str_eq(get_file("f"), OLD);
		ck_assert_str_eq(get_file("precious"), OLD);
		ck_assert(!exists("nowhere"));
		ck_assert_int_eq(count_entries("."), 2);
		ck_assert_int_eq(unlinkat(unit_fd, "f", i / 2 == OCCUPANT_DIR ? AT_REMOVEDIR : 0),
		    0);
	}
}
END_TEST

/* Two that were begun at a time: the first to end has the name. */
START_TEST(one_of_two_has_a_free_name)
{
	struct temp other;

	begin_way(_i, "f", 0644);
	ck_assert_int_eq(write(temp.fd, "!", 1), 1);
	other = temp;
	begin_way(_i, "f", 0644);
	ck_assert_int_eq(temp_take_name(&other, TEMP_TAKE_FREE, &unset), 0);
	ck_assert_int_eq(temp_take_name(&temp, TEMP_TAKE_FREE, &unset), -1);
	ck_assert_int_eq(errno, EEXIST);
	temp_end(&other);
	temp_end(&temp);
	ck_assert_str_eq(get_file("f"), NEW "!");
	ck_assert_int_eq(count_entries("."), 1);
}
END_TEST

START_TEST(an_old_file_keeps_another_name)
{
	/* By the round: it was there, or turned up meanwhile, each with backups before it. */
	umask(022);
	for (int i = 1; i <= 4; i++) {
		char old[16], kept[16];
		struct stat before, after;

		snprintf(old, sizeof(old), "old %d", i);
		snprintf(kept, sizeof(kept), "f.~%d~", i);
		if (i % 2 == 0)
			put_file("f", old, 0604);
		begin_way(_i, "f", 0644);
		if (i % 2 == 1)
			put_file("f", old, 0604);
		ck_assert_int_eq(fstatat(unit_fd, "f", &before, 0), 0);
		ck_assert_int_eq(temp_take_name(&temp, TEMP_TAKE_BACKUP, &unset), 0);
		temp_end(&temp);
		ck_assert_int_eq(fstatat(unit_fd, kept, &after, AT_SYMLINK_NOFOLLOW), 0);
		ck_assert_uint_eq(after.st_ino, before.st_ino);
		ck_assert_uint_eq(after.st_nlink, 1);
		ck_assert_str_eq(get_file(kept), old);
		ck_assert_uint_eq(mode_of(kept), 0604);
		ck_assert_str_eq(get_file("f"), NEW);
		ck_assert_uint_eq(mode_of("f"), 0644);
		ck_assert_int_eq(count_entries("."), i + 1);
	}
}
END_TEST

START_TEST(where_nothing_was_nothing_is_kept)
{
	begin_way(_i, "f", 0600);
	ck_assert_int_eq(temp_take_name(&temp, TEMP_TAKE_BACKUP, &unset), 0);
	temp_end(&temp);
	ck_assert_str_eq(get_file("f"), NEW);
	ck_assert_int_eq(count_entries("."), 1);
}
END_TEST

START_TEST(where_no_backup_can_be_the_old_file_stays)
{
	char name[NAME_MAX + 1];

	memset(name, 'n', NAME_MAX);
	for (size_t len = NAME_MAX - 4; len <= NAME_MAX; len++) {
		bool fits = len == NAME_MAX - strlen(".~1~");
		int end;

		name[len] = '\0';
		put_file(name, OLD, 0600);
		begin_way(_i, name, 0644);
		end = temp_take_name(&temp, TEMP_TAKE_BACKUP, &unset);
		ck_assert_msg(end == (fits ? 0 : -1), "%zu bytes: got %d", len, end);
		ck_assert(fits || errno == ENAMETOOLONG);
		temp_end(&temp);
		ck_assert_str_eq(get_file(name), fits ? NEW : OLD);
		ck_assert_int_eq(count_entries("."), fits ? 2 : 1);
		ck_assert_int_eq(unlinkat(unit_fd, name, 0), 0);
		if (fits) {
			memcpy(name + len, ".~1~", 5);
			ck_assert_int_eq(unlinkat(unit_fd, name, 0), 0);
			memset(name, 'n', NAME_MAX);
		}
		name[len] = 'n';
	}
}
END_TEST

/* A name that leaves no room for a number is no worse than others as long as it is new. */
START_TEST(a_long_new_name_needs_no_backup)
{
	char name[NAME_MAX + 1];

	memset(name, 'n', NAME_MAX);
	name[NAME_MAX] = '\0';
	begin_way(_i, name, 0644);
	ck_assert_msg(temp_take_name(&temp, TEMP_TAKE_BACKUP, &unset) == 0, "expected 0, got %s",
	    strerror(errno));
	temp_end(&temp);
	ck_assert_str_eq(get_file(name), NEW);
	ck_assert_int_eq(count_entries("."), 1);
}
END_TEST

START_TEST(a_directory_is_no_file_to_keep)
{
	begin_way(_i, "f", 0644);
	occupy(OCCUPANT_DIR);
	put_file("f/inside", OLD, 0600);
	ck_assert_int_eq(temp_take_name(&temp, TEMP_TAKE_BACKUP, &unset), -1);
	temp_end(&temp);
	ck_assert_str_eq(get_file("f/inside"), OLD);
	ck_assert_int_eq(count_entries("."), 1);
}
END_TEST

/* The mode that keeps the owner out is that of the new file, not of what it takes the name from. */
START_TEST(a_late_mode_is_set_whatever_becomes_of_the_old_file)
{
	static const enum temp_take takes[] = { TEMP_TAKE_NEW, TEMP_TAKE_OVER, TEMP_TAKE_FREE,
	    TEMP_TAKE_BACKUP };
	static const mode_t late[] = { 0000, 0070, 02010, 04111 };

	for (size_t i = 0; i < COUNT(takes) * COUNT(late); i++) {
		enum temp_take take = takes[i / COUNT(late)];
		mode_t mode = late[i % COUNT(late)];

		begin_way(_i, "f", 0644);
		if (take != TEMP_TAKE_FREE)
			put_file("f", OLD, 0640);
		temp_set_late_mode(&temp, mode);
		ck_assert_int_eq(temp_take_name(&temp, take, &unset), 0);
		ck_assert_int_eq(unset, 0);
		temp_end(&temp);
		ck_assert_uint_eq(mode_of("f"), mode);
		ck_assert_int_eq(count_entries("."), take == TEMP_TAKE_BACKUP ? 2 : 1);
		if (take == TEMP_TAKE_BACKUP) {
			ck_assert_uint_eq(mode_of("f.~1~"), 0640);
			ck_assert_int_eq(unlinkat(unit_fd, "f.~1~", 0), 0);
		}
		ck_assert_int_eq(unlinkat(unit_fd, "f", 0), 0);
	}
}
END_TEST

/* What failed leaves nothing behind: no file that waits, no lock, no descriptor. */
START_TEST(nothing_is_left_of_what_took_no_name)
{
	int before = count_descriptors();

	for (int i = 0; i < 50; i++) {
		put_file("f", OLD, 0640);
		begin_way(_i, "f", 0644);
		ck_assert_int_eq(temp_take_name(&temp, TEMP_TAKE_FREE, &unset), -1);
		temp_end(&temp);
		begin_way(_i, "f", 0644);
		ck_assert_int_eq(temp_take_name(&temp, TEMP_TAKE_BACKUP, &unset), 0);
		temp_end(&temp);
		ck_assert_int_eq(unlinkat(unit_fd, "f.~1~", 0), 0);
		ck_assert_int_eq(count_entries("."), 1);
	}
	ck_assert_int_eq(count_descriptors(), before);
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
	tcase_add_loop_test(t, a_free_name_is_taken, 0, WAYS);
	tcase_add_loop_test(t, a_name_that_is_not_free_is_not_taken, 0, WAYS);
	tcase_add_loop_test(t, one_of_two_has_a_free_name, 0, WAYS);
	tcase_add_loop_test(t, an_old_file_keeps_another_name, 0, WAYS);
	tcase_add_loop_test(t, where_nothing_was_nothing_is_kept, 0, WAYS);
	tcase_add_loop_test(t, where_no_backup_can_be_the_old_file_stays, 0, WAYS);
	tcase_add_loop_test(t, a_long_new_name_needs_no_backup, 0, WAYS);
	tcase_add_loop_test(t, a_directory_is_no_file_to_keep, 0, WAYS);
	tcase_add_loop_test(t, a_late_mode_is_set_whatever_becomes_of_the_old_file, 0, WAYS);
	tcase_add_loop_test(t, nothing_is_left_of_what_took_no_name, 0, WAYS);
}

int
main(void)
{
	return run_unit("temp", add);
}
