/* SPDX-License-Identifier: ISC */
#ifndef DEEDS_SPOT_H
#define DEEDS_SPOT_H

#include <limits.h>
#include <stdbool.h>

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
	bool	     top;		/* it is the root itself, which has no name: PLACE is its own
					 * directory and "." */
	bool	     slash;		/* it was said with a slash at its end */
	struct place place;
};

enum spot_kind {		/* what the last component is, or becomes */
	SPOT_FILE,		/* judged by allow as well */
	SPOT_DIRECTORY,
	SPOT_ANYTHING		/* not known yet: judged as a directory */
};

/*
 * Judges and opens.  -1 with *ANSWER: the policy has no such path (EACCES with its reason; nothing
 * telling where nothing is revealed), or there is no such directory (ENOENT and its kin).  Logs
 * refusals by the policy as of DEED ("open", "rename"), and no more.
 */
int	spot_find(struct deeds *, const char *said, enum spot_kind, struct spot *, struct answer *);
void	spot_close(struct spot *);

#endif
