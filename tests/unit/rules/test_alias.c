/* SPDX-License-Identifier: ISC */
#include "dirs.h"
#include "liars.h"
#include "policies.h"
#include "rules/alias.h"

static struct policy
policy_of(const struct policy_rule *rules, unsigned n, unsigned hidden)
{
	struct policy p = drop_in_policy();

	p.hidden = hidden;
	for (unsigned i = 0; i < n; i++)
		p.rules[p.nrules++] = rules[i];
	return p;
}

static const struct policy_rule deny[] = {
	{ .source = 1, .pattern = "secret*" },
	{ .source = 1, .pattern = "*.exe" },
	{ .source = 1, .pattern = "[a-c]x[!0-9]" },
};

static const struct {
	const char *name;
	bool	    as_said, folded;	/* it is denied */
} names[] = {
	{ "plain", false, false }, { "PLAIN.TXT", false, false },
	{ "secret.key", true, true }, { "SECRET.KEY", false, true }, { "sEcret", false, true },
	{ "s\302\255ecret", false, true }, { "\305\277ecret", false, true },
	{ "a.exe", true, true }, { "a.EXE", false, true }, { "a.exe.", false, true },
	{ "a.exe ", false, true }, { "a.exe::$DATA", false, true }, { "a.exe.txt", false, false },
	{ "axy", true, true }, { "AXy", false, true }, { "BXY", false, true }, { "AX1", false, false },
	{ ".dot", true, true }, { "\342\200\213.dot", false, true }, { "x.dot", false, false },
	{ "gr\303\274n", false, false }, { "\320\261", false, false },
};

/* Each where names fold and where they do not: here nothing is asked about names that nothing hangs on. */
START_TEST(names_in_a_directory)
{
	struct policy p = policy_of(deny, COUNT(deny), POLICY_NO);

	for (size_t i = 0; i < COUNT(names); i++) {
		for (int folds = 0; folds < 2; folds++) {
			bool matters = names[i].as_said != names[i].folded;
			const char *why;

			type_said = folds ? TYPE_VFAT : TYPE_EXT4;
			types_asked = 0;
			why = alias_denies_name(&p, unit_fd, names[i].name, false);
			ck_assert_msg((why != NULL) == (folds ? names[i].folded : names[i].as_said),
			    "%s, %s: %s", names[i].name, folds ? "folding" : "plain", why);
			ck_assert_msg((types_asked > 0) == matters, "%s: asked %u times", names[i].name,
			    types_asked);
			ck_assert_ptr_eq(alias_denies_listed(&p, unit_fd, names[i].name, false), why);
		}
	}
}
END_TEST

START_TEST(without_rules_nothing_is_asked)
{
	struct policy p = policy_of(NULL, 0, POLICY_YES);
	struct root r;

	type_said = TYPE_VFAT;
	ck_assert_int_eq(fchdir(unit_fd), 0);
	ck_assert_int_eq(root_open(&r), 0);
	ck_assert_ptr_null(alias_denies_name(&p, unit_fd, "SECRET~1.KEY", false));
	ck_assert_ptr_null(alias_denies_listed(&p, unit_fd, ".SECRET", true));
	ck_assert_ptr_null(alias_denies_path(&p, &r, "a/SECRE~1/b", false));
	ck_assert_uint_eq(types_asked, 0);
	root_close(&r);
}
END_TEST

/* What is allowed is so as it is said, and no more. */
START_TEST(allow_lets_nothing_more_in)
{
	static const struct policy_rule allow[] = { { .allow = true, .source = 1, .pattern = "*.txt" } };
	struct policy p = policy_of(allow, COUNT(allow), POLICY_YES);

	type_said = TYPE_VFAT;
	ck_assert_ptr_null(alias_denies_name(&p, unit_fd, "a.txt", false));
	ck_assert_ptr_nonnull(alias_denies_name(&p, unit_fd, "a.TXT", false));
	ck_assert_ptr_null(alias_denies_name(&p, unit_fd, "a.TXT", true));
}
END_TEST

