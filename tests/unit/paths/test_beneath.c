/* SPDX-License-Identifier: ISC */
#include <sys/resource.h>
#include <sys/wait.h>

#include <signal.h>

#include "dirs.h"
#include "filter.h"
#include "mounts.h"
#include "paths/beneath.h"
#include "unit.h"

enum {
	LINK_TEXT_MAX = 4095,	/* that a link can have */
	SMALL_MAX = 8		/* bytes of a file here, NUL included */
};

static int top = -1;	/* the directory "top" of the test's own */

static void
open_top(void)
{
	top = openat(unit_fd, "top", O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(top, 0);
}

/* What to find, and what not to: all of the latter is beside "top". */
static void
make_tree(void)
{
	make_dir("outside");
	put_file("outside/f", "secret", 0644);
	make_dir("top");
	make_dir("top/d");
	make_dir("top/d/sub");
	make_dir("top/d/top");
	make_dir("top/outside");
	put_file("top/f", "f", 0644);
	put_file("top/d/g", "g", 0644);
	put_file("top/d/sub/h", "h", 0644);
	put_file("top/d/top/f", "dtf", 0644);
	put_file("top/outside/f", "of", 0644);
	open_top();
}

static void
put_link(const char *name, const char *target)
{
	char path[64];

	snprintf(path, sizeof(path), "top/%s", name);
	make_link(path, target);
}

/* FD, which is closed, must be what WANTED beneath top is: an ordinary open knows. */
static void
expect_same(int fd, const char *wanted, const char *what)
{
	struct stat got, st;

	ck_assert_msg(fd != -1, "%s: expected %s, got %s", what, wanted, strerror(errno));
	ck_assert_msg(fstatat(top, wanted, &st, 0) == 0, "%s: %s", wanted, strerror(errno));
	ck_assert_int_eq(fstat(fd, &got), 0);
	ck_assert_msg(got.st_ino == st.st_ino && got.st_dev == st.st_dev,
	    "%s: expected \"%s\"", what, wanted);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(close(fd), 0);
}

static void
expect_content(int fd, const char *wanted, const char *what)
{
	char got[SMALL_MAX] = "";

	ck_assert_msg(fd != -1, "%s: %s", what, strerror(errno));
	ck_assert_int_ge(read(fd, got, sizeof(got) - 1), 0);
	ck_assert_msg(strcmp(got, wanted) == 0, "%s: expected \"%s\", got \"%s\"", what, wanted,
	    got);
	ck_assert_int_eq(close(fd), 0);
}

static void
expect_error(int fd, int wanted, const char *what)
{
	int err = errno;

	ck_assert_msg(fd == -1, "%s: expected %s, got a descriptor", what, strerror(wanted));
	ck_assert_msg(err == wanted, "%s: expected %s, got %s", what, strerror(wanted),
	    strerror(err));
}

/*
 * Plain paths.
 */

static const struct {
	const char *from, *path, *wanted;	/* NULL: above the top */
} plains[] = {
	{ "", "", "" },			{ "", "/", "" },
	{ "", "///", "" },		{ "", ".", "" },
	{ "", "./", "" },		{ "", "././.", "" },
	{ "", "a", "a" },		{ "", "/a", "a" },
	{ "", "a/", "a" },		{ "", "//a//", "a" },
	{ "", "./a/.", "a" },		{ "", "a/..", "" },
	{ "", "a/../", "" },		{ "", "a/../b", "b" },
	{ "", "a/b/..", "a" },		{ "", "a/b/../..", "" },
	{ "", "a/b/../../c", "c" },	{ "", "a/./../b", "b" },
	{ "", "..", NULL },		{ "", "/..", NULL },
	{ "", "../", NULL },		{ "", "./..", NULL },
	{ "", "a/../..", NULL },	{ "", "a/../../a", NULL },
	{ "", "a/b/../../..", NULL },	{ "", "../a", NULL },
	/* What only looks like it. */
	{ "", "...", "..." },		{ "", "..a", "..a" },
	{ "", "a..", "a.." },		{ "", ".a", ".a" },
	{ "", "a.", "a." },		{ "", ".../..", "" },
	{ "", "a\nb/ /-", "a\nb/ /-" },	{ "", "\377/\376", "\377/\376" },
	{ "", "a\\/../b", "b" },	{ "", "~/a", "~/a" },
	/* From somewhere. */
	{ "s", "", "s" },		{ "s", ".", "s" },
	{ "s", "a", "s/a" },		{ "s", "..", "" },
	{ "s", "../a", "a" },		{ "s", "../..", NULL },
	{ "s/t", "..", "s" },		{ "s/t", "../../a", "a" },
	{ "s/t", "../../..", NULL },	{ "s/t", "../../../s/t", NULL },
	{ "s/t", "/a", "s/t/a" },	{ "s.", "..", "" },
};

START_TEST(plain_paths)
{
	for (size_t i = 0; i < COUNT(plains); i++) {
		char got[PATH_MAX];
		int end;

		errno = 0;
		end = beneath_plain(got, plains[i].from, plains[i].path);
		if (plains[i].wanted == NULL)
			ck_assert_msg(end == -1 && errno == EXDEV, "\"%s\", \"%s\": %d, %s",
			    plains[i].from, plains[i].path, end, strerror(errno));
		else
			ck_assert_msg(end == 0 && strcmp(got, plains[i].wanted) == 0,
			    "\"%s\", \"%s\": expected \"%s\", got %d, \"%s\"", plains[i].from,
			    plains[i].path, plains[i].wanted, end, got);
		/* The whole system differs in those alone: see below. */
		end = beneath_plain_system(got, plains[i].from, plains[i].path);
		ck_assert_int_eq(end, 0);
		if (plains[i].wanted != NULL)
			ck_assert_str_eq(got, plains[i].wanted);
	}
}
END_TEST

/* Above the top is the top, and the way goes on from there. */
START_TEST(plain_paths_of_the_system)
{
	static const struct { const char *from, *path, *wanted; } rows[] = {
		{ "", "..", "" },		{ "", "/../../", "" },
		{ "", "../a", "a" },		{ "", "a/../../b", "b" },
		{ "", "a/../../b/../..", "" },	{ "", "../..//./a/b/..", "a" },
		{ "s", "../..", "" },		{ "s/t", "../../../a", "a" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char got[PATH_MAX];

		ck_assert_int_eq(beneath_plain_system(got, rows[i].from, rows[i].path), 0);
		ck_assert_msg(strcmp(got, rows[i].wanted) == 0, "%s: %s", rows[i].path, got);
	}
}
END_TEST

/* Ways to write what is between two names, before the first, and after the last. */
START_TEST(ways_to_write_the_same)
{
	static const char *const between[] = { "/", "//", "/./", "/.//./", "/x/../", "/x/y/../../" };
	static const char *const begins[] = { "", "/", "//", "./", "/./", "x/../" };
	static const char *const ends[] = { "", "/", "//", "/.", "/./", "/x/..", "/x/../" };

	for (size_t i = 0; i < COUNT(begins) * COUNT(between) * COUNT(between) * COUNT(ends); i++) {
		size_t n = i;
		const char *begin = begins[n % COUNT(begins)], *one, *two, *end;
		char path[64], got[PATH_MAX];

		n /= COUNT(begins);
		one = between[n % COUNT(between)];
		n /= COUNT(between);
		two = between[n % COUNT(between)];
		end = ends[n / COUNT(between)];
		snprintf(path, sizeof(path), "%sa%sb%sc%s", begin, one, two, end);
		ck_assert_int_eq(beneath_plain(got, "", path), 0);
		ck_assert_msg(strcmp(got, "a/b/c") == 0, "%s: got %s", path, got);
		/* What is plain stays so, wherever it was begun. */
		ck_assert_int_eq(beneath_plain(got, "a/b/c", ""), 0);
		ck_assert_str_eq(got, "a/b/c");
	}
}
END_TEST

static bool
is_plain(const char *path)
{
	size_t len = strlen(path);

	if (len == 0)
		return true;
	if (len >= PATH_MAX || path[0] == '/' || path[len - 1] == '/')
		return false;
	for (const char *p = path; p != NULL; p = strchr(p, '/')) {
		size_t n;

		p += *p == '/';
		n = strcspn(p, "/");
		if (n == 0 || (n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
			return false;
	}
	return true;
}

/* The same numbers every time. */
static unsigned
draw(unsigned *seed, unsigned n)
{
	*seed = *seed * 1103515245U + 12345U;
	return (*seed >> 16) % n;
}

/* Whatever comes in, what comes out is plain, and making it plain again changes nothing. */
START_TEST(plain_is_plain)
{
	static const char bytes[] = "ab././/..";
	unsigned seed = 1, good = 0;

	for (int i = 0; i < 100000; i++) {
		char path[24], got[PATH_MAX], again[PATH_MAX];
		size_t len = draw(&seed, sizeof(path));

		for (size_t k = 0; k < len; k++)
			path[k] = bytes[draw(&seed, sizeof(bytes) - 1)];
		path[len] = '\0';
		if (beneath_plain(got, draw(&seed, 2) == 0 ? "" : "s/t", path) == -1) {
			ck_assert_int_eq(errno, EXDEV);
			continue;
		}
		good++;
		ck_assert_msg(is_plain(got), "%s: \"%s\"", path, got);
		ck_assert_int_eq(beneath_plain(again, "", got), 0);
		ck_assert_str_eq(again, got);
	}
	ck_assert_uint_gt(good, 10000);
}
END_TEST

/* A path of LEN bytes, the last of which are END: a heap block without a byte to spare. */
static char *
make_path(size_t len, const char *fill, const char *end)
{
	char *path = malloc(len + 1);
	size_t n = strlen(fill), tail = strlen(end);

	ck_assert_ptr_nonnull(path);
	ck_assert_uint_ge(len, tail);
	for (size_t i = 0; i < len - tail; i++)
		path[i] = fill[i % n];
	memcpy(path + len - tail, end, tail + 1);
	return path;
}

static const size_t lengths[] = {
	0, 1, 2, NAME_MAX, NAME_MAX + 1, NAME_MAX + 2, PATH_MAX - 3, PATH_MAX - 2, PATH_MAX - 1,
	PATH_MAX, PATH_MAX + 1, PATH_MAX + 2, 2 * PATH_MAX, 16 * PATH_MAX,
};

/* The result goes to the heap as well: not a byte behind it may be written. */
START_TEST(long_plain_paths)
{
	for (size_t i = 0; i < COUNT(lengths); i++) {
		char *got = malloc(PATH_MAX), *path;
		bool fits = lengths[i] < PATH_MAX;

		ck_assert_ptr_nonnull(got);
		/* Names of one byte: what fits is what the kernel takes. */
		path = make_path(lengths[i], lengths[i] % 2 == 1 ? "n/" : "m/", "");
		if (lengths[i] > 0 && path[lengths[i] - 1] == '/')
			path[lengths[i] - 1] = 'n';
		errno = 0;
		ck_assert_msg(beneath_plain(got, "", path) == (fits ? 0 : -1), "%zu", lengths[i]);
		if (fits)
			ck_assert_str_eq(got, path);
		else
			ck_assert_int_eq(errno, ENAMETOOLONG);
		free(path);
		/* What vanishes may be as long as it likes. */
		path = make_path(lengths[i], "./", "");
		ck_assert_int_eq(beneath_plain(got, "", path), 0);
		ck_assert_str_eq(got, "");
		ck_assert_int_eq(beneath_plain(got, "s", path), 0);
		ck_assert_str_eq(got, "s");
		free(path);
		path = make_path(lengths[i] + 6, "a/../", "/a/b");
		ck_assert_int_le(beneath_plain(got, "", path), 0);
		free(path);
		/* A single name is somebody else's to judge, but stays inside. */
		path = make_path(lengths[i], "n", "");
		if (beneath_plain(got, "", path) == 0)
			ck_assert_str_eq(got, path);
		else
			ck_assert_uint_ge(lengths[i], PATH_MAX - 1);
		free(path);
		free(got);
	}
}
END_TEST

/* Together with where they begin. */
START_TEST(long_plain_paths_from_somewhere)
{
	for (size_t len = 1; len <= 8; len++)
		for (size_t all = PATH_MAX - 4; all < PATH_MAX + 4; all++) {
			size_t n = all - len - 1;
			char *from = make_path(n, n % 2 == 1 ? "n/" : "nn/", "n");
			char *path = make_path(len, "p", ""), *got = malloc(PATH_MAX);

			ck_assert_ptr_nonnull(got);
			from[n - 2] = 'n';
			if (n < PATH_MAX && is_plain(from)) {
				int end = beneath_plain(got, from, path);

				ck_assert_int_eq(end, all < PATH_MAX ? 0 : -1);
				if (end == 0)
					ck_assert_uint_eq(strlen(got), all);
				else
					ck_assert_int_eq(errno, ENAMETOOLONG);
			}
			free(got);
			free(path);
			free(from);
		}
}
END_TEST

/*
 * Opening.
 */

/* What an open comes to. */
struct outcome {
	const char *wanted;	/* beneath top; NULL: none */
	const char *content;	/* of a regular file; NULL: it is none */
	int	    err;
};

/* PATH with FLAGS, which read a file if CONTENT says so. */
static void
expect_open_as(const char *path, bool follow, int flags, const struct outcome *o, const char *what)
{
	bool reads = o->content != NULL && (flags & O_PATH) == 0;
	int fd;

	errno = 0;
	fd = beneath_open(top, path, follow, flags);
	if (o->wanted == NULL)
		expect_error(fd, o->err, what);
	else if (o->content != NULL && (flags & O_DIRECTORY) != 0)
		expect_error(fd, ENOTDIR, what);
	else if (reads)
		expect_content(fd, o->content, what);
	else
		expect_same(fd, o->wanted, what);
}

/* What PATH comes to, however it is opened, and that no descriptor is left. */
static void
expect_open(const char *path, const char *text, bool follow, const struct outcome *o)
{
	static const int flags[] = { O_PATH, O_RDONLY | O_NONBLOCK | O_NOCTTY,
	    O_PATH | O_DIRECTORY, O_RDONLY | O_DIRECTORY };
	char what[NAME_MAX];
	int before = count_descriptors();

	for (size_t i = 0; i < COUNT(flags); i++) {
		snprintf(what, sizeof(what), "\"%.80s\" (\"%.80s\"), flags %o%s", path,
		    text == NULL ? "" : text, (unsigned)flags[i], follow ? ", followed" : "");
		expect_open_as(path, follow, flags[i], o, what);
	}
	ck_assert_msg(count_descriptors() == before, "%s: a descriptor leaks", what);
}

static const struct outcome no_links = { NULL, NULL, ELOOP };

static const struct {
	const char    *path;
	struct outcome outcome;
} opens[] = {
	{ "", { ".", NULL, 0 } },		{ "d", { "d", NULL, 0 } },
	{ "f", { "f", "f", 0 } },		{ "d/g", { "d/g", "g", 0 } },
	{ "d/sub", { "d/sub", NULL, 0 } },	{ "d/sub/h", { "d/sub/h", "h", 0 } },
	{ "outside/f", { "outside/f", "of", 0 } },
	{ "none", { NULL, NULL, ENOENT } },	{ "d/none", { NULL, NULL, ENOENT } },
	{ "none/f", { NULL, NULL, ENOENT } },	{ "none/none", { NULL, NULL, ENOENT } },
	{ "f/x", { NULL, NULL, ENOTDIR } },	{ "d/g/x/y", { NULL, NULL, ENOTDIR } },
};

START_TEST(what_is_there_and_what_is_not)
{
	make_tree();
	if (lacks_kernel(_i))
		return;
	for (size_t i = 0; i < COUNT(opens); i++)
		for (int follow = 0; follow <= 1; follow++)
			expect_open(opens[i].path, NULL, follow, &opens[i].outcome);
}
END_TEST

/* As with open(2), what is opened for writing can be written, and nothing is made. */
START_TEST(for_writing)
{
	int fd;

	make_tree();
	put_link("link", "d/g");
	put_link("dangling", "none");
	if (lacks_kernel(_i))
		return;
	fd = beneath_open(top, "f", false, O_WRONLY | O_TRUNC);
	ck_assert_int_eq(write(fd, "new", 3), 3);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_str_eq(get_file("top/f"), "new");
	fd = beneath_open(top, "link", true, O_RDWR);
	ck_assert_int_eq(write(fd, "G", 1), 1);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_str_eq(get_file("top/d/g"), "G");
	expect_error(beneath_open(top, "link", false, O_WRONLY | O_TRUNC), ELOOP, "a link");
	ck_assert_str_eq(get_file("top/d/g"), "G");
	expect_error(beneath_open(top, "dangling", true, O_WRONLY), ENOENT, "a dangling link");
	ck_assert(!exists("top/none"));
	expect_error(beneath_open(top, "d", false, O_WRONLY), EISDIR, "a directory");
}
END_TEST

static const struct {
	const char    *text;	/* of the link "l"; NULL: there is none */
	const char    *path;
	struct outcome outcome;	/* where it is followed: see opens */
} links[] = {
	{ "f", "l", { "f", "f", 0 } },
	{ "./f", "l", { "f", "f", 0 } },
	{ "d/g", "l", { "d/g", "g", 0 } },
	{ "d", "l", { "d", NULL, 0 } },
	{ "d", "l/g", { "d/g", "g", 0 } },
	{ "d", "l/sub/h", { "d/sub/h", "h", 0 } },
	{ "d/sub", "l/h", { "d/sub/h", "h", 0 } },
	{ "d", "l/none", { NULL, NULL, ENOENT } },
	{ "d", "l/g/x", { NULL, NULL, ENOTDIR } },
	{ "f", "l/x", { NULL, NULL, ENOTDIR } },
	/* To the top itself. */
	{ ".", "l", { ".", NULL, 0 } },
	{ ".", "l/f", { "f", "f", 0 } },
	{ "./", "l/f", { "f", "f", 0 } },
	{ "d/..", "l", { ".", NULL, 0 } },
	{ "d/..", "l/f", { "f", "f", 0 } },
	{ "d/sub/../..", "l/f", { "f", "f", 0 } },
	/* Empty components, dots and slashes at the end. */
	{ "d//g", "l", { "d/g", "g", 0 } },
	{ "d/./g", "l", { "d/g", "g", 0 } },
	{ ".//.//./d/.//g", "l", { "d/g", "g", 0 } },
	{ "d/", "l", { "d", NULL, 0 } },
	{ "d///", "l", { "d", NULL, 0 } },
	{ "d/", "l/g", { "d/g", "g", 0 } },
	{ "d//", "l/sub/h", { "d/sub/h", "h", 0 } },
	{ "d/.", "l", { "d", NULL, 0 } },
	{ "d/./", "l/g", { "d/g", "g", 0 } },
	{ "d/./.", "l/sub", { "d/sub", NULL, 0 } },
	{ "f/", "l", { NULL, NULL, ENOTDIR } },
	{ "f//", "l", { NULL, NULL, ENOTDIR } },
	{ "f/.", "l", { NULL, NULL, ENOTDIR } },
	{ "f/..", "l", { NULL, NULL, ENOTDIR } },
	{ "f/../f", "l", { NULL, NULL, ENOTDIR } },
	{ "none/", "l", { NULL, NULL, ENOENT } },
	{ "none/.", "l", { NULL, NULL, ENOENT } },
	{ "none/..", "l", { NULL, NULL, ENOENT } },
	{ "none/../f", "l", { NULL, NULL, ENOENT } },
	/* Up, and not too far. */
	{ "d/sub/..", "l", { "d", NULL, 0 } },
	{ "d/sub/../g", "l", { "d/g", "g", 0 } },
	{ "d/sub/../sub/../g", "l", { "d/g", "g", 0 } },
	{ "d/sub/../../d/sub/h", "l", { "d/sub/h", "h", 0 } },
	{ "d/sub/..", "l/g", { "d/g", "g", 0 } },
	{ "d/sub/../", "l/g", { "d/g", "g", 0 } },
	{ "d/../d/../d/../f", "l", { "f", "f", 0 } },
	{ "...", "l", { NULL, NULL, ENOENT } },
	{ "..f", "l", { NULL, NULL, ENOENT } },
	/* Nowhere. */
	{ "none", "l", { NULL, NULL, ENOENT } },
	{ "none/x", "l", { NULL, NULL, ENOENT } },
	{ "none", "l/x", { NULL, NULL, ENOENT } },
	{ "d/none", "l", { NULL, NULL, ENOENT } },
	{ "l", "l", { NULL, NULL, ELOOP } },
	{ "l", "l/x", { NULL, NULL, ELOOP } },
	{ "l/more", "l", { NULL, NULL, ELOOP } },
	{ "./l", "l", { NULL, NULL, ELOOP } },
	{ "d/../l", "l", { NULL, NULL, ELOOP } },
	/* Out. */
	{ "..", "l", { NULL, NULL, EXDEV } },
	{ "../", "l", { NULL, NULL, EXDEV } },
	{ "../.", "l", { NULL, NULL, EXDEV } },
	{ "./..", "l", { NULL, NULL, EXDEV } },
	{ "../..", "l", { NULL, NULL, EXDEV } },
	{ "..", "l/outside/f", { NULL, NULL, EXDEV } },
	{ "..", "l/top/f", { NULL, NULL, EXDEV } },
	{ "../outside", "l", { NULL, NULL, EXDEV } },
	{ "../outside", "l/f", { NULL, NULL, EXDEV } },
	{ "../outside/f", "l", { NULL, NULL, EXDEV } },
	{ "..//outside/f", "l", { NULL, NULL, EXDEV } },
	{ "d/../..", "l", { NULL, NULL, EXDEV } },
	{ "d/../../outside/f", "l", { NULL, NULL, EXDEV } },
	{ "d/sub/../../../outside/f", "l", { NULL, NULL, EXDEV } },
	{ "d/sub/../../..", "l", { NULL, NULL, EXDEV } },
	{ "../none", "l", { NULL, NULL, EXDEV } },
	{ "none/../../outside", "l", { NULL, NULL, ENOENT } },
	/* Out and back in is out. */
	{ "../top", "l", { NULL, NULL, EXDEV } },
	{ "../top/f", "l", { NULL, NULL, EXDEV } },
	{ "../top", "l/f", { NULL, NULL, EXDEV } },
	{ "d/../../top/f", "l", { NULL, NULL, EXDEV } },
	/* Absolute. */
	{ "/", "l", { NULL, NULL, EXDEV } },
	{ "//", "l", { NULL, NULL, EXDEV } },
	{ "/f", "l", { NULL, NULL, EXDEV } },
	{ "/..", "l", { NULL, NULL, EXDEV } },
	{ "/etc/passwd", "l", { NULL, NULL, EXDEV } },
	{ "/", "l/etc/passwd", { NULL, NULL, EXDEV } },
	{ "/proc/self/cwd", "l", { NULL, NULL, EXDEV } },
	{ "/proc/self/root", "l/etc", { NULL, NULL, EXDEV } },
	/* Links that are always there: see below. */
	{ NULL, "d/up", { ".", NULL, 0 } },
	{ NULL, "d/up/f", { "f", "f", 0 } },
	{ NULL, "d/up/d/up/d/g", { "d/g", "g", 0 } },
	{ NULL, "d/upper", { NULL, NULL, EXDEV } },
	{ NULL, "d/upper/top/f", { NULL, NULL, EXDEV } },
	{ NULL, "d/sub/upper", { ".", NULL, 0 } },
	{ NULL, "d/sub/upper/f", { "f", "f", 0 } },
	{ NULL, "d/out", { NULL, NULL, EXDEV } },
	{ NULL, "d/sub/out", { "outside/f", "of", 0 } },
	{ NULL, "d/back", { NULL, NULL, EXDEV } },
	{ NULL, "d/sub/back", { NULL, NULL, ENOENT } },
	{ NULL, "d/cross", { "f", "f", 0 } },
	{ NULL, "cross", { "f", "f", 0 } },
	{ NULL, "crossdir/upper", { NULL, NULL, EXDEV } },
	{ NULL, "crossdir/sub/upper/f", { "f", "f", 0 } },
	{ NULL, "ping", { NULL, NULL, ELOOP } },
	{ NULL, "d/ping", { NULL, NULL, ELOOP } },
	{ "cross", "l", { "f", "f", 0 } },
	{ "crossdir/sub/h", "l", { "d/sub/h", "h", 0 } },
	{ "crossdir/../f", "l", { "f", "f", 0 } },
	{ "crossdir/..", "l/outside/f", { "outside/f", "of", 0 } },
	{ "d/up/../outside/f", "l", { NULL, NULL, EXDEV } },
	{ "d/sub/upper/..", "l", { NULL, NULL, EXDEV } },
	{ "crossdir/", "l", { "d", NULL, 0 } },
	{ "cross/", "l", { NULL, NULL, ENOTDIR } },
};

static void
make_links(void)
{
	make_tree();
	put_link("d/up", "..");
	put_link("d/upper", "../..");
	put_link("d/sub/upper", "../..");
	put_link("d/out", "../../outside/f");
	put_link("d/sub/out", "../../outside/f");
	put_link("d/back", "../../top/f");
	put_link("d/sub/back", "../../top/f");
	put_link("d/cross", "../crossdir/../f");
	put_link("cross", "d/cross");
	put_link("crossdir", "d");
	put_link("ping", "d/ping");
	put_link("d/ping", "../ping");
}

START_TEST(where_links_lead)
{
	make_links();
	if (lacks_kernel(_i))
		return;
	for (size_t i = 0; i < COUNT(links); i++) {
		if (links[i].text != NULL)
			put_link("l", links[i].text);
		expect_open(links[i].path, links[i].text, true, &links[i].outcome);
		expect_open(links[i].path, links[i].text, false, &no_links);
		if (links[i].text != NULL)
			ck_assert_int_eq(unlinkat(top, "l", 0), 0);
	}
	ck_assert_str_eq(get_file("outside/f"), "secret");
}
END_TEST

/* As many as the kernel follows, and no more, wherever on the way they are. */
START_TEST(chains_of_links)
{
	char name[16], text[16], path[32];

	make_tree();
	put_link("c1", "f");
	put_link("b1", "d");
	for (int n = 2; n <= BENEATH_LINKS_MAX + 2; n++) {
		snprintf(name, sizeof(name), "c%d", n);
		snprintf(text, sizeof(text), "c%d", n - 1);
		put_link(name, text);
		name[0] = text[0] = 'b';
		put_link(name, text);
	}
	put_link("d/back", "../c3");
	if (lacks_kernel(_i))
		return;
	for (int n = 1; n <= BENEATH_LINKS_MAX + 2; n++) {
		struct outcome file = { "f", "f", 0 }, below = { "d/g", "g", 0 };

		snprintf(name, sizeof(name), "c%d", n);
		expect_open(name, NULL, true, n <= BENEATH_LINKS_MAX ? &file : &no_links);
		expect_open(name, NULL, false, &no_links);
		snprintf(path, sizeof(path), "b%d/g", n);
		expect_open(path, NULL, true, n <= BENEATH_LINKS_MAX ? &below : &no_links);
		/* Four more behind them: all of one path are counted together. */
		snprintf(path, sizeof(path), "b%d/back", n);
		expect_open(path, NULL, true, n + 4 <= BENEATH_LINKS_MAX ? &file : &no_links);
	}
}
END_TEST

/* A kernel that was disturbed counts links twice; what it says of them is not the last word. */
START_TEST(links_that_the_kernel_counts_twice)
{
	struct outcome file = { "f", "f", 0 };
	char name[16], text[16];

	make_tree();
	put_link("c1", "f");
	for (int n = 2; n <= BENEATH_LINKS_MAX + 1; n++) {
		snprintf(name, sizeof(name), "c%d", n);
		snprintf(text, sizeof(text), "c%d", n - 1);
		put_link(name, text);
	}
	if (filter_openat2(ELOOP) == -1) {
		printf("SKIP: openat2 that says ELOOP cannot be had here: %s\n", strerror(errno));
		return;
	}
	for (int n = 1; n <= BENEATH_LINKS_MAX + 1; n++) {
		snprintf(name, sizeof(name), "c%d", n);
		expect_open(name, NULL, true, n <= BENEATH_LINKS_MAX ? &file : &no_links);
	}
	expect_open("c1", NULL, false, &no_links);
}
END_TEST

/* A link to END by way of as many FILL as fit into LEN bytes. */
static void
put_long_link(const char *name, size_t len, const char *fill, const char *end)
{
	size_t n = strlen(fill), room = (len - strlen(end)) / n * n;
	char *text = make_path(room + strlen(end), fill, end);

	put_link(name, text);
	free(text);
}

START_TEST(long_links)
{
	static const char *const fills[] = { "./", "/", "d/../", "d/sub/../../", "d//sub/..//../" };
	const struct outcome file = { "d/g", "g", 0 }, below = { "d/sub/h", "h", 0 };

	make_tree();
	if (lacks_kernel(_i))
		return;
	for (size_t i = 0; i < COUNT(fills); i++) {
		bool slashes = fills[i][0] == '/';

		/* With room for what stands behind it, in a path of which the rest was walked. */
		put_long_link("l", LINK_TEXT_MAX, fills[i], slashes ? "" : "d/g");
		expect_open("l", fills[i], true, slashes
		    ? &(struct outcome){ NULL, NULL, EXDEV } : &file);
		expect_open("l", fills[i], false, &no_links);
		ck_assert_int_eq(unlinkat(top, "l", 0), 0);
		put_long_link("l", LINK_TEXT_MAX - 8, fills[i], slashes ? "" : "d");
		expect_open("l/sub/h", fills[i], true, slashes
		    ? &(struct outcome){ NULL, NULL, EXDEV } : &below);
		ck_assert_int_eq(unlinkat(top, "l", 0), 0);
		/* Slashes do not count where there is something before them. */
		put_long_link("l", LINK_TEXT_MAX, slashes ? fills[i] : "d/", "x");
		expect_open("l", fills[i], true, slashes
		    ? &(struct outcome){ NULL, NULL, EXDEV }
		    : &(struct outcome){ NULL, NULL, ENOENT });
		ck_assert_int_eq(unlinkat(top, "l", 0), 0);
		/* Out at its very end. */
		put_long_link("l", LINK_TEXT_MAX, fills[i], slashes ? "" : "../outside/f");
		expect_open("l", fills[i], true, &(struct outcome){ NULL, NULL, EXDEV });
		ck_assert_int_eq(unlinkat(top, "l", 0), 0);
	}
	ck_assert_str_eq(get_file("outside/f"), "secret");
}
END_TEST

/* One long text behind another: each alone is one that the kernel takes. */
START_TEST(long_links_to_long_links)
{
	make_tree();
	put_long_link("one", LINK_TEXT_MAX, "./", "d/g");
	put_long_link("two", LINK_TEXT_MAX, ".//", "one");
	put_long_link("three", LINK_TEXT_MAX, "././/", "two");
	if (lacks_kernel(_i))
		return;
	expect_open("three", NULL, true, &(struct outcome){ "d/g", "g", 0 });
}
END_TEST

/*
 * The kernel looks at one text at a time; the walk has all of them in one path, which must fit, and
 * goes up so often only.  Where it gives up, it says so: a path that is cut short is another one.
 */
/*
 * What the kernel opens, and the walk does not: where others on this machine keep renaming, the kernel
 * gives up on a path that goes up often.
 */
static int
open_undisturbed(const char *path)
{
	enum { TRIES = 1000 };
	int fd = -1;

	for (int try = 0; fd == -1 && try < TRIES; try++)
		fd = beneath_open(top, path, true, O_RDONLY);
	return fd;
}

START_TEST(more_than_the_walk_takes)
{
	enum { TOO_LONG = 8 };

	make_tree();
	put_file("top/d/gg", "gg", 0644);
	put_long_link("up1", LINK_TEXT_MAX, "d/../", "d/g");
	put_long_link("up2", LINK_TEXT_MAX, "d/../", "up1");
	if (lacks_kernel(_i))
		return;
	for (size_t len = LINK_TEXT_MAX - TOO_LONG; len <= LINK_TEXT_MAX; len++) {
		const char *fill = len % 2 == 1 ? "./" : ".//./";
		int fd;

		put_long_link("l", len, fill, "d");
		errno = 0;
		fd = beneath_open(top, "l/gg", true, O_RDONLY);
		if (fd == -1)
			ck_assert(kernels[_i].err != 0 && errno == ENAMETOOLONG);
		else
			expect_content(fd, "gg", "a long link on the way");
		ck_assert_int_eq(unlinkat(top, "l", 0), 0);
	}
	if (kernels[_i].err == 0)
		expect_content(open_undisturbed("up2"), "g", "up and up");
	else
		expect_error(beneath_open(top, "up2", true, O_RDONLY), ELOOP, "up and up");
}
END_TEST

START_TEST(names_longer_than_any)
{
	char *longest = make_path(NAME_MAX, "n", ""), *longer = make_path(NAME_MAX + 1, "n", "");
	const struct outcome too_long = { NULL, NULL, ENAMETOOLONG };
	char path[2 * NAME_MAX];

	make_tree();
	snprintf(path, sizeof(path), "top/%s", longest);
	put_file(path, "long", 0644);
	put_link("longest", longest);
	put_link("longer", longer);
	snprintf(path, sizeof(path), "%s/..", longer);
	put_link("through", path);
	snprintf(path, sizeof(path), "none/%s", longer);
	put_link("missing", path);
	if (lacks_kernel(_i))
		return;
	expect_open(longest, NULL, false, &(struct outcome){ longest, "long", 0 });
	expect_open("longest", NULL, true, &(struct outcome){ longest, "long", 0 });
	expect_open(longer, NULL, false, &too_long);
	expect_open("longer", NULL, true, &too_long);
	expect_open("longer/x", NULL, true, &too_long);
	expect_open("through", NULL, true, &too_long);
	expect_open("missing", NULL, true, &(struct outcome){ NULL, NULL, ENOENT });
	snprintf(path, sizeof(path), "%s/x", longer);
	expect_open(path, NULL, true, &too_long);
	snprintf(path, sizeof(path), "d/%s", longer);
	expect_open(path, NULL, true, &too_long);
	free(longest);
	free(longer);
}
END_TEST

/* Directories called "n", each in the one before, and the file "f" in the last of LEVELS. */
static void
make_deep(int levels)
{
	int at = fcntl(top, F_DUPFD_CLOEXEC, 0), fd;

	for (int i = 0; i < levels; i++) {
		ck_assert_int_eq(mkdirat(at, "n", 0755), 0);
		fd = openat(at, "n", O_PATH | O_DIRECTORY | O_CLOEXEC);
		ck_assert_int_ge(fd, 0);
		close(at);
		at = fd;
	}
	fd = openat(at, "f", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	ck_assert_int_eq(write(fd, "far", 3), 3);
	close(fd);
	close(at);
}

/* The library that removes the test's directory knows paths of less than PATH_MAX only. */
static void
remove_deep(int levels)
{
	for (int i = 1; i < levels; i++) {
		ck_assert_int_eq(renameat(top, "n/n", top, "next"), 0);
		ck_assert_int_eq(unlinkat(top, "n", AT_REMOVEDIR), 0);
		ck_assert_int_eq(renameat(top, "next", top, "n"), 0);
	}
}

START_TEST(the_longest_paths)
{
	enum { LEVELS = (PATH_MAX - 1) / 2, TRIES = 4 };
	char *path = make_path(PATH_MAX - 1, "n/", "f");
	int fds[TRIES], errs[TRIES];

	make_tree();
	put_link("link", ".");
	make_deep(LEVELS);
	if (lacks_kernel(_i)) {
		remove_deep(LEVELS);
		return;
	}
	for (int i = 0; i < TRIES; i++) {
		path[PATH_MAX - 2] = i < 2 ? 'f' : 'x';
		fds[i] = beneath_open(top, path, i % 2, O_RDONLY);
		errs[i] = errno;
	}
	remove_deep(LEVELS);
	for (int i = 0; i < 2; i++) {
		errno = errs[i];
		expect_content(fds[i], "far", "the longest path");
		errno = errs[i + 2];
		expect_error(fds[i + 2], ENOENT, "the longest path, missing");
	}
	free(path);
}
END_TEST

/*
 * Places: what a path names, or would.
 */

static const struct {
	const char *text, *path;	/* of the link "l"; NULL: there is none */
	const char *dir, *leaf;		/* beneath top; NULL: none */
	int	    err;
} places[] = {
	{ NULL, "f", ".", "f", 0 },
	{ NULL, "new", ".", "new", 0 },
	{ NULL, "d", ".", "d", 0 },
	{ NULL, "d/g", "d", "g", 0 },
	{ NULL, "d/new", "d", "new", 0 },
	{ NULL, "d/sub/new", "d/sub", "new", 0 },
	{ NULL, "", NULL, NULL, EINVAL },
	{ NULL, "none/new", NULL, NULL, ENOENT },
	{ NULL, "f/new", NULL, NULL, ENOTDIR },
	{ "f", "l", ".", "f", 0 },
	{ "new", "l", ".", "new", 0 },
	{ "./new", "l", ".", "new", 0 },
	{ "d", "l", ".", "d", 0 },
	{ "d", "l/new", "d", "new", 0 },
	{ "d/new", "l", "d", "new", 0 },
	{ "d//.//new", "l", "d", "new", 0 },
	{ "d/sub/../new", "l", "d", "new", 0 },
	{ "d/sub/..", "l", ".", "d", 0 },
	{ "d/sub/..", "l/new", "d", "new", 0 },
	{ ".", "l/new", ".", "new", 0 },
	{ "cross", "l", ".", "f", 0 },
	{ "crossdir/new", "l", "d", "new", 0 },
	{ NULL, "cross", ".", "f", 0 },
	{ NULL, "crossdir/sub/upper/new", ".", "new", 0 },
	{ NULL, "d/sub/out", "outside", "f", 0 },
	{ ".", "l", NULL, NULL, EINVAL },
	{ "d/..", "l", NULL, NULL, EINVAL },
	{ "none/new", "l", NULL, NULL, ENOENT },
	{ "none/../f", "l", NULL, NULL, ENOENT },
	{ "f/new", "l", NULL, NULL, ENOTDIR },
	{ "f", "l/new", NULL, NULL, ENOTDIR },
	{ "l", "l", NULL, NULL, ELOOP },
	{ "l/x", "l", NULL, NULL, ELOOP },
	{ NULL, "ping", NULL, NULL, ELOOP },
	{ "..", "l", NULL, NULL, EXDEV },
	{ "..", "l/new", NULL, NULL, EXDEV },
	{ "..", "l/top/new", NULL, NULL, EXDEV },
	{ "../new", "l", NULL, NULL, EXDEV },
	{ "../top/new", "l", NULL, NULL, EXDEV },
	{ "../outside/f", "l", NULL, NULL, EXDEV },
	{ "d/../../outside/new", "l", NULL, NULL, EXDEV },
	{ "/", "l", NULL, NULL, EXDEV },
	{ "/new", "l", NULL, NULL, EXDEV },
	{ "/tmp/new", "l", NULL, NULL, EXDEV },
	{ NULL, "d/upper", NULL, NULL, EXDEV },
	{ NULL, "d/upper/new", NULL, NULL, EXDEV },
	{ NULL, "d/back", NULL, NULL, EXDEV },
};

static void
expect_place(size_t i, bool follow, const char *dir, const char *leaf, int err)
{
	char got[NAME_MAX + 1] = "", what[NAME_MAX];
	int before = count_descriptors(), fd;

	snprintf(what, sizeof(what), "%zu: %s (%s), %d", i, places[i].path,
	    places[i].text == NULL ? "" : places[i].text, follow);
	errno = 0;
	fd = beneath_place(top, places[i].path, follow, got);
	if (dir == NULL) {
		expect_error(fd, err, what);
	} else {
		expect_same(fd, dir, what);
		ck_assert_msg(strcmp(got, leaf) == 0, "%s: expected leaf %s, got %s", what, leaf,
		    got);
	}
	ck_assert_msg(count_descriptors() == before, "%s: a descriptor leaks", what);
}

START_TEST(places_of_paths)
{
	make_links();
	if (lacks_kernel(_i))
		return;
	for (size_t i = 0; i < COUNT(places); i++) {
		bool linked = places[i].text != NULL || strstr(places[i].path, "ping") != NULL ||
		    strstr(places[i].path, "cross") != NULL || strstr(places[i].path, "up") != NULL ||
		    strstr(places[i].path, "out") != NULL || strstr(places[i].path, "back") != NULL;

		if (places[i].text != NULL)
			put_link("l", places[i].text);
		expect_place(i, true, places[i].dir, places[i].leaf, places[i].err);
		if (linked)
			expect_place(i, false, NULL, NULL, ELOOP);
		else
			expect_place(i, false, places[i].dir, places[i].leaf, places[i].err);
		if (places[i].text != NULL)
			ck_assert_int_eq(unlinkat(top, "l", 0), 0);
	}
}
END_TEST

/* What is put into a place is where an ordinary path finds it. */
START_TEST(making_things_in_their_place)
{
	char leaf[NAME_MAX + 1];
	int dirfd, fd;

	make_tree();
	put_link("l", "d/sub/../new");
	put_link("bad", "../outside/new");
	if (lacks_kernel(_i))
		return;
	dirfd = beneath_place(top, "l", true, leaf);
	ck_assert_int_ne(fcntl(dirfd, F_GETFL) & O_PATH, 0);
	fd = openat(dirfd, leaf, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ck_assert_int_eq(write(fd, "made", 4), 4);
	ck_assert_str_eq(get_file("top/d/new"), "made");
	expect_error(beneath_place(top, "bad", true, leaf), EXDEV, "bad");
	ck_assert_int_eq(count_entries("outside"), 1);
}
END_TEST

/*
 * The kernel's own links, which say one thing and lead to another.
 */

/* The kernel knows them; the walk sees but a text, which is absolute or the name of nothing. */
static bool
is_refusal(int err)
{
	return err == ELOOP || err == EXDEV || err == ENOENT;
}

START_TEST(magic_links)
{
	static const char *const paths[] = {
		"self/cwd", "self/root", "self/exe", "self/root/etc/passwd", "self/cwd/f",
		"thread-self/cwd", "self/ns/mnt", "self/fd/0", "self/fd/0/f", "self/fd/1",
	};
	static const int flags[] = { O_PATH, O_RDONLY | O_NONBLOCK, O_PATH | O_DIRECTORY };
	char path[64], leaf[NAME_MAX + 1];
	int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC), before, fd, pipes[2];

	make_tree();
	ck_assert_int_eq(fchdir(top), 0);
	ck_assert_int_eq(pipe(pipes), 0);
	ck_assert_int_eq(dup2(top, 0), 0);
	ck_assert_int_eq(dup2(pipes[0], 1), 1);
	if (lacks_kernel(_i))
		return;
	before = count_descriptors();
	for (size_t i = 0; i < COUNT(paths); i++)
		for (size_t k = 0; k < COUNT(flags); k++) {
			errno = 0;
			fd = beneath_open(proc, paths[i], true, flags[k]);
			ck_assert_msg(fd == -1 && is_refusal(errno), "%s: %d, %s", paths[i], fd,
			    strerror(errno));
			fd = beneath_open(proc, paths[i], false, flags[k]);
			expect_error(fd, ELOOP, paths[i]);
		}
	ck_assert_int_eq(count_descriptors(), before);
	/* The controls: links of /proc that say what they mean, and what needs none. */
	fd = beneath_open(proc, "self/comm", true, O_RDONLY);
	ck_assert_int_eq(read(fd, leaf, 1), 1);
	snprintf(path, sizeof(path), "%d/comm", (int)getpid());
	fd = beneath_open(proc, path, false, O_RDONLY);
	ck_assert_int_eq(read(fd, leaf, 1), 1);
	fd = beneath_place(proc, "self/root/new", true, leaf);
	expect_error(fd, EXDEV, "a place");
}
END_TEST

/*
 * Permissions.
 */

/* With a top that can only be searched: whoever knows a name, gets it. */
START_TEST(a_top_to_be_searched_only)
{
	static const mode_t modes[] = { 0111, 0100, 0311 };
	char leaf[NAME_MAX + 1];

	become_user();
	make_tree();
	put_link("l", "d/g");
	put_link("d/back", "../f");
	if (lacks_kernel(_i))
		return;
	for (size_t i = 0; i < COUNT(modes); i++) {
		ck_assert_int_eq(fchmodat(unit_fd, "top", modes[i], 0), 0);
		expect_content(beneath_open(top, "f", false, O_RDONLY), "f", "f");
		expect_content(beneath_open(top, "d/g", false, O_RDONLY), "g", "d/g");
		expect_content(beneath_open(top, "l", true, O_RDONLY), "g", "l");
		expect_content(beneath_open(top, "d/back", true, O_RDONLY), "f", "d/back");
		expect_same(beneath_open(top, "", false, O_PATH | O_DIRECTORY), ".", "the top");
		expect_error(beneath_open(top, "", false, O_RDONLY | O_DIRECTORY), EACCES, "top");
		expect_error(beneath_open(top, "none", false, O_RDONLY), ENOENT, "none");
		expect_same(beneath_place(top, "new", false, leaf), ".", "new");
	}
}
END_TEST

/* Without search permission nothing is found, by no way and no error but one. */
START_TEST(directories_that_may_not_be_searched)
{
	static const struct { const char *path; int err; } rows[] = {
		{ "closed", 0 },		{ "closed/f", EACCES },
		{ "closed/none", EACCES },	{ "closed/none/x", EACCES },
		{ "to-closed", 0 },		{ "to-closed/f", EACCES },
		{ "dot", EACCES },		{ "slash", 0 },
		{ "up", EACCES },		{ "up/f", EACCES },
		{ "below", EACCES },		{ "d/g", 0 },
	};
	static const mode_t modes[] = { 0000, 0600, 0444, 0666 };

	become_user();
	make_tree();
	make_dir("top/closed");
	put_file("top/closed/f", "f", 0644);
	put_link("to-closed", "closed");
	put_link("dot", "closed/.");
	put_link("slash", "closed/");
	put_link("up", "closed/..");
	put_link("below", "closed/../f");
	if (lacks_kernel(_i))
		return;
	for (size_t k = 0; k < COUNT(modes); k++) {
		ck_assert_int_eq(fchmodat(top, "closed", modes[k], 0), 0);
		for (size_t i = 0; i < COUNT(rows); i++) {
			int fd;

			errno = 0;
			fd = beneath_open(top, rows[i].path, true, O_PATH);
			ck_assert_msg(fd != -1 ? rows[i].err == 0 : rows[i].err == errno,
			    "%s, mode %o: %d, %s", rows[i].path, modes[k], fd, strerror(errno));
			if (fd != -1)
				close(fd);
		}
	}
	ck_assert_int_eq(fchmodat(top, "closed", 0700, 0), 0);
	expect_content(beneath_open(top, "closed/f", false, O_RDONLY), "f", "open again");
	expect_content(beneath_open(top, "below", true, O_RDONLY), "f", "open again");
}
END_TEST

START_TEST(a_top_that_may_not_be_searched)
{
	char leaf[NAME_MAX + 1];

	become_user();
	make_tree();
	if (lacks_kernel(_i))
		return;
	ck_assert_int_eq(fchmodat(unit_fd, "top", 0600, 0), 0);
	expect_error(beneath_open(top, "f", false, O_RDONLY), EACCES, "f");
	expect_error(beneath_open(top, "d/g", true, O_PATH), EACCES, "d/g");
	expect_error(beneath_open(top, "", false, O_PATH), EACCES, "the top");
	expect_error(beneath_place(top, "new", false, leaf), EACCES, "new");
	ck_assert_int_eq(fchmodat(unit_fd, "top", 0700, 0), 0);
	expect_content(beneath_open(top, "f", false, O_RDONLY), "f", "f, open again");
}
END_TEST

/* Waiting would last for ever: the test would be killed. */
START_TEST(a_fifo_is_not_waited_for)
{
	const int flags = O_NONBLOCK | O_NOCTTY;
	int fd;

	make_tree();
	ck_assert_int_eq(mkfifoat(top, "d/fifo", 0600), 0);
	put_link("l", "d/fifo");
	if (lacks_kernel(_i))
		return;
	expect_error(beneath_open(top, "d/fifo", false, O_WRONLY | flags), ENXIO, "for writing");
	expect_error(beneath_open(top, "l", true, O_WRONLY | flags), ENXIO, "for writing, a link");
	expect_error(beneath_open(top, "d/fifo/x", true, O_RDONLY | flags), ENOTDIR, "below");
	expect_same(beneath_open(top, "d/fifo", true, O_PATH), "d/fifo", "a path");
	expect_same(beneath_open(top, "l", true, O_RDONLY | flags), "d/fifo", "for reading, a link");
	fd = beneath_open(top, "d/fifo", false, O_RDONLY | flags);
	ck_assert_int_ge(fd, 0);
	expect_same(beneath_open(top, "d/fifo", false, O_WRONLY | flags), "d/fifo", "both ends");
}
END_TEST

/* What crosses no mount point is told apart from what does, where the kernel says so. */
START_TEST(where_something_is_mounted)
{
	const bool works = kernels[_i].err == 0;
	int fd;

	if (!unshare_mounts())
		return;
	make_tree();
	make_dir("top/m");
	ck_assert_int_eq(mount("none", PATH_IN("top/m"), "tmpfs", 0, "size=64k"), 0);
	put_file("top/m/f", "mf", 0644);
	put_link("to-m", "m/f");
	put_link("l", "d/g");
	if (lacks_kernel(_i))
		return;
	fd = beneath_open_same(top, "d/g", false, O_RDONLY);
	if (works) {
		expect_content(fd, "g", "d/g");
		expect_content(beneath_open_same(top, "l", true, O_RDONLY), "g", "l");
		expect_same(beneath_open_same(top, "", false, O_PATH), ".", "the top");
	} else {
		expect_error(fd, ENOSYS, "d/g");
	}
	expect_error(beneath_open_same(top, "m", false, O_PATH), works ? EXDEV : ENOSYS, "m");
	expect_error(beneath_open_same(top, "m/f", false, O_PATH), works ? EXDEV : ENOSYS, "m/f");
	expect_error(beneath_open_same(top, "to-m", true, O_PATH), works ? EXDEV : ENOSYS, "to-m");
	expect_error(beneath_open_same(top, "m/none", false, O_PATH), works ? EXDEV : ENOSYS, "none");
	if (works)
		expect_error(beneath_open_same(top, "none", false, O_PATH), ENOENT, "none");
	expect_content(beneath_open(top, "m/f", false, O_RDONLY), "mf", "m/f");
	expect_content(beneath_open(top, "to-m", true, O_RDONLY), "mf", "to-m");
}
END_TEST

/* A descriptor that is no directory, or none. */
START_TEST(no_top)
{
	char leaf[NAME_MAX + 1];
	int before, fd;

	make_tree();
	fd = openat(top, "f", O_PATH | O_CLOEXEC);
	if (lacks_kernel(_i))
		return;
	before = count_descriptors();
	expect_error(beneath_open(-1, "f", true, O_PATH), EBADF, "-1");
	expect_error(beneath_open(fd, "f", true, O_PATH), ENOTDIR, "a file");
	expect_error(beneath_open(fd, "", true, O_PATH), ENOTDIR, "a file itself");
	expect_error(beneath_place(-1, "f", true, leaf), EBADF, "-1");
	expect_error(beneath_place(fd, "f", true, leaf), ENOTDIR, "a file");
	ck_assert_int_eq(count_descriptors(), before);
}
END_TEST

/* What fails for want of descriptors says so, and leaves none behind. */
START_TEST(no_descriptors)
{
	char leaf[NAME_MAX + 1];
	int got[64], n = 0, before;
	struct rlimit full;

	make_links();
	if (lacks_kernel(_i))
		return;
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &full), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 32, full.rlim_max }), 0);
	while (n < 64 && (got[n] = dup(top)) != -1)
		n++;
	/* None free at first, then one more each time, until that is enough. */
	for (before = n; n > 0; n--) {
		int place = beneath_place(top, "cross", true, leaf), fd;

		ck_assert(place != -1 || errno == EMFILE);
		if (place != -1)
			close(place);
		fd = beneath_open(top, "d/cross", true, O_RDONLY);
		if (fd != -1 && place != -1)
			break;
		ck_assert(fd != -1 || errno == EMFILE);
		if (fd != -1)
			close(fd);
		close(got[n - 1]);
	}
	for (int i = 0; i < n; i++)
		close(got[i]);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &full), 0);
	ck_assert_int_lt(n, before);
	ck_assert_int_gt(n, before - 4);
}
END_TEST

