/* SPDX-License-Identifier: ISC */
#include "doing.h"

static char text[PATH_MAX];

static int
hard(const char *from, const char *to)
{
	return deeds_hard_link(&deeds, from, to, DEEDS_SPARE, &answer);
}

static int
soft(const char *says, const char *link)
{
	return deeds_symlink(&deeds, says, link, DEEDS_SPARE, &answer);
}

static int
says(const char *link)
{
	return deeds_read_link(&deeds, link, text, &answer);
}

static void
begin_linking(void)
{
	begin_restricted();
	policy.make_links = POLICY_YES;
	policy.symlinks = SYMLINKS_BENEATH;
	put_file("outside", "o", 0644);
	put_file("top/f", "f", 0644);
	ck_assert_int_eq(mkdirat(unit_fd, "top/d", 0755), 0);
	begin_session();
}

START_TEST(rule_41_links_are_made_where_that_is_allowed)
{
	begin_linking();
	EXPECT_YES(hard("f", "d/g"));
	EXPECT_YES(soft("../f", "d/l"));
	log_is("link old \"/f\" new \"/d/g\"\nsymlink old \"../f\" new \"/d/l\"\n");
	ck_assert_str_eq(get_file("top/d/g"), "f");
	ck_assert_str_eq(get_file("top/d/l"), "f");
	EXPECT_NO(hard("f", "d/g"), EEXIST, NULL);
	EXPECT_NO(soft("x", "d/g"), EEXIST, NULL);
	EXPECT_NO(hard("f", "/"), EEXIST, NULL);
	EXPECT_NO(soft("f", "/"), EEXIST, NULL);
	EXPECT_NO(hard("no", "x"), ENOENT, NULL);
	policy.make_links = POLICY_NO;
	EXPECT_NO(hard("f", "x"), EACCES, "making links is not allowed");
	EXPECT_NO(soft("f", "x"), EACCES, "making links is not allowed");
	policy.make_links = POLICY_YES;
	policy.download_only = true;
	EXPECT_NO(hard("f", "x"), EACCES, "uploads are not allowed");
	EXPECT_NO(soft("f", "x"), EACCES, "uploads are not allowed");
	ck_assert(!exists("top/x"));
}
END_TEST

START_TEST(rule_41_what_a_link_says_stays_beneath_the_root)
{
	begin_linking();
	EXPECT_NO(soft("/f", "x"), EACCES, "links must be relative here");
	EXPECT_NO(soft("../outside", "x"), EACCES, "it would lead out of the root");
	EXPECT_NO(soft("../../outside", "d/x"), EACCES, "it would lead out of the root");
	EXPECT_NO(soft("d/../../f", "x"), EACCES, "it would lead out of the root");
	EXPECT_NO(soft("", "x"), ENOENT, NULL);
	ck_assert(!exists("top/x") && !exists("top/d/x"));
	EXPECT_YES(soft("no/such/thing", "x"));
	EXPECT_YES(soft("..", "d/up"));
}
END_TEST

/* A name that is denied would have another one. */
START_TEST(rule_41_what_a_link_leads_to_is_judged_by_name)
{
	begin_linking();
	put_file("top/.secret", "s", 0644);
	policy.nrules = 1;
	policy.rules[0] = (struct policy_rule){ .allow = true, .pattern = "*.txt" };
	put_file("top/a.txt", "a", 0644);
	EXPECT_NO(soft(".secret", "l.txt"), EACCES, "names that begin with a dot are not allowed");
	EXPECT_NO(soft("f", "l.txt"), EACCES, "this name is not allowed");
	EXPECT_NO(soft("new", "l.txt"), EACCES, "this name is not allowed");
	EXPECT_NO(soft("a.txt", "l"), EACCES, "this name is not allowed");
	EXPECT_NO(hard("f", "l.txt"), EACCES, "this name is not allowed");
	EXPECT_NO(hard("a.txt", "l"), EACCES, "this name is not allowed");
	EXPECT_NO(soft("d/.scp-0123456789abcdef-0-1", "l.txt"), EACCES,
	    "names that begin with a dot are not allowed");
	policy.hidden = POLICY_YES;
	policy.nrules = 0;
	EXPECT_NO(soft("d/.scp-0123456789abcdef-0-1", "l.txt"), EACCES, "this name is not allowed");
	policy.hidden = POLICY_NO;
	EXPECT_YES(soft("a.txt", "l.txt"));
	EXPECT_YES(soft("d", "d.txt"));
}
END_TEST

