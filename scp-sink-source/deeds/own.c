/* SPDX-License-Identifier: ISC */
/*
 * Texts are appended; those whose entry has gone, or has another by now, stay until they may be as many
 * as the others, and are then squeezed out in one go.
 */
#include <limits.h>
#include <string.h>

#include <bsd/string.h>

#include "deeds/own.h"

enum {
	HEAD = sizeof(uint64_t),	/* bytes before a text: the id of its entry */
	FEW = 65536,			/* bytes of texts that are never too many */
	SQUEEZED = OWN_BYTES / 8	/* bytes that are free afterwards: it is not done for each */
};

void
own_init(struct own *o)
{
	o->n = 0;
	o->used = 0;
	o->full = FEW;
	o->last = 0;
}

/* FNV-1a. */
static uint32_t
hash_of(const char *s)
{
	uint32_t h = 0x811c9dc5;

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 0x01000193;
	return h;
}

static const char *
path_of(const struct own *o, const struct own_entry *e)
{
	return o->texts + e->at;
}

/* The first entry whose id is above ID: its number, N where there is none. */
static unsigned
first_above(const struct own *o, uint64_t id)
{
	unsigned low = 0, high = o->n;

	while (low < high) {
		unsigned mid = low + (high - low) / 2;

		if (o->entries[mid].id > id)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

/* The entry of the text at AT, or NULL where it is no longer any's. */
static struct own_entry *
entry_of_text(struct own *o, size_t at)
{
	uint64_t id;
	unsigned i;

	memcpy(&id, o->texts + at, HEAD);
	i = first_above(o, id - 1);
	return i < o->n && o->entries[i].id == id && o->entries[i].at == at + HEAD
	    ? &o->entries[i] : NULL;
}

static void
squeeze(struct own *o)
{
	size_t to = 0, len;

	for (size_t at = 0; at < o->used; at += len) {
		struct own_entry *e = entry_of_text(o, at);

		len = HEAD + strlen(o->texts + at + HEAD) + 1;
		if (e == NULL)
			continue;
		memmove(o->texts + to, o->texts + at, len);
		e->at = (uint32_t)(to + HEAD);
		to += len;
	}
	o->used = to;
}

static void
drop(struct own *o, unsigned i)
{
	o->n--;
	memmove(&o->entries[i], &o->entries[i + 1], (o->n - i) * sizeof(o->entries[0]));
}

static void
forget_oldest(struct own *o, unsigned n)
{
	o->n -= n;
	memmove(o->entries, o->entries + n, o->n * sizeof(o->entries[0]));
}

/* Makes room for so many bytes, which are fewer than a path has: the oldest go first. */
static void
make_room(struct own *o, size_t bytes)
{
	if (o->used + bytes <= o->full)
		return;
	squeeze(o);
	while (o->n > 0 && o->used + bytes > OWN_BYTES - SQUEEZED) {
		forget_oldest(o, o->n / 8 + 1);
		squeeze(o);
	}
	o->full = 2 * o->used + FEW < OWN_BYTES ? 2 * o->used + FEW : OWN_BYTES;
}

/* Has the Ith entry say PATH, of LEN bytes, for which there is room. */
static void
put_text(struct own *o, struct own_entry *e, const char *path, size_t len)
{
	memcpy(o->texts + o->used, &e->id, HEAD);
	memcpy(o->texts + o->used + HEAD, path, len + 1);
	e->at = (uint32_t)(o->used + HEAD);
	e->hash = hash_of(path);
	o->used += HEAD + len + 1;
}

/* The entry of the path PLAIN: its number, N where there is none. */
static unsigned
find(const struct own *o, const char *plain)
{
	uint32_t hash = hash_of(plain);

	for (unsigned i = o->n; i > 0; i--)
		if (o->entries[i - 1].hash == hash &&
		    strcmp(path_of(o, &o->entries[i - 1]), plain) == 0)
			return i - 1;
	return o->n;
}

void
own_add(struct own *o, const char *plain, const struct birth *b)
{
	unsigned i = find(o, plain);
	size_t len = strlen(plain);

	if (i < o->n)
		drop(o, i);
	if (o->n == OWN_MAX + OWN_MORE)
		forget_oldest(o, OWN_MORE);
	make_room(o, HEAD + len + 1);
	o->entries[o->n] = (struct own_entry){ .id = ++o->last, .birth = *b };
	put_text(o, &o->entries[o->n], plain, len);
	o->n++;
}

bool
own_has(const struct own *o, const char *plain, const struct stat *st, int dirfd, const char *name)
{
	unsigned i = find(o, plain);
	const struct birth *b = i < o->n ? &o->entries[i].birth : NULL;
	struct birth now;

	if (b == NULL || b->dev != st->st_dev || b->ino != st->st_ino)
		return false;
	return b->born == 0 || (birth_look(dirfd, name, &now) == 0 && birth_is_same(b, &now));
}

/* What PATH has behind the directory PLAIN of LEN bytes, or NULL where it does not lie in it. */
static const char *
within(const char *path, const char *plain, size_t len)
{
	if (len == 0)
		return path;
	return strncmp(path, plain, len) == 0 && path[len] == '/' ? path + len + 1 : NULL;
}

/* True for PLAIN itself as well. */
static bool
is_or_lies_in(const char *path, const char *plain, size_t len)
{
	return strcmp(path, plain) == 0 || within(path, plain, len) != NULL;
}

void
own_forget(struct own *o, const char *plain)
{
	size_t len = strlen(plain);
	unsigned kept = 0;

	for (unsigned i = 0; i < o->n; i++)
		if (!is_or_lies_in(path_of(o, &o->entries[i]), plain, len))
			o->entries[kept++] = o->entries[i];
	o->n = kept;
}

void
own_move(struct own *o, const char *plain, const char *to)
{
	size_t len = strlen(plain), to_len = strlen(to);
	char path[PATH_MAX];
	uint64_t id;

	if (strcmp(plain, to) == 0)
		return;
	own_forget(o, to);
	/* By id: whoever makes room may take entries away. */
	for (unsigned i = 0; i < o->n; i = first_above(o, id)) {
		const char *old = path_of(o, &o->entries[i]);
		size_t rest = strlen(old);

		id = o->entries[i].id;
		if (!is_or_lies_in(old, plain, len))
			continue;
		rest -= len;
		if (to_len + rest >= sizeof(path)) {
			drop(o, i);	/* Nobody can say its name any more. */
			continue;
		}
		strlcpy(path, to, sizeof(path));
		strlcat(path, old + len, sizeof(path));
		make_room(o, HEAD + to_len + rest + 1);
		i = first_above(o, id - 1);
		if (i < o->n && o->entries[i].id == id)
			put_text(o, &o->entries[i], path, to_len + rest);
	}
}

const char *
own_next(const struct own *o, const char *plain, uint64_t *at)
{
	size_t len = strlen(plain);

	for (unsigned i = first_above(o, *at); i < o->n; i++) {
		const char *name = within(path_of(o, &o->entries[i]), plain, len);

		*at = o->entries[i].id;
		if (name != NULL && strchr(name, '/') == NULL)
			return name;
	}
	return NULL;
}
