/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include <bsd/string.h>

#include "scp/intake.h"
#include "session/note.h"
#include "text/text.h"
#include "upload/commit.h"

/* All that is said of a body that the sender says is not good, whatever it would have become. */
static const char said_spoilt[] = "the sender says";

static const char times_not_set[] = "set times: Operation not permitted";

void
intake_init(struct intake *k, struct session *s)
{
	door_init(&k->door, s);
	k->times = (struct attrs){ .has_times = false };
}

int
intake_take_times(struct intake *k, const struct record *r)
{
	k->times.has_times = true;
	memcpy(k->times.times, r->times, sizeof(k->times.times));
	return conn_ack(k->door.session->conn);
}

/* The attributes that the client gives the entry of R; a T before it is used up. */
static struct attrs
take_attrs(struct intake *k, const struct record *r)
{
	struct attrs a = k->times;

	k->times.has_times = false;
	a.has_times = a.has_times && k->door.session->policy->times == TIMES_CLIENT;
	a.mode = policy_mode(k->door.session->policy, r->mode, r->kind == RECORD_DIR,
	    k->door.session->request->preserve, &a.has_mode);
	return a;
}

/* Lets the trail name the entry of R: it is as deep as the directories that are open, or refused. */
static void
name_entry(struct intake *k, const struct record *r)
{
	struct trail *t = &k->door.session->trail;

	assert(t->depth + t->beyond == k->door.nest.depth + k->door.nest.outside);
	trail_enter(t, nest_is_at_target(&k->door.nest) ? "" : r->text);
}

/* The end of a session in which a body, or the status behind it, was not what it should be. */
static int
out_of_step(struct intake *k, enum conn_status status)
{
	return session_give_up(k->door.session, "protocol error",
	    status == STATUS_JUNK ? "expected status" : "lost connection");
}

/* What came of a body. */
struct body {
	enum conn_status status;
	char		 text[TEXT_MESSAGE_MAX];	/* of the client, with the status */
	int		 file_err;			/* the file could not take all of it; or 0 */
};

/* Whether the sender says that the body is not what it should be. */
static bool
is_spoilt(const struct body *b)
{
	return b->status == STATUS_ERROR || b->status == STATUS_FATAL;
}

/* What became of such a file is no secret, unless that tells of what there was. */
static int
refuse_spoilt(struct intake *k, const struct body *b)
{
	struct session *s = k->door.session;
	struct reason why = { .text = b->text, .what = upload_is_in_place(&k->door.upload)
	    ? "damaged, the sender says" : "dropped, the sender says" };

	session_log_failure(s, &why);
	if (s->quiet)
		why.what = said_spoilt;
	return session_tell(s, &why);
}

/*
 * Whether that something could not be set is a word to the log alone: somebody else's file has the times
 * that he gives it, and without -p nobody has asked for others but a client out of habit.
 */
static bool
is_remark(const struct intake *k, const char *what, int err)
{
	return what == attrs_set_times && err == EPERM && !k->door.session->request->preserve;
}

/* The log says what mode the file has, not what the client says: this one, until attributes are set. */
static void
look_at_mode(struct intake *k)
{
	if (audit_is_on(k->door.session->audit))
		k->door.session->mode = upload_mode(&k->door.upload);
}

/* And this one when it has been given all of A but WHAT. */
static void
note_mode(struct intake *k, const struct attrs *a, const char *what)
{
	if (a->has_mode && k->door.upload.regular &&
	    (what == NULL || strcmp(what, attrs_set_mode) != 0))
		k->door.session->mode = a->mode;
}

/*
 * Whether a body of the size that was said is no whole file all the same.  A client that sends one may leave
 * out what comes behind it; a source says there whether it could read what it has sent.
 */
static bool
is_in_doubt(const struct intake *k, enum conn_status status)
{
	return status == STATUS_LOST || (k->door.session->client != NULL &&
	    (status == STATUS_MISSING || status == STATUS_JUNK));
}

