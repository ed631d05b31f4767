/* SPDX-License-Identifier: ISC */
#ifndef ORIGINATE_ONWARD_H
#define ORIGINATE_ONWARD_H

#include "originate/order.h"

/*
 * From hosts to another one through here.  The sink at the target is there for all sources, and before
 * them: then nobody is asked for two passwords at once.  What does not go well is said and counted.
 */
void	onward_copy(struct order *);

#endif
