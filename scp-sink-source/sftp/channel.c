/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <string.h>

#include "sftp/channel.h"
#include "wire/io.h"

enum {
	PIPE = RELAY_SIZE,	/* bytes that pipes hold that much goes through */
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
	c->quiet = CHANNEL_MOVES;
	relay_init(&c->relay);
	c->coming = c->untold = 0;
	c->sparing = false;
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
	if (c->deadline != NULL && c->deadline->idle > 0 && n > CHANNEL_MOVES)
		n = CHANNEL_MOVES;
	return pace_chunk(&c->pace, n);
}

/* Whoever has done something says so, if the time is up meanwhile. */
void
channel_flush(struct channel *c)
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
	c->owed = c->untold = 0;
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
	channel_flush(c);
	relay_close(&c->relay);
}

void
channel_widen(const struct channel *c, bool *wide, int fd)
{
	if (*wide || c->moved < CHANNEL_WIDE_FROM || c->pace.rate != 0)
		return;
	*wide = true;
	io_widen(fd, PIPE);
}

/*
 * Whether there is anybody to wait for.  A peer moves where it has sent a whole request since we last
 * waited, or a good piece of one: what comes by single bytes makes it no less idle.
 */
static bool
begin_waiting(struct channel *c)
{
	int64_t since = c->deadline != NULL ? c->deadline->since : 0;
	bool waits = deadline_await(c->deadline, DEADLINE_CLIENT, -1);

	if (c->quiet >= CHANNEL_MOVES)
		c->quiet = 0;
	else if (c->deadline != NULL)
		c->deadline->since = since;
	return waits;
}

ssize_t
channel_hear(struct channel *c, void *buf, size_t n)
{
	ssize_t got = begin_waiting(c) ? io_read(c->in, buf, n) : -1;

	deadline_work(c->deadline);
	if (got > 0)
		c->quiet += (size_t)got;
	return got;
}

void
channel_await(struct channel *c)
{
	channel_flush(c);
	c->lost = c->lost || !begin_waiting(c) || !io_await_input(c->in);
	deadline_work(c->deadline);
}

struct reply *
channel_reply(struct channel *c)
{
	if (c->replies.len > CHANNEL_FULL)
		channel_flush(c);
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
	channel_widen(c, &c->wide_out, c->out);
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
	channel_widen(c, &c->wide_out, c->out);
	channel_flush(c);
	drain(c, n);
}
