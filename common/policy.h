/* SPDX-License-Identifier: ISC */
#ifndef COMMON_POLICY_H
#define COMMON_POLICY_H

#include <sys/types.h>

#include <stdbool.h>

/*
 * What the administrator allows.  Nothing that a client says gets in here; const once main has it.
 */
struct policy {
	mode_t	 keep;		/* bits that a client may set with -p */
	bool	 special;	/* a top-level file may go to a device, or a FIFO with a reader */
	bool	 follow;	/* links below the target are followed where root's or the user's */
	unsigned max_depth;	/* directories within directories, at most POLICY_DEPTH_MAX */
};

enum {
	POLICY_DEPTH_MAX = 2048
};

/* A drop-in for the scp that everybody knows: whatever the user may do, he may do through it. */
void	policy_init(struct policy *);

#endif
