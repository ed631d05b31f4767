/* SPDX-License-Identifier: ISC */
#ifndef UNIT_H
#define UNIT_H

/*
 * What every unit test needs: a runner, and a directory of its own that is gone afterwards.  Each
 * test runs in a process of its own (check forks), so a test may chdir, drop privileges or be
 * killed; what it has to give back before its end is in given.h, and one that does not, fails.
 */
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "given.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/*
 * Check writes down where a test has got to at each thing that it asserts, for the case that it dies
 * there.  Where the same is asserted a million times, once is enough.
 */
static inline void
unit_mark_point(const char *file, int line)
{
	static const char *last_file;
	static int last_line;

	if (line == last_line && file == last_file)
		return;
	last_file = file;
	last_line = line;
	_mark_point(file, line);
}
#define _mark_point unit_mark_point

enum {
	NOBODY = 65534,		/* whom tests become that are not for root */
	STRANGER = 12345	/* somebody else, who need not exist */
};

#define UNIT_PATH "/tmp/scp-unit-%d-%s"

static char unit_path[64];	/* the directory of the running test */
static pid_t unit_runner;	/* whose child it is */
static int  unit_fd = -1;	/* the same, opened */
static struct given unit_given;	/* to the running test */

static inline int
unit_remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)at;
	return type == FTW_DP || type == FTW_DNR ? rmdir(path) : unlink(path);
}

static inline int
unit_open_up(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)at;
	if (type == FTW_D || type == FTW_DNR)
		(void)chmod(path, 0700);
	return 0;
}

