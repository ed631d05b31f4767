/* SPDX-License-Identifier: ISC */
/* Deeds about links.  SFTP rules 40, 41. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "deeds/file.h"
#include "deeds/note.h"
#include "deeds/refuse.h"
#include "deeds/sight.h"
#include "deeds/spot.h"
#include "paths/beneath.h"
#include "paths/dir.h"

static const char not_made[] = "making links is not allowed";

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
publish(struct deeds *d, const struct spot *from, const struct spot *to, struct answer *a)
{
	struct file *pending = file_pending(d, from);
	struct stat st;

	if (pending == NULL)
		return 0;
	if (spot_stat(d, to, &st) == 0)
		return refuse_telling(d, to->plain, EEXIST, NULL, a);
	return file_publish(d, pending, a);
}

static int
link_spots(struct deeds *d, const struct spot *from, const struct spot *to, struct answer *a)
{
	struct stat st;

	if (to->top || file_pending(d, to) != NULL)
		return refuse_telling(d, to->plain, EEXIST, NULL, a);
	if (publish(d, from, to, a) == -1 || judge_linked(d, from, &st, a) == -1)
		return -1;
	if (linkat(from->place.dirfd, from->place.leaf, to->place.dirfd, to->place.leaf, 0) == -1)
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
deeds_hard_link(struct deeds *d, const char *from, const char *to, struct answer *a)
{
	struct spot old, new;
	int end = -1;

	if (judge_making(d, to, a) == -1 || spot_find(d, from, SPOT_FILE, &old, a) == -1)
		return -1;
	if (spot_find(d, to, SPOT_FILE, &new, a) == 0) {
		end = link_spots(d, &old, &new, a);
		spot_close(&new);
	}
	spot_close(&old);
	return end;
}

/* The path beneath the root that a link in S with TEXT means: 0, or -1 where it means none. */
static int
meant_by(const struct spot *s, const char *text, char plain[PATH_MAX])
{
	const char *slash = strrchr(s->plain, '/');
	size_t len = slash != NULL ? (size_t)(slash - s->plain) : 0;
	char dir[PATH_MAX];

	errno = ENOENT;
	if (text[0] == '/' || text[0] == '\0')
		return -1;
	memcpy(dir, s->plain, len);
	dir[len] = '\0';
	return beneath_plain(plain, dir, text);
}

/*
 * What can be reached through a link is judged like what is reached without: else a name that is
 * denied would have another one.  What is no directory yet may become a file.
 */
static const char *
denies_target(const struct deeds *d, const char *plain)
{
	int fd = root_beneath(d->root, plain, O_PATH | O_DIRECTORY);

	dir_close(fd);
	return spot_denies(d, plain, fd != -1 ? SPOT_DIRECTORY : SPOT_FILE);
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
	if (meant_by(s, text, plain) == -1)
		return refuse_openly(d, s->plain, errno == EXDEV ? EACCES : errno,
		    errno == EXDEV ? "it would lead out of the root" : NULL, a);
	why = denies_target(d, plain);
	return why == NULL ? 0 : refuse_telling(d, s->plain, EACCES, why, a);
}

static int
link_to_text(struct deeds *d, const char *text, const struct spot *s, struct answer *a)
{
	if (judge_text(d, s, text, a) == -1)
		return -1;
	if (s->top || file_pending(d, s) != NULL)
		return refuse_telling(d, s->plain, EEXIST, NULL, a);
	if (symlinkat(text, s->place.dirfd, s->place.leaf) == -1)
		return refuse_errno(d, s->plain, errno, a);
	spot_make_own_there(d, s);
	note_symlink(d, s->plain, text);
	return spot_settle(d, s, a);
}

int
deeds_symlink(struct deeds *d, const char *text, const char *link, struct answer *a)
{
	struct spot s;
	int end;

	if (judge_making(d, link, a) == -1 || spot_find(d, link, SPOT_FILE, &s, a) == -1)
		return -1;
	end = link_to_text(d, text, &s, a);
	spot_close(&s);
	return end;
}

/* What the link says: 0, -1 with errno. */
static int
read_text(const struct spot *s, char dst[PATH_MAX])
{
	ssize_t n = readlinkat(s->place.dirfd, s->place.leaf, dst, PATH_MAX);

	if (n == -1)
		return -1;
	errno = ENAMETOOLONG;
	if (n == PATH_MAX)
		return -1;
	dst[n] = '\0';
	return 0;
}

/* Where nothing is revealed there are only the links that are listed. */
static bool
is_listed(const struct deeds *d, const struct spot *s)
{
	struct stat st;

	return !deeds_is_quiet(d) || d->policy->list == RIGHT_YES ||
	    (spot_stat(d, s, &st) == 0 && spot_is_own(d, s, &st));
}

/* Whether the client may know what it says. */
static bool
is_told(const struct deeds *d, const struct spot *s, const char *text)
{
	char plain[PATH_MAX];

	if (!is_listed(d, s))
		return false;
	return !d->policy->restricted ||
	    (meant_by(s, text, plain) == 0 && denies_target(d, plain) == NULL);
}

int
deeds_read_link(struct deeds *d, const char *path, char dst[PATH_MAX], struct answer *a)
{
	struct spot s;
	int end;

	if (spot_judge_direction(d, path, false, a) == -1 ||
	    spot_seek(d, path, SPOT_FILE, &s, a) == -1)
		return -1;
	end = read_text(&s, dst);
	if (end == 0 && !is_told(d, &s, dst)) {
		errno = ENOENT;
		end = -1;
	}
	if (end == -1)
		(void)refuse_unseen(d, errno, a);
	spot_close(&s);
	return end;
}
