/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>

#include "errand/expect.h"
#include "originate/relay.h"
#include "session/note.h"
#include "session/refuse.h"
#include "text/text.h"
#include "wire/clock.h"

/*
 * What the sink says of a record or a body: 0, 1 it is not taken, -1 it is lost.  That a body is not taken which
 * the source has called SPOILT is said already.
 */
static int
await(struct relay *r, bool spoilt)
{
	char text[TEXT_MESSAGE_MAX];
	int reply = conn_await(r->to->conn, text, sizeof(text));

	r->torn = r->torn || reply == -1;
	if (reply != 0 && !(reply == 1 && spoilt))
		session_hear(r->to, text, strlen(text));
	return reply;
}

/* What it says of what has flown, if anything: 0, -1. */
static int
hear(struct relay *r, int (*how)(struct flight *))
{
	int end = how(&r->flight);

	r->torn = r->torn || end == -1;
	return end;
}

/* 0 also where it is not known yet. */
static int
pass(struct relay *r, const struct record *record)
{
	int reply;

	session_show(r->from, "passed on", record);
	reply = flight_send(&r->flight, record);
	r->torn = r->torn || reply == -1;
	if (reply != 1)
		return reply;
	reply = await(r, false);
	flight_settle(&r->flight, record, reply);
	return reply;
}

/* An entry, with the times that the source has said before it. */
static int
pass_entry(struct relay *r, const struct record *record)
{
	int reply = r->timed ? pass(r, &r->times) : 0;

	r->timed = false;
	return reply == 0 ? pass(r, record) : reply;
}

/* The sink has not taken something, which was said: the source is told no more than that. */
static int
refuse(struct relay *r)
{
	return conn_refuse(r->from->conn, r->from->client->sorry);
}

static int
answer(struct relay *r, int reply)
{
	return reply == -1 ? -1 : reply == 0 ? conn_ack(r->from->conn) : refuse(r);
}

/*
 * What follows a body goes to the sink in its place: 0, or -1 where there is nothing that could.  Then it is
 * not to take for whole what nobody has called so.
 */
static int
pass_status(struct relay *r, enum conn_status status, const char *text, bool whole)
{
	switch (status) {
	case STATUS_OK:
		return whole ? conn_send_status(r->to->conn, NULL) : -1;
	case STATUS_ERROR:
	case STATUS_FATAL:
		session_hear(r->from, text, strlen(text));
		return conn_send_status(r->to->conn, text);
	case STATUS_MISSING:
	case STATUS_JUNK:
		if (whole)
			(void)conn_send_status(r->to->conn, "scp: lost connection");
		break;
	case STATUS_LOST:
		break;
	}
	return session_give_up(r->from, "protocol error",
	    status == STATUS_JUNK ? "expected status" : "lost connection");
}

/* The file is over there, STATUS being what the source says of it: what the sink says, or 0 as above. */
static int
end_body(struct relay *r, enum conn_status status, uint64_t size, int64_t since)
{
	static const char not_taken[] = "it was not taken";
	struct session *s = r->from;
	int reply;

	if (status != STATUS_OK)
		session_fail_file(s, not_taken);
	if (flight_send_body(&r->flight, s->begun, size, since)) {
		s->begun = false;
		return 0;
	}
	reply = await(r, status != STATUS_OK);
	if (reply != 0)
		session_fail_file(s, not_taken);
	else if (s->begun)
		(void)session_end_file(s);
	return reply;
}

/* Neither can go on; what has flown before has come to an end all the same. */
static int
lose_body(struct relay *r)
{
	if (flight_lose(&r->flight))
		r->from->begun = false;
	session_lose_file(r->from);
	r->torn = true;
	return -1;
}

