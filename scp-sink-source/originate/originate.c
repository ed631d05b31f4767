/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>

#include "originate/originate.h"
#include "originate/report.h"
#include "originate/talk.h"
#include "process.h"
#include "text/text.h"

/* Nothing more is begun when we were told to stop. */
static bool
goes_on(void)
{
	return process_told() == 0;
}

/* All that is here goes to the target in one conversation. */
static void
upload(struct order *o)
{
	const struct errand *e = &o->errand;
	struct sources *s = &o->sources;
	char command[QUOTE_COMMAND_MAX];
	struct worker w = {
		.root = &o->whole,
		.request = {
			.role = REQUEST_SOURCE, .recursive = e->recursive, .preserve = e->preserve,
			.verbose = e->verbose, .npaths = s->nlocal, .paths = s->local,
		},
	};

	if (s->nlocal == 0)
		return;
	if (talk_command(o, &e->target, true, e->target_is_dir || s->contents, command) == 0)
		talk_converse(o, &w, &e->target, command);
	else
		o->failed++;
}

/* One that is there is asked for, in a conversation of its own; W knows where it is to go, which is PATH. */
static void
fetch(struct order *o, const struct operand *source, struct worker *w, const char *path)
{
	const struct errand *e = &o->errand;
	char command[QUOTE_COMMAND_MAX];
	const char *why;

	/* As an argument vector has it, which nobody writes to. */
	memcpy(&o->paths[0], &path, sizeof(path));
	w->request = (struct request){
		.role = REQUEST_SINK, .recursive = e->recursive, .preserve = e->preserve,
		.verbose = e->verbose, .npaths = 1, .paths = o->paths,
	};
	w->expect = &o->expect;
	w->shown = e->target.path;
	if (expect_init(&o->expect, e, source->path, &why) == -1) {
		(void)order_complain(o, source->said, why);
		o->failed++;
	} else if (talk_command(o, source, false, false, command) == -1) {
		o->failed++;
	} else {
		talk_converse(o, w, source, command);
	}
}

/* It comes to the target here. */
static void
download(struct order *o, const struct operand *source)
{
	bool inside = o->target.fd != -1;
	struct worker w = { .root = inside ? &o->target : &o->whole };

	fetch(o, source, &w, inside ? "." : o->errand.target.path);
}

/* It goes on to the target, which is reached by ONWARD; *AGREED, or not, is how that stands. */
static void
relay(struct order *o, const struct operand *source, struct transport *onward, bool *agreed)
{
	const struct operand *target = &o->errand.target;
	struct worker w = {
		.part = WORKER_RELAY, .there = target->host, .onward = onward, .agreed = *agreed,
		.root = &o->whole,
	};

	fetch(o, source, &w, target->path);
	*agreed = *agreed || o->outcome->agreed != 0;
}

/* Whether the sink at the target is there, which is asked first: nobody is asked for two passwords. */
static bool
is_awaited(struct order *o, struct transport *onward)
{
	const struct errand *e = &o->errand;
	char command[QUOTE_COMMAND_MAX];
	struct worker w = {
		.part = WORKER_GREET, .root = &o->whole, .transport = onward,
		.request = { .role = REQUEST_SOURCE, .verbose = e->verbose },
	};

	if (talk_command(o, &e->target, true, e->target_is_dir, command) == -1 ||
	    talk_call(o, onward, &e->target, command) == -1)
		return false;
	if (talk_work(o, &w, &e->target) == 0)
		return true;
	(void)talk_hang_up(o, onward, &e->target);
	return false;
}

/*
 * It has its files; what its start-up files print behind them is nobody's but a worker's to read.  ERRORS: so
 * many were told of.
 */
static void
finish(struct order *o, struct transport *onward, unsigned errors)
{
	struct worker w = {
		.part = WORKER_FINISH, .root = &o->whole, .transport = onward,
		.request = { .role = REQUEST_SOURCE },
	};

	(void)talk_work(o, &w, &o->errand.target);
	memset(o->outcome, 0, sizeof(*o->outcome));
	o->outcome->began = HELLO_BEGAN;
	o->outcome->errors = errors;
	if (talk_hang_up(o, onward, &o->errand.target) == -1)
		o->failed++;
}

