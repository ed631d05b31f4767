/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>

#include "sink.h"
#include "text.h"

/* The attributes that the client gives the entry of R; a T before it is used up. */
static struct attrs
take_attrs(struct sink *k, const struct record *r)
{
	struct attrs a = k->times;

	k->times.has_times = false;
	a.has_mode = k->session->request->preserve;
	a.mode = r->mode & (a.has_mode ? k->session->policy->keep : 0777);
	return a;
}

/* Lets the trail name the entry of R; returns where to cut it again. */
static size_t
name_entry(struct sink *k, const struct record *r)
{
	struct trail *t = &k->session->trail;

	return nest_is_at_target(&k->nest) ? t->len : trail_add(t, r->text);
}

/* Why the target cannot be the file that is sent, as an errno; or 0. */
static int
reason_against_target(const struct sink *k)
{
	if (!nest_is_at_target(&k->nest))
		return 0;
	return k->nest.slash ? EISDIR : k->taken ? ENOTDIR : 0;
}

static int
begin_file(struct sink *k, const struct record *r, struct place *p)
{
	const char *name = nest_name(&k->nest, r->text);
	enum upload_allow allow = k->nest.depth == 0 && k->session->policy->special
	    ? UPLOAD_SPECIAL : UPLOAD_REGULAR;
	int dirfd = nest_dir(&k->nest);

	if (dirfd == -1)
		return -1;
	errno = reason_against_target(k);
	if (errno != 0)
		return -1;
	if (upload_begin(&k->upload, dirfd, name, r->mode, r->size, allow) == 0)
		return 0;
	if (errno != ELOOP || nest_follow(&k->nest, name, p) == -1)
		return -1;
	return upload_begin(&k->upload, p->dirfd, p->leaf, r->mode, r->size, allow);
}

/* The end of a session in which a body, or the status behind it, was not what it should be. */
static int
out_of_step(struct sink *k, enum conn_status status)
{
	return session_give_up(k->session, "protocol error",
	    status == STATUS_JUNK ? "expected status" : "lost connection");
}

/* The one reply to a body and its status. */
static int
judge_file(struct sink *k, enum conn_status status, const char *text, int file_err,
    const struct attrs *a)
{
	const char *what;

	if (status == STATUS_LOST)
		return out_of_step(k, status);
	if (file_err != 0)
		return session_refuse(k->session, NULL, session_reason(file_err));
	if (status == STATUS_ERROR || status == STATUS_FATAL)
		return session_refuse(k->session, upload_is_in_place(&k->upload)
		    ? "damaged, the sender says" : "dropped, the sender says", text);
	if (upload_commit(&k->upload, a, &what) == -1)
		return session_refuse(k->session, what, session_reason(errno));
	if (nest_is_at_target(&k->nest))
		k->taken = true;
	if (status == STATUS_JUNK)
		return out_of_step(k, status);
	if (status == STATUS_OK)
		return conn_ack(k->session->conn);
	/* Nobody may be there to read it; that was no condition for the file. */
	(void)conn_ack(k->session->conn);
	return 0;
}

static int
receive_file(struct sink *k, const struct record *r, const struct attrs *a)
{
	struct conn *c = k->session->conn;
	char text[TEXT_MESSAGE_MAX];
	enum conn_status status;
	int file_err;

	session_title(k->session);
	if (conn_ack(c) == -1)
		return -1;
	if (conn_recv_body(c, k->upload.fd, r->size, &file_err) == -1)
		return out_of_step(k, STATUS_LOST);
	status = conn_recv_status(c, text, sizeof(text));
	if (judge_file(k, status, text, file_err, a) == -1)
		return -1;
	return status == STATUS_FATAL || status == STATUS_JUNK ? -1 : 0;
}

/* A client that did not wait for our answer sends the body all the same. */
static int
refuse_file(struct sink *k, const struct record *r, int err)
{
	struct session *s = k->session;
	bool comes = k->nest.outside > 0 || conn_is_ahead(s->conn);
	enum conn_status status;

	if (session_refuse(s, NULL, session_reason(err)) == -1)
		return -1;
	if (!comes)
		return 0;
	status = conn_skip_body(s->conn, r->size);
	if (status == STATUS_LOST || status == STATUS_JUNK)
		return out_of_step(k, status);
	return status == STATUS_FATAL ? -1 : 0;
}

static int
take_file(struct sink *k, const struct record *r)
{
	struct attrs a = take_attrs(k, r);
	struct place p = { .dirfd = -1 };
	size_t cut = name_entry(k, r);
	int end;

	if (begin_file(k, r, &p) == 0)
		end = receive_file(k, r, &a);
	else
		end = refuse_file(k, r, errno);
	upload_end(&k->upload);
	place_close(&p);
	trail_cut(&k->session->trail, cut);
	return end;
}

