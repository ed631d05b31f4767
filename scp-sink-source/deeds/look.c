/* SPDX-License-Identifier: ISC */
/* Deeds that only look.  SFTP rules 26, 28, 59 to 60. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <bsd/string.h>

#include "deeds/file.h"
#include "deeds/refuse.h"
#include "deeds/sight.h"
#include "deeds/spot.h"
#include "paths/cwd.h"
#include "paths/dir.h"
#include "paths/follow.h"

/* What is there, in a restricted account nothing of the kernel's. */
static int
stat_there(const struct deeds *d, const struct spot *s, enum deeds_link link, struct stat *st)
{
	const bool follow = link == DEEDS_FOLLOW;

	if (follow && !d->root->confined)
		return root_look(d->root, s->place.dirfd, s->place.leaf, s->plain, st);
	if (spot_stat(d, s, st) == -1)
		return -1;
	return follow && S_ISLNK(st->st_mode)
	    ? root_look(d->root, s->place.dirfd, s->place.leaf, s->plain, st) : 0;
}

/*
 * Where nothing is revealed, but files are downloaded: those that could be, and what listings show.
 * Opening a regular file for reading has no consequences.
 */
static bool
could_be_had(const struct deeds *d, const struct spot *s, const struct stat *st)
{
	int fd;

	if (!deeds_is_quiet(d) || deeds_is_blind(d) || S_ISDIR(st->st_mode) ||
	    spot_is_own(d, s, st))
		return true;
	if (!S_ISREG(st->st_mode))
		return d->policy->list == RIGHT_YES;
	fd = root_entry(d->root, s->place.dirfd, s->place.leaf, s->plain, O_RDONLY);
	dir_close(fd);
	return fd != -1;
}

static int
unseen(struct answer *a)
{
	*a = (struct answer){ ENOENT, NULL };
	return -1;
}

/* Whether what was looked at may be told: 0, or refused. */
static int
judge_sight(struct deeds *d, const struct spot *s, struct stat *st, struct answer *a)
{
	const char *why = S_ISDIR(st->st_mode) ? NULL : spot_denies_file(d, s);

	if (why != NULL)
		return refuse_sight(d, s->plain, why, a);
	return could_be_had(d, s, st) && sight_has(d, s->plain, st, s->place.dirfd, s->place.leaf) ? 0 : unseen(a);
}

/* Whoever opens it next need not look whether opening it has consequences. */
static void
note_regular(struct deeds *d, const struct spot *s, const struct stat *st)
{
	if (d->root->confined && S_ISREG(st->st_mode))
		strlcpy(d->regular, s->plain, sizeof(d->regular));
}

static int
look_at(struct deeds *d, const struct spot *s, enum deeds_link link, struct stat *st,
    struct answer *a)
{
	const struct file *pending = file_pending(d, s);

	if (pending != NULL)
		return file_look(d, pending, st, a);
	if (stat_there(d, s, link, st) == -1)
		return refuse_look(d, s->plain, errno, a);
	note_regular(d, s, st);
	return judge_sight(d, s, st, a);
}

/*
 * On the whole system, where nothing has to be known of the directory, what a path means is the
 * kernel's to say in one step.  False where it has more to say than that, or that nothing is there.
 */
static bool
is_seen_at_once(const struct deeds *d, const struct spot *s, enum deeds_link link, struct stat *st)
{
	if (d->root->confined || deeds_is_quiet(d) || d->pending != NULL || s->slash) {
		errno = 0;
		return false;
	}
	return root_look_at_once(d->root, s->said, link == DEEDS_FOLLOW, st) == 0;
}

int
deeds_look(struct deeds *d, const char *path, enum deeds_link link, struct stat *st,
    struct answer *a)
{
	struct spot s;
	int end;

	if (spot_judge(d, path, SPOT_ANYTHING, true, &s, a) == -1)
		return -1;
	if (is_seen_at_once(d, &s, link, st))
		return judge_sight(d, &s, st, a);
	if (errno == ENOENT)
		return refuse_look(d, s.plain, errno, a);
	if (spot_hold(d, true, &s, a) == -1)
		return -1;
	end = look_at(d, &s, link, st, a);
	spot_close(&s);
	return end;
}

