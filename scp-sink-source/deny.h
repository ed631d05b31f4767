/* SPDX-License-Identifier: ISC */
#ifndef DENY_H
#define DENY_H

#include <stdbool.h>
#include <stdint.h>

#include "ask/service.h"

/*
 * Nobody is served: the client reads why, and so does the log; that ends the service.
 *
 * REQUEST, which ARGC and ARGV are of a drop-in, is refused for the service's problem.  The client
 * reads it in its protocol, if it waits half a minute; what cannot be said there is said on standard
 * error, and not twice, for clients show both.  SFTP's clients may see either.  The exit status.
 */
int	deny_request(struct service *, const struct invocation *, int argc, char *argv[],
	    const char *request);

/*
 * Somebody wants a shell, and reads that there is none.  CONFIG is the configuration file, which says
 * where to log that.  But it may be a Subsystem whose client's words nobody has told us: true where,
 * within half a minute, something comes that no terminal sends; then nothing is logged or ended, and
 * what comes is unread.  SFTP rule 4.
 */
bool	deny_shell(struct service *, const struct invocation *, const char *config);

/* Whether something that no terminal sends comes within half a minute, and within so many SECONDS. */
bool	deny_is_spoken_to(uint64_t seconds);

#endif