/* What a short name finds is judged by its own; "d/A~1" stands for such a name here. */
START_TEST(short_names)
{
	struct policy p = policy_of(deny, COUNT(deny), POLICY_YES);

	put_file("REPORT~1.DOC", "", 0600);
	type_said = TYPE_VFAT;
	/* It is called so itself; and there is nothing of that name. */
	ck_assert_ptr_null(alias_denies_name(&p, unit_fd, "REPORT~1.DOC", false));
	ck_assert_ptr_null(alias_denies_name(&p, unit_fd, "OTHER~1.DOC", false));
	make_dir("d");
	put_file("d/A~1", "", 0600);
	ck_assert_ptr_nonnull(alias_denies_name(&p, unit_fd, "d/A~1", false));
	ck_assert_int_eq(linkat(unit_fd, "d/A~1", unit_fd, "a long name", 0), 0);
	ck_assert_ptr_null(alias_denies_name(&p, unit_fd, "d/A~1", false));
	/* Its own may fold as well. */
	ck_assert_int_eq(renameat(unit_fd, "a long name", unit_fd, "Secret of many"), 0);
	ck_assert_ptr_nonnull(alias_denies_name(&p, unit_fd, "d/A~1", false));
	type_said = TYPE_EXT4;
	ck_assert_ptr_null(alias_denies_name(&p, unit_fd, "d/A~1", false));
	/* A directory has it itself: then that is its name. */
	type_said = TYPE_VFAT;
	ck_assert_ptr_null(alias_denies_listed(&p, unit_fd, "d/A~1", false));
}
END_TEST

/* What folds beyond ASCII is the filesystem's to say, and asked only where a rule has such letters. */
START_TEST(letters_of_others)
{
	static const struct policy_rule more[] = { { .source = 1, .pattern = "\303\244*" } };
	struct policy p = policy_of(more, COUNT(more), POLICY_YES), ascii;

	ascii = policy_of(deny, COUNT(deny), POLICY_YES);
	make_dir("d");
	put_file("d/\303\204", "", 0600);
	ck_assert_int_eq(linkat(unit_fd, "d/\303\204", unit_fd, "\303\244", 0), 0);
	type_said = TYPE_VFAT;
	ck_assert_ptr_nonnull(alias_denies_name(&p, unit_fd, "d/\303\204", false));
	types_asked = 0;
	ck_assert_ptr_null(alias_denies_name(&ascii, unit_fd, "d/\303\204", false));
	ck_assert_uint_eq(types_asked, 0);
}
END_TEST

static const struct {
	const char *path;
	bool	    denied;
} paths[] = {
	{ "", false }, { "d", false }, { "d/sub/new", false }, { "D/f", false },
	{ "d/SECRET", true }, { "SECRETS/f", true }, { "d/a.EXE", true }, { "d/.f", true },
	/* What is not there finds nothing. */
	{ "nowhere/SECRET", false }, { "d/nothing/a.EXE", false },
};

static void
check_paths(const struct root *r, const char *before)
{
	struct policy p = policy_of(deny, COUNT(deny), POLICY_NO);

	for (size_t i = 0; i < COUNT(paths); i++) {
		char path[PATH_MAX];

		snprintf(path, sizeof(path), "%s%s", before, paths[i].path);
		type_said = TYPE_VFAT;
		ck_assert_msg((alias_denies_path(&p, r, path, false) != NULL) == paths[i].denied, "%s", path);
		type_said = TYPE_EXT4;
		ck_assert_msg((alias_denies_path(&p, r, path, false) != NULL) ==
		    (strcmp(paths[i].path, "d/.f") == 0), "%s, not folding", path);
	}
}

START_TEST(paths_beneath_a_root_and_elsewhere)
{
	const char *what;
	struct root r;
	char top[PATH_MAX];

	make_things();
	type_said = 0;
	ck_assert_int_eq(root_confine(&r, unit_path, "", "", false, &what), 0);
	check_paths(&r, "");
	root_close(&r);
	ck_assert_int_eq(root_open(&r), 0);
	snprintf(top, sizeof(top), "%s/", unit_path + 1);
	check_paths(&r, top);
	root_close(&r);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, names_in_a_directory);
	tcase_add_test(t, without_rules_nothing_is_asked);
	tcase_add_test(t, allow_lets_nothing_more_in);
	tcase_add_test(t, short_names);
	tcase_add_test(t, letters_of_others);
	tcase_add_test(t, paths_beneath_a_root_and_elsewhere);
}

int
main(void)
{
	return run_unit("alias", add);
}