/* The same of another one, after one that would take the next file for a part of the last. */
static bool
is_renewed(struct order *o, struct transport *onward)
{
	(void)talk_hang_up(o, onward, &o->errand.target);
	return is_awaited(o, onward);
}

static void
relay_all(struct order *o)
{
	struct sources *s = &o->sources;
	struct transport onward;
	bool agreed = false;
	unsigned errors = 0;

	if (s->nremote == 0)
		return;
	/* How much there is nobody knows, and what goes wrong at the target is not to come before that. */
	report_begin(&o->tally);
	if (!is_awaited(o, &onward)) {
		o->failed++;
		return;
	}
	for (int i = 0; i < s->nremote && goes_on(); i++) {
		relay(o, s->remote[i], &onward, &agreed);
		errors |= o->outcome->errors;
		if (!o->outcome->torn || i + 1 == s->nremote)
			continue;
		agreed = false;
		if (!is_renewed(o, &onward)) {
			o->failed++;
			return;
		}
	}
	/* What it says of half a file is no surprise. */
	if (o->outcome->torn)
		(void)talk_hang_up(o, &onward, &o->errand.target);
	else
		finish(o, &onward, errors);
}

/* The source's host has an scp that goes on to the target by itself. */
static void
send_directly(struct order *o, const struct operand *source)
{
	const struct dial_way way = talk_way(o);
	struct transport transport;
	const char *where, *why;
	struct dial dial;
	int end;

	report_apart(&o->tally);
	transport_init(&transport, report_pass, &o->tally);
	end = dial_direct(&dial, &way, &o->errand, source, &where, &why);
	if (end == -1)
		(void)order_complain(o, where, why);
	else if (transport_start_alone(&transport, &o->program, dial.argv) == -1)
		end = order_complain(o, o->program.path, text_error(errno));
	dial_end(&dial);
	if (end == -1 || talk_hang_up_alone(o, &transport, source) == -1)
		o->failed++;
}

/* What is here and stays here is the business of cp(1). */
static void
copy_here(struct order *o, char *source)
{
	const struct errand *e = &o->errand;
	char name[] = "cp", recursive[] = "-r", preserve[] = "-p", end[] = "--";
	char *argv[7] = { name }, **next = argv + 1;
	pid_t pid;

	report_apart(&o->tally);
	if (e->recursive)
		*next++ = recursive;
	if (e->preserve)
		*next++ = preserve;
	*next++ = end;
	*next++ = source;
	memcpy(next++, &e->target.path, sizeof(*next));
	pid = transport_run(name, argv);
	if (pid == -1)
		(void)order_complain(o, name, text_error(errno));
	if (pid == -1 || transport_wait(pid) != 0)
		o->failed++;
}

static void
copy_all(struct order *o)
{
	struct sources *s = &o->sources;
	bool far = o->errand.target.remote;

	if (far)
		upload(o);
	for (int i = 0; !far && i < s->nlocal && goes_on(); i++)
		copy_here(o, s->local[i]);
	if (far && !o->errand.direct && goes_on())
		relay_all(o);
	for (int i = 0; i < s->nremote && goes_on() && (!far || o->errand.direct); i++) {
		if (far)
			send_directly(o, s->remote[i]);
		else
			download(o, s->remote[i]);
	}
}

int
originate_run(int argc, char *argv[])
{
	static struct order order;
	struct order *o = &order;
	int end, status;

	order_init(o);
	end = order_take(o, argc, argv);
	if (end == 0)
		copy_all(o);
	status = process_told() != 0 ? TALK_SIGNALLED + process_told()
	    : end == 0 && o->failed == 0 ? 0 : 1;
	/* Whoever cannot read what is wanted shows nothing. */
	if (o->display.tally != NULL)
		display_end(&o->display, status);
	if (process_told() != 0)
		process_die(process_told());
	order_end(o);
	return status;
}
