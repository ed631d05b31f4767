/* SPDX-License-Identifier: ISC */
#include <sys/vfs.h>

#include <linux/magic.h>

#include "dirs.h"
#include "filter.h"
#include "mounts.h"
#include "paths/cwd.h"
#include "paths/dir.h"
#include "paths/place.h"
#include "unit.h"

enum {
	LEVELS = 20		/* of the longest names: more than a path may have */
};

static struct root root;

static void
begin(void)
{
	make_things();
	ck_assert_int_eq(root_open(&root), 0);
}

START_TEST(a_root_and_where_it_starts)
{
	begin();
	expect_dir(root.fd, "/", "fd");
	expect_dir(root.start, ".", "start");
	expect_o_path(root.fd);
	expect_o_path(root.start);
	root_close(&root);
	ck_assert_int_eq(root.fd, -1);
	ck_assert_int_eq(root.start, -1);
	root_close(&root);
}
END_TEST

/* Relative paths fail there, absolute ones do not. */
START_TEST(a_working_directory_that_may_not_be_searched)
{
	bool was_root = geteuid() == 0;
	char leaf[NAME_MAX + 1];
	struct place p;
	int fd;

	make_dir("closed");
	ck_assert_int_eq(chdir(unit_path), 0);
	ck_assert_int_eq(chdir("closed"), 0);
	ck_assert_int_eq(fchmodat(unit_fd, "closed", 0, 0), 0);
	if (was_root)
		become(NOBODY);
	ck_assert_int_eq(root_open(&root), 0);
	ck_assert_int_eq(root.start, AT_FDCWD);
	fd = root_dir(&root, "/");
	expect_dir(fd, "/", "/");
	ck_assert_int_eq(root_dir(&root, "."), -1);
	ck_assert_int_eq(errno, EACCES);
	ck_assert_int_eq(place_own_name(&root, fd, leaf), -1);
	ck_assert_int_eq(errno, EACCES);
	if (place_open(&root, "f", &p) == 0)
		ck_assert_int_eq(dir_open(p.dirfd, p.leaf, O_RDONLY, 0), -1);
	place_close(&p);
	root_close(&root);
	ck_assert_int_eq(root.start, -1);
	if (was_root)
		become(0);
	ck_assert_int_eq(fchmodat(unit_fd, "closed", 0700, 0), 0);
}
END_TEST

static const struct {
	const char *path, *wanted;	/* NULL: none */
	int	    err;
} dirs[] = {
	{ ".", ".", 0 },			{ "./", ".", 0 },
	{ "..", "..", 0 },			{ "d", "d", 0 },
	{ "d/", "d", 0 },			{ "d///", "d", 0 },
	{ "d/sub", "d/sub", 0 },		{ "d//sub/", "d/sub", 0 },
	{ "./d/../d/./sub", "d/sub", 0 },	{ "d/sub/..", "d", 0 },
	{ "link", "d", 0 },			{ "link/", "d", 0 },
	{ "link/sub", "d/sub", 0 },		{ "/", "/", 0 },
	{ "///", "/", 0 },			{ "/..", "/", 0 },
	{ "/dev", "/dev", 0 },			{ "//dev//", "/dev", 0 },
	{ "", NULL, ENOENT },			{ "none", NULL, ENOENT },
	{ "none/..", NULL, ENOENT },		{ "/none-of-this", NULL, ENOENT },
	{ "f", NULL, ENOTDIR },			{ "f/", NULL, ENOTDIR },
	{ "f/..", NULL, ENOTDIR },		{ "loop", NULL, ELOOP },
	{ "loop/x", NULL, ELOOP },
};

START_TEST(directories_by_path)
{
	begin();
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		int before = count_open(), fd;

		errno = 0;
		fd = root_dir(&root, dirs[i].path);
		if (dirs[i].wanted == NULL) {
			ck_assert_msg(fd == -1 && errno == dirs[i].err,
			    "\"%s\": expected errno %d, got %d, %d",
			    dirs[i].path, dirs[i].err, fd, errno);
		} else {
			expect_dir(fd, dirs[i].wanted, dirs[i].path);
			expect_o_path(fd);
			close(fd);
		}
		ck_assert_int_eq(count_open(), before);
	}
}
END_TEST

/* Nested directories of the longest name: *PATH leads to the last of them. */
static char *
make_deep(int fds[LEVELS])
{
	char name[NAME_MAX + 1], *path = malloc(LEVELS * (NAME_MAX + 1) + 64);

	ck_assert_ptr_nonnull(path);
	memset(name, 'n', NAME_MAX);
	name[NAME_MAX] = path[0] = '\0';
	for (int i = 0, at = unit_fd; i < LEVELS; at = fds[i++]) {
		name[0] = (char)('a' + i);
		ck_assert_int_eq(mkdirat(at, name, 0755), 0);
		fds[i] = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		ck_assert_int_ge(fds[i], 0);
		strcat(path, name);
		if (i + 1 < LEVELS)
			strcat(path, "/");
	}
	return path;
}

/* The library that removes the test's directory knows paths of less than PATH_MAX only. */
static void
remove_deep(int fds[LEVELS])
{
	char name[NAME_MAX + 1];

	memset(name, 'n', NAME_MAX);
	name[NAME_MAX] = '\0';
	for (int i = LEVELS; i-- > 0;) {
		name[0] = (char)('a' + i);
		ck_assert_int_eq(unlinkat(i > 0 ? fds[i - 1] : unit_fd, name, AT_REMOVEDIR), 0);
		close(fds[i]);
	}
}

static void
expect_same(int fd, int wanted, const char *what)
{
	struct stat a, b;

	ck_assert_msg(fd != -1, "%s: %s", what, strerror(errno));
	ck_assert_int_eq(fstatat(fd, "", &a, AT_EMPTY_PATH), 0);
	ck_assert_int_eq(fstat(wanted, &b), 0);
	ck_assert_msg(a.st_ino == b.st_ino, "%s: another directory", what);
}

