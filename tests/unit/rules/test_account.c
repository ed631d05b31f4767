/* SPDX-License-Identifier: ISC */
#include <pwd.h>

#include "rules/account.h"
#include "unit.h"

enum {
	PEOPLE_MAX = 32,	/* users and groups of the system that are looked at */
	GUARD = '#'
};

#define NO_NAME "no-such-name-here"

static const struct account someone = {
	.uid = 1, .gid = 1, .name = "alice", .group = "staff", .home = "/home/alice"
};

static const char *const unsaid[ACCOUNT_SAID];

START_TEST(who_we_are)
{
	struct account a;
	const struct passwd *pw;
	const struct group *gr;

	memset(&a, GUARD, sizeof(a));
	ck_assert_int_eq(account_own(&a, unsaid), 0);
	ck_assert_uint_eq(a.uid, getuid());
	ck_assert_uint_eq(a.gid, getgid());
	ck_assert(a.ours);
	pw = getpwuid(getuid());
	ck_assert_str_eq(a.name, pw != NULL ? pw->pw_name : "");
	ck_assert_str_eq(a.home, pw != NULL ? pw->pw_dir : "");
	gr = getgrgid(getgid());
	ck_assert_str_eq(a.group, gr != NULL ? gr->gr_name : "");
}
END_TEST

/* The environment has no say. */
START_TEST(home_is_not_from_the_environment)
{
	struct account before, after;

	ck_assert_int_eq(account_own(&before, unsaid), 0);
	ck_assert_int_eq(setenv("HOME", "/elsewhere", 1), 0);
	ck_assert_int_eq(setenv("USER", "somebody", 1), 0);
	ck_assert_int_eq(setenv("LOGNAME", "somebody", 1), 0);
	ck_assert_int_eq(account_own(&after, unsaid), 0);
	ck_assert_str_eq(after.home, before.home);
	ck_assert_str_eq(after.name, before.name);
}
END_TEST

START_TEST(nobody_knows_us)
{
	struct account a;

	if (lacks_root("another user id"))
		return;
	ck_assert_ptr_null(getpwuid(STRANGER));
	ck_assert_int_eq(setresgid(STRANGER, STRANGER, STRANGER), 0);
	ck_assert_int_eq(setresuid(STRANGER, STRANGER, STRANGER), 0);
	memset(&a, GUARD, sizeof(a));
	ck_assert_int_eq(account_own(&a, unsaid), 0);
	ck_assert_uint_eq(a.uid, STRANGER);
	ck_assert_uint_eq(a.gid, STRANGER);
	ck_assert_str_eq(a.name, "");
	ck_assert_str_eq(a.group, "");
	ck_assert_str_eq(a.home, "");
	ck_assert_int_eq(account_is_user(&a, "root"), 0);
}
END_TEST

START_TEST(by_name)
{
	struct account a;

	memset(&a, GUARD, sizeof(a));
	ck_assert_int_eq(account_named(&a, "root"), 0);
	ck_assert_uint_eq(a.uid, 0);
	ck_assert_uint_eq(a.gid, getpwnam("root")->pw_gid);
	ck_assert(!a.ours);
	ck_assert_str_eq(a.name, "root");
	ck_assert_str_eq(a.group, getgrgid(a.gid)->gr_name);
	ck_assert_str_eq(a.home, getpwnam("root")->pw_dir);
	ck_assert_int_eq(account_named(&a, NO_NAME), -1);
	ck_assert_int_eq(account_named(&a, ""), -1);
}
END_TEST

START_TEST(which_user)
{
	struct account a = { .uid = 0, .name = "root" };

	ck_assert_int_eq(account_is_user(&a, "root"), 1);
	ck_assert_int_eq(account_is_user(&a, "nobody"), 0);
	ck_assert_int_eq(account_is_user(&a, NO_NAME), -1);
	ck_assert_int_eq(account_is_user(&a, ""), -1);
	ck_assert_int_eq(account_is_user(&a, "0"), -1);
	/* Others may have the same number. */
	a = (struct account){ .uid = 0, .name = "another-one" };
	ck_assert_int_eq(account_is_user(&a, "root"), 0);
}
END_TEST

