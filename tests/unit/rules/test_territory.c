/* SPDX-License-Identifier: ISC */
#include "rules/territory.h"
#include "unit.h"

#define ROOT "it takes an absolute path"
#define START "it takes a directory beneath the root"
#define DOTS "it contains \"..\""
#define BLANK "its last name ends with a blank"
#define BACKSLASH "its last name ends with a backslash"
#define TOKEN "only %u, %g, %h and %% can stand behind a percent sign"
#define NOT_BENEATH_ROOT "it is not beneath the root before it"
#define NOT_BENEATH_START "it is not beneath the start before it"
#define AFTER_START "it comes after start"
#define NO_ROOT "# root: none is set\n"
#define NO_START "# start: the working directory, for sshd the home\n"
#define LONG "it is too long"

enum {
	SHOWN_MAX = 4 * PATH_MAX
};

static const struct key root_key = { .name = "root", .kind = &root_kind };
static const struct key start_key = { .name = "start", .kind = &start_kind };
static const struct account alice = {
	.uid = STRANGER, .gid = STRANGER, .name = "alice", .group = "staff", .home = "/home/alice"
};

static struct policy policy;

/* Nothing said. */
static void
begin(void)
{
	policy = (struct policy){ .root = "/" };
}

static const char *
say(const struct key *k, const char *value, bool after_start)
{
	struct saying s = {
		.policy = &policy, .account = &alice, .key = k, .value = value,
		.after_start = after_start,
	};

	return k->kind->take(&s);
}

static const char *
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

/* A root, another one, and a start beneath them, each NULL where it is not said. */
static const struct {
	const char *one, *two, *start;
	const char *why;		/* of the last of them; NULL: none */
	const char *root, *inner, *from, *shown;
} rows[] = {
	{ NULL, NULL, NULL, NULL, "/", "", "", NO_ROOT NO_START },
	{ "/", NULL, NULL, NULL, "/", "", "", "root /\nstart /\n" },
	{ "/srv", NULL, NULL, NULL, "/srv", "", "", "root /srv\nstart /srv\n" },
	{ "//srv/./in//.", NULL, NULL, NULL, "/srv/in", "", "", "root /srv/in\nstart /srv/in\n" },
	{ "/srv/...", NULL, NULL, NULL, "/srv/...", "", "", "root /srv/...\nstart /srv/...\n" },
	{ "/%g/%u", NULL, NULL, NULL, "/staff/alice", "", "",
	    "root /staff/alice\nstart /staff/alice\n" },
	{ "%h", NULL, NULL, NULL, "/home/alice", "", "", "root /home/alice\nstart /home/alice\n" },
	{ "/5%%", NULL, "6%%", NULL, "/5%", "", "6%", "root /5%%\nstart /5%%/6%%\n" },
	{ "", NULL, NULL, ROOT, NULL, NULL, NULL, NULL },
	{ "srv", NULL, NULL, ROOT, NULL, NULL, NULL, NULL },
	{ "%u", NULL, NULL, ROOT, NULL, NULL, NULL, NULL },
	{ "/%x", NULL, NULL, TOKEN, NULL, NULL, NULL, NULL },
	{ "/srv/../etc", NULL, NULL, DOTS, NULL, NULL, NULL, NULL },
	{ "/..", NULL, NULL, DOTS, NULL, NULL, NULL, NULL },
	/* It could not be said again as it is shown. */
	{ "/srv/x\t/", NULL, NULL, BLANK, NULL, NULL, NULL, NULL },
	{ "/srv/x\\/", NULL, NULL, BACKSLASH, NULL, NULL, NULL, NULL },
	{ "/srv", NULL, "x\\/.", BACKSLASH, NULL, NULL, NULL, NULL },
	{ "/srv", NULL, "x /.", BLANK, NULL, NULL, NULL, NULL },
	/* Another one lies beneath. */
	{ "/srv", "/srv", NULL, NULL, "/srv", "", "", "root /srv\nstart /srv\n" },
	{ "/srv", "/srv/a/b", NULL, NULL, "/srv", "a/b", "", "root /srv/a/b\nstart /srv/a/b\n" },
	{ "/", "/srv", NULL, NULL, "/srv", "", "", "root /srv\nstart /srv\n" },
	{ "/srv", "/", NULL, NOT_BENEATH_ROOT, NULL, NULL, NULL, NULL },
	{ "/srv", "/srv-evil", NULL, NOT_BENEATH_ROOT, NULL, NULL, NULL, NULL },
	{ "/srv", "/sr", NULL, NOT_BENEATH_ROOT, NULL, NULL, NULL, NULL },
	{ "/srv", "/x/srv", NULL, NOT_BENEATH_ROOT, NULL, NULL, NULL, NULL },
	/* A start is a path beneath the root, or begins with its path. */
	{ NULL, NULL, "x", NULL, "/", "", "x", NO_ROOT "start /x\n" },
	{ NULL, NULL, ".", NULL, "/", "", "", NO_ROOT "start /\n" },
	{ "/srv", NULL, "x//./y/", NULL, "/srv", "", "x/y", "root /srv\nstart /srv/x/y\n" },
	{ "/srv", NULL, "/x", NULL, "/srv", "", "x", "root /srv\nstart /srv/x\n" },
	{ "/srv", NULL, "/srv/x", NULL, "/srv", "", "x", "root /srv\nstart /srv/x\n" },
	{ "/srv", NULL, "srv", NULL, "/srv", "", "srv", "root /srv\nstart /srv/srv\n" },
	{ "/srv", NULL, "/srv-x", NULL, "/srv", "", "srv-x", "root /srv\nstart /srv/srv-x\n" },
	{ "/srv", "/srv/a", "/srv/a/x", NULL, "/srv", "a", "x", "root /srv/a\nstart /srv/a/x\n" },
	{ "/srv", "/srv/a", "/srv/x", NULL, "/srv", "a", "srv/x",
	    "root /srv/a\nstart /srv/a/srv/x\n" },
	{ "/home", NULL, "%h", NULL, "/home", "", "alice", "root /home\nstart /home/alice\n" },
	{ "/srv", NULL, "", START, NULL, NULL, NULL, NULL },
	{ "/srv", NULL, "..", DOTS, NULL, NULL, NULL, NULL },
	{ "/srv", NULL, "/srv/x/..", DOTS, NULL, NULL, NULL, NULL },
	{ "/srv", NULL, "%", TOKEN, NULL, NULL, NULL, NULL },
};