START_TEST(paths_longer_than_the_kernel_takes)
{
	int fds[LEVELS], before, fd;
	struct place p;
	char *path, *longer = malloc(LEVELS * (NAME_MAX + 1) + 256);

	begin();
	path = make_deep(fds);
	ck_assert_uint_gt(strlen(path), PATH_MAX);
	before = count_open();

	fd = root_dir(&root, path);
	expect_same(fd, fds[LEVELS - 1], "a relative path");
	close(fd);
	sprintf(longer, "%s/%s///", unit_path, path);
	fd = root_dir(&root, longer);
	expect_same(fd, fds[LEVELS - 1], "an absolute path");
	close(fd);

	sprintf(longer, "%s/leaf//", path);
	ck_assert_int_eq(place_open(&root, longer, &p), 0);
	ck_assert_str_eq(p.leaf, "leaf");
	expect_same(p.dirfd, fds[LEVELS - 1], "a relative place");
	place_close(&p);
	sprintf(longer, "%s/%s", unit_path, path);
	ck_assert_int_eq(place_open(&root, longer, &p), 0);
	ck_assert_str_eq(p.leaf, strrchr(path, '/') + 1);
	expect_same(p.dirfd, fds[LEVELS - 2], "an absolute place");
	place_close(&p);

	sprintf(longer, "%s/none/x", path);
	errno = 0;
	ck_assert_int_eq(root_dir(&root, longer), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(place_open(&root, longer, &p), -1);
	place_close(&p);
	ck_assert_int_eq(count_open(), before);
	free(longer);
	free(path);
	remove_deep(fds);
}
END_TEST

/* Every length around the limit, in steps of one, of ways to say "d/sub". */
START_TEST(paths_about_as_long_as_the_kernel_takes)
{
	static const char end[] = "d/sub";
	static char path[3 * PATH_MAX];
	static const char *const fillers[] = { "./", "d/../", "d//////../", "/" };
	static const char *const starts[] = { "./", "./", "./", "d/" };
	static const char *const ends[] = { "d/sub", "d/sub", "d/sub", "sub" };

	begin();
	for (size_t i = 0; i < 4; i++)
		for (size_t len = PATH_MAX - 16; len < PATH_MAX + 16; len++) {
			size_t n;
			int fd;

			strcpy(path, starts[i]);
			n = strlen(path);
			while (n + strlen(fillers[i]) + strlen(ends[i]) <= len) {
				strcpy(path + n, fillers[i]);
				n += strlen(fillers[i]);
			}
			while (n + strlen(ends[i]) < len)
				path[n++] = '/';
			strcpy(path + n, ends[i]);
			ck_assert_uint_eq(strlen(path), len);
			fd = root_dir(&root, path);
			ck_assert_msg(fd != -1, "filler %zu, length %zu: %s", i, len,
			    strerror(errno));
			expect_dir(fd, end, path);
			close(fd);
		}
	/* Nothing but slashes for more than the kernel takes, at the begin and in the middle. */
	memset(path, '/', 2 * PATH_MAX);
	strcpy(path + 2 * PATH_MAX, "dev");
	expect_dir(root_dir(&root, path), "/dev", "slashes at the begin");
	path[0] = 'd';
	strcpy(path + 2 * PATH_MAX, "sub");
	expect_dir(root_dir(&root, path), "d/sub", "slashes in the middle");
	strcpy(path + 2 * PATH_MAX, "");
	expect_dir(root_dir(&root, path), "d", "slashes at the end");
}
END_TEST

START_TEST(names_longer_than_any)
{
	static const size_t lens[] = { NAME_MAX + 1, PATH_MAX - 1, PATH_MAX, PATH_MAX + 1,
	    3 * PATH_MAX };
	static const char *const begins[] = { "", "d/", "/", "./d//" };
	static char name[4 * PATH_MAX], path[4 * PATH_MAX + 16];

	begin();
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++)
		for (size_t k = 0; k < sizeof(begins) / sizeof(begins[0]); k++) {
			int before = count_open();
			struct place p;

			memset(name, 'n', lens[i]);
			name[lens[i]] = '\0';
			snprintf(path, sizeof(path), "%s%s", begins[k], name);
			errno = 0;
			ck_assert_int_eq(root_dir(&root, path), -1);
			ck_assert_int_eq(errno, ENAMETOOLONG);
			errno = 0;
			ck_assert_int_eq(place_open(&root, path, &p), -1);
			ck_assert_int_eq(errno, ENAMETOOLONG);
			place_close(&p);
			strcat(path, "/x");
			errno = 0;
			ck_assert_int_eq(root_dir(&root, path), -1);
			ck_assert_int_eq(errno, ENAMETOOLONG);
			errno = 0;
			ck_assert_int_eq(place_open(&root, path, &p), -1);
			ck_assert_int_eq(errno, ENAMETOOLONG);
			place_close(&p);
			ck_assert_int_eq(count_open(), before);
		}
}
END_TEST

START_TEST(no_name_of_a_directory_that_is_too_deep)
{
	int fds[LEVELS], end, err;
	char leaf[NAME_MAX + 1], *path;

	begin();
	path = make_deep(fds);
	errno = 0;
	end = place_own_name(&root, fds[LEVELS - 1], leaf);
	err = errno;
	remove_deep(fds);
	ck_assert_int_eq(end, -1);
	ck_assert_int_eq(err, ENAMETOOLONG);
	free(path);
}
END_TEST

