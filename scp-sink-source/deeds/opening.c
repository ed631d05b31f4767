/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "deeds/acts.h"
#include "deeds/file.h"
#include "deeds/refuse.h"
#include "paths/dir.h"
#include "paths/follow.h"
#include "paths/fs.h"
#include "text/amount.h"
#include "wire/clock.h"

enum {
	MODE_BITS = 07777,
	NEW_FILE = 0666
};

static void
init(struct file *f, unsigned flags, const struct audit *audit)
{
	f->next = NULL;
	f->fd = -1;
	f->reads = (flags & FILE_WRITE) == 0 || (flags & FILE_READ) != 0;
	f->writes = (flags & FILE_WRITE) != 0;
	f->appends = (flags & FILE_APPEND) != 0;
	f->pending = f->undecided = f->gone = f->told = false;
	f->spoilt = (struct answer){ 0, NULL };
	f->late = (struct attrs){ .has_mode = false };
	f->mode_waits = f->times_wait = false;
	f->announced = f->granted = f->known = f->read = f->written = 0;
	f->since = audit_is_on(audit) ? clock_now() : 0;
	f->mode = 0;
}

/* What opening would change, or make, is judged as an upload, whatever is asked for besides. */
static int
judge_direction(struct deeds *d, const char *path, unsigned flags, struct answer *a)
{
	if ((flags & ~(unsigned)FILE_READ) != 0 && spot_judge_direction(d, path, true, a) == -1)
		return -1;
	return (flags & FILE_WRITE) == 0 ? spot_judge_direction(d, path, false, a) : 0;
}

/* What has no name, or cannot be that of a file. */
static int
judge_name(struct deeds *d, const struct file *f, struct answer *a)
{
	struct stat st;

	if (f->spot.top)
		return refuse_errno(d, f->spot.plain, EISDIR, a);
	if (!f->spot.slash)
		return 0;
	if (spot_stat(d, &f->spot, &st) == -1 || !S_ISDIR(st.st_mode))
		return refuse_quietly(d, ENOENT, a);
	return refuse_errno(d, f->spot.plain, EISDIR, a);
}

/* Every byte of the session is counted as it moves: what is announced must fit alone. */
static int
judge_limits(struct deeds *d, const struct file *f, uint64_t size, struct answer *a)
{
	struct usage after = { .files = d->usage.files };
	const char *why = policy_denies_file(d->policy, &after, size);

	return why == NULL ? 0 : refuse_openly(d, f->spot.plain, EDQUOT, why, a);
}

/* What would be opened only if it is there is told by that, where nothing but own files are seen. */
static int
judge_sight(struct deeds *d, const struct file *f, unsigned flags, struct answer *a)
{
	struct stat st;

	if (!deeds_is_blind(d) || (flags & FILE_CREATE) != 0)
		return 0;
	if (spot_stat(d, &f->spot, &st) == 0 && spot_is_own(d, &f->spot, &st))
		return 0;
	return refuse_telling(d, f->spot.plain, EACCES, NULL, a);
}

/*
 * Who may not read may still ask for it where there is nothing to be read: many clients open what they
 * make for both.
 */
static int
judge_reading(struct deeds *d, struct file *f, unsigned flags, struct answer *a)
{
	const char *why = policy_denies_direction(d->policy, false);
	bool fresh = (flags & FILE_TRUNCATE) != 0 ||
	    (flags & (FILE_CREATE | FILE_EXCLUSIVE)) == (FILE_CREATE | FILE_EXCLUSIVE);
	struct stat st;

	if (!f->reads || why == NULL)
		return 0;
	f->reads = false;
	if (fresh || (!deeds_is_blind(d) && spot_stat(d, &f->spot, &st) == -1 && errno == ENOENT))
		return 0;
	return refuse_openly(d, f->spot.plain, EACCES, why, a);
}

static bool
is_exclusive(unsigned flags)
{
	return (flags & FILE_CREATE) != 0 && (flags & FILE_EXCLUSIVE) != 0;
}

static struct upload_manner
manner_of(const struct deeds *d, const struct file *f, unsigned flags)
{
	const struct policy *p = d->policy;
	bool create = (flags & FILE_CREATE) != 0, keep = (flags & FILE_TRUNCATE) == 0;

	return (struct upload_manner){
		.create = create,
		.exclusive = is_exclusive(flags),
		.keep = keep,
		.in_place = keep && p->replace == REPLACE_AUTO && (f->appends || !create),
		.partial = policy_is_partial(p, f->spot.place.leaf),
		.readable = !p->upload_only,
		.read = f->reads,
		.special = !p->restricted,
		.sure = f->spot.same && d->root->sure,
	};
}

/*
 * That it cannot be begun.  Where nothing is revealed, a disk without room is no secret: it has none
 * for any other name either.
 */
