/* SPDX-License-Identifier: ISC */
#include "sayings.h"

/* The keys themselves are for test_keys: here are some of each kind. */
#define NO_ZERO "it cannot be 0: without a limit it is none"
#define WORDS "it takes a, b or c"

static const struct choices words = { WORDS, { { "a", 0 }, { "b", 1 }, { "c", 2 } } };
static const struct choices ways = {
	WORDS, { { "a", LOG_WAY_NONE }, { "b", LOG_WAY_STDERR }, { "c", LOG_WAY_SYSLOG } }
};

static const struct key flag = KEY(flag_kind, upload_only, NULL);
static const struct key ordered = KEY(ordered_kind, sync, &words);
static const struct key exclusive = KEY(exclusive_kind, replace, &words);
static const struct key log_way = KEY(log_kind, log, &ways);
static const struct key allow = KEY(allow_kind, rules, NULL);
static const struct key deny = KEY(deny_kind, rules, NULL);
static const struct key depth = KEY(depth_kind, max_depth, NULL);
static const struct key count = KEY(count_kind, max_files, NULL);
static const struct key size = KEY(size_kind, max_file_size, NULL);
static const struct key rate = KEY(rate_kind, rate, NULL);
static const struct key duration = KEY(time_kind, max_duration, NULL);
static const struct key unused = KEY(free_kind, min_free, NULL);

static const struct row rows[] = {
	{ &flag, { NULL }, NULL, "" },
	{ &flag, { "" }, NULL, "key\n" },
	{ &flag, { "", "" }, NULL, "key\n" },
	/* Words. */
	{ &ordered, { NULL }, NULL, "key a\n" },
	{ &ordered, { "a" }, NULL, "key a\n" },
	{ &ordered, { "b" }, NULL, "key b\n" },
	{ &ordered, { "a", "c" }, NULL, "key c\n" },
	{ &ordered, { "c", "b", "a" }, NULL, "key c\n" },
	{ &ordered, { "" }, WORDS, NULL },
	{ &ordered, { "A" }, WORDS, NULL },
	{ &ordered, { "ab" }, WORDS, NULL },
	{ &exclusive, { NULL }, NULL, "key a\n" },
	{ &exclusive, { "a", "c", "a" }, NULL, "key c\n" },
	{ &exclusive, { "b", "b" }, NULL, "key b\n" },
	{ &exclusive, { "b", "c" }, ANOTHER, NULL },
	{ &exclusive, { "c", "a", "b" }, ANOTHER, NULL },
	{ &exclusive, { "d" }, WORDS, NULL },
	{ &log_way, { NULL }, NULL, "" },
	{ &log_way, { "a", "a" }, NULL, "key a\n" },
	{ &log_way, { "b", "b" }, NULL, "key b\n" },
	{ &log_way, { "a", "c" }, NULL, "key c\n" },
	{ &log_way, { "c", "a", "b" }, NULL, "key c\n" },
	{ &log_way, { "a", "b" }, ANOTHER, NULL },
	{ &log_way, { "b", "a" }, ANOTHER, NULL },
	{ &log_way, { "d" }, WORDS, NULL },
	/* Limits. */
	{ &depth, { NULL }, NULL, "key 2048\n" },
	{ &depth, { "0" }, NULL, "key 0\n" },
	{ &depth, { "2048" }, NULL, "key 2048\n" },
	{ &depth, { "5", "7" }, NULL, "key 5\n" },
	{ &depth, { "7", "5" }, NULL, "key 5\n" },
	{ &depth, { "2049" }, "it takes a number from 0 to 2048", NULL },
	{ &depth, { "none" }, "it takes a number from 0 to 2048", NULL },
	{ &count, { NULL }, NULL, "key none\n" },
	{ &count, { "none" }, NULL, "key none\n" },
	{ &count, { "1024" }, NULL, "key 1024\n" },
	{ &count, { "0", "none" }, NULL, "key 0\n" },
	{ &count, { "1K" }, "it takes a number, or none", NULL },
	{ &size, { NULL }, NULL, "key none\n" },
	{ &size, { "1024K" }, NULL, "key 1M\n" },
	{ &size, { "1M", "1K", "1G" }, NULL, "key 1K\n" },
	{ &size, { "1K/s" }, "it takes a size such as 10M, or none", NULL },
	{ &rate, { NULL }, NULL, "key none\n" },
	{ &rate, { "1/s" }, NULL, "key 1/s\n" },
	{ &rate, { "2K/s", "none" }, NULL, "key 2K/s\n" },
	{ &rate, { "0/s" }, NO_ZERO, NULL },
	{ &rate, { "1K" }, "it takes a rate such as 10M/s, or none", NULL },
	{ &duration, { NULL }, NULL, "key none\n" },
	{ &duration, { "90s" }, NULL, "key 90\n" },
	{ &duration, { "2d", "48h", "3d" }, NULL, "key 2d\n" },
	{ &duration, { "0" }, NO_ZERO, NULL },
	/* What stays free: both of them. */
	{ &unused, { NULL }, NULL, "key 0\n" },
	{ &unused, { "0", "0%" }, NULL, "key 0\n" },
	{ &unused, { "1K", "1M", "2K" }, NULL, "key 1M\n" },
	{ &unused, { "5%", "100%", "7%" }, NULL, "key 100%\n" },
	{ &unused, { "5%", "1G" }, NULL, "key 1G\nkey 5%\n" },
	{ &unused, { "101%" }, "it takes a size such as 10M, or a part such as 5%", NULL },
	{ &unused, { "none" }, "it takes a size such as 10M, or a part such as 5%", NULL },
	/* Names. */
	{ &allow, { NULL }, NULL, "" },
	{ &allow, { "*.txt", "a\\ b", "*.txt" }, NULL, "key *.txt\nkey a\\ b\nkey *.txt\n" },
	{ &allow, { "" }, "it takes a pattern of one name", NULL },
	{ &allow, { "a/b" }, "it takes a pattern of one name", NULL },
	{ &deny, { NULL }, NULL, "" },
	{ &deny, { "*", "\xff" }, NULL, "key *\nkey \xff\n" },
	{ &allow, { "a b" }, "it takes one pattern: a blank in it needs a backslash before it", NULL },
	{ &deny, { "/" }, "it takes a pattern of one name", NULL },
};

