/* SPDX-License-Identifier: ISC */
/* What is read and written: the way of every byte, so none is copied that need not be. */
#include <string.h>

#include "sftp/inflow.h"
#include "sftp/requests.h"

enum {
	PIECES_MAX = 1024,	/* of one write: IOV_MAX */
	SPLICE_MIN = 16384,	/* bytes of a read that are worth a pipe of their own */
	ASKS_MAX = CHANNEL_HELD / SPLICE_MIN,	/* of them at once */
	SHOWN_FROM = 1 << 20	/* bytes of a file after which it is seen */
};

/* Bytes of it have moved.  What goes by too fast to be seen is not named. */
static void
note_move(struct talk *t, struct handle *h, uint64_t n)
{
	h->moved += n;
	if (t->shown == h || h->moved < SHOWN_FROM)
		return;
	t->shown = h;
	title_show(t->title, h->file.spot.plain, strlen(h->file.spot.plain));
}

/* One READ. */
struct ask {
	uint32_t id;
	uint64_t offset;
	size_t	 n;
};

static void
finish_read(struct talk *t, struct handle *h, const struct ask *one, size_t got)
{
	if (got == 0 && one->n > 0) {
		channel_withdraw(&t->channel);
		talk_say(t, one->id, STATUS_EOF, status_text(STATUS_EOF));
		return;
	}
	channel_end_data(&t->channel, got);
	note_move(t, h, got);
}

/* Reads into the reply. */
static void
read_plain(struct talk *t, struct handle *h, const struct ask *one)
{
	void *to = channel_begin_data(&t->channel, one->id, one->n);
	struct answer a = { 0 };
	size_t got = 0;

	if (file_read(t->deeds, &h->file, one->offset, to, one->n, &got, &a) == 0) {
		finish_read(t, h, one, got);
	} else {
		channel_withdraw(&t->channel);
		talk_answer(t, one->id, -1, &a);
	}
}

/* Whether so much of it is there, as far as we know, that a pipe of its own is worth it. */
static bool
is_worth_splicing(const struct file *f, const struct ask *one)
{
	uint64_t size = f->overlay.size;

	return one->n >= SPLICE_MIN && one->offset < size && size - one->offset >= SPLICE_MIN;
}

static size_t
at_once(size_t n)
{
	return n < CHANNEL_DATA ? n : CHANNEL_DATA;
}

/* Whether the packet P is one of TYPE for the handle H, whose id and offset are then taken. */
static bool
concerns(struct talk *t, struct packet *p, enum packet_type type, const struct handle *h, uint32_t *id,
    uint64_t *offset)
{
	struct packet_string name;

	if (packet_take_byte(p) != type)
		return false;
	*id = packet_take_number(p);
	name = packet_take_string(p);
	*offset = packet_take_wide(p);
	return !p->bad && handles_find(&t->handles, name.at, name.len) == h;
}

/* Whether the packet P is a READ of the handle H from END on. */
static bool
reads_on(struct talk *t, struct packet *p, const struct handle *h, uint64_t end, struct ask *one)
{
	if (!concerns(t, p, PACKET_READ, h, &one->id, &one->offset))
		return false;
	one->n = at_once(packet_take_number(p));
	return !p->bad && one->offset == end;
}

/* Those that are there already and continue the first: as many as can be held, and may be read. */
static int
gather_asks(struct talk *t, const struct handle *h, struct ask asks[ASKS_MAX], size_t *total)
{
	struct packet next, whole;
	int n = 1;

	for (*total = asks[0].n; n < ASKS_MAX && inflow_peek(&t->channel, &next); n++) {
		struct ask *one = &asks[n];

		whole = next;
		if (!reads_on(t, &next, h, asks[0].offset + *total, one) ||
		    !is_worth_splicing(&h->file, one) || one->n > CHANNEL_HELD - *total ||
		    !file_fits(t->deeds, *total + one->n))
			break;
		inflow_skip(&t->channel, &whole);
		*total += one->n;
	}
	return n;
}

/* Sends to each of N what it asked for, of GOT bytes that are held. */
static void
send_held(struct talk *t, struct handle *h, const struct ask *asks, int n, size_t got)
{
	file_have_read(t->deeds, &h->file, got);
	note_move(t, h, got);
	for (int i = 0; i < n; i++) {
		size_t piece = asks[i].n < got ? asks[i].n : got;

		if (piece > 0)
			channel_send_held(&t->channel, asks[i].id, piece);
		else
			talk_say(t, asks[i].id, STATUS_EOF, status_text(STATUS_EOF));
		got -= piece;
	}
}

/*
 * Has the kernel move it, if it does.  It moves pages of the file itself, in which the client must not
 * see what it writes later: not while it can.
 */
static void
read_spliced(struct talk *t, struct handle *h, const struct ask *first)
{
	struct ask asks[ASKS_MAX] = { *first };
	struct answer a = { 0 };
	size_t total;
	ssize_t got;
	int n;

	if (file_may_read(t->deeds, &h->file, first->offset, first->n, &a) == -1) {
		talk_answer(t, first->id, -1, &a);
		return;
	}
	n = gather_asks(t, h, asks, &total);
	got = channel_hold(&t->channel, h->file.fd, first->offset, total);
	if (got >= 0)
		send_held(t, h, asks, n, (size_t)got);
	for (int i = 0; i < n && got == -1; i++)
		read_plain(t, h, &asks[i]);
}