static int
refuse_begun(struct deeds *d, const struct file *f, uint64_t size, int err, struct answer *a)
{
	const char *advice;
	int obstacle = 0;

	if (err == ENOENT)
		return refuse_quietly(d, err, a);
	if (deeds_is_quiet(d))
		obstacle = err == EDQUOT ? err : space_obstacle(d->policy, d->root->fd, size);
	if (obstacle != 0)
		return refuse_openly(d, f->spot.plain, obstacle, NULL, a);
	advice = upload_advice(&f->upload, err);
	if (deeds_is_quiet(d))
		return refuse_telling(d, f->spot.plain, err, advice, a);
	return advice != NULL ? refuse_openly(d, f->spot.plain, err, advice, a)
	    : refuse_errno(d, f->spot.plain, err, a);
}

/* On the whole system what a link leads to is what is meant, unless nothing may be there. */
static int
follow(struct deeds *d, struct file *f, unsigned flags)
{
	struct place p = { .dirfd = -1 };
	int end;

	if (d->root->confined || d->policy->symlinks == SYMLINKS_NEVER)
		return -1;
	if (is_exclusive(flags)) {
		errno = EEXIST;
		return -1;
	}
	end = follow_link(d->root, f->spot.place.dirfd, f->spot.place.leaf, FOLLOW_ANY, &p);
	if (end == -1) {
		place_close(&p);
		return -1;
	}
	spot_close(&f->spot);
	f->spot.place = p;
	return 0;
}

/* What this session has begun under the name is there for who opens it. */
static int
publish_other(struct deeds *d, const struct file *f, struct answer *a)
{
	struct file *other = file_pending(d, &f->spot);

	return other == NULL ? 0 : file_publish(d, other, a);
}

static mode_t
new_mode(const struct policy *p, const struct file_wish *wish)
{
	bool exactly;

	return policy_mode(p, wish->has_mode ? wish->mode : NEW_FILE, false, false, &exactly);
}

static int
begin(struct deeds *d, struct file *f, unsigned flags, const struct file_wish *wish,
    struct answer *a)
{
	uint64_t size = wish->has_size ? wish->size : 0;
	struct upload_manner manner = manner_of(d, f, flags);

	for (bool followed = false;; followed = true) {
		/* Who wants nothing to be there does not find half of something, either. */
		if (is_exclusive(flags) && file_pending(d, &f->spot) != NULL)
			return refuse_begun(d, f, size, EEXIST, a);
		if (publish_other(d, f, a) == -1)
			return -1;
		f->mode = new_mode(d->policy, wish);
		if (upload_open(&f->upload, f->spot.place.dirfd, f->spot.place.leaf, f->mode, size,
		    &manner) == 0)
			return 0;
		if (followed || errno != ELOOP || follow(d, f, flags) == -1)
			return refuse_begun(d, f, size, errno, a);
	}
}

/* F has begun: what is known of it. */
static int
settle(struct deeds *d, struct file *f, const struct file_wish *wish)
{
	const struct upload *up = &f->upload;

	f->announced = f->granted = wish->has_size ? wish->size : 0;
	f->undecided = up->old != -1 && !up->forced;
	/* Until then it is the old one. */
	f->fd = f->undecided ? up->old : up->fd;
	overlay_init(&f->overlay, up->old, up->manner.keep ? up->old_size : 0);
	if (!upload_is_in_place(up)) {
		pending_add(d, f);
		return 0;
	}
	if (up->old_size == 0)
		spot_make_own(d, &f->spot, up->fd);
	return pending_append(f);
}

/* What one file found out about names, the next one need not. */
static void
init_upload(const struct deeds *d, struct upload *up)
{
	upload_init(up, d->policy);
	up->temp.link = d->link;
	up->temp.named_only = d->named_only;
	up->ability = d->ability;
}

static void
keep_findings(struct deeds *d, const struct upload *up)
{
	d->link = up->temp.link;
	d->named_only = up->temp.named_only;
	d->ability = up->ability;
	ability_forget(&d->ability);
}

static int
open_to_write(struct deeds *d, struct file *f, unsigned flags, const struct file_wish *wish,
    struct answer *a)
{
	int end;

	if (judge_limits(d, f, wish->has_size ? wish->size : 0, a) == -1 ||
	    judge_sight(d, f, flags, a) == -1 || judge_reading(d, f, flags, a) == -1)
		return -1;
	init_upload(d, &f->upload);
	end = begin(d, f, flags, wish, a);
	keep_findings(d, &f->upload);
	if (end == -1)
		return -1;
	if (settle(d, f, wish) == 0)
		return 0;
	refuse_errno(d, f->spot.plain, errno, a);
	upload_end(&f->upload);
	return -1;
}

/* Beneath a root opening alone has consequences for devices and FIFOs: they are looked at before. */
static int
open_there(const struct deeds *d, const struct spot *s)
{
	const struct place *p = &s->place;
	struct stat st;

	if (d->root->confined) {
		if (root_look(d->root, p->dirfd, p->leaf, s->plain, &st) == -1)
			return -1;
		if (!S_ISREG(st.st_mode)) {
			errno = S_ISDIR(st.st_mode) ? EISDIR : ENXIO;
			return -1;
		}
	}
	return root_entry(d->root, p->dirfd, p->leaf, s->plain, O_RDONLY);
}

