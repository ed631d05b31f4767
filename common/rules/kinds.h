/* SPDX-License-Identifier: ISC */
#ifndef RULES_KINDS_H
#define RULES_KINDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "rules/account.h"
#include "rules/policy.h"
#include "text/amount.h"

/*
 * How the values of keys are taken and shown: what keys.c has its table of.  Here are flags, words,
 * limits and patterns.
 */
enum {
	CHOICES_MAX = 16	/* of one key, the empty one behind them included */
};

/* Stands in what keys_show writes between the allow patterns of two sources: each must match. */
#define KINDS_ALSO "# and also"

struct key;

/* One thing that a source says. */
struct saying {
	struct policy	     *policy;
	const struct account *account;
	const struct key     *key;
	const char	     *value;
	bool		      after_start;	/* the same source has said a start */
};

/* How values are taken and shown. */
struct kind {
	const char *expected;		/* what a value that is none hears; words have their own */
	bool	    repeats;		/* one source may say several: all of them hold */

	/* Narrows the policy; NULL, or why not. */
	const char *(*take)(const struct saying *);
	/* Writes the lines of a key, if it has any. */
	void	    (*show)(const struct policy *, const struct key *, FILE *);

	/* Of limits alone: how one is read and written, the least and the most. */
	int	    (*parse)(const char *text, uint64_t *n);
	void	    (*format)(char dst[AMOUNT_TEXT_MAX], uint64_t n);
	const char *suffix;
	uint64_t    least, most;
};

struct choices {
	const char *expected;
	struct choice {
		const char *text;
		unsigned    value;	/* an enumerator of policy.h */
	} list[CHOICES_MAX];
};

struct key {
	const char	   *name;
	const struct kind  *kind;
	size_t		    at;			/* of its field in struct policy */
	const struct choices *choices;
	const char	   *drop_in;		/* where nobody has said it; NULL: nothing */
	const char	   *restricted;
	const char	   *restricted_upload;	/* of accounts that only upload, if that differs */
};

/* What is said to a value that a settled policy does not take, for a client may have said it. */
extern const char kinds_for_the_file[];

/* Where a policy has the field of a key. */
void	   *kinds_field(struct policy *, const struct key *);
const void *kinds_value(const struct policy *, const struct key *);

extern const struct kind flag_kind, ordered_kind, overwrite_kind, log_kind, exclusive_kind,
    protocol_kind, allow_kind, deny_kind, partial_kind, depth_kind, count_kind, size_kind, rate_kind,
    time_kind, free_kind;

#endif
