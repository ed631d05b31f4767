/* SPDX-License-Identifier: ISC */
#ifndef ORIGINATE_SURVEY_H
#define ORIGINATE_SURVEY_H

#include "ask/request.h"
#include "paths/root.h"
#include "rules/policy.h"
#include "scp/descent.h"

/*
 * What a source is going to send, counted before: its operands and all that is in them, as far as the policy
 * has them.  It goes where the source does, and opens directories alone.
 */
enum {
	SURVEY_PATIENCE = 1000	/* milliseconds that it may take */
};

/* What counting needs room for; of no use to anybody but survey_run. */
struct survey {
	const struct request *request;	/* all three borrowed */
	const struct policy  *policy;
	const struct root    *root;
	struct usage	      usage;	/* files, directories and bytes */
	uint64_t	      files;	/* those that are no directories */
	int64_t		      until;	/* when time is up: monotonic nanoseconds */
	struct descent	      descent;
};

/*
 * How many FILES of how many BYTES a source sends from ROOT, which is the whole system.  False where
 * that took too long, and nobody knows.
 */
bool	survey_run(struct survey *, const struct request *, const struct policy *,
	    const struct root *, int patience, uint64_t *files, uint64_t *bytes);

#endif
