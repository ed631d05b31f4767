/* SPDX-License-Identifier: ISC */
#include "commanding.h"

START_TEST(mv_renames_or_puts_into_a_directory_that_is_there)
{
	begin_restricted();
	put_file("top/f", "f", 0644);
	put_file("top/g", "g", 0644);
	make_dir("top/d");
	make_dir("top/e");
	begin_commands(-1);
	EXPECT_DONE("mv f h");
	EXPECT_DONE("mv -f h g");
	ck_assert_str_eq(get_file("top/g"), "f");
	EXPECT_DONE("mv g e/ d");
	ck_assert(exists("top/d/g") && exists("top/d/e"));
	log_is("rename old \"/f\" new \"/h\"\nrename old \"/h\" new \"/g\"\n"
	    "rename old \"/g\" new \"/d/g\"\nrename old \"/e\" new \"/d/e\"\n");
	go_to("d");
	EXPECT_DONE("mv g ..");
	EXPECT_DONE("mv -T e /e");
	go_to("");
	ck_assert(exists("top/g") && exists("top/e"));
}
END_TEST

START_TEST(mv_says_what_is_in_the_way)
{
	begin_restricted();
	put_file("top/f", "f", 0644);
	put_file("top/g", "g", 0644);
	make_dir("top/d");
	make_dir("top/d/f");
	make_dir("top/full");
	put_file("top/full/x", "", 0644);
	begin_commands(-1);
	EXPECT_FAILED("mv -T f d", "mv: d: Is a directory");
	EXPECT_FAILED("mv f d", "mv: d/f: Is a directory");
	EXPECT_FAILED("mv -T d full", "mv: full: Directory not empty");
	EXPECT_FAILED("mv -T d f", "mv: d: Not a directory");
	EXPECT_FAILED("mv d d/f", "mv: d: Invalid argument");
	EXPECT_FAILED("mv f g no", "mv: no: Not a directory");
	EXPECT_FAILED("mv f no/x", "mv: f: No such file or directory");
	EXPECT_FAILED("mv no x", "mv: no: No such file or directory");
	EXPECT_FAILED("mv f/ x", "mv: f/: Not a directory");
	EXPECT_FAILED("mv f x/", "mv: x/: Not a directory");
	EXPECT_FAILED("mv f ./f", "mv: f: both are the same file");
	EXPECT_FAILED("mv . x", "mv: .: Device or resource busy");
	EXPECT_FAILED("mv d/.. x", "mv: d/..: Device or resource busy");
	EXPECT_FAILED("mv / x", "mv: /: Device or resource busy");
	EXPECT_MISUSED("mv f", "mv: missing operand");
	EXPECT_MISUSED("mv -T f g x", "mv: too many operands");
	/* The others are moved all the same. */
	EXPECT_FAILED("mv no g full", "mv: no: No such file or directory");
	ck_assert(exists("top/full/g") && exists("top/f") && exists("top/d/f"));
}
END_TEST

START_TEST(mv_n_spares_what_is_there)
{
	begin_restricted();
	put_file("top/f", "f", 0644);
	put_file("top/g", "g", 0644);
	begin_commands(-1);
	EXPECT_DONE("mv -n f g");
	EXPECT_DONE("mv -f -n f g");
	ck_assert_str_eq(get_file("top/g"), "g");
	ck_assert_str_eq(get_file("top/f"), "f");
	EXPECT_DONE("mv -n f x");
	ck_assert_str_eq(get_file("top/x"), "f");
	EXPECT_FAILED("mv -n no x", "mv: no: No such file or directory");
}
END_TEST

/* Who cannot see what is there replaces it, but not if that was to be spared. */
START_TEST(mv_n_spares_what_is_not_seen)
{
	begin_blind();
	put_file("top/g", "g", 0644);
	begin_commands(-1);
	EXPECT_DONE("mkdir own");
	EXPECT_FAILED("mv -n -T own g", "mv: own: Permission denied");
	ck_assert_str_eq(get_file("top/g"), "g");
	EXPECT_FAILED("mv g x", "mv: g: Permission denied");
	EXPECT_FAILED("mv no x", "mv: no: Permission denied");
}
END_TEST

START_TEST(rule_25_mv_obeys_overwrite)
{
	begin_restricted();
	put_file("top/f", "f", 0644);
	put_file("top/g", "g", 0644);
	begin_commands(-1);
	policy.overwrite = OVERWRITE_NO;
	EXPECT_FAILED("mv -f f g", "mv: g: File exists");
	ck_assert_str_eq(get_file("top/g"), "g");
	policy.overwrite = OVERWRITE_BACKUP;
	EXPECT_DONE("mv f g");
	ck_assert_str_eq(get_file("top/g"), "f");
	ck_assert_str_eq(get_file("top/g.~1~"), "g");
}
END_TEST

START_TEST(rule_45_mv_needs_the_right)
{
	begin_restricted();
	put_file("top/f", "f", 0644);
	begin_commands(-1);
	policy.rename = RIGHT_NO;
	EXPECT_FAILED("mv f g", "mv: f: renaming is not allowed");
	log_is("refused \"/f\" reason \"renaming is not allowed\"\n");
	policy.rename = RIGHT_OWN;
	EXPECT_FAILED("mv f g", "mv: f: it was not made in this session");
	EXPECT_FAILED("mv f .g", "mv: f: names that begin with a dot are not allowed");
	policy.rename = RIGHT_YES;
	policy.download_only = true;
	EXPECT_FAILED("mv f g", "mv: f: uploads are not allowed");
	ck_assert_str_eq(get_file("top/f"), "f");
}
END_TEST

