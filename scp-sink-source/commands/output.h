/* SPDX-License-Identifier: ISC */
#ifndef COMMANDS_OUTPUT_H
#define COMMANDS_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "text/script.h"
#include "wire/stream.h"

/*
 * What commands write.  Output collects, and leaves when the session waits for input, when there is
 * no more room, before a copy, and before anything is written to standard error.  What is written to
 * standard error is read before output that follows it: sshd delivers both in any order, and whoever
 * waits for a line of output would have dropped the reason by then.  COMMANDS rules 13 to 15, 17.
 */
enum {
	OUTPUT_ROOM = 65536,
	OUTPUT_DRAIN = 50	/* milliseconds at most for standard error to be read */
};

struct output {
	struct stream	*stream;	/* borrowed: descriptor 1, its pace and its deadline */
	int		 errors;	/* borrowed: descriptor 2 */
	enum script_sink output_to, errors_to;	/* of the command that is at work */
	bool		 spoke;		/* to standard error, since output left */
	bool		 lost;		/* nobody reads any more: nothing is written */
	size_t		 len;
	char		 held[OUTPUT_ROOM];
};

void	output_init(struct output *, struct stream *, int errors);

/* What the command at work writes, to wherever that goes. */
void	output_put(struct output *, const void *, size_t);
void	output_print(struct output *, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A name, or another text, as it is, but that a "?" stands for each byte of WITHOUT. */
void	output_put_name(struct output *, const char *, const char *without);
/* One line of a message, without its newline. */
void	output_say(struct output *, const char *line);

/* All that is held has left: 0, or -1 when the peer is lost. */
int	output_flush(struct output *);
/* And what was said has been read, so that what somebody else writes to the stream comes behind it. */
int	output_settle(struct output *);

#endif
