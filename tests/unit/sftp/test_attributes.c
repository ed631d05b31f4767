/* SPDX-License-Identifier: ISC */
#include "sftp/attributes.h"
#include "unit.h"

#define TAKE(p, w, bytes) (packet_init((p), (bytes), sizeof(bytes) - 1), attributes_take((p), (w)))

START_TEST(rule_14_nothing_is_wished_for)
{
	struct packet p;
	struct wish w;

	TAKE(&p, &w, "\0\0\0\0");
	ck_assert(!p.bad && !w.has_size && !w.has_owner);
	ck_assert(!w.attrs.has_mode && !w.attrs.has_times);
}
END_TEST

START_TEST(rule_14_all_in_their_order)
{
	struct packet p;
	struct wish w;

	TAKE(&p, &w, "\x80\0\0\xf" "\0\0\0\1\0\0\0\2" "\0\0\0\3\0\0\0\4" "\0\0\201\xa4"
	    "\0\0\0\5\xff\xff\xff\xff" "\0\0\0\1\0\0\0\1a\0\0\0\2bc" "\7");
	ck_assert(!p.bad && w.has_size && w.size == 0x100000002);
	ck_assert(w.has_owner && w.uid == 3 && w.gid == 4);
	ck_assert(w.attrs.has_mode && w.attrs.mode == 0644);
	ck_assert(w.attrs.has_times && w.attrs.times[0].tv_sec == 5 && w.attrs.times[0].tv_nsec == 0);
	ck_assert(w.attrs.times[1].tv_sec == UINT32_MAX && w.attrs.times[1].tv_nsec == 0);
	ck_assert_uint_eq(packet_take_byte(&p), 7);
}
END_TEST

START_TEST(rule_14_modes_lose_their_type)
{
	struct packet p;
	struct wish w;

	TAKE(&p, &w, "\0\0\0\4" "\xff\xff\xff\xff");
	ck_assert_uint_eq(w.attrs.mode, 07777);
}
END_TEST

START_TEST(rule_9_attributes_cut_short)
{
	static const char bytes[] = "\x80\0\0\xf" "\0\0\0\1\0\0\0\2" "\0\0\0\3\0\0\0\4" "\0\0\201\xa4"
	    "\0\0\0\5\0\0\0\6" "\0\0\0\1\0\0\0\1a\0\0\0\2bc";

	for (size_t n = 0; n < sizeof(bytes) - 1; n++) {
		struct packet p;
		struct wish w;

		packet_init(&p, bytes, n);
		attributes_take(&p, &w);
		ck_assert_msg(p.bad, "%zu", n);
	}
}
END_TEST

START_TEST(rule_9_extended_ones_are_bounded)
{
	static char bytes[8 + 8 * 1025];

	for (unsigned n = 1024; n <= 1025; n++) {
		struct packet p;
		struct wish w;

		memcpy(bytes, "\x80\0\0\0", 4);
		bytes[6] = (char)(n >> 8);
		bytes[7] = (char)n;
		packet_init(&p, bytes, sizeof(bytes));
		attributes_take(&p, &w);
		ck_assert_int_eq(p.bad, n > 1024);
	}
}
END_TEST

START_TEST(rule_14_ours_have_everything)
{
	static const char wanted[] = "\0\0\0\xf" "\0\0\0\0\0\0\1\0" "\0\0\0\1\0\0\0\2" "\0\0\xa1\xff"
	    "\0\0\0\0\xff\xff\xff\xff";
	const struct stat st = { .st_size = 256, .st_uid = 1, .st_gid = 2, .st_mode = S_IFLNK | 0777,
		.st_atim.tv_sec = -1, .st_mtim.tv_sec = (time_t)UINT32_MAX + 1 };
	unsigned char bytes[64];
	struct reply r;

	reply_init(&r, bytes, sizeof(bytes));
	attributes_put(&r, &st);
	ck_assert_uint_eq(r.len, ATTRIBUTES_LENGTH);
	ck_assert_mem_eq(bytes, wanted, r.len);
}
END_TEST

START_TEST(rule_14_a_size_that_is_none)
{
	const struct stat st = { .st_size = -1 };
	unsigned char bytes[64];
	struct reply r;

	reply_init(&r, bytes, sizeof(bytes));
	attributes_put(&r, &st);
	ck_assert_mem_eq(bytes, "\0\0\0\xf" "\0\0\0\0\0\0\0\0", 12);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, rule_14_nothing_is_wished_for);
	tcase_add_test(t, rule_14_all_in_their_order);
	tcase_add_test(t, rule_14_modes_lose_their_type);
	tcase_add_test(t, rule_9_attributes_cut_short);
	tcase_add_test(t, rule_9_extended_ones_are_bounded);
	tcase_add_test(t, rule_14_ours_have_everything);
	tcase_add_test(t, rule_14_a_size_that_is_none);
}

int
main(void)
{
	return run_unit("attributes", add);
}
