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
	unsigned	   rights;	/* of enum landlock_right */
	bool		   anywhere, terminal;	/* see struct syscalls */
	bool		   required;	/* all of it */
	int		   log;		/* see struct syscalls */
	const void	  *address;
	size_t		   size;
};

/*
 * From here on, and for good.  0, and IN_FORCE says what of it the kernel has: "landlock 3, seccomp",
 * or what is missing, "landlock 3; missing: seccomp, tcp, ioctl, scope", or "none".  Each of the two
 * makes up for what the other one lacks but for what it says.  Where all of it is REQUIRED, -1 with
 * errno and *WHAT, a constant, cannot be had, ENOSYS where the kernel has no such thing; then what
 * remains to be said can still be said.
 */
int	sandbox_enter(const struct sandbox *, char in_force[SANDBOX_TEXT_MAX], const char **what);

#endif
