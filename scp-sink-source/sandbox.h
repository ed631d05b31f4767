/* SPDX-License-Identifier: ISC */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "cell/landlock.h"

/*
 * What a session cannot do even if a bug is found in it: a second net below the policy, which knows
 * nothing of it.  Whatever the kernel has of it is taken.
 */
enum {
	SANDBOX_TEXT_MAX = 64	/* bytes of what is in force, NUL included */
};

struct sandbox {
	int		   root;	/* borrowed: nothing else can be opened */
	enum landlock_way  way;
	bool		   required;	/* all of it */
};

/*
 * From here on, and for good.  0, and IN_FORCE says what of it the kernel has: "landlock 3, seccomp",
 * or "none".  Where all of it is REQUIRED, -1 with errno and *WHAT, a constant, cannot be had, ENOSYS
 * where the kernel has no such thing; then what remains to be said can still be said.
 */
int	sandbox_enter(const struct sandbox *, char in_force[SANDBOX_TEXT_MAX], const char **what);

#endif
