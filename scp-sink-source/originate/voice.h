/* SPDX-License-Identifier: ISC */
#ifndef ORIGINATE_VOICE_H
#define ORIGINATE_VOICE_H

#include "session.h"

/* A client that says on standard error what is wrong, and no more. */
void	voice_say(const char *line);

/* What HOST says has that before it, unless it is NULL, for then there is only one. */
struct client voice_client(const char **host);

#endif
