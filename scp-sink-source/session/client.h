/* SPDX-License-Identifier: ISC */
#ifndef SESSION_CLIENT_H
#define SESSION_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "paths/trail.h"

/*
 * Whoever began a copy, for whom the other half of it is elsewhere: what he wants of it, and how he hears
 * what becomes of it.  PATH is one as he knows it, of LEN bytes and not escaped.  Nothing is counted here.
 */
struct client {
	void	   *self;	/* the first argument of all of these */
	const char *host;	/* where the other half is */
	const char *shown;	/* what paths begin with in place of an operand; NULL: that */
	bool	    update;	/* a file of the same size and time is not wanted again */
	bool	    ascii;	/* what is said comes to a terminal that may show nothing else */
	bool	    ahead;	/* what is sent need not wait for replies, where the other side knows */
	int	    given;	/* owned by who writes to it first: where the one file goes that comes,
				 * whatever the target is; 0: there is none */
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

/*
 * Something is wrong here, where we stand or, where that is NULL, with all of it: WHAT was tried, or NULL
 * where that goes without saying, and why it failed.
 */
void	client_complain(const struct client *, const struct trail *, const char *what, const char *reason);

/*
 * What the other side says, TEXT of LEN bytes as it sent them.  False where that is nothing: then he hears
 * of PATH, which may be NULL, that it is LOST, or gave no reason.
 */
bool	client_hear(const struct client *, const char *path, size_t path_len, const char *text, size_t len,
	    bool lost);

/* Whether one more record is due, where we stand in no directory; NULL, whom we serve, awaits any. */
bool	client_awaits(const struct client *);

#endif
