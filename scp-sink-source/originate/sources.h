/* SPDX-License-Identifier: ISC */
#ifndef ORIGINATE_SOURCES_H
#define ORIGINATE_SOURCES_H

#include "errand/errand.h"
#include "paths/root.h"

/*
 * What is to be copied, looked at before anything is started: what cannot be is said once, counted, and
 * left out.  ORIGINATE section 3.
 */
struct sources {
	char		 **local;	/* owned, the paths are not */
	int		   nlocal;
	const struct operand **remote;	/* owned, likewise */
	int		   nremote;
	bool		   contents;	/* a directory is among them that stands for what is in it */
	unsigned	   refused;
};

/* 0; -1 without memory.  COMPLAIN hears of each that is refused, and what SELF is. */
int	sources_find(struct sources *, const struct errand *, const struct root *,
	    void (*complain)(void *self, const char *said, const char *why), void *self);
void	sources_end(struct sources *);

#endif
