/* SPDX-License-Identifier: ISC */
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <acl/libacl.h>
#include <grp.h>
#include <signal.h>
#include <sys/acl.h>

#include "mounts.h"
#include "paths/sticky.h"
#include "policies.h"
#include "unit.h"
#include "upload/commit.h"

enum {
	K = 1024,
	ROUNDS = 100
};

static const struct attrs nothing;	/* asked for */
static struct policy policy;	/* a drop-in's, unless the test says otherwise */

/* What has been synced, and what that fails with; 0: it works. */
static struct {
	int files, dirs, file_err, dir_err;
} syncs;

/* In place of the library's. */
int
fsync(int fd)
{
	struct stat st;
	bool is_dir = fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);

	*(is_dir ? &syncs.dirs : &syncs.files) += 1;
	errno = is_dir ? syncs.dir_err : syncs.file_err;
	return errno != 0 ? -1 : (int)syscall(SYS_fsync, fd);
}

static struct stat
stat_of(const char *name)
{
	struct stat st;

	ck_assert_msg(fstatat(unit_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0, "%s: %s", name,
	    strerror(errno));
	return st;
}

static void
init(struct upload *up, bool named_only)
{
	upload_init(up, &policy);
	up->temp.named_only = named_only;
}

static void
begin(struct upload *up, const char *name, mode_t mode, uint64_t size)
{
	int end = upload_begin(up, unit_fd, name, mode, size, UPLOAD_REGULAR);

	ck_assert_msg(end == 0, "begin %s: %s", name, strerror(errno));
}

static void
fill(const struct upload *up, const char *content)
{
	ssize_t n = write(up->fd, content, strlen(content));

	ck_assert_msg(n == (ssize_t)strlen(content), "write: %s", strerror(errno));
}

static void
commit(struct upload *up, const struct attrs *wanted)
{
	const char *what = "untouched";
	int end = upload_commit(up, wanted, &what);

	ck_assert_msg(end == 0, "commit: %s: %s", what == NULL ? "" : what, strerror(errno));
	upload_end(up);
}

/* A whole upload without wishes. */
static void
put(struct upload *up, const char *name, const char *content, mode_t mode)
{
	begin(up, name, mode, strlen(content));
	fill(up, content);
	commit(up, &nothing);
}

static void
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

static void
assert_content(const char *name, const char *wanted)
{
	const char *got = get_file(name);

	ck_assert_msg(got != NULL && strcmp(got, wanted) == 0, "%s: expected \"%s\", got \"%s\"",
	    name, wanted,
	    got == NULL ? "nothing" : got);
}

static void
assert_entries(int wanted)
{
	int got = count_entries(".");

	ck_assert_msg(got == wanted, "expected %d entries, got %d", wanted, got);
}

/* The ACL of NAME as text, of TYPE; the caller frees it with acl_free. */
static char *
acl_of(const char *name, acl_type_t type)
{
	acl_t acl = acl_get_file(PATH_IN(name), type);
	char *text;

	ck_assert_msg(acl != NULL, "%s: %s", name, strerror(errno));
	text = acl_to_any_text(acl, NULL, ',', TEXT_ABBREVIATE | TEXT_NUMERIC_IDS);
	ck_assert_ptr_nonnull(text);
	acl_free(acl);
	return text;
}

/* False, and said so, where the filesystem has no ACLs. */
static bool
set_acl(const char *name, acl_type_t type, const char *text)
{
	acl_t acl = acl_from_text(text);
	int end;

	ck_assert_msg(acl != NULL, "%s: %s", text, strerror(errno));
	end = acl_set_file(PATH_IN(name), type, acl);
	acl_free(acl);
	if (end == -1 && errno == ENOTSUP) {
		printf("SKIP: no ACLs on this filesystem\n");
		return false;
	}
	ck_assert_msg(end == 0, "%s: %s", text, strerror(errno));
	return true;
}

static void
assert_same_permissions(const char *got, const char *wanted, const char *context)
{
	char *a = acl_of(got, ACL_TYPE_ACCESS), *b = acl_of(wanted, ACL_TYPE_ACCESS);

	ck_assert_msg(strcmp(a, b) == 0, "%s: expected ACL %s, got %s", context, b, a);
	ck_assert_msg(mode_of(got) == mode_of(wanted), "%s: expected mode %04o, got %04o", context,
	    mode_of(wanted), mode_of(got));
	acl_free(a);
	acl_free(b);
}

/* What open(2) makes of MODE here and now, with nothing of ours in between. */
static void
make_reference(const char *name, mode_t mode)
{
	int fd = openat(unit_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

	ck_assert_msg(fd >= 0, "%s: %s", name, strerror(errno));
	close(fd);
}

static const mode_t modes[] = { 0644, 0755, 0666, 0777, 0640, 0600, 0444, 0400, 0200, 0070, 0007,
    0000 };
static const mode_t umasks[] = { 0, 022, 002, 027, 077, 0222, 0700, 0777 };

static void
try_new_files(bool named_only, const char *context)
{
	struct upload up;

	init(&up, named_only);
	for (size_t i = 0; i < COUNT(modes); i++) {
		char what[200];

		snprintf(what, sizeof(what), "%s, %s, mode %04o", context, named_only ? "named" :
		    "unnamed",
		    (unsigned)modes[i]);
		make_reference("reference", modes[i]);
		put(&up, "new", "hello", modes[i]);
		assert_same_permissions("new", "reference", what);
		ck_assert_int_eq(stat_of("new").st_size, 5);
		ck_assert_int_eq((int)up.temp.named_only, (int)named_only);
		unlinkat(unit_fd, "reference", 0);
		unlinkat(unit_fd, "new", 0);
		assert_entries(0);
	}
}

START_TEST(new_file_gets_what_the_umask_leaves)
{
	become_user();
	for (size_t i = 0; i < COUNT(umasks); i++) {
		char what[32];

		snprintf(what, sizeof(what), "umask %04o", (unsigned)umasks[i]);
		umask(umasks[i]);
		try_new_files(false, what);
		try_new_files(true, what);
	}
}
END_TEST

static const char *const default_acls[] = {
	"u::rwx,g::r-x,o::r-x",
	"u::rwx,g::rwx,o::---",
	"u::rw-,g::---,o::---",
	"u::rwx,u:1:rwx,g::r-x,m::rwx,o::r-x",
	"u::rwx,u:1:rw-,g:2:r-x,g::---,m::r-x,o::---",
	"u::r--,u:1:---,g::rwx,m::rwx,o::rwx",
	"u::---,g::rw-,o::r--",
};

START_TEST(new_file_gets_what_the_default_acl_says)
{
	become_user();
	umask(077);	/* of no effect beside a default ACL */
	for (size_t i = 0; i < COUNT(default_acls); i++) {
		if (!set_acl(".", ACL_TYPE_DEFAULT, default_acls[i]))
			return;
		try_new_files(false, default_acls[i]);
		try_new_files(true, default_acls[i]);
	}
}
END_TEST

START_TEST(new_file_has_no_special_bits)
{
	struct upload up;

	for (int named = 0; named <= 1; named++) {
		umask(022);
		init(&up, named);
		put(&up, "new", "x", 07777);
		ck_assert_uint_eq(mode_of("new"), 0755);
		unlinkat(unit_fd, "new", 0);
	}
}
END_TEST

START_TEST(replaced_file_keeps_its_mode)
{
	static const mode_t kept[] = { 0600, 0644, 0664, 0755, 0606, 0200, 01644 };

	become_user();
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		for (size_t i = 0; i < COUNT(kept); i++) {
			ino_t before;

			put_file("f", "the old one", kept[i]);
			before = stat_of("f").st_ino;
			umask(077);
			put(&up, "f", "new", 0777);
			ck_assert_msg(mode_of("f") == kept[i], "expected %04o, got %04o",
			    (unsigned)kept[i],
			    mode_of("f"));
			ck_assert_uint_ne(stat_of("f").st_ino, before);
			ck_assert_int_eq(stat_of("f").st_size, 3);
			assert_entries(1);
			unlinkat(unit_fd, "f", 0);
		}
	}
}
END_TEST

START_TEST(replaced_file_keeps_owner_and_group)
{
	if (lacks_root("files of others"))
		return;
	for (int named = 0; named <= 1; named++) {
		struct upload up;
		ino_t before;

		init(&up, named);
		put_file("f", "the old one", 0640);
		ck_assert_int_eq(fchownat(unit_fd, "f", STRANGER, STRANGER + 1, 0), 0);
		before = stat_of("f").st_ino;
		put(&up, "f", "new", 0644);
		ck_assert_uint_eq(stat_of("f").st_uid, STRANGER);
		ck_assert_uint_eq(stat_of("f").st_gid, STRANGER + 1);
		ck_assert_uint_eq(mode_of("f"), 0640);
		ck_assert_uint_ne(stat_of("f").st_ino, before);
		assert_content("f", "new");
	}
}
END_TEST

/* As a user whose primary group is not that of the file. */
START_TEST(replaced_file_keeps_a_group_that_the_user_is_in)
{
	static const gid_t groups[] = { STRANGER };

	if (lacks_root("supplementary groups"))
		return;
	put_file("f", "the old one", 0660);
	ck_assert_int_eq(fchownat(unit_fd, "f", NOBODY, STRANGER, 0), 0);
	ck_assert_int_eq(fchown(unit_fd, NOBODY, NOBODY), 0);
	ck_assert_int_eq(setgroups(1, groups), 0);
	ck_assert_int_eq(setresgid(NOBODY, NOBODY, NOBODY), 0);
	ck_assert_int_eq(setresuid(NOBODY, NOBODY, NOBODY), 0);
	ck_assert_int_eq(prctl(PR_SET_DUMPABLE, 1), 0);
	for (int named = 0; named <= 1; named++) {
		struct upload up;
		ino_t before = stat_of("f").st_ino;

		init(&up, named);
		put(&up, "f", "new", 0644);
		ck_assert_uint_eq(stat_of("f").st_gid, STRANGER);
		ck_assert_uint_eq(mode_of("f"), 0660);
		ck_assert_uint_ne(stat_of("f").st_ino, before);
	}
}
END_TEST

/* Replacing would give the file to another group: its members would be shut out. */
START_TEST(group_that_cannot_be_given_is_written_in_place)
{
	struct upload up;
	ino_t before;

	if (lacks_root("groups of others"))
		return;
	put_file("f", "the old one", 0660);
	ck_assert_int_eq(fchownat(unit_fd, "f", NOBODY, STRANGER, 0), 0);
	before = stat_of("f").st_ino;
	become_user();
	init(&up, false);
	put(&up, "f", "new", 0644);
	ck_assert_uint_eq(stat_of("f").st_ino, before);
	ck_assert_uint_eq(stat_of("f").st_gid, STRANGER);
	assert_content("f", "new");
	assert_entries(1);
}
END_TEST

START_TEST(replaced_file_keeps_its_acl)
{
	static const char *const acls[] = {
		"u::rw-,u:1:rwx,g::r--,m::rwx,o::---",
		"u::rw-,u:1:rw-,g:2:r--,g::---,m::r--,o::r--",
		"u::rwx,g::rwx,o::---",
	};

	become_user();
	umask(077);
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		for (size_t i = 0; i < COUNT(acls); i++) {
			ino_t before;

			put_file("f", "old", 0644);
			put_file("reference", "", 0644);
			if (!set_acl("f", ACL_TYPE_ACCESS, acls[i]) ||
			    !set_acl("reference", ACL_TYPE_ACCESS, acls[i]))
				return;
			before = stat_of("f").st_ino;
			put(&up, "f", "new", 0777);
			assert_same_permissions("f", "reference", acls[i]);
			ck_assert_uint_ne(stat_of("f").st_ino, before);
			assert_content("f", "new");
		}
	}
}
END_TEST

