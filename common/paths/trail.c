/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "paths/trail.h"

static void
add_text(struct trail *t, const char *text)
{
	size_t n = strlen(text), room = sizeof(t->text) - 1 - t->len;

	if (n > room)
		n = room;
	memcpy(t->text + t->len, text, n);
	trail_cut(t, t->len + n);
}

void
trail_set(struct trail *t, const char *path)
{
	t->len = 0;
	add_text(t, path);
}

size_t
trail_add(struct trail *t, const char *name)
{
	size_t before = t->len;

	if (before > 0 && t->text[before - 1] != '/')
		add_text(t, "/");
	add_text(t, name);
	return before;
}

void
trail_cut(struct trail *t, size_t len)
{
	t->len = len;
	t->text[len] = '\0';
}

void
trail_up(struct trail *t)
{
	while (t->len > 0 && t->text[t->len - 1] != '/')
		t->len--;
	trail_cut(t, t->len > 1 ? t->len - 1 : t->len);
}
