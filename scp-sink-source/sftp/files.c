/* SPDX-License-Identifier: ISC */
#include "sftp/attributes.h"
#include "sftp/requests.h"

enum {
	PFLAGS = FILE_READ | FILE_WRITE | FILE_APPEND | FILE_CREATE | FILE_TRUNCATE | FILE_EXCLUSIVE
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
		h->writes = h->file.writes;
		t->writers += h->writes;
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
	t->writers -= h->writes;
	if (t->shown == h)
		t->shown = NULL;
	handles_remove(&t->handles, h);
	talk_answer(t, id, end, &a);
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
	end = h->kind == HANDLE_FILE ? file_set(t->deeds, &h->file, &w, &a)
	    : folder_set(t->deeds, &h->folder, &w, &a);
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
	if (talk_is_good(t, p, id))
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
