/* SPDX-License-Identifier: ISC */
#ifndef ERRAND_OPERAND_H
#define ERRAND_OPERAND_H

#include <stdbool.h>

/* What a person names: something here, or at a host.  ORIGINATE section 2. */
struct operand {
	bool	    remote;
	const char *said;	/* borrowed: as it was typed */
	char	   *text;	/* owned: what the three below are in */
	const char *user, *host;	/* "": none, as of what is not remote */
	const char *path;	/* never "" where it is remote */
	unsigned    port;	/* 0: none was said */
};

/*
 * SAID is "host:path", with a user before the host and brackets around one that has colons, or
 * "scp://user@host:port/path", or else a path here: one without a colon, or where that comes first, behind
 * a slash or in brackets.  What stands for bytes in a URI is undone once it is known what is what.
 *
 * 0; -1 with *WHY, a constant, and nothing is there to be freed: it is no such form, or names a user or
 * host that would be an option, or mean something to a shell.
 */
int	operand_parse(struct operand *, const char *said, const char **why);
void	operand_end(struct operand *);

/* What is here, and names a descriptor of ours, as "/dev/stdout" and "/dev/fd/3" do: its number; else -1. */
int	operand_descriptor(const struct operand *);

#endif
