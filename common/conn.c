/* SPDX-License-Identifier: ISC */
#include <sys/ioctl.h>

#include <assert.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "conn.h"
#include "holes.h"
#include "io.h"
#include "text.h"

enum line_end {
	LINE_WHOLE,
	LINE_CUT,		/* the input ended in it */
	LINE_LONG
};

enum {
	WIDE_FROM = 1 << 18,	/* bytes of a body that is worth a wider pipe */
	ZEROS_CHUNK = 1 << 20,	/* bytes of a hole between two looks at the pace and the watcher */
	IDLE_CHUNK = 1 << 14	/* bytes that a peer must take, or be idle */
};

void
conn_init(struct conn *c, int in, int out, enum conn_turn first, uint64_t rate)
{
	c->in = in;
	c->out = out;
	c->turn = first;
	c->lost = c->widened = false;
	c->inpos = c->inlen = 0;
	pace_init(&c->pace, rate);
	c->deadline = NULL;
	c->watch = NULL;
	c->watcher = NULL;
}

/* Something has come from the peer, or gone to it. */
static void
touch(struct conn *c)
{
	if (c->deadline != NULL)
		deadline_touch(c->deadline);
}

static void
watch(struct conn *c, uint64_t done, uint64_t size)
{
	touch(c);
	if (c->watch != NULL)
		c->watch(c->watcher, done, size);
}

/* Makes unread input of whatever one read returns; false when there is none. */
static bool
fill(struct conn *c)
{
	ssize_t n = c->lost ? -1 : io_read(c->in, c->inbuf, sizeof(c->inbuf));

	c->lost = n == -1;
	c->inpos = 0;
	c->inlen = n > 0 ? (size_t)n : 0;
	touch(c);
	return n > 0;
}

static bool
has_input(struct conn *c)
{
	return c->inpos < c->inlen || fill(c);
}

/*
 * Appends unread input to the line, up to a newline, which is taken and not kept.  What exceeds the
 * line is dropped, and the length is RECORD_MAX.  Returns true when there was a newline.
 */
static bool
take_until_newline(struct conn *c, size_t *len)
{
	const char *from = c->inbuf + c->inpos;
	size_t have = c->inlen - c->inpos;
	const char *end = memchr(from, '\n', have);
	size_t n = end != NULL ? (size_t)(end - from) : have;
	size_t room = RECORD_MAX - *len;
	size_t keep = n < room ? n : room;

	memcpy(c->line + *len, from, keep);
	*len += keep;
	c->inpos += n + (end != NULL);
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
		size_t before;
		bool whole;

		if (!has_input(c))
			return LINE_CUT;
		before = c->inpos;
		whole = take_until_newline(c, len);
		total += c->inpos - before;
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
	size_t len;
	enum line_end end;

	assert(c->turn == TURN_FREE);
	*r = (struct record){ .text = "" };
	if (!has_input(c) && !c->lost)
		return 1;
	end = c->lost ? LINE_CUT : read_line(c, &len, is_text_kind(c->inbuf[c->inpos]));
	*why = end == LINE_CUT ? "lost connection" : "line too long";
	if (end != LINE_WHOLE || record_parse(r, c->line, len, why) == -1) {
		be_in_debt(c);
		return -1;
	}
	if (r->kind != RECORD_WARN && r->kind != RECORD_FATAL)
		be_in_debt(c);
	return 0;
}

int
conn_ack(struct conn *c)
{
	assert(c->turn == TURN_OURS);
	c->turn = TURN_FREE;
	return io_write_all(c->out, "", 1);
}

static int
write_warning(struct conn *c, const char *path, const char *what, const char *reason)
{
	char text[TEXT_MESSAGE_MAX + 2] = { RECORD_WARN };
	size_t n = text_message(text + 1, path, what, reason);

	text[n + 1] = '\n';
	return io_write_all(c->out, text, n + 2);
}

