/* SPDX-License-Identifier: ISC */
#ifndef PATHS_FOLD_H
#define PATHS_FOLD_H

#include <stdbool.h>

/*
 * Whether a directory takes several spellings for one name, and which name it is that it finds.  Each
 * question costs some system calls, and is for names about which the answer matters.
 */
enum {
	FOLD_ENTRIES_MAX = 1 << 20	/* that are looked through for a name */
};

/*
 * True where NAME is one of several spellings in DIRFD, which may be O_PATH.  What is there is asked for
 * by another spelling, where neither the filesystem nor the directory's flags say anything; what is
 * not there, or has no letters, counts as such a name.
 */
bool	fold_is_in(int dirfd, const char *name);

/* Of a file that is looked for by another name: true ends the search. */
typedef bool	fold_judge_fn(void *context, const char *entry);

/*
 * Has JUDGE see each entry of DIRFD that what NAME finds there may have its name from, until it
 * returns true: 1.  0 where it has not, nothing is found, or NAME is an entry itself; -1 where that
 * cannot be told.
 */
int	fold_find(int dirfd, const char *name, fold_judge_fn *judge, void *context);

#endif
