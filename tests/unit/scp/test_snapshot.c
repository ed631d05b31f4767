/* SPDX-License-Identifier: ISC */
#include <stdint.h>

#include "dirs.h"
#include "scp/snapshot.h"
#include "unit.h"

static int
open_file(const char *path)
{
	int fd = openat(unit_fd, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	return fd;
}

/* The copy must be at its beginning, hold SIZE bytes, and close on exec. */
static void
check_copy(int copy, uint64_t size)
{
	ck_assert_int_ge(copy, 0);
	ck_assert_int_eq(lseek(copy, 0, SEEK_CUR), 0);
	ck_assert_int_eq(lseek(copy, 0, SEEK_END), (off_t)size);
	ck_assert_int_eq(lseek(copy, 0, SEEK_SET), 0);
	ck_assert_int_eq(fcntl(copy, F_GETFD), FD_CLOEXEC);
}

static void
expect_failure(int fd, int err)
{
	int copy = 7, before = count_open(), end;
	uint64_t size = 0;

	errno = 0;
	end = snapshot_take(fd, &copy, &size);
	ck_assert_msg(end == -1 && errno == err, "expected -1 and errno %d, got %d and %d", err,
	    end, errno);
	ck_assert_int_eq(count_open(), before);
}

START_TEST(rule_23_a_file_of_proc_has_content)
{
	int fd = open_file("/proc/self/status"), copy = -1;
	uint64_t size = 0;
	char got[6];
	struct stat st;

	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq(st.st_size, 0);
	ck_assert_int_eq(snapshot_take(fd, &copy, &size), 0);
	ck_assert_uint_gt(size, 0);
	check_copy(copy, size);
	ck_assert_int_eq(read(copy, got, 5), 5);
	ck_assert_mem_eq(got, "Name:", 5);
}
END_TEST

START_TEST(an_empty_file_has_no_copy)
{
	int fd, copy = 7, before;
	uint64_t size = 7;

	put_file("empty", "", 0644);
	fd = open_file("empty");
	before = count_open();
	ck_assert_int_eq(snapshot_take(fd, &copy, &size), 0);
	ck_assert_int_eq(copy, -1);
	ck_assert_uint_eq(size, 0);
	ck_assert_int_eq(count_open(), before);
}
END_TEST

/* Larger than any buffer, so that it takes several reads, and an odd number of bytes. */
START_TEST(all_bytes_are_copied)
{
	static char put[100003], got[sizeof(put) + 1];
	int fd, copy = -1, kept;
	uint64_t size = 0;

	for (size_t i = 0; i < sizeof(put); i++)
		put[i] = (char)(i * 31 + i / 253);
	fd = openat(unit_fd, "f", O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
	ck_assert_int_eq(write(fd, put, sizeof(put)), sizeof(put));
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	kept = fcntl(fd, F_GETFL);
	ck_assert_int_eq(snapshot_take(fd, &copy, &size), 0);
	ck_assert_uint_eq(size, sizeof(put));
	check_copy(copy, size);
	ck_assert_int_eq(read(copy, got, sizeof(got)), sizeof(put));
	ck_assert_msg(memcmp(put, got, sizeof(put)) == 0, "the bytes of the copy are others");
	ck_assert_int_eq(fcntl(fd, F_GETFL), kept);
}
END_TEST

static int
sparse_file(off_t size)
{
	int fd = openat(unit_fd, "sparse", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, size), 0);
	return fd;
}

START_TEST(the_largest_file)
{
	int copy = -1;
	uint64_t size = 0;

	ck_assert_int_eq(snapshot_take(sparse_file(SNAPSHOT_MAX), &copy, &size), 0);
	ck_assert_uint_eq(size, SNAPSHOT_MAX);
	check_copy(copy, size);
}
END_TEST

START_TEST(a_file_that_is_too_large)
{
	expect_failure(sparse_file((off_t)SNAPSHOT_MAX + 1), EFBIG);
	expect_failure(sparse_file((off_t)SNAPSHOT_MAX + (1 << 20)), EFBIG);
}
END_TEST

/* Some files never end. */
START_TEST(a_file_without_an_end)
{
	expect_failure(open_file("/dev/zero"), EFBIG);
}
END_TEST

START_TEST(a_fifo_that_would_have_to_wait)
{
	int fd, writer;

	ck_assert_int_eq(mkfifoat(unit_fd, "fifo", 0600), 0);
	fd = open_file("fifo");
	writer = openat(unit_fd, "fifo", O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(writer, 0);
	expect_failure(fd, EAGAIN);
	/* The same when something came first: there is no telling what the rest would be. */
	ck_assert_int_eq(write(writer, "abc", 3), 3);
	expect_failure(fd, EAGAIN);
}
END_TEST

START_TEST(a_pipe_that_ends)
{
	int fds[2], copy = -1;
	uint64_t size = 0;
	char got[8];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	expect_failure(fds[0], EAGAIN);
	ck_assert_int_eq(write(fds[1], "abc", 3), 3);
	close(fds[1]);
	ck_assert_int_eq(snapshot_take(fds[0], &copy, &size), 0);
	ck_assert_uint_eq(size, 3);
	check_copy(copy, size);
	ck_assert_int_eq(read(copy, got, sizeof(got)), 3);
	ck_assert_mem_eq(got, "abc", 3);
}
END_TEST

START_TEST(a_file_that_cannot_be_read)
{
	expect_failure(unit_fd, EISDIR);
	expect_failure(-1, EBADF);
}
END_TEST

START_TEST(rule_23_sizes_that_say_nothing)
{
	static const struct {
		const char *path;
		bool	    needed;
	} rows[] = {
		{ "/proc/self/status", true },
		{ "/sys/kernel/mm/transparent_hugepage/enabled", true },
		{ "page", false },
		{ "empty", true },
		{ "other", false },
	};
	static char page[4097];

	memset(page, 'x', sizeof(page) - 1);
	put_file("page", page, 0600);
	put_file("empty", "", 0600);
	put_file("other", "x", 0600);
	for (size_t i = 0; i < COUNT(rows); i++) {
		int fd = openat(unit_fd, rows[i].path, O_RDONLY | O_CLOEXEC);
		struct stat st;

		if (fd == -1 && rows[i].path[0] == '/') {
			printf("SKIP: %s: %s\n", rows[i].path, strerror(errno));
			continue;
		}
		ck_assert_int_eq(fstat(fd, &st), 0);
		ck_assert_msg(snapshot_is_needed(fd, (uint64_t)st.st_size) == rows[i].needed,
		    "%s: expected %d", rows[i].path, rows[i].needed);
		close(fd);
	}
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, rule_23_sizes_that_say_nothing);
	tcase_add_test(t, rule_23_a_file_of_proc_has_content);
	tcase_add_test(t, an_empty_file_has_no_copy);
	tcase_add_test(t, all_bytes_are_copied);
	tcase_add_test(t, the_largest_file);
	tcase_add_test(t, a_file_that_is_too_large);
	tcase_add_test(t, a_file_without_an_end);
	tcase_add_test(t, a_fifo_that_would_have_to_wait);
	tcase_add_test(t, a_pipe_that_ends);
	tcase_add_test(t, a_file_that_cannot_be_read);
}

int
main(void)
{
	return run_unit("snapshot", add);
}
