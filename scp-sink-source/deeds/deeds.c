/* SPDX-License-Identifier: ISC */
#include "deeds/deeds.h"

void
deeds_init(struct deeds *d, const struct policy *policy, const struct root *root,
    const struct account *account, struct audit *audit)
{
	d->policy = policy;
	d->root = root;
	d->account = account;
	d->audit = audit;
	d->usage = (struct usage){ .bytes = 0 };
	d->errors = 0;
	d->unlogged = false;
	d->begun = time(NULL);
	d->readable = true;
	d->here[0] = '\0';
	listing_init(&d->listing);
	d->level = 0;
	own_init(&d->own);
	d->pending = NULL;
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
