/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <string.h>

#include "sftp/channel.h"
#include "wire/io.h"

enum {
	PIPE = RELAY_SIZE,	/* bytes that pipes hold that much goes through */
	WIDE_FROM = 1 << 18,	/* bytes of files that are worth it */
	MOVE = 1 << 14,		/* bytes that a peer must take or send, or be idle */
	READ_MIN = 65536,	/* room that is worth a read */
	DATA_HEAD = 13		/* bytes of a DATA before those of the file */
};

void
channel_init(struct channel *c, int in, int out, struct deadline *deadline, uint64_t rate)
{
	c->in = in;
	c->out = out;
	c->deadline = deadline;
	pace_init(&c->pace, rate);
	c->why = NULL;
	c->lost = c->wide_in = c->wide_out = false;
	c->moved = c->owed = 0;
	c->quiet = MOVE;
	relay_init(&c->relay);
	c->pos = c->len = c->mark = c->first = 0;
	reply_init(&c->replies, c->outbuf, sizeof(c->outbuf));
}

/* What moves is held to the rate. */
static void
keep_pace(struct channel *c, uint64_t moved)
{
	if (moved > 0 && !c->lost && !pace_keep(&c->pace, moved, c->deadline, c->in))
		c->lost = true;
}

/* How many of N bytes are written at once. */
static size_t
piece_of(const struct channel *c, size_t n)
{
	if (c->deadline != NULL && c->deadline->idle > 0 && n > MOVE)
		n = MOVE;
	return pace_chunk(&c->pace, n);
}

/* Whoever has done something says so, if the time is up meanwhile. */
static void
flush(struct channel *c)
{
	size_t len = c->replies.len, done = 0;

	while (done < len && !c->lost) {
		size_t n = piece_of(c, len - done);
		uint64_t paid = c->owed < n ? c->owed : n;

		(void)deadline_await(c->deadline, DEADLINE_CLIENT, -1);
		c->lost = io_write_all(c->out, c->outbuf + done, n) == -1;
		deadline_work(c->deadline);
		done += n;
		c->owed -= paid;
		keep_pace(c, paid);
	}
	c->replies.len = c->mark = c->first = 0;
	c->owed = 0;
}

void
channel_feed(struct channel *c, const void *p, size_t n)
{
	if (n > 0)
		memcpy(c->inbuf + c->len, p, n);
	c->len += n;
}

void
channel_close(struct channel *c)
{
	flush(c);
	relay_close(&c->relay);
}

/* Files go through the pipe FD.  Those that are held to a rate need no wide one. */
static void
widen(const struct channel *c, bool *wide, int fd)
{
	if (*wide || c->moved < WIDE_FROM || c->pace.rate != 0)
		return;
	*wide = true;
	io_widen(fd, PIPE);
}

/*
 * One read, of what is there.  A peer moves where it has sent a whole request since we last waited, or a
 * good piece of one: what comes by single bytes makes it no less idle.
 */
static ssize_t
hear(struct channel *c, void *buf, size_t n)
{
	int64_t since = c->deadline != NULL ? c->deadline->since : 0;
	ssize_t got = -1;
	bool waits = deadline_await(c->deadline, DEADLINE_CLIENT, -1);

	if (c->quiet >= MOVE)
		c->quiet = 0;
	else if (c->deadline != NULL)
		c->deadline->since = since;
	if (waits)
		got = io_read(c->in, buf, n);
	deadline_work(c->deadline);
	if (got > 0)
		c->quiet += (size_t)got;
	return got;
}

/* The length of the packet at POS, if that much is there. */
static bool
see_length(const struct channel *c, size_t *len)
{
	struct packet head;

	packet_init(&head, c->inbuf + c->pos, c->len - c->pos);
	*len = packet_take_number(&head);
	return !head.bad;
}

/* Makes room for the rest of a packet of LEN bytes, rarely: what is moved is read and written again. */
static void
make_room(struct channel *c, size_t len)
{
	size_t have = c->len - c->pos, need = PACKET_LENGTH + len - have;

	if (need < READ_MIN)
		need = READ_MIN;
	if (have == 0) {
		c->pos = c->len = 0;
	} else if (sizeof(c->inbuf) - c->len < need) {
		memmove(c->inbuf, c->inbuf + c->pos, have);
		c->pos = 0;
		c->len = have;
	}
	assert(sizeof(c->inbuf) - c->len >= need);
}

