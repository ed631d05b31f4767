/* SPDX-License-Identifier: ISC */
#include "paths/fs.h"
#include "sftp/attributes.h"

enum {
	SIZE = 0x1,
	OWNER = 0x2,
	PERMISSIONS = 0x4,
	TIMES = 0x8,
	MODE_BITS = 07777
};

#define EXTENDED 0x80000000u

static void
skip_extended(struct packet *p)
{
	uint32_t n = packet_take_number(p);

	if (n > ATTRIBUTES_EXTENDED_MAX)
		p->bad = true;
	for (uint32_t i = 0; i < n && !p->bad; i++) {
		(void)packet_take_string(p);
		(void)packet_take_string(p);
	}
}

void
attributes_take(struct packet *p, struct wish *w)
{
	uint32_t flags = packet_take_number(p);

	*w = (struct wish){ .has_size = (flags & SIZE) != 0, .has_owner = (flags & OWNER) != 0 };
	if (w->has_size)
		w->size = packet_take_wide(p);
	if (w->has_owner) {
		w->uid = packet_take_number(p);
		w->gid = packet_take_number(p);
	}
	w->attrs.has_mode = (flags & PERMISSIONS) != 0;
	if (w->attrs.has_mode)
		w->attrs.mode = packet_take_number(p) & MODE_BITS;
	w->attrs.has_times = (flags & TIMES) != 0;
	if (w->attrs.has_times)
		for (int i = 0; i < 2; i++)
			w->attrs.times[i].tv_sec = packet_take_number(p);
	if ((flags & EXTENDED) != 0)
		skip_extended(p);
}

static uint32_t
seconds(time_t t)
{
	return t < 0 ? 0 : t > (time_t)UINT32_MAX ? UINT32_MAX : (uint32_t)t;
}

void
attributes_put(struct reply *r, const struct stat *st)
{
	uint64_t size;

	reply_put_number(r, SIZE | OWNER | PERMISSIONS | TIMES);
	reply_put_wide(r, fs_size_of(st, &size) == 0 ? size : 0);
	reply_put_number(r, st->st_uid);
	reply_put_number(r, st->st_gid);
	reply_put_number(r, st->st_mode);
	reply_put_number(r, seconds(st->st_atime));
	reply_put_number(r, seconds(st->st_mtime));
}
