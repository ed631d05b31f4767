/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "sftp/attributes.h"
#include "sftp/requests.h"
#include "text/text.h"

enum {
	PFLAGS = FILE_READ | FILE_WRITE | FILE_APPEND | FILE_CREATE | FILE_TRUNCATE | FILE_EXCLUSIVE,
	PIECES_MAX = 1024,	/* of one write: IOV_MAX */
	SPLICE_MIN = 65536,	/* bytes of a read that are worth a pipe of their own */
	SHOWN_FROM = 1 << 20	/* bytes of a file after which it is seen */
};

/* What else the client wants to be set it says of the handle. */
static bool
take_open(struct talk *t, struct packet *p, uint32_t id, struct file_wish *f)
{
	struct wish w;

	packet_take_path(p, t->path);
	f->flags = packet_take_number(p);
	if ((f->flags & ~(unsigned)PFLAGS) != 0)
		p->bad = true;
	attributes_take(p, &w);
	if ((f->flags & (FILE_READ | FILE_WRITE)) == 0)
		f->flags |= FILE_READ;
	f->has_mode = w.attrs.has_mode;
	f->mode = w.attrs.mode & 0777;
	f->has_size = w.has_size;
	f->size = w.size;
	return talk_is_good(t, p, id);
}

void
request_open(struct talk *t, struct packet *p, uint32_t id)
{
	struct answer a = { 0 };
	struct file_wish f;
	struct handle *h;

	if (!take_open(t, p, id, &f))
		return;
	h = talk_new_handle(t, id, HANDLE_FILE);
	if (h == NULL)
		return;
	if (file_open(t->deeds, &h->file, t->path, &f, &a) == 0) {
		talk_answer_handle(t, id, h);
		return;
	}
	handles_remove(&t->handles, h);
	talk_answer(t, id, -1, &a);
}

void
request_close(struct talk *t, struct packet *p, uint32_t id)
{
	struct handle *h = talk_take_handle(t, p, id);
	struct answer a = { 0 };
	int end = 0;

	if (h == NULL)
		return;
	if (h->kind == HANDLE_FILE)
		end = file_close(t->deeds, &h->file, &a);
	else
		folder_close(&h->folder);
	if (t->shown == h)
		t->shown = NULL;
	handles_remove(&t->handles, h);
	talk_answer(t, id, end, &a);
}

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

/* Has the kernel move it, if it does: else false, and there is no reply yet. */
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
	else if (n < SPLICE_MIN || !read_spliced(t, h, id, offset, n))
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

void
request_fstat(struct talk *t, struct packet *p, uint32_t id)
{
	struct handle *h = talk_take_handle(t, p, id);
	struct answer a = { 0 };
	struct stat st;
	int end;

	if (h == NULL)
		return;
	end = h->kind == HANDLE_FILE ? file_look(t->deeds, &h->file, &st, &a)
	    : folder_look(t->deeds, &h->folder, &st, &a);
	talk_answer_stat(t, id, end, &a, &st);
}

void
request_fsetstat(struct talk *t, struct packet *p, uint32_t id)
{
	struct handle *h = talk_take_handle(t, p, id);
	struct answer a = { 0 };
	struct wish w;
	int end;

	if (h == NULL)
		return;
	attributes_take(p, &w);
	if (!talk_is_good(t, p, id))
		return;
	if (h->kind == HANDLE_FILE) {
		end = file_set(t->deeds, &h->file, &w, &a);
	} else {
		talk_name_folder(&h->folder, t->path);
		end = deeds_set(t->deeds, t->path, DEEDS_FOLLOW, &w, &a);
	}
	talk_answer(t, id, end, &a);
}

void
request_fsync(struct talk *t, struct packet *p, uint32_t id)
{
	struct handle *h = talk_take_file(t, p, id);
	struct answer a = { 0 };

	if (h != NULL)
		talk_answer(t, id, file_sync(t->deeds, &h->file, &a), &a);
}

void
request_copy_data(struct talk *t, struct packet *p, uint32_t id)
{
	struct handle *from = talk_take_file(t, p, id), *to;
	uint64_t at, n, offset;
	struct answer a = { 0 };

	if (from == NULL)
		return;
	at = packet_take_wide(p);
	n = packet_take_wide(p);
	to = talk_take_file(t, p, id);
	if (to == NULL)
		return;
	offset = packet_take_wide(p);
	if (!talk_is_good(t, p, id))
		return;
	if (from == to)
		talk_say(t, id, STATUS_FAILURE, "the same file on both sides");
	else
		talk_answer(t, id, file_copy(t->deeds, &from->file, at, n, &to->file, offset, &a), &a);
}

void
request_drop_all(struct talk *t, const char *reason)
{
	struct handle *h;

	for (unsigned at = 0; (h = handles_next(&t->handles, &at)) != NULL; at++) {
		if (h->kind == HANDLE_FILE)
			file_drop(t->deeds, &h->file, reason);
		else
			folder_close(&h->folder);
		handles_remove(&t->handles, h);
	}
}
