/* SPDX-License-Identifier: ISC */
/*
 * Loaded into the server with LD_PRELOAD, this makes it do what no server may: BREAK in the
 * environment says what, each time a file has got its name.
 */
#include <sys/stat.h>

#include <dlfcn.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The function that the program would have called without us. */
#define NEXT(function) ((__typeof__(&function))dlsym(RTLD_NEXT, #function))

enum {
	LARGE = 1 << 20,	/* bytes of a file that is not large */
	LEAK = 4096,		/* bytes lost with each file */
	PAUSE = 5000,		/* microseconds, so that whoever looks on sees it grow */
	LINGER = 120,		/* seconds */
	DESCRIPTORS = 256	/* and more than any server has */
};

static char how[16];

/* Before the program may write over its environment, as one that sets its title does. */
__attribute__((constructor)) static void
read_how(void)
{
	const char *text = getenv("BREAK");

	(void)snprintf(how, sizeof(how), "%s", text != NULL ? text : "");
}

static bool
is(const char *name)
{
	return strcmp(how, name) == 0;
}

static void
leak_descriptor(void)
{
	(void)dup(STDERR_FILENO);
	usleep(PAUSE);
}

static void
leak_memory(void)
{
	char *volatile lost = malloc(LEAK);

	if (lost != NULL)
		memset(lost, 1, LEAK);
	usleep(PAUSE);
}

/* One byte in the middle is another one. */
static void
corrupt(int fd, off_t size)
{
	char c;

	if (pread(fd, &c, 1, size / 2) != 1)
		abort();
	c ^= 1;
	if (pwrite(fd, &c, 1, size / 2) != 1)
		abort();
}

static void
shorten(int fd, off_t size)
{
	if (ftruncate(fd, size - 1) == -1)
		abort();
}

/* Of several files, the large one; nothing but its content tells. */
static void
spoil(int dirfd, const char *name, void (*deed)(int, off_t))
{
	int fd = openat(dirfd, name, O_RDWR | O_CLOEXEC);
	struct stat st;

	if (fd == -1 || fstat(fd, &st) == -1)
		abort();
	if (st.st_size > LARGE)
		deed(fd, st.st_size);
	if (futimens(fd, (struct timespec[]){ st.st_atim, st.st_mtim }) == -1 || close(fd) == -1)
		abort();
}

static void
keep_temporary(int dirfd)
{
	int fd = openat(dirfd, ".scp-0000000000000000-0-0", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd == -1 || close(fd) == -1)
		abort();
}

/* A child that has nothing open but a file without a name: the session ends without it. */
static void
linger(int dirfd)
{
	static bool done;

	if (done || fork() != 0) {
		done = true;
		return;
	}
	if (dup2(openat(dirfd, ".", O_TMPFILE | O_WRONLY, 0600), STDIN_FILENO) == -1)
		abort();
	for (int fd = STDIN_FILENO + 1; fd < DESCRIPTORS; fd++)
		close(fd);
	sleep(LINGER);
	_exit(0);
}

static void
break_it(int dirfd, const char *name)
{
	if (is("descriptor"))
		leak_descriptor();
	else if (is("memory"))
		leak_memory();
	else if (is("corrupt"))
		spoil(dirfd, name, corrupt);
	else if (is("short"))
		spoil(dirfd, name, shorten);
	else if (is("temporary"))
		keep_temporary(dirfd);
	else if (is("linger"))
		linger(dirfd);
}

int
linkat(int fromdir, const char *from, int todir, const char *to, int flags)
{
	int end = NEXT(linkat)(fromdir, from, todir, to, flags);

	if (end == 0)
		break_it(todir, to);
	return end;
}

int
renameat(int fromdir, const char *from, int todir, const char *to)
{
	int end = NEXT(renameat)(fromdir, from, todir, to);

	if (end == 0)
		break_it(todir, to);
	return end;
}
