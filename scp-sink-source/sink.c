/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>

#include "sink.h"
#include "text.h"

static struct level *
top(struct sink *k)
{
	return &k->levels[k->depth];
}

static bool
is_target(const struct sink *k)
{
	return k->depth == 0 && k->outside == 0 && k->whole;
}

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

	return is_target(k) ? t->len : trail_add(t, r->text);
}

/*
 * Makes level 0 of the target: the directory it is, or else the one that holds it.  0, or the errno
 * that says why it is no directory; where nothing can hold it either, the reason is the same.
 */
static int
judge_target(struct sink *k, const char *path)
{
	const struct root *root = k->session->root;
	int err, fd = root_dir(root, path);

	k->whole = fd == -1;
	if (fd != -1) {
		k->target = (struct place){ .dirfd = fd, .owned = true };
		k->levels[0].fd = fd;
		return 0;
	}
	err = errno;
	k->slash = path[0] != '\0' && path[strlen(path) - 1] == '/';
	if (err == ENOENT || err == ENOTDIR)
		(void)root_place(root, path, &k->target);
	k->levels[0].fd = k->target.dirfd;
	k->levels[0].err = err;
	return err;
}

/* The operand may be any link, it is the client's own choice; what lies below may be a trap. */
static int
follow(struct sink *k, const char *name, struct place *p)
{
	enum root_trust trust = is_target(k) ? ROOT_ANY_LINK : ROOT_OWN_LINKS;

	if (!k->session->policy->follow) {
		errno = ELOOP;
		return -1;
	}
	return root_follow(k->session->root, top(k)->fd, name, trust, p);
}

/* What the entry of R is called here. */
static const char *
name_of(const struct sink *k, const struct record *r)
{
	return is_target(k) ? k->target.leaf : r->text;
}

/* Why no file can be put here, whatever its name, as an errno, or 0. */
static int
reason_against(struct sink *k)
{
	if (k->outside > 0)
		return k->outside_err;
	if (top(k)->fd == -1)
		return top(k)->err;
	if (!is_target(k))
		return 0;
	return k->slash ? EISDIR : k->taken ? ENOTDIR : 0;
}

static int
begin_file(struct sink *k, const struct record *r, struct place *p)
{
	const char *name = name_of(k, r);
	enum upload_allow allow = k->depth == 0 && k->session->policy->special ? UPLOAD_SPECIAL
	    : UPLOAD_REGULAR;

	errno = reason_against(k);
	if (errno != 0)
		return -1;
	if (upload_begin(&k->upload, top(k)->fd, name, r->mode, r->size, allow) == 0)
		return 0;
	if (errno != ELOOP || follow(k, name, p) == -1)
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
	if (is_target(k))
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
	bool ahead = conn_is_ahead(s->conn);
	enum conn_status status;

	if (session_refuse(s, NULL, session_reason(err)) == -1)
		return -1;
	if (!ahead)
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

static int
begin_dir(struct sink *k, const char *name, const struct attrs *a, struct level *l)
{
	struct place p = { .dirfd = -1 };
	int end;

	errno = k->outside > 0 ? k->outside_err : top(k)->fd == -1 ? top(k)->err : 0;
	if (errno != 0)
		return -1;
	if (level_make(l, top(k)->fd, name, a) == 0)
		return 0;
	if (errno != ENOTDIR || follow(k, name, &p) == -1)
		return -1;
	end = level_open(l, p.dirfd, p.leaf, a);
	place_close(&p);
	/* There is a link, so there is something, though it leads nowhere. */
	if (end == -1 && errno == ENOENT)
		errno = EEXIST;
	return end;
}

/*
 * Refuses a directory.  A client that did not wait for our answer sends what is in it all the same:
 * all that is refused too, up to the end of the directory, so that it cannot land anywhere else.
 */
static int
refuse_dir(struct sink *k, size_t cut, const char *reason, int err)
{
	bool ahead = conn_is_ahead(k->session->conn);

	if (session_refuse(k->session, NULL, reason) == -1)
		return -1;
	if (!ahead) {
		trail_cut(&k->session->trail, cut);
	} else if (k->outside++ == 0) {
		k->outside_err = err;
		k->outside_cut = cut;
	}
	return 0;
}

static int
take_dir(struct sink *k, const struct record *r)
{
	struct attrs a = take_attrs(k, r);
	size_t cut;

	if (!k->session->request->recursive)
		return session_give_up(k->session, "protocol error",
		    "received directory without -r");
	cut = name_entry(k, r);
	if (k->outside == 0 && k->depth == k->session->policy->max_depth)
		return refuse_dir(k, cut, "directories are nested too deeply", ENOENT);
	if (begin_dir(k, name_of(k, r), &a, top(k) + 1) == -1)
		return refuse_dir(k, cut, strerror(errno), errno);
	k->depth++;
	top(k)->cut = cut;
	session_go_deep(k->depth);
	return conn_ack(k->session->conn);
}

/* Back from a directory that was refused, towards the one it would have been in. */
static int
leave_outside(struct sink *k)
{
	if (--k->outside == 0)
		trail_cut(&k->session->trail, k->outside_cut);
	else
		trail_up(&k->session->trail);
	return conn_ack(k->session->conn);
}

static void
leave_level(struct sink *k)
{
	trail_cut(&k->session->trail, top(k)->cut);
	k->depth--;
}

/*
 * 0, or 1 at the end of the session: an E at the top level, which some clients send and wait for.
 */
static int
take_end(struct sink *k)
{
	const char *what;
	int end;

	if (k->outside > 0)
		return leave_outside(k);
	if (k->depth == 0)
		return conn_ack(k->session->conn) == -1 ? -1 : 1;
	if (level_end(top(k), &what) == -1)
		end = session_refuse(k->session, what, session_reason(errno));
	else
		end = conn_ack(k->session->conn);
	leave_level(k);
	return end;
}

/* The client is done and leaves directories open: they are finished, though nobody is told. */
static void
end_levels(struct sink *k)
{
	const char *what;

	for (; k->depth > 0; leave_level(k))
		if (level_end(top(k), &what) == -1)
			k->session->errors++;
}

static void
abandon_levels(struct sink *k)
{
	for (; k->depth > 0; leave_level(k))
		level_abandon(top(k));
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
	int err = early ? judge_target(k, target) : 0;

	if (err != 0)
		return session_refuse(k->session, NULL, session_reason(err));
	if (conn_ack(k->session->conn) == -1)
		return -1;
	if (!early)
		(void)judge_target(k, target);
	return 1;
}

int
sink_run(struct sink *k, struct session *s)
{
	int end;

	k->session = s;
	upload_init(&k->upload);
	k->times = (struct attrs){ .has_times = false };
	k->whole = k->slash = k->taken = false;
	k->depth = k->outside = 0;
	k->target = (struct place){ .dirfd = -1 };
	level_refused(&k->levels[0], 0);
	if (s->request->npaths != 1)
		return session_give_up(k->session, NULL, "ambiguous target");

	trail_set(&s->trail, s->request->paths[0]);
	session_title(s);
	end = greet(k, s->request->paths[0]);
	if (end == 1)
		end = take_records(k);
	if (end == 0)
		end_levels(k);
	abandon_levels(k);
	place_close(&k->target);
	return end;
}
