/* SPDX-License-Identifier: ISC */
#include "text/utf8.h"
#include "unit.h"

#define BYTES(s) s, sizeof(s) - 1

enum {
	UNTOUCHED = 0x7fffffff
};

static const struct {
	const char *bytes;
	size_t	    left, wanted;
	uint32_t    code;
} heads[] = {
	{ BYTES(""), 0, UNTOUCHED },
	{ BYTES("\0"), 1, 0 },
	{ BYTES("a"), 1, 'a' },
	{ BYTES("ab"), 1, 'a' },
	{ BYTES("\177"), 1, 0x7f },
	{ BYTES("\xc2\x80"), 2, 0x80 },
	{ BYTES("\xc3\xa9x"), 2, 0xe9 },
	{ BYTES("\xdf\xbf"), 2, 0x7ff },
	{ BYTES("\xe0\xa0\x80"), 3, 0x800 },
	{ BYTES("\xe2\x82\xac"), 3, 0x20ac },
	{ BYTES("\xef\xbf\xbf"), 3, 0xffff },
	{ BYTES("\xf0\x90\x80\x80"), 4, 0x10000 },
	{ BYTES("\xf0\x9f\x98\x80\x80"), 4, 0x1f600 },
	{ BYTES("\xf4\x8f\xbf\xbf"), 4, 0x10ffff },
	/* Overlong: a NUL, a slash, a dot, and the last that each length could be without. */
	{ BYTES("\xc0\x80"), 0, UNTOUCHED },
	{ BYTES("\xc0\xaf"), 0, UNTOUCHED },
	{ BYTES("\xc1\xbf"), 0, UNTOUCHED },
	{ BYTES("\xe0\x80\xaf"), 0, UNTOUCHED },
	{ BYTES("\xe0\x9f\xbf"), 0, UNTOUCHED },
	{ BYTES("\xf0\x80\x80\xae"), 0, UNTOUCHED },
	{ BYTES("\xf0\x8f\xbf\xbf"), 0, UNTOUCHED },
	/* Surrogates, and their neighbours. */
	{ BYTES("\xed\x9f\xbf"), 3, 0xd7ff },
	{ BYTES("\xed\xa0\x80"), 0, UNTOUCHED },
	{ BYTES("\xed\xbf\xbf"), 0, UNTOUCHED },
	{ BYTES("\xee\x80\x80"), 3, 0xe000 },
	/* More than there is. */
	{ BYTES("\xf4\x90\x80\x80"), 0, UNTOUCHED },
	{ BYTES("\xf5\x80\x80\x80"), 0, UNTOUCHED },
	{ BYTES("\xf8\x88\x80\x80\x80"), 0, UNTOUCHED },
	{ BYTES("\xff"), 0, UNTOUCHED },
	/* Its end is missing: at the end, at a NUL, at another character. */
	{ BYTES("\xc3"), 0, UNTOUCHED },
	{ BYTES("\xe2\x82"), 0, UNTOUCHED },
	{ BYTES("\xf0\x9f\x98"), 0, UNTOUCHED },
	{ BYTES("\xe2\0\xac"), 0, UNTOUCHED },
	{ BYTES("\xe2\x82\0"), 0, UNTOUCHED },
	{ BYTES("\xc3" "a"), 0, UNTOUCHED },
	{ BYTES("\xf0\x9f\x98\xc3\xa9"), 0, UNTOUCHED },
	/* It has no beginning. */
	{ BYTES("\x80"), 0, UNTOUCHED },
	{ BYTES("\xbf\xbf"), 0, UNTOUCHED },
};

START_TEST(what_is_a_character)
{
	for (size_t i = 0; i < COUNT(heads); i++) {
		uint32_t code = UNTOUCHED;
		size_t got = utf8_take(heads[i].bytes, heads[i].left, &code);

		ck_assert_msg(got == heads[i].wanted && code == heads[i].code,
		    "row %zu: expected %zu and U+%04X, got %zu and U+%04X", i, heads[i].wanted,
		    (unsigned)heads[i].code, got, (unsigned)code);
	}
}
END_TEST

