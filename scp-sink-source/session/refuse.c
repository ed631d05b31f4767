/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>

#include "rules/telling.h"
#include "session/note.h"
#include "session/refuse.h"
#include "text/text.h"

const char session_no_bottom[] = "directories without end were sent";
const char session_no_end[] = "messages or times without end were sent";
const char session_no_recursion[] = "received directory without -r";

/* What the peer is about to be told: TEXT, also for whoever reads stderr, and for the exit status. */
static void
note_failure(struct session *s, const char *text)
{
	s->errors++;
	session_say(s, "told the other side:", text);
}

static const char *
reason_text(const struct session *s, const struct reason *r)
{
	return r->text != NULL ? r->text : telling_text(r->err, s->root->confined);
}

void
session_log_failure(struct session *s, const struct reason *r)
{
	session_log_refusal(s, r->what, reason_text(s, r));
}

/* What the peer may know is left in TEXT, about what it called so itself. */
static void
word(struct session *s, const struct reason *r, char text[TEXT_MESSAGE_MAX])
{
	const char *why = reason_text(s, r), *what = r->what;

	if (s->quiet && !r->open && (r->telling || telling_is(r->err))) {
		what = NULL;
		why = text_error(EACCES);
	}
	if (s->quiet && s->said != NULL)
		text_message(text, s->said, what, why);
	else
		text_message_at(text, s->trail.text, s->trail.len, what, why);
	note_failure(s, text);
}

/* What became of something is for the client, who reads of it as he knows it. */
static void
tell_client(struct session *s, const struct reason *r)
{
	const struct client *c = s->client;

	s->begun = false;
	if (r->within)
		return;
	if (r->skip) {
		s->skipped++;
		c->skip(c->self, s->trail.text, s->trail.len);
	} else {
		s->errors++;
		client_complain(c, &s->trail, r->what, reason_text(s, r));
	}
}

int
session_tell(struct session *s, const struct reason *r)
{
	char text[TEXT_MESSAGE_MAX];

	if (s->client != NULL) {
		tell_client(s, r);
		return conn_refuse(s->conn, s->client->sorry);
	}
	word(s, r, text);
	return conn_refuse(s->conn, text);
}

int
session_refuse(struct session *s, const struct reason *r)
{
	session_log_failure(s, r);
	return session_tell(s, r);
}

int
session_spoil(struct session *s, const struct reason *r)
{
	if (s->client == NULL)
		return session_warn(s, r);
	tell_client(s, r);
	return conn_warn(s->conn, s->client->sorry);
}

bool
session_hear_of(struct session *s, const char *path, size_t path_len, const char *text, size_t len)
{
	s->errors++;
	s->heard++;
	return s->client == NULL ||
	    client_hear(s->client, path, path_len, text, len, conn_is_lost(s->conn));
}

void
session_hear(struct session *s, const char *text, size_t len)
{
	const struct trail *t = s->begun ? &s->trail : NULL;

	if (!session_hear_of(s, t != NULL ? t->text : NULL, t != NULL ? t->len : 0, text, len))
		s->begun = false;
}

int
session_warn(struct session *s, const struct reason *r)
{
	char text[TEXT_MESSAGE_MAX];

	if (s->client != NULL) {
		tell_client(s, r);
		return 0;
	}
	session_log_failure(s, r);
	word(s, r, text);
	return conn_warn(s->conn, text);
}

int
session_give_up(struct session *s, const char *what, const char *reason)
{
	char text[TEXT_MESSAGE_MAX];
	const char *late = session_time_is_up(s);

	if (late != NULL) {
		what = NULL;
		reason = late;
	}
	session_log_refusal(s, what, reason);
	text_message(text, NULL, what, reason);
	if (s->client != NULL) {
		s->errors++;
		client_complain(s->client, NULL, what, reason);
		s->begun = false;
	} else {
		note_failure(s, text);
	}
	/* What has no reply, as a message, is not answered by our end, either. */
	if (late == NULL && conn_owes_reply(s->conn))
		(void)conn_refuse(s->conn, s->client != NULL ? s->client->sorry : text);
	return -1;
}

int
session_give_up_name(struct session *s, const struct record *r)
{
	char name[TEXT_MESSAGE_MAX];

	text_escape(name, sizeof(name), r->text, r->textlen);
	return session_give_up(s, "error: unexpected filename", name);
}

int
session_give_up_entry(struct session *s, const struct record *r, bool many)
{
	char name[TEXT_MESSAGE_MAX / 2], text[TEXT_MESSAGE_MAX];

	text_quote(name, sizeof(name), r->text, r->textlen);
	if (many)
		snprintf(text, sizeof(text), "%s sent more than was asked for", s->client->host);
	else
		snprintf(text, sizeof(text), "%s sent \"%s\", which was not asked for (-T accepts it)",
		    s->client->host, name);
	return session_give_up(s, NULL, text);
}
