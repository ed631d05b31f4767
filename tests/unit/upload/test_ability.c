/* SPDX-License-Identifier: ISC */
#include "liars.h"
#include "unit.h"
#include "upload/ability.h"

static bool rename_lacks;	/* a rename to another file that is there fails */
static unsigned renamed;	/* to another one */

/* As on a filesystem that cannot replace; of a file that is renamed to itself the kernel tells nobody. */
int
renameat(int fromdir, const char *from, int todir, const char *to)
{
	struct stat a, b;

	if (fstatat(fromdir, from, &a, AT_SYMLINK_NOFOLLOW) == 0 &&
	    fstatat(todir, to, &b, AT_SYMLINK_NOFOLLOW) == 0 && a.st_ino != b.st_ino) {
		renamed++;
		if (rename_lacks) {
			errno = EPERM;
			return -1;
		}
	}
	return (int)syscall(SYS_renameat2, fromdir, from, todir, to, 0U);
}

/* Elsewhere two files try it, which are two: the second is not made in place of the first. */
START_TEST(what_is_tried)
{
	for (int lacks = 0; lacks <= 1; lacks++) {
		struct ability a = { .here = false };

		type_said = TYPE_FUSE;
		rename_lacks = lacks != 0;
		renamed = 0;
		ability_look(&a, unit_fd, "f");
		ck_assert_uint_eq(renamed, 1);
		ck_assert(a.tried && a.replace != rename_lacks && a.free);
		ck_assert_int_eq(count_entries("."), 0);
	}
}
END_TEST

/* On filesystems of our own it is known, and nothing is tried. */
START_TEST(what_is_known)
{
	struct ability a = { .here = false };

	ability_look(&a, unit_fd, "f");
	ck_assert(a.here && a.replace && a.free);
	ck_assert(!ability_only_adds(unit_fd));
	ck_assert_int_eq(count_entries("."), 0);
}
END_TEST

/* It is not asked again, until it is another directory. */
START_TEST(what_was_found_out)
{
	struct ability a = { .here = true, .replace = false, .free = true };

	ability_look(&a, unit_fd, "f");
	ck_assert(!a.replace);
	ability_forget(&a);
	ability_look(&a, unit_fd, "f");
	ck_assert(a.replace);
}
END_TEST

/* The kernel's own has no files of ours: what fails there says nothing. */
START_TEST(what_cannot_be_tried)
{
	struct ability a = { .here = false };
	int fd = openat(AT_FDCWD, "/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1) {
		printf("SKIP: there is no /proc\n");
		return;
	}
	ability_look(&a, fd, "f");
	ck_assert(a.tried && a.replace && a.free);
	close(fd);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, what_is_known);
	tcase_add_test(t, what_is_tried);
	tcase_add_test(t, what_was_found_out);
	tcase_add_test(t, what_cannot_be_tried);
}

int
main(void)
{
	return run_unit("ability", add);
}
