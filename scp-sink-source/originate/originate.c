/* SPDX-License-Identifier: ISC */
#include <sys/mman.h>
#include <sys/wait.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "errand/dial.h"
#include "errand/quote.h"
#include "originate/audience.h"
#include "originate/display.h"
#include "originate/originate.h"
#include "originate/report.h"
#include "originate/sources.h"
#include "originate/worker.h"
#include "paths/cwd.h"
#include "process.h"
#include "rules/keys.h"
#include "text/text.h"

enum {
	SIGNALLED = 128		/* more than a signal's number: how a shell says it */
};

/* All that is known before anything is started, and what came of it. */
struct order {
	struct errand  errand;
	struct policy  policy;		/* for what is written and read here */
	struct root    whole;		/* the whole system */
	struct root    target;		/* the directory that files come into; or closed */
	struct sources sources;
	struct program program;
	struct transport transport;	/* of the conversation that goes on */
	struct outcome *outcome;	/* of the last conversation, in memory that its process shares */
	const char   **hosts;		/* owned, the names are not: all of them, and NULL */
	struct tally   tally;
	struct display display;
	unsigned       failed;		/* sources, or conversations, that did not go well */
};

/* "scp: WHERE: WHY" */
static int
complain(struct order *o, const char *where, const char *why)
{
	report_fail(&o->tally, where, why);
	return -1;
}

static void
complain_of_source(void *order, const char *said, const char *why)
{
	(void)complain(order, said, why);
}

/* The long options that are the policy's. */
static int
take_keys(struct order *o)
{
	const struct account nobody = { .uid = geteuid() };
	const char *why;
	bool said = false;	/* something of the sandbox */

	policy_init(&o->policy);
	keys_begin_source(&o->policy);
	for (size_t i = 0; i < o->errand.nkeys; i++) {
		const struct errand_key *k = &o->errand.keys[i];

		said = said || strcmp(k->key, "sandbox") == 0;
		if (keys_set(&o->policy, &nobody, k->key, k->value, &why) == -1)
			return complain(o, k->said, why);
	}
	keys_settle(&o->policy, false);
	if (!said)
		o->policy.sandbox = SANDBOX_TRY;
	if (o->policy.has_umask)
		umask(o->policy.umask);
	return 0;
}

/*
 * A target that is a directory is all that can be written to, whatever is planted in there; anything else
 * is a file, a device, or a new name.
 */
static int
aim(struct order *o)
{
	const char *path = o->errand.target.path, *what;
	char real[PATH_MAX];
	int fd = root_dir(&o->whole, path), end;

	if (fd == -1 && o->errand.target_is_dir)
		return complain(o, path, text_error(errno == ENOENT ? ENOENT : ENOTDIR));
	if (fd == -1)
		return 0;
	end = cwd_path_of(fd, o->whole.start, real);
	close(fd);
	if (end == 0)
		end = root_confine(&o->target, real[0] != '\0' ? real : "/", "", "", true, &what);
	if (end == -1)
		return complain(o, path, text_error(errno));
	o->policy.restricted = true;
	return 0;
}

/* Whether what the remote side ended with is no failure: it counts what was not wanted here as one. */
static bool
is_excused(const struct order *o)
{
	return o->outcome->heard == 0 && o->outcome->skipped > 0;
}

/* What is said of a conversation that is over, and was not well, unless all has been said. */
static void
explain(struct order *o, const struct operand *host, int status)
{
	const struct outcome *out = o->outcome;
	char text[NOTICE_SAID], path[NOTICE_SAID / 2];
	const char *why = hello_explain(out->began, status, text);

	if (out->nothing) {
		text_escape(path, sizeof(path), host->path, strlen(host->path));
		snprintf(text, sizeof(text), "nothing came for %s", path);
		why = text;
	} else if (why == NULL && status != 0 && out->began == HELLO_BEGAN && out->errors == 0 &&
	    !is_excused(o)) {
		snprintf(text, sizeof(text), "the remote side ended with %d", WIFEXITED(status)
		    ? WEXITSTATUS(status) : SIGNALLED + WTERMSIG(status));
		why = text;
	}
	/* Whoever has stopped it knows why it ended. */
	if (why != NULL && process_told() == 0)
		(void)complain(o, host->host, why);
}

/* Somebody may be asked on a terminal, or by a program that ssh knows. */
static struct dial_way
way_of(const struct order *o)
{
	return (struct dial_way){
		.program = o->program.path, .dropbear = o->program.dropbear,
		.answered = transport_has_terminal() ||
		    (!o->program.dropbear && (getenv("SSH_ASKPASS") != NULL || getenv("DISPLAY") != NULL ||
		    getenv("WAYLAND_DISPLAY") != NULL)),
	};
}

