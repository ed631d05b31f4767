/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "scp/flight.h"
#include "session/refuse.h"
#include "text/text.h"
#include "wire/clock.h"

void
flight_init(struct flight *f, struct session *s, const struct trail *trail, bool more)
{
	f->session = s;
	f->trail = trail;
	f->more = more;
	f->may_ask = s->client != NULL && s->client->ahead && !conn_is_agreed(s->conn);
	f->slow = f->spared = false;
	f->first = f->n = f->shut = f->cut = f->flown = f->depth = 0;
}

/* Whether what the trail says can be remembered. */
static bool
is_short(const struct flight *f)
{
	return f->trail->len <= FLIGHT_PATH;
}

/* The item that is I behind the oldest one. */
static struct flight_item *
item_at(struct flight *f, unsigned i)
{
	return &f->items[(f->first + i) % CONN_OUTSTANDING];
}

/* One more thing was sent, and is about where the trail stands. */
static struct flight_item *
add(struct flight *f, enum flight_kind kind)
{
	const struct trail *t = f->trail;
	struct flight_item *item = item_at(f, f->n);

	assert(f->n < CONN_OUTSTANDING);
	item->kind = kind;
	item->len = 0;
	if (kind == FLIGHT_FILE || kind == FLIGHT_BODY || kind == FLIGHT_DIR) {
		item->len = t->len < FLIGHT_PATH ? t->len : FLIGHT_PATH;
		memcpy(item->path, t->text, item->len);
	}
	f->n++;
	return item;
}

static struct flight_item *
take(struct flight *f)
{
	struct flight_item *item = item_at(f, 0);

	assert(f->n > 0);
	f->first = (f->first + 1) % CONN_OUTSTANDING;
	f->n--;
	return item;
}

static void
enter_dir(struct flight *f, unsigned number)
{
	assert(f->depth < POLICY_DEPTH_MAX);
	f->numbers[f->depth++] = number;
}

static void
leave_dir(struct flight *f)
{
	assert(f->depth > 0);
	if (f->cut == f->depth)
		f->cut = 0;
	f->depth--;
}

/* The directory of that NUMBER was refused, and may have been left since. */
static void
cut(struct flight *f, unsigned number)
{
	for (unsigned i = 0; i < f->depth && f->cut == 0; i++)
		if (f->numbers[i] == number)
			f->cut = i + 1;
}

bool
flight_is_cut(const struct flight *f)
{
	return f->cut != 0;
}

/* All is well with it, over there. */
static void
arrive(struct flight *f, const struct flight_item *item)
{
	const struct client *c = f->session->client;

	if (item->kind == FLIGHT_DIR)
		c->enter(c->self, item->path, item->len);
	else if (item->kind == FLIGHT_BODY && item->whole)
		c->arrive(c->self, item->path, item->len, item->size, item->since);
}

/* It was refused, or nobody is there, for what TEXT says. */
static void
fail(struct flight *f, const struct flight_item *item, const char *text)
{
	const struct client *c = f->session->client;
	bool file = item->kind == FLIGHT_FILE || (item->kind == FLIGHT_BODY && item->whole);
	const char *path = file || item->kind == FLIGHT_DIR ? item->path : NULL;

	/* Of what was not said anything of, that was said. */
	if (session_hear_of(f->session, path, item->len, text, strlen(text)) && file)
		c->end(c->self, item->path, item->len, text);
	if (item->kind == FLIGHT_DIR) {
		f->shut = 1;
		cut(f, item->number);
	}
}

/* Within what was refused all is, but that one leaves a directory. */
static void
stay_shut(struct flight *f, const struct flight_item *item)
{
	if (item->kind == FLIGHT_DIR)
		f->shut++;
	else if (item->kind == FLIGHT_END)
		f->shut--;
}

/* A file that is refused has no reply to its body, which is not there yet where that was cut short. */
static void
spare_body(struct flight *f)
{
	f->spared = f->n == 0;
	if (f->spared)
		return;
	assert(item_at(f, 0)->kind == FLIGHT_BODY);
	(void)take(f);
	conn_spare_reply(f->session->conn);
}

