/* SPDX-License-Identifier: ISC */
/*
 * Whatever call of an upload fails, with whatever error: the old file or the new one, nothing besides,
 * and the client hears which.
 */
#include <sys/file.h>
#include <sys/syscall.h>

#include "opened.h"

enum {
	CALLS_MAX = 200
};

/* The call that fails, counted from one, and its error; 0: none does. */
static struct {
	int at, err, calls;
} fault;

static bool
fails(void)
{
	if (fault.at == 0 || ++fault.calls != fault.at)
		return false;
	errno = fault.err;
	return true;
}

/* In place of the library's. */
#define FAULTY(type, call, number, parameters, ...) \
type \
call parameters \
{ \
	return fails() ? -1 : (type)syscall(number, __VA_ARGS__); \
}
FAULTY(ssize_t, pwritev, SYS_pwritev, (int fd, const struct iovec *iov, int n, off_t at),
    fd, iov, n, at, 0)
FAULTY(ssize_t, pwrite, SYS_pwrite64, (int fd, const void *buf, size_t n, off_t at), fd, buf, n, at)
FAULTY(ssize_t, pread, SYS_pread64, (int fd, void *buf, size_t n, off_t at), fd, buf, n, at)
FAULTY(int, ftruncate, SYS_ftruncate, (int fd, off_t size), fd, size)
FAULTY(int, linkat, SYS_linkat, (int a, const char *old, int b, const char *new, int flags),
    a, old, b, new, flags)
FAULTY(int, renameat, SYS_renameat2, (int a, const char *old, int b, const char *new),
    a, old, b, new, 0)
FAULTY(int, fchmod, SYS_fchmod, (int fd, mode_t mode), fd, mode)
FAULTY(int, fchown, SYS_fchown, (int fd, uid_t uid, gid_t gid), fd, uid, gid)
FAULTY(int, futimens, SYS_utimensat, (int fd, const struct timespec times[2]),
    fd, NULL, times, 0)
FAULTY(int, fsync, SYS_fsync, (int fd), fd)
FAULTY(int, flock, SYS_flock, (int fd, int how), fd, how)
FAULTY(int, fstat, SYS_fstat, (int fd, struct stat *st), fd, st)

/* It closes the file all the same. */
int
close(int fd)
{
	int end = (int)syscall(SYS_close, fd);

	return end == 0 && fails() ? -1 : end;
}

static const struct {
	const char *about, *old, *new;
	unsigned flags;
	bool atomic, named, publish;
	uint64_t at;		/* where four bytes are written */
	uint64_t size;		/* that is set then; 0: none */
} ways[] = {
	{ "new", NULL, "data", FILE_WRITE | FILE_CREATE, .size = 4 },
	{ "new, named", NULL, "data", FILE_WRITE | FILE_CREATE, .named = true },
	{ "replaced", "older", "data", FILE_WRITE | FILE_CREATE | FILE_TRUNCATE, .size = 4 },
	{ "replaced, named", "older", "data", FILE_WRITE | FILE_TRUNCATE, .named = true },
	{ "as scp does", "older", "data", FILE_WRITE | FILE_CREATE, .size = 4 },
	{ "as scp does, named", "older", "data", FILE_WRITE | FILE_CREATE, .size = 4, .named = true },
	{ "a copy", "older", "oldedata", FILE_READ | FILE_WRITE, .atomic = true, .at = 4 },
	{ "a copy, published", "older", "data", FILE_WRITE | FILE_CREATE, .size = 4, .publish = true },
};

/* One upload: whether the client was told that all went well. */
static bool
upload(size_t way)
{
	struct wish wish = { .attrs = { .has_mode = true, .mode = 0640, .has_times = true } };
	bool well;

	if (try_open(&file, "f", ways[way].flags) == -1)
		return false;
	well = try_write(&file, ways[way].at, "data") == 0;
	if (ways[way].size > 0)
		well = try_size(&file, ways[way].size) == 0 && well;
	(void)file_set(&deeds, &file, &wish, &answer);
	if (ways[way].publish)
		(void)file_publish(&deeds, &file, &answer);
	return file_close(&deeds, &file, &answer) == 0 && well;
}

static bool
is_content(const char *wanted)
{
	const char *got = get_file("f");

	return got == NULL || wanted == NULL ? got == wanted : strcmp(got, wanted) == 0;
}

/* One upload of which one call fails: false when it has fewer calls. */
static bool
try_fault(size_t way, int at, int err)
{
	bool well;
	int before;

	(void)unlinkat(unit_fd, "f", 0);
	if (ways[way].old != NULL)
		put_file("f", ways[way].old, 0644);
	deeds.named_only = ways[way].named;
	deeds.link = TEMP_LINK_UNKNOWN;
	before = count_descriptors();
	fault.calls = 0;
	fault.err = err;
	fault.at = at;
	well = upload(way);
	fault.at = 0;
	ck_assert_msg(is_content(ways[way].new) || (!well && is_content(ways[way].old)),
	    "%s: call %d, %s: %s, and there is %s", ways[way].about, at, strerror(err),
	    well ? "all is well" : "it failed", get_file("f"));
	ck_assert_msg(count_entries(".") == exists("f"), "%s: call %d, %s: something is left",
	    ways[way].about, at, strerror(err));
	ck_assert_int_eq(count_descriptors(), before);
	ck_assert_ptr_null(deeds.pending);
	return fault.calls >= at;
}

START_TEST(rule_49_each_call_that_fails)
{
	static const int errors[] = { EIO, ENOSPC, EACCES, EPERM, EINVAL, EDQUOT, EINTR };
	size_t way = (size_t)_i;

	policy = drop_in_policy();
	policy.sync = SYNC_FULL;
	policy.replace = ways[way].atomic ? REPLACE_ATOMIC : REPLACE_AUTO;
	start();
	audit_close(&audit);
	ck_assert(!try_fault(way, CALLS_MAX, EIO));
	ck_assert(is_content(ways[way].new));
	for (size_t i = 0; i < COUNT(errors); i++)
		for (int at = 1; at < CALLS_MAX && try_fault(way, at, errors[i]); at++)
			;
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_loop_test(t, rule_49_each_call_that_fails, 0, (int)COUNT(ways));
}

int
main(void)
{
	return run_unit("closing", add);
}
