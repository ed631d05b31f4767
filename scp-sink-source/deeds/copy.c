/* SPDX-License-Identifier: ISC */
/*
 * Copies.  A walk through what is there, and beside it the directories that are filled: both are held, so
 * nothing is read from, or written to, anywhere else.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include <bsd/string.h>

#include "deeds/acts.h"
#include "deeds/note.h"
#include "deeds/refuse.h"
#include "deeds/target.h"
#include "deeds/tree.h"
#include "deeds/walk.h"
#include "upload/level.h"

enum {
	FILE_BITS = 0777,
	MODE_BITS = 07777
};

struct copy {
	struct walk	walk;		/* through what is copied; first, for who has only that */
	const struct tree_manner *manner;
	const struct spot *to;		/* borrowed: where that goes */
	struct spot	spot;		/* where what is met goes */
	struct stat	top;		/* of the outermost directory that is filled */
	unsigned	n;		/* of those that are */
	struct level	levels[POLICY_DEPTH_MAX];
};

static const char same[] = "both are the same file";
static const char into_itself[] = "it would be copied into itself";

static int
fail(int err, const char *text, struct answer *a)
{
	*a = (struct answer){ err, text };
	return -1;
}

/* All of IN, which has SIZE bytes. */
static int
copy_bytes(struct copy *c, struct file *in, struct file *out, uint64_t size, struct answer *a)
{
	const struct tree_manner *m = c->manner;
	uint64_t n;

	for (uint64_t at = 0; at < size; at += n) {
		n = size - at < m->piece ? size - at : m->piece;
		if (file_copy(c->walk.d, in, at, n, out, at, a) == -1)
			return -1;
		if (!m->moved(m->mover, n)) {
			c->walk.over = true;
			return fail(EINTR, "the session ended", a);
		}
	}
	return 0;
}

/* What was there may be longer, and is emptied only once it is seen to be another file. */
static int
fill(struct copy *c, struct file *in, struct file *out, const struct stat *st, struct answer *a)
{
	const struct wish cut = { .has_size = true, .size = (uint64_t)st->st_size };
	const struct wish keep = { .attrs = { .has_mode = true, .mode = st->st_mode & MODE_BITS,
	    .has_times = true, .times = { st->st_atim, st->st_mtim } } };

	if (copy_bytes(c, in, out, (uint64_t)st->st_size, a) == -1)
		return -1;
	if (out->upload.old_size > 0 && file_set(c->walk.d, out, &cut, a) == -1)
		return -1;
	return c->manner->keep ? file_set(c->walk.d, out, &keep, a) : 0;
}

/* True where the file IN has the name of S as well. */
static bool
is_same(const struct deeds *d, const struct spot *s, const struct stat *in)
{
	struct stat st;

	return spot_stat(d, s, &st) == 0 && st.st_dev == in->st_dev && st.st_ino == in->st_ino;
}

static int
copy_opened(struct copy *c, struct file *in, struct answer *a)
{
	struct deeds *d = c->walk.d;
	struct file_wish wish = { .flags = FILE_WRITE | FILE_CREATE, .has_mode = true };
	struct file out;
	struct stat st;
	struct answer later;

	if (file_look(d, in, &st, a) == -1)
		return -1;
	if (is_same(d, &c->spot, &st))
		return fail(EBUSY, same, a);
	wish.mode = st.st_mode & FILE_BITS;
	if (act_open(d, &out, &c->spot, &wish, a) == -1)
		return -1;
	if (fill(c, in, &out, &st, a) == 0)
		return file_close(d, &out, a);
	/* What could not be set does not undo a file; what could not be copied does. */
	if (out.spoilt.err == 0 && out.written == (uint64_t)st.st_size && !c->walk.over)
		(void)file_close(d, &out, &later);
	else
		file_drop(d, &out, answer_text(a));
	return -1;
}

static int
copy_file(struct copy *c, struct answer *a)
{
	const struct file_wish wish = { .flags = FILE_READ };
	struct answer closing;
	struct file in;
	int end;

	if (act_open(c->walk.d, &in, &c->walk.spot, &wish, a) == -1)
		return -1;
	end = copy_opened(c, &in, a);
	(void)file_close(c->walk.d, &in, &closing);
	return end;
}

static int
copy_link(struct copy *c, struct answer *a)
{
	struct deeds *d = c->walk.d;
	char text[PATH_MAX];

	if (d->policy->make_links != POLICY_YES)
		return refuse_openly(d, c->spot.plain, EACCES, "making links is not allowed", a);
	if (target_read(d, &c->walk.spot, text) == -1)
		return refuse_errno(d, c->walk.spot.plain, errno, a);
	return act_symlink(d, text, &c->spot, DEEDS_REPLACE, a);
}

/* Ends the directories that are filled, but for the N outermost: 0, or -1 with *ANSWER. */
static int
end_levels(struct copy *c, unsigned n, struct answer *a)
{
	const char *what;
	int end = 0;

	/* cppcheck-suppress ctuuninitvar */
	while (c->n > n)
		if (level_end(&c->levels[--c->n], &what) == -1)
			end = refuse_errno(c->walk.d, c->spot.plain, errno, a);
	return end;
}

/* The directory that is filled, which is new or was there. */
static int
begin_level(struct copy *c, struct level *l, const struct stat *st, struct answer *a)
{
	struct deeds *d = c->walk.d;
	const struct policy *p = d->policy;
	const char *why = policy_denies_dir(p, &d->usage, (unsigned)c->spot.depth);
	struct attrs wanted = { .times = { st->st_atim, st->st_mtim } };

	if (why != NULL)
		return refuse_openly(d, c->spot.plain, EDQUOT, why, a);
	wanted.mode = policy_mode(p, st->st_mode & MODE_BITS, true, c->manner->keep, &wanted.has_mode);
	wanted.has_times = c->manner->keep && p->times != TIMES_IGNORE;
	if (level_make(l, c->spot.place.dirfd, c->spot.place.leaf, &wanted, p) == 0)
		return 0;
	return errno == ENOENT && p->mkdir == POLICY_NO
	    ? refuse_openly(d, c->spot.plain, EACCES, "new directories are not allowed", a)
	    : refuse_errno(d, c->spot.plain, errno, a);
}

