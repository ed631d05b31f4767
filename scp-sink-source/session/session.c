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
#include "wire/clock.h"

enum {
	TITLE_FROM = 65536,		/* bytes of a body that ps(1) may meet, a pipe full */
	PATH_SHOWN = AUDIT_STRING_MAX + 1,	/* what is longer is seen to be cut in the log */
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
const char session_no_reason[] = "no reason was given";
const char session_no_bottom[] = "directories without end were sent";
const char session_no_recursion[] = "received directory without -r";

static const char *
text_of(const struct session *s, int err)
{
	return telling_text(err, s->root->confined);
}

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
	s->errors = s->heard = s->skipped = 0;
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
	return s->root->confined ? text_of(s, err) : policy_denies_path(s->policy, path, true);
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

/* What the times ended is no fault of the connection. */
static const char *
time_is_up(const struct session *s)
{
	const struct deadline *d = s->conn->stream.deadline;

	return d != NULL ? deadline_passed(d) : NULL;
}

void
session_fail_file(struct session *s, const char *reason)
{
	const char *late = time_is_up(s);

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
		s->client->complain(s->client->self, s->trail.text, s->trail.len, lost);
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

/* What the peer is about to be told: TEXT, also for whoever reads stderr, and for the exit status. */
static void
note_failure(struct session *s, const char *text)
{
	s->errors++;
	session_say(s, "told the client:", text);
}

static void
log_failure(struct session *s, const char *what, const char *reason)
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

static const char *
reason_text(const struct session *s, const struct reason *r)
{
	return r->text != NULL ? r->text : text_of(s, r->err);
}

void
session_log_failure(struct session *s, const struct reason *r)
{
	log_failure(s, r->what, reason_text(s, r));
}

/* What the peer may know is left in TEXT, about what it called so itself. */
static void
word(struct session *s, const struct reason *r, char text[TEXT_MESSAGE_MAX])
{
	const char *why = reason_text(s, r), *what = r->what;

	if (s->quiet && !r->open && (r->telling || telling_is(r->err))) {
		what = NULL;
		why = text_error(EACCES);
	}
	if (s->quiet && s->said != NULL)
		text_message(text, s->said, what, why);
	else
		text_message_at(text, s->trail.text, s->trail.len, what, why);
	note_failure(s, text);
}

/* What became of something is for the client, who reads of it as he knows it. */
static void
tell_client(struct session *s, const struct reason *r)
{
	const struct client *c = s->client;
	char text[TEXT_MESSAGE_MAX];

	s->begun = false;
	if (r->within)
		return;
	if (r->skip) {
		s->skipped++;
		c->skip(c->self, s->trail.text, s->trail.len);
		return;
	}
	s->errors++;
	snprintf(text, sizeof(text), "%s%s%s", r->what != NULL ? r->what : "",
	    r->what != NULL ? ": " : "", reason_text(s, r));
	c->complain(c->self, s->trail.text, s->trail.len, text);
}

int
session_tell(struct session *s, const struct reason *r)
{
	char text[TEXT_MESSAGE_MAX];

	if (s->client != NULL) {
		tell_client(s, r);
		return conn_refuse(s->conn, s->client->sorry);
	}
	word(s, r, text);
	return conn_refuse(s->conn, text);
}

int
session_refuse(struct session *s, const struct reason *r)
{
	session_log_failure(s, r);
	return session_tell(s, r);
}

int
session_spoil(struct session *s, const struct reason *r)
{
	if (s->client == NULL)
		return session_warn(s, r);
	tell_client(s, r);
	return conn_warn(s->conn, s->client->sorry);
}

void
session_hear(struct session *s, const char *text, size_t len)
{
	char shown[TEXT_MESSAGE_MAX];

	s->errors++;
	s->heard++;
	if (s->client == NULL)
		return;
	if (text_escape(shown, sizeof(shown), text, len) > 0) {
		s->client->hear(s->client->self, shown);
	} else {
		s->client->complain(s->client->self, NULL, 0,
		    conn_is_left(s->conn) ? "lost connection" : session_no_reason);
		s->begun = false;
	}
}

int
session_warn(struct session *s, const struct reason *r)
{
	char text[TEXT_MESSAGE_MAX];

	if (s->client != NULL) {
		tell_client(s, r);
		return 0;
	}
	session_log_failure(s, r);
	word(s, r, text);
	return conn_warn(s->conn, text);
}

int
session_give_up(struct session *s, const char *what, const char *reason)
{
	char text[TEXT_MESSAGE_MAX];
	const char *late = time_is_up(s);

	if (late != NULL) {
		what = NULL;
		reason = late;
	}
	log_failure(s, what, reason);
	text_message(text, NULL, what, reason);
	if (s->client != NULL) {
		s->errors++;
		s->client->complain(s->client->self, NULL, 0, text + strlen("scp: "));
		s->begun = false;
	} else {
		note_failure(s, text);
	}
	if (late == NULL)
		(void)conn_refuse(s->conn, s->client != NULL ? s->client->sorry : text);
	return -1;
}

int
session_give_up_name(struct session *s, const struct record *r)
{
	char name[TEXT_MESSAGE_MAX];

	text_escape(name, sizeof(name), r->text, r->textlen);
	return session_give_up(s, "error: unexpected filename", name);
}

int
session_give_up_entry(struct session *s, const struct record *r, bool many)
{
	char name[TEXT_MESSAGE_MAX / 2], text[TEXT_MESSAGE_MAX];

	text_quote(name, sizeof(name), r->text, r->textlen);
	if (many)
		snprintf(text, sizeof(text), "%s sent more than was asked for", s->client->host);
	else
		snprintf(text, sizeof(text), "%s sent \"%s\", which was not asked for (-T accepts it)",
		    s->client->host, name);
	return session_give_up(s, NULL, text);
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
	char line[LINE_MAX_SHOWN + SAY_MORE];
	int n;

	if (!s->request->verbose)
		return;
	if (s->errors_to.fd == -1)
		journal_to_fd(&s->errors_to, STDERR_FILENO, SAY_PATIENCE);
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
