/* SPDX-License-Identifier: ISC */
#ifndef COMMANDS_JOB_H
#define COMMANDS_JOB_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "commands/output.h"
#include "commands/verb.h"
#include "deeds/deeds.h"
#include "rules/people.h"

/* One command, and what all of them have in common.  Everything that is pointed to is borrowed. */
enum {
	JOB_OPTIONS_MAX = 32	/* letters of one verb */
};

enum job_status {		/* what a command ends with, as everybody's do */
	JOB_DONE,
	JOB_FAILED,
	JOB_MISUSED,		/* no syntax, a bad option, or what ls and test could not do */
	JOB_NOT_DONE = 126,
	JOB_UNKNOWN		/* 127 */
};

struct job {
	struct deeds	    *deeds;
	struct output	    *output;
	const struct people *people;
	const char	    *here;	/* the current directory, from the root on: plain */
	bool		     utc;	/* times are shown, and read, in UTC */
	struct stream	    *input;	/* what the client sends; NULL: nothing, or not for this one */
	bool		     empty_input;	/* it has one of its own, in which nothing is */
	const struct verb   *verb;
	uint64_t	     options;	/* a bit for each letter: see job_has */
	const char	    *values[JOB_OPTIONS_MAX];	/* of those that have one, in the order of the
							 * verb's letters */
	int		     count;	/* operands */
	char *const	    *operands;	/* of which the first one is a word, and no option */
};

/* An option was given; its value, or NULL. */
bool	job_has(const struct job *, char letter);
const char *job_value(const struct job *, char letter);

/*
 * Takes the options off WORDS, N of them, the verb first, and leaves the operands, whose number the
 * verb judges: 0; or a status, which has been said.
 */
int	job_read(struct job *, int n, char *const words[]);

/* OPERAND from the root on, as deeds take it: 0; or JOB_FAILED, said, where it is too long. */
int	job_path(struct job *, const char *operand, char dst[PATH_MAX]);
/* The same, and nothing is said: 0, or -1 with *ANSWER. */
int	job_find(const struct job *, const char *operand, char dst[PATH_MAX], struct answer *);

/*
 * What OPERAND is, as deeds_look has it; what ends in a slash, or in "." or "..", is a directory or not
 * there, whatever LINK says.  Nothing is said: 0, or -1 with *ANSWER.
 */
int	job_look(struct job *, const char *operand, enum deeds_link link, struct stat *,
	    struct answer *);

/*
 * What goes wrong, in a line: "VERB: REASON" or "VERB: OPERAND: REASON".  The operand is as the client
 * wrote it, control bytes escaped.  Always JOB_FAILED.
 */
int	job_say(struct job *, const char *operand, const char *reason);
int	job_answer(struct job *, const char *operand, const struct answer *);

#endif
