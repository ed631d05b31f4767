/* SPDX-License-Identifier: ISC */
#ifndef TEXT_UTF8_H
#define TEXT_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	UTF8_BYTES_MAX = 4,		/* of one character */
	UTF8_CODE_MAX = 0x10ffff
};

/*
 * The length of the character that S begins with, and its *CODE; or 0 where that is none: an
 * overlong form, half of a surrogate pair, what lies above UTF8_CODE_MAX, or one that does not end
 * within LEFT bytes or before a NUL.  Nothing is read beyond either.
 */
size_t	utf8_take(const char *s, size_t left, uint32_t *code);

/* True for a byte that can only stand behind the first of a character. */
bool	utf8_is_inner(char c);

#endif
