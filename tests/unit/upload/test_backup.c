/* SPDX-License-Identifier: ISC */
#include <sys/wait.h>

#include <signal.h>

#include <linux/fs.h>

#include "numbered.h"
#include "paths/dir.h"
#include "upload/backup.h"

#define OLD   "what was there"
#define NEW   "what is new"
#define OTHER "what somebody put there meanwhile"

enum {
	OLD_MODE = 0604
};

/* Somebody else in the same directory, and filesystems that lack something: at one kind of call. */
struct event {
	void (*meanwhile)(void);	/* what happens before the call, once */
	bool   always;			/* before each of them */
	int    err;			/* what the call fails with; 0: it works */
	int    calls;
};

static struct event at_link, at_exchange, at_rename, at_unlink;

static int
meet(struct event *e)
{
	void (*once)(void) = e->meanwhile;

	e->calls++;
	if (!e->always)
		e->meanwhile = NULL;
	if (once != NULL)
		once();
	errno = e->err;
	return e->err == 0 ? 0 : -1;
}

/* Four calls that others come before, these and those of numbered.h. */
int
linkat(int from, const char *old, int to, const char *new, int flags)
{
	if (meet(&at_link) == -1)
		return -1;
	return (int)syscall(SYS_linkat, from, old, to, new, flags);
}

static int
rename_meets(unsigned flags)
{
	return meet(flags == RENAME_EXCHANGE ? &at_exchange : &at_rename);
}

int
renameat(int from, const char *old, int to, const char *new)
{
	return (int)syscall(SYS_renameat2, from, old, to, new, 0);
}

int
unlinkat(int dirfd, const char *name, int flags)
{
	if (meet(&at_unlink) == -1)
		return -1;
	return (int)syscall(SYS_unlinkat, dirfd, name, flags);
}

static void
assert_entries(int wanted)
{
	int got = count_entries(".");

	ck_assert_msg(got == wanted, "expected %d entries, got %d", wanted, got);
}

/* The new file has a name that it loses when it enters. */
static int
enter(void *context, const char *to)
{
	(void)context;
	return dir_rename_free(unit_fd, "temp", to);
}

static int
replace_as(const char *name)
{
	struct stat st = { .st_ino = 0 };

	(void)fstatat(unit_fd, "temp", &st, AT_SYMLINK_NOFOLLOW);
	return backup_replace(unit_fd, name, &st, enter, NULL, NULL);
}

/* The new file keeps the name that it has. */
static int
enter_as_well(void *context, const char *to)
{
	(void)context;
	return linkat(unit_fd, "temp", unit_fd, to, 0);
}

/* Puts what is new in the place of NAME, where it may find OLD, and undoes it. */
static void
replace_and_undo(const char *kept_as)
{
	char kept[NAME_MAX + 1];
	struct stat st;

	put_file("temp", NEW, 0640);
	ck_assert_int_eq(fstatat(unit_fd, "temp", &st, AT_SYMLINK_NOFOLLOW), 0);
	ck_assert_int_eq(backup_replace(unit_fd, "name", &st, enter_as_well, NULL, kept), 0);
	ck_assert_str_eq(kept, kept_as);
	assert_content("name", NEW);
	errno = EBADF;
	backup_undo(unit_fd, "name", kept, &st);
	ck_assert_int_eq(errno, EBADF);
	assert_content("temp", NEW);
}

/* What is new is where it was, or nowhere: then there is one entry less. */
static int
assert_nowhere_else(void)
{
	if (!exists("temp"))
		return 1;
	assert_content("temp", NEW);
	return 0;
}

/* Puts NEW in the place of NAME, which works, and leaves no temporary. */
static void
replace(const char *name)
{
	put_file("temp", NEW, 0640);
	ck_assert_msg(replace_as(name) == 0, "%s: %s", name, strerror(errno));
	ck_assert(!exists("temp"));
	assert_content(name, NEW);
	ck_assert_uint_eq(mode_of(name), 0640);
}

