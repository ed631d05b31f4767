/* SPDX-License-Identifier: ISC */
/*
 * Loaded into the server with LD_PRELOAD, this makes system calls fail, or raises a signal before
 * one.  FAULT in the environment holds rules, separated by commas:
 *
 *	KIND=ACTION		at every call of that kind
 *	KIND=ACTION@N		at the Nth only, counted from 1
 *	KIND=ACTION+BYTES	write: when that many bytes have reached regular files, until one is closed
 *
 * ACTION is an errno, or a negative signal: that is raised, and then the call is made.  "any"
 * counts every call that is known here.  FAULT_LOG names a file that gets one line for each call:
 * its kind, and "raised" after a signal.
 */
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The function that the program would have called without us. */
#define NEXT(function) ((__typeof__(&function))dlsym(RTLD_NEXT, #function))

enum {
	RULES = 8,
	KIND_MAX = 16,		/* bytes of a kind's name, NUL included */
	FD_MAX = 1024		/* descriptors of which we know whether they were written to */
};

static struct rule {
	char	kind[KIND_MAX];
	int	action;		/* an errno, or a negative signal */
	long	nth;		/* 0: every call */
	long	bytes;		/* of regular files until it fails; -1 where that does not matter */
	long	seen;		/* calls so far */
} rules[RULES];
static size_t nrules;
static const char *log_name;
static bool written[FD_MAX];

/* The environment is read before the program may write over it, as one that sets its title does. */
__attribute__((constructor)) static void
read_rules(void)
{
	const char *text = getenv("FAULT");

	log_name = getenv("FAULT_LOG");
	log_name = log_name == NULL ? NULL : strdup(log_name);
	for (; text != NULL && *text != '\0' && nrules < RULES; nrules++) {
		struct rule *r = &rules[nrules];

		r->bytes = -1;
		if (sscanf(text, "%15[a-z]=%d@%ld", r->kind, &r->action, &r->nth) < 2)
			abort();
		(void)sscanf(text, "%*15[a-z]=%*d+%ld", &r->bytes);
		text += strcspn(text, ",");
		text += *text == ',';
	}
}

/* By system calls, for ours must not be counted. */
static void
note(const char *kind)
{
	char line[KIND_MAX + 1];
	int n, fd, saved = errno;

	if (log_name == NULL)
		return;
	n = snprintf(line, sizeof(line), "%s\n", kind);
	fd = (int)syscall(SYS_openat, AT_FDCWD, log_name, O_WRONLY | O_APPEND | O_CREAT, 0666);
	if (fd == -1 || syscall(SYS_write, fd, line, n) != n || syscall(SYS_close, fd) == -1)
		abort();
	errno = saved;
}

/* The errno with which a call fails by this rule, or 0. */
static int
obey(const struct rule *r)
{
	if (r->action >= 0)
		return r->action;
	note("raised");
	raise(-r->action);
	return 0;
}

static int
ask(const char *kind)
{
	for (size_t i = 0; i < nrules; i++) {
		struct rule *r = &rules[i];
		int err;

		if (strcmp(r->kind, kind) != 0 || r->bytes != -1)
			continue;
		r->seen++;
		if (r->nth != 0 && r->nth != r->seen)
			continue;
		err = obey(r);
		if (err != 0)
			return err;
	}
	return 0;
}

/* True when the call is to fail, with errno. */
static bool
fails(const char *kind)
{
	int err, saved = errno;

	note(kind);
	err = ask("any");
	if (err == 0)
		err = ask(kind);
	errno = err != 0 ? err : saved;
	return err != 0;
}

static bool
is_regular(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

static const char *
kind_of_open(int flags)
{
	return (flags & O_TMPFILE) == O_TMPFILE ? "tmpfile" : "open";
}

static mode_t
mode_argument(int flags, va_list ap)
{
	return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(ap, mode_t) : 0;
}

/* What the headers make of one call depends on the compiler's options. */
#define OPENAT(name)							\
int									\
name(int dirfd, const char *path, int flags, ...)			\
{									\
	va_list ap;							\
	mode_t mode;							\
									\
	va_start(ap, flags);						\
	mode = mode_argument(flags, ap);				\
	va_end(ap);							\
	if (fails(kind_of_open(flags)))					\
		return -1;						\
	return (int)syscall(SYS_openat, dirfd, path, flags, mode);	\
}

#define OPEN(name)							\
int									\
name(const char *path, int flags, ...)					\
{									\
	va_list ap;							\
	mode_t mode;							\
									\
	va_start(ap, flags);						\
	mode = mode_argument(flags, ap);				\
	va_end(ap);							\
	if (fails(kind_of_open(flags)))					\
		return -1;						\
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);	\
}

int	__open_2(const char *, int);
int	__open64_2(const char *, int);
int	__openat_2(int, const char *, int);
int	__openat64_2(int, const char *, int);

OPENAT(openat)
OPENAT(openat64)
OPEN(open)
OPEN(open64)

int
__openat_2(int dirfd, const char *path, int flags)
{
	return openat(dirfd, path, flags, 0);
}

int
__openat64_2(int dirfd, const char *path, int flags)
{
	return openat(dirfd, path, flags, 0);
}

int
__open_2(const char *path, int flags)
{
	return open(path, flags, 0);
}

int
__open64_2(const char *path, int flags)
{
	return open(path, flags, 0);
}

