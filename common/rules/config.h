/* SPDX-License-Identifier: ISC */
#ifndef RULES_CONFIG_H
#define RULES_CONFIG_H

#include "rules/account.h"
#include "rules/policy.h"

/*
 * The configuration file: lines of a key and its value, blank lines, comments that # begins, and
 * blocks, each begun by "match user NAME[,NAME]..." or "match group NAME[,NAME]..." and ended by
 * the next one or the end of the file.  What stands before the first block is for everybody; it,
 * and each block that matches, is a source of its own.
 */
enum {
	CONFIG_LINE_MAX = 1024,		/* newline included */
	CONFIG_LINES_MAX = 10000
};

/*
 * Reads PATH for ACCOUNT.  0; 1 where there is no such file; -1 with *WHY a constant text, *LINE
 * the line it is about, or 0 for the file itself, and the policy not to be used.  What is in blocks
 * that do not match is judged as strictly, if only by itself.  The file must be regular, root's,
 * and writable for nobody else.  It may be a link, which must lead somewhere.
 */
int	config_load(struct policy *, const char *path, const struct account *, unsigned *line,
	    const char **why);

#endif