/* Expects ERR, and that NAME has OLD as before. */
static void
assert_refused(const char *name, int err)
{
	int entries, end, got;

	put_file("temp", NEW, 0640);
	entries = count_entries(".");
	end = replace_as(name);
	got = errno;
	ck_assert_msg(end == -1 && got == err, "expected %s, got %d, %s", strerror(err), end,
	    strerror(got));
	assert_content(name, OLD);
	ck_assert_uint_eq(mode_of(name), OLD_MODE);
	ck_assert_uint_eq(stat_of(name).st_nlink, 1);
	assert_entries(entries - assert_nowhere_else());
}

START_TEST(old_files_are_numbered)
{
	struct stat before[13];

	put_file("f", OLD, OLD_MODE);
	for (int i = 1; i <= 12; i++) {
		before[i] = stat_of("f");
		replace("f");
		assert_entries(i + 1);
	}
	for (int i = 1; i <= 12; i++) {
		char kept[16];
		struct stat st;

		snprintf(kept, sizeof(kept), "f.~%d~", i);
		st = stat_of(kept);
		ck_assert_uint_eq(st.st_ino, before[i].st_ino);
		ck_assert_uint_eq(st.st_mode, before[i].st_mode);
		ck_assert_uint_eq(st.st_uid, before[i].st_uid);
		ck_assert_int_eq(st.st_mtim.tv_sec, before[i].st_mtim.tv_sec);
		ck_assert_int_eq(st.st_mtim.tv_nsec, before[i].st_mtim.tv_nsec);
		ck_assert_uint_eq(st.st_nlink, 1);
		assert_content(kept, i == 1 ? OLD : NEW);
	}
}
END_TEST

START_TEST(where_nothing_was_nothing_is_kept)
{
	replace("f");
	assert_entries(1);
}
END_TEST

/* Whatever has the name: a number that is taken is not ours, and what has it is left alone. */
START_TEST(gaps_are_filled)
{
	put_file("f.~1~", "first", 0600);
	ck_assert_int_eq(mkdirat(unit_fd, "f.~3~", 0755), 0);
	ck_assert_int_eq(symlinkat("nowhere", unit_fd, "f.~4~"), 0);
	ck_assert_int_eq(mkfifoat(unit_fd, "f.~5~", 0600), 0);
	put_file("f.~7~", "seventh", 0600);
	put_file("f", OLD, OLD_MODE);
	replace("f");
	assert_content("f.~2~", OLD);
	replace("f");
	replace("f");
	ck_assert(exists("f.~8~"));
	assert_content("f.~6~", NEW);
	assert_content("f.~1~", "first");
	assert_content("f.~7~", "seventh");
	ck_assert(S_ISDIR(stat_of("f.~3~").st_mode));
	ck_assert(S_ISLNK(stat_of("f.~4~").st_mode));
	ck_assert(S_ISFIFO(stat_of("f.~5~").st_mode));
	ck_assert(!exists("nowhere"));
	assert_entries(9);
}
END_TEST

START_TEST(backups_have_backups)
{
	put_file("f.~1~", OLD, OLD_MODE);
	replace("f.~1~");
	assert_content("f.~1~.~1~", OLD);
	put_file("%s\n*", OLD, OLD_MODE);
	replace("%s\n*");
	assert_content("%s\n*.~1~", OLD);
	assert_entries(4);
}
END_TEST

