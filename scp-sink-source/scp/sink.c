/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "errand/expect.h"
#include "scp/sink.h"

static bool
is_named(const struct record *r)
{
	return r->kind == RECORD_FILE || r->kind == RECORD_DIR;
}

/* Whether the next entry is one of those that were asked for. */
static bool
is_at_top(const struct sink *k)
{
	const struct nest *n = &k->intake.door.nest;

	return n->depth == 0 && n->outside == 0 && !k->inside;
}

static bool
is_expected(const struct sink *k)
{
	return k->session->expect != NULL && is_at_top(k);
}

static int
take_entry(struct sink *k, const struct record *r)
{
	return r->kind == RECORD_FILE ? intake_take_file(&k->intake, r)
	    : intake_take_dir(&k->intake, r);
}

/* An entry at the top of what was asked for, as what that is called here. */
static int
take_expected(struct sink *k, const struct record *r)
{
	bool directory = r->kind == RECORD_DIR;
	struct record here = *r;
	enum expect_verdict verdict = expect_judge(k->session->expect, r->text, directory, &here.text);

	if (verdict == EXPECT_SELF && !nest_is_at_target(&k->intake.door.nest)) {
		/* The target has its mode and times already. */
		k->intake.times.has_times = false;
		k->inside = true;
		return conn_ack(k->session->conn);
	}
	if (verdict == EXPECT_MANY || verdict == EXPECT_OTHER)
		return session_give_up_entry(k->session, r, verdict == EXPECT_MANY);
	here.textlen = strlen(here.text);
	return take_entry(k, &here);
}

static int
leave(struct sink *k)
{
	const struct nest *n = &k->intake.door.nest;

	if (!k->inside || n->depth > 0 || n->outside > 0)
		return intake_leave_dir(&k->intake);
	k->inside = false;
	return conn_ack(k->session->conn);
}

static int
take_record(struct sink *k, const struct record *r)
{
	bool named = is_named(r);

	/* Whether what it names lies in the target or is the target is not for everybody to know. */
	session_call(k->session, named ? r->text : NULL);
	session_show(k->session, "received", r);
	switch (r->kind) {
	case RECORD_FILE:
	case RECORD_DIR:
		return is_expected(k) ? take_expected(k, r)
		    : take_entry(k, r);
	case RECORD_END:
		return leave(k);
	case RECORD_TIMES:
		return intake_take_times(&k->intake, r);
	case RECORD_WARN:
		session_hear(k->session, r->text, r->textlen);
		return 0;
	case RECORD_FATAL:
		break;
	}
	session_hear(k->session, r->text, r->textlen);
	return -1;
}

/* Behind the last entry, who has begun the copy may meet other text than records. */
static bool
is_due(struct sink *k)
{
	return !is_at_top(k) || client_awaits(k->session->client);
}

/* Entries until the client is done: 0, -1. */
static int
take_records(struct sink *k)
{
	struct record r;
	const char *why;
	int end = 0;

	while (end == 0 && !k->session->unlogged && is_due(k)) {
		end = conn_next(k->session->conn, &r, &why);
		if (end == -1 && why == record_bad_name && is_expected(k) && record_is_self(&r))
			end = 0;
		if (end == 0 && session_is_tired(k->session, &r))
			end = session_give_up(k->session, NULL, session_no_end);
		else if (end == 0)
			end = take_record(k, &r);
		else if (end == -1 && why == record_bad_name)
			end = session_give_up_name(k->session, &r);
		else if (end == -1)
			end = session_give_up(k->session, "protocol error", why);
	}
	return end == -1 || k->session->unlogged ? -1 : 0;
}

/*
 * Greets the client, and looks at the target first where it must be a directory: 1 to go on.  Where
 * nothing is revealed every client is greeted, and what it sends is refused.
 */
static int
greet(struct sink *k, const char *target)
{
	struct door *d = &k->intake.door;
	bool strict = k->session->request->target_is_dir;
	bool early = strict && !k->session->quiet;
	int err = 0;
	struct reason why = { .text = early ? d->denied : NULL, .telling = true };

	if (early && why.text == NULL)
		why.err = nest_aim(&d->nest, target);
	if (why.text != NULL || why.err != 0)
		return session_refuse(k->session, &why);
	if (conn_ack(k->session->conn) == -1)
		return -1;
	k->greeted = true;
	if (!early && d->denied == NULL)
		err = nest_aim(&d->nest, target);
	if (strict && err != 0)
		d->denied_err = err;
	return 1;
}

/* Who has begun the copy has told the source to begin, and knows what the target is. */
static int
aim(struct sink *k, const char *target)
{
	k->greeted = true;
	if (k->session->client->given != 0)
		nest_aim_at_given(&k->intake.door.nest);
	else
		(void)nest_aim(&k->intake.door.nest, target);
	return 1;
}

int
sink_run(struct sink *k, struct session *s)
{
	int end;

	k->session = s;
	k->greeted = k->inside = false;
	intake_init(&k->intake, s);
	if (s->request->npaths != 1)
		return session_give_up(s, NULL, "ambiguous target");

	k->intake.door.denied = session_turn_to(s, s->request->paths[0]);
	end = s->client == NULL ? greet(k, s->request->paths[0]) : aim(k, s->request->paths[0]);
	if (end == 1)
		end = take_records(k);
	if (end == 0)
		intake_finish(&k->intake);
	intake_end(&k->intake);
	return end;
}
