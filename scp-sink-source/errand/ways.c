/* SPDX-License-Identifier: ISC */
#include <stddef.h>

#include "errand/ways.h"

unsigned
ways_of(const struct operand *source, const struct operand *target, bool direct)
{
	if (!target->remote)
		return source->remote ? WAYS_HERE : WAYS_WITHIN;
	if (!source->remote)
		return WAYS_AWAY;
	return direct ? WAYS_APART : WAYS_THROUGH;
}

const char *
ways_deny(unsigned able, unsigned meant)
{
	unsigned not = meant & ~able;

	if (not == 0)
		return NULL;
	if (not & WAYS_WITHIN)
		return "not of what stays here: cp(1) copies that";
	if (not & WAYS_APART)
		return "not with -R: hosts copy by themselves there";
	return "only of what comes here from a host";
}
