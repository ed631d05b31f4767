/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "originate/cage.h"
#include "originate/relay.h"
#include "originate/report.h"
#include "originate/survey.h"
#include "originate/worker.h"
#include "process.h"
#include "scp/sink.h"
#include "scp/source.h"
#include "session/refuse.h"
#include "text/amount.h"
#include "text/text.h"

/* What a conversation needs room for. */
struct talk {
	struct worker  *worker;
	struct conn	conn;
	struct deadline deadline;
	struct audit	audit;		/* to nobody */
	struct hello	hello;
	struct report	report;
	struct client	client;
	struct session	session;
	struct report	report_there;	/* of a relay's sink */
	struct client	client_there;
	struct session	there;		/* with that */
	struct conn	onward;
	union {
		struct sink   sink;
		struct source source;
		struct relay  relay;
		struct survey survey;	/* before it is any of these */
	} half;
};

static uint64_t
limit_of(uint64_t n)
{
	return n == AMOUNT_NONE ? 0 : n;
}

/* WHAT cannot be had here, for ERR, is for who began all of this to say. */
static int
lack(struct worker *w, const char *what, int err)
{
	const char *const parts[] = { "no ", what, ": ", text_error(err) };

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		strlcat(w->outcome->problem, parts[i], sizeof(w->outcome->problem));
	return -1;
}

/* Whoever is hung up on must be on these descriptors; what the terminal shows is elsewhere. */
static int
take_over(struct worker *w)
{
	struct transport *t = w->transport;
	int end = 0;

	if (dup2(t->in, STDIN_FILENO) == -1 || dup2(t->out, STDOUT_FILENO) == -1)
		end = lack(w, "descriptor", errno);
	transport_close(t);
	/* Who was told to stop before has hung up on what was there then. */
	return process_told() != 0 ? -1 : end;
}

static int
begin_time(struct talk *t)
{
	const struct policy *p = t->worker->policy;

	if (deadline_init(&t->deadline, limit_of(p->idle_timeout), limit_of(p->max_duration)) == 0)
		return 0;
	return lack(t->worker, "timer", errno);
}

static void
say_of_host(void *talk, const char *line)
{
	struct talk *t = talk;

	report_note(t->worker->tally, t->worker->host, line);
}

/* It cannot be heard any more, or told anything: that is said unless somebody, or the time, has ended it. */
static int
lose(struct talk *t)
{
	t->session.errors++;
	if (deadline_passed(&t->deadline) == NULL)
		client_complain(&t->client, NULL, NULL, "lost connection");
	return -1;
}

/* Whether one more entry of a source is due, where none is open. */
static bool
is_due(void *talk)
{
	struct talk *t = talk;
	enum hello_end end = hello_look_behind(&t->hello, &t->conn.stream);

	if (end == HELLO_BEGAN || end == HELLO_MESSAGE)
		return true;
	if (end == HELLO_LOST)
		(void)lose(t);
	else if (end != HELLO_MUTE && end != HELLO_OTHER)
		t->session.errors++;
	return false;
}

static void
begin_session(struct talk *t)
{
	struct worker *w = t->worker;

	session_init(&t->session, &t->conn, &w->request, w->policy, w->root, &t->audit);
	t->report = (struct report){ w->tally, w->host };
	t->client = report_client(&t->report);
	t->client.shown = w->shown;
	t->client.given = w->given;
	t->client.update = w->errand->update;
	t->client.ahead = !w->errand->lockstep;
	t->client.sorry = "scp: not taken";
	t->client.due = is_due;
	t->client.waiter = t;
	session_originate(&t->session, &t->client, w->expect);
}

/* The slower of what the person has said of this copy, and of all; 0: as fast as it goes. */
static uint64_t
rate_of(const struct worker *w)
{
	uint64_t all = w->policy->rate == AMOUNT_NONE ? 0 : w->policy->rate, one = w->errand->rate;

	return all == 0 || (one != 0 && one < all) ? one : all;
}

