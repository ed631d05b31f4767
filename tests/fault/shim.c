/* SPDX-License-Identifier: ISC */
/*
 * Loaded into the server with LD_PRELOAD, this makes system calls fail, or raises a signal before
 * one.  FAULT in the environment holds rules, separated by commas:
 *
 *	KIND=ACTION		at every call of that kind
 *	KIND=ACTION@N		at the Nth only, counted from 1
 *	KIND=ACTION@N-		at the Nth and all that come after it
 *	KIND=ACTION+BYTES	write: when that many bytes have reached regular files, until one is closed
 *
 * ACTION is an errno, or a negative signal: that is raised, and then the call is made; or 0: the
 * call moves a third of the bytes that were asked for, at least one; or 10000 and more: the call
 * waits, up to so many microseconds less 10000.  "any" counts the calls that
 * change something, read or write, and not those that only look; "call" has these, too, and memory alone
 * is none.  FAULT_LOG names a file that gets
 * one line for each call: its kind; and after it "raised" for a signal, "failed" where it was made
 * to fail or to move less.
 *
 * Of a program that forks, FAULT_IN is the process that all of this is about: 0 is the first one, and N
 * the Nth that it forks.  What it executes has nothing of us.  A signal beyond -100 is then for all of its
 * process group.
 */
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linux/magic.h>

/* The function that the program would have called without us. */
#define NEXT(function) ((__typeof__(&function))dlsym(RTLD_NEXT, #function))

enum {
	RULES = 8,
	WAIT = 10000,		/* actions from here on are microseconds */
	GROUP = 100,		/* signals from here on are for a group, less this */
	KIND_MAX = 16,		/* bytes of a kind's name, NUL included */
	FD_MAX = 1024		/* descriptors of which we know whether they were written to */
};

static struct rule {
	char	kind[KIND_MAX];
	int	action;		/* an errno, or a negative signal, or 0: move less */
	long	nth;		/* 0: every call */
	bool	on;		/* and those that come after it */
	long	bytes;		/* of regular files until it fails; -1 where that does not matter */
	long	seen;		/* calls so far */
} rules[RULES];
static size_t nrules;
static const char *log_name;
static bool written[FD_MAX];
static bool less;		/* what a call in progress was told: move a third */
static bool spared;		/* memory is given: see SPARE */
static long forks;		/* processes so far */
static long us;			/* which one this is */
static long meant;		/* which one all of this is about */

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452	/* Linux 6.6, the same number everywhere */
#endif

/* The C library's own, which needs nobody to be looked up. */
void	*__libc_malloc(size_t);
void	*__libc_calloc(size_t, size_t);
void	*__libc_realloc(void *, size_t);