/* A body that the sink awaits, and its status. */
static int
pass_body(struct relay *r, uint64_t size)
{
	struct session *s = r->from;
	char text[TEXT_MESSAGE_MAX] = "";
	enum conn_status status = STATUS_LOST;
	int64_t since = conn_is_agreed(r->to->conn) ? clock_now() : 0;
	int lost = 0, reply;

	session_title(s, size);
	session_begin_file(s, 0);
	r->torn = true;
	if (conn_ack(s->conn) == -1)
		return lose_body(r);
	/* Where the sink takes no more, the source is heard to its end all the same. */
	if (conn_pass_body(s->conn, r->to->conn, size, &lost) == 0)
		status = conn_recv_status(s->conn, text, sizeof(text));
	if (pass_status(r, status, text, lost == 0) == -1)
		return lose_body(r);
	r->torn = false;
	reply = end_body(r, status, size, since);
	if (answer(r, reply) == -1)
		return -1;
	return status == STATUS_FATAL ? -1 : 0;
}

static int
skip_body(struct relay *r, uint64_t size)
{
	enum conn_status status = conn_skip_body(r->from->conn, size);

	return status == STATUS_LOST || status == STATUS_JUNK || status == STATUS_FATAL ? -1 : 0;
}

/* Whether an entry is not passed on, whatever the sink would say, and WHY. */
static bool
is_denied(struct relay *r, const struct record *record, struct reason *why)
{
	struct session *s = r->from;
	bool directory = record->kind == RECORD_DIR;

	/* A record of ours may say more before the name than one of the source's. */
	*why = (struct reason){ .err = ENAMETOOLONG };
	if (record->textlen > RECORD_MAX - RECORD_HEAD_MAX)
		return true;
	*why = (struct reason){ .text = policy_denies_name(s->policy, record->text, directory) };
	why->skip = why->text != NULL;
	if (why->text == NULL)
		why->text = directory
		    ? policy_denies_dir(s->policy, &s->usage, (unsigned)(r->depth + r->outside))
		    : policy_denies_file(s->policy, &s->usage, record->size);
	if (why->text == NULL && !directory)
		why->text = flight_denies_file(&r->flight, record->size);
	return why->text != NULL;
}

/*
 * Has the sink take an entry, or the source know that it is not taken: 0, 1 it is not, -1.  *COMES: what
 * belongs to it does in any case.  Only who is refused something is looked at for whether he waits.
 */
static int
offer(struct relay *r, const struct record *record, bool *comes)
{
	struct reason why;
	int reply = 1;

	*comes = true;
	if (r->outside > 0)
		return refuse(r) == -1 ? -1 : 1;
	if (!flight_is_cut(&r->flight) && is_denied(r, record, &why)) {
		*comes = conn_is_ahead(r->from->conn);
		return session_refuse(r->from, &why) == -1 ? -1 : 1;
	}
	if (!flight_is_cut(&r->flight))
		reply = pass_entry(r, record);
	if (reply != 1)
		return reply;
	*comes = conn_is_ahead(r->from->conn);
	return refuse(r) == -1 ? -1 : 1;
}

static int
take_file(struct relay *r, struct record *record)
{
	bool comes;
	int end;

	if (flight_ask(&r->flight, record) == -1) {
		r->torn = true;
		return -1;
	}
	end = offer(r, record, &comes);
	if (end == 0)
		return pass_body(r, record->size);
	return end == -1 ? -1 : comes ? skip_body(r, record->size) : 0;
}

static int
take_dir(struct relay *r, const struct record *record)
{
	struct session *s = r->from;
	bool comes;
	int end;

	/* It does not listen, and there is no end of it. */
	if (r->outside >= POLICY_DEPTH_MAX)
		return session_give_up(s, NULL, session_no_bottom);
	end = offer(r, record, &comes);
	if (end == 0) {
		r->depth++;
		if (!conn_is_agreed(r->to->conn))
			(void)session_log_dir(s, record->mode, false);
		return conn_ack(s->conn);
	}
	r->outside += comes;
	if (!comes)
		trail_leave(&s->trail);
	return end == -1 ? -1 : 0;
}

static bool
is_at_top(const struct relay *r)
{
	return r->depth == 0 && r->outside == 0 && !r->inside && r->from->expect != NULL;
}

