/* SPDX-License-Identifier: ISC */
/*
 * Attributes by path.  What has them is held by a descriptor that is good for nothing else, and looked
 * at there, so that all of them go to the same thing.  SFTP rules 19, 28, 34.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "deeds/acts.h"
#include "deeds/file.h"
#include "deeds/folder.h"
#include "deeds/note.h"
#include "deeds/refuse.h"
#include "deeds/sight.h"
#include "deeds/spot.h"
#include "paths/dir.h"
#include "paths/fs.h"
#include "text/mode.h"
#include "upload/space.h"

enum {
	VALUE_MAX = 64,		/* bytes of a value in the log, NUL included */
	MODE_BITS = 07777
};

struct target {
	struct deeds	 *d;
	const char	 *plain;
	const struct spot *spot;	/* NULL where it was a directory from the start, which has none */
	const char	 *path;		/* as the client said it */
	int		  fd;		/* O_PATH, or of a directory */
	struct stat	  st;
};

/* Holds what is meant, never through a link in a restricted account.  -1 with errno. */
static int
hold(struct target *t, enum deeds_link link)
{
	const struct root *r = t->d->root;
	const struct place *p = &t->spot->place;
	const bool follow = link == DEEDS_FOLLOW;

	t->fd = follow && !r->confined ? root_entry(r, p->dirfd, p->leaf, NULL, O_PATH)
	    : dir_open(p->dirfd, p->leaf, O_PATH, 0);
	if (t->fd == -1 || root_check(r, t->fd, &t->st) == -1)
		return -1;
	errno = ELOOP;
	return follow && S_ISLNK(t->st.st_mode) ? -1 : 0;
}

/*
 * Who sends a whole tree sets what its directories are like, new or not; but what it is sent to is none
 * of them.
 */
static bool
is_of_a_tree(const struct target *t)
{
	const struct root *r = t->d->root;

	return S_ISDIR(t->st.st_mode) && t->d->policy->overwrite == OVERWRITE_YES &&
	    t->plain[0] != '\0' && (!r->confined || strcmp(t->plain, r->from) != 0);
}

/* Beneath a root there is nothing but regular files and directories; and links, which have times. */
static bool
is_of_a_kind(const struct target *t)
{
	return !t->d->policy->restricted || S_ISREG(t->st.st_mode) || S_ISDIR(t->st.st_mode) ||
	    S_ISLNK(t->st.st_mode);
}

/* Whether the client may: what is there by the name rules, and then whose it is. */
static int
judge(struct target *t, bool changes, struct answer *a)
{
	struct deeds *d = t->d;
	const bool dir = S_ISDIR(t->st.st_mode);
	const char *why = dir || t->spot == NULL ? NULL : spot_denies_file(d, t->spot);
	struct stat seen = t->st;

	if (why == NULL && !sight_has(d, t->plain, &seen, t->fd, ""))
		why = refuse_not_own;
	if (why == NULL && changes && d->policy->attributes == RIGHT_OWN && !is_of_a_tree(t) &&
	    !own_has(&d->own, t->plain, &t->st, t->fd, ""))
		why = refuse_not_own;
	if (why == NULL && !is_of_a_kind(t))
		return refuse_telling(d, t->plain, ENXIO, NULL, a);
	return why == NULL ? 0 : refuse_telling(d, t->plain, EACCES, why, a);
}

/* True where the old content must not be lost, or is somebody else's as well. */
static bool
is_kept(const struct target *t)
{
	const struct policy *p = t->d->policy;

	return p->overwrite == OVERWRITE_BACKUP || p->replace == REPLACE_ATOMIC ||
	    (p->restricted && t->st.st_nlink > 1);
}

/* A copy of the new size takes the file's place. */
static int
resize_copy(struct target *t, uint64_t size, struct answer *a)
{
	const struct file_wish open = { .flags = FILE_WRITE };
	const struct wish wish = { .has_size = true, .size = size };
	struct file f;
	struct answer ignored;

	if (file_open(t->d, &f, t->path, &open, a) == -1)
		return -1;
	if (file_set(t->d, &f, &wish, a) == 0)
		return file_close(t->d, &f, a);
	(void)file_close(t->d, &f, &ignored);
	return -1;
}

