/* SPDX-License-Identifier: ISC */
#ifndef ORIGINATE_HELLO_H
#define ORIGINATE_HELLO_H

#include <stdbool.h>

#include "originate/greeting.h"
#include "originate/notice.h"
#include "wire/stream.h"

/*
 * Waiting for the remote side to begin, whatever its start-up files print, and telling the user what
 * that was.  Nothing of the protocol is read.
 */
enum {
	HELLO_PAUSE = 200,	/* milliseconds in which text goes on behind a NUL */
	HELLO_SILENCE = 10000	/* milliseconds without a word, behind text: it is stuck */
};

/* What a worker can tell whoever waits for it. */
enum hello_end {
	HELLO_UNKNOWN,		/* it still waits, or never came to that */
	HELLO_BEGAN,
	HELLO_MESSAGE,		/* likewise, and the first that comes is a message */
	HELLO_MUTE,		/* the input ended without a byte */
	HELLO_OTHER,		/* it ended without the protocol; the text that came instead was said */
	HELLO_TOO_MUCH,		/* of text, and that was said */
	HELLO_ASTRAY,		/* a record came behind text that was to be the end, and that was said */
	HELLO_LOST,		/* we are to stop, or could not read: what may be wrong was said */
	HELLO_SILENT		/* likewise, but nothing was said: not a byte had come, and it may not even
				 * have been reached */
};

struct hello {
	struct greeting greeting;
	struct notice	notice;
	int		pause, silence;	/* HELLO_PAUSE and HELLO_SILENCE */
	int64_t		since;		/* when text began, or might have, behind the protocol */
};

/* QUIET: text that is skipped is not worth a word. */
void	hello_init(struct hello *, bool quiet, notice_say *, void *self);

/*
 * Waits until a sink, or a source, has begun.  A source is one that has been given its NUL.  Until
 * the first byte comes, the deadline's idle time does not run: nobody knows how long a login takes.
 */
enum hello_end hello_await(struct hello *, struct stream *, enum greeting_of);

/*
 * Where the next record of a source is due that is in no directory: BEGAN or MESSAGE where one comes,
 * MUTE at the end, OTHER where text was the end, or no record came behind it for HELLO_SILENCE; else
 * TOO_MUCH, ASTRAY or LOST.
 */
enum hello_end hello_look_behind(struct hello *, struct stream *);

/*
 * Reads what a sink prints once it knows that nothing more comes: to its end, for HELLO_SILENCE, or until that is
 * too much.
 */
void	hello_finish(struct hello *, struct stream *);

/*
 * The sentence that is to be said where hello_await came to END and the program that reached the host
 * to STATUS, as waitpid(2) has it: in TEXT, or NULL where all has been said.  It reads nothing.
 */
const char *hello_explain(enum hello_end, int status, char text[NOTICE_SAID]);

#endif
