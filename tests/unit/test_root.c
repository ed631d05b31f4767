/* SPDX-License-Identifier: ISC */
#include <sys/wait.h>

#include <grp.h>

#include "root.h"
#include "unit.h"

enum {
	OPEN_MAX_SEEN = 256,	/* descriptors that a test looks at */
	SOMEBODY = 12345,	/* whom nobody trusts */
	LEVELS = 20,		/* of the longest names: more than a path may have */
	LINKS_MAX = 40		/* that the kernel follows */
};

static struct root root;

/* How many descriptors are open: one more afterwards is one that leaked. */
static int
count_open(void)
{
	int n = 0;

	for (int fd = 0; fd < OPEN_MAX_SEEN; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

static bool
skip_without_root(void)
{
	if (geteuid() == 0)
		return false;
	printf("SKIP: needs root\n");
	fflush(stdout);
	return true;
}

/* What follows is done with the rights of UID; the user that began the test can have them back. */
static void
become(uid_t uid)
{
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(setgroups(0, NULL), 0);
	ck_assert_int_eq(setegid(uid), 0);
	ck_assert_int_eq(seteuid(uid), 0);
}

static void
make_link(const char *name, const char *target)
{
	ck_assert_msg(symlinkat(target, unit_fd, name) == 0, "%s: %s", name, strerror(errno));
}

static void
make_dir(const char *name)
{
	ck_assert_msg(mkdirat(unit_fd, name, 0755) == 0, "%s: %s", name, strerror(errno));
}

/* The directory PATH, which an ordinary open finds, must be what FD is. */
static void
expect_dir(int fd, const char *path, const char *what)
{
	struct stat got, wanted;

	ck_assert_msg(fd != -1, "%s: %s", what, strerror(errno));
	ck_assert_msg(fstatat(unit_fd, path, &wanted, 0) == 0, "%s: %s", path, strerror(errno));
	ck_assert_int_eq(fstatat(fd, "", &got, AT_EMPTY_PATH), 0);
	ck_assert_msg(got.st_ino == wanted.st_ino && got.st_dev == wanted.st_dev,
	    "%s: expected the directory \"%s\"", what, path);
}

static void
expect_o_path(int fd)
{
	ck_assert_int_ne(fcntl(fd, F_GETFL) & O_PATH, 0);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
}

/* A few things to find, and the working directory is where they are. */
static void
begin(void)
{
	make_dir("d");
	make_dir("d/sub");
	put_file("f", "f", 0644);
	put_file("d/g", "g", 0644);
	make_link("link", "d");
	make_link("loop", "loop");
	ck_assert_int_eq(fchdir(unit_fd), 0);
	ck_assert_int_eq(root_open(&root, "/"), 0);
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

START_TEST(a_root_that_cannot_be_opened)
{
	int before;

	begin();
	root_close(&root);
	before = count_open();
	errno = 0;
	ck_assert_int_eq(root_open(&root, "none"), -1);
	ck_assert_int_eq(errno, ENOENT);
	root_close(&root);
	errno = 0;
	ck_assert_int_eq(root_open(&root, "f"), -1);
	ck_assert_int_eq(errno, ENOTDIR);
	root_close(&root);
	ck_assert_int_eq(count_open(), before);
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
	ck_assert_int_eq(root_open(&root, "/"), 0);
	ck_assert_int_eq(root.start, AT_FDCWD);
	fd = root_dir(&root, "/");
	expect_dir(fd, "/", "/");
	ck_assert_int_eq(root_dir(&root, "."), -1);
	ck_assert_int_eq(errno, EACCES);
	ck_assert_int_eq(root_own_name(&root, fd, leaf), -1);
	ck_assert_int_eq(errno, EACCES);
	if (root_place(&root, "f", &p) == 0)
		ck_assert_int_eq(dir_open(p.dirfd, p.leaf, O_RDONLY, 0), -1);
	place_close(&p);
	root_close(&root);
	ck_assert_int_eq(root.start, -1);
	if (was_root)
		ck_assert_int_eq(seteuid(0), 0);
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

START_TEST(absolute_paths_begin_at_the_root)
{
	char path[128];
	struct place p;
	int fd;

	begin();
	root_close(&root);
	snprintf(path, sizeof(path), "%s/d", unit_path);
	make_link("d/inside", "/sub/x");
	ck_assert_int_eq(root_open(&root, path), 0);
	fd = root_dir(&root, "/");
	expect_dir(fd, "d", "/");
	fd = root_dir(&root, "/sub");
	expect_dir(fd, "d/sub", "/sub");
	fd = root_dir(&root, "//sub");
	expect_dir(fd, "d/sub", "//sub");
	ck_assert_int_eq(root_place(&root, "/x", &p), 0);
	expect_dir(p.dirfd, "d", "the place of /x");
	place_close(&p);
	ck_assert_int_eq(root_place(&root, "/sub/x", &p), 0);
	expect_dir(p.dirfd, "d/sub", "the place of /sub/x");
	place_close(&p);
	ck_assert_int_eq(root_follow(&root, fd, "../inside", ROOT_ANY_LINK, &p), 0);
	expect_dir(p.dirfd, "d/sub", "where /sub/x leads");
	place_close(&p);
	fd = root_dir(&root, ".");
	expect_dir(fd, ".", "a relative path");
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
	ck_assert_int_eq(root_place(&root, longer, &p), 0);
	ck_assert_str_eq(p.leaf, "leaf");
	expect_same(p.dirfd, fds[LEVELS - 1], "a relative place");
	place_close(&p);
	sprintf(longer, "%s/%s", unit_path, path);
	ck_assert_int_eq(root_place(&root, longer, &p), 0);
	ck_assert_str_eq(p.leaf, strrchr(path, '/') + 1);
	expect_same(p.dirfd, fds[LEVELS - 2], "an absolute place");
	place_close(&p);

	sprintf(longer, "%s/none/x", path);
	errno = 0;
	ck_assert_int_eq(root_dir(&root, longer), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(root_place(&root, longer, &p), -1);
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
			ck_assert_int_eq(root_place(&root, path, &p), -1);
			ck_assert_int_eq(errno, ENAMETOOLONG);
			place_close(&p);
			strcat(path, "/x");
			errno = 0;
			ck_assert_int_eq(root_dir(&root, path), -1);
			ck_assert_int_eq(errno, ENAMETOOLONG);
			errno = 0;
			ck_assert_int_eq(root_place(&root, path, &p), -1);
			ck_assert_int_eq(errno, ENAMETOOLONG);
			place_close(&p);
			ck_assert_int_eq(count_open(), before);
		}
}
END_TEST

static const struct {
	const char *path, *dir, *leaf;	/* NULL: none */
	int	    err;
} places[] = {
	{ "f", ".", "f", 0 },			{ "f///", ".", "f", 0 },
	{ "./f", ".", "f", 0 },			{ "new", ".", "new", 0 },
	{ "d/f", "d", "f", 0 },			{ "d//new//", "d", "new", 0 },
	{ "d/sub/../new", "d", "new", 0 },	{ "../x", "..", "x", 0 },
	{ "/x", "/", "x", 0 },			{ "//x/", "/", "x", 0 },
	{ "/dev/x", "/dev", "x", 0 },		{ "...", ".", "...", 0 },
	{ "..x", ".", "..x", 0 },		{ "d/.x", "d", ".x", 0 },
	{ "a\nb", ".", "a\nb", 0 },		{ "-", ".", "-", 0 },
	/* A link is not followed as what is named, and is on the way to it. */
	{ "link", ".", "link", 0 },		{ "link/", ".", "link", 0 },
	{ "link/x", "d", "x", 0 },		{ "loop", ".", "loop", 0 },
	{ "", NULL, NULL, EINVAL },		{ "/", NULL, NULL, EINVAL },
	{ "///", NULL, NULL, EINVAL },		{ ".", NULL, NULL, EINVAL },
	{ "..", NULL, NULL, EINVAL },		{ "./", NULL, NULL, EINVAL },
	{ "..//", NULL, NULL, EINVAL },		{ "d/.", NULL, NULL, EINVAL },
	{ "d/..", NULL, NULL, EINVAL },		{ "d/./", NULL, NULL, EINVAL },
	{ "d/..//", NULL, NULL, EINVAL },	{ "/.", NULL, NULL, EINVAL },
	{ "/..", NULL, NULL, EINVAL },		{ "none/..", NULL, NULL, EINVAL },
	{ "none/x", NULL, NULL, ENOENT },	{ "f/x", NULL, NULL, ENOTDIR },
	{ "loop/x", NULL, NULL, ELOOP },
};

START_TEST(places_by_path)
{
	begin();
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		int before = count_open(), end;
		struct place p = { .dirfd = 77, .owned = true };

		errno = 0;
		end = root_place(&root, places[i].path, &p);
		if (places[i].dir == NULL) {
			ck_assert_msg(end == -1 && errno == places[i].err,
			    "\"%s\": expected errno %d, got %d, %d",
			    places[i].path, places[i].err, end, errno);
			ck_assert_int_eq(p.dirfd, -1);
		} else {
			ck_assert_msg(end == 0, "\"%s\": %s", places[i].path, strerror(errno));
			expect_dir(p.dirfd, places[i].dir, places[i].path);
			expect_o_path(p.dirfd);
			ck_assert_str_eq(p.leaf, places[i].leaf);
		}
		place_close(&p);
		ck_assert_int_eq(p.dirfd, -1);
		place_close(&p);
		ck_assert_int_eq(count_open(), before);
	}
	expect_dir(root.start, ".", "start is still open");
}
END_TEST

START_TEST(the_longest_leaf)
{
	char name[NAME_MAX + 1];
	struct place p;

	begin();
	memset(name, 'n', NAME_MAX);
	name[NAME_MAX] = '\0';
	ck_assert_int_eq(root_place(&root, name, &p), 0);
	ck_assert_str_eq(p.leaf, name);
	place_close(&p);
}
END_TEST

START_TEST(closing_a_place)
{
	struct place p;
	int fd;

	begin();
	ck_assert_int_eq(root_place(&root, "d/x", &p), 0);
	ck_assert_int_eq(p.owned, true);
	fd = p.dirfd;
	errno = ERANGE;
	place_close(&p);
	ck_assert_int_eq(errno, ERANGE);
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);

	ck_assert_int_eq(root_place(&root, "x", &p), 0);
	fd = p.dirfd;
	place_close(&p);
	if (!p.owned && fd == root.start)
		ck_assert_int_ne(fcntl(fd, F_GETFD), -1);
	errno = ERANGE;
	place_close(&p);
	ck_assert_int_eq(errno, ERANGE);
}
END_TEST

static const struct {
	const char *target, *dir, *leaf;	/* of the link; NULL: none */
	int	    err;
} follows[] = {
	{ "f", ".", "f", 0 },
	{ "./f", ".", "f", 0 },
	{ "d/g", "d", "g", 0 },
	{ "d//.///g", "d", "g", 0 },
	{ "d", ".", "d", 0 },
	{ "d/", "d", ".", 0 },
	{ "d/sub/../g", "d", "g", 0 },
	{ "/dev/null", "/dev", "null", 0 },
	{ "//dev//null", "/dev", "null", 0 },
	/* There need not be anything, but the way there must be. */
	{ "none", ".", "none", 0 },
	{ "d/none", "d", "none", 0 },
	{ "/none-of-this", "/", "none-of-this", 0 },
	{ "none/x", NULL, NULL, ENOENT },
	{ "none/..", NULL, NULL, ENOENT },
	{ "f/x", NULL, NULL, ENOTDIR },
	{ "f/..", NULL, NULL, ENOTDIR },
	/* Directories without a name. */
	{ ".", ".", ".", 0 },
	{ "..", "..", ".", 0 },
	{ "../", "..", ".", 0 },
	{ "d/.", "d", ".", 0 },
	{ "d/..", ".", ".", 0 },
	{ "d/sub/..//", "d", ".", 0 },
	{ "/", "/", ".", 0 },
	{ "/..", "/", ".", 0 },
	/* Links on the way, at its end, and to links. */
	{ "link", ".", "d", 0 },
	{ "link/", ".", "d", 0 },
	{ "link/g", "d", "g", 0 },
	{ "link/none", "d", "none", 0 },
	{ "link/..", ".", ".", 0 },
	{ "link/sub/../../link/g", "d", "g", 0 },
	{ "to-link", "d", "g", 0 },
	{ "d/back", "d", "g", 0 },
	{ "d/up", ".", "f", 0 },
	{ "d/home/f", ".", "f", 0 },
	{ "to-none", ".", "none", 0 },
	{ "to-dev/null", "/dev", "null", 0 },
	{ "to-root", "/", ".", 0 },
	{ "to-root/dev/x", "/dev", "x", 0 },
	/* No end. */
	{ "x", NULL, NULL, ELOOP },
	{ "loop", NULL, NULL, ELOOP },
	{ "loop/x", NULL, NULL, ELOOP },
	{ "ping", NULL, NULL, ELOOP },
	{ "d/grow/x", NULL, NULL, ELOOP },
};

static void
expect_place(const struct place *p, int end, const char *dir, const char *leaf, const char *what)
{
	ck_assert_msg(end == 0, "%s: expected \"%s\" in \"%s\", got errno %d", what, leaf, dir,
	    errno);
	expect_dir(p->dirfd, dir, what);
	expect_o_path(p->dirfd);
	ck_assert_msg(strcmp(p->leaf, leaf) == 0, "%s: expected leaf \"%s\", got \"%s\"", what,
	    leaf, p->leaf);
}

START_TEST(where_links_lead)
{
	begin();
	make_link("to-link", "link/g");
	make_link("d/back", "../d/g");
	make_link("d/up", "../f");
	make_link("d/home", "..");
	make_link("to-none", "none");
	make_link("to-dev", "/dev");
	make_link("to-root", "/");
	make_link("ping", "pong");
	make_link("pong", "ping");
	make_link("d/grow", "grow/more");
	for (size_t i = 0; i < sizeof(follows) / sizeof(follows[0]); i++)
		for (int trust = ROOT_ANY_LINK; trust <= ROOT_OWN_LINKS; trust++) {
			int before = count_open(), end;
			struct place p = { .dirfd = 77, .owned = true };

			make_link("x", follows[i].target);
			errno = 0;
			end = root_follow(&root, unit_fd, "x", (enum root_trust)trust, &p);
			if (follows[i].dir == NULL)
				ck_assert_msg(end == -1 && errno == follows[i].err && p.dirfd == -1,
				    "\"%s\": expected errno %d, got %d, %d", follows[i].target,
				    follows[i].err, end, errno);
			else
				expect_place(&p, end, follows[i].dir, follows[i].leaf,
				    follows[i].target);
			place_close(&p);
			ck_assert_int_eq(p.dirfd, -1);
			place_close(&p);
			ck_assert_msg(count_open() == before, "\"%s\": a descriptor leaks",
			    follows[i].target);
			ck_assert_int_eq(unlinkat(unit_fd, "x", 0), 0);
		}
}
END_TEST

/* A relative target begins where its link is, not where the working directory is. */
START_TEST(links_begin_where_they_are)
{
	struct place p;
	int fd, end;

	begin();
	make_link("d/sub/x", "../g");
	make_link("d/sub/y", "new");
	ck_assert_int_eq(chdir("/"), 0);
	fd = openat(unit_fd, "d/sub", O_PATH | O_DIRECTORY | O_CLOEXEC);
	end = root_follow(&root, fd, "x", ROOT_OWN_LINKS, &p);
	expect_place(&p, end, "d", "g", "../g");
	place_close(&p);
	end = root_follow(&root, fd, "y", ROOT_OWN_LINKS, &p);
	expect_place(&p, end, "d/sub", "new", "new");
	place_close(&p);
	ck_assert_int_ne(fcntl(fd, F_GETFD), -1);
	close(fd);
}
END_TEST

/* As many as the kernel follows, and no more. */
START_TEST(chains_of_links)
{
	char name[16], target[16];

	begin();
	make_link("c1", "f");
	for (int n = 1; n <= LINKS_MAX + 2; n++) {
		struct place p;
		int end, fd;

		snprintf(name, sizeof(name), "c%d", n);
		snprintf(target, sizeof(target), "c%d", n - 1);
		if (n > 1)
			make_link(name, target);
		fd = openat(unit_fd, name, O_RDONLY | O_CLOEXEC);
		errno = 0;
		end = root_follow(&root, unit_fd, name, ROOT_OWN_LINKS, &p);
		ck_assert_msg((end == 0) == (fd != -1), "chain of %d: expected %d, got %d", n,
		    fd != -1 ? 0 : -1, end);
		if (end == -1)
			ck_assert_int_eq(errno, ELOOP);
		else
			expect_place(&p, end, ".", "f", name);
		place_close(&p);
		close(fd);
	}
}
END_TEST

START_TEST(links_to_long_names)
{
	static char target[4001];
	struct place p;
	int end, before;

	begin();
	before = count_open();
	memset(target, 'n', NAME_MAX);
	make_link("longest", target);
	end = root_follow(&root, unit_fd, "longest", ROOT_OWN_LINKS, &p);
	expect_place(&p, end, ".", target, "the longest name");
	place_close(&p);
	target[NAME_MAX] = 'n';
	make_link("longer", target);
	errno = 0;
	ck_assert_int_eq(root_follow(&root, unit_fd, "longer", ROOT_OWN_LINKS, &p), -1);
	ck_assert_int_eq(errno, ENAMETOOLONG);
	place_close(&p);
	for (size_t i = 0; i < sizeof(target) - 3; i += 2)
		memcpy(target + i, "./", 2);
	strcpy(target + sizeof(target) - 3, "f");
	make_link("far", target);
	end = root_follow(&root, unit_fd, "far", ROOT_OWN_LINKS, &p);
	expect_place(&p, end, ".", "f", "a long target");
	place_close(&p);
	/* Two of them do not fit in any path together, and need not. */
	make_link("further", "far");
	end = root_follow(&root, unit_fd, "further", ROOT_OWN_LINKS, &p);
	expect_place(&p, end, ".", "f", "a link to a long target");
	place_close(&p);
	ck_assert_int_eq(count_open(), before);
}
END_TEST

/* Whose links a user follows: his own and root's, wherever on the way they are. */
static const struct {
	const char *link;
	uid_t	    user;
	int	    err;	/* under ROOT_OWN_LINKS; 0: none */
} trusts[] = {
	{ "by-root", 0, 0 },		{ "by-nobody", 0, EACCES },
	{ "by-root", NOBODY, 0 },	{ "by-nobody", NOBODY, 0 },
	{ "via-root", 0, 0 },		{ "via-nobody", 0, EACCES },
	{ "via-root", NOBODY, 0 },	{ "via-nobody", NOBODY, 0 },
	{ "to-root", NOBODY, 0 },	{ "to-nobody", NOBODY, 0 },
	{ "by-somebody", 0, EACCES },	{ "by-somebody", NOBODY, EACCES },
	{ "via-somebody", 0, EACCES },	{ "via-somebody", NOBODY, EACCES },
	{ "to-somebody", 0, EACCES },	{ "to-somebody", NOBODY, EACCES },
	{ "up-somebody", 0, EACCES },	{ "up-somebody", NOBODY, EACCES },
};

START_TEST(links_of_other_users)
{
	static const struct { const char *name, *target; uid_t owner; } links[] = {
		{ "by-root", "d/g", 0 },
		{ "by-nobody", "d/g", NOBODY },
		{ "by-somebody", "d/g", SOMEBODY },
		{ "dir-root", "d", 0 },
		{ "dir-nobody", "d", NOBODY },
		{ "dir-somebody", "d", SOMEBODY },
		{ "via-root", "dir-root/g", 0 },
		{ "via-nobody", "dir-nobody/g", 0 },
		{ "via-somebody", "dir-somebody/g", 0 },
		{ "to-root", "by-root", 0 },
		{ "to-nobody", "by-nobody", 0 },
		{ "to-somebody", "by-somebody", 0 },
		{ "up-somebody", "dir-somebody/../d/g", 0 },
	};

	if (skip_without_root())
		return;
	begin();
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		make_link(links[i].name, links[i].target);
		ck_assert_int_eq(fchownat(unit_fd, links[i].name, links[i].owner, links[i].owner,
		    AT_SYMLINK_NOFOLLOW), 0);
	}
	/* Who owns the directories and what is in them does not matter. */
	ck_assert_int_eq(fchownat(unit_fd, "d", SOMEBODY, SOMEBODY, 0), 0);
	for (size_t i = 0; i < sizeof(trusts) / sizeof(trusts[0]); i++) {
		int before, end;
		struct place p;

		become(trusts[i].user);
		before = count_open();
		errno = 0;
		end = root_follow(&root, unit_fd, trusts[i].link, ROOT_OWN_LINKS, &p);
		if (trusts[i].err != 0)
			ck_assert_msg(end == -1 && errno == trusts[i].err && p.dirfd == -1,
			    "%s as %u: expected errno %d, got %d, %d", trusts[i].link,
			    trusts[i].user, trusts[i].err, end, errno);
		else
			expect_place(&p, end, "d", "g", trusts[i].link);
		place_close(&p);
		end = root_follow(&root, unit_fd, trusts[i].link, ROOT_ANY_LINK, &p);
		expect_place(&p, end, "d", "g", trusts[i].link);
		place_close(&p);
		ck_assert_int_eq(count_open(), before);
	}
	become(0);
}
END_TEST

START_TEST(names_of_directories)
{
	static const char *const names[] = { "plain", "a\nb", " ", "-", "\377\376", "...", ".x" };
	char leaf[NAME_MAX + 1];
	int before;

	begin();
	before = count_open();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int fd;

		make_dir(names[i]);
		fd = root_dir(&root, names[i]);
		ck_assert_int_eq(root_own_name(&root, fd, leaf), 0);
		ck_assert_str_eq(leaf, names[i]);
		close(fd);
	}
	ck_assert_int_eq(root_own_name(&root, root.start, leaf), 0);
	ck_assert_str_eq(leaf, strrchr(unit_path, '/') + 1);
	ck_assert_int_eq(count_open(), before);
}
END_TEST

