/* SPDX-License-Identifier: ISC */
/*
 * The data of a WRITE is taken out of the peer's pipe as a whole and then written, so that the peer
 * goes on meanwhile.  The head of the next packet comes along if it is there: so nobody need ask whether
 * it is, and the replies can wait for more.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "sftp/inflow.h"
#include "wire/io.h"

enum {
	READ_MIN = 65536	/* room that is worth a read */
};

static const char ended_within[] = "the input ended in a packet";

/* The length of the packet that is unread, if that much of it is there. */
static bool
see_length(const struct channel *c, size_t *len)
{
	struct packet head;

	packet_init(&head, c->inbuf + c->pos, c->len - c->pos);
	*len = packet_take_number(&head);
	return !head.bad;
}

bool
inflow_peek(const struct channel *c, struct packet *p)
{
	size_t len;

	if (!see_length(c, &len) || len < PACKET_MIN || len > PACKET_MAX ||
	    len > c->len - c->pos - PACKET_LENGTH)
		return false;
	packet_init(p, c->inbuf + c->pos + PACKET_LENGTH, len);
	return true;
}

void
inflow_skip(struct channel *c, const struct packet *p)
{
	c->pos = (size_t)(p->end - c->inbuf);
	c->quiet = CHANNEL_MOVES;
}

/* Whether data of N bytes is moved. */
static bool
takes(struct channel *c, size_t n)
{
	return n >= INFLOW_MIN && c->moved >= CHANNEL_WIDE_FROM && c->pace.rate == 0 &&
	    relay_takes(&c->relay, c->in);
}

