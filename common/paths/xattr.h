/* SPDX-License-Identifier: ISC */
#ifndef PATHS_XATTR_H
#define PATHS_XATTR_H

#define XATTR_ACL "system.posix_acl_access"

/*
 * Gives the new file FD the extended attributes, an ACL being one, of the file FROM, which may be O_PATH
 * where /proc is there, but for those that say something of its content or its rights, and an ACL that FROM has not is taken
 * away.  Returns 1 where an ACL has set FD's permissions, else 0; -1 where anything could not be given.
 */
int	xattr_copy(int fd, int from);

#endif
