/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "commands/outlook.h"
#include "commands/shell.h"
#include "copy.h"
#include "deeds/deeds.h"
#include "paths/sticky.h"
#include "run.h"
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

/* The client says in there what it wants. */
static bool
is_open(const struct service *s)
{
	return s->request.role == REQUEST_SFTP || s->request.role == REQUEST_COMMANDS;
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
		.anywhere = is_open(s),
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
run_understand(struct service *s)
{
	int status;

	return s->script == NULL || outlook_is_ours(s->script, &status) ? 0
	    : service_refuse_script(s, status);
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
		[REQUEST_SFTP] = AUDIT_SFTP, [REQUEST_COMMANDS] = AUDIT_COMMANDS,
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

	/* What is listed has local times, and names: both are in files that cannot be read later. */
	if (is_open(s))
		tzset();
	if (s->request.role == REQUEST_COMMANDS)
		people_init(&s->people, &s->account);
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
	static struct copy copy;
	static struct conn conn;
	bool sink = s->request.role == REQUEST_SINK;
	int end;

	conn_init(&conn, STDIN_FILENO, STDOUT_FILENO, sink ? TURN_OURS : TURN_THEIRS, rate_of(s));
	conn.stream.deadline = deadline;
	copy_init(&copy, &s->policy, &s->root, &s->audit, &conn, NULL);
	end = copy_run(&copy, &s->request);
	return (struct outcome){
		&copy.session.usage, copy.session.errors, end == -1 || copy.session.errors > 0, NULL,
	};
}

/*
 * Of which N bytes have been read AHEAD.  What is refused in there is no failure of the session: clients
 * make it one of their own.
 */
static struct outcome
go_on_in_sftp(struct service *s, struct deeds *deeds, struct deadline *deadline, const char *ahead,
    size_t n)
{
	struct title title;
	const char *why = NULL;
	int end;

	title_init(&title, "serving SFTP");
	deeds->way = AUDIT_SFTP;
	end = sftp_take_over(deeds, &title, deadline, STDIN_FILENO, STDOUT_FILENO, rate_of(s), ahead, n,
	    &why);
	return (struct outcome){ &deeds->usage, deeds->errors, end == -1, why };
}

static struct outcome
speak_sftp(struct service *s, struct deadline *deadline)
{
	static struct deeds deeds;

	deeds_init(&deeds, &s->policy, &s->root, &s->account, &s->audit);
	return go_on_in_sftp(s, &deeds, deadline, NULL, 0);
}

static struct outcome
speak_commands(struct service *s, struct deadline *deadline)
{
	static struct deeds deeds;
	static struct conn conn;
	static struct copy copy;
	struct title title;
	const struct shell_world world = {
		.deeds = &deeds, .people = &s->people, .title = &title, .conn = &conn, .errors = STDERR_FILENO,
		.copy = copy_run_next, .copier = &copy,
	};
	enum shell_end end;
	const char *ahead;
	size_t n;
	int status;

	title_init(&title, "serving commands");
	conn_init(&conn, STDIN_FILENO, STDOUT_FILENO, TURN_FREE, rate_of(s));
	conn.stream.deadline = deadline;
	deeds_init(&deeds, &s->policy, &s->root, &s->account, &s->audit);
	deeds.way = AUDIT_COMMANDS;
	copy_init(&copy, &s->policy, &s->root, &s->audit, &conn, &deeds);
	end = shell_run(&world, s->script, &status);
	if (end == SHELL_SFTP) {
		n = stream_unread(&conn.stream, &ahead);
		return go_on_in_sftp(s, &deeds, deadline, ahead, n);
	}
	return (struct outcome){
		&deeds.usage, deeds.errors, end == SHELL_LOST ? 1 : status, NULL,
	};
}

int
run_session(struct service *s, struct deadline *deadline)
{
	struct deadline *timer = deadline->has_timer ? deadline : NULL;
	struct outcome o = s->request.role == REQUEST_SFTP ? speak_sftp(s, timer)
	    : s->request.role == REQUEST_COMMANDS ? speak_commands(s, timer) : speak_scp(s, timer);
	const char *late = deadline_passed(deadline);

	if (audit_end(&s->audit, o.usage->files, o.usage->bytes, o.errors, o.status,
	    late != NULL ? late : o.reason) == -1)
		return 1;
	return o.status;
}
