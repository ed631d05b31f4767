/* SPDX-License-Identifier: ISC */
#ifndef COMMANDS_TARGET_H
#define COMMANDS_TARGET_H

#include <limits.h>
#include <stdbool.h>

#include "commands/job.h"

/* Where things go: "FILE TARGET", or "FILES DIRECTORY", as of mv, cp and ln. */
struct passage {
	const char *from_said;		/* what the client wrote; */
	char	    to_said[PATH_MAX];	/* the name in the directory with it */
	char	    from[PATH_MAX], to[PATH_MAX];	/* as deeds take them */
};

/* Carries one of them out: a status. */
typedef int target_fn(struct job *, const struct passage *);

/*
 * Has ONE carry out each of the job's operands but the last, which is the target: a directory that is
 * there, whose link is as LINK says, unless there is -T, or the new name itself.  A status.
 */
int	target_each(struct job *, enum deeds_link, target_fn *one);

/* REST in the directory OPERAND, as the client would write it; where REST is "", that itself. */
void	target_join(char dst[2 * PATH_MAX], const char *operand, const char *rest);

/* Carries out what is done to OPERAND, which is PATH to deeds: a status. */
typedef int operand_fn(struct job *, const char *operand, const char *path);

/* Has ONE do each operand from FIRST on: a status. */
int	target_each_operand(struct job *, int first, operand_fn *one);

/* True where OPERAND ends in "." or "..", which are no names. */
bool	target_is_dots(const char *operand);

/*
 * A slash at the end of OPERAND says that what is at PATH, or comes from there, is a directory: 0, or
 * JOB_FAILED, said, where it is something else.
 */
int	target_check_slash(struct job *, const char *operand, const char *path);

/* True while there is somebody to go on for: of what goes through a tree, and says nothing. */
bool	target_goes_on(struct job *);

/* The umask of the session. */
mode_t	target_mask(void);

#endif
