/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include <bsd/string.h>

#include "deeds/refuse.h"
#include "deeds/spot.h"
#include "paths/beneath.h"
#include "paths/dir.h"
#include "rules/alias.h"
#include "upload/hidden.h"

enum {
	DIR_FLAGS = O_PATH | O_DIRECTORY | O_CLOEXEC
};

int
spot_plain(const struct deeds *d, const char *said, char plain[PATH_MAX])
{
	if (d->root->confined)
		return root_plain_staying(d->root, said, plain);
	return beneath_plain_system(plain, said[0] == '/' ? "" : d->here, said);
}

uint64_t
spot_depth(const struct deeds *d, const char *plain)
{
	const char *from = d->root->confined ? d->root->from : "";
	size_t n = strlen(from);
	uint64_t depth = 0;

	if (strncmp(plain, from, n) == 0 && (n == 0 || plain[n] == '/'))
		plain += n + (n > 0);
	for (; *plain != '\0'; plain++)
		depth += *plain == '/';
	return depth;
}

static bool
has_long_name(const char *plain)
{
	while (*plain != '\0') {
		size_t n = strcspn(plain, "/");

		if (n > NAME_MAX)
			return true;
		plain += n + (plain[n] == '/');
	}
	return false;
}

static const char *
leaf_of(const char *plain)
{
	const char *slash = strrchr(plain, '/');

	return slash != NULL ? slash + 1 : plain;
}

const char *
spot_denies(const struct deeds *d, const char *plain, enum spot_kind kind)
{
	const char *why = alias_denies_path(d->policy, d->root, plain, kind != SPOT_FILE);

	if (why == NULL && hidden_is_name(leaf_of(plain)))
		why = "this name is not allowed";
	return why;
}

const char *
spot_denies_file(const struct deeds *d, const struct spot *s)
{
	return s->top ? NULL : alias_denies_path(d->policy, d->root, s->plain, false);
}

/* Beneath a root: the directory is held, and what is opened in it is one component. */
static int
open_beneath(const struct deeds *d, struct spot *s)
{
	char parent[PATH_MAX];
	const char *leaf = leaf_of(s->plain);
	size_t len = (size_t)(leaf - s->plain);

	s->top = s->plain[0] == '\0';
	strlcpy(s->place.leaf, s->top ? "." : leaf, sizeof(s->place.leaf));
	s->place.owned = len > 0;
	if (len == 0) {
		s->place.dirfd = d->root->fd;
		s->same = true;
		return 0;
	}
	memcpy(parent, s->plain, len - 1);
	parent[len - 1] = '\0';
	s->place.dirfd = root_beneath_in(d->root, parent, DIR_FLAGS, &s->same);
	return s->place.dirfd == -1 ? -1 : 0;
}

/* On the whole system a path means what it means to everybody. */
static int
open_anywhere(const struct deeds *d, struct spot *s)
{
	if (place_open(d->root, s->said, &s->place) == 0)
		return 0;
	if (errno != EINVAL)
		return -1;
	s->top = true;
	s->place = (struct place){ .owned = true, .leaf = "." };
	s->place.dirfd = root_dir(d->root, s->said);
	return s->place.dirfd == -1 ? -1 : 0;
}

/* There is no such directory: that is no secret, but which of several reasons it has may be one. */
static int
miss(const struct deeds *d, int err, bool looks, struct answer *a)
{
	if (deeds_is_quiet(d) &&
	    (err == ENOENT || err == ENOTDIR || err == ELOOP || err == EXDEV)) {
		*a = (struct answer){ ENOENT, NULL };
		return -1;
	}
	return looks ? refuse_unseen(d, err, a) : refuse_quietly(d, err, a);
}

static int
fail_plainly(int err, struct answer *a)
{
	*a = (struct answer){ err, NULL };
	return -1;
}

int
spot_judge(struct deeds *d, const char *said, enum spot_kind kind, bool looks, struct spot *s,
    struct answer *a)
{
	const char *why;
	size_t len = strlen(said);

