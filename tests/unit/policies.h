/* SPDX-License-Identifier: ISC */
#ifndef POLICIES_H
#define POLICIES_H

/*
 * What two kinds of accounts have where the administrator has said nothing, filled in by hand: the
 * tests of those who only read a policy need nobody who makes one.
 */
#include "rules/policy.h"
#include "text/amount.h"

/* The scp that everybody knows. */
static inline struct policy
drop_in_policy(void)
{
	return (struct policy){
		.root = "/",
		.overwrite = OVERWRITE_YES,
		.replace = REPLACE_AUTO,
		.sync = SYNC_NONE,
		.symlinks = SYMLINKS_BENEATH,
		.hidden = POLICY_YES,
		.recursive = POLICY_YES,
		.mkdir = POLICY_YES,
		.list = RIGHT_YES,
		.rename = RIGHT_YES,
		.remove = RIGHT_YES,
		.attributes = RIGHT_YES,
		.make_links = POLICY_YES,
		.modes = MODES_CLIENT,
		.times = TIMES_CLIENT,
		.log = LOG_WAY_NONE,
		.reveal = POLICY_YES,
		.max_depth = POLICY_DEPTH_MAX,
		.max_file_size = AMOUNT_NONE,
		.max_session_bytes = AMOUNT_NONE,
		.max_files = AMOUNT_NONE,
		.rate = AMOUNT_NONE,
		.idle_timeout = AMOUNT_NONE,
		.max_duration = AMOUNT_NONE,
		.file_mode = { .may = 07777 },
		.dir_mode = { .may = 07777 },
	};
}

/* An account for transfers alone; but it has no log, unless a test is about one. */
static inline struct policy
restricted_policy(void)
{
	struct policy p = drop_in_policy();

	p.restricted = true;
	p.symlinks = SYMLINKS_NEVER;
	p.hidden = POLICY_NO;
	p.make_links = POLICY_NO;
	p.max_depth = 64;
	p.file_mode.may = p.dir_mode.may = 0777;
	return p;
}

#endif