START_TEST(rule_41_only_regular_files_have_hard_links)
{
	begin_linking();
	ck_assert_int_eq(mkfifoat(unit_fd, "top/fifo", 0644), 0);
	ck_assert_int_eq(symlinkat("../outside", unit_fd, "top/l"), 0);
	EXPECT_NO(hard("fifo", "x"), EPERM, "not a regular file");
	EXPECT_NO(hard("l", "x"), EPERM, "not a regular file");
	EXPECT_NO(hard("d", "x"), EPERM, "not a regular file");
	EXPECT_NO(hard("/", "x"), EPERM, NULL);
	ck_assert(!exists("top/x"));
}
END_TEST

START_TEST(rule_40_a_link_is_read_where_it_stays_beneath_the_root)
{
	begin_linking();
	ck_assert_int_eq(symlinkat("../f", unit_fd, "top/d/in"), 0);
	ck_assert_int_eq(symlinkat("../outside", unit_fd, "top/out"), 0);
	ck_assert_int_eq(symlinkat("/etc/passwd", unit_fd, "top/abs"), 0);
	ck_assert_int_eq(symlinkat(".secret", unit_fd, "top/denied"), 0);
	EXPECT_YES(says("d/in"));
	ck_assert_str_eq(text, "../f");
	EXPECT_NO(says("out"), ENOENT, NULL);
	EXPECT_NO(says("abs"), ENOENT, NULL);
	EXPECT_NO(says("denied"), ENOENT, NULL);
	EXPECT_NO(says("no"), ENOENT, NULL);
	EXPECT_NO(says("f"), EINVAL, NULL);
	policy.reveal = POLICY_NO;
	EXPECT_YES(says("d/in"));
	policy.list = RIGHT_OWN;
	EXPECT_NO(says("d/in"), ENOENT, NULL);
	EXPECT_NO(says("f"), ENOENT, NULL);
	policy.upload_only = true;
	EXPECT_NO(says("d/in"), EACCES, "downloads are not allowed");
}
END_TEST

START_TEST(rule_58_links_that_were_made_are_own)
{
	begin_blind();
	policy.make_links = POLICY_YES;
	put_file("top/f", "f", 0644);
	begin_session();
	EXPECT_NO(hard("f", "x"), EACCES, NULL);
	EXPECT_NO(hard("no", "x"), EACCES, NULL);
	EXPECT_YES(soft("f", "l"));
	EXPECT_YES(deeds_rename(&deeds, "l", "m", DEEDS_SPARE_SEEN, &answer));
	EXPECT_YES(deeds_remove(&deeds, "m", &answer));
	ck_assert_int_eq(count_entries("top"), 1);
}
END_TEST

START_TEST(a_drop_in_makes_and_reads_any_link)
{
	policy = drop_in_policy();
	put_file("f", "f", 0644);
	begin_session();
	EXPECT_YES(soft("/no/such", "l"));
	EXPECT_YES(says("l"));
	ck_assert_str_eq(text, "/no/such");
	EXPECT_YES(hard("l", "m"));
	EXPECT_YES(says("m"));
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, rule_41_links_are_made_where_that_is_allowed);
	tcase_add_test(t, rule_41_what_a_link_says_stays_beneath_the_root);
	tcase_add_test(t, rule_41_what_a_link_leads_to_is_judged_by_name);
	tcase_add_test(t, rule_41_only_regular_files_have_hard_links);
	tcase_add_test(t, rule_40_a_link_is_read_where_it_stays_beneath_the_root);
	tcase_add_test(t, rule_58_links_that_were_made_are_own);
	tcase_add_test(t, a_drop_in_makes_and_reads_any_link);
}

int
main(void)
{
	return run_unit("links", add);
}
