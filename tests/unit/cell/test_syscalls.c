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

#include <linux/fs.h>
#include <linux/openat2.h>

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

/*
 * Sessions: they read, write, or do both in any order; of these, some only read, or only write.  And one that
 * passes on what others say.
 */
enum who {
	SENDER = 1,
	RECEIVER = 2,
	EXCHANGER = 4,
	BROWSER = 8,
	FILLER = 16,
	PASSER = 32,
	READERS = SENDER | EXCHANGER | BROWSER,
	WRITERS = RECEIVER | EXCHANGER | FILLER,
	FILERS = READERS | WRITERS,
	EVERYBODY = FILERS | PASSER,
	NOBODY_AT_ALL = 0
};

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
do_socket(void)
{
	return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) == -1;
}

static long
do_pair(void)
{
	int pair[2];

	return socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair);
}

static long
do_list(void)
{
	return openat(unit_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) == -1;
}

static long
do_hold(void)
{
	return openat(-1, "/", O_PATH | O_CLOEXEC) == -1;
}

static long
do_open(void)
{
	return openat(unit_fd, "old", O_RDONLY | O_CLOEXEC) == -1;
}

static long
do_open_both_ways(void)
{
	return openat(unit_fd, "old", O_RDWR | O_CLOEXEC) == -1;
}

/* For nothing: whoever may read and write a file empties it by that. */
static long
do_empty(void)
{
	return openat(unit_fd, "old", O_WRONLY | O_RDWR | O_TRUNC | O_CLOEXEC) == -1;
}

static long
do_width(void)
{
	return fcntl(unit_fd, F_GETPIPE_SZ) == -1 && errno == EBADF ? 0 : 1;
}

static long
do_duplicate(void)
{
	return fcntl(unit_fd, F_DUPFD_CLOEXEC, 0) == -1;
}

static long
do_flags(void)
{
	return fcntl(unit_fd, F_SETFL, fcntl(unit_fd, F_GETFL) | O_NONBLOCK);
}

static long
do_owner(void)
{
	return fcntl(unit_fd, F_SETOWN, getppid());
}

static long
do_owner_ex(void)
{
	struct f_owner_ex owner = { .type = F_OWNER_PID, .pid = 1 };

	return fcntl(unit_fd, F_SETOWN_EX, &owner);
}

static long
do_signal(void)
{
	return fcntl(unit_fd, F_SETSIG, SIGKILL);
}

static long
do_async(void)
{
	return fcntl(unit_fd, F_SETFL, O_ASYNC);
}

static long
do_lease(void)
{
	return fcntl(unit_fd, F_SETLEASE, F_RDLCK);
}

static long
do_notify(void)
{
	return fcntl(unit_fd, F_NOTIFY, DN_CREATE);
}

static long
do_address(void)
{
	struct sockaddr address = { .sa_family = AF_UNIX };

	return sendto(unit_fd, "", 1, 0, &address, sizeof(address));
}

static long
do_send(void)
{
	return send(unit_fd, "", 1, 0) == -1 && errno == ENOTSOCK ? 0 : 1;
}

static long
do_message(void)
{
	struct msghdr none = { .msg_iovlen = 0 };

	return sendmsg(unit_fd, &none, 0);
}

static long
do_connect(void)
{
	struct sockaddr address = { .sa_family = AF_UNIX };

	return connect(unit_fd, &address, sizeof(address));
}