START_TEST(replaced_file_gets_nothing_of_the_default_acl)
{
	become_user();
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		put_file("f", "old", 0640);
		put_file("reference", "", 0640);
		if (!set_acl(".", ACL_TYPE_DEFAULT, "u::rwx,u:1:rwx,g::rwx,m::rwx,o::rwx"))
			return;
		put(&up, "f", "new", 0777);
		assert_same_permissions("f", "reference", named ? "named" : "unnamed");
		ck_assert_int_eq(acl_delete_def_file(unit_path), 0);
	}
}
END_TEST

/* Bits that must not be there while somebody could run half a program. */
START_TEST(special_bits_of_a_replaced_file_come_last)
{
	static const mode_t kept[] = { 04755, 02755, 06711, 07777, 01755 };

	if (lacks_root("only its writing keeps set-id bits"))
		return;
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		for (size_t i = 0; i < COUNT(kept); i++) {
			struct stat st;

			put_file("f", "old", kept[i]);
			begin(&up, "f", 0644, 3);
			ck_assert_int_eq(fstat(up.fd, &st), 0);
			ck_assert_msg((st.st_mode & ATTRS_SPECIAL) == 0,
			    "while data comes: got %04o",
			    (unsigned)st.st_mode & 07777);
			fill(&up, "new");
			commit(&up, &nothing);
			ck_assert_msg(mode_of("f") == kept[i], "expected %04o, got %04o",
			    (unsigned)kept[i],
			    mode_of("f"));
		}
	}
}
END_TEST

START_TEST(users_writing_clears_set_id_bits_as_it_always_did)
{
	static const struct {
		mode_t before, after;
	} rows[] = { { 04755, 0755 }, { 02755, 0755 }, { 06755, 0755 }, { 01755, 01755 },
	    { 05755, 01755 } };

	become_user();
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		for (size_t i = 0; i < COUNT(rows); i++) {
			put_file("f", "old", rows[i].before);
			put(&up, "f", "new", 0644);
			ck_assert_msg(mode_of("f") == rows[i].after,
			    "%04o: expected %04o, got %04o",
			    (unsigned)rows[i].before, (unsigned)rows[i].after, mode_of("f"));
		}
	}
}
END_TEST

/*
 * Asserts that NAME, whose content is "the old one", is written in place: the same inode, the new
 * content, and nothing else in the directory.
 */
static void
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

START_TEST(several_links_are_written_in_place)
{
	put_file("f", "the old one", 0600);
	ck_assert_int_eq(linkat(unit_fd, "f", unit_fd, "g", 0), 0);
	assert_in_place("f", "new");
	assert_content("g", "new");
	assert_in_place("f", "");
	assert_in_place("g", "and much longer than before");
	ck_assert_uint_eq(stat_of("f").st_nlink, 2);
}
END_TEST

START_TEST(file_of_another_is_written_in_place)
{
	if (lacks_root("files of others"))
		return;
	put_file("f", "the old one", 0666);
	ck_assert_int_eq(fchownat(unit_fd, "f", STRANGER, STRANGER, 0), 0);
	become_user();
	assert_in_place("f", "new");
}
END_TEST

START_TEST(directory_that_we_may_not_write_has_its_files_written_in_place)
{
	become_user();
	put_file("f", "the old one", 0644);
	ck_assert_int_eq(fchmod(unit_fd, 0555), 0);
	assert_in_place("f", "new");
	ck_assert_int_eq(fchmod(unit_fd, 0755), 0);
}
END_TEST

START_TEST(mount_point_is_written_in_place)
{
	if (!unshare_mounts())
		return;
	put_file("f", "below", 0644);
	put_file("over", "the old one", 0644);
	ck_assert_int_eq(mount(PATH_IN("over"), PATH_IN("f"), NULL, MS_BIND, NULL), 0);
	assert_in_place("f", "new");
	ck_assert_int_eq(umount2(PATH_IN("f"), MNT_DETACH), 0);
	assert_content("f", "below");
	assert_content("over", "new");
}
END_TEST

/* Has a copy of sleep(1) run from NAME: its process, or -1 where nothing may run here. */
static pid_t
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

static void
end_program(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, WNOHANG), 0);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
}

START_TEST(running_program_is_replaced)
{
	become_user();
	for (int named = 0; named <= 1; named++) {
		struct upload up;
		pid_t pid = run_program("prog");
		ino_t before;

		if (pid == -1)
			return;
		before = stat_of("prog").st_ino;
		init(&up, named);
		put(&up, "prog", "new", 0644);
		assert_content("prog", "new");
		ck_assert_uint_eq(mode_of("prog"), 0755);
		ck_assert_uint_ne(stat_of("prog").st_ino, before);
		assert_entries(1);
		end_program(pid);
	}
}
END_TEST

START_TEST(running_program_with_two_names_is_busy)
{
	struct upload up;
	pid_t pid = run_program("prog");
	off_t size;

	if (pid == -1)
		return;
	size = stat_of("prog").st_size;
	ck_assert_int_eq(linkat(unit_fd, "prog", unit_fd, "other", 0), 0);
	init(&up, false);
	assert_refused(&up, unit_fd, "prog", 3, UPLOAD_REGULAR, ETXTBSY);
	ck_assert_int_eq(stat_of("prog").st_size, size);
	assert_entries(2);
	end_program(pid);
}
END_TEST

START_TEST(file_that_we_may_not_write_is_not_replaced)
{
	static const mode_t closed[] = { 0444, 0400, 0555, 0000, 0077 };

	become_user();
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		for (size_t i = 0; i < COUNT(closed); i++) {
			ino_t before;

			put_file("f", "old", closed[i]);
			before = stat_of("f").st_ino;
			assert_refused(&up, unit_fd, "f", 3, UPLOAD_REGULAR, EACCES);
			ck_assert_uint_eq(stat_of("f").st_ino, before);
			ck_assert_uint_eq(mode_of("f"), closed[i]);
			ck_assert_int_eq(stat_of("f").st_size, 3);
			assert_entries(1);
			unlinkat(unit_fd, "f", 0);
		}
	}
}
END_TEST

START_TEST(directory_without_permission_takes_no_new_file)
{
	static const struct {
		mode_t mode;
		int    err;
	} rows[] = { { 0555, EACCES }, { 0500, EACCES }, { 0600, EACCES }, { 0000, EACCES } };

	become_user();
	for (int named = 0; named <= 1; named++) {
		for (size_t i = 0; i < COUNT(rows); i++) {
			struct upload up;

			init(&up, named);
			ck_assert_int_eq(fchmod(unit_fd, rows[i].mode), 0);
			assert_refused(&up, unit_fd, "f", 3, UPLOAD_REGULAR, rows[i].err);
		}
		ck_assert_int_eq(fchmod(unit_fd, 0755), 0);
		assert_entries(0);
	}
}
END_TEST

static void
make_socket(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", unit_path, name);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
}

START_TEST(what_is_no_file_is_refused_at_once)
{
	static const struct {
		const char *name;
		int	    regular, special;	/* the errno with either permission */
	} rows[] = {
		{ "dir", EISDIR, EISDIR },	{ "link", ELOOP, ELOOP },
		{ "dangling", ELOOP, ELOOP },	{ "to-dir", ELOOP, ELOOP },
		{ "loop", ELOOP, ELOOP },	{ "to-fifo", ELOOP, ELOOP },
		{ "fifo", ENXIO, ENXIO },	{ "socket", ENXIO, ENXIO },
	};

	ck_assert_int_eq(mkdirat(unit_fd, "dir", 0755), 0);
	put_file("file", "old", 0644);
	ck_assert_int_eq(symlinkat("file", unit_fd, "link"), 0);
	ck_assert_int_eq(symlinkat("nowhere", unit_fd, "dangling"), 0);
	ck_assert_int_eq(symlinkat("dir", unit_fd, "to-dir"), 0);
	ck_assert_int_eq(symlinkat("loop", unit_fd, "loop"), 0);
	ck_assert_int_eq(symlinkat("fifo", unit_fd, "to-fifo"), 0);
	ck_assert_int_eq(mkfifoat(unit_fd, "fifo", 0644), 0);
	make_socket("socket");
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		for (size_t i = 0; i < COUNT(rows); i++) {
			assert_refused(&up, unit_fd, rows[i].name, 5, UPLOAD_REGULAR,
			    rows[i].regular);
			assert_refused(&up, unit_fd, rows[i].name, 5, UPLOAD_SPECIAL,
			    rows[i].special);
		}
	}
	assert_entries(9);
	assert_content("file", "old");
	ck_assert(!exists("nowhere"));
	ck_assert(S_ISLNK(stat_of("link").st_mode));
}
END_TEST

