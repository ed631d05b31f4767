/* SPDX-License-Identifier: ISC */
#include "commanding.h"

START_TEST(who_and_what_is_served)
{
	begin_restricted();
	begin_commands(-1);
	EXPECT(JOB_DONE, "Linux\n", "", "uname", "-a");
	EXPECT(JOB_DONE, "u\n", "", "whoami");
	EXPECT(JOB_MISUSED, "", "whoami: too many operands\n", "whoami", "x");
	account.name[0] = '\0';
	account.uid = 12345;
	EXPECT(JOB_DONE, "12345\n", "", "whoami");
}
END_TEST

START_TEST(rule_30_groups_are_names_or_numbers_and_never_none)
{
	begin_restricted();
	begin_commands(-1);
	people.ngroups = 3;
	people.groups[0].gid = 700;
	strcpy(people.groups[0].name, "own");
	people.groups[1].gid = 701;
	people.groups[1].name[0] = '\0';
	people.groups[2].gid = 0;
	people.groups[2].name[0] = '\0';
	EXPECT(JOB_DONE, "own 701 root\n", "", "groups");
	account.gid = 702;
	account.group[0] = '\0';
	people_init(&people, &account);
	ck_assert_uint_ge(people.ngroups, 1);
	ck_assert_int_eq(RUN("/usr/bin/groups"), JOB_DONE);
	ck_assert_int_eq(strncmp(take_output(), "702", 3), 0);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, who_and_what_is_served);
	tcase_add_test(t, rule_30_groups_are_names_or_numbers_and_never_none);
}

int
main(void)
{
	return run_unit("self", add);
}