START_TEST(a_root_and_a_start)
{
	const char *why = NULL;
	char both[SHOWN_MAX];

	begin();
	if (rows[_i].one != NULL)
		why = say(&root_key, rows[_i].one, false);
	if (why == NULL && rows[_i].two != NULL)
		why = say(&root_key, rows[_i].two, false);
	if (why == NULL && rows[_i].start != NULL)
		why = say(&start_key, rows[_i].start, false);
	ck_assert_pstr_eq(why, rows[_i].why);
	if (why != NULL)
		return;
	ck_assert_str_eq(policy.root, rows[_i].root);
	ck_assert_str_eq(policy.inner, rows[_i].inner);
	ck_assert_str_eq(policy.start, rows[_i].from);
	ck_assert_int_eq(policy.has_root, rows[_i].one != NULL);
	ck_assert_int_eq(policy.has_start, rows[_i].one != NULL || rows[_i].start != NULL);
	strcpy(both, shown(&root_key));
	strcat(both, shown(&start_key));
	ck_assert_str_eq(both, rows[_i].shown);
}
END_TEST

START_TEST(three_roots)
{
	begin();
	ck_assert_ptr_null(say(&root_key, "/srv", false));
	ck_assert_ptr_null(say(&root_key, "/srv/a", false));
	ck_assert_str_eq(say(&root_key, "/srv", false), NOT_BENEATH_ROOT);
	ck_assert_str_eq(say(&root_key, "/srv/ab", false), NOT_BENEATH_ROOT);
	ck_assert_ptr_null(say(&root_key, "/srv/a", false));
	ck_assert_ptr_null(say(&root_key, "/srv/a/b", false));
	ck_assert_str_eq(policy.root, "/srv");
	ck_assert_str_eq(policy.inner, "a/b");
}
END_TEST

