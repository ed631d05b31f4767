/* SPDX-License-Identifier: ISC */
/* Deeds that make, remove and change names.  SFTP rules 37 to 39, 56 to 58. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "deeds/acts.h"
#include "deeds/file.h"
#include "deeds/note.h"
#include "deeds/refuse.h"
#include "deeds/spot.h"
#include "paths/dir.h"
#include "upload/backup.h"
#include "upload/hidden.h"
#include "upload/level.h"

/* Makes the directory, which is counted: what comes of it is in the log. */
static int
make_dir(struct deeds *d, const struct spot *s, const struct attrs *wanted, struct answer *a)
{
	const char *what;
	struct level l;

	if (s->top || file_pending(d, s) != NULL)
		return refuse_telling(d, s->plain, EEXIST, NULL, a);
	if (level_create(&l, s->place.dirfd, s->place.leaf, wanted, d->policy) == -1)
		return refuse_errno(d, s->plain, errno, a);
	spot_make_own(d, s, l.fd);
	note_dir(d, s->plain, level_mode(&l), true);
	if (level_end(&l, &what) == -1)
		return refuse_errno(d, s->plain, errno, a);
	return 0;
}

static int
mkdir_as(struct deeds *d, const char *path, mode_t mode, bool exactly, struct answer *a)
{
	const struct policy *p = d->policy;
	struct usage before = d->usage;
	struct attrs wanted = { .has_mode = false };
	const char *why;
	struct spot s;
	int end;

	if (spot_judge_direction(d, path, true, a) == -1)
		return -1;
	why = policy_denies_recursion(p);
	if (why == NULL && p->mkdir == POLICY_NO)
		why = "new directories are not allowed";
	if (why != NULL)
		return spot_refuse(d, path, why, a);
	if (spot_find(d, path, SPOT_DIRECTORY, &s, a) == -1)
		return -1;
	wanted.mode = policy_mode(p, mode, true, exactly, &wanted.has_mode);
	why = policy_denies_dir(p, &d->usage, (unsigned)s.depth);
	if (why != NULL)
		end = refuse_openly(d, s.plain, EDQUOT, why, a);
	else
		end = make_dir(d, &s, &wanted, a);
	if (end == -1)
		d->usage = before;
	spot_close(&s);
	return end;
}

int
deeds_mkdir(struct deeds *d, const char *path, mode_t mode, struct answer *a)
{
	return mkdir_as(d, path, mode, false, a);
}

int
deeds_mkdir_exactly(struct deeds *d, const char *path, mode_t mode, struct answer *a)
{
	return mkdir_as(d, path, mode, true, a);
}

int
act_judge_removal(struct deeds *d, const struct spot *s, struct answer *a)
{
	struct stat st;

	if (s->top)
		return refuse_errno(d, s->plain, EBUSY, a);
	if (d->policy->remove != RIGHT_OWN || spot_stat(d, s, &st) == -1 || spot_is_own(d, s, &st))
		return 0;	/* Removing it says what there is. */
	return refuse_telling(d, s->plain, EACCES, refuse_not_own, a);
}

/*
 * A name that is pending goes, and what it would have replaced.  Who does not know of that, and may not
 * remove it, has removed what he knows of.
 */
static int
take_pending(struct deeds *d, const struct spot *s, struct file *pending, struct answer *a)
{
	struct stat st;

	if (spot_stat(d, s, &st) == 0) {
		if (d->policy->remove != RIGHT_OWN || spot_is_own(d, s, &st)) {
			if (unlinkat(s->place.dirfd, s->place.leaf, 0) == -1)
				return refuse_errno(d, s->plain, errno, a);
		} else if (!deeds_is_blind(d)) {
			return refuse_telling(d, s->plain, EACCES, refuse_not_own, a);
		}
	}
	file_forsake(d, pending);
	return 0;
}

