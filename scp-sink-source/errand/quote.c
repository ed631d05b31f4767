/* SPDX-License-Identifier: ISC */
#include <string.h>

#include <bsd/string.h>

#include "errand/quote.h"
#include "text/pattern.h"
#include "text/utf8.h"

/* A word as it is written. */
struct writer {
	char  *dst;
	size_t cap, len;	/* LEN beyond CAP: it does not fit */
};

static void
put(struct writer *w, char c)
{
	if (w->len + 1 < w->cap)
		w->dst[w->len] = c;
	w->len++;
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* What means itself to every shell. */
static bool
is_safe(char c)
{
	return is_letter(c) || (unsigned char)c >= 0x80 ||
	    (c != '\0' && strchr("_/.+,:@-", c) != NULL);
}

static void
put_bytes(struct writer *w, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put(w, s[i]);
}

/* A blank of Unicode's ends a word of fish's, and a byte 0xa0 one of csh's, though it be half a letter. */
static bool
is_apart(const char *s, size_t n, uint32_t code)
{
	static const uint32_t blanks[] = { 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000 };

	for (size_t i = 0; i < sizeof(blanks) / sizeof(blanks[0]); i++)
		if (code == blanks[i])
			return true;
	return (unsigned char)s[0] < ' ' || s[0] == '\177' || (code >= 0x2000 && code <= 0x200a) ||
	    memchr(s, 0xa0, n) != NULL;
}

/* The character at S as it is: how many bytes of that. */
static size_t
put_literal(struct writer *w, const char *s)
{
	uint32_t code = 0;
	size_t n = utf8_take(s, UTF8_BYTES_MAX, &code);

	if (n == 0)
		n = 1;
	if (is_apart(s, n, code)) {
		put(w, '\'');
		put_bytes(w, s, n);
		put(w, '\'');
		return n;
	}
	if (!is_safe(s[0]))
		put(w, '\\');
	put_bytes(w, s, n);
	return n;
}

size_t
quote_home(const char *path)
{
	size_t n = 1;

	/* "~-" is where some shells were before. */
	if (path[0] != '~' || path[1] == '-')
		return 0;
	while (is_letter(path[n]) || (path[n] != '\0' && strchr("._-", path[n]) != NULL))
		n++;
	return path[n] == '\0' || path[n] == '/' ? n : 0;
}

/* How many bytes at S are a set of a pattern, with its brackets; or 0.  It is all in one component. */
static size_t
set_length(const char *s)
{
	size_t n = pattern_set_length(s);

	return memchr(s, '/', n) == NULL ? n : 0;
}

/* How many bytes at S are a class within a set, such as [:alpha:]; or 0. */
static size_t
class_length(const char *s)
{
	size_t n;

	if (s[0] != '[' || s[1] != ':')
		return 0;
	n = 2 + strspn(s + 2, "abcdefghijklmnopqrstuvwxyz");
	return s[n] == ':' && s[n + 1] == ']' ? n + 2 : 0;
}

/* What is no range, though it might be one: a hyphen is no word of the shell's anywhere else. */
static size_t
put_escaped(struct writer *w, const char *s)
{
	if (s[0] == '-')
		put(w, '\\');
	return put_literal(w, s);
}

/* The N bytes of a set: what is safe, or makes it one that is not, means what it does. */
static void
put_set(struct writer *w, const char *s, size_t n)
{
	size_t i = 1, class;

	if (s[i] == '!' || s[i] == '^')
		i++;
	if (s[i] == ']')
		i++;
	put_bytes(w, s, i);
	while (i + 1 < n) {
		class = class_length(s + i);
		put_bytes(w, s + i, class);
		i += class;
		if (class == 0 && s[i] == '\\' && i + 2 < n)
			i += 1 + put_escaped(w, s + i + 1);
		else if (class == 0)
			i += put_literal(w, s + i);
	}
	put(w, ']');
}

/* Some of a source's path: how many bytes of it. */
static size_t
put_pattern(struct writer *w, const char *s)
{
	size_t n;

	/* To some shells, two stars are directories one in another. */
	if (*s == '*' || *s == '?') {
		put(w, *s);
		return *s == '*' ? strspn(s, "*") : 1;
	}
	if (*s == '\\' && s[1] != '\0')
		return 1 + put_literal(w, s + 1);
	n = set_length(s);
	if (n == 0)
		return put_literal(w, s);
	put_set(w, s, n);
	return n;
}

/* Whether PATH begins, or something that it is a pattern of may, as an option does. */
static bool
may_be_option(const char *path, enum quote_use use)
{
	if (path[0] == '-')
		return true;
	return use == QUOTE_SOURCE && (path[0] == '*' || path[0] == '?' || set_length(path) > 0 ||
	    strncmp(path, "\\-", 2) == 0);
}

size_t
quote_path(char *dst, size_t cap, const char *path, enum quote_use use)
{
	struct writer w = { .dst = dst, .cap = cap };
	size_t home = quote_home(path);

	/* Not every program knows that "--" ends its options. */
	if (may_be_option(path, use))
		put_bytes(&w, "./", 2);
	put_bytes(&w, path, home);
	for (const char *p = path + home; *p != '\0';)
		if (use == QUOTE_SOURCE)
			p += put_pattern(&w, p);
		else
			p += put_literal(&w, p);
	if (w.len + 1 > cap)
		return 0;
	dst[w.len] = '\0';
	return w.len;
}

int
quote_command(char dst[QUOTE_COMMAND_MAX], const struct errand *e, bool receives, bool directory,
    const char *path)
{
	size_t len;

	strlcpy(dst, "scp", QUOTE_COMMAND_MAX);
	if (e->verbose)
		strlcat(dst, " -v", QUOTE_COMMAND_MAX);
	if (e->recursive)
		strlcat(dst, " -r", QUOTE_COMMAND_MAX);
	if (e->preserve)
		strlcat(dst, " -p", QUOTE_COMMAND_MAX);
	if (receives && directory)
		strlcat(dst, " -d", QUOTE_COMMAND_MAX);
	len = strlcat(dst, receives ? " -t " : " -f ", QUOTE_COMMAND_MAX);
	if (!e->shell_text)
		return quote_path(dst + len, QUOTE_COMMAND_MAX - len, path,
		    receives ? QUOTE_TARGET : QUOTE_SOURCE) > 0 ? 0 : -1;
	if (path[0] == '-')
		strlcat(dst, "-- ", QUOTE_COMMAND_MAX);
	return strlcat(dst, path, QUOTE_COMMAND_MAX) < QUOTE_COMMAND_MAX ? 0 : -1;
}
