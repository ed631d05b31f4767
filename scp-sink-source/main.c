/* SPDX-License-Identifier: ISC */
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/unistd.h>

#include "ask/explain.h"
#include "ask/invocation.h"
#include "ask/service.h"
#include "sandbox.h"
#include "scp/sink.h"
#include "scp/source.h"
#include "sftp/sftp.h"
#include "text/amount.h"
#include "version.h"
#include "wire/deadline.h"
#include "wire/io.h"

#ifndef SYSCONFDIR
#define SYSCONFDIR "/etc"
#endif
#define CONFIG SYSCONFDIR "/scp.conf"

enum {
	PATIENCE = 30,		/* seconds for a client to hear that it is not served */
	USUAL_FILES = 1024	/* descriptors that a process may have unless somebody said more */
};

/*
 * Being told to stop hangs up on the client, whatever we are at: what waits for it is interrupted,
 * and every later read or write fails, so that the session is lost like any other and the
 * temporary file goes its usual way.  Nothing of that depends on when the signal comes.
 */
static void
hang_up(int signal)
{
	int saved = errno;

	(void)signal;
	/* It becomes the lowest that is free, also where no other is. */
	close(STDIN_FILENO);
	/* A C library's open(2) may be another call, which the sandbox has no word for. */
	if (openat(-1, "/", O_PATH | O_CLOEXEC) != STDIN_FILENO)
		_exit(1);
	dup2(STDIN_FILENO, STDOUT_FILENO);
	errno = saved;
}

/* Whoever reads standard error gets to know WHY, if that is not for him to hold up. */
static void
tell(const char *why)
{
	struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };

	if (poll(&p, 1, 0) != 1)
		return;
	(void)!write(STDERR_FILENO, "scp: ", strlen("scp: "));
	(void)!write(STDERR_FILENO, why, strlen(why));
	(void)!write(STDERR_FILENO, "\n", 1);
}

/* Time is up: as above. */
static void
run_out(int signal, siginfo_t *info, void *context)
{
	int saved = errno;

	(void)context;
	hang_up(signal);
	tell(info->si_code == SI_TIMER ? info->si_value.sival_ptr : "told to stop");
	errno = saved;
}

/* A client that vanishes is an error of a write, and so is a file that grows too large. */
static void
set_signals(void)
{
	static const int told[] = { SIGHUP, SIGINT, SIGTERM };
	struct sigaction ignore = { .sa_handler = SIG_IGN }, once = { .sa_handler = hang_up };
	struct sigaction late = { .sa_sigaction = run_out };

	once.sa_flags = (int)SA_RESETHAND;	/* Whoever insists, kills. */
	late.sa_flags = SA_SIGINFO;
	sigaddset(&once.sa_mask, SIGALRM);
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		sigaddset(&once.sa_mask, told[i]);
	late.sa_mask = once.sa_mask;
	sigaction(SIGPIPE, &ignore, NULL);
	sigaction(SIGXFSZ, &ignore, NULL);
	sigaction(SIGALRM, &late, NULL);
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		sigaction(told[i], &once, NULL);
}

/*
 * Descriptors 0 to 2 are open, if only to nothing, so that no file of ours becomes one of them.  What
 * else whoever started us has left open is nothing to us.
 */
static int
tidy_descriptors(void)
{
	if (syscall(SYS_close_range, STDERR_FILENO + 1, UINT_MAX, 0) == -1)
		for (int fd = STDERR_FILENO + 1; fd < USUAL_FILES; fd++)
			(void)close(fd);	/* before Linux 5.9 */
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) == -1 && open("/dev/null", O_RDWR) != fd)
			return -1;
	return 0;
}

static int
introduce(enum invocation_way way)
{
	if (way == INVOKED_INTERACTIVE)
		fputs("scp: this account is for copying files with scp -O: there is no shell here.\n",
		    stderr);
	else
		fputs("scp: the server side of scp, which sshd starts when a client wants to copy "
		      "files.\nTo copy files yourself, use a client such as sftp(1); scp(1) says "
		      "what this is.\n", stderr);
	return 1;
}

/*
 * In the protocol, too: some clients know neither standard error nor exit status, and take silence
 * for success.  A source speaks when it has been spoken to.
 */
static void
answer(const struct service *s)
{
	char line[TEXT_MESSAGE_MAX + 2], byte;
	int n = snprintf(line, sizeof(line), "%c%s\n", RECORD_WARN, s->problem);

	if (s->request.role == REQUEST_SINK ||
	    (s->request.role == REQUEST_SOURCE && io_read(STDIN_FILENO, &byte, 1) == 1))
		(void)io_write_all(STDOUT_FILENO, line, (size_t)n);
}

/* The request is not served: whoever sees standard error reads why, and so does the log. */
static int
deny(struct service *s, const struct invocation *v, int argc, char *argv[], const char *request)
{
	struct deadline patience;

	fprintf(stderr, "%s\n", s->problem);
	if (s->misread && v->way == INVOKED_PLAIN)
		fputs("usage: scp [-dpqrv] [-l limit] -t target\n"
		      "       scp [-pqrv] [-l limit] -f file ...\n", stderr);
	service_deny(s, request);
	if (s->request.role == REQUEST_NONE)
		service_learn_role(s, v, argc, argv);
	if (!s->misread && deadline_init(&patience, PATIENCE, PATIENCE) == 0) {
		if (s->sftp)
			sftp_decline(STDIN_FILENO, STDOUT_FILENO, SERVICE_NO_SFTP);
		else
			answer(s);
	}
	service_end(s);
	return 1;
}