/* Whether what is unread begins with such a WRITE: then that is the packet, as far as it is there. */
static bool
begins_large(struct channel *c, struct packet *p)
{
	const unsigned char *from = c->inbuf + c->pos + PACKET_LENGTH;
	size_t have = c->len - c->pos, len, n;
	struct packet head;

	if (!see_length(c, &len) || len < PACKET_MIN || len > PACKET_MAX ||
	    !takes(c, PACKET_LENGTH + len - have))
		return false;
	packet_init(&head, from, have - PACKET_LENGTH);
	if (packet_take_byte(&head) != PACKET_WRITE)
		return false;
	(void)packet_take_number(&head);
	(void)packet_take_string(&head);
	(void)packet_take_wide(&head);
	n = packet_take_number(&head);
	/* What is not as it should be is left to who says so. */
	if (head.bad || n != len - (size_t)(head.at - from))
		return false;
	packet_init(p, from, have - PACKET_LENGTH);
	c->coming = PACKET_LENGTH + len - have;
	return true;
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

/*
 * How much of what is there is read, with a packet of LEN bytes, if the length is: all; or no more of the
 * data of the next one than there is in its head.
 */
static size_t
count_wanted(const struct channel *c, size_t len)
{
	size_t have = c->len - c->pos, room = sizeof(c->inbuf) - c->len, want;

	want = have < INFLOW_HEAD ? INFLOW_HEAD - have : PACKET_LENGTH + len - have + INFLOW_HEAD;
	return c->sparing && want < room ? want : room;
}

static int
fill(struct channel *c, size_t len)
{
	ssize_t got;

	channel_flush(c);
	channel_widen(c, &c->wide_in, c->in);
	make_room(c, len);
	got = c->lost ? -1 : channel_hear(c, c->inbuf + c->len, count_wanted(c, len));
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

/* The peer is, and maybe the input ENDED in a packet. */
static void
lose(struct channel *c, bool ended)
{
	c->lost = true;
	if (ended)
		(void)refuse(c, ended_within);
}

/* Reads all that is coming to where the buffer begins: how many bytes, fewer where the peer is lost. */
static size_t
read_coming(struct channel *c)
{
	size_t have = 0;

	while (c->coming > 0 && !c->lost) {
		ssize_t got;

		channel_flush(c);
		got = c->lost ? -1 : channel_hear(c, c->inbuf + have, c->coming);
		if (got > 0) {
			have += (size_t)got;
			c->coming -= (size_t)got;
		} else {
			lose(c, got == 0);
		}
	}
	c->pos = c->len = 0;
	return have;
}

/* Reads until the next packet is there, as far as it has to be: 1, 0, -1, as inflow_next. */
static int
find_next(struct channel *c, struct packet *p)
{
	size_t len;
	int got;

	while (!inflow_peek(c, p) && !begins_large(c, p)) {
		if (!see_length(c, &len))
			len = PACKET_MIN;
		if (len < PACKET_MIN || len > PACKET_MAX)
			return refuse(c, "a packet of a wrong length");
		got = fill(c, len);
		if (got == 0 && c->pos < c->len)
			return refuse(c, ended_within);
		if (got <= 0)
			return got;
	}
	return 1;
}

int
inflow_next(struct channel *c, struct packet *p)
{
	int found;

	if (c->replies.len >= CHANNEL_FULL || c->untold >= INFLOW_UNTOLD)
		channel_flush(c);
	if (c->coming > 0)
		(void)read_coming(c);
	found = c->lost ? -1 : find_next(c, p);
	if (found != 1)
		return found;
	if (c->lost)
		return -1;
	inflow_skip(c, p);
	c->sparing = takes(c, (size_t)(p->end - p->at) + c->coming);
	c->first = c->replies.len;
	return 1;
}

static void
look_at_time(struct channel *c)
{
	if (c->deadline != NULL && deadline_passed(c->deadline) != NULL)
		c->lost = true;
}

/*
 * Has the relay hold all that is coming, or as much as fits, and the next head if that is there: how many
 * bytes.
 */
static size_t
gather(struct channel *c)
{
	bool waited = false;
	size_t held = 0;

	while (held < c->coming && !c->lost) {
		ssize_t got = relay_take(&c->relay, c->in, c->coming + INFLOW_HEAD - held);

		if (got > 0) {
			held += (size_t)got;
			c->quiet += (size_t)got;
			waited = false;
		} else if (got == -1 && errno == EAGAIN) {
			/* There is more, in so small pieces that they have filled it. */
			if (waited && held > 0)
				break;
			channel_await(c);
			waited = true;
		} else if (got == -1 && !relay_takes(&c->relay, c->in)) {
			break;
		} else if (got == 0 || errno != EINTR) {
			lose(c, got == 0);
		}
	}
	return held;
}

/* Writes N of the HELD bytes, and takes what is left for what follows. */
static int
put(struct channel *c, int fd, uint64_t offset, size_t n, size_t held, size_t *done)
{
	/* All that was in the buffer is done with. */
	int err = relay_put(&c->relay, fd, offset, n, c->inbuf, done);

	if (held > n && relay_read(&c->relay, c->inbuf, held - n) == -1)
		lose(c, false);
	c->pos = 0;
	c->len = held - n;
	c->coming -= n;
	c->untold += n;
	return err;
}

/* The same where the kernel does not move it. */
static int
copy(struct channel *c, int fd, uint64_t offset, size_t *done)
{
	size_t n = read_coming(c);

	*done = 0;
	return !c->lost && io_write_at(fd, c->inbuf, n, offset, done) == -1 ? errno : 0;
}

uint64_t
inflow_move(struct channel *c, int fd, uint64_t offset, int *err)
{
	uint64_t moved = 0;

	*err = 0;
	look_at_time(c);
	while (c->coming > 0 && *err == 0 && !c->lost) {
		size_t held = gather(c), n = held < c->coming ? held : c->coming, done = 0;

		if (n > 0 && !c->lost)
			*err = put(c, fd, offset + moved, n, held, &done);
		else if (!c->lost)
			*err = copy(c, fd, offset + moved, &done);
		moved += done;
	}
	return moved;
}
