/* SPDX-License-Identifier: ISC */
#include "dirs.h"
#include "mounts.h"
#include "paths/sticky.h"
#include "unit.h"

/* The file stands where the kernel's is, for this test alone. */
START_TEST(whether_files_of_others_are_protected)
{
	static const struct {
		const char *said;
		bool	    wanted;
	} rows[] = {
		{ "0\n", false }, { "0", false }, { "1\n", true }, { "2\n", true }, { "", true }, { "01", true },
		{ "no", true },
	};
	const char setting[] = "/proc/sys/fs/protected_regular";

	if (!unshare_mounts())
		return;
	for (size_t i = 0; i < COUNT(rows); i++) {
		put_file("said", rows[i].said, 0644);
		ck_assert_msg(mount(PATH_IN("said"), setting, NULL, MS_BIND, NULL) == 0, "%s",
		    strerror(errno));
		ck_assert_msg(sticky_is_protected() == rows[i].wanted, "\"%s\"", rows[i].said);
		ck_assert_int_eq(umount2(setting, MNT_DETACH), 0);
		unlinkat(unit_fd, "said", 0);
	}
	/* And where there is no such file. */
	make_dir("none");
	ck_assert_int_eq(mount(PATH_IN("none"), "/proc/sys", NULL, MS_BIND, NULL), 0);
	ck_assert(sticky_is_protected());
	ck_assert_int_eq(umount2("/proc/sys", MNT_DETACH), 0);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, whether_files_of_others_are_protected);
}

int
main(void)
{
	return run_unit("sticky", add);
}
