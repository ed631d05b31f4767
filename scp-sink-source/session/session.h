/* SPDX-License-Identifier: ISC */
#ifndef SESSION_SESSION_H
#define SESSION_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "ask/request.h"
#include "log/audit.h"
#include "paths/birth.h"
#include "paths/root.h"
#include "paths/trail.h"
#include "rules/policy.h"
#include "session/client.h"
#include "title.h"
#include "wire/conn.h"

enum {
	SESSION_TALK = 1 << 17	/* files of one directory that cannot be read are said one by one, so many */
};

/* What one transfer carries around, in either direction.  Everything it points to is borrowed. */
struct session {
	struct conn		*conn;
	const struct request	*request;
	const struct policy	*policy;
	const struct root	*root;
	struct audit		*audit;
	const struct client	*client;	/* NULL: we serve one */
	struct expect		*expect;	/* with CLIENT: which entries may be received; or NULL */
	struct usage		 usage;
	unsigned		 errors;	/* entries refused or failed, here or there */
	unsigned		 skipped;	/* besides those, what the person did not want */
	unsigned		 heard;		/* of these, what the other side has said of its own */
	struct title		 title;
	struct journal		 errors_to;	/* standard error, once anything is said there */
	unsigned		 talk;		/* records in a row that move nothing */
	bool			 unlogged;	/* a record that is required could not be written */
	bool			 begun;		/* a file is being moved; the three below are its */
	uint64_t		 moved;		/* bytes of it */
	int64_t			 since;		/* when it began: monotonic nanoseconds */
	mode_t			 mode;
	struct trail		 trail;		/* where we are, in the client's words */
	bool			 quiet;		/* nothing is revealed of what there is: the client
						 * reads no path but the last name that it said */
	const char		*said;		/* that: CALLED, or borrowed; NULL before */
	char			 called[RECORD_MAX];
	/* Where it is one of several copies, whoever has to know what they made; or NULL. */
	void		       (*made)(void *, const char *plain, const struct birth *);
	void			*maker;		/* its first argument */
	size_t			 operand;	/* bytes of the trail that are the operand itself */
	char			 plain[PATH_MAX];	/* the operand, from the root on */
};

/* What is said where a record that is required could not be written. */
extern const char session_no_log[];

/* Joins the parts; the connection's watcher becomes the process title. */
void	session_init(struct session *, struct conn *, const struct request *, const struct policy *,
	    const struct root *, struct audit *);

/* From its beginning on it is ours, and CLIENT hears of it; with EXPECT, which may be NULL. */
void	session_originate(struct session *, const struct client *, struct expect *);

/* What the client sends next it calls NAME, or, where that is NULL, nothing but the operand. */
void	session_call(struct session *, const char *name);

/*
 * Turns to the operand PATH: trail and title begin with it.  NULL, or why the policy has no such
 * path.
 */
const char *session_turn_to(struct session *, const char *path);

/*
 * Where we are, from the root on, without a slash at the beginning, in DST of CAP bytes, at least
 * PATH_MAX.  False where that does not fit and is cut: then it may be the path of something else.
 */
bool	session_path(const struct session *, char *dst, size_t cap);

/*
 * R has come.  Whether whoever has begun the copy has heard enough: more than SESSION_TALK records, in
 * whose row there is nothing that moves.
 */
bool	session_is_tired(struct session *, const struct record *r);

/* Why it ends, where the times are up, which is no fault of the connection; else NULL. */
const char *session_time_is_up(const struct session *);

/*
 * With -v: one line on stderr for RECORD, control bytes escaped.  WAY is "received" or "sent".  Nobody
 * who does not read it holds us up.
 */
void	session_show(struct session *, const char *way, const struct record *);

/* With -v: the same for a text of the peer, which is escaped already. */
void	session_say(struct session *, const char *way, const char *text);

/*
 * A body of SIZE bytes is about to move: has the process title say what the trail says, and how much
 * of it has moved.  What goes by too fast to be seen is not named: the title is the operand then.
 */
void	session_title(struct session *, uint64_t size);

/* Directories that are open at once may need more descriptors than a login usually gets. */
void	session_go_deep(unsigned depth);

#endif