START_TEST(which_group)
{
	struct account a = { .uid = STRANGER, .gid = STRANGER, .name = NO_NAME };
	gid_t gid = STRANGER;

	ck_assert_int_eq(account_is_in_group(&a, NO_NAME, &gid), -1);
	ck_assert_int_eq(account_is_in_group(&a, "", &gid), -1);
	ck_assert_int_eq(account_is_in_group(&a, "0", &gid), -1);
	ck_assert_int_eq(account_is_in_group(&a, "root", &gid), 0);
	ck_assert_uint_eq(gid, 0);
	/* The primary group, of whomever. */
	a.gid = 0;
	gid = STRANGER;
	ck_assert_int_eq(account_is_in_group(&a, "root", &gid), 1);
	ck_assert_uint_eq(gid, 0);
	/* The name of an account is no name of a group. */
	a = (struct account){ .uid = 0, .gid = STRANGER, .name = NO_NAME };
	ck_assert_int_eq(account_is_in_group(&a, "root", &gid), 0);
}
END_TEST

/* Our own groups are those that we run with. */
START_TEST(groups_of_the_process)
{
	static const gid_t many[] = { 7, 0, 9 };
	struct account a = { .uid = NOBODY, .gid = NOBODY, .ours = true, .name = "root" };
	gid_t gid;

	if (lacks_root("other groups"))
		return;
	ck_assert_int_eq(setgroups(COUNT(many), many), 0);
	ck_assert_int_eq(account_is_in_group(&a, "root", &gid), 1);
	ck_assert_uint_eq(gid, 0);
	ck_assert_int_eq(setgroups(1, many), 0);
	ck_assert_int_eq(account_is_in_group(&a, "root", &gid), 0);
	ck_assert_int_eq(setgroups(0, NULL), 0);
	ck_assert_int_eq(account_is_in_group(&a, "root", &gid), 0);
	a.gid = 0;
	ck_assert_int_eq(account_is_in_group(&a, "root", &gid), 1);
}
END_TEST

static bool
lists(const struct group *gr, const char *user)
{
	for (char **member = gr->gr_mem; *member != NULL; member++)
		if (strcmp(*member, user) == 0)
			return true;
	return false;
}

/* Everybody's are those that the lists of the groups say. */
START_TEST(groups_of_the_database)
{
	static char users[PEOPLE_MAX][ACCOUNT_NAME_MAX];
	size_t n = 0;
	const struct passwd *pw;

	setpwent();
	while (n < PEOPLE_MAX && (pw = getpwent()) != NULL)
		snprintf(users[n++], ACCOUNT_NAME_MAX, "%s", pw->pw_name);
	endpwent();
	ck_assert_uint_gt(n, 0);
	for (size_t i = 0; i < n; i++) {
		struct account a;
		const struct group *gr;

		ck_assert_int_eq(account_named(&a, users[i]), 0);
		setgrent();
		for (int seen = 0; seen < PEOPLE_MAX && (gr = getgrent()) != NULL; seen++) {
			bool wanted = gr->gr_gid == a.gid || lists(gr, users[i]);
			gid_t wanted_gid = gr->gr_gid, gid;
			char group[ACCOUNT_NAME_MAX];

			snprintf(group, sizeof(group), "%s", gr->gr_name);
			if (account_is_in_group(&a, group, &gid) != wanted || gid != wanted_gid)
				ck_abort_msg("%s in %s", users[i], group);
		}
		endgrent();
	}
}
END_TEST

static const struct {
	const char *text, *wanted;
} expansions[] = {
	{ "", "" },
	{ "/srv", "/srv" },
	{ "%u", "alice" },
	{ "%g", "staff" },
	{ "%h", "/home/alice" },
	{ "%%", "%" },
	{ "%%u", "%u" },
	{ "%%%u", "%alice" },
	{ "%u%u", "alicealice" },
	{ "/srv/%g/%u/in", "/srv/staff/alice/in" },
	{ "%h/in", "/home/alice/in" },
	{ "100%%", "100%" },
	{ "u g h", "u g h" },
};

