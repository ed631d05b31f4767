/* SPDX-License-Identifier: ISC */
#include <sys/resource.h>

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "rules/alias.h"
#include "rules/telling.h"
#include "session/session.h"
#include "text/text.h"

enum {
	TITLE_FROM = 65536,		/* bytes of a body that ps(1) may meet, a pipe full */
	LINE_MAX_SHOWN = 4 * RECORD_MAX,
	SAY_MORE = 64,			/* bytes of a line besides that */
	SAY_PATIENCE = 1000,		/* milliseconds for who reads standard error */
	DEEP = 32			/* levels for which every login has descriptors */
};

static void
watch_body(void *session, uint64_t done, uint64_t size)
{
	struct session *s = session;
	unsigned percent = (unsigned)((double)done / (double)size * 100);

	s->moved = done;
	if (s->title.detailed && percent != s->title.percent)
		title_show_percent(&s->title, s->trail.text, s->trail.len, percent);
}

const char session_no_log[] = "the log cannot be written";

void
session_init(struct session *s, struct conn *conn, const struct request *request,
    const struct policy *policy, const struct root *root, struct audit *audit)
{
	s->conn = conn;
	s->request = request;
	s->policy = policy;
	s->root = root;
	s->audit = audit;
	s->usage = (struct usage){ .bytes = 0 };
	s->errors = s->heard = s->skipped = s->talk = 0;
	title_init(&s->title, request->role == REQUEST_SINK ? "receiving" : "sending");
	s->unlogged = s->begun = false;
	s->plain[0] = '\0';
	s->operand = 0;
	s->quiet = policy->reveal == POLICY_NO;
	s->said = NULL;
	s->client = NULL;
	s->expect = NULL;
	s->made = NULL;
	s->maker = NULL;
	journal_init(&s->errors_to);
	trail_set(&s->trail, "");
	conn->stream.watch = watch_body;
	conn->stream.watcher = s;
}

static void
watch_for_client(void *session, uint64_t done, uint64_t size)
{
	struct session *s = session;

	(void)size;
	s->moved = done;
	s->client->move(s->client->self, done);
}

void
session_originate(struct session *s, const struct client *client, struct expect *expect)
{
	s->client = client;
	s->expect = expect;
	s->conn->stream.watch = watch_for_client;
}

bool
session_is_tired(struct session *s, const struct record *r)
{
	bool moves = r->kind == RECORD_FILE || r->kind == RECORD_DIR || r->kind == RECORD_END;

	s->talk = moves ? 0 : s->talk + 1;
	return s->client != NULL && s->talk > SESSION_TALK;
}

/* True where nobody asks for paths from the root on: then finding out costs nothing. */
static bool
is_plain_use(const struct session *s)
{
	const struct policy *p = s->policy;

	return !p->restricted && p->nrules == 0 && p->hidden == POLICY_YES &&
	    !audit_is_on(s->audit);
}

void
session_call(struct session *s, const char *name)
{
	if (!s->quiet)
		return;
	s->said = name != NULL ? s->called : s->request->paths[0];
	/* The client's next text takes the place of this one. */
	if (name != NULL)
		strlcpy(s->called, name, sizeof(s->called));
}

const char *
session_turn_to(struct session *s, const char *path)
{
	bool renamed = s->client != NULL && s->client->shown != NULL;
	int err;

	trail_set(&s->trail, renamed ? s->client->shown : path);
	if (s->request->role == REQUEST_SOURCE)
		trail_trim(&s->trail);
	s->operand = s->trail.len;
	s->plain[0] = '\0';
	if (s->client != NULL) {
		/* He has said it himself: rules are for what is found there. */
		if (s->root->confined && root_plain(s->root, path, s->plain) == -1)
			s->plain[0] = '\0';
		return NULL;
	}
	title_show(&s->title, s->trail.text, s->operand);
	if (is_plain_use(s))
		return NULL;
	if (root_plain(s->root, path, s->plain) == 0)
		return alias_denies_path(s->policy, s->root, s->plain, true);
	err = errno;
	strlcpy(s->plain, path + strspn(path, "/"), sizeof(s->plain));
	/* On the whole system such a path is the kernel's to judge, but its names are not. */
	return s->root->confined ? telling_text(err, true) : policy_denies_path(s->policy, path, true);
}

bool
session_path(const struct session *s, char *dst, size_t cap)
{
	const struct trail *t = &s->trail;
	const char *rest = t->text + s->operand;
	size_t len = strlcpy(dst, s->plain, cap), n;

	assert(len < cap);
	if (t->len <= s->operand)
		return true;
	rest += strspn(rest, "/");
	if (len > 0 && len + 1 < cap)
		dst[len++] = '/';
	/* The trail may be much longer than what can be used of it. */
	n = strnlen(rest, cap - len - 1);
	memcpy(dst + len, rest, n);
	dst[len + n] = '\0';
	return rest[n] == '\0' && t->beyond == 0;
}

const char *
session_time_is_up(const struct session *s)
{
	const struct deadline *d = s->conn->stream.deadline;

	return d != NULL ? deadline_passed(d) : NULL;
}

void
session_title(struct session *s, uint64_t size)
{
	if (s->client != NULL)
		s->client->begin(s->client->self, s->trail.text, s->trail.len, size);
	else if (size >= TITLE_FROM)
		title_show_percent(&s->title, s->trail.text, s->trail.len, 0);
	else if (s->title.detailed)
		title_show(&s->title, s->trail.text, s->operand);
}

void
session_say(struct session *s, const char *way, const char *text)
{
	char line[LINE_MAX_SHOWN + SAY_MORE], plain[LINE_MAX_SHOWN];
	int n;

	if (!s->request->verbose)
		return;
	if (s->errors_to.fd == -1)
		journal_to_fd(&s->errors_to, STDERR_FILENO, SAY_PATIENCE);
	if (s->client != NULL && s->client->ascii) {
		text_ascii(plain, sizeof(plain), text, strlen(text));
		text = plain;
	}
	n = snprintf(line, sizeof(line), "%sscp: %s %s\n", s->errors_to.torn ? "\n" : "", way, text);
	/* Whoever does not read it misses it. */
	(void)journal_write(&s->errors_to, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
}

void
session_show(struct session *s, const char *way, const struct record *r)
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