static bool
is_top(const struct copy *c, const struct stat *st)
{
	return c->n > 0 && st->st_dev == c->top.st_dev && st->st_ino == c->top.st_ino;
}

static int
copy_dir(struct copy *c, const struct stat *st, struct answer *a)
{
	struct deeds *d = c->walk.d;
	struct level *l = &c->levels[c->n];

	if (!c->manner->whole)
		return refuse_errno(d, c->walk.spot.plain, EISDIR, a);
	if (is_top(c, st))
		return fail(EINVAL, into_itself, a);
	if (c->n == 0 && is_same(d, &c->spot, st))
		return fail(EBUSY, same, a);
	if (begin_level(c, l, st, a) == -1)
		return -1;
	if (c->n++ == 0)
		(void)fstat(l->fd, &c->top);
	if (l->made) {
		spot_make_own(d, &c->spot, l->fd);
		note_dir(d, c->spot.plain, level_mode(l), true);
	}
	return WALK_IN;
}

/* Where what the walk has met goes: false where that has no room. */
static bool
aim(struct copy *c)
{
	const struct walk *w = &c->walk;
	struct spot *s = &c->spot;
	const char *rest = w->spot.plain + w->top_len;

	*s = *c->to;
	s->said = s->plain;
	s->place.owned = false;
	if (w->n == 0)
		return true;
	rest += rest[0] == '/';
	if (!entries_path(c->to->plain, rest, s->plain))
		return false;
	s->place.dirfd = c->levels[w->n - 1].fd;
	strlcpy(s->place.leaf, w->spot.place.leaf, sizeof(s->place.leaf));
	s->top = s->slash = false;
	s->depth = spot_depth(w->d, s->plain);
	return true;
}

static int
meet(struct walk *w, const struct stat *st, struct answer *a)
{
	struct copy *c = (struct copy *)w;

	/* What could be made, and not be gone into. */
	if (end_levels(c, w->n, a) == -1)
		walk_report(w, a);
	if (!aim(c))
		return fail(ENAMETOOLONG, NULL, a);
	if (S_ISDIR(st->st_mode))
		return copy_dir(c, st, a);
	return S_ISLNK(st->st_mode) && c->manner->whole ? copy_link(c, a) : copy_file(c, a);
}

static int
leave(struct walk *w, struct walk_level *l, struct answer *a)
{
	struct copy *c = (struct copy *)w;

	(void)l;
	(void)aim(c);
	return end_levels(c, w->n, a);
}

/* Both are found; what is at FROM is ST. */
static int
copy(struct deeds *d, const struct spot *from, const struct spot *to, const struct stat *st,
    const struct tree_manner *m, const struct answer_hearer *hearer)
{
	static const struct walk_visitor visitor = { meet, leave };
	struct answer a = { 0, NULL };
	struct copy c;
	int end;

	walk_init(&c.walk, d, from, hearer);
	c.manner = m;
	c.to = to;
	c.n = 0;
	end = walk_run(&c.walk, st, &visitor);
	return end_levels(&c, 0, &a) == -1 ? hearer->hear(hearer->context, "", &a) : end;
}

/* By its path; where links lead there, what is made is seen to be met. */
static bool
lies_in(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return strncmp(path, dir, n) == 0 && (n == 0 ? path[0] != '\0' : path[n] == '/');
}

static int
judge_dir(struct deeds *d, const struct spot *from, const struct spot *to, struct answer *a)
{
	const char *why = policy_denies_recursion(d->policy);

	if (why != NULL)
		return refuse_openly(d, from->plain, EACCES, why, a);
	return lies_in(to->plain, from->plain) ? fail(EINVAL, into_itself, a) : 0;
}

/* What of both names is denied for what there is. */
static int
judge(struct deeds *d, const struct spot *from, const struct spot *to, struct stat *st,
    struct answer *a)
{
	const char *why;

	if (spot_stat(d, from, st) == -1)
		return refuse_change(d, from->plain, errno, a);
	if (S_ISDIR(st->st_mode))
		return judge_dir(d, from, to, a);
	why = spot_denies_file(d, from);
	if (why != NULL)
		return refuse_telling(d, from->plain, EACCES, why, a);
	why = spot_denies_file(d, to);
	return why == NULL ? 0 : refuse_telling(d, to->plain, EACCES, why, a);
}

int
tree_copy(struct deeds *d, const char *from, const char *to, const struct tree_manner *m,
    const struct answer_hearer *hearer)
{
	struct answer a = { 0, NULL };
	struct spot old, new;
	struct stat st;
	int end;

	if (spot_judge_direction(d, from, false, &a) == -1 ||
	    spot_judge_direction(d, to, true, &a) == -1 ||
	    spot_find(d, from, SPOT_ANYTHING, &old, &a) == -1)
		return hearer->hear(hearer->context, "", &a);
	if (spot_find(d, to, SPOT_ANYTHING, &new, &a) == -1) {
		end = hearer->hear(hearer->context, "", &a);
	} else {
		end = judge(d, &old, &new, &st, &a) == -1 ? hearer->hear(hearer->context, "", &a)
		    : copy(d, &old, &new, &st, m, hearer);
		spot_close(&new);
	}
	spot_close(&old);
	return end;
}
