/* SPDX-License-Identifier: ISC */
#include "policy.h"

void
policy_init(struct policy *p)
{
	*p = (struct policy){
		.keep = 07777,
		.special = true,
		.follow = true,
		.max_depth = POLICY_DEPTH_MAX,
	};
}
