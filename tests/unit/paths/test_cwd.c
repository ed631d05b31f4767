/* SPDX-License-Identifier: ISC */
#include "dirs.h"
#include "paths/cwd.h"
#include "unit.h"

START_TEST(paths_of_directories)
{
	char path[PATH_MAX], wanted[PATH_MAX + 2];
	int fd, here;

	ck_assert_int_eq(chdir(unit_path), 0);
	make_dir("d");
	here = openat(AT_FDCWD, ".", O_PATH | O_CLOEXEC);
	fd = openat(unit_fd, "d", O_PATH | O_CLOEXEC);
	snprintf(wanted, sizeof(wanted), "%s/d", unit_path);
	ck_assert_int_eq(cwd_path_of(fd, here, path), 0);
	ck_assert_str_eq(path, wanted);
	/* And we are back. */
	ck_assert_int_eq(cwd_path(path), 0);
	ck_assert_str_eq(path, unit_path);
	ck_assert_int_eq(renameat(unit_fd, "d", unit_fd, "e"), 0);
	wanted[strlen(wanted) - 1] = 'e';
	ck_assert_int_eq(cwd_path_of(fd, here, path), 0);
	ck_assert_str_eq(path, wanted);
	close(fd);
	fd = openat(AT_FDCWD, "/", O_PATH | O_CLOEXEC);
	ck_assert_int_eq(cwd_path_of(fd, here, path), 0);
	ck_assert_str_eq(path, "");
	close(fd);
	close(here);
}
END_TEST

START_TEST(what_has_no_path)
{
	char path[PATH_MAX];
	int fd, here;

	ck_assert_int_eq(chdir(unit_path), 0);
	make_dir("gone");
	here = openat(AT_FDCWD, ".", O_PATH | O_CLOEXEC);
	fd = openat(unit_fd, "gone", O_PATH | O_CLOEXEC);
	ck_assert_int_eq(unlinkat(unit_fd, "gone", AT_REMOVEDIR), 0);
	errno = 0;
	ck_assert_int_eq(cwd_path_of(fd, here, path), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(cwd_path(path), 0);
	ck_assert_str_eq(path, unit_path);
	ck_assert_int_eq(cwd_path_of(-1, here, path), -1);
	close(fd);
	close(here);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, paths_of_directories);
	tcase_add_test(t, what_has_no_path);
}

int
main(void)
{
	return run_unit("cwd", add);
}