/* Has HOST do what COMMAND says: 0, or -1, which was said. */
static int
call(struct order *o, struct transport *t, const struct operand *host, const char *command)
{
	const struct dial_way way = way_of(o);
	const char *where, *why;
	struct dial dial;
	int end;

	transport_init(t, report_pass, &o->tally);
	end = dial_host(&dial, &way, &o->errand, host, command, &where, &why);
	if (end == -1)
		(void)complain(o, where, why);
	else if (transport_start(t, &o->program, dial.argv) == -1)
		end = complain(o, o->program.path, text_error(errno));
	dial_end(&dial);
	return end;
}

/* Carries on a conversation with HOST in a process of its own; -1 where it did not go well. */
static int
work(struct order *o, struct worker *w, const struct operand *host)
{
	char text[NOTICE_SAID];
	int status;
	pid_t pid;

	memset(o->outcome, 0, sizeof(*o->outcome));
	w->policy = &o->policy;
	w->errand = &o->errand;
	w->host = host->host;
	w->outcome = o->outcome;
	w->tally = &o->tally;
	pid = transport_work(worker_run, w);
	if (pid == -1)
		return complain(o, NULL, text_error(errno));
	/* The other side ends when nobody is left who could tell it more; one who is only awaited goes on. */
	if (w->part != WORKER_GREET)
		transport_close(w->transport);
	display_attend(&o->display, pid);
	status = transport_wait(pid);
	if (w->outcome->problem[0] != '\0')
		return complain(o, NULL, w->outcome->problem);
	if (WIFSIGNALED(status) && process_told() == 0) {
		snprintf(text, sizeof(text), "who speaks to it was ended by signal %d", WTERMSIG(status));
		return complain(o, host->host, text);
	}
	return status == 0 ? 0 : -1;
}

/* Waits for what reaches HOST, and says what there is to be said of it; -1 where it did not go well. */
static int
hang_up(struct order *o, struct transport *t, const struct operand *host)
{
	int status = transport_end(t);

	explain(o, host, status);
	return status == 0 || is_excused(o) ? 0 : -1;
}

/* One conversation, from its start to its end. */
static void
converse(struct order *o, struct worker *w, const struct operand *host, const char *command)
{
	struct transport *t = &o->transport;
	int worked = -1, ended = -1;

	w->transport = t;
	if (call(o, t, host, command) == 0) {
		worked = work(o, w, host);
		ended = hang_up(o, t, host);
	}
	if (worked == -1 || ended == -1)
		o->failed++;
}

/* A person's words, as they are wanted over there. */
static int
word_command(struct order *o, const struct operand *host, bool sink, bool directory,
    char command[QUOTE_COMMAND_MAX])
{
	if (quote_command(command, &o->errand, sink, directory, host->path) == 0)
		return 0;
	return complain(o, host->said, "its path is too long");
}

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
	if (word_command(o, &e->target, true, e->target_is_dir || s->contents, command) == 0)
		converse(o, &w, &e->target, command);
	else
		o->failed++;
}

/* One that is there comes to the target, in a conversation of its own. */
static void
download(struct order *o, const struct operand *source)
{
	const struct errand *e = &o->errand;
	bool inside = o->target.fd != -1;
	char here[] = ".", *paths[] = { here }, command[QUOTE_COMMAND_MAX];
	struct expect expect;
	const char *why;
	struct worker w = {
		.root = inside ? &o->target : &o->whole,
		.request = {
			.role = REQUEST_SINK, .recursive = e->recursive, .preserve = e->preserve,
			.verbose = e->verbose, .npaths = 1, .paths = paths,
		},
		.expect = &expect,
		.shown = e->target.path,
	};

	if (!inside)
		/* As an argument vector has it, which nobody writes to. */
		memcpy(&paths[0], &e->target.path, sizeof(paths[0]));
	if (expect_init(&expect, e, source->path, &why) == -1) {
		(void)complain(o, source->said, why);
		o->failed++;
	} else if (word_command(o, source, false, false, command) == -1) {
		o->failed++;
	} else {
		converse(o, &w, source, command);
	}
}

/* One that is elsewhere goes on to the target, which is reached by ONWARD. */
static void
relay(struct order *o, const struct operand *source, struct transport *onward)
{
	const struct errand *e = &o->errand;
	char *paths[1], command[QUOTE_COMMAND_MAX];
	struct expect expect;
	const char *why;
	struct worker w = {
		.part = WORKER_RELAY, .there = e->target.host, .onward = onward, .root = &o->whole,
		.request = {
			.role = REQUEST_SINK, .recursive = e->recursive, .preserve = e->preserve,
			.verbose = e->verbose, .npaths = 1, .paths = paths,
		},
		.expect = &expect,
		.shown = e->target.path,
	};

	memcpy(&paths[0], &e->target.path, sizeof(paths[0]));
	if (expect_init(&expect, e, source->path, &why) == -1) {
		(void)complain(o, source->said, why);
		o->failed++;
	} else if (word_command(o, source, false, false, command) == -1) {
		o->failed++;
	} else {
		converse(o, &w, source, command);
	}
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

	if (word_command(o, &e->target, true, e->target_is_dir, command) == -1 ||
	    call(o, onward, &e->target, command) == -1)
		return false;
	if (work(o, &w, &e->target) == 0)
		return true;
	(void)hang_up(o, onward, &e->target);
	return false;
}

