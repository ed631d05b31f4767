/* SPDX-License-Identifier: ISC */
#include <string.h>
#include <time.h>

#include "sftp/attributes.h"
#include "sftp/requests.h"

enum {
	LISTING_MAX = 32768	/* bytes of one reply, within what old clients take */
};

void
request_opendir(struct talk *t, struct packet *p, uint32_t id)
{
	struct answer a = { 0 };
	struct handle *h;

	packet_take_path(p, t->path);
	if (!talk_is_good(t, p, id))
		return;
	h = talk_new_handle(t, id, HANDLE_FOLDER);
	if (h == NULL)
		return;
	t->view.now = time(NULL);
	folder_init(&h->folder);
	if (folder_open(t->deeds, &h->folder, t->path, &a) == 0) {
		talk_answer_handle(t, id, h);
		return;
	}
	handles_remove(&t->handles, h);
	talk_answer(t, id, -1, &a);
}

/* Appends one entry; false where the reply, which begins at START, has no room for it. */
static bool
put_entry(const struct talk *t, struct reply *r, size_t start, const struct folder_entry *e)
{
	char line[LS_LINE_MAX];
	size_t len = ls_format(line, sizeof(line), &t->view, &e->st, e->name), name = strlen(e->name);

	if (r->len - start + (size_t)2 * PACKET_NUMBER + name + len + ATTRIBUTES_LENGTH > LISTING_MAX)
		return false;
	reply_put_string(r, e->name, name);
	reply_put_string(r, line, len);
	attributes_put(r, &e->st);
	return true;
}

/* As many as fit; what folder_next said of the next. */
static int
put_entries(struct talk *t, struct reply *r, struct folder *f, uint32_t *n, struct answer *a)
{
	size_t start = t->channel.mark;
	struct folder_entry e;
	int more;

	for (*n = 0; (more = folder_next(t->deeds, f, &e, a)) == 1; ++*n)
		if (!put_entry(t, r, start, &e)) {
			folder_unread(f);
			break;
		}
	return more;
}

void
request_readdir(struct talk *t, struct packet *p, uint32_t id)
{
	struct handle *h = talk_take_handle(t, p, id);
	struct answer a = { 0 };
	struct reply *r;
	uint32_t n;
	int more;

	if (h == NULL)
		return;
	if (h->kind != HANDLE_FOLDER) {
		talk_say(t, id, STATUS_FAILURE, "invalid handle");
		return;
	}
	r = channel_reply(&t->channel);
	reply_put_number(r, 0);
	reply_put_byte(r, PACKET_NAME);
	reply_put_number(r, id);
	reply_put_number(r, 0);
	more = put_entries(t, r, &h->folder, &n, &a);
	reply_set_number(r, t->channel.mark, (uint32_t)(r->len - t->channel.mark - PACKET_LENGTH));
	reply_set_number(r, t->channel.mark + 1 + (size_t)2 * PACKET_NUMBER, n);
	if (n > 0)
		return;
	channel_withdraw(&t->channel);
	if (more == -1)
		talk_answer(t, id, -1, &a);
	else
		talk_say(t, id, STATUS_EOF, status_text(STATUS_EOF));
}
