/* SPDX-License-Identifier: ISC */
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <acl/libacl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/acl.h>

#include "paths/attrs.h"
#include "unit.h"

enum {
	SOMEBODY = 12345,
	OTHERS = 23456,		/* a group that nobody is in, unless a test says so */
	FCHMODAT2 = 452		/* the same number everywhere */
};

static bool
skip_without_root(void)
{
	if (geteuid() == 0)
		return false;
	printf("SKIP: needs root\n");
	fflush(stdout);
	return true;
}

/* What follows is done with the rights of UID, and of one more group; 0 gives root's back. */
static void
become(uid_t uid, gid_t group)
{
	if (uid == 0) {
		ck_assert_int_eq(given_be_again(&unit_given), 0);
		return;
	}
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(setgroups(1, &group), 0);
	ck_assert_int_eq(setegid(uid), 0);
	ck_assert_int_eq(seteuid(uid), 0);
}

/* A directory in which everybody may make what he likes. */
static void
open_for_all(void)
{
	ck_assert_int_eq(fchmod(unit_fd, 0777), 0);
}

static int
file(const char *name, mode_t mode)
{
	int fd;

	unlinkat(unit_fd, name, 0);
	fd = openat(unit_fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ck_assert_msg(fd >= 0, "%s: %s", name, strerror(errno));
	ck_assert_int_eq(fchmod(fd, mode), 0);
	return fd;
}

static unsigned
mode_at(int fd)
{
	struct stat st;

	ck_assert_int_eq(fstatat(fd, "", &st, AT_EMPTY_PATH), 0);
	return st.st_mode & 07777;
}

static void
expect_times(int fd, int64_t atime, long ansec, int64_t mtime, long mnsec)
{
	struct stat st;

	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq(st.st_atim.tv_sec, atime);
	ck_assert_int_eq(st.st_atim.tv_nsec, ansec);
	ck_assert_int_eq(st.st_mtim.tv_sec, mtime);
	ck_assert_int_eq(st.st_mtim.tv_nsec, mnsec);
}

static void
expect_applied(int fd, const struct attrs *a)
{
	const char *what = "unset";
	int end = attrs_apply(fd, a, &what);

	ck_assert_msg(end == 0, "expected 0, got %s: %s", what, strerror(errno));
}

static void
expect_failed(int fd, const struct attrs *a, const char *wanted, int err)
{
	const char *what = "unset";
	int end;

	errno = 0;
	end = attrs_apply(fd, a, &what);
	ck_assert_msg(end == -1 && errno == err && what != NULL && strcmp(what, wanted) == 0,
	    "expected -1 \"%s\" and errno %d, got %d \"%s\" and %d", wanted, err, end,
	    what == NULL ? "" : what, errno);
}

START_TEST(mode_and_times_are_set)
{
	int fd = file("f", 0600);

	expect_applied(fd, &(struct attrs){ .has_mode = true, .mode = 0751, .has_times = true,
		.times = { { 5, 6000 }, { 7, 8000 } } });
	ck_assert_uint_eq(mode_at(fd), 0751);
	expect_times(fd, 5, 6000, 7, 8000);
}
END_TEST

START_TEST(what_is_not_asked_for_stays)
{
	static const struct timespec old[2] = { { 1, 2000 }, { 3, 4000 } };
	static const struct timespec new[2] = { { 5, 6000 }, { 7, 8000 } };
	int fd = file("f", 0640);

	ck_assert_int_eq(futimens(fd, old), 0);
	expect_applied(fd, &(struct attrs){ .mode = 0777, .times = { new[0], new[1] } });
	ck_assert_uint_eq(mode_at(fd), 0640);
	expect_times(fd, 1, 2000, 3, 4000);
	expect_applied(fd, &(struct attrs){ .has_mode = true, .mode = 0604,
		.times = { new[0], new[1] } });
	ck_assert_uint_eq(mode_at(fd), 0604);
	expect_times(fd, 1, 2000, 3, 4000);
	expect_applied(fd, &(struct attrs){ .has_times = true, .mode = 0777,
		.times = { new[0], new[1] } });
	ck_assert_uint_eq(mode_at(fd), 0604);
	expect_times(fd, 5, 6000, 7, 8000);
}
END_TEST

START_TEST(times_may_be_left_out)
{
	static const struct timespec old[2] = { { 1, 2000 }, { 3, 4000 } };
	int fd = file("f", 0640);

	ck_assert_int_eq(futimens(fd, old), 0);
	expect_applied(fd, &(struct attrs){ .has_times = true,
		.times = { { 9, UTIME_OMIT }, { 9, UTIME_OMIT } } });
	expect_times(fd, 1, 2000, 3, 4000);
	expect_applied(fd, &(struct attrs){ .has_times = true,
		.times = { { 9, UTIME_OMIT }, { 5, 0 } } });
	expect_times(fd, 1, 2000, 5, 0);
	expect_applied(fd, &(struct attrs){ .has_times = true,
		.times = { { 7, 0 }, { 9, UTIME_OMIT } } });
	expect_times(fd, 7, 0, 5, 0);
}
END_TEST

START_TEST(all_twelve_bits)
{
	int fd = file("f", 0600), dir;

	/* Only who is in a file's group may set its set-group-id bit. */
	ck_assert_int_eq(fchown(fd, (uid_t)-1, getegid()), 0);
	for (unsigned mode = 0; mode <= 07777; mode += 0111) {
		const char *what;

		if (attrs_apply(fd, &(struct attrs){ .has_mode = true, .mode = mode }, &what) == -1)
			ck_abort_msg("mode %04o: %s: %s", mode, what, strerror(errno));
		ck_assert_uint_eq(mode_at(fd), mode);
	}
	ck_assert_int_eq(mkdirat(unit_fd, "d", 0700), 0);
	dir = openat(unit_fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(fchown(dir, (uid_t)-1, getegid()), 0);
	expect_applied(dir, &(struct attrs){ .has_mode = true, .mode = 03775, .has_times = true,
		.times = { { 5, 0 }, { 7, 0 } } });
	ck_assert_uint_eq(mode_at(dir), 03775);
	expect_times(dir, 5, 0, 7, 0);
}
END_TEST

/* A descriptor that may be written is not enough: both are for the owner to do. */
START_TEST(rule_4_the_first_failure_is_reported)
{
	const struct attrs mode = { .has_mode = true, .mode = 0777 };
	const struct attrs times = { .has_times = true, .times = { { 5, 0 }, { 7, 0 } } };
	const struct attrs both = { .has_mode = true, .mode = 0777, .has_times = true,
		.times = { { 5, 0 }, { 7, 0 } } };
	int fd;

	if (skip_without_root())
		return;
	fd = file("f", 0666);
	become(NOBODY, NOBODY);
	expect_failed(fd, &mode, "set mode", EPERM);
	expect_failed(fd, &times, "set times", EPERM);
	expect_failed(fd, &both, "set mode", EPERM);
	become(0, 0);
	ck_assert_uint_eq(mode_at(fd), 0666);
}
END_TEST

/* What is as it shall be need not be set, whosever it is. */
START_TEST(what_would_change_nothing_does_not_fail)
{
	const struct timespec times[2] = { { 1000000000, 1000 }, { 1000000001, 0 } };
	const struct attrs same = { .has_mode = true, .mode = 04755, .has_times = true,
		.times = { times[0], times[1] } };
	struct attrs other;
	const char *what;
	int fd;

	if (skip_without_root())
		return;
	fd = file("f", 04755);
	ck_assert_int_eq(futimens(fd, times), 0);
	become(NOBODY, NOBODY);
	ck_assert_int_eq(attrs_apply(fd, &same, &what), 0);
	ck_assert_ptr_null(what);
	other = same;
	other.times[0].tv_nsec = UTIME_OMIT;
	ck_assert_int_eq(attrs_apply(fd, &other, &what), 0);
	other.times[1].tv_nsec = 1;
	expect_failed(fd, &other, "set times", EPERM);
	other = same;
	other.times[0].tv_sec++;
	expect_failed(fd, &other, "set times", EPERM);
	other = same;
	other.mode = 0755;
	expect_failed(fd, &other, "set mode", EPERM);
	become(0, 0);
	close(fd);
}
END_TEST

/* Whoever may write a file may give it the time that it is, and nothing else. */
START_TEST(rule_4_times_are_tried_after_mode_has_failed)
{
	static const struct timespec old[2] = { { 1, 0 }, { 3, 0 } };
	const struct attrs both = { .has_mode = true, .mode = 0777, .has_times = true,
		.times = { { 0, UTIME_NOW }, { 0, UTIME_NOW } } };
	struct stat st;
	int fd;

	if (skip_without_root())
		return;
	fd = file("f", 0666);
	ck_assert_int_eq(futimens(fd, old), 0);
	become(NOBODY, NOBODY);
	expect_failed(fd, &both, "set mode", EPERM);
	become(0, 0);
	ck_assert_uint_eq(mode_at(fd), 0666);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_msg(st.st_mtim.tv_sec > 3, "expected a new time, got %jd",
	    (intmax_t)st.st_mtim.tv_sec);
}
END_TEST

START_TEST(rule_4_mode_is_set_when_times_fail)
{
	int fd = file("f", 0600);

	expect_failed(fd, &(struct attrs){ .has_mode = true, .mode = 0644, .has_times = true,
		.times = { { 5, 2000000000 }, { 7, 0 } } }, "set times", EINVAL);
	ck_assert_uint_eq(mode_at(fd), 0644);
	expect_failed(-1, &(struct attrs){ .has_mode = true, .has_times = true }, "set mode",
	    EBADF);
	expect_failed(-1, &(struct attrs){ .has_times = true }, "set times", EBADF);
}
END_TEST

static const int chmod_flags[] = { O_RDONLY, O_PATH, O_RDONLY | O_DIRECTORY, O_PATH | O_DIRECTORY };

static void
check_chmod(void)
{
	close(file("f", 0600));
	ck_assert_int_eq(mkdirat(unit_fd, "d", 0700), 0);
	for (size_t i = 0; i < sizeof(chmod_flags) / sizeof(chmod_flags[0]); i++) {
		const char *name = chmod_flags[i] & O_DIRECTORY ? "d" : "f";
		int fd = openat(unit_fd, name, chmod_flags[i] | O_CLOEXEC), end;

		ck_assert_int_ge(fd, 0);
		end = attrs_chmod(fd, 01751);
		ck_assert_msg(end == 0, "row %zu: %s", i, strerror(errno));
		ck_assert_uint_eq(mode_of(name), 01751);
		ck_assert_int_eq(attrs_chmod(fd, 0700), 0);
		ck_assert_uint_eq(mode_of(name), 0700);
		close(fd);
	}
	errno = 0;
	ck_assert_int_eq(attrs_chmod(-1, 0700), -1);
	ck_assert_int_ne(errno, 0);
}

START_TEST(mode_of_any_descriptor)
{
	check_chmod();
}
END_TEST

/* From now on this process runs on a kernel that is too old for one system call. */
static bool
be_on_an_old_kernel(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, FCHMODAT2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = sizeof(filter) / sizeof(filter[0]), .filter = filter };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

START_TEST(mode_of_any_descriptor_on_an_old_kernel)
{
	if (!be_on_an_old_kernel()) {
		printf("SKIP: no seccomp: %s\n", strerror(errno));
		fflush(stdout);
		return;
	}
	check_chmod();
}
END_TEST

/* It is ours, but we may not open it in any way that fchmod(2) takes. */
START_TEST(mode_of_a_directory_that_cannot_be_read)
{
	bool was_root = geteuid() == 0;
	int fd;

	open_for_all();
	if (was_root)
		become(NOBODY, NOBODY);
	ck_assert_int_eq(mkdirat(unit_fd, "d", 0), 0);
	ck_assert_int_eq(openat(unit_fd, "d", O_RDONLY | O_DIRECTORY), -1);
	fd = openat(unit_fd, "d", O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(attrs_chmod(fd, 0700), 0);
	ck_assert_uint_eq(mode_of("d"), 0700);
	if (was_root)
		become(0, 0);
}
END_TEST

START_TEST(mode_of_what_others_own)
{
	static const int flags[] = { O_RDONLY | O_DIRECTORY, O_PATH | O_DIRECTORY };

	if (skip_without_root())
		return;
	ck_assert_int_eq(mkdirat(unit_fd, "d", 0755), 0);
	for (size_t i = 0; i < 2; i++) {
		int fd = openat(unit_fd, "d", flags[i] | O_CLOEXEC);

		become(NOBODY, NOBODY);
		errno = 0;
		ck_assert_int_eq(attrs_chmod(fd, 0777), -1);
		ck_assert_int_eq(errno, EPERM);
		become(0, 0);
		ck_assert_uint_eq(mode_of("d"), 0755);
	}
}
END_TEST

/* What the kernel leaves of the mode of NAME when it is written in place, by whoever we are now. */
static unsigned
mode_after_writing(mode_t mode, uid_t owner, gid_t group)
{
	int fd = file("written", 0600);
	unsigned left;

	ck_assert_int_eq(fchown(fd, owner, group), 0);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	ck_assert_int_eq(write(fd, "x", 1), 1);
	left = mode_at(fd);
	close(fd);
	return left;
}

/* A new file takes the place of one with each mode there is, for whoever we are now. */
static void
check_inherited_modes(void)
{
	for (unsigned special = 0; special <= 07000; special += 01000)
		for (unsigned perm = 0; perm < 010; perm++) {
			mode_t bits = special | perm | perm << 3 | perm << 6;
			int old = file("old", 0600), new = file("new", 0600), end;
			mode_t mode = 0;
			unsigned wanted = mode_after_writing(bits, geteuid(), getegid());

			ck_assert_int_eq(fchown(old, geteuid(), getegid()), 0);
			ck_assert_int_eq(fchmod(old, bits), 0);
			end = attrs_inherit(new, old, &mode);
			ck_assert_msg(end == 0, "mode %04o: %s", bits, strerror(errno));
			ck_assert_msg(mode_at(new) == (bits & 0777),
			    "mode %04o: expected %04o while data comes, got %04o",
			    bits, bits & 0777, mode_at(new));
			ck_assert_msg(mode == wanted,
			    "mode %04o: expected %04o in the end, got %04o", bits, wanted, mode);
			ck_assert_uint_eq(mode_at(old), bits);
			close(old);
			close(new);
		}
}

START_TEST(modes_are_inherited)
{
	check_inherited_modes();
}
END_TEST

START_TEST(modes_are_inherited_without_privileges)
{
	if (skip_without_root())
		return;
	open_for_all();
	become(NOBODY, NOBODY);
	check_inherited_modes();
	become(0, 0);
}
END_TEST

/* With permissions that differ for all three: nothing is mixed up. */
START_TEST(a_mode_is_inherited_bit_by_bit)
{
	static const mode_t modes[] = { 0, 0400, 0600, 0644, 0640, 0604, 0751, 0027, 0007, 0777 };
	static const mode_t births[] = { 0, 0600, 0644, 0777 };

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		for (size_t k = 0; k < sizeof(births) / sizeof(births[0]); k++) {
			int old = file("old", modes[i]), new = file("new", births[k]);
			mode_t mode = 07777;

			ck_assert_int_eq(attrs_inherit(new, old, &mode), 0);
			ck_assert_uint_eq(mode_at(new), modes[i]);
			ck_assert_uint_eq(mode, modes[i]);
			close(old);
			close(new);
		}
}
END_TEST

static void
expect_owner(int fd, uid_t uid, gid_t gid)
{
	struct stat st;

	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_uint_eq(st.st_uid, uid);
	ck_assert_uint_eq(st.st_gid, gid);
}

START_TEST(an_owner_and_a_group_are_inherited)
{
	static const struct { uid_t uid; gid_t gid; } rows[] = {
		{ SOMEBODY, OTHERS }, { 0, OTHERS }, { SOMEBODY, 0 }, { 0, 0 },
	};

	if (skip_without_root())
		return;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int old = file("old", 0600), new = file("new", 0600);
		mode_t mode = 0;

		ck_assert_int_eq(fchown(old, rows[i].uid, rows[i].gid), 0);
		ck_assert_int_eq(fchmod(old, 06755), 0);
		ck_assert_int_eq(attrs_inherit(new, old, &mode), 0);
		expect_owner(new, rows[i].uid, rows[i].gid);
		ck_assert_uint_eq(mode_at(new), 0755);
		ck_assert_uint_eq(mode, 06755);
		expect_owner(old, rows[i].uid, rows[i].gid);
		close(old);
		close(new);
	}
}
END_TEST

START_TEST(an_owner_that_cannot_be_given)
{
	int old, new;
	mode_t mode;

	if (skip_without_root())
		return;
	open_for_all();
	old = file("old", 0666);
	ck_assert_int_eq(fchown(old, SOMEBODY, NOBODY), 0);
	become(NOBODY, NOBODY);
	new = file("new", 0600);
	errno = 0;
	ck_assert_int_eq(attrs_inherit(new, old, &mode), -1);
	ck_assert_int_eq(errno, EPERM);
	expect_owner(new, NOBODY, NOBODY);
	become(0, 0);
}
END_TEST

/* A group can be given by who is in it, and by nobody else. */
START_TEST(a_group_that_can_be_given_and_one_that_cannot)
{
	int old, new;
	mode_t mode = 0;

	if (skip_without_root())
		return;
	open_for_all();
	old = file("old", 0600);
	ck_assert_int_eq(fchown(old, NOBODY, OTHERS), 0);
	ck_assert_int_eq(fchmod(old, 0664), 0);
	become(NOBODY, NOBODY);
	new = file("new", 0600);
	errno = 0;
	ck_assert_int_eq(attrs_inherit(new, old, &mode), -1);
	ck_assert_int_eq(errno, EPERM);
	become(NOBODY, OTHERS);
	ck_assert_int_eq(attrs_inherit(new, old, &mode), 0);
	expect_owner(new, NOBODY, OTHERS);
	ck_assert_uint_eq(mode_at(new), 0664);
	ck_assert_uint_eq(mode, 0664);
	become(0, 0);
}
END_TEST

START_TEST(a_descriptor_that_is_none)
{
	int fd = file("f", 0600);
	mode_t mode;

	errno = 0;
	ck_assert_int_eq(attrs_inherit(fd, -1, &mode), -1);
	ck_assert_int_eq(errno, EBADF);
	errno = 0;
	ck_assert_int_eq(attrs_inherit(-1, fd, &mode), -1);
	ck_assert_int_eq(errno, EBADF);
}
END_TEST

/* False, and it says so, where the filesystem has no ACL. */
static bool
give_acl(int fd, const char *text)
{
	acl_t acl = acl_from_text(text);
	bool given;

	ck_assert_msg(acl != NULL, "\"%s\": %s", text, strerror(errno));
	given = acl_set_fd(fd, acl) == 0;
	acl_free(acl);
	if (!given) {
		ck_assert_int_eq(errno, ENOTSUP);
		printf("SKIP: no ACL in %s\n", unit_path);
		fflush(stdout);
	}
	return given;
}

static void
expect_acl(int fd, const char *wanted)
{
	acl_t acl = acl_get_fd(fd);
	char *got;

	ck_assert_ptr_nonnull(acl);
	got = acl_to_any_text(acl, NULL, ',', TEXT_ABBREVIATE | TEXT_NUMERIC_IDS);
	ck_assert_str_eq(got, wanted);
	acl_free(got);
	acl_free(acl);
}

static const struct {
	const char *acl;
	mode_t	    mode;
} acls[] = {
	{ "u::rw-,u:12345:r--,g::r--,m::r--,o::---", 0640 },
	{ "u::rwx,u:12345:rwx,g::---,g:23456:r-x,m::rwx,o::--x", 0771 },
	/* The mask is what the group's bits show, and is not what the group may. */
	{ "u::rw-,u:12345:rw-,g::rw-,m::---,o::r--", 0604 },
	{ "u::r--,g::r--,g:23456:rw-,m::rw-,o::---", 0460 },
};

static void
check_acls(void)
{
	for (size_t i = 0; i < sizeof(acls) / sizeof(acls[0]); i++) {
		int old = file("old", 0600), new = file("new", 0600), again = file("again", 0600);
		mode_t mode = 0;

		if (!give_acl(old, acls[i].acl))
			return;
		ck_assert_int_eq(attrs_inherit(new, old, &mode), 0);
		expect_acl(new, acls[i].acl);
		ck_assert_uint_eq(mode_at(new), acls[i].mode);
		ck_assert_uint_eq(mode, acls[i].mode);
		/* And what it has now is as good as what it came from. */
		ck_assert_int_eq(attrs_inherit(again, new, &mode), 0);
		expect_acl(again, acls[i].acl);
		expect_acl(old, acls[i].acl);
		close(old);
		close(new);
		close(again);
	}
}

START_TEST(an_acl_is_inherited)
{
	check_acls();
}
END_TEST

START_TEST(an_acl_is_inherited_without_privileges)
{
	if (skip_without_root())
		return;
	open_for_all();
	become(NOBODY, NOBODY);
	check_acls();
	become(0, 0);
}
END_TEST

/* A directory that gives every new file an ACL. */
static bool
give_default_acl(void)
{
	acl_t acl = acl_from_text("u::rwx,u:12345:rwx,g::r-x,m::rwx,o::---");
	char path[128];
	bool given;

	ck_assert_ptr_nonnull(acl);
	snprintf(path, sizeof(path), "%s", unit_path);
	given = acl_set_file(path, ACL_TYPE_DEFAULT, acl) == 0;
	acl_free(acl);
	if (!given) {
		ck_assert_int_eq(errno, ENOTSUP);
		printf("SKIP: no ACL in %s\n", unit_path);
		fflush(stdout);
	}
	return given;
}

START_TEST(an_acl_of_birth_is_lost)
{
	static const mode_t modes[] = { 0644, 0600, 0, 0777, 0640 };

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		int old = file("old", modes[i]), new;
		mode_t mode = 0;

		if (!give_default_acl())
			return;
		new = openat(unit_fd, "new", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		ck_assert_int_eq(acl_extended_fd(new), 1);
		ck_assert_int_eq(acl_extended_fd(old), 0);
		ck_assert_int_eq(attrs_inherit(new, old, &mode), 0);
		ck_assert_int_eq(acl_extended_fd(new), 0);
		ck_assert_uint_eq(mode_at(new), modes[i]);
		ck_assert_uint_eq(mode, modes[i]);
		ck_assert_int_eq(acl_delete_def_file(unit_path), 0);
		ck_assert_int_eq(unlinkat(unit_fd, "new", 0), 0);
		close(old);
		close(new);
	}
}
END_TEST

START_TEST(an_acl_of_birth_is_replaced)
{
	static const char text[] = "u::rw-,u:777:r--,g::r--,m::r--,o::---";
	int old = file("old", 0600), new;
	mode_t mode = 0;

	if (!give_acl(old, text) || !give_default_acl())
		return;
	new = openat(unit_fd, "new", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	ck_assert_int_eq(acl_extended_fd(new), 1);
	ck_assert_int_eq(attrs_inherit(new, old, &mode), 0);
	expect_acl(new, text);
	ck_assert_uint_eq(mode, 0640);
}
END_TEST

/* Special bits and an ACL at the same time: the bits stay away here, too, and are not forgotten. */
START_TEST(an_acl_and_special_bits)
{
	int old = file("old", 0600), new = file("new", 0600);
	mode_t mode = 0;
	unsigned wanted;

	ck_assert_int_eq(fchown(old, geteuid(), getegid()), 0);
	if (!give_acl(old, acls[0].acl))
		return;
	ck_assert_int_eq(fchmod(old, 07640), 0);
	wanted = mode_after_writing(07640, geteuid(), getegid());
	ck_assert_int_eq(attrs_inherit(new, old, &mode), 0);
	ck_assert_uint_eq(mode_at(new), 0640);
	ck_assert_uint_eq(mode, wanted);
	expect_acl(new, acls[0].acl);
}
END_TEST

/* Owner, group and ACL together, as root has them to do for anybody. */
START_TEST(all_of_it_is_inherited)
{
	int old, new;
	mode_t mode = 0;

	if (skip_without_root())
		return;
	old = file("old", 0600);
	new = file("new", 0600);
	ck_assert_int_eq(fchown(old, SOMEBODY, OTHERS), 0);
	if (!give_acl(old, acls[1].acl))
		return;
	ck_assert_int_eq(fchmod(old, 04771), 0);
	ck_assert_int_eq(attrs_inherit(new, old, &mode), 0);
	expect_owner(new, SOMEBODY, OTHERS);
	expect_acl(new, acls[1].acl);
	ck_assert_uint_eq(mode_at(new), 0771);
	ck_assert_uint_eq(mode, 04771);
}
END_TEST

START_TEST(nothing_to_adopt)
{
	int fd = file("f", 04751);
	struct stat before, after;

	ck_assert_int_eq(fstat(fd, &before), 0);
	ck_assert_int_eq(attrs_adopt(fd, ATTRS_NO_GROUP, 0), 0);
	ck_assert_int_eq(fstat(fd, &after), 0);
	ck_assert_uint_eq(after.st_mode, before.st_mode);
	ck_assert_uint_eq(after.st_gid, before.st_gid);
	ck_assert_int_eq(after.st_ctim.tv_sec, before.st_ctim.tv_sec);
	ck_assert_int_eq(after.st_ctim.tv_nsec, before.st_ctim.tv_nsec);
}
END_TEST

/* Bits are added to those that are there, and none goes. */
START_TEST(bits_are_adopted)
{
	static const mode_t births[] = { 0, 0400, 0644, 0751, 0777, 01600, 02755, 04711 };
	static const mode_t musts[] = { 0, 0600, 0060, 0444, 0777, 02000, 01000, 02070, 07777 };

	for (size_t i = 0; i < COUNT(births) * COUNT(musts); i++) {
		mode_t birth = births[i / COUNT(musts)], must = musts[i % COUNT(musts)];
		int fd = file("f", 0600), dir;

		ck_assert_int_eq(fchown(fd, (uid_t)-1, getegid()), 0);
		ck_assert_int_eq(fchmod(fd, birth), 0);
		ck_assert_int_eq(attrs_adopt(fd, ATTRS_NO_GROUP, must), 0);
		ck_assert_msg(mode_at(fd) == (birth | must), "%04o and %04o: got %04o",
		    (unsigned)birth, (unsigned)must, mode_at(fd));
		close(fd);

		ck_assert_int_eq(mkdirat(unit_fd, "d", 0700), 0);
		dir = openat(unit_fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		ck_assert_int_eq(fchmod(dir, birth), 0);
		ck_assert_int_eq(attrs_adopt(dir, ATTRS_NO_GROUP, must), 0);
		ck_assert_uint_eq(mode_at(dir), birth | must);
		close(dir);
		ck_assert_int_eq(unlinkat(unit_fd, "d", AT_REMOVEDIR), 0);
	}
}
END_TEST

/* A group that the user is in beside his own.  The bits come last: the kernel takes some away. */
START_TEST(a_group_is_adopted)
{
	static const mode_t musts[] = { 0, 0060, 02070, 06711 };

	if (skip_without_root())
		return;
	open_for_all();
	become(NOBODY, OTHERS);
	for (size_t i = 0; i < COUNT(musts); i++) {
		int fd = file("f", 0640), dir;

		ck_assert_int_eq(attrs_adopt(fd, OTHERS, musts[i]), 0);
		expect_owner(fd, NOBODY, OTHERS);
		ck_assert_msg(mode_at(fd) == (0640 | musts[i]), "%04o: got %04o",
		    (unsigned)musts[i], mode_at(fd));
		close(fd);

		ck_assert_int_eq(mkdirat(unit_fd, "d", 0700), 0);
		dir = openat(unit_fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		ck_assert_int_eq(attrs_adopt(dir, OTHERS, musts[i]), 0);
		expect_owner(dir, NOBODY, OTHERS);
		ck_assert_uint_eq(mode_at(dir), 0700 | musts[i]);
		close(dir);
		ck_assert_int_eq(unlinkat(unit_fd, "d", AT_REMOVEDIR), 0);
	}
	become(0, 0);
}
END_TEST

/* Root has any group, and gives the file to nobody else for that. */
START_TEST(a_group_is_adopted_by_root)
{
	int fd;

	if (skip_without_root())
		return;
	fd = file("f", 0640);
	ck_assert_int_eq(fchown(fd, SOMEBODY, SOMEBODY), 0);
	ck_assert_int_eq(attrs_adopt(fd, OTHERS, 02010), 0);
	expect_owner(fd, SOMEBODY, OTHERS);
	ck_assert_uint_eq(mode_at(fd), 02650);
}
END_TEST

START_TEST(what_cannot_be_adopted)
{
	int theirs, ours;

	if (skip_without_root())
		return;
	open_for_all();
	theirs = file("theirs", 0666);
	become(NOBODY, NOBODY);
	ours = file("ours", 0600);
	ck_assert_int_eq(attrs_adopt(ours, OTHERS, 0060), -1);
	ck_assert_int_eq(errno, EPERM);
	expect_owner(ours, NOBODY, NOBODY);
	ck_assert_uint_eq(mode_at(ours), 0600);
	ck_assert_int_eq(attrs_adopt(theirs, ATTRS_NO_GROUP, 0070), -1);
	ck_assert_int_eq(errno, EPERM);
	/* What is there already needs nobody's leave. */
	ck_assert_int_eq(attrs_adopt(theirs, ATTRS_NO_GROUP, 0660), 0);
	become(0, 0);
	ck_assert_uint_eq(mode_at(theirs), 0666);
}
END_TEST

START_TEST(nothing_is_adopted_by_a_descriptor_that_is_none)
{
	ck_assert_int_eq(attrs_adopt(-1, ATTRS_NO_GROUP, 0600), -1);
	ck_assert_int_eq(errno, EBADF);
	ck_assert_int_eq(attrs_adopt(-1, getegid(), 0), -1);
	ck_assert_int_eq(errno, EBADF);
}
END_TEST

/* Beside an ACL the group's bits are what limits all its entries. */
START_TEST(bits_are_adopted_beside_an_acl)
{
	int fd = file("f", 0600);

	if (!give_acl(fd, "u::rw-,u:777:rwx,g::r--,m::---,o::---"))
		return;
	ck_assert_int_eq(attrs_adopt(fd, ATTRS_NO_GROUP, 0060), 0);
	ck_assert_uint_eq(mode_at(fd), 0660);
	expect_acl(fd, "u::rw-,u:777:rwx,g::r--,m::rw-,o::---");
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, mode_and_times_are_set);
	tcase_add_test(t, what_is_not_asked_for_stays);
	tcase_add_test(t, times_may_be_left_out);
	tcase_add_test(t, all_twelve_bits);
	tcase_add_test(t, rule_4_the_first_failure_is_reported);
	tcase_add_test(t, what_would_change_nothing_does_not_fail);
	tcase_add_test(t, rule_4_times_are_tried_after_mode_has_failed);
	tcase_add_test(t, rule_4_mode_is_set_when_times_fail);
	tcase_add_test(t, mode_of_any_descriptor);
	tcase_add_test(t, mode_of_any_descriptor_on_an_old_kernel);
	tcase_add_test(t, mode_of_a_directory_that_cannot_be_read);
	tcase_add_test(t, mode_of_what_others_own);
	tcase_add_test(t, modes_are_inherited);
	tcase_add_test(t, modes_are_inherited_without_privileges);
	tcase_add_test(t, a_mode_is_inherited_bit_by_bit);
	tcase_add_test(t, an_owner_and_a_group_are_inherited);
	tcase_add_test(t, an_owner_that_cannot_be_given);
	tcase_add_test(t, a_group_that_can_be_given_and_one_that_cannot);
	tcase_add_test(t, a_descriptor_that_is_none);
	tcase_add_test(t, an_acl_is_inherited);
	tcase_add_test(t, an_acl_is_inherited_without_privileges);
	tcase_add_test(t, an_acl_of_birth_is_lost);
	tcase_add_test(t, an_acl_of_birth_is_replaced);
	tcase_add_test(t, an_acl_and_special_bits);
	tcase_add_test(t, all_of_it_is_inherited);
	tcase_add_test(t, nothing_to_adopt);
	tcase_add_test(t, bits_are_adopted);
	tcase_add_test(t, a_group_is_adopted);
	tcase_add_test(t, a_group_is_adopted_by_root);
	tcase_add_test(t, what_cannot_be_adopted);
	tcase_add_test(t, nothing_is_adopted_by_a_descriptor_that_is_none);
	tcase_add_test(t, bits_are_adopted_beside_an_acl);
}

int
main(void)
{
	return run_unit("attrs", add);
}
