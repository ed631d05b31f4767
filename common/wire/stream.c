/* SPDX-License-Identifier: ISC */
#include <sys/ioctl.h>

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "wire/clock.h"
#include "wire/holes.h"
#include "wire/io.h"
#include "wire/stream.h"

enum {
	WIDE_FROM = 1 << 18,	/* bytes of a body that is worth a wider pipe */
	ZEROS_CHUNK = 1 << 20,	/* bytes of a hole between two looks at the pace and the watcher */
	IDLE_CHUNK = 1 << 14	/* bytes that a peer must take, or be idle */
};

void
stream_init(struct stream *s, int in, int out, uint64_t rate)
{
	s->in = in;
	s->out = out;
	s->lost = s->ended = s->widened = false;
	s->inpos = s->inlen = 0;
	pace_init(&s->pace, rate);
	s->deadline = NULL;
	s->watch = NULL;
	s->watcher = NULL;
}

static void
watch(struct stream *s, uint64_t done, uint64_t size)
{
	if (s->watch != NULL)
		s->watch(s->watcher, done, size);
}

/* One read from the peer: how many bytes, or -1, also where the time is up. */
static ssize_t
hear(struct stream *s, void *buf, size_t n)
{
	ssize_t got = -1;

	if (deadline_await(s->deadline, DEADLINE_CLIENT, -1))
		got = io_read(s->in, buf, n);
	deadline_work(s->deadline);
	return got;
}

/* Makes unread input of whatever one read returns; false when there is none. */
static bool
fill(struct stream *s)
{
	ssize_t n = s->lost ? -1 : hear(s, s->inbuf, sizeof(s->inbuf));

	s->lost = n == -1;
	s->inpos = 0;
	s->inlen = n > 0 ? (size_t)n : 0;
	return n > 0;
}

bool
stream_has_input(struct stream *s)
{
	return s->inpos < s->inlen || fill(s);
}

/*
 * Waits for input, or for its end, for PATIENCE milliseconds; -1: for ever.  1 there is some, 0 there is
 * none, -1 the time of the session is up: any other signal that leaves the descriptors alone is none of our
 * business.
 */
static int
await_input(const struct stream *s, int patience)
{
	struct pollfd p = { .fd = s->in, .events = POLLIN };
	int64_t until = clock_now() + (int64_t)patience * CLOCK_MILLI;
	int n;

	while ((n = poll(&p, 1, patience)) == -1 && errno == EINTR) {
		int64_t left = until - clock_now();

		if (s->deadline != NULL && deadline_passed(s->deadline) != NULL)
			return -1;
		if (patience != -1)
			patience = left > 0 ? (int)(left / CLOCK_MILLI) : 0;
	}
	return n != 0;
}

bool
stream_is_ahead(const struct stream *s, int patience)
{
	int waiting = 0;

	if (s->inpos < s->inlen)
		return true;
	/* An end of input is readable too, but it is nothing that was sent. */
	return await_input(s, patience) == 1 && ioctl(s->in, FIONREAD, &waiting) == 0 && waiting > 0;
}

/* True when a read would not wait, or the session is over, within PATIENCE milliseconds; -1: for ever. */
static bool
is_readable(struct stream *s, int patience)
{
	int n = await_input(s, patience);

	s->lost = s->lost || n == -1;
	return n != 0;
}

enum stream_news
stream_gather(struct stream *s, int patience)
{
	size_t have = s->inlen - s->inpos;
	ssize_t n;

	assert(have < sizeof(s->inbuf));
	if (!is_readable(s, patience))
		return STREAM_SILENT;
	memmove(s->inbuf, s->inbuf + s->inpos, have);
	s->inpos = 0;
	s->inlen = have;
	n = s->lost ? -1 : io_read(s->in, s->inbuf + have, sizeof(s->inbuf) - have);
	s->lost = n == -1;
	s->inlen += n > 0 ? (size_t)n : 0;
	if (n > 0)
		return STREAM_CAME;
	return n == 0 ? STREAM_END : STREAM_LOST;
}