START_TEST(fifo_with_a_reader_is_written)
{
	struct upload up;
	struct attrs wanted = { .has_mode = true, .mode = 0777, .has_times = true };
	char got[16] = "";
	int reader;

	ck_assert_int_eq(mkfifoat(unit_fd, "fifo", 0600), 0);
	reader = openat(unit_fd, "fifo", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ck_assert_int_ge(reader, 0);
	init(&up, false);
	assert_refused(&up, unit_fd, "fifo", 5, UPLOAD_REGULAR, ENXIO);
	ck_assert_int_eq(upload_begin(&up, unit_fd, "fifo", 0644, 5, UPLOAD_SPECIAL), 0);
	ck_assert(!up.regular);
	/* Its reader may be slow: then writing waits. */
	ck_assert_int_eq(fcntl(up.fd, F_GETFL) & O_NONBLOCK, 0);
	fill(&up, "hello");
	commit(&up, &wanted);
	ck_assert_int_eq(read(reader, got, sizeof(got) - 1), 5);
	ck_assert_str_eq(got, "hello");
	ck_assert_uint_eq(mode_of("fifo"), 0600);
	ck_assert_int_ne(stat_of("fifo").st_mtim.tv_sec, 0);
	assert_entries(1);
	close(reader);
}
END_TEST

/* Root could do harm to the real /dev/null: it has one of its own. */
START_TEST(device_is_written_and_stays_what_it_is)
{
	struct attrs wanted = { .has_mode = true, .mode = 0600, .has_times = true };
	int dirfd = unit_fd, fd;
	struct stat before, after;
	struct upload up;

	if (geteuid() == 0)
		ck_assert_int_eq(mknodat(unit_fd, "null", S_IFCHR | 0666, makedev(1, 3)), 0);
	else
		dirfd = open("/dev", O_PATH | O_DIRECTORY | O_CLOEXEC);
	fd = openat(dirfd, "null", O_WRONLY | O_CLOEXEC);
	if (fd == -1) {
		printf("SKIP: no devices here: %s\n", strerror(errno));
		return;
	}
	ck_assert_int_eq(fstat(fd, &before), 0);
	close(fd);
	init(&up, false);
	assert_refused(&up, dirfd, "null", 5, UPLOAD_REGULAR, ENXIO);
	ck_assert_int_eq(upload_begin(&up, dirfd, "null", 0644, 5, UPLOAD_SPECIAL), 0);
	ck_assert_int_eq((int)up.way, (int)UPLOAD_IN_PLACE);
	ck_assert(!up.regular);
	fill(&up, "hello");
	commit(&up, &wanted);
	ck_assert_int_eq(fstatat(dirfd, "null", &after, 0), 0);
	ck_assert_uint_eq(after.st_mode, before.st_mode);
	ck_assert_uint_eq(after.st_ino, before.st_ino);
	ck_assert_int_ne(after.st_mtim.tv_sec, 0);
}
END_TEST

START_TEST(device_takes_any_size)
{
	int dirfd = open("/dev", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct upload up;

	init(&up, false);
	ck_assert_int_eq(upload_begin(&up, dirfd, "null", 0644, INT64_MAX, UPLOAD_SPECIAL), 0);
	upload_end(&up);
	close(dirfd);
}
END_TEST

START_TEST(too_long_a_name)
{
	char name[300];
	struct upload up;

	memset(name, 'n', sizeof(name));
	name[256] = '\0';
	for (int named = 0; named <= 1; named++) {
		init(&up, named);
		name[255] = 'n';
		assert_refused(&up, unit_fd, name, 5, UPLOAD_REGULAR, ENAMETOOLONG);
		assert_entries(0);
		name[255] = '\0';
		put(&up, name, "hello", 0644);
		put(&up, name, "again", 0644);
		assert_content(name, "again");
		assert_entries(1);
		unlinkat(unit_fd, name, 0);
	}
}
END_TEST

START_TEST(size_that_cannot_fit)
{
	static const uint64_t sizes[] = { UINT64_MAX, UINT64_MAX - 4095, INT64_MAX,
	    (uint64_t)1 << 62 };

	put_file("one", "old", 0644);
	put_file("two", "old", 0644);
	ck_assert_int_eq(linkat(unit_fd, "two", unit_fd, "three", 0), 0);
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		for (size_t i = 0; i < COUNT(sizes); i++) {
			assert_refused(&up, unit_fd, "new", sizes[i], UPLOAD_REGULAR, ENOSPC);
			assert_refused(&up, unit_fd, "one", sizes[i], UPLOAD_REGULAR, ENOSPC);
			assert_refused(&up, unit_fd, "two", sizes[i], UPLOAD_REGULAR, ENOSPC);
		}
	}
	assert_entries(3);
	assert_content("one", "old");
	assert_content("two", "old");
}
END_TEST

/* Writes SIZE bytes of X; the directory is a small filesystem. */
static void
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

START_TEST(small_filesystem)
{
	struct upload up;
	int dirfd = mount_small("size=64k");

	if (dirfd == -1)
		return;
	for (int named = 0; named <= 1; named++) {
		init(&up, named);
		assert_refused(&up, dirfd, "f", 64 * K + 1, UPLOAD_REGULAR, ENOSPC);
		put_bytes(&up, dirfd, "f", 64 * K);
		assert_refused(&up, dirfd, "g", 1, UPLOAD_REGULAR, ENOSPC);
		/* Old and new do not fit at once: the old one stays, or is written in place. */
		policy.replace = REPLACE_ATOMIC;
		assert_refused(&up, dirfd, "f", 4 * K, UPLOAD_REGULAR, ENOSPC);
		policy.replace = REPLACE_AUTO;
		put_bytes(&up, dirfd, "f", 64 * K);
		ck_assert_int_eq(count_entries("small"), 1);
		/* In place there is the room that the old content has. */
		ck_assert_int_eq(linkat(dirfd, "f", dirfd, "g", 0), 0);
		put_bytes(&up, dirfd, "f", 64 * K);
		assert_refused(&up, dirfd, "f", 64 * K + 1, UPLOAD_REGULAR, ENOSPC);
		put_bytes(&up, dirfd, "f", 32 * K);
		put_bytes(&up, dirfd, "h", 32 * K);
		ck_assert_int_eq(count_entries("small"), 3);
		unlinkat(dirfd, "f", 0);
		unlinkat(dirfd, "g", 0);
		unlinkat(dirfd, "h", 0);
	}
	unmount_small(dirfd);
}
END_TEST

START_TEST(nothing_is_seen_before_the_end)
{
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		begin(&up, "f", 0644, 5);
		ck_assert(!upload_is_in_place(&up));
		fill(&up, "he");
		ck_assert(!exists("f"));
		assert_entries(named);
		if (named) {
			ck_assert_int_eq(up.temp.name[0], '.');
			ck_assert(exists(up.temp.name));
		} else {
			ck_assert_str_eq(up.temp.name, "");
		}
		fill(&up, "llo");
		commit(&up, &nothing);
		assert_content("f", "hello");
		assert_entries(1);

		begin(&up, "f", 0644, 5);
		ck_assert(!upload_is_in_place(&up));
		fill(&up, "othe");
		assert_content("f", "hello");
		assert_entries(1 + named);
		fill(&up, "r");
		commit(&up, &nothing);
		assert_content("f", "other");
		assert_entries(1);
		unlinkat(unit_fd, "f", 0);
	}
}
END_TEST

START_TEST(end_without_commit_leaves_no_trace)
{
	put_file("old", "old", 0640);
	for (int named = 0; named <= 1; named++) {
		struct stat before = stat_of("old"), after;
		struct upload up;

		init(&up, named);
		begin(&up, "new", 0644, 5);
		fill(&up, "hello");
		upload_end(&up);
		ck_assert_int_eq(up.fd, -1);
		begin(&up, "old", 0644, 5);
		fill(&up, "hello");
		upload_end(&up);
		upload_end(&up);
		assert_entries(1);
		assert_content("old", "old");
		after = stat_of("old");
		ck_assert_uint_eq(after.st_ino, before.st_ino);
		ck_assert_uint_eq(after.st_mode, before.st_mode);
		ck_assert_int_eq(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
	}
}
END_TEST

START_TEST(end_in_place_before_any_byte_leaves_the_content)
{
	struct upload up;

	put_file("f", "old", 0640);
	ck_assert_int_eq(linkat(unit_fd, "f", unit_fd, "g", 0), 0);
	init(&up, false);
	begin(&up, "f", 0644, 0);
	upload_end(&up);
	assert_content("f", "old");
	assert_entries(2);
}
END_TEST

START_TEST(end_is_always_safe)
{
	struct upload up;

	upload_init(&up, &policy);
	upload_end(&up);
	upload_end(&up);
	put(&up, "f", "hello", 0644);
	upload_end(&up);
	assert_content("f", "hello");
}
END_TEST

START_TEST(file_that_appeared_meanwhile_is_replaced)
{
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		begin(&up, "f", 0644, 5);
		put_file("f", "somebody else's, and longer", 0600);
		fill(&up, "hello");
		commit(&up, &nothing);
		assert_content("f", "hello");
		assert_entries(1);
		unlinkat(unit_fd, "f", 0);
	}
}
END_TEST

START_TEST(link_that_appeared_meanwhile_is_not_followed)
{
	put_file("victim", "old", 0600);
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		begin(&up, "f", 0644, 5);
		ck_assert_int_eq(symlinkat("victim", unit_fd, "f"), 0);
		fill(&up, "hello");
		commit(&up, &nothing);
		ck_assert(S_ISREG(stat_of("f").st_mode));
		assert_content("f", "hello");
		assert_content("victim", "old");
		assert_entries(2);
		unlinkat(unit_fd, "f", 0);
	}
}
END_TEST

/* Uploads to "f", which is a directory by the time of the commit. */
static void
commit_onto_directory(struct upload *up)
{
	const char *what = "untouched";

	ck_assert_int_eq(mkdirat(unit_fd, "f", 0755), 0);
	fill(up, "hello");
	ck_assert_int_eq(upload_commit(up, &nothing, &what), -1);
	ck_assert_msg(errno == EISDIR || errno == EEXIST || errno == ENOTEMPTY, "got %s",
	    strerror(errno));
	ck_assert_ptr_null(what);
	upload_end(up);
	assert_entries(1);
	ck_assert_int_eq(unlinkat(unit_fd, "f", AT_REMOVEDIR), 0);
}

START_TEST(directory_that_appeared_meanwhile_stays)
{
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		begin(&up, "f", 0644, 5);
		commit_onto_directory(&up);
		put_file("f", "old", 0644);
		begin(&up, "f", 0644, 5);
		ck_assert_int_eq(unlinkat(unit_fd, "f", 0), 0);
		commit_onto_directory(&up);
	}
}
END_TEST

START_TEST(file_that_went_away_meanwhile_is_made)
{
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		put_file("f", "old", 0640);
		init(&up, named);
		begin(&up, "f", 0644, 5);
		ck_assert_int_eq(unlinkat(unit_fd, "f", 0), 0);
		fill(&up, "hello");
		commit(&up, &nothing);
		assert_content("f", "hello");
		ck_assert_uint_eq(mode_of("f"), 0640);
		assert_entries(1);
	}
}
END_TEST

/* Another process that has begun an upload of NAME. */
struct other {
	pid_t pid;
	int   go;	/* writing here lets it commit */
};

static struct other
start_other(const char *name, const char *content, mode_t mode, bool named_only)
{
	int ready[2], go[2];
	struct other o;
	char byte;

	ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(go, O_CLOEXEC), 0);
	o.pid = fork();
	ck_assert_int_ge(o.pid, 0);
	if (o.pid == 0) {
		struct upload up;
		const char *what;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ready[0]);
		close(go[1]);
		init(&up, named_only);
		if (upload_begin(&up, unit_fd, name, mode, strlen(content), UPLOAD_REGULAR) == -1 ||
		    write(up.fd, content, strlen(content)) == -1 || write(ready[1], "", 1) != 1)
			_exit(1);
		if (read(go[0], &byte, 1) != 1 || upload_commit(&up, &nothing, &what) == -1)
			_exit(2);
		upload_end(&up);
		_exit(0);
	}
	close(ready[1]);
	close(go[0]);
	o.go = go[1];
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return o;
}