/* That a body is not taken which was said to be spoilt is nothing new. */
static int
hear(struct flight *f)
{
	const struct flight_item *item = take(f);
	char text[TEXT_MESSAGE_MAX];
	int reply = conn_await(f->session->conn, text, sizeof(text));

	if (text[0] != '\0')
		session_say(f->session, "the other side says:", text);
	if (f->shut > 0 && reply != -1)
		stay_shut(f, item);
	else if (reply == 0)
		arrive(f, item);
	else if (reply == -1 || item->kind != FLIGHT_BODY || item->whole)
		fail(f, item, text);
	if (reply == 1 && item->kind == FLIGHT_FILE)
		spare_body(f);
	return reply == -1 ? -1 : 0;
}

static int
make_room(struct flight *f, unsigned room)
{
	while (f->n > 0 && (f->n + room > CONN_OUTSTANDING || conn_has_reply(f->session->conn)))
		if (hear(f) == -1)
			return -1;
	return 0;
}

int
flight_make_room(struct flight *f)
{
	return make_room(f, FLIGHT_ENTRY);
}

int
flight_end(struct flight *f)
{
	return make_room(f, CONN_OUTSTANDING);
}

bool
flight_lose(struct flight *f)
{
	f->spared = false;
	return flight_end(f) == -1 || f->spared;
}

/* As long as it is not known whether anything need be waited for, that; then, whether itself is wanted. */
static bool
is_asking(const struct flight *f, uint64_t size)
{
	if (conn_is_agreed(f->session->conn))
		return size >= FLIGHT_ASKED || !is_short(f);
	return f->may_ask && f->slow && f->more && size < RECORD_ASKS_BELOW;
}

static bool
is_dir_outstanding(struct flight *f)
{
	for (unsigned i = 0; i < f->n; i++)
		if (item_at(f, i)->kind == FLIGHT_DIR)
			return true;
	return false;
}

const char *
flight_denies_file(const struct flight *f, uint64_t size)
{
	bool able = size < RECORD_ASKS_BELOW || !conn_is_agreed(f->session->conn);

	return able ? NULL : text_error(EFBIG);
}

int
flight_ask(struct flight *f, struct record *r)
{
	r->asks = is_asking(f, r->size);
	return r->asks && is_dir_outstanding(f) ? flight_end(f) : 0;
}

static void
fly(struct flight *f, const struct record *r)
{
	switch (r->kind) {
	case RECORD_TIMES:
		(void)add(f, FLIGHT_TIMES);
		break;
	case RECORD_FILE:
		(void)add(f, FLIGHT_FILE);
		break;
	case RECORD_DIR:
		add(f, FLIGHT_DIR)->number = ++f->flown;
		enter_dir(f, f->flown);
		break;
	case RECORD_END:
		(void)add(f, FLIGHT_END);
		leave_dir(f);
		break;
	case RECORD_WARN:
	case RECORD_FATAL:
		break;
	}
}

int
flight_send(struct flight *f, const struct record *r)
{
	struct conn *c = f->session->conn;

	if (r->asks && flight_end(f) == -1)
		return -1;
	if (conn_send(c, r) == -1) {
		(void)flight_lose(f);
		return -1;
	}
	if (conn_is_agreed(c) && !r->asks) {
		fly(f, r);
		return 0;
	}
	if (f->may_ask)
		f->since = clock_now();
	return 1;
}

void
flight_settle(struct flight *f, const struct record *r, int reply)
{
	if (r->kind == RECORD_DIR && reply == 0)
		enter_dir(f, 0);
	if (r->kind == RECORD_END)
		leave_dir(f);
	if (r->kind != RECORD_FILE || !f->may_ask)
		return;
	f->slow = f->slow || clock_now() - f->since >= (int64_t)CONN_SLOW * CLOCK_MILLI;
	if (r->asks && reply == 0)
		f->may_ask = false;
}

bool
flight_send_body(struct flight *f, bool whole, uint64_t size, int64_t since)
{
	const struct client *c = f->session->client;
	struct flight_item *item;

	if (!conn_is_agreed(f->session->conn) || !is_short(f))
		return false;
	item = add(f, FLIGHT_BODY);
	item->whole = whole;
	item->size = size;
	item->since = since;
	c->sent(c->self);
	return true;
}