/* A try to link to "." only asks whether it could be done. */
static const char *
kind_of_link(const char *to, int flags)
{
	if (strcmp(to, ".") != 0)
		return "linkname";
	return (flags & AT_EMPTY_PATH) != 0 ? "linkempty" : "linkproc";
}

int
linkat(int fromdir, const char *from, int todir, const char *to, int flags)
{
	if (fails(kind_of_link(to, flags)))
		return -1;
	return NEXT(linkat)(fromdir, from, todir, to, flags);
}

int
renameat(int fromdir, const char *from, int todir, const char *to)
{
	if (fails("renameat"))
		return -1;
	return NEXT(renameat)(fromdir, from, todir, to);
}

int
renameat2(int fromdir, const char *from, int todir, const char *to, unsigned flags)
{
	if (fails("renameat"))
		return -1;
	return NEXT(renameat2)(fromdir, from, todir, to, flags);
}

int
unlinkat(int dirfd, const char *name, int flags)
{
	if (fails("unlinkat"))
		return -1;
	return NEXT(unlinkat)(dirfd, name, flags);
}

int
mkdirat(int dirfd, const char *name, mode_t mode)
{
	if (fails("mkdirat"))
		return -1;
	return NEXT(mkdirat)(dirfd, name, mode);
}

/* The rule for a file that was full has been obeyed. */
static void
forget_full(void)
{
	for (size_t i = 0; i < nrules; i++)
		if (rules[i].bytes == 0) {
			rules[i].bytes = -1;
			rules[i].nth = -1;
		}
}

/* "close" is that of a file that was written to.  As the real call does, it closes in any case. */
int
close(int fd)
{
	bool wrote = fd >= 0 && fd < FD_MAX && written[fd];
	bool failed = fails(wrote ? "close" : "closeother");
	int saved = errno, end;

	if (wrote) {
		written[fd] = false;
		forget_full();
	}
	end = NEXT(close)(fd);
	if (!failed)
		return end;
	errno = saved;
	return -1;
}

int
fchmod(int fd, mode_t mode)
{
	if (fails("fchmod"))
		return -1;
	return NEXT(fchmod)(fd, mode);
}

int
fchown(int fd, uid_t uid, gid_t gid)
{
	if (fails("fchown"))
		return -1;
	return NEXT(fchown)(fd, uid, gid);
}

int
futimens(int fd, const struct timespec times[2])
{
	if (fails("futimens"))
		return -1;
	return NEXT(futimens)(fd, times);
}

int
ftruncate(int fd, off_t size)
{
	if (fails("ftruncate"))
		return -1;
	return NEXT(ftruncate)(fd, size);
}

int
ftruncate64(int fd, off64_t size)
{
	if (fails("ftruncate"))
		return -1;
	return NEXT(ftruncate64)(fd, size);
}

int
flock(int fd, int operation)
{
	if (fails("flock"))
		return -1;
	return NEXT(flock)(fd, operation);
}

int
fstatvfs(int fd, struct statvfs *fs)
{
	if (fails("fstatvfs"))
		return -1;
	return NEXT(fstatvfs)(fd, fs);
}

int
fstatvfs64(int fd, struct statvfs64 *fs)
{
	if (fails("fstatvfs"))
		return -1;
	return NEXT(fstatvfs64)(fd, fs);
}

int
fsync(int fd)
{
	if (fails("fsync"))
		return -1;
	return NEXT(fsync)(fd);
}

int
fdatasync(int fd)
{
	if (fails("fsync"))
		return -1;
	return NEXT(fdatasync)(fd);
}

ssize_t
read(int fd, void *buf, size_t n)
{
	if (fails("read"))
		return -1;
	return NEXT(read)(fd, buf, n);
}

/*
 * How many of N bytes may reach the regular file FD, or -1 with errno.  A file that becomes full
 * takes what fits first.
 */
static ssize_t
grant(int fd, size_t n)
{
	if (fd >= 0 && fd < FD_MAX)
		written[fd] = true;
	for (size_t i = 0; i < nrules; i++) {
		struct rule *r = &rules[i];

		if (strcmp(r->kind, "write") != 0 || r->bytes == -1)
			continue;
		if (r->bytes == 0) {
			errno = r->action;
			return -1;
		}
		if (n > (size_t)r->bytes)
			n = (size_t)r->bytes;
		r->bytes -= (long)n;
	}
	return (ssize_t)n;
}

ssize_t
write(int fd, const void *buf, size_t n)
{
	ssize_t may = (ssize_t)n;

	if (!is_regular(fd)) {
		if (fails("reply"))
			return -1;
	} else {
		if (fails("write"))
			return -1;
		may = grant(fd, n);
	}
	return may == -1 ? -1 : NEXT(write)(fd, buf, (size_t)may);
}

ssize_t
splice(int from, off64_t *fromoff, int to, off64_t *tooff, size_t n, unsigned flags)
{
	ssize_t may;

	if (fails(is_regular(to) ? "write" : "reply"))
		return -1;
	may = is_regular(to) ? grant(to, n) : (ssize_t)n;
	return may == -1 ? -1 : NEXT(splice)(from, fromoff, to, tooff, (size_t)may, flags);
}

ssize_t
sendfile(int to, int from, off_t *off, size_t n)
{
	ssize_t may;

	if (fails(is_regular(to) ? "write" : "reply"))
		return -1;
	may = is_regular(to) ? grant(to, n) : (ssize_t)n;
	return may == -1 ? -1 : NEXT(sendfile)(to, from, off, (size_t)may);
}
