/* SPDX-License-Identifier: ISC */
#include "dirs.h"
#include "paths/place.h"
#include "unit.h"

static struct root root;

static void
begin(void)
{
	make_things();
	ck_assert_int_eq(root_open(&root), 0);
}

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
		end = place_open(&root, places[i].path, &p);
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
	ck_assert_int_eq(place_open(&root, name, &p), 0);
	ck_assert_str_eq(p.leaf, name);
	place_close(&p);
}
END_TEST

START_TEST(closing_a_place)
{
	struct place p;
	int fd;

	begin();
	ck_assert_int_eq(place_open(&root, "d/x", &p), 0);
	ck_assert_int_eq(p.owned, true);
	fd = p.dirfd;
	errno = ERANGE;
	place_close(&p);
	ck_assert_int_eq(errno, ERANGE);
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);

	ck_assert_int_eq(place_open(&root, "x", &p), 0);
	fd = p.dirfd;
	place_close(&p);
	if (!p.owned && fd == root.start)
		ck_assert_int_ne(fcntl(fd, F_GETFD), -1);
	errno = ERANGE;
	place_close(&p);
	ck_assert_int_eq(errno, ERANGE);
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
		ck_assert_int_eq(place_own_name(&root, fd, leaf), 0);
		ck_assert_str_eq(leaf, names[i]);
		close(fd);
	}
	ck_assert_int_eq(place_own_name(&root, root.start, leaf), 0);
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
		ck_assert_int_eq(place_own_name(&root, fd, leaf), 0);
		ck_assert_str_eq(leaf, rows[i].wanted);
		close(fd);
	}
	/* As its parent has it now. */
	fd = root_dir(&root, "d/sub");
	ck_assert_int_eq(renameat(unit_fd, "d/sub", unit_fd, "moved"), 0);
	ck_assert_int_eq(place_own_name(&root, fd, leaf), 0);
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
	ck_assert_int_eq(place_own_name(&root, root.fd, leaf), -1);
	ck_assert_int_eq(errno, EINVAL);
	fd = openat(unit_fd, "f", O_RDONLY | O_CLOEXEC);
	errno = 0;
	ck_assert_int_eq(place_own_name(&root, fd, leaf), -1);
	ck_assert_int_eq(errno, ENOTDIR);
	ck_assert_int_eq(place_own_name(&root, -1, leaf), -1);
	make_dir("gone");
	fd = root_dir(&root, "gone");
	ck_assert_int_eq(unlinkat(unit_fd, "gone", AT_REMOVEDIR), 0);
	errno = 0;
	ck_assert_int_eq(place_own_name(&root, fd, leaf), -1);
	ck_assert_int_eq(errno, ENOENT);
	/* And the working directory is where it was, which is where relative paths begin. */
	ck_assert_int_eq(openat(AT_FDCWD, "gone", O_RDONLY), -1);
	ck_assert_int_ge(openat(AT_FDCWD, "f", O_RDONLY | O_CLOEXEC), 0);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, places_by_path);
	tcase_add_test(t, the_longest_leaf);
	tcase_add_test(t, closing_a_place);
	tcase_add_test(t, names_of_directories);
	tcase_add_test(t, names_of_what_a_path_hides);
	tcase_add_test(t, what_has_no_name);
}

int
main(void)
{
	return run_unit("place", add);
}
