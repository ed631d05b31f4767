/* SPDX-License-Identifier: ISC */
/*
 * Loaded into the server with LD_PRELOAD, this makes a disk slow: SLOW in the environment is
 * KIND=SECONDS, and the first call of that kind takes so long before it does what it does.
 */
#include <sys/stat.h>
#include <sys/syscall.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The function that the program would have called without us. */
#define NEXT(function) ((__typeof__(&function))dlsym(RTLD_NEXT, #function))

enum {
	KIND_MAX = 16		/* bytes of a kind's name, NUL included */
};

static char kind[KIND_MAX];
static int seconds;

/* The environment is read before the program forgets it. */
__attribute__((constructor)) static void
read_kind(void)
{
	const char *text = getenv("SLOW");

	if (text != NULL && sscanf(text, "%15[a-z]=%d", kind, &seconds) != 2)
		abort();
}

/* No signal makes a disk faster. */
static void
take_time(const char *what)
{
	struct timespec rest = { .tv_sec = seconds };
	int saved = errno;

	if (strcmp(what, kind) != 0)
		return;
	kind[0] = '\0';
	while (nanosleep(&rest, &rest) == -1 && errno == EINTR)
		;
	errno = saved;
}

/* What is served, and not a log that is a file. */
static bool
is_served(int fd)
{
	struct stat st;

	return fd > STDERR_FILENO && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

ssize_t
read(int fd, void *buf, size_t n)
{
	if (is_served(fd))
		take_time("read");
	return NEXT(read)(fd, buf, n);
}

ssize_t
write(int fd, const void *buf, size_t n)
{
	if (is_served(fd))
		take_time("write");
	return NEXT(write)(fd, buf, n);
}

ssize_t
splice(int from, off64_t *fromoff, int to, off64_t *tooff, size_t n, unsigned flags)
{
	take_time("splice");
	return NEXT(splice)(from, fromoff, to, tooff, n, flags);
}

int
fsync(int fd)
{
	take_time("fsync");
	return NEXT(fsync)(fd);
}

int
linkat(int fromdir, const char *from, int todir, const char *to, int flags)
{
	take_time("link");
	return NEXT(linkat)(fromdir, from, todir, to, flags);
}

int
renameat(int fromdir, const char *from, int todir, const char *to)
{
	take_time("rename");
	return NEXT(renameat)(fromdir, from, todir, to);
}

int
mkdirat(int dirfd, const char *name, mode_t mode)
{
	take_time("mkdir");
	return NEXT(mkdirat)(dirfd, name, mode);
}

ssize_t
getdents64(int fd, void *buf, size_t n)
{
	take_time("list");
	return NEXT(getdents64)(fd, buf, n);
}
