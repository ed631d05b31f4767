/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ask/invocation.h"
#include "ask/service.h"
#include "deny.h"
#include "errand/errand.h"
#include "explain.h"
#include "originate/originate.h"
#include "process.h"
#include "run.h"
#include "version.h"
#include "wire/io.h"

#ifndef SYSCONFDIR
#define SYSCONFDIR "/etc"
#endif
#define CONFIG SYSCONFDIR "/scp.conf"

/* The manual's synopsis. */
static int
help(void)
{
	fputs("scp [-346ABCdOpqRrTv] [-c cipher] [-F file] [-i file] [-J hops] [-l limit]\n"
	      "    [-o option] [-P port] [-S program] [-X setting] [--key[=value]] source ... target\n"
	      "scp [--sandbox=word] [-dpqrv] [-l limit] -t [--] target\n"
	      "scp [--sandbox=word] [-pqrv] [-l limit] -f [--] file ...\n"
	      "scp --sftp [--key[=value]] ...\n"
	      "scp --serve [--key[=value]] ...\n"
	      "scp --check [file [user]]\n"
	      "scp --explain command [--user user] [--key[=value]] ...\n"
	      "scp --version\n"
	      "scp --help\n", stdout);
	return fflush(stdout) == EOF;
}

/*
 * A person copies files: nobody is served.  What the environment has is his own, and is for the program
 * that reaches a host.
 */
static int
originate(struct service *s, int argc, char *argv[])
{
	const struct invocation plain = { .way = INVOKED_PLAIN };
	static char text[WORDS_BYTES];

	if (service_load(s, &plain, CONFIG) == -1 || service_log(s) == -1) {
		process_say(s->problem);
	} else if (s->policy.originate == POLICY_NO || s->policy.restricted) {
		snprintf(s->problem, sizeof(s->problem), "scp: copies to and from other hosts are not "
		    "allowed here");
		service_deny(s, invocation_request(&plain, argc, argv, text, sizeof(text)));
		process_say(s->problem);
	} else {
		service_end(s);
		return originate_run(argc, argv);
	}
	service_end(s);
	return 1;
}

static int
serve(struct service *s, const struct invocation *v, int argc, char *argv[])
{
	static char text[WORDS_BYTES];
	const char *request = invocation_request(v, argc, argv, text, sizeof(text));
	struct deadline deadline = { .reason = NULL };
	int status;

	if (service_load(s, v, CONFIG) == -1 || service_log(s) == -1 || run_time(s, &deadline) == -1 ||
	    service_read(s, v, argc, argv) == -1 || run_understand(s) == -1) {
		deadline_end(&deadline);
		return deny_request(s, v, argc, argv, request);
	}
	if (service_open(s) == -1 || run_begin(s, request) == -1) {
		deadline_end(&deadline);
		return deny_request(s, v, argc, argv, request);
	}
	status = run_session(s, &deadline);
	process_say_time(deadline_passed(&deadline));
	deadline_end(&deadline);
	service_end(s);
	return status;
}

/*
 * Whether somebody who seems to want a shell may say commands instead, without a terminal.  *PATIENCE: the
 * seconds for which he may say nothing.
 */
static bool
has_commands(const struct invocation *v, const char *connection, const char *const *said, uint64_t *patience)
{
	const struct policy *p;
	static struct invocation turned;
	static struct service probe;
	bool has;

	if (isatty(STDIN_FILENO) == 1)
		return false;
	turned = *v;
	invocation_turn_to_commands(&turned);
	service_init(&probe, connection, said);
	has = service_load(&probe, &turned, CONFIG) == 0 && probe.policy.commands == POLICY_YES;
	p = &probe.policy;
	*patience = p->idle_timeout < p->max_duration ? p->idle_timeout : p->max_duration;
	service_end(&probe);
	return has;
}

/* No command, which some SSH servers say as an empty one. */
static bool
says_nothing(const struct invocation *v)
{
	return v->way == INVOKED_INTERACTIVE || (v->command != NULL && v->command[0] == '\0' &&
	    (v->way == INVOKED_SERVE || v->way == INVOKED_LOGIN));
}

/* What he says is told by its first byte. */
static void
turn(struct invocation *v, uint64_t patience)
{
	char first = '\n';

	if (deny_is_spoken_to(patience) && io_peek(STDIN_FILENO, &first) == 1 && first == '\0')
		invocation_turn_to_sftp(v);
	else
		invocation_turn_to_commands(v);
}

/* What the first words ask for. */
static int
act(struct service *s, struct invocation *v, int argc, char *argv[])
{
	switch (v->way) {
	case INVOKED_VERSION:
		return puts("scp-sink-source " VERSION) == EOF || fflush(stdout) == EOF;
	case INVOKED_HELP:
		return help();
	case INVOKED_INTERACTIVE:
		if (!deny_shell(s, v, CONFIG))
			return 1;
		invocation_turn_to_sftp(v);
		return serve(s, v, argc, argv);
	case INVOKED_CHECK:
		return explain_policy(s, v, CONFIG);
	case INVOKED_EXPLAIN:
		return explain_request(s, v, CONFIG);
	default:
		return serve(s, v, argc, argv);
	}
}

int
main(int argc, char *argv[], char *envp[])
{
	static struct invocation invocation;
	static struct service service;
	static struct words words;	/* of an administrator's line that a login shell got */
	static char *none[] = { NULL };
	const char *why, *command, *connection, *said[ACCOUNT_SAID];
	/* A person copies files.  A title may take the place of what is looked at. */
	const bool ours = invocation_is_plain(argc, argv) && errand_is_meant(argc, argv);
	uint64_t patience;

	/* Whoever has no name has no title either, of which a library would complain. */
	if (argc < 1)
		return 1;
	if (process_tidy_descriptors(!ours) == -1) {
		process_say("scp: /dev/null cannot be opened");
		return 1;
	}
	process_set_signals(ours);
	if (!ours)
		process_open_title(argc, argv, envp);
	/* What the title takes the place of, words and environment, is looked at from here on. */
	command = getenv("SSH_ORIGINAL_COMMAND");
	connection = getenv("SSH_CONNECTION");
	said[0] = getenv("USER");
	said[1] = getenv("LOGNAME");
	if (ours) {
		service_init(&service, connection, said);
		return originate(&service, argc, argv);
	}
	/*
	 * All else in it may be the client's, if sshd was told to let it in.  Not clearenv(3), which
	 * some C libraries have free what these point to.
	 */
	environ = none;
	if (invocation_parse(&invocation, argc, argv, command, &words, &why) == -1) {
		snprintf(service.problem, sizeof(service.problem), "scp: %s", why);
		process_say(service.problem);
		return 1;
	}
	service_init(&service, connection, said);
	if (says_nothing(&invocation) && has_commands(&invocation, connection, said, &patience)) {
		turn(&invocation, patience);
		return serve(&service, &invocation, argc, argv);
	}
	return act(&service, &invocation, argc, argv);
}
