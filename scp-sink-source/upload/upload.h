/* SPDX-License-Identifier: ISC */
#ifndef UPLOAD_UPLOAD_H
#define UPLOAD_UPLOAD_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "paths/attrs.h"
#include "rules/policy.h"
#include "upload/ability.h"
#include "upload/manner.h"
#include "upload/space.h"
#include "upload/temp.h"

/*
 * One received file, from its record to its name.  It is written to a temporary, which takes the
 * place of what was there in one step once it is whole.  Where that would lose something (not a
 * regular file, several links, an owner, group or ACL that we cannot give, a mount point, a
 * directory that we may not write, no room for both, a filesystem or directory in which names cannot be
 * taken over) the old file is written in place, unless the policy has it
 * otherwise.  In a restricted account a file with several links is never written in place, for the
 * others may be anywhere, and a mount point not at all.
 */
enum upload_way {
	UPLOAD_NONE,
	UPLOAD_UNNAMED,		/* a temporary without a name */
	UPLOAD_NAMED,		/* a hidden one */
	UPLOAD_IN_PLACE
};

enum upload_allow {		/* what a name may be */
	UPLOAD_REGULAR,
	UPLOAD_SPECIAL		/* also a device, or a FIFO that has a reader */
};

struct upload {
	const struct policy *policy;	/* borrowed */
	enum upload_way	way;
	int		fd;		/* write here; -1 when closed; owned only when in place */
	const char     *name;		/* borrowed: what it will be called */
	uint64_t	size;		/* bytes announced */
	struct space	space;
	struct ability	ability;	/* of the directory */
	bool		regular;	/* FD is a regular file */
	bool		replaces;	/* there is a regular file that the temporary replaces */
	bool		taken;		/* the temporary has all the room that it needs */
	bool		late_mode;	/* bits that wait for the data: MODE is still to be set */
	mode_t		mode;		/* with LATE_MODE: all twelve bits */
	bool		random;		/* begun by upload_open: the size is what was written */
	struct upload_manner manner;	/* with RANDOM; else all false */
	int		old;		/* owned: with KEEP, what the temporary replaces; else -1 */
	uint64_t	old_size;	/* bytes that were there when it was opened; 0: nothing was */
	bool		forced;		/* the policy leaves no choice but to replace it */
	bool		beside;		/* it could not be begun because replace atomic leaves no choice
					 * but to have room for both files */
	struct temp	temp;
};

/* Once, before the first upload_begin. */
void	upload_init(struct upload *, const struct policy *);

/*
 * Makes ready for SIZE bytes that will be called NAME, one component, in DIRFD; both are borrowed
 * until upload_end.  A new file gets the permissions that open(2) with MODE gives it there, by
 * umask or by the directory's default ACL.  -1 with errno, and nothing has changed: ELOOP where
 * NAME is a symbolic link, ENXIO where it is something that cannot or may not be written to as a
 * file, EACCES where it is a file that we may not write, although we could replace it, ENOSPC
 * where SIZE bytes do not fit or would leave too little, EEXIST where nothing may be overwritten,
 * EMLINK and EBUSY where the above forbids both ways, EOPNOTSUPP
 * and EPERM where names cannot be taken as the policy wants it.
 */
int	upload_begin(struct upload *, int dirfd, const char *name, mode_t mode, uint64_t size,
	    enum upload_allow);

/* The same for whatever FD is, which is handed over: what comes is written to it, and nothing of it is set. */
void	upload_begin_given(struct upload *, int fd, uint64_t size);

/*
 * What there is to say of ERR, with which it could not be begun, besides what the system says: what
 * makes room where replace atomic forbids the other way.  Else NULL.
 */
const char *upload_advice(const struct upload *, int err);

/*
 * As upload_begin, in MANNER; SIZE may be a promise, or 0.  ENOENT where nothing is there to be opened.
 * Written in place, what is not to be kept is gone when this returns.
 */
int	upload_open(struct upload *, int dirfd, const char *name, mode_t mode, uint64_t size,
	    const struct upload_manner *);

/*
 * Drops the temporary, and OLD is written itself from here on.  -1 with errno, and nothing has changed:
 * ETXTBSY or EACCES where it cannot.
 */
int	upload_turn_in_place(struct upload *);

/*
 * What comes next goes to another directory than what came last.  Where there was plenty of room,
 * it is only asked for again when an eighth of it has been announced, or after this.
 */
void	upload_elsewhere(struct upload *);

/* The mode of what is written to, with the bits that wait until it is whole. */
mode_t	upload_mode(const struct upload *);

/* True when what was there is being overwritten, and cannot be had back. */
bool	upload_is_in_place(const struct upload *);

/* Discards whatever was not committed.  Always safe, also after upload_init, and twice. */
void	upload_end(struct upload *);

#endif
