/* SPDX-License-Identifier: ISC */
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "deny.h"
#include "process.h"
#include "sftp/sftp.h"
#include "wire/deadline.h"
#include "wire/io.h"
#include "wire/record.h"

enum {
	PATIENCE = 30		/* seconds for a client to hear that it is not served */
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

int
deny_request(struct service *s, const struct invocation *v, int argc, char *argv[],
    const char *request)
{
	struct deadline patience;
	bool patient;

	service_deny(s, request);
	if (s->request.role == REQUEST_NONE)
		service_learn_role(s, v, argc, argv);
	patient = !s->misread && deadline_init(&patience, 0, PATIENCE) == 0;
	if (patient)
		(void)deadline_await(&patience, DEADLINE_CLIENT, -1);
	if (s->sftp || !patient || !answer(s))
		complain(s, v);
	if (s->sftp && patient)
		sftp_decline(STDIN_FILENO, STDOUT_FILENO, SERVICE_NO_SFTP);
	if (patient)
		deadline_end(&patience);
	service_end(s);
	return 1;
}

int
deny_shell(struct service *s, const struct invocation *v, const char *config)
{
	process_say("scp: this account is for copying files with scp -O: there is no shell here.");
	if (service_load(s, v, config) == 0 && service_log(s) == 0)
		snprintf(s->problem, sizeof(s->problem), "scp: no command");
	service_deny(s, "");
	service_end(s);
	return 1;
}
