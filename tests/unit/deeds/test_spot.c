/* SPDX-License-Identifier: ISC */
#include "deeds/spot.h"
#include "doing.h"
#include "filter.h"

#define DENIED "this name is not allowed"
#define HIDDEN "names that begin with a dot are not allowed"

static struct spot spot;

static const struct {
	const char *said, *plain, *leaf;
	bool	    slash;
} paths[] = {
	{ "", "in", "in", false },
	{ ".", "in", "in", false },
	{ "x", "in/x", "x", false },
	{ "./x/", "in/x", "x", true },
	{ "/x", "x", "x", false },
	{ "//in//x//", "in/x", "x", true },
	{ "..", "", ".", false },
	{ "../../../x", "x", "x", false },
	{ "/..", "", ".", false },
	{ "/../in/../../x", "x", "x", false },
	{ "/in/./x/../y", "in/y", "y", false },
	/* Nothing is looked at: this is text. */
	{ "nothing/../y", "in/y", "y", false },
	{ "/", "", ".", true },
};

START_TEST(rule_25_paths_are_text_and_the_top_is_the_end)
{
	begin_restricted();
	strcpy(policy.start, "in");
	ck_assert_int_eq(mkdirat(unit_fd, "top/in", 0755), 0);
	begin_session();
	for (size_t i = 0; i < COUNT(paths); i++) {
		ck_assert_msg(spot_find(&deeds, paths[i].said, SPOT_ANYTHING, &spot, &answer) == 0,
		    "\"%s\": %s", paths[i].said, answer_text(&answer));
		ck_assert_str_eq(spot.plain, paths[i].plain);
		ck_assert_str_eq(spot.place.leaf, paths[i].leaf);
		ck_assert_int_eq(spot.slash, paths[i].slash);
		ck_assert_int_eq(spot.top, paths[i].plain[0] == '\0');
		spot_close(&spot);
		spot_close(&spot);
	}
	log_is("");
}
END_TEST

START_TEST(rule_25_the_roots_own_path_is_the_top)
{
	char path[PATH_MAX];

	begin_restricted();
	begin_session();
	snprintf(path, sizeof(path), "%s/top/x", unit_path);
	EXPECT_YES(spot_find(&deeds, path, SPOT_FILE, &spot, &answer));
	ck_assert_str_eq(spot.plain, "x");
	spot_close(&spot);
	/* Components, not the beginnings of names. */
	snprintf(path, sizeof(path), "%s/topx/x", unit_path);
	EXPECT_NO(spot_find(&deeds, path, SPOT_FILE, &spot, &answer), ENOENT, NULL);
}
END_TEST

START_TEST(rule_25_what_is_left_is_judged_component_by_component)
{
	begin_restricted();
	policy.nrules = 2;
	policy.rules[0] = (struct policy_rule){ .allow = true, .pattern = "*.txt" };
	policy.rules[1] = (struct policy_rule){ .pattern = "no*" };
	ck_assert_int_eq(mkdirat(unit_fd, "top/d", 0755), 0);
	begin_session();
	EXPECT_YES(spot_find(&deeds, "d/a.txt", SPOT_FILE, &spot, &answer));
	spot_close(&spot);
	EXPECT_NO(spot_find(&deeds, "d/a.c", SPOT_FILE, &spot, &answer), EACCES, DENIED);
	log_is("refused \"/d/a.c\" reason \"" DENIED "\"\n");
	EXPECT_YES(spot_find(&deeds, "d/a.c", SPOT_ANYTHING, &spot, &answer));
	ck_assert_str_eq(spot_denies_file(&deeds, &spot), DENIED);
	spot_close(&spot);
	EXPECT_NO(spot_find(&deeds, "not/a.txt", SPOT_FILE, &spot, &answer), EACCES, DENIED);
	EXPECT_NO(spot_find(&deeds, ".x/a.txt", SPOT_FILE, &spot, &answer), EACCES, HIDDEN);
	ck_assert_uint_eq(deeds.errors, 3);
}
END_TEST

START_TEST(rule_59_to_who_looks_a_denied_name_is_not_there)
{
	begin_restricted();
	begin_session();
	EXPECT_NO(spot_seek(&deeds, ".x", SPOT_FILE, &spot, &answer), ENOENT, NULL);
	/* Rule 67: that is a refusal, but that there is nothing is none. */
	log_is("refused \"/.x\" reason \"" HIDDEN "\"\n");
	EXPECT_NO(spot_seek(&deeds, "no/x", SPOT_FILE, &spot, &answer), ENOENT, NULL);
	log_is("");
	ck_assert_uint_eq(deeds.errors, 1);
}
END_TEST

