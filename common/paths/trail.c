/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "paths/trail.h"

#define BEYOND "/..."

enum {
	ROOM = TRAIL_MAX - sizeof(BEYOND)	/* bytes that names may fill */
};

static void
cut(struct trail *t, size_t len)
{
	assert(len <= t->len);
	t->len = len;
	t->text[len] = '\0';
}

static void
add_text(struct trail *t, const char *text, size_t n)
{
	assert(n < sizeof(t->text) - t->len);
	memcpy(t->text + t->len, text, n);
	t->len += n;
	t->text[t->len] = '\0';
}

void
trail_set(struct trail *t, const char *path)
{
	t->len = 0;
	t->beyond = 0;
	t->depth = 0;
	add_text(t, path, strnlen(path, ROOM));
}

void
trail_trim(struct trail *t)
{
	assert(t->depth == 0 && t->beyond == 0);
	while (t->len > 1 && t->text[t->len - 1] == '/')
		cut(t, t->len - 1);
}

static void
go_beyond(struct trail *t)
{
	if (t->beyond++ > 0)
		return;
	t->cuts[t->depth] = t->len;
	add_text(t, BEYOND, strlen(BEYOND));
}

void
trail_enter(struct trail *t, const char *name)
{
	size_t n = strlen(name);
	bool joined = n == 0 || t->len == 0 || t->text[t->len - 1] == '/';

	if (t->beyond > 0 || t->depth == TRAIL_DEPTH_MAX || t->len + 1 + n > ROOM) {
		go_beyond(t);
		return;
	}
	t->cuts[t->depth++] = t->len;
	if (!joined)
		add_text(t, "/", 1);
	add_text(t, name, n);
}

const char *
trail_last(const struct trail *t)
{
	const char *last;

	assert(t->depth > 0 || t->beyond > 0);
	last = t->text + t->cuts[t->beyond > 0 ? t->depth : t->depth - 1];
	return last + (*last == '/');
}

/* The name at AT, and how long it is. */
static const char *
name_at(const struct trail *t, unsigned at, size_t *len)
{
	const char *name = t->text + t->cuts[at];
	const char *end = t->text + (at + 1 < t->depth ? t->cuts[at + 1] : t->len);

	name += name < end && *name == '/';
	*len = (size_t)(end - name);
	return name;
}

/* Whether the name at AT is the one that is PERIOD names before it. */
static bool
is_again(const struct trail *t, unsigned at, unsigned period)
{
	size_t n, m;
	const char *one = name_at(t, at, &n), *other = name_at(t, at - period, &m);

	return n == m && memcmp(one, other, n) == 0;
}

bool
trail_comes_round(const struct trail *t, unsigned times)
{
	for (unsigned period = 1; t->beyond == 0 && period <= t->depth / times; period++) {
		unsigned at = t->depth, first = t->depth - period * (times - 1);

		while (at > first && is_again(t, at - 1, period))
			at--;
		if (at == first)
			return true;
	}
	return false;
}

void
trail_leave(struct trail *t)
{
	if (t->beyond == 0) {
		assert(t->depth > 0);
		cut(t, t->cuts[--t->depth]);
	} else if (--t->beyond == 0) {
		cut(t, t->cuts[t->depth]);
	}
}
