/* SPDX-License-Identifier: ISC */
#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "paths/listing.h"

enum {
	NO_LEVEL = INT_MAX	/* deeper than anything */
};

void
listing_init(struct listing *l)
{
	for (size_t i = 0; i < LISTING_SLOTS; i++)
		l->slots[i].level = NO_LEVEL;
}

static struct listing_slot *
slot_of(struct listing *l, unsigned level)
{
	return &l->slots[level % LISTING_SLOTS];
}

void
listing_begin(struct listing *l, unsigned level, struct listing_mark *mark)
{
	struct listing_slot *s = slot_of(l, level);

	s->level = level;
	s->pos = s->len = 0;
	mark->next = 0;
}

/* Takes the slot back from whichever level used it meanwhile. */
static int
take_slot(struct listing_slot *s, unsigned level, int fd, const struct listing_mark *mark)
{
	if (s->level == level)
		return 0;
	s->level = level;
	s->pos = s->len = 0;
	return lseek(fd, mark->next, SEEK_SET) == -1 ? -1 : 0;
}

/* More entries: 1, 0 at the end, -1. */
static int
fill(struct listing_slot *s, char buffer[LISTING_BUFFER], int fd)
{
	ssize_t n = getdents64(fd, (void *)buffer, LISTING_BUFFER);

	s->pos = 0;
	s->len = n > 0 ? (size_t)n : 0;
	return n > 0 ? 1 : (int)n;
}

static bool
is_dots(const char *name)
{
	return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

int
listing_next(struct listing *l, unsigned level, int fd, struct listing_mark *mark,
    struct listing_entry *entry)
{
	struct listing_slot *s = slot_of(l, level);
	char *buffer = l->buffers[s - l->slots];

	if (take_slot(s, level, fd, mark) == -1)
		return -1;
	for (;;) {
		const struct dirent64 *d;
		int more = s->pos < s->len ? 1 : fill(s, buffer, fd);

		if (more != 1)
			return more;
		d = (const struct dirent64 *)(const void *)(buffer + s->pos);
		s->pos += d->d_reclen;
		mark->next = d->d_off;
		if (is_dots(d->d_name))
			continue;
		*entry = (struct listing_entry){ .name = d->d_name, .type = d->d_type,
		    .ino = d->d_ino };
		return 1;
	}
}
