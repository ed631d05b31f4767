/* SPDX-License-Identifier: ISC */
#ifndef SAYINGS_H
#define SAYINGS_H

/* Keys of the kinds that there are, what is said of them, and what is shown then. */
#include <stddef.h>

#include "rules/kinds.h"
#include "unit.h"

#define AT(field) offsetof(struct policy, field)
#define KEY(kind_, field, choices_) \
	{ .name = "key", .kind = &(kind_), .at = AT(field), .choices = (choices_) }

#define ANOTHER "it is not what was said before"

enum {
	SHOWN_MAX = 16384
};

/* What is said one after the other, and what is shown then, or why the last is not taken. */
struct row {
	const struct key *key;
	const char	 *said[4], *why;	/* NULL: none */
	const char	 *shown;
};

static struct policy policy;
static struct account account;

/* Nothing said, in the fields that these keys have. */
static inline void
begin(void)
{
	policy = (struct policy){
		.max_depth = POLICY_DEPTH_MAX, .max_files = AMOUNT_NONE,
		.max_file_size = AMOUNT_NONE, .rate = AMOUNT_NONE, .max_duration = AMOUNT_NONE,
		.file_mode = { .may = 07777 },
	};
	account = (struct account){ .uid = STRANGER, .gid = STRANGER, .name = "alice" };
}

static inline const char *
say(const struct key *k, const char *value)
{
	struct saying s = { .policy = &policy, .account = &account, .key = k, .value = value };

	return k->kind->take(&s);
}

/* The lines that a key has. */
static inline const char *
shown(const struct key *k)
{
	static char text[SHOWN_MAX];
	FILE *out = fmemopen(text, sizeof(text), "w");

	ck_assert_ptr_nonnull(out);
	text[0] = '\0';
	k->kind->show(&policy, k, out);
	ck_assert_int_eq(fclose(out), 0);
	return text;
}

static inline void
check_row(const struct row *r)
{
	const char *why = NULL;
	size_t n = 0;

	begin();
	for (; n < COUNT(r->said) && r->said[n] != NULL; n++) {
		ck_assert_msg(why == NULL, "value %zu: %s", n, why);
		why = say(r->key, r->said[n]);
	}
	ck_assert_pstr_eq(why, r->why);
	if (why == NULL)
		ck_assert_str_eq(shown(r->key), r->shown);
}

#endif
