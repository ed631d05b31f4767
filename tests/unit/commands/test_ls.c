/* SPDX-License-Identifier: ISC */
#include "commanding.h"

enum {
	NOON = 1600000000	/* Sun Sep 13 12:26:40 2020 UTC */
};

static void
set_time(const char *name, time_t when, long nanoseconds)
{
	struct timespec times[2] = { { when, nanoseconds }, { when, nanoseconds } };

	ck_assert_int_eq(utimensat(unit_fd, name, times, AT_SYMLINK_NOFOLLOW), 0);
}

/* A directory, a file, one that is hidden, a link and what is in the directory. */
static void
make_tree(void)
{
	ck_assert_int_eq(mkdirat(unit_fd, "top/d", 0755), 0);
	put_file("top/d/in", "1234567", 0640);
	put_file("top/f", "abc", 0755);
	put_file("top/.h", "", 0600);
	ck_assert_int_eq(symlinkat("d", unit_fd, "top/l"), 0);
	set_time("top/d/in", NOON, 5);
	set_time("top/f", NOON, 0);
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What was written, its lines sorted but for the first KEPT. */
static const char *
take_sorted(size_t kept)
{
	static char text[65536];
	char copy[65536], *lines[256], *rest = copy;
	size_t n = 0, used = 0;

	strcpy(copy, take_output());
	while (*rest != '\0' && n < COUNT(lines))
		lines[n++] = strsep(&rest, "\n");
	if (n > kept)
		qsort(lines + kept, n - kept, sizeof(lines[0]), compare);
	text[0] = '\0';
	for (size_t i = 0; i < n; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s\n", lines[i]);
	return text;
}

#define EXPECT_SORTED(kept, out, ...) do { \
	ck_assert_int_eq(RUN(__VA_ARGS__), JOB_DONE); \
	ck_assert_str_eq(take_sorted(kept), out); \
	ck_assert_str_eq(take_errors(), ""); \
} while (0)

/* A session in which links that stay beneath the root are followed, and hidden names are shown. */
static void
begin_open(void)
{
	begin_restricted();
	policy.hidden = POLICY_YES;
	policy.symlinks = SYMLINKS_BENEATH;
	make_tree();
	begin_commands(-1);
}

START_TEST(rule_26_which_names)
{
	begin_open();
	EXPECT_SORTED(0, "d\nf\nl\n", "ls");
	EXPECT_SORTED(0, "d\nf\nl\n", "ls", "-1rtUSh", "--color=always", "--color");
	EXPECT_SORTED(2, ".\n..\n.h\nd\nf\nl\n", "ls", "-a", ".");
	EXPECT_SORTED(2, ".\n..\n.h\nd\nf\nl\n", "ls", "-f", "/");
	EXPECT_SORTED(0, ".h\nd\nf\nl\n", "ls", "-A", "d/..");
	EXPECT_SORTED(0, ".h\nd\nf\nl\n", "ls", "-f", "-A");
	ck_assert_int_eq(mkfifoat(unit_fd, "top/p", 0777), 0);
	ck_assert_int_eq(mknodat(unit_fd, "top/s", S_IFSOCK | 0777, 0), 0);
	EXPECT_SORTED(0, "d/\nf*\nl@\np|\ns=\n", "ls", "-F");
	EXPECT(JOB_DONE, ".\n", "", "ls", "-d");
	EXPECT(JOB_DONE, "./d/\n", "", "ls", "-d", "./d/");
	EXPECT(JOB_MISUSED, "", "ls: --time-style: no such option\n", "ls", "-la", "--time-style=+x");
	EXPECT(JOB_MISUSED, "", "ls: -R: no such option\n", "ls", "-lR");
}
END_TEST

START_TEST(rule_26_links_are_followed_where_that_is_asked_for)
{
	const char *line;

	begin_open();
	ck_assert_int_eq(symlinkat("none", unit_fd, "top/d/dangling"), 0);
	ck_assert_int_eq(symlinkat("in", unit_fd, "top/d/good"), 0);
	EXPECT_SORTED(0, "dangling\ngood\nin\n", "ls", "l");
	EXPECT_SORTED(0, "dangling@\ngood\nin\n", "ls", "-LF", "d");
	EXPECT(JOB_DONE, "l@\n", "", "ls", "-F", "l");
	ck_assert_int_eq(RUN("ls", "-Fl", "l", "d/dangling"), JOB_DONE);
	line = take_output();
	ck_assert_ptr_nonnull(strstr(line, " l -> d/\n"));
	ck_assert_ptr_nonnull(strstr(line, " d/dangling -> none\n"));
	ck_assert_int_eq(RUN("ls", "-FlA"), JOB_DONE);
	ck_assert_ptr_nonnull(strstr(take_output(), " l -> d/\n"));
	EXPECT(JOB_DONE, "l\n", "", "ls", "-d", "l");
	EXPECT_SORTED(0, "dangling@\ngood@\nin\n", "ls", "-FH", "l");
	ck_assert_int_eq(RUN("ls", "-l", "l"), JOB_DONE);
	ck_assert_ptr_nonnull(strstr(take_output(), " l -> d\n"));
	ck_assert_int_eq(RUN("ls", "-l", "l/"), JOB_DONE);
	ck_assert_ptr_nonnull(strstr(take_output(), " good -> in\n"));
	ck_assert_int_eq(RUN("ls", "-lL", "d/good"), JOB_DONE);
	ck_assert_int_eq(strncmp(take_output(), "-rw-r----- 1 ", 13), 0);
	EXPECT(JOB_MISUSED, "", "ls: d/dangling: No such file or directory\n", "ls", "-L",
	    "d/dangling");
}
END_TEST

START_TEST(rule_26_no_link_is_followed_where_the_policy_follows_none)
{
	begin_restricted();
	make_tree();
	begin_commands(-1);
	EXPECT(JOB_DONE, "l\n", "", "ls", "l");
	EXPECT(JOB_DONE, "l@\n", "", "ls", "-FL", "l");
	ck_assert_int_eq(RUN("ls", "-FLl", "l"), JOB_DONE);
	ck_assert_ptr_nonnull(strstr(take_output(), " l -> d\n"));
	EXPECT_SORTED(0, "d/\nf*\nl@\n", "ls", "-FL");
	log_is("opendir \"/\"\n");
	ck_assert_int_eq(RUN("ls", "-d", "l/"), JOB_MISUSED);
	take_errors();
}
END_TEST

START_TEST(rule_27_operands)
{
	begin_open();
	ck_assert_int_eq(mkdirat(unit_fd, "top/e", 0755), 0);
	EXPECT(JOB_DONE, "in\n", "", "ls", "d");
	EXPECT(JOB_DONE, "/f\n./f\n\nd:\nin\n\n/e:\n", "", "ls", "d", "/f", "/e", "./f");
	EXPECT(JOB_DONE, "d:\nin\n\ne:\n", "", "ls", "d", "e");
	EXPECT(JOB_MISUSED, "d:\nin\n", "ls: no: No such file or directory\n", "ls", "no", "d");
	EXPECT(JOB_MISUSED, "", "ls: f/: Not a directory\n", "ls", "f/");
	EXPECT(JOB_MISUSED, "", "ls: f/x: Not a directory\n", "ls", "f/x");
	EXPECT(JOB_MISUSED, "", "ls: : No such file or directory\n", "ls", "");
	EXPECT(JOB_DONE, "total 0\n", "", "ls", "-l", "e");
	log_clear();
	EXPECT(JOB_DONE, "f\nd\n", "", "ls", "-d", "f", "d");
	log_is("");
	strcpy(here, "d");
	EXPECT(JOB_DONE, "in\n", "", "ls");
	EXPECT(JOB_DONE, "in\n", "", "ls", "in");
	log_is("opendir \"/d\"\n");
}
END_TEST

START_TEST(a_directory_that_is_called_as_the_root_is_beneath_it)
{
	char top[PATH_MAX], *slash;

	begin_restricted();
	snprintf(here, sizeof(here), "top%s/top", unit_path);
	for (slash = here; (slash = strchr(slash + 1, '/')) != NULL; *slash = '/') {
		*slash = '\0';
		(void)mkdirat(unit_fd, here, 0755);
	}
	ck_assert_int_eq(mkdirat(unit_fd, here, 0755), 0);
	strcat(here, "/deep");
	put_file(here, "", 0644);
	begin_commands(-1);
	snprintf(top, sizeof(top), "%s/top", unit_path);
	EXPECT(JOB_DONE, "tmp\n", "", "ls", top);
	strcpy(here, top + 1);
	EXPECT(JOB_DONE, "deep\n", "", "ls");
	EXPECT(JOB_DONE, "deep\n", "", "ls", "deep");
	EXPECT(JOB_DONE, ".\n..\ndeep\n", "", "ls", "-a");
}
END_TEST

START_TEST(rule_28_a_long_line)
{
	char wanted[512];

	begin_open();
	people.ngroups = 1;
	people.groups[0].gid = getegid();
	strcpy(people.groups[0].name, "incoming");
	EXPECT(JOB_DONE, "total 0\n-rw-r----- 1 u incoming 7 Sep 13  2020 in\n", "", "ls", "-l", "d");
	EXPECT(JOB_DONE, "-rw-r----- 1 u incoming 7 2020-09-13 12:26:40.000000005 +0000 /d/in\n", "",
	    "ls", "--full-time", "/d/in");
	snprintf(wanted, sizeof(wanted), "-rw-r----- 1 %u %u 7 Sep 13  2020 d/in\n",
	    (unsigned)geteuid(), (unsigned)getegid());
	EXPECT(JOB_DONE, wanted, "", "ls", "-n", "d/in");
	ck_assert_int_eq(truncate("top/d/in", 10241), 0);
	set_time("top/d/in", time(NULL) + 86400, 0);
	ck_assert_int_eq(RUN("ls", "-lh", "d/in"), JOB_DONE);
	ck_assert_ptr_nonnull(strstr(take_output(), " 11K "));
	ck_assert_int_eq(RUN("ls", "-l", "d/in"), JOB_DONE);
	ck_assert_ptr_null(strchr(take_output(), ':'));
	set_time("top/d/in", time(NULL), 0);
	ck_assert_int_eq(RUN("ls", "-l", "d/in"), JOB_DONE);
	ck_assert_ptr_nonnull(strchr(take_output(), ':'));
}
END_TEST

START_TEST(rule_28_root_is_root_and_a_number_with_n)
{
	if (lacks_root("files of root"))
		return;
	ck_assert_int_eq(mkdirat(unit_fd, "top", 0755), 0);
	put_file("top/f", "", 0600);
	set_time("top/f", NOON, 0);
	policy = restricted_policy();
	begin_commands(-1);
	account.uid = account.gid = 12345;
	people_init(&people, &account);
	people.ngroups = 1;
	EXPECT(JOB_DONE, "-rw------- 1 root root 0 Sep 13  2020 f\n", "", "ls", "-l", "f");
	EXPECT(JOB_DONE, "-rw------- 1 0 0 0 Sep 13  2020 f\n", "", "ls", "-ln", "f");
}
END_TEST

/* The line of NAME in OUTPUT, its newline left out; static. */
static const char *
line_of(const char *text, const char *name)
{
	static char line[1024];
	size_t len = strlen(name);

	for (; *text != '\0'; text += strcspn(text, "\n") + 1) {
		size_t n = strcspn(text, "\n");

		ck_assert_uint_lt(n, sizeof(line));
		memcpy(line, text, n);
		line[n] = '\0';
		if (n > len && line[n - len - 1] == ' ' && strcmp(line + n - len, name) == 0)
			return line;
	}
	ck_abort_msg("there is no line of %s", name);
}

START_TEST(rule_30_what_is_above_is_itself_and_above_the_root_is_the_root)
{
	char wanted[64];
	struct stat st;

	begin_open();
	ck_assert_int_eq(mkdirat(unit_fd, "top/d/e", 0700), 0);
	ck_assert_int_eq(fchmodat(unit_fd, "top/d", 0751, 0), 0);
	ck_assert_int_eq(fstatat(unit_fd, "top", &st, 0), 0);
	ck_assert_int_eq(RUN("ls", "-la", "d/e"), JOB_DONE);
	ck_assert_int_eq(strncmp(line_of(take_output(), ".."), "drwxr-x--x 3 ", 13), 0);
	snprintf(wanted, sizeof(wanted), "drwxr-xr-x %u u ", (unsigned)st.st_nlink);
	ck_assert_int_eq(RUN("ls", "-la"), JOB_DONE);
	ck_assert_int_eq(strncmp(line_of(take_output(), ".."), wanted, strlen(wanted)), 0);
}
END_TEST

START_TEST(rule_31_no_name_forges_a_line)
{
	begin_open();
	put_file("top/d/a\nb\033", "", 0644);
	ck_assert_int_eq(symlinkat("x\ny", unit_fd, "top/d/l\n"), 0);
	EXPECT_SORTED(0, "a?b\033\nin\nl?\n", "ls", "d");
	EXPECT_SORTED(0, "a?b?\nin\nl?\n", "ls", "-q", "d");
	EXPECT(JOB_DONE, "d/a?b\033\n", "", "ls", "d/a\nb\033");
	EXPECT(JOB_MISUSED, "", "ls: d\\012: No such file or directory\n", "ls", "d\n");
	ck_assert_int_eq(RUN("ls", "-l", "d"), JOB_DONE);
	ck_assert_ptr_nonnull(strstr(take_output(), " l? -> x?y\n"));
	ck_assert_int_eq(renameat(unit_fd, "top/d", unit_fd, "top/d\n"), 0);
	ck_assert_int_eq(RUN("ls", "f", "d\n"), JOB_DONE);
	ck_assert_ptr_nonnull(strstr(take_output(), "f\n\nd?:\n"));
}
END_TEST

START_TEST(rule_31_links_that_are_not_told)
{
	static const char *const texts[] = { "/etc/passwd", "../../x", ".h", "d/../../.." };

	begin_open();
	policy.hidden = POLICY_NO;
	for (size_t i = 0; i < COUNT(texts); i++) {
		ck_assert_int_eq(symlinkat(texts[i], unit_fd, "top/d/link"), 0);
		ck_assert_int_eq(RUN("ls", "-l", "d", "d/link"), JOB_DONE);
		ck_assert_ptr_nonnull(strstr(take_output(), " d/link -> ?\n\nd:\n"));
		ck_assert_int_eq(RUN("ls", "-l", "d"), JOB_DONE);
		ck_assert_ptr_nonnull(strstr(take_output(), " link -> ?\n"));
		ck_assert_int_eq(unlinkat(unit_fd, "top/d/link", 0), 0);
	}
	/* Who may not read is told of no link, and that is nothing for the log. */
	ck_assert_int_eq(symlinkat("in", unit_fd, "top/d/link"), 0);
	policy.upload_only = true;
	log_clear();
	ck_assert_int_eq(RUN("ls", "-l", "d/link"), JOB_DONE);
	ck_assert_ptr_nonnull(strstr(take_output(), " d/link -> ?\n"));
	ck_assert_int_eq(RUN("ls", "-l", "d"), JOB_DONE);
	ck_assert_ptr_nonnull(strstr(take_output(), " link -> ?\n"));
	log_is("opendir \"/d\"\n");
}
END_TEST

START_TEST(rule_32_denied_names_are_not_there)
{
	begin_restricted();
	make_tree();
	put_file("top/.scp-0123456789abcdef-1000-0", "", 0644);
	policy.nrules = 1;
	policy.rules[0] = (struct policy_rule){ .pattern = "f" };
	begin_commands(-1);
	EXPECT_SORTED(2, ".\n..\nd\nl\n", "ls", "-a");
	EXPECT(JOB_MISUSED, "", "ls: f: No such file or directory\n", "ls", "f");
	policy.list = RIGHT_NO;
	EXPECT(JOB_MISUSED, "", "ls: d: listing is not allowed\n", "ls", "d");
}
END_TEST

START_TEST(rule_32_who_learns_nothing_sees_his_own)
{
	const char *line;

	begin_blind();
	make_tree();
	begin_commands(-1);
	EXPECT(JOB_DONE, ".\n..\n", "", "ls", "-a");
	EXPECT(JOB_MISUSED, "", "ls: f: No such file or directory\n", "ls", "f");
	EXPECT(JOB_MISUSED, "", "ls: no: No such file or directory\n", "ls", "no");
	EXPECT_YES(deeds_mkdir(&deeds, "mine", 0755, &answer));
	EXPECT(JOB_DONE, "mine\n", "", "ls");
	ck_assert_int_eq(RUN("ls", "-ld", "d"), JOB_DONE);
	line = take_output();
	ck_assert_msg(strncmp(line, "drwxr-xr-x 1 u ", 15) == 0, "%s", line);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, rule_26_which_names);
	tcase_add_test(t, rule_26_links_are_followed_where_that_is_asked_for);
	tcase_add_test(t, rule_26_no_link_is_followed_where_the_policy_follows_none);
	tcase_add_test(t, rule_27_operands);
	tcase_add_test(t, a_directory_that_is_called_as_the_root_is_beneath_it);
	tcase_add_test(t, rule_28_a_long_line);
	tcase_add_test(t, rule_28_root_is_root_and_a_number_with_n);
	tcase_add_test(t, rule_30_what_is_above_is_itself_and_above_the_root_is_the_root);
	tcase_add_test(t, rule_31_no_name_forges_a_line);
	tcase_add_test(t, rule_31_links_that_are_not_told);
	tcase_add_test(t, rule_32_denied_names_are_not_there);
	tcase_add_test(t, rule_32_who_learns_nothing_sees_his_own);
}

int
main(void)
{
	return run_unit("ls", add);
}