/* 0, or -1 with errno. */
static int
resize_held(const struct target *t, uint64_t size)
{
	const struct place *p = &t->spot->place;
	uint64_t granted = 0, has;
	struct stat st;
	int fd = t->d->root->confined ? dir_open(p->dirfd, p->leaf, O_WRONLY, 0)
	    : root_entry(t->d->root, p->dirfd, p->leaf, NULL, O_WRONLY), end = -1;

	if (fd != -1 && fstat(fd, &st) == 0 && fs_size_of(&st, &has) == 0) {
		errno = EAGAIN;	/* Somebody else's turn. */
		if (st.st_dev == t->st.st_dev && st.st_ino == t->st.st_ino &&
		    (!t->d->policy->restricted || st.st_nlink == 1) &&
		    space_check_growth(t->d->policy, fd, has, size, &granted) == 0)
			end = ftruncate(fd, (off_t)size);
	}
	dir_close(fd);
	return end;
}

static int
set_size(struct target *t, uint64_t size, struct answer *a)
{
	const struct policy *p = t->d->policy;
	const char *why = policy_denies_size(p, size);
	char value[VALUE_MAX];

	if (!S_ISREG(t->st.st_mode))
		return refuse_errno(t->d, t->plain, S_ISDIR(t->st.st_mode) ? EISDIR : EINVAL, a);
	if (p->overwrite == OVERWRITE_NO)
		return refuse_telling(t->d, t->plain, EEXIST, NULL, a);
	if (why != NULL)
		return refuse_openly(t->d, t->plain, EDQUOT, why, a);
	if (size > INT64_MAX)
		return refuse_openly(t->d, t->plain, EFBIG, NULL, a);
	if (is_kept(t) && resize_copy(t, size, a) == -1)
		return -1;
	if (!is_kept(t) && resize_held(t, size) == -1)
		return refuse_errno(t->d, t->plain, errno, a);
	snprintf(value, sizeof(value), "%" PRIu64, size);
	note_set(t->d, t->plain, AUDIT_SIZE, value);
	return 0;
}

static int
set_mode(struct target *t, mode_t asked, struct answer *a)
{
	const struct policy *p = t->d->policy;
	const bool dir = S_ISDIR(t->st.st_mode);
	char value[VALUE_MAX];
	bool exactly;
	mode_t mode = policy_mode(p, asked & MODE_BITS, dir, true, &exactly);

	if (!exactly)
		return 0;
	if (S_ISLNK(t->st.st_mode))
		return refuse_openly(t->d, t->plain, EOPNOTSUPP, NULL, a);
	/* Whoever set the bit on the parent wants it on everything below. */
	if (dir && p->restricted)
		mode |= t->st.st_mode & S_ISGID;
	if (attrs_chmod(t->fd, mode) == -1)
		return refuse_errno(t->d, t->plain, errno, a);
	snprintf(value, sizeof(value), "%04o", (unsigned)mode);
	note_set(t->d, t->plain, AUDIT_MODE, value);
	return 0;
}

/* Of what it is now, whoever has changed that since the client saw it. */
static int
change_mode(struct target *t, const struct wish *w, struct answer *a)
{
	mode_t mode;

	if (mode_change(w->change, t->st.st_mode & MODE_BITS, S_ISDIR(t->st.st_mode), w->mask,
	    &mode) == -1)
		return refuse_openly(t->d, t->plain, EINVAL, NULL, a);
	return set_mode(t, mode, a);
}

static void
note_time(const struct target *t, enum audit_attribute what, const struct timespec *when)
{
	time_t seconds = when->tv_nsec == UTIME_NOW ? time(NULL) : when->tv_sec;
	struct tm tm = { .tm_mday = 1 };
	char value[VALUE_MAX];

	gmtime_r(&seconds, &tm);
	strftime(value, sizeof(value), "%Y-%m-%dT%H:%M:%SZ", &tm);
	note_set(t->d, t->plain, what, value);
}

static int
set_times(struct target *t, const struct timespec times[2], struct answer *a)
{
	if (t->d->policy->times == TIMES_IGNORE)
		return 0;
	if (attrs_touch(t->fd, times) == -1)
		return refuse_errno(t->d, t->plain, errno, a);
	if (times[1].tv_nsec != UTIME_OMIT)
		note_time(t, AUDIT_MODTIME, &times[1]);
	else
		note_time(t, AUDIT_ACCTIME, &times[0]);
	return 0;
}