/* On the whole system, as everybody does: by the name alone. */
START_TEST(entries_of_the_whole_system)
{
	struct stat st;
	char got[2];
	int fd;

	begin();
	make_link("to-file", "d/g");
	make_link("dangling", "none");
	fd = root_entry(&root, unit_fd, "to-file", "not used", O_RDONLY);
	ck_assert_int_eq(read(fd, got, sizeof(got)), 1);
	ck_assert_int_eq(got[0], 'g');
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	fd = root_entry(&root, unit_fd, "link", "not used", O_RDONLY | O_DIRECTORY);
	expect_dir(fd, "d", "link");
	ck_assert_int_eq(root_entry(&root, unit_fd, "dangling", "f", O_RDONLY), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(root_entry(&root, unit_fd, "loop", "f", O_RDONLY), -1);
	ck_assert_int_eq(errno, ELOOP);
	ck_assert_int_eq(root_look(&root, unit_fd, "to-file", "not used", &st), 0);
	ck_assert(S_ISREG(st.st_mode) && st.st_size == 1);
	ck_assert_int_eq(root_look(&root, unit_fd, "link", "not used", &st), 0);
	ck_assert(S_ISDIR(st.st_mode));
	ck_assert_int_eq(root_look(&root, unit_fd, "dangling", "f", &st), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(root_look(&root, unit_fd, "loop", "f", &st), -1);
	ck_assert_int_eq(errno, ELOOP);
	/* Whatever filesystem they are in. */
	fd = root_dir(&root, "/proc/self");
	ck_assert_int_ge(fd, 0);
	ck_assert(root_serves(&root, fd, NULL));
	fd = root_entry(&root, fd, "comm", "not used", O_RDONLY);
	ck_assert_int_eq(read(fd, got, 1), 1);
	ck_assert(root_serves(&root, fd, NULL));
}
END_TEST

/* Waiting would last for ever: the test would be killed. */
START_TEST(a_fifo_is_not_waited_for)
{
	int fd;

	begin();
	ck_assert_int_eq(mkfifoat(unit_fd, "fifo", 0600), 0);
	make_link("to-fifo", "fifo");
	errno = 0;
	ck_assert_int_eq(root_entry(&root, unit_fd, "to-fifo", "", O_WRONLY), -1);
	ck_assert_int_eq(errno, ENXIO);
	fd = root_entry(&root, unit_fd, "to-fifo", "", O_RDONLY);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_ge(root_entry(&root, unit_fd, "fifo", "", O_WRONLY), 0);
}
END_TEST

static int
open_entry(int dirfd, const char *name)
{
	return root_entry(&root, dirfd, name, "", O_RDWR);
}

START_TEST(a_terminal_is_not_taken)
{
	begin();
	expect_no_terminal(open_entry);
}
END_TEST

/*
 * Confined: to "srv/data", which has "srv/link" as another name and "srv/data-evil" as a neighbour.
 */

static void
make_data(void)
{
	make_dir("outside");
	put_file("outside/f", "secret", 0644);
	make_dir("srv");
	make_dir("srv/data-evil");
	put_file("srv/data-evil/f", "evil", 0644);
	make_dir("srv/data");
	make_dir("srv/data/in");
	make_dir("srv/data/in/deep");
	put_file("srv/data/f", "f", 0644);
	put_file("srv/data/in/g", "g", 0644);
	put_file("srv/data/in/deep/h", "h", 0644);
	make_link("srv/link", "data");
	make_link("srv/data/to-in", "in");
	make_link("srv/data/to-g", "in/g");
	make_link("srv/data/to-new", "in/new");
	make_link("srv/data/to-out", "../../outside");
	make_link("srv/data/to-out-f", "../../outside/f");
	make_link("srv/data/to-evil", "../data-evil");
	make_link("srv/data/to-etc", "/etc");
	make_link("srv/data/dangling", "none");
	make_link("srv/data/loop", "loop");
	make_link("srv/data/in/up-f", "../f");
	make_link("srv/data/in/to-deep", "deep");
	make_link("srv/data/in/out", "../../../outside");
	ck_assert_int_eq(fchdir(unit_fd), 0);
}

/* PATH of the test's own directory, as everybody calls it. */
static const char *
full(const char *path)
{
	static char dst[PATH_MAX];

	snprintf(dst, sizeof(dst), "%s%s%s", unit_path, path[0] != '\0' ? "/" : "", path);
	return dst;
}

/* Confines to PATH of the test's own directory. */
static int
confine(const char *path, const char *inner, const char *start, bool follow, const char **what)
{
	errno = 0;
	return root_confine(&root, full(path), inner, start, follow, what);
}

static void
confine_or_die(const char *path, const char *inner, const char *start, bool follow)
{
	const char *what = "";

	ck_assert_msg(confine(path, inner, start, follow, &what) == 0, "%s: %s: %s", path, what,
	    strerror(errno));
	ck_assert(root.confined);
	ck_assert(root.follow == follow);
}

/* What can be had, with links and without (NULL), and which of the two cannot. */
static const struct {
	const char *path, *inner, *start;
	const char *fd, *from;		/* NULL: none */
	bool	    links;		/* only with them */
	const char *what;
	int	    err;
} confinements[] = {
	{ "srv/data", "", "", "srv/data", "srv/data", false, NULL, 0 },
	{ "srv/data", "", "in", "srv/data", "srv/data/in", false, NULL, 0 },
	{ "srv/data", "", "in/deep", "srv/data", "srv/data/in/deep", false, NULL, 0 },
	{ "srv/data", "in", "", "srv/data/in", "srv/data/in", false, NULL, 0 },
	{ "srv/data", "in", "deep", "srv/data/in", "srv/data/in/deep", false, NULL, 0 },
	{ "srv/data", "in/deep", "", "srv/data/in/deep", "srv/data/in/deep", false, NULL, 0 },
	{ "srv", "data/in", "deep", "srv/data/in", "srv/data/in/deep", false, NULL, 0 },
	/* The administrator's own path may have links; what is beneath it is as the policy says. */
	{ "srv/link", "", "in", "srv/data", "srv/data/in", false, NULL, 0 },
	{ "srv/link", "in", "", "srv/data/in", "srv/data/in", false, NULL, 0 },
	{ "srv", "link", "", "srv/data", "srv/data", true, "root", ELOOP },
	{ "srv", "link/in", "deep", "srv/data/in", "srv/data/in/deep", true, "root", ELOOP },
	{ "srv/data", "to-in", "deep", "srv/data/in", "srv/data/in/deep", true, "root", ELOOP },
	{ "srv/data", "", "to-in", "srv/data", "srv/data/in", true, "start", ELOOP },
	{ "srv/data", "in", "to-deep", "srv/data/in", "srv/data/in/deep", true, "start", ELOOP },
	/* What is not there, or no directory. */
	{ "none", "", "", NULL, NULL, false, "root", ENOENT },
	{ "srv/data/f", "", "", NULL, NULL, false, "root", ENOTDIR },
	{ "srv/data", "none", "", NULL, NULL, false, "root", ENOENT },
	{ "srv/data", "f", "", NULL, NULL, false, "root", ENOTDIR },
	{ "srv/data", "f/x", "", NULL, NULL, false, "root", ENOTDIR },
	{ "srv/data", "", "none", NULL, NULL, false, "start", ENOENT },
	{ "srv/data", "", "f", NULL, NULL, false, "start", ENOTDIR },
	{ "srv/data", "in", "in", NULL, NULL, false, "start", ENOENT },
};

/* Links that lead out, or nowhere, as what is beneath. */
static const struct { const char *inner, *start, *what; int err; } bad_links[] = {
	{ "to-out", "", "root", EXDEV },	{ "to-evil", "", "root", EXDEV },
	{ "to-etc", "", "root", EXDEV },	{ "loop", "", "root", ELOOP },
	{ "dangling", "", "root", ENOENT },	{ "to-g", "", "root", ENOTDIR },
	{ "to-out/x", "", "root", EXDEV },
	{ "", "to-out", "start", EXDEV },	{ "", "to-evil", "start", EXDEV },
	{ "", "to-etc", "start", EXDEV },	{ "", "loop", "start", ELOOP },
	{ "", "dangling", "start", ENOENT },	{ "", "to-g", "start", ENOTDIR },
	{ "in", "out", "start", EXDEV },	{ "in", "out/x", "start", EXDEV },
};

static void
expect_no_root(int end, const char *what, const char *wanted_what, int err, size_t i)
{
	ck_assert_msg(end == -1 && errno == err && strcmp(what, wanted_what) == 0,
	    "%zu: expected %s: %s, got %d, %s: %s", i, wanted_what, strerror(err), end, what,
	    strerror(errno));
}

static void
expect_start(const char *dir)
{
	int fd = root_dir(&root, ".");

	expect_dir(fd, dir, "where relative paths begin");
	close(fd);
}

START_TEST(confinement)
{
	make_data();
	if (lacks_kernel(_i))
		return;
	for (size_t i = 0; i < COUNT(confinements) * 2; i++) {
		const char *what = "", *wanted = confinements[i / 2].fd;
		bool follow = i % 2 == 1;
		int before = count_open(), end;

		end = confine(confinements[i / 2].path, confinements[i / 2].inner,
		    confinements[i / 2].start, follow, &what);
		if (wanted == NULL || (confinements[i / 2].links && !follow)) {
			expect_no_root(end, what, confinements[i / 2].what, confinements[i / 2].err,
			    i / 2);
		} else {
			ck_assert_msg(end == 0, "%zu: %s: %s", i / 2, what, strerror(errno));
			expect_dir(root.fd, wanted, "fd");
			expect_dir(root.start, confinements[i / 2].from, "start");
			expect_o_path(root.fd);
			expect_o_path(root.start);
			expect_start(confinements[i / 2].from);
			ck_assert_str_eq(root.name, full(wanted));
		}
		root_close(&root);
		ck_assert_int_eq(count_open(), before);
		/* And the working directory is where it was. */
		ck_assert_int_eq(faccessat(AT_FDCWD, "srv/data", F_OK, 0), 0);
	}
	for (size_t i = 0; i < COUNT(bad_links); i++) {
		const char *what = "";
		int before = count_open(), end;

		end = confine("srv/data", bad_links[i].inner, bad_links[i].start, true, &what);
		expect_no_root(end, what, bad_links[i].what, bad_links[i].err, i);
		root_close(&root);
		end = confine("srv/data", bad_links[i].inner, bad_links[i].start, false, &what);
		expect_no_root(end, what, bad_links[i].what, ELOOP, i);
		root_close(&root);
		ck_assert_int_eq(count_open(), before);
	}
}
END_TEST

START_TEST(confinement_to_names_too_long)
{
	static char path[PATH_MAX + 16];
	const char *what = "";
	int end;

	make_data();
	if (lacks_kernel(_i))
		return;
	for (size_t i = 0; i + 1 < sizeof(path); i++)
		path[i] = i % 2 == 0 ? '/' : 'n';
	end = root_confine(&root, path, "", "", false, &what);
	expect_no_root(end, what, "root", ENAMETOOLONG, 0);
	root_close(&root);
	end = confine("srv/data", path + 1, "", false, &what);
	expect_no_root(end, what, "root", ENAMETOOLONG, 1);
	root_close(&root);
	end = confine("srv/data", "", path + 1, false, &what);
	expect_no_root(end, what, "start", ENAMETOOLONG, 2);
	root_close(&root);
	path[PATH_MAX - 8] = '\0';
	end = confine("srv/data", path + 1, "", false, &what);
	expect_no_root(end, what, "root", ENAMETOOLONG, 3);
	root_close(&root);
	memset(path, 'n', NAME_MAX + 1);
	path[NAME_MAX + 1] = '\0';
	end = confine("srv/data", path, "", false, &what);
	expect_no_root(end, what, "root", ENAMETOOLONG, 4);
	root_close(&root);
	end = confine("srv/data", "", path, false, &what);
	expect_no_root(end, what, "start", ENAMETOOLONG, 5);
	root_close(&root);
}
END_TEST

/* Where relative paths begin when nobody said. */
START_TEST(confined_where_we_are)
{
	static const struct { const char *here, *path, *inner, *start; } rows[] = {
		{ "srv/data", "srv/data", "", "srv/data" },
		{ "srv/data/in", "srv/data", "", "srv/data/in" },
		{ "srv/data/in/deep", "srv/data", "", "srv/data/in/deep" },
		{ "srv/data/in/deep", "srv/data", "in", "srv/data/in/deep" },
		{ "srv/data/in/deep", "srv/link", "in", "srv/data/in/deep" },
		{ "srv/link/in", "srv/data", "", "srv/data/in" },
		{ "srv/link/in", "srv/link", "", "srv/data/in" },
		{ "srv/data/to-in", "srv/data", "", "srv/data/in" },
		{ "srv/data/to-out", "srv/data", "", "srv/data" },
		{ "srv", "srv/data", "", "srv/data" },
		{ "", "srv/data", "", "srv/data" },
		{ "srv/data-evil", "srv/data", "", "srv/data" },
		{ "srv/data", "srv/data-evil", "", "srv/data-evil" },
		{ "srv/data", "srv/data", "in", "srv/data/in" },
		{ "outside", "srv/data", "in", "srv/data/in" },
	};

	make_data();
	if (lacks_kernel(_i))
		return;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct stat was, is;
		const char *what = "";
		int before = count_open();

		ck_assert_int_eq(chdir(full(rows[i].here)), 0);
		ck_assert_int_eq(stat(".", &was), 0);
		ck_assert_int_eq(confine(rows[i].path, rows[i].inner, NULL, i % 2, &what), 0);
		expect_dir(root.start, rows[i].start, rows[i].here);
		expect_start(rows[i].start);
		root_close(&root);
		ck_assert_int_eq(stat(".", &is), 0);
		ck_assert_uint_eq(was.st_ino, is.st_ino);
		ck_assert_int_eq(count_open(), before);
	}
}
END_TEST

START_TEST(confined_with_the_working_directory_gone)
{
	const char *what = "";

	make_data();
	make_dir("srv/data/gone");
	if (lacks_kernel(_i))
		return;
	ck_assert_int_eq(chdir(full("srv/data/gone")), 0);
	ck_assert_int_eq(unlinkat(unit_fd, "srv/data/gone", AT_REMOVEDIR), 0);
	confine_or_die("srv/data", "", NULL, false);
	expect_start("srv/data");
	root_close(&root);
	confine_or_die("srv/data", "in", "deep", false);
	expect_start("srv/data/in/deep");
	root_close(&root);
	/* The root itself gone is another matter. */
	ck_assert_int_eq(confine("srv/data/gone", "", NULL, false, &what), -1);
	ck_assert_int_eq(errno, ENOENT);
	root_close(&root);
}
END_TEST

/* To a directory that may only be searched, from one that may not even be that. */
START_TEST(confined_where_permissions_are_scarce)
{
	const char *what = "";
	struct place p;
	int fd;

	become_user();
	make_data();
	make_dir("closed");
	if (lacks_kernel(_i))
		return;
	ck_assert_int_eq(fchmodat(unit_fd, "srv/data", 0111, 0), 0);
	confine_or_die("srv/data", "", NULL, false);
	ck_assert_int_eq(place_open(&root, "/in/g", &p), 0);
	fd = dir_open(p.dirfd, p.leaf, O_RDONLY, 0);
	ck_assert_int_ge(fd, 0);
	place_close(&p);
	root_close(&root);
	ck_assert_int_eq(chdir("closed"), 0);
	ck_assert_int_eq(fchmodat(unit_fd, "closed", 0, 0), 0);
	ck_assert_int_eq(confine("none", "", "", false, &what), -1);
	ck_assert_msg(errno == ENOENT, "expected ENOENT, got %s", strerror(errno));
	root_close(&root);
	confine_or_die("srv/data", "", NULL, false);
	expect_start("srv/data");
	root_close(&root);
	confine_or_die("srv/data", "", "in", false);
	expect_start("srv/data/in");
	root_close(&root);
	/* A root that may not be searched serves nobody. */
	ck_assert_int_eq(fchmodat(unit_fd, "srv/data", 0600, 0), 0);
	ck_assert_int_eq(confine("srv/data", "", "", false, &what), -1);
	ck_assert_int_eq(errno, EACCES);
	ck_assert_str_eq(what, "root");
	root_close(&root);
	ck_assert_int_eq(fchmodat(unit_fd, "srv/data", 0755, 0), 0);
}
END_TEST

/* A root called "srv/link", which is "srv/data", with relative paths from "in". */
static const struct {
	const char *path;	/* "@": the test's own directory, at the beginning */
	const char *wanted;	/* NULL: above the root */
} plains[] = {
	{ "", "in" },			{ ".", "in" },
	{ "./", "in" },			{ "g", "in/g" },
	{ "./g/", "in/g" },		{ "deep//h", "in/deep/h" },
	{ "..", "" },			{ "../", "" },
	{ "../f", "f" },		{ "../in/../f", "f" },
	{ "deep/../../f", "f" },	{ "../..", NULL },
	{ "../../data/f", NULL },	{ "deep/../../../x", NULL },
	{ "/", "" },			{ "///", "" },
	{ "/.", "" },			{ "/f", "f" },
	{ "//f//", "f" },		{ "/./f/.", "f" },
	{ "/in/g", "in/g" },		{ "/in//g", "in/g" },
	{ "/in/./g", "in/g" },		{ "/in/../f", "f" },
	{ "/..", NULL },		{ "/in/../..", NULL },
	{ "/../srv/data/f", NULL },	{ "/etc/passwd", "etc/passwd" },
	/* Its own path, by its real and its configured name. */
	{ "@/srv/data", "" },		{ "@/srv/data/", "" },
	{ "@/srv/data//", "" },		{ "@/srv/data/.", "" },
	{ "@/srv/data/f", "f" },	{ "@/srv/data//f", "f" },
	{ "@/srv/data/./f/", "f" },	{ "@/srv/data/in/../f", "f" },
	{ "@/srv/link", "" },		{ "@/srv/link/", "" },
	{ "@/srv/link/f", "f" },	{ "@/srv/link/in/g", "in/g" },
	{ "@/srv/data/..", NULL },	{ "@/srv/data/../data/f", NULL },
	{ "@/srv/link/..", NULL },	{ "@/srv/link/in/../../f", NULL },
	/* Once. */
	{ "@/srv/data@/srv/data/f", "@/srv/data/f" },
};

/* Only what begins with it counts, and only whole components: these are paths from the root. */
static const char *const others[] = {
	"@", "@/srv", "@/srv/", "@/srv/dat", "@/srv/data-evil", "@/srv/data-evil/f", "@/srv/data.",
	"@/srv/dataf", "@/srv/link2/f", "@/srv/lin", "@/srv/DATA/f", "@/outside/f",
};

static const char *
expand_at(const char *path, char dst[PATH_MAX])
{
	size_t n = 0;

	for (; *path != '\0'; path++)
		if (*path == '@')
			n += (size_t)snprintf(dst + n, PATH_MAX - n, "%s", unit_path);
		else
			dst[n++] = *path;
	dst[n] = '\0';
	return dst;
}

START_TEST(plain_paths_of_a_confined_root)
{
	char path[PATH_MAX], got[PATH_MAX], wanted[PATH_MAX];

	make_data();
	confine_or_die("srv/link", "", "in", false);
	for (size_t i = 0; i < COUNT(plains); i++) {
		int end;

		errno = 0;
		end = root_plain(&root, expand_at(plains[i].path, path), got);
		if (plains[i].wanted == NULL) {
			ck_assert_msg(end == -1 && errno == EXDEV, "%s: %d, %s", path, end,
			    strerror(errno));
			continue;
		}
		ck_assert_msg(end == 0, "%s: %s", path, strerror(errno));
		expand_at(plains[i].wanted, wanted);
		ck_assert_str_eq(got, wanted + (wanted[0] == '/'));
	}
	for (size_t i = 0; i < COUNT(others); i++) {
		ck_assert_int_eq(root_plain(&root, expand_at(others[i], path), got), 0);
		ck_assert_msg(strncmp(got, path + 1, strlen(got)) == 0 && got[0] != '\0',
		    "%s: %s", path, got);
	}
	root_close(&root);
}
END_TEST

/* The root's two names have two parts each when it lies beneath another one. */
START_TEST(names_of_an_inner_root)
{
	char path[PATH_MAX], got[PATH_MAX];

	make_data();
	confine_or_die("srv/link", "in", "", false);
	ck_assert_int_eq(root_plain(&root, expand_at("@/srv/link/in/g", path), got), 0);
	ck_assert_str_eq(got, "g");
	ck_assert_int_eq(root_plain(&root, expand_at("@/srv/data/in/g", path), got), 0);
	ck_assert_str_eq(got, "g");
	ck_assert_int_eq(root_plain(&root, expand_at("@/srv/data/f", path), got), 0);
	ck_assert_str_eq(got, path + 1);
	ck_assert_int_eq(root_plain(&root, expand_at("@/srv/link/inner", path), got), 0);
	ck_assert_str_eq(got, path + 1);
	ck_assert_int_eq(root_plain(&root, expand_at("@/srv/link/in/..", path), got), -1);
	ck_assert_int_eq(errno, EXDEV);
	root_close(&root);
}
END_TEST

START_TEST(plain_paths_too_long)
{
	static char path[2 * PATH_MAX];
	char got[PATH_MAX];
	size_t len;

	make_data();
	confine_or_die("srv/data", "", "in", false);
	len = (size_t)snprintf(path, sizeof(path), "%s/", full("srv/data"));
	for (size_t i = 0; i < PATH_MAX + 1; i++)
		path[len + i] = i % 2 == 0 ? 'n' : '/';
	ck_assert_int_eq(root_plain(&root, path, got), -1);
	ck_assert_int_eq(errno, ENAMETOOLONG);
	/* What is in front of it does not count. */
	path[len + PATH_MAX - 1] = '\0';
	ck_assert_int_eq(root_plain(&root, path, got), 0);
	ck_assert_str_eq(got + 1, path + len + 1);
	ck_assert_int_eq(root_plain(&root, path + len, got), -1);
	ck_assert_int_eq(errno, ENAMETOOLONG);
	path[len + PATH_MAX - 4] = '\0';
	ck_assert_int_eq(root_plain(&root, path + len, got), 0);
	root_close(&root);
}
END_TEST

/* On the whole system that is text, and no more: "/.." is "/", and nobody is refused. */
START_TEST(plain_paths_of_the_whole_system)
{
	static const struct { const char *path, *wanted; } rows[] = {
		{ "/", "" },			{ "/srv//data/./x/", "/srv/data/x" },
		{ "/..", "" },			{ "/../../b", "/b" },
		{ "/a/../../b/..", "" },	{ "@/f", "@/f" },
		{ "", "@/d" },			{ ".", "@/d" },
		{ "g", "@/d/g" },		{ "./sub//x", "@/d/sub/x" },
		{ "..", "@" },			{ "../f", "@/f" },
		{ "../../../../../../b", "/b" },
	};
	char path[PATH_MAX], got[PATH_MAX], wanted[PATH_MAX];

	begin();
	root_close(&root);
	ck_assert_int_eq(chdir("d"), 0);
	ck_assert_int_eq(root_open(&root), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		ck_assert_int_eq(root_plain(&root, expand_at(rows[i].path, path), got), 0);
		expand_at(rows[i].wanted, wanted);
		ck_assert_msg(strcmp(got, wanted + (wanted[0] == '/')) == 0, "%s: %s", path, got);
	}
	make_dir("d/gone");
	ck_assert_int_eq(chdir("gone"), 0);
	ck_assert_int_eq(unlinkat(unit_fd, "d/gone", AT_REMOVEDIR), 0);
	ck_assert_int_eq(root_plain(&root, "x", got), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(root_plain(&root, "/x", got), 0);
	ck_assert_str_eq(got, "x");
}
END_TEST

/*
 * What the paths of a request come to, from "in": the directory, and the place with its last link
 * followed or not.
 */
enum where { NOWHERE, LAST, ON_THE_WAY };	/* a link is in the path */

static const struct {
	const char *path;
	const char *dir;		/* as a directory; NULL: none */
	int	    dir_err;
	const char *place, *leaf;	/* not followed; NULL: none */
	int	    place_err;
	const char *through, *end;	/* followed; NULL: none */
	int	    through_err;
	enum where  link;
} requests[] = {
	{ "/", "", 0, NULL, NULL, EINVAL, NULL, NULL, EINVAL, NOWHERE },
	{ "..", "", 0, NULL, NULL, EINVAL, NULL, NULL, EINVAL, NOWHERE },
	{ "/f", NULL, ENOTDIR, "", "f", 0, "", "f", 0, NOWHERE },
	{ "/f/", NULL, ENOTDIR, "", "f", 0, "", "f", 0, NOWHERE },
	{ "../f", NULL, ENOTDIR, "", "f", 0, "", "f", 0, NOWHERE },
	{ "/in", "in", 0, "", "in", 0, "", "in", 0, NOWHERE },
	{ "deep", "in/deep", 0, "in", "deep", 0, "in", "deep", 0, NOWHERE },
	{ "/in/deep/h", NULL, ENOTDIR, "in/deep", "h", 0, "in/deep", "h", 0, NOWHERE },
	{ "new", NULL, ENOENT, "in", "new", 0, "in", "new", 0, NOWHERE },
	{ "/none/new", NULL, ENOENT, NULL, NULL, ENOENT, NULL, NULL, ENOENT, NOWHERE },
	{ "/f/new", NULL, ENOTDIR, NULL, NULL, ENOTDIR, NULL, NULL, ENOTDIR, NOWHERE },
	{ "/..", NULL, EXDEV, NULL, NULL, EXDEV, NULL, NULL, EXDEV, NOWHERE },
	{ "../..", NULL, EXDEV, NULL, NULL, EXDEV, NULL, NULL, EXDEV, NOWHERE },
	{ "../../outside/f", NULL, EXDEV, NULL, NULL, EXDEV, NULL, NULL, EXDEV, NOWHERE },
	{ "/etc/passwd", NULL, ENOENT, NULL, NULL, ENOENT, NULL, NULL, ENOENT, NOWHERE },
	/* Links. */
	{ "/to-in", "in", 0, "", "to-in", 0, "", "in", 0, LAST },
	{ "/to-in/deep", "in/deep", 0, "in", "deep", 0, "in", "deep", 0, ON_THE_WAY },
	{ "/to-g", NULL, ENOTDIR, "", "to-g", 0, "in", "g", 0, LAST },
	{ "/to-new", NULL, ENOENT, "", "to-new", 0, "in", "new", 0, LAST },
	{ "/dangling", NULL, ENOENT, "", "dangling", 0, "", "none", 0, LAST },
	{ "up-f", NULL, ENOTDIR, "in", "up-f", 0, "", "f", 0, LAST },
	{ "/to-out", NULL, EXDEV, "", "to-out", 0, NULL, NULL, EXDEV, LAST },
	{ "/to-out/f", NULL, EXDEV, NULL, NULL, EXDEV, NULL, NULL, EXDEV, ON_THE_WAY },
	{ "/to-out/new", NULL, EXDEV, NULL, NULL, EXDEV, NULL, NULL, EXDEV, ON_THE_WAY },
	{ "/to-out-f", NULL, EXDEV, "", "to-out-f", 0, NULL, NULL, EXDEV, LAST },
	{ "out/f", NULL, EXDEV, NULL, NULL, EXDEV, NULL, NULL, EXDEV, ON_THE_WAY },
	{ "/to-evil/f", NULL, EXDEV, NULL, NULL, EXDEV, NULL, NULL, EXDEV, ON_THE_WAY },
	{ "/to-etc/passwd", NULL, EXDEV, NULL, NULL, EXDEV, NULL, NULL, EXDEV, ON_THE_WAY },
	{ "/loop", NULL, ELOOP, "", "loop", 0, NULL, NULL, ELOOP, LAST },
	/* ".." is text: the way back from where a link leads is not looked for. */
	{ "/to-in/..", "", 0, NULL, NULL, EINVAL, NULL, NULL, EINVAL, NOWHERE },
	{ "/to-out/../f", NULL, ENOTDIR, "", "f", 0, "", "f", 0, NOWHERE },
	{ "/none/../in", "in", 0, "", "in", 0, "", "in", 0, NOWHERE },
};

static const char *
in_data(const char *path)
{
	static char dst[PATH_MAX];

	snprintf(dst, sizeof(dst), "srv/data%s%s", path[0] != '\0' ? "/" : "", path);
	return dst;
}

/* FD, or ERR, must be the directory DIR beneath the root. */
static void
expect_request(int fd, int err, const char *dir, int wanted_err, const char *what)
{
	if (dir == NULL)
		ck_assert_msg(fd == -1 && err == wanted_err, "%s: expected %s, got %d, %s", what,
		    strerror(wanted_err), fd, strerror(err));
	else
		expect_dir(fd, in_data(dir), what);
}

static void
ask_for_dir(size_t i, bool follow)
{
	bool no_link = requests[i].link != NOWHERE && !follow;
	int fd;

	errno = 0;
	fd = root_dir(&root, requests[i].path);
	expect_request(fd, errno, no_link ? NULL : requests[i].dir,
	    no_link ? ELOOP : requests[i].dir_err, requests[i].path);
	if (fd != -1)
		close(fd);
}

static void
ask_for_place(size_t i, bool follow, bool through)
{
	const char *dir = through ? requests[i].through : requests[i].place;
	const char *leaf = through ? requests[i].end : requests[i].leaf;
	int err = through ? requests[i].through_err : requests[i].place_err, end;
	struct place p = { .dirfd = 77, .owned = true };

	/* One at the end matters only where it is followed. */
	if (!follow && requests[i].link >= (through ? LAST : ON_THE_WAY)) {
		dir = NULL;
		err = ELOOP;
	}
	errno = 0;
	end = (through ? place_open_through : place_open)(&root, requests[i].path, &p);
	ck_assert_int_eq(end == 0, dir != NULL);
	expect_request(p.dirfd, errno, dir, err, requests[i].path);
	if (dir != NULL) {
		ck_assert_str_eq(p.leaf, leaf);
		expect_o_path(p.dirfd);
	}
	place_close(&p);
	ck_assert_int_eq(p.dirfd, -1);
	place_close(&p);
}

START_TEST(requests_of_a_confined_root)
{
	make_data();
	if (lacks_kernel(_i))
		return;
	for (int follow = 0; follow <= 1; follow++) {
		int before;

		confine_or_die("srv/data", "", "in", follow);
		before = count_open();
		for (size_t i = 0; i < COUNT(requests); i++) {
			ask_for_dir(i, follow);
			ask_for_place(i, follow, false);
			ask_for_place(i, follow, true);
			ck_assert_msg(count_open() == before, "%s: a descriptor leaks",
			    requests[i].path);
		}
		root_close(&root);
	}
}
END_TEST

/* No path at all is no place, as on the whole system, wherever relative paths begin. */
START_TEST(an_empty_path)
{
	struct place p;

	make_data();
	for (int i = 0; i < 2; i++) {
		if (i == 0)
			confine_or_die("srv/data", "", "in", true);
		else
			ck_assert_int_eq(root_open(&root), 0);
		errno = 0;
		ck_assert_int_eq(place_open(&root, "", &p), -1);
		ck_assert_int_eq(errno, EINVAL);
		errno = EINVAL;
		ck_assert(!root.confined || place_open_through(&root, "", &p) == -1);
		ck_assert_int_eq(errno, EINVAL);
		errno = 0;
		ck_assert_int_eq(root_dir(&root, ""), -1);
		ck_assert_int_eq(errno, ENOENT);
		root_close(&root);
	}
}
END_TEST

/*
 * Entries, in "in": what their names come to, without links and with them.
 */
static const struct {
	const char *name, *plain;
	const char *content;	/* with links; NULL: none */
	mode_t	    kind;	/* what looking says, with links; 0: an error */
	int	    err;	/* without content, with links; 0: EISDIR, a directory */
	bool	    link;	/* not without links: ELOOP */
} entries[] = {
	{ "g", "in/g", "g", S_IFREG, 0, false },
	{ "none", "in/none", NULL, 0, ENOENT, false },
	{ "up-f", "in/up-f", "f", S_IFREG, 0, true },
	{ "out", "in/out", NULL, 0, EXDEV, true },
	{ "out-f", "in/out-f", NULL, 0, EXDEV, true },
	{ "abs", "in/abs", NULL, 0, EXDEV, true },
	{ "away", "in/away", NULL, 0, ENOENT, true },
	{ "self", "in/self", NULL, 0, ELOOP, true },
};

START_TEST(entries_of_a_confined_root)
{
	int dirfd;

	make_data();
	make_link("srv/data/in/out-f", "../../../outside/f");
	make_link("srv/data/in/abs", full("srv/data/f"));
	make_link("srv/data/in/away", "none");
	make_link("srv/data/in/self", "self");
	dirfd = openat(unit_fd, "srv/data/in", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lacks_kernel(_i))
		return;
	for (size_t i = 0; i < COUNT(entries) * 2; i++) {
		bool follow = i % 2 == 1, no_link = entries[i / 2].link && !follow;
		const char *name = entries[i / 2].name, *plain = entries[i / 2].plain;
		const char *content = no_link ? NULL : entries[i / 2].content;
		int err = no_link ? ELOOP : entries[i / 2].err, fd, before;
		char got[8] = "";
		struct stat st;

		confine_or_die("srv/data", "", "", follow);
		before = count_open();
		errno = 0;
		fd = root_entry(&root, dirfd, name, plain, O_RDONLY);
		if (content != NULL) {
			ck_assert_msg(fd != -1, "%s: %s", name, strerror(errno));
			ck_assert_int_ge(read(fd, got, sizeof(got) - 1), 0);
			ck_assert_str_eq(got, content);
			ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
			close(fd);
		} else {
			ck_assert_msg(fd == -1 && errno == err, "%s: expected %s, got %d, %s",
			    name, strerror(err), fd, strerror(errno));
		}
		errno = 0;
		ck_assert_int_eq(root_look(&root, dirfd, name, plain, &st),
		    content != NULL ? 0 : -1);
		if (content != NULL)
			ck_assert(S_ISREG(st.st_mode) &&
			    st.st_size == (off_t)strlen(content));
		else
			ck_assert_int_eq(errno, err);
		ck_assert_int_eq(count_open(), before);
		root_close(&root);
	}
	close(dirfd);
}
END_TEST

START_TEST(directories_as_entries)
{
	struct stat st;
	int dirfd, fd;

	make_data();
	dirfd = openat(unit_fd, "srv/data/in", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lacks_kernel(_i))
		return;
	for (int follow = 0; follow <= 1; follow++) {
		confine_or_die("srv/data", "", "", follow);
		fd = root_entry(&root, dirfd, "deep", "in/deep", O_RDONLY | O_DIRECTORY);
		expect_dir(fd, "srv/data/in/deep", "deep");
		ck_assert_int_eq(root_look(&root, dirfd, "deep", "in/deep", &st), 0);
		ck_assert(S_ISDIR(st.st_mode));
		fd = root_entry(&root, dirfd, "g", "in/g", O_RDONLY | O_DIRECTORY);
		ck_assert_int_eq(fd, -1);
		ck_assert_int_eq(errno, ENOTDIR);
		fd = root_entry(&root, dirfd, "out", "in/out", O_RDONLY | O_DIRECTORY);
		ck_assert_int_eq(fd, -1);
		fd = root_entry(&root, dirfd, "to-deep", "in/to-deep", O_RDONLY | O_DIRECTORY);
		if (follow)
			expect_dir(fd, "srv/data/in/deep", "to-deep");
		else
			ck_assert_int_eq(fd, -1);
		ck_assert_int_eq(root_look(&root, dirfd, "to-deep", "in/to-deep", &st),
		    follow ? 0 : -1);
		root_close(&root);
	}
}
END_TEST

START_TEST(a_fifo_in_a_confined_root_is_not_waited_for)
{
	struct stat st;
	int dirfd, fd;

	make_data();
	dirfd = openat(unit_fd, "srv/data/in", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(mkfifoat(dirfd, "fifo", 0600), 0);
	make_link("srv/data/in/to-fifo", "fifo");
	if (lacks_kernel(_i))
		return;
	confine_or_die("srv/data", "", "", true);
	errno = 0;
	ck_assert_int_eq(root_entry(&root, dirfd, "fifo", "in/fifo", O_WRONLY), -1);
	ck_assert_int_eq(errno, ENXIO);
	errno = 0;
	ck_assert_int_eq(root_entry(&root, dirfd, "to-fifo", "in/to-fifo", O_WRONLY), -1);
	ck_assert_int_eq(errno, ENXIO);
	ck_assert_int_eq(root_look(&root, dirfd, "to-fifo", "in/to-fifo", &st), 0);
	ck_assert(S_ISFIFO(st.st_mode));
	fd = root_entry(&root, dirfd, "to-fifo", "in/to-fifo", O_RDONLY);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_ge(root_entry(&root, dirfd, "fifo", "in/fifo", O_WRONLY), 0);
	root_close(&root);
}
END_TEST

START_TEST(names_in_a_confined_root)
{
	static const struct { const char *path, *name; } rows[] = {
		{ "/", "data" }, { "/.", "data" }, { ".", "in" }, { "..", "data" },
		{ "deep", "deep" }, { "/to-in", "in" }, { "/to-in/to-deep/.", "deep" },
	};
	char leaf[NAME_MAX + 1];
	int fd, before;

	make_data();
	if (lacks_kernel(_i))
		return;
	confine_or_die("srv/link", "", "in", true);
	before = count_open();
	for (size_t i = 0; i < COUNT(rows); i++) {
		fd = root_dir(&root, rows[i].path);
		ck_assert_int_ge(fd, 0);
		ck_assert_int_eq(place_own_name(&root, fd, leaf), 0);
		ck_assert_str_eq(leaf, rows[i].name);
		close(fd);
	}
	ck_assert_int_eq(count_open(), before);
	root_close(&root);
}
END_TEST

/*
 * Everything but what the kernel makes up.
 */

static const char *const kernels_own[] = {
	"/proc", "/proc/self", "/proc/sys/kernel", "/sys", "/sys/kernel", "/dev/pts",
};

/* False where this machine has something else there, or nothing. */
static bool
is_made_up(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && (fs.f_type == PROC_SUPER_MAGIC ||
	    fs.f_type == SYSFS_MAGIC || fs.f_type == DEVPTS_SUPER_MAGIC);
}

START_TEST(no_root_in_what_the_kernel_makes_up)
{
	const char *what = "";
	int before = count_open(), tried = 0, end;

	make_data();
	if (lacks_kernel(_i))
		return;
	for (size_t i = 0; i < COUNT(kernels_own); i++) {
		if (!is_made_up(kernels_own[i]))
			continue;
		tried++;
		errno = 0;
		end = root_confine(&root, kernels_own[i], "", "", true, &what);
		expect_no_root(end, what, "root", EXDEV, i);
		root_close(&root);
		errno = 0;
		end = root_confine(&root, "/", kernels_own[i] + 1, "", true, &what);
		expect_no_root(end, what, "root", EXDEV, i);
		root_close(&root);
		errno = 0;
		end = root_confine(&root, "/", "", kernels_own[i] + 1, true, &what);
		expect_no_root(end, what, "start", EXDEV, i);
		root_close(&root);
		/* It is no place to begin in, but that is not what was asked for. */
		ck_assert_int_eq(chdir(kernels_own[i]), 0);
		ck_assert_int_eq(root_confine(&root, "/", "", NULL, true, &what), 0);
		ck_assert_str_eq(root.from, "");
		root_close(&root);
	}
	ck_assert_int_gt(tried, 0);
	ck_assert_int_eq(count_open(), before);
}
END_TEST

static void
expect_outside(int fd, const char *what)
{
	ck_assert_msg(fd == -1 && errno == EXDEV, "%s: %d, %s", what, fd, strerror(errno));
}

START_TEST(a_root_of_everything)
{
	const char *what = "";
	char path[PATH_MAX], leaf[NAME_MAX + 1];
	struct place p;
	struct stat st;
	int fd;

	make_data();
	/* To the top by text alone, since an absolute link leads out. */
	make_link("srv/data/version", "../../../../proc/version");
	make_link("srv/data/proc", "../../../../proc");
	make_link("srv/data/ours", "../../outside/f");
	if (lacks_kernel(_i))
		return;
	ck_assert_int_eq(root_confine(&root, "/", "", NULL, true, &what), 0);
	ck_assert_str_eq(root.name, "");
	ck_assert_str_eq(root.alias, "");
	ck_assert_str_eq(root.from, unit_path + 1);
	expect_dir(root.start, ".", "start");
	ck_assert_int_eq(place_own_name(&root, root.fd, leaf), -1);
	ck_assert_int_eq(errno, EINVAL);
	for (size_t i = 0; i < COUNT(kernels_own); i++) {
		if (!is_made_up(kernels_own[i]))
			continue;
		expect_outside(root_dir(&root, kernels_own[i]), kernels_own[i]);
		snprintf(path, sizeof(path), "%s/x", kernels_own[i]);
		expect_outside(place_open(&root, path, &p), path);
		ck_assert_int_eq(p.dirfd, -1);
		expect_outside(place_open_through(&root, path, &p), path);
		ck_assert_int_eq(p.dirfd, -1);
		fd = open(kernels_own[i], O_PATH | O_CLOEXEC);
		ck_assert_int_eq(fstat(fd, &st), 0);
		ck_assert(!root_serves(&root, fd, &st));
		ck_assert(!root_serves(&root, fd, NULL));
		close(fd);
	}
	/* Links to it. */
	expect_outside(root_dir(&root, "srv/data/proc"), "a link");
	expect_outside(place_open(&root, "srv/data/proc/version", &p), "behind a link");
	expect_outside(place_open_through(&root, "srv/data/version", &p), "a link to a file");
	expect_outside(root_dir(&root, "/proc/self"), "a link in it");
	fd = openat(unit_fd, "srv/data", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	snprintf(path, sizeof(path), "%s/srv/data/version", unit_path + 1);
	expect_outside(root_entry(&root, fd, "version", path, O_RDONLY), "an entry");
	expect_outside(root_look(&root, fd, "version", path, &st), "a look at it");
	snprintf(path, sizeof(path), "%s/srv/data/proc", unit_path + 1);
	expect_outside(root_entry(&root, fd, "proc", path, O_RDONLY | O_DIRECTORY), "an entry");
	/* The controls: all else is served. */
	snprintf(path, sizeof(path), "%s/srv/data/ours", unit_path + 1);
	fd = root_entry(&root, fd, "ours", path, O_RDONLY);
	ck_assert_int_eq(read(fd, leaf, 6), 6);
	ck_assert_int_eq(memcmp(leaf, "secret", 6), 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert(root_serves(&root, fd, &st));
	expect_dir(root_dir(&root, "/dev"), "/dev", "/dev");
	expect_dir(root_dir(&root, full("srv")), "srv", "srv");
	expect_dir(root_dir(&root, "srv"), "srv", "srv");
	ck_assert_int_eq(place_open(&root, "/proc", &p), 0);
	expect_dir(p.dirfd, "/", "the place of /proc");
	place_close(&p);
	root_close(&root);
}
END_TEST

/* Where the kernel's own begins, an entry of a directory that is served is not. */
START_TEST(entries_where_something_else_is_mounted)
{
	const char *what = "";
	struct stat st;
	int top, fd;

	if (lacks_kernel(_i))
		return;
	ck_assert_int_eq(root_confine(&root, "/", "", "", false, &what), 0);
	top = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fd = root_entry(&root, top, "proc", "proc", O_RDONLY | O_DIRECTORY);
	ck_assert(fd == -1 || (fstat(fd, &st) == 0 && !root_serves(&root, fd, &st)));
	if (fd != -1)
		close(fd);
	fd = root_entry(&root, top, "dev", "dev", O_RDONLY | O_DIRECTORY);
	ck_assert(fd != -1 && fstat(fd, &st) == 0 && root_serves(&root, fd, &st));
	close(fd);
	root_close(&root);
}
END_TEST

/* In a filesystem of its own a root knows what lies in it, and whether closing a file may lose it there. */
START_TEST(what_lies_in_the_filesystem_of_the_root)
{
	const bool works = kernels[_i].err == 0;
	const char *what = "";
	struct stat st;
	bool same;
	int small = mount_small("size=64k");

	if (small == -1)
		return;
	make_dir("small/d");
	make_dir("small/m");
	put_file("small/d/f", "f", 0644);
	ck_assert_int_eq(mount("proc", PATH_IN("small/m"), "proc", 0, NULL), 0);
	if (lacks_kernel(_i))
		return;
	ck_assert_int_eq(root_confine(&root, PATH_IN("small"), "", "", false, &what), 0);
	ck_assert(root.sure);
	expect_dir(root_beneath_in(&root, "d", O_PATH, &same), "small/d", "d");
	ck_assert_int_eq(same, works);
	ck_assert_int_ge(root_entry_at_once(&root, "d/f", "d/f", O_RDONLY), 0);
	same = true;
	expect_outside(root_beneath_in(&root, "m", O_PATH, &same), "m");
	ck_assert(!same);
	expect_outside(root_entry_at_once(&root, "m/version", "m/version", O_RDONLY), "m/version");
	root_close(&root);
	/* Another one's is as good, but not known to be. */
	ck_assert_int_eq(root_confine(&root, unit_path, "", "", false, &what), 0);
	expect_dir(root_beneath_in(&root, "small/d", O_PATH, &same), "small/d", "small/d");
	ck_assert(!same);
	root_close(&root);
	ck_assert_int_eq(chdir(unit_path), 0);
	ck_assert_int_eq(root_open(&root), 0);
	ck_assert_int_ge(root_entry_at_once(&root, "small/m/version", "", O_RDONLY), 0);
	ck_assert_int_eq(root_look_at_once(&root, PATH_IN("small/d"), true, &st), 0);
	ck_assert(S_ISDIR(st.st_mode));
	root_close(&root);
	unmount_small(small);
}
END_TEST

/* A root that holds a home can be used to change what the home's owner runs. */
START_TEST(what_a_root_holds)
{
	static const struct { const char *path; bool held; } rows[] = {
		{ "srv/data", true }, { "srv/data/in", true }, { "srv/data/in/deep", true },
		{ "srv/link/in", true }, { "srv/link", true }, { "srv/data/", true },
		{ "srv/data/../data/in", true }, { "srv/data/to-in", true },
		{ "srv", false }, { "", false }, { "srv/data-evil", false }, { "outside", false },
		{ "srv/data/to-out", false }, { "srv/data/to-evil", false },
		/* What is not there is judged by its name. */
		{ "srv/data/none", true }, { "srv/data/none/home", true },
		{ "srv/data-none", false }, { "none", false },
	};
	const char *what = "";
	int before;

	make_data();
	confine_or_die("srv/data", "", "", false);
	before = count_open();
	for (size_t i = 0; i < COUNT(rows); i++)
		ck_assert_msg(root_holds(&root, full(rows[i].path)) == rows[i].held, "%s",
		    rows[i].path);
	ck_assert_int_eq(count_open(), before);
	root_close(&root);
	ck_assert_int_eq(root_confine(&root, "/", "", "", false, &what), 0);
	ck_assert_int_eq(root_holds(&root, "/"), 1);
	ck_assert_int_eq(root_holds(&root, full("srv")), 1);
	ck_assert_int_eq(root_holds(&root, "/none/of/this"), 1);
	root_close(&root);
}
END_TEST

/* A directory is what it is, whatever else it is called. */
START_TEST(what_a_root_holds_by_another_name)
{
	static const struct { const char *root, *home; int holds, lies_in; } rows[] = {
		{ "twice", "srv/data/in", 1, 0 },	{ "twice", "srv/data", 1, 1 },
		{ "twice/in", "srv/data/in/deep", 1, 0 }, { "twice/in", "srv/data", 0, 1 },
		{ "srv/data", "twice/in", 1, 0 },	{ "twice", "srv/data/none/home", 1, 0 },
		{ "twice", "outside", 0, 0 },		{ "twice", "srv", 0, 0 },
		/* What is mounted within itself is not the end of the way up. */
		{ "outside/self/self", "outside", 0, 1 },	{ "outside", "outside/self/self", 1, 0 },
		{ "srv", "outside/self", 0, 0 },	{ ".", "outside/self", 1, 0 },
	};

	if (!unshare_mounts())
		return;
	make_data();
	make_dir("twice");
	make_dir("outside/self");
	ck_assert_int_eq(mount(PATH_IN("outside"), PATH_IN("outside/self"), NULL, MS_BIND, NULL), 0);
	ck_assert_int_eq(mount(PATH_IN("srv/data"), PATH_IN("twice"), NULL, MS_BIND, NULL), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		confine_or_die(rows[i].root, "", "", false);
		ck_assert_msg(root_holds(&root, PATH_IN(rows[i].home)) == rows[i].holds,
		    "%s holds %s", rows[i].root, rows[i].home);
		ck_assert_msg(root_lies_in(&root, PATH_IN(rows[i].home)) == rows[i].lies_in,
		    "%s lies in %s", rows[i].root, rows[i].home);
		root_close(&root);
	}
	/* What is removed after the test is not to be reached by two ways. */
	ck_assert_int_eq(umount2(PATH_IN("twice"), MNT_DETACH), 0);
	ck_assert_int_eq(umount2(PATH_IN("outside/self"), MNT_DETACH), 0);
}
END_TEST

START_TEST(what_nobody_can_tell_of_a_root)
{
	make_data();
	make_link("dangling", "srv/data/none");
	confine_or_die("srv/data", "", "", false);
	ck_assert_int_eq(root_holds(&root, full("dangling")), -1);
	ck_assert_int_eq(root_holds(&root, full("dangling/home")), -1);
	ck_assert_int_eq(root_holds(&root, ""), -1);
	root_close(&root);
}
END_TEST

START_TEST(files_of_the_administrator)
{
	char got[2];
	int fd;

	begin();
	ck_assert_int_eq(mkfifoat(unit_fd, "fifo", 0600), 0);
	fd = root_file(full("f"));
	ck_assert_int_eq(read(fd, got, sizeof(got)), 1);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_ge(root_file(full("fifo")), 0);
	errno = 0;
	ck_assert_int_eq(root_file(full("none")), -1);
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, a_root_and_where_it_starts);
	tcase_add_test(t, a_working_directory_that_may_not_be_searched);
	tcase_add_test(t, directories_by_path);
	tcase_add_test(t, paths_longer_than_the_kernel_takes);
	tcase_add_test(t, paths_about_as_long_as_the_kernel_takes);
	tcase_add_test(t, names_longer_than_any);
	tcase_add_test(t, no_name_of_a_directory_that_is_too_deep);
	tcase_add_test(t, entries_of_the_whole_system);
	tcase_add_test(t, a_fifo_is_not_waited_for);
	tcase_add_test(t, a_terminal_is_not_taken);
	tcase_add_loop_test(t, confinement, 0, KERNELS);
	tcase_add_loop_test(t, confinement_to_names_too_long, 0, KERNELS);
	tcase_add_loop_test(t, confined_where_we_are, 0, KERNELS);
	tcase_add_loop_test(t, confined_with_the_working_directory_gone, 0, KERNELS);
	tcase_add_loop_test(t, confined_where_permissions_are_scarce, 0, KERNELS);
	tcase_add_test(t, plain_paths_of_a_confined_root);
	tcase_add_test(t, names_of_an_inner_root);
	tcase_add_test(t, plain_paths_too_long);
	tcase_add_test(t, plain_paths_of_the_whole_system);
	tcase_add_loop_test(t, requests_of_a_confined_root, 0, KERNELS);
	tcase_add_test(t, an_empty_path);
	tcase_add_loop_test(t, entries_of_a_confined_root, 0, KERNELS);
	tcase_add_loop_test(t, directories_as_entries, 0, KERNELS);
	tcase_add_loop_test(t, a_fifo_in_a_confined_root_is_not_waited_for, 0, KERNELS);
	tcase_add_loop_test(t, names_in_a_confined_root, 0, KERNELS);
	tcase_add_loop_test(t, no_root_in_what_the_kernel_makes_up, 0, KERNELS);
	tcase_add_loop_test(t, a_root_of_everything, 0, KERNELS);
	tcase_add_loop_test(t, entries_where_something_else_is_mounted, 0, KERNELS);
	tcase_add_loop_test(t, what_lies_in_the_filesystem_of_the_root, 0, KERNELS);
	tcase_add_test(t, what_a_root_holds);
	tcase_add_test(t, what_a_root_holds_by_another_name);
	tcase_add_test(t, what_nobody_can_tell_of_a_root);
	tcase_add_test(t, files_of_the_administrator);
}

int
main(void)
{
	return run_unit("root", add);
}
