/* SPDX-License-Identifier: ISC */
#ifndef ASK_SERVICE_H
#define ASK_SERVICE_H

#include <stdbool.h>

#include "ask/expand.h"
#include "ask/invocation.h"
#include "ask/request.h"
#include "log/audit.h"
#include "paths/root.h"
#include "rules/account.h"
#include "rules/config.h"
#include "rules/people.h"
#include "rules/policy.h"
#include "text/text.h"
#include "text/words.h"

/* What a login shell says of an account that nobody has given a root. */
#define SERVICE_NO_ROOT "no root is set for this account"

/*
 * All that is known before a session begins: for whom, what he may do, what the client wants, where.
 * Each step needs the ones before it, and returns 0, or -1 with PROBLEM, a line without a newline.
 */
struct service {
	struct account	 account;
	struct people	 people;	/* with REQUEST_COMMANDS, whose names it shows */
	struct policy	 policy;
	struct policy	 given;		/* if NARROW: what it was before the options */
	bool		 narrow;	/* these may be a client's own words */
	struct audit	 audit;
	struct request	 request;
	struct root	 root;
	struct words	 words;		/* of the client's command */
	struct expansion paths;		/* its operands */
	char		*argv[WORDS_MAX + 1];
	void	       (*warn)(const struct config_remark *);	/* of the file; NULL: nobody asks */
	const char	*said[ACCOUNT_SAID];	/* what it is called, by whoever logged it in */
	bool		 known;		/* the account is */
	bool		 found;		/* the configuration file was there */
	bool		 loaded;	/* the policy is */
	const char	*script;	/* borrowed: with REQUEST_COMMANDS, what is to be run; NULL: lines
					 * of the input */
	int		 status;	/* to exit with, where the request is refused */
	bool		 misread;	/* the options of the request are not understood */
	bool		 mistaken;	/* they are those of an administrator, in the wrong place */
	const char	*kept_from;	/* why an SFTP session must not upload, a constant; or NULL */
	const char	*rootless;	/* borrowed: the file that has no root for a login shell's
					 * account; NULL where none is missed */
	char		 user[ACCOUNT_NAME_MAX];	/* the account's name, or its number */
	char		 where[PATH_MAX];	/* the root, as the administrator calls it */
	char		 problem[TEXT_MESSAGE_MAX];
};

/* CONNECTION, and the names that are SAID to be of whoever logged in (see account.h), are borrowed. */
void	service_init(struct service *, const char *connection,
	    const char *const said[ACCOUNT_SAID]);

/* It is for the user NAME, or where that is NULL for whoever runs us. */
int	service_become(struct service *, const char *name);

/*
 * Gathers the policy: the configuration file CONFIG, where there is one, the options, and the
 * defaults; the configuration file applies to every way in.  A login shell has nothing else to say
 * where its account is to be, and what it got may be the client's own words: without a root in
 * CONFIG it serves nobody, and service_read says so.
 */
int	service_load(struct service *, const struct invocation *, const char *config);

/* What an administrator reads of a remark on a file. */
void	service_tell(char dst[TEXT_MESSAGE_MAX], const struct config_remark *);

/* Begins to log, as the policy says. */
int	service_log(struct service *);

/* Reads the client's command, or the argument vector of a drop-in, and judges what it asks for. */
int	service_read(struct service *, const struct invocation *, int argc, char *const argv[]);

/*
 * The script that was read has no command that there is: it is refused like any other command where
 * there are none, with STATUS.
 */
int	service_refuse_script(struct service *, int status);

/*
 * The same where there is a PROBLEM already, which stays, to know in which way the client waits for
 * an answer.
 */
void	service_learn_role(struct service *, const struct invocation *, int argc,
	    char *const argv[]);

/* Opens the root, and finds what the operands stand for. */
int	service_open(struct service *);

/* The directory where relative paths begin, as the administrator would call it. */
void	service_name_start(const struct service *, char dst[2 * PATH_MAX]);

/* Has the log say that REQUEST was refused for PROBLEM. */
void	service_deny(struct service *, const char *request);

void	service_end(struct service *);

#endif
