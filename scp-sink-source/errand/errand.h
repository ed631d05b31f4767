/* SPDX-License-Identifier: ISC */
#ifndef ERRAND_ERRAND_H
#define ERRAND_ERRAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "errand/operand.h"

/*
 * The command line of the client's side: what a person wants to be copied, and how.  Nothing of it is
 * done, or looked for, yet.  ORIGINATE section 2.
 */
enum {
	ERRAND_FLAGS_MAX = 256,		/* options that are for the program that reaches a host */
	ERRAND_KEYS_MAX = 128		/* long ones that are the policy's */
};

enum errand_progress {
	ERRAND_AUTO,		/* as it seems best, and only on a terminal */
	ERRAND_NONE,
	ERRAND_FILES,		/* a line a file */
	ERRAND_TOTAL,		/* one line */
	ERRAND_JSON
};

/* An option that is passed on. */
struct errand_flag {
	char	    letter;
	const char *value;	/* borrowed; NULL where it has none */
};

/* "--KEY=VALUE", or in two words, for the policy to judge; --exclude is deny, and --include allow. */
struct errand_key {
	const char *said;	/* borrowed: the word that it is in */
	const char *key;	/* a constant: the policy's */
	const char *value;	/* borrowed; NULL where there is none */
	unsigned    ways;	/* of ways.h: on which it is obeyed */
};

struct errand {
	bool		   recursive, preserve, quiet, verbose;
	bool		   target_is_dir;	/* it must be a directory */
	bool		   direct;		/* -R: hosts copy to each other */
	bool		   shell_text;		/* -O: what a remote shell makes of a path is meant */
	bool		   any_name;		/* -T: whatever a remote side sends is accepted */
	bool		   update;		/* what is here, as large and as old, is not wanted again */
	bool		   lockstep;		/* -X ahead=no: every reply is waited for */
	uint64_t	   rate;		/* bytes a second; 0: as fast as it goes */
	unsigned	   port;		/* of each host that has none of its own; 0: none */
	const char	  *program;		/* -S, borrowed; NULL: whatever there is */
	enum errand_progress progress;
	char		   option[3];		/* "-x", which *WHERE may be */
	size_t		   nflags, nkeys;
	struct errand_flag flags[ERRAND_FLAGS_MAX];
	struct errand_key  keys[ERRAND_KEYS_MAX];
	int		   nsources;
	struct operand	  *sources;		/* owned */
	struct operand	   target;
};

/*
 * True for a command line that asks for no server's half: neither -t nor -f is among its options, which end
 * at its first operand; nor is a key that only an administrator has a reason to say, who has forgotten
 * --serve.
 */
bool	errand_is_meant(int argc, char *const argv[]);

/*
 * Reads ARGV, which is borrowed; ARGV[0] is the command.  0; -1 with *WHY a constant and *WHERE the word
 * that it is about, or NULL: an option, of a cluster "-x" alone, or an operand.  A key that one of the
 * copies would not obey is an error.  errand_end is for both.
 */
int	errand_parse(struct errand *, int argc, char *const argv[], const char **where,
	    const char **why);
void	errand_end(struct errand *);

#endif
