/* SPDX-License-Identifier: ISC */
#ifndef ORIGINATE_CAGE_H
#define ORIGINATE_CAGE_H

#include "cell/landlock.h"
#include "rules/policy.h"
#include "text/text.h"

/*
 * What a process of ours cannot do that reads what a host says, whatever that finds wrong in it: it starts nothing,
 * reaches nobody but whom it speaks with, and of files those of its one direction beneath one directory.
 */
struct cage {
	const struct policy *policy;	/* borrowed: whether there is to be one */
	int		     dir;	/* borrowed: all that can be opened is beneath it; without RIGHTS -1 */
	unsigned	     rights;	/* of enum landlock_right */
};

/*
 * From here on, and for good; what the environment has, which is for programs that are started, is gone.  0; -1 and
 * PROBLEM says what of it cannot be had, where all of it is required.
 */
int	cage_enter(const struct cage *, char problem[TEXT_MESSAGE_MAX]);

#endif