START_TEST(names_of_what_a_path_hides)
{
	static const struct { const char *path, *wanted; } rows[] = {
		{ "d/.", "d" }, { "d/sub/..", "d" }, { "link", "d" }, { "link/sub/.", "sub" },
	};
	char leaf[NAME_MAX + 1];
	int fd;

	begin();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fd = root_dir(&root, rows[i].path);
		ck_assert_int_eq(root_own_name(&root, fd, leaf), 0);
		ck_assert_str_eq(leaf, rows[i].wanted);
		close(fd);
	}
	/* As its parent has it now. */
	fd = root_dir(&root, "d/sub");
	ck_assert_int_eq(renameat(unit_fd, "d/sub", unit_fd, "moved"), 0);
	ck_assert_int_eq(root_own_name(&root, fd, leaf), 0);
	ck_assert_str_eq(leaf, "moved");
	close(fd);
}
END_TEST

START_TEST(what_has_no_name)
{
	char leaf[NAME_MAX + 1];
	int fd;

	begin();
	errno = 0;
	ck_assert_int_eq(root_own_name(&root, root.fd, leaf), -1);
	ck_assert_int_eq(errno, EINVAL);
	fd = openat(unit_fd, "f", O_RDONLY | O_CLOEXEC);
	errno = 0;
	ck_assert_int_eq(root_own_name(&root, fd, leaf), -1);
	ck_assert_int_eq(errno, ENOTDIR);
	ck_assert_int_eq(root_own_name(&root, -1, leaf), -1);
	make_dir("gone");
	fd = root_dir(&root, "gone");
	ck_assert_int_eq(unlinkat(unit_fd, "gone", AT_REMOVEDIR), 0);
	errno = 0;
	ck_assert_int_eq(root_own_name(&root, fd, leaf), -1);
	ck_assert_int_eq(errno, ENOENT);
	/* And the working directory is where it was, which is where relative paths begin. */
	ck_assert_int_eq(openat(AT_FDCWD, "gone", O_RDONLY), -1);
	ck_assert_int_ge(openat(AT_FDCWD, "f", O_RDONLY | O_CLOEXEC), 0);
}
END_TEST

