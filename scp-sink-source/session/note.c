/* SPDX-License-Identifier: ISC */
#include <stdio.h>

#include "session/note.h"
#include "wire/clock.h"

enum {
	PATH_SHOWN = AUDIT_STRING_MAX + 1	/* what is longer is seen to be cut in the log */
};

/* What the log says of the file or directory where we are. */
static struct audit_entry
entry_here(const struct session *s, char path[PATH_SHOWN], const char *reason)
{
	path[0] = '/';
	(void)session_path(s, path + 1, PATH_SHOWN - 1);
	return (struct audit_entry){
		.path = path,
		.upload = s->request->role == REQUEST_SINK,
		.bytes = s->begun ? s->moved : 0,
		.seconds = s->begun ? (double)(clock_now() - s->since) / CLOCK_NANO : 0,
		.mode = s->mode,
		.reason = reason,
	};
}

static void
note_logged(struct session *s, int end)
{
	if (end == -1)
		s->unlogged = true;
}

void
session_begin_file(struct session *s, mode_t mode)
{
	s->begun = true;
	s->moved = 0;
	s->mode = mode;
	s->since = audit_is_on(s->audit) ? clock_now() : 0;
}

/* The end of a file, good, perhaps with a REMARK, or bad. */
static void
log_file(struct session *s, const char *reason, const char *remark)
{
	char path[PATH_SHOWN];

	if (audit_is_on(s->audit)) {
		struct audit_entry e = entry_here(s, path, reason);

		e.remark = remark;
		note_logged(s, audit_file(s->audit, &e));
	}
	s->begun = false;
}

int
session_end_file(struct session *s)
{
	return session_end_file_with(s, NULL);
}

int
session_end_file_with(struct session *s, const char *remark)
{
	if (s->client != NULL)
		s->client->end(s->client->self, s->trail.text, s->trail.len, NULL);
	log_file(s, NULL, remark);
	return s->unlogged ? -1 : 0;
}

void
session_fail_file(struct session *s, const char *reason)
{
	const char *late = session_time_is_up(s);

	if (!s->begun)
		return;
	if (late != NULL)
		reason = late;
	if (s->client != NULL)
		s->client->end(s->client->self, s->trail.text, s->trail.len, reason);
	log_file(s, reason, NULL);
}

void
session_lose_file(struct session *s)
{
	static const char lost[] = "lost connection";

	if (s->client == NULL) {
		session_fail_file(s, lost);
	} else if (s->begun) {
		s->errors++;
		s->begun = false;
		client_complain(s->client, &s->trail, NULL, lost);
	}
}

void
session_tell_made(const struct session *s, const struct birth *b)
{
	char plain[PATH_MAX];

	if (s->made != NULL && session_path(s, plain, sizeof(plain)))
		s->made(s->maker, plain, b);
}

int
session_log_dir(struct session *s, mode_t mode, bool made)
{
	char path[PATH_SHOWN];

	if (s->client != NULL)
		s->client->enter(s->client->self, s->trail.text, s->trail.len);
	s->mode = mode;
	if (audit_is_on(s->audit)) {
		struct audit_entry e = entry_here(s, path, NULL);

		note_logged(s, audit_dir(s->audit, &e, made));
	}
	return s->unlogged ? -1 : 0;
}

void
session_log_refusal(struct session *s, const char *what, const char *reason)
{
	char path[PATH_SHOWN], both[AUDIT_STRING_MAX];
	struct audit_entry e;

	if (!audit_is_on(s->audit))
		return;
	if (what != NULL) {
		snprintf(both, sizeof(both), "%s: %s", what, reason);
		reason = both;
	}
	if (s->begun) {
		log_file(s, reason, NULL);
		return;
	}
	e = entry_here(s, path, reason);
	note_logged(s, audit_refusal(s->audit, e.path, e.upload ? AUDIT_UPLOAD : AUDIT_DOWNLOAD,
	    reason));
}