/* What a code point looks like by the book, as a number of bytes. */
static size_t
encode(uint32_t code, char dst[UTF8_BYTES_MAX])
{
	if (code < 0x80) {
		dst[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		dst[0] = (char)(0xc0 + code / 0x40);
		dst[1] = (char)(0x80 + code % 0x40);
		return 2;
	}
	if (code < 0x10000) {
		dst[0] = (char)(0xe0 + code / 0x1000);
		dst[1] = (char)(0x80 + code / 0x40 % 0x40);
		dst[2] = (char)(0x80 + code % 0x40);
		return 3;
	}
	dst[0] = (char)(0xf0 + code / 0x40000);
	dst[1] = (char)(0x80 + code / 0x1000 % 0x40);
	dst[2] = (char)(0x80 + code / 0x40 % 0x40);
	dst[3] = (char)(0x80 + code % 0x40);
	return 4;
}

START_TEST(every_code_point_and_whatever_is_left_of_it)
{
	for (uint32_t code = 0; code <= UTF8_CODE_MAX; code++) {
		char bytes[UTF8_BYTES_MAX];
		size_t len = encode(code, bytes);
		bool surrogate = code >= 0xd800 && code <= 0xdfff;

		for (size_t left = 0; left <= len; left++) {
			size_t wanted = left == len && !surrogate ? len : 0;
			uint32_t got = UNTOUCHED;

			ck_assert_msg(utf8_take(bytes, left, &got) == wanted &&
			    got == (wanted > 0 ? code : UNTOUCHED), "U+%04X, %zu bytes of it",
			    (unsigned)code, left);
		}
	}
}
END_TEST

/* Bytes at which anything changes: first and last of each kind, and those between. */
static const unsigned char edges[] = {
	0x00, 0x01, 0x2f, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf,
	0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf7, 0xf8, 0xff,
};

/* As the table of well-formed sequences in the Unicode standard has it. */
static size_t
length_by_table(const unsigned char *s, size_t left)
{
	static const struct {
		unsigned char first, last, least, most;	/* of byte one, and of byte two */
		size_t	      len;
	} rows[] = {
		{ 0x00, 0x7f, 0, 0, 1 },
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		bool fits = s[0] >= rows[i].first && s[0] <= rows[i].last && rows[i].len <= left;

		if (fits && rows[i].len > 1)
			fits = s[1] >= rows[i].least && s[1] <= rows[i].most;
		for (size_t k = 2; fits && k < rows[i].len; k++)
			fits = s[k] >= 0x80 && s[k] <= 0xbf;
		if (fits)
			return rows[i].len;
	}
	return 0;
}

START_TEST(all_sequences_of_bytes_at_the_edges)
{
	const size_t all = COUNT(edges) * COUNT(edges) * COUNT(edges) * COUNT(edges);
	size_t characters = 0;

	for (size_t i = 0; i < all; i++) {
		const unsigned char s[] = {
			edges[i % COUNT(edges)], edges[i / COUNT(edges) % COUNT(edges)],
			edges[i / COUNT(edges) / COUNT(edges) % COUNT(edges)],
			edges[i / COUNT(edges) / COUNT(edges) / COUNT(edges)],
		};

		for (size_t left = 1; left <= sizeof(s); left++) {
			size_t wanted = length_by_table(s, left), got;
			uint32_t code = UNTOUCHED;
			char back[UTF8_BYTES_MAX];

			got = utf8_take((const char *)s, left, &code);
			ck_assert_msg(got == wanted, "%02x %02x %02x %02x, %zu of them: expected "
			    "%zu, got %zu", s[0], s[1], s[2], s[3], left, wanted, got);
			if (got == 0) {
				ck_assert_uint_eq(code, UNTOUCHED);
				continue;
			}
			ck_assert_uint_eq(encode(code, back), got);
			ck_assert_mem_eq(back, s, got);
			characters++;
		}
	}
	ck_assert_uint_gt(characters, 0);
}
END_TEST

/* Each lies at the end of what may be read: a byte further would be seen by nobody else. */
START_TEST(a_nul_is_never_passed)
{
	static const char *const cut[] = { "", "\xc3", "\xe2", "\xe2\x82", "\xf0\x9f\x98" };

	for (size_t i = 0; i < COUNT(cut); i++) {
		size_t n = strlen(cut[i]) + 1, wanted = n == 1 ? 1 : 0;
		char *exact = malloc(n);
		uint32_t code = UNTOUCHED;

		ck_assert_ptr_nonnull(exact);
		memcpy(exact, cut[i], n);
		ck_assert_uint_eq(utf8_take(exact, UTF8_BYTES_MAX, &code), wanted);
		free(exact);
	}
}
END_TEST

START_TEST(inner_bytes)
{
	for (int c = 0; c < 256; c++)
		ck_assert_int_eq(utf8_is_inner((char)c), c >= 0x80 && c <= 0xbf);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, what_is_a_character);
	tcase_add_test(t, every_code_point_and_whatever_is_left_of_it);
	tcase_add_test(t, all_sequences_of_bytes_at_the_edges);
	tcase_add_test(t, a_nul_is_never_passed);
	tcase_add_test(t, inner_bytes);
}

int
main(void)
{
	return run_unit("utf8", add);
}