START_TEST(starts_narrow)
{
	begin();
	ck_assert_ptr_null(say(&root_key, "/srv", false));
	ck_assert_ptr_null(say(&start_key, "x", false));
	ck_assert_ptr_null(say(&start_key, "/srv/x", false));
	ck_assert_ptr_null(say(&start_key, "x/y", false));
	ck_assert_str_eq(say(&start_key, "x", false), NOT_BENEATH_START);
	ck_assert_str_eq(say(&start_key, "x/yz", false), NOT_BENEATH_START);
	ck_assert_str_eq(say(&start_key, "z/x/y", false), NOT_BENEATH_START);
	ck_assert_str_eq(policy.start, "x/y");
	/* It keeps its distance from a root that another source says. */
	ck_assert_ptr_null(say(&root_key, "/srv/a", false));
	ck_assert_str_eq(policy.start, "x/y");
	ck_assert_str_eq(shown(&start_key), "start /srv/a/x/y\n");
}
END_TEST

/* Of one source, which root its start is beneath would be a guess. */
START_TEST(a_root_after_the_start)
{
	begin();
	ck_assert_ptr_null(say(&start_key, "x", false));
	ck_assert_str_eq(say(&root_key, "/srv", true), AFTER_START);
	ck_assert(!policy.has_root);
	ck_assert_ptr_null(say(&root_key, "/srv", false));
	ck_assert_ptr_null(say(&start_key, "x/y", true));
	/* What is wrong with it in any case is said first. */
	ck_assert_str_eq(say(&root_key, "/etc", true), NOT_BENEATH_ROOT);
	ck_assert_str_eq(say(&root_key, "etc", true), ROOT);
}
END_TEST

/* A path of PATH_MAX - 1 bytes is one; joined ones are no longer than they were said. */
START_TEST(long_paths)
{
	static char path[PATH_MAX + 1], wanted[SHOWN_MAX];

	for (size_t i = 0; i < sizeof(path); i++)
		path[i] = i % 2 == 0 ? '/' : 'd';
	path[PATH_MAX] = '\0';
	begin();
	ck_assert_str_eq(say(&root_key, path, false), LONG);
	ck_assert_str_eq(say(&start_key, path, false), LONG);
	path[PATH_MAX - 2] = 'd';
	path[PATH_MAX - 1] = '\0';
	ck_assert_ptr_null(say(&root_key, "/d", false));
	ck_assert_ptr_null(say(&root_key, path, false));
	ck_assert_uint_eq(strlen(policy.inner), PATH_MAX - 1 - strlen("/d/"));
	ck_assert_ptr_null(say(&start_key, path + 1, false));
	ck_assert_str_eq(policy.start, path + 1);
	snprintf(wanted, sizeof(wanted), "root %s\n", path);
	ck_assert_str_eq(shown(&root_key), wanted);
	snprintf(wanted, sizeof(wanted), "start %s%s\n", path, path);
	ck_assert_str_eq(shown(&start_key), wanted);
	begin();
	ck_assert_ptr_null(say(&root_key, path, false));
	ck_assert_str_eq(policy.root, path);
}
END_TEST

START_TEST(kinds_of_paths)
{
	ck_assert(!root_kind.repeats && !start_kind.repeats);
	ck_assert_str_eq(root_kind.expected, ROOT);
	ck_assert_str_eq(start_kind.expected, START);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_loop_test(t, a_root_and_a_start, 0, COUNT(rows));
	tcase_add_test(t, three_roots);
	tcase_add_test(t, starts_narrow);
	tcase_add_test(t, a_root_after_the_start);
	tcase_add_test(t, long_paths);
	tcase_add_test(t, kinds_of_paths);
}

int
main(void)
{
	return run_unit("territory", add);
}
