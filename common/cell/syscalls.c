/* SPDX-License-Identifier: ISC */
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>

#include <linux/fs.h>
#include <linux/sockios.h>
#include <seccomp.h>

#include "cell/syscalls.h"

#ifdef SANITIZED
#define OTHERWISE SCMP_ACT_ERRNO(EPERM)
#else
#define OTHERWISE SCMP_ACT_KILL_PROCESS
#endif
#define OTHERWISE_BEFORE SCMP_ACT_KILL_THREAD	/* Linux 4.14; there is one thread */

enum {
	/* Which libseccomp may not know; the same everywhere. */
	FACCESSAT2 = 439,	/* of Linux 5.8 */
	FCHMODAT2 = 452		/* of Linux 6.6 */
};

/* Numbers below 0 are of calls that other architectures have. */
static const int always[] = {
	/* The conversation, files, and the pipes between them. */
	SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(splice), SCMP_SYS(sendfile),
	SCMP_SYS(sendfile64), SCMP_SYS(lseek), SCMP_SYS(_llseek), SCMP_SYS(poll), SCMP_SYS(ppoll),
	SCMP_SYS(ppoll_time64), SCMP_SYS(close), SCMP_SYS(dup2), SCMP_SYS(dup3),
	/* Looking. */
	SCMP_SYS(fstat), SCMP_SYS(fstat64), SCMP_SYS(newfstatat),
	SCMP_SYS(fstatat64), SCMP_SYS(statx), SCMP_SYS(fstatfs), SCMP_SYS(fstatfs64),
	SCMP_SYS(getdents64), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getcwd),
	/* Time, memory, and ourselves. */
	SCMP_SYS(clock_gettime), SCMP_SYS(clock_gettime64), SCMP_SYS(gettimeofday), SCMP_SYS(time),
	SCMP_SYS(clock_nanosleep), SCMP_SYS(clock_nanosleep_time64), SCMP_SYS(restart_syscall),
	SCMP_SYS(timer_create), SCMP_SYS(timer_settime), SCMP_SYS(timer_settime64),
	SCMP_SYS(timer_gettime), SCMP_SYS(timer_gettime64), SCMP_SYS(timer_delete),
	SCMP_SYS(brk), SCMP_SYS(futex), SCMP_SYS(futex_time64),
	SCMP_SYS(getrandom), SCMP_SYS(geteuid), SCMP_SYS(geteuid32), SCMP_SYS(getpid),
	SCMP_SYS(gettid), SCMP_SYS(umask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigreturn), SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(exit), SCMP_SYS(exit_group),
	/* The log: the one without an address. */
	SCMP_SYS(send),
};

#ifdef SANITIZED
static const int sanitizing[] = {
	SCMP_SYS(sigaltstack),		/* before whatever does not return */
};
#endif

static const int reading[] = {
	SCMP_SYS(memfd_create),		/* for files that do not know their size */
	SCMP_SYS(fchdir),		/* for directories that do not know their name */
};

static const int writing[] = {
	SCMP_SYS(mkdirat), SCMP_SYS(linkat), SCMP_SYS(unlinkat),
	SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(ftruncate), SCMP_SYS(ftruncate64),
	SCMP_SYS(fchmod), SCMP_SYS(fchmodat), FCHMODAT2, FACCESSAT2, SCMP_SYS(fchown),
	SCMP_SYS(fchown32), SCMP_SYS(fgetxattr), SCMP_SYS(getxattr), SCMP_SYS(flistxattr),
	SCMP_SYS(listxattr), SCMP_SYS(fsetxattr), SCMP_SYS(fremovexattr), SCMP_SYS(flock), SCMP_SYS(fsync),
};

static const int reading_anywhere[] = {
	SCMP_SYS(pread64), SCMP_SYS(preadv),
};

