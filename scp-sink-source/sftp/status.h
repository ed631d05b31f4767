/* SPDX-License-Identifier: ISC */
#ifndef SFTP_STATUS_H
#define SFTP_STATUS_H

#include <stdint.h>

#include "deeds/answer.h"
#include "sftp/packet.h"

/* What a request came to, in the words that every client of version 3 knows.  SFTP rules 17, 18. */
enum status {
	STATUS_OK,
	STATUS_EOF,
	STATUS_NO_SUCH_FILE,
	STATUS_PERMISSION_DENIED,
	STATUS_FAILURE,
	STATUS_BAD_MESSAGE,
	STATUS_OP_UNSUPPORTED = 8
};

enum {
	STATUS_TEXT_MAX = 200		/* bytes of its text; what is longer is cut */
};

/* Of an errno. */
enum status status_of(int err);

/* What the code is called where there is no more to say. */
const char *status_text(enum status);

/* Appends a whole packet. */
void	status_put(struct reply *, uint32_t id, enum status, const char *text);
/* The same of what a deed came to. */
void	status_put_answer(struct reply *, uint32_t id, const struct answer *);

#endif
