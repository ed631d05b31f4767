/* SPDX-License-Identifier: ISC */
#include "policy.h"
#include "unit.h"

/* Every field is set by it, not left as it happened to be: 0 and all ones must give the same. */
static struct policy
default_from(int before)
{
	struct policy p;

	memset(&p, before, sizeof(p));
	policy_init(&p);
	return p;
}

START_TEST(special_bits_are_kept)
{
	ck_assert_uint_eq(default_from(0).keep, 07777);
	ck_assert_uint_eq(default_from(0xff).keep, 07777);
}
END_TEST

START_TEST(special_files_may_be_written)
{
	ck_assert_int_eq(default_from(0).special, true);
}
END_TEST

START_TEST(links_are_followed)
{
	ck_assert_int_eq(default_from(0).follow, true);
}
END_TEST

START_TEST(depth_is_the_most_there_is)
{
	ck_assert_uint_eq(default_from(0).max_depth, POLICY_DEPTH_MAX);
	ck_assert_uint_eq(default_from(0xff).max_depth, POLICY_DEPTH_MAX);
	ck_assert_int_eq(POLICY_DEPTH_MAX, 2048);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, special_bits_are_kept);
	tcase_add_test(t, special_files_may_be_written);
	tcase_add_test(t, links_are_followed);
	tcase_add_test(t, depth_is_the_most_there_is);
}

int
main(void)
{
	return run_unit("policy", add);
}
