/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <endian.h>
#include <string.h>

#include "sftp/packet.h"

void
packet_init(struct packet *p, const void *bytes, size_t len)
{
	*p = (struct packet){ .at = bytes };
	p->end = p->at + len;
}

/* The next N bytes, or NULL: then the packet is at its end. */
static const unsigned char *
take(struct packet *p, size_t n)
{
	const unsigned char *from = p->at;

	if (p->bad || n > (size_t)(p->end - p->at)) {
		p->bad = true;
		p->at = p->end;
		return NULL;
	}
	p->at += n;
	return from;
}

uint8_t
packet_take_byte(struct packet *p)
{
	const unsigned char *from = take(p, 1);

	return from != NULL ? *from : 0;
}

uint32_t
packet_take_number(struct packet *p)
{
	const unsigned char *from = take(p, sizeof(uint32_t));
	uint32_t n = 0;

	if (from != NULL)
		memcpy(&n, from, sizeof(n));
	return be32toh(n);
}

uint64_t
packet_take_wide(struct packet *p)
{
	const unsigned char *from = take(p, sizeof(uint64_t));
	uint64_t n = 0;

	if (from != NULL)
		memcpy(&n, from, sizeof(n));
	return be64toh(n);
}

struct packet_string
packet_take_string(struct packet *p)
{
	size_t len = packet_take_number(p);
	const unsigned char *from = take(p, len);

	return (struct packet_string){ .at = from != NULL ? from : p->end,
		.len = from != NULL ? len : 0 };
}

void
packet_take_path(struct packet *p, char dst[PATH_MAX])
{
	struct packet_string s = packet_take_string(p);

	dst[0] = '\0';
	if (memchr(s.at, '\0', s.len) != NULL) {
		p->bad = true;
	} else if (s.len >= PATH_MAX) {
		p->too_long = true;
	} else {
		memcpy(dst, s.at, s.len);
		dst[s.len] = '\0';
	}
}

bool
packet_string_is(const struct packet_string *s, const char *name)
{
	return s->len == strlen(name) && memcmp(s->at, name, s->len) == 0;
}

void
reply_init(struct reply *r, void *bytes, size_t cap)
{
	*r = (struct reply){ .bytes = bytes, .cap = cap };
}

void *
reply_reserve(struct reply *r, size_t n)
{
	void *at = r->bytes + r->len;

	if (r->full || n > r->cap - r->len) {
		r->full = true;
		return NULL;
	}
	r->len += n;
	return at;
}

static void
put(struct reply *r, const void *from, size_t n)
{
	void *to = reply_reserve(r, n);

	if (to != NULL)
		memcpy(to, from, n);
}

void
reply_put_byte(struct reply *r, uint8_t byte)
{
	put(r, &byte, sizeof(byte));
}

void
reply_put_number(struct reply *r, uint32_t n)
{
	n = htobe32(n);
	put(r, &n, sizeof(n));
}

void
reply_put_wide(struct reply *r, uint64_t n)
{
	n = htobe64(n);
	put(r, &n, sizeof(n));
}

void
reply_put_string(struct reply *r, const void *from, size_t len)
{
	assert(len <= UINT32_MAX);
	reply_put_number(r, (uint32_t)len);
	put(r, from, len);
}

void
reply_put_text(struct reply *r, const char *text)
{
	reply_put_string(r, text, strlen(text));
}

void
reply_set_number(struct reply *r, size_t at, uint32_t n)
{
	assert(at <= r->len && sizeof(n) <= r->len - at);
	n = htobe32(n);
	memcpy(r->bytes + at, &n, sizeof(n));
}
