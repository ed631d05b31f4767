/* SPDX-License-Identifier: ISC */
#include "commanding.h"

#define ABC "900150983cd24fb0d6963f7d28e17f72"
#define NOTHING "d41d8cd98f00b204e9800998ecf8427e"
#define LARGE 300000

static void
make_tree(void)
{
	begin_restricted();
	ck_assert_int_eq(mkdirat(unit_fd, "top/d", 0755), 0);
	put_file("top/f", "abc", 0640);
	put_file("top/d/e", "", 0640);
	ck_assert_int_eq(symlinkat("f", unit_fd, "top/l"), 0);
}

static void
begin(void)
{
	make_tree();
	begin_commands(-1);
}

START_TEST(cat_shows_files_in_full)
{
	int fd;

	begin();
	EXPECT(JOB_DONE, "abcabc", "", "cat", "f", "d/e", "./f");
	log_is("close \"/f\" bytes read 3 written 0 seconds # mode 0640\n"
	    "close \"/d/e\" bytes read 0 written 0 seconds # mode 0640\n"
	    "close \"/f\" bytes read 3 written 0 seconds # mode 0640\n");
	EXPECT(JOB_FAILED, "abc", "cat: no: No such file or directory\ncat: d: Is a directory\n", "cat",
	    "no", "d", "f");
	EXPECT(JOB_MISUSED, "", "cat: missing operand\n", "cat");
	fd = openat(unit_fd, "top/f", O_WRONLY | O_CLOEXEC);
	for (int i = 0; i < LARGE; i++)
		ck_assert_int_eq(write(fd, &"0123456789"[i % 10], 1), 1);
	close(fd);
	ck_assert_int_eq(RUN("cat", "f"), JOB_DONE);
	ck_assert_uint_eq(strlen(take_output()), LARGE);
	ck_assert_uint_eq(deeds.usage.bytes, LARGE + 3 * 3);
}
END_TEST

START_TEST(rule_45_reading_is_a_download)
{
	begin();
	log_clear();
	policy.upload_only = true;
	EXPECT(JOB_FAILED, "", "cat: f: downloads are not allowed\n", "cat", "f");
	log_is("refused \"/f\" reason \"downloads are not allowed\"\n");
	ck_assert_int_eq(RUN("md5sum", "f"), JOB_FAILED);
	ck_assert_str_eq(take_output(), "");
	policy.upload_only = false;
	policy.max_file_size = 2;
	ck_assert_int_eq(RUN("cat", "f"), JOB_FAILED);
	ck_assert_str_eq(take_output(), "");
	policy.max_file_size = AMOUNT_NONE;
	policy.max_session_bytes = 5;
	ck_assert_int_eq(RUN("sha1sum", "f"), JOB_DONE);
	ck_assert_int_eq(RUN("cat", "f"), JOB_FAILED);
}
END_TEST

START_TEST(no_link_is_read_where_none_is_followed)
{
	begin();
	ck_assert_int_eq(RUN("cat", "l"), JOB_FAILED);
	ck_assert_str_eq(take_output(), "");
	root.follow = true;
	take_errors();
	EXPECT(JOB_DONE, "abc", "", "cat", "l");
}
END_TEST

START_TEST(rule_34_lines)
{
	begin();
	put_file("top/a\\b\n", "abc", 0600);
	EXPECT(JOB_DONE, ABC "  ./f\n" NOTHING "  d/e\n", "", "md5sum", "./f", "d/e");
	EXPECT(JOB_DONE, ABC " *f\n", "", "md5sum", "-b", "f");
	EXPECT(JOB_DONE, ABC "  f\n", "", "md5sum", "-t", "f");
	EXPECT(JOB_DONE, "\\" ABC "  a\\\\b\\n\n", "", "md5sum", "a\\b\n");
	EXPECT(JOB_DONE, "a9993e364706816aba3e25717850c26c9cd0d89d  f\n", "", "/usr/bin/sha1sum", "f");
	EXPECT(JOB_FAILED, ABC "  f\n", "md5sum: d: Is a directory\n", "md5sum", "d", "f");
	EXPECT(JOB_MISUSED, "", "md5sum: missing operand\n", "md5sum");
	EXPECT(JOB_MISUSED, "", "md5sum: -c: no such option\n", "md5sum", "-c", "f");
	ck_assert_ptr_null(verbs_find("sha224sum"));
}
END_TEST

