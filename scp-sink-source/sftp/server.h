/* SPDX-License-Identifier: ISC */
#ifndef SFTP_SERVER_H
#define SFTP_SERVER_H

#include <stdint.h>

#include "deeds/deeds.h"
#include "title.h"
#include "wire/deadline.h"

/*
 * SFTP, version 3: packets, handles and statuses on top of the deeds.  Touches no file by itself.
 */

/*
 * Speaks with the client on IN and OUT until it is done.  DEADLINE may be NULL; RATE in bytes/s, or 0.
 * 0 where the client ended its input between two packets, whatever was refused meanwhile, else -1; then
 * *WHY is what was wrong with what it sent, for the log, or NULL.  What was open is discarded and logged
 * in either case.  SFTP rules 6 to 13.  Listings have the local time of tzset(3), for whoever locks us up
 * to call before.
 */
int	sftp_serve(struct deeds *, struct title *, struct deadline *, int in, int out, uint64_t rate,
	    const char **why);
/* The same where N bytes were read from IN already, at most CHANNEL_IN. */
int	sftp_take_over(struct deeds *, struct title *, struct deadline *, int in, int out, uint64_t rate,
	    const void *ahead, size_t n, const char **why);

#endif
