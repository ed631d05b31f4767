/* SPDX-License-Identifier: ISC */
#ifndef COMMANDS_SCOPE_H
#define COMMANDS_SCOPE_H

#include "ask/expand.h"
#include "commands/job.h"
#include "commands/output.h"
#include "commands/variables.h"
#include "commands/verbs.h"
#include "commands/world.h"
#include "text/script.h"
#include "text/words.h"

/* A session while it is at work, for the shell and for the verbs that are its own business. */
enum shell_state {
	SHELL_GOING,
	SHELL_LEAVING,		/* exit was said: the script ends, and what it is part of goes on */
	SHELL_ENDING,		/* the session does */
	SHELL_ASTRAY,		/* a copy went astray: what is to be said is said, then it leaves */
	SHELL_TURNING		/* the session is SFTP from here on */
};

/* What a script has to itself. */
struct scope {
	struct scope	*outer;		/* that it is part of; NULL: none */
	unsigned	 depth;
	char		 here[PATH_MAX];	/* the current directory, from the root on: plain */
	bool		 utc;		/* times are UTC's */
	bool		 strict;	/* a command that fails is the last one, as after set -e */
	bool		 part;		/* of a line of the outer scope, which must be served with it */
	bool		 served;	/* the line that is carried out, and what that is part of */
	enum script_sink output_to, errors_to;	/* where commands write that say nothing else */
};

struct shell {
	const struct shell_world *world;
	enum shell_state state;
	bool		 lost;		/* the session was not brought to its end */
	int		 status;	/* of the last command */
	bool		 fish;		/* the client is one that commands are files to: see fish.h */
	bool		 lines;		/* commands are lines of the input */
	bool		 copied;	/* the command that was last carried out came to a copy */
	bool		 exec;		/* the script came with the request: the input is nobody's yet */
	struct scope	*scope;		/* the innermost */
	bool		 cut, cut_input;	/* what the command writes, or reads, is nobody's */
	struct output	 output;
	struct words	 words;		/* of the command that is looked at; and room for values in them */
	char		 room[VARIABLES_ROOM];
};

/* Carries out one line, or all of the LEN bytes at TEXT, or the lines of the input to its end. */
void	shell_run_line(struct shell *, const char *text, size_t len);
void	shell_run_script(struct shell *, const char *text, size_t len);
void	shell_run_lines(struct shell *);

/* For want of memory a line is not carried out, and so the session ends: what follows it may be what it reads. */
void	shell_give_up(struct shell *);

/* Says that what follows a line is never a command, for it is a part of what is not served. */
void	shell_go_astray(struct shell *);

/* Carries out the command of N words, the first of which is VERB's name: a status. */
int	shell_run_words(struct shell *, const struct verb *, int n, char *const words[]);

/* ps(1) is shown where the session is. */
void	shell_show_title(const struct shell *);

/* What variables are made of, until something changes. */
void	shell_look_around(const struct shell *, struct variables *);
/* *UTC is what the assignment TEXT says of it, if that is one of the zone. */
void	shell_take_zone(const char *text, bool *utc);

/* Says, also to the log, why the LEN bytes at TEXT are no syntax. */
void	shell_refuse_text(struct shell *, const char *text, size_t len, const char *why);

/* Has the log say that the LEN bytes at COMMAND were refused. */
void	shell_log_refusal(struct shell *, const char *command, size_t len, const char *reason);

/* A verb that is the session's own business, and a copy, of which WORDS are N: a status. */
int	builtins_run(struct shell *, struct job *);
int	copying_run(struct shell *, struct job *, int n, char *const words[]);

#endif
