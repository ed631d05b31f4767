/* SPDX-License-Identifier: ISC */
#include <sys/wait.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "originate/report.h"
#include "originate/talk.h"
#include "process.h"
#include "text/text.h"

/* Whether what the remote side ended with is no failure: it counts what was not wanted here as one. */
static bool
is_excused(const struct order *o)
{
	return o->outcome->heard == 0 && o->outcome->skipped > 0;
}

static void
name_end(char text[NOTICE_SAID], int status)
{
	snprintf(text, NOTICE_SAID, "the remote side ended with %d", WIFEXITED(status)
	    ? WEXITSTATUS(status) : TALK_SIGNALLED + WTERMSIG(status));
}

/* WHY is for people, too, unless something came to standard error, which said as much. */
static void
count_end(struct order *o, const struct operand *host, const struct transport *t, const char *why)
{
	if (t->said)
		report_count_host(&o->tally, host->host, why);
	else
		report_fail_host(&o->tally, host->host, why);
}

/* Who reaches a host says himself why he could not, unless he is quiet. */
static void
count_unreached(struct order *o, const struct operand *host, const struct transport *t)
{
	count_end(o, host, t, t->said ? "it was not reached" : "it was not reached, and nothing was said of why");
}

/*
 * Who is told to stop while it connects, or asks for a password, ends of the signal, and then nothing is known
 * of the host; ssh takes none any more once there is a session.  dbclient does not tell the two apart.
 */
static bool
is_unanswered(const struct order *o, int status)
{
	return o->outcome->began == HELLO_SILENT && (!WIFSIGNALED(status) || o->program.dropbear);
}

/* What is said of a conversation that is over, and was not well, unless all has been said. */
static void
explain(struct order *o, const struct operand *host, const struct transport *t, int status)
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
		name_end(text, status);
		why = text;
	} else if (why == NULL && out->began == HELLO_BEGAN && out->cut && out->errors == 0) {
		why = "lost connection";
	}
	if (is_unanswered(o, status))
		report_note(&o->tally, host->host, notice_no_answer);
	/* Whoever has stopped it knows why it ended. */
	if (process_told() != 0)
		return;
	if (why != NULL)
		report_fail_host(&o->tally, host->host, why);
	else if (out->began == HELLO_MUTE)
		count_unreached(o, host, t);
}

struct dial_way
talk_way(const struct order *o)
{
	return (struct dial_way){
		.program = o->program.path, .dropbear = o->program.dropbear,
		.answered = transport_has_terminal() ||
		    (!o->program.dropbear && (getenv("SSH_ASKPASS") != NULL || getenv("DISPLAY") != NULL ||
		    getenv("WAYLAND_DISPLAY") != NULL)),
	};
}

int
talk_call(struct order *o, struct transport *t, const struct operand *host, const char *command)
{
	const struct dial_way way = talk_way(o);
	const char *where, *why;
	struct dial dial;
	int end;

	transport_init(t, &o->policy, report_pass, &o->tally);
	end = dial_host(&dial, &way, &o->errand, host, command, &where, &why);
	if (end == 0)
		report_start(&o->tally, dial.argv);
	if (end == -1)
		(void)order_complain(o, where, why);
	else if (transport_start(t, &o->program, dial.argv) == -1)
		end = order_complain(o, o->program.path, text_error(errno));
	dial_end(&dial);
	return end;
}

int
talk_work(struct order *o, struct worker *w, const struct operand *host)
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
		return order_complain(o, NULL, text_error(errno));
	/* The other side ends when nobody is left who could tell it more; one who is only awaited goes on. */
	if (w->part != WORKER_GREET)
		transport_close(w->transport);
	display_attend(&o->display, pid);
	status = transport_wait(pid);
	w->outcome->problem[sizeof(w->outcome->problem) - 1] = '\0';
	if (w->outcome->problem[0] != '\0')
		return order_complain(o, NULL, w->outcome->problem);
	if (WIFSIGNALED(status) && process_told() == 0) {
		snprintf(text, sizeof(text), "who speaks to it was ended by signal %d", WTERMSIG(status));
		report_fail_host(&o->tally, host->host, text);
		w->outcome->errors++;
		return -1;
	}
	return status == 0 ? 0 : -1;
}

int
talk_hang_up(struct order *o, struct transport *t, const struct operand *host)
{
	int status = transport_end(t);

	explain(o, host, t, status);
	return status == 0 || is_excused(o) ? 0 : -1;
}

int
talk_hang_up_alone(struct order *o, struct transport *t, const struct operand *host)
{
	char text[NOTICE_SAID];
	const char *why;
	int status;

	display_attend(&o->display, t->program);
	status = transport_end_alone(t);
	if (status == 0 || process_told() != 0)
		return status == 0 ? 0 : -1;
	why = hello_explain(HELLO_MUTE, status, text);
	if (why == NULL) {
		count_unreached(o, host, t);
		return -1;
	}
	/* It may well have said something, to nobody here. */
	if (why == text && WIFEXITED(status))
		name_end(text, status);
	count_end(o, host, t, why);
	return -1;
}

void
talk_converse(struct order *o, struct worker *w, const struct operand *host, const char *command)
{
	struct transport *t = &o->transport;
	int worked = -1, ended = -1;

	w->transport = t;
	if (talk_call(o, t, host, command) == 0) {
		worked = talk_work(o, w, host);
		ended = talk_hang_up(o, t, host);
	}
	if (worked == -1 || ended == -1)
		o->failed++;
}

int
talk_command(struct order *o, const struct operand *host, bool sink, bool directory,
    char command[QUOTE_COMMAND_MAX])
{
	if (quote_command(command, &o->errand, sink, directory, host->path) == 0)
		return 0;
	return order_complain(o, host->said, "its path is too long");
}

void
talk_fetch(struct order *o, struct worker *w, const struct operand *source, const char *path)
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
