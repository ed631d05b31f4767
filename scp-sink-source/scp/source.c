/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "paths/fs.h"
#include "paths/place.h"
#include "rules/alias.h"
#include "scp/snapshot.h"
#include "scp/source.h"
#include "session/note.h"
#include "session/refuse.h"
#include "text/text.h"
#include "wire/clock.h"

enum {
	MODE_BITS = 07777,
	SENT_BITS = 06777,	/* as scp has always sent them: no client is told of a sticky bit */
	BLOCK = 512		/* bytes: less than that is missing where the last of them is not full */
};

/* One thing to send: what it is called here, and what the client shall call it. */
struct entry {
	int	      dirfd;	/* borrowed */
	const char   *name;	/* a path from DIRFD */
	const char   *as;	/* one component */
	unsigned char type;	/* DT_*, DT_UNKNOWN where nobody said */
};

static struct source_level *
top(struct source *k)
{
	return &k->levels[k->depth - 1];
}

/*
 * Awaits the reply: 0 go on, 1 the client refused, which is counted, -1.  Either is the end of a
 * file that is being sent.  A client that has all of it and hangs up, as curl does, has lost nothing.
 */
static int
await(struct source *k)
{
	char text[TEXT_MESSAGE_MAX];
	int reply = conn_await(k->session->conn, text, sizeof(text));

	/* Whoever has begun the copy is told that he cannot know. */
	if (reply == -1 && k->whole && k->session->client == NULL && text[0] == '\0' &&
	    conn_is_left(k->session->conn)) {
		(void)session_end_file_with(k->session, "not acknowledged");
		return -1;
	}
	if (reply != 0) {
		session_hear(k->session, text, strlen(text));
		session_fail_file(k->session, text[0] != '\0' ? text : "lost connection");
	}
	if (text[0] != '\0')
		session_say(k->session, "the other side says:", text);
	return reply;
}

static int
warn_errno(struct source *k, int err)
{
	return session_warn(k->session, &(struct reason){ .err = err });
}

/* Sends a record and awaits the reply, as above, if one has to: else all is well so far. */
static int
tell(struct source *k, const struct record *r)
{
	int reply;

	session_show(k->session, "sent", r);
	reply = flight_send(&k->flight, r);
	if (reply != 1)
		return reply;
	reply = await(k);
	flight_settle(&k->flight, r, reply);
	return reply;
}

/* T, if times were asked for, and then the entry's own record. */
static int
announce(struct source *k, const struct stat *st, const struct record *r)
{
	if (k->session->request->preserve) {
		struct record times = {
			.kind = RECORD_TIMES,
			.times = { st->st_atim, st->st_mtim },
			.text = "",
		};
		int reply = tell(k, &times);

		if (reply != 0)
			return reply;
	}
	return tell(k, r);
}

/* Whoever has taken a part of a body is lost, and may have said why. */
static int
lose_body(struct source *k)
{
	if (flight_lose(&k->flight))
		k->session->begun = false;
	session_lose_file(k->session);
	return -1;
}

static int
send_body(struct source *k, int fd, uint64_t size, bool sparse)
{
	struct session *s = k->session;
	struct reason why = { .err = 0 };
	int64_t since = conn_is_agreed(s->conn) ? clock_now() : 0;
	int reply;

	session_title(s, size);
	if (conn_send_body(s->conn, fd, size, sparse, &why.err) == -1)
		return lose_body(k);
	s->moved = size;
	if (why.err == STREAM_SHRANK)
		why.text = "file shrank";
	if (why.err != 0 && session_spoil(s, &why) == -1)
		return lose_body(k);
	if (flight_send_body(&k->flight, s->begun, size, since)) {
		s->begun = false;
		return 0;
	}
	k->whole = why.err == 0;
	reply = await(k);
	k->whole = false;
	return reply == 0 && s->begun ? session_end_file(s) : reply == -1 ? -1 : 0;
}

/* Nothing is said of what is in a directory that was refused, and nothing is sent of it. */
static int
offer_file(struct source *k, int fd, const struct stat *st, struct record *r, bool sparse)
{
	int reply = flight_ask(&k->flight, r);

	if (reply == -1 || flight_is_cut(&k->flight))
		return reply;
	session_begin_file(k->session, st->st_mode & MODE_BITS);
	reply = announce(k, st, r);
	return reply == 0 ? send_body(k, fd, r->size, sparse) : reply;
}

