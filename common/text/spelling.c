/* SPDX-License-Identifier: ISC */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "text/spelling.h"
#include "text/utf8.h"

enum {
	STEM = 8,	/* bytes of a short name before its dot */
	ENDING = 3	/* and behind it */
};

/* What Unicode takes for letters of ASCII where case does not count, its canonical forms included. */
static const struct {
	uint32_t    code;
	const char *ascii;
} letters[] = {
	{ 0xdf, "ss" }, { 0x17f, "s" }, { 0x37e, ";" }, { 0x1e9e, "ss" }, { 0x1fef, "`" },
	{ 0x212a, "k" }, { 0xfb00, "ff" }, { 0xfb01, "fi" }, { 0xfb02, "fl" }, { 0xfb03, "ffi" },
	{ 0xfb04, "ffl" }, { 0xfb05, "st" }, { 0xfb06, "st" },
};

/* Unicode's Default_Ignorable_Code_Point. */
static const struct {
	uint32_t first, last;
} unseen[] = {
	{ 0xad, 0xad }, { 0x34f, 0x34f }, { 0x61c, 0x61c }, { 0x115f, 0x1160 }, { 0x17b4, 0x17b5 },
	{ 0x180b, 0x180f }, { 0x200b, 0x200f }, { 0x202a, 0x202e }, { 0x2060, 0x206f },
	{ 0x3164, 0x3164 }, { 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff }, { 0xffa0, 0xffa0 },
	{ 0xfff0, 0xfff8 }, { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
};

/* What the character CODE is instead, or NULL where it is itself. */
static const char *
replacement(uint32_t code)
{
	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (letters[i].code == code)
			return letters[i].ascii;
	for (size_t i = 0; i < sizeof(unseen) / sizeof(unseen[0]); i++)
		if (code >= unseen[i].first && code <= unseen[i].last)
			return "";
	return NULL;
}

bool
spelling_is_ascii(const char *name)
{
	while (*name != '\0' && (unsigned char)*name < 0x80)
		name++;
	return *name == '\0';
}

void
spelling_fold(const char *name, char dst[NAME_MAX + 1])
{
	size_t used = 0, n;

	for (; *name != '\0'; name += n) {
		uint32_t code = 0;
		const char *text = name;
		size_t len;

		n = utf8_take(name, UTF8_BYTES_MAX, &code);
		len = n = n > 0 ? n : 1;	/* A byte that is no character is itself. */
		if (code >= 0x80 && replacement(code) != NULL) {
			text = replacement(code);
			len = strlen(text);
		}
		if (used + len > NAME_MAX)
			break;
		memcpy(dst + used, text, len);
		used += len;
	}
	dst[used] = '\0';
}

bool
spelling_cut(char *name)
{
	size_t whole = strlen(name), len = strcspn(name, ":");

	while (len > 0 && (name[len - 1] == '.' || name[len - 1] == ' '))
		len--;
	if (len == 0 || len == whole)
		return false;
	name[len] = '\0';
	return true;
}

bool
spelling_is_short(const char *name)
{
	const char *dot = strrchr(name, '.');
	size_t stem = dot != NULL ? (size_t)(dot - name) : strlen(name), digits = 0;

	if (stem > STEM || (dot != NULL && strlen(dot + 1) > ENDING) ||
	    memchr(name, '.', stem) != NULL)
		return false;
	while (digits < stem && name[stem - 1 - digits] >= '0' && name[stem - 1 - digits] <= '9')
		digits++;
	return digits > 0 && stem - digits > 1 && name[stem - 1 - digits] == '~';
}
