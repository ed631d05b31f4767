/* SPDX-License-Identifier: ISC */
#ifndef ORIGINATE_GREETING_H
#define ORIGINATE_GREETING_H

#include <stddef.h>

/*
 * What a remote side says before the protocol, and behind it: pure.  Start-up files print what they
 * like, and the program that we asked for speaks after them.  Text is taken, up to the first byte of
 * the protocol, which is not: however the bytes come, that is the same one.
 *
 * A sink begins with a NUL, or with a message.  A NUL behind text, or together with more, may be
 * text, too: nothing has been sent to a sink that waits for us, so it says no more than that.
 *
 * A source begins with a record, or a message, of which the text before it may share the line: with
 * a C or D, a mode of four digits, a size, and whatever is called a name; or with a T and its times.
 */
enum {
	GREETING_KEPT = 65536,		/* bytes of text; the rest is only counted */
	GREETING_MAX = 1 << 20		/* bytes of it that are waited through */
};

enum greeting_of {
	GREETING_OF_SINK,
	GREETING_OF_SOURCE,
	GREETING_BEHIND		/* between a source's entries, where the next record is due: what begins
				 * like one is one, and anything else is text to the end, in which
				 * there is to be no whole record */
};

enum greeting_verdict {
	GREETING_UNKNOWN,	/* more has to come */
	GREETING_MAYBE,		/* a NUL, which is the sink's where nothing comes behind it */
	GREETING_BEGAN,		/* what was not taken is the protocol */
	GREETING_MESSAGE,	/* the same, and it is a message */
	GREETING_TOO_MUCH	/* there are GREETING_MAX of text and no end of it */
};

struct greeting {
	enum greeting_of of;
	size_t		 total;		/* bytes of text */
	size_t		 kept;		/* of these */
	char		 text[GREETING_KEPT];
};

void	greeting_init(struct greeting *, enum greeting_of);

/*
 * Looks at BYTES, which begin with what the last call did not take: *TAKEN of them are text.  At
 * most RECORD_MAX are not taken while nothing is known.
 */
enum greeting_verdict greeting_take(struct greeting *, const char *bytes, size_t len, size_t *taken);

/* What was not taken is text all the same, for nothing comes behind it. */
void	greeting_end(struct greeting *, const char *bytes, size_t len);

#endif
