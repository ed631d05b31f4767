/* SPDX-License-Identifier: ISC */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include <grp.h>
#include <limits.h>

#include "acls.h"
#include "policies.h"
#include "upload/level.h"
#include "unit.h"

enum {
	ROUNDS = 200
};

static struct policy policy;	/* a drop-in's, unless the test says otherwise */

static int synced;	/* directories */
static int sync_err;	/* what that fails with; 0: it works */

/* In place of the library's. */
int
fsync(int fd)
{
	synced++;
	errno = sync_err;
	return errno != 0 ? -1 : (int)syscall(SYS_fsync, fd);
}

static void
remove_dir(const char *name)
{
	ck_assert_int_eq(fchmodat(unit_fd, name, 0700, 0), 0);
	ck_assert_msg(unlinkat(unit_fd, name, AT_REMOVEDIR) == 0, "%s: %s", name, strerror(errno));
}

static void
assert_mode(const char *name, mode_t wanted, const char *context)
{
	ck_assert_msg(mode_of(name) == wanted, "%s: expected %04o, got %04o", context,
	    (unsigned)wanted,
	    mode_of(name));
}

static void
make(struct level *l, const char *name, mode_t mode, bool preserve)
{
	struct attrs wanted = { .has_mode = preserve, .mode = mode };

	ck_assert_msg(level_make(l, unit_fd, name, &wanted, &policy) == 0, "make %s: %s", name,
	    strerror(errno));
	ck_assert_int_ge(l->fd, 0);
}

/* That the level can be read, searched and written: an entry comes and is seen, and goes. */
static void
assert_usable(const struct level *l, const char *context)
{
	int fd = openat(l->fd, "probe", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), dirfd;
	DIR *dir;
	int n = 0;

	ck_assert_msg(fd >= 0, "%s: writing: %s", context, strerror(errno));
	close(fd);
	dirfd = openat(l->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_msg(dirfd >= 0, "%s: reading: %s", context, strerror(errno));
	dir = fdopendir(dirfd);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	ck_assert_msg(n == 3, "%s: expected 3 entries, got %d", context, n);
	ck_assert_int_eq(unlinkat(l->fd, "probe", 0), 0);
}

static void
finish(struct level *l)
{
	const char *what = "untouched";
	int end = level_end(l, &what);

	ck_assert_msg(end == 0, "end: %s: %s", what == NULL ? "" : what, strerror(errno));
	ck_assert_int_eq(l->fd, -1);
}

static const mode_t modes[] = { 0755, 0777, 0700, 0750, 0555, 0500, 0444, 0300, 0077, 0000, 07777,
    01755,
	02755, 04755 };
static const mode_t umasks[] = { 0, 022, 002, 027, 077, 0222, 0700, 0777 };

/* What mkdir(2) makes of MODE here and now. */
static mode_t
reference_mode(mode_t mode)
{
	mode_t made;

	ck_assert_int_eq(mkdirat(unit_fd, "reference", mode), 0);
	made = mode_of("reference");
	remove_dir("reference");
	return made;
}

static void
try_new_directories(void)
{
	for (size_t u = 0; u < COUNT(umasks); u++)
		for (size_t m = 0; m < COUNT(modes); m++)
			for (int preserve = 0; preserve <= 1; preserve++) {
				mode_t wanted;
				struct level l;
				char context[64];

				snprintf(context, sizeof(context), "umask %04o, mode %04o, %s",
				    (unsigned)umasks[u], (unsigned)modes[m], preserve ? "-p" :
				    "no -p");
				umask(umasks[u]);
				wanted = preserve ? modes[m] : reference_mode(modes[m] & 0777);
				make(&l, "d", modes[m], preserve);
				assert_usable(&l, context);
				finish(&l);
				assert_mode("d", wanted, context);
				remove_dir("d");
			}
}

/* What cannot be filled is not there; what was there is. */
START_TEST(a_directory_that_cannot_be_opened)
{
	const struct attrs none = { .mode = 0755 };
	struct rlimit old, full;
	struct stat st;
	struct level l;

	ck_assert_int_eq(mkdirat(unit_fd, "old", 0755), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &old), 0);
	full = (struct rlimit){ .rlim_cur = 0, .rlim_max = old.rlim_max };
	for (int i = 0; i < 2; i++) {
		const char *name = i == 0 ? "new" : "old";
		int end, err;

		ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &full), 0);
		end = level_make(&l, unit_fd, name, &none, &policy);
		err = errno;
		ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &old), 0);
		ck_assert_int_eq(end, -1);
		ck_assert_int_eq(err, EMFILE);
		ck_assert_int_eq(fstatat(unit_fd, name, &st, 0), i == 0 ? -1 : 0);
	}
}
END_TEST

