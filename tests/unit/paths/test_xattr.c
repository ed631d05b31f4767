/* SPDX-License-Identifier: ISC */
#include <sys/xattr.h>

#include "paths/xattr.h"
#include "unit.h"

enum {
	TOO_LONG = 5000		/* bytes of a value, with which a file is not replaced */
};

static int
file(const char *name)
{
	int fd;

	put_file(name, "content", 0644);
	fd = openat(unit_fd, name, O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	return fd;
}

static bool
lacks_attributes(int fd)
{
	if (fsetxattr(fd, "user.test", "x", 1, 0) == 0)
		return false;
	printf("SKIP: no extended attributes here\n");
	return true;
}

static void
assert_value(int fd, const char *name, const char *value)
{
	char buf[100];
	ssize_t n = fgetxattr(fd, name, buf, sizeof(buf));

	ck_assert_int_eq(n, value == NULL ? -1 : (ssize_t)strlen(value));
	if (value != NULL)
		ck_assert_mem_eq(buf, value, (size_t)n);
}

/* By its loop index from a descriptor, or from one that is O_PATH. */
START_TEST(attributes_are_given)
{
	int old = file("old"), new = file("new"), held;

	if (lacks_attributes(old))
		return;
	ck_assert_int_eq(fsetxattr(old, "user.second", "two words", 9, 0), 0);
	ck_assert_int_eq(fsetxattr(old, "user.empty", "", 0, 0), 0);
	ck_assert_int_eq(fsetxattr(new, "user.test", "y", 1, 0), 0);
	held = _i == 0 ? old : openat(unit_fd, "old", O_PATH | O_CLOEXEC);
	ck_assert_int_eq(xattr_copy(new, held), 0);
	assert_value(new, "user.test", "x");
	assert_value(new, "user.second", "two words");
	assert_value(new, "user.empty", "");
}
END_TEST

START_TEST(what_is_of_the_content_is_not)
{
	static const char cap[20] = { 0, 0, 0, 2 };
	int old = file("old"), new = file("new");

	if (fsetxattr(old, "security.capability", cap, sizeof(cap), 0) == -1) {
		printf("SKIP: no capabilities of files here\n");
		return;
	}
	ck_assert_int_eq(xattr_copy(new, old), 0);
	assert_value(new, "security.capability", NULL);
}
END_TEST

START_TEST(what_cannot_be_given_says_so)
{
	static char value[TOO_LONG];
	int old = file("old"), new = file("new");

	if (lacks_attributes(old))
		return;
	ck_assert_int_eq(xattr_copy(-1, old), -1);
	ck_assert_int_eq(xattr_copy(new, -1), -1);
	if (fsetxattr(old, "user.test", value, sizeof(value), 0) == 0)
		ck_assert_int_eq(xattr_copy(new, old), -1);
	else
		printf("SKIP: no long values here\n");
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_loop_test(t, attributes_are_given, 0, 2);
	tcase_add_test(t, what_is_of_the_content_is_not);
	tcase_add_test(t, what_cannot_be_given_says_so);
}

int
main(void)
{
	return run_unit("xattr", add);
}
