/* SPDX-License-Identifier: ISC */
#include <sys/prctl.h>
#include <sys/wait.h>

#include <signal.h>

#include "uploading.h"

/* Another process that has begun an upload of NAME. */
struct other {
	pid_t pid;
	int   go;	/* writing here lets it commit */
};

static struct other
start_other(const char *name, const char *content, mode_t mode, bool named_only)
{
	int ready[2], go[2];
	struct other o;
	char byte;

	ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(go, O_CLOEXEC), 0);
	o.pid = fork();
	ck_assert_int_ge(o.pid, 0);
	if (o.pid == 0) {
		struct upload up;
		const char *what;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ready[0]);
		close(go[1]);
		init(&up, named_only);
		if (upload_begin(&up, unit_fd, name, mode, strlen(content), UPLOAD_REGULAR) == -1 ||
		    write(up.fd, content, strlen(content)) == -1 || write(ready[1], "", 1) != 1)
			_exit(1);
		if (read(go[0], &byte, 1) != 1 || upload_commit(&up, &nothing, &what) == -1)
			_exit(2);
		upload_end(&up);
		_exit(0);
	}
	close(ready[1]);
	close(go[0]);
	o.go = go[1];
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return o;
}

static void
kill_other(struct other o)
{
	ck_assert_int_eq(kill(o.pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(o.pid, NULL, 0), o.pid);
	close(o.go);
}

static void
finish_other(struct other o)
{
	int status;

	ck_assert_int_eq(write(o.go, "", 1), 1);
	ck_assert_int_eq(waitpid(o.pid, &status, 0), o.pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the other one ended with %#x",
	    (unsigned)status);
	close(o.go);
}

START_TEST(killed_upload_leaves_nothing_where_unnamed)
{
	struct upload up;

	init(&up, false);
	begin(&up, "probe", 0644, 1);
	if (up.way != UPLOAD_UNNAMED) {
		printf("SKIP: no unnamed files on this filesystem\n");
		upload_end(&up);
		return;
	}
	upload_end(&up);
	kill_other(start_other("f", "half", 0644, false));
	assert_entries(0);
	put_file("f", "old", 0644);
	kill_other(start_other("f", "half", 0644, false));
	assert_entries(1);
	assert_content("f", "old");
}
END_TEST

START_TEST(temporary_of_a_killed_upload_is_removed_by_the_next)
{
	static const struct {
		mode_t mode, umask;
	} rows[] = { { 0644, 022 }, { 0400, 022 }, { 0200, 022 }, { 0000, 022 }, { 0644, 0777 },
	    { 0644, 0700 } };

	become_user();
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct upload up;

		umask(rows[i].umask);
		kill_other(start_other("f", "half", rows[i].mode, true));
		ck_assert(!exists("f"));
		assert_entries(1);
		umask(022);
		init(&up, true);
		put(&up, "f", "hello", 0644);
		assert_content("f", "hello");
		ck_assert_msg(count_entries(".") == 1,
		    "mode %04o, umask %04o: expected no temporary, got %d",
		    (unsigned)rows[i].mode, (unsigned)rows[i].umask, count_entries(".") - 1);
		unlinkat(unit_fd, "f", 0);
	}
}
END_TEST

START_TEST(many_killed_uploads_leave_one_temporary)
{
	struct upload up;

	become_user();
	put_file("f", "old", 0644);
	for (int i = 0; i < 5; i++) {
		kill_other(start_other("f", "half", 0644, true));
		assert_content("f", "old");
		assert_entries(2);
	}
	init(&up, true);
	put(&up, "f", "hello", 0644);
	assert_entries(1);
}
END_TEST

START_TEST(temporary_of_a_live_upload_is_left_alone)
{
	static const mode_t alive[] = { 0644, 0200, 0000 };

	become_user();
	for (size_t i = 0; i < COUNT(alive); i++) {
		struct other first = start_other("f", "first", alive[i], true), second;
		struct upload up;

		second = start_other("f", "second", 0644, true);
		assert_entries(2);
		init(&up, true);
		put(&up, "f", "third", 0644);
		assert_content("f", "third");
		assert_entries(3);
		finish_other(second);
		assert_content("f", "second");
		assert_entries(2);
		finish_other(first);
		ck_assert_uint_eq(mode_of("f"), alive[i]);
		ck_assert_int_eq(stat_of("f").st_size, 5);
		assert_entries(1);
		unlinkat(unit_fd, "f", 0);
	}
}
END_TEST

START_TEST(temporaries_of_other_names_are_left_alone)
{
	struct upload up;

	become_user();
	kill_other(start_other("f", "half", 0644, true));
	init(&up, true);
	put(&up, "g", "hello", 0644);
	assert_entries(2);
}
END_TEST

/* Whoever else may write the directory may guess the name of a temporary. */
START_TEST(trap_in_place_of_a_temporary_is_not_touched)
{
	char temp[NAME_MAX + 1];
	struct upload up;

	become_user();
	put_file("victim", "old", 0600);
	init(&up, true);
	begin(&up, "f", 0644, 5);
	strcpy(temp, up.temp.name);
	upload_end(&up);
	for (int kind = 0; kind < 4; kind++) {
		if (kind == 0)
			ck_assert_int_eq(symlinkat("victim", unit_fd, temp), 0);
		else if (kind == 1)
			ck_assert_int_eq(mkfifoat(unit_fd, temp, 0600), 0);
		else if (kind == 2)
			ck_assert_int_eq(mkdirat(unit_fd, temp, 0700), 0);
		else
			ck_assert_int_eq(symlinkat("nowhere", unit_fd, temp), 0);
		put(&up, "f", "hello", 0644);
		put(&up, "f", "again", 0644);
		assert_content("f", "again");
		assert_content("victim", "old");
		ck_assert(!exists("nowhere"));
		/* A link of ours is what somebody dead has left. */
		ck_assert_msg(exists(temp) == (kind == 1 || kind == 2), "kind %d: expected it to %s", kind,
		    kind == 1 || kind == 2 ? "stay" : "go");
		assert_entries(exists(temp) ? 3 : 2);
		unlinkat(unit_fd, temp, kind == 2 ? AT_REMOVEDIR : 0);
		unlinkat(unit_fd, "f", 0);
	}
}
END_TEST

START_TEST(strangers_file_in_place_of_a_temporary_is_not_touched)
{
	char temp[NAME_MAX + 1];
	struct upload up;

	if (lacks_root("files of others"))
		return;
	init(&up, true);
	begin(&up, "f", 0644, 5);
	strcpy(temp, up.temp.name);
	upload_end(&up);
	put_file(temp, "theirs", 0666);
	ck_assert_int_eq(fchownat(unit_fd, temp, STRANGER, STRANGER, 0), 0);
	put(&up, "f", "hello", 0644);
	assert_content("f", "hello");
	assert_content(temp, "theirs");
	assert_entries(2);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, killed_upload_leaves_nothing_where_unnamed);
	tcase_add_test(t, temporary_of_a_killed_upload_is_removed_by_the_next);
	tcase_add_test(t, many_killed_uploads_leave_one_temporary);
	tcase_add_test(t, temporary_of_a_live_upload_is_left_alone);
	tcase_add_test(t, temporaries_of_other_names_are_left_alone);
	tcase_add_test(t, trap_in_place_of_a_temporary_is_not_touched);
	tcase_add_test(t, strangers_file_in_place_of_a_temporary_is_not_touched);
}

int
main(void)
{
	policy = drop_in_policy();
	return run_unit("killed", add);
}
