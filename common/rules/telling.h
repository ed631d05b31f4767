/* SPDX-License-Identifier: ISC */
#ifndef RULES_TELLING_H
#define RULES_TELLING_H

#include <stdbool.h>

/* What errors tell, in an account with a root or without. */

/* True where the error ERR tells of what there is. */
bool	telling_is(int err);

/* What there is to say of it; CONFINED: beneath a root. */
const char *telling_text(int err, bool confined);

#endif
