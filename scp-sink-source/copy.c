/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "copy.h"
#include "text/text.h"

static void
make_own(void *deeds, const char *plain, const struct birth *b)
{
	struct deeds *d = deeds;

	own_add(&d->own, plain, b);
}

void
copy_init(struct copy *c, const struct policy *policy, const struct root *root, struct audit *audit,
    struct conn *conn, struct deeds *deeds)
{
	c->policy = policy;
	c->root = root;
	c->audit = audit;
	c->conn = conn;
	c->deeds = deeds;
}

int
copy_run(struct copy *c, const struct request *request)
{
	struct session *s = &c->session;
	int end;

	session_init(s, c->conn, request, c->policy, c->root, c->audit);
	if (c->deeds != NULL) {
		s->usage = c->deeds->usage;
		s->made = make_own;
		s->maker = c->deeds;
	}
	end = request->role == REQUEST_SINK ? sink_run(&c->work.sink, s)
	    : source_run(&c->work.source, s);
	c->conn->stream.watch = NULL;
	return end;
}

/*
 * A client that was not told to begin may have done so all the same: what it sends is then not for
 * whoever reads on.
 */
static enum shell_copy
end_unbegun(struct copy *c)
{
	return stream_is_ahead(&c->conn->stream, CONN_EARLY) ? SHELL_COPY_ASTRAY : SHELL_COPY_FAILED;
}

/* Of several operands the log has the first. */
static void
log_refusal(struct copy *c, const struct request *request, const char *why)
{
	char path[1 + PATH_MAX] = "/";
	bool upload = request->role == REQUEST_SINK;

	c->deeds->errors++;
	if (!audit_is_on(c->audit))
		return;
	if (request->npaths > 0 && root_plain(c->root, request->paths[0], path + 1) == -1)
		path[1] = '\0';
	if (audit_refusal(c->audit, path, upload ? AUDIT_UPLOAD : AUDIT_DOWNLOAD, why) == -1)
		c->deeds->unlogged = true;
}

static enum shell_copy
refuse(struct copy *c, const struct request *request, const char *why)
{
	char text[TEXT_MESSAGE_MAX], theirs[TEXT_MESSAGE_MAX];

	log_refusal(c, request, why);
	text_message(text, NULL, NULL, why);
	if (request->role == REQUEST_SINK)
		return conn_refuse(c->conn, text) == -1 ? SHELL_COPY_ASTRAY : end_unbegun(c);
	/* A source speaks when it has been spoken to. */
	if (conn_await(c->conn, theirs, sizeof(theirs)) == -1)
		return conn_is_stopped(c->conn) ? SHELL_COPY_FAILED : SHELL_COPY_ASTRAY;
	return conn_warn(c->conn, text) == -1 ? SHELL_COPY_ASTRAY : SHELL_COPY_FAILED;
}

enum shell_copy
copy_run_next(void *copy, const struct request *request, const struct root *root, const char *why)
{
	struct copy *c = copy;
	bool sink = request->role == REQUEST_SINK;
	int end;

	c->root = root;
	conn_begin(c->conn, sink ? TURN_OURS : TURN_THEIRS);
	if (why != NULL)
		return refuse(c, request, why);
	end = copy_run(c, request);
	c->deeds->usage = c->session.usage;
	c->deeds->errors += c->session.errors;
	c->deeds->unlogged = c->deeds->unlogged || c->session.unlogged;
	if (c->deeds->unlogged)
		return SHELL_COPY_ASTRAY;
	if (sink && !c->work.sink.greeted)
		return end_unbegun(c);
	if (end == -1 && !conn_is_stopped(c->conn))
		return SHELL_COPY_ASTRAY;
	return end == -1 || c->session.errors > 0 ? SHELL_COPY_FAILED : SHELL_COPY_DONE;
}
