/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "text/text.h"
#include "wire/clock.h"
#include "wire/conn.h"

enum line_end {
	LINE_WHOLE,
	LINE_CUT,		/* the input ended in it */
	LINE_LONG
};

void
conn_init(struct conn *c, int in, int out, enum conn_turn first, uint64_t rate)
{
	stream_init(&c->stream, in, out, rate);
	conn_begin(c, first);
}

void
conn_begin(struct conn *c, enum conn_turn first)
{
	c->turn = first;
	c->owed = first == TURN_THEIRS;
	c->ahead = c->asked = c->stopped = false;
	c->asking = c->agreed = false;
	c->lead = 0;
	c->slow = c->leading = false;
}

void
conn_lead(struct conn *c, unsigned replies)
{
	assert(replies <= CONN_LEAD);
	c->lead = replies;
	c->answered = clock_now();
}

/*
 * Appends unread input to the line, up to a newline, which is taken and not kept.  What exceeds the
 * line is dropped, and the length is RECORD_MAX.  *TOTAL grows by all that was taken.  Returns true
 * when there was a newline.
 */
static bool
take_until_newline(struct conn *c, size_t *len, size_t *total)
{
	const char *from;
	size_t have = stream_unread(&c->stream, &from);
	const char *end = memchr(from, '\n', have);
	size_t n = end != NULL ? (size_t)(end - from) : have;
	size_t room = RECORD_MAX - *len;
	size_t keep = n < room ? n : room;

	memcpy(c->line + *len, from, keep);
	*len += keep;
	n += end != NULL;
	stream_skip(&c->stream, n);
	*total += n;
	return end != NULL;
}

static bool
is_text_kind(char c)
{
	return c == RECORD_WARN || c == RECORD_FATAL;
}

/*
 * Reads a line, without its newline, of at most RECORD_MAX bytes.  The rest of a TEXT that is
 * longer does not matter and is skipped; of a record it would be taken for the next one.
 */
static enum line_end
read_line(struct conn *c, size_t *len, bool text)
{
	*len = 0;
	for (size_t total = 0; total <= CONN_TEXT_MAX;) {
		bool whole;

		if (!stream_has_input(&c->stream))
			return LINE_CUT;
		whole = take_until_newline(c, len, &total);
		if (*len == RECORD_MAX && !text)
			return LINE_LONG;
		if (whole && total <= CONN_TEXT_MAX)
			return LINE_WHOLE;
	}
	return LINE_LONG;
}

static void
be_in_debt(struct conn *c)
{
	assert(c->turn == TURN_FREE);
	c->turn = TURN_OURS;
}

int
conn_next(struct conn *c, struct record *r, const char **why)
{
	struct stream *s = &c->stream;
	size_t len;
	enum line_end end;
	const char *first;

	assert(c->turn == TURN_FREE);
	*r = (struct record){ .text = "" };
	if (!stream_has_input(s) && !s->lost)
		return 1;
	(void)stream_unread(s, &first);
	end = s->lost ? LINE_CUT : read_line(c, &len, is_text_kind(*first));
	*why = end == LINE_CUT ? "lost connection" : "line too long";
	if (end != LINE_WHOLE || record_parse(r, c->line, len, why) == -1) {
		be_in_debt(c);
		return -1;
	}
	c->stopped = r->kind == RECORD_FATAL;
	if (r->kind != RECORD_WARN && r->kind != RECORD_FATAL)
		be_in_debt(c);
	c->asking = r->kind == RECORD_FILE && r->asks;
	/* What is read with the record is a body that was sent before anybody could answer it. */
	if (r->kind == RECORD_FILE && stream_unread(s, &first) > 0)
		c->ahead = true;
	return 0;
}

/*
 * N replies of which some are not due yet.  That a source which has read all that it needs is gone by
 * now, or that we have hung up, shows where it is read from; else it would wait for them.
 */
static int
give(struct conn *c, size_t n)
{
	static const char replies[CONN_LEAD + 1];

	if (stream_write(&c->stream, replies, n) == 0 || errno == EPIPE || errno == EBADF)
		return 0;
	return -1;
}