static int
look_at_opened(const struct deeds *d, int fd, struct stat *st)
{
	uint64_t size;

	if (root_check(d->root, fd, st) == -1 ||
	    (S_ISREG(st->st_mode) && fs_size_of(st, &size) == -1))
		return -1;
	errno = S_ISDIR(st->st_mode) ? EISDIR
	    : d->policy->restricted && !S_ISREG(st->st_mode) ? ENXIO : 0;
	return errno == 0 ? 0 : -1;
}

/* F's FD is open, and ST of it. */
static int
begin_to_read(struct deeds *d, struct file *f, const struct stat *st, struct answer *a)
{
	if (judge_limits(d, f, S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0, a) == -1) {
		dir_close(f->fd);
		return -1;
	}
	f->mode = st->st_mode & MODE_BITS;
	overlay_init(&f->overlay, -1, (uint64_t)st->st_size);
	return 0;
}

static int
open_to_read(struct deeds *d, struct file *f, struct answer *a)
{
	struct stat st;

	if (publish_other(d, f, a) == -1)
		return -1;
	f->fd = open_there(d, &f->spot);
	if (f->fd == -1 && errno == ENOENT)
		return refuse_quietly(d, errno, a);
	if (f->fd != -1 && look_at_opened(d, f->fd, &st) == 0)
		return begin_to_read(d, f, &st, a);
	refuse_errno(d, f->spot.plain, errno, a);
	dir_close(f->fd);
	return -1;
}

/*
 * Opens what is judged in one step, where nobody need know its directory.  Beneath a root that is for
 * what was a regular file when it was last looked at, as it is by most clients just before; that it
 * still is one is seen when it is open.  False, whatever was wrong: that is told in the usual way.
 */
static bool
is_opened_at_once(const struct deeds *d, struct file *f, struct stat *st)
{
	const struct spot *s = &f->spot;

	if (f->writes || d->pending != NULL || s->slash ||
	    (d->root->confined && (s->plain[0] == '\0' || strcmp(d->regular, s->plain) != 0)))
		return false;
	f->fd = root_entry_at_once(d->root, s->said, s->plain, O_RDONLY);
	if (f->fd == -1)
		return false;
	if (look_at_opened(d, f->fd, st) == 0)
		return true;
	dir_close(f->fd);
	f->fd = -1;
	return false;
}

/* F's spot was found. */
static int
open_found(struct deeds *d, struct file *f, unsigned flags, const struct file_wish *wish,
    struct answer *a)
{
	int end = -1;

	f->spot.said = "";	/* The client's words do not last. */
	if (judge_name(d, f, a) == 0)
		end = f->writes ? open_to_write(d, f, flags, wish, a) : open_to_read(d, f, a);
	/* Of what is only read no more is needed than its name. */
	if (end == -1 || !f->writes)
		spot_close(&f->spot);
	return end;
}

static int
open_one(struct deeds *d, struct file *f, const char *path, unsigned flags,
    const struct file_wish *wish, struct answer *a)
{
	struct stat st;

	init(f, flags, d->audit);
	if (spot_judge(d, path, SPOT_FILE, false, &f->spot, a) == -1)
		return -1;
	if (is_opened_at_once(d, f, &st))
		return begin_to_read(d, f, &st, a);
	if (spot_hold(d, false, &f->spot, a) == -1)
		return -1;
	return open_found(d, f, flags, wish, a);
}

int
act_open(struct deeds *d, struct file *f, const struct spot *s, const struct file_wish *wish,
    struct answer *a)
{
	init(f, wish->flags, d->audit);
	f->spot = *s;
	f->spot.place.owned = false;
	if (open_found(d, f, wish->flags, wish, a) == -1)
		return -1;
	d->usage.files++;
	return 0;
}

/* True where opening PATH to be read makes a file, or empties it. */
static bool
is_made(struct deeds *d, struct file *f, const char *path, unsigned flags)
{
	struct answer unused;
	struct stat st;
	bool there;

	if ((flags & FILE_WRITE) != 0 || (flags & (FILE_CREATE | FILE_TRUNCATE)) == 0)
		return false;
	if ((flags & FILE_TRUNCATE) != 0 || is_exclusive(flags))
		return true;
	if (spot_seek(d, path, SPOT_FILE, &f->spot, &unused) == -1)
		return true;	/* The reason is found again. */
	there = file_pending(d, &f->spot) != NULL || spot_stat(d, &f->spot, &st) == 0 ||
	    errno != ENOENT;
	spot_close(&f->spot);
	return !there;
}

int
file_open(struct deeds *d, struct file *f, const char *path, const struct file_wish *wish,
    struct answer *a)
{
	const unsigned kept = FILE_CREATE | FILE_TRUNCATE | FILE_EXCLUSIVE;
	unsigned flags = wish->flags;

	if (judge_direction(d, path, flags, a) == -1)
		return -1;
	/* What is only read, and yet made or emptied, is an upload of nothing first. */
	if (is_made(d, f, path, flags) &&
	    (open_one(d, f, path, (flags & kept) | FILE_WRITE, wish, a) == -1 ||
	    file_close(d, f, a) == -1))
		return -1;
	if (open_one(d, f, path, flags, wish, a) == -1)
		return -1;
	d->usage.files++;
	return 0;
}