/* A sink that does not want to begin says why. */
static int
hear_refusal(struct talk *t)
{
	char text[TEXT_MESSAGE_MAX];

	(void)conn_await(&t->conn, text, sizeof(text));
	session_hear(&t->session, text, strlen(text));
	return -1;
}

/* What there is to send is counted while the other side gets ready, if somebody sees how much it is. */
static void
count(struct talk *t)
{
	struct worker *w = t->worker;
	uint64_t files, bytes;

	if (tally_wants_all(w->tally) && survey_run(&t->half.survey, &w->request, w->policy, w->root,
	    SURVEY_PATIENCE, &files, &bytes))
		tally_expect(w->tally, files, bytes);
}

/* A sink is told that nothing more comes; what it prints then is read to its end. */
static int
finish(struct talk *t)
{
	close(STDOUT_FILENO);
	hello_finish(&t->hello, &t->conn.stream);
	return 0;
}

/* A sink is ready, or says why it is not. */
static int
await_sink(struct talk *t)
{
	enum hello_end began = hello_await(&t->hello, &t->conn.stream, GREETING_OF_SINK);

	t->worker->outcome->began = began;
	if (began == HELLO_BEGAN)
		return 0;
	if (began == HELLO_LOST)
		return lose(t);
	return began == HELLO_MESSAGE ? hear_refusal(t) : -1;
}

static int
upload(struct talk *t)
{
	/* Who is out of step has no more to say that would mean anything. */
	if (await_sink(t) == -1 || source_run(&t->half.source, &t->session) == -1)
		return -1;
	return finish(t);
}

/* What a sink that is ready is told next is a record. */
static int
greet(struct talk *t)
{
	char text[TEXT_MESSAGE_MAX];

	return await_sink(t) == -1 ? -1 : conn_await(&t->conn, text, sizeof(text)) == 0 ? 0 : -1;
}

/* Whether nothing that a person has said lets us refuse what comes. */
static bool
takes_all(const struct worker *w)
{
	const struct policy *p = w->policy;

	return !policy_judges_names(p) && p->overwrite != OVERWRITE_NO && p->mkdir == POLICY_YES &&
	    p->max_depth == POLICY_DEPTH_MAX && p->max_files == AMOUNT_NONE &&
	    p->max_file_size == AMOUNT_NONE && p->max_session_bytes == AMOUNT_NONE &&
	    p->min_free == 0 && p->min_free_percent == 0 && !w->errand->update;
}

/* Whether more than one file may come. */
static bool
comes_more(const struct worker *w)
{
	return w->request.recursive || expect_is_of_many(w->expect);
}

/* Whether a source need not wait for the replies of which there will be more. */
static bool
may_lead(const struct worker *w)
{
	return !w->errand->lockstep && takes_all(w) && comes_more(w);
}

/* Asks a source to begin. */
static int
ask(struct talk *t)
{
	enum hello_end began;

	if (may_lead(t->worker))
		conn_lead(&t->conn, CONN_LEAD);

	/* Where nobody hears it, what was said instead is there to be read, and nobody is to wait for us. */
	if (conn_ack(&t->conn) == -1 && dup2(STDIN_FILENO, STDOUT_FILENO) == -1)
		return lose(t);
	began = hello_await(&t->hello, &t->conn.stream, GREETING_OF_SOURCE);
	t->worker->outcome->began = began;
	if (began == HELLO_LOST)
		return lose(t);
	return began == HELLO_BEGAN || began == HELLO_MESSAGE ? 0 : -1;
}

static int
download(struct talk *t)
{
	return ask(t) == -1 ? -1 : sink_run(&t->half.sink, &t->session);
}

