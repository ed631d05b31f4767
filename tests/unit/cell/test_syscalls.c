/* SPDX-License-Identifier: ISC */
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <limits.h>
#include <signal.h>
#include <time.h>

#include "cell/syscalls.h"
#include "locked.h"
#include "unit.h"

/* A sanitizer's own calls must not kill us: there, what is not allowed fails. */
#ifdef SANITIZED
#define KILLED EPERM
#else
#define KILLED (-SIGSYS)
#endif

typedef long deed_fn(void);

enum who { BOTH, SENDER, RECEIVER, NOBODY_AT_ALL };

static long
do_read(void)
{
	return read(unit_fd, NULL, 0) == -1 && errno == EISDIR ? 0 : 1;
}

static long
do_stat(void)
{
	struct stat st;

	return fstat(unit_fd, &st);
}

static long
do_time(void)
{
	return time(NULL) == -1;
}

static long
do_sleep(void)
{
	struct timespec t = { .tv_nsec = 1 };

	return nanosleep(&t, NULL);
}

static long
do_map(void)
{
	return malloc(1 << 22) == NULL;
}

static long
do_log(void)
{
	return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) == -1;
}

static long
do_open(void)
{
	return openat(unit_fd, ".", O_RDONLY | O_CLOEXEC) == -1;
}

static long
do_limit(void)
{
	struct rlimit l;

	return prlimit(0, RLIMIT_NOFILE, NULL, &l);
}

static long
do_ahead(void)
{
	int n;

	return ioctl(-1, FIONREAD, &n) != -1;
}

static long
do_create(void)
{
	return openat(unit_fd, "f", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) == -1;
}

static long
do_unnamed(void)
{
	return openat(unit_fd, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600) == -1;
}

static long
do_mkdir(void)
{
	return mkdirat(unit_fd, "d", 0700);
}

static long
do_chmod(void)
{
	return fchmod(unit_fd, 0755);
}

static long
do_unlink(void)
{
	return unlinkat(unit_fd, "none", 0) == -1 && errno == ENOENT ? 0 : 1;
}

static long
do_copy(void)
{
	return memfd_create("x", MFD_CLOEXEC) == -1;
}

static long
do_exec(void)
{
	return execl("/bin/true", "true", (char *)NULL);
}

static long
do_fork(void)
{
	return fork();
}

static long
do_tcp(void)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static long
do_ptrace(void)
{
	return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static long
do_mount(void)
{
	return mount("none", "/mnt", "tmpfs", 0, NULL);
}

static long
do_kill(void)
{
	return kill(getppid(), 0);
}

static long
do_tty(void)
{
	return ioctl(0, TIOCSTI, "x");
}

static long
do_others_limit(void)
{
	struct rlimit l;

	return prlimit(1, RLIMIT_NOFILE, NULL, &l);
}

static long
do_run_memory(void)
{
	return mmap(NULL, 4096, PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
}

static long
do_symlink(void)
{
	return symlinkat("x", unit_fd, "l");
}

static long
do_chroot(void)
{
	return chroot("/");
}

static long
do_setuid(void)
{
	return setuid(0);
}

static long
do_dumpable(void)
{
	return prctl(PR_SET_DUMPABLE, 1);
}

static long
do_name(void)
{
	char path[PATH_MAX];

	return fchdir(unit_fd) == 0 && getcwd(path, sizeof(path)) != NULL ? 0 : -1;
}

static long
do_times(void)
{
	return futimens(unit_fd, NULL);
}

static long
do_times_of_path(void)
{
	return utimensat(unit_fd, ".", NULL, 0);
}

static const struct {
	const char *what;
	deed_fn	   *deed;
	enum who    may;
} rows[] = {
	{ "read", do_read, BOTH }, { "stat", do_stat, BOTH }, { "time", do_time, BOTH },
	{ "sleep", do_sleep, BOTH }, { "memory", do_map, BOTH }, { "log", do_log, BOTH },
	{ "open", do_open, BOTH }, { "limits", do_limit, BOTH }, { "waiting", do_ahead, BOTH },
	{ "copy", do_copy, SENDER }, { "a name", do_name, SENDER },
	{ "create", do_create, RECEIVER }, { "unnamed", do_unnamed, RECEIVER },
	{ "mkdir", do_mkdir, RECEIVER }, { "chmod", do_chmod, RECEIVER },
	{ "unlink", do_unlink, RECEIVER }, { "times", do_times, RECEIVER },
	{ "times of a path", do_times_of_path, NOBODY_AT_ALL },
	{ "exec", do_exec, NOBODY_AT_ALL }, { "fork", do_fork, NOBODY_AT_ALL },
	{ "tcp", do_tcp, NOBODY_AT_ALL }, { "ptrace", do_ptrace, NOBODY_AT_ALL },
	{ "mount", do_mount, NOBODY_AT_ALL }, { "kill", do_kill, NOBODY_AT_ALL },
	{ "terminal", do_tty, NOBODY_AT_ALL }, { "limits of others", do_others_limit, NOBODY_AT_ALL },
	{ "memory that runs", do_run_memory, NOBODY_AT_ALL }, { "symlink", do_symlink, NOBODY_AT_ALL },
	{ "chroot", do_chroot, NOBODY_AT_ALL }, { "setuid", do_setuid, NOBODY_AT_ALL },
	{ "dumpable", do_dumpable, NOBODY_AT_ALL },
};

enum {
	NOT_IN_FORCE = 99
};

/* How a process that is restricted and does it ends: 0, an errno, or a negative signal. */
static int
end_of(deed_fn *deed, bool send)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (syscalls_restrict(send) != 1)
			_exit(NOT_IN_FORCE);
		errno = 0;
		_exit(deed() == 0 ? 0 : errno != 0 ? errno : 98);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

START_TEST(who_may_call_what)
{
	bool send = _i % 2 == 0;
	int got = end_of(rows[_i / 2].deed, send);
	bool may = rows[_i / 2].may == BOTH || rows[_i / 2].may == (send ? SENDER : RECEIVER);

	if (got == NOT_IN_FORCE) {
		printf("SKIP: this kernel has no seccomp\n");
		return;
	}
	ck_assert_msg(got == (may ? 0 : KILLED), "%s, %s: expected %d, got %d", rows[_i / 2].what,
	    send ? "sending" : "receiving", may ? 0 : KILLED, got);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_loop_test(t, who_may_call_what, 0, 2 * (int)COUNT(rows));
}

int
main(void)
{
	return run_unit("syscalls", add);
}
