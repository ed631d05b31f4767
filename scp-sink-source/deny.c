/* SPDX-License-Identifier: ISC */
#include <sys/ioctl.h>

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "deny.h"
#include "process.h"
#include "sftp/sftp.h"
#include "wire/deadline.h"
#include "wire/io.h"
#include "wire/record.h"

enum {
	PATIENCE = 30,		/* seconds for a client to hear that it is not served, or to say that it is one */
	SAID_MAX = SFTP_TEXT_MAX + 1
};

/*
 * In the protocol: some clients know neither standard error nor exit status, and take silence for
 * success.  A source speaks when it has been spoken to.  True when it is said.
 */
static bool
answer(const struct service *s)
{
	char line[TEXT_MESSAGE_MAX + 2], byte;
	int n = snprintf(line, sizeof(line), "%c%s\n", RECORD_WARN, s->problem);

	return (s->request.role == REQUEST_SINK ||
	    (s->request.role == REQUEST_SOURCE && io_read(STDIN_FILENO, &byte, 1) == 1)) &&
	    io_write_all(STDOUT_FILENO, line, (size_t)n) == 0;
}

/* Whoever speaks another protocol, or none, may see standard error. */
static void
complain(const struct service *s, const struct invocation *v)
{
	process_say(s->problem);
	if (s->misread && v->way == INVOKED_PLAIN)
		process_say("usage: scp [-dpqrv] [-l limit] -t target\n"
		    "       scp [-pqrv] [-l limit] -f file ...");
}

/* In SFTP, without our name, which clients put before it as well. */
static void
decline(const struct service *s)
{
	static const char us[] = "scp: ";
	const char *problem = s->problem;
	char said[SAID_MAX];

	if (strncmp(problem, us, sizeof(us) - 1) == 0)
		problem += sizeof(us) - 1;
	strlcpy(said, problem, sizeof(said));
	sftp_decline(STDIN_FILENO, STDOUT_FILENO, said);
}

int
deny_request(struct service *s, const struct invocation *v, int argc, char *argv[],
    const char *request)
{
	struct deadline patience;
	bool patient, sftp;

	service_deny(s, request);
	if (s->request.role == REQUEST_NONE)
		service_learn_role(s, v, argc, argv);
	sftp = s->request.role == REQUEST_SFTP;
	patient = !s->misread && deadline_init(&patience, 0, PATIENCE) == 0;
	if (patient)
		(void)deadline_await(&patience, DEADLINE_CLIENT, -1);
	if (sftp || !patient || !answer(s))
		complain(s, v);
	if (sftp && patient)
		decline(s);
	if (patient)
		deadline_end(&patience);
	service_end(s);
	return s->status;
}

bool
deny_is_spoken_to(uint64_t seconds)
{
	const int patience = seconds < PATIENCE ? (int)seconds : PATIENCE;
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
	int waiting = 0;

	return isatty(STDIN_FILENO) == 0 && poll(&p, 1, patience * 1000) == 1 &&
	    ioctl(STDIN_FILENO, FIONREAD, &waiting) == 0 && waiting > 0;
}

bool
deny_shell(struct service *s, const struct invocation *v, const char *config)
{
	process_say("scp: this account is for copying files: there is no shell here.");
	if (v->subsystem != INVOKED_INTERACTIVE && deny_is_spoken_to(PATIENCE))
		return true;
	if (service_load(s, v, config) == 0 && service_log(s) == 0)
		snprintf(s->problem, sizeof(s->problem), "scp: no command");
	service_deny(s, "");
	service_end(s);
	return false;
}
