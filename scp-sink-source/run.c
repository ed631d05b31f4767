/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "deeds/deeds.h"
#include "paths/sticky.h"
#include "run.h"
#include "scp/sink.h"
#include "scp/source.h"
#include "session.h"
#include "sftp/server.h"
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

/* What a session may do to files, as the cell has words for it. */
static unsigned
rights_of(const struct service *s)
{
	const struct policy *p = &s->policy;
	unsigned rights = 0;

	if (s->request.role == REQUEST_SOURCE)
		return LANDLOCK_READ;
	if (s->request.role == REQUEST_SINK)
		return LANDLOCK_WRITE | (p->mkdir == POLICY_YES ? LANDLOCK_DIRS : 0);
	if (!p->upload_only)
		rights |= LANDLOCK_READ;
	if (p->download_only)
		return rights;
	rights |= LANDLOCK_WRITE;
	/* A directory that is renamed is made and removed, too, as Landlock has it. */
	if (p->mkdir == POLICY_YES || p->remove != RIGHT_NO || p->rename != RIGHT_NO)
		rights |= LANDLOCK_DIRS;
	if (p->rename != RIGHT_NO)
		rights |= LANDLOCK_MOVE;
	if (p->make_links == POLICY_YES)
		rights |= LANDLOCK_LINKS | LANDLOCK_MOVE;
	return rights;
}

int
run_lock_up(struct service *s, char text[SANDBOX_TEXT_MAX], const char **in_force)
{
	const struct policy *p = &s->policy;
	struct journal *log = &s->audit.journal;
	struct sandbox sandbox = {
		.root = s->root.fd, .rights = rights_of(s),
		.anywhere = s->request.role == REQUEST_SFTP,
		.required = p->sandbox == SANDBOX_REQUIRE,
	};
	const char *what;

	*in_force = NULL;
	if (p->sandbox == SANDBOX_NONE)
		return 0;
	/* In there nobody can ask. */
	if ((sandbox.rights & LANDLOCK_WRITE) != 0)
		s->policy.sticky = sticky_is_protected() ? STICKY_PROTECTED : STICKY_OPEN;
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

static int
log_start(struct service *s, const char *request, const char *sandbox)
{
	static const enum audit_way ways[] = {
		[REQUEST_SINK] = AUDIT_UPLOAD, [REQUEST_SOURCE] = AUDIT_DOWNLOAD,
		[REQUEST_SFTP] = AUDIT_SFTP,
	};

	if (!audit_is_on(&s->audit))
		return 0;
	if (audit_start(&s->audit, ways[s->request.role], request, s->where, sandbox) == -1)
		return -1;
	return s->kept_from == NULL ? 0
	    : audit_refusal(&s->audit, "/", AUDIT_UPLOAD, s->kept_from);
}

int
run_begin(struct service *s, const char *request)
{
	char text[SANDBOX_TEXT_MAX];
	const char *sandbox;

	/* What is listed has local times; their zone is in a file that cannot be read later. */
	if (s->request.role == REQUEST_SFTP)
		tzset();
	if (run_lock_up(s, text, &sandbox) == -1)
		return -1;
	if (log_start(s, request, sandbox) == 0)
		return 0;
	snprintf(s->problem, sizeof(s->problem), "scp: %s", session_no_log);
	return -1;
}

/* What came of it, and of how much; REASON: what ended it, or NULL. */
struct outcome {
	const struct usage *usage;
	unsigned	    errors;
	int		    status;
	const char	   *reason;
};

static struct outcome
speak_scp(struct service *s, struct deadline *deadline)
{
	/* Not on the stack: probing it would touch all of what a small transfer never needs. */
	static struct session session;
	static struct conn conn;
	static union {
		struct sink	sink;
		struct source	source;
	} work;
	bool sink = s->request.role == REQUEST_SINK;
	int end;

	conn_init(&conn, STDIN_FILENO, STDOUT_FILENO, sink ? TURN_OURS : TURN_THEIRS, rate_of(s));
	conn.stream.deadline = deadline;
	session_init(&session, &conn, &s->request, &s->policy, &s->root, &s->audit);
	end = sink ? sink_run(&work.sink, &session) : source_run(&work.source, &session);
	return (struct outcome){
		&session.usage, session.errors, end == -1 || session.errors > 0, NULL,
	};
}

/* What is refused in there is no failure of the session: clients make it one of their own. */
static struct outcome
speak_sftp(struct service *s, struct deadline *deadline)
{
	static struct deeds deeds;
	struct title title;
	const char *why = NULL;
	int end;

	title_init(&title, "serving SFTP");
	deeds_init(&deeds, &s->policy, &s->root, &s->account, &s->audit);
	end = sftp_serve(&deeds, &title, deadline, STDIN_FILENO, STDOUT_FILENO, rate_of(s), &why);
	return (struct outcome){ &deeds.usage, deeds.errors, end == -1, why };
}

int
run_session(struct service *s, struct deadline *deadline)
{
	struct deadline *timer = deadline->has_timer ? deadline : NULL;
	struct outcome o = s->request.role == REQUEST_SFTP ? speak_sftp(s, timer) : speak_scp(s, timer);
	const char *late = deadline_passed(deadline);

	if (audit_end(&s->audit, o.usage->files, o.usage->bytes, o.errors, o.status,
	    late != NULL ? late : o.reason) == -1)
		return 1;
	return o.status;
}
