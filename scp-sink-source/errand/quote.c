/* SPDX-License-Identifier: ISC */
#include <string.h>

#include <bsd/string.h>

#include "errand/quote.h"

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
	return is_letter(c) || (unsigned char)c >= 0x80 || (c != '\0' && strchr("_/.+,:@-", c) != NULL);
}

static bool
is_control(char c)
{
	return (unsigned char)c < ' ' || c == '\177';
}

static void
put_literal(struct writer *w, char c)
{
	if (is_control(c)) {
		put(w, '\'');
		put(w, c);
		put(w, '\'');
		return;
	}
	if (!is_safe(c))
		put(w, '\\');
	put(w, c);
}

/* How many bytes at PATH are somebody's home: "~" and a name. */
static size_t
home_length(const char *path)
{
	size_t n = 1;

	if (path[0] != '~')
		return 0;
	while (is_letter(path[n]) || (path[n] != '\0' && strchr("._-", path[n]) != NULL))
		n++;
	return path[n] == '\0' || path[n] == '/' ? n : 0;
}

/* How many bytes at S are a set of a pattern, with its brackets; or 0. */
static size_t
set_length(const char *s)
{
	size_t n = 1;

	if (s[n] == '!' || s[n] == '^')
		n++;
	if (s[n] == ']')
		n++;
	while (s[n] != '\0' && s[n] != ']') {
		if (s[n] == '/')
			return 0;
		n += s[n] == '\\' && s[n + 1] != '\0' ? 2 : 1;
	}
	return s[n] == ']' ? n + 1 : 0;
}

/* The N bytes of a set: what is safe, or makes it one that is not, means what it does. */
static void
put_set(struct writer *w, const char *s, size_t n)
{
	put(w, '[');
	for (size_t i = 1; i + 1 < n; i++) {
		if (s[i] == '!' || s[i] == '^')
			put(w, s[i]);
		else if (s[i] == '\\' && i + 2 < n)
			put_literal(w, s[++i]);
		else if (s[i] == ']')
			put(w, s[i]);
		else
			put_literal(w, s[i]);
	}
	put(w, ']');
}

/* Some of a source's path: how many bytes of it. */
static size_t
put_pattern(struct writer *w, const char *s)
{
	size_t n;

	if (*s == '*' || *s == '?') {
		put(w, *s);
		return 1;
	}
	if (*s == '\\' && s[1] != '\0') {
		put_literal(w, s[1]);
		return 2;
	}
	n = *s == '[' ? set_length(s) : 0;
	if (n > 0)
		put_set(w, s, n);
	else
		put_literal(w, *s);
	return n > 0 ? n : 1;
}

size_t
quote_path(char *dst, size_t cap, const char *path, enum quote_use use)
{
	struct writer w = { .dst = dst, .cap = cap };
	size_t home = home_length(path);

	/* Not every program knows that "--" ends its options. */
	for (const char *p = path[0] == '-' ? "./" : ""; *p != '\0'; p++)
		put(&w, *p);
	for (size_t i = 0; i < home; i++)
		put(&w, path[i]);
	for (const char *p = path + home; *p != '\0';) {
		if (use == QUOTE_SOURCE) {
			p += put_pattern(&w, p);
		} else {
			put_literal(&w, *p++);
		}
	}
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
