/* SPDX-License-Identifier: ISC */
#ifndef UPLOAD_TEMP_H
#define UPLOAD_TEMP_H

#include <sys/types.h>

#include <limits.h>
#include <stdbool.h>

/*
 * A regular file that is written where it will be, and that has no name, or a hidden one, until it
 * takes its own.  It dies with its process: an unnamed one at once, a named one when the same user
 * writes the same name again.
 */
enum temp_link {		/* how an unnamed file gets a name here */
	TEMP_LINK_UNKNOWN,
	TEMP_LINK_DIRECT,	/* by its descriptor: Linux 6.10, or a capability */
	TEMP_LINK_PROC,		/* by its name in /proc */
	TEMP_LINK_NONE
};

enum temp_take {		/* what becomes of a file that has the name */
	TEMP_TAKE_NEW,		/* there was none; one that turned up meanwhile is replaced */
	TEMP_TAKE_OVER,		/* it is replaced */
	TEMP_TAKE_FREE,		/* it stays: EEXIST */
	TEMP_TAKE_BACKUP	/* it gets the first free name of NAME.~1~, NAME.~2~ and so on */
};

struct temp {
	int		dirfd;			/* borrowed: where it will be */
	const char     *goal;			/* borrowed: what it will be called */
	int		fd;			/* owned; -1 when closed */
	char		name[NAME_MAX + 1];	/* what it is called now; "" when nothing */
	bool		unnamed;		/* it was made without a name */
	bool		locked;			/* with a hidden name: others see that it is alive */
	bool		sure;			/* for the owner to say: closing it loses nothing */
	bool		settled;		/* what was written has been closed, by another descriptor */
	bool		readable;		/* it is opened for reading as well */
	mode_t		born;			/* what open(2) is asked for, where it has a name */
	bool		late_mode;		/* MODE is set when it takes its name */
	mode_t		mode;			/* with LATE_MODE: one that keeps the owner out */
	enum temp_link	link;			/* kept from one file to the next */
	bool		named_only;		/* likewise: somewhere is no O_TMPFILE */
};

/* Once, before the first temp_open. */
void	temp_init(struct temp *);

/*
 * Makes a file with the permissions that open(2) with MODE gives in DIRFD, by umask or default ACL,
 * for writing, and for reading as well where it is READABLE.  DIRFD and GOAL, one component, are borrowed until temp_end.  0, or -1 with errno.
 */
int	temp_open(struct temp *, int dirfd, const char *goal, mode_t mode);

/*
 * True when the file may have MODE while it has a hidden name: whoever finds it there must be able
 * to open it for writing, to see whether it is locked.  Any other MODE has to wait; see
 * temp_set_late_mode.
 */
bool	temp_mode_is_open(mode_t mode);

/* Has temp_take_name set MODE, all twelve bits, in place of any other. */
void	temp_set_late_mode(struct temp *, mode_t mode);

/*
 * Closes the file and makes it the one that GOAL names; whoever watches the directory hears of that
 * once.  -1 with errno: GOAL is as it was.  *UNSET is 0, or the errno with which a late mode could not
 * be set, or a file closed that was SURE; that is no failure of the rest.
 */
int	temp_take_name(struct temp *, enum temp_take, int *unset);

/* Removes what has not taken its name.  Always safe, also after temp_init, and twice. */
void	temp_end(struct temp *);

#endif
