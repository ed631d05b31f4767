/* SPDX-License-Identifier: ISC */
#include "commanding.h"

static void
begin(void)
{
	begin_restricted();
	policy.symlinks = SYMLINKS_BENEATH;
	ck_assert_int_eq(mkdirat(unit_fd, "top/d", 0755), 0);
	put_file("top/f", "abc", 0600);
	put_file("top/empty", "", 0);
	put_file("top/run", "", 0100);
	ck_assert_int_eq(symlinkat("d", unit_fd, "top/l"), 0);
	ck_assert_int_eq(symlinkat("none", unit_fd, "top/dangling"), 0);
	begin_commands(-1);
}

/* What test makes of WORDS, split at blanks, and [ of the same with a ] behind them. */
static void
expect(int wanted, const char *words)
{
	char text[256], *rest = text;
	const char *said[16] = { "test" };
	size_t n = 1;

	strcpy(text, words);
	while (*words != '\0' && rest != NULL)
		said[n++] = strsep(&rest, " ");
	said[n] = NULL;
	ck_assert_msg(run_words(said) == wanted, "test %s: expected %d", words, wanted);
	said[0] = "[";
	said[n] = "]";
	said[n + 1] = NULL;
	ck_assert_msg(run_words(said) == wanted, "[ %s ]: expected %d", words, wanted);
	ck_assert_str_eq(take_output(), "");
	ck_assert_int_eq(take_errors()[0] == '\0', wanted != JOB_MISUSED);
}

START_TEST(files)
{
	static const char *const yes[] = {
		"-e f", "-f f", "-s f", "-r f", "-w f", "-d d", "-x d", "-e d/", "-d l", "-d l/", "-L l",
		"-h l", "-L dangling", "-x run", "-e empty", "! -e no", "! -e dangling", "! -d f",
		"! -e f/", "! -L f", "! -L l/", "! -s empty", "! -r empty", "! -w empty", "! -x f",
		"! -f d", "! ! -f f",
	};
	static const char *const no[] = { "-e no", "! -f f", "-d f", "-e f/x" };

	begin();
	for (size_t i = 0; i < COUNT(yes); i++)
		expect(JOB_DONE, yes[i]);
	for (size_t i = 0; i < COUNT(no); i++)
		expect(JOB_FAILED, no[i]);
	EXPECT(JOB_FAILED, "", "", "test", "-e", "");
	log_is("");
}
END_TEST

START_TEST(words_alone)
{
	begin();
	expect(JOB_DONE, "x");
	expect(JOB_DONE, "!");
	expect(JOB_DONE, "-e");
	expect(JOB_FAILED, "! x");
	EXPECT(JOB_FAILED, "", "", "test");
	EXPECT(JOB_FAILED, "", "", "test", "");
	EXPECT(JOB_DONE, "", "", "test", "!", "");
	EXPECT(JOB_FAILED, "", "", "[", "]");
}
END_TEST

START_TEST(nothing_else_is_an_expression)
{
	begin();
	expect(JOB_MISUSED, "a = a");
	expect(JOB_MISUSED, "-z x");
	expect(JOB_MISUSED, "-ef x");
	expect(JOB_MISUSED, "! a = a");
	expect(JOB_MISUSED, "-e f -a -e f");
	EXPECT(JOB_MISUSED, "", "test: no such expression\n", "test", "-g", "f");
	EXPECT(JOB_MISUSED, "", "[: it has no ] at its end\n", "[", "-e", "f");
	EXPECT(JOB_MISUSED, "", "[: it has no ] at its end\n", "[");
}
END_TEST

START_TEST(what_the_policy_does_not_have_is_not_permitted)
{
	begin();
	policy.download_only = true;
	expect(JOB_FAILED, "-w f");
	expect(JOB_FAILED, "-w d");
	expect(JOB_DONE, "-r f");
	policy.download_only = false;
	policy.upload_only = true;
	expect(JOB_FAILED, "-r f");
	expect(JOB_DONE, "-r d");
	expect(JOB_DONE, "-w f");
	policy.reveal = POLICY_NO;
	expect(JOB_FAILED, "-e f");
	expect(JOB_DONE, "-d d");
}
END_TEST

START_TEST(permissions_of_groups_and_others)
{
	begin();
	ck_assert_int_eq(fchmodat(unit_fd, "top/f", 0570, 0), 0);
	expect(JOB_FAILED, "-w f");
	people.uid++;
	expect(JOB_DONE, "-w f");
	people.ngroups = 0;
	expect(JOB_FAILED, "-r f");
	people.uid = 0;
	expect(JOB_DONE, "-r f");
	expect(JOB_DONE, "-x f");
	expect(JOB_FAILED, "-x empty");
	expect(JOB_DONE, "-x d");
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, files);
	tcase_add_test(t, words_alone);
	tcase_add_test(t, nothing_else_is_an_expression);
	tcase_add_test(t, what_the_policy_does_not_have_is_not_permitted);
	tcase_add_test(t, permissions_of_groups_and_others);
}

int
main(void)
{
	return run_unit("test", add);
}
