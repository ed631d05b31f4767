/* SPDX-License-Identifier: ISC */
#ifndef SCP_INTAKE_H
#define SCP_INTAKE_H

#include "scp/door.h"

/*
 * The entries that are received: each admitted and taken in, or refused, with the replies to it.
 *
 * Where nothing is revealed, a refusal that depends on what there is comes when the entry is over, and
 * until then nothing differs from one that is taken in: its record is acknowledged, its contents are
 * read, or refused likewise, and what the client says of them is answered first.
 */
struct intake {
	struct door	 door;
	struct attrs	 times;		/* of a T that awaits the C or D it is for */
	char		 untold_name[RECORD_MAX];	/* what the client called the directory that
							 * DOOR.untold is about */
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