START_TEST(no_name_of_a_directory_that_is_too_deep)
{
	int fds[LEVELS], end, err;
	char leaf[NAME_MAX + 1], *path;

	begin();
	path = make_deep(fds);
	errno = 0;
	end = root_own_name(&root, fds[LEVELS - 1], leaf);
	err = errno;
	remove_deep(fds);
	ck_assert_int_eq(end, -1);
	ck_assert_int_eq(err, ENAMETOOLONG);
	free(path);
}
END_TEST

START_TEST(opening_never_follows_a_link)
{
	static const int flags[] = { O_RDONLY, O_WRONLY, O_RDWR | O_CREAT,
	    O_WRONLY | O_CREAT | O_TRUNC };
	static const char *const links[] = { "to-file", "dangling", "loop" };

	begin();
	make_link("to-file", "f");
	make_link("dangling", "none");
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		for (size_t k = 0; k < sizeof(links) / sizeof(links[0]); k++) {
			errno = 0;
			ck_assert_int_eq(dir_open(unit_fd, links[k], flags[i], 0600), -1);
			ck_assert_int_eq(errno, ELOOP);
		}
	errno = 0;
	ck_assert_int_eq(dir_open(unit_fd, "link", O_RDONLY | O_DIRECTORY, 0), -1);
	ck_assert(errno == ELOOP || errno == ENOTDIR);
	ck_assert_int_eq(exists("none"), false);
	ck_assert_str_eq(get_file("f"), "f");
}
END_TEST