START_TEST(what_is_undone_goes_if_it_is_new)
{
	const struct attrs none = { .mode = 0755 };
	struct stat st;
	struct level l;

	for (int i = 0; i < 2; i++) {
		if (i == 1)
			ck_assert_int_eq(mkdirat(unit_fd, "d", 0755), 0);
		ck_assert_int_eq(level_make(&l, unit_fd, "d", &none, &policy), 0);
		level_undo(&l, unit_fd, "d");
		ck_assert_int_eq(l.fd, -1);
		ck_assert_int_eq(fstatat(unit_fd, "d", &st, 0), i == 0 ? -1 : 0);
	}
}
END_TEST

START_TEST(rule_10_new_directory_is_ours_while_filled)
{
	if (!lacks_root("it fills whatever it makes"))
		try_new_directories();
}
END_TEST

START_TEST(rule_10_new_directory_is_a_users_while_filled)
{
	become_user();
	try_new_directories();
}
END_TEST

START_TEST(rule_10_made_with_the_owners_bits_added)
{
	static const struct {
		mode_t sent, filled;
	} rows[] = { { 0555, 0755 }, { 0000, 0700 }, { 0070, 0770 }, { 0077, 0777 },
	    { 07000, 0700 } };

	umask(0);
	for (size_t i = 0; i < COUNT(rows); i++)
		for (int preserve = 0; preserve <= 1; preserve++) {
			struct level l;

			make(&l, "d", rows[i].sent, preserve);
			assert_mode("d", rows[i].filled, "while filled");
			finish(&l);
			remove_dir("d");
		}
}
END_TEST

START_TEST(rule_10_inherited_set_gid_bit_stays)
{
	static const struct {
		mode_t sent;
		bool   preserve;
		mode_t wanted;
	} rows[] = {
		{ 0755, false, 02755 },	{ 0755, true, 02755 },	{ 0555, false, 02555 },
		{ 0500, true, 02500 },	{ 0000, true, 02000 },	{ 0000, false, 02000 },
		{ 01777, true, 03777 },	{ 02755, true, 02755 },	{ 06755, true, 06755 },
	};

	become_user();
	umask(022);
	ck_assert_int_eq(fchmod(unit_fd, 02755), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct level l;

		make(&l, "d", rows[i].sent, rows[i].preserve);
		finish(&l);
		ck_assert_msg(mode_of("d") == rows[i].wanted, "row %zu: expected %04o, got %04o", i,
		    (unsigned)rows[i].wanted, mode_of("d"));
		remove_dir("d");
	}
}
END_TEST

static void
assert_same_acls(const char *got, const char *wanted, const char *context)
{
	static const acl_type_t types[] = { ACL_TYPE_ACCESS, ACL_TYPE_DEFAULT };

	for (size_t i = 0; i < COUNT(types); i++) {
		char *a = acl_of(got, types[i]), *b = acl_of(wanted, types[i]);

		ck_assert_msg(strcmp(a, b) == 0, "%s: expected %s ACL \"%s\", got \"%s\"", context,
		    i == 0 ? "access" : "default", b, a);
		acl_free(a);
		acl_free(b);
	}
}

static const char *const default_acls[] = {
	"u::rwx,g::rwx,o::---",
	"u::rwx,g::r-x,o::r-x",
	"u::rwx,u:1:rwx,g::r-x,m::rwx,o::r-x",
	"u::rwx,u:1:rwx,g:2:r-x,g::---,m::r-x,o::---",
	"u::r-x,u:1:---,g::rwx,m::rwx,o::rwx",
	"u::---,g::rwx,o::r-x",
};

START_TEST(rule_10_default_acl_is_kept)
{
	become_user();
	umask(077);	/* of no effect beside a default ACL */
	for (size_t i = 0; i < COUNT(default_acls); i++) {
		if (!set_acl(".", ACL_TYPE_DEFAULT, default_acls[i]))
			return;
		for (size_t m = 0; m < COUNT(modes); m++) {
			struct level l;
			char context[128];

			snprintf(context, sizeof(context), "%s, mode %04o", default_acls[i],
			    (unsigned)modes[m]);
			ck_assert_int_eq(mkdirat(unit_fd, "reference", modes[m] & 0777), 0);
			make(&l, "d", modes[m], false);
			assert_usable(&l, context);
			finish(&l);
			assert_same_acls("d", "reference", context);
			assert_mode("d", mode_of("reference"), context);
			remove_dir("d");
			remove_dir("reference");
		}
	}
}
END_TEST

