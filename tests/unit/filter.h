/* SPDX-License-Identifier: ISC */
#ifndef FILTER_H
#define FILTER_H

/*
 * Takes openat2 away from the process that asks for it, and from its children, for ever: every call
 * fails with an errno of choice, as in containers whose filter, or whose kernel, does not know it.
 */
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>

/* What openat2 comes to: 0 where it can open ".", or its errno. */
static inline int
filter_probe(void)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_BENEATH };
	long fd = syscall(SYS_openat2, AT_FDCWD, ".", &how, sizeof(how));

	if (fd == -1)
		return errno;
	close((int)fd);
	return 0;
}

/* 0 once openat2 fails with ERR; -1. */
static inline int
filter_openat2(int err)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ((unsigned)err & SECCOMP_RET_DATA)),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = sizeof(code) / sizeof(code[0]), .filter = code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == -1)
		return -1;
	return filter_probe() == err ? 0 : -1;
}

/* What a test that opens anything should see no difference between: it runs once for each. */
static const struct {
	const char *name;
	int	    err;	/* of openat2; 0: it works */
} kernels[] = {
	{ "openat2 that works", 0 },
	{ "no openat2: ENOSYS", ENOSYS },
	{ "no openat2: EPERM", EPERM },
	{ "openat2 that is disturbed for ever", EAGAIN },
};

enum {
	KERNELS = sizeof(kernels) / sizeof(kernels[0])
};

/* Turns this process's kernel into the Ith.  Loudly, where that cannot be had. */
static inline bool
lacks_kernel(int i)
{
	if (kernels[i].err == 0 ? filter_probe() == 0 : filter_openat2(kernels[i].err) == 0)
		return false;
	printf("SKIP: %s cannot be had here: %s\n", kernels[i].name, strerror(errno));
	fflush(stdout);
	return true;
}

#endif
