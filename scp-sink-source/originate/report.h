/* SPDX-License-Identifier: ISC */
#ifndef ORIGINATE_REPORT_H
#define ORIGINATE_REPORT_H

#include "originate/tally.h"
#include "session/client.h"

/*
 * What the person who copies hears of it, and when: messages on standard error; on the terminal that shows
 * what moves the line of a file that has arrived; objects for programs.  And counts it.
 */

/* Who is told of a conversation with one host, or of what is told to it. */
struct report {
	struct tally *tally;	/* borrowed */
	const char   *host;	/* likewise */
};

/* Who hears of a session. */
struct client report_client(struct report *);

/*
 * Before anything moves, by each who begins a conversation, once all is expected that can be: the first of
 * them says so.
 */
void	report_begin(struct tally *);

/* Others copy, of which nothing will be known; that begins now. */
void	report_apart(struct tally *);

/* Whoever counted has ended, and with him what still moved, which has failed then. */
void	report_settle(struct tally *);

/* One line, which is fit for a terminal and has no newline, on standard error. */
void	report_say(struct tally *, const char *line);

/* With -v: that the program of the words ARGV is started, as a shell would have them. */
void	report_start(struct tally *, char *const argv[]);

/* LEN bytes of TEXT, as above, of any lines; as sieve_write has it. */
void	report_pass(void *tally, const char *text, size_t len);

/* "scp: HOST: LINE", which is not counted. */
void	report_note(struct tally *, const char *host, const char *line);

/* "scp: PATH: REASON", which is counted; PATH may be NULL. */
void	report_fail(struct tally *, const char *path, const char *reason);

/* "scp: HOST: REASON", which is counted, too. */
void	report_fail_host(struct tally *, const char *host, const char *reason);

/* The same for programs alone; people have heard of it. */
void	report_count_host(struct tally *, const char *host, const char *reason);

/* Whether we are in the foreground of the terminal that we write to. */
bool	report_is_seen(const struct tally *);

#endif
