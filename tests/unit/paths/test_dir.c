/* SPDX-License-Identifier: ISC */
#include "dirs.h"
#include "numbered.h"
#include "paths/dir.h"

/* What renames fail with on some filesystems. */
static int rename_err;	/* 0: they work */

static int
rename_meets(unsigned flags)
{
	(void)flags;
	errno = rename_err;
	return rename_err == 0 ? 0 : -1;
}

/* Likewise: what has the disk know is seen here alone. */
static int sync_err;	/* 0: it works */
static ino_t synced_ino;	/* of what was synced last */

int
fsync(int fd)
{
	struct stat st;

	if (sync_err != 0) {
		errno = sync_err;
		return -1;
	}
	ck_assert_int_eq(fstat(fd, &st), 0);
	synced_ino = st.st_ino;
	return 0;
}

START_TEST(opening_never_follows_a_link)
{
	static const int flags[] = { O_RDONLY, O_WRONLY, O_RDWR | O_CREAT,
	    O_WRONLY | O_CREAT | O_TRUNC };
	static const char *const links[] = { "to-file", "dangling", "loop" };

	make_things();
	make_link("to-file", "f");
	make_link("dangling", "none");
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		for (size_t k = 0; k < sizeof(links) / sizeof(links[0]); k++) {
			errno = 0;
			ck_assert_int_eq(dir_open(unit_fd, links[k], flags[i], 0600), -1);
			ck_assert_int_eq(errno, ELOOP);
		}
	errno = 0;
	ck_assert_int_eq(dir_open(unit_fd, "link", O_RDONLY | O_DIRECTORY, 0), -1);
	ck_assert(errno == ELOOP || errno == ENOTDIR);
	ck_assert_int_eq(exists("none"), false);
	ck_assert_str_eq(get_file("f"), "f");
}
END_TEST

START_TEST(opening_what_is_there_and_what_is_not)
{
	int fd;
	char got[2];

	make_things();
	umask(022);
	fd = dir_open(unit_fd, "f", O_RDONLY, 0);
	ck_assert_int_eq(read(fd, got, sizeof(got)), 1);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	fd = dir_open(unit_fd, "new", O_WRONLY | O_CREAT | O_EXCL, 0666);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "x", 1), 1);
	ck_assert_uint_eq(mode_of("new"), 0644);
	ck_assert_int_eq(dir_open(unit_fd, "new", O_WRONLY | O_CREAT | O_EXCL, 0666), -1);
	ck_assert_int_eq(errno, EEXIST);
	ck_assert_int_eq(dir_open(unit_fd, "none", O_RDONLY, 0), -1);
	ck_assert_int_eq(errno, ENOENT);
	fd = dir_open(unit_fd, "d", O_RDONLY | O_DIRECTORY, 0);
	expect_dir(fd, "d", "d");
}
END_TEST

/* Waiting would last for ever: the test would be killed. */
START_TEST(a_fifo_is_not_waited_for)
{
	int fd;

	ck_assert_int_eq(mkfifoat(unit_fd, "fifo", 0600), 0);
	errno = 0;
	ck_assert_int_eq(dir_open(unit_fd, "fifo", O_WRONLY, 0), -1);
	ck_assert_int_eq(errno, ENXIO);
	fd = dir_open(unit_fd, "fifo", O_RDONLY, 0);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_ge(dir_open(unit_fd, "fifo", O_WRONLY, 0), 0);
}
END_TEST

static int
open_in_dir(int dirfd, const char *name)
{
	return dir_open(dirfd, name, O_RDWR, 0);
}

START_TEST(a_terminal_is_not_taken)
{
	expect_no_terminal(open_in_dir);
}
END_TEST

/* As the kernel does it, and where it has no such rename. */
static const int rename_errs[] = { 0, EINVAL, ENOSYS };

START_TEST(renaming_to_a_free_name)
{
	rename_err = rename_errs[_i];
	make_things();
	ck_assert_int_eq(dir_rename_free(unit_fd, "f", "new"), _i != 0);
	ck_assert(!exists("f"));
	ck_assert_str_eq(get_file("new"), "f");
	/* A link is renamed, not what it leads to. */
	ck_assert_int_eq(dir_rename_free(unit_fd, "link", "other"), _i != 0);
	ck_assert(!exists("link"));
	ck_assert(dir_is_link(unit_fd, "other"));
	/* And one that leads nowhere takes its name all the same. */
	make_link("dangling", "none");
	errno = 0;
	ck_assert_int_eq(dir_rename_free(unit_fd, "new", "dangling"), -1);
	ck_assert_int_eq(errno, EEXIST);
	ck_assert_str_eq(get_file("new"), "f");
	ck_assert(!exists("none"));
}
END_TEST

