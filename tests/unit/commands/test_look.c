/* SPDX-License-Identifier: ISC */
#include <sys/statvfs.h>

#include "commanding.h"

static void
begin(void)
{
	begin_restricted();
	policy.symlinks = SYMLINKS_BENEATH;
	ck_assert_int_eq(mkdirat(unit_fd, "top/d", 0755), 0);
	put_file("top/f", "abc", 0);
	put_file("top/a\nb", "", 0600);
	ck_assert_int_eq(symlinkat("../f", unit_fd, "top/d/l"), 0);
	begin_commands(-1);
}

START_TEST(readlink_says_what_a_link_says)
{
	begin();
	ck_assert_int_eq(symlinkat("x\ny", unit_fd, "top/odd"), 0);
	ck_assert_int_eq(symlinkat("/etc/passwd", unit_fd, "top/out"), 0);
	EXPECT(JOB_DONE, "../f\n", "", "readlink", "d/l");
	EXPECT(JOB_DONE, "x?y\n", "", "readlink", "odd");
	EXPECT(JOB_FAILED, "", "", "readlink", "out");
	EXPECT(JOB_FAILED, "", "", "readlink", "f");
	EXPECT(JOB_FAILED, "", "", "readlink", "no");
	EXPECT(JOB_FAILED, "", "", "readlink", "/bin/sh");
	EXPECT(JOB_MISUSED, "", "readlink: -f: no such option\n", "readlink", "-f", "f");
	log_is("");
}
END_TEST

START_TEST(wc_says_a_size_and_reads_nothing)
{
	begin();
	EXPECT(JOB_DONE, "3 ./f\n", "", "wc", "-c", "./f");
	EXPECT(JOB_DONE, "3 d/l\n", "", "wc", "-c", "d/l");
	EXPECT(JOB_DONE, "0 a?b\n", "", "wc", "-c", "a\nb");
	EXPECT(JOB_FAILED, "", "wc: d: Is a directory\n", "wc", "-c", "d");
	EXPECT(JOB_FAILED, "", "wc: no: No such file or directory\n", "wc", "-c", "no");
	EXPECT(JOB_MISUSED, "", "wc: only -c is served\n", "wc", "f");
	ck_assert_int_eq(mkfifoat(unit_fd, "top/p", 0600), 0);
	EXPECT(JOB_FAILED, "", "wc: p: not a regular file\n", "wc", "-c", "p");
	log_is("");
}
END_TEST

/* The numbers of the second line; the others are as expected. */
static void
measure(uintmax_t *total, uintmax_t *used, uintmax_t *left, unsigned *percent)
{
	static const char head[] = "Filesystem 1024-blocks Used Available Capacity Mounted on\n";
	const char *text;
	int end = 0;

	ck_assert_int_eq(RUN("df", "-k", "d"), JOB_DONE);
	text = take_output();
	ck_assert_int_eq(strncmp(text, head, strlen(head)), 0);
	ck_assert_int_eq(sscanf(text + strlen(head), "- %ju %ju %ju %u%% /\n%n", total, used, left,
	    percent, &end), 4);
	ck_assert_uint_eq(strlen(head) + (size_t)end, strlen(text));
}

START_TEST(df_says_how_much_room_there_is)
{
	uintmax_t total, used, left, kept;
	struct statvfs fs;
	unsigned percent;

	begin();
	ck_assert_int_eq(fstatvfs(unit_fd, &fs), 0);
	measure(&total, &used, &left, &percent);
	ck_assert_uint_eq(total, (uintmax_t)fs.f_blocks * fs.f_frsize / 1024);
	ck_assert_uint_le(used + left, total);
	ck_assert_uint_le(percent, 100);
	/* Half of all stays free. */
	policy.min_free_percent = 50;
	measure(&total, &used, &kept, &percent);
	ck_assert_uint_le(kept, total / 2);
	ck_assert(kept < left || left == 0);
	policy.min_free_percent = 100;
	measure(&total, &used, &kept, &percent);
	ck_assert_uint_eq(kept, 0);
	ck_assert_uint_eq(percent, used > 0 ? 100 : 0);
	EXPECT(JOB_FAILED, "", "df: no: No such file or directory\n", "df", "-P", "no");
	policy.reveal = POLICY_NO;
	EXPECT(JOB_FAILED, "", "df: .: the room that is left is not told\n", "df");
}
END_TEST

/* What --explain says of a right is what comes of it. */
START_TEST(rule_45_flags_of_those_that_look_are_true)
{
	static const struct {
		unsigned flag;
		bool	 upload_only;
		unsigned list, reveal;
	} lacks[] = {
		{ VERB_NEEDS_LIST, false, RIGHT_NO, POLICY_YES },
		{ VERB_NEEDS_DOWNLOAD, true, RIGHT_YES, POLICY_YES },
		{ VERB_NEEDS_REVEAL, false, RIGHT_YES, POLICY_NO },
	};
	static const char *const said[][5] = {
		{ "ls", "d" }, { "stat", "f" }, { "test", "-e", "f" }, { "[", "-d", "d", "]" },
		{ "wc", "-c", "f" }, { "readlink", "d/l" }, { "df", "d" }, { "cat", "f" },
		{ "md5sum", "f" }, { "sha256sum", "f" }, { "whoami" }, { "groups" }, { "uname" },
	};

	begin();
	ck_assert_int_eq(fchmodat(unit_fd, "top/f", 0600, 0), 0);
	for (size_t i = 0; i < COUNT(said); i++) {
		ck_assert_int_eq(run_words(said[i]), JOB_DONE);
		for (size_t k = 0; k < COUNT(lacks); k++) {
			struct policy before = policy;
			bool refused;

			policy.upload_only = lacks[k].upload_only;
			policy.list = lacks[k].list;
			policy.reveal = lacks[k].reveal;
			refused = run_words(said[i]) != JOB_DONE;
			ck_assert_msg(refused == ((verbs_find(said[i][0])->flags & lacks[k].flag) != 0),
			    "%s: right %zu", said[i][0], k);
			policy = before;
		}
	}
	take_output();
	take_errors();
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, readlink_says_what_a_link_says);
	tcase_add_test(t, wc_says_a_size_and_reads_nothing);
	tcase_add_test(t, rule_45_flags_of_those_that_look_are_true);
	tcase_add_test(t, df_says_how_much_room_there_is);
}

int
main(void)
{
	return run_unit("look", add);
}