static inline void
unit_setup(void)
{
	given_hold(&unit_given);
	(void)umask(022);
	snprintf(unit_path, sizeof(unit_path), UNIT_PATH, (int)unit_runner, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(unit_path));
	ck_assert_int_eq(chmod(unit_path, 0755), 0);
	unit_fd = open(unit_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(unit_fd, 0);
}

/* The place of something that is mounted below the test's directory: 1, 0, or -1 where nobody can tell. */
static inline int
unit_find_mount(char at[PATH_MAX])
{
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	size_t len = strlen(unit_path);
	char line[2 * PATH_MAX];
	int found = 0;

	if (mounts == NULL)
		return -1;
	while (found == 0 && fgets(line, sizeof(line), mounts) != NULL)
		found = sscanf(line, "%*s %*s %*s %*s %4095s", at) == 1 &&
		    strncmp(at, unit_path, len) == 0 && (at[len] == '/' || at[len] == '\0');
	fclose(mounts);
	return found;
}

/*
 * What a test has mounted there is not its own, and may be the whole system, which FTW_MOUNT does not
 * tell apart where it is the same filesystem: false, and nothing may be removed, unless it is gone.
 */
/* Seconds that one test may take beside others; a sanitizer needs several times as many. */
#ifdef SANITIZED
#define UNIT_PATIENCE 900
#else
#define UNIT_PATIENCE 180
#endif

static inline bool
unit_unmount(void)
{
	char at[PATH_MAX];
	int found;

	while ((found = unit_find_mount(at)) == 1)
		if (umount2(at, MNT_DETACH) == -1)
			return false;
	return found == 0;
}

static inline void
unit_teardown(void)
{
	const char *taken = given_take_back(&unit_given);

	close(unit_fd);
	/* The runner removes what is left. */
	if (unit_unmount()) {
		(void)nftw(unit_path, unit_open_up, 16, FTW_PHYS | FTW_MOUNT);
		(void)nftw(unit_path, unit_remove_one, 16, FTW_PHYS | FTW_MOUNT | FTW_DEPTH);
	}
	ck_assert_msg(taken == NULL, "the test did not give back %s", taken);
}

/* Whoever is locked up, or somebody else by then, could not remove what is his. */
static inline void
unit_remove_rest(void)
{
	char paths[64], command[256];

	snprintf(paths, sizeof(paths), UNIT_PATH, (int)unit_runner, "*");
	snprintf(command, sizeof(command), "chmod -R u+rwx %s 2>/dev/null; rm -rf %s", paths, paths);
	(void)!system(command);
}

/* Loudly, because a test that did not run looks like one that passed. */
static inline bool
lacks_root(const char *why)
{
	if (geteuid() == 0)
		return false;
	printf("SKIP: no root: %s\n", why);
	return true;
}

/* Permissions do not bind root: whoever tests them is somebody else, and owns the directory. */
static inline void
become_user(void)
{
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(fchown(unit_fd, NOBODY, NOBODY), 0);
	ck_assert_int_eq(setgroups(0, NULL), 0);
	ck_assert_int_eq(setresgid(NOBODY, NOBODY, NOBODY), 0);
	ck_assert_int_eq(setresuid(NOBODY, NOBODY, NOBODY), 0);
	/* A login has its own /proc entries, too. */
	ck_assert_int_eq(prctl(PR_SET_DUMPABLE, 1), 0);
}

/* The same, who is in the group STRANGER beside his own: for tests that have seen that we are root. */
static inline void
become_member(void)
{
	static const gid_t groups[] = { STRANGER };

	ck_assert_int_eq(fchown(unit_fd, NOBODY, NOBODY), 0);
	ck_assert_int_eq(setgroups(COUNT(groups), groups), 0);
	ck_assert_int_eq(setresgid(NOBODY, NOBODY, NOBODY), 0);
	ck_assert_int_eq(setresuid(NOBODY, NOBODY, NOBODY), 0);
	ck_assert_int_eq(prctl(PR_SET_DUMPABLE, 1), 0);
}

/* How many descriptors are open, that of the count included. */
static inline int
count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

/* Makes the file NAME, whatever the umask, and returns nothing that can be ignored. */
static inline void
put_file(const char *name, const char *content, mode_t mode)
{
	int fd = openat(unit_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_msg(fd >= 0, "%s: %s", name, strerror(errno));
	ck_assert_int_eq(write(fd, content, strlen(content)), (ssize_t)strlen(content));
	ck_assert_int_eq(fchmod(fd, mode), 0);
	ck_assert_int_eq(close(fd), 0);
}

/* The same of a directory. */
static inline void
put_dir(const char *name, mode_t mode)
{
	ck_assert_int_eq(mkdirat(unit_fd, name, 0700), 0);
	ck_assert_int_eq(fchmodat(unit_fd, name, mode, 0), 0);
}

/* The content of NAME, at most 64 KiB, in a static buffer; NULL where there is none. */
static inline const char *
get_file(const char *name)
{
	static char content[65536];
	int fd = openat(unit_fd, name, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd == -1)
		return NULL;
	n = read(fd, content, sizeof(content) - 1);
	close(fd);
	ck_assert_int_ge(n, 0);
	content[n] = '\0';
	return content;
}

static inline void
assert_content(const char *name, const char *wanted)
{
	const char *got = get_file(name);

	ck_assert_msg(got != NULL && strcmp(got, wanted) == 0, "%s: expected \"%s\", got \"%s\"",
	    name, wanted, got == NULL ? "nothing" : got);
}

/* NAME, links not followed. */
static inline struct stat
stat_of(const char *name)
{
	struct stat st;

	ck_assert_msg(fstatat(unit_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0, "%s: %s", name,
	    strerror(errno));
	return st;
}

/* All twelve of its mode bits. */
static inline unsigned
mode_of(const char *name)
{
	return stat_of(name).st_mode & 07777;
}

static inline bool
exists(const char *name)
{
	struct stat st;

	return fstatat(unit_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* How many entries the directory NAME has, "." and ".." not counted. */
static inline int
count_entries(const char *name)
{
	int fd = openat(unit_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC), n = 0;
	DIR *dir = fd == -1 ? NULL : fdopendir(fd);

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n - 2;
}

/* Runs what ADD adds to one test case; the exit status is for main. */
static inline int
run_unit(const char *name, void (*add)(TCase *))
{
	Suite *suite = suite_create(name);
	TCase *tests = tcase_create(name);
	SRunner *runner;
	int failed;

	unit_runner = getpid();
	tcase_add_checked_fixture(tests, unit_setup, unit_teardown);
	tcase_set_timeout(tests, UNIT_PATIENCE);
	add(tests);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	unit_remove_rest();
	return failed > 0;
}

#endif
