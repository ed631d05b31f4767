/* SPDX-License-Identifier: ISC */
#ifndef ASK_INVOCATION_H
#define ASK_INVOCATION_H

#include <stdbool.h>
#include <stddef.h>

#include "text/words.h"

/* The ways in which this program is started, and what each says: told apart, and not yet judged. */
enum invocation_way {
	INVOKED_PLAIN,		/* a drop-in: the argument vector is the request */
	INVOKED_SERVE,		/* --serve: options of the administrator, and the client's command */
	INVOKED_LOGIN,		/* as a login shell with the client's command */
	INVOKED_SFTP,		/* --sftp: a drop-in, too, for sshd's Subsystem, with options */
	INVOKED_INTERACTIVE,	/* by somebody who wants a shell */
	INVOKED_CHECK,		/* --check */
	INVOKED_EXPLAIN,	/* --explain, and a command */
	INVOKED_VERSION,	/* --version */
	INVOKED_HELP		/* --help or -h */
};

struct invocation {
	enum invocation_way way;
	const char	   *command;	/* the client's, borrowed; with SERVE, LOGIN and EXPLAIN; NULL
					 * where sshd has not told us */
	enum invocation_way subsystem;	/* with INTERACTIVE: what it is where somebody speaks SFTP, for a
					 * Subsystem's line may look like a login: SERVE or LOGIN; or
					 * INTERACTIVE */
	bool		    sftp;	/* the request is that, whatever else is said */
	bool		    lines;	/* it is commands, which are lines of the input */
	bool		    narrow;	/* OPTIONS may be the client's own words: they must not widen
					 * even what nobody else has said */
	size_t		    noptions;
	const char	   *user;	/* of --explain's --user, borrowed; NULL: whoever asks */
	bool		    must;	/* the configuration file must be there */
	int		    skipped;	/* words of a drop-in's argument vector that these are */
	const char	   *options[WORDS_MAX];	/* borrowed: what follows --serve, --sftp, --check or
						 * the command of --explain; a drop-in's --sandbox */
};

/* True where we were started as INVOKED_PLAIN: that is told by a look, and nothing is kept. */
bool	invocation_is_plain(int argc, char *const argv[]);

/*
 * Tells how we were started.  ORIGINAL is SSH_ORIGINAL_COMMAND, or NULL.  WORDS is room for a
 * command that is to be split, and must outlive the invocation.  0, or -1 with *WHY a constant
 * text.
 */
int	invocation_parse(struct invocation *, int argc, char *const argv[], const char *original,
	    struct words *, const char **why);

/*
 * What is asked for, as it was sent: the command, or else the argument vector, put together in DST
 * of CAP bytes and cut where it does not fit.
 */
const char *invocation_request(const struct invocation *, int argc, char *const argv[], char *dst,
	    size_t cap);

/* True for an option that means something as the first one alone. */
bool	invocation_is_first(const char *option);

/* True for the first word of a command that means this program.  PROTOCOL rule 28. */
bool	invocation_is_scp(const char *word);

/* True for an account's shell that is this program. */
bool	invocation_is_ours(const char *shell);

/*
 * True for a command that asks for SFTP: that is the line of sshd's Subsystem, whatever that is, so also
 * our own name with --sftp or --serve.  SFTP rule 2.
 */
bool	invocation_is_sftp(const struct words *command);

/* Somebody who seemed to want a shell speaks SFTP, or says commands. */
void	invocation_turn_to_sftp(struct invocation *);
void	invocation_turn_to_commands(struct invocation *);

#endif
