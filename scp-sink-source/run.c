/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "run.h"
#include "scp/sink.h"
#include "scp/source.h"
#include "session.h"
#include "text/amount.h"

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

int
run_lock_up(struct service *s, char text[SANDBOX_TEXT_MAX], const char **in_force)
{
	const struct policy *p = &s->policy;
	struct journal *log = &s->audit.journal;
	struct sandbox sandbox = {
		.root = s->root.fd, .rights = LANDLOCK_READ, .required = p->sandbox == SANDBOX_REQUIRE,
	};
	const char *what;

	*in_force = NULL;
	if (p->sandbox == SANDBOX_NONE)
		return 0;
	if (s->request.role == REQUEST_SINK)
		sandbox.rights = LANDLOCK_WRITE | (p->mkdir == POLICY_YES ? LANDLOCK_DIRS : 0);
	journal_settle(log);
	sandbox.log = log->address != NULL ? log->fd : -1;
	sandbox.address = log->address;
	sandbox.size = sizeof(*log->address);
	*in_force = text;
	if (sandbox_enter(&sandbox, text, &what) == 0)
		return 0;
	snprintf(s->problem, sizeof(s->problem), "scp: no sandbox: %s: %s", what, text_error(errno));
	return -1;
}

int
run_time(struct service *s, struct deadline *deadline)
{
	if (deadline_init(deadline, limit_of(s->policy.idle_timeout),
	    limit_of(s->policy.max_duration)) == 0)
		return 0;
	snprintf(s->problem, sizeof(s->problem), "scp: no timer: %s", text_error(errno));
	return -1;
}

int
run_begin(struct service *s, const char *request)
{
	char text[SANDBOX_TEXT_MAX];
	const char *sandbox;

	if (run_lock_up(s, text, &sandbox) == -1)
		return -1;
	if (!audit_is_on(&s->audit) || audit_start(&s->audit,
	    s->request.role == REQUEST_SINK ? AUDIT_UPLOAD : AUDIT_DOWNLOAD, request, s->where,
	    sandbox) == 0)
		return 0;
	snprintf(s->problem, sizeof(s->problem), "scp: %s", session_no_log);
	return -1;
}

int
run_session(struct service *s, struct deadline *deadline)
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
	if (deadline->has_timer)
		conn.stream.deadline = deadline;
	session_init(&session, &conn, &s->request, &s->policy, &s->root, &s->audit);
	end = sink ? sink_run(&work.sink, &session) : source_run(&work.source, &session);
	status = end == -1 || session.errors > 0;
	if (audit_end(&s->audit, session.usage.files, session.usage.bytes, session.errors,
	    status, deadline_passed(deadline)) == -1)
		status = 1;
	return status;
}
