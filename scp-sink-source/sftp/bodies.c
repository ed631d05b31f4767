/* SPDX-License-Identifier: ISC */
/* What is read and written: the way of every byte, so none is copied that need not be. */
#include <string.h>

#include "sftp/requests.h"

enum {
	PIECES_MAX = 1024,	/* of one write: IOV_MAX */
	SPLICE_MIN = 65536,	/* bytes of a read that are worth a pipe of their own */
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

static void
finish_read(struct talk *t, struct handle *h, uint32_t id, size_t n, size_t got)
{
	if (got == 0 && n > 0) {
		channel_withdraw(&t->channel);
		talk_say(t, id, STATUS_EOF, status_text(STATUS_EOF));
		return;
	}
	channel_end_data(&t->channel, got);
	note_move(t, h, got);
}

/* Reads into the reply. */
static void
read_plain(struct talk *t, struct handle *h, uint32_t id, uint64_t offset, size_t n)
{
	void *to = channel_begin_data(&t->channel, id, n);
	struct answer a = { 0 };
	size_t got = 0;

	if (file_read(t->deeds, &h->file, offset, to, n, &got, &a) == 0) {
		finish_read(t, h, id, n, got);
	} else {
		channel_withdraw(&t->channel);
		talk_answer(t, id, -1, &a);
	}
}

/*
 * Has the kernel move it, if it does: else false, and there is no reply yet.  It moves pages of the file
 * itself, in which the client must not see what it writes later: not while it can.
 */
static bool
read_spliced(struct talk *t, struct handle *h, uint32_t id, uint64_t offset, size_t n)
{
	struct answer a = { 0 };
	ssize_t got;

	if (file_may_read(t->deeds, &h->file, offset, n, &a) == -1) {
		talk_answer(t, id, -1, &a);
		return true;
	}
	got = channel_splice_data(&t->channel, id, h->file.fd, offset, n);
	if (got == 0)
		talk_say(t, id, STATUS_EOF, status_text(STATUS_EOF));
	if (got > 0) {
		file_have_read(t->deeds, &h->file, (size_t)got);
		note_move(t, h, (uint64_t)got);
	}
	return got >= 0;
}

void
request_read(struct talk *t, struct packet *p, uint32_t id)
{
	struct handle *h = talk_take_file(t, p, id);
	uint64_t offset = packet_take_wide(p);
	size_t n = packet_take_number(p);

	if (h == NULL || !talk_is_good(t, p, id))
		return;
	if (n > CHANNEL_DATA)
		n = CHANNEL_DATA;
	if (offset > INT64_MAX)
		talk_say(t, id, STATUS_EOF, status_text(STATUS_EOF));
	else if (n < SPLICE_MIN || t->writers > 0 || !read_spliced(t, h, id, offset, n))
		read_plain(t, h, id, offset, n);
}

/* One WRITE, whose data is in the channel's buffer. */
struct piece {
	uint32_t	     id;
	uint64_t	     offset;
	struct packet_string data;
};

/* Whether the WRITE of P, behind its type, is of the handle H and begins at END. */
static bool
continues(struct talk *t, struct packet *p, const struct handle *h, uint64_t end, struct piece *one)
{
	struct packet_string name;

	if (packet_take_byte(p) != PACKET_WRITE)
		return false;
	one->id = packet_take_number(p);
	name = packet_take_string(p);
	one->offset = packet_take_wide(p);
	one->data = packet_take_string(p);
	return !p->bad && handles_find(&t->handles, name.at, name.len) == h &&
	    (one->offset == end || h->file.appends);
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
		if (n == PIECES_MAX || !channel_peek(&t->channel, &next))
			return n;
		whole = next;
		if (!continues(t, &next, h, end, &one))
			return n;
		channel_skip(&t->channel, &whole);
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

void
request_write(struct talk *t, struct packet *p, uint32_t id)
{
	struct piece one = { .id = id };
	struct handle *h = talk_take_file(t, p, id);

	if (h == NULL)
		return;
	one.offset = packet_take_wide(p);
	one.data = packet_take_string(p);
	if (!talk_is_good(t, p, id))
		return;
	write_pieces(t, h, &one);
}