/* An entry at the top is one that was asked for, as what that is called there: 1, or how it ended. */
static int
judge(struct relay *r, struct record *record)
{
	struct session *s = r->from;
	enum expect_verdict verdict;

	if (!is_at_top(r))
		return 1;
	verdict = expect_judge(s->expect, record->text, record->kind == RECORD_DIR, &record->text);
	record->textlen = strlen(record->text);
	if (verdict == EXPECT_SELF) {
		r->inside = true;
		r->timed = false;	/* the target has its own */
		return conn_ack(s->conn);
	}
	if (verdict == EXPECT_TAKEN)
		return 1;
	return session_give_up_entry(s, record, verdict == EXPECT_MANY);
}

static int
take_entry(struct relay *r, const struct record *record)
{
	struct record named = *record;
	struct trail *t = &r->from->trail;
	int end;

	if (named.kind == RECORD_DIR && !r->from->request->recursive)
		return session_give_up(r->from, "protocol error", session_no_recursion);
	end = judge(r, &named);

	if (end != 1)
		return end;
	trail_enter(t, named.text);
	if (named.kind == RECORD_DIR)
		return take_dir(r, &named);
	end = take_file(r, &named);
	trail_leave(t);
	r->timed = false;
	return end;
}

static int
leave_dir(struct relay *r, const struct record *record)
{
	int reply;

	if (r->depth == 0 && r->outside == 0) {
		bool done = !r->inside;

		r->inside = false;
		return conn_ack(r->from->conn) == -1 ? -1 : done ? 1 : 0;
	}
	trail_leave(&r->from->trail);
	if (r->outside > 0) {
		r->outside--;
		return conn_ack(r->from->conn);
	}
	r->depth--;
	reply = pass(r, record);
	return answer(r, reply);
}

static int
take_record(struct relay *r, const struct record *record)
{
	session_show(r->from, "received", record);
	switch (record->kind) {
	case RECORD_FILE:
	case RECORD_DIR:
		return take_entry(r, record);
	case RECORD_END:
		return leave_dir(r, record);
	case RECORD_TIMES:
		r->times = *record;
		/* Beyond what a clock can say it is none, here as there. */
		r->timed = record->times[1].tv_nsec != UTIME_OMIT;
		return conn_ack(r->from->conn);
	case RECORD_WARN:
	case RECORD_FATAL:
		break;
	}
	session_hear(r->from, record->text, record->textlen);
	return record->kind == RECORD_WARN ? 0 : -1;
}

/* One more record of the source: 0, 1 at the end, -1. */
static int
take_next(struct relay *r)
{
	struct session *s = r->from;
	struct record record;
	const char *why;
	int end;

	if (r->depth == 0 && r->outside == 0 && !r->inside && !client_awaits(s->client))
		return 1;
	end = conn_next(s->conn, &record, &why);
	if (end == -1 && why == record_bad_name && is_at_top(r) && record_is_self(&record))
		end = 0;
	if (end == -1 && why == record_bad_name)
		return session_give_up_name(s, &record);
	if (end == -1)
		return session_give_up(s, "protocol error", why);
	if (end == 0 && session_is_tired(s, &record))
		return session_give_up(s, NULL, session_no_end);
	return end == 1 ? 1 : take_record(r, &record);
}

/* What the source has left open is no place for what another one sends. */
static void
leave_open_dirs(struct relay *r)
{
	const struct record end = { .kind = RECORD_END, .text = "" };

	for (; r->depth > 0 && !r->torn; r->depth--)
		if (hear(r, flight_make_room) == 0)
			(void)pass(r, &end);
}

int
relay_run(struct relay *r, bool more)
{
	struct session *s = r->from;
	int end;

	r->depth = r->outside = 0;
	r->inside = r->timed = r->torn = false;
	flight_init(&r->flight, r->to, &s->trail, more);
	(void)session_turn_to(s, s->request->paths[0]);
	do
		end = hear(r, flight_make_room) == 0 ? take_next(r) : -1;
	while (end == 0);
	leave_open_dirs(r);
	if (!r->torn && hear(r, flight_end) == -1)
		end = -1;
	return end == -1 ? -1 : 0;
}
