/* SPDX-License-Identifier: ISC */
#ifndef SCP_DOOR_H
#define SCP_DOOR_H

#include "scp/nest.h"
#include "session/refuse.h"
#include "upload/upload.h"

/*
 * Where entries come in, and which do.  What the client has said of one is judged first: names, sizes,
 * numbers.  Such a reason is an early one; all that comes later depends on what there is.
 *
 * Where nothing is revealed, what is refused later counts towards the limits like what is not, and so
 * they do not tell either.
 */
struct door {
	struct session	*session;	/* borrowed */
	struct upload	 upload;
	struct nest	 nest;
	bool		 taken;		/* the target itself was received as a file */
	bool		 used;		/* what a person has open was written to, and closed */
	const char	*denied;	/* why nothing can be put at the target; or NULL */
	int		 denied_err;	/* the same, an errno; or 0 */
	struct reason	 untold;	/* why the outermost directory of NEST.untold is refused */
};

void	door_init(struct door *, struct session *);

/*
 * Whether an entry comes in: true, with all made ready for it, or the reason why not.
 */

/* A file of MODE.  P is where it is if a link led there; closed by the caller in any case. */
bool	door_admits_file(struct door *, const struct record *, mode_t mode, struct place *p,
	    struct reason *);
/* A directory, which shall have these attributes. */
bool	door_admits_dir(struct door *, const struct record *, const struct attrs *, struct reason *);

#endif
