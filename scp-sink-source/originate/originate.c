/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>

#include "originate/onward.h"
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
		.root = &o->whole, .cell = o->whole.fd,
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

/* It comes to the target here. */
static void
download(struct order *o, const struct operand *source)
{
	bool inside = o->target.fd != -1;
	struct worker w = {
		.root = inside ? &o->target : &o->whole, .cell = inside ? o->target.fd : o->cell,
		.given = o->given == -1 ? 0 : o->given,
	};

	talk_fetch(o, &w, source, inside ? "." : o->errand.target.path);
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
	transport_init(&transport, &o->policy, report_pass, &o->tally);
	end = dial_direct(&dial, &way, &o->errand, source, &where, &why);
	if (end == 0)
		report_start(&o->tally, dial.argv);
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
	report_start(&o->tally, argv);
	pid = transport_run(name, argv);
	if (pid == -1)
		(void)order_complain(o, name, text_error(errno));
	else
		display_attend(&o->display, pid);
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
		onward_copy(o);
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
