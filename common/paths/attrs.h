/* SPDX-License-Identifier: ISC */
#ifndef PATHS_ATTRS_H
#define PATHS_ATTRS_H

#include <sys/stat.h>

#include <stdbool.h>
#include <time.h>

enum {
	ATTRS_SPECIAL = 07000	/* set-user-id, set-group-id, sticky */
};

#define ATTRS_NO_GROUP ((gid_t)-1)

/* What is set on a finished file or directory; whatever is not asked for stays as it is. */
struct attrs {
	bool		has_mode;
	mode_t		mode;		/* all twelve bits, as they shall be */
	bool		has_times;
	struct timespec	times[2];	/* access, modification; either may be UTIME_OMIT */
};

/*
 * Sets mode, then times, on FD.  Both are tried; -1 with the errno of the first that failed, and
 * *WHAT one of the two below.  Where we may not, but it would change nothing, it has not
 * failed.  PROTOCOL rule 4.
 */
int	attrs_apply(int fd, const struct attrs *, const char **what);
extern const char attrs_set_mode[], attrs_set_times[];	/* "set mode", "set times" */

/* fchmod(2), also where FD is O_PATH. */
int	attrs_chmod(int fd, mode_t mode);

/* futimens(3), likewise, and of a symbolic link itself. */
int	attrs_touch(int fd, const struct timespec times[2]);

/* fchown(2), likewise. */
int	attrs_chown(int fd, uid_t uid, gid_t gid);

/*
 * Gives the new file or directory FD the group GROUP, unless that is ATTRS_NO_GROUP, and the
 * permission bits MUST besides those that it has.  0, -1.
 */
int	attrs_adopt(int fd, gid_t group, mode_t must);

/*
 * Gives the new, empty file FD what the file REPLACED, which may be O_PATH, has: owner, group, ACL and
 * permissions, and the other extended attributes that xattr_copy gives.  Set-id and sticky bits stay away while data comes; *MODE is, with them, what writing into
 * REPLACED would leave.  -1 when anything cannot be carried over: then replacing would lose
 * something.
 */
int	attrs_inherit(int fd, int replaced, mode_t *mode);

#endif
