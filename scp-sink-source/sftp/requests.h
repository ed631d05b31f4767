/* SPDX-License-Identifier: ISC */
#ifndef SFTP_REQUESTS_H
#define SFTP_REQUESTS_H

#include "sftp/talk.h"

/* What each request does.  paths.c: those that say a path, and all that is about it is in the reply. */
talk_request request_lstat, request_stat, request_setstat, request_lsetstat, request_remove,
    request_mkdir, request_rmdir, request_realpath, request_rename, request_posix_rename,
    request_readlink, request_symlink, request_hardlink;

/* files.c: what is open. */
talk_request request_open, request_close, request_fstat, request_fsetstat, request_fsync,
    request_copy_data;

/* bodies.c */
talk_request request_read, request_write;

/* folders.c: listings. */
talk_request request_opendir, request_readdir;

/* people.c: homes and names. */
talk_request request_expand_path, request_home_directory, request_users_groups;

/* extensions.c */
talk_request request_extended;
/* Appends a name and a version of each that the account may use. */
void	request_put_extensions(const struct talk *, struct reply *);

/* Discards what is open, for REASON. */
void	request_drop_all(struct talk *, const char *reason);

#endif
