/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "paths/fs.h"
#include "scp/outlet.h"
#include "scp/snapshot.h"
#include "session/note.h"
#include "session/refuse.h"
#include "text/text.h"
#include "wire/clock.h"

enum {
	MODE_BITS = 07777,
	SENT_BITS = 06777,	/* as scp has always sent them: no client is told of a sticky bit */
	BLOCK = 512		/* bytes: less than that is missing where the last of them is not full */
};

void
outlet_init(struct outlet *o, struct session *s)
{
	o->session = s;
	o->whole = o->spoilt = false;
	flight_init(&o->flight, s, &s->trail, s->request->recursive || s->request->npaths > 1);
}

/*
 * A client that has all of a file and hangs up, as curl does, has lost nothing; one that was told that a body is
 * spoilt, and refuses it for that, says nothing new.
 */
int
outlet_await(struct outlet *o)
{
	char text[TEXT_MESSAGE_MAX];
	int reply = conn_await(o->session->conn, text, sizeof(text));

	/* Whoever has begun the copy is told that he cannot know. */
	if (reply == -1 && o->whole && o->session->client == NULL && text[0] == '\0' &&
	    conn_is_left(o->session->conn)) {
		(void)session_end_file_with(o->session, "not acknowledged");
		return -1;
	}
	if (reply != 0 && !(reply == 1 && o->spoilt)) {
		session_hear(o->session, text, strlen(text));
		session_fail_file(o->session, text[0] != '\0' ? text : "lost connection");
	}
	if (text[0] != '\0')
		session_say(o->session, "the other side says:", text);
	return reply;
}

/* Sends a record and awaits the reply, as above, if one has to: else all is well so far. */
static int
tell(struct outlet *o, const struct record *r)
{
	int reply;

	session_show(o->session, "sent", r);
	reply = flight_send(&o->flight, r);
	if (reply != 1)
		return reply;
	reply = outlet_await(o);
	flight_settle(&o->flight, r, reply);
	return reply;
}

/* T, if times were asked for, and then the entry's own record. */
static int
announce(struct outlet *o, const struct stat *st, const struct record *r)
{
	if (o->session->request->preserve) {
		struct record times = {
			.kind = RECORD_TIMES,
			.times = { st->st_atim, st->st_mtim },
			.text = "",
		};
		int reply = tell(o, &times);

		if (reply != 0)
			return reply;
	}
	return tell(o, r);
}

/* Whoever has taken a part of a body is lost, and may have said why. */
static int
lose_body(struct outlet *o)
{
	if (flight_lose(&o->flight))
		o->session->begun = false;
	session_lose_file(o->session);
	return -1;
}

static int
send_body(struct outlet *o, int fd, uint64_t size, bool sparse)
{
	struct session *s = o->session;
	struct reason why = { .err = 0 };
	int64_t since = conn_is_agreed(s->conn) ? clock_now() : 0;
	int reply;

	session_title(s, size);
	if (conn_send_body(s->conn, fd, size, sparse, &why.err) == -1)
		return lose_body(o);
	s->moved = size;
	if (why.err == STREAM_SHRANK)
		why.text = "file shrank";
	if (why.err != 0 && session_spoil(s, &why) == -1)
		return lose_body(o);
	if (flight_send_body(&o->flight, s->begun, size, since)) {
		s->begun = false;
		return 0;
	}
	o->whole = why.err == 0;
	o->spoilt = !o->whole;
	reply = outlet_await(o);
	o->whole = o->spoilt = false;
	return reply == 0 && s->begun ? session_end_file(s) : reply == -1 ? -1 : 0;
}

/* Nothing is said of what is in a directory that was refused, and nothing is sent of it. */
static int
offer_file(struct outlet *o, int fd, const struct stat *st, struct record *r, bool sparse)
{
	int reply = flight_ask(&o->flight, r);

	if (reply == -1 || flight_is_cut(&o->flight))
		return reply;
	session_begin_file(o->session, st->st_mode & MODE_BITS);
	reply = announce(o, st, r);
	return reply == 0 ? send_body(o, fd, r->size, sparse) : reply;
}

/* True where less than its SIZE holds a file, by a block: it may have holes. */
static bool
is_sparse(const struct stat *st, uint64_t size)
{
	uint64_t taken = fs_taken_by(st);

	return taken < size && size - taken >= BLOCK;
}

int
outlet_send_file(struct outlet *o, int fd, const struct stat *st, const char *as)
{
	struct session *s = o->session;
	struct record r = { .kind = RECORD_FILE, .mode = st->st_mode & SENT_BITS, .text = as };
	struct reason why = { .telling = true };
	int copy = -1, reply;

	if (fs_size_of(st, &r.size) == -1 || (!s->root->confined && snapshot_is_needed(fd, r.size) &&
	    snapshot_take(fd, &copy, &r.size) == -1))
		return session_warn(s, &(struct reason){ .err = errno });
	why.text = policy_denies_file(s->policy, &s->usage, r.size);
	if (why.text == NULL)
		why.text = flight_denies_file(&o->flight, r.size);
	if (why.text != NULL)
		reply = session_warn(s, &why);
	else if (copy != -1)
		reply = offer_file(o, copy, st, &r, false);
	else
		reply = offer_file(o, fd, st, &r, is_sparse(st, r.size));
	if (copy != -1)
		close(copy);
	return reply == -1 ? -1 : 0;
}

int
outlet_send_dir(struct outlet *o, const struct stat *st, const char *as)
{
	const struct record r = { .kind = RECORD_DIR, .mode = st->st_mode & SENT_BITS, .text = as };
	int reply = announce(o, st, &r);

	if (reply != 0 || conn_is_agreed(o->session->conn))
		return reply;
	return session_log_dir(o->session, st->st_mode & MODE_BITS, false);
}

int
outlet_send_end(struct outlet *o)
{
	static const struct record end = { .kind = RECORD_END, .text = "" };

	return tell(o, &end) == -1 ? -1 : 0;
}

int
outlet_make_room(struct outlet *o)
{
	return flight_make_room(&o->flight);
}

bool
outlet_is_cut(const struct outlet *o)
{
	return flight_is_cut(&o->flight);
}

int
outlet_end(struct outlet *o)
{
	return flight_end(&o->flight);
}
