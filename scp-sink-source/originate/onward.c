/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "originate/onward.h"
#include "originate/report.h"
#include "originate/talk.h"
#include "process.h"

/* The sink at the target. */
struct onward {
	struct order	*order;		/* borrowed */
	struct transport transport;	/* to it */
	bool		 agreed;	/* it skips what it refuses, and was told to */
	bool		 told;		/* of something that did not go well, there or on the way */
};

/* Whether it is there. */
static bool
is_there(struct onward *w)
{
	struct order *o = w->order;
	const struct errand *e = &o->errand;
	char command[QUOTE_COMMAND_MAX];
	struct worker greeter = {
		.part = WORKER_GREET, .root = &o->whole, .transport = &w->transport,
		.request = { .role = REQUEST_SOURCE, .verbose = e->verbose },
	};

	w->agreed = w->told = false;
	if (talk_command(o, &e->target, true, e->target_is_dir || o->sources.contents, command) == 0 &&
	    talk_call(o, &w->transport, &e->target, command) == 0) {
		if (talk_work(o, &greeter, &e->target) == 0)
			return true;
		(void)talk_hang_up(o, &w->transport, &e->target);
	}
	o->failed++;
	return false;
}

/* One source; true where the sink can be told of the next. */
static bool
relay(struct onward *w, const struct operand *source)
{
	struct order *o = w->order;
	const struct operand *target = &o->errand.target;
	struct worker relay = {
		.part = WORKER_RELAY, .there = target->host, .onward = &w->transport, .agreed = w->agreed,
		.root = &o->whole,
	};

	memset(o->outcome, 0, sizeof(*o->outcome));
	talk_fetch(o, &relay, source, target->path);
	w->agreed = w->agreed || o->outcome->agreed != 0;
	w->told = w->told || o->outcome->errors != 0;
	return o->outcome->torn == 0;
}

/* It has its files; what its start-up files print behind them is nobody's but a worker's to read. */
static void
finish(struct onward *w)
{
	struct order *o = w->order;
	struct worker finisher = {
		.part = WORKER_FINISH, .root = &o->whole, .transport = &w->transport,
		.request = { .role = REQUEST_SOURCE },
	};

	if (talk_work(o, &finisher, &o->errand.target) == -1)
		o->failed++;
	memset(o->outcome, 0, sizeof(*o->outcome));
	o->outcome->began = HELLO_BEGAN;
	o->outcome->errors = w->told;
	if (talk_hang_up(o, &w->transport, &o->errand.target) == -1)
		o->failed++;
}

/* It would take the next file for a part of the last; what it says of half a file is no surprise. */
static void
leave(struct onward *w)
{
	(void)talk_hang_up(w->order, &w->transport, &w->order->errand.target);
}

void
onward_copy(struct order *o)
{
	const struct sources *s = &o->sources;
	struct onward w = { .order = o };
	bool whole = true;

	if (s->nremote == 0)
		return;
	/* How much there is nobody knows, and what goes wrong at the target is not to come before that. */
	report_begin(&o->tally);
	if (!is_there(&w))
		return;
	for (int i = 0; i < s->nremote && process_told() == 0; i++) {
		if (!whole) {
			leave(&w);
			if (!is_there(&w))
				return;
		}
		whole = relay(&w, s->remote[i]);
	}
	if (whole)
		finish(&w);
	else
		leave(&w);
}
