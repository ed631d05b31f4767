/* SPDX-License-Identifier: ISC */
#include <sys/resource.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bsd/unistd.h>

#include "session.h"
#include "text.h"

enum {
	TITLE_NAME_MAX = 256,		/* bytes of a path that ps(1) gets to see, from its end */
	LINE_MAX_SHOWN = 4 * RECORD_MAX,
	DEEP = 32			/* levels for which every login has descriptors */
};

static void
set_title(const struct session *s)
{
	char name[TITLE_NAME_MAX];
	size_t len = s->trail.len, skip = len >= TITLE_NAME_MAX ? len - TITLE_NAME_MAX + 1 : 0;

	text_escape(name, sizeof(name), s->trail.text + skip, len - skip);
	setproctitle("%s %s %u%%", s->request->role == REQUEST_SINK ? "receiving" : "sending", name,
	    s->percent);
}

static void
watch_body(void *session, uint64_t done, uint64_t size)
{
	struct session *s = session;
	unsigned percent = (unsigned)((double)done / (double)size * 100);

	if (percent == s->percent)
		return;
	s->percent = percent;
	set_title(s);
}

void
session_init(struct session *s, struct conn *conn, const struct request *request,
    const struct policy *policy, const struct root *root)
{
	s->conn = conn;
	s->request = request;
	s->policy = policy;
	s->root = root;
	s->errors = 0;
	s->percent = 0;
	trail_set(&s->trail, "");
	conn->watch = watch_body;
	conn->watcher = s;
}

const char *
session_reason(int err)
{
	return err == ENXIO ? "not a regular file" : strerror(err);
}

/* What the peer is about to be told, for whoever reads stderr, and for the exit status. */
static void
note_failure(struct session *s, const char *path, const char *what, const char *reason)
{
	char text[TEXT_MESSAGE_MAX];

	s->errors++;
	text_message(text, path, what, reason);
	session_say(s, "told the client:", text);
}

int
session_refuse(struct session *s, const char *what, const char *reason)
{
	note_failure(s, s->trail.text, what, reason);
	return conn_refuse(s->conn, s->trail.text, what, reason);
}

int
session_warn(struct session *s, const char *reason)
{
	note_failure(s, s->trail.text, NULL, reason);
	return conn_warn(s->conn, s->trail.text, NULL, reason);
}

int
session_give_up(struct session *s, const char *what, const char *reason)
{
	note_failure(s, NULL, what, reason);
	(void)conn_refuse(s->conn, NULL, what, reason);
	return -1;
}

void
session_title(struct session *s)
{
	s->percent = 0;
	set_title(s);
}

void
session_say(const struct session *s, const char *way, const char *text)
{
	if (s->request->verbose)
		fprintf(stderr, "scp: %s %s\n", way, text);
}

void
session_show(const struct session *s, const char *way, const struct record *r)
{
	char line[LINE_MAX_SHOWN], head[RECORD_HEAD_MAX];
	size_t used;

	if (!s->request->verbose)
		return;
	used = text_escape(line, sizeof(line), head, record_head(head, r));
	text_escape(line + used, sizeof(line) - used, r->text, strlen(r->text));
	session_say(s, way, line);
}

void
session_go_deep(unsigned depth)
{
	struct rlimit limit;

	if (depth != DEEP || getrlimit(RLIMIT_NOFILE, &limit) == -1)
		return;
	limit.rlim_cur = limit.rlim_max;
	/* Where this fails, opening a directory fails later, and says so. */
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}
