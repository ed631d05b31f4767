/* SPDX-License-Identifier: ISC */
#ifndef DEEDS_SPOT_H
#define DEEDS_SPOT_H

#include <sys/stat.h>

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "deeds/answer.h"
#include "deeds/deeds.h"
#include "paths/place.h"

/*
 * Where a path of the client's leads: judged, and held.  For the deeds alone.
 */
struct spot {
	const char  *said;		/* borrowed: the client's own words */
	char	     plain[PATH_MAX];	/* from the root on, without a slash before it: for rules, what
					 * is own, the log; "" is the top */
	bool	     top;		/* it has no name, as the root itself: PLACE is its own
					 * directory and "." */
	bool	     slash;		/* it was said with a slash at its end */
	bool	     same;		/* its directory is known to lie in the root's own filesystem */
	uint64_t     depth;		/* directories that lead to it from where the account starts */
	struct place place;
};

enum spot_kind {		/* what the last component is, or becomes */
	SPOT_FILE,		/* judged by allow as well */
	SPOT_DIRECTORY,
	SPOT_ANYTHING		/* not known yet: judged as a directory, and by spot_denies_file later */
};

/*
 * Judges and opens.  -1 with *ANSWER: the policy has no such path (EACCES with its reason; nothing
 * telling where nothing is revealed), which is logged and counted; or there is no such directory
 * (ENOENT and its kin), which is not.  S is then closed.
 */
int	spot_find(struct deeds *, const char *said, enum spot_kind, struct spot *, struct answer *);
/* The same for who only looks, to whom what is denied is not there: ENOENT. */
int	spot_seek(struct deeds *, const char *said, enum spot_kind, struct spot *, struct answer *);
/*
 * The halves of both, LOOKS for the second: what is judged only has no place yet, and its leaf is not
 * known.
 */
int	spot_judge(struct deeds *, const char *said, enum spot_kind, bool looks, struct spot *,
	    struct answer *);
int	spot_hold(const struct deeds *, bool looks, struct spot *, struct answer *);
/* Always safe after all of these, and twice. */
void	spot_close(struct spot *);

/* Why the policy has no such path from the root on, which is plain, or NULL. */
const char *spot_denies(const struct deeds *, const char *plain, enum spot_kind);

/* Why SPOT_ANYTHING, which turned out to be no directory, is denied after all, or NULL. */
const char *spot_denies_file(const struct deeds *, const struct spot *);

/*
 * The direction, before anything is looked at: 0, or refused, as of refuse_openly.
 */
int	spot_judge_direction(struct deeds *, const char *said, bool upload, struct answer *);

/* The same for a right that nobody has, which TEXT says: always -1. */
int	spot_refuse(struct deeds *, const char *said, const char *text, struct answer *);

/*
 * What is there, links at the end not followed, and nothing where the kernel's own filesystems are
 * mounted: 0, -1 with errno.  The same of the entry NAME of a directory.
 */
int	spot_stat(const struct deeds *, const struct spot *, struct stat *);
int	spot_stat_entry(const struct deeds *, int dirfd, const char *name, struct stat *);

/* How many directories lead to PLAIN from where the account starts. */
uint64_t spot_depth(const struct deeds *, const char *plain);

/* What the path SAID is from the top on: text, and nothing is looked at.  0, -1 with errno. */
int	spot_plain(const struct deeds *, const char *said, char plain[PATH_MAX]);

/* With sync full the disk knows of a change in the directory before the client does: 0, or refused. */
int	spot_settle(struct deeds *, const struct spot *, struct answer *);

/* What is there, ST of it, is this session's own. */
bool	spot_is_own(const struct deeds *, const struct spot *, const struct stat *);
/* From now on, where anybody asks for that; FD is it, or it is what is there. */
void	spot_make_own(struct deeds *, const struct spot *, int fd);
void	spot_make_own_there(struct deeds *, const struct spot *);

#endif