	s->said = said;
	s->top = s->same = false;
	s->slash = len > 0 && said[len - 1] == '/';
	s->place = (struct place){ .dirfd = -1 };
	if (len == 0 && !d->root->confined)
		return fail_plainly(ENOENT, a);
	if (spot_plain(d, said, s->plain) == -1)
		return fail_plainly(errno, a);
	if (has_long_name(s->plain))
		return fail_plainly(ENAMETOOLONG, a);
	why = spot_denies(d, s->plain, kind);
	if (why != NULL)
		return looks ? refuse_sight(d, s->plain, why, a)
		    : refuse_telling(d, s->plain, EACCES, why, a);
	s->depth = spot_depth(d, s->plain);
	why = s->depth > 0 ? policy_denies_depth(d->policy, s->depth - 1) : NULL;
	return why == NULL ? 0 : refuse_openly(d, s->plain, looks ? ENOENT : EDQUOT, why, a);
}

int
spot_hold(const struct deeds *d, bool looks, struct spot *s, struct answer *a)
{
	if ((d->root->confined ? open_beneath(d, s) : open_anywhere(d, s)) == 0)
		return 0;
	return miss(d, errno, looks, a);
}

static int
find(struct deeds *d, const char *said, enum spot_kind kind, bool looks, struct spot *s,
    struct answer *a)
{
	return spot_judge(d, said, kind, looks, s, a) == -1 ? -1 : spot_hold(d, looks, s, a);
}

int
spot_find(struct deeds *d, const char *said, enum spot_kind kind, struct spot *s, struct answer *a)
{
	return find(d, said, kind, false, s, a);
}

int
spot_seek(struct deeds *d, const char *said, enum spot_kind kind, struct spot *s, struct answer *a)
{
	return find(d, said, kind, true, s, a);
}

void
spot_close(struct spot *s)
{
	place_close(&s->place);
}

int
spot_refuse(struct deeds *d, const char *said, const char *text, struct answer *a)
{
	char plain[PATH_MAX];

	return refuse_openly(d, spot_plain(d, said, plain) == 0 ? plain : said, EACCES, text, a);
}

int
spot_judge_direction(struct deeds *d, const char *said, bool upload, struct answer *a)
{
	const char *why = policy_denies_direction(d->policy, upload);

	return why == NULL ? 0 : spot_refuse(d, said, why, a);
}

/* What lies in another filesystem than the root may lie in one that the kernel makes up. */
static int
check_filesystem(const struct deeds *d, int dirfd, const char *name, const struct stat *st)
{
	bool served;
	int fd;

	if (!d->root->confined || st->st_dev == d->root->dev || S_ISLNK(st->st_mode))
		return 0;
	fd = dir_open(dirfd, name, O_PATH, 0);
	if (fd == -1)
		return -1;
	served = root_serves(d->root, fd, NULL);
	dir_close(fd);
	errno = EXDEV;
	return served ? 0 : -1;
}

int
spot_stat_entry(const struct deeds *d, int dirfd, const char *name, struct stat *st)
{
	if (fstatat(dirfd, name, st, AT_SYMLINK_NOFOLLOW) == -1)
		return -1;
	return check_filesystem(d, dirfd, name, st);
}

int
spot_stat(const struct deeds *d, const struct spot *s, struct stat *st)
{
	return spot_stat_entry(d, s->place.dirfd, s->place.leaf, st);
}

int
spot_settle(struct deeds *d, const struct spot *s, struct answer *a)
{
	if (d->policy->sync != SYNC_FULL || dir_sync(s->place.dirfd) == 0)
		return 0;
	return refuse_errno(d, s->plain, errno, a);
}

bool
spot_is_own(const struct deeds *d, const struct spot *s, const struct stat *st)
{
	return own_has(&d->own, s->plain, st, s->place.dirfd, s->place.leaf);
}

/* True where anybody asks what is own. */
static bool
is_own_of_interest(const struct deeds *d)
{
	const struct policy *p = d->policy;

	return deeds_is_blind(d) || p->list == RIGHT_OWN || p->rename == RIGHT_OWN ||
	    p->remove == RIGHT_OWN || p->attributes == RIGHT_OWN;
}

static void
make_own(struct deeds *d, const char *plain, int dirfd, const char *name)
{
	struct birth b;

	if (is_own_of_interest(d) && birth_look(dirfd, name, &b) == 0)
		own_add(&d->own, plain, &b);
}

void
spot_make_own(struct deeds *d, const struct spot *s, int fd)
{
	make_own(d, s->plain, fd, "");
}

void
spot_make_own_there(struct deeds *d, const struct spot *s)
{
	make_own(d, s->plain, s->place.dirfd, s->place.leaf);
}
