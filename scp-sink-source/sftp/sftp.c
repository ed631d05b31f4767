/* SPDX-License-Identifier: ISC */
/*
 * A packet is its length, a byte that says what it is, and the rest; numbers have four bytes, the
 * most significant first, and a string has its length before it.
 */
#include <arpa/inet.h>

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "sftp/sftp.h"
#include "wire/io.h"

enum {
	INIT = 1,
	VERSION = 2,
	STATUS = 101,
	SPOKEN = 3,		/* the version that every client knows */
	PERMISSION_DENIED = 3,
	WHY_MAX = 200,
	REPLY_MAX = 256
};

struct packet {
	unsigned char type;
	uint32_t      id;	/* of a request; of INIT, the version */
};

struct reply {
	size_t	      len;
	unsigned char bytes[REPLY_MAX];
};

static void
put_number(struct reply *r, uint32_t n)
{
	const uint32_t wire = htonl(n);

	memcpy(r->bytes + r->len, &wire, sizeof(wire));
	r->len += sizeof(wire);
}

static void
put_string(struct reply *r, const char *s)
{
	size_t n = strlen(s);

	put_number(r, (uint32_t)n);
	memcpy(r->bytes + r->len, s, n);
	r->len += n;
}

static bool
read_number(int in, uint32_t *n)
{
	uint32_t wire;

	if (io_read_all(in, &wire, sizeof(wire)) != sizeof(wire))
		return false;
	*n = ntohl(wire);
	return true;
}

/* Reads N bytes that nobody wants. */
static bool
skip(int in, size_t n)
{
	char buffer[4096];

	while (n > 0) {
		size_t part = n < sizeof(buffer) ? n : sizeof(buffer);

		if (io_read_all(in, buffer, part) != (ssize_t)part)
			return false;
		n -= part;
	}
	return true;
}

static bool
read_packet(int in, struct packet *p)
{
	const size_t head = sizeof(p->type) + sizeof(p->id);
	uint32_t len;

	return read_number(in, &len) && len >= head && len <= SFTP_PACKET_MAX &&
	    io_read_all(in, &p->type, sizeof(p->type)) == sizeof(p->type) &&
	    read_number(in, &p->id) && skip(in, len - head);
}

static bool
answer(int out, const struct packet *p, const char *why)
{
	struct reply r = { .len = sizeof(uint32_t) };	/* room for its length */
	size_t len;

	r.bytes[r.len++] = p->type == INIT ? VERSION : STATUS;
	put_number(&r, p->type == INIT ? SPOKEN : p->id);
	if (p->type != INIT) {
		put_number(&r, PERMISSION_DENIED);
		put_string(&r, why);
		put_string(&r, "en");
	}
	len = r.len;
	r.len = 0;
	put_number(&r, (uint32_t)(len - sizeof(uint32_t)));
	return io_write_all(out, r.bytes, len) == 0;
}

void
sftp_decline(int in, int out, const char *why)
{
	struct packet p;

	assert(strlen(why) <= WHY_MAX);
	for (int i = 0; i < SFTP_REPLIES_MAX && read_packet(in, &p); i++)
		if (!answer(out, &p, why))
			break;
}
