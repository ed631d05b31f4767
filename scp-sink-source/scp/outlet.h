/* SPDX-License-Identifier: ISC */
#ifndef SCP_OUTLET_H
#define SCP_OUTLET_H

#include <sys/stat.h>

#include <stdbool.h>

#include "scp/flight.h"
#include "session/session.h"

/*
 * Sent entries, and the replies to them.  The trail says which one it is; what it is called AS over there is
 * one component.  What keeps something from being sent, or is said of it over there, is told and counted.
 */
struct outlet {
	struct session *session;	/* borrowed */
	bool		whole;		/* a body was sent, and nothing is wrong with it */
	bool		spoilt;		/* or something is, which was said */
	struct flight	flight;
};

void	outlet_init(struct outlet *, struct session *);

/*
 * Awaits the reply: 0 go on, 1 it was refused, -1 when the peer is lost.  Either of these is the end of a
 * file that is being sent.
 */
int	outlet_await(struct outlet *);

/* The file FD, which is ST: 0, sent or not; -1 as above. */
int	outlet_send_file(struct outlet *, int fd, const struct stat *, const char *as);

/* A directory: 0, what is in it comes next, and then its end; 1, nothing of that; -1 as above. */
int	outlet_send_dir(struct outlet *, const struct stat *, const char *as);
int	outlet_send_end(struct outlet *);

/* Hears what there is to be heard before the next entry, or its end: 0, -1 as above. */
int	outlet_make_room(struct outlet *);
/* Whether nothing more is to be sent of the innermost directory but its end. */
bool	outlet_is_cut(const struct outlet *);
/* Waits for all that was sent: 0, -1 as above. */
int	outlet_end(struct outlet *);

#endif
