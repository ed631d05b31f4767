/* SPDX-License-Identifier: ISC */
#ifndef DENY_H
#define DENY_H

#include "ask/service.h"

/*
 * Nobody is served: the client reads why, and so does the log.  Both end the service and return the
 * exit status.
 *
 * REQUEST, which ARGC and ARGV are of a drop-in, is refused for the service's problem.  The client
 * reads it in its protocol, if it waits half a minute; what cannot be said there is said on standard
 * error, and not twice, for clients show both.  SFTP's clients may see either.
 */
int	deny_request(struct service *, const struct invocation *, int argc, char *argv[],
	    const char *request);

/* Somebody wants a shell.  CONFIG is the configuration file, which says where to log that. */
int	deny_shell(struct service *, const struct invocation *, const char *config);

#endif
