/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "snapshot.h"
#include "source.h"
#include "text.h"

enum {
	SENT_BITS = 06777	/* as scp has always sent them: no client is told of a sticky bit */
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

/* Awaits the reply: 0 go on, 1 the client refused, which is counted, -1. */
static int
await(struct source *k)
{
	char text[TEXT_MESSAGE_MAX];
	int reply = conn_await(k->session->conn, text, sizeof(text));

	if (reply != 0)
		k->session->errors++;
	if (text[0] != '\0')
		session_say(k->session, "the client says:", text);
	return reply;
}

/* Sends a record and awaits the reply, as above. */
static int
tell(struct source *k, const struct record *r)
{
	session_show(k->session, "sent", r);
	return conn_send(k->session->conn, r) == -1 ? -1 : await(k);
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

static int
send_body(struct source *k, int fd, uint64_t size)
{
	const char *why;
	int file_err;

	session_title(k->session);
	if (conn_send_body(k->session->conn, fd, size, &file_err) == -1)
		return -1;
	why = file_err == CONN_SHRANK ? "file shrank" : strerror(file_err);
	if (file_err != 0 && session_warn(k->session, why) == -1)
		return -1;
	return await(k) == -1 ? -1 : 0;
}

static int
send_file(struct source *k, int fd, const struct stat *st, const char *as)
{
	struct record r = {
		.kind = RECORD_FILE,
		.mode = st->st_mode & SENT_BITS,
		.size = (uint64_t)st->st_size,
		.text = as,
	};
	int copy = -1, reply;

	if (snapshot_is_needed(fd, r.size) && snapshot_take(fd, &copy, &r.size) == -1)
		return session_warn(k->session, session_reason(errno));
	reply = announce(k, st, &r);
	if (reply == 0)
		reply = send_body(k, copy != -1 ? copy : fd, r.size);
	if (copy != -1)
		close(copy);
	return reply == -1 ? -1 : 0;
}

static bool
is_open(const struct source *k, const struct stat *st)
{
	for (unsigned i = 0; i < k->depth; i++)
		if (k->levels[i].ino == st->st_ino && k->levels[i].dev == st->st_dev)
			return true;
	return false;
}

/* Announces a directory and goes into it: then *FD is handed over, and the trail stays. */
static int
enter_dir(struct source *k, int *fd, const struct stat *st, const char *as, size_t cut)
{
	struct record r = { .kind = RECORD_DIR, .mode = st->st_mode & SENT_BITS, .text = as };
	int reply;

	if (is_open(k, st))
		return session_warn(k->session, session_reason(ELOOP));
	if (k->depth == k->session->policy->max_depth)
		return session_warn(k->session, "directories are nested too deeply");
	reply = announce(k, st, &r);
	if (reply != 0)
		return reply == -1 ? -1 : 0;
	k->levels[k->depth++] = (struct source_level){
		.fd = *fd, .dev = st->st_dev, .ino = st->st_ino, .cut = cut,
	};
	*fd = -1;	/* handed over */
	listing_begin(&k->listing, k->depth, &top(k)->mark);
	session_go_deep(k->depth);
	return 0;
}

/*
 * Opening alone has consequences for devices and FIFOs: they are looked at before.  -1 with errno,
 * ENXIO for what is not sent.
 */
static int
open_entry(const struct source *k, const struct entry *e)
{
	struct stat st;
	mode_t kind = (mode_t)DTTOIF(e->type);

	if (!S_ISREG(kind) && !S_ISDIR(kind)) {
		if (fstatat(e->dirfd, e->name, &st, 0) == -1)
			return -1;
		kind = st.st_mode;
	}
	if (S_ISREG(kind))
		return dir_open_following(e->dirfd, e->name, O_RDONLY);
	if (S_ISDIR(kind) && k->session->request->recursive)
		return dir_open_following(e->dirfd, e->name, O_RDONLY | O_DIRECTORY);
	errno = ENXIO;
	return -1;
}

/* Sends what the trail names; a directory is only entered, and the trail cut when it is left. */
static int
send_entry(struct source *k, const struct entry *e, size_t cut)
{
	struct stat st;
	int fd = open_entry(k, e), end;
	unsigned depth = k->depth;

	if (fd == -1 || fstat(fd, &st) == -1)
		end = session_warn(k->session, session_reason(errno));
	else if (S_ISDIR(st.st_mode))
		end = enter_dir(k, &fd, &st, e->as, cut);
	else if (S_ISREG(st.st_mode))
		end = send_file(k, fd, &st, e->as);
	else
		end = session_warn(k->session, session_reason(ENXIO));
	if (fd != -1)
		close(fd);
	if (k->depth == depth)
		trail_cut(&k->session->trail, cut);
	return end;
}

static void
leave_dir(struct source *k)
{
	close(top(k)->fd);
	trail_cut(&k->session->trail, top(k)->cut);
	k->depth--;
}

/* The end of the innermost directory; FAILED is the errno that ended it early, or 0. */
static int
end_dir(struct source *k, int failed)
{
	static const struct record end = { .kind = RECORD_END, .text = "" };
	int reply;

	if (failed != 0 && session_warn(k->session, session_reason(failed)) == -1)
		return -1;
	reply = tell(k, &end);
	leave_dir(k);
	return reply == -1 ? -1 : 0;
}

/* Sends whatever is in the directories that are open, from the innermost outwards. */
static int
send_entries(struct source *k)
{
	int end = 0;

	while (end == 0 && k->depth > 0) {
		struct source_level *l = top(k);
		struct listing_entry found;
		int more = listing_next(&k->listing, k->depth, l->fd, &l->mark, &found);

		if (more == 1) {
			struct entry e = { l->fd, found.name, found.name, found.type };

			end = send_entry(k, &e, trail_add(&k->session->trail, found.name));
		} else {
			end = end_dir(k, more == -1 ? errno : 0);
		}
	}
	while (k->depth > 0)
		leave_dir(k);
	return end;
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
	if (p->dirfd == -1 || !k->session->request->recursive)
		return p->dirfd == -1 ? -1 : 0;	/* Not sent, and so not named, without -r. */
	return root_own_name(k->session->root, p->dirfd, name);
}

static int
send_operand(struct source *k, const char *path)
{
	struct trail *t = &k->session->trail;
	char name[NAME_MAX + 1] = "";
	const char *why;
	struct place p;
	int end = root_place(k->session->root, path, &p);

	trail_set(t, path);
	while (t->len > 1 && t->text[t->len - 1] == '/')
		trail_cut(t, t->len - 1);
	if (end == 0)
		strlcpy(name, p.leaf, sizeof(name));
	else if (errno == EINVAL && path[0] != '\0')
		end = name_directory(k, path, &p, name);
	else if (errno == EINVAL)
		errno = ENOENT;

	if (end == 0) {
		struct entry e = { p.dirfd, p.leaf, name, DT_UNKNOWN };

		end = send_entry(k, &e, t->len);
	} else {
		why = errno == EINVAL ? "it has no name" : session_reason(errno);
		end = session_warn(k->session, why);
	}
	place_close(&p);
	return end == -1 ? -1 : send_entries(k);
}

int
source_run(struct source *k, struct session *s)
{
	int end;

	k->session = s;
	k->depth = 0;
	listing_init(&k->listing);
	/* The client says when it is ready; a warning instead is counted, and no more. */
	end = await(k) == -1 ? -1 : 0;
	for (int i = 0; end == 0 && i < s->request->npaths; i++)
		end = send_operand(k, s->request->paths[i]);
	return end;
}
