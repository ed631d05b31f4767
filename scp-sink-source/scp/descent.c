/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <dirent.h>
#include <unistd.h>

#include "paths/birth.h"
#include "scp/descent.h"

enum {
	ROUNDS = 3	/* which a tree that is copied into itself has gone */
};

void
descent_init(struct descent *d)
{
	d->depth = d->links = 0;
	d->since = birth_now();
	listing_init(&d->listing);
}

const struct descent_level *
descent_top(const struct descent *d)
{
	assert(d->depth > 0);
	return &d->levels[d->depth - 1];
}

bool
descent_is_in(const struct descent *d, const struct stat *st)
{
	for (unsigned i = 0; i < d->depth; i++)
		if (d->levels[i].ino == st->st_ino && d->levels[i].dev == st->st_dev)
			return true;
	return false;
}

/*
 * Each directory that is made for such a copy is found in it, and copied again.  Where it goes to nobody knows who
 * sends it, but then its names come round, and the last of them is of something that is there only since we began.
 */
bool
descent_is_own_copy(const struct descent *d, int fd, const struct trail *trail)
{
	struct birth birth;

	return trail_comes_round(trail, ROUNDS) && birth_look(fd, "", &birth) == 0 && birth.born > d->since;
}

/* Where nobody said, no link led to a directory whose ".." is the innermost one. */
static bool
is_behind_link(const struct descent *d, int fd, unsigned char type)
{
	struct stat up;

	if (d->depth == 0 || type == DT_DIR)
		return false;
	return type == DT_LNK || fstatat(fd, "..", &up, 0) == -1 || up.st_ino != descent_top(d)->ino ||
	    up.st_dev != descent_top(d)->dev;
}

bool
descent_is_enough(struct descent *d, int fd, unsigned char type, bool *first)
{
	*first = false;
	if (!is_behind_link(d, fd, type))
		return false;
	if (d->links > DESCENT_LINKS_MAX)
		return true;
	*first = ++d->links > DESCENT_LINKS_MAX;
	return *first;
}

void
descent_enter(struct descent *d, int fd, const struct stat *st, bool unnamed)
{
	assert(d->depth < POLICY_DEPTH_MAX);
	d->levels[d->depth++] = (struct descent_level){
		.fd = fd, .unnamed = unnamed, .dev = st->st_dev, .ino = st->st_ino,
	};
	listing_begin(&d->listing, d->depth, &d->levels[d->depth - 1].mark);
}

int
descent_next(struct descent *d, struct listing_entry *found)
{
	return listing_next(&d->listing, d->depth, descent_top(d)->fd, &d->levels[d->depth - 1].mark, found);
}

void
descent_leave(struct descent *d)
{
	close(descent_top(d)->fd);
	d->depth--;
}
