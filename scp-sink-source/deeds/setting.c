/* SPDX-License-Identifier: ISC */
/* The attributes of an open file: what is told of them, and what is set. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "deeds/file.h"
#include "deeds/refuse.h"

enum {
	MODE_BITS = 07777,
	BLOCK = 512		/* bytes, of st_blocks */
};

/* Whether it is, or will take the place of, what may be another's, of which the session sees nothing. */
static bool
is_unseen(const struct deeds *d, const struct file *f, const struct stat *st)
{
	if (!deeds_is_blind(d) || f->upload.old_size == 0)
		return false;
	return (f->pending && !f->undecided) || !own_has(&d->own, f->spot.plain, st, f->fd, "");
}

/* What the session knows itself, and no more. */
static void
hide_old(const struct deeds *d, const struct file *f, struct stat *st)
{
	uint64_t size = f->known;

	*st = (struct stat){
		.st_mode = S_IFREG | (f->mode & MODE_BITS),
		.st_nlink = 1,
		.st_uid = d->account->uid,
		.st_gid = d->account->gid,
		.st_size = (off_t)size,
		.st_blocks = (blkcnt_t)((size + BLOCK - 1) / BLOCK),
	};
	st->st_atim.tv_sec = st->st_mtim.tv_sec = st->st_ctim.tv_sec = d->begun;
}

/* What has been set is told, whether it is there or only waits. */
static void
tell_late(const struct file *f, struct stat *st)
{
	if (f->late.has_mode && (f->mode_waits || f->undecided))
		st->st_mode = (st->st_mode & S_IFMT) | f->late.mode;
	if (f->late.has_times && (f->times_wait || f->undecided)) {
		st->st_atim = f->late.times[0];
		st->st_mtim = f->late.times[1];
	}
}

int
file_look(struct deeds *d, const struct file *f, struct stat *st, struct answer *a)
{
	if (fstat(f->fd, st) == -1)
		return refuse_errno(d, f->spot.plain, errno, a);
	if (!f->writes)
		return 0;
	if (is_unseen(d, f, st)) {
		hide_old(d, f, st);
	} else if (f->pending && !f->undecided) {
		st->st_size = (off_t)f->overlay.size;
		st->st_nlink = 1;
	}
	tell_late(f, st);
	return 0;
}

/* Who only reads sets what anybody may by the path. */
static int
judge_right(struct deeds *d, const struct file *f, struct answer *a)
{
	const struct policy *p = d->policy;
	const char *why = policy_denies_direction(p, true);
	struct stat st;

	if (why == NULL && p->attributes == RIGHT_NO)
		why = "setting attributes is not allowed";
	if (why == NULL && p->attributes == RIGHT_OWN &&
	    (fstat(f->fd, &st) == -1 || !own_has(&d->own, f->spot.plain, &st, f->fd, "")))
		why = refuse_not_own;
	return why == NULL ? 0 : refuse_openly(d, f->spot.plain, EACCES, why, a);
}

static int
set_size(struct deeds *d, struct file *f, uint64_t size, struct answer *a)
{
	const char *why = policy_denies_size(d->policy, size);

	if (!f->writes) {
		*a = (struct answer){ EACCES, NULL };
		return -1;
	}
	if (f->spoilt.err != 0)
		return pending_spoil(d, f, 0, NULL, a);
	if (f->undecided)
		pending_decide(d, f, false);
	if (size > INT64_MAX)
		return pending_spoil(d, f, EFBIG, NULL, a);
	if (why != NULL)
		return pending_spoil(d, f, EDQUOT, why, a);
	if (pending_check_room(d, f, size) == -1)
		return pending_spoil(d, f, errno, NULL, a);
	/* In place others may have changed it. */
	if ((f->pending || f->gone ? overlay_cut(&f->overlay, f->fd, size)
	    : ftruncate(f->fd, (off_t)size)) == -1)
		return pending_spoil(d, f, errno, NULL, a);
	f->overlay.size = f->overlay.high = f->known = size;
	pending_have_changed(f);
	return 0;
}

static int
fd_to_set(const struct file *f)
{
	return f->writes ? f->upload.fd : f->fd;
}

static int
set_mode(struct deeds *d, struct file *f, mode_t asked)
{
	bool exactly;
	mode_t mode = policy_mode(d->policy, asked & MODE_BITS, false, true, &exactly);
	struct upload *up = &f->upload;

	if (!exactly)
		return 0;	/* It is told to be ignored. */
	f->mode_waits = f->writes && up->way == UPLOAD_NAMED && !temp_mode_is_open(mode);
	if (!f->mode_waits && attrs_chmod(fd_to_set(f), mode) == -1)
		return -1;
	if (f->writes)
		up->late_mode = up->temp.late_mode = false;
	f->late.has_mode = true;
	f->late.mode = f->mode = mode;
	return 0;
}

static int
set_times(struct deeds *d, struct file *f, const struct timespec times[2])
{
	if (d->policy->times == TIMES_IGNORE)
		return 0;
	if (futimens(fd_to_set(f), times) == -1)
		return -1;
	f->late.has_times = true;
	memcpy(f->late.times, times, sizeof(f->late.times));
	f->times_wait = false;
	return 0;
}

static int
set_owner(struct deeds *d, struct file *f, const struct wish *w)
{
	struct stat st;

	if (fstat(f->fd, &st) == -1)
		return -1;
	if (st.st_uid == w->uid && st.st_gid == w->gid)
		return 0;
	if (d->policy->restricted) {
		errno = EPERM;
		return -1;
	}
	if (f->undecided)
		pending_decide(d, f, true);
	if (fchown(fd_to_set(f), w->uid, w->gid) == -1)
		return -1;
	/* It takes set-id bits away. */
	f->mode_waits = f->mode_waits || (f->late.has_mode && (f->late.mode & ATTRS_SPECIAL) != 0);
	return 0;
}

static void
keep_first(int err, int *first)
{
	*first = *first != 0 ? *first : err;
}

int
file_set(struct deeds *d, struct file *f, const struct wish *w, struct answer *a)
{
	struct answer size = { 0, NULL };
	int err = 0;

	if (!f->writes && judge_right(d, f, a) == -1)
		return -1;
	if (w->has_size)
		(void)set_size(d, f, w->size, &size);
	if (w->attrs.has_mode && set_mode(d, f, w->attrs.mode) == -1)
		keep_first(errno, &err);
	if (w->attrs.has_times && set_times(d, f, w->attrs.times) == -1)
		keep_first(errno, &err);
	if (w->has_owner && set_owner(d, f, w) == -1)
		keep_first(errno, &err);
	if (err != 0)
		(void)refuse_errno(d, f->spot.plain, err, a);
	if (size.err != 0)
		*a = size;
	return size.err != 0 || err != 0 ? -1 : 0;
}