int
conn_ack(struct conn *c)
{
	static const char agreed = CONN_AGREED;
	bool asking = c->asking;

	assert(c->turn == TURN_OURS);
	c->turn = TURN_FREE;
	c->asking = false;
	if (c->leading)
		return give(c, 1);
	if (c->slow) {
		c->leading = true;
		return give(c, 1 + c->lead);
	}
	if (c->lead > 0)
		c->answered = clock_now();
	c->agreed = c->agreed || asking;
	return stream_write(&c->stream, asking ? &agreed : "", 1);
}

int
conn_warn(struct conn *c, const char *message)
{
	char text[TEXT_MESSAGE_MAX + 2];
	int n = snprintf(text, sizeof(text), "%c%s\n", RECORD_WARN, message);

	assert(n > 0 && (size_t)n < sizeof(text));
	return stream_write(&c->stream, text, (size_t)n);
}

int
conn_refuse(struct conn *c, const char *message)
{
	assert(c->turn == TURN_OURS);
	if (c->leading)
		return conn_ack(c);
	c->turn = TURN_FREE;
	c->asking = false;
	return conn_warn(c, message);
}

bool
conn_is_ahead(struct conn *c)
{
	assert(c->turn == TURN_OURS);
	if (c->leading)
		return true;
	if (c->agreed)
		return !c->asking;
	/* A body that is written by itself may be behind its record by a moment. */
	c->ahead = c->ahead || stream_is_ahead(&c->stream, c->asked ? 0 : CONN_EARLY);
	c->asked = true;
	return c->ahead;
}

/* A body is about to come, or what follows one that is empty. */
static void
look_how_slow(struct conn *c)
{
	const char *next;

	if (c->lead == 0 || c->slow || stream_unread(&c->stream, &next) > 0)
		return;
	if (!c->stream.lost && stream_has_input(&c->stream))
		c->slow = clock_now() - c->answered >= (int64_t)CONN_SLOW * CLOCK_MILLI;
}

int
conn_recv_body(struct conn *c, int fd, uint64_t size, int *file_err)
{
	assert(c->turn == TURN_FREE);
	look_how_slow(c);
	if (stream_receive(&c->stream, fd, size, file_err) == 0)
		return 0;
	be_in_debt(c);
	return -1;
}

int
conn_pass_body(struct conn *c, struct conn *to, uint64_t size, int *to_err)
{
	assert(c->turn == TURN_FREE);
	look_how_slow(c);
	if (stream_pass(&c->stream, &to->stream, size, to_err) == 0)
		return 0;
	be_in_debt(c);
	return -1;
}

enum conn_status
conn_recv_status(struct conn *c, char *text, size_t cap)
{
	struct stream *s = &c->stream;
	const char *next;
	char status;
	size_t len;

	be_in_debt(c);
	text[0] = '\0';
	if (!stream_has_input(s))
		return s->lost ? STATUS_LOST : STATUS_MISSING;
	(void)stream_unread(s, &next);
	status = *next;
	stream_skip(s, 1);
	if (status == '\0')
		return STATUS_OK;
	if (!is_text_kind(status))
		return STATUS_JUNK;
	/* A text that the end of input cuts short is a text all the same. */
	if (read_line(c, &len, true) == LINE_LONG)
		return STATUS_JUNK;
	text_escape(text, cap, c->line, len);
	c->stopped = status == RECORD_FATAL;
	return status == RECORD_WARN ? STATUS_ERROR : STATUS_FATAL;
}

enum conn_status
conn_skip_body(struct conn *c, uint64_t size)
{
	char text[1];
	int none;
	enum conn_status status;

	/* A peer that is done just here has not begun the body, and misses nothing. */
	if (!stream_has_input(&c->stream) && !c->stream.lost)
		return STATUS_MISSING;
	if (conn_recv_body(c, -1, size, &none) == -1)
		return STATUS_LOST;
	status = conn_recv_status(c, text, sizeof(text));
	if (status == STATUS_LOST || status == STATUS_JUNK)
		return status;
	if (c->leading && conn_ack(c) == -1) {
		be_in_debt(c);
		return STATUS_LOST;
	}
	c->turn = TURN_FREE;
	return status;
}