#ifndef SANITIZED
static long
do_map_over(void)
{
	static char page[8192] __attribute__((aligned(4096)));

	return mmap(page, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED;
}
#endif

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
do_flags_of_file(void)
{
	long flags;

	return ioctl(-1, FS_IOC_GETFLAGS, &flags) == -1 && errno == EBADF ? 0 : 1;
}

static long
do_set_flags_of_file(void)
{
	long flags = 0;

	return ioctl(-1, FS_IOC_SETFLAGS, &flags) == -1 && errno == EBADF ? 0 : 1;
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

static long
do_owner_of_held(void)
{
	return fchownat(unit_fd, "", (uid_t)-1, (gid_t)-1, AT_EMPTY_PATH);
}

static long
do_where(void)
{
	char path[PATH_MAX];

	return syscall(SYS_getcwd, path, sizeof(path)) == -1;
}

static long
do_read_there(void)
{
	char byte;

	return pread(-1, &byte, 1, 0) == -1 && errno == EBADF ? 0 : 1;
}

static long
do_write_there(void)
{
	return pwrite(-1, "", 1, 0) == -1 && errno == EBADF ? 0 : 1;
}

static long
do_copy_there(void)
{
	return copy_file_range(-1, NULL, -1, NULL, 1, 0) == -1 && errno == EBADF ? 0 : 1;
}

static long
do_pipe(void)
{
	/* Nowhere to say which. */
	return syscall(SYS_pipe2, NULL, 0) == -1 && errno == EFAULT ? 0 : 1;
}

static long
do_clone(void)
{
	return ioctl(-1, FICLONE, -1) == -1 && errno == EBADF ? 0 : 1;
}

static const struct {
	const char *what;
	deed_fn	   *deed;
	enum who    may;
} rows[] = {
	{ "read", do_read, EVERYBODY }, { "stat", do_stat, EVERYBODY }, { "time", do_time, EVERYBODY },
	{ "sleep", do_sleep, EVERYBODY }, { "memory", do_map, EVERYBODY },
	{ "list", do_list, FILERS }, { "hold", do_hold, EVERYBODY }, { "send", do_send, EVERYBODY },
	{ "limits", do_limit, EVERYBODY }, { "waiting", do_ahead, EVERYBODY }, { "width", do_width, EVERYBODY },
	{ "flags of a file", do_flags_of_file, EVERYBODY },
	{ "other flags of a file", do_set_flags_of_file, NOBODY_AT_ALL },
	{ "open", do_open, READERS }, { "both ways", do_open_both_ways, EXCHANGER },
	{ "empty", do_empty, NOBODY_AT_ALL },
	{ "duplicate", do_duplicate, WRITERS | BROWSER }, { "flags", do_flags, WRITERS | BROWSER },
	{ "owner", do_owner, NOBODY_AT_ALL }, { "owner of a kind", do_owner_ex, NOBODY_AT_ALL },
	{ "signal", do_signal, NOBODY_AT_ALL }, { "asynchronous", do_async, NOBODY_AT_ALL },
	{ "lease", do_lease, NOBODY_AT_ALL }, { "notify", do_notify, NOBODY_AT_ALL },
	{ "socket", do_socket, NOBODY_AT_ALL }, { "pair", do_pair, NOBODY_AT_ALL },
	{ "address", do_address, NOBODY_AT_ALL }, { "message", do_message, NOBODY_AT_ALL },
	{ "connect", do_connect, NOBODY_AT_ALL },
	{ "copy", do_copy, READERS }, { "a name", do_name, READERS },
	{ "create", do_create, WRITERS }, { "unnamed", do_unnamed, WRITERS },
	{ "mkdir", do_mkdir, WRITERS }, { "chmod", do_chmod, WRITERS },
	{ "unlink", do_unlink, WRITERS }, { "times", do_times, WRITERS },
	{ "times of a path", do_times_of_path, EXCHANGER | FILLER },
	{ "owner of what is held", do_owner_of_held, EXCHANGER | FILLER },
	{ "exec", do_exec, NOBODY_AT_ALL }, { "fork", do_fork, NOBODY_AT_ALL },
	{ "tcp", do_tcp, NOBODY_AT_ALL }, { "ptrace", do_ptrace, NOBODY_AT_ALL },
	{ "mount", do_mount, NOBODY_AT_ALL }, { "kill", do_kill, NOBODY_AT_ALL },
	{ "terminal", do_tty, NOBODY_AT_ALL }, { "limits of others", do_others_limit, NOBODY_AT_ALL },
	{ "memory that runs", do_run_memory, NOBODY_AT_ALL }, { "symlink", do_symlink, EXCHANGER },
	{ "chroot", do_chroot, NOBODY_AT_ALL }, { "setuid", do_setuid, NOBODY_AT_ALL },
	{ "dumpable", do_dumpable, NOBODY_AT_ALL },
	{ "where we are", do_where, EVERYBODY },
	{ "read there", do_read_there, EXCHANGER | BROWSER },
	{ "write there", do_write_there, EXCHANGER | FILLER },
	{ "copy there", do_copy_there, EXCHANGER | FILLER },
	{ "pipe", do_pipe, EXCHANGER | BROWSER | FILLER },
	{ "clone", do_clone, EXCHANGER | FILLER },
};

enum {
	NOT_IN_FORCE = 99
};

/* How a process with those calls that does it ends: 0, an errno, or a negative signal. */
static int
end_of(deed_fn *deed, const struct syscalls *calls)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (syscalls_restrict(calls) != 1)
			_exit(NOT_IN_FORCE);
		errno = 0;
		_exit(deed() == 0 ? 0 : errno != 0 ? errno : 98);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static const struct session {
	const char     *what;
	enum who	who;
	struct syscalls calls;
} sessions[] = {
	{ "sending", SENDER, { .read = true, .openat2 = true, .log = -1 } },
	{ "receiving", RECEIVER, { .write = true, .openat2 = true, .log = -1 } },
	{ "both", EXCHANGER, { .read = true, .write = true, .anywhere = true, .links = true,
	    .openat2 = true, .log = -1 } },
	{ "reading anywhere", BROWSER, { .read = true, .anywhere = true, .openat2 = true, .log = -1 } },
	{ "writing anywhere", FILLER, { .write = true, .anywhere = true, .openat2 = true, .log = -1 } },
	{ "passing on", PASSER, { .openat2 = true, .log = -1 } },
};

static void
expect_end(const char *what, deed_fn *deed, const struct session *s, int wanted)
{
	int got = end_of(deed, &s->calls);

	if (got == NOT_IN_FORCE)
		printf("SKIP: this kernel has no seccomp\n");
	else
		ck_assert_msg(got == wanted, "%s, %s: expected %d, got %d", what, s->what, wanted, got);
}

START_TEST(who_may_call_what)
{
	const struct session *s = &sessions[(size_t)_i % COUNT(sessions)];
	const size_t row = (size_t)_i / COUNT(sessions);
	int wanted = (rows[row].may & s->who) != 0 ? 0 : KILLED;

	put_file("old", "old", 0600);
	/* That is tried, and told as Landlock tells it. */
	if (rows[row].deed == do_open && !s->calls.read)
		wanted = EACCES;
	expect_end(rows[row].what, rows[row].deed, s, wanted);
	ck_assert_str_eq(get_file("old"), "old");
}
END_TEST

static long
do_openat2(void)
{
	struct open_how how = { .flags = O_RDONLY };

	return syscall(SYS_openat2, unit_fd, ".", &how, sizeof(how)) == -1;
}

/* Whoever looks at the flags of openat does not see those of openat2. */
START_TEST(what_nobody_judges_is_not_there)
{
	for (size_t i = 0; i < COUNT(sessions); i++) {
		struct session s = sessions[i];

		expect_end("openat2", do_openat2, &s, 0);
		s.calls.openat2 = false;
		expect_end("openat2", do_openat2, &s, ENOSYS);
	}
}
END_TEST

#ifndef SANITIZED
START_TEST(memory_stays_where_it_is)
{
	expect_end("over other memory", do_map_over, &sessions[0], KILLED);
}
END_TEST
#endif

static void
add(TCase *t)
{
	tcase_add_loop_test(t, who_may_call_what, 0, (int)(COUNT(sessions) * COUNT(rows)));
	tcase_add_test(t, what_nobody_judges_is_not_there);
#ifndef SANITIZED
	tcase_add_test(t, memory_stays_where_it_is);
#endif
}

int
main(void)
{
	return run_unit("syscalls", add);
}