static void
kill_other(struct other o)
{
	ck_assert_int_eq(kill(o.pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(o.pid, NULL, 0), o.pid);
	close(o.go);
}

static void
finish_other(struct other o)
{
	int status;

	ck_assert_int_eq(write(o.go, "", 1), 1);
	ck_assert_int_eq(waitpid(o.pid, &status, 0), o.pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the other one ended with %#x",
	    (unsigned)status);
	close(o.go);
}

START_TEST(killed_upload_leaves_nothing_where_unnamed)
{
	struct upload up;

	init(&up, false);
	begin(&up, "probe", 0644, 1);
	if (up.way != UPLOAD_UNNAMED) {
		printf("SKIP: no unnamed files on this filesystem\n");
		upload_end(&up);
		return;
	}
	upload_end(&up);
	kill_other(start_other("f", "half", 0644, false));
	assert_entries(0);
	put_file("f", "old", 0644);
	kill_other(start_other("f", "half", 0644, false));
	assert_entries(1);
	assert_content("f", "old");
}
END_TEST

START_TEST(temporary_of_a_killed_upload_is_removed_by_the_next)
{
	static const struct {
		mode_t mode, umask;
	} rows[] = { { 0644, 022 }, { 0400, 022 }, { 0200, 022 }, { 0000, 022 }, { 0644, 0777 },
	    { 0644, 0700 } };

	become_user();
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct upload up;

		umask(rows[i].umask);
		kill_other(start_other("f", "half", rows[i].mode, true));
		ck_assert(!exists("f"));
		assert_entries(1);
		umask(022);
		init(&up, true);
		put(&up, "f", "hello", 0644);
		assert_content("f", "hello");
		ck_assert_msg(count_entries(".") == 1,
		    "mode %04o, umask %04o: expected no temporary, got %d",
		    (unsigned)rows[i].mode, (unsigned)rows[i].umask, count_entries(".") - 1);
		unlinkat(unit_fd, "f", 0);
	}
}
END_TEST

START_TEST(many_killed_uploads_leave_one_temporary)
{
	struct upload up;

	become_user();
	put_file("f", "old", 0644);
	for (int i = 0; i < 5; i++) {
		kill_other(start_other("f", "half", 0644, true));
		assert_content("f", "old");
		assert_entries(2);
	}
	init(&up, true);
	put(&up, "f", "hello", 0644);
	assert_entries(1);
}
END_TEST

START_TEST(temporary_of_a_live_upload_is_left_alone)
{
	static const mode_t alive[] = { 0644, 0200, 0000 };

	become_user();
	for (size_t i = 0; i < COUNT(alive); i++) {
		struct other first = start_other("f", "first", alive[i], true), second;
		struct upload up;

		second = start_other("f", "second", 0644, true);
		assert_entries(2);
		init(&up, true);
		put(&up, "f", "third", 0644);
		assert_content("f", "third");
		assert_entries(3);
		finish_other(second);
		assert_content("f", "second");
		assert_entries(2);
		finish_other(first);
		ck_assert_uint_eq(mode_of("f"), alive[i]);
		ck_assert_int_eq(stat_of("f").st_size, 5);
		assert_entries(1);
		unlinkat(unit_fd, "f", 0);
	}
}
END_TEST

START_TEST(temporaries_of_other_names_are_left_alone)
{
	struct upload up;

	become_user();
	kill_other(start_other("f", "half", 0644, true));
	init(&up, true);
	put(&up, "g", "hello", 0644);
	assert_entries(2);
}
END_TEST

/* Whoever else may write the directory may guess the name of a temporary. */
START_TEST(trap_in_place_of_a_temporary_is_not_touched)
{
	char temp[NAME_MAX + 1];
	struct upload up;

	become_user();
	put_file("victim", "old", 0600);
	init(&up, true);
	begin(&up, "f", 0644, 5);
	strcpy(temp, up.temp.name);
	upload_end(&up);
	for (int kind = 0; kind < 4; kind++) {
		if (kind == 0)
			ck_assert_int_eq(symlinkat("victim", unit_fd, temp), 0);
		else if (kind == 1)
			ck_assert_int_eq(mkfifoat(unit_fd, temp, 0600), 0);
		else if (kind == 2)
			ck_assert_int_eq(mkdirat(unit_fd, temp, 0700), 0);
		else
			ck_assert_int_eq(symlinkat("nowhere", unit_fd, temp), 0);
		put(&up, "f", "hello", 0644);
		put(&up, "f", "again", 0644);
		assert_content("f", "again");
		assert_content("victim", "old");
		ck_assert(!exists("nowhere"));
		/* A link of ours is what somebody dead has left. */
		ck_assert_msg(exists(temp) == (kind == 1 || kind == 2), "kind %d: expected it to %s", kind,
		    kind == 1 || kind == 2 ? "stay" : "go");
		assert_entries(exists(temp) ? 3 : 2);
		unlinkat(unit_fd, temp, kind == 2 ? AT_REMOVEDIR : 0);
		unlinkat(unit_fd, "f", 0);
	}
}
END_TEST

START_TEST(strangers_file_in_place_of_a_temporary_is_not_touched)
{
	char temp[NAME_MAX + 1];
	struct upload up;

	if (lacks_root("files of others"))
		return;
	init(&up, true);
	begin(&up, "f", 0644, 5);
	strcpy(temp, up.temp.name);
	upload_end(&up);
	put_file(temp, "theirs", 0666);
	ck_assert_int_eq(fchownat(unit_fd, temp, STRANGER, STRANGER, 0), 0);
	put(&up, "f", "hello", 0644);
	assert_content("f", "hello");
	assert_content(temp, "theirs");
	assert_entries(2);
}
END_TEST

START_TEST(attributes_are_set_last_and_exactly)
{
	static const struct timespec times[2] = { { 1000000001, 123456789 },
	    { 1000000002, 987654321 } };
	static const mode_t wanted[] = { 0777, 0604, 0000, 04755, 02070, 01777 };

	become_user();
	umask(077);
	for (int way = 0; way < 6; way++) {
		struct attrs a = { .has_mode = true, .has_times = true };
		struct upload up;

		init(&up, way % 2 == 1);
		memcpy(a.times, times, sizeof(times));
		for (size_t i = 0; i < COUNT(wanted); i++) {
			struct stat st;

			if (way >= 2)
				put_file("f", "the old one", 0640);
			if (way >= 4)
				ck_assert_int_eq(linkat(unit_fd, "f", unit_fd, "g", 0), 0);
			begin(&up, "f", 0644, 5);
			fill(&up, "hello");
			a.mode = wanted[i];
			commit(&up, &a);
			st = stat_of("f");
			ck_assert_msg(mode_of("f") == wanted[i], "way %d: expected %04o, got %04o",
			    way,
			    (unsigned)wanted[i], mode_of("f"));
			ck_assert_int_eq(st.st_size, 5);
			ck_assert_int_eq(st.st_atim.tv_sec, times[0].tv_sec);
			ck_assert_int_eq(st.st_atim.tv_nsec, times[0].tv_nsec);
			ck_assert_int_eq(st.st_mtim.tv_sec, times[1].tv_sec);
			ck_assert_int_eq(st.st_mtim.tv_nsec, times[1].tv_nsec);
			unlinkat(unit_fd, "f", 0);
			unlinkat(unit_fd, "g", 0);
			assert_entries(0);
		}
	}
}
END_TEST

START_TEST(omitted_times_stay_new)
{
	struct attrs a = { .has_times = true, .times = { { 0, UTIME_OMIT }, { 5, 0 } } };
	struct upload up;

	init(&up, false);
	begin(&up, "f", 0644, 0);
	commit(&up, &a);
	ck_assert_int_eq(stat_of("f").st_mtim.tv_sec, 5);
	ck_assert_int_gt(stat_of("f").st_atim.tv_sec, 1000000000);
}
END_TEST

/* Commits to "f", and expects that everything but the attributes works. */
static void
commit_without(const struct attrs *wanted, const char *unset, int err)
{
	const char *what = "untouched";
	struct upload up;
	int end;

	init(&up, false);
	begin(&up, "f", 0644, 5);
	fill(&up, "hello");
	end = upload_commit(&up, wanted, &what);
	ck_assert_msg(end == -1 && errno == err, "expected %s, got %d, %s", strerror(err), end,
	    strerror(errno));
	ck_assert_ptr_nonnull(what);
	ck_assert_str_eq(what, unset);
	upload_end(&up);
	assert_content("f", "hello");
	assert_entries(1);
}

START_TEST(attributes_that_cannot_be_set_lose_no_data)
{
	static const struct attrs mode = { .has_mode = true, .mode = 0600 };
	static const struct attrs times = { .has_times = true };
	static const struct attrs both = { .has_mode = true, .mode = 0600, .has_times = true };

	if (lacks_root("files of others"))
		return;
	put_file("f", "the old one", 0666);
	ck_assert_int_eq(fchownat(unit_fd, "f", STRANGER, STRANGER, 0), 0);
	become_user();
	commit_without(&mode, "set mode", EPERM);
	commit_without(&times, "set times", EPERM);
	commit_without(&both, "set mode", EPERM);
	ck_assert_uint_eq(mode_of("f"), 0666);
}
END_TEST

START_TEST(times_that_are_none_lose_no_data)
{
	static const struct attrs none = { .has_times = true,
	    .times = { { 0, 2000000000 }, { 0, 0 } } };

	commit_without(&none, "set times", EINVAL);
	commit_without(&none, "set times", EINVAL);	/* over the file that is there now */
}
END_TEST

START_TEST(zero_bytes)
{
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		put(&up, "f", "", 0644);
		assert_content("f", "");
		put_file("f", "the old one", 0644);
		put(&up, "f", "", 0644);
		assert_content("f", "");
		assert_entries(1);
		unlinkat(unit_fd, "f", 0);
	}
}
END_TEST

START_TEST(no_descriptor_is_lost)
{
	int before = count_descriptors();

	become_user();
	ck_assert_int_eq(mkdirat(unit_fd, "dir", 0755), 0);
	ck_assert_int_eq(mkfifoat(unit_fd, "fifo", 0644), 0);
	put_file("closed", "", 0444);
	put_file("two", "", 0644);
	ck_assert_int_eq(linkat(unit_fd, "two", unit_fd, "names", 0), 0);
	for (int i = 0; i < ROUNDS; i++) {
		const char *what;
		struct upload up;

		init(&up, i % 2 == 1);
		begin(&up, "new", 0644, 1);
		upload_end(&up);
		put(&up, "f", "x", 0644);
		begin(&up, "f", 0644, 1);
		upload_end(&up);
		put(&up, "two", "x", 0644);
		begin(&up, "two", 0644, 1);
		upload_end(&up);
		assert_refused(&up, unit_fd, "dir", 1, UPLOAD_SPECIAL, EISDIR);
		assert_refused(&up, unit_fd, "fifo", 1, UPLOAD_SPECIAL, ENXIO);
		assert_refused(&up, unit_fd, "closed", 1, UPLOAD_REGULAR, EACCES);
		assert_refused(&up, unit_fd, "f", UINT64_MAX, UPLOAD_REGULAR, ENOSPC);
		begin(&up, "gone", 0644, 1);
		ck_assert_int_eq(mkdirat(unit_fd, "gone", 0755), 0);
		ck_assert_int_eq(upload_commit(&up, &nothing, &what), -1);
		upload_end(&up);
		ck_assert_int_eq(unlinkat(unit_fd, "gone", AT_REMOVEDIR), 0);
	}
	ck_assert_int_eq(count_descriptors(), before);
	assert_entries(6);
}
END_TEST