START_TEST(rule_10_mode_with_p_beside_a_default_acl)
{
	static const mode_t wanted[] = { 0755, 0775, 0750, 0500, 0000 };

	become_user();
	for (size_t i = 0; i < COUNT(default_acls); i++) {
		if (!set_acl(".", ACL_TYPE_DEFAULT, default_acls[i]))
			return;
		for (size_t m = 0; m < COUNT(wanted); m++) {
			struct level l;

			make(&l, "d", wanted[m], true);
			assert_usable(&l, default_acls[i]);
			finish(&l);
			assert_mode("d", wanted[m], default_acls[i]);
			remove_dir("d");
		}
	}
}
END_TEST

START_TEST(rule_10_existing_directory_keeps_its_mode)
{
	static const mode_t kept[] = { 0755, 0700, 0777, 01777, 02750 };

	become_user();
	umask(077);
	for (size_t i = 0; i < COUNT(kept); i++) {
		struct level l;
		ino_t before;

		put_dir("d", kept[i]);
		before = stat_of("d").st_ino;
		make(&l, "d", 0511, false);
		assert_mode("d", kept[i], "while filled");
		assert_usable(&l, "existing");
		finish(&l);
		assert_mode("d", kept[i], "in the end");
		ck_assert_uint_eq(stat_of("d").st_ino, before);
		remove_dir("d");
	}
}
END_TEST

START_TEST(rule_10_existing_directory_gets_the_mode_with_p)
{
	static const struct {
		mode_t before, sent, after;
	} rows[] = {
		{ 0755, 0700, 0700 },	{ 0700, 0555, 0555 },	{ 0555, 0777, 0777 },
		{ 0500, 0500, 0500 },
		{ 0755, 0000, 0000 },	{ 02755, 0700, 02700 },	{ 02555, 0755, 02755 },
		{ 01777, 0755, 0755 },
		{ 0000, 01700, 01700 },	{ 0300, 04711, 04711 },
	};

	become_user();
	for (size_t i = 0; i < COUNT(rows); i++) {
		char context[32];
		struct level l;

		snprintf(context, sizeof(context), "row %zu", i);
		put_dir("d", rows[i].before);
		make(&l, "d", rows[i].sent, true);
		assert_usable(&l, context);
		finish(&l);
		assert_mode("d", rows[i].after, context);
		remove_dir("d");
	}
}
END_TEST

/* Directories of our own that are closed to us. */
static const mode_t closed[] = { 0555, 0500, 0600, 0400, 0300, 0200, 0100, 0000, 0077, 02555,
    03300 };

START_TEST(rule_10_what_was_lent_is_given_back)
{
	become_user();
	for (size_t i = 0; i < COUNT(closed); i++) {
		struct level l;
		char context[32];

		snprintf(context, sizeof(context), "%04o", (unsigned)closed[i]);
		put_dir("d", closed[i]);
		make(&l, "d", 0755, false);
		assert_usable(&l, context);
		assert_mode("d", closed[i] | 0700, context);
		finish(&l);
		assert_mode("d", closed[i], context);
		remove_dir("d");
	}
}
END_TEST

START_TEST(rule_10_what_was_lent_is_given_back_when_abandoned)
{
	become_user();
	for (size_t i = 0; i < COUNT(closed); i++)
		for (int preserve = 0; preserve <= 1; preserve++) {
			struct level l;
			char context[32];

			snprintf(context, sizeof(context), "%04o", (unsigned)closed[i]);
			put_dir("d", closed[i]);
			make(&l, "d", 0711, preserve);
			assert_usable(&l, context);
			level_abandon(&l);
			ck_assert_int_eq(l.fd, -1);
			assert_mode("d", closed[i], context);
			remove_dir("d");
		}
}
END_TEST

START_TEST(rule_10_abandoned_directory_keeps_its_mode)
{
	struct level l;

	become_user();
	put_dir("d", 0755);
	make(&l, "d", 0700, true);
	level_abandon(&l);
	assert_mode("d", 0755, "existing");
	umask(022);
	make(&l, "new", 0555, false);
	level_abandon(&l);
	assert_mode("new", 0755, "new");
	make(&l, "newer", 0555, true);
	level_abandon(&l);
	assert_mode("newer", 0755, "new, -p");
	/* Also where it had to be opened to us first. */
	umask(0777);
	make(&l, "newest", 0755, false);
	level_abandon(&l);
	assert_mode("newest", 0700, "new, closed by the umask");
}
END_TEST