/* It has its files; what its start-up files print behind them is nobody's but a worker's to read. */
static void
finish(struct order *o, struct transport *onward)
{
	struct worker w = {
		.part = WORKER_FINISH, .root = &o->whole, .transport = onward,
		.request = { .role = REQUEST_SOURCE },
	};

	(void)work(o, &w, &o->errand.target);
	memset(o->outcome, 0, sizeof(*o->outcome));
	o->outcome->began = HELLO_BEGAN;
	if (hang_up(o, onward, &o->errand.target) == -1)
		o->failed++;
}

/* The same of another one, after one that would take the next file for a part of the last. */
static bool
is_renewed(struct order *o, struct transport *onward)
{
	(void)hang_up(o, onward, &o->errand.target);
	return is_awaited(o, onward);
}

static void
relay_all(struct order *o)
{
	struct sources *s = &o->sources;
	struct transport onward;

	if (s->nremote == 0)
		return;
	if (!is_awaited(o, &onward)) {
		o->failed++;
		return;
	}
	for (int i = 0; i < s->nremote && goes_on(); i++) {
		relay(o, s->remote[i], &onward);
		if (o->outcome->torn && i + 1 < s->nremote && !is_renewed(o, &onward)) {
			o->failed++;
			return;
		}
	}
	finish(o, &onward);
}

/* The source's host has an scp that goes on to the target by itself. */
static void
send_directly(struct order *o, const struct operand *source)
{
	const struct dial_way way = way_of(o);
	struct transport transport;
	const char *where, *why;
	struct dial dial;
	int end;

	transport_init(&transport, report_pass, &o->tally);
	end = dial_direct(&dial, &way, &o->errand, source, &where, &why);
	if (end == -1)
		(void)complain(o, where, why);
	else if (transport_start_alone(&transport, &o->program, dial.argv) == -1)
		end = complain(o, o->program.path, text_error(errno));
	dial_end(&dial);
	if (end == -1 || transport_end_alone(&transport) != 0)
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

	if (e->recursive)
		*next++ = recursive;
	if (e->preserve)
		*next++ = preserve;
	*next++ = end;
	*next++ = source;
	memcpy(next++, &e->target.path, sizeof(*next));
	pid = transport_run(name, argv);
	if (pid == -1)
		(void)complain(o, name, text_error(errno));
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

/* Looks at all that can be known before anybody logs in: 0, -1. */
static int
prepare(struct order *o)
{
	struct errand *e = &o->errand;
	const char *why;

	if (take_keys(o) == -1)
		return -1;
	if (root_open(&o->whole) == -1)
		return complain(o, "/", text_error(errno));
	if (!e->target.remote && aim(o) == -1)
		return -1;
	if (sources_find(&o->sources, e, &o->whole, complain_of_source, o) == -1)
		return complain(o, NULL, text_error(ENOMEM));
	o->failed = o->sources.refused;
	if (o->sources.nlocal + o->sources.nremote == 0)
		return -1;
	if ((e->target.remote || o->sources.nremote > 0) &&
	    transport_find(&o->program, e->program, &why) == -1)
		return complain(o, e->program, why);
	return 0;
}

static int
carry_out(struct order *o)
{
	o->outcome = mmap(NULL, sizeof(*o->outcome), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (o->outcome == MAP_FAILED)
		return complain(o, NULL, text_error(errno));
	copy_all(o);
	return 0;
}

static int
begin_report(struct order *o)
{
	o->hosts = audience_hosts(&o->errand);
	if (o->hosts == NULL ||
	    tally_open(&o->tally, audience_form(&o->errand), o->errand.verbose, o->hosts) == -1) {
		process_say("scp: there is no memory");
		return -1;
	}
	display_begin(&o->display, &o->tally);
	return 0;
}

int
originate_run(int argc, char *argv[])
{
	static struct order order;
	struct order *o = &order;
	const char *why, *where;
	char text[TEXT_MESSAGE_MAX];
	int end = -1;

	o->whole = o->target = (struct root){ .fd = -1, .start = -1 };
	if (errand_parse(&o->errand, argc, argv, &where, &why) == -1) {
		text_message(text, where, NULL, why);
		process_say(text);
	} else if (begin_report(o) == 0) {
		end = prepare(o) == 0 ? carry_out(o) : -1;
		display_end(&o->display, process_told() != 0 ? SIGNALLED + process_told()
		    : end == 0 && o->failed == 0 ? 0 : 1);
	}
	if (process_told() != 0)
		process_die(process_told());
	tally_close(&o->tally);
	free(o->hosts);
	sources_end(&o->sources);
	root_close(&o->target);
	root_close(&o->whole);
	errand_end(&o->errand);
	return end == 0 && o->failed == 0 ? 0 : 1;
}