bool
deeds_peek(struct deeds *d, const char *path, enum deeds_link link, struct stat *st)
{
	struct answer ignored;
	int end;

	d->muted = true;
	end = deeds_look(d, path, link, st, &ignored);
	d->muted = false;
	return end == 0;
}

static int
measure(struct deeds *d, const struct spot *s, struct statvfs *fs, struct answer *a)
{
	struct stat st;
	int fd, end;

	if (look_at(d, s, DEEDS_FOLLOW, &st, a) == -1)
		return -1;
	/* What has no name yet is where it will be. */
	fd = file_pending(d, s) != NULL ? dir_open(s->place.dirfd, ".", O_PATH, 0)
	    : root_entry(d->root, s->place.dirfd, s->place.leaf, s->plain, O_PATH);
	end = fd == -1 ? refuse_look(d, s->plain, errno, a) : sight_room(d, s->plain, fd, fs, a);
	dir_close(fd);
	return end;
}

int
deeds_room(struct deeds *d, const char *path, struct statvfs *fs, struct answer *a)
{
	struct spot s;
	int end;

	if (deeds_is_quiet(d))
		return spot_refuse(d, path, sight_no_room, a);
	if (spot_seek(d, path, SPOT_ANYTHING, &s, a) == -1)
		return -1;
	end = measure(d, &s, fs, a);
	spot_close(&s);
	return end;
}

/* The path of LEAF, "." for itself, in the directory DIRFD. */
static int
path_in(const struct root *r, int dirfd, const char *leaf, char dst[PATH_MAX])
{
	if (cwd_path_of(dirfd, r->start, dst) == -1)
		return -1;
	if (strcmp(leaf, ".") == 0)
		return 0;
	if (strlcat(dst, "/", PATH_MAX) < PATH_MAX && strlcat(dst, leaf, PATH_MAX) < PATH_MAX)
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

/* Where what has a name is, or would be. */
static int
resolve_name(const struct root *r, const char *path, char dst[PATH_MAX])
{
	struct place p, far = { .dirfd = -1 };
	int end = -1;

	if (place_open(r, path, &p) == 0)
		end = !dir_is_link(p.dirfd, p.leaf) ? path_in(r, p.dirfd, p.leaf, dst)
		    : follow_link(r, p.dirfd, p.leaf, FOLLOW_ANY, &far) == -1 ? -1
		    : path_in(r, far.dirfd, far.leaf, dst);
	place_close(&far);
	place_close(&p);
	return end;
}

/* On the whole system: what the kernel calls it once all links are followed. */
static int
resolve(const struct root *r, const char *path, char dst[PATH_MAX])
{
	int fd = root_dir(r, path), end;

	/* A directory that may not be searched has a name all the same. */
	end = fd == -1 ? -1 : path_in(r, fd, ".", dst);
	dir_close(fd);
	if (end == -1)
		end = resolve_name(r, path, dst);
	if (end == 0 && dst[0] == '\0')
		strlcpy(dst, "/", PATH_MAX);
	return end;
}

/*
 * On the whole system it takes going there, which a filter of calls leaves to who may read; to all
 * others, and where there is no way back, a path is what it says.
 */
static bool
is_resolved(const struct deeds *d)
{
	return !d->root->confined && d->root->start >= 0 && !d->policy->upload_only;
}

int
deeds_real_path(struct deeds *d, const char *path, char dst[PATH_MAX], struct answer *a)
{
	char plain[PATH_MAX] = "";
	int end;

	if (is_resolved(d))
		end = resolve(d->root, path[0] == '\0' ? "." : path, dst);
	else
		end = spot_plain(d, path, plain);
	if (end == 0 && !is_resolved(d) && snprintf(dst, PATH_MAX, "/%s", plain) >= PATH_MAX) {
		errno = ENAMETOOLONG;
		end = -1;
	}
	return end == 0 ? 0 : refuse_unseen(d, errno, a);
}