START_TEST(rule_10_directory_of_another_is_taken_silently)
{
	static const mode_t theirs[] = { 0777, 0755, 01777 };

	if (lacks_root("directories of others"))
		return;
	for (size_t i = 0; i < COUNT(theirs); i++) {
		char name[16];

		snprintf(name, sizeof(name), "d%zu", i);
		put_dir(name, theirs[i]);
		ck_assert_int_eq(fchownat(unit_fd, name, STRANGER, STRANGER, 0), 0);
	}
	become_user();
	for (size_t i = 0; i < COUNT(theirs); i++) {
		struct attrs wanted = { .has_mode = true, .mode = 0700, .has_times = true };
		struct level l;
		char name[16];

		snprintf(name, sizeof(name), "d%zu", i);
		ck_assert_int_eq(level_make(&l, unit_fd, name, &wanted, &policy), 0);
		ck_assert_int_eq(faccessat(l.fd, ".", W_OK, AT_EACCESS) == 0, (theirs[i] & 2) != 0);
		finish(&l);
		assert_mode(name, theirs[i], "in the end");
		ck_assert_int_ne(stat_of(name).st_mtim.tv_sec, 0);
		ck_assert_int_eq(level_make(&l, unit_fd, name, &wanted, &policy), 0);
		level_abandon(&l);
		assert_mode(name, theirs[i], "abandoned");
	}
}
END_TEST

/* Searching it is all that is needed to get further down. */
START_TEST(directory_of_another_that_can_only_be_searched)
{
	static const struct attrs none;
	struct level outer, inner;

	if (lacks_root("directories of others"))
		return;
	put_dir("d", 0711);
	ck_assert_int_eq(mkdirat(unit_fd, "d/ours", 0755), 0);
	ck_assert_int_eq(fchownat(unit_fd, "d", STRANGER, STRANGER, 0), 0);
	ck_assert_int_eq(fchownat(unit_fd, "d/ours", NOBODY, NOBODY, 0), 0);
	become_user();
	ck_assert_int_eq(level_make(&outer, unit_fd, "d", &none, &policy), 0);
	ck_assert_int_eq(level_make(&inner, outer.fd, "ours", &none, &policy), 0);
	assert_usable(&inner, "below");
	finish(&inner);
	finish(&outer);
}
END_TEST

START_TEST(root_changes_directories_of_others)
{
	struct attrs wanted = { .has_mode = true, .mode = 0500, .has_times = true };
	struct level l;

	if (lacks_root("it may"))
		return;
	put_dir("d", 0000);
	ck_assert_int_eq(fchownat(unit_fd, "d", STRANGER, STRANGER, 0), 0);
	ck_assert_int_eq(level_make(&l, unit_fd, "d", &wanted, &policy), 0);
	assert_usable(&l, "root");
	finish(&l);
	assert_mode("d", 0500, "in the end");
	ck_assert_uint_eq(stat_of("d").st_uid, STRANGER);
	ck_assert_int_eq(stat_of("d").st_mtim.tv_sec, 0);
}
END_TEST