/* What is only held, as links can be, has times and an owner by its name, which may be "". */
static const int writing_anywhere[] = {
	SCMP_SYS(pwrite64), SCMP_SYS(pwritev), SCMP_SYS(copy_file_range),
	SCMP_SYS(utimensat), SCMP_SYS(utimensat_time64), SCMP_SYS(fchownat),
};

static const int moving_anywhere[] = {
	SCMP_SYS(pipe2),		/* through which large pieces go */
};

static const int linking[] = {
	SCMP_SYS(symlinkat),
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

#define ALLOW_ALL(filter, calls) allow_all(filter, calls, sizeof(calls) / sizeof((calls)[0]))

/* What a call may be like: so are all of the LEN arguments. */
struct rule {
	int		    call;
	unsigned	    len;
	struct scmp_arg_cmp is[3];
};

#define IS(arg, value)		 SCMP_CMP64(arg, SCMP_CMP_EQ, (uint64_t)(value), 0)
#define ABOVE(arg, value)	 SCMP_CMP64(arg, SCMP_CMP_GT, (uint64_t)(value), 0)
#define BITS(arg, mask, value)	 SCMP_CMP64(arg, SCMP_CMP_MASKED_EQ, (uint64_t)(mask), (uint64_t)(value))
/* Of an int: what stands above it in the register is nobody's. */
#define IS_INT(arg, value)	 BITS(arg, UINT32_MAX, (uint32_t)(value))

static int
add_all(scmp_filter_ctx filter, uint32_t action, const struct rule *rules, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int end = seccomp_rule_add_array(filter, action, rules[i].call, rules[i].len, rules[i].is);

		if (end != 0)
			return end;
	}
	return 0;
}

#define ADD_ALL(filter, action, rules) \
	add_all(filter, action, rules, sizeof(rules) / sizeof((rules)[0]))

/* Calls of which only some uses are allowed, in any session. */
static int
allow_some(scmp_filter_ctx filter)
{
	const struct rule some[] = {
		{ SCMP_SYS(ioctl), 1, { IS_INT(1, FIONREAD) } },
		{ SCMP_SYS(ioctl), 1, { IS_INT(1, SIOCOUTQ) } },
		/* Whether names fold in a directory. */
		{ SCMP_SYS(ioctl), 1, { IS_INT(1, FS_IOC_GETFLAGS) } },
		/* Not who is sent a signal, and which, when something happens to a descriptor. */
		{ SCMP_SYS(fcntl), 1, { IS_INT(1, F_GETPIPE_SZ) } },
		{ SCMP_SYS(fcntl), 1, { IS_INT(1, F_SETPIPE_SZ) } },
		{ SCMP_SYS(fcntl64), 1, { IS_INT(1, F_GETPIPE_SZ) } },
		{ SCMP_SYS(fcntl64), 1, { IS_INT(1, F_SETPIPE_SZ) } },
		/* Our own limits, not those of others. */
		{ SCMP_SYS(prlimit64), 1, { IS_INT(0, 0) } },
		/* To whom a socket is connected, and to no other address. */
		{ SCMP_SYS(sendto), 1, { IS(4, 0) } },
	};

	return ADD_ALL(filter, SCMP_ACT_ALLOW, some);
}

/* What is shown on a terminal is for whoever is in its foreground, and as wide as that is. */
static int
allow_terminal(scmp_filter_ctx filter)
{
	const struct rule terminal[] = {
		{ SCMP_SYS(ioctl), 1, { IS_INT(1, TIOCGWINSZ) } },
		{ SCMP_SYS(ioctl), 1, { IS_INT(1, TIOCGPGRP) } },
	};

	return ADD_ALL(filter, SCMP_ACT_ALLOW, terminal);
}

/* Only the sanitizers' own memory is put where there is some already. */
#ifdef SANITIZED
#define NOT_OVER_OTHER 0
#else
#define NOT_OVER_OTHER MAP_FIXED
#endif