/* True where less than its SIZE holds a file, by a block: it may have holes. */
static bool
is_sparse(const struct stat *st, uint64_t size)
{
	uint64_t taken = fs_taken_by(st);

	return taken < size && size - taken >= BLOCK;
}

static int
send_file(struct source *k, int fd, const struct stat *st, const struct entry *e)
{
	struct record r = {
		.kind = RECORD_FILE,
		.mode = st->st_mode & SENT_BITS,
		.text = e->as,
	};
	struct reason why = { .telling = true };
	int copy = -1, reply;

	if (fs_size_of(st, &r.size) == -1)
		return warn_errno(k, errno);
	if (!k->session->root->confined && snapshot_is_needed(fd, r.size) &&
	    snapshot_take(fd, &copy, &r.size) == -1)
		return warn_errno(k, errno);
	why.text = policy_denies_file(k->session->policy, &k->session->usage, r.size);
	if (why.text == NULL)
		why.text = flight_denies_file(&k->flight, r.size);
	if (why.text != NULL)
		reply = session_warn(k->session, &why);
	else if (copy != -1)
		reply = offer_file(k, copy, st, &r, false);
	else
		reply = offer_file(k, fd, st, &r, is_sparse(st, r.size));
	if (copy != -1)
		close(copy);
	return reply == -1 ? -1 : 0;
}

/*
 * Sends a file if the policy has its name.  What is not allowed is not there, for whoever asks for
 * all there is; who asks for it by its name is told.
 */
static int
send_named(struct source *k, int fd, const struct stat *st, const struct entry *e)
{
	const struct policy *p = k->session->policy;
	struct reason why = { .telling = true };

	/* What a directory has itself was judged when it was met. */
	why.text = k->depth > 0 ? policy_denies_name(p, e->name, false)
	    : alias_denies_name(p, e->dirfd, e->name, false);

	why.skip = why.text != NULL;
	if (why.text == NULL)
		return send_file(k, fd, st, e);
	return k->depth > 0 ? 0 : session_warn(k->session, &why);
}

static bool
is_open(const struct source *k, const struct stat *st)
{
	for (unsigned i = 0; i < k->depth; i++)
		if (k->levels[i].ino == st->st_ino && k->levels[i].dev == st->st_dev)
			return true;
	return false;
}

/*
 * True where a link led from the innermost directory to the directory FD: where nobody said, that is
 * none whose ".." is another.
 */
static bool
is_behind_link(const struct source *k, int fd, const struct entry *e)
{
	const struct source_level *l;
	struct stat up;

	if (k->depth == 0 || e->type == DT_DIR)
		return false;
	l = &k->levels[k->depth - 1];
	return e->type == DT_LNK || fstatat(fd, "..", &up, 0) == -1 || up.st_ino != l->ino ||
	    up.st_dev != l->dev;
}

/* Whether a directory is one more behind a link than are followed; of the first the client is told. */
static bool
is_too_many(struct source *k, int fd, const struct entry *e, int *end)
{
	static const char too_many[] = "more links to directories than are followed: this one and "
	    "those after it are left out";

	*end = 0;
	if (!is_behind_link(k, fd, e))
		return false;
	if (k->links > SOURCE_LINKS_MAX)
		return true;
	if (++k->links <= SOURCE_LINKS_MAX)
		return false;
	*end = session_warn(k->session, &(struct reason){ .text = too_many, .telling = true });
	return true;
}

/* FD is handed over. */
static void
go_into(struct source *k, int fd, const struct stat *st, bool unnamed)
{
	k->levels[k->depth++] = (struct source_level){
		.fd = fd, .unnamed = unnamed, .dev = st->st_dev, .ino = st->st_ino,
	};
	listing_begin(&k->listing, k->depth, &top(k)->mark);
	session_go_deep(k->depth);
}

