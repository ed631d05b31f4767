/* SPDX-License-Identifier: ISC */
#ifndef DOING_H
#define DOING_H

/* What the tests of the deeds have: a session whose root is "top" in the test's directory, or none. */
#include "deeds/deeds.h"
#include "log.h"
#include "policies.h"
#include "unit.h"

static struct deeds deeds;	/* too large for a stack */
static struct policy policy;
static struct root root;
static struct audit audit;
static struct account account;
static struct answer answer;

/* Begins the session that POLICY is for; the working directory is the test's. */
static inline void
begin_session(void)
{
	char top[PATH_MAX];
	const char *what;

	ck_assert_int_eq(fchdir(unit_fd), 0);
	account = (struct account){ .uid = geteuid(), .gid = getegid(), .name = "u" };
	if (policy.restricted) {
		snprintf(top, sizeof(top), "%s/top", unit_path);
		ck_assert_int_eq(root_confine(&root, top, "", policy.start,
		    policy.symlinks == SYMLINKS_BENEATH, &what), 0);
	} else {
		ck_assert_int_eq(root_open(&root), 0);
	}
	log_open();
	log_begin(&audit);
	deeds_init(&deeds, &policy, &root, &account, &audit);
}

/* An account that does both, beneath "top". */
static inline void
begin_restricted(void)
{
	ck_assert_int_eq(mkdirat(unit_fd, "top", 0755), 0);
	/* Permissions bind him, and all that he finds is his. */
	if (geteuid() == 0)
		ck_assert_int_eq(fchownat(unit_fd, "top", NOBODY, NOBODY, 0), 0);
	become_user();
	policy = restricted_policy();
	policy.make_links = POLICY_NO;
}

/* One for uploads alone, that learns nothing. */
static inline void
begin_blind(void)
{
	begin_restricted();
	policy.upload_only = true;
	policy.reveal = POLICY_NO;
	policy.list = policy.rename = policy.remove = policy.attributes = RIGHT_OWN;
}

/* Answers of DEED, which must fail with ERR and TEXT, NULL: what ERR is called. */
#define EXPECT_NO(deed, wanted_err, wanted_text) do { \
	answer = (struct answer){ 0, NULL }; \
	ck_assert_int_eq(deed, -1); \
	expect_answer(wanted_err, wanted_text); \
} while (0)

#define EXPECT_YES(deed) do { \
	int yes_ = (deed); \
	ck_assert_msg(yes_ == 0, "%s: expected success, got %s", #deed, answer_text(&answer)); \
} while (0)

static inline void
expect_answer(int err, const char *text)
{
	ck_assert_msg(answer.err == err, "expected %s, got %s", strerror(err),
	    strerror(answer.err));
	if (text == NULL)
		ck_assert_msg(answer.text == NULL, "expected no text, got \"%s\"", answer.text);
	else
		ck_assert_str_eq(answer_text(&answer), text);
}

#endif