START_TEST(renaming_replaces_nothing)
{
	static const char *const taken[] = { "f", "d", "link", "loop", "other" };

	rename_err = rename_errs[_i];
	make_things();
	put_file("other", "other", 0600);
	for (size_t i = 0; i < COUNT(taken); i++) {
		errno = 0;
		ck_assert_int_eq(dir_rename_free(unit_fd, "f", taken[i]), -1);
		ck_assert_int_eq(errno, EEXIST);
	}
	ck_assert_str_eq(get_file("f"), "f");
	ck_assert_str_eq(get_file("other"), "other");
	errno = 0;
	ck_assert_int_eq(dir_rename_free(unit_fd, "none", "new"), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert(!exists("new"));
}
END_TEST

/* No other failure is taken for a kernel without such a rename. */
START_TEST(renaming_that_fails)
{
	static const int errs[] = { EACCES, EROFS, ENOSPC, EIO };

	make_things();
	for (size_t i = 0; i < COUNT(errs); i++) {
		rename_err = errs[i];
		errno = 0;
		ck_assert_int_eq(dir_rename_free(unit_fd, "f", "new"), -1);
		ck_assert_int_eq(errno, errs[i]);
		ck_assert(!exists("new"));
		ck_assert_str_eq(get_file("f"), "f");
	}
}
END_TEST

/* By a descriptor that is good for nothing else, too. */
START_TEST(two_names_exchange_their_files)
{
	make_things();
	ck_assert_int_eq(dir_exchange(unit_fd, "f", "link"), 0);
	ck_assert_int_eq(dir_is_link(unit_fd, "f"), true);
	ck_assert_str_eq(get_file("link"), "f");
	errno = 0;
	ck_assert_int_eq(dir_exchange(unit_fd, "link", "none"), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_str_eq(get_file("link"), "f");
	rename_err = EINVAL;
	errno = 0;
	ck_assert_int_eq(dir_exchange(unit_fd, "link", "f"), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_str_eq(get_file("link"), "f");
}
END_TEST

START_TEST(the_disk_knows_a_directory)
{
	static const int flags[] = { O_PATH, O_RDONLY };
	int before = count_open();
	struct stat st;

	make_things();
	for (size_t i = 0; i < COUNT(flags); i++) {
		int fd = openat(unit_fd, "d", flags[i] | O_DIRECTORY | O_CLOEXEC);

		synced_ino = 0;
		ck_assert_int_eq(fstat(fd, &st), 0);
		ck_assert_int_eq(dir_sync(fd), 0);
		ck_assert_uint_eq(synced_ino, st.st_ino);
		/* It is borrowed. */
		ck_assert_int_eq(close(fd), 0);
	}
	ck_assert_int_eq(count_open(), before);
}
END_TEST

START_TEST(the_disk_does_not_know)
{
	int fd, before = count_open();

	make_things();
	sync_err = EIO;
	errno = 0;
	ck_assert_int_eq(dir_sync(unit_fd), -1);
	ck_assert_int_eq(errno, EIO);
	sync_err = 0;
	fd = openat(unit_fd, "f", O_RDONLY | O_CLOEXEC);
	errno = 0;
	ck_assert_int_eq(dir_sync(fd), -1);
	ck_assert_int_eq(errno, ENOTDIR);
	close(fd);
	errno = 0;
	ck_assert_int_eq(dir_sync(-1), -1);
	ck_assert_int_eq(errno, EBADF);
	ck_assert_uint_eq(synced_ino, 0);
	ck_assert_int_eq(count_open(), before);
}
END_TEST

START_TEST(what_is_a_link)
{
	static const struct { const char *name; bool is_link; } rows[] = {
		{ "link", true }, { "loop", true }, { "dangling", true },
		{ "f", false }, { "d", false }, { ".", false }, { "none", false }, { "", false },
	};

	make_things();
	make_link("dangling", "none");
	for (size_t i = 0; i < COUNT(rows); i++)
		ck_assert_msg(dir_is_link(unit_fd, rows[i].name) == rows[i].is_link, "\"%s\"",
		    rows[i].name);
	ck_assert(!dir_is_link(-1, "link"));
}
END_TEST

START_TEST(closing_keeps_errno)
{
	int fd = dup(unit_fd);

	errno = ERANGE;
	dir_close(fd);
	ck_assert_int_eq(errno, ERANGE);
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
	errno = ERANGE;
	dir_close(fd);
	ck_assert_int_eq(errno, ERANGE);
	dir_close(-1);
	ck_assert_int_eq(errno, ERANGE);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, opening_never_follows_a_link);
	tcase_add_test(t, opening_what_is_there_and_what_is_not);
	tcase_add_test(t, a_fifo_is_not_waited_for);
	tcase_add_test(t, a_terminal_is_not_taken);
	tcase_add_loop_test(t, renaming_to_a_free_name, 0, COUNT(rename_errs));
	tcase_add_loop_test(t, renaming_replaces_nothing, 0, COUNT(rename_errs));
	tcase_add_test(t, renaming_that_fails);
	tcase_add_test(t, two_names_exchange_their_files);
	tcase_add_test(t, the_disk_knows_a_directory);
	tcase_add_test(t, the_disk_does_not_know);
	tcase_add_test(t, what_is_a_link);
	tcase_add_test(t, closing_keeps_errno);
}

int
main(void)
{
	return run_unit("dir", add);
}