START_TEST(descriptors_close_on_exec)
{
	static const char *const names[] = { "new", "old", "two" };

	put_file("old", "", 0644);
	put_file("two", "", 0644);
	ck_assert_int_eq(linkat(unit_fd, "two", unit_fd, "names", 0), 0);
	for (size_t i = 0; i < COUNT(names); i++)
		for (int named = 0; named <= 1; named++) {
			struct upload up;

			init(&up, named);
			begin(&up, names[i], 0644, 1);
			ck_assert_int_ne(fcntl(up.fd, F_GETFD) & FD_CLOEXEC, 0);
			upload_end(&up);
		}
}
END_TEST

/* What one directory cannot do is remembered, and asked of it once. */
START_TEST(names_once_are_names_for_good)
{
	struct upload up;

	init(&up, true);
	put(&up, "f", "one", 0644);
	ck_assert(up.temp.named_only);
	begin(&up, "g", 0644, 3);
	ck_assert_int_eq((int)up.way, (int)UPLOAD_NAMED);
	upload_end(&up);
	ck_assert(up.temp.named_only);
}
END_TEST

/* The umask, however strict, has no say in the mode of a file that was there. */
START_TEST(replaced_file_keeps_its_mode_whatever_the_umask)
{
	static const struct attrs nothing_asked;
	const char *what;
	struct upload up;

	become_user();
	umask(0777);
	for (int named = 0; named <= 1; named++) {
		put_file("f", "old", 0644);
		upload_init(&up, &policy);
		up.temp.named_only = named != 0;
		ck_assert_int_eq(upload_begin(&up, unit_fd, "f", 0600, 3, UPLOAD_REGULAR), 0);
		ck_assert_int_eq(up.replaces, true);
		ck_assert_int_eq(write(up.fd, "new", 3), 3);
		ck_assert_int_eq(upload_commit(&up, &nothing_asked, &what), 0);
		upload_end(&up);
		ck_assert_uint_eq(mode_of("f"), 0644);
		ck_assert_str_eq(get_file("f"), "new");
	}
}
END_TEST

/* What the kernel may be told to refuse, protected_regular, is refused unless it was told otherwise. */
START_TEST(traps_in_sticky_directories_are_refused)
{
	const struct {
		mode_t	    mode;
		uid_t	    owner;	/* of the directory */
		const char *name;
		int	    err;
		unsigned    sticky;
	} rows[] = {
		{ 01777, 0, "strangers", EACCES, STICKY_PROTECTED },
		{ 01777, STRANGER, "strangers", 0, STICKY_PROTECTED },
		{ 01777, 0, "ours", 0, STICKY_PROTECTED },
		{ 0777, 0, "strangers", 0, STICKY_PROTECTED },
		{ 01775, 0, "strangers", 0, STICKY_PROTECTED },
		{ 01777, 0, "strangers", 0, STICKY_OPEN },
		{ 01777, 0, "ours", 0, STICKY_OPEN },
		{ 01777, 0, "strangers", sticky_is_protected() ? EACCES : 0, STICKY_ASK },
	};

	if (lacks_root("files of others"))
		return;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct upload up;
		int end, err;

		/* Made anew, and nowhere sticky: the kernel may refuse us as it refuses others. */
		ck_assert_int_eq(fchmod(unit_fd, 0755), 0);
		put_file("strangers", "theirs", 0666);
		put_file("ours", "ours", 0666);
		ck_assert_int_eq(fchownat(unit_fd, "strangers", STRANGER, STRANGER, 0), 0);
		ck_assert_int_eq(fchown(unit_fd, rows[i].owner, 0), 0);
		ck_assert_int_eq(fchmod(unit_fd, rows[i].mode), 0);
		policy.sticky = rows[i].sticky;
		upload_init(&up, &policy);
		end = upload_begin(&up, unit_fd, rows[i].name, 0644, 5, UPLOAD_REGULAR);
		err = end == -1 ? errno : 0;
		upload_end(&up);
		ck_assert_msg(err == rows[i].err, "row %zu: expected %s, got %s", i,
		    strerror(rows[i].err), strerror(err));
	}
}
END_TEST

/* A commit that fails before NAME has the new content: no word of attributes. */
static void
assert_not_committed(struct upload *up, int err)
{
	const char *what = "untouched";
	int end = upload_commit(up, &nothing, &what), got = errno;

	ck_assert_msg(end == -1 && got == err, "expected %s, got %d, %s", strerror(err), end,
	    strerror(got));
	ck_assert_ptr_null(what);
	upload_end(up);
}

/* As assert_in_place, for what is replaced: another inode, and the old one as LINK is untouched. */
static void
assert_replaced(const char *name, const char *content, const char *link)
{
	for (int named = 0; named <= 1; named++) {
		struct stat before = stat_of(name);
		int entries = count_entries(".");
		char old[64];
		struct upload up;

		ck_assert_ptr_nonnull(get_file(name));
		strcpy(old, get_file(name));
		init(&up, named);
		begin(&up, name, 0644, strlen(content));
		ck_assert(!upload_is_in_place(&up));
		fill(&up, content);
		assert_content(name, old);
		commit(&up, &nothing);
		ck_assert_uint_ne(stat_of(name).st_ino, before.st_ino);
		assert_content(name, content);
		assert_entries(entries);
		if (link != NULL) {
			ck_assert_uint_eq(stat_of(link).st_ino, before.st_ino);
			assert_content(link, old);
			/* And again, as it was. */
			ck_assert_int_eq(unlinkat(unit_fd, name, 0), 0);
			ck_assert_int_eq(linkat(unit_fd, link, unit_fd, name, 0), 0);
		}
	}
}

/* Refused at once, as one of SIZE bytes, and NAME is as it was. */
static void
assert_kept(const char *name, int err)
{
	struct stat before = stat_of(name), after;
	int entries = count_entries(".");

	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		assert_refused(&up, unit_fd, name, 5, UPLOAD_REGULAR, err);
		after = stat_of(name);
		ck_assert_uint_eq(after.st_ino, before.st_ino);
		ck_assert_uint_eq(after.st_mode, before.st_mode);
		ck_assert_uint_eq(after.st_nlink, before.st_nlink);
		ck_assert_int_eq(after.st_size, before.st_size);
		ck_assert_int_eq(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
		assert_entries(entries);
	}
}

static void
put_linked(const char *name, const char *link, const char *content, mode_t mode)
{
	put_file(name, content, mode);
	ck_assert_int_eq(linkat(unit_fd, name, unit_fd, link, 0), 0);
}

/* Whatever else the policy says, in either kind of account. */
static void
try_without_overwriting(void)
{
	policy.overwrite = OVERWRITE_NO;
	for (unsigned replace = REPLACE_AUTO; replace <= REPLACE_IN_PLACE; replace++) {
		policy.replace = replace;
		assert_kept("f", EEXIST);
		assert_kept("one", EEXIST);
		assert_kept("closed", EEXIST);
		assert_kept("dir", EISDIR);
		assert_kept("link", ELOOP);
		assert_kept("fifo", ENXIO);
	}
}

START_TEST(nothing_is_overwritten)
{
	become_user();
	put_file("f", "old", 0644);
	put_linked("one", "two", "old", 0644);
	put_file("closed", "old", 0444);
	ck_assert_int_eq(mkdirat(unit_fd, "dir", 0755), 0);
	ck_assert_int_eq(symlinkat("f", unit_fd, "link"), 0);
	ck_assert_int_eq(mkfifoat(unit_fd, "fifo", 0644), 0);
	try_without_overwriting();
	policy = restricted_policy();
	try_without_overwriting();
	assert_content("f", "old");
	assert_content("two", "old");
}
END_TEST

START_TEST(where_nothing_is_overwritten_new_files_are_made)
{
	policy.overwrite = OVERWRITE_NO;
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		put(&up, "f", "hello", 0644);
		assert_content("f", "hello");
		assert_refused(&up, unit_fd, "f", 5, UPLOAD_REGULAR, EEXIST);
		assert_entries(1);
		unlinkat(unit_fd, "f", 0);
	}
}
END_TEST

START_TEST(file_that_appeared_meanwhile_is_not_overwritten)
{
	policy.overwrite = OVERWRITE_NO;
	put_file("victim", "old", 0600);
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		begin(&up, "f", 0644, 5);
		put_file("f", "theirs", 0600);
		fill(&up, "hello");
		assert_not_committed(&up, EEXIST);
		assert_content("f", "theirs");
		unlinkat(unit_fd, "f", 0);

		begin(&up, "f", 0644, 5);
		ck_assert_int_eq(symlinkat("victim", unit_fd, "f"), 0);
		fill(&up, "hello");
		assert_not_committed(&up, EEXIST);
		ck_assert(S_ISLNK(stat_of("f").st_mode));
		assert_content("victim", "old");
		assert_entries(2);
		unlinkat(unit_fd, "f", 0);
	}
}
END_TEST

/* A thing that is no file has nothing that could be overwritten. */
START_TEST(fifo_is_written_whatever_is_overwritten)
{
	static const unsigned ways[] = { OVERWRITE_NO, OVERWRITE_BACKUP };
	char got[16] = "";
	int reader;

	ck_assert_int_eq(mkfifoat(unit_fd, "fifo", 0600), 0);
	reader = openat(unit_fd, "fifo", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	for (size_t i = 0; i < COUNT(ways); i++) {
		struct upload up;

		policy.overwrite = ways[i];
		policy.sync = SYNC_FULL;
		init(&up, false);
		ck_assert_int_eq(upload_begin(&up, unit_fd, "fifo", 0644, 5, UPLOAD_SPECIAL), 0);
		fill(&up, "hello");
		commit(&up, &nothing);
		ck_assert_int_eq(read(reader, got, sizeof(got) - 1), 5);
		assert_entries(1);
	}
	close(reader);
}
END_TEST

START_TEST(backups_are_kept)
{
	static const mode_t kept[] = { 0644, 0600, 0200, 0755 };

	become_user();
	policy.overwrite = OVERWRITE_BACKUP;
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		put(&up, "f", "0", 0644);
		assert_entries(1);
		for (size_t i = 0; i < COUNT(kept); i++) {
			char name[16], content[2] = { (char)('1' + i), '\0' };
			struct stat before, after;

			ck_assert_int_eq(fchmodat(unit_fd, "f", kept[i], 0), 0);
			before = stat_of("f");
			put(&up, "f", content, 0600);
			snprintf(name, sizeof(name), "f.~%zu~", i + 1);
			after = stat_of(name);
			ck_assert_uint_eq(after.st_ino, before.st_ino);
			ck_assert_uint_eq(after.st_mode, before.st_mode);
			ck_assert_int_eq(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
			ck_assert_uint_eq(after.st_nlink, 1);
			/* The new one is what it would be without a backup. */
			ck_assert_uint_eq(mode_of("f"), kept[i]);
			assert_entries((int)i + 2);
		}
		for (size_t i = 0; i <= COUNT(kept); i++) {
			char name[16];

			snprintf(name, sizeof(name), i == 0 ? "f" : "f.~%zu~", i);
			ck_assert_int_eq(unlinkat(unit_fd, name, 0), 0);
		}
	}
}
END_TEST

START_TEST(backup_of_what_appeared_meanwhile)
{
	policy.overwrite = OVERWRITE_BACKUP;
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		begin(&up, "f", 0644, 5);
		put_file("f", "theirs", 0604);
		fill(&up, "hello");
		commit(&up, &nothing);
		assert_content("f", "hello");
		assert_content("f.~1~", "theirs");
		ck_assert_uint_eq(mode_of("f.~1~"), 0604);
		assert_entries(2);
		unlinkat(unit_fd, "f", 0);
		unlinkat(unit_fd, "f.~1~", 0);
	}
}
END_TEST