/*
 * Chance: the same questions about a tangle of links, first with openat2 and then without, which
 * must have the same answers.
 */

enum {
	TANGLES = 100,
	QUESTIONS = 400		/* about each of them */
};

struct answer {
	int   err;	/* or 0 */
	ino_t ino;
};

static const char *const names[] = {
	"a", "b", "c", "l0", "l1", "l2", "l3", "l4", "l5", "none", "..", "..", ".", "",
};

/* Some names and slashes; with MORE, dots as well. */
static void
draw_path(unsigned *seed, char path[64], bool more)
{
	unsigned n = 1 + draw(seed, 5), choice = (unsigned)COUNT(names) - (more ? 0 : 4);

	path[0] = '\0';
	if (more && draw(seed, 40) == 0)
		strcat(path, "/");
	for (unsigned i = 0; i < n; i++) {
		strcat(path, i > 0 ? "/" : "");
		strcat(path, names[draw(seed, choice)]);
	}
	if (path[0] == '\0')
		strcpy(path, ".");
}

/* Directories a, b, a/a, a/b, b/a; in each a file and six links to anywhere. */
static void
make_tangle(unsigned *seed, const char *name)
{
	static const char *const dirs[] = { "", "/a", "/b", "/a/a", "/a/b", "/b/a" };
	char path[96], text[64];

	for (size_t i = 0; i < COUNT(dirs); i++) {
		snprintf(path, sizeof(path), "%s%s", name, dirs[i]);
		make_dir(path);
		snprintf(path, sizeof(path), "%s%s/c", name, dirs[i]);
		put_file(path, "c", 0644);
		for (int k = 0; k < 6; k++) {
			snprintf(path, sizeof(path), "%s%s/l%d", name, dirs[i], k);
			draw_path(seed, text, true);
			make_link(path, text);
		}
	}
}