/* The conversation with a relay's sink goes on. */
static void
go_on(struct talk *t)
{
	struct worker *w = t->worker;

	process_hang_up_too(w->onward->in, w->onward->out);
	conn_init(&t->onward, w->onward->in, w->onward->out, TURN_FREE, rate_of(w));
	t->onward.stream.deadline = t->conn.stream.deadline;
	if (w->agreed)
		conn_agree(&t->onward);
	session_init(&t->there, &t->onward, &w->request, w->policy, w->root, &t->audit);
	t->report_there = (struct report){ w->tally, w->there };
	t->client_there = report_client(&t->report_there);
	t->client_there.ahead = !w->errand->lockstep;
	session_originate(&t->there, &t->client_there, NULL);
}

static int
relay(struct talk *t)
{
	struct worker *w = t->worker;
	struct relay *r = &t->half.relay;
	int end;

	/* Whoever is killed has left it in the middle of something. */
	w->outcome->torn = true;
	go_on(t);
	*r = (struct relay){ .from = &t->session, .to = &t->there };
	end = ask(t) == -1 ? -1 : relay_run(r, comes_more(w));
	w->outcome->torn = r->torn;
	w->outcome->agreed = conn_is_agreed(&t->onward);
	t->session.errors += t->there.errors;
	return end;
}

/* What is done to files here: where what comes goes on to another host, nothing. */
static unsigned
rights_of(const struct worker *w)
{
	bool makes = w->request.recursive && w->policy->mkdir == POLICY_YES;

	if (w->part != WORKER_COPY || w->given != 0)
		return 0;
	return w->request.role == REQUEST_SOURCE ? LANDLOCK_READ : LANDLOCK_WRITE | (makes ? LANDLOCK_DIRS : 0);
}

static int
lock_up(struct worker *w)
{
	const struct cage cage = { .policy = w->policy, .dir = w->cell, .rights = rights_of(w) };

	return cage_enter(&cage, w->outcome->problem);
}

static int
converse(struct talk *t)
{
	struct worker *w = t->worker;

	switch (w->part) {
	case WORKER_GREET:
		return greet(t);
	case WORKER_RELAY:
		return relay(t);
	case WORKER_FINISH:
		return finish(t);
	case WORKER_COPY:
		break;
	}
	return w->request.role == REQUEST_SINK ? download(t) : upload(t);
}

static int
speak(struct talk *t)
{
	struct worker *w = t->worker;
	bool sink = w->request.role == REQUEST_SINK;
	int end;

	conn_init(&t->conn, STDIN_FILENO, STDOUT_FILENO, sink ? TURN_OURS : TURN_THEIRS, rate_of(w));
	t->conn.stream.deadline = t->deadline.has_timer ? &t->deadline : NULL;
	hello_init(&t->hello, w->errand->quiet, say_of_host, t);
	begin_session(t);
	if (w->part == WORKER_COPY && !sink)
		count(t);
	if (w->part == WORKER_COPY || w->part == WORKER_RELAY)
		report_begin(w->tally);
	end = converse(t);
	w->outcome->cut = end == -1;
	w->outcome->errors = t->session.errors;
	w->outcome->heard = t->session.heard;
	w->outcome->skipped = t->session.skipped;
	w->outcome->nothing = end == 0 && t->session.errors == 0 && t->session.skipped == 0 && w->expect != NULL &&
	    !expect_is_met(w->expect);
	return end == -1 || t->session.errors > 0 || w->outcome->nothing ? 1 : 0;
}

int
worker_run(void *worker)
{
	/* Not on the stack: most of it is touched by few. */
	static struct talk talk;
	struct talk *t = &talk;
	int status = 1;

	t->worker = worker;
	audit_init(&t->audit, "", NULL);
	if (take_over(t->worker) == 0 && begin_time(t) == 0 && lock_up(t->worker) == 0)
		status = speak(t);
	process_say_time(deadline_passed(&t->deadline));
	/* Who was not told so himself reads by which signal. */
	if (process_told() != 0 && deadline_passed(&t->deadline) == NULL)
		process_die(process_told());
	deadline_end(&t->deadline);
	return status;
}
