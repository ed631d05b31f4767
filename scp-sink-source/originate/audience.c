/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "originate/audience.h"

/* Whether each of its sources is one file, and there are not many. */
static bool
is_few(const struct errand *e)
{
	if (e->recursive || e->nsources >= AUDIENCE_FEW)
		return false;
	for (int i = 0; i < e->nsources; i++)
		if (e->sources[i].remote && strpbrk(e->sources[i].path, "*?[") != NULL)
			return false;
	return true;
}

enum tally_form
audience_form(const struct errand *e)
{
	/* What is wanted there is the file. */
	if (operand_descriptor(&e->target) == STDOUT_FILENO)
		return TALLY_NONE;
	if (e->progress == ERRAND_JSON)
		return TALLY_JSON;
	/* Lines of what is said to and by a host would only be torn. */
	if (e->quiet || e->verbose || e->progress == ERRAND_NONE)
		return TALLY_NONE;
	return e->progress == ERRAND_FILES || (e->progress == ERRAND_AUTO && is_few(e)) ? TALLY_FILES
	    : TALLY_TOTAL;
}

static bool
is_among(const char *const *hosts, size_t n, const char *host)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(hosts[i], host) == 0)
			return true;
	return false;
}

const char **
audience_hosts(const struct errand *e)
{
	const char **hosts = calloc((size_t)e->nsources + 2, sizeof(*hosts));
	size_t n = 0;

	for (int i = 0; hosts != NULL && i <= e->nsources; i++) {
		const struct operand *o = i < e->nsources ? &e->sources[i] : &e->target;

		if (o->remote && !is_among(hosts, n, o->host))
			hosts[n++] = o->host;
	}
	return hosts;
}