/*
 * Refuses a directory.  A client that did not wait for our answer sends what is in it all the same:
 * all that is refused too, up to the end of the directory, so that it cannot land anywhere else.
 */
static int
refuse_dir(struct sink *k, size_t cut, const char *reason, int err)
{
	bool ahead = k->nest.outside > 0 || conn_is_ahead(k->session->conn);

	if (session_refuse(k->session, NULL, reason) == -1)
		return -1;
	if (ahead)
		nest_enter_refused(&k->nest, err);
	else
		trail_cut(&k->session->trail, cut);
	return 0;
}

static int
take_dir(struct sink *k, const struct record *r)
{
	struct session *s = k->session;
	struct attrs a = take_attrs(k, r);
	size_t cut;

	if (!s->request->recursive)
		return session_give_up(s, "protocol error", "received directory without -r");
	cut = name_entry(k, r);
	if (k->nest.outside == 0 && k->nest.depth == s->policy->max_depth)
		return refuse_dir(k, cut, "directories are nested too deeply", ENOENT);
	if (nest_enter(&k->nest, nest_name(&k->nest, r->text), &a) == -1)
		return refuse_dir(k, cut, strerror(errno), errno);
	session_go_deep(k->nest.depth);
	return conn_ack(s->conn);
}

/* Lets the trail say where we are, after leaving a directory. */
static void
shorten_trail(struct sink *k)
{
	if (!nest_is_at_target(&k->nest))
		trail_up(&k->session->trail);
}

/* 0; 1 at the end of the session: an E at the top, which some clients send and wait for. */
static int
take_end(struct sink *k)
{
	const char *what;
	int left = nest_leave(&k->nest, &what), end;

	if (left == -1)
		end = session_refuse(k->session, what, session_reason(errno));
	else
		end = conn_ack(k->session->conn);
	if (left == 1)
		return end == -1 ? -1 : 1;
	shorten_trail(k);
	return end;
}

/* The client is done and leaves directories open: they are finished, though nobody is told. */
static void
end_directories(struct sink *k)
{
	const char *what;
	int left;

	while ((left = nest_leave(&k->nest, &what)) != 1)
		if (left == -1)
			k->session->errors++;
}

static int
take_record(struct sink *k, const struct record *r)
{
	session_show(k->session, "received", r);
	switch (r->kind) {
	case RECORD_FILE:
		return take_file(k, r);
	case RECORD_DIR:
		return take_dir(k, r);
	case RECORD_END:
		return take_end(k);
	case RECORD_TIMES:
		k->times.has_times = true;
		memcpy(k->times.times, r->times, sizeof(k->times.times));
		return conn_ack(k->session->conn);
	case RECORD_WARN:
		k->session->errors++;
		return 0;
	case RECORD_FATAL:
		break;
	}
	k->session->errors++;
	return -1;
}

static int
give_up_name(struct sink *k, const struct record *r)
{
	char name[TEXT_MESSAGE_MAX];

	text_escape(name, sizeof(name), r->text, r->textlen);
	return session_give_up(k->session, "error: unexpected filename", name);
}

/* Entries until the client is done: 0, -1. */
static int
take_records(struct sink *k)
{
	struct record r;
	const char *why;
	int end = 0;

	while (end == 0) {
		end = conn_next(k->session->conn, &r, &why);
		if (end == 0)
			end = take_record(k, &r);
		else if (end == -1 && why == record_bad_name)
			end = give_up_name(k, &r);
		else if (end == -1)
			end = session_give_up(k->session, "protocol error", why);
	}
	return end == -1 ? -1 : 0;
}

/* Greets the client, and looks at the target first where it must be a directory: 1 to go on. */
static int
greet(struct sink *k, const char *target)
{
	bool early = k->session->request->target_is_dir;
	int err = early ? nest_aim(&k->nest, target) : 0;

	if (err != 0)
		return session_refuse(k->session, NULL, session_reason(err));
	if (conn_ack(k->session->conn) == -1)
		return -1;
	if (!early)
		(void)nest_aim(&k->nest, target);
	return 1;
}

int
sink_run(struct sink *k, struct session *s)
{
	int end;

	k->session = s;
	upload_init(&k->upload);
	k->times = (struct attrs){ .has_times = false };
	k->taken = false;
	nest_init(&k->nest, s->root, s->policy->follow);
	if (s->request->npaths != 1)
		return session_give_up(k->session, NULL, "ambiguous target");

	trail_set(&s->trail, s->request->paths[0]);
	session_title(s);
	end = greet(k, s->request->paths[0]);
	if (end == 1)
		end = take_records(k);
	if (end == 0)
		end_directories(k);
	nest_end(&k->nest);
	return end;
}