/* In place there is nothing left to keep: then everything is replaced, whatever REPLACE says. */
START_TEST(with_backups_nothing_is_written_in_place)
{
	policy.overwrite = OVERWRITE_BACKUP;
	for (unsigned replace = REPLACE_AUTO; replace <= REPLACE_IN_PLACE; replace++)
		for (int restricted = 0; restricted <= 1; restricted++) {
			struct upload up;

			policy.restricted = restricted != 0;
			policy.replace = replace;
			put_linked("f", "g", "old", 0644);
			init(&up, restricted == 0);
			begin(&up, "f", 0644, 3);
			ck_assert(!upload_is_in_place(&up));
			fill(&up, "new");
			commit(&up, &nothing);
			assert_content("f", "new");
			assert_content("g", "old");
			assert_content("f.~1~", "old");
			ck_assert_uint_eq(stat_of("g").st_nlink, 2);
			assert_entries(3);
			unlinkat(unit_fd, "f", 0);
			unlinkat(unit_fd, "g", 0);
			unlinkat(unit_fd, "f.~1~", 0);
		}
}
END_TEST

START_TEST(backup_of_a_file_of_another)
{
	struct upload up;

	if (lacks_root("files of others"))
		return;
	put_file("f", "the old one", 0666);
	ck_assert_int_eq(fchownat(unit_fd, "f", STRANGER, STRANGER, 0), 0);
	become_user();
	umask(027);
	policy.overwrite = OVERWRITE_BACKUP;
	for (int named = 0; named <= 1; named++) {
		init(&up, named);
		put(&up, "f", "new", 0664);
		assert_content("f", "new");
		ck_assert_uint_eq(stat_of("f").st_uid, NOBODY);
		ck_assert_uint_eq(mode_of("f"), 0640);
		assert_content("f.~1~", "the old one");
		ck_assert_uint_eq(stat_of("f.~1~").st_uid, STRANGER);
		ck_assert_uint_eq(mode_of("f.~1~"), 0666);
		assert_entries(2);
		ck_assert_int_eq(renameat(unit_fd, "f.~1~", unit_fd, "f"), 0);
	}
}
END_TEST

START_TEST(where_there_can_be_no_backup_the_old_file_stays)
{
	char name[NAME_MAX + 1];

	policy.overwrite = OVERWRITE_BACKUP;
	memset(name, 'n', NAME_MAX);
	name[NAME_MAX] = '\0';
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		put_file(name, "old", 0644);
		init(&up, named);
		begin(&up, name, 0644, 5);
		fill(&up, "hello");
		assert_not_committed(&up, ENAMETOOLONG);
		assert_content(name, "old");
		assert_entries(1);
		unlinkat(unit_fd, name, 0);
	}
	become_user();
	put_file("f", "old", 0644);
	ck_assert_int_eq(fchmod(unit_fd, 0555), 0);
	assert_kept("f", EACCES);
	ck_assert_int_eq(fchmod(unit_fd, 0755), 0);
}
END_TEST

/* Always in one step: what cannot be kept is given up, and nothing is written in place. */
START_TEST(always_replaced)
{
	policy.replace = REPLACE_ATOMIC;
	put_file("f", "old", 0640);
	assert_replaced("f", "new", NULL);
	ck_assert_uint_eq(mode_of("f"), 0640);
	put_linked("one", "two", "old", 0606);
	assert_replaced("one", "new", "two");
	ck_assert_uint_eq(mode_of("one"), 0606);
}
END_TEST

START_TEST(file_of_another_is_replaced_always)
{
	struct upload up;

	if (lacks_root("files of others"))
		return;
	put_file("f", "the old one", 0666);
	ck_assert_int_eq(fchownat(unit_fd, "f", STRANGER, STRANGER, 0), 0);
	put_file("g", "the old one", 0660);
	ck_assert_int_eq(fchownat(unit_fd, "g", NOBODY, STRANGER, 0), 0);
	become_user();
	umask(022);
	policy.replace = REPLACE_ATOMIC;
	policy.file_mode.must = 0020;
	for (int named = 0; named <= 1; named++) {
		init(&up, named);
		put(&up, "f", "new", 0600);
		ck_assert_uint_eq(stat_of("f").st_uid, NOBODY);
		ck_assert_uint_eq(stat_of("f").st_gid, NOBODY);
		assert_content("f", "new");
		put(&up, "g", "new", 0604);
		ck_assert_uint_eq(stat_of("g").st_gid, NOBODY);
		assert_content("g", "new");
		/* They are new to everybody the first time, and ours to keep as they are then. */
		ck_assert_uint_eq(mode_of("f"), 0620);
		ck_assert_uint_eq(mode_of("g"), 0624);
		assert_entries(2);
	}
}
END_TEST

START_TEST(directory_that_we_may_not_write_has_nothing_replaced)
{
	become_user();
	put_file("f", "old", 0644);
	policy.replace = REPLACE_ATOMIC;
	ck_assert_int_eq(fchmod(unit_fd, 0555), 0);
	assert_kept("f", EACCES);
	ck_assert_int_eq(fchmod(unit_fd, 0755), 0);
	assert_content("f", "old");
}
END_TEST

/* Neither way is left: nothing may be written in place, and nothing can be replaced. */
START_TEST(mount_point_is_not_replaced)
{
	if (!unshare_mounts())
		return;
	put_file("f", "below", 0644);
	put_file("over", "old", 0644);
	ck_assert_int_eq(mount(PATH_IN("over"), PATH_IN("f"), NULL, MS_BIND, NULL), 0);
	policy.replace = REPLACE_ATOMIC;
	for (int named = 0; named <= 1; named++) {
		struct upload up;
		int end;

		init(&up, named);
		end = upload_begin(&up, unit_fd, "f", 0644, 3, UPLOAD_REGULAR);
		ck_assert(end == 0 || errno == EBUSY);
		if (end == 0) {
			fill(&up, "new");
			assert_not_committed(&up, EBUSY);
		}
		assert_content("f", "old");
		assert_entries(2);
	}
	ck_assert_int_eq(umount2(PATH_IN("f"), MNT_DETACH), 0);
	assert_content("f", "below");
}
END_TEST

START_TEST(running_program_with_two_names_is_replaced)
{
	struct upload up;
	pid_t pid = run_program("prog");
	ino_t before;

	if (pid == -1)
		return;
	before = stat_of("prog").st_ino;
	ck_assert_int_eq(linkat(unit_fd, "prog", unit_fd, "other", 0), 0);
	policy.replace = REPLACE_ATOMIC;
	init(&up, false);
	put(&up, "prog", "new", 0644);
	assert_content("prog", "new");
	ck_assert_uint_eq(stat_of("other").st_ino, before);
	assert_entries(2);
	end_program(pid);
}
END_TEST

START_TEST(always_in_place)
{
	become_user();
	policy.replace = REPLACE_IN_PLACE;
	put_file("f", "the old one", 0640);
	assert_in_place("f", "new");
	put_linked("one", "two", "the old one", 0604);
	assert_in_place("one", "new");
	assert_content("two", "new");
	policy.restricted = true;
	assert_in_place("f", "newer");
	/* What is not there cannot be written in place. */
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		begin(&up, "new", 0644, 5);
		ck_assert(!upload_is_in_place(&up));
		fill(&up, "hello");
		ck_assert(!exists("new"));
		commit(&up, &nothing);
		assert_content("new", "hello");
		unlinkat(unit_fd, "new", 0);
	}
}
END_TEST

START_TEST(running_program_is_busy_in_place)
{
	pid_t pid = run_program("prog");

	if (pid == -1)
		return;
	policy.replace = REPLACE_IN_PLACE;
	assert_kept("prog", ETXTBSY);
	end_program(pid);
}
END_TEST

/* The other links may be anywhere, out of the root for instance. */
START_TEST(restricted_several_links_are_never_written)
{
	policy = restricted_policy();
	put_linked("f", "g", "old", 0604);
	assert_replaced("f", "new", "g");
	ck_assert_uint_eq(mode_of("f"), 0604);
	policy.replace = REPLACE_ATOMIC;
	assert_replaced("f", "new", "g");
	policy.replace = REPLACE_IN_PLACE;
	assert_kept("f", EMLINK);
	assert_content("g", "old");
}
END_TEST

/* Where that cannot be had without losing the owner, he is lost; else the file is refused. */
START_TEST(restricted_several_links_of_another)
{
	if (lacks_root("files of others"))
		return;
	put_linked("f", "g", "old", 0666);
	ck_assert_int_eq(fchownat(unit_fd, "f", STRANGER, STRANGER, 0), 0);
	become_user();
	umask(022);
	policy = restricted_policy();
	assert_replaced("f", "new", "g");
	ck_assert_uint_eq(stat_of("g").st_uid, STRANGER);
	ck_assert_int_eq(fchmod(unit_fd, 0555), 0);
	assert_kept("f", EACCES);
	ck_assert_int_eq(fchmod(unit_fd, 0755), 0);
	assert_content("g", "old");
}
END_TEST

/* All that is as in any other account: a file with one name is written where it must be. */
START_TEST(restricted_single_files)
{
	policy = restricted_policy();
	put_file("f", "old", 0640);
	assert_replaced("f", "new", NULL);
	ck_assert_uint_eq(mode_of("f"), 0640);
	if (geteuid() == 0) {
		put_file("theirs", "the old one", 0666);
		ck_assert_int_eq(fchownat(unit_fd, "theirs", STRANGER, STRANGER, 0), 0);
		become_user();
		assert_in_place("theirs", "new");
	}
	put_file("closed", "the old one", 0644);
	ck_assert_int_eq(fchmod(unit_fd, 0555), 0);
	assert_in_place("closed", "new");
	ck_assert_int_eq(fchmod(unit_fd, 0755), 0);
}
END_TEST

/* By its loop index: each way to overwrite and to replace. */
START_TEST(restricted_mount_point_is_busy)
{
	if (!unshare_mounts())
		return;
	put_file("f", "below", 0644);
	put_file("over", "old", 0644);
	ck_assert_int_eq(mount(PATH_IN("over"), PATH_IN("f"), NULL, MS_BIND, NULL), 0);
	policy = restricted_policy();
	policy.overwrite = _i / 3 == 0 ? OVERWRITE_YES : OVERWRITE_BACKUP;
	policy.replace = (unsigned)_i % 3;
	assert_kept("f", EBUSY);
	assert_content("over", "old");
	ck_assert_int_eq(umount2(PATH_IN("f"), MNT_DETACH), 0);
	assert_content("f", "below");
}
END_TEST

