/* SPDX-License-Identifier: ISC */
#include <errno.h>

#include "sftp/attributes.h"
#include "sftp/requests.h"
#include "text/text.h"

/* The path, which all of these begin with. */
static bool
take_path(struct talk *t, struct packet *p, uint32_t id)
{
	packet_take_path(p, t->path);
	return talk_is_good(t, p, id);
}

static bool
take_two(struct talk *t, struct packet *p, uint32_t id)
{
	packet_take_path(p, t->path);
	packet_take_path(p, t->other);
	return talk_is_good(t, p, id);
}

static bool
take_wish(struct talk *t, struct packet *p, uint32_t id, struct wish *w)
{
	packet_take_path(p, t->path);
	attributes_take(p, w);
	return talk_is_good(t, p, id);
}

static void
look(struct talk *t, struct packet *p, uint32_t id, enum deeds_link link)
{
	struct answer a = { 0 };
	struct stat st;

	if (take_path(t, p, id))
		talk_answer_stat(t, id, deeds_look(t->deeds, t->path, link, &st, &a), &a, &st);
}

void
request_lstat(struct talk *t, struct packet *p, uint32_t id)
{
	look(t, p, id, DEEDS_HOLD);
}

void
request_stat(struct talk *t, struct packet *p, uint32_t id)
{
	look(t, p, id, DEEDS_FOLLOW);
}

void
request_setstat(struct talk *t, struct packet *p, uint32_t id)
{
	struct answer a = { 0 };
	struct wish w;

	if (take_wish(t, p, id, &w))
		talk_answer(t, id, deeds_set(t->deeds, t->path, DEEDS_FOLLOW, &w, &a), &a);
}

/* A size would be that of whatever a link leads to. */
void
request_lsetstat(struct talk *t, struct packet *p, uint32_t id)
{
	struct answer a = { 0 };
	struct wish w;

	if (!take_wish(t, p, id, &w))
		return;
	if (w.has_size)
		talk_say(t, id, STATUS_BAD_MESSAGE, text_error(EINVAL));
	else
		talk_answer(t, id, deeds_set(t->deeds, t->path, DEEDS_HOLD, &w, &a), &a);
}

void
request_remove(struct talk *t, struct packet *p, uint32_t id)
{
	struct answer a = { 0 };

	if (take_path(t, p, id))
		talk_answer(t, id, deeds_remove(t->deeds, t->path, &a), &a);
}

void
request_mkdir(struct talk *t, struct packet *p, uint32_t id)
{
	struct answer a = { 0 };
	struct wish w;

	if (take_wish(t, p, id, &w))
		talk_answer(t, id, deeds_mkdir(t->deeds, t->path,
		    w.attrs.has_mode ? w.attrs.mode & 0777 : 0777, &a), &a);
}

void
request_rmdir(struct talk *t, struct packet *p, uint32_t id)
{
	struct answer a = { 0 };

	if (take_path(t, p, id))
		talk_answer(t, id, deeds_rmdir(t->deeds, t->path, &a), &a);
}

void
request_realpath(struct talk *t, struct packet *p, uint32_t id)
{
	struct answer a = { 0 };

	if (take_path(t, p, id))
		talk_answer_name(t, id, deeds_real_path(t->deeds, t->path, t->real, &a), &a, t->real);
}

static void
move(struct talk *t, struct packet *p, uint32_t id, enum deeds_onto onto)
{
	struct answer a = { 0 };

	if (take_two(t, p, id))
		talk_answer(t, id, deeds_rename(t->deeds, t->path, t->other, onto, &a), &a);
}

void
request_rename(struct talk *t, struct packet *p, uint32_t id)
{
	move(t, p, id, DEEDS_SPARE_SEEN);
}

void
request_posix_rename(struct talk *t, struct packet *p, uint32_t id)
{
	move(t, p, id, DEEDS_REPLACE);
}

void
request_readlink(struct talk *t, struct packet *p, uint32_t id)
{
	struct answer a = { 0 };

	if (take_path(t, p, id))
		talk_answer_name(t, id, deeds_read_link(t->deeds, t->path, t->real, &a), &a, t->real);
}

/* The text comes first, other than the draft has it: every client does as OpenSSH does. */
void
request_symlink(struct talk *t, struct packet *p, uint32_t id)
{
	struct answer a = { 0 };

	if (take_two(t, p, id))
		talk_answer(t, id, deeds_symlink(t->deeds, t->path, t->other, DEEDS_SPARE, &a), &a);
}

void
request_hardlink(struct talk *t, struct packet *p, uint32_t id)
{
	struct answer a = { 0 };

	if (take_two(t, p, id))
		talk_answer(t, id, deeds_hard_link(t->deeds, t->path, t->other, DEEDS_SPARE, &a), &a);
}
