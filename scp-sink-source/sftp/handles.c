/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <endian.h>
#include <string.h>

#include "sftp/handles.h"

void
handles_init(struct handles *h, unsigned most)
{
	assert(most <= HANDLES_MAX);
	h->most = most;
	h->used = 0;
	h->free = HANDLES_MAX;
}

struct handle *
handles_add(struct handles *h, enum handle_kind kind)
{
	struct handle *new;

	assert(kind != HANDLE_NONE);
	if (h->free != HANDLES_MAX) {
		new = &h->slots[h->free];
		h->free = new->next;
	} else if (h->used < h->most) {
		new = &h->slots[h->used++];
		new->generation = 0;
	} else {
		return NULL;
	}
	new->kind = kind;
	new->generation++;
	new->writes = false;
	new->moved = 0;
	return new;
}

void
handles_remove(struct handles *h, struct handle *old)
{
	old->kind = HANDLE_NONE;
	old->next = h->free;
	h->free = (unsigned)(old - h->slots);
}

void
handles_name(const struct handles *h, const struct handle *one, unsigned char name[HANDLES_LENGTH])
{
	const uint32_t parts[2] = { htobe32((uint32_t)(one - h->slots)), htobe32(one->generation) };

	memcpy(name, parts, sizeof(parts));
}

struct handle *
handles_find(struct handles *h, const void *name, size_t len)
{
	uint32_t parts[2];
	struct handle *one;

	if (len != sizeof(parts))
		return NULL;
	memcpy(parts, name, sizeof(parts));
	if (be32toh(parts[0]) >= h->used)
		return NULL;
	one = &h->slots[be32toh(parts[0])];
	return one->kind != HANDLE_NONE && one->generation == be32toh(parts[1]) ? one : NULL;
}

struct handle *
handles_next(struct handles *h, unsigned *at)
{
	while (*at < h->used && h->slots[*at].kind == HANDLE_NONE)
		++*at;
	return *at < h->used ? &h->slots[*at] : NULL;
}
