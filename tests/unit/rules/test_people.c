/* SPDX-License-Identifier: ISC */
#include "rules/people.h"
#include "unit.h"

enum {
	MANY = PEOPLE_GROUPS + 50
};

static struct people people;

static struct account
account_of(const char *name, const char *group)
{
	struct account a = { .uid = STRANGER, .gid = STRANGER + 1, .ours = true };

	snprintf(a.name, sizeof(a.name), "%s", name);
	snprintf(a.group, sizeof(a.group), "%s", group);
	return a;
}

static void
begin(const char *name, const char *group)
{
	struct account a = account_of(name, group);

	people_init(&people, &a);
}

static const char *
user(uid_t uid)
{
	static char number[PEOPLE_NAME_MAX];

	return people_user(&people, uid, number);
}

static const char *
group(gid_t gid)
{
	static char number[PEOPLE_NAME_MAX];

	return people_group(&people, gid, number);
}

START_TEST(rule_30_its_own_name_and_roots)
{
	begin("ann", "staff");
	ck_assert_str_eq(user(STRANGER), "ann");
	ck_assert_str_eq(user(0), "root");
	ck_assert_str_eq(user(NOBODY), "65534");
	ck_assert_str_eq(user((uid_t)-2), "4294967294");
	ck_assert_str_eq(group(STRANGER + 1), "staff");
	ck_assert_str_eq(group(0), "root");
	ck_assert_str_eq(group(STRANGER + 2), "12347");
	ck_assert_uint_ge(people.ngroups, 1);
	ck_assert_uint_eq(people.groups[0].gid, STRANGER + 1);
}
END_TEST

START_TEST(rule_30_names_that_are_not_shown)
{
	static const char *const hidden[] = {
		"", "a b", "a\nb", "a\tb", "a:b", "a/b", "DOM\\ann", "ann@dom", "\303\251", "a$",
		"a*",
		"a234567890123456789012345678901234567890123456789012345678901234",
	};
	static const char *const shown[] = {
		"a", "A.b_c-9", "-", "123",
		"a23456789012345678901234567890123456789012345678901234567890123",
	};

	for (size_t i = 0; i < COUNT(hidden); i++) {
		uid_t uid;
		gid_t gid;

		begin(hidden[i], hidden[i]);
		ck_assert_str_eq(user(STRANGER), "12345");
		ck_assert_str_eq(group(STRANGER + 1), "12346");
		/* Nor are they found. */
		ck_assert_int_eq(people_find_user(&people, hidden[i], &uid), -1);
		ck_assert_int_eq(people_find_group(&people, hidden[i], &gid), -1);
	}
	for (size_t i = 0; i < COUNT(shown); i++) {
		begin(shown[i], shown[i]);
		ck_assert_str_eq(user(STRANGER), shown[i]);
		ck_assert_str_eq(group(STRANGER + 1), shown[i]);
	}
}
END_TEST

START_TEST(who_is_called_so)
{
	uid_t uid = NOBODY;
	gid_t gid = NOBODY;

	begin("ann", "staff");
	ck_assert_int_eq(people_find_user(&people, "ann", &uid), 0);
	ck_assert_uint_eq(uid, STRANGER);
	ck_assert_int_eq(people_find_user(&people, "root", &uid), 0);
	ck_assert_uint_eq(uid, 0);
	ck_assert_int_eq(people_find_user(&people, "4294967294", &uid), 0);
	ck_assert_uint_eq(uid, 4294967294);
	ck_assert_int_eq(people_find_group(&people, "staff", &gid), 0);
	ck_assert_uint_eq(gid, STRANGER + 1);
	ck_assert_int_eq(people_find_group(&people, "root", &gid), 0);
	ck_assert_uint_eq(gid, 0);
	ck_assert_int_eq(people_find_group(&people, "007", &gid), 0);
	ck_assert_uint_eq(gid, 7);
	/* A name is one before it is a number. */
	begin("700", "701");
	ck_assert_int_eq(people_find_user(&people, "700", &uid), 0);
	ck_assert_uint_eq(uid, STRANGER);
	ck_assert_int_eq(people_find_group(&people, "701", &gid), 0);
	ck_assert_uint_eq(gid, STRANGER + 1);
}
END_TEST

START_TEST(nobody_is_called_so)
{
	/* The last number means "nobody" to chown(2), who would leave the owner alone. */
	static const char *const nobody[] = {
		"", "bob", "Ann", "ann ", "+1", "-1", " 1", "1 ", "0x1", "1.0", "4294967295",
		"4294967296",
		"18446744073709551616", "99999999999999999999999", "nobody",
	};
	uid_t uid = 4711;
	gid_t gid = 4711;

	begin("ann", "staff");
	for (size_t i = 0; i < COUNT(nobody); i++) {
		ck_assert_int_eq(people_find_user(&people, nobody[i], &uid), -1);
		ck_assert_int_eq(people_find_group(&people, nobody[i], &gid), -1);
	}
	ck_assert_uint_eq(uid, 4711);
	ck_assert_uint_eq(gid, 4711);
}
END_TEST

/* Some group of the system with a name that is shown, and not root's. */
static const struct group *
any_group(void)
{
	const struct group *g;

	setgrent();
	while ((g = getgrent()) != NULL)
		if (g->gr_gid != 0 && g->gr_gid < 1000 &&
		    strspn(g->gr_name, "abcdefghijklmnopqrstuvwxyz-") == strlen(g->gr_name))
			break;
	ck_assert_ptr_nonnull(g);
	return g;
}

/* Whoever has more groups than are known by name has the first of them. */
START_TEST(more_groups_than_have_names)
{
	const struct group *g = any_group();
	gid_t groups[MANY] = { g->gr_gid }, before[MANY], gid;
	int nbefore = getgroups(MANY, before);
	char name[PEOPLE_NAME_MAX];

	snprintf(name, sizeof(name), "%s", g->gr_name);
	for (size_t i = 1; i < MANY; i++)
		groups[i] = STRANGER + (gid_t)i;
	ck_assert_int_eq(setgroups(MANY, groups), 0);
	begin("ann", "staff");
	ck_assert_int_ge(nbefore, 0);
	ck_assert_int_eq(setgroups((size_t)nbefore, before), 0);
	ck_assert_uint_eq(people.ngroups, PEOPLE_GROUPS);
	ck_assert_str_eq(group(groups[0]), name);
	ck_assert_int_eq(people_find_group(&people, name, &gid), 0);
	ck_assert_uint_eq(gid, groups[0]);
	/* Its own is there once. */
	for (size_t i = 1; i < people.ngroups; i++)
		ck_assert_uint_ne(people.groups[i].gid, STRANGER + 1);
	ck_assert_str_eq(group(STRANGER + 1), "staff");
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, rule_30_its_own_name_and_roots);
	tcase_add_test(t, rule_30_names_that_are_not_shown);
	tcase_add_test(t, who_is_called_so);
	tcase_add_test(t, nobody_is_called_so);
	if (geteuid() == 0)
		tcase_add_test(t, more_groups_than_have_names);
}

int
main(void)
{
	return run_unit("people", add);
}