START_TEST(opening_what_is_there_and_what_is_not)
{
	int fd;
	char got[2];

	begin();
	umask(022);
	fd = dir_open(unit_fd, "f", O_RDONLY, 0);
	ck_assert_int_eq(read(fd, got, sizeof(got)), 1);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	fd = dir_open(unit_fd, "new", O_WRONLY | O_CREAT | O_EXCL, 0666);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "x", 1), 1);
	ck_assert_uint_eq(mode_of("new"), 0644);
	ck_assert_int_eq(dir_open(unit_fd, "new", O_WRONLY | O_CREAT | O_EXCL, 0666), -1);
	ck_assert_int_eq(errno, EEXIST);
	ck_assert_int_eq(dir_open(unit_fd, "none", O_RDONLY, 0), -1);
	ck_assert_int_eq(errno, ENOENT);
	fd = dir_open(unit_fd, "d", O_RDONLY | O_DIRECTORY, 0);
	expect_dir(fd, "d", "d");
}
END_TEST

START_TEST(opening_through_links)
{
	int fd;
	char got[2];

	begin();
	make_link("to-file", "d/g");
	make_link("dangling", "none");
	fd = dir_open_following(unit_fd, "to-file", O_RDONLY);
	ck_assert_int_eq(read(fd, got, sizeof(got)), 1);
	ck_assert_int_eq(got[0], 'g');
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	fd = dir_open_following(unit_fd, "link", O_RDONLY | O_DIRECTORY);
	expect_dir(fd, "d", "link");
	ck_assert_int_eq(dir_open_following(unit_fd, "dangling", O_RDONLY), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(dir_open_following(unit_fd, "loop", O_RDONLY), -1);
	ck_assert_int_eq(errno, ELOOP);
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
	ck_assert_int_eq(dir_open(unit_fd, "fifo", O_WRONLY, 0), -1);
	ck_assert_int_eq(errno, ENXIO);
	errno = 0;
	ck_assert_int_eq(dir_open_following(unit_fd, "to-fifo", O_WRONLY), -1);
	ck_assert_int_eq(errno, ENXIO);
	fd = dir_open(unit_fd, "fifo", O_RDONLY, 0);
	ck_assert_int_ge(fd, 0);
	close(fd);
	fd = dir_open_following(unit_fd, "to-fifo", O_RDONLY);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_ge(dir_open(unit_fd, "fifo", O_WRONLY, 0), 0);
}
END_TEST

/* In a session without a terminal, the first that is opened becomes its own, unless avoided. */
static void
open_terminal(const char *path)
{
	int dev, fd;

	if (setsid() == -1 || (dev = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)) == -1)
		_exit(2);
	fd = dir_open(dev, path + 1, O_RDWR, 0);
	if (fd == -1 || open("/dev/tty", O_RDWR) != -1)
		_exit(3);
	fd = dir_open_following(dev, path + 1, O_RDWR);
	if (fd == -1 || open("/dev/tty", O_RDWR) != -1)
		_exit(4);
	/* The control: an ordinary open does get it. */
	if (open(path, O_RDWR) == -1 || open("/dev/tty", O_RDWR) == -1)
		_exit(5);
	_exit(0);
}