static void
ask(unsigned seed, int dirfd, struct answer answers[QUESTIONS])
{
	static const int flags[] = { O_PATH, O_RDONLY | O_NONBLOCK, O_PATH | O_DIRECTORY };

	for (int i = 0; i < QUESTIONS; i++) {
		char path[64];
		struct stat st = { .st_ino = 0 };
		unsigned how;
		int fd;

		draw_path(&seed, path, false);
		how = draw(&seed, 3 * 8);
		fd = beneath_open(dirfd, path, how >= 3, flags[how % 3]);
		answers[i].err = fd == -1 ? errno : 0;
		if (fd != -1) {
			ck_assert_int_eq(fstat(fd, &st), 0);
			close(fd);
		}
		answers[i].ino = st.st_ino;
	}
}

static void
compare(unsigned seed, int tangle, const struct answer *a, const struct answer *b)
{
	for (int i = 0; i < QUESTIONS; i++) {
		char path[64];

		draw_path(&seed, path, false);
		ck_assert_msg(a[i].err == b[i].err && a[i].ino == b[i].ino,
		    "tangle %d, question %d, %s: the kernel says %s, %lu, the walk %s, %lu",
		    tangle, i, path, strerror(a[i].err), (unsigned long)a[i].ino,
		    strerror(b[i].err), (unsigned long)b[i].ino);
		(void)draw(&seed, 3 * 8);
	}
}