START_TEST(rule_34_each_sum_has_its_own)
{
	static const struct {
		const char *name;
		size_t	    digits;
	} rows[] = {
		{ "md5sum", 32 }, { "sha1sum", 40 }, { "sha256sum", 64 }, { "sha384sum", 96 },
		{ "sha512sum", 128 },
	};

	begin();
	for (size_t i = 0; i < COUNT(rows); i++) {
		ck_assert_int_eq(RUN(rows[i].name, "f"), JOB_DONE);
		ck_assert_uint_eq(strspn(take_output(), "0123456789abcdef"), rows[i].digits);
	}
}
END_TEST

START_TEST(rule_34_the_input_has_a_sum)
{
	int ends[2];

	make_tree();
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	begin_commands(ends[0]);
	/* Some of it was read before. */
	memcpy(stream.inbuf, "a", 1);
	stream.inlen = 1;
	ck_assert_int_eq(write(ends[1], "bc", 2), 2);
	close(ends[1]);
	EXPECT(JOB_DONE, ABC "  -\n", "", "md5sum");
	EXPECT(JOB_DONE, NOTHING "  -\n", "", "md5sum");
	EXPECT(JOB_DONE, ABC "  f\n", "", "md5sum", "f");
	has_input = false;
	empty_input = true;
	EXPECT(JOB_DONE, NOTHING "  -\n", "", "md5sum");
	EXPECT(JOB_DONE, ABC "  f\n", "", "md5sum", "f");
	EXPECT(JOB_DONE, "", "", "cat");
	EXPECT(JOB_DONE, "abc", "", "cat", "f");
}
END_TEST

START_TEST(rule_22_sums_keep_to_the_rate)
{
	begin();
	pace_init(&stream.pace, 1000000);
	stream.pace.due = 0;
	ck_assert_int_eq(RUN("md5sum", "d/e"), JOB_DONE);
	ck_assert_int_eq(stream.pace.due, 0);
	ck_assert_int_eq(RUN("md5sum", "f"), JOB_DONE);
	ck_assert_int_gt(stream.pace.due, 0);
}
END_TEST

START_TEST(who_reads_no_more_ends_it)
{
	int ends[2];

	begin();
	ck_assert_int_eq(truncate("top/f", 1 << 20), 0);
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	close(ends[0]);
	close(stream.out);
	stream.out = ends[1];
	(void)signal(SIGPIPE, SIG_IGN);
	log_clear();
	ck_assert_int_eq(RUN_LOST("cat", "f", "f"), JOB_FAILED);
	log_is("forced close \"/f\" bytes read # written 0 seconds # mode 0640 reason "
	    "\"the session ended\"\n");
	ck_assert_uint_lt(deeds.usage.bytes, 1 << 20);
}
END_TEST

START_TEST(when_the_time_is_up_it_ends)
{
	struct deadline over = { .reason = "the session took too long" };

	begin();
	ck_assert_int_eq(truncate("top/f", 1 << 20), 0);
	stream.deadline = &over;
	log_clear();
	ck_assert_int_eq(RUN_LOST("md5sum", "f", "f"), JOB_FAILED);
	ck_assert_str_eq(take_output(), "");
	log_is("forced close \"/f\" bytes read 65536 written 0 seconds # mode 0640 reason "
	    "\"the session ended\"\n");
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, cat_shows_files_in_full);
	tcase_add_test(t, rule_45_reading_is_a_download);
	tcase_add_test(t, no_link_is_read_where_none_is_followed);
	tcase_add_test(t, rule_34_lines);
	tcase_add_test(t, rule_34_each_sum_has_its_own);
	tcase_add_test(t, rule_34_the_input_has_a_sum);
	tcase_add_test(t, rule_22_sums_keep_to_the_rate);
	tcase_add_test(t, who_reads_no_more_ends_it);
	tcase_add_test(t, when_the_time_is_up_it_ends);
}

int
main(void)
{
	return run_unit("contents", add);
}
