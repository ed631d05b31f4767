/* SPDX-License-Identifier: ISC */
#ifndef COMMANDS_OUTLOOK_H
#define COMMANDS_OUTLOOK_H

#include <stdbool.h>
#include <stddef.h>

#include "rules/policy.h"
#include "text/words.h"

/* What would become of a script: read as a session would, and told instead of done. */
struct outlook {
	const char	  *text;	/* one command, of LEN bytes */
	size_t		   len;
	const char	  *verb;	/* a constant; NULL: it is none that is served */
	const struct word *operands;	/* options among them, as sh would have them unexpanded */
	size_t		   count;
	unsigned	   depth;	/* scripts that it is within, each a word of a command before it */
	const char	  *why;		/* it would not be carried out, a constant; or NULL */
};

/* Calls TELL for each command in turn. */
void	outlook_tell(const char *script, const struct policy *,
	    void (*tell)(void *, const struct outlook *), void *);

/*
 * Whether any of it is a command that there is; else *STATUS is that of such a script: no such command,
 * or no such syntax.
 */
bool	outlook_is_ours(const char *script, int *status);

#endif
