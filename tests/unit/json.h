/* SPDX-License-Identifier: ISC */
#ifndef JSON_H
#define JSON_H

/*
 * What a strict reader makes of one object of JSON that has no other in it, and of what text_quote
 * wrote.  Nothing here shares a line with what it checks.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
	JSON_MEMBERS = 20,
	JSON_STRING = 8192
};

struct json {
	size_t count;
	struct json_member {
		char   name[32];
		bool   is_string;
		char   value[JSON_STRING];	/* decoded, or the number or word as it stands */
		size_t len;
	} members[JSON_MEMBERS];
};

/* How long the character at S is, or 0 where it is no UTF-8. */
static inline size_t
json_utf8(const unsigned char *s, const unsigned char *end)
{
	static const struct {
		unsigned char from, to, second_from, second_to;
		size_t	      len;
	} forms[] = {
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

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		size_t len = forms[i].len;

		if (s[0] < forms[i].from || s[0] > forms[i].to)
			continue;
		if ((size_t)(end - s) < len)
			return 0;
		if (len > 1 && (s[1] < forms[i].second_from || s[1] > forms[i].second_to))
			return 0;
		for (size_t at = 2; at < len; at++)
			if (s[at] < 0x80 || s[at] > 0xbf)
				return 0;
		return len;
	}
	return 0;
}

/*
 * Decodes the string of JSON that begins at *S, behind its opening quote, up to and with the one
 * that ends it.  -1 for whatever RFC 8259 does not allow; \u, \b and the like are not known, for
 * nobody has to write them.
 */
static inline int
json_string(const char **s, const char *end, char *out, size_t cap, size_t *len)
{
	const char *p = *s;

	for (*len = 0; p < end && *p != '"';) {
		size_t n;

		if (*p == '\\') {
			if (++p == end || (*p != '\\' && *p != '"'))
				return -1;
			n = 1;
		} else {
			n = json_utf8((const unsigned char *)p, (const unsigned char *)end);
		}
		if (n == 0 || (unsigned char)*p < 0x20 || *len + n >= cap)
			return -1;
		memcpy(out + *len, p, n);
		*len += n;
		p += n;
	}
	if (p == end)
		return -1;
	out[*len] = '\0';
	*s = p + 1;
	return 0;
}

/* A number without an exponent, "true" or "false". */
static inline int
json_plain(const char **s, const char *end, struct json_member *m)
{
	size_t n = strspn(*s, "-0123456789.abcdefghijklmnopqrstuvwxyz"), digits;
	const char *number = m->value;

	if (n == 0 || n >= sizeof(m->value) || n > (size_t)(end - *s))
		return -1;
	memcpy(m->value, *s, n);
	m->value[n] = '\0';
	m->len = n;
	*s += n;
	if (strcmp(m->value, "true") == 0 || strcmp(m->value, "false") == 0)
		return 0;
	number += *number == '-';
	digits = strspn(number, "0123456789");
	if (digits == 0 || (digits > 1 && *number == '0'))
		return -1;
	number += digits;
	if (*number == '\0')
		return 0;
	digits = strspn(number + 1, "0123456789");
	return *number == '.' && digits > 0 && number[1 + digits] == '\0' ? 0 : -1;
}

/* 0 when TEXT of LEN bytes is one object, whose members are then in J; else -1. */
static inline int
json_parse(struct json *j, const char *text, size_t len)
{
	const char *s = text, *end = text + len;

	j->count = 0;
	if (s == end || *s++ != '{')
		return -1;
	for (;;) {
		struct json_member *m = &j->members[j->count];
		size_t namelen;

		if (j->count++ == JSON_MEMBERS || s == end || *s++ != '"' ||
		    json_string(&s, end, m->name, sizeof(m->name), &namelen) == -1 ||
		    s == end || *s++ != ':' || s == end)
			return -1;
		for (struct json_member *other = j->members; other < m; other++)
			if (strcmp(other->name, m->name) == 0)
				return -1;
		m->is_string = *s == '"';
		if (m->is_string)
			s++;
		if ((m->is_string ? json_string(&s, end, m->value, sizeof(m->value), &m->len)
		    : json_plain(&s, end, m)) == -1 || s == end)
			return -1;
		if (*s == '}')
			return s + 1 == end ? 0 : -1;
		if (*s++ != ',')
			return -1;
	}
}

/* The member NAME, or NULL. */
static inline const struct json_member *
json_member(const struct json *j, const char *name)
{
	for (size_t i = 0; i < j->count; i++)
		if (strcmp(j->members[i].name, name) == 0)
			return &j->members[i];
	return NULL;
}

/*
 * Undoes text_quote on S of LEN bytes: how many bytes are in OUT, which has as much room, or
 * SIZE_MAX where a backslash stands before anything else than it should.
 */
static inline size_t
unquote(const char *s, size_t len, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned byte = 0;

		if (s[i] != '\\') {
			out[n++] = s[i];
			continue;
		}
		i++;
		if (i < len && (s[i] == '\\' || s[i] == '"')) {
			out[n++] = s[i];
			continue;
		}
		if (i + 3 > len)
			return SIZE_MAX;
		for (size_t digit = i; digit < i + 3; digit++) {
			if (s[digit] < '0' || s[digit] > '7')
				return SIZE_MAX;
			byte = byte * 8 + (unsigned)(s[digit] - '0');
		}
		if (byte > 255)
			return SIZE_MAX;
		out[n++] = (char)byte;
		i += 2;
	}
	return n;
}

/* True when S of LEN bytes may be shown to anybody: UTF-8 without C0, DEL or C1. */
static inline bool
is_harmless(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s, *end = p + len;

	while (p < end) {
		size_t n = json_utf8(p, end);

		if (n == 0 || *p < 0x20 || *p == 0x7f || (n == 2 && p[0] == 0xc2 && p[1] < 0xa0))
			return false;
		p += n;
	}
	return true;
}

/* LEN bytes of which many are those that need care, and no NUL if NUL is false. */
static inline void
fill_nastily(char *s, size_t len, bool nul)
{
	static const char *const bits[] = {
		"\\", "\"", "\n", "\r", "\033[2J", "\177", "\302\205", "\303\251", "\342\202\254",
		"\360\237\230\200", "\377", "\200", "\355\240\200", "\\012", "...", "%n%s%999d",
		"a", "\",\"exit\":0}", "\\\"", " \" reason \"", "\\u0000",
	};
	size_t n = 0;

	while (n < len) {
		size_t which = (size_t)rand() % (sizeof(bits) / sizeof(bits[0]) + 2);

		if (which >= sizeof(bits) / sizeof(bits[0])) {
			s[n++] = (char)(rand() % 255 + 1);
			if (nul && rand() % 8 == 0)
				s[n - 1] = '\0';
			continue;
		}
		for (const char *b = bits[which]; *b != '\0' && n < len; b++)
			s[n++] = *b;
	}
}

#endif