/* Somebody wants a shell. */
static int
turn_away(struct service *s, const struct invocation *v)
{
	(void)introduce(v->way);
	if (service_load(s, v, CONFIG) == 0 && service_log(s) == 0)
		snprintf(s->problem, sizeof(s->problem), "scp: no command");
	service_deny(s, "");
	service_end(s);
	return 1;
}

static uint64_t
limit_of(uint64_t n)
{
	return n == AMOUNT_NONE ? 0 : n;
}

/* The slower of what the client and the administrator want; 0: as fast as it goes. */
static uint64_t
rate_of(const struct service *s)
{
	uint64_t ours = limit_of(s->policy.rate), theirs = s->request.rate;

	return ours == 0 || (theirs != 0 && theirs < ours) ? theirs : ours;
}

static int
run(struct service *s, struct deadline *deadline)
{
	/* Not on the stack: probing it would touch all of what a small transfer never needs. */
	static struct session session;
	static struct conn conn;
	static union {
		struct sink	sink;
		struct source	source;
	} work;
	bool sink = s->request.role == REQUEST_SINK;
	int end, status;

	conn_init(&conn, STDIN_FILENO, STDOUT_FILENO, sink ? TURN_OURS : TURN_THEIRS, rate_of(s));
	if (deadline->has_idle)
		conn.stream.deadline = deadline;
	session_init(&session, &conn, &s->request, &s->policy, &s->root, &s->audit);
	end = sink ? sink_run(&work.sink, &session) : source_run(&work.source, &session);
	status = end == -1 || session.errors > 0;
	if (audit_end(&s->audit, session.usage.files, session.usage.bytes, session.errors,
	    status, deadline_passed(deadline)) == -1)
		status = 1;
	return status;
}

/* What is in force of what the policy wants, in TEXT; NULL where it wants nothing. */
static int
lock_up(struct service *s, char text[SANDBOX_TEXT_MAX], const char **in_force)
{
	const struct policy *p = &s->policy;
	struct sandbox sandbox = {
		.root = s->root.fd, .way = LANDLOCK_SEND, .required = p->sandbox == SANDBOX_REQUIRE,
	};
	const char *what;

	*in_force = NULL;
	if (p->sandbox == SANDBOX_NONE)
		return 0;
	if (s->request.role == REQUEST_SINK)
		sandbox.way = p->mkdir == POLICY_YES ? LANDLOCK_RECEIVE : LANDLOCK_FILL;
	*in_force = text;
	if (sandbox_enter(&sandbox, text, &what) == 0)
		return 0;
	snprintf(s->problem, sizeof(s->problem), "scp: no sandbox: %s: %s", what, text_error(errno));
	return -1;
}

/* Times run from here on: a client that never says anything is idle, too. */
static int
begin(struct service *s, const char *request, struct deadline *deadline)
{
	char text[SANDBOX_TEXT_MAX];
	const char *sandbox;

	if (deadline_init(deadline, limit_of(s->policy.idle_timeout),
	    limit_of(s->policy.max_duration)) == -1) {
		snprintf(s->problem, sizeof(s->problem), "scp: no timer: %s", text_error(errno));
		return -1;
	}
	if (lock_up(s, text, &sandbox) == -1)
		return -1;
	if (!audit_is_on(&s->audit) || audit_start(&s->audit, s->request.role == REQUEST_SINK,
	    request, s->where, sandbox) == 0)
		return 0;
	snprintf(s->problem, sizeof(s->problem), "scp: %s", session_no_log);
	return -1;
}

static int
serve(struct service *s, const struct invocation *v, int argc, char *argv[])
{
	static char text[WORDS_BYTES];
	const char *request = invocation_request(v, argc, argv, text, sizeof(text));
	struct deadline deadline;
	int status;

	if (service_load(s, v, CONFIG) == -1 || service_log(s) == -1 ||
	    service_read(s, v, argc, argv) == -1)
		return deny(s, v, argc, argv, request);
	if (s->request.role == REQUEST_NONE)
		return introduce(v->way);
	if (service_open(s) == -1 || begin(s, request, &deadline) == -1)
		return deny(s, v, argc, argv, request);
	status = run(s, &deadline);
	service_end(s);
	return status;
}

int
main(int argc, char *argv[], char *envp[])
{
	static struct invocation invocation;
	static struct service service;
	static struct words words;	/* of an administrator's line that a login shell got */
	static char *none[] = { NULL };
	const char *why, *command, *connection;

	if (tidy_descriptors() == -1)
		return 1;
	set_signals();
	setproctitle_init(argc, argv, envp);
	command = getenv("SSH_ORIGINAL_COMMAND");
	connection = getenv("SSH_CONNECTION");
	/*
	 * All else in it may be the client's, if sshd was told to let it in.  Not clearenv(3), which
	 * some C libraries have free what these two point to.
	 */
	environ = none;
	if (invocation_parse(&invocation, argc, argv, command, &words, &why) == -1) {
		fprintf(stderr, "scp: %s\n", why);
		return 1;
	}
	service_init(&service, connection);
	switch (invocation.way) {
	case INVOKED_VERSION:
		return puts("scp-sink-source " VERSION) == EOF || fflush(stdout) == EOF;
	case INVOKED_INTERACTIVE:
		return turn_away(&service, &invocation);
	case INVOKED_CHECK:
		return explain_policy(&service, &invocation, CONFIG);
	case INVOKED_EXPLAIN:
		return explain_request(&service, &invocation, CONFIG);
	default:
		return serve(&service, &invocation, argc, argv);
	}
}
