/* SPDX-License-Identifier: ISC */
#ifndef SCRATCH_H
#define SCRATCH_H

/* A directory of the process's own, with a canary in it, and what must not leak out of an input. */
#include <sys/stat.h>
#include <sys/types.h>

#include <stdbool.h>

enum {
	NOBODY = 65534,		/* whom a session may be served as */
	STRANGER = 54321,	/* somebody else, who need not exist */
	LONG_AGO = 1000000000	/* when what is planted was last written */
};

/* Makes the directory, gone when the process exits; a descriptor, for ever.  Raises limits. */
int	scratch_open(void);
/* Its path. */
const char *scratch_path(void);

/* Makes DIRFD the working directory, until leave_dir. */
void	enter_dir(int dirfd);
void	leave_dir(void);

/* Makes what is in DIRFD: all regular files say "old". */
void	plant_dir(int dirfd, const char *name, mode_t mode);
void	plant_file(int dirfd, const char *name, mode_t mode, size_t size);
void	plant_link(int dirfd, const char *name, const char *to);
void	plant_fifo(int dirfd, const char *name);
/* Gives it away where we can. */
void	plant_owner(int dirfd, const char *name, uid_t uid);
/* Byte number I of a planted file. */
char	plant_byte(size_t i);

/* What is seen of each entry, before those that are in it; see scratch_walk. */
typedef void scratch_look(int dirfd, const char *name, const struct stat *);

/* Looks at everything below DIRFD, and removes it where REMOVE is true. */
void	scratch_walk(int dirfd, scratch_look *, bool remove);

/* A tree "canary" in DIRFD, which anybody may write to.  No input begins before its clock ticks. */
void	canary_plant(int dirfd);
/* Nothing in the tree has changed, nor has what DIRFD has in it. */
void	canary_check(int dirfd);

/* As many descriptors are open as when they were counted; higher ones than 127 are not seen. */
void	descriptors_count(void);
void	descriptors_check(void);

/* Becomes somebody whom permissions bind, until leave_user; nothing without root. */
void	become_user(void);
void	leave_user(void);
/* Who we are for the filesystem. */
uid_t	current_user(void);

#endif
