/* SPDX-License-Identifier: ISC */
#ifndef SESSION_H
#define SESSION_H

#include "conn.h"
#include "policy.h"
#include "request.h"
#include "root.h"
#include "trail.h"

/* What one transfer carries around, in either direction.  Everything it points to is borrowed. */
struct session {
	struct conn		*conn;
	const struct request	*request;
	const struct policy	*policy;
	const struct root	*root;
	unsigned		 errors;	/* entries refused or failed, here or there */
	unsigned		 percent;	/* of the body, as the title has it */
	struct trail		 trail;		/* where we are, in the client's words */
};

/* Joins the parts; the connection's watcher becomes the process title. */
void	session_init(struct session *, struct conn *, const struct request *, const struct policy *,
	    const struct root *);

/*
 * The failure values of judges, each of which tells the peer and counts.  WHAT may be NULL, REASON
 * is not, and what they are about is what the trail says; see text_message.  -1 when the peer is
 * lost.
 *
 * The one reply to a record or a body that is refused.
 */
int	session_refuse(struct session *, const char *what, const char *reason);
/* A warning that awaits no reply. */
int	session_warn(struct session *, const char *reason);
/* The last word to a peer that the session cannot go on with: always -1, and about no path. */
int	session_give_up(struct session *, const char *what, const char *reason);

/* The text for an errno: ENXIO, which opening a FIFO or a socket gives, is "not a regular file". */
const char *session_reason(int err);

/* With -v: one line on stderr for RECORD, control bytes escaped.  WAY is "received" or "sent". */
void	session_show(const struct session *, const char *way, const struct record *);

/* With -v: the same for a text of the peer, which is escaped already. */
void	session_say(const struct session *, const char *way, const char *text);

/* Has the process title say what the trail says, and that it is at its beginning. */
void	session_title(struct session *);

/* Directories that are open at once may need more descriptors than a login usually gets. */
void	session_go_deep(unsigned depth);

#endif
