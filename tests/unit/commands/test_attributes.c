/* SPDX-License-Identifier: ISC */
#include "commanding.h"

#define NOT_OWN "it was not made in this session"

static struct stat st;

static void
look_at(const char *name)
{
	ck_assert_int_eq(fstatat(unit_fd, name, &st, AT_SYMLINK_NOFOLLOW), 0);
}

START_TEST(chmod_takes_digits_and_changes)
{
	begin_restricted();
	put_file("top/f", "", 0640);
	make_dir("top/d");
	ck_assert_int_eq(symlinkat("f", unit_fd, "top/l"), 0);
	begin_commands(-1);
	(void)umask(022);
	EXPECT_DONE("chmod  0604 f");
	ck_assert_uint_eq(mode_of("top/f"), 0604);
	log_is("set \"/f\" mode 0604\n");
	EXPECT_DONE("chmod  u+x-w,g=r f");
	ck_assert_uint_eq(mode_of("top/f"), 0544);
	EXPECT_DONE("chmod -x f");
	ck_assert_uint_eq(mode_of("top/f"), 0444);
	EXPECT_DONE("chmod +w f");
	ck_assert_uint_eq(mode_of("top/f"), 0644);
	EXPECT_DONE("chmod 00700 d/");
	ck_assert_uint_eq(mode_of("top/d"), 0700);
	EXPECT_FAILED("chmod 600 f/", "chmod: f/: Not a directory");
	EXPECT_FAILED("chmod 600 l", "chmod: l: symbolic links are not followed here");
	EXPECT_FAILED("chmod 999 f", "chmod: 999: no such mode");
	EXPECT_LINE("chmod 600 no f", JOB_FAILED, "", "chmod: no: No such file or directory\n");
	ck_assert_uint_eq(mode_of("top/f"), 0600);
	EXPECT_LINE("chmod -f 640 no f", JOB_FAILED, "", "");
	ck_assert_uint_eq(mode_of("top/f"), 0640);
	EXPECT_MISUSED("chmod 600", "chmod: missing operand");
	EXPECT_MISUSED("chmod -v 600 f", "chmod: -v: no such option");
}
END_TEST

START_TEST(rule_45_chmod_as_the_policy_has_it)
{
	begin_restricted();
	put_file("top/f", "", 0640);
	begin_commands(-1);
	policy.file_mode.may = 0770;
	EXPECT_DONE("chmod 4777 f");
	ck_assert_uint_eq(mode_of("top/f"), 0770);
	policy.modes = MODES_INHERIT;
	log_clear();
	EXPECT_DONE("chmod u-w f");
	ck_assert_uint_eq(mode_of("top/f"), 0770);
	log_is("");
	policy.modes = MODES_CLIENT;
	policy.attributes = RIGHT_OWN;
	EXPECT_FAILED("chmod 600 f", "chmod: f: " NOT_OWN);
	policy.attributes = RIGHT_NO;
	EXPECT_FAILED("chmod 600 f", "chmod: f: setting attributes is not allowed");
	EXPECT_FAILED("chmod -R 600 f", "chmod: f: setting attributes is not allowed");
	ck_assert_uint_eq(mode_of("top/f"), 0770);
}
END_TEST

