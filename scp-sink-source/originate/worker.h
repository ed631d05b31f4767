/* SPDX-License-Identifier: ISC */
#ifndef ORIGINATE_WORKER_H
#define ORIGINATE_WORKER_H

#include "ask/request.h"
#include "errand/errand.h"
#include "errand/expect.h"
#include "originate/hello.h"
#include "originate/transport.h"
#include "paths/root.h"
#include "rules/policy.h"
#include "text/text.h"

/*
 * One conversation with a host, in a process of its own, which alone reads what the host says.  What came
 * of it is in memory that both share.
 */
/* Whoever is taken over may leave anything there: so these are numbers, and the text is bounded. */
struct outcome {
	unsigned       began;		/* of enum hello_end */
	unsigned       errors;		/* here or there */
	unsigned       heard;		/* what the other side has said of its own */
	unsigned       skipped;		/* by the person's own wish */
	char	       problem[TEXT_MESSAGE_MAX];	/* why nothing was begun; or "" */
	unsigned char  torn;		/* the sink of a relay can be told no more */
	unsigned char  agreed;		/* that sink skips what it refuses, and was told to */
	unsigned char  cut;		/* the conversation has not come to its end */
	unsigned char  nothing;	/* a source sent nothing, and did not say why */
};

enum worker_part {
	WORKER_COPY,		/* a source's half, or a sink's, as the request says */
	WORKER_GREET,		/* a sink is awaited, and no more */
	WORKER_RELAY,		/* what a source sends goes to that sink */
	WORKER_FINISH		/* which then has nothing more to come */
};

struct worker {
	enum worker_part     part;
	const struct policy *policy;	/* all that is pointed to is borrowed */
	const struct errand *errand;
	const struct root   *root;
	int		     cell;	/* with COPY: the directory beneath which all is that it may open */
	int		     given;	/* of struct client; then it opens nothing */
	struct request	     request;	/* which half we are, and of what */
	struct expect	    *expect;	/* what may be received; or NULL */
	const char	    *shown;	/* what the person calls the target; NULL: as the request */
	const char	    *host;	/* whom we talk to, for messages */
	struct transport    *transport;
	const char	    *there;	/* with RELAY: where the sink is, and what reaches it */
	struct transport    *onward;
	bool		     agreed;	/* as an earlier one has with it */
	struct outcome	    *outcome;	/* shared */
	struct tally	    *tally;	/* its page is, too */
};

/*
 * It takes over the descriptors of the TRANSPORT, and leaves the sink of a RELAY as it is met: to be told
 * of the next file.
 *
 * Runs it, WORKER being one, as transport_work wants it: 0 where all went well, else 1.
 */
int	worker_run(void *worker);

#endif
