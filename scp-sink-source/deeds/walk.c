/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include <bsd/string.h>

#include "deeds/refuse.h"
#include "deeds/walk.h"
#include "paths/dir.h"
#include "paths/fs.h"

enum {
	STEPS = 256	/* between two questions whether there is anybody to go on for */
};

static const char mounted[] = "something is mounted there";

void
walk_init(struct walk *w, struct deeds *d, const struct spot *s, const struct answer_hearer *hearer)
{
	w->d = d;
	w->hearer = hearer;
	w->steps = 0;
	w->failed = w->over = false;
	w->spot = *s;
	w->spot.place.owned = false;
	w->spot.said = w->spot.plain;
	w->spot.slash = false;
	w->top = w->spot.place;
	w->nameless = s->top;
	w->top_len = strlen(s->plain);
	w->n = 0;
}

static struct walk_level *
innermost(struct walk *w)
{
	return &w->levels[w->n - 1];
}

void
walk_report(struct walk *w, const struct answer *a)
{
	const char *rest = w->spot.plain + w->top_len;

	if (w->hearer->hear(w->hearer->context, rest + (rest[0] == '/'), a) == 0)
		return;
	w->failed = true;
	for (unsigned i = 0; i < w->n; i++)
		w->levels[i].stays = true;
}

/* True where NAME is one that the path has room for: that is then where we are. */
static bool
step_to(struct walk *w, const char *name)
{
	const struct walk_level *l = innermost(w);
	struct spot *s = &w->spot;
	size_t len = l->len;

	if (len > 0)
		s->plain[len++] = '/';
	if (len + strlen(name) >= sizeof(s->plain) ||
	    strlcpy(s->place.leaf, name, sizeof(s->place.leaf)) >= sizeof(s->place.leaf)) {
		s->plain[l->len] = '\0';
		return false;
	}
	strlcpy(s->plain + len, name, sizeof(s->plain) - len);
	s->place.dirfd = l->fd;
	s->top = false;
	s->depth = spot_depth(w->d, s->plain);
	return true;
}

/* Back to the directory whose entries are done, as its own parent has it. */
static void
step_back(struct walk *w)
{
	struct spot *s = &w->spot;
	const char *slash;

	s->plain[innermost(w)->len] = '\0';
	w->n--;
	if (w->n == 0) {
		s->place = w->top;
		s->top = w->nameless;
	} else {
		slash = strrchr(s->plain, '/');
		strlcpy(s->place.leaf, slash != NULL ? slash + 1 : s->plain, sizeof(s->place.leaf));
		s->place.dirfd = innermost(w)->fd;
	}
	s->depth = spot_depth(w->d, s->plain);
}

/* Opens the directory that was met, and nothing that took its place: -1 with errno. */
static int
open_met(struct walk *w, const struct stat *met, bool own)
{
	const struct place *p = &w->spot.place;
	const int flags = O_DIRECTORY | (own ? O_PATH : O_RDONLY);
	int fd = dir_open(p->dirfd, p->leaf, flags, 0);
	struct stat st;

	if (fd == -1)
		return -1;
	errno = EAGAIN;
	if (fstat(fd, &st) == 0 && st.st_dev == met->st_dev && st.st_ino == met->st_ino)
		return fd;
	dir_close(fd);
	return -1;
}

/* It may be that of another filesystem, or of another directory of the same one. */
static bool
is_mounted(struct walk *w, int fd, const struct stat *st)
{
	struct stat outer;

	if (w->spot.top)
		return false;
	return fstat(w->spot.place.dirfd, &outer) == -1 || outer.st_dev != st->st_dev ||
	    (fs_attributes(fd) & STATX_ATTR_MOUNT_ROOT) != 0;
}