START_TEST(rule_23_chmod_R_changes_a_tree_and_leaves_links_out)
{
	begin_restricted();
	put_file("out", "", 0644);
	make_dir("top/t");
	make_dir("top/t/d");
	put_file("top/t/d/f", "", 0644);
	ck_assert_int_eq(symlinkat("../../out", unit_fd, "top/t/l"), 0);
	ck_assert_int_eq(fchmodat(unit_fd, "top/t/d", 0, 0), 0);
	begin_commands(-1);
	EXPECT_DONE("chmod -R u+rwX,g=,o= t");
	ck_assert_uint_eq(mode_of("top/t"), 0700);
	ck_assert_uint_eq(mode_of("top/t/d"), 0700);
	ck_assert_uint_eq(mode_of("top/t/d/f"), 0600);
	ck_assert_uint_eq(mode_of("out"), 0644);
	log_is("set \"/t\" mode 0700\nset \"/t/d\" mode 0700\nset \"/t/d/f\" mode 0600\n");
	ck_assert_int_eq(mkfifoat(unit_fd, "top/t/d/p", 0600), 0);
	EXPECT_FAILED("chmod -R 750 t", "chmod: t/d/p: not a regular file");
	ck_assert_uint_eq(mode_of("top/t/d/f"), 0750);
	EXPECT_LINE("chmod -Rf 700 t", JOB_FAILED, "", "");
	ck_assert_int_eq(unlinkat(unit_fd, "top/t/d/p", 0), 0);
	EXPECT_FAILED("chmod -R a-x t/d", "chmod: t/d/f: Permission denied");
	EXPECT_FAILED("chmod -R a-rwx t/d", "chmod: t/d: Permission denied");
	policy.recursive = POLICY_NO;
	EXPECT_FAILED("chmod -R 755 t", "chmod: t: directories are not allowed");
}
END_TEST

START_TEST(chown_does_what_would_change_nothing)
{
	static const struct {
		const char *before, *after;
		bool	    group;	/* what stands between them is a group */
	} owners[] = {
		{ "chown ", " f d", false }, { "chown u:", " f", true }, { "chown :", " f", true },
		{ "chgrp ", " f", true }, { "chown -R ", " d f", false }, { "chgrp -h ", " l f", true },
	};
	char line[128];

	begin_restricted();
	put_file("top/f", "", 0644);
	make_dir("top/d");
	begin_commands(-1);
	ck_assert_int_eq(symlinkat("f", unit_fd, "top/l"), 0);
	for (size_t i = 0; i < COUNT(owners); i++) {
		snprintf(line, sizeof(line), "%s%u%s", owners[i].before,
		    (unsigned)(owners[i].group ? account.gid : account.uid), owners[i].after);
		EXPECT_DONE(line);
	}
	EXPECT_DONE("chown u: f");
	log_is("");
	EXPECT_FAILED("chown 12345 f", "chown: f: Operation not permitted");
	log_is("refused \"/f\" reason \"owners cannot be changed here\"\n");
	EXPECT_FAILED("chgrp 12345 f", "chgrp: f: Operation not permitted");
	EXPECT_LINE("chown -R 12345 d f", JOB_FAILED, "", "chown: d: Operation not permitted\n"
	    "chown: f: Operation not permitted\n");
	EXPECT_FAILED("chown nobody-knows f", "chown: nobody-knows: no such user");
	EXPECT_FAILED("chown u:nobody-knows f", "chown: u:nobody-knows: no such group");
	EXPECT_FAILED("chgrp nobody-knows f", "chgrp: nobody-knows: no such group");
}
END_TEST

START_TEST(touch_sets_the_times_that_are_said)
{
	begin_restricted();
	put_file("top/f", "f", 0644);
	make_dir("top/d");
	begin_commands(-1);
	EXPECT_DONE("touch -t 202611282342.05 f d");
	look_at("top/f");
	ck_assert_int_eq(st.st_mtime, 1795909325);
	ck_assert_int_eq(st.st_atime, 1795909325);
	look_at("top/d");
	ck_assert_int_eq(st.st_mtime, 1795909325);
	log_is("set \"/f\" modtime 2026-11-28T23:42:05Z\nset \"/d\" modtime 2026-11-28T23:42:05Z\n");
	EXPECT_DONE("touch -a -d @1000 f");
	EXPECT_DONE("touch -m -d '2001-09-09 01:46:40Z' f");
	look_at("top/f");
	ck_assert_int_eq(st.st_atime, 1000);
	ck_assert_int_eq(st.st_mtime, 1000000000);
	log_is("set \"/f\" acctime 1970-01-01T00:16:40Z\nset \"/f\" modtime 2001-09-09T01:46:40Z\n");
	EXPECT_DONE("touch f");
	look_at("top/f");
	ck_assert_int_gt(st.st_mtime, 1000000000);
	ck_assert_int_gt(st.st_atime, 1000000000);
	EXPECT_FAILED("touch -t yesterday f", "touch: yesterday: no such time");
	EXPECT_FAILED("touch -d yesterday f", "touch: yesterday: no such time");
	EXPECT_FAILED("touch f/", "touch: f/: Not a directory");
	policy.times = TIMES_IGNORE;
	EXPECT_DONE("touch -d @1000 f");
	look_at("top/f");
	ck_assert_int_gt(st.st_mtime, 1000000000);
	policy.attributes = RIGHT_NO;
	EXPECT_FAILED("touch f", "touch: f: setting attributes is not allowed");
}
END_TEST

