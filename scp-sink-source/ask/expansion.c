/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "ask/expansion.h"

const char expansion_no_memory[] = "there is not enough memory to expand it";
const char expansion_too_much_work[] = "it takes too long to expand";
static const char too_many[] = "it stands for too many names";

void
expansion_init(struct expansion *e)
{
	*e = (struct expansion){ .paths = NULL };
}

void
expansion_clear(struct expansion *e)
{
	for (size_t i = 0; i < e->count; i++)
		free(e->paths[i]);
	e->count = 0;
	e->bytes = 0;
}

void
expansion_end(struct expansion *e)
{
	expansion_clear(e);
	free(e->paths);
	expansion_init(e);
}

static int
make_room(struct expansion *e)
{
	size_t room = e->room > 0 ? 2 * e->room : 16;
	char **paths;

	if (e->count < e->room)
		return 0;
	paths = reallocarray(e->paths, room, sizeof(*paths));
	if (paths == NULL)
		return -1;
	e->paths = paths;
	e->room = room;
	return 0;
}

const char *
expansion_add(struct expansion *e, char *path)
{
	size_t bytes = path != NULL ? strlen(path) + 1 : 0;
	const char *why = expansion_no_memory;

	if (path != NULL && (e->count == EXPAND_MAX || bytes > EXPAND_BYTES - e->bytes))
		why = too_many;
	else if (path != NULL && make_room(e) == 0)
		why = NULL;
	if (why != NULL) {
		free(path);
		return why;
	}
	e->paths[e->count++] = path;
	e->bytes += bytes;
	return NULL;
}

char *
expansion_take_last(struct expansion *e)
{
	char *path = e->paths[--e->count];

	e->bytes -= strlen(path) + 1;
	return path;
}

void
expansion_reverse(struct expansion *e, size_t first)
{
	for (size_t last = e->count; first + 1 < last; first++) {
		char *path = e->paths[--last];

		e->paths[last] = e->paths[first];
		e->paths[first] = path;
	}
}

bool
expansion_spend(struct expansion *e, size_t steps)
{
	e->work += steps;
	return e->work <= EXPAND_WORK;
}
