/* SPDX-License-Identifier: ISC */
#ifndef ORIGINATE_AUDIENCE_H
#define ORIGINATE_AUDIENCE_H

#include "errand/errand.h"
#include "originate/tally.h"

/* Who hears what moves, and of whom: as the person has said, or as it suits what he wants. */
enum {
	AUDIENCE_FEW = 8	/* sources: so many are too many for a line each */
};

enum tally_form audience_form(const struct errand *);

/* The names of all hosts, each once, and NULL behind them: owned by the caller, the names are not.  Or NULL. */
const char **audience_hosts(const struct errand *);

#endif
