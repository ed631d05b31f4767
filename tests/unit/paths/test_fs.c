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

static void
add(TCase *t)
{
	tcase_add_test(t, what_the_kernel_makes_up);
}

int
main(void)
{
	return run_unit("fs", add);
}
