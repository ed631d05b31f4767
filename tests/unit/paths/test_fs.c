/* SPDX-License-Identifier: ISC */
#include "paths/fs.h"
#include "unit.h"

START_TEST(what_the_kernel_makes_up)
{
	static const char *const made[] = { "/proc", "/proc/self/fd", "/sys" };
	int fd;

	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		fd = openat(AT_FDCWD, made[i], O_PATH | O_CLOEXEC);
		/* A container may lack one of them. */
		if (fd != -1)
			ck_assert_msg(fs_is_kernels(fd), "%s", made[i]);
		close(fd);
	}
	ck_assert(!fs_is_kernels(unit_fd));
	/* What cannot be told is none of anybody's. */
	ck_assert(fs_is_kernels(-1));
}
END_TEST

START_TEST(plain_ones)
{
	static const struct {
		unsigned long type;
		bool	      plain, counts, folds, by_flag;
	} rows[] = {
		{ 0xef53 /* ext4 */, true, true, false, true },
		{ 0x01021994 /* tmpfs */, true, true, false, true },
		{ 0x9123683e /* btrfs */, true, false, false, true },
		{ 0x65735546 /* FUSE */, false, false, false, false },
		{ 0x6969 /* NFS */, false, false, false, false },
		{ 0xff534d42 /* cifs */, false, false, true, false },
		{ 0x4d44 /* vfat */, true, true, true, false },
		{ 0x2011bab0 /* exfat */, true, true, true, false },
		{ 0x7366746e /* ntfs3 */, false, false, true, false },
		{ 0xf2f52010 /* f2fs */, true, true, false, true },
		{ 0xca451a4e /* bcachefs */, true, false, false, true },
		{ 0, false, false, false, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct statfs fs = { .f_type = (__typeof__(fs.f_type))rows[i].type };

		ck_assert_msg(fs_is_plain(&fs) == rows[i].plain, "%lx", rows[i].type);
		ck_assert_msg(fs_counts_bytes(&fs) == rows[i].counts, "%lx", rows[i].type);
		ck_assert_msg(fs_folds(&fs) == rows[i].folds, "%lx", rows[i].type);
		ck_assert_msg(fs_folds_by_flag(&fs) == rows[i].by_flag, "%lx", rows[i].type);
	}
	/* As machines of 32 bits have it. */
	ck_assert(fs_is_plain(&(struct statfs){ .f_type = (int)0x9123683e }));
}
END_TEST

/* What stat(2) says is looked at like the words of a peer. */
START_TEST(numbers_of_bytes)
{
	static const struct {
		off_t	 size;
		int	 end;
	} sizes[] = { { 0, 0 }, { 1, 0 }, { INT64_MAX, 0 }, { -1, -1 }, { INT64_MIN, -1 } };
	static const struct {
		blkcnt_t blocks;
		uint64_t wanted;
	} taken[] = {
		{ 0, 0 }, { 3, 1536 }, { -1, 0 }, { INT64_MIN, 0 }, { INT64_MAX / 512, INT64_MAX / 512 * 512 },
		{ INT64_MAX / 512 + 1, INT64_MAX }, { INT64_MAX, INT64_MAX },
	};
	uint64_t size;

	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct stat st = { .st_size = sizes[i].size };

		ck_assert_int_eq(fs_size_of(&st, &size), sizes[i].end);
		if (sizes[i].end == 0)
			ck_assert_uint_eq(size, (uint64_t)sizes[i].size);
		else
			ck_assert_int_eq(errno, EOVERFLOW);
	}
	for (size_t i = 0; i < COUNT(taken); i++)
		ck_assert_uint_eq(fs_taken_by(&(struct stat){ .st_blocks = taken[i].blocks }),
		    taken[i].wanted);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, numbers_of_bytes);
	tcase_add_test(t, what_the_kernel_makes_up);
	tcase_add_test(t, plain_ones);
}

int
main(void)
{
	return run_unit("fs", add);
}
