/* SPDX-License-Identifier: ISC */
#ifndef ASK_REQUEST_H
#define ASK_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

/* What the client asks for, in its own words: untrusted, and no place for anything of a policy. */
enum request_role {
	REQUEST_NONE,		/* neither -t nor -f: not a server's command line */
	REQUEST_SINK,
	REQUEST_SOURCE,
	REQUEST_SFTP,		/* an SFTP session: what is wanted is said in there */
	REQUEST_COMMANDS	/* likewise, in commands */
};

enum request_trust {
	REQUEST_OWN,		/* a command line: also with what only a client's side knows */
	REQUEST_FOREIGN		/* a client's string: nothing that is not on the list of what is served */
};

struct request {
	enum request_role role;
	bool		  recursive;
	bool		  preserve;
	bool		  target_is_dir;
	bool		  verbose;
	uint64_t	  rate;		/* bytes a second; 0: as fast as it goes */
	const char	 *odd;		/* borrowed: the word with the option that is not understood */
	int		  npaths;
	char *const	 *paths;	/* borrowed from the argument vector; expand may replace them */
};

/*
 * Reads an argument vector, ARGV[0] being the command.  0; or -1 with *WHY a constant text and,
 * where one option is meant, *OPTION its letter (else 0).  A FOREIGN one is a request only with
 * exactly one of -t and -f, and -d, -l, -p, -r, -v, and what has neither an argument nor an effect:
 * -1, -2, -3, -4, -6, -A, -B, -C, -O, -T, -q.  PROTOCOL rule 26.
 */
int	request_parse(struct request *, int argc, char *const argv[], enum request_trust,
	    const char **why, char *option);

#endif