START_TEST(a_terminal_is_not_taken)
{
	int status, terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	const char *path = NULL;
	pid_t pid;

	if (terminal != -1 && grantpt(terminal) == 0 && unlockpt(terminal) == 0)
		path = ptsname(terminal);
	if (path == NULL) {
		printf("SKIP: no terminal: %s\n", strerror(errno));
		fflush(stdout);
		return;
	}
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		open_terminal(path);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(status == 0, "expected wait status 0, got %x", status);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, a_root_and_where_it_starts);
	tcase_add_test(t, a_root_that_cannot_be_opened);
	tcase_add_test(t, a_working_directory_that_may_not_be_searched);
	tcase_add_test(t, directories_by_path);
	tcase_add_test(t, absolute_paths_begin_at_the_root);
	tcase_add_test(t, paths_longer_than_the_kernel_takes);
	tcase_add_test(t, paths_about_as_long_as_the_kernel_takes);
	tcase_add_test(t, names_longer_than_any);
	tcase_add_test(t, places_by_path);
	tcase_add_test(t, the_longest_leaf);
	tcase_add_test(t, closing_a_place);
	tcase_add_test(t, where_links_lead);
	tcase_add_test(t, links_begin_where_they_are);
	tcase_add_test(t, chains_of_links);
	tcase_add_test(t, links_to_long_names);
	tcase_add_test(t, links_of_other_users);
	tcase_add_test(t, names_of_directories);
	tcase_add_test(t, names_of_what_a_path_hides);
	tcase_add_test(t, what_has_no_name);
	tcase_add_test(t, no_name_of_a_directory_that_is_too_deep);
	tcase_add_test(t, opening_never_follows_a_link);
	tcase_add_test(t, opening_what_is_there_and_what_is_not);
	tcase_add_test(t, opening_through_links);
	tcase_add_test(t, a_fifo_is_not_waited_for);
	tcase_add_test(t, a_terminal_is_not_taken);
}

int
main(void)
{
	return run_unit("root", add);
}