void
request_read(struct talk *t, struct packet *p, uint32_t id)
{
	struct handle *h = talk_take_file(t, p, id);
	struct ask one = { .id = id };

	one.offset = packet_take_wide(p);
	one.n = at_once(packet_take_number(p));
	if (h == NULL || !talk_is_good(t, p, id))
		return;
	if (one.offset > INT64_MAX)
		talk_say(t, id, STATUS_EOF, status_text(STATUS_EOF));
	else if (t->writers == 0 && is_worth_splicing(&h->file, &one))
		read_spliced(t, h, &one);
	else
		read_plain(t, h, &one);
}

/* One WRITE, whose data is in the channel's buffer. */
struct piece {
	uint32_t	     id;
	uint64_t	     offset;
	struct packet_string data;
};

/* Whether the packet P is a WRITE of the handle H that begins at END. */
static bool
continues(struct talk *t, struct packet *p, const struct handle *h, uint64_t end, struct piece *one)
{
	if (!concerns(t, p, PACKET_WRITE, h, &one->id, &one->offset))
		return false;
	one->data = packet_take_string(p);
	return !p->bad && (one->offset == end || h->file.appends);
}

/* Those that are there already and continue the first are one write. */
static int
gather(struct talk *t, const struct handle *h, const struct piece *first, struct iovec *pieces,
    uint32_t *ids)
{
	uint64_t end = first->offset + first->data.len;
	struct piece one = *first;
	struct packet next;
	int n = 0;

	for (;;) {
		struct packet whole;

		ids[n] = one.id;
		/* Nobody writes through it. */
		memcpy(&pieces[n].iov_base, &one.data.at, sizeof(one.data.at));
		pieces[n++].iov_len = one.data.len;
		if (n == PIECES_MAX || !inflow_peek(&t->channel, &next))
			return n;
		whole = next;
		if (!continues(t, &next, h, end, &one))
			return n;
		inflow_skip(&t->channel, &whole);
		end += one.data.len;
	}
}

/*
 * Each request has its own reply: what was written of those that failed together is told to whoever sent
 * it, and the failure to the others.
 */
static void
write_pieces(struct talk *t, struct handle *h, const struct piece *first)
{
	struct iovec pieces[PIECES_MAX];
	uint32_t ids[PIECES_MAX];
	struct answer a = { 0 };
	int n = gather(t, h, first, pieces, ids), end;
	uint64_t had = h->file.written, done = 0;

	end = file_write(t->deeds, &h->file, first->offset, pieces, n, &a);
	had = h->file.written - had;
	for (int i = 0; i < n; i++) {
		done += pieces[i].iov_len;
		talk_answer(t, ids[i], end == 0 || (done <= had && had > 0) ? 0 : -1, &a);
	}
	note_move(t, h, had);
	channel_count(&t->channel, had);
}

/* What has come of its data is written, and the rest as it comes: 0, or -1 with *ANSWER. */
static int
write_coming(struct talk *t, struct handle *h, const struct piece *one, struct answer *a)
{
	uint64_t offset = one->offset, moved;
	struct iovec here = { .iov_len = one->data.len };
	int err;

	if (file_may_write(t->deeds, &h->file, &offset, here.iov_len + t->channel.coming, a) == -1)
		return -1;
	memcpy(&here.iov_base, &one->data.at, sizeof(one->data.at));
	if (here.iov_len > 0 && file_write(t->deeds, &h->file, offset, &here, 1, a) == -1)
		return -1;
	offset += here.iov_len;
	moved = inflow_move(&t->channel, h->file.fd, offset, &err);
	return file_have_written(t->deeds, &h->file, offset, moved, err, a);
}

/* It comes by itself, and so has its reply by itself. */
static void
write_large(struct talk *t, struct handle *h, const struct piece *one)
{
	uint64_t had = h->file.written;
	struct answer a = { 0 };

	talk_answer(t, one->id, write_coming(t, h, one, &a), &a);
	note_move(t, h, h->file.written - had);
	channel_count(&t->channel, h->file.written - had);
}

/* The data of a WRITE, as far as it has come. */
static struct packet_string
take_data(struct packet *p, size_t coming)
{
	if (coming == 0)
		return packet_take_string(p);
	(void)packet_take_number(p);
	return (struct packet_string){ .at = p->at, .len = (size_t)(p->end - p->at) };
}

void
request_write(struct talk *t, struct packet *p, uint32_t id)
{
	struct piece one = { .id = id };
	struct handle *h = talk_take_file(t, p, id);

	if (h == NULL)
		return;
	one.offset = packet_take_wide(p);
	one.data = take_data(p, t->channel.coming);
	if (!talk_is_good(t, p, id))
		return;
	if (t->channel.coming > 0)
		write_large(t, h, &one);
	else
		write_pieces(t, h, &one);
}