START_TEST(the_walk_agrees_with_the_kernel)
{
	static struct answer answers[2][TANGLES][QUESTIONS];
	int fds[TANGLES], good = 0, bad = 0;
	unsigned seed = 1;

	for (int i = 0; i < TANGLES; i++) {
		char name[16];

		snprintf(name, sizeof(name), "top%d", i);
		make_tangle(&seed, name);
		fds[i] = openat(unit_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		ck_assert_int_ge(fds[i], 0);
	}
	if (lacks_kernel(0))
		return;
	for (int i = 0; i < TANGLES; i++)
		ask((unsigned)i, fds[i], answers[0][i]);
	ck_assert_int_eq(filter_openat2(ENOSYS), 0);
	for (int i = 0; i < TANGLES; i++) {
		ask((unsigned)i, fds[i], answers[1][i]);
		compare((unsigned)i, i, answers[0][i], answers[1][i]);
		for (int k = 0; k < QUESTIONS; k++)
			*(answers[0][i][k].err == 0 ? &good : &bad) += 1;
	}
	ck_assert_int_gt(good, TANGLES * QUESTIONS / 20);
	ck_assert_int_gt(bad, TANGLES * QUESTIONS / 20);
}
END_TEST

/*
 * Somebody swaps a directory for a link that leads out, all the time: what is opened is what was
 * asked for, or nothing.
 */

enum {
	RACE_OPENS = 10000	/* for each kernel */
};

static const struct { const char *one, *other; } swaps[] = {
	{ "top/d", "top/out" },			/* out -> ../outside */
	{ "top/d/sub", "top/d/out" },		/* d/out -> ../../outside */
	{ "top/d/sub", "outside/sub" },		/* moved away, while links go up from there */
	{ "top/f", "top/out-f" },		/* out-f -> ../outside/f */
	{ "top/l", "top/out" },			/* a good link for a bad one */
};

/* Swaps all of them in turn until it is killed. */
static pid_t
begin_swapping(void)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (size_t i = 0;; i++)
		for (int k = 0; k < 64; k++)
			if (renameat2(unit_fd, swaps[i % COUNT(swaps)].one, unit_fd,
			    swaps[i % COUNT(swaps)].other, RENAME_EXCHANGE) == -1)
				continue;	/* While another pair is the other way round. */
}

