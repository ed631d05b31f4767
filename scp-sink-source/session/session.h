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
#include "title.h"
#include "wire/conn.h"

/*
 * What becomes of a transfer that we began ourselves, for a person who has the other half elsewhere.
 * PATH is one as he knows it, of LEN bytes and not escaped.  Whatever fails is counted by the session.
 */
struct client {
	void	   *self;	/* the first argument of all of these */
	const char *host;	/* where the other half is */
	const char *shown;	/* what paths begin with in place of an operand; NULL: that */
	bool	    update;	/* a file of the same size and time is not wanted again */
	bool	    ahead;	/* what is sent need not wait for replies, where the other side knows */
	const char *sorry;	/* what the other side reads of something that is not taken */

	/* Something is wrong here, which ends the file that was begun; PATH may be NULL. */
	void	  (*complain)(void *, const char *path, size_t len, const char *reason);
	/* What the other side says, escaped and never "". */
	void	  (*hear)(void *, const char *text);
	/* A body of SIZE bytes is about to move; so much of it has; it ended, for REASON or, NULL, well. */
	void	  (*begin)(void *, const char *path, size_t len, uint64_t size);
	void	  (*move)(void *, uint64_t done);
	void	  (*end)(void *, const char *path, size_t len, const char *reason);
	/* The body that moved is on its way, and another one may begin to; it has arrived, of SIZE bytes,
	 * and began at SINCE; or what was sent so comes to an END for a reason. */
	void	  (*sent)(void *);
	void	  (*arrive)(void *, const char *path, size_t len, uint64_t size, int64_t since);
	/* A directory was entered. */
	void	  (*enter)(void *, const char *path, size_t len);
	/* Something was left out, because he said so. */
	void	  (*skip)(void *, const char *path, size_t len);
	/* Whether a source, that stands in no directory, has one more record; what else it says is
	 * read.  NULL: whatever comes is one. */
	bool	  (*due)(void *waiter);
	void	   *waiter;	/* its first argument */
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

/* Why something is refused, or failed. */
struct reason {
	const char *what;	/* was tried; NULL where that goes without saying */
	const char *text;	/* NULL: what there is to say of ERR */
	int	    err;		/* an errno */
	bool	    open;	/* whatever it seems to tell: it would be so for any name */
	bool	    early;	/* what the client has said is reason enough, whatever there is */
	bool	    skip;	/* whoever asked for the transfer has said that it is left out */
	bool	    within;	/* what it is in was refused, which he knows */
	bool	    telling;	/* it tells of what there is, which a policy may keep from the peer, who
				 * then reads the same as for any other; for an ERR that is known */
};

/* What is said where a record that is required could not be written. */
extern const char session_no_log[];
/* Of one who has refused something. */
extern const char session_no_reason[];
/* Of a peer whose directories lead ever further down, whatever it is told. */
extern const char session_no_bottom[];
/* Of one who sends a directory where none was asked for. */
extern const char session_no_recursion[];

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
 * The failure values of judges, each of which tells the peer, writes to the log and counts.  What
 * they are about is what the trail says; see text_message.  -1 when the peer is lost.
 *
 * The one reply to a record or a body that is refused.
 */
int	session_refuse(struct session *, const struct reason *);
/* The two halves of that: the log gets to know, and later the peer, perhaps for another reason. */
void	session_log_failure(struct session *, const struct reason *);
int	session_tell(struct session *, const struct reason *);
/* A warning that awaits no reply.  Where we have a client there is none: he is told. */
int	session_warn(struct session *, const struct reason *);
/* The one that is the status of a body, which it is in any case. */
int	session_spoil(struct session *, const struct reason *);
/* What the peer says of its own accord, TEXT of LEN bytes, which is counted. */
void	session_hear(struct session *, const char *text, size_t len);
/*
 * The last word to a peer that the session cannot go on with: always -1, and about no path.  Where the
 * time is up that is the reason, and standard error is where the peer reads it.
 */
int	session_give_up(struct session *, const char *what, const char *reason);
/* The same about an entry with a name that nobody may say. */
int	session_give_up_name(struct session *, const struct record *);
/* And about one that was not asked for, or is one too MANY. */
int	session_give_up_entry(struct session *, const struct record *, bool many);

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