/* What the link NAME says. */
static const char *
said_by(const char *name)
{
	static char text[PATH_MAX];
	ssize_t n = readlinkat(unit_fd, name, text, sizeof(text) - 1);

	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	return text;
}

START_TEST(ln_makes_links_of_both_kinds)
{
	begin_restricted();
	put_file("top/f", "f", 0644);
	make_dir("top/d");
	policy.make_links = POLICY_YES;
	begin_commands(-1);
	EXPECT_DONE("ln -s f l");
	EXPECT_DONE("ln -s ../f d");
	EXPECT_DONE("ln  f h");
	log_is("symlink old \"f\" new \"/l\"\nsymlink old \"../f\" new \"/d/f\"\n"
	    "link old \"/f\" new \"/h\"\n");
	ck_assert_str_eq(said_by("top/l"), "f");
	ck_assert_str_eq(said_by("top/d/f"), "../f");
	ck_assert_str_eq(get_file("top/h"), "f");
	EXPECT_FAILED("ln -s /f x", "ln: x: links must be relative here");
	EXPECT_FAILED("ln -s ../f x", "ln: x: it would lead out of the root");
	EXPECT_FAILED("ln d x", "ln: d: not a regular file");
	EXPECT_FAILED("ln no x", "ln: no: No such file or directory");
	EXPECT_FAILED("ln f l", "ln: l: File exists");
	EXPECT_FAILED("ln -sT f d", "ln: d: File exists");
	EXPECT_MISUSED("ln -s f", "ln: missing operand");
	EXPECT_MISUSED("ln -s f g h", "ln: too many operands");
	policy.make_links = POLICY_NO;
	EXPECT_FAILED("ln -s f x", "ln: x: making links is not allowed");
}
END_TEST

START_TEST(rule_25_ln_f_obeys_overwrite_and_replaces_in_one_step)
{
	begin_restricted();
	put_file("top/f", "f", 0644);
	put_file("top/g", "g", 0644);
	make_dir("top/d");
	ck_assert_int_eq(symlinkat("d", unit_fd, "top/l"), 0);
	policy.make_links = POLICY_YES;
	begin_commands(-1);
	EXPECT_DONE("ln -sfn g l");
	ck_assert_str_eq(said_by("top/l"), "g");
	EXPECT_DONE("ln -f f g");
	ck_assert_str_eq(get_file("top/g"), "f");
	EXPECT_FAILED("ln -f f g", "ln: f: both are the same file");
	EXPECT_FAILED("ln -sfT f d", "ln: d: Is a directory");
	policy.overwrite = OVERWRITE_BACKUP;
	EXPECT_DONE("ln -sf f l");
	ck_assert_str_eq(said_by("top/l"), "f");
	ck_assert_str_eq(said_by("top/l.~1~"), "g");
	EXPECT_DONE("ln -f f l");
	ck_assert_str_eq(said_by("top/l.~2~"), "f");
	policy.overwrite = OVERWRITE_NO;
	EXPECT_FAILED("ln -sf g l", "ln: l: File exists");
	EXPECT_FAILED("ln -f f l.~1~", "ln: l.~1~: File exists");
	/* Nothing hidden stays. */
	ck_assert_int_eq(count_entries("top"), 6);
}
END_TEST

/* What may not be moved away is not copied to where it should be. */
START_TEST(rule_25_nothing_is_kept_for_a_move_that_fails)
{
	begin_restricted();
	policy.overwrite = OVERWRITE_BACKUP;
	ck_assert_int_eq(mkdirat(unit_fd, "top/shut", 0755), 0);
	put_file("top/shut/f", "new", 0644);
	put_file("top/g", "old", 0644);
	ck_assert_int_eq(fchmodat(unit_fd, "top/shut", 0555, 0), 0);
	begin_commands(-1);
	EXPECT_FAILED("mv -f shut/f g", "mv: shut/f: Permission denied");
	EXPECT_FAILED("mv -f shut/f h", "mv: shut/f: Permission denied");
	ck_assert_str_eq(get_file("top/g"), "old");
	ck_assert_int_eq(count_entries("top"), 2);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, rule_25_nothing_is_kept_for_a_move_that_fails);
	tcase_add_test(t, mv_renames_or_puts_into_a_directory_that_is_there);
	tcase_add_test(t, mv_says_what_is_in_the_way);
	tcase_add_test(t, mv_n_spares_what_is_there);
	tcase_add_test(t, mv_n_spares_what_is_not_seen);
	tcase_add_test(t, rule_25_mv_obeys_overwrite);
	tcase_add_test(t, rule_45_mv_needs_the_right);
	tcase_add_test(t, ln_makes_links_of_both_kinds);
	tcase_add_test(t, rule_25_ln_f_obeys_overwrite_and_replaces_in_one_step);
}

int
main(void)
{
	return run_unit("move", add);
}