/* Announces a directory and goes into it: then *FD is handed over, and the trail stays. */
static int
enter_dir(struct source *k, int *fd, const struct stat *st, const char *as)
{
	struct record r = { .kind = RECORD_DIR, .mode = st->st_mode & SENT_BITS, .text = as };
	struct session *s = k->session;
	/* That it is a directory tells that there is something. */
	struct reason why = { .text = is_open(k, st) ? text_error(ELOOP) : NULL, .telling = true };
	int reply;

	if (why.text == NULL)
		why.text = policy_denies_dir(s->policy, &s->usage, k->depth);
	if (why.text == NULL && s->client != NULL && k->depth == 0) {
		why.text = policy_denies_name(s->policy, as, true);
		why.skip = why.text != NULL;
	}
	if (why.text != NULL)
		return session_warn(s, &why);
	reply = announce(k, st, &r);
	if (reply != 0)
		return reply == -1 ? -1 : 0;
	if (!conn_is_agreed(s->conn) && session_log_dir(s, st->st_mode & MODE_BITS, false) == -1)
		return -1;
	go_into(k, *fd, st, false);
	*fd = -1;	/* handed over */
	return 0;
}

/*
 * Opening alone has consequences for devices and FIFOs: they are looked at before.  -1 with errno,
 * ENXIO for what is not sent.
 */
static int
open_entry(const struct source *k, const struct entry *e)
{
	const struct root *root = k->session->root;
	char path[PATH_MAX];
	/* Nobody asks for it on the whole system. */
	const char *plain = root->confined && session_path(k->session, path, sizeof(path))
	    ? path : NULL;
	struct stat st;
	mode_t kind = (mode_t)DTTOIF(e->type);

	if (!S_ISREG(kind) && !S_ISDIR(kind)) {
		if (root_look(root, e->dirfd, e->name, plain, &st) == -1)
			return -1;
		kind = st.st_mode;
	}
	if (S_ISREG(kind))
		return root_entry(root, e->dirfd, e->name, plain, O_RDONLY);
	if (S_ISDIR(kind) && k->session->request->recursive)
		return root_entry(root, e->dirfd, e->name, plain, O_RDONLY | O_DIRECTORY);
	errno = ENXIO;
	return -1;
}

/*
 * Sends what the trail, which has just gone to it, names; a directory is only entered, and the trail
 * goes back when that is left.
 */
static int
send_entry(struct source *k, const struct entry *e)
{
	struct stat st;
	int fd = open_entry(k, e), end;
	unsigned depth = k->depth;

	if (fd == -1 || root_check(k->session->root, fd, &st) == -1)
		end = warn_errno(k, errno);
	else if (S_ISDIR(st.st_mode) && !is_too_many(k, fd, e, &end))
		end = enter_dir(k, &fd, &st, e->as);
	else if (S_ISDIR(st.st_mode))
		;	/* Said already. */
	else if (S_ISREG(st.st_mode))
		end = send_named(k, fd, &st, e);
	else
		end = warn_errno(k, ENXIO);
	if (fd != -1)
		close(fd);
	if (k->depth == depth)
		trail_leave(&k->session->trail);
	return end;
}

static void
leave_dir(struct source *k)
{
	close(top(k)->fd);
	trail_leave(&k->session->trail);
	k->depth--;
}

/* The end of the innermost directory; FAILED is the errno that ended it early, or 0. */
static int
end_dir(struct source *k, int failed)
{
	static const struct record end = { .kind = RECORD_END, .text = "" };
	int reply;

	if (failed != 0 && warn_errno(k, failed) == -1)
		return -1;
	reply = top(k)->unnamed ? 0 : tell(k, &end);
	leave_dir(k);
	return reply == -1 ? -1 : 0;
}

/* True for what is not looked at, let alone sent; of some files that shows later: see send_named. */
static bool
is_unseen(const struct source *k, const struct listing_entry *found)
{
	return alias_denies_listed(k->session->policy, k->levels[k->depth - 1].fd, found->name,
	    found->type != DT_REG) != NULL;
}