START_TEST(values_of_each_kind)
{
	check_row(&rows[_i]);
}
END_TEST

/* What all keys of one kind hear, and of which of them a source may say several. */
START_TEST(what_kinds_say_of_themselves)
{
	static const struct { const struct kind *kind; bool repeats, has_words; } kinds[] = {
		{ &flag_kind, false, false }, { &ordered_kind, false, true },
		{ &exclusive_kind, false, true }, { &log_kind, false, true },
		{ &protocol_kind, false, true }, { &partial_kind, true, false },
		{ &allow_kind, true, false }, { &deny_kind, true, false },
		{ &depth_kind, false, false }, { &count_kind, false, false },
		{ &size_kind, false, false }, { &rate_kind, false, false },
		{ &time_kind, false, false }, { &free_kind, true, false },
	};

	for (size_t i = 0; i < COUNT(kinds); i++) {
		ck_assert_msg(kinds[i].kind->repeats == kinds[i].repeats, "%zu", i);
		ck_assert_msg((kinds[i].kind->expected == NULL) == kinds[i].has_words, "%zu", i);
		ck_assert_ptr_nonnull(kinds[i].kind->take);
		ck_assert_ptr_nonnull(kinds[i].kind->show);
	}
	ck_assert_str_eq(flag_kind.expected, "it takes no value");
}
END_TEST

/* Each in the field that its key has, and in no other. */
START_TEST(fields)
{
	static const struct key other = KEY(size_kind, max_session_bytes, NULL);

	begin();
	policy.max_session_bytes = AMOUNT_NONE;
	ck_assert_ptr_null(say(&other, "3K"));
	ck_assert_ptr_null(say(&unused, "5%"));
	ck_assert_uint_eq(policy.max_session_bytes, 3072);
	ck_assert_uint_eq(policy.max_file_size, AMOUNT_NONE);
	ck_assert_uint_eq(policy.min_free, 0);
	ck_assert_uint_eq(policy.min_free_percent, 5);
}
END_TEST

START_TEST(rules_of_two_sources)
{
	begin();
	policy.source = 1;
	ck_assert_ptr_null(say(&allow, "a"));
	ck_assert_ptr_null(say(&deny, "x"));
	ck_assert_ptr_null(say(&allow, "b"));
	policy.source = 2;
	ck_assert_ptr_null(say(&deny, "y"));
	ck_assert_str_eq(shown(&allow), "key a\nkey b\n");
	policy.source = 3;
	ck_assert_ptr_null(say(&allow, "c"));
	ck_assert_str_eq(shown(&allow), "key a\nkey b\n" KINDS_ALSO "\nkey c\n");
	ck_assert_str_eq(shown(&deny), "key x\nkey y\n");
	ck_assert_uint_eq(policy.nrules, 5);
	ck_assert(policy.rules[2].allow);
	ck_assert_uint_eq(policy.rules[2].source, 1);
	ck_assert(!policy.rules[3].allow);
	ck_assert_uint_eq(policy.rules[3].source, 2);
	ck_assert_str_eq(policy.rules[3].pattern, "y");
}
END_TEST

/* How many, and how long. */
START_TEST(limits_of_rules)
{
	char pattern[NAME_MAX + 2];

	begin();
	memset(pattern, 'p', sizeof(pattern));
	pattern[NAME_MAX + 1] = '\0';
	ck_assert_str_eq(say(&deny, pattern), "it takes a pattern of one name");
	pattern[NAME_MAX] = '\0';
	for (unsigned i = 0; i < POLICY_RULES; i++)
		ck_assert_ptr_null(say(i % 2 == 0 ? &allow : &deny, pattern));
	ck_assert_str_eq(policy.rules[POLICY_RULES - 1].pattern, pattern);
	ck_assert_str_eq(say(&allow, "x"), "there are too many allow and deny");
	ck_assert_str_eq(say(&deny, "x"), "there are too many allow and deny");
	ck_assert_uint_eq(policy.nrules, POLICY_RULES);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_loop_test(t, values_of_each_kind, 0, COUNT(rows));
	tcase_add_test(t, what_kinds_say_of_themselves);
	tcase_add_test(t, fields);
	tcase_add_test(t, rules_of_two_sources);
	tcase_add_test(t, limits_of_rules);
}

int
main(void)
{
	return run_unit("kinds", add);
}
