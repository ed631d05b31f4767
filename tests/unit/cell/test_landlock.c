/* SPDX-License-Identifier: ISC */
#include <sys/syscall.h>
#include <sys/wait.h>

#include "cell/landlock.h"
#include "locked.h"
#include "unit.h"

/* What a process may do from here on is for good: each test is one of its own, as check has it. */
static int dir = -1;

static void
make_trees(void)
{
	for (int i = 0; i < 2; i++) {
		int fd;

		ck_assert_int_eq(mkdirat(unit_fd, i == 0 ? "in" : "out", 0755), 0);
		ck_assert_int_eq(mkdirat(unit_fd, i == 0 ? "in/d" : "out/d", 0755), 0);
		fd = openat(unit_fd, i == 0 ? "in/f" : "out/f", O_WRONLY | O_CREAT | O_CLOEXEC,
		    0644);
		ck_assert_int_eq(write(fd, "hello", 5), 5);
		close(fd);
	}
	dir = openat(unit_fd, "in", O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(dir, 0);
}

/* Goes beneath "in"; false, and said so, where the kernel has no Landlock. */
static bool
enter(unsigned rights)
{
	int version;

	make_trees();
	version = landlock_enter(dir, rights);
	ck_assert_msg(version >= 0, "%s", strerror(errno));
	if (version == 0)
		printf("SKIP: this kernel has no Landlock\n");
	return version > 0;
}

static void
expect_open(const char *name, int flags, int err)
{
	int fd = openat(unit_fd, name, flags | O_CLOEXEC, 0644), got = fd == -1 ? errno : 0;

	ck_assert_msg(got == err, "%s, flags %x: expected errno %d, got %d", name, flags, err, got);
	if (fd != -1)
		close(fd);
}

static void
expect(int end, int err, const char *what)
{
	int got = end == -1 ? errno : 0;

	ck_assert_msg(got == err, "%s: expected errno %d, got %d", what, err, got);
}

START_TEST(sending_reads_what_is_beneath)
{
	if (!enter(LANDLOCK_READ))
		return;
	expect_open("in/f", O_RDONLY, 0);
	expect_open("in/d", O_RDONLY | O_DIRECTORY, 0);
	expect_open("in", O_RDONLY | O_DIRECTORY, 0);
	expect_open("out/f", O_RDONLY, EACCES);
	expect_open("out", O_RDONLY | O_DIRECTORY, EACCES);
	expect_open("in/../out/f", O_RDONLY, EACCES);
	expect_open("/etc/passwd", O_RDONLY, EACCES);
	expect_open("in/f", O_WRONLY, EACCES);
	expect_open("in/f", O_RDWR, EACCES);
	expect_open("in/new", O_WRONLY | O_CREAT, EACCES);
	expect_open("in", O_WRONLY | O_TMPFILE, EACCES);
	expect(mkdirat(unit_fd, "in/new", 0755), EACCES, "a directory");
	expect(unlinkat(unit_fd, "in/f", 0), EACCES, "a removal");
	expect(renameat(unit_fd, "in/f", unit_fd, "in/g"), EACCES, "a new name");
	expect(linkat(unit_fd, "in/f", unit_fd, "in/g", 0), EACCES, "a second name");
	expect(symlinkat("f", unit_fd, "in/l"), EACCES, "a link");
}
END_TEST

START_TEST(receiving_makes_what_is_beneath)
{
	int fd;

	if (!enter(LANDLOCK_WRITE | LANDLOCK_DIRS))
		return;
	fd = openat(unit_fd, "in", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0644);
	expect(fd, 0, "an unnamed file");
	expect(linkat(fd, "", unit_fd, "in/t", AT_EMPTY_PATH), geteuid() == 0 ? 0 : ENOENT, "a name");
	expect_open("in/new", O_WRONLY | O_CREAT, 0);
	expect(renameat(unit_fd, "in/new", unit_fd, "in/f"), 0, "a new name");
	expect_open("in/f", O_WRONLY | O_TRUNC, 0);
	expect(linkat(unit_fd, "in/f", unit_fd, "in/g", 0), 0, "a second name");
	expect(mkdirat(unit_fd, "in/e", 0755), 0, "a directory");
	expect_open("in/e", O_RDONLY | O_DIRECTORY, 0);
	expect(unlinkat(unit_fd, "in/e", AT_REMOVEDIR), 0, "its removal");
	expect(unlinkat(unit_fd, "in/g", 0), 0, "a removal");
	expect_open("in/f", O_RDONLY, EACCES);
	expect_open("in/f", O_RDWR, EACCES);
	expect_open("out/f", O_WRONLY, EACCES);
	expect_open("out/new", O_WRONLY | O_CREAT, EACCES);
	expect(unlinkat(unit_fd, "out/f", 0), EACCES, "a removal outside");
	expect(mkdirat(unit_fd, "out/e", 0755), EACCES, "a directory outside");
	expect(symlinkat("f", unit_fd, "in/l"), EACCES, "a link");
	expect(mknodat(unit_fd, "in/p", S_IFIFO | 0644, 0), EACCES, "a FIFO");
	/* Between directories, whether old kernels know of it or not. */
	expect(renameat(unit_fd, "in/f", unit_fd, "in/d/f"), EXDEV, "another directory");
}
END_TEST

START_TEST(filling_makes_no_directory)
{
	if (!enter(LANDLOCK_WRITE))
		return;
	expect_open("in/new", O_WRONLY | O_CREAT, 0);
	expect_open("in/d", O_RDONLY | O_DIRECTORY, 0);
	expect(mkdirat(unit_fd, "in/e", 0755), EACCES, "a directory");
	expect(unlinkat(unit_fd, "in/d", AT_REMOVEDIR), EACCES, "its removal");
}
END_TEST

/* Version of what is in force: names move between directories from the second on. */
START_TEST(moving_and_linking_are_rights_of_their_own)
{
	int version;

	make_trees();
	version = landlock_enter(dir, LANDLOCK_READ | LANDLOCK_WRITE | LANDLOCK_MOVE | LANDLOCK_LINKS);
	if (version == 0) {
		printf("SKIP: this kernel has no Landlock\n");
		return;
	}
	expect_open("in/f", O_RDWR, 0);
	expect(symlinkat("f", unit_fd, "in/l"), 0, "a link");
	expect(symlinkat("f", unit_fd, "out/l"), EACCES, "a link outside");
	expect(renameat(unit_fd, "in/f", unit_fd, "in/d/f"), version > 1 ? 0 : EXDEV,
	    "another directory");
	/* Of the two that forbid it, either may be the first. */
	ck_assert_int_eq(renameat(unit_fd, "in/l", unit_fd, "out/l"), -1);
	ck_assert(errno == EACCES || errno == EXDEV);
	expect(mkdirat(unit_fd, "in/e", 0755), EACCES, "a directory");
}
END_TEST

/* Whoever needs no file gets none. */
START_TEST(without_rights_nothing_is_opened)
{
	make_trees();
	if (landlock_enter(-1, 0) == 0) {
		printf("SKIP: this kernel has no Landlock\n");
		return;
	}
	expect_open("in/f", O_RDONLY, EACCES);
	expect_open("in/f", O_WRONLY, EACCES);
	expect_open("in/new", O_WRONLY | O_CREAT, EACCES);
	expect_open("in", O_RDONLY | O_DIRECTORY, EACCES);
	expect(unlinkat(unit_fd, "in/f", 0), EACCES, "a removal");
	/* What is only held is neither. */
	expect_open("in", O_PATH, 0);
}
END_TEST

/* Nothing is run, whatever may be read. */
START_TEST(nothing_is_executed)
{
	int status;
	pid_t pid;

	if (!enter(LANDLOCK_READ))
		return;
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		execl("/bin/true", "true", (char *)NULL);
		_exit(errno == EACCES ? 7 : 8);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WEXITSTATUS(status), 7);
}
END_TEST

START_TEST(what_is_open_stays)
{
	int old;
	char got[8];

	make_trees();
	old = openat(unit_fd, "out/f", O_RDONLY | O_CLOEXEC);
	if (landlock_enter(dir, LANDLOCK_READ) == 0) {
		printf("SKIP: this kernel has no Landlock\n");
		return;
	}
	ck_assert_int_eq(read(old, got, sizeof(got)), 5);
}
END_TEST

START_TEST(errors)
{
	ck_assert_int_le(landlock_enter(-1, LANDLOCK_READ), 0);
	make_trees();
	/* Nothing has been taken away by that. */
	expect_open("out/f", O_RDWR, 0);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, sending_reads_what_is_beneath);
	tcase_add_test(t, receiving_makes_what_is_beneath);
	tcase_add_test(t, filling_makes_no_directory);
	tcase_add_test(t, moving_and_linking_are_rights_of_their_own);
	tcase_add_test(t, without_rights_nothing_is_opened);
	tcase_add_test(t, nothing_is_executed);
	tcase_add_test(t, what_is_open_stays);
	tcase_add_test(t, errors);
}

int
main(void)
{
	return run_unit("landlock", add);
}