/* The environment is read before the program may write over it, as one that sets its title does. */
__attribute__((constructor)) static void
read_rules(void)
{
	const char *text = getenv("FAULT"), *in = getenv("FAULT_IN");

	srandom((unsigned)getpid());
	if (in != NULL) {
		meant = atol(in);
		(void)unsetenv("LD_PRELOAD");
	}
	log_name = getenv("FAULT_LOG");
	log_name = log_name == NULL ? NULL : strdup(log_name);
	for (; text != NULL && *text != '\0' && nrules < RULES; nrules++) {
		struct rule *r = &rules[nrules];
		char dash = '\0';

		r->bytes = -1;
		if (sscanf(text, "%15[a-z0-9]=%d@%ld%c", r->kind, &r->action, &r->nth, &dash) < 2)
			abort();
		r->on = dash == '-';
		(void)sscanf(text, "%*15[a-z0-9]=%*d+%ld", &r->bytes);
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

	if (log_name == NULL || us != meant)
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
	if (r->action >= WAIT) {
		usleep((useconds_t)(random() % (r->action - WAIT + 1)));
		return 0;
	}
	if (r->action >= 0) {
		note("failed");
		less = r->action == 0;
		return r->action;
	}
	note("raised");
	if (r->action <= -GROUP)
		(void)syscall(SYS_kill, 0, -r->action - GROUP);
	else
		raise(-r->action);
	return 0;
}

static int
ask(const char *kind)
{
	for (size_t i = 0; us == meant && i < nrules; i++) {
		struct rule *r = &rules[i];
		int err;

		if (strcmp(r->kind, kind) != 0 || r->bytes != -1)
			continue;
		r->seen++;
		if (r->nth != 0 && (r->on ? r->seen < r->nth : r->seen != r->nth))
			continue;
		err = obey(r);
		if (err != 0)
			return err;
	}
	return 0;
}

/* True when the call is to fail, with errno. */
static bool
fails_as(const char *kind, bool any)
{
	int err, saved = errno;

	less = false;
	note(kind);
	err = any ? ask("any") : 0;
	if (err == 0 && strcmp(kind, "malloc") != 0)
		err = ask("call");
	if (err == 0)
		err = ask(kind);
	errno = err != 0 ? err : saved;
	return err != 0;
}

static bool
fails(const char *kind)
{
	return fails_as(kind, true);
}

/* The same for a call that only looks, or takes what is the process's own. */
static bool
look_fails(const char *kind)
{
	return fails_as(kind, false);
}

/* What a call that was asked for N bytes may move. */
static size_t
share_of(size_t n)
{
	return !less || n < 2 ? n : n < 3 ? 1 : n / 3;
}

static bool
is_regular(int fd)
{
	struct stat st;

	return NEXT(fstat)(fd, &st) == 0 && S_ISREG(st.st_mode);
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
	struct stat st;
	int err;

	if (fails("renameat"))
		return -1;
	/* The same call, by what it would do. */
	err = NEXT(fstatat)(todir, to, &st, AT_SYMLINK_NOFOLLOW) == 0 ? ask("renameover") : 0;
	if (err != 0) {
		errno = err;
		return -1;
	}
	return NEXT(renameat)(fromdir, from, todir, to);
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
fchownat(int dirfd, const char *name, uid_t uid, gid_t gid, int flags)
{
	if (fails("fchown"))
		return -1;
	return NEXT(fchownat)(dirfd, name, uid, gid, flags);
}

int
utimensat(int dirfd, const char *name, const struct timespec times[2], int flags)
{
	if (fails("futimens"))
		return -1;
	return NEXT(utimensat)(dirfd, name, times, flags);
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
fallocate(int fd, int mode, off_t from, off_t size)
{
	if (fails("fallocate"))
		return -1;
	return NEXT(fallocate)(fd, mode, from, size);
}

int
fallocate64(int fd, int mode, off64_t from, off64_t size)
{
	if (fails("fallocate"))
		return -1;
	return NEXT(fallocate64)(fd, mode, from, size);
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
	if (fails(is_regular(fd) ? "read" : "hear"))
		return -1;
	return NEXT(read)(fd, buf, share_of(n));
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
pread(int fd, void *buf, size_t n, off_t offset)
{
	if (fails("read"))
		return -1;
	return NEXT(pread)(fd, buf, share_of(n), offset);
}

ssize_t
pwrite(int fd, const void *buf, size_t n, off_t offset)
{
	ssize_t may = fails("write") ? -1 : grant(fd, share_of(n));

	return may == -1 ? -1 : NEXT(pwrite)(fd, buf, (size_t)may, offset);
}

/* A write of several pieces that is told to move less moves the first. */
ssize_t
pwritev(int fd, const struct iovec *pieces, int n, off_t offset)
{
	size_t all = 0;
	ssize_t may;

	for (int i = 0; i < n; i++)
		all += pieces[i].iov_len;
	may = fails("write") ? -1 : grant(fd, share_of(all));
	if (may == -1)
		return -1;
	return (size_t)may == all ? NEXT(pwritev)(fd, pieces, n, offset)
	    : NEXT(pwrite)(fd, pieces[0].iov_base,
	    (size_t)may < pieces[0].iov_len ? (size_t)may : pieces[0].iov_len, offset);
}

ssize_t
write(int fd, const void *buf, size_t n)
{
	ssize_t may;

	if (!is_regular(fd)) {
		if (fails("reply"))
			return -1;
		may = (ssize_t)share_of(n);
	} else {
		if (fails("write"))
			return -1;
		may = grant(fd, share_of(n));
	}
	return may == -1 ? -1 : NEXT(write)(fd, buf, (size_t)may);
}

ssize_t
splice(int from, off64_t *fromoff, int to, off64_t *tooff, size_t n, unsigned flags)
{
	ssize_t may;

	if (fails(is_regular(to) ? "write" : "splice"))
		return -1;
	may = is_regular(to) ? grant(to, share_of(n)) : (ssize_t)share_of(n);
	return may == -1 ? -1 : NEXT(splice)(from, fromoff, to, tooff, (size_t)may, flags);
}

ssize_t
sendfile(int to, int from, off_t *off, size_t n)
{
	ssize_t may;

	if (fails(is_regular(to) ? "write" : "sendfile"))
		return -1;
	may = is_regular(to) ? grant(to, share_of(n)) : (ssize_t)share_of(n);
	return may == -1 ? -1 : NEXT(sendfile)(to, from, off, (size_t)may);
}

/* The calls that not every C library has a function for; all others go their way. */
static bool
numbered_fails(long number)
{
	switch (number) {
	case SYS_openat2:
		return fails("openat2");
	case SYS_fchmod:
		return fails("fchmod");
	case SYS_fchmodat2:
		return fails("fchmodat2");
	case SYS_renameat2:
		return fails("renameat2");
	case SYS_statx:
		return look_fails("statx");
	case SYS_faccessat2:
		return look_fails("faccessat2");
	case SYS_copy_file_range:
		return fails("copy");
	default:
		return false;
	}
}

long
syscall(long number, ...)
{
	long a[6];
	va_list ap;

	va_start(ap, number);
	for (size_t i = 0; i < sizeof(a) / sizeof(a[0]); i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (numbered_fails(number))
		return -1;
	if (number == SYS_copy_file_range)
		written[a[2]] = true;
	return NEXT(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int
fsetxattr(int fd, const char *name, const void *value, size_t size, int flags)
{
	if (fails("setxattr"))
		return -1;
	return NEXT(fsetxattr)(fd, name, value, size, flags);
}

int
fremovexattr(int fd, const char *name)
{
	if (fails("setxattr"))
		return -1;
	return NEXT(fremovexattr)(fd, name);
}

ssize_t
getxattr(const char *path, const char *name, void *value, size_t size)
{
	if (look_fails("getxattr"))
		return -1;
	return NEXT(getxattr)(path, name, value, size);
}

ssize_t
listxattr(const char *path, char *names, size_t size)
{
	if (look_fails("listxattr"))
		return -1;
	return NEXT(listxattr)(path, names, size);
}

ssize_t
flistxattr(int fd, char *names, size_t size)
{
	if (look_fails("listxattr"))
		return -1;
	return NEXT(flistxattr)(fd, names, size);
}

ssize_t
fgetxattr(int fd, const char *name, void *value, size_t size)
{
	if (look_fails("getxattr"))
		return -1;
	return NEXT(fgetxattr)(fd, name, value, size);
}

int
fchmodat(int fd, const char *path, mode_t mode, int flags)
{
	if (fails("fchmodat"))
		return -1;
	return NEXT(fchmodat)(fd, path, mode, flags);
}

int
memfd_create(const char *name, unsigned flags)
{
	if (fails("memfd"))
		return -1;
	return NEXT(memfd_create)(name, flags);
}

int
fstat(int fd, struct stat *st)
{
	if (look_fails("stat"))
		return -1;
	return NEXT(fstat)(fd, st);
}

int
fstatat(int dirfd, const char *name, struct stat *st, int flags)
{
	if (look_fails("stat"))
		return -1;
	return NEXT(fstatat)(dirfd, name, st, flags);
}

int
stat(const char *path, struct stat *st)
{
	if (look_fails("stat"))
		return -1;
	return NEXT(stat)(path, st);
}

int
lstat(const char *path, struct stat *st)
{
	if (look_fails("stat"))
		return -1;
	return NEXT(lstat)(path, st);
}

/*
 * "foreign" says that the filesystem is somebody else's.  Only such a one, and none of the kernel's own,
 * has news when a file is closed.
 */
static bool
is_of_others(void)
{
	for (size_t i = 0; i < nrules; i++)
		if (strcmp(rules[i].kind, "close") == 0 || strcmp(rules[i].kind, "foreign") == 0)
			return true;
	return false;
}

int
statfs(const char *path, struct statfs *fs)
{
	if (look_fails("statfs"))
		return -1;
	return NEXT(statfs)(path, fs);
}

int
fstatfs(int fd, struct statfs *fs)
{
	int end;

	if (look_fails("statfs"))
		return -1;
	end = NEXT(fstatfs)(fd, fs);
	if (end == 0 && is_of_others())
		fs->f_type = FUSE_SUPER_MAGIC;
	return end;
}

int
fstatfs64(int fd, struct statfs64 *fs)
{
	int end;

	if (look_fails("statfs"))
		return -1;
	end = NEXT(fstatfs64)(fd, fs);
	if (end == 0 && is_of_others())
		fs->f_type = FUSE_SUPER_MAGIC;
	return end;
}

static const char *
kind_of_seek(int whence)
{
	return whence == SEEK_DATA || whence == SEEK_HOLE ? "seekhole" : "lseek";
}

off_t
lseek(int fd, off_t at, int whence)
{
	if (look_fails(kind_of_seek(whence)))
		return -1;
	return NEXT(lseek)(fd, at, whence);
}

off64_t
lseek64(int fd, off64_t at, int whence)
{
	if (look_fails(kind_of_seek(whence)))
		return -1;
	return NEXT(lseek64)(fd, at, whence);
}

ssize_t
getdents64(int fd, void *buf, size_t n)
{
	if (look_fails("getdents"))
		return -1;
	return NEXT(getdents64)(fd, buf, n);
}

ssize_t
readlinkat(int dirfd, const char *name, char *buf, size_t n)
{
	if (look_fails("readlinkat"))
		return -1;
	return NEXT(readlinkat)(dirfd, name, buf, n);
}

int
fchdir(int fd)
{
	if (look_fails("fchdir"))
		return -1;
	return NEXT(fchdir)(fd);
}

char *
getcwd(char *buf, size_t n)
{
	if (look_fails("getcwd"))
		return NULL;
	return NEXT(getcwd)(buf, n);
}

int
poll(struct pollfd *p, nfds_t n, int timeout)
{
	if (look_fails("poll"))
		return -1;
	return NEXT(poll)(p, n, timeout);
}

/* -- other processes, and what is said to them */

pid_t
fork(void)
{
	sigset_t all, before;
	pid_t pid;

	if (fails("fork"))
		return -1;
	/* A signal may come to either at once, which must know by then who it is. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	forks++;
	pid = NEXT(fork)();
	if (pid == 0)
		us = forks;
	sigprocmask(SIG_SETMASK, &before, NULL);
	return pid;
}

int
posix_spawnp(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
    const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
{
	return fails("spawn") ? errno : NEXT(posix_spawnp)(pid, path, actions, attributes, argv, envp);
}

int
pipe2(int pair[2], int flags)
{
	return fails("pipe") ? -1 : NEXT(pipe2)(pair, flags);
}

int
dup2(int from, int to)
{
	return fails("dup") ? -1 : NEXT(dup2)(from, to);
}

int
dup(int fd)
{
	return fails("dup") ? -1 : NEXT(dup)(fd);
}

pid_t
waitpid(pid_t pid, int *status, int options)
{
	return fails("wait") ? -1 : NEXT(waitpid)(pid, status, options);
}

int
waitid(idtype_t kind, id_t id, siginfo_t *info, int options)
{
	return fails("wait") ? -1 : NEXT(waitid)(kind, id, info, options);
}

int
sigtimedwait(const sigset_t *signals, siginfo_t *info, const struct timespec *patience)
{
	return fails("sigwait") ? -1 : NEXT(sigtimedwait)(signals, info, patience);
}

void *
mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset)
{
	return fails("mmap") ? MAP_FAILED : NEXT(mmap)(at, n, protection, flags, fd, offset);
}

int
timer_create(clockid_t clock, struct sigevent *event, timer_t *timer)
{
	return fails("timer") ? -1 : NEXT(timer_create)(clock, event, timer);
}

int
timer_settime(timer_t timer, int flags, const struct itimerspec *when, struct itimerspec *old)
{
	return fails("timer") ? -1 : NEXT(timer_settime)(timer, flags, when, old);
}

int
access(const char *path, int mode)
{
	return look_fails("access") ? -1 : NEXT(access)(path, mode);
}

/* What the only argument of these is, they know themselves. */
#define CONTROL(name)							\
int									\
name(int fd, int what, ...)						\
{									\
	va_list ap;							\
	void *argument;							\
									\
	va_start(ap, what);						\
	argument = va_arg(ap, void *);					\
	va_end(ap);							\
	if (look_fails("fcntl"))					\
		return -1;						\
	return NEXT(name)(fd, what, argument);				\
}

CONTROL(fcntl)
CONTROL(fcntl64)

/* Where users are looked up, the C library itself may crash for want of memory. */
#define SPARE(type, name, by)						\
struct type *								\
name(by key)								\
{									\
	struct type *found;						\
									\
	spared = true;							\
	found = NEXT(name)(key);					\
	spared = false;							\
	return found;							\
}

SPARE(passwd, getpwuid, uid_t)
SPARE(group, getgrgid, gid_t)

static bool
memory_fails(void)
{
	return !spared && look_fails("malloc");
}

void *
malloc(size_t n)
{
	return memory_fails() ? NULL : __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	return memory_fails() ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *old, size_t n)
{
	return memory_fails() ? NULL : __libc_realloc(old, n);
}