START_TEST(touch_makes_what_is_not_there)
{
	begin_restricted();
	begin_commands(-1);
	(void)umask(027);
	EXPECT_DONE("touch -c no");
	ck_assert(!exists("top/no"));
	log_is("");
	EXPECT_DONE("touch f");
	ck_assert_uint_eq(mode_of("top/f"), 0640);
	log_is("close \"/f\" bytes read 0 written 0 seconds # mode 0640\n");
	EXPECT_DONE("touch -m -t 197001010016.40 g");
	look_at("top/g");
	ck_assert_int_eq(st.st_mtime, 1000);
	EXPECT_FAILED("touch no/f", "touch: no/f: No such file or directory");
	EXPECT_FAILED("touch .h", "touch: .h: names that begin with a dot are not allowed");
	policy.max_files = deeds.usage.files;
	EXPECT_FAILED("touch x", "touch: x: more files than allowed");
	policy.download_only = true;
	EXPECT_FAILED("touch y", "touch: y: uploads are not allowed");
	ck_assert_int_eq(count_entries("top"), 2);
}
END_TEST

/* As SFTP rule 61: what is there and not seen is spared. */
START_TEST(who_may_know_nothing_touches_and_changes_what_is_own)
{
	begin_blind();
	put_file("top/f", "f", 0640);
	begin_commands(-1);
	EXPECT_DONE("touch own");
	EXPECT_DONE("chmod u=rw,go= own");
	EXPECT_DONE("touch -d @1000 own");
	EXPECT_FAILED("touch f", "touch: f: Permission denied");
	EXPECT_DONE("touch -c f");
	EXPECT_FAILED("chmod 600 f", "chmod: f: Permission denied");
	EXPECT_FAILED("chmod -R 600 f", "chmod: f: Permission denied");
	EXPECT_FAILED("chmod 600 no", "chmod: no: Permission denied");
	ck_assert_str_eq(get_file("top/f"), "f");
	ck_assert_uint_eq(mode_of("top/f"), 0640);
	ck_assert_uint_eq(mode_of("top/own"), 0600);
}
END_TEST

/* What somebody who may know nothing is told of a directory is not what its mode is made of. */
START_TEST(a_change_is_of_the_mode_that_there_is)
{
	begin_blind();
	make_dir("top/d");
	ck_assert_int_eq(fchmodat(unit_fd, "top/d", 0700, 0), 0);
	begin_commands(-1);
	EXPECT_DONE("chmod u+x d");
	ck_assert_uint_eq(mode_of("top/d"), 0700);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, chmod_takes_digits_and_changes);
	tcase_add_test(t, rule_45_chmod_as_the_policy_has_it);
	tcase_add_test(t, rule_23_chmod_R_changes_a_tree_and_leaves_links_out);
	tcase_add_test(t, chown_does_what_would_change_nothing);
	tcase_add_test(t, touch_sets_the_times_that_are_said);
	tcase_add_test(t, touch_makes_what_is_not_there);
	tcase_add_test(t, who_may_know_nothing_touches_and_changes_what_is_own);
	tcase_add_test(t, a_change_is_of_the_mode_that_there_is);
}

int
main(void)
{
	return run_unit("attributes", add);
}
