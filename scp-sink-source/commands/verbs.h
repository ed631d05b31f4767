/* SPDX-License-Identifier: ISC */
#ifndef COMMANDS_VERBS_H
#define COMMANDS_VERBS_H

#include "commands/job.h"

/*
 * The commands that there are.  Each is a thin thing on top of deeds: it reads its operands, asks for
 * a deed each, and says in its own words what came of it.  COMMANDS section 4.
 */
enum verb_flags {
	VERB_CHANGES = 1,	/* what stays: not done where its line is not served as a whole */
	VERB_BARE = 2,		/* no word of it is an option */
	VERB_VARIABLES = 4,	/* variables mean something in its words */
	VERB_NEEDS_LIST = 8,	/* rights of the policy without which it does nothing */
	VERB_NEEDS_REVEAL = 16,
	VERB_NEEDS_DOWNLOAD = 32,
	VERB_NEEDS_UPLOAD = 64,
	VERB_NEEDS_MKDIR = 128,
	VERB_NEEDS_REMOVE = 256,
	VERB_NEEDS_RENAME = 512,
	VERB_NEEDS_ATTRIBUTES = 1024,
	VERB_NEEDS_LINKS = 2048
};

struct verb {
	const char *name;
	const char *letters;	/* options: each letter, with ":" behind it where it has a value */
	const char *longs;	/* long options: "NAME=LETTER", with blanks between; or NULL */
	int	    least, most;	/* operands; most -1: any number */
	unsigned    flags;	/* of enum verb_flags */
	int	  (*run)(struct job *);	/* a status; NULL: the session's own business */
};

/* The verb that WORD means, which may have a path before it, or NULL. */
const struct verb *verbs_find(const char *word);

/* Those that look. */
int	verb_ls(struct job *);
int	verb_stat(struct job *);
int	verb_test(struct job *);
int	verb_readlink(struct job *);
int	verb_df(struct job *);
int	verb_wc(struct job *);
int	verb_cat(struct job *);
int	verb_sum(struct job *);
int	verb_uname(struct job *);
int	verb_whoami(struct job *);
int	verb_groups(struct job *);

/* Those that change what there is. */
int	verb_rm(struct job *);
int	verb_rmdir(struct job *);
int	verb_unlink(struct job *);
int	verb_mv(struct job *);
int	verb_cp(struct job *);
int	verb_mkdir(struct job *);
int	verb_ln(struct job *);
int	verb_chmod(struct job *);
int	verb_chown(struct job *);
int	verb_touch(struct job *);

#endif
