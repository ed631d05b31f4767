/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "scp/intake.h"
#include "text/text.h"

void
intake_init(struct intake *k, struct session *s)
{
	k->session = s;
	upload_init(&k->upload, s->policy);
	k->times = (struct attrs){ .has_times = false };
	k->taken = false;
	k->denied = NULL;
	k->denied_err = 0;
	nest_init(&k->nest, s->root, s->policy);
}

int
intake_take_times(struct intake *k, const struct record *r)
{
	k->times.has_times = true;
	memcpy(k->times.times, r->times, sizeof(k->times.times));
	return conn_ack(k->session->conn);
}

/* The attributes that the client gives the entry of R; a T before it is used up. */
static struct attrs
take_attrs(struct intake *k, const struct record *r)
{
	struct attrs a = k->times;

	k->times.has_times = false;
	a.has_times = a.has_times && k->session->policy->times == TIMES_CLIENT;
	a.mode = policy_mode(k->session->policy, r->mode, r->kind == RECORD_DIR,
	    k->session->request->preserve, &a.has_mode);
	return a;
}

/* Lets the trail name the entry of R: it is as deep as the directories that are open, or refused. */
static void
name_entry(struct intake *k, const struct record *r)
{
	struct trail *t = &k->session->trail;

	assert(t->depth + t->beyond == k->nest.depth + k->nest.outside);
	trail_enter(t, nest_is_at_target(&k->nest) ? "" : r->text);
}

/* Why the target cannot be the file that is sent, as an errno; or 0. */
static int
reason_against_target(const struct intake *k)
{
	if (!nest_is_at_target(&k->nest))
		return 0;
	return k->nest.slash ? EISDIR : k->taken ? ENOTDIR : 0;
}

static int
begin_file(struct intake *k, const struct record *r, mode_t mode, struct place *p)
{
	const char *name = nest_name(&k->nest, r->text);
	enum upload_allow allow = k->nest.depth == 0 && !k->session->policy->restricted
	    ? UPLOAD_SPECIAL : UPLOAD_REGULAR;
	int dirfd = nest_dir(&k->nest), end;

	if (dirfd == -1)
		return -1;
	errno = reason_against_target(k);
	if (errno != 0)
		return -1;
	if (upload_begin(&k->upload, dirfd, name, mode, r->size, allow) == 0)
		return 0;
	if (errno != ELOOP || nest_follow(&k->nest, name, p) == -1)
		return -1;
	upload_elsewhere(&k->upload);
	end = upload_begin(&k->upload, p->dirfd, p->leaf, mode, r->size, allow);
	upload_elsewhere(&k->upload);
	return end;
}

/* The end of a session in which a body, or the status behind it, was not what it should be. */
static int
out_of_step(struct intake *k, enum conn_status status)
{
	return session_give_up(k->session, "protocol error",
	    status == STATUS_JUNK ? "expected status" : "lost connection");
}

/* The one reply to a body and its status. */
static int
judge_file(struct intake *k, enum conn_status status, const char *text, int file_err,
    const struct attrs *a)
{
	const char *what = NULL;

	if (status == STATUS_LOST)
		return out_of_step(k, status);
	if (file_err != 0)
		return session_refuse(k->session, &(struct reason){ .err = file_err });
	if (status == STATUS_ERROR || status == STATUS_FATAL)
		return session_refuse(k->session, &(struct reason){ .text = text,
		    .what = upload_is_in_place(&k->upload) ? "damaged, the sender says"
		    : "dropped, the sender says" });
	if (upload_commit(&k->upload, a, &what) == -1) {
		/* Then it is there, if not as it should be. */
		k->taken = k->taken || (what != NULL && nest_is_at_target(&k->nest));
		return session_refuse(k->session, &(struct reason){ .what = what, .err = errno });
	}
	if (nest_is_at_target(&k->nest))
		k->taken = true;
	if (session_end_file(k->session) == -1)
		return session_give_up(k->session, NULL, session_no_log);
	if (status == STATUS_JUNK)
		return out_of_step(k, status);
	if (status == STATUS_OK)
		return conn_ack(k->session->conn);
	/* Nobody may be there to read it; that was no condition for the file. */
	(void)conn_ack(k->session->conn);
	return 0;
}

/* The peer is gone before the file was. */
static int
lose_file(struct intake *k)
{
	session_fail_file(k->session, "lost connection");
	return -1;
}

static int
receive_file(struct intake *k, const struct record *r, const struct attrs *a)
{
	struct conn *c = k->session->conn;
	char text[TEXT_MESSAGE_MAX];
	enum conn_status status;
	int file_err;

	session_title(k->session, r->size);
	session_begin_file(k->session, a->mode);
	if (conn_ack(c) == -1)
		return lose_file(k);
	if (conn_recv_body(c, k->upload.fd, r->size, &file_err) == -1)
		return out_of_step(k, STATUS_LOST);
	status = conn_recv_status(c, text, sizeof(text));
	if (judge_file(k, status, text, file_err, a) == -1)
		return -1;
	return status == STATUS_FATAL || status == STATUS_JUNK ? -1 : 0;
}

/* Why there can be no entry that the client calls SAID, in R: true, or false. */
static bool
is_denied(struct intake *k, const char *said, bool directory, struct reason *r)
{
	struct session *s = k->session;
	const char *name = nest_name(&k->nest, said);

	*r = (struct reason){ .telling = true, .text = k->denied, .err = k->denied_err };
	if (k->nest.outside > 0)
		return false;	/* There is a reason already. */
	if (r->text == NULL && r->err == 0)
		r->text = policy_denies_name(s->policy, name, directory);
	/* Where that would tell whether the target is a directory, no name is spared. */
	if (r->text == NULL && r->err == 0 && s->policy->reveal == POLICY_NO)
		r->text = policy_denies_name(s->policy, said, directory);
	return r->text != NULL || r->err != 0;
}

