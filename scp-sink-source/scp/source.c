/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "paths/place.h"
#include "rules/alias.h"
#include "scp/source.h"
#include "session/refuse.h"
#include "text/text.h"

/* One thing to send: what it is called here, and what the client shall call it. */
struct entry {
	int	      dirfd;	/* borrowed */
	const char   *name;	/* a path from DIRFD */
	const char   *as;	/* one component */
	unsigned char type;	/* DT_*, DT_UNKNOWN where nobody said */
};

static int
warn_errno(struct source *k, int err)
{
	return session_warn(k->session, &(struct reason){ .err = err });
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
	why.text = k->descent.depth > 0 ? policy_denies_name(p, e->name, false)
	    : alias_denies_name(p, e->dirfd, e->name, false);

	why.skip = why.text != NULL;
	if (why.text == NULL)
		return outlet_send_file(&k->outlet, fd, st, e->as);
	return k->descent.depth > 0 ? 0 : session_warn(k->session, &why);
}

/* Of the first directory that is one more behind links than are followed the client is told. */
static int
leave_out(struct source *k, bool first)
{
	static const char too_many[] = "more links to directories than are followed: this one and "
	    "those after it are left out";

	return !first ? 0
	    : session_warn(k->session, &(struct reason){ .text = too_many, .telling = true });
}

/* FD is handed over. */
static void
go_into(struct source *k, int fd, const struct stat *st, bool unnamed)
{
	descent_enter(&k->descent, fd, st, unnamed);
	session_go_deep(k->descent.depth);
}

/* Announces a directory and goes into it: then *FD is handed over, and the trail stays. */
static int
enter_dir(struct source *k, int *fd, const struct stat *st, const char *as)
{
	struct session *s = k->session;
	/* That it is a directory tells that there is something. */
	struct reason why = {
		.text = descent_is_in(&k->descent, st) ? text_error(ELOOP) : NULL, .telling = true,
	};
	int reply;

	if (why.text == NULL)
		why.text = policy_denies_dir(s->policy, &s->usage, k->descent.depth);
	if (why.text == NULL && descent_is_own_copy(&k->descent, *fd, &s->trail))
		why.text = "it is copied into itself";
	if (why.text == NULL && s->client != NULL && k->descent.depth == 0) {
		why.text = policy_denies_name(s->policy, as, true);
		why.skip = why.text != NULL;
	}
	if (why.text != NULL)
		return session_warn(s, &why);
	reply = outlet_send_dir(&k->outlet, st, as);
	if (reply != 0)
		return reply == -1 ? -1 : 0;
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
	unsigned depth = k->descent.depth;
	bool first;

	if (fd == -1 || root_check(k->session->root, fd, &st) == -1)
		end = warn_errno(k, errno);
	else if (S_ISDIR(st.st_mode) && descent_is_enough(&k->descent, fd, e->type, &first))
		end = leave_out(k, first);
	else if (S_ISDIR(st.st_mode))
		end = enter_dir(k, &fd, &st, e->as);
	else if (S_ISREG(st.st_mode))
		end = send_named(k, fd, &st, e);
	else
		end = warn_errno(k, ENXIO);
	if (fd != -1)
		close(fd);
	if (k->descent.depth == depth)
		trail_leave(&k->session->trail);
	return end;
}

static void
leave_dir(struct source *k)
{
	descent_leave(&k->descent);
	trail_leave(&k->session->trail);
}

/* The end of the innermost directory; FAILED is the errno that ended it early, or 0. */
static int
end_dir(struct source *k, int failed)
{
	int end;

	if (failed != 0 && warn_errno(k, failed) == -1)
		return -1;
	end = descent_top(&k->descent)->unnamed ? 0 : outlet_send_end(&k->outlet);
	leave_dir(k);
	return end;
}

/* True for what is not looked at, let alone sent; of some files that shows later: see send_named. */
static bool
is_unseen(const struct source *k, const struct listing_entry *found)
{
	return alias_denies_listed(k->session->policy, descent_top(&k->descent)->fd, found->name,
	    found->type != DT_REG) != NULL;
}

/* Sends whatever is in the directories that are open, from the innermost outwards. */
static int
send_entries(struct source *k)
{
	struct descent *d = &k->descent;
	int end = outlet_make_room(&k->outlet);

	while (end == 0 && d->depth > 0 && !k->session->unlogged) {
		struct listing_entry found;
		int more = outlet_is_cut(&k->outlet) ? 0 : descent_next(d, &found);

		if (more == 1 && is_unseen(k, &found)) {
			continue;
		} else if (more == 1) {
			struct entry e = { descent_top(d)->fd, found.name, found.name, found.type };

			assert(k->session->trail.depth == d->depth);
			trail_enter(&k->session->trail, found.name);
			end = send_entry(k, &e);
		} else {
			end = end_dir(k, more == -1 ? errno : 0);
		}
		if (end == 0)
			end = outlet_make_room(&k->outlet);
	}
	while (d->depth > 0)
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
	descent_init(&k->descent);
	outlet_init(&k->outlet, s);
	/* The client says when it is ready; a warning instead is counted, and no more. */
	end = outlet_await(&k->outlet) == -1 ? -1 : 0;
	for (int i = 0; end == 0 && !s->unlogged && i < s->request->npaths; i++)
		end = send_operand(k, s->request->paths[i]);
	return end == -1 ? -1 : outlet_end(&k->outlet);
}