static int
take_there(struct deeds *d, const struct spot *s, bool dir, struct answer *a)
{
	if (act_judge_removal(d, s, a) == -1)
		return -1;
	if (dir && file_pending_within(d, s->plain))
		return refuse_errno(d, s->plain, ENOTEMPTY, a);
	if (unlinkat(s->place.dirfd, s->place.leaf, dir ? AT_REMOVEDIR : 0) == -1)
		return refuse_change(d, s->plain, errno, a);
	return 0;
}

int
act_remove(struct deeds *d, const struct spot *s, enum audit_act act, struct answer *a)
{
	const bool dir = act == AUDIT_RMDIR;
	struct file *pending = dir ? NULL : file_pending(d, s);

	if ((pending != NULL ? take_pending(d, s, pending, a) : take_there(d, s, dir, a)) == -1)
		return -1;
	own_forget(&d->own, s->plain);
	note_act(d, act, s->plain, NULL);
	return spot_settle(d, s, a);
}

static int
remove_as(struct deeds *d, const char *path, enum audit_act act, struct answer *a)
{
	const bool dir = act == AUDIT_RMDIR;
	const char *why;
	struct spot s;
	int end;

	if (spot_judge_direction(d, path, true, a) == -1)
		return -1;
	if (d->policy->remove == RIGHT_NO)
		return spot_refuse(d, path, "removing is not allowed", a);
	why = dir ? policy_denies_recursion(d->policy) : NULL;
	if (why != NULL)
		return spot_refuse(d, path, why, a);
	if (spot_find(d, path, dir ? SPOT_DIRECTORY : SPOT_FILE, &s, a) == -1)
		return -1;
	end = act_remove(d, &s, act, a);
	spot_close(&s);
	return end;
}

int
deeds_rmdir(struct deeds *d, const char *path, struct answer *a)
{
	return remove_as(d, path, AUDIT_RMDIR, a);
}

int
deeds_remove(struct deeds *d, const char *path, struct answer *a)
{
	return remove_as(d, path, AUDIT_REMOVE, a);
}

/* What is moved, and where. */
struct move {
	struct spot from, to;
	struct stat st;		/* of FROM */
	bool	    replace;	/* what TO names gives way */
};

static int
link_as(void *move, const char *name)
{
	const struct move *m = move;

	return linkat(m->from.place.dirfd, m->from.place.leaf, m->to.place.dirfd, name, 0);
}

/*
 * The old one is kept first, and that takes a name beside it.  Until it has the one that it shall have
 * the file has its own, too, so that no kill loses it.  Where it may not be moved away, nothing is.
 */
static int
move_with_backup(struct move *m)
{
	const struct place *from = &m->from.place, *to = &m->to.place;
	char kept[NAME_MAX + 1];

	if (backup_replace(to->dirfd, to->leaf, &m->st, link_as, m, kept) == -1)
		return -1;
	if (unlinkat(from->dirfd, from->leaf, 0) == 0 || errno == ENOENT)
		return 0;
	backup_undo(to->dirfd, to->leaf, kept, &m->st);
	return -1;
}

static int
move(const struct deeds *d, struct move *m)
{
	const struct place *from = &m->from.place, *to = &m->to.place;
	struct stat old;
	bool there;

	if (!m->replace)
		return dir_move_free(from->dirfd, from->leaf, to->dirfd, to->leaf);
	there = fstatat(to->dirfd, to->leaf, &old, AT_SYMLINK_NOFOLLOW) == 0;
	/* What cannot be looked at may be what is to be kept. */
	if (!there && errno != ENOENT)
		return -1;
	if (there && old.st_dev == m->st.st_dev && old.st_ino == m->st.st_ino)
		return 0;	/* As rename(2) has it. */
	if (there && d->policy->overwrite == OVERWRITE_BACKUP && !S_ISDIR(m->st.st_mode))
		return move_with_backup(m);
	return renameat(from->dirfd, from->leaf, to->dirfd, to->leaf);
}