START_TEST(rule_59_where_nothing_is_revealed_names_are_denied_without_a_word)
{
	begin_blind();
	put_file("top/f", "", 0644);
	ck_assert_int_eq(symlinkat("f", unit_fd, "top/l"), 0);
	begin_session();
	EXPECT_NO(spot_find(&deeds, ".x", SPOT_FILE, &spot, &answer), EACCES, NULL);
	log_is("refused \"/.x\" reason \"" HIDDEN "\"\n");
	/* A directory that is not there is no secret, but whether a file is there in its place is. */
	EXPECT_NO(spot_find(&deeds, "no/x", SPOT_FILE, &spot, &answer), ENOENT, NULL);
	EXPECT_NO(spot_find(&deeds, "f/x", SPOT_FILE, &spot, &answer), ENOENT, NULL);
	EXPECT_NO(spot_find(&deeds, "l/x", SPOT_FILE, &spot, &answer), ENOENT, NULL);
}
END_TEST

START_TEST(rule_28_links_are_not_followed_on_the_way_where_they_never_are)
{
	begin_restricted();
	ck_assert_int_eq(mkdirat(unit_fd, "top/d", 0755), 0);
	ck_assert_int_eq(symlinkat("d", unit_fd, "top/l"), 0);
	ck_assert_int_eq(symlinkat("..", unit_fd, "top/out"), 0);
	begin_session();
	EXPECT_NO(spot_find(&deeds, "l/x", SPOT_FILE, &spot, &answer), ELOOP,
	    "symbolic links are not followed here");
	policy.symlinks = SYMLINKS_BENEATH;
	begin_session();
	EXPECT_YES(spot_find(&deeds, "l/x", SPOT_FILE, &spot, &answer));
	spot_close(&spot);
	EXPECT_NO(spot_find(&deeds, "out/x", SPOT_FILE, &spot, &answer), ENOENT,
	    "it is outside the root");
}
END_TEST

START_TEST(rule_29_names_of_temporaries_are_no_names)
{
	static const char *const names[] = {
		".scp-0123456789abcdef-1000-0", ".scp-ffffffffffffffff-0-4294967295",
		/* Where names fold, they are the same. */
		".scp-0123456789ABCDEF-1-1", ".SCP-0123456789abcdef-1-1",
	};
	static const char *const others[] = {
		".scp-0123456789abcdef-1000-", ".scp-0123456789abcde-1-1", ".scp-0123456789abcdef--1",
		".scp-0123456789abcdef-1-1x", ".scp-0123456789abcdefa-1-1", ".scp-", "scp-x",
	};

	begin_restricted();
	policy.hidden = POLICY_YES;
	begin_session();
	for (size_t i = 0; i < COUNT(names); i++) {
		EXPECT_NO(spot_find(&deeds, names[i], SPOT_FILE, &spot, &answer), EACCES, DENIED);
		EXPECT_NO(spot_seek(&deeds, names[i], SPOT_FILE, &spot, &answer), ENOENT, NULL);
	}
	for (size_t i = 0; i < COUNT(others); i++) {
		EXPECT_YES(spot_find(&deeds, others[i], SPOT_FILE, &spot, &answer));
		spot_close(&spot);
	}
}
END_TEST

START_TEST(section_9_directories_that_lead_there_are_counted_from_the_start)
{
	begin_restricted();
	strcpy(policy.start, "in");
	policy.max_depth = 1;
	ck_assert_int_eq(mkdirat(unit_fd, "top/in", 0755), 0);
	ck_assert_int_eq(mkdirat(unit_fd, "top/in/a", 0755), 0);
	ck_assert_int_eq(mkdirat(unit_fd, "top/in/a/b", 0755), 0);
	begin_session();
	EXPECT_YES(spot_find(&deeds, "a/f", SPOT_FILE, &spot, &answer));
	ck_assert_uint_eq(spot.depth, 1);
	spot_close(&spot);
	EXPECT_NO(spot_find(&deeds, "a/b/f", SPOT_FILE, &spot, &answer), EDQUOT,
	    "directories are nested too deeply");
}
END_TEST

START_TEST(rule_17_what_is_too_long_is_said_to_be)
{
	char path[2 * PATH_MAX];

	begin_restricted();
	begin_session();
	memset(path, 'x', NAME_MAX + 1);
	path[NAME_MAX + 1] = '\0';
	EXPECT_NO(spot_find(&deeds, path, SPOT_FILE, &spot, &answer), ENAMETOOLONG, NULL);
	for (size_t i = 0; i + 2 < sizeof(path); i += 2)
		memcpy(path + i, "x/", 3);
	EXPECT_NO(spot_find(&deeds, path, SPOT_FILE, &spot, &answer), ENAMETOOLONG, NULL);
	log_is("");
}
END_TEST