/* Names for which nine, one or no backups have room. */
START_TEST(names_about_as_long_as_can_be)
{
	char name[NAME_MAX + 1], kept[NAME_MAX + 8];

	memset(name, 'n', NAME_MAX);
	name[NAME_MAX - 5] = '\0';
	put_file(name, OLD, OLD_MODE);
	for (int i = 1; i <= 10; i++)
		replace(name);
	snprintf(kept, sizeof(kept), "%s.~10~", name);
	ck_assert(exists(kept));
	assert_entries(11);

	name[NAME_MAX - 5] = 'm';
	name[NAME_MAX - 4] = '\0';
	put_file(name, OLD, OLD_MODE);
	for (int i = 1; i <= 9; i++)
		replace(name);
	put_file(name, OLD, OLD_MODE);
	assert_refused(name, ENAMETOOLONG);
	ck_assert_int_eq(unlinkat(unit_fd, "temp", 0), 0);
	assert_entries(21);

	for (size_t len = NAME_MAX - 3; len <= NAME_MAX; len++) {
		memset(name, 'o', NAME_MAX);
		name[len] = '\0';
		put_file(name, OLD, OLD_MODE);
		assert_refused(name, ENAMETOOLONG);
	}
}
END_TEST

/* There is no old file that would need a name. */
START_TEST(new_names_as_long_as_can_be)
{
	char name[NAME_MAX + 1];

	memset(name, 'n', NAME_MAX);
	name[NAME_MAX] = '\0';
	for (size_t len = NAME_MAX - 5; len <= NAME_MAX; len++) {
		name[len] = '\0';
		replace(name);
		ck_assert_int_eq(unlinkat(unit_fd, name, 0), 0);
		assert_entries(0);
		name[len] = 'n';
	}
}
END_TEST

