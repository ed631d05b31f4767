/* SPDX-License-Identifier: ISC */
#ifndef SCP_INTAKE_H
#define SCP_INTAKE_H

#include "scp/nest.h"
#include "session.h"
#include "upload/upload.h"

/* The entries that are received: each admitted and taken in, or refused, with the replies to it. */
struct intake {
	struct session	*session;	/* borrowed */
	struct upload	 upload;
	struct attrs	 times;		/* of a T that awaits the C or D it is for */
	bool		 taken;		/* the target itself was received as a file */
	const char	*denied;	/* why nothing can be put at the target; or NULL */
	int		 denied_err;	/* the same, an errno; or 0 */
	struct nest	 nest;
};

void	intake_init(struct intake *, struct session *);

/*
 * Each takes the entry of one record, a file with its body, and replies: 0, -1 when the peer was
 * lost, left or was out of step.  Leaving a directory is 1 where there was none to leave.
 */
int	intake_take_times(struct intake *, const struct record *);
int	intake_take_file(struct intake *, const struct record *);
int	intake_take_dir(struct intake *, const struct record *);
int	intake_leave_dir(struct intake *);

/* The client is done and leaves directories open: they are finished, though nobody is told. */
void	intake_finish(struct intake *);

/* Closes everything, whatever became of it. */
void	intake_end(struct intake *);

#endif