/* No memory that can be run, and nothing that changes what is PINNED, or lies below it. */
static int
allow_memory(scmp_filter_ctx filter, const void *pinned)
{
	const struct scmp_arg_cmp above = ABOVE(0, (uintptr_t)pinned);
	const struct rule memory[] = {
		{ SCMP_SYS(mmap), 2, { BITS(2, PROT_EXEC, 0), BITS(3, NOT_OVER_OTHER, 0) } },
		{ SCMP_SYS(mmap2), 2, { BITS(2, PROT_EXEC, 0), BITS(3, NOT_OVER_OTHER, 0) } },
		{ SCMP_SYS(mprotect), 2, { above, BITS(2, PROT_EXEC, 0) } },
		{ SCMP_SYS(mremap), 2, { above, BITS(3, MREMAP_FIXED, 0) } },
		{ SCMP_SYS(munmap), 1, { above } },
		{ SCMP_SYS(madvise), 1, { above } },
	};

	return ADD_ALL(filter, SCMP_ACT_ALLOW, memory);
}

/* What files are opened for. */
static int
allow_opening(scmp_filter_ctx filter, const struct syscalls *s)
{
	const int way = O_WRONLY | O_RDWR;
	/* Not O_ACCMODE: with some C libraries that has O_PATH in it. */
	const int changing = way | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY);
	/* Not for nothing, which empties a file all the same. */
	const struct rule both[] = {
		{ SCMP_SYS(openat), 1, { BITS(2, way, 0) } },
		{ SCMP_SYS(openat), 1, { BITS(2, way, O_WRONLY) } },
		{ SCMP_SYS(openat), 1, { BITS(2, way, O_RDWR) } },
	};
	const struct rule to_read[] = {
		{ SCMP_SYS(openat), 1, { BITS(2, changing, 0) } },
	};
	/* Anything may be held; files are written, and directories listed. */
	const struct rule to_hold[] = {
		{ SCMP_SYS(openat), 1, { BITS(2, way | O_DIRECTORY | O_PATH, O_PATH) } },
	};
	const struct rule to_write[] = {
		{ SCMP_SYS(openat), 1, { BITS(2, way, O_WRONLY) } },
		{ SCMP_SYS(openat), 1, { BITS(2, way | O_DIRECTORY, O_DIRECTORY) } },
	};
	/* What is tried, and can fail, is told as Landlock tells it. */
	const struct rule denied[] = {
		{ SCMP_SYS(openat), 1, { BITS(2, way | O_DIRECTORY | O_PATH, 0) } },
	};
	int end;

	if (s->read)
		return s->write ? ADD_ALL(filter, SCMP_ACT_ALLOW, both)
		    : ADD_ALL(filter, SCMP_ACT_ALLOW, to_read);
	end = ADD_ALL(filter, SCMP_ACT_ALLOW, to_hold);
	if (end == 0 && s->write)
		end = ADD_ALL(filter, SCMP_ACT_ALLOW, to_write);
	return end != 0 ? end : ADD_ALL(filter, SCMP_ACT_ERRNO(EACCES), denied);
}

/* The flags of descriptors, and second ones. */
static int
allow_flags(scmp_filter_ctx filter)
{
	const struct rule rules[] = {
		/* A descriptor that we wait for does not send signals instead. */
		{ SCMP_SYS(fcntl), 2, { IS_INT(1, F_SETFL), BITS(2, O_ASYNC, 0) } },
		{ SCMP_SYS(fcntl64), 2, { IS_INT(1, F_SETFL), BITS(2, O_ASYNC, 0) } },
		{ SCMP_SYS(fcntl), 1, { IS_INT(1, F_GETFL) } },
		{ SCMP_SYS(fcntl64), 1, { IS_INT(1, F_GETFL) } },
		{ SCMP_SYS(fcntl), 1, { IS_INT(1, F_DUPFD_CLOEXEC) } },
		{ SCMP_SYS(fcntl64), 1, { IS_INT(1, F_DUPFD_CLOEXEC) } },
		/* Some C libraries then say once more that it is closed by exec. */
		{ SCMP_SYS(fcntl), 1, { IS_INT(1, F_SETFD) } },
		{ SCMP_SYS(fcntl64), 1, { IS_INT(1, F_SETFD) } },
	};

	return ADD_ALL(filter, SCMP_ACT_ALLOW, rules);
}

