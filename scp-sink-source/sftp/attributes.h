/* SPDX-License-Identifier: ISC */
#ifndef SFTP_ATTRIBUTES_H
#define SFTP_ATTRIBUTES_H

#include <sys/stat.h>

#include "deeds/deeds.h"
#include "sftp/packet.h"

/* ATTRS on the wire: pure.  SFTP rule 14. */
enum {
	ATTRIBUTES_EXTENDED_MAX = 1024,	/* of a client's, which mean nothing here */
	ATTRIBUTES_LENGTH = 32		/* bytes of ours */
};

/* What is not said of *WISH is all 0.  Times are whole seconds; modes lose their type. */
void	attributes_take(struct packet *, struct wish *);

/* Size, owner, permissions and times, always. */
void	attributes_put(struct reply *, const struct stat *);

#endif