/* Whatever the kernel has, a path leads nowhere but beneath the root. */
START_TEST(rule_25_nothing_outside_is_held)
{
	struct stat outside;

	begin_restricted();
	policy.symlinks = SYMLINKS_BENEATH;
	ck_assert_int_eq(mkdirat(unit_fd, "secret", 0755), 0);
	ck_assert_int_eq(symlinkat("../secret", unit_fd, "top/up"), 0);
	ck_assert_int_eq(symlinkat("/", unit_fd, "top/abs"), 0);
	ck_assert_int_eq(symlinkat("/proc/self/root", unit_fd, "top/magic"), 0);
	begin_session();
	ck_assert_int_eq(fstatat(unit_fd, "secret", &outside, 0), 0);
	if (lacks_kernel(_i))
		return;
	EXPECT_NO(spot_find(&deeds, "up/x", SPOT_FILE, &spot, &answer), ENOENT,
	    "it is outside the root");
	EXPECT_NO(spot_find(&deeds, "abs/x", SPOT_FILE, &spot, &answer), ENOENT,
	    "it is outside the root");
	EXPECT_NO(spot_find(&deeds, "magic/x", SPOT_FILE, &spot, &answer), ENOENT,
	    "it is outside the root");
	EXPECT_NO(spot_find(&deeds, "../secret/x", SPOT_FILE, &spot, &answer), ENOENT, NULL);
}
END_TEST

START_TEST(a_drop_in_has_the_whole_system)
{
	char path[PATH_MAX];

	policy = drop_in_policy();
	put_file("f", "", 0644);
	ck_assert_int_eq(mkdirat(unit_fd, "d", 0755), 0);
	begin_session();
	EXPECT_YES(spot_find(&deeds, "d/../f", SPOT_FILE, &spot, &answer));
	ck_assert_str_eq(spot.place.leaf, "f");
	snprintf(path, sizeof(path), "%s/f", unit_path + 1);
	ck_assert_str_eq(spot.plain, path);
	spot_close(&spot);
	EXPECT_YES(spot_find(&deeds, "..", SPOT_ANYTHING, &spot, &answer));
	ck_assert(spot.top);
	spot_close(&spot);
	EXPECT_NO(spot_find(&deeds, "", SPOT_ANYTHING, &spot, &answer), ENOENT, NULL);
	EXPECT_NO(spot_find(&deeds, "no/f", SPOT_ANYTHING, &spot, &answer), ENOENT, NULL);
	EXPECT_NO(spot_find(&deeds, "f/f", SPOT_ANYTHING, &spot, &answer), ENOTDIR, NULL);
}
END_TEST

START_TEST(rule_65_a_direction_is_refused_before_anything_is_looked_at)
{
	begin_restricted();
	policy.download_only = true;
	begin_session();
	EXPECT_YES(spot_judge_direction(&deeds, "x", false, &answer));
	EXPECT_NO(spot_judge_direction(&deeds, "no/../x", true, &answer), EACCES,
	    "uploads are not allowed");
	log_is("refused \"/x\" reason \"uploads are not allowed\"\n");
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, rule_25_paths_are_text_and_the_top_is_the_end);
	tcase_add_test(t, rule_25_the_roots_own_path_is_the_top);
	tcase_add_test(t, rule_25_what_is_left_is_judged_component_by_component);
	tcase_add_test(t, rule_59_to_who_looks_a_denied_name_is_not_there);
	tcase_add_test(t, rule_59_where_nothing_is_revealed_names_are_denied_without_a_word);
	tcase_add_test(t, rule_28_links_are_not_followed_on_the_way_where_they_never_are);
	tcase_add_test(t, rule_29_names_of_temporaries_are_no_names);
	tcase_add_test(t, section_9_directories_that_lead_there_are_counted_from_the_start);
	tcase_add_test(t, rule_17_what_is_too_long_is_said_to_be);
	tcase_add_loop_test(t, rule_25_nothing_outside_is_held, 0, KERNELS);
	tcase_add_test(t, a_drop_in_has_the_whole_system);
	tcase_add_test(t, rule_65_a_direction_is_refused_before_anything_is_looked_at);
}

int
main(void)
{
	return run_unit("spot", add);
}