START_TEST(rule_10_what_is_no_directory)
{
	static const char *const names[] = { "file", "fifo", "socket", "to-dir", "to-file",
	    "dangling", "loop" };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	put_dir("dir", 0755);
	put_file("file", "old", 0644);
	ck_assert_int_eq(mkfifoat(unit_fd, "fifo", 0644), 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", unit_path);
	ck_assert_int_eq(bind(s, (struct sockaddr *)&address, sizeof(address)), 0);
	close(s);
	ck_assert_int_eq(symlinkat("dir", unit_fd, "to-dir"), 0);
	ck_assert_int_eq(symlinkat("file", unit_fd, "to-file"), 0);
	ck_assert_int_eq(symlinkat("nowhere", unit_fd, "dangling"), 0);
	ck_assert_int_eq(symlinkat("loop", unit_fd, "loop"), 0);
	for (size_t i = 0; i < COUNT(names); i++)
		for (int make_it = 0; make_it <= 1; make_it++) {
			struct attrs wanted = { .has_mode = true, .mode = 0700 };
			struct level l = { .fd = 77 };
			int end = make_it ? level_make(&l, unit_fd, names[i], &wanted, &policy)
			    : level_open(&l, unit_fd, names[i], &wanted, &policy);

			ck_assert_msg(end == -1 && errno == ENOTDIR, "%s: expected %s, got %d, %s",
			    names[i],
			    strerror(ENOTDIR), end, strerror(errno));
			ck_assert_int_eq(l.fd, -1);
			level_abandon(&l);
		}
	ck_assert_int_eq(count_entries("."), 8);
	ck_assert_str_eq(get_file("file"), "old");
	assert_mode("dir", 0755, "behind the link");
}
END_TEST

START_TEST(open_makes_nothing)
{
	static const struct attrs wanted = { .has_mode = true, .mode = 0700 };
	struct level l;

	ck_assert_int_eq(level_open(&l, unit_fd, "d", &wanted, &policy), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(l.fd, -1);
	ck_assert_int_eq(count_entries("."), 0);
}
END_TEST

START_TEST(open_is_as_making_what_is_there)
{
	struct attrs wanted = { .has_mode = false, .mode = 0711 };

	become_user();
	for (size_t i = 0; i < COUNT(closed); i++) {
		struct level l;

		put_dir("d", closed[i]);
		wanted.has_mode = false;
		ck_assert_int_eq(level_open(&l, unit_fd, "d", &wanted, &policy), 0);
		assert_usable(&l, "opened");
		finish(&l);
		assert_mode("d", closed[i], "given back");
		wanted.has_mode = true;
		ck_assert_int_eq(level_open(&l, unit_fd, "d", &wanted, &policy), 0);
		finish(&l);
		assert_mode("d", 0711 | (closed[i] & S_ISGID), "-p");
		remove_dir("d");
	}
}
END_TEST

START_TEST(failing_says_why)
{
	static const struct attrs none = { .mode = 0755 };
	char name[NAME_MAX + 2];
	struct level l;

	become_user();
	memset(name, 'n', sizeof(name));
	name[NAME_MAX + 1] = '\0';
	ck_assert_int_eq(level_make(&l, unit_fd, name, &none, &policy), -1);
	ck_assert_int_eq(errno, ENAMETOOLONG);
	ck_assert_int_eq(l.fd, -1);
	ck_assert_int_eq(fchmod(unit_fd, 0555), 0);
	ck_assert_int_eq(level_make(&l, unit_fd, "d", &none, &policy), -1);
	ck_assert_int_eq(errno, EACCES);
	ck_assert_int_eq(l.fd, -1);
	ck_assert_int_eq(fchmod(unit_fd, 0755), 0);
	ck_assert_int_eq(count_entries("."), 0);
}
END_TEST

START_TEST(times_come_after_the_entries)
{
	static const struct attrs wanted = {
		.has_times = true, .mode = 0755,
		.times = { { 1000000001, 123456789 }, { 1000000002, 5 } },
	};

	become_user();
	for (int existing = 0; existing <= 1; existing++) {
		struct stat st;
		struct level l;

		if (existing)
			put_dir("d", 0300);
		ck_assert_int_eq(level_make(&l, unit_fd, "d", &wanted, &policy), 0);
		assert_usable(&l, "times");
		finish(&l);
		st = stat_of("d");
		ck_assert_int_eq(st.st_atim.tv_sec, 1000000001);
		ck_assert_int_eq(st.st_atim.tv_nsec, 123456789);
		ck_assert_int_eq(st.st_mtim.tv_sec, 1000000002);
		ck_assert_int_eq(st.st_mtim.tv_nsec, 5);
		assert_mode("d", existing ? 0300 : 0755 & ~022, "times");
		remove_dir("d");
	}
}
END_TEST

START_TEST(end_reports_what_could_not_be_set)
{
	static const struct attrs none = { .has_times = true,
	    .times = { { 0, 2000000000 }, { 0, 0 } } };
	const char *what = NULL;
	struct level l;

	ck_assert_int_eq(level_make(&l, unit_fd, "d", &none, &policy), 0);
	ck_assert_int_eq(level_end(&l, &what), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_ptr_nonnull(what);
	ck_assert_str_eq(what, "set times");
	ck_assert_int_eq(l.fd, -1);
}
END_TEST

/* A directory that was ours when it was entered, and is not when it is left. */
START_TEST(end_reports_a_mode_that_could_not_be_set)
{
	static const struct attrs wanted = { .has_mode = true, .mode = 0777 };
	const char *what = NULL;
	struct level l;

	if (lacks_root("changing owners"))
		return;
	ck_assert_int_eq(fchown(unit_fd, NOBODY, NOBODY), 0);
	ck_assert_int_eq(seteuid(NOBODY), 0);
	umask(022);
	ck_assert_int_eq(level_make(&l, unit_fd, "d", &wanted, &policy), 0);
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(fchownat(unit_fd, "d", STRANGER, STRANGER, 0), 0);
	ck_assert_int_eq(seteuid(NOBODY), 0);
	ck_assert_int_eq(level_end(&l, &what), -1);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_ptr_nonnull(what);
	ck_assert_str_eq(what, "set mode");
	ck_assert_int_eq(l.fd, -1);
	ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

START_TEST(no_descriptor_is_lost)
{
	int before = count_descriptors();

	become_user();
	put_dir("closed", 0000);
	put_file("file", "", 0644);
	for (int i = 0; i < ROUNDS; i++) {
		static const struct attrs none = { .mode = 0555 };
		struct level l;

		make(&l, "d", 0555, i % 2 == 0);
		ck_assert_int_ne(fcntl(l.fd, F_GETFD) & FD_CLOEXEC, 0);
		finish(&l);
		make(&l, "d", 0555, false);
		level_abandon(&l);
		make(&l, "closed", 0755, false);
		ck_assert_int_ne(fcntl(l.fd, F_GETFD) & FD_CLOEXEC, 0);
		finish(&l);
		ck_assert_int_eq(level_make(&l, unit_fd, "file", &none, &policy), -1);
		ck_assert_int_eq(level_open(&l, unit_fd, "none", &none, &policy), -1);
		remove_dir("d");
	}
	ck_assert_int_eq(count_descriptors(), before);
}
END_TEST

/* A policy without new directories: what is there is filled as ever, what is not stays away. */
START_TEST(no_new_directories)
{
	static const struct attrs wanted = { .has_mode = true, .mode = 0755 };
	struct level l = { .fd = 77 };

	become_user();
	policy.mkdir = POLICY_NO;
	policy.dir_mode.must = 0070;
	ck_assert_int_eq(level_make(&l, unit_fd, "d", &wanted, &policy), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(l.fd, -1);
	ck_assert_int_eq(symlinkat("nowhere", unit_fd, "link"), 0);
	put_file("file", "old", 0644);
	ck_assert_int_eq(level_make(&l, unit_fd, "link", &wanted, &policy), -1);
	ck_assert_int_eq(errno, ENOTDIR);
	ck_assert_int_eq(level_make(&l, unit_fd, "file", &wanted, &policy), -1);
	ck_assert_int_eq(errno, ENOTDIR);
	ck_assert_int_eq(count_entries("."), 2);

	for (size_t i = 0; i < COUNT(closed); i++) {
		put_dir("d", closed[i]);
		make(&l, "d", 0755, false);
		ck_assert(!l.made);
		assert_usable(&l, "existing");
		finish(&l);
		assert_mode("d", closed[i], "no -p");
		make(&l, "d", 0711, true);
		finish(&l);
		assert_mode("d", 0711 | (closed[i] & S_ISGID), "-p");
		remove_dir("d");
	}
	ck_assert_int_eq(count_entries("."), 2);
}
END_TEST

START_TEST(what_is_new_is_known)
{
	static const struct attrs wanted = { .mode = 0755 };
	struct level l;

	make(&l, "d", 0755, false);
	ck_assert(l.made);
	finish(&l);
	make(&l, "d", 0755, true);
	ck_assert(!l.made);
	finish(&l);
	ck_assert_int_eq(level_open(&l, unit_fd, "d", &wanted, &policy), 0);
	ck_assert(!l.made);
	level_abandon(&l);
}
END_TEST

static const mode_t musts[] = { 0070, 0007, 0775, 0100, 02000, 02070, 03777, 01000 };

/* By umask, or exactly with -p: whatever that comes to, these bits are there as well. */
static void
try_bits_of_the_policy(mode_t must)
{
	policy.dir_mode.must = must;
	for (size_t m = 0; m < COUNT(modes); m++)
		for (int preserve = 0; preserve <= 1; preserve++) {
			struct level l;
			mode_t wanted;
			char context[64];

			snprintf(context, sizeof(context), "must %04o, mode %04o, %s",
			    (unsigned)must, (unsigned)modes[m], preserve ? "-p" : "no -p");
			wanted = preserve ? modes[m] : reference_mode(modes[m] & 0777);
			make(&l, "d", modes[m], preserve);
			assert_usable(&l, context);
			ck_assert_uint_eq(mode_of("d") & must, must);
			finish(&l);
			assert_mode("d", wanted | must, context);
			make(&l, "e", modes[m], preserve);
			level_abandon(&l);
			ck_assert_uint_eq(mode_of("e") & must, must);
			remove_dir("d");
			remove_dir("e");
		}
}

START_TEST(bits_of_the_policy_are_on_whatever_is_new)
{
	become_user();
	for (size_t u = 0; u < COUNT(umasks); u++) {
		umask(umasks[u]);
		try_bits_of_the_policy(musts[_i]);
	}
}
END_TEST

START_TEST(bits_of_the_policy_are_not_for_what_was_there)
{
	become_user();
	policy.dir_mode.must = 02070;
	for (size_t i = 0; i < COUNT(closed); i++) {
		struct level l;

		put_dir("d", closed[i]);
		make(&l, "d", 0755, false);
		finish(&l);
		assert_mode("d", closed[i], "existing");
		remove_dir("d");
	}
}
END_TEST

/* What lies in a directory with the bit inherits it, and its group. */
START_TEST(set_group_id_goes_down)
{
	struct level outer, inner;
	static const struct attrs wanted = { .has_mode = true, .mode = 0700 };

	become_user();
	umask(077);
	policy.dir_mode.must = 02000;
	make(&outer, "d", 0700, true);
	policy.dir_mode.must = 0;
	ck_assert_int_eq(level_make(&inner, outer.fd, "e", &wanted, &policy), 0);
	finish(&inner);
	finish(&outer);
	assert_mode("d", 02700, "outer");
	assert_mode("d/e", 02700, "inner");
}
END_TEST

START_TEST(bits_of_the_policy_beside_a_default_acl)
{
	become_user();
	umask(077);
	policy.dir_mode.must = 02070;
	for (size_t i = 0; i < COUNT(default_acls); i++) {
		struct level l;
		mode_t made;

		if (!set_acl(".", ACL_TYPE_DEFAULT, default_acls[i]))
			return;
		made = reference_mode(0700);
		make(&l, "d", 0700, false);
		assert_usable(&l, default_acls[i]);
		finish(&l);
		assert_mode("d", made | 02070, default_acls[i]);
		remove_dir("d");
	}
}
END_TEST

START_TEST(a_new_directory_has_the_policys_group)
{
	if (lacks_root("supplementary groups"))
		return;
	become_member();
	umask(027);
	policy.has_group = true;
	policy.group = STRANGER;
	policy.dir_mode.must = _i == 0 ? 0 : 02070;
	for (int preserve = 0; preserve <= 1; preserve++) {
		struct level l;
		struct stat st;

		make(&l, "d", 0755, preserve);
		assert_usable(&l, "group");
		finish(&l);
		st = stat_of("d");
		ck_assert_uint_eq(st.st_uid, NOBODY);
		ck_assert_uint_eq(st.st_gid, STRANGER);
		assert_mode("d", (preserve ? 0755 : 0750) | policy.dir_mode.must, "group");
		remove_dir("d");

		put_dir("d", 0755);
		make(&l, "d", 0755, preserve);
		finish(&l);
		ck_assert_uint_eq(stat_of("d").st_gid, NOBODY);
		assert_mode("d", 0755, "existing");
		remove_dir("d");
	}
}
END_TEST

START_TEST(a_group_that_cannot_be_given)
{
	static const struct attrs wanted = { .mode = 0755 };
	struct level l;

	if (lacks_root("groups of others"))
		return;
	become_user();
	policy.has_group = true;
	policy.group = STRANGER;
	ck_assert_int_eq(level_make(&l, unit_fd, "d", &wanted, &policy), -1);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_int_eq(l.fd, -1);
	/* What was there is none of the policy's. */
	put_dir("old", 0755);
	make(&l, "old", 0755, false);
	finish(&l);
}
END_TEST

/* A directory that was refused must not be there as if it had not been. */
START_TEST(what_could_not_be_made_as_it_should_is_not_there)
{
	static const struct attrs wanted = { .mode = 0755 };
	struct level l;

	if (lacks_root("groups of others"))
		return;
	become_user();
	policy.has_group = true;
	policy.group = STRANGER;
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(level_make(&l, unit_fd, "d", &wanted, &policy), -1);
		ck_assert_int_eq(count_entries("."), 0);
	}
}
END_TEST

/* A new directory is a new name in the one that holds it; one that was there is not. */
START_TEST(synced_directories)
{
	static const unsigned syncs[] = { SYNC_NONE, SYNC_FILE, SYNC_FULL };
	int before = count_descriptors();

	become_user();
	umask(022);
	policy.dir_mode.must = 0020;
	for (size_t i = 0; i < COUNT(syncs); i++)
		for (int preserve = 0; preserve <= 1; preserve++) {
			struct level l;

			synced = 0;
			policy.sync = syncs[i];
			make(&l, "d", 0755, preserve);
			assert_usable(&l, "sync");
			finish(&l);
			assert_mode("d", 0775, "sync");
			ck_assert_int_eq(synced > 0, syncs[i] == SYNC_FULL);
			synced = 0;
			make(&l, "d", 0700, false);
			finish(&l);
			ck_assert_int_eq(synced, 0);
			remove_dir("d");
		}
	ck_assert_int_eq(count_descriptors(), before);
}
END_TEST

START_TEST(a_directory_that_cannot_be_synced)
{
	static const struct attrs wanted = { .mode = 0755 };
	struct level l;

	policy.sync = SYNC_FULL;
	sync_err = EIO;
	ck_assert_int_eq(level_make(&l, unit_fd, "d", &wanted, &policy), -1);
	ck_assert_int_eq(errno, EIO);
	ck_assert_int_eq(l.fd, -1);
}
END_TEST

/* Where nothing may be overwritten, a directory keeps what it has, also one that was lent. */
START_TEST(attributes_that_may_not_be_overwritten)
{
	enum { MAKE, FIND, OPEN, WAYS };
	static const mode_t kept[] = { 0750, 0500 };
	struct attrs wanted = { .has_mode = true, .mode = 0777, .has_times = true,
		.times = { { .tv_sec = 1 }, { .tv_sec = 1 } } };
	struct policy p = restricted_policy();
	const char *what;

	become_user();
	p.overwrite = OVERWRITE_NO;
	for (size_t i = 0; i < COUNT(kept); i++)
		for (unsigned way = MAKE; way < WAYS; way++) {
			struct level l;
			struct stat st;

			p.mkdir = way == FIND ? POLICY_NO : POLICY_YES;
			(void)unlinkat(unit_fd, "d", AT_REMOVEDIR);
			ck_assert_int_eq(mkdirat(unit_fd, "d", 0700), 0);
			ck_assert_int_eq(fchmodat(unit_fd, "d", kept[i], 0), 0);
			ck_assert_int_eq(way == OPEN ? level_open(&l, unit_fd, "d", &wanted, &p)
			    : level_make(&l, unit_fd, "d", &wanted, &p), 0);
			assert_usable(&l, "kept");
			ck_assert_int_eq(level_end(&l, &what), 0);
			ck_assert_uint_eq(mode_of("d"), kept[i]);
			ck_assert_int_eq(fstatat(unit_fd, "d", &st, 0), 0);
			ck_assert_int_gt(st.st_mtim.tv_sec, 1);
		}
	/* The control: a new one gets them. */
	p.mkdir = POLICY_YES;
	ck_assert_int_eq(unlinkat(unit_fd, "d", AT_REMOVEDIR), 0);
	{
		struct level l;

		ck_assert_int_eq(level_make(&l, unit_fd, "d", &wanted, &p), 0);
		ck_assert_int_eq(level_end(&l, &what), 0);
	}
	ck_assert_uint_eq(mode_of("d"), 0777);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, attributes_that_may_not_be_overwritten);
	tcase_add_test(t, a_directory_that_cannot_be_opened);
	tcase_add_test(t, what_is_undone_goes_if_it_is_new);
	tcase_add_test(t, rule_10_new_directory_is_ours_while_filled);
	tcase_add_test(t, rule_10_new_directory_is_a_users_while_filled);
	tcase_add_test(t, rule_10_made_with_the_owners_bits_added);
	tcase_add_test(t, rule_10_inherited_set_gid_bit_stays);
	tcase_add_test(t, rule_10_default_acl_is_kept);
	tcase_add_test(t, rule_10_mode_with_p_beside_a_default_acl);
	tcase_add_test(t, rule_10_existing_directory_keeps_its_mode);
	tcase_add_test(t, rule_10_existing_directory_gets_the_mode_with_p);
	tcase_add_test(t, rule_10_what_was_lent_is_given_back);
	tcase_add_test(t, rule_10_what_was_lent_is_given_back_when_abandoned);
	tcase_add_test(t, rule_10_abandoned_directory_keeps_its_mode);
	tcase_add_test(t, rule_10_directory_of_another_is_taken_silently);
	tcase_add_test(t, directory_of_another_that_can_only_be_searched);
	tcase_add_test(t, root_changes_directories_of_others);
	tcase_add_test(t, rule_10_what_is_no_directory);
	tcase_add_test(t, open_makes_nothing);
	tcase_add_test(t, open_is_as_making_what_is_there);
	tcase_add_test(t, failing_says_why);
	tcase_add_test(t, times_come_after_the_entries);
	tcase_add_test(t, end_reports_what_could_not_be_set);
	tcase_add_test(t, end_reports_a_mode_that_could_not_be_set);
	tcase_add_test(t, no_descriptor_is_lost);
	tcase_add_test(t, no_new_directories);
	tcase_add_test(t, what_is_new_is_known);
	tcase_add_loop_test(t, bits_of_the_policy_are_on_whatever_is_new, 0, (int)COUNT(musts));
	tcase_add_test(t, bits_of_the_policy_are_not_for_what_was_there);
	tcase_add_test(t, set_group_id_goes_down);
	tcase_add_test(t, bits_of_the_policy_beside_a_default_acl);
	tcase_add_loop_test(t, a_new_directory_has_the_policys_group, 0, 2);
	tcase_add_test(t, a_group_that_cannot_be_given);
	tcase_add_test(t, what_could_not_be_made_as_it_should_is_not_there);
	tcase_add_test(t, synced_directories);
	tcase_add_test(t, a_directory_that_cannot_be_synced);
}

int
main(void)
{
	policy = drop_in_policy();
	return run_unit("level", add);
}
