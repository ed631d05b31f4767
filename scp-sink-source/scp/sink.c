/* SPDX-License-Identifier: ISC */
#include "scp/sink.h"
#include "text/text.h"

static int
take_record(struct sink *k, const struct record *r)
{
	bool named = r->kind == RECORD_FILE || r->kind == RECORD_DIR;

	/* Whether what it names lies in the target or is the target is not for everybody to know. */
	session_call(k->session, named ? r->text : NULL);
	session_show(k->session, "received", r);
	switch (r->kind) {
	case RECORD_FILE:
		return intake_take_file(&k->intake, r);
	case RECORD_DIR:
		return intake_take_dir(&k->intake, r);
	case RECORD_END:
		return intake_leave_dir(&k->intake);
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

static int
give_up_name(struct sink *k, const struct record *r)
{
	char name[TEXT_MESSAGE_MAX];

	text_escape(name, sizeof(name), r->text, r->textlen);
	return session_give_up(k->session, "error: unexpected filename", name);
}

/* Entries until the client is done: 0, -1. */
static int
take_records(struct sink *k)
{
	struct record r;
	const char *why;
	int end = 0;

	while (end == 0 && !k->session->unlogged) {
		end = conn_next(k->session->conn, &r, &why);
		if (end == 0)
			end = take_record(k, &r);
		else if (end == -1 && why == record_bad_name)
			end = give_up_name(k, &r);
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

int
sink_run(struct sink *k, struct session *s)
{
	int end;

	k->session = s;
	k->greeted = false;
	intake_init(&k->intake, s);
	if (s->request->npaths != 1)
		return session_give_up(s, NULL, "ambiguous target");

	k->intake.door.denied = session_turn_to(s, s->request->paths[0]);
	end = greet(k, s->request->paths[0]);
	if (end == 1)
		end = take_records(k);
	if (end == 0)
		intake_finish(&k->intake);
	intake_end(&k->intake);
	return end;
}
