/* SPDX-License-Identifier: ISC */
#ifndef ORIGINATE_OBJECTS_H
#define ORIGINATE_OBJECTS_H

#include "originate/tally.h"

/*
 * What becomes of files, for programs: objects of JSON on standard output, a line each, where the tally has
 * that form.  Each is one write(2), so that none tears another, whoever writes; but for the first, before
 * which there is none.  Strings are those of the log: see text_quote_json.
 */

/* An object EVENT. */
struct object {
	const char *event;
	const char *host;	/* or NULL */
	const char *path;	/* of LEN bytes; or NULL */
	size_t	    len;
	const char *word;	/* what TEXT is; or NULL */
	const char *text;
	const char *number;	/* what N is; or NULL */
	uint64_t    n;
};

void	objects_put(const struct tally *, const struct object *);

/* How it begins, goes on, and ends. */
void	objects_start(const struct tally *, const struct tally_count *);
void	objects_progress(const struct tally *, const struct tally_count *, uint64_t rate);
void	objects_end(const struct tally *, const struct tally_count *, double seconds, int status);

#endif