static int
fill(struct channel *c, size_t len)
{
	ssize_t got;

	flush(c);
	widen(c, &c->wide_in, c->in);
	make_room(c, len);
	got = c->lost ? -1 : hear(c, c->inbuf + c->len, sizeof(c->inbuf) - c->len);
	c->lost = got == -1;
	if (got > 0)
		c->len += (size_t)got;
	return got > 0 ? 1 : (int)got;
}

static int
refuse(struct channel *c, const char *why)
{
	c->why = why;
	return -1;
}

int
channel_next(struct channel *c, struct packet *p)
{
	size_t len;
	int got;

	if (c->replies.len >= CHANNEL_FULL)
		flush(c);
	while (!channel_peek(c, p)) {
		if (!see_length(c, &len))
			len = PACKET_MIN;
		if (len < PACKET_MIN || len > PACKET_MAX)
			return refuse(c, "a packet of a wrong length");
		got = fill(c, len);
		if (got == 0 && c->pos < c->len)
			return refuse(c, "the input ended in a packet");
		if (got <= 0)
			return got;
	}
	if (c->lost)
		return -1;
	channel_skip(c, p);
	c->first = c->replies.len;
	return 1;
}

bool
channel_peek(const struct channel *c, struct packet *p)
{
	size_t len;

	if (!see_length(c, &len) || len < PACKET_MIN || len > PACKET_MAX ||
	    len > c->len - c->pos - PACKET_LENGTH)
		return false;
	packet_init(p, c->inbuf + c->pos + PACKET_LENGTH, len);
	return true;
}

void
channel_skip(struct channel *c, const struct packet *p)
{
	c->pos = (size_t)(p->end - c->inbuf);
	c->quiet = MOVE;
}

struct reply *
channel_reply(struct channel *c)
{
	if (c->replies.len > CHANNEL_FULL)
		flush(c);
	c->mark = c->replies.len;
	c->replies.full = false;
	return &c->replies;
}

void
channel_withdraw(struct channel *c)
{
	c->replies.len = c->mark;
}

void
channel_withdraw_all(struct channel *c)
{
	c->replies.len = c->first;
}

void
channel_count(struct channel *c, uint64_t n)
{
	c->moved += n;
	keep_pace(c, n);
}

static void
put_data_head(struct reply *r, uint32_t id, size_t n)
{
	reply_put_number(r, (uint32_t)(DATA_HEAD - PACKET_LENGTH + n));
	reply_put_byte(r, PACKET_DATA);
	reply_put_number(r, id);
	reply_put_number(r, (uint32_t)n);
}

void *
channel_begin_data(struct channel *c, uint32_t id, size_t n)
{
	struct reply *r = channel_reply(c);

	assert(n <= CHANNEL_DATA);
	put_data_head(r, id, n);
	return reply_reserve(r, n);
}

void
channel_end_data(struct channel *c, size_t got)
{
	struct reply *r = &c->replies;

	reply_set_number(r, c->mark, (uint32_t)(DATA_HEAD - PACKET_LENGTH + got));
	reply_set_number(r, c->mark + DATA_HEAD - PACKET_NUMBER, (uint32_t)got);
	r->len = c->mark + DATA_HEAD + got;
	c->owed += got;
	c->moved += got;
	widen(c, &c->wide_out, c->out);
}

/* Moves N bytes from the relay, where they are, to the peer. */
static void
drain(struct channel *c, size_t n)
{
	const int from = relay_end(&c->relay);
	enum io_way way = IO_SPLICE;

	while (n > 0 && !c->lost) {
		uint64_t moved;

		(void)deadline_await(c->deadline, DEADLINE_CLIENT, -1);
		c->lost = io_move(from, c->out, n, c->outbuf, piece_of(c, sizeof(c->outbuf)), &way,
		    &moved) != 0;
		deadline_work(c->deadline);
		n -= moved;
	}
}

ssize_t
channel_hold(struct channel *c, int fd, uint64_t offset, size_t n)
{
	assert(n <= CHANNEL_HELD);
	return c->pace.rate == 0 ? relay_fill(&c->relay, fd, offset, n) : -1;
}

void
channel_send_held(struct channel *c, uint32_t id, size_t n)
{
	put_data_head(channel_reply(c), id, n);
	c->moved += n;
	widen(c, &c->wide_out, c->out);
	flush(c);
	drain(c, n);
}
