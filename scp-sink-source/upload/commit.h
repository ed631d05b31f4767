/* SPDX-License-Identifier: ISC */
#ifndef UPLOAD_COMMIT_H
#define UPLOAD_COMMIT_H

#include "upload/upload.h"

/* The good end of an upload: what was written takes its name. */

/*
 * What was written to FD becomes NAME.  -1 with errno and *WHAT NULL: it did not, and what was
 * there is untouched (unless written in place).  -1 with *WHAT as of attrs_apply: it did, but not
 * all ATTRS could be set; losing the data for that would help nobody.  A device or FIFO keeps its
 * attributes.
 */
int	upload_commit(struct upload *, const struct attrs *, const char **what);

/*
 * As upload_commit of a temporary, but what has the name then is written on, in place.  -1: FD is
 * closed, but where *WHAT is said.
 */
int	upload_publish(struct upload *, const struct attrs *, const char **what);

#endif
