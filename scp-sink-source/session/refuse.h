/* SPDX-License-Identifier: ISC */
#ifndef SESSION_REFUSE_H
#define SESSION_REFUSE_H

#include "session/session.h"

/* What is refused, and what fails: who hears of it, and how much. */

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

/* Of a peer whose directories lead ever further down, whatever it is told. */
extern const char session_no_bottom[];
/* Of one who has been heard for SESSION_TALK records. */
extern const char session_no_end[];
/* Of one who sends a directory where none was asked for. */
extern const char session_no_recursion[];

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
/*
 * What the peer says of its own accord, TEXT of LEN bytes, which is counted.  Where it is nothing, that is all
 * that there is to say of a file that was begun.
 */
void	session_hear(struct session *, const char *text, size_t len);
/* The same of PATH, or where that is NULL of nothing, wherever we are by now; false where it is nothing. */
bool	session_hear_of(struct session *, const char *path, size_t path_len, const char *text, size_t len);
/*
 * The last word to a peer that the session cannot go on with: always -1, and about no path.  Where the
 * time is up that is the reason, and standard error is where the peer reads it.
 */
int	session_give_up(struct session *, const char *what, const char *reason);
/* The same about an entry with a name that nobody may say. */
int	session_give_up_name(struct session *, const struct record *);
/* And about one that was not asked for, or is one too MANY. */
int	session_give_up_entry(struct session *, const struct record *, bool many);

#endif
