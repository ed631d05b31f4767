/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include "dirs.h"
#include "paths/proc.h"
#include "unit.h"

START_TEST(the_mode_of_what_a_descriptor_is)
{
	struct stat st;
	int fd;

	put_file("f", "", 0644);
	fd = openat(unit_fd, "f", O_PATH | O_CLOEXEC);
	/* Whatever has its name by now. */
	ck_assert_int_eq(renameat(unit_fd, "f", unit_fd, "g"), 0);
	put_file("f", "", 0644);
	ck_assert_int_eq(proc_chmod(fd, 0601), 0);
	ck_assert_int_eq(fstatat(unit_fd, "g", &st, 0), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0601);
	ck_assert_int_eq(fstatat(unit_fd, "f", &st, 0), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0644);
	close(fd);
	ck_assert_int_eq(proc_chmod(fd, 0600), -1);
}
END_TEST

START_TEST(a_name_for_what_a_descriptor_is)
{
	struct stat st, linked;
	int fd;

	put_file("f", "", 0644);
	fd = openat(unit_fd, "f", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(proc_link(fd, unit_fd, "g"), 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq(fstatat(unit_fd, "g", &linked, AT_SYMLINK_NOFOLLOW), 0);
	ck_assert(linked.st_ino == st.st_ino);
	errno = 0;
	ck_assert_int_eq(proc_link(fd, unit_fd, "g"), -1);
	ck_assert_int_eq(errno, EEXIST);
	close(fd);
	ck_assert_int_eq(proc_link(fd, unit_fd, "h"), -1);
}
END_TEST

START_TEST(the_path_of_a_directory)
{
	char path[PATH_MAX], wanted[PATH_MAX + 2];
	int fd;

	make_dir("d");
	fd = openat(unit_fd, "d", O_PATH | O_CLOEXEC);
	snprintf(wanted, sizeof(wanted), "%s/d", unit_path);
	ck_assert_int_eq(proc_path(fd, path), 0);
	ck_assert_str_eq(path, wanted);
	/* What is behind the path of one that is gone may be a name, too. */
	ck_assert_int_eq(unlinkat(unit_fd, "d", AT_REMOVEDIR), 0);
	make_dir("d (deleted)");
	errno = 0;
	ck_assert_int_eq(proc_path(fd, path), -1);
	ck_assert_int_eq(errno, ENOENT);
	close(fd);
	ck_assert_int_eq(proc_path(fd, path), -1);
	fd = openat(AT_FDCWD, "/", O_PATH | O_CLOEXEC);
	ck_assert_int_eq(proc_path(fd, path), 0);
	ck_assert_str_eq(path, "");
	close(fd);
}
END_TEST

START_TEST(the_times_of_what_a_descriptor_is)
{
	const struct timespec times[2] = { { .tv_sec = 1 }, { .tv_sec = 2 } };
	struct stat st;
	int fd;

	ck_assert_int_eq(symlinkat("nowhere", unit_fd, "l"), 0);
	fd = openat(unit_fd, "l", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	ck_assert_int_eq(proc_set_times(fd, times), 0);
	ck_assert_int_eq(fstatat(unit_fd, "l", &st, AT_SYMLINK_NOFOLLOW), 0);
	ck_assert_int_eq(st.st_mtim.tv_sec, 2);
	close(fd);
	ck_assert_int_eq(proc_set_times(fd, times), -1);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, the_path_of_a_directory);
	tcase_add_test(t, the_times_of_what_a_descriptor_is);
	tcase_add_test(t, the_mode_of_what_a_descriptor_is);
	tcase_add_test(t, a_name_for_what_a_descriptor_is);
}

int
main(void)
{
	return run_unit("proc", add);
}
