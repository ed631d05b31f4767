/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>

#include "sftp/attributes.h"
#include "sftp/talk.h"
#include "text/text.h"

void
talk_say(struct talk *t, uint32_t id, enum status status, const char *text)
{
	status_put(channel_reply(&t->channel), id, status, text);
}

void
talk_answer(struct talk *t, uint32_t id, int end, const struct answer *a)
{
	const struct answer done = { 0 };

	status_put_answer(channel_reply(&t->channel), id, end == 0 ? &done : a);
}

void
talk_answer_stat(struct talk *t, uint32_t id, int end, const struct answer *a,
    const struct stat *st)
{
	struct reply *r;

	if (end == -1) {
		talk_answer(t, id, end, a);
		return;
	}
	r = channel_reply(&t->channel);
	reply_put_number(r, 1 + PACKET_NUMBER + ATTRIBUTES_LENGTH);
	reply_put_byte(r, PACKET_ATTRS);
	reply_put_number(r, id);
	attributes_put(r, st);
}

void
talk_answer_name(struct talk *t, uint32_t id, int end, const struct answer *a, const char *name)
{
	struct reply *r;

	if (end == -1) {
		talk_answer(t, id, end, a);
		return;
	}
	r = channel_reply(&t->channel);
	reply_put_number(r, (uint32_t)(1 + 5 * PACKET_NUMBER + 2 * strlen(name)));
	reply_put_byte(r, PACKET_NAME);
	reply_put_number(r, id);
	reply_put_number(r, 1);
	reply_put_text(r, name);
	reply_put_text(r, name);
	reply_put_number(r, 0);		/* no attributes */
}

void
talk_answer_handle(struct talk *t, uint32_t id, const struct handle *h)
{
	struct reply *r = channel_reply(&t->channel);
	unsigned char name[HANDLES_LENGTH];

	handles_name(&t->handles, h, name);
	reply_put_number(r, 1 + 2 * PACKET_NUMBER + HANDLES_LENGTH);
	reply_put_byte(r, PACKET_HANDLE);
	reply_put_number(r, id);
	reply_put_string(r, name, sizeof(name));
}

bool
talk_is_good(struct talk *t, const struct packet *p, uint32_t id)
{
	if (p->bad)
		talk_say(t, id, STATUS_BAD_MESSAGE, status_text(STATUS_BAD_MESSAGE));
	else if (p->too_long)
		talk_say(t, id, STATUS_BAD_MESSAGE, text_error(ENAMETOOLONG));
	return !p->bad && !p->too_long;
}

struct handle *
talk_take_handle(struct talk *t, struct packet *p, uint32_t id)
{
	struct packet_string name = packet_take_string(p);
	struct handle *h = handles_find(&t->handles, name.at, name.len);

	if (!talk_is_good(t, p, id))
		return NULL;
	if (h == NULL)
		talk_say(t, id, STATUS_FAILURE, "invalid handle");
	return h;
}

struct handle *
talk_take_file(struct talk *t, struct packet *p, uint32_t id)
{
	struct handle *h = talk_take_handle(t, p, id);

	if (h != NULL && h->kind != HANDLE_FILE) {
		talk_say(t, id, STATUS_FAILURE, "invalid handle");
		h = NULL;
	}
	return h;
}

struct handle *
talk_new_handle(struct talk *t, uint32_t id, enum handle_kind kind)
{
	struct handle *h = handles_add(&t->handles, kind);

	if (h == NULL)
		talk_say(t, id, STATUS_FAILURE, "too many open files");
	return h;
}