/* The one reply to a body and its status. */
static int
judge_file(struct intake *k, const struct body *b, const struct attrs *a)
{
	const char *what = NULL;
	enum conn_status status = b->status;
	struct birth birth;
	bool told = k->door.session->made != NULL &&
	    birth_look(k->door.upload.fd, "", &birth) == 0;
	int failed;

	if (is_in_doubt(k, status))
		return out_of_step(k, status);
	if (is_spoilt(b) && (k->door.session->quiet || b->file_err == 0))
		return refuse_spoilt(k, b);
	if (b->file_err != 0)
		return session_refuse(k->door.session, &(struct reason){ .err = b->file_err });
	failed = upload_commit(&k->door.upload, a, &what) == -1 ? errno : 0;
	if (failed == 0 || what != NULL) {
		note_mode(k, a, what);
		if (told)
			session_tell_made(k->door.session, &birth);
	}
	if (failed != 0 && !is_remark(k, what, failed)) {
		/* Then it is there, if not as it should be. */
		k->door.taken = k->door.taken || (what != NULL && nest_is_at_target(&k->door.nest));
		return session_refuse(k->door.session, &(struct reason){ .what = what, .err = failed });
	}
	if (nest_is_at_target(&k->door.nest))
		k->door.taken = true;
	if (session_end_file_with(k->door.session, what != NULL ? times_not_set : NULL) == -1)
		return session_give_up(k->door.session, NULL, session_no_log);
	if (status == STATUS_JUNK)
		return out_of_step(k, status);
	if (status == STATUS_OK)
		return conn_ack(k->door.session->conn);
	/* Nobody may be there to read it; that was no condition for the file. */
	(void)conn_ack(k->door.session->conn);
	return 0;
}

/* The same for a file that WHY, which is logged already, kept from being written. */
static int
judge_refused(struct intake *k, const struct body *b, const struct reason *why)
{
	if (b->status == STATUS_LOST || b->status == STATUS_JUNK)
		return out_of_step(k, b->status);
	if (is_spoilt(b))
		return session_tell(k->door.session,
		    &(struct reason){ .what = said_spoilt, .text = b->text });
	return session_tell(k->door.session, why);
}

/* The peer is gone before the file was. */
static int
lose_file(struct intake *k)
{
	session_lose_file(k->door.session);
	return -1;
}

/* A body and its status, for FD, or where that is -1 for nobody. */
static void
receive_body(struct intake *k, uint64_t size, int fd, struct body *b)
{
	struct conn *c = k->door.session->conn;

	if (conn_recv_body(c, fd, size, &b->file_err) == -1)
		b->status = STATUS_LOST;
	else
		b->status = conn_recv_status(c, b->text, sizeof(b->text));
}

/* Whether the session goes on behind the body: 0, -1. */
static int
go_on(const struct body *b)
{
	return b->status == STATUS_FATAL || b->status == STATUS_JUNK ? -1 : 0;
}

static int
receive_file(struct intake *k, const struct record *r, const struct attrs *a)
{
	struct body b;

	session_title(k->door.session, r->size);
	session_begin_file(k->door.session, a->mode);
	if (conn_ack(k->door.session->conn) == -1)
		return lose_file(k);
	receive_body(k, r->size, k->door.upload.fd, &b);
	look_at_mode(k);
	return judge_file(k, &b, a) == -1 ? -1 : go_on(&b);
}

/* Refuses a file when it is over. */
static int
refuse_file_later(struct intake *k, const struct record *r, const struct reason *why)
{
	struct body b;

	session_log_failure(k->door.session, why);
	session_title(k->door.session, r->size);
	if (conn_ack(k->door.session->conn) == -1)
		return -1;
	receive_body(k, r->size, -1, &b);
	return judge_refused(k, &b, why) == -1 ? -1 : go_on(&b);
}

/* Whether a refusal has to wait until the entry is over. */
static bool
is_for_later(const struct intake *k, const struct reason *why)
{
	return k->door.session->quiet && !why->early;
}

/* A client that did not wait for our answer sends the body all the same. */
static int
refuse_file(struct intake *k, const struct record *r, const struct reason *why)
{
	bool comes = conn_is_ahead(k->door.session->conn);
	enum conn_status status;

	if (session_refuse(k->door.session, why) == -1)
		return -1;
	if (!comes)
		return 0;
	status = conn_skip_body(k->door.session->conn, r->size);
	if (status == STATUS_LOST || status == STATUS_JUNK)
		return out_of_step(k, status);
	return status == STATUS_FATAL ? -1 : 0;
}

/* Whether that very file is here already, for whoever wants those alone that are not. */
static bool
is_here(const struct intake *k, const struct record *r, const struct attrs *a, struct reason *why)
{
	const struct client *client = k->door.session->client;
	const struct nest *n = &k->door.nest;
	int dirfd = client != NULL && client->update && a->has_times ? nest_dir(n) : -1;
	struct stat st;

	*why = (struct reason){ .text = text_error(EEXIST), .skip = true };
	return dirfd != -1 &&
	    fstatat(dirfd, nest_name(n, r->text), &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode) && (uint64_t)st.st_size == r->size &&
	    st.st_mtim.tv_sec == a->times[1].tv_sec;
}

