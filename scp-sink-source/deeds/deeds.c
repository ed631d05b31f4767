/* SPDX-License-Identifier: ISC */
#include <bsd/string.h>

#include "deeds/deeds.h"
#include "paths/cwd.h"

void
deeds_init(struct deeds *d, const struct policy *policy, const struct root *root,
    const struct account *account, struct audit *audit)
{
	char here[PATH_MAX] = "/";

	d->policy = policy;
	d->root = root;
	d->account = account;
	d->audit = audit;
	d->way = AUDIT_SFTP;
	d->usage = (struct usage){ .bytes = 0 };
	d->errors = 0;
	d->muted = d->unlogged = false;
	d->begun = time(NULL);
	/* Later there may be a filter that has no call for it.  Where nobody knows, it is the top. */
	if (root->confined || cwd_path(here) == -1)
		here[1] = '\0';
	strlcpy(d->here, here + 1, sizeof(d->here));
	listing_init(&d->listing);
	d->level = 0;
	own_init(&d->own);
	d->link = TEMP_LINK_UNKNOWN;
	d->named_only = false;
	d->ability = (struct ability){ .tried = false };
	d->pending = NULL;
	d->regular[0] = '\0';
}

bool
deeds_is_quiet(const struct deeds *d)
{
	return d->policy->reveal == POLICY_NO;
}

bool
deeds_is_blind(const struct deeds *d)
{
	return deeds_is_quiet(d) && d->policy->upload_only;
}