/* Sends whatever is in the directories that are open, from the innermost outwards. */
static int
send_entries(struct source *k)
{
	int end = flight_make_room(&k->flight);

	while (end == 0 && k->depth > 0 && !k->session->unlogged) {
		struct source_level *l = top(k);
		struct listing_entry found;
		int more = flight_is_cut(&k->flight) ? 0
		    : listing_next(&k->listing, k->depth, l->fd, &l->mark, &found);

		if (more == 1 && is_unseen(k, &found)) {
			continue;
		} else if (more == 1) {
			struct entry e = { l->fd, found.name, found.name, found.type };

			assert(k->session->trail.depth == k->depth);
			trail_enter(&k->session->trail, found.name);
			end = send_entry(k, &e);
		} else {
			end = end_dir(k, more == -1 ? errno : 0);
		}
		if (end == 0)
			end = flight_make_room(&k->flight);
	}
	while (k->depth > 0)
		leave_dir(k);
	return k->session->unlogged ? -1 : end;
}

/*
 * The place of an operand that ends in "." or ".." is itself, and its name, by which it is sent,
 * another.
 */
static int
name_directory(const struct source *k, const char *path, struct place *p, char name[NAME_MAX + 1])
{
	*p = (struct place){ .owned = true, .leaf = "." };
	p->dirfd = root_dir(k->session->root, path);
	/* What is not sent without -r, or stands for what is in it, needs no name. */
	if (p->dirfd == -1 || !k->session->request->recursive || k->session->client != NULL)
		return p->dirfd == -1 ? -1 : 0;
	return place_own_name(k->session->root, p->dirfd, name);
}

/* The place of the operand PATH, and the name by which it is sent: 0, or the reason why not. */
static int
find_operand(struct source *k, const char *path, struct place *p, char name[NAME_MAX + 1],
    struct reason *why)
{
	int end = 0;

	*p = (struct place){ .dirfd = -1 };
	*why = (struct reason){ .text = session_turn_to(k->session, path), .telling = true };
	if (why->text != NULL)
		return -1;
	*why = (struct reason){ .err = 0 };
	if (place_open(k->session->root, path, p) == 0)
		strlcpy(name, p->leaf, NAME_MAX + 1);
	else if (errno == EINVAL && path[0] != '\0')
		end = name_directory(k, path, p, name);
	else
		end = -1;
	if (end == -1)
		why->err = errno == EINVAL && path[0] == '\0' ? ENOENT : errno;
	if (why->err == EINVAL)
		why->text = "it has no name";
	return end;
}

/*
 * A directory that a person says as "." or ".." is what is in it, for whoever has told the other side to
 * put that into the target.
 */
static int
send_contents(struct source *k, const struct place *p)
{
	const struct root *root = k->session->root;
	int fd = root_entry(root, p->dirfd, p->leaf, NULL, O_RDONLY | O_DIRECTORY), end = 0;
	struct stat st;

	trail_enter(&k->session->trail, "");
	if (fd != -1 && root_check(root, fd, &st) == 0) {
		go_into(k, fd, &st, true);
		return 0;
	}
	end = warn_errno(k, errno);
	trail_leave(&k->session->trail);
	if (fd != -1)
		close(fd);
	return end;
}

static bool
is_contents(const struct source *k, const struct place *p)
{
	return k->session->client != NULL && k->session->request->recursive &&
	    strcmp(p->leaf, ".") == 0;
}

static int
send_operand(struct source *k, const char *path)
{
	char name[NAME_MAX + 1] = "";
	struct reason why;
	struct place p;
	int end = find_operand(k, path, &p, name, &why);

	if (end == 0 && is_contents(k, &p)) {
		end = send_contents(k, &p);
	} else if (end == 0) {
		struct entry e = { p.dirfd, p.leaf, name, DT_UNKNOWN };

		trail_enter(&k->session->trail, "");
		end = send_entry(k, &e);
	} else {
		end = session_warn(k->session, &why);
	}
	place_close(&p);
	return end == -1 ? -1 : send_entries(k);
}

int
source_run(struct source *k, struct session *s)
{
	int end;

	k->session = s;
	k->depth = k->links = 0;
	k->whole = false;
	flight_init(&k->flight, s, &s->trail, s->request->recursive || s->request->npaths > 1);
	listing_init(&k->listing);
	/* The client says when it is ready; a warning instead is counted, and no more. */
	end = await(k) == -1 ? -1 : 0;
	for (int i = 0; end == 0 && !s->unlogged && i < s->request->npaths; i++)
		end = send_operand(k, s->request->paths[i]);
	return end == -1 ? -1 : flight_end(&k->flight);
}