/* Whether what is there may be moved, and may have the other name. */
static int
judge_move(struct deeds *d, struct move *m, struct answer *a)
{
	const char *why = NULL;

	if (m->from.top || m->to.top)
		return refuse_errno(d, m->from.plain, EBUSY, a);
	if (spot_stat(d, &m->from, &m->st) == -1)
		return refuse_change(d, m->from.plain, errno, a);
	if (d->policy->rename == RIGHT_OWN && !spot_is_own(d, &m->from, &m->st))
		return refuse_telling(d, m->from.plain, EACCES, refuse_not_own, a);
	if (S_ISDIR(m->st.st_mode)) {
		why = policy_denies_recursion(d->policy);
		if (why != NULL)
			return refuse_openly(d, m->from.plain, EACCES, why, a);
		why = policy_denies_depth(d->policy, m->to.depth);
		return why == NULL ? 0 : refuse_openly(d, m->to.plain, EDQUOT, why, a);
	}
	why = spot_denies_file(d, &m->from);
	if (why != NULL)
		return refuse_telling(d, m->from.plain, EACCES, why, a);
	why = spot_denies_file(d, &m->to);
	return why == NULL ? 0 : refuse_telling(d, m->to.plain, EACCES, why, a);
}

/*
 * What has no name yet gets it now, before it gets another one; but not for a rename that will be refused,
 * for it may be half a file.
 */
static int
publish(struct deeds *d, struct move *m, struct answer *a)
{
	struct file *pending = file_pending(d, &m->from);
	const char *why = pending != NULL ? spot_denies_file(d, &m->to) : NULL;
	struct stat st;

	if (pending == NULL)
		return 0;
	if (why != NULL)
		return refuse_telling(d, m->to.plain, EACCES, why, a);
	if (m->to.top || (!m->replace && spot_stat(d, &m->to, &st) == 0))
		return refuse_errno(d, m->to.plain, m->to.top ? EBUSY : EEXIST, a);
	return file_publish(d, pending, a);
}

/* What is pending where a name shall be taken is there, as far as this session knows. */
static int
judge_pending(struct deeds *d, const struct move *m, struct answer *a)
{
	if (!m->replace && file_pending(d, &m->to) != NULL)
		return refuse_telling(d, m->to.plain, EEXIST, NULL, a);
	if (S_ISDIR(m->st.st_mode) && file_pending_within(d, m->to.plain) &&
	    strcmp(m->from.plain, m->to.plain) != 0)
		return refuse_errno(d, m->to.plain, ENOTEMPTY, a);
	return 0;
}

static int
carry_out(struct deeds *d, struct move *m, struct answer *a)
{
	struct file *pending;

	if (publish(d, m, a) == -1 || judge_move(d, m, a) == -1 || judge_pending(d, m, a) == -1)
		return -1;
	pending = file_pending(d, &m->to);
	if (move(d, m) == -1)
		return errno == EXDEV ? refuse_openly(d, m->from.plain, EXDEV, NULL, a)
		    : refuse_errno(d, m->to.plain, errno, a);
	if (pending != NULL)
		file_forsake(d, pending);
	if (S_ISDIR(m->st.st_mode))
		file_move_within(d, m->from.plain, m->to.plain);
	own_move(&d->own, m->from.plain, m->to.plain);
	note_act(d, AUDIT_RENAME, m->from.plain, m->to.plain);
	return spot_settle(d, &m->from, a) == -1 || spot_settle(d, &m->to, a) == -1 ? -1 : 0;
}

int
deeds_rename(struct deeds *d, const char *from, const char *to, enum deeds_onto onto,
    struct answer *a)
{
	const bool replace = onto == DEEDS_REPLACE ||
	    (onto == DEEDS_SPARE_SEEN && deeds_is_blind(d));
	struct move m;
	int end = -1;

	if (spot_judge_direction(d, from, true, a) == -1)
		return -1;
	if (d->policy->rename == RIGHT_NO)
		return spot_refuse(d, from, "renaming is not allowed", a);
	m.replace = replace && d->policy->overwrite != OVERWRITE_NO;
	if (spot_find(d, from, SPOT_ANYTHING, &m.from, a) == -1)
		return -1;
	if (spot_find(d, to, SPOT_ANYTHING, &m.to, a) == 0) {
		end = carry_out(d, &m, a);
		spot_close(&m.to);
	}
	spot_close(&m.from);
	return end;
}