static int
allow_writing(scmp_filter_ctx filter, const struct syscalls *s)
{
	const struct rule some[] = {
		/* Room is taken, and not given back. */
		{ SCMP_SYS(fallocate), 1, { IS_INT(1, FALLOC_FL_KEEP_SIZE) } },
	};
	/* The times of descriptors, not of paths. */
	const struct rule times[] = {
		{ SCMP_SYS(utimensat), 1, { IS(1, 0) } },
		{ SCMP_SYS(utimensat_time64), 1, { IS(1, 0) } },
	};
	/* A copy that takes no room until one of the two is written. */
	const struct rule clone[] = {
		{ SCMP_SYS(ioctl), 1, { IS_INT(1, FICLONE) } },
	};
	int end = ALLOW_ALL(filter, writing);

	if (end == 0)
		end = ADD_ALL(filter, SCMP_ACT_ALLOW, some);
	if (end == 0)
		end = allow_flags(filter);
	if (end == 0 && s->links)
		end = ALLOW_ALL(filter, linking);
	if (end == 0 && !s->anywhere)
		return ADD_ALL(filter, SCMP_ACT_ALLOW, times);
	if (end == 0)
		end = ALLOW_ALL(filter, writing_anywhere);
	return end != 0 ? end : ADD_ALL(filter, SCMP_ACT_ALLOW, clone);
}

static int
allow_reading(scmp_filter_ctx filter, const struct syscalls *s)
{
	int end = ALLOW_ALL(filter, reading);

	if (end != 0 || !s->anywhere)
		return end;
	end = ALLOW_ALL(filter, reading_anywhere);
	return end != 0 || s->write ? end : allow_flags(filter);
}

/* What depends on the kernel and on the session. */
static int
allow_for(scmp_filter_ctx filter, const struct syscalls *s)
{
	const struct rule openat2 = { .call = SCMP_SYS(openat2) };
	const struct rule find_log = { SCMP_SYS(connect), 3,
	    { IS_INT(0, s->log), IS(1, (uintptr_t)s->address), IS_INT(2, s->size) } };
	int end = add_all(filter, s->openat2 ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(ENOSYS), &openat2, 1);

	return end != 0 || s->log == -1 || s->address == NULL ? end
	    : add_all(filter, SCMP_ACT_ALLOW, &find_log, 1);
}

static int
add_rules(scmp_filter_ctx filter, const struct syscalls *s)
{
	int end = ALLOW_ALL(filter, always);

#ifdef SANITIZED
	if (end == 0)
		end = ALLOW_ALL(filter, sanitizing);
#endif
	if (end == 0)
		end = allow_opening(filter, s);
	if (end == 0 && s->read)
		end = allow_reading(filter, s);
	if (end == 0 && s->write)
		end = allow_writing(filter, s);
	if (end == 0 && s->anywhere)
		end = ALLOW_ALL(filter, moving_anywhere);
	if (end == 0)
		end = allow_some(filter);
	if (end == 0 && s->terminal)
		end = allow_terminal(filter);
	if (end == 0)
		end = allow_memory(filter, s->address);
	return end != 0 ? end : allow_for(filter, s);
}

int
syscalls_restrict(const struct syscalls *s)
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
		end = add_rules(filter, s);
	if (end == 0)
		end = seccomp_load(filter);
	seccomp_release(filter);
	errno = -end;
	if (end == 0)
		return 1;
	return errno == EINVAL || errno == ENOSYS ? 0 : -1;
}