int
intake_take_file(struct intake *k, const struct record *r)
{
	struct attrs a = take_attrs(k, r);
	struct place p = { .dirfd = -1 };
	struct reason why;
	int end;

	name_entry(k, r);
	if (!is_here(k, r, &a, &why) && door_admits_file(&k->door, r, a.mode, &p, &why))
		end = receive_file(k, r, &a);
	else if (is_for_later(k, &why))
		end = refuse_file_later(k, r, &why);
	else
		end = refuse_file(k, r, &why);
	upload_end(&k->door.upload);
	place_close(&p);
	trail_leave(&k->door.session->trail);
	return end;
}

/*
 * Refuses a directory.  A client that did not wait for our answer sends what is in it all the same:
 * all that is refused too, up to the end of the directory, so that it cannot land anywhere else.
 */
static int
refuse_dir(struct intake *k, const struct reason *why)
{
	struct session *s = k->door.session;
	bool ahead = nest_is_shut(&k->door.nest) || conn_is_ahead(s->conn);

	/* It does not listen, and there is no end of it. */
	if (s->client != NULL && k->door.nest.outside >= POLICY_DEPTH_MAX)
		return session_give_up(s, NULL, session_no_bottom);
	if (session_refuse(s, why) == -1)
		return -1;
	if (ahead)
		nest_enter_refused(&k->door.nest, why->text != NULL ? EACCES : why->err);
	else
		trail_leave(&s->trail);
	return 0;
}

/* Refuses a directory, and all that is in it, when it is left. */
static int
refuse_dir_later(struct intake *k, const struct record *r, const struct reason *why)
{
	session_log_failure(k->door.session, why);
	if (!nest_is_untold(&k->door.nest)) {
		k->door.untold = *why;
		strlcpy(k->untold_name, r->text, sizeof(k->untold_name));
	}
	nest_enter_untold(&k->door.nest);
	return conn_ack(k->door.session->conn);
}

static void
tell_dir_made(const struct intake *k)
{
	const struct session *s = k->door.session;
	struct birth birth;

	if (s->made != NULL && nest_is_new(&k->door.nest) &&
	    birth_look(nest_dir(&k->door.nest), "", &birth) == 0)
		session_tell_made(s, &birth);
}

int
intake_take_dir(struct intake *k, const struct record *r)
{
	struct session *s = k->door.session;
	struct attrs a = take_attrs(k, r);
	struct reason why;

	if (!s->request->recursive)
		return session_give_up(s, "protocol error", session_no_recursion);
	name_entry(k, r);
	if (!door_admits_dir(&k->door, r, &a, &why))
		return is_for_later(k, &why) ? refuse_dir_later(k, r, &why) : refuse_dir(k, &why);
	tell_dir_made(k);
	if (session_log_dir(s, nest_mode(&k->door.nest), nest_is_new(&k->door.nest)) == -1)
		return session_give_up(s, NULL, session_no_log);
	session_go_deep(k->door.nest.depth);
	return conn_ack(s->conn);
}

/* Now the client is told, of what it called itself so. */
static int
leave_untold(struct intake *k)
{
	struct session *s = k->door.session;
	bool outermost = k->door.nest.outside == 1;
	const char *what;
	int end;

	session_call(s, outermost ? k->untold_name : trail_last(&s->trail));
	end = session_tell(s, &k->door.untold);
	(void)nest_leave(&k->door.nest, &what);
	trail_leave(&s->trail);
	return end;
}

/* An E at the top is the end of the session: some clients send it and wait for the reply. */
int
intake_leave_dir(struct intake *k)
{
	const char *what;
	int left, end;

	if (nest_is_untold(&k->door.nest))
		return leave_untold(k);
	left = nest_leave(&k->door.nest, &what);
	upload_elsewhere(&k->door.upload);
	if (left == -1)
		end = session_refuse(k->door.session, &(struct reason){ .what = what, .err = errno });
	else
		end = conn_ack(k->door.session->conn);
	if (left == 1)
		return end == -1 ? -1 : 1;
	trail_leave(&k->door.session->trail);
	return end;
}

void
intake_finish(struct intake *k)
{
	const char *what;
	bool untold;
	int left;

	do {
		untold = nest_is_untold(&k->door.nest);
		left = nest_leave(&k->door.nest, &what);
		if (untold || left == -1)
			k->door.session->errors++;
	} while (left != 1);
}

void
intake_end(struct intake *k)
{
	nest_end(&k->door.nest);
}
