/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>

#include "deeds/entries.h"
#include "deeds/sight.h"
#include "deeds/spot.h"
#include "rules/alias.h"
#include "upload/hidden.h"

void
entries_begin(struct deeds *d, struct entries *e)
{
	*e = (struct entries){ .own = d->policy->list == RIGHT_OWN, .level = ++d->level };
	listing_begin(&d->listing, e->level, &e->mark);
}

int
entries_next(struct deeds *d, struct entries *e, int fd, const char *plain, const char **name)
{
	struct listing_entry found;
	int more;

	if (e->own) {
		*name = own_next(&d->own, plain, &e->at);
		return *name != NULL;
	}
	more = listing_next(&d->listing, e->level, fd, &e->mark, &found);
	*name = more == 1 ? found.name : NULL;
	return more;
}

bool
entries_path(const char *plain, const char *name, char dst[PATH_MAX])
{
	return snprintf(dst, PATH_MAX, "%s%s%s", plain, plain[0] != '\0' ? "/" : "", name) < PATH_MAX;
}

bool
entries_see(const struct deeds *d, const struct entries *e, int fd, const char *plain,
    const char *name, struct stat *st)
{
	char path[PATH_MAX];

	errno = ENOENT;
	if (alias_denies_listed(d->policy, fd, name, true) != NULL || hidden_is_name(name))
		return false;
	if (spot_stat_entry(d, fd, name, st) == -1)
		return false;
	errno = ENOENT;
	if (!S_ISDIR(st->st_mode) && policy_denies_name(d->policy, name, false) != NULL)
		return false;
	if (!e->own && !deeds_is_blind(d))
		return true;
	if (entries_path(plain, name, path) &&
	    (e->own ? own_has(&d->own, path, st, fd, name) : sight_has(d, path, st, fd, name)))
		return true;
	errno = ENOENT;
	return false;
}
