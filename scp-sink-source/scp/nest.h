/* SPDX-License-Identifier: ISC */
#ifndef SCP_NEST_H
#define SCP_NEST_H

#include "paths/place.h"
#include "rules/policy.h"
#include "upload/level.h"

/*
 * Where received entries go: the target, the directories in it that are open, one in another, and
 * those that were refused although the client sends what is in them all the same.
 */
struct nest {
	const struct root *root;	/* borrowed */
	const struct policy *policy;	/* borrowed */
	struct place	 target;	/* with WHOLE, what holds the target, and its name there */
	bool		 whole;		/* the target is the entry, not what holds it */
	bool		 slash;		/* it was written with a slash at its end */
	int		 link;		/* owned: the link that it was when we aimed at it, on the
					 * whole system; else -1 */
	int		 err;		/* why nothing can be put there, where TARGET.dirfd is -1 */
	unsigned	 depth;		/* directories that are open */
	uint64_t	 outside;	/* directories in the innermost of them that are refused */
	uint64_t	 untold;	/* the outermost of those, of which the client does not know it */
	int		 outside_err;	/* an errno: why whatever is in the others is refused, too */
	struct level	 levels[POLICY_DEPTH_MAX];
};

void	nest_init(struct nest *, const struct root *, const struct policy *);

/*
 * Aims at what PATH names: a directory, or else an entry of that name, whether it exists or not. 
 * 0, or the errno that says why it is no directory; where nothing can be that entry, the reason is
 * the same.
 */
int	nest_aim(struct nest *, const char *path);

/* Aims at one file that somebody has open: it has no name, and nothing else can be put anywhere. */
void	nest_aim_at_given(struct nest *);

/* True when the next entry is the target itself, whatever the client calls it. */
bool	nest_is_at_target(const struct nest *);

/* What the entry that the client calls NAME is called here. */
const char *nest_name(const struct nest *, const char *name);

/* True when the innermost directory, which is not the target, is new; and its mode, see level_mode. */
bool	nest_is_new(const struct nest *);
mode_t	nest_mode(const struct nest *);

/* The innermost directory, borrowed; -1 with errno: whatever is sent now is refused. */
int	nest_dir(const struct nest *);

/*
 * Where the link NAME in the innermost directory leads.  A target that was a link from the start
 * may be anybody's, it is the client's own choice, but for what the kernel takes for a trap; that
 * link is followed, whatever has its name by now.  What lies below, or took its place later, is
 * followed where it is root's or ours.  In a confined root nothing is followed here any more.  0, -1;
 * see follow_link.
 */
int	nest_follow(const struct nest *, const char *name, struct place *);

/* Makes or opens the directory NAME and goes into it; -1 with errno.  See level_make. */
int	nest_enter(struct nest *, const char *name, const struct attrs *wanted);

/* Goes into a directory that was refused for ERR, as is all that is in it. */
void	nest_enter_refused(struct nest *, int err);
/* True within such a one. */
bool	nest_is_shut(const struct nest *);

/* Goes into a directory that is refused when it is left; never within one that was refused. */
void	nest_enter_untold(struct nest *);
/* True when the innermost directory is such a one. */
bool	nest_is_untold(const struct nest *);

/*
 * Goes out of the innermost directory: 0; 1 when there is none, at the end of the session; -1 with
 * errno and *WHAT as of level_end.
 */
int	nest_leave(struct nest *, const char **what);

/* Closes everything; directories that are still open are left as level_abandon does. */
void	nest_end(struct nest *);

#endif
