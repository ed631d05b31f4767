/* SPDX-License-Identifier: ISC */
#include "text/utf8.h"

/* How long the character is that C begins, or 0 where none begins with it. */
static size_t
length_by_first(unsigned char c)
{
	if (c < 0x80)
		return 1;
	if (c >= 0xc2 && c <= 0xdf)
		return 2;
	if (c >= 0xe0 && c <= 0xef)
		return 3;
	return c >= 0xf0 && c <= 0xf4 ? 4 : 0;
}

/* Whether CODE, which took LEN bytes, is a character, and in its shortest form. */
static bool
is_character(uint32_t code, size_t len)
{
	static const uint32_t least[UTF8_BYTES_MAX + 1] = { 0, 0, 0x80, 0x800, 0x10000 };

	return code >= least[len] && code <= UTF8_CODE_MAX && (code < 0xd800 || code > 0xdfff);
}

bool
utf8_is_inner(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

size_t
utf8_take(const char *s, size_t left, uint32_t *code)
{
	unsigned char first = left > 0 ? (unsigned char)s[0] : 0;
	size_t len = length_by_first(first);
	uint32_t c = len <= 1 ? first : first & (0x7fU >> len);

	if (len == 0 || len > left)
		return 0;
	/* A NUL ends this, too, for it is no inner byte. */
	for (size_t i = 1; i < len; i++) {
		if (!utf8_is_inner(s[i]))
			return 0;
		c = c << 6 | ((unsigned char)s[i] & 0x3f);
	}
	if (!is_character(c, len))
		return 0;
	*code = c;
	return len;
}
