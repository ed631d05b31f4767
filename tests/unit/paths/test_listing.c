/* SPDX-License-Identifier: ISC */
#include <dirent.h>

#include "paths/listing.h"
#include "unit.h"

enum {
	MANY = 4000,		/* entries: more than one buffer holds */
	WIDE = 600,		/* entries of each level of the deep tree: the same */
	DEPTH = 2 * LISTING_SLOTS + 4,	/* levels of the deep tree: each slot is taken twice */
	DIRS = 3		/* directories of a level; one of them leads down */
};

static struct listing listing;

static int
open_dir(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck_assert_msg(fd >= 0, "%s: %s", name, strerror(errno));
	return fd;
}

/*
 * All files are names of one: making so many would take most of the time.  And no assertion of the
 * library in a loop over entries: each one costs a write.
 */
static int only_file = -1;

static void
make_file(int dirfd, const char *name)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", only_file);
	if (linkat(AT_FDCWD, path, dirfd, name, AT_SYMLINK_FOLLOW) == -1)
		ck_abort_msg("%s: %s", name, strerror(errno));
}

static void
begin_files(int dirfd)
{
	only_file = openat(dirfd, "f0-", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ck_assert_int_ge(only_file, 0);
}

/* Takes the first name away again, once the others are there. */
static void
end_files(int dirfd)
{
	close(only_file);
	ck_assert_int_eq(unlinkat(dirfd, "f0-", 0), 0);
}

static void
make_files(int dirfd, int n)
{
	begin_files(dirfd);
	for (int i = 0; i < n; i++) {
		/* Some names long, some short, so that no buffer ends where another did. */
		char name[NAME_MAX + 1];

		snprintf(name, sizeof(name), "f%d-%0*d", i, i % 7 * 20 + 1, 0);
		make_file(dirfd, name);
	}
	end_files(dirfd);
}

static void
check_seen(const unsigned char *seen, int n, const char *where)
{
	for (int i = 0; i < n; i++)
		if (seen[i] != 1)
			ck_abort_msg("%s: expected entry %d once, got it %d times", where, i,
			    seen[i]);
}

START_TEST(an_empty_directory)
{
	struct listing_mark mark;
	struct listing_entry e;
	int fd;

	ck_assert_int_eq(mkdirat(unit_fd, "d", 0700), 0);
	fd = open_dir(unit_fd, "d");
	listing_init(&listing);
	listing_begin(&listing, 0, &mark);
	ck_assert_int_eq(listing_next(&listing, 0, fd, &mark, &e), 0);
	ck_assert_int_eq(listing_next(&listing, 0, fd, &mark, &e), 0);
}
END_TEST

START_TEST(thousands_of_entries)
{
	static unsigned char seen[MANY];
	struct listing_mark mark;
	struct listing_entry e;
	int fd, end;

	ck_assert_int_eq(mkdirat(unit_fd, "d", 0700), 0);
	fd = open_dir(unit_fd, "d");
	make_files(fd, MANY);
	listing_init(&listing);
	listing_begin(&listing, 0, &mark);
	while ((end = listing_next(&listing, 0, fd, &mark, &e)) == 1) {
		int i = atoi(e.name + 1);

		if (e.name[0] != 'f' || i < 0 || i >= MANY)
			ck_abort_msg("unexpected entry \"%s\"", e.name);
		seen[i]++;
	}
	ck_assert_int_eq(end, 0);
	check_seen(seen, MANY, "d");
}
END_TEST

START_TEST(what_the_entries_are)
{
	static const struct {
		const char   *name;
		unsigned char type;
		mode_t	      mode;
	} rows[] = {
		{ "file", DT_REG, S_IFREG }, { "fifo", DT_FIFO, S_IFIFO },
		{ "socket", DT_SOCK, S_IFSOCK },
		{ "...", DT_REG, S_IFREG }, { ".x", DT_REG, S_IFREG }, { "..x", DT_REG, S_IFREG },
		{ "a\nb", DT_REG, S_IFREG }, { "\377", DT_REG, S_IFREG },
	};
	const size_t n = sizeof(rows) / sizeof(rows[0]);
	unsigned char seen[sizeof(rows) / sizeof(rows[0])] = { 0 };
	struct listing_mark mark;
	struct listing_entry e;

	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(mknodat(unit_fd, rows[i].name, rows[i].mode | 0600, 0), 0);
	listing_init(&listing);
	listing_begin(&listing, 0, &mark);
	while (listing_next(&listing, 0, unit_fd, &mark, &e) == 1) {
		size_t i;

		for (i = 0; i < n && strcmp(rows[i].name, e.name) != 0; i++)
			;
		ck_assert_msg(i < n, "unexpected entry \"%s\"", e.name);
		ck_assert_msg(e.type == rows[i].type || e.type == DT_UNKNOWN,
		    "\"%s\": expected type %d, got %d", e.name, rows[i].type, e.type);
		seen[i]++;
	}
	check_seen(seen, (int)n, "all kinds");
}
END_TEST

START_TEST(what_cannot_be_listed)
{
	struct listing_mark mark;
	struct listing_entry e;
	int fd;

	put_file("f", "x", 0600);
	fd = openat(unit_fd, "f", O_RDONLY | O_CLOEXEC);
	listing_init(&listing);
	listing_begin(&listing, 0, &mark);
	errno = 0;
	ck_assert_int_eq(listing_next(&listing, 0, fd, &mark, &e), -1);
	ck_assert_int_eq(errno, ENOTDIR);
	listing_begin(&listing, 0, &mark);
	errno = 0;
	ck_assert_int_eq(listing_next(&listing, 0, -1, &mark, &e), -1);
	ck_assert_int_eq(errno, EBADF);
	/* And it is as good as new for whatever comes next. */
	listing_begin(&listing, 0, &mark);
	ck_assert_int_eq(listing_next(&listing, 0, unit_fd, &mark, &e), 1);
	ck_assert_str_eq(e.name, "f");
	ck_assert_int_eq(listing_next(&listing, 0, unit_fd, &mark, &e), 0);
}
END_TEST

/* A level of the deep tree, while the walk is in it. */
struct level {
	int		    fd;
	struct listing_mark mark;
	unsigned char	    files[WIDE];
	unsigned char	    dirs[DIRS];
};

static struct level levels[DEPTH + 1];

/* Every level has WIDE files and DIRS directories, of which the last leads down. */
static void
make_tree(int top, int wide)
{
	int fd = dup(top);

	begin_files(top);
	for (int depth = 0; depth < DEPTH; depth++) {
		int next;

		for (int i = 0; i < DIRS; i++) {
			char name[16];

			snprintf(name, sizeof(name), "d%d", i);
			ck_assert_int_eq(mkdirat(fd, name, 0700), 0);
		}
		for (int i = 0; i < wide; i++) {
			char name[64];

			snprintf(name, sizeof(name), "f%d-%044d", i, depth);
			make_file(fd, name);
		}
		next = open_dir(fd, "d2");
		close(fd);
		fd = next;
	}
	close(fd);
	end_files(top);
}

/* Every name is returned once, at every level, however deep the walk goes between two of them. */
static void
walk_tree(int top, int wide)
{
	int depth = 0, deepest = 0;
	char where[32];

	listing_init(&listing);
	memset(levels, 0, sizeof(levels));
	levels[0].fd = dup(top);
	listing_begin(&listing, 0, &levels[0].mark);
	while (depth >= 0) {
		struct level *l = &levels[depth];
		struct listing_entry e;
		int end = listing_next(&listing, (unsigned)depth, l->fd, &l->mark, &e), i;

		if (end == -1)
			ck_abort_msg("level %d: %s", depth, strerror(errno));
		if (end == 0) {
			close(l->fd);
			depth--;
			continue;
		}
		i = atoi(e.name + 1);
		if (e.name[0] == 'f' && i >= 0 && i < wide) {
			/* Now rather than afterwards, for a walk that goes back may never end. */
			if (l->files[i]++ > 0)
				ck_abort_msg("level %d: \"%s\" comes again", depth, e.name);
			continue;
		}
		if (e.name[0] != 'd' || i < 0 || i >= DIRS)
			ck_abort_msg("level %d: unexpected entry \"%s\"", depth, e.name);
		if (depth < DEPTH && l->dirs[i]++ > 0)
			ck_abort_msg("level %d: \"%s\" comes again", depth, e.name);
		depth++;
		levels[depth].fd = open_dir(l->fd, e.name);
		listing_begin(&listing, (unsigned)depth, &levels[depth].mark);
		if (depth > deepest)
			deepest = depth;
	}
	ck_assert_int_eq(deepest, DEPTH);
	for (int d = 0; d < DEPTH; d++) {
		snprintf(where, sizeof(where), "files of level %d", d);
		check_seen(levels[d].files, wide, where);
		snprintf(where, sizeof(where), "directories of level %d", d);
		check_seen(levels[d].dirs, DIRS, where);
	}
}

START_TEST(deeper_than_there_are_buffers)
{
	static const int wides[] = { 0, 1, 30 };

	for (size_t i = 0; i < sizeof(wides) / sizeof(wides[0]); i++) {
		char name[16];

		snprintf(name, sizeof(name), "t%zu", i);
		ck_assert_int_eq(mkdirat(unit_fd, name, 0700), 0);
		make_tree(open_dir(unit_fd, name), wides[i]);
		walk_tree(open_dir(unit_fd, name), wides[i]);
	}
}
END_TEST

START_TEST(deep_and_wide)
{
	make_tree(unit_fd, WIDE);
	walk_tree(unit_fd, WIDE);
}
END_TEST

/* Filesystems differ in what a mark is: the same on one that lives in memory. */
START_TEST(deep_and_wide_in_memory)
{
	char path[] = "/dev/shm/scp-unit-XXXXXX";
	int fd;

	if (mkdtemp(path) == NULL) {
		printf("SKIP: /dev/shm: %s\n", strerror(errno));
		fflush(stdout);
		return;
	}
	fd = open_dir(AT_FDCWD, path);
	make_tree(fd, WIDE);
	walk_tree(fd, WIDE);
	ck_assert_int_eq(nftw(path, unit_remove_one, 16, FTW_PHYS | FTW_DEPTH), 0);
}
END_TEST

/* A level resumes where it was after every other level has had its turn, at every entry of it. */
START_TEST(levels_that_take_turns)
{
	static unsigned char seen[3][100];
	struct listing_mark marks[3];
	int fds[3], ends = 0;
	/* All three share one buffer. */
	static const unsigned numbers[] = { 1, 1 + LISTING_SLOTS, 1 + 2 * LISTING_SLOTS };

	listing_init(&listing);
	for (int i = 0; i < 3; i++) {
		char name[8];

		snprintf(name, sizeof(name), "d%d", i);
		ck_assert_int_eq(mkdirat(unit_fd, name, 0700), 0);
		fds[i] = open_dir(unit_fd, name);
		for (int k = 0; k < 100; k++) {
			char file[16];

			snprintf(file, sizeof(file), "%d", k);
			ck_assert_int_eq(mknodat(fds[i], file, S_IFREG | 0600, 0), 0);
		}
		listing_begin(&listing, numbers[i], &marks[i]);
	}
	for (int i = 0; ends < 3; i = (i + 1) % 3) {
		struct listing_entry e;
		int end = listing_next(&listing, numbers[i], fds[i], &marks[i], &e);

		ck_assert_int_ge(end, 0);
		if (end == 0)
			ends++;
		else if (seen[i][atoi(e.name)]++ > 0)
			ck_abort_msg("\"%s\" comes again", e.name);
	}
	for (int i = 0; i < 3; i++)
		check_seen(seen[i], 100, "turns");
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, an_empty_directory);
	tcase_add_test(t, thousands_of_entries);
	tcase_add_test(t, what_the_entries_are);
	tcase_add_test(t, what_cannot_be_listed);
	tcase_add_test(t, levels_that_take_turns);
	tcase_add_test(t, deeper_than_there_are_buffers);
	tcase_add_test(t, deep_and_wide);
	tcase_add_test(t, deep_and_wide_in_memory);
}

int
main(void)
{
	return run_unit("listing", add);
}
