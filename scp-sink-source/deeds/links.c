/* SPDX-License-Identifier: ISC */
/* Deeds about links.  SFTP rules 40, 41. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "deeds/acts.h"
#include "deeds/file.h"
#include "deeds/note.h"
#include "deeds/refuse.h"
#include "deeds/sight.h"
#include "deeds/spot.h"
#include "deeds/target.h"
#include "paths/dir.h"
#include "upload/backup.h"
#include "upload/hidden.h"

enum {
	TRIES = 16	/* to keep a hidden name until it is no more needed */
};

/* A link that is made: a name for what FROM is, or one that says TEXT. */
struct new {
	const struct spot *to;		/* borrowed; */
	const struct spot *from;	/* so is this; NULL: it says TEXT */
	const char	  *text;
	bool		   replace;	/* what TO names gives way */
	struct stat	   st;		/* what it is, once it has a name */
	char		   hidden[NAME_MAX + 1];	/* until it has its own, where that is taken */
};

static const char not_made[] = "making links is not allowed";

static int
enter(void *new, const char *name)
{
	struct new *n = new;
	const int dirfd = n->to->place.dirfd;
	int saved;

	if (n->from != NULL)
		return linkat(n->from->place.dirfd, n->from->place.leaf, dirfd, name, 0);
	if (symlinkat(n->text, dirfd, name) == -1)
		return -1;
	if (fstatat(dirfd, name, &n->st, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	saved = errno;
	unlinkat(dirfd, name, 0);
	errno = saved;
	return -1;
}

static int
enter_hidden(void *new)
{
	struct new *n = new;

	return enter(n, n->hidden);
}

/*
 * Under a hidden name first: its directory is locked, that nobody takes it for dead; and before, what others
 * left has to go.  Where it cannot be locked the hidden name may be taken away, and is given again.
 */
static int
take_over(struct new *n)
{
	const struct place *to = &n->to->place;
	int guard, end = -1;
	bool again = true;

	hidden_bury(to->dirfd, to->leaf, -1);
	guard = hidden_guard(to->dirfd);
	for (int try = 0; try < TRIES && again; try++) {
		if (hidden_claim(to->dirfd, to->leaf, n->hidden, enter_hidden, n) == -1)
			break;
		end = renameat(to->dirfd, n->hidden, to->dirfd, to->leaf);
		again = end == -1 && errno == ENOENT;
		if (end == -1)
			hidden_remove(to->dirfd, n->hidden, &n->st);
	}
	dir_close(guard);
	return end;
}

static int
replace(const struct deeds *d, struct new *n)
{
	const struct place *to = &n->to->place;
	struct stat old;

	if (fstatat(to->dirfd, to->leaf, &old, AT_SYMLINK_NOFOLLOW) == 0) {
		/* A rename from one name of a file to another one does nothing. */
		if (n->from != NULL && old.st_dev == n->st.st_dev && old.st_ino == n->st.st_ino)
			return 0;
		errno = EISDIR;
		if (S_ISDIR(old.st_mode))
			return -1;
	} else if (errno != ENOENT) {
		return -1;
	}
	if (d->policy->overwrite == OVERWRITE_BACKUP)
		return backup_replace(to->dirfd, to->leaf, &n->st, enter, n, NULL);
	return take_over(n);
}

/* 0, or -1 with errno. */
static int
new_make(const struct deeds *d, struct new *n)
{
	if (enter(n, n->to->place.leaf) == 0)
		return 0;
	if (errno != EEXIST || !n->replace || d->policy->overwrite == OVERWRITE_NO)
		return -1;
	return replace(d, n);
}

/* What is linked: nothing that could not be read, and in a restricted account a regular file. */
static int
judge_linked(struct deeds *d, const struct spot *s, struct stat *st, struct answer *a)
{
	struct stat seen;

	if (s->top || spot_stat(d, s, st) == -1)
		return refuse_errno(d, s->plain, s->top ? EPERM : errno, a);
	seen = *st;
	if (!sight_has(d, s->plain, &seen, s->place.dirfd, s->place.leaf))
		return refuse_telling(d, s->plain, EACCES, refuse_not_own, a);
	if (d->policy->restricted && !S_ISREG(st->st_mode))
		return refuse_telling(d, s->plain, EPERM, "not a regular file", a);
	return 0;
}

/* What has no name yet gets it now, but not for a link that will be refused: it may be half a file. */
static int
publish(struct deeds *d, const struct spot *from, const struct spot *to, enum deeds_onto onto,
    struct answer *a)
{
	struct file *pending = file_pending(d, from);
	struct stat st;

	if (pending == NULL)
		return 0;
	if (onto != DEEDS_REPLACE && spot_stat(d, to, &st) == 0)
		return refuse_telling(d, to->plain, EEXIST, NULL, a);
	return file_publish(d, pending, a);
}

static int
link_spots(struct deeds *d, const struct spot *from, const struct spot *to, enum deeds_onto onto,
    struct answer *a)
{
	struct stat st;

	if (to->top || file_pending(d, to) != NULL)
		return refuse_telling(d, to->plain, EEXIST, NULL, a);
	if (publish(d, from, to, onto, a) == -1 || judge_linked(d, from, &st, a) == -1)
		return -1;
	if (new_make(d, &(struct new){ .to = to, .from = from, .replace = onto == DEEDS_REPLACE,
	    .st = st }) == -1)
		return errno == EXDEV ? refuse_openly(d, to->plain, EXDEV, NULL, a)
		    : refuse_errno(d, to->plain, errno, a);
	if (spot_is_own(d, from, &st))
		spot_make_own_there(d, to);
	note_act(d, AUDIT_LINK, from->plain, to->plain);
	return spot_settle(d, to, a);
}

static int
judge_making(struct deeds *d, const char *said, struct answer *a)
{
	if (spot_judge_direction(d, said, true, a) == -1)
		return -1;
	return d->policy->make_links == POLICY_YES ? 0 : spot_refuse(d, said, not_made, a);
}

int
deeds_hard_link(struct deeds *d, const char *from, const char *to, enum deeds_onto onto,
    struct answer *a)
{
	struct spot old, new;
	int end = -1;

	if (judge_making(d, to, a) == -1 || spot_find(d, from, SPOT_FILE, &old, a) == -1)
		return -1;
	if (spot_find(d, to, SPOT_FILE, &new, a) == 0) {
		end = link_spots(d, &old, &new, onto, a);
		spot_close(&new);
	}
	spot_close(&old);
	return end;
}

static int
judge_text(struct deeds *d, const struct spot *s, const char *text, struct answer *a)
{
	char plain[PATH_MAX];
	const char *why;

	if (!d->policy->restricted)
		return 0;
	if (text[0] == '/')
		return refuse_openly(d, s->plain, EACCES, "links must be relative here", a);
	if (target_find(s, text, plain) == -1)
		return refuse_openly(d, s->plain, errno == EXDEV ? EACCES : errno,
		    errno == EXDEV ? "it would lead out of the root" : NULL, a);
	why = target_denies(d, plain);
	return why == NULL ? 0 : refuse_telling(d, s->plain, EACCES, why, a);
}

int
act_symlink(struct deeds *d, const char *text, const struct spot *s, enum deeds_onto onto,
    struct answer *a)
{
	if (judge_text(d, s, text, a) == -1)
		return -1;
	if (s->top || file_pending(d, s) != NULL)
		return refuse_telling(d, s->plain, EEXIST, NULL, a);
	if (new_make(d, &(struct new){ .to = s, .text = text, .replace = onto == DEEDS_REPLACE }) == -1)
		return refuse_errno(d, s->plain, errno, a);
	spot_make_own_there(d, s);
	note_symlink(d, s->plain, text);
	return spot_settle(d, s, a);
}

int
deeds_symlink(struct deeds *d, const char *text, const char *link, enum deeds_onto onto,
    struct answer *a)
{
	struct spot s;
	int end;

	if (judge_making(d, link, a) == -1 || spot_find(d, link, SPOT_FILE, &s, a) == -1)
		return -1;
	end = act_symlink(d, text, &s, onto, a);
	spot_close(&s);
	return end;
}

int
deeds_read_link(struct deeds *d, const char *path, char dst[PATH_MAX], struct answer *a)
{
	struct spot s;
	int end;

	if (spot_judge_direction(d, path, false, a) == -1 ||
	    spot_seek(d, path, SPOT_FILE, &s, a) == -1)
		return -1;
	end = target_read(d, &s, dst);
	if (end == -1)
		(void)refuse_unseen(d, errno, a);
	spot_close(&s);
	return end;
}
