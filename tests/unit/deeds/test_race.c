/* SPDX-License-Identifier: ISC */
/*
 * Somebody exchanges what a name in the root stands for and a link that leads out, as fast as he can,
 * while each deed that takes paths is done to it: nothing outside is changed, nor told of.
 */
#include "deeds/folder.h"
#include "filter.h"
#include "swapping.h"

enum {
	ROUNDS = 500,
	CONTROL_ROUNDS = 1000000	/* at most, until somebody was met who is not confined */
};

static struct stat st;

/* True where what is outside was told of. */
static bool
looks(const char *file)
{
	char text[PATH_MAX];
	bool told = false;

	if (deeds_look(&deeds, file, DEEDS_FOLLOW, &st, &answer) == 0)
		told = st.st_size == SONG_SIZE;
	if (deeds_look(&deeds, file, DEEDS_HOLD, &st, &answer) == 0)
		told = told || st.st_size == SONG_SIZE;
	if (deeds_read_link(&deeds, file, text, &answer) == 0)
		told = told || strstr(text, "outside") != NULL;
	return told;
}

static bool
lists(const char *dir)
{
	struct folder folder;
	struct folder_entry e;
	bool told = false;

	if (folder_open(&deeds, &folder, dir, &answer) == -1)
		return false;
	while (folder_next(&deeds, &folder, &e, &answer) == 1)
		told = told || e.st.st_size == SONG_SIZE;
	folder_close(&folder);
	return told;
}

static void
set_all(const char *path)
{
	struct wish w = { .attrs = { .has_mode = true, .mode = 0600, .has_times = true } };

	(void)deeds_set(&deeds, path, DEEDS_FOLLOW, &w, &answer);
	w = (struct wish){ .has_size = true, .size = 1 };
	(void)deeds_set(&deeds, path, DEEDS_FOLLOW, &w, &answer);
}

/* Each deed with FILE, which is in "x" or would be. */
static void
do_all(const char *file)
{
	set_all(file);
	(void)deeds_mkdir(&deeds, "x/d", 0755, &answer);
	(void)deeds_symlink(&deeds, "f", "x/s", DEEDS_SPARE, &answer);
	(void)deeds_hard_link(&deeds, file, "x/h", DEEDS_SPARE, &answer);
	(void)deeds_hard_link(&deeds, file, "h", DEEDS_SPARE, &answer);
	(void)deeds_rename(&deeds, file, "g", DEEDS_REPLACE, &answer);
	(void)deeds_rename(&deeds, "g", "x/g", DEEDS_SPARE_SEEN, &answer);
	(void)deeds_rename(&deeds, "g", "x/f", DEEDS_REPLACE, &answer);
	(void)deeds_rmdir(&deeds, "x/d", &answer);
	(void)deeds_remove(&deeds, "x/s", &answer);
	(void)deeds_remove(&deeds, "x/h", &answer);
	(void)deeds_remove(&deeds, "h", &answer);
	(void)deeds_remove(&deeds, "g", &answer);
	(void)deeds_remove(&deeds, "x/g", &answer);
	(void)deeds_remove(&deeds, file, &answer);
}

static const struct {
	const char *a, *b, *file;
} swaps[] = {
	{ "top/x", "top/link", "x/f" },		/* a directory on the way */
	{ "top/x/f", "top/x/link", "x/f" },	/* what the path names itself */
};

enum { SWAPS = COUNT(swaps) };

static void
begin_race(void)
{
	begin_restricted();
	make_world();
	policy.symlinks = SYMLINKS_BENEATH;
	policy.make_links = POLICY_YES;
	begin_session();
}

START_TEST(rule_25_nothing_outside_is_touched_whoever_swaps)
{
	int kernel = _i / SWAPS, which = _i % SWAPS;

	begin_race();
	if (lacks_kernel(kernel))
		return;
	start_swapping(swaps[which].a, swaps[which].b);
	for (int i = 0; i < ROUNDS; i++) {
		put_inside("f");
		ck_assert(!looks(swaps[which].file));
		ck_assert(!lists("x"));
		do_all(swaps[which].file);
		/* Made anew where it was removed, or replaced. */
		if (symlinkat("../../outside/f", real, "link") == -1)
			ck_assert_int_eq(errno, EEXIST);
	}
	stop_swapping();
	ck_assert(!is_touched());
}
END_TEST

/* The same where nobody is confined: else nothing is proven. */
START_TEST(a_race_without_a_root_is_lost)
{
	bool touched = false;
	struct wish w = { .attrs = { .has_mode = true, .mode = 0600 } };

	begin_race();
	policy = drop_in_policy();
	ck_assert_int_eq(root_open(&root), 0);
	deeds_init(&deeds, &policy, &root, &account, &audit);
	start_swapping("top/x", "top/link");
	for (int i = 0; i < CONTROL_ROUNDS && !touched; i++) {
		(void)deeds_set(&deeds, "top/x/f", DEEDS_FOLLOW, &w, &answer);
		touched = is_touched();
	}
	stop_swapping();
	ck_assert(touched);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_loop_test(t, rule_25_nothing_outside_is_touched_whoever_swaps, 0,
	    (int)KERNELS * (int)SWAPS);
	tcase_add_test(t, a_race_without_a_root_is_lost);
}

int
main(void)
{
	return run_unit("race", add);
}
