/* SPDX-License-Identifier: ISC */
/*
 * The commands that go through a tree, while directories in it, and what they are told to begin with, are
 * exchanged for links that lead out.
 */
#include "commanding.h"
#include "filter.h"
#include "swapping.h"

enum {
	ROUNDS = 60
};

static const struct {
	const char *a, *b;
} swaps[] = {
	{ "top/t", "top/link" },	/* what is told */
	{ "top/x", "top/link" },	/* a directory on the way there */
	{ "top/x/d", "top/x/link" },	/* one in it */
};

enum { SWAPS = COUNT(swaps) };

/* What the commands have removed. */
static void
make_again(void)
{
	put_inside("f");
	(void)mkdirat(real, "d", 0755);
	(void)mkdirat(unit_fd, "top/t", 0755);
	if (symlinkat("../../outside", real, "link") == -1)
		ck_assert_int_eq(errno, EEXIST);
}

/* All that is beneath the root, followed nowhere, is smaller than what is outside. */
static bool
has_song(int dirfd, int depth)
{
	DIR *dir = fdopendir(dirfd);
	struct dirent *e;
	bool found = false;

	if (dir == NULL) {
		close(dirfd);
		return false;
	}
	while (!found && (e = readdir(dir)) != NULL) {
		struct stat st;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
		    fstatat(dirfd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == -1)
			continue;
		found = S_ISREG(st.st_mode) && st.st_size == SONG_SIZE;
		if (S_ISDIR(st.st_mode) && depth > 0) {
			int fd = openat(dirfd, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

			found = fd != -1 && has_song(fd, depth - 1);
		}
	}
	closedir(dir);
	return found;
}

static void
run_all(void)
{
	static const char *const lines[] = {
		"chmod -R 700 x", "chmod -R u=rwx,go= t", "cp -r x y", "cp -rpT t z", "cp x/d/f x/f w",
		"chown -R 12345 x", "touch x/d/f x/d", "mv -f y x/d", "mv x/d t", "rm -r x/d", "rm -rf x/link",
		"rm -rf t/d y z w", "rm -rf t", "mkdir -p x/d/e/g", "rm -rf x/d", "rm -r x/f",
	};

	for (size_t i = 0; i < COUNT(lines); i++) {
		(void)run_line(lines[i]);
		(void)take_output();
		(void)take_errors();
	}
}

START_TEST(rule_23_whoever_swaps_leads_no_command_out)
{
	int kernel = _i / SWAPS, which = _i % SWAPS;

	begin_restricted();
	make_world();
	policy.symlinks = SYMLINKS_BENEATH;
	policy.make_links = POLICY_YES;
	begin_commands(-1);
	make_again();
	if (lacks_kernel(kernel))
		return;
	start_swapping(swaps[which].a, swaps[which].b);
	for (int i = 0; i < ROUNDS; i++) {
		make_again();
		run_all();
	}
	stop_swapping();
	ck_assert(!is_touched());
	ck_assert(!has_song(openat(unit_fd, "top", O_RDONLY | O_DIRECTORY | O_CLOEXEC), 9));
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_loop_test(t, rule_23_whoever_swaps_leads_no_command_out, 0,
	    (int)KERNELS * (int)SWAPS);
}

int
main(void)
{
	return run_unit("race", add);
}
