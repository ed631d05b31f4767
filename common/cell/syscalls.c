/* SPDX-License-Identifier: ISC */
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>

#include <seccomp.h>

#include "cell/syscalls.h"

#ifdef SANITIZED
#define OTHERWISE SCMP_ACT_ERRNO(EPERM)
#else
#define OTHERWISE SCMP_ACT_KILL_PROCESS
#endif
#define OTHERWISE_BEFORE SCMP_ACT_KILL_THREAD	/* Linux 4.14; there is one thread */

enum {
	FCHMODAT2 = 452		/* of Linux 6.6, which libseccomp may not know; the same everywhere */
};

/* Numbers below 0 are of calls that other architectures have. */
static const int both[] = {
	/* The conversation, files, and the pipes between them. */
	SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(splice), SCMP_SYS(sendfile),
	SCMP_SYS(sendfile64), SCMP_SYS(lseek), SCMP_SYS(_llseek), SCMP_SYS(poll), SCMP_SYS(ppoll),
	SCMP_SYS(ppoll_time64), SCMP_SYS(close), SCMP_SYS(fcntl), SCMP_SYS(fcntl64),
	SCMP_SYS(dup2), SCMP_SYS(dup3),
	/* Looking. */
	SCMP_SYS(openat2), SCMP_SYS(fstat), SCMP_SYS(fstat64), SCMP_SYS(newfstatat),
	SCMP_SYS(fstatat64), SCMP_SYS(statx), SCMP_SYS(fstatfs), SCMP_SYS(fstatfs64),
	SCMP_SYS(getdents64), SCMP_SYS(readlink), SCMP_SYS(readlinkat),
	/* Time, memory, and ourselves. */
	SCMP_SYS(clock_gettime), SCMP_SYS(clock_gettime64), SCMP_SYS(gettimeofday), SCMP_SYS(time),
	SCMP_SYS(clock_nanosleep), SCMP_SYS(clock_nanosleep_time64), SCMP_SYS(restart_syscall),
	SCMP_SYS(timer_create), SCMP_SYS(timer_settime), SCMP_SYS(timer_settime64),
	SCMP_SYS(timer_gettime), SCMP_SYS(timer_gettime64), SCMP_SYS(timer_delete),
	SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise),
	SCMP_SYS(futex), SCMP_SYS(futex_time64),
	SCMP_SYS(getrandom), SCMP_SYS(geteuid), SCMP_SYS(geteuid32), SCMP_SYS(getpid),
	SCMP_SYS(gettid), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigreturn), SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(exit), SCMP_SYS(exit_group),
	/* The log, which may have to be found again. */
	SCMP_SYS(connect), SCMP_SYS(sendto), SCMP_SYS(send),
};

#ifdef SANITIZED
static const int sanitizing[] = {
	SCMP_SYS(sigaltstack),		/* before whatever does not return */
};
#endif

static const int sending[] = {
	SCMP_SYS(memfd_create),		/* for files that do not know their size */
	SCMP_SYS(fchdir), SCMP_SYS(getcwd),	/* for directories that do not know their name */
};

static const int receiving[] = {
	SCMP_SYS(openat), SCMP_SYS(mkdirat), SCMP_SYS(linkat), SCMP_SYS(unlinkat),
	SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(ftruncate), SCMP_SYS(ftruncate64),
	SCMP_SYS(fchmod), SCMP_SYS(fchmodat), FCHMODAT2, SCMP_SYS(fchown),
	SCMP_SYS(fchown32), SCMP_SYS(fgetxattr),
	SCMP_SYS(fsetxattr), SCMP_SYS(fremovexattr), SCMP_SYS(flock), SCMP_SYS(fsync),
};

static int
allow_all(scmp_filter_ctx filter, const int *calls, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int end = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);

		if (end != 0)
			return end;
	}
	return 0;
}

/* A call is allowed if the bits MASK of its argument number ARG are VALUE. */
static int
allow_if(scmp_filter_ctx filter, int call, unsigned arg, uint64_t mask, uint64_t value)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1,
	    SCMP_CMP64(arg, SCMP_CMP_MASKED_EQ, mask, value));
}

/* Calls of which only some uses are allowed. */
static int
allow_some(scmp_filter_ctx filter, bool send)
{
	enum who { BOTH, SENDS, RECEIVES };
	/* Not O_ACCMODE: with some C libraries that has O_PATH in it. */
	const uint64_t write_flags = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY);
	const struct {
		enum who who;
		int	 call;
		unsigned arg;
		uint64_t mask, value;
	} some[] = {
		/* No memory that can be run. */
		{ BOTH, SCMP_SYS(mmap), 2, PROT_EXEC, 0 },
		{ BOTH, SCMP_SYS(mmap2), 2, PROT_EXEC, 0 },
		{ BOTH, SCMP_SYS(mprotect), 2, PROT_EXEC, 0 },
		{ BOTH, SCMP_SYS(socket), 0, UINT64_MAX, AF_UNIX },
		{ BOTH, SCMP_SYS(ioctl), 1, UINT32_MAX, FIONREAD },
		/* Our own limits, not those of others. */
		{ BOTH, SCMP_SYS(prlimit64), 0, UINT32_MAX, 0 },
		{ SENDS, SCMP_SYS(openat), 2, write_flags, 0 },
		/* The times of descriptors, not of paths. */
		{ RECEIVES, SCMP_SYS(utimensat), 1, UINT64_MAX, 0 },
		{ RECEIVES, SCMP_SYS(utimensat_time64), 1, UINT64_MAX, 0 },
	};

	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
		int end;

		if (some[i].who == (send ? RECEIVES : SENDS))
			continue;
		end = allow_if(filter, some[i].call, some[i].arg, some[i].mask, some[i].value);
		if (end != 0)
			return end;
	}
	return 0;
}

static int
add_rules(scmp_filter_ctx filter, bool send)
{
	int end = allow_all(filter, both, sizeof(both) / sizeof(both[0]));

#ifdef SANITIZED
	if (end == 0)
		end = allow_all(filter, sanitizing, sizeof(sanitizing) / sizeof(sanitizing[0]));
#endif
	if (end == 0)
		end = allow_some(filter, send);
	if (end == 0)
		end = send ? allow_all(filter, sending, sizeof(sending) / sizeof(sending[0]))
		    : allow_all(filter, receiving, sizeof(receiving) / sizeof(receiving[0]));
	return end;
}

int
syscalls_restrict(bool send)
{
	scmp_filter_ctx filter = seccomp_init(OTHERWISE);
	int end;

	if (filter == NULL)
		filter = seccomp_init(OTHERWISE_BEFORE);
	if (filter == NULL) {
		errno = ENOMEM;
		return -1;
	}
	/* Errors of the kernel are told as they are, and all calls are found in few steps. */
	end = seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1);
	if (end == 0)
		end = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (end == 0)
		end = add_rules(filter, send);
	if (end == 0)
		end = seccomp_load(filter);
	seccomp_release(filter);
	errno = -end;
	if (end == 0)
		return 1;
	return errno == EINVAL || errno == ENOSYS ? 0 : -1;
}
