/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bsd/unistd.h>

#include "sink.h"
#include "source.h"

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
	if (open("/", O_PATH | O_CLOEXEC) != STDIN_FILENO)
		_exit(1);
	dup2(STDIN_FILENO, STDOUT_FILENO);
	errno = saved;
}

/* A client that vanishes is an error of a write, and so is a file that grows too large. */
static void
set_signals(void)
{
	static const int told[] = { SIGHUP, SIGINT, SIGTERM };
	struct sigaction ignore = { .sa_handler = SIG_IGN }, once = { .sa_handler = hang_up };

	once.sa_flags = (int)SA_RESETHAND;	/* Whoever insists, kills. */
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		sigaddset(&once.sa_mask, told[i]);
	sigaction(SIGPIPE, &ignore, NULL);
	sigaction(SIGXFSZ, &ignore, NULL);
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		sigaction(told[i], &once, NULL);
}

/* Descriptors 0 to 2 are open, if only to nothing, so that no file of ours becomes one of them. */
static int
fill_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) == -1 && open("/dev/null", O_RDWR) != fd)
			return -1;
	return 0;
}

static int
explain(void)
{
	fputs("scp: the server side of scp, which sshd starts when a client wants to copy files.\n"
	      "To copy files yourself, use a client such as sftp(1); scp(1) says what this is.\n",
	    stderr);
	return 1;
}

static int
complain(const char *why, char option)
{
	if (option != '\0')
		fprintf(stderr, "scp: %s -- %c\n", why, option);
	else
		fprintf(stderr, "scp: %s\n", why);
	fputs("usage: scp [-dpqrv] [-l limit] -t target\n"
	      "       scp [-pqrv] [-l limit] -f file ...\n", stderr);
	return 1;
}

static int
run(const struct request *request, const struct policy *policy, const struct root *root)
{
	/* Not on the stack: probing it would touch all of what a small transfer never needs. */
	static struct session session;
	static struct conn conn;
	static union {
		struct sink	sink;
		struct source	source;
	} work;
	bool sink = request->role == REQUEST_SINK;
	int end;

	conn_init(&conn, STDIN_FILENO, STDOUT_FILENO, sink ? TURN_OURS : TURN_THEIRS,
	    request->rate);
	session_init(&session, &conn, request, policy, root);
	end = sink ? sink_run(&work.sink, &session) : source_run(&work.source, &session);
	return end == -1 || session.errors > 0;
}

int
main(int argc, char *argv[], char *envp[])
{
	struct request request;
	struct policy policy;
	struct root root;
	const char *why;
	char option;
	int failed;

	if (fill_standard_descriptors() == -1)
		return 1;
	set_signals();
	setproctitle_init(argc, argv, envp);
	if (request_parse(&request, argc, argv, &why, &option) == -1)
		return complain(why, option);
	if (request.role == REQUEST_NONE)
		return explain();
	policy_init(&policy);
	if (root_open(&root, "/") == -1) {
		fprintf(stderr, "scp: /: %s\n", strerror(errno));
		return 1;
	}
	failed = run(&request, &policy, &root);
	root_close(&root);
	return failed;
}
