/* SPDX-License-Identifier: ISC */
#include "sftp/handles.h"
#include "unit.h"

static struct handles handles;

static struct handle *
find(const unsigned char name[HANDLES_LENGTH])
{
	return handles_find(&handles, name, HANDLES_LENGTH);
}

START_TEST(rule_16_what_is_closed_is_never_met_again)
{
	unsigned char old[HANDLES_LENGTH], new[HANDLES_LENGTH];
	struct handle *one, *two;

	handles_init(&handles, 2);
	one = handles_add(&handles, HANDLE_FILE);
	handles_name(&handles, one, old);
	ck_assert_ptr_eq(find(old), one);
	handles_remove(&handles, one);
	ck_assert_ptr_null(find(old));
	two = handles_add(&handles, HANDLE_FOLDER);
	ck_assert_ptr_eq(two, one);
	handles_name(&handles, two, new);
	ck_assert_ptr_null(find(old));
	ck_assert_ptr_eq(find(new), two);
}
END_TEST

START_TEST(rule_16_what_is_none_of_ours)
{
	unsigned char name[HANDLES_LENGTH + 1] = { 0 };

	handles_init(&handles, HANDLES_MAX);
	ck_assert_ptr_null(find(name));
	handles_name(&handles, handles_add(&handles, HANDLE_FILE), name);
	for (size_t len = 0; len <= sizeof(name); len++)
		ck_assert_int_eq(handles_find(&handles, name, len) != NULL, len == HANDLES_LENGTH);
	for (int i = 0; i < HANDLES_LENGTH * 8; i++) {
		name[i / 8] ^= (unsigned char)(1 << i % 8);
		ck_assert_ptr_null(find(name));
		name[i / 8] ^= (unsigned char)(1 << i % 8);
	}
	ck_assert_ptr_nonnull(find(name));
}
END_TEST

START_TEST(bounds_as_many_as_may_be_open)
{
	unsigned at = 0, n = 0;

	handles_init(&handles, HANDLES_MAX);
	for (int i = 0; i < HANDLES_MAX; i++)
		ck_assert_ptr_nonnull(handles_add(&handles, HANDLE_FILE));
	ck_assert_ptr_null(handles_add(&handles, HANDLE_FILE));
	handles_remove(&handles, &handles.slots[7]);
	handles_remove(&handles, &handles.slots[999]);
	for (; handles_next(&handles, &at) != NULL; at++)
		n++;
	ck_assert_uint_eq(n, HANDLES_MAX - 2);
	ck_assert_ptr_nonnull(handles_add(&handles, HANDLE_FILE));
	ck_assert_ptr_nonnull(handles_add(&handles, HANDLE_FILE));
	ck_assert_ptr_null(handles_add(&handles, HANDLE_FILE));
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, rule_16_what_is_closed_is_never_met_again);
	tcase_add_test(t, rule_16_what_is_none_of_ours);
	tcase_add_test(t, bounds_as_many_as_may_be_open);
}

int
main(void)
{
	return run_unit("handles", add);
}
