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

/* What is to be said of a line. */
struct config_remark {
	const char *path;		/* of the file, borrowed */
	unsigned    line;		/* 0: of the file itself */
	char	    word[CONFIG_LINE_MAX];	/* the word that it is about; "": none */
	const char *why;		/* a constant text */
	const char *meant;		/* the word that should perhaps stand there; NULL: none */
};

/*
 * Reads PATH for ACCOUNT.  0; 1 where there is no such file; -1 with the remark that says why, and
 * the policy not to be used.  What is in blocks that do not match is judged as strictly, if only by
 * itself.  A user of a match whose account is gone matches nobody: WARN, which may be NULL, gets to
 * know.  But a group there must be: accounts go, and of a group that is not known nobody can tell
 * who is in it.  The file must be regular, root's, and writable for nobody else.  It may be a link,
 * which must lead somewhere.
 */
int	config_load(struct policy *, const char *path, const struct account *,
	    void (*warn)(const struct config_remark *), struct config_remark *);

#endif
