/* SPDX-License-Identifier: ISC */
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <poll.h>
#include <signal.h>

#include "locked.h"
#include "sandbox.h"
#include "unit.h"

enum {
	AS_WANTED = 0,
	UNWANTED = 9,
	NO_SANDBOX = 99
};

/* All of it, or as old kernels have it, where seccomp makes up for what Landlock lacks. */
static bool
is_complete(const char *in_force)
{
	return strncmp(in_force, "landlock ", 9) == 0 && strstr(in_force, ", seccomp") != NULL &&
	    strstr(in_force, "missing") == NULL;
}

/* Exit status, or a negative signal, of a process that is locked up with RIGHTS beneath the root "in". */
static int
end_of(unsigned rights, int (*deed)(void))
{
	char in_force[SANDBOX_TEXT_MAX];
	const char *what;
	int status;
	pid_t pid;

	(void)mkdirat(unit_fd, "in", 0755);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		struct sandbox s = { .rights = rights, .required = true, .log = -1 };

		s.root = openat(unit_fd, "in", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (sandbox_enter(&s, in_force, &what) == -1)
			_exit(NO_SANDBOX);
		if (!is_complete(in_force))
			_exit(UNWANTED);
		_exit(deed());
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void
expect_end(unsigned rights, int (*deed)(void), int wanted)
{
	int got = end_of(rights, deed);

	if (got == NO_SANDBOX)
		printf("SKIP: this kernel has no sandbox\n");
	else
		ck_assert_msg(got == wanted, "expected %d, got %d", wanted, got);
}

static int
write_something(void)
{
	return openat(unit_fd, "in/f", O_WRONLY | O_CREAT | O_CLOEXEC, 0644) != -1 ? AS_WANTED
	    : errno;
}

static int
read_outside(void)
{
	return openat(unit_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC) == -1 ? errno : AS_WANTED;
}

static int
run_something(void)
{
	return execl("/bin/true", "true", (char *)NULL) == -1 ? errno : AS_WANTED;
}

static int
call_somebody(void)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) == -1 ? errno : AS_WANTED;
}

static int
look_at_limits(void)
{
	struct rlimit core, processes;

	return getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_max == 0 &&
	    getrlimit(RLIMIT_NPROC, &processes) == 0 && processes.rlim_max == 0
	    ? AS_WANTED : UNWANTED;
}

/* Under a sanitizer, what is not allowed fails instead. */
#ifdef SANITIZED
#define KILLED EPERM
#else
#define KILLED (-SIGSYS)
#endif

START_TEST(who_is_locked_up)
{
	expect_end(LANDLOCK_WRITE | LANDLOCK_DIRS, write_something, AS_WANTED);
	expect_end(LANDLOCK_WRITE, write_something, AS_WANTED);
	expect_end(LANDLOCK_READ, write_something, KILLED);
	expect_end(LANDLOCK_READ, read_outside, EACCES);
	expect_end(LANDLOCK_WRITE | LANDLOCK_DIRS, read_outside, EACCES);
	expect_end(LANDLOCK_READ, run_something, KILLED);
	expect_end(LANDLOCK_WRITE | LANDLOCK_DIRS, call_somebody, KILLED);
	expect_end(LANDLOCK_WRITE | LANDLOCK_DIRS, look_at_limits, AS_WANTED);
}
END_TEST

/* Nobody of the same user looks into it, or hands it privileges. */
START_TEST(it_is_closed_to_others)
{
	struct sandbox s = { .rights = LANDLOCK_READ, .log = -1 };
	char in_force[SANDBOX_TEXT_MAX], path[64], status[4096] = "", byte;
	const char *what;
	int done[2], fd;
	pid_t pid;

	become_user();
	s.root = unit_fd;
	ck_assert_int_eq(pipe2(done, O_CLOEXEC), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (sandbox_enter(&s, in_force, &what) == -1 || write(done[1], "x", 1) != 1)
			_exit(UNWANTED);
		while (poll(NULL, 0, -1) == -1)
			;
		_exit(AS_WANTED);
	}
	ck_assert_int_eq(read(done[0], &byte, 1), 1);
	snprintf(path, sizeof(path), "/proc/%d/environ", pid);
	ck_assert_int_eq(open(path, O_RDONLY | O_CLOEXEC), -1);
	ck_assert_int_eq(errno, EACCES);
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_gt(read(fd, status, sizeof(status) - 1), 0);
	ck_assert_ptr_nonnull(strstr(status, "NoNewPrivs:\t1"));
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

/* A root that is none: required, that is an error; else the rest is in force. */
START_TEST(what_cannot_be_had)
{
	struct sandbox s = { .root = -1, .rights = LANDLOCK_READ, .required = true, .log = -1 };
	char in_force[SANDBOX_TEXT_MAX] = "";
	const char *what = "";
	int status;
	pid_t pid;

	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (sandbox_enter(&s, in_force, &what) != -1 || strcmp(what, "landlock") != 0)
			_exit(UNWANTED);
		s.required = false;
		if (sandbox_enter(&s, in_force, &what) == -1)
			_exit(UNWANTED);
		_exit(strcmp(in_force, "seccomp; missing: landlock") == 0 || strcmp(in_force, "none") == 0
		    ? AS_WANTED : UNWANTED);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, who_is_locked_up);
	tcase_add_test(t, it_is_closed_to_others);
	tcase_add_test(t, what_cannot_be_had);
}

int
main(void)
{
	return run_unit("sandbox", add);
}