/* What is sent now is one more thing to reply to. */
static void
be_owed(struct conn *c)
{
	assert(c->turn == (c->owed > 0 ? TURN_THEIRS : TURN_FREE));
	assert(c->owed < (c->agreed ? CONN_OUTSTANDING : 1));
	c->owed++;
	c->turn = TURN_THEIRS;
}

/* One reply less. */
static void
be_paid(struct conn *c)
{
	assert(c->turn == TURN_THEIRS && c->owed > 0);
	c->owed--;
	c->turn = c->owed > 0 ? TURN_THEIRS : TURN_FREE;
}

int
conn_send(struct conn *c, const struct record *r)
{
	char line[RECORD_MAX];
	int n = record_format(line, sizeof(line), r);

	assert(n > 0);
	c->asking = r->kind == RECORD_FILE && r->asks;
	assert(!c->asking || c->owed == 0);
	be_owed(c);
	return stream_write(&c->stream, line, (size_t)n);
}

/*
 * Reads a message to its newline, a byte at a time: what follows it may be meant for whoever reads
 * the descriptor after us.
 */
static int
read_text(struct conn *c, char first, char *text, size_t cap)
{
	size_t len = 0;
	char byte = first;

	if (is_text_kind(first) && stream_read_byte(&c->stream, &byte) == -1)
		return -1;
	for (size_t total = 1; byte != '\n'; total++) {
		if (total == CONN_TEXT_MAX)
			return -1;
		if (len < RECORD_MAX)
			c->line[len++] = byte;
		/* What is no message may have no end, either. */
		if (!is_text_kind(first) && !stream_is_ahead(&c->stream, CONN_STRAY))
			break;
		if (stream_read_byte(&c->stream, &byte) == -1)
			return -1;
	}
	text_escape(text, cap, c->line, len);
	return 0;
}

int
conn_await(struct conn *c, char *text, size_t cap)
{
	bool asking = c->asking;
	char status;

	be_paid(c);
	c->asking = false;
	text[0] = '\0';
	/* Replies that come together are read together. */
	if (c->agreed)
		(void)stream_has_input(&c->stream);
	if (stream_read_byte(&c->stream, &status) == -1)
		return -1;
	if (status == '\0')
		return 0;
	if (status == CONN_AGREED && asking) {
		c->agreed = true;
		return 0;
	}
	/* Whatever else comes first is part of a message, of a peer that is not in step. */
	if (read_text(c, status, text, cap) == -1)
		return -1;
	c->stopped = status == RECORD_FATAL;
	return status == RECORD_WARN ? 1 : -1;
}

bool
conn_is_agreed(const struct conn *c)
{
	return c->agreed;
}

void
conn_agree(struct conn *c)
{
	c->agreed = true;
}

bool
conn_has_reply(struct conn *c)
{
	const char *next;

	assert(c->agreed && c->owed > 0);
	return stream_unread(&c->stream, &next) > 0 || stream_gather(&c->stream, 0) != STREAM_SILENT;
}

void
conn_spare_reply(struct conn *c)
{
	assert(c->agreed);
	be_paid(c);
}

bool
conn_owes_reply(const struct conn *c)
{
	return c->turn == TURN_OURS;
}

bool
conn_is_left(const struct conn *c)
{
	return c->stream.ended;
}

bool
conn_is_lost(const struct conn *c)
{
	return c->stream.ended || c->stream.lost;
}

bool
conn_is_stopped(const struct conn *c)
{
	return c->stopped;
}

int
conn_send_body(struct conn *c, int fd, uint64_t size, bool sparse, int *file_err)
{
	be_owed(c);
	return stream_send(&c->stream, fd, size, sparse, file_err);
}

int
conn_send_status(struct conn *c, const char *message)
{
	be_owed(c);
	return message != NULL ? conn_warn(c, message) : stream_write(&c->stream, "", 1);
}