/* Who wishes what is so already has it. */
static int
set_owner(struct target *t, uid_t uid, gid_t gid, struct answer *a)
{
	char value[VALUE_MAX];

	if ((uid == t->st.st_uid || uid == (uid_t)-1) && (gid == t->st.st_gid || gid == (gid_t)-1))
		return 0;
	if (t->d->policy->restricted)
		return refuse_openly(t->d, t->plain, EPERM, "owners cannot be changed here", a);
	if (attrs_chown(t->fd, uid, gid) == -1)
		return refuse_errno(t->d, t->plain, errno, a);
	snprintf(value, sizeof(value), "%u:%u", (unsigned)uid, (unsigned)gid);
	note_set(t->d, t->plain, AUDIT_OWNER, value);
	return 0;
}

/* All are tried; the first that fails is what the client hears of. */
static int
set_all(struct target *t, const struct wish *w, struct answer *first)
{
	struct answer later, *a = first;
	int end = 0;

	if (w->has_size && set_size(t, w->size, a) == -1) {
		end = -1;
		a = &later;
	}
	if (w->attrs.has_mode && set_mode(t, w->attrs.mode, a) == -1) {
		end = -1;
		a = &later;
	}
	if (w->change != NULL && change_mode(t, w, a) == -1) {
		end = -1;
		a = &later;
	}
	if (w->attrs.has_times && set_times(t, w->attrs.times, a) == -1) {
		end = -1;
		a = &later;
	}
	if (w->has_owner && set_owner(t, w->uid, w->gid, a) == -1)
		end = -1;
	return end;
}

static bool
is_change(const struct wish *w)
{
	return w->has_size || w->has_owner || w->change != NULL || w->attrs.has_mode || w->attrs.has_times;
}

static int
set_at(struct deeds *d, const char *path, const struct spot *s, enum deeds_link link,
    const struct wish *w, struct answer *a)
{
	struct target t = { .d = d, .plain = s->plain, .spot = s, .path = path, .fd = -1 };
	struct file *pending = file_pending(d, s);
	int end;

	/* A mode that is changed is that of a file that is there. */
	if (pending != NULL && w->change != NULL && file_publish(d, pending, a) == -1)
		return -1;
	if (pending != NULL && w->change == NULL)
		return file_set(d, pending, w, a);
	if (hold(&t, link) == -1)
		end = refuse_change(d, s->plain, errno, a);
	else
		end = judge(&t, is_change(w), a) == -1 ? -1 : set_all(&t, w, a);
	dir_close(t.fd);
	return end;
}

int
act_set(struct deeds *d, const struct spot *s, const struct wish *w, struct answer *a)
{
	return set_at(d, s->said, s, DEEDS_HOLD, w, a);
}

/* Whether anything may be set at all. */
static int
judge_right(struct deeds *d, const char *path, const struct wish *w, struct answer *a)
{
	if (spot_judge_direction(d, path, true, a) == -1)
		return -1;
	return !is_change(w) || d->policy->attributes != RIGHT_NO ? 0
	    : spot_refuse(d, path, "setting attributes is not allowed", a);
}

int
folder_set(struct deeds *d, const struct folder *f, const struct wish *w, struct answer *a)
{
	struct target t = { .d = d, .plain = f->plain, .fd = f->fd };
	char path[PATH_MAX + 1];

	snprintf(path, sizeof(path), "/%s", f->plain);
	if (judge_right(d, path, w, a) == -1)
		return -1;
	if (fstat(t.fd, &t.st) == -1)
		return refuse_errno(d, f->plain, errno, a);
	return judge(&t, is_change(w), a) == -1 ? -1 : set_all(&t, w, a);
}

int
deeds_set(struct deeds *d, const char *path, enum deeds_link link, const struct wish *w,
    struct answer *a)
{
	struct spot s;
	int end;

	if (judge_right(d, path, w, a) == -1)
		return -1;
	if (spot_find(d, path, SPOT_ANYTHING, &s, a) == -1)
		return -1;
	if (link == DEEDS_HOLD && w->has_size)
		end = refuse_openly(d, s.plain, EINVAL, NULL, a);
	else
		end = set_at(d, path, &s, link, w, a);
	spot_close(&s);
	return end;
}
