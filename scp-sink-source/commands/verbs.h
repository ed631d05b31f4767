/* SPDX-License-Identifier: ISC */
#ifndef COMMANDS_VERBS_H
#define COMMANDS_VERBS_H

#include "commands/job.h"

/*
 * The commands that there are.  Each is a thin thing on top of deeds: it reads its operands, asks for
 * a deed each, and says in its own words what came of it.  COMMANDS section 4.
 */

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
