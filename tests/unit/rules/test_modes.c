/* SPDX-License-Identifier: ISC */
#include "rules/modes.h"
#include "sayings.h"

#define CONTRADICTS "it contradicts what was said before"
#define NO_GROUP "no-such-name-here"

static const struct key mask = KEY(umask_kind, umask, NULL);
static const struct key bits = KEY(bits_kind, file_mode, NULL);
static const struct key group = KEY(group_kind, group, NULL);

static const struct row rows[] = {
	{ &mask, { NULL }, NULL, "# key: that of the login\n" },
	{ &mask, { "0" }, NULL, "key 000\n" },
	{ &mask, { "022", "0707" }, NULL, "key 727\n" },
	{ &mask, { "1000" }, "it takes an octal mode such as 027", NULL },
	{ &mask, { "" }, "it takes an octal mode such as 027", NULL },
	{ &bits, { NULL }, NULL, "key 7777\n" },
	{ &bits, { "664", "2770" }, NULL, "key 660\n" },
	{ &bits, { "604+060" }, NULL, "key 664+060\n" },
	{ &bits, { "770+020", "775+040" }, NULL, "key 770+060\n" },
	{ &bits, { "700", "770+040" }, CONTRADICTS, NULL },
	{ &bits, { "770+040", "700" }, CONTRADICTS, NULL },
	{ &bits, { "664+" }, "it takes octal modes such as 660 or 640+040", NULL },
	{ &bits, { "00000664" }, "it takes octal modes such as 660 or 640+040", NULL },
	{ &bits, { "0000000664" }, "it takes octal modes such as 660 or 640+040", NULL },
	/* Of a group that root alone is in, or nobody. */
	{ &group, { NULL }, NULL, "# key: that of the account, or of the directory\n" },
	{ &group, { "" }, "it takes the name of a group", NULL },
	{ &group, { NO_GROUP }, "there is no such group", NULL },
	{ &group, { "root" }, "the account is not a member of this group", NULL },
};

START_TEST(values_of_each_kind)
{
	check_row(&rows[_i]);
}
END_TEST

/* Each in the field that its key has, and in no other. */
START_TEST(fields)
{
	static const struct key dirs = KEY(bits_kind, dir_mode, NULL);

	begin();
	policy.dir_mode.may = 07777;
	ck_assert_ptr_null(say(&dirs, "755+010"));
	ck_assert_ptr_null(say(&mask, "027"));
	ck_assert_uint_eq(policy.dir_mode.may, 0755);
	ck_assert_uint_eq(policy.dir_mode.must, 0010);
	ck_assert_uint_eq(policy.file_mode.may, 07777);
	ck_assert(policy.has_umask);
	ck_assert_uint_eq(policy.umask, 027);
}
END_TEST

START_TEST(groups)
{
	char longer[POLICY_GROUP_MAX + 1];

	begin();
	account.gid = 0;
	ck_assert_ptr_null(say(&group, "root"));
	ck_assert(policy.has_group);
	ck_assert_uint_eq(policy.group, 0);
	ck_assert_str_eq(shown(&group), "key root\n");
	/* Root may have any, and all must be the same. */
	begin();
	account.uid = 0;
	ck_assert_ptr_null(say(&group, "daemon"));
	ck_assert_ptr_null(say(&group, "daemon"));
	ck_assert_uint_eq(policy.group, getgrnam("daemon")->gr_gid);
	ck_assert_str_eq(say(&group, "root"), ANOTHER);
	ck_assert_str_eq(shown(&group), "key daemon\n");
	memset(longer, 'g', sizeof(longer));
	longer[POLICY_GROUP_MAX] = '\0';
	ck_assert_str_eq(say(&group, longer), "it takes the name of a group");
	longer[POLICY_GROUP_MAX - 1] = '\0';
	ck_assert_str_eq(say(&group, longer), "there is no such group");
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_loop_test(t, values_of_each_kind, 0, COUNT(rows));
	tcase_add_test(t, fields);
	tcase_add_test(t, groups);
}

int
main(void)
{
	return run_unit("modes", add);
}