int
conn_refuse(struct conn *c, const char *path, const char *what, const char *reason)
{
	assert(c->turn == TURN_OURS);
	c->turn = TURN_FREE;
	return write_warning(c, path, what, reason);
}

bool
conn_is_ahead(struct conn *c)
{
	struct pollfd p = { .fd = c->in, .events = POLLIN };
	int waiting = 0;

	if (c->inpos < c->inlen)
		return true;
	/* An end of input is readable too, but it is nothing that was sent. */
	return poll(&p, 1, 0) == 1 && ioctl(c->in, FIONREAD, &waiting) == 0 && waiting > 0;
}

/* A body of SIZE bytes is about to go through FD.  One that is held to a rate needs no wide pipe. */
static void
widen(struct conn *c, int fd, uint64_t size)
{
	if (c->widened || size < WIDE_FROM || c->pace.rate != 0)
		return;
	c->widened = true;
	io_widen(fd, CONN_PIPE);
}

/* Writes to the file until it fails, and nowhere from then on. */
static void
store(int *fd, const char *p, size_t n, int *file_err)
{
	if (*fd == -1 || io_write_all(*fd, p, n) == 0)
		return;
	*file_err = errno;
	*fd = -1;
}

int
conn_recv_body(struct conn *c, int fd, uint64_t size, int *file_err)
{
	uint64_t done = 0;

	assert(c->turn == TURN_FREE);
	*file_err = 0;
	widen(c, c->in, size);
	while (done < size) {
		size_t n;

		if (c->lost || !has_input(c)) {
			be_in_debt(c);
			return -1;
		}
		n = pace_chunk(&c->pace, c->inlen - c->inpos);
		if (n > size - done)
			n = (size_t)(size - done);
		store(&fd, c->inbuf + c->inpos, n, file_err);
		c->inpos += n;
		done += n;
		watch(c, done, size);
		if (!pace_wait(&c->pace, n))
			c->lost = true;
	}
	return 0;
}

enum conn_status
conn_recv_status(struct conn *c, char *text, size_t cap)
{
	char status;
	size_t len;

	be_in_debt(c);
	text[0] = '\0';
	if (!has_input(c))
		return c->lost ? STATUS_LOST : STATUS_MISSING;
	status = c->inbuf[c->inpos++];
	if (status == '\0')
		return STATUS_OK;
	if (!is_text_kind(status))
		return STATUS_JUNK;
	/* A text that the end of input cuts short is a text all the same. */
	if (read_line(c, &len, true) == LINE_LONG)
		return STATUS_JUNK;
	text_escape(text, cap, c->line, len);
	return status == RECORD_WARN ? STATUS_ERROR : STATUS_FATAL;
}

enum conn_status
conn_skip_body(struct conn *c, uint64_t size)
{
	char text[1];
	int none;
	enum conn_status status;

	if (conn_recv_body(c, -1, size, &none) == -1)
		return STATUS_LOST;
	status = conn_recv_status(c, text, sizeof(text));
	if (status != STATUS_LOST && status != STATUS_JUNK)
		c->turn = TURN_FREE;
	return status;
}

int
conn_send(struct conn *c, const struct record *r)
{
	char line[RECORD_MAX];
	int n = record_format(line, sizeof(line), r);

	assert(c->turn == TURN_FREE);
	assert(n > 0);
	c->turn = TURN_THEIRS;
	return io_write_all(c->out, line, (size_t)n);
}

int
conn_warn(struct conn *c, const char *path, const char *what, const char *reason)
{
	return write_warning(c, path, what, reason);
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

	if (is_text_kind(first) && io_read(c->in, &byte, 1) != 1)
		return -1;
	for (size_t total = 1; byte != '\n'; total++) {
		if (total == CONN_TEXT_MAX)
			return -1;
		if (len < RECORD_MAX)
			c->line[len++] = byte;
		if (io_read(c->in, &byte, 1) != 1)
			return -1;
	}
	text_escape(text, cap, c->line, len);
	return 0;
}

