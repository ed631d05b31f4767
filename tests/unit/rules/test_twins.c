/* SPDX-License-Identifier: ISC */
#include <pwd.h>

#include "rules/account.h"
#include "unit.h"

/* Accounts that share a number, in a database of the test's own. */
static struct passwd people[] = {
	{ .pw_name = (char[]){ "site1" }, .pw_uid = 1000, .pw_dir = (char[]){ "/srv/site1" } },
	{ .pw_name = (char[]){ "alone" }, .pw_uid = 1001, .pw_dir = (char[]){ "/srv/alone" } },
	{ .pw_name = (char[]){ "site2" }, .pw_uid = 1000, .pw_dir = (char[]){ "/srv/site2" } },
};
static size_t next;
static uid_t number;

/* These take the place of the library's. */
struct passwd *
getpwnam(const char *name)
{
	for (size_t i = 0; i < COUNT(people); i++)
		if (strcmp(people[i].pw_name, name) == 0)
			return &people[i];
	return NULL;
}

struct passwd *
getpwuid(uid_t uid)
{
	for (size_t i = 0; i < COUNT(people); i++)
		if (people[i].pw_uid == uid)
			return &people[i];
	return NULL;
}

void
setpwent(void)
{
	next = 0;
}

void
endpwent(void)
{
}

struct passwd *
getpwent(void)
{
	return next < COUNT(people) ? &people[next++] : NULL;
}

uid_t
geteuid(void)
{
	return number;
}

static const struct {
	uid_t	    uid;
	const char *user, *logname;
	const char *name, *home;	/* NULL: it is not clear */
} rows[] = {
	{ 1000, "site1", "site1", "site1", "/srv/site1" },
	{ 1000, "site2", "site2", "site2", "/srv/site2" },
	{ 1000, "site2", NULL, "site2", "/srv/site2" },
	{ 1000, NULL, "site2", "site2", "/srv/site2" },
	{ 1000, "alone", "site2", "site2", "/srv/site2" },
	{ 1000, "site2", "alone", "site2", "/srv/site2" },
	/* Nobody says it, or says two things, or what is not so. */
	{ 1000, NULL, NULL, NULL, NULL },
	{ 1000, "site1", "site2", NULL, NULL },
	{ 1000, "alone", "alone", NULL, NULL },
	{ 1000, "root", "root", NULL, NULL },
	{ 1000, "", "", NULL, NULL },
	/* Where there is only one, nobody has to say it, and another name does no harm. */
	{ 1001, NULL, NULL, "alone", "/srv/alone" },
	{ 1001, "alone", "alone", "alone", "/srv/alone" },
	{ 1001, "site1", "root", "alone", "/srv/alone" },
	{ 1002, NULL, NULL, "", "" },
	{ 1002, "alone", "site1", "", "" },
};

START_TEST(which_of_them)
{
	const char *const said[ACCOUNT_SAID] = { rows[_i].user, rows[_i].logname };
	struct account a;

	number = rows[_i].uid;
	if (rows[_i].name == NULL) {
		ck_assert_int_eq(account_own(&a, said), -1);
		return;
	}
	ck_assert_int_eq(account_own(&a, said), 0);
	ck_assert_str_eq(a.name, rows[_i].name);
	ck_assert_str_eq(a.home, rows[_i].home);
	ck_assert_uint_eq(a.uid, rows[_i].uid);
}
END_TEST

/* What is for one of them is not for the other. */
START_TEST(whose_block_it_is)
{
	const char *const said[ACCOUNT_SAID] = { "site2", "site2" }, *why;
	struct account a;
	char path[PATH_MAX];

	number = 1000;
	ck_assert_int_eq(account_own(&a, said), 0);
	ck_assert_int_eq(account_is_user(&a, "site2"), 1);
	ck_assert_int_eq(account_is_user(&a, "site1"), 0);
	ck_assert_int_eq(account_is_user(&a, "site3"), -1);
	ck_assert_int_eq(account_expand(&a, "/base/%u%h", path, sizeof(path), &why), 0);
	ck_assert_str_eq(path, "/base/site2/srv/site2");
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_loop_test(t, which_of_them, 0, (int)COUNT(rows));
	tcase_add_test(t, whose_block_it_is);
}

int
main(void)
{
	return run_unit("twins", add);
}
