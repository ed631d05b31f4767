/* SPDX-License-Identifier: ISC */
#include <sys/syscall.h>

#include "unit.h"
#include "wire/holes.h"

enum {
	MIB = 1 << 20		/* bytes: a multiple of every filesystem's block */
};

static int
new_file(off_t size)
{
	int fd = openat(unit_fd, "f", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, size), 0);
	return fd;
}

/* Data of N bytes at AT. */
static void
put(int fd, off_t at, size_t n)
{
	char *bytes = malloc(n);

	ck_assert_ptr_nonnull(bytes);
	memset(bytes, 'x', n);
	ck_assert_int_eq(pwrite(fd, bytes, n, at), (ssize_t)n);
	free(bytes);
}

static void
expect(int fd, uint64_t at, uint64_t end, uint64_t hole, uint64_t data)
{
	struct stretch s = holes_next(fd, at, end);

	ck_assert_msg(s.hole == hole && s.data == data,
	    "from %ju to %ju: expected a hole of %ju and %ju bytes, got %ju and %ju",
	    (uintmax_t)at, (uintmax_t)end, (uintmax_t)hole, (uintmax_t)data, (uintmax_t)s.hole,
	    (uintmax_t)s.data);
	if (data > 0 && fd != -1)
		ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), (off_t)(at + hole));
}

START_TEST(stretches_of_a_file)
{
	int fd = new_file(8 * MIB);

	put(fd, 2 * MIB, MIB);
	put(fd, 5 * MIB, 2 * MIB);
	expect(fd, 0, 8 * MIB, 2 * MIB, MIB);
	expect(fd, 3 * MIB, 8 * MIB, 2 * MIB, 2 * MIB);
	expect(fd, 7 * MIB, 8 * MIB, MIB, 0);
	/* From the middle of a hole, and of data. */
	expect(fd, MIB, 8 * MIB, MIB, MIB);
	expect(fd, 2 * MIB + 5, 8 * MIB, 0, MIB - 5);
	/* Up to the middle of a hole, and of data. */
	expect(fd, 0, MIB, MIB, 0);
	expect(fd, 0, 2 * MIB, 2 * MIB, 0);
	expect(fd, 0, 2 * MIB + 5, 2 * MIB, 5);
	expect(fd, 3 * MIB, 4 * MIB, MIB, 0);
}
END_TEST

START_TEST(files_of_one_kind)
{
	int fd = new_file(MIB);

	expect(fd, 0, MIB, MIB, 0);
	close(fd);
	fd = new_file(0);
	put(fd, 0, MIB);
	expect(fd, 0, MIB, 0, MIB);
	expect(fd, 0, 1, 0, 1);
	expect(fd, MIB - 1, MIB, 0, 1);
}
END_TEST

/* What is missing is not a hole: reading it shows that it is missing. */
START_TEST(behind_the_end_is_no_hole)
{
	int fd = new_file(MIB);

	expect(fd, 0, 2 * MIB, MIB, 0);
	expect(fd, MIB, 2 * MIB, 0, MIB);
	expect(fd, 3 * MIB, 4 * MIB, 0, MIB);
	expect(new_file(0), 0, 5, 0, 5);
	put(fd, 0, MIB);
	expect(fd, 0, 2 * MIB, 0, MIB);
}
END_TEST

START_TEST(who_cannot_say_has_data)
{
	struct stretch s;
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	s = holes_next(fds[0], 0, 5);
	ck_assert_uint_eq(s.hole, 0);
	ck_assert_uint_eq(s.data, 5);
	expect(-1, 0, 5, 0, 5);
}
END_TEST

/* What a filesystem says that lies; -1: it does not. */
static off_t lie_data = -1, lie_hole = -1;

off_t
lseek(int fd, off_t at, int whence)
{
	off_t lie = whence == SEEK_DATA ? lie_data : whence == SEEK_HOLE ? lie_hole : -1;

	return lie != -1 ? lie : syscall(SYS_lseek, fd, at, whence);
}

/* Never more than what was asked for, and all of it in the end, from where it is. */
START_TEST(a_filesystem_that_lies)
{
	static const off_t lies[] = { 0, 1, MIB - 1, MIB, MIB + 1, 2 * MIB, 3 * MIB, INT64_MAX };
	int fd = new_file(0);

	put(fd, 0, 3 * MIB);
	for (size_t d = 0; d < COUNT(lies); d++) {
		for (size_t h = 0; h < COUNT(lies); h++) {
			struct stretch s;

			lie_data = lies[d];
			lie_hole = lies[h];
			s = holes_next(fd, MIB, 2 * MIB);
			ck_assert_msg(s.hole <= MIB && s.data <= MIB && s.hole + s.data <= MIB &&
			    s.hole + s.data > 0, "data at %jd, hole at %jd: %ju and %ju bytes",
			    (intmax_t)lie_data, (intmax_t)lie_hole, (uintmax_t)s.hole,
			    (uintmax_t)s.data);
		}
	}
	lie_data = 0;
	expect(fd, MIB, 2 * MIB, 0, MIB);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, stretches_of_a_file);
	tcase_add_test(t, files_of_one_kind);
	tcase_add_test(t, behind_the_end_is_no_hole);
	tcase_add_test(t, who_cannot_say_has_data);
	tcase_add_test(t, a_filesystem_that_lies);
}

int
main(void)
{
	return run_unit("holes", add);
}