/* Old and new are there at once, unless it is written in place: what is overwritten is room. */
START_TEST(what_must_stay_free_beside_old_files)
{
	int dirfd = mount_small("size=400k");
	struct upload up;

	if (dirfd == -1)
		return;
	policy.min_free = 100 * K;
	policy.replace = REPLACE_ATOMIC;
	init(&up, false);
	put_bytes(&up, dirfd, "f", 100 * K);
	assert_refused(&up, dirfd, "f", 200 * K + 1, UPLOAD_REGULAR, ENOSPC);
	put_bytes(&up, dirfd, "f", 200 * K);
	assert_refused(&up, dirfd, "f", 100 * K + 1, UPLOAD_REGULAR, ENOSPC);
	policy.replace = REPLACE_AUTO;
	assert_refused(&up, dirfd, "f", 300 * K + 1, UPLOAD_REGULAR, ENOSPC);
	put_bytes(&up, dirfd, "f", 300 * K);
	policy.replace = REPLACE_IN_PLACE;
	assert_refused(&up, dirfd, "f", 300 * K + 1, UPLOAD_REGULAR, ENOSPC);
	put_bytes(&up, dirfd, "f", 300 * K);
	put_bytes(&up, dirfd, "f", 300 * K);
	put_bytes(&up, dirfd, "f", 100 * K);
	/* A backup stays. */
	policy.overwrite = OVERWRITE_BACKUP;
	put_bytes(&up, dirfd, "f", 200 * K);
	assert_refused(&up, dirfd, "f", 1, UPLOAD_REGULAR, ENOSPC);
	ck_assert_int_eq(count_entries("small"), 2);
	unmount_small(dirfd);
}
END_TEST

/* By its loop index: not at all, files, files and directories. */
START_TEST(what_is_synced)
{
	struct upload up;

	policy.sync = (unsigned)_i;
	put_linked("two", "names", "old", 0644);
	for (int named = 0; named <= 1; named++) {
		init(&up, named);
		put(&up, "f", "new", 0644);
		ck_assert_int_eq(syncs.files, _i > 0);
		ck_assert_int_eq(syncs.dirs, _i == SYNC_FULL);
		put(&up, "f", "newer", 0600);
		assert_content("f", "newer");
		ck_assert_int_eq(syncs.files, 2 * (_i > 0));
		ck_assert_int_eq(syncs.dirs, 2 * (_i == SYNC_FULL));
		/* In place no name is new. */
		put(&up, "two", "newest", 0644);
		assert_content("names", "newest");
		ck_assert_int_eq(syncs.files, 3 * (_i > 0));
		ck_assert_int_eq(syncs.dirs, 2 * (_i == SYNC_FULL));
		unlinkat(unit_fd, "f", 0);
		syncs.files = syncs.dirs = 0;
	}
}
END_TEST

/* What is not on the disk must not be called so, nor take the place of what is. */
START_TEST(what_cannot_be_synced_is_not_there)
{
	policy.sync = _i == 0 ? SYNC_FILE : SYNC_FULL;
	syncs.file_err = EIO;
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		begin(&up, "f", 0644, 3);
		fill(&up, "new");
		assert_not_committed(&up, EIO);
		assert_entries(0);
		put_file("f", "old", 0644);
		begin(&up, "f", 0644, 3);
		fill(&up, "new");
		assert_not_committed(&up, EIO);
		assert_content("f", "old");
		assert_entries(1);
		unlinkat(unit_fd, "f", 0);
	}
}
END_TEST

START_TEST(names_that_cannot_be_synced_lose_no_data)
{
	policy.sync = SYNC_FULL;
	syncs.dir_err = EIO;
	commit_without(&nothing, "sync", EIO);
	commit_without(&nothing, "sync", EIO);	/* over the file that is there now */
}
END_TEST

/* A user who is in the group STRANGER beside his own. */
static void
become_member(void)
{
	static const gid_t groups[] = { STRANGER };

	ck_assert_int_eq(fchown(unit_fd, NOBODY, NOBODY), 0);
	ck_assert_int_eq(setgroups(COUNT(groups), groups), 0);
	ck_assert_int_eq(setresgid(NOBODY, NOBODY, NOBODY), 0);
	ck_assert_int_eq(setresuid(NOBODY, NOBODY, NOBODY), 0);
	ck_assert_int_eq(prctl(PR_SET_DUMPABLE, 1), 0);
	policy.has_group = true;
	policy.group = STRANGER;
}

START_TEST(new_file_has_the_policys_group)
{
	static const struct attrs exactly = { .has_mode = true, .mode = 0604 };

	if (lacks_root("supplementary groups"))
		return;
	become_member();
	umask(027);
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		put(&up, "f", "new", 0664);
		ck_assert_uint_eq(stat_of("f").st_uid, NOBODY);
		ck_assert_uint_eq(stat_of("f").st_gid, STRANGER);
		ck_assert_uint_eq(mode_of("f"), 0640);
		/* What was there keeps its own. */
		put_file("old", "old", 0640);
		ck_assert_int_eq(fchownat(unit_fd, "old", NOBODY, NOBODY, 0), 0);
		put(&up, "old", "new", 0664);
		ck_assert_uint_eq(stat_of("old").st_gid, NOBODY);
		begin(&up, "g", 0600, 1);
		fill(&up, "x");
		commit(&up, &exactly);
		ck_assert_uint_eq(stat_of("g").st_gid, STRANGER);
		ck_assert_uint_eq(mode_of("g"), 0604);
		unlinkat(unit_fd, "f", 0);
		unlinkat(unit_fd, "g", 0);
		unlinkat(unit_fd, "old", 0);
	}
}
END_TEST

START_TEST(group_that_cannot_be_given_takes_no_new_file)
{
	if (lacks_root("groups of others"))
		return;
	become_user();
	policy.has_group = true;
	policy.group = STRANGER;
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		assert_refused(&up, unit_fd, "f", 5, UPLOAD_REGULAR, EPERM);
		assert_entries(0);
	}
}
END_TEST

static const mode_t musts[] = { 0600, 0060, 0444, 0640, 0100, 0777, 0002, 01000 };

/* As try_new_files, and MUST is there besides, whatever the mode and what limits it. */
static void
try_musts(bool named_only, const char *context)
{
	struct upload up;

	init(&up, named_only);
	for (size_t i = 0; i < COUNT(modes) * COUNT(musts); i++) {
		mode_t mode = modes[i / COUNT(musts)], must = musts[i % COUNT(musts)];

		policy.file_mode.must = must;
		make_reference("reference", mode);
		put(&up, "new", "hello", mode);
		ck_assert_msg(mode_of("new") == (mode_of("reference") | must),
		    "%s, %s, mode %04o: expected %04o and %04o, got %04o", context,
		    named_only ? "named" : "unnamed", (unsigned)mode, mode_of("reference"),
		    (unsigned)must, mode_of("new"));
		unlinkat(unit_fd, "reference", 0);
		unlinkat(unit_fd, "new", 0);
		assert_entries(0);
	}
}

START_TEST(bits_of_the_policy_beside_an_umask)
{
	become_user();
	for (size_t i = 0; i < COUNT(umasks); i++) {
		char what[32];

		snprintf(what, sizeof(what), "umask %04o", (unsigned)umasks[i]);
		umask(umasks[i]);
		try_musts(false, what);
		try_musts(true, what);
	}
}
END_TEST

START_TEST(bits_of_the_policy_beside_a_default_acl)
{
	become_user();
	umask(077);
	for (size_t i = 0; i < COUNT(default_acls); i++) {
		if (!set_acl(".", ACL_TYPE_DEFAULT, default_acls[i]))
			return;
		try_musts(false, default_acls[i]);
		try_musts(true, default_acls[i]);
	}
}
END_TEST

START_TEST(bits_of_the_policy_are_not_for_what_was_there)
{
	become_user();
	policy.file_mode.must = 0066;
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		put_file("f", "old", 0640);
		put(&up, "f", "new", 0600);
		ck_assert_uint_eq(mode_of("f"), 0640);
		unlinkat(unit_fd, "f", 0);
	}
}
END_TEST

/* The kernel takes set-id bits from what a user writes: whoever wants them sets them last. */
START_TEST(special_bits_of_the_policy_come_last)
{
	static const mode_t special[] = { 02010, 04100, 06111, 02000, 01000 };

	become_user();
	umask(022);
	for (int named = 0; named <= 1; named++)
		for (size_t i = 0; i < COUNT(special); i++) {
			struct upload up;
			struct stat st;

			policy.file_mode.must = special[i];
			init(&up, named);
			begin(&up, "f", 0644, 3);
			ck_assert_int_eq(fstat(up.fd, &st), 0);
			ck_assert_uint_eq(st.st_mode & ATTRS_SPECIAL, 0);
			fill(&up, "new");
			commit(&up, &nothing);
			ck_assert_msg(mode_of("f") == (0644 | special[i]),
			    "expected %04o, got %04o", 0644 | (unsigned)special[i], mode_of("f"));
			unlinkat(unit_fd, "f", 0);
		}
}
END_TEST

/* Whatever a policy refuses, nothing stays open, and nothing is left in the directory. */
START_TEST(no_descriptor_is_lost_to_a_policy)
{
	int before = count_descriptors();

	put_file("f", "old", 0644);
	put_linked("two", "names", "old", 0644);
	for (int i = 0; i < ROUNDS; i++) {
		struct upload up;

		policy = restricted_policy();
		init(&up, i % 2 == 1);
		policy.replace = REPLACE_IN_PLACE;
		assert_refused(&up, unit_fd, "two", 1, UPLOAD_REGULAR, EMLINK);
		policy.overwrite = OVERWRITE_NO;
		assert_refused(&up, unit_fd, "f", 1, UPLOAD_REGULAR, EEXIST);
		policy.overwrite = OVERWRITE_BACKUP;
		policy.min_free_percent = 100;
		assert_refused(&up, unit_fd, "two", 1, UPLOAD_REGULAR, ENOSPC);
		assert_refused(&up, unit_fd, "new", 1, UPLOAD_REGULAR, ENOSPC);
		policy.min_free_percent = 0;
		policy.sync = SYNC_FULL;
		put(&up, "f", "x", 0644);
		unlinkat(unit_fd, "f.~1~", 0);
		assert_entries(3);
	}
	ck_assert_int_eq(count_descriptors(), before);
}
END_TEST

/* SFTP rule 44: what is opened to be written anywhere. */
static void
open_any(struct upload *up, const char *name, struct upload_manner manner)
{
	int end = upload_open(up, unit_fd, name, 0644, 0, &manner);

	ck_assert_msg(end == 0, "open %s: %s", name, strerror(errno));
}