START_TEST(tokens)
{
	for (size_t i = 0; i < COUNT(expansions); i++) {
		const char *why;
		char dst[64];

		ck_assert_int_eq(account_expand(&someone, expansions[i].text, dst, sizeof(dst),
		    &why), 0);
		ck_assert_str_eq(dst, expansions[i].wanted);
	}
}
END_TEST

START_TEST(no_tokens)
{
	static const char *const bad[] = {
		"%", "a%", "%%%", "%x", "%U", "%H", "% u", "%1", "%/", "/srv/%d/x", "%n%s", "%\300",
	};

	for (size_t i = 0; i < COUNT(bad); i++) {
		const char *why = NULL;
		char dst[64];

		ck_assert_int_eq(account_expand(&someone, bad[i], dst, sizeof(dst), &why), -1);
		ck_assert_str_eq(why, "only %u, %g, %h and %% can stand behind a percent sign");
	}
}
END_TEST

/* What is expanded is not expanded again. */
START_TEST(tokens_in_names)
{
	struct account a = { .name = "%h", .group = "%", .home = "/home/%u" };
	const char *why;
	char dst[64];

	ck_assert_int_eq(account_expand(&a, "%u/%g%u/%h", dst, sizeof(dst), &why), 0);
	ck_assert_str_eq(dst, "%h/%%h//home/%u");
}
END_TEST

/* Each would make a path of somebody else's. */
START_TEST(names_that_are_none)
{
	static const char *const bad[] = { "", ".", "..", "/", "a/b", "../root", "/root", "a/" };

	for (size_t i = 0; i < COUNT(bad); i++) {
		bool slash = strchr(bad[i], '/') != NULL;
		struct account a = someone;
		const char *why;
		char dst[64];

		snprintf(a.name, sizeof(a.name), "%s", bad[i]);
		ck_assert_int_eq(account_expand(&a, "/srv/%u", dst, sizeof(dst), &why), -1);
		ck_assert_str_eq(why, "%u: the account has no plain name");
		ck_assert_int_eq(account_expand(&a, "/srv/%g%h%%", dst, sizeof(dst), &why), 0);

		a = someone;
		snprintf(a.group, sizeof(a.group), "%s", bad[i]);
		ck_assert_int_eq(account_expand(&a, "/srv/%g", dst, sizeof(dst), &why), -1);
		ck_assert_str_eq(why, "%g: its group has no plain name");
		ck_assert_int_eq(account_expand(&a, "/srv/%u%h%%", dst, sizeof(dst), &why), 0);

		a = someone;
		snprintf(a.home, sizeof(a.home), "%s", bad[i]);
		ck_assert_int_eq(account_expand(&a, "%h", dst, sizeof(dst), &why), slash ? 0 : -1);
		if (!slash)
			ck_assert_str_eq(why, "%h: the account has no home directory");
	}
}
END_TEST

START_TEST(room)
{
	for (size_t cap = 1; cap < 16; cap++) {
		const char *why = NULL;
		char dst[32];
		int wanted = cap > strlen("x/alice%y") ? 0 : -1;

		memset(dst, GUARD, sizeof(dst));
		ck_assert_int_eq(account_expand(&someone, "x/%u%%y", dst, cap, &why), wanted);
		if (wanted == 0)
			ck_assert_str_eq(dst, "x/alice%y");
		else
			ck_assert_str_eq(why, "it is too long");
		ck_assert_int_eq(dst[cap], GUARD);
	}
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, who_we_are);
	tcase_add_test(t, home_is_not_from_the_environment);
	tcase_add_test(t, nobody_knows_us);
	tcase_add_test(t, by_name);
	tcase_add_test(t, which_user);
	tcase_add_test(t, which_group);
	tcase_add_test(t, groups_of_the_process);
	tcase_add_test(t, groups_of_the_database);
	tcase_add_test(t, tokens);
	tcase_add_test(t, no_tokens);
	tcase_add_test(t, tokens_in_names);
	tcase_add_test(t, names_that_are_none);
	tcase_add_test(t, room);
}

int
main(void)
{
	return run_unit("account", add);
}
