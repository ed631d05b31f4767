/* SPDX-License-Identifier: ISC */
#include <sys/mman.h>
#include <sys/wait.h>

#include <signal.h>
#include <stdint.h>

#include "cell/pin.h"
#include "unit.h"

START_TEST(what_is_pinned_is_a_copy)
{
	char text[] = "hello";
	const char *pinned = pin_bytes(text, sizeof(text));

	ck_assert_ptr_nonnull(pinned);
	text[0] = 'j';
	ck_assert_str_eq(pinned, "hello");
	/* Below the program, the heap, the stack and the libraries. */
	ck_assert(pinned < (const char *)(uintptr_t)pin_bytes);
	ck_assert(pinned < text);
}
END_TEST

START_TEST(it_is_only_read)
{
	const char *pinned = pin_bytes("x", 2);
	int status;
	pid_t pid;

	put_file("f", "y", 0600);
	ck_assert_int_eq(read(openat(unit_fd, "f", O_RDONLY | O_CLOEXEC),
	    (void *)(uintptr_t)pinned, 1), -1);
	ck_assert_int_eq(errno, EFAULT);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		signal(SIGSEGV, SIG_DFL);
		*(volatile char *)(uintptr_t)pinned = 'y';
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
	ck_assert_str_eq(pinned, "x");
}
END_TEST

/* The second time its place is taken, and who has it keeps it. */
START_TEST(once_in_a_process)
{
	const char *pinned = pin_bytes("x", 2);

	ck_assert_ptr_null(pin_bytes("y", 2));
	ck_assert_str_eq(pinned, "x");
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, what_is_pinned_is_a_copy);
	tcase_add_test(t, it_is_only_read);
	tcase_add_test(t, once_in_a_process);
}

int
main(void)
{
	return run_unit("pin", add);
}