/* True for what stays outside, whatever is swapped. */
static bool
is_outside(int fd, const struct stat *outside, size_t n)
{
	struct stat st;

	ck_assert_int_eq(fstat(fd, &st), 0);
	for (size_t i = 0; i < n; i++)
		if (st.st_ino == outside[i].st_ino && st.st_dev == outside[i].st_dev)
			return true;
	return false;
}

START_TEST(while_somebody_swaps)
{
	static const char *const paths[] = {
		"d", "d/f", "d/sub/f", "f", "l/f", "out/f", "d/sub/up/f", "d/sub/upup/f", "d/out/f",
	};
	static const char *const canaries[] = { "outside", "outside/f", "." };
	struct stat outside[COUNT(canaries)];
	int good = 0, bad = 0, before, status;
	pid_t pid;

	make_tree();
	make_dir("outside/sub");
	make_link("outside/sub/up", "..");
	make_link("outside/sub/upup", "../..");
	put_file("top/d/f", "df", 0644);
	put_file("top/d/sub/f", "dsf", 0644);
	put_link("out", "../outside");
	put_link("out-f", "../outside/f");
	put_link("l", "d/sub");
	put_link("d/out", "../../outside");
	put_link("d/sub/up", "..");
	put_link("d/sub/upup", "../..");
	for (size_t i = 0; i < COUNT(canaries); i++)
		ck_assert_int_eq(fstatat(unit_fd, canaries[i], &outside[i], 0), 0);
	before = count_descriptors();
	pid = begin_swapping();
	if (lacks_kernel(_i)) {
		kill(pid, SIGKILL);
		return;
	}
	for (int i = 0; i < RACE_OPENS; i++) {
		const char *path = paths[(size_t)i % COUNT(paths)];
		char leaf[NAME_MAX + 1];
		int fd = i % 3 == 0 ? beneath_place(top, path, true, leaf)
		    : beneath_open(top, path, i % 2, i % 3 == 1 ? O_PATH : O_RDONLY);

		*(fd != -1 ? &good : &bad) += 1;
		if (fd == -1)
			continue;
		ck_assert_msg(!is_outside(fd, outside, COUNT(outside)), "%s: it leads out", path);
		close(fd);
	}
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(count_descriptors(), before);
	ck_assert_int_gt(good, RACE_OPENS / 100);
	ck_assert_int_gt(bad, RACE_OPENS / 100);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, plain_paths);
	tcase_add_test(t, plain_paths_of_the_system);
	tcase_add_test(t, ways_to_write_the_same);
	tcase_add_test(t, plain_is_plain);
	tcase_add_test(t, long_plain_paths);
	tcase_add_test(t, long_plain_paths_from_somewhere);
	tcase_add_loop_test(t, what_is_there_and_what_is_not, 0, KERNELS);
	tcase_add_loop_test(t, for_writing, 0, KERNELS);
	tcase_add_loop_test(t, where_links_lead, 0, KERNELS);
	tcase_add_loop_test(t, chains_of_links, 0, KERNELS);
	tcase_add_test(t, links_that_the_kernel_counts_twice);
	tcase_add_loop_test(t, long_links, 0, KERNELS);
	tcase_add_loop_test(t, long_links_to_long_links, 0, KERNELS);
	tcase_add_loop_test(t, more_than_the_walk_takes, 0, KERNELS);
	tcase_add_loop_test(t, names_longer_than_any, 0, KERNELS);
	tcase_add_loop_test(t, the_longest_paths, 0, KERNELS);
	tcase_add_loop_test(t, places_of_paths, 0, KERNELS);
	tcase_add_loop_test(t, making_things_in_their_place, 0, KERNELS);
	tcase_add_loop_test(t, magic_links, 0, KERNELS);
	tcase_add_loop_test(t, a_top_to_be_searched_only, 0, KERNELS);
	tcase_add_loop_test(t, directories_that_may_not_be_searched, 0, KERNELS);
	tcase_add_loop_test(t, a_top_that_may_not_be_searched, 0, KERNELS);
	tcase_add_loop_test(t, a_fifo_is_not_waited_for, 0, KERNELS);
	tcase_add_loop_test(t, where_something_is_mounted, 0, KERNELS);
	tcase_add_loop_test(t, no_top, 0, KERNELS);
	tcase_add_loop_test(t, no_descriptors, 0, KERNELS);
	tcase_add_test(t, the_walk_agrees_with_the_kernel);
	tcase_add_loop_test(t, while_somebody_swaps, 0, KERNELS);
}

int
main(void)
{
	return run_unit("beneath", add);
}
