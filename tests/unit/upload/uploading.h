/* SPDX-License-Identifier: ISC */
#ifndef UPLOADING_H
#define UPLOADING_H

/* An upload to the test's directory, step by step or whole. */
#include <signal.h>
#include <sys/wait.h>

#include "acls.h"
#include "policies.h"
#include "upload/commit.h"

static const struct attrs nothing;	/* asked for */
static struct policy policy;	/* a drop-in's, unless the test says otherwise */

static inline void
init(struct upload *up, bool named_only)
{
	upload_init(up, &policy);
	up->temp.named_only = named_only;
}

static inline void
begin(struct upload *up, const char *name, mode_t mode, uint64_t size)
{
	int end = upload_begin(up, unit_fd, name, mode, size, UPLOAD_REGULAR);

	ck_assert_msg(end == 0, "begin %s: %s", name, strerror(errno));
}

static inline void
fill(const struct upload *up, const char *content)
{
	ssize_t n = write(up->fd, content, strlen(content));

	ck_assert_msg(n == (ssize_t)strlen(content), "write: %s", strerror(errno));
}

static inline void
commit(struct upload *up, const struct attrs *wanted)
{
	const char *what = "untouched";
	int end = upload_commit(up, wanted, &what);

	ck_assert_msg(end == 0, "commit: %s: %s", what == NULL ? "" : what, strerror(errno));
	upload_end(up);
}

/* A whole upload without wishes. */
static inline void
put(struct upload *up, const char *name, const char *content, mode_t mode)
{
	begin(up, name, mode, strlen(content));
	fill(up, content);
	commit(up, &nothing);
}

static inline void
assert_refused(struct upload *up, int dirfd, const char *name, uint64_t size,
    enum upload_allow allow,
    int wanted)
{
	int end = upload_begin(up, dirfd, name, 0644, size, allow), got = errno;

	ck_assert_msg(end == -1 && got == wanted, "%s: expected %s, got %d, %s", name,
	    strerror(wanted), end,
	    strerror(got));
	upload_end(up);
}

static inline void
assert_entries(int wanted)
{
	int got = count_entries(".");

	ck_assert_msg(got == wanted, "expected %d entries, got %d", wanted, got);
}

static inline void
assert_same_permissions(const char *got, const char *wanted, const char *context)
{
	char *a = acl_of(got, ACL_TYPE_ACCESS), *b = acl_of(wanted, ACL_TYPE_ACCESS);

	ck_assert_msg(strcmp(a, b) == 0, "%s: expected ACL %s, got %s", context, b, a);
	ck_assert_msg(mode_of(got) == mode_of(wanted), "%s: expected mode %04o, got %04o", context,
	    mode_of(wanted), mode_of(got));
	acl_free(a);
	acl_free(b);
}

/*
 * Asserts that NAME, whose content is "the old one", is written in place: the same inode, the new
 * content, and nothing else in the directory.
 */
static inline void
assert_in_place(const char *name, const char *content)
{
	struct stat before = stat_of(name), after;
	int entries = count_entries(".");

	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		begin(&up, name, 0644, strlen(content));
		ck_assert_int_eq((int)up.way, (int)UPLOAD_IN_PLACE);
		ck_assert(upload_is_in_place(&up));
		fill(&up, content);
		commit(&up, &nothing);
		after = stat_of(name);
		ck_assert_msg(after.st_ino == before.st_ino, "%s: expected inode %lu, got %lu",
		    name,
		    (unsigned long)before.st_ino, (unsigned long)after.st_ino);
		ck_assert_uint_eq(after.st_mode, before.st_mode);
		ck_assert_uint_eq(after.st_uid, before.st_uid);
		ck_assert_uint_eq(after.st_gid, before.st_gid);
		assert_content(name, content);
		assert_entries(entries);
	}
}

/* Has a copy of sleep(1) run from NAME: its process, or -1 where nothing may run here. */
static inline pid_t
run_program(const char *name)
{
	static char program[1 << 20];
	int from = open("/bin/sleep", O_RDONLY | O_CLOEXEC), to, started[2];
	ssize_t n = from == -1 ? -1 : read(from, program, sizeof(program));
	char path[PATH_MAX];
	pid_t pid;
	int err;

	ck_assert_int_gt(n, 0);
	close(from);
	put_file(name, "", 0755);
	to = openat(unit_fd, name, O_WRONLY | O_CLOEXEC);
	ck_assert_int_eq(write(to, program, (size_t)n), n);
	ck_assert_int_eq(close(to), 0);

	path_in(path, name);
	ck_assert_int_eq(pipe2(started, O_CLOEXEC), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(path, "sleep", "1000", (char *)NULL);
		err = errno;
		(void)!write(started[1], &err, sizeof(err));
		_exit(1);
	}
	close(started[1]);
	/* The end of input says that it runs, for the pipe closed then. */
	if (read(started[0], &err, sizeof(err)) == 0) {
		close(started[0]);
		return pid;
	}
	printf("SKIP: no program runs here: %s\n", strerror(err));
	waitpid(pid, NULL, 0);
	close(started[0]);
	return -1;
}

static inline void
end_program(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, WNOHANG), 0);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
}

/* Writes SIZE bytes of X; the directory is a small filesystem. */
static inline void
put_bytes(struct upload *up, int dirfd, const char *name, size_t size)
{
	char bytes[4096];
	int end = upload_begin(up, dirfd, name, 0644, size, UPLOAD_REGULAR);

	memset(bytes, 'x', sizeof(bytes));
	ck_assert_msg(end == 0, "%s, %zu bytes: %s", name, size, strerror(errno));
	for (; size > 0; size -= sizeof(bytes))
		ck_assert_int_eq(write(up->fd, bytes, sizeof(bytes)), sizeof(bytes));
	commit(up, &nothing);
}

/* A commit that fails before NAME has the new content: no word of attributes. */
static inline void
assert_not_committed(struct upload *up, int err)
{
	const char *what = "untouched";
	int end = upload_commit(up, &nothing, &what), got = errno;

	ck_assert_msg(end == -1 && got == err, "expected %s, got %d, %s", strerror(err), end,
	    strerror(got));
	ck_assert_ptr_null(what);
	upload_end(up);
}

static inline void
put_linked(const char *name, const char *link, const char *content, mode_t mode)
{
	put_file(name, content, mode);
	ck_assert_int_eq(linkat(unit_fd, name, unit_fd, link, 0), 0);
}

/* SFTP rule 44: what is opened to be written anywhere. */
static inline void
open_any(struct upload *up, const char *name, struct upload_manner manner)
{
	int end = upload_open(up, unit_fd, name, 0644, 0, &manner);

	ck_assert_msg(end == 0, "open %s: %s", name, strerror(errno));
}

#endif
