/* SPDX-License-Identifier: ISC */
#ifndef SESSION_NOTE_H
#define SESSION_NOTE_H

#include "session/session.h"

/* What becomes of what a session copies, for the log, and for the person who began it, if there is one. */

/* A file of MODE begins to move: whatever is said of it until it ends is about this. */
void	session_begin_file(struct session *, mode_t mode);
/* All went well: 0, or -1 when that cannot be logged and must be. */
int	session_end_file(struct session *);
/* The same where there is a REMARK to make of it. */
int	session_end_file_with(struct session *, const char *remark);
/*
 * Something else ended it, for REASON, which was counted, or because the time is up: the log gets to
 * know.
 */
void	session_fail_file(struct session *, const char *reason);
/* The same where the peer is lost, which whoever has begun the copy is told. */
void	session_lose_file(struct session *);
/* The file or directory where we are was made, and is this. */
void	session_tell_made(const struct session *, const struct birth *);
/* A directory was entered, which is new where MADE is true; as session_end_file. */
int	session_log_dir(struct session *, mode_t mode, bool made);

/*
 * The peer is refused what it asks for, or its file, if one is moving, comes to an end, for REASON; WHAT
 * was tried, or is NULL.  Nobody but the log hears of it.
 */
void	session_log_refusal(struct session *, const char *what, const char *reason);

#endif