size_t
stream_unread(const struct stream *s, const char **from)
{
	*from = s->inbuf + s->inpos;
	return s->inlen - s->inpos;
}

void
stream_skip(struct stream *s, size_t n)
{
	s->inpos += n;
}

int
stream_read_byte(struct stream *s, char *byte)
{
	ssize_t n;

	if (s->inpos < s->inlen) {
		*byte = s->inbuf[s->inpos++];
		return 0;
	}
	n = hear(s, byte, 1);
	s->ended = n == 0;
	s->lost = n == -1;
	return n == 1 ? 0 : -1;
}

/* Whoever has done something says so, if the time is up meanwhile. */
int
stream_write(struct stream *s, const void *message, size_t n)
{
	int end;

	(void)deadline_await(s->deadline, DEADLINE_CLIENT, -1);
	end = io_write_all(s->out, message, n);
	deadline_work(s->deadline);
	return end;
}

/* A body of SIZE bytes is about to go through FD.  One that is held to a rate needs no wide pipe. */
static void
widen(struct stream *s, int fd, uint64_t size)
{
	if (s->widened || size < WIDE_FROM || s->pace.rate != 0)
		return;
	s->widened = true;
	io_widen(fd, STREAM_PIPE);
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

/* What is left of a body of which DONE bytes have come. */
static int
receive_rest(struct stream *s, int fd, uint64_t done, uint64_t size, int *file_err)
{
	while (done < size) {
		size_t n;

		if (s->lost || !stream_has_input(s))
			return -1;
		n = pace_chunk(&s->pace, s->inlen - s->inpos);
		if (n > size - done)
			n = (size_t)(size - done);
		store(&fd, s->inbuf + s->inpos, n, file_err);
		s->inpos += n;
		done += n;
		watch(s, done, size);
		s->lost = !pace_keep(&s->pace, n, s->deadline, s->in);
	}
	return 0;
}

int
stream_receive(struct stream *s, int fd, uint64_t size, int *file_err)
{
	*file_err = 0;
	widen(s, s->in, size);
	return receive_rest(s, fd, 0, size, file_err);
}

/* Some of what is unread, or of what is read now; at most N bytes: 0 or the side that failed. */
static int
pass_read(struct stream *s, struct stream *to, uint64_t n, uint64_t *moved)
{
	size_t have;

	*moved = 0;
	errno = 0;
	if (s->lost || !stream_has_input(s))
		return IO_FROM;
	have = s->inlen - s->inpos;
	*moved = n < have ? n : have;
	s->inpos += (size_t)*moved;
	return stream_write(to, s->inbuf + s->inpos - *moved, (size_t)*moved) == -1 ? IO_TO : 0;
}

/* The same by the kernel, of what nobody has read. */
static int
pass_moved(struct stream *s, struct stream *to, uint64_t n, enum io_way *way, uint64_t *moved)
{
	int side = IO_FROM;

	*moved = 0;
	errno = EINTR;
	if (deadline_await(s->deadline, DEADLINE_CLIENT, -1))
		side = io_move(s->in, to->out, n, s->outbuf, sizeof(s->outbuf), way, moved);
	deadline_work(s->deadline);
	if (side == IO_FROM)
		s->lost = errno != 0;
	return side;
}

int
stream_pass(struct stream *s, struct stream *to, uint64_t size, int *to_err)
{
	bool small = size < sizeof(s->outbuf);
	enum io_way way = IO_SPLICE;
	uint64_t done = 0, moved;

	*to_err = 0;
	widen(s, s->in, size);
	widen(to, to->out, size);
	while (done < size && *to_err == 0) {
		size_t most = size - done < SIZE_MAX ? (size_t)(size - done) : SIZE_MAX;
		size_t n = pace_chunk(&s->pace, most);
		int side = small || s->inpos < s->inlen ? pass_read(s, to, n, &moved)
		    : pass_moved(s, to, n, &way, &moved);

		if (side == IO_FROM)
			return -1;
		if (side == IO_TO)
			*to_err = errno;
		done += moved;
		watch(s, done, size);
		s->lost = !pace_keep(&s->pace, moved, s->deadline, s->in);
		if (s->lost)
			return done == size && *to_err == 0 ? 0 : -1;
	}
	/* Nobody takes it any more, and all of it comes. */
	return receive_rest(s, -1, done, size, to_err);
}

/* Reads all of a small body behind which its status fits, and sends both at once. */
static int
send_small(struct stream *s, int fd, size_t size, int *file_err)
{
	ssize_t got = io_read_all(fd, s->outbuf, size);
	size_t have = got > 0 ? (size_t)got : 0;

	if (got == -1)
		*file_err = errno;
	else if (have < size)
		*file_err = STREAM_SHRANK;
	memset(s->outbuf + have, 0, size - have + 1);
	return stream_write(s, s->outbuf, *file_err == 0 ? size + 1 : size);
}

/* How much is written at once. */
static size_t
piece_of(const struct stream *s)
{
	return s->deadline != NULL && s->deadline->idle > 0 ? IDLE_CHUNK : sizeof(s->outbuf);
}

static int
send_zeros(struct stream *s, uint64_t size)
{
	size_t piece = piece_of(s);

	memset(s->outbuf, 0, piece);
	while (size > 0) {
		size_t n = size < piece ? (size_t)size : piece;

		if (!deadline_await(s->deadline, DEADLINE_CLIENT, -1) ||
		    io_write_all(s->out, s->outbuf, n) == -1)
			return -1;
		deadline_work(s->deadline);
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

/* One move of at most N bytes of the file. */
static int
send_data(struct stream *s, struct body *b, size_t n, uint64_t *moved)
{
	int side = IO_TO;

	*moved = 0;
	if (deadline_await(s->deadline, DEADLINE_MOVE, s->out))
		side = io_move(b->fd, s->out, n, s->outbuf, piece_of(s), &b->way, moved);
	deadline_work(s->deadline);
	return side;
}

/* Sends some of what comes next: 0 or the side that failed. */
static int
send_some(struct stream *s, struct body *b, uint64_t *moved)
{
	uint64_t *next = b->next.hole > 0 ? &b->next.hole : &b->next.data;
	size_t n = pace_chunk(&s->pace, *next < ZEROS_CHUNK ? (size_t)*next : ZEROS_CHUNK);
	int side;

	if (next == &b->next.hole) {
		side = send_zeros(s, n) == -1 ? IO_TO : 0;
		*moved = side == 0 ? n : 0;
	} else {
		side = send_data(s, b, n, moved);
	}
	/* Never more than was announced, whoever says so. */
	assert(*moved <= n);
	*next -= *moved;
	b->done += *moved;
	return side;
}

static int
send_large(struct stream *s, struct body *b, int *file_err)
{
	while (b->done < b->size) {
		uint64_t moved;
		int side;

		if (b->next.hole + b->next.data == 0)
			b->next = holes_next(b->fd, b->start + b->done, b->start + b->size);
		side = send_some(s, b, &moved);
		if (side == IO_TO)
			return -1;
		if (side == IO_FROM) {
			*file_err = errno != 0 ? errno : STREAM_SHRANK;
			return send_zeros(s, b->size - b->done);
		}
		watch(s, b->done, b->size);
		if (!pace_keep(&s->pace, moved, s->deadline, s->in))
			return -1;
	}
	return stream_write(s, "", 1);
}

int
stream_send(struct stream *s, int fd, uint64_t size, bool sparse, int *file_err)
{
	struct body b = { .fd = fd, .size = size, .way = IO_SPLICE, .next.data = size };
	off_t start;

	*file_err = 0;
	if (size < sizeof(s->outbuf) && s->pace.rate == 0)
		return send_small(s, fd, (size_t)size, file_err);
	start = sparse ? lseek(fd, 0, SEEK_CUR) : -1;
	if (start != -1) {
		b.start = (uint64_t)start;
		b.next.data = 0;
	}
	widen(s, s->out, size);
	return send_large(s, &b, file_err);
}