/*
 * Why something of SIZE bytes cannot be made ready for, which failed with ERR.  Where nothing is
 * revealed, a disk that has no room for it is no secret: whoever sends can do something about it, and it
 * has none for any other name.  A quota is the account's own.
 */
static struct reason
reason_for(const struct intake *k, int err, uint64_t size)
{
	const struct session *s = k->session;
	int obstacle = 0;

	if (s->policy->reveal == POLICY_NO && k->nest.outside == 0)
		obstacle = err == EDQUOT ? err : space_obstacle(s->policy, s->root->fd, size);
	if (obstacle != 0)
		return (struct reason){ .err = obstacle, .open = true };
	return (struct reason){ .err = err, .telling = true };
}

/*
 * Makes ready for a file: true, or the reason why not.  What the file itself is judged by comes first,
 * so that it tells nothing of what is there; all that comes later may.
 */
static bool
admit_file(struct intake *k, const struct record *r, mode_t mode, struct place *p,
    struct reason *why)
{
	struct session *s = k->session;
	struct usage after = s->usage;

	if (is_denied(k, r->text, false, why))
		return false;
	*why = (struct reason){ .text = NULL };
	if (k->nest.outside == 0)
		why->text = policy_denies_file(s->policy, &after, r->size);
	if (why->text != NULL)
		return false;
	if (begin_file(k, r, mode, p) == -1) {
		*why = reason_for(k, errno, r->size);
		return false;
	}
	s->usage = after;
	return true;
}

/* A client that did not wait for our answer sends the body all the same. */
static int
refuse_file(struct intake *k, const struct record *r, const struct reason *why)
{
	bool comes = k->nest.outside > 0 || conn_is_ahead(k->session->conn);
	enum conn_status status;

	if (session_refuse(k->session, why) == -1)
		return -1;
	if (!comes)
		return 0;
	status = conn_skip_body(k->session->conn, r->size);
	if (status == STATUS_LOST || status == STATUS_JUNK)
		return out_of_step(k, status);
	return status == STATUS_FATAL ? -1 : 0;
}

int
intake_take_file(struct intake *k, const struct record *r)
{
	struct attrs a = take_attrs(k, r);
	struct place p = { .dirfd = -1 };
	struct reason why;
	int end;

	name_entry(k, r);
	if (admit_file(k, r, a.mode, &p, &why))
		end = receive_file(k, r, &a);
	else
		end = refuse_file(k, r, &why);
	upload_end(&k->upload);
	place_close(&p);
	trail_leave(&k->session->trail);
	return end;
}

/*
 * Refuses a directory.  A client that did not wait for our answer sends what is in it all the same:
 * all that is refused too, up to the end of the directory, so that it cannot land anywhere else.
 */
static int
refuse_dir(struct intake *k, const struct reason *why)
{
	bool ahead = k->nest.outside > 0 || conn_is_ahead(k->session->conn);

	if (session_refuse(k->session, why) == -1)
		return -1;
	if (ahead)
		nest_enter_refused(&k->nest, why->text != NULL ? EACCES : why->err);
	else
		trail_leave(&k->session->trail);
	return 0;
}

/* Goes into a directory: true, or the reason why not. */
static bool
admit_dir(struct intake *k, const struct record *r, const struct attrs *a, struct reason *why)
{
	struct session *s = k->session;
	const char *name = nest_name(&k->nest, r->text);
	struct usage before = s->usage;

	if (is_denied(k, r->text, true, why))
		return false;
	*why = (struct reason){ .err = 0 };
	if (k->nest.outside == 0)
		why->text = policy_denies_dir(s->policy, &s->usage, k->nest.depth);
	if (why->text != NULL)
		return false;
	upload_elsewhere(&k->upload);
	if (nest_enter(&k->nest, name, a) == 0)
		return true;
	*why = reason_for(k, errno, 0);
	s->usage = before;
	return false;
}

int
intake_take_dir(struct intake *k, const struct record *r)
{
	struct session *s = k->session;
	struct attrs a = take_attrs(k, r);
	struct reason why;

	if (!s->request->recursive)
		return session_give_up(s, "protocol error", "received directory without -r");
	name_entry(k, r);
	if (!admit_dir(k, r, &a, &why))
		return refuse_dir(k, &why);
	if (session_log_dir(s, a.mode, nest_is_new(&k->nest)) == -1)
		return session_give_up(s, NULL, session_no_log);
	session_go_deep(k->nest.depth);
	return conn_ack(s->conn);
}

/* An E at the top is the end of the session: some clients send it and wait for the reply. */
int
intake_leave_dir(struct intake *k)
{
	const char *what;
	int left = nest_leave(&k->nest, &what), end;

	upload_elsewhere(&k->upload);
	if (left == -1)
		end = session_refuse(k->session, &(struct reason){ .what = what, .err = errno });
	else
		end = conn_ack(k->session->conn);
	if (left == 1)
		return end == -1 ? -1 : 1;
	trail_leave(&k->session->trail);
	return end;
}

void
intake_finish(struct intake *k)
{
	const char *what;
	int left;

	while ((left = nest_leave(&k->nest, &what)) != 1)
		if (left == -1)
			k->session->errors++;
}

void
intake_end(struct intake *k)
{
	nest_end(&k->nest);
}
