/* SPDX-License-Identifier: ISC */
#include "sftp/packet.h"
#include "unit.h"

static void
begin(struct packet *p, const void *bytes, size_t n)
{
	packet_init(p, bytes, n);
}

#define BEGIN(p, bytes) begin((p), (bytes), sizeof(bytes) - 1)

START_TEST(rule_8_numbers_and_strings)
{
	struct packet p;
	struct packet_string s;

	BEGIN(&p, "\7\1\2\3\4\1\2\3\4\5\6\7\10\0\0\0\3abc\0\0\0\0\xff");
	ck_assert_uint_eq(packet_take_byte(&p), 7);
	ck_assert_uint_eq(packet_take_number(&p), 0x01020304);
	ck_assert_uint_eq(packet_take_wide(&p), 0x0102030405060708);
	s = packet_take_string(&p);
	ck_assert(packet_string_is(&s, "abc") && !packet_string_is(&s, "ab"));
	ck_assert(!packet_string_is(&s, "abd") && !packet_string_is(&s, "abcd"));
	s = packet_take_string(&p);
	ck_assert(packet_string_is(&s, ""));
	ck_assert(!p.bad);
	ck_assert_uint_eq(packet_take_byte(&p), 0xff);
	ck_assert(!p.bad);
}
END_TEST

START_TEST(rule_9_what_reaches_beyond_is_nothing_from_then_on)
{
	static const char bytes[] = "\0\0\0\5abcd";
	struct packet p;

	for (size_t n = 0; n < 4; n++) {
		begin(&p, bytes, n);
		ck_assert_uint_eq(packet_take_number(&p), 0);
		ck_assert(p.bad);
	}
	begin(&p, bytes, 7);
	ck_assert_uint_eq(packet_take_wide(&p), 0);
	ck_assert(p.bad && packet_take_byte(&p) == 0);
	BEGIN(&p, bytes);
	ck_assert_uint_eq(packet_take_string(&p).len, 0);
	ck_assert(p.bad && packet_take_number(&p) == 0 && packet_take_string(&p).len == 0);
}
END_TEST

START_TEST(rule_9_lengths_do_not_wrap)
{
	static const char *const lengths[] = {
		"\xff\xff\xff\xff" "ab", "\x80\0\0\0" "ab", "\x7f\xff\xff\xff" "ab", "\0\0\0\3" "ab",
	};

	for (size_t i = 0; i < COUNT(lengths); i++) {
		char path[PATH_MAX];
		struct packet p;

		begin(&p, lengths[i], 6);
		ck_assert_uint_eq(packet_take_string(&p).len, 0);
		ck_assert(p.bad);
		begin(&p, lengths[i], 6);
		packet_take_path(&p, path);
		ck_assert(p.bad && path[0] == '\0');
	}
}
END_TEST

START_TEST(rule_9_paths_have_no_nul)
{
	char path[PATH_MAX];
	struct packet p;

	BEGIN(&p, "\0\0\0\3a/b\0\0\0\3a\0b");
	packet_take_path(&p, path);
	ck_assert_str_eq(path, "a/b");
	ck_assert(!p.bad);
	packet_take_path(&p, path);
	ck_assert(p.bad);
	ck_assert_str_eq(path, "");
	BEGIN(&p, "\0\0\0\1\0\7");
	packet_take_path(&p, path);
	ck_assert(p.bad && packet_take_byte(&p) == 0);
}
END_TEST

START_TEST(rule_26_paths_that_are_too_long)
{
	static char bytes[4 + PATH_MAX];
	char path[PATH_MAX];
	struct packet p;

	memset(bytes, 'x', sizeof(bytes));
	memcpy(bytes, "\0\0\17\xff", 4);
	begin(&p, bytes, sizeof(bytes));
	packet_take_path(&p, path);
	ck_assert(!p.bad && !p.too_long && strlen(path) == PATH_MAX - 1);
	memcpy(bytes, "\0\0\20\0", 4);
	begin(&p, bytes, sizeof(bytes));
	packet_take_path(&p, path);
	ck_assert(!p.bad && p.too_long && path[0] == '\0');
}
END_TEST

START_TEST(replies_are_what_was_put)
{
	static const char wanted[] = "\7\1\2\3\4\0\0\0\0\0\0\0\11\0\0\0\2ab\0\0\0\1\0__";
	unsigned char bytes[64];
	struct reply r;

	reply_init(&r, bytes, sizeof(bytes));
	reply_put_byte(&r, 7);
	reply_put_number(&r, 0);
	reply_put_wide(&r, 9);
	reply_put_text(&r, "ab");
	reply_put_string(&r, "", 1);
	memcpy(reply_reserve(&r, 2), "__", 2);
	reply_set_number(&r, 1, 0x01020304);
	ck_assert(!r.full);
	ck_assert_uint_eq(r.len, sizeof(wanted) - 1);
	ck_assert_mem_eq(bytes, wanted, r.len);
}
END_TEST

START_TEST(replies_are_bounded)
{
	for (size_t cap = 0; cap < 10; cap++) {
		unsigned char bytes[16];
		struct reply r;

		memset(bytes, '#', sizeof(bytes));
		reply_init(&r, bytes, cap);
		reply_put_number(&r, 1);
		reply_put_text(&r, "ab");
		ck_assert(r.full && r.len <= cap);
		for (size_t i = cap; i < sizeof(bytes); i++)
			ck_assert_int_eq(bytes[i], '#');
		reply_put_byte(&r, 1);
		ck_assert(r.full && r.len <= cap && reply_reserve(&r, 0) == NULL);
	}
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, rule_8_numbers_and_strings);
	tcase_add_test(t, rule_9_what_reaches_beyond_is_nothing_from_then_on);
	tcase_add_test(t, rule_9_lengths_do_not_wrap);
	tcase_add_test(t, rule_9_paths_have_no_nul);
	tcase_add_test(t, rule_26_paths_that_are_too_long);
	tcase_add_test(t, replies_are_what_was_put);
	tcase_add_test(t, replies_are_bounded);
}

int
main(void)
{
	return run_unit("packet", add);
}
