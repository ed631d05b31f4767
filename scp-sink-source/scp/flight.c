/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <string.h>

#include "scp/flight.h"
#include "text/text.h"

void
flight_init(struct flight *f, struct session *s)
{
	f->session = s;
	f->first = f->n = f->shut = f->refused = 0;
}

bool
flight_takes(const struct flight *f)
{
	return f->session->trail.len <= FLIGHT_PATH;
}

/* The item that is I behind the oldest one. */
static struct flight_item *
item_at(struct flight *f, unsigned i)
{
	return &f->items[(f->first + i) % CONN_OUTSTANDING];
}

struct flight_item *
flight_add(struct flight *f, enum flight_kind kind)
{
	const struct trail *t = &f->session->trail;
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
	struct session *s = f->session;
	const struct client *c = s->client;
	bool file = item->kind == FLIGHT_FILE || (item->kind == FLIGHT_BODY && item->whole);

	session_hear(s, text, strlen(text));
	if (file)
		c->end(c->self, item->path, item->len, text[0] != '\0' ? text : "lost connection");
	if (item->kind == FLIGHT_DIR) {
		f->shut = 1;
		f->refused = item->number;
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

/* A file that is refused has no reply to its body. */
static void
spare_body(struct flight *f)
{
	assert(f->n > 0 && item_at(f, 0)->kind == FLIGHT_BODY);
	(void)take(f);
	conn_spare_reply(f->session->conn);
}

static int
hear(struct flight *f)
{
	const struct flight_item *item = take(f);
	char text[TEXT_MESSAGE_MAX];
	int reply = conn_await(f->session->conn, text, sizeof(text));

	if (text[0] != '\0')
		session_say(f->session, "the client says:", text);
	if (f->shut > 0 && reply != -1)
		stay_shut(f, item);
	else if (reply == 0)
		arrive(f, item);
	else
		fail(f, item, text);
	if (reply == 1 && item->kind == FLIGHT_FILE)
		spare_body(f);
	return reply == -1 ? -1 : 0;
}

int
flight_make_room(struct flight *f, unsigned room)
{
	while (f->n > 0 && (f->n + room > CONN_OUTSTANDING || conn_has_reply(f->session->conn)))
		if (hear(f) == -1)
			return -1;
	return 0;
}

int
flight_end(struct flight *f)
{
	return flight_make_room(f, CONN_OUTSTANDING);
}