static int
go_in(struct walk *w, const struct stat *st, struct answer *a)
{
	struct deeds *d = w->d;
	const char *plain = w->spot.plain;
	struct walk_level *l = &w->levels[w->n];
	const char *why = d->policy->list == RIGHT_NO ? "listing is not allowed" : NULL;

	if (why != NULL)
		return refuse_openly(d, plain, EACCES, why, a);
	why = w->n == POLICY_DEPTH_MAX ? "directories are nested too deeply"
	    : policy_denies_depth(d->policy, w->spot.depth);
	if (why != NULL)
		return refuse_openly(d, plain, EDQUOT, why, a);
	*l = (struct walk_level){ .fd = -1, .len = strlen(plain) };
	entries_begin(d, &l->entries);
	l->fd = open_met(w, st, l->entries.own);
	if (l->fd == -1)
		return refuse_change(d, plain, errno, a);
	if (is_mounted(w, l->fd, st)) {
		dir_close(l->fd);
		return refuse_telling(d, plain, EBUSY, mounted, a);
	}
	w->n++;
	return 0;
}

/* What came of what is at the spot. */
static void
settle(struct walk *w, int turn, struct answer *a)
{
	if (turn == -1)
		walk_report(w, a);
	else if (w->n > 0)
		innermost(w)->changed = true;
}

/* The visitor meets what is at the spot, ST of it. */
static void
visit(struct walk *w, const struct walk_visitor *v, const struct stat *st)
{
	struct answer a = { 0, NULL };
	int turn = v->meet(w, st, &a);

	if (turn != WALK_IN)
		settle(w, turn, &a);
	else if (go_in(w, st, &a) == -1)
		walk_report(w, &a);
}

static void
leave(struct walk *w, const struct walk_visitor *v)
{
	struct walk_level *l = innermost(w);
	struct answer a = { 0, NULL };
	int turn = WALK_ON;

	step_back(w);
	if (v->leave != NULL)
		turn = v->leave(w, l, &a);
	if (turn == WALK_AGAIN) {
		l->passes++;
		l->changed = false;
		entries_begin(w->d, &l->entries);
		w->n++;
		return;
	}
	dir_close(l->fd);
	settle(w, turn, &a);
}

static void
meet(struct walk *w, const struct walk_visitor *v, const char *name, const struct stat *st)
{
	if (step_to(w, name))
		visit(w, v, st);
}

/* It is there, and cannot be looked at: for ERR. */
static void
miss(struct walk *w, const char *name, int err)
{
	struct answer a = { 0, NULL };

	if (!step_to(w, name))
		return;
	(void)refuse_errno(w->d, w->spot.plain, err, &a);
	walk_report(w, &a);
}

/* The next entry of the innermost directory, or the end of that. */
static void
go_on(struct walk *w, const struct walk_visitor *v)
{
	struct walk_level *l = innermost(w);
	struct answer a = { 0, NULL };
	const char *name;
	struct stat st;
	int more;

	w->spot.plain[l->len] = '\0';
	more = entries_next(w->d, &l->entries, l->fd, w->spot.plain, &name);
	if (more == -1) {
		(void)refuse_errno(w->d, w->spot.plain, errno, &a);
		walk_report(w, &a);
	}
	if (more != 1)
		leave(w, v);
	else if (entries_see(w->d, &l->entries, l->fd, w->spot.plain, name, &st))
		meet(w, v, name, &st);
	else if (errno != ENOENT && errno != EXDEV)
		miss(w, name, errno);
}

static bool
goes_on(struct walk *w)
{
	if (++w->steps % STEPS == 0 && !w->hearer->goes_on(w->hearer->context))
		w->over = true;
	return !w->over && !w->d->unlogged;
}

int
walk_run(struct walk *w, const struct stat *st, const struct walk_visitor *v)
{
	visit(w, v, st);
	while (w->n > 0 && goes_on(w))
		go_on(w, v);
	while (w->n > 0)
		dir_close(w->levels[--w->n].fd);
	return w->failed || w->over || w->d->unlogged ? -1 : 0;
}