START_TEST(rule_44_opened_anew)
{
	struct upload up;
	struct upload_manner manner = { .create = true, .exclusive = true, .readable = true };
	const char *what;
	char c;

	init(&up, false);
	open_any(&up, "f", manner);
	ck_assert(!upload_is_in_place(&up));
	ck_assert_int_eq(pwrite(up.fd, "x", 1, 2), 1);
	ck_assert_int_eq(pread(up.fd, &c, 1, 2), 1);
	commit(&up, &nothing);
	ck_assert_int_eq(stat_of("f").st_size, 3);
	ck_assert_int_eq(upload_open(&up, unit_fd, "f", 0644, 0, &manner), -1);
	ck_assert_int_eq(errno, EEXIST);
	manner = (struct upload_manner){ .keep = true };
	ck_assert_int_eq(upload_open(&up, unit_fd, "g", 0644, 0, &manner), -1);
	ck_assert_int_eq(errno, ENOENT);
	/* Somebody was faster. */
	manner = (struct upload_manner){ .create = true, .exclusive = true };
	open_any(&up, "g", manner);
	put_file("g", "theirs", 0644);
	ck_assert_int_eq(upload_commit(&up, &nothing, &what), -1);
	ck_assert_int_eq(errno, EEXIST);
	ck_assert_ptr_null(what);
	upload_end(&up);
	assert_content("g", "theirs");
	assert_entries(2);
}
END_TEST

START_TEST(rule_44_old_content_is_held)
{
	struct upload up;
	struct upload_manner manner = { .create = true, .keep = true, .readable = true };
	int before = count_descriptors();
	char c;

	put_file("f", "older", 0640);
	for (int named = 0; named < 2; named++) {
		init(&up, named);
		open_any(&up, "f", manner);
		ck_assert(!upload_is_in_place(&up) && up.old != -1);
		ck_assert_uint_eq(up.old_size, 5);
		ck_assert_int_eq(pread(up.old, &c, 1, 0), 1);
		ck_assert_int_eq(upload_turn_in_place(&up), 0);
		ck_assert(upload_is_in_place(&up) && up.old == -1);
		ck_assert_int_eq(pwrite(up.fd, "O", 1, 0), 1);
		commit(&up, &nothing);
		assert_content("f", "Older");
		open_any(&up, "f", manner);
		ck_assert_int_eq(pwrite(up.fd, "new", 3, 0), 3);
		commit(&up, &nothing);
		assert_content("f", "new");
		ck_assert_uint_eq(mode_of("f"), 0640);
		open_any(&up, "f", manner);
		upload_end(&up);
		assert_entries(1);
		put_file("f", "older", 0640);
	}
	ck_assert_int_eq(count_descriptors(), before);
}
END_TEST

START_TEST(rule_44_in_place)
{
	struct upload up;
	struct upload_manner manner = { .keep = true, .in_place = true, .readable = true };
	struct stat st;

	put_file("f", "older", 0640);
	st = stat_of("f");
	init(&up, false);
	open_any(&up, "f", manner);
	ck_assert(upload_is_in_place(&up));
	ck_assert_int_eq(pwrite(up.fd, "O", 1, 0), 1);
	commit(&up, &nothing);
	assert_content("f", "Older");
	ck_assert_uint_eq(stat_of("f").st_ino, st.st_ino);
	/* What is not kept is gone at once. */
	manner.keep = false;
	open_any(&up, "f", manner);
	assert_content("f", "");
	upload_end(&up);
	policy.replace = REPLACE_ATOMIC;
	put_file("f", "older", 0640);
	manner.keep = true;
	open_any(&up, "f", manner);
	ck_assert(!upload_is_in_place(&up) && up.forced);
	upload_end(&up);
}
END_TEST

START_TEST(rule_54_made_under_its_name)
{
	struct upload up;
	struct upload_manner manner = { .create = true, .keep = true, .partial = true };

	policy.replace = REPLACE_ATOMIC;
	policy.overwrite = OVERWRITE_BACKUP;
	policy.file_mode.must = 0060;
	init(&up, false);
	open_any(&up, "f.part", manner);
	ck_assert(upload_is_in_place(&up));
	ck_assert_uint_eq(mode_of("f.part"), 0664);
	fill(&up, "half");
	upload_end(&up);
	assert_content("f.part", "half");
	open_any(&up, "f.part", manner);
	ck_assert(upload_is_in_place(&up));
	ck_assert_int_eq(pwrite(up.fd, " and half", 9, 4), 9);
	commit(&up, &nothing);
	assert_content("f.part", "half and half");
	assert_entries(1);
}
END_TEST

START_TEST(rule_57_published)
{
	struct upload up;
	struct upload_manner manner = { .create = true, .keep = true, .readable = true };
	int before = count_descriptors();
	const char *what;

	for (int named = 0; named < 2; named++) {
		put_file("f", "older", 0640);
		init(&up, named);
		open_any(&up, "f", manner);
		fill(&up, "new");
		ck_assert_int_eq(upload_publish(&up, &nothing, &what), 0);
		assert_content("f", "new");
		ck_assert(upload_is_in_place(&up));
		fill(&up, "est");
		assert_content("f", "newest");
		commit(&up, &nothing);
		assert_content("f", "newest");
		assert_entries(1);
	}
	/* Where that fails, it is over. */
	policy.overwrite = OVERWRITE_NO;
	init(&up, false);
	open_any(&up, "g", manner);
	put_file("g", "theirs", 0644);
	ck_assert_int_eq(upload_publish(&up, &nothing, &what), -1);
	ck_assert_int_eq(errno, EEXIST);
	upload_end(&up);
	assert_content("g", "theirs");
	assert_entries(2);
	ck_assert_int_eq(count_descriptors(), before);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, replaced_file_keeps_its_mode_whatever_the_umask);
	tcase_add_test(t, traps_in_sticky_directories_are_refused);
	tcase_add_test(t, new_file_gets_what_the_umask_leaves);
	tcase_add_test(t, new_file_gets_what_the_default_acl_says);
	tcase_add_test(t, new_file_has_no_special_bits);
	tcase_add_test(t, replaced_file_keeps_its_mode);
	tcase_add_test(t, replaced_file_keeps_owner_and_group);
	tcase_add_test(t, replaced_file_keeps_a_group_that_the_user_is_in);
	tcase_add_test(t, group_that_cannot_be_given_is_written_in_place);
	tcase_add_test(t, replaced_file_keeps_its_acl);
	tcase_add_test(t, replaced_file_gets_nothing_of_the_default_acl);
	tcase_add_test(t, special_bits_of_a_replaced_file_come_last);
	tcase_add_test(t, users_writing_clears_set_id_bits_as_it_always_did);
	tcase_add_test(t, several_links_are_written_in_place);
	tcase_add_test(t, file_of_another_is_written_in_place);
	tcase_add_test(t, directory_that_we_may_not_write_has_its_files_written_in_place);
	tcase_add_test(t, mount_point_is_written_in_place);
	tcase_add_test(t, running_program_is_replaced);
	tcase_add_test(t, running_program_with_two_names_is_busy);
	tcase_add_test(t, file_that_we_may_not_write_is_not_replaced);
	tcase_add_test(t, directory_without_permission_takes_no_new_file);
	tcase_add_test(t, what_is_no_file_is_refused_at_once);
	tcase_add_test(t, fifo_with_a_reader_is_written);
	tcase_add_test(t, device_is_written_and_stays_what_it_is);
	tcase_add_test(t, device_takes_any_size);
	tcase_add_test(t, too_long_a_name);
	tcase_add_test(t, size_that_cannot_fit);
	tcase_add_test(t, small_filesystem);
	tcase_add_test(t, nothing_is_seen_before_the_end);
	tcase_add_test(t, end_without_commit_leaves_no_trace);
	tcase_add_test(t, end_in_place_before_any_byte_leaves_the_content);
	tcase_add_test(t, end_is_always_safe);
	tcase_add_test(t, file_that_appeared_meanwhile_is_replaced);
	tcase_add_test(t, link_that_appeared_meanwhile_is_not_followed);
	tcase_add_test(t, directory_that_appeared_meanwhile_stays);
	tcase_add_test(t, file_that_went_away_meanwhile_is_made);
	tcase_add_test(t, killed_upload_leaves_nothing_where_unnamed);
	tcase_add_test(t, temporary_of_a_killed_upload_is_removed_by_the_next);
	tcase_add_test(t, many_killed_uploads_leave_one_temporary);
	tcase_add_test(t, temporary_of_a_live_upload_is_left_alone);
	tcase_add_test(t, temporaries_of_other_names_are_left_alone);
	tcase_add_test(t, trap_in_place_of_a_temporary_is_not_touched);
	tcase_add_test(t, strangers_file_in_place_of_a_temporary_is_not_touched);
	tcase_add_test(t, attributes_are_set_last_and_exactly);
	tcase_add_test(t, omitted_times_stay_new);
	tcase_add_test(t, attributes_that_cannot_be_set_lose_no_data);
	tcase_add_test(t, times_that_are_none_lose_no_data);
	tcase_add_test(t, rule_44_opened_anew);
	tcase_add_test(t, rule_44_old_content_is_held);
	tcase_add_test(t, rule_44_in_place);
	tcase_add_test(t, rule_54_made_under_its_name);
	tcase_add_test(t, rule_57_published);
	tcase_add_test(t, zero_bytes);
	tcase_add_test(t, no_descriptor_is_lost);
	tcase_add_test(t, descriptors_close_on_exec);
	tcase_add_test(t, names_once_are_names_for_good);
	tcase_add_test(t, nothing_is_overwritten);
	tcase_add_test(t, where_nothing_is_overwritten_new_files_are_made);
	tcase_add_test(t, file_that_appeared_meanwhile_is_not_overwritten);
	tcase_add_test(t, fifo_is_written_whatever_is_overwritten);
	tcase_add_test(t, backups_are_kept);
	tcase_add_test(t, backup_of_what_appeared_meanwhile);
	tcase_add_test(t, with_backups_nothing_is_written_in_place);
	tcase_add_test(t, backup_of_a_file_of_another);
	tcase_add_test(t, where_there_can_be_no_backup_the_old_file_stays);
	tcase_add_test(t, always_replaced);
	tcase_add_test(t, file_of_another_is_replaced_always);
	tcase_add_test(t, directory_that_we_may_not_write_has_nothing_replaced);
	tcase_add_test(t, mount_point_is_not_replaced);
	tcase_add_test(t, running_program_with_two_names_is_replaced);
	tcase_add_test(t, always_in_place);
	tcase_add_test(t, running_program_is_busy_in_place);
	tcase_add_test(t, restricted_several_links_are_never_written);
	tcase_add_test(t, restricted_several_links_of_another);
	tcase_add_test(t, restricted_single_files);
	tcase_add_loop_test(t, restricted_mount_point_is_busy, 0, 6);
	tcase_add_test(t, what_must_stay_free_beside_old_files);
	tcase_add_loop_test(t, what_is_synced, 0, 3);
	tcase_add_loop_test(t, what_cannot_be_synced_is_not_there, 0, 2);
	tcase_add_test(t, names_that_cannot_be_synced_lose_no_data);
	tcase_add_test(t, new_file_has_the_policys_group);
	tcase_add_test(t, group_that_cannot_be_given_takes_no_new_file);
	tcase_add_test(t, bits_of_the_policy_beside_an_umask);
	tcase_add_test(t, bits_of_the_policy_beside_a_default_acl);
	tcase_add_test(t, bits_of_the_policy_are_not_for_what_was_there);
	tcase_add_test(t, special_bits_of_the_policy_come_last);
	tcase_add_test(t, no_descriptor_is_lost_to_a_policy);
}

int
main(void)
{
	policy = drop_in_policy();
	return run_unit("upload", add);
}