START_TEST(every_number_is_taken)
{
	char kept[32];

	put_file("f", OLD, OLD_MODE);
	for (int i = 1; i <= BACKUPS_MAX; i++) {
		int fd;

		snprintf(kept, sizeof(kept), "f.~%d~", i);
		fd = openat(unit_fd, kept, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		ck_assert_msg(fd >= 0, "%s: %s", kept, strerror(errno));
		close(fd);
	}
	assert_refused("f", EEXIST);
	ck_assert_msg(at_rename.calls <= BACKUPS_MAX + 1, "%d names were tried", at_rename.calls);
	/* One is enough, be it the last. */
	ck_assert_int_eq(unlinkat(unit_fd, kept, 0), 0);
	replace("f");
	assert_content(kept, OLD);
	ck_assert_int_eq(unlinkat(unit_fd, "f.~4711~", 0), 0);
	replace("f");
	assert_content("f.~4711~", NEW);
	assert_entries(BACKUPS_MAX + 1);
}
END_TEST

START_TEST(a_link_is_kept_and_not_followed)
{
	put_file("precious", OLD, OLD_MODE);
	ck_assert_int_eq(symlinkat("precious", unit_fd, "f"), 0);
	replace("f");
	ck_assert(S_ISREG(stat_of("f").st_mode));
	ck_assert(S_ISLNK(stat_of("f.~1~").st_mode));
	assert_content("precious", OLD);
	assert_entries(3);
}
END_TEST

START_TEST(a_directory_is_not_replaced)
{
	ck_assert_int_eq(mkdirat(unit_fd, "f", 0755), 0);
	put_file("f/inside", OLD, OLD_MODE);
	put_file("temp", NEW, 0640);
	ck_assert_int_eq(replace_as("f"), -1);
	ck_assert_int_eq(errno, EISDIR);
	assert_content("f/inside", OLD);
	assert_entries(2 - assert_nowhere_else());
}
END_TEST

START_TEST(several_links_lose_none)
{
	put_file("f", OLD, OLD_MODE);
	ck_assert_int_eq(linkat(unit_fd, "f", unit_fd, "g", 0), 0);
	replace("f");
	assert_content("g", OLD);
	assert_content("f.~1~", OLD);
	ck_assert_uint_eq(stat_of("g").st_nlink, 2);
	assert_entries(3);
}
END_TEST

START_TEST(the_owner_is_kept)
{
	if (lacks_root("files of others"))
		return;
	put_file("f", OLD, OLD_MODE);
	ck_assert_int_eq(fchownat(unit_fd, "f", STRANGER, STRANGER + 1, 0), 0);
	replace("f");
	ck_assert_uint_eq(stat_of("f.~1~").st_uid, STRANGER);
	ck_assert_uint_eq(stat_of("f.~1~").st_gid, STRANGER + 1);
	ck_assert_uint_eq(stat_of("f").st_uid, 0);
}
END_TEST

/* It gets no second name, and so may be one that must not be linked. */
START_TEST(a_file_of_another_is_kept)
{
	static const mode_t modes[] = { OLD_MODE, 0644, 04666, 0666, 0 };

	if (lacks_root("files of others"))
		return;
	for (size_t i = 0; i < COUNT(modes); i++) {
		char name[16];

		snprintf(name, sizeof(name), "f%zu", i);
		put_file(name, OLD, 0644);
		ck_assert_int_eq(fchownat(unit_fd, name, STRANGER, STRANGER, 0), 0);
		ck_assert_int_eq(fchmodat(unit_fd, name, modes[i], 0), 0);
	}
	become_user();
	for (size_t i = 0; i < COUNT(modes); i++) {
		char name[16], kept[20];

		snprintf(name, sizeof(name), "f%zu", i);
		snprintf(kept, sizeof(kept), "%s.~1~", name);
		replace(name);
		ck_assert_uint_eq(stat_of(kept).st_uid, STRANGER);
		ck_assert_uint_eq(stat_of(kept).st_mode & 07777, modes[i]);
		ck_assert_uint_eq(stat_of(kept).st_nlink, 1);
		ck_assert_uint_eq(stat_of(name).st_uid, NOBODY);
	}
}
END_TEST

/* Its owner alone may move it there. */
START_TEST(a_file_of_another_in_a_sticky_directory_stays)
{
	if (lacks_root("files of others"))
		return;
	put_file("f", OLD, OLD_MODE);
	ck_assert_int_eq(fchownat(unit_fd, "f", STRANGER, STRANGER, 0), 0);
	ck_assert_int_eq(fchown(unit_fd, STRANGER, STRANGER), 0);
	ck_assert_int_eq(fchmod(unit_fd, 01777), 0);
	ck_assert_int_eq(seteuid(NOBODY), 0);
	assert_refused("f", EPERM);
	ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

/* A directory that we may not write. */
START_TEST(a_directory_that_is_closed)
{
	become_user();
	put_file("f", OLD, OLD_MODE);
	put_file("temp", NEW, 0640);
	ck_assert_int_eq(fchmod(unit_fd, 0555), 0);
	ck_assert_int_eq(replace_as("f"), -1);
	ck_assert_int_eq(errno, EACCES);
	ck_assert_int_eq(fchmod(unit_fd, 0755), 0);
	assert_content("f", OLD);
	assert_content("temp", NEW);
	assert_entries(2);
}
END_TEST

/* What somebody else does in between. */
static void
put_another(void)
{
	(void)syscall(SYS_unlinkat, unit_fd, "f", 0);
	put_file("f", OTHER, 0606);
}

static const int link_errs[] = { EPERM, EOPNOTSUPP, EMLINK };

/* As on FAT, which can exchange names. */
START_TEST(where_links_cannot_be)
{
	put_file("f", OLD, OLD_MODE);
	at_link.err = link_errs[_i];
	replace("f");
	assert_content("f.~1~", OLD);
	assert_entries(2);
}
END_TEST

static const int exchange_errs[] = { EINVAL, ENOSYS, EOPNOTSUPP };

START_TEST(where_names_cannot_be_exchanged)
{
	put_file("f", OLD, OLD_MODE);
	at_exchange.err = exchange_errs[_i];
	for (int i = 1; i <= 3; i++) {
		char kept[16];

		replace("f");
		snprintf(kept, sizeof(kept), "f.~%d~", i);
		assert_content(kept, i == 1 ? OLD : NEW);
		assert_entries(i + 1);
	}
}
END_TEST

/* As on exFAT: there are renames that replace nothing. */
START_TEST(where_names_cannot_be_exchanged_nor_linked)
{
	at_exchange.err = EINVAL;
	at_link.err = link_errs[_i];
	put_file("f", OLD, OLD_MODE);
	replace("f");
	replace("f");
	assert_content("f.~1~", OLD);
	assert_content("f.~2~", NEW);
	assert_entries(3);
}
END_TEST

START_TEST(a_directory_is_not_moved)
{
	at_exchange.err = EINVAL;
	at_link.err = EPERM;
	ck_assert_int_eq(mkdirat(unit_fd, "f", 0755), 0);
	put_file("temp", NEW, 0640);
	ck_assert_int_eq(replace_as("f"), -1);
	ck_assert_int_eq(errno, EISDIR);
	ck_assert(S_ISDIR(stat_of("f").st_mode));
	assert_entries(2 - assert_nowhere_else());
}
END_TEST

START_TEST(a_file_that_turned_up_between_the_steps_is_kept_too)
{
	put_file("f", OLD, OLD_MODE);
	at_exchange.err = EINVAL;
	at_link.meanwhile = put_another;
	replace("f");
	assert_content("f.~1~", OTHER);
	assert_entries(2);
}
END_TEST

START_TEST(a_directory_is_not_replaced_in_steps)
{
	ck_assert_int_eq(mkdirat(unit_fd, "f", 0755), 0);
	put_file("f/inside", OLD, OLD_MODE);
	put_file("temp", NEW, 0640);
	at_exchange.err = EINVAL;
	ck_assert_int_eq(replace_as("f"), -1);
	ck_assert_int_eq(errno, EISDIR);
	assert_content("f/inside", OLD);
	assert_entries(2 - assert_nowhere_else());
}
END_TEST

static const int hard_errs[] = { EIO, EACCES, EPERM, EROFS, ENOSPC, EBUSY, EXDEV };

START_TEST(what_fails_is_undone)
{
	put_file("f", OLD, OLD_MODE);
	put_file("f.~1~", "first", 0600);
	at_exchange.err = hard_errs[_i];
	assert_refused("f", hard_errs[_i]);
	assert_content("f.~1~", "first");
}
END_TEST

START_TEST(what_was_done_is_undone)
{
	put_file("name", OLD, OLD_MODE);
	at_exchange.err = _i == 0 ? 0 : exchange_errs[_i - 1];
	replace_and_undo("name.~1~");
	assert_content("name", OLD);
	ck_assert_uint_eq(mode_of("name"), OLD_MODE);
	assert_entries(2);
}
END_TEST

START_TEST(where_nothing_was_nothing_is_again)
{
	replace_and_undo("");
	ck_assert(!exists("name"));
	assert_entries(1);
}
END_TEST

START_TEST(no_new_file)
{
	put_file("f", OLD, OLD_MODE);
	ck_assert_int_eq(replace_as("f"), -1);
	ck_assert_int_eq(errno, ENOENT);
	assert_content("f", OLD);
	assert_entries(1);
	ck_assert_int_eq(replace_as("g"), -1);
	ck_assert_int_eq(errno, ENOENT);
	assert_entries(1);
}
END_TEST

static void
take_away(void)
{
	(void)syscall(SYS_unlinkat, unit_fd, "f", 0);
}

static void
put_link(void)
{
	take_away();
	ck_assert_int_eq(symlinkat("precious", unit_fd, "f"), 0);
}

static void
put_full_dir(void)
{
	take_away();
	ck_assert_int_eq(mkdirat(unit_fd, "f", 0755), 0);
	put_file("f/inside", OTHER, 0600);
}

static void
take_number(void)
{
	put_file("f.~1~", OTHER, 0600);
}

static void
take_away_for_a_moment(void)
{
	take_away();
	at_rename.meanwhile = put_another;
}

/* What is kept is what had the name at the last moment: whoever removed OLD wanted that. */
START_TEST(another_file_that_turned_up_is_kept_too)
{
	put_file("f", OLD, OLD_MODE);
	at_exchange.meanwhile = put_another;
	replace("f");
	assert_content("f.~1~", OTHER);
	ck_assert_uint_eq(mode_of("f.~1~"), 0606);
	assert_entries(2);
}
END_TEST

/* Where nothing was to be kept a moment ago. */
START_TEST(a_file_that_turned_up_where_there_was_none_is_kept)
{
	at_rename.meanwhile = put_another;
	replace("f");
	assert_content("f.~1~", OTHER);
	assert_entries(2);
}
END_TEST

START_TEST(a_file_that_went_away_needs_no_backup)
{
	put_file("f", OLD, OLD_MODE);
	at_exchange.meanwhile = take_away;
	replace("f");
	assert_entries(1);
}
END_TEST

/* Gone when the names were to be exchanged, and there again a moment later. */
START_TEST(a_file_that_went_away_and_came_back_is_kept)
{
	put_file("f", OLD, OLD_MODE);
	at_exchange.meanwhile = take_away_for_a_moment;
	replace("f");
	assert_content("f.~1~", OTHER);
	assert_entries(2);
}
END_TEST

/* Whoever keeps doing that does not keep us for ever, nor lose anything by it. */
START_TEST(a_file_that_comes_and_goes)
{
	put_file("temp", NEW, 0640);
	at_exchange.always = at_rename.always = true;
	at_exchange.meanwhile = take_away;
	at_rename.meanwhile = put_another;
	ck_assert_int_eq(replace_as("f"), -1);
	ck_assert_int_eq(errno, EEXIST);
	assert_content("f", OTHER);
	assert_entries(2 - assert_nowhere_else());
}
END_TEST

START_TEST(a_link_that_turned_up_is_kept_too)
{
	put_file("precious", OTHER, 0600);
	put_file("f", OLD, OLD_MODE);
	at_exchange.meanwhile = put_link;
	replace("f");
	ck_assert(S_ISLNK(stat_of("f.~1~").st_mode));
	assert_content("precious", OTHER);
	assert_entries(3);
}
END_TEST

START_TEST(a_number_that_was_taken_meanwhile)
{
	put_file("f", OLD, OLD_MODE);
	at_rename.meanwhile = take_number;
	replace("f");
	assert_content("f.~1~", OTHER);
	assert_content("f.~2~", OLD);
	assert_entries(3);
}
END_TEST

START_TEST(a_directory_that_turned_up_is_left_alone)
{
	put_file("f", OLD, OLD_MODE);
	put_file("temp", NEW, 0640);
	at_exchange.meanwhile = put_full_dir;
	ck_assert_int_eq(replace_as("f"), -1);
	ck_assert_int_eq(errno, EISDIR);
	assert_content("f/inside", OTHER);
	assert_entries(2 - assert_nowhere_else());
}
END_TEST

/* What somebody made of the backup's name is not ours to remove. */
static void
put_another_as_backup(void)
{
	(void)syscall(SYS_unlinkat, unit_fd, "f.~1~", 0);
	put_file("f.~1~", OTHER, 0600);
}

START_TEST(what_fails_removes_nothing_of_others)
{
	int held;

	put_file("f", OLD, OLD_MODE);
	put_file("temp", NEW, 0640);
	held = openat(unit_fd, "temp", O_RDONLY | O_CLOEXEC);	/* Its inode is nobody else's. */
	at_exchange.meanwhile = put_another_as_backup;
	at_exchange.err = EIO;
	ck_assert_int_eq(replace_as("f"), -1);
	ck_assert_int_eq(errno, EIO);
	close(held);
	assert_content("f", OLD);
	assert_content("f.~1~", OTHER);
	assert_entries(2);
}
END_TEST

static void
be_killed(void)
{
	raise(SIGKILL);
}

/* Starts to replace "f" in a process of its own, and is killed in the middle. */
static void
replace_and_die(void)
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		(void)replace_as("f");
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* The new file, whole, has the backup's name, and the old one its own: or the other way round. */
START_TEST(a_kill_leaves_each_file_with_one_name)
{
	put_file("f", OLD, OLD_MODE);
	put_file("temp", NEW, 0640);
	at_exchange.meanwhile = be_killed;
	replace_and_die();
	assert_content("f", OLD);
	assert_content("f.~1~", NEW);
	assert_entries(2);
}
END_TEST

static void
be_killed_next_time(void)
{
	at_rename.meanwhile = be_killed;
}

/* In steps the old file has its backup before the new one has the name. */
START_TEST(a_kill_between_the_steps_keeps_both)
{
	put_file("f", OLD, OLD_MODE);
	put_file("temp", NEW, 0640);
	at_exchange.err = EINVAL;
	at_link.meanwhile = be_killed_next_time;
	replace_and_die();
	assert_content("f", OLD);
	assert_content("f.~1~", NEW);
	assert_content("f.~2~", NEW);
	assert_entries(3);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, old_files_are_numbered);
	tcase_add_test(t, where_nothing_was_nothing_is_kept);
	tcase_add_test(t, gaps_are_filled);
	tcase_add_test(t, backups_have_backups);
	tcase_add_test(t, names_about_as_long_as_can_be);
	tcase_add_test(t, new_names_as_long_as_can_be);
	tcase_add_test(t, every_number_is_taken);
	tcase_add_test(t, a_link_is_kept_and_not_followed);
	tcase_add_test(t, a_directory_is_not_replaced);
	tcase_add_test(t, several_links_lose_none);
	tcase_add_test(t, the_owner_is_kept);
	tcase_add_test(t, a_file_of_another_is_kept);
	tcase_add_test(t, a_file_of_another_in_a_sticky_directory_stays);
	tcase_add_test(t, a_directory_that_is_closed);
	tcase_add_loop_test(t, where_links_cannot_be, 0, (int)COUNT(link_errs));
	tcase_add_loop_test(t, where_names_cannot_be_exchanged, 0, (int)COUNT(exchange_errs));
	tcase_add_loop_test(t, where_names_cannot_be_exchanged_nor_linked, 0, (int)COUNT(link_errs));
	tcase_add_test(t, a_directory_is_not_moved);
	tcase_add_test(t, a_file_that_turned_up_between_the_steps_is_kept_too);
	tcase_add_test(t, a_directory_is_not_replaced_in_steps);
	tcase_add_loop_test(t, what_fails_is_undone, 0, (int)COUNT(hard_errs));
	tcase_add_loop_test(t, what_was_done_is_undone, 0, 1 + (int)COUNT(exchange_errs));
	tcase_add_test(t, where_nothing_was_nothing_is_again);
	tcase_add_test(t, no_new_file);
	tcase_add_test(t, another_file_that_turned_up_is_kept_too);
	tcase_add_test(t, a_file_that_turned_up_where_there_was_none_is_kept);
	tcase_add_test(t, a_file_that_went_away_needs_no_backup);
	tcase_add_test(t, a_file_that_went_away_and_came_back_is_kept);
	tcase_add_test(t, a_file_that_comes_and_goes);
	tcase_add_test(t, a_link_that_turned_up_is_kept_too);
	tcase_add_test(t, a_number_that_was_taken_meanwhile);
	tcase_add_test(t, a_directory_that_turned_up_is_left_alone);
	tcase_add_test(t, what_fails_removes_nothing_of_others);
	tcase_add_test(t, a_kill_leaves_each_file_with_one_name);
	tcase_add_test(t, a_kill_between_the_steps_keeps_both);
}

int
main(void)
{
	return run_unit("backup", add);
}