int
conn_await(struct conn *c, char *text, size_t cap)
{
	char status;

	assert(c->turn == TURN_THEIRS);
	c->turn = TURN_FREE;
	text[0] = '\0';
	if (io_read(c->in, &status, 1) != 1)
		return -1;
	touch(c);
	if (status == '\0')
		return 0;
	/* Whatever else comes first is part of a message, of a peer that is not in step. */
	if (read_text(c, status, text, cap) == -1)
		return -1;
	return status == RECORD_WARN ? 1 : -1;
}

/* Reads all of a small body behind which its status fits, and sends both at once. */
static int
send_small(struct conn *c, int fd, size_t size, int *file_err)
{
	ssize_t got = io_read_all(fd, c->outbuf, size);
	size_t have = got > 0 ? (size_t)got : 0;

	if (got == -1)
		*file_err = errno;
	else if (have < size)
		*file_err = CONN_SHRANK;
	memset(c->outbuf + have, 0, size - have + 1);
	return io_write_all(c->out, c->outbuf, *file_err == 0 ? size + 1 : size);
}

/* How much is written at once. */
static size_t
piece_of(const struct conn *c)
{
	return c->deadline != NULL ? IDLE_CHUNK : sizeof(c->outbuf);
}

static int
send_zeros(struct conn *c, uint64_t size)
{
	size_t piece = piece_of(c);

	memset(c->outbuf, 0, piece);
	while (size > 0) {
		size_t n = size < piece ? (size_t)size : piece;

		if (io_write_all(c->out, c->outbuf, n) == -1)
			return -1;
		touch(c);
		size -= n;
	}
	return 0;
}

/* A body that is being sent. */
struct body {
	int	       fd;
	uint64_t       size, done;
	uint64_t       start;	/* where in the file it begins */
	struct stretch next;	/* what of the file comes next, as far as that is known */
	enum io_way    way;
};

/* Sends some of what comes next: 0 or the side that failed. */
static int
send_some(struct conn *c, struct body *b, uint64_t *moved)
{
	uint64_t *next = b->next.hole > 0 ? &b->next.hole : &b->next.data;
	size_t n = pace_chunk(&c->pace, *next < ZEROS_CHUNK ? (size_t)*next : ZEROS_CHUNK);
	int side;

	if (next == &b->next.hole) {
		side = send_zeros(c, n) == -1 ? IO_TO : 0;
		*moved = side == 0 ? n : 0;
	} else {
		side = io_move(b->fd, c->out, n, c->outbuf, piece_of(c), &b->way, moved);
	}
	*next -= *moved;
	b->done += *moved;
	return side;
}

static int
send_large(struct conn *c, struct body *b, int *file_err)
{
	while (b->done < b->size) {
		uint64_t moved;
		int side;

		if (b->next.hole + b->next.data == 0)
			b->next = holes_next(b->fd, b->start + b->done, b->start + b->size);
		side = send_some(c, b, &moved);
		if (side == IO_TO)
			return -1;
		if (side == IO_FROM) {
			*file_err = errno != 0 ? errno : CONN_SHRANK;
			return send_zeros(c, b->size - b->done);
		}
		watch(c, b->done, b->size);
		if (!pace_wait(&c->pace, moved))
			return -1;
	}
	return io_write_all(c->out, "", 1);
}

int
conn_send_body(struct conn *c, int fd, uint64_t size, bool sparse, int *file_err)
{
	struct body b = { .fd = fd, .size = size, .way = IO_SPLICE, .next.data = size };
	off_t start;

	assert(c->turn == TURN_FREE);
	c->turn = TURN_THEIRS;
	*file_err = 0;
	if (size < sizeof(c->outbuf) && c->pace.rate == 0)
		return send_small(c, fd, (size_t)size, file_err);
	start = sparse ? lseek(fd, 0, SEEK_CUR) : -1;
	if (start != -1) {
		b.start = (uint64_t)start;
		b.next.data = 0;
	}
	widen(c, c->out, size);
	return send_large(c, &b, file_err);
}
