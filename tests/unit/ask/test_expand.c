/* SPDX-License-Identifier: ISC */
#include <sys/syscall.h>

#include <dirent.h>
#include <limits.h>
#include <pwd.h>

#include "ask/braces.h"
#include "ask/expand.h"
#include "dirs.h"
#include "unit.h"

enum {
	WANTED_MAX = 64,	/* paths that a row may ask for */
	MANY = 10000,		/* entries of a directory */
	WORK_DIRS = 250,	/* enough: to go through all, for each two, is too much */
	LEVELS = 17,		/* directories within each other, a byte too deep for a path */
	LEVEL_NAME = 240,	/* bytes of each one's name */
	RANDOM_WORDS = 5000
};

static struct root root = { .fd = -1, .start = -1 };
static struct policy policy;
static struct account account;
static struct words words;
static struct expansion got;
static const char *base;	/* where relative paths begin */

/* The users there are: in the place of the system's, which account would ask. */
static char homes[][128] = { "/home/me", "/home/me", "/home/other", "/home/odd", "", "half" };

struct passwd *
getpwnam(const char *name)
{
	static char names[][8] = { "me", "myself", "other", "odd", "none", "half" };
	static char nothing[1];
	static struct passwd pw;

	for (size_t i = 0; i < COUNT(names); i++) {
		if (strcmp(names[i], name) != 0)
			continue;
		pw = (struct passwd){
			.pw_name = names[i], .pw_passwd = nothing, .pw_gecos = nothing,
			.pw_dir = homes[i], .pw_shell = nothing, .pw_uid = i < 2 ? 1000 : 2000,
		};
		return &pw;
	}
	return NULL;
}

/* Some filesystems do not say what their entries are: this is in the place of one of them. */
static bool hide_types;

ssize_t
getdents64(int fd, void *buffer, size_t len)
{
	ssize_t n = syscall(SYS_getdents64, fd, buffer, len);

	for (ssize_t at = 0; hide_types && at < n;) {
		struct dirent64 *d = (void *)((char *)buffer + at);

		d->d_type = DT_UNKNOWN;
		at += d->d_reclen;
	}
	return n;
}

static void
begin(void)
{
	root_close(&root);
	policy_init(&policy);
	account = (struct account){ .uid = 1000, .name = "me", .home = "/home/me" };
}

/* All of the directory of the test, or INNER in it, and nothing else. */
static void
confine(const char *inner, const char *start, bool follow)
{
	const char *what;

	begin();
	ck_assert_int_eq(root_confine(&root, unit_path, inner, start, follow, &what), 0);
}

/* The whole system, from the directory of the test. */
static void
open_all(void)
{
	begin();
	ck_assert_int_eq(fchdir(unit_fd), 0);
	ck_assert_int_eq(root_open(&root), 0);
}

/* What is printed of a name: a byte that is none of ASCII would spoil the report. */
static const char *
show(char dst[256], const char *name)
{
	char *to = dst;

	for (; *name != '\0' && to < dst + 250; name++)
		to += sprintf(to, *name > ' ' && *name <= '~' ? "%c" : "\\%03o",
		    (unsigned char)*name);
	*to = '\0';
	return dst;
}

/* Expands each word of COMMAND in turn: NULL, or why that failed. */
static const char *
expand_command(const char *command, size_t len, bool wild)
{
	struct expand_world world = { &root, &policy, &account, wild, base };
	int before = count_open();
	const char *why = NULL, *split;

	expansion_end(&got);
	if (words_split(&words, command, len, &split) == -1)
		ck_abort_msg("%s: %s", command, split);
	for (size_t i = 0; why == NULL && i < words.count; i++) {
		size_t count = got.count;
		int end = expand_word(&got, &words.list[i], &world, &why);

		if ((end == 0) != (why == NULL) || (end == 0 && got.count == count))
			ck_abort_msg("%s: %d, %s, %zu", command, end, why, got.count - count);
	}
	if (count_open() != before)
		ck_abort_msg("%s: a descriptor leaks", command);
	return why;
}

static const char *
expand_text(const char *command)
{
	return expand_command(command, strlen(command), true);
}

static void
check_paths(const char *command, const char *const *wanted, size_t n)
{
	char one[256], other[256];

	for (size_t i = 0; i < n && i < got.count; i++)
		if (strcmp(got.paths[i], wanted[i]) != 0)
			ck_abort_msg("%s: path %zu: expected %s, got %s", command, i,
			    show(one, wanted[i]), show(other, got.paths[i]));
	if (got.count != n)
		ck_abort_msg("%s: expected %zu paths, got %zu: %s", command, n, got.count,
		    show(one, got.count > n ? got.paths[n] : wanted[got.count]));
}

/* WANTED has a blank behind each path, but for the last. */
static void
check_row(const char *command, const char *wanted, bool wild)
{
	char *text = strdup(wanted), *at = text, *paths[WANTED_MAX];
	size_t n = 0;
	const char *why = expand_command(command, strlen(command), wild);

	if (why != NULL)
		ck_abort_msg("%s: %s", command, why);
	while (at != NULL) {
		if (n == COUNT(paths))
			ck_abort_msg("%s: too many paths are wanted", command);
		paths[n++] = strsep(&at, " ");
	}
	check_paths(command, (const char *const *)paths, n);
	free(text);
}

struct row {
	const char *command, *wanted;
};

static void
check_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check_row(rows[i].command, rows[i].wanted, true);
}

#define CHECK(rows) check_rows(rows, COUNT(rows))
/* For names with blanks in them. */
#define EXPANDS(command, ...) do { \
	static const char *const wanted_[] = { __VA_ARGS__ }; \
	ck_assert_ptr_null(expand_text(command)); \
	check_paths(command, wanted_, COUNT(wanted_)); \
} while (0)
/* That it fails, and why. */
#define FAILS(command, wanted) do { \
	const char *why_ = expand_text(command); \
	ck_assert_ptr_nonnull(why_); \
	ck_assert_str_eq(why_, wanted); \
} while (0)

#define BRACES "its braces make too many words"
#define NAMES "it stands for too many names"
#define WORK "it takes too long to expand"

START_TEST(words_with_nothing_to_expand)
{
	static const struct row rows[] = {
		{ "x", "x" }, { "x y", "x y" }, { "-x", "-x" }, { "\"\"", "" }, { "x \"\"", "x " },
		{ "'*'", "*" }, { "\\*", "*" }, { "'{a,b}'", "{a,b}" }, { "\\~", "~" },
		{ "'~'/x", "~/x" }, { "x~", "x~" }, { "/../..//x/./", "/../..//x/./" },
		{ "a}", "a}" }, { "a,b", "a,b" }, { "!^-:", "!^-:" },
	};

	confine("", "", true);
	CHECK(rows);
}
END_TEST

/* Empty words are none, and what is quoted is a letter; all else is for test_braces. */
static const struct row braces[] = {
	{ "x{a,y{b,c}z,d}", "xa xybz xycz xd" }, { "{a,b}{c,d}", "ac ad bc bd" },
	{ "x{,y}", "x xy" }, { "x{y,}", "xy x" }, { "x{,}", "x x" }, { "{,a}", "a" },
	{ "{a,}", "a" },
	{ "{,a,,b,}", "a b" }, { "{,}", "" }, { "{,}{,}", "" }, { "{,}{,x}", "x x" },
	{ "{a}", "{a}" }, { "{}", "{}" }, { "{a,b", "{a,b" }, { "{1..3,x}", "1..3 x" },
	{ "{a','b}", "{a,b}" }, { "{a\\,b}", "{a,b}" }, { "{a\\,b,c}", "a,b c" },
	{ "'{'a,b}", "{a,b}" }, { "{a,b'}'", "{a,b}" }, { "{a,b'}',c}", "a b} c" },
	{ "{a,'{'b,c}", "a {b c" }, { "{'a,b',c}", "a,b c" }, { "\\{{a,b}\\}", "{a} {b}" },
	{ "{\\\\,x}", "\\ x" }, { "{a'\\',b}", "a\\ b" }, { "\"$\"{a,b}", "$a $b" },
	{ "{'*',\\?}", "* ?" }, { "{\"\",a}x", "x ax" },
	/* Each word is by itself, and so are the others. */
	{ "z {b,a} c", "z b a c" },
};

START_TEST(braces_as_bash_has_them)
{
	confine("", "", true);
	CHECK(braces);
	open_all();
	CHECK(braces);
	for (size_t i = 0; i < COUNT(braces); i++)
		check_row(braces[i].command, braces[i].wanted, false);
}
END_TEST

/* Writes N times PIECE between BEGIN and END. */
static const char *
repeat(const char *head, const char *piece, int n, const char *tail)
{
	static char command[WORDS_BYTES + 1];
	char *at = command + sprintf(command, "%s", head);

	for (int i = 0; i < n; i++)
		at += sprintf(at, "%s", piece);
	strcpy(at, tail);
	return command;
}

START_TEST(braces_without_end)
{
	confine("", "", true);
	FAILS(repeat("", "{a,b}", 20, ""), BRACES);
	FAILS(repeat("", "{a,b}", 10000, ""), NAMES);
	FAILS(repeat("", "{", 65000, ""), WORK);
	/* A word's braces are counted by themselves, the names that come of all together. */
	FAILS(repeat("", "{,}{,}{,}{,}{,}{,}{,}{,}{,}{,}x ", 100, ""), NAMES);
	/* What failed is no burden for what comes next. */
	ck_assert_ptr_null(expand_text(repeat("", "{a,b}", 10, "")));
	ck_assert_uint_eq(got.count, EXPAND_BRACES);
	check_row(repeat("", "{", 1000, ""), repeat("", "{", 1000, ""), true);
	check_row("{x,y}", "x y", true);
}
END_TEST

static const struct row tildes[] = {
	{ "~", "." }, { "~/", "." }, { "~//", "." }, { "~/x", "x" }, { "~//x", "x" },
	{ "~///x//y/", "x//y/" }, { "~/.", "." }, { "~/..", ".." }, { "~me", "." }, { "~me/", "." },
	{ "~me/x", "x" }, { "~me//x", "x" }, { "~/~/x", "~/x" },
	/* What would look like an option. */
	{ "~/-x", "./-x" }, { "~//-x", "./-x" }, { "~/'-x'", "./-x" }, { "~/\\-x", "./-x" },
	{ "~me/-", "./-" }, { "~/x-", "x-" }, { "~/x/-y", "x/-y" }, { "~/--", "./--" },
	/* Nobody. */
	{ "~they", "~they" }, { "~they/x", "~they/x" }, { "~~", "~~" }, { "~~/x", "~~/x" },
	{ "~+", "~+" }, { "~-/x", "~-/x" }, { "~none/x", "~none/x" }, { "~half/x", "~half/x" },
	{ "~*", "~*" }, { "~[m]e/x", "~[m]e/x" }, { "~-", "~-" }, { "~.", "~." },
	/* Not at the beginning, or quoted. */
	{ "x~", "x~" }, { "x/~", "x/~" }, { "\\~", "~" }, { "'~me'/x", "~me/x" },
	{ "~'me'/x", "~me/x" }, { "~m\\e", "~me" }, { "~/'~'", "~" },
	/* Braces come first. */
	{ "~/{a,b}", "a b" }, { "{~,~me}/x", "x x" }, { "x{~,y}", "x~ xy" }, { "{~,x}", ". x" },
	{ "~{me,they}/x", "x ~they/x" }, { "~{/x,}", "x ." }, { "{,~}/x", "/x x" },
	/* And patterns last. */
	{ "~/*nope", "*nope" }, { "~/-*nope", "./-*nope" },
};

START_TEST(tildes_everywhere)
{
	char name[ACCOUNT_NAME_MAX + 2];

	for (int i = 0; i < 2; i++) {
		if (i == 0)
			confine("", "", true);
		else
			open_all();
		CHECK(tildes);
		for (size_t k = 0; k < COUNT(tildes); k++)
			check_row(tildes[k].command, tildes[k].wanted, false);
		for (size_t len = ACCOUNT_NAME_MAX - 2; len <= ACCOUNT_NAME_MAX; len++) {
			memset(name, 'x', sizeof(name));
			name[0] = '~';
			name[len + 1] = '\0';
			check_row(name, name, true);
		}
	}
}
END_TEST

START_TEST(tildes_of_others)
{
	static const struct row hidden[] = {
		{ "~other", "~other" }, { "~other/x", "~other/x" }, { "~odd/*", "~odd/*" },
		/* One of the same number is another one. */
		{ "~me/x", "x" }, { "~myself/x", "~myself/x" },
	};
	static const struct row told[] = {
		{ "~other", "/home/other" }, { "~other/x", "/home/other/x" },
		{ "~other/", "/home/other/" }, { "~other//x", "/home/other//x" },
		{ "~{me,other}/-x", "./-x /home/other/-x" }, { "~odd/*", "/home/odd/*" },
		{ "~myself/x", "/home/me/x" },
	};
	const char *what;

	confine("", "", true);
	CHECK(hidden);
	open_all();
	CHECK(told);
	policy.reveal = POLICY_NO;
	CHECK(hidden);
	begin();
	ck_assert_int_eq(root_confine(&root, "/", "", "", true, &what), 0);
	CHECK(told);
	policy.reveal = POLICY_NO;
	CHECK(hidden);
	/* The system's databases are not asked without end. */
	ck_assert_ptr_null(expand_text(repeat("", "~they ", 1000, "")));
	FAILS(repeat("", "~{a,b,c}{,}{,}{,}{,}{,}{,}{,}{,} ", 6, ""), WORK);
	ck_assert_ptr_null(expand_text(repeat("~/{", "x,", EXPAND_BRACES - 1, "x}")));
}
END_TEST

/* A home is no pattern, whatever it is called. */
START_TEST(tilde_of_an_odd_home)
{
	char wanted[256];

	make_dir("o*d\\[?]{x,y}");
	make_dir("oood\\[?]{x,y}");
	put_file("o*d\\[?]{x,y}/f", "", 0644);
	put_file("oood\\[?]{x,y}/f", "", 0644);
	snprintf(homes[3], sizeof(homes[3]), "%s/o*d\\[?]{x,y}", unit_path);
	open_all();
	check_row("~odd", homes[3], true);
	snprintf(wanted, sizeof(wanted), "%s/f", homes[3]);
	check_row("~odd/*", wanted, true);
	check_row("~odd/f", wanted, true);
	snprintf(wanted, sizeof(wanted), "%s/*g", homes[3]);
	check_row("~odd/*g", wanted, true);
}
END_TEST

static void
make_tree(void)
{
	static const char *const dirs[] = { "d", "d/e", "e", ".k" };
	static const char *const files[] = {
		"a", "ab", "abc", "b", "B", "1", "-q", ".h", "d/x", "d/y", "d/.z", "d/e/a", "d/e/b",
		"e/x", ".k/a",
	};

	for (size_t i = 0; i < COUNT(dirs); i++)
		make_dir(dirs[i]);
	for (size_t i = 0; i < COUNT(files); i++)
		put_file(files[i], "", 0644);
}

#define ALL "-q 1 B a ab abc b d e"

/* As dash has them; bash would make one slash of many. */
static const struct row patterns[] = {
	{ "*", ALL }, { "**", ALL }, { "a*", "a ab abc" }, { "?", "1 B a b d e" },
	{ "??", "-q ab" },
	{ "[ab]", "a b" }, { "[!a-z]", "1 B" }, { "[^a-z]", "1 B" }, { "[[:upper:]]", "B" },
	{ "a?c", "abc" }, { "*b", "ab b" }, { "*b*", "ab abc b" }, { "[a]", "a" }, { "-*", "-q" },
	/* Components. */
	{ "*/", "d/ e/" }, { "*//", "d// e//" }, { "[a-e]/", "d/ e/" }, { "*/x", "d/x e/x" },
	{ "*/*", "d/e d/x d/y e/x" }, { "*/*/", "d/e/" }, { "*/*/*", "d/e/a d/e/b" },
	{ "d/*", "d/e d/x d/y" }, { "*/e/*", "d/e/a d/e/b" }, { "*/e/a", "d/e/a" },
	{ "?/?/[!a]", "d/e/b" }, { "./a*", "./a ./ab ./abc" }, { "d//*", "d//e d//x d//y" },
	{ "*//x", "d//x e//x" }, { "*/e/", "d/e/" }, { "d/*/", "d/e/" }, { "*/*x", "d/x e/x" },
	{ "*/e//a", "d/e//a" },
	/* Dots. */
	{ "*/.", "d/. e/." }, { "*/..", "d/.. e/.." }, { "*/./x", "d/./x e/./x" },
	{ "*/../a", "d/../a e/../a" }, { "d/../*b", "d/../ab d/../b" },
	{ "d/./*", "d/./e d/./x d/./y" },
	{ "*/e/../[xy]", "d/e/../x d/e/../y" }, { "*/./", "d/./ e/./" },
	{ "*/../[d]/x", "d/../d/x e/../d/x" },
	/* Hidden names. */
	{ ".*", ".h .k" }, { ".*/", ".k/" }, { ".*/*", ".k/a" }, { ".k/*", ".k/a" },
	{ ".?", ".h .k" },
	{ "*/.*", "d/.z" }, { "*/.z", "d/.z" }, { "d/.*", "d/.z" }, { "\\.*", ".h .k" },
	{ "d/[.]z", "d/[.]z" }, { "d/?z", "d/?z" }, { "[!a]h", "[!a]h" }, { "*h", "*h" },
	/* No match. */
	{ "nope*", "nope*" }, { "*/nope", "*/nope" }, { "nope/*", "nope/*" },
	{ "*/nope/*", "*/nope/*" },
	{ "a/*", "a/*" }, { "*/x/", "*/x/" }, { "*/x/*", "*/x/*" }, { "*/x/.", "*/x/." },
	{ "*/x/..", "*/x/.." }, { "[a", "[a" }, { "[", "[" }, { "[]", "[]" }, { "[a/b]", "[a/b]" },
	{ "*[a/b]", "*[a/b]" }, { "d/*/*/*/*", "d/*/*/*/*" }, { "?/.h", "?/.h" },
	{ "*nope/", "*nope/" },
	{ "[[:nope:]]", "[[:nope:]]" }, { "*/.nope/", "*/.nope/" },
	/* Quotes. */
	{ "'a'*", "a ab abc" }, { "a'*'", "a*" }, { "\\a*", "a ab abc" }, { "*\\b", "ab b" },
	{ "'*'*", "**" }, { "nope\\?*", "nope?*" }, { "nope'[*]'?", "nope[*]?" },
	{ "'d/'*", "d/e d/x d/y" },
	{ "[\\a\\b]", "a b" }, { "['!'a]", "a" }, { "[a'-'c]", "a" }, { "[\"a\"]", "a" },
	{ "*/\\x", "d/x e/x" }, { "'d'/?", "d/e d/x d/y" }, { "nope'\\'*", "nope\\*" },
	/* Braces: each word is sorted by itself. */
	{ "{d,e}/*", "d/e d/x d/y e/x" }, { "{e,d}/*", "e/x d/e d/x d/y" },
	{ "{b,a}*", "b a ab abc" }, { "{nope,a}*", "nope* a ab abc" }, { "*/{x,y}", "d/x e/x d/y" },
	{ "{?b,*c}", "ab abc" }, { "{a,'*'}", "a *" }, { "{[ab],1}", "a b 1" },
	{ "[{a,b}]", "a b" },
	{ "{*/,}x", "d/x e/x x" }, { "b* {a,B}", "b a B" }, { "{nope,none}", "nope none" },
	/* Homes. */
	{ "~/a*", "a ab abc" }, { "~/-*", "./-q" }, { "~me/*/x", "d/x e/x" }, { "~/*/", "d/ e/" },
	{ "~/{d,e}/x", "d/x e/x" },
};

START_TEST(patterns_as_sh_has_them)
{
	make_tree();
	for (int i = 0; i < 2; i++) {
		hide_types = i == 1;
		confine("", "", true);
		CHECK(patterns);
		confine("", "", false);
		CHECK(patterns);
		open_all();
		CHECK(patterns);
	}
}
END_TEST

/* Has what is printed of PATH stand for the directory of the test. */
static const char *
beneath_unit(char dst[256], const char *format)
{
	const char *name = strrchr(unit_path, '/') + 1;
	char *to = dst;

	for (; *format != '\0'; format++)
		if (*format == '%')
			to += sprintf(to, "%s", unit_path);
		else if (*format == '=')
			to += sprintf(to, "%s", name);
		else
			*to++ = *format;
	*to = '\0';
	return dst;
}

/* The rows, in which % is the directory of the test, and = its name. */
static void
check_places(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char command[256], wanted[256];

		check_row(beneath_unit(command, rows[i].command),
		    beneath_unit(wanted, rows[i].wanted), true);
	}
}

START_TEST(whole_system)
{
	static const struct row rows[] = {
		{ "%/a*", "%/a %/ab %/abc" }, { "%/*/x", "%/d/x %/e/x" },
		{ "%//a*", "%//a %//ab %//abc" },
		{ "//%/a?", "//%/ab" }, { "../=/a*", "../=/a ../=/ab ../=/abc" },
		{ "%/nope*", "%/nope*" },
		{ "%/d/../a?", "%/d/../ab" }, { "%*", "%" }, { "%*/", "%/" },
		{ "%*/d/*/a", "%/d/e/a" },
		{ "a/../a?", "a/../a?" }, { "/et[c]", "/etc" }, { "/et[c]/", "/etc/" },
		{ "/[e]tc/../[e]tc", "/etc/../etc" },
		{ "/*/nope-at-all", "/*/nope-at-all" },
	};

	make_tree();
	open_all();
	check_places(rows, COUNT(rows));
	/* A policy has its say here, too. */
	policy.hidden = POLICY_NO;
	check_row("*", ALL, true);
	check_row(".*", ".*", true);
	check_row(".k/*", ".k/*", true);
	/* But for what is above, of which it knows no names. */
	check_places(&(struct row){ "../=/a?", "../=/ab" }, 1);
}
END_TEST

START_TEST(beneath_a_root)
{
	static const struct row rows[] = {
		{ "/*", "/-q /1 /B /a /ab /abc /b /d /e" }, { "//a?", "//ab" },
		{ "/*/x", "/d/x /e/x" },
		{ "/d/*/*", "/d/e/a /d/e/b" }, { "/d/../a?", "/d/../ab" },
		{ "/*/../a?", "/d/../ab /e/../ab" },
		/* Paths are text first: nobody asks what is before "..". */
		{ "a/../a?", "a/../ab" }, { "nope/../a?", "nope/../ab" },
		/* Its own path is the root, and stays. */
		{ "%/a?", "%/ab" }, { "%/*/x", "%/d/x %/e/x" }, { "%/d/*/b", "%/d/e/b" },
		{ "%//a?", "%//ab" },
		{ "%/", "%/" }, { "/tmp/*", "/tmp/*" },
		/* Outside, there is nothing. */
		{ "/et[c]", "/et[c]" }, { "/etc/*", "/etc/*" }, { "/nope/*", "/nope/*" },
		{ "/etc/pass[w]d", "/etc/pass[w]d" }, { "../*", "../*" }, { "../=*", "../=*" },
		{ "../../et[c]", "../../et[c]" }, { "/../*", "/../*" },
		{ "/../etc/*", "/../etc/*" },
		{ "d/../../*", "d/../../*" }, { "*/../../*", "*/../../*" },
		{ "*/../..", "*/../.." },
		{ "*/../../=", "*/../../=" }, { "%/../*", "%/../*" }, { "%*", "%*" },
		{ "/proc/*", "/proc/*" },
		{ "d/../../=/*", "d/../../=/*" },
	};

	make_tree();
	confine("", "", true);
	check_places(rows, COUNT(rows));
}
END_TEST

START_TEST(beneath_a_start)
{
	static const struct row rows[] = {
		{ "*", "e x y" }, { "~/*", "e x y" }, { "./*", "./e ./x ./y" }, { "*/a", "e/a" },
		{ "../a?", "../ab" }, { "/a?", "/ab" }, { "/d/*", "/d/e /d/x /d/y" },
		{ "../../*", "../../*" },
		{ "*/../../a?", "e/../../ab" }, { "~", "." }, { "~/..", ".." },
		{ "~/../a?", "../ab" },
		{ "*/../../../a?", "*/../../../a?" },
	};

	make_tree();
	confine("", "d", false);
	CHECK(rows);
	/* The policy is asked about the whole path. */
	policy.rules[0] = (struct policy_rule){ .pattern = "d" };
	policy.nrules = 1;
	check_row("*", "*", true);
	check_row("*/a", "*/a", true);
	check_row("../a?", "../ab", true);
}
END_TEST

START_TEST(roots_within)
{
	static const struct row rows[] = {
		{ "*", "e x y" }, { "/*", "/e /x /y" }, { "../*", "../*" },
		{ "%/d/*", "%/d/e %/d/x %/d/y" },
		{ "%/*", "%/*" }, { "%/e/*", "%/e/*" }, { "/../a?", "/../a?" },
		{ "*/../../a", "*/../../a" },
	};

	make_tree();
	confine("d", NULL, true);
	check_places(rows, COUNT(rows));
}
END_TEST

START_TEST(kernels_filesystems)
{
	static const struct row rows[] = {
		{ "/proc/*", "/proc/*" }, { "/proc/self/c*", "/proc/self/c*" },
		{ "/sys/*", "/sys/*" },
		{ "/et[c]", "/etc" }, { "/*/self/", "/*/self/" },
	};
	const char *what;

	begin();
	ck_assert_int_eq(root_confine(&root, "/", "", "", true, &what), 0);
	CHECK(rows);
}
END_TEST

/* In the directory of the test, where the tree is: "", or a slash and a name. */
static const char *tree = "";

/* Has the tree lie a directory deeper, so that what is above it is also the test's. */
static void
go_deeper(void)
{
	make_dir("tree");
	tree = "/tree";
	unit_fd = openat(unit_fd, "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(unit_fd, 0);
}

static void
make_links(void)
{
	char home[128];

	snprintf(home, sizeof(home), "%s%s", unit_path, tree);
	make_tree();
	make_dir("l");
	make_link("l/d", "../d");
	make_link("l/a", "../a");
	make_link("l/none", "nope");
	make_link("l/etc", "/etc");
	make_link("l/home", home);
	make_link("l/up", "..");
	make_link("l/upup", "../..");
	make_link("l/loop", "loop");
}

#define LINKS "l/a l/d l/etc l/home l/loop l/none l/up l/upup"

START_TEST(links_that_are_followed)
{
	static const struct row rows[] = {
		{ "l/*", LINKS }, { "l/*/", "l/d/ l/up/" }, { "l/d/*", "l/d/e l/d/x l/d/y" },
		{ "l/*/x", "l/d/x" }, { "l/*/*/x", "l/up/d/x l/up/e/x" }, { "*/none", "l/none" },
		{ "*/loop", "l/loop" }, { "l/etc/*", "l/etc/*" }, { "l/home/*", "l/home/*" },
		{ "l/upup/*", "l/upup/*" }, { "l/loop/*", "l/loop/*" }, { "l/a/*", "l/a/*" },
		{ "*/etc/passwd", "*/etc/passwd" }, { "*/none/", "*/none/" }, { "*/etc", "l/etc" },
		{ "*/etc/", "*/etc/" }, { "*/home/d", "*/home/d" }, { "*/d/.", "l/d/." },
		/* Paths are text: what is behind a link is not where it leads. */
		{ "l/d/../a?", "l/d/../a?" }, { "l/d/../u*", "l/d/../up l/d/../upup" },
	};

	make_links();
	confine("", "", true);
	CHECK(rows);
	hide_types = true;
	CHECK(rows);
}
END_TEST

START_TEST(links_that_are_not_followed)
{
	static const struct row rows[] = {
		{ "l/*", LINKS }, { "l/*/", "l/*/" }, { "l/d/*", "l/d/*" }, { "l/*/x", "l/*/x" },
		{ "l/*/.", "l/*/." }, { "l/*/..", "l/*/.." }, { "*/none", "l/none" },
		{ "*/d/", "*/d/" },
		{ "*/d/x", "*/d/x" }, { "*/d", "l/d" }, { "*/etc", "l/etc" },
		{ "*/etc/passwd", "*/etc/passwd" },
		{ "l/etc/*", "l/etc/*" }, { "*/x", "d/x e/x" },
	};

	make_links();
	confine("", "", false);
	CHECK(rows);
	hide_types = true;
	CHECK(rows);
}
END_TEST

START_TEST(links_of_the_whole_system)
{
	static const struct row rows[] = {
		{ "l/*", LINKS }, { "l/*/", "l/d/ l/etc/ l/home/ l/up/ l/upup/" },
		{ "l/*/x", "l/d/x" }, { "l/*/passwd", "l/etc/passwd" },
		{ "l/[eh]*/a?", "l/home/ab" }, { "l/*/tree", "l/upup/tree" },
		{ "l/d/../a?", "l/d/../ab" }, { "l/*/none", "l/*/none" },
		{ "l/loop/*", "l/loop/*" },
		{ "*/none", "l/none" }, { "*/none/", "*/none/" },
	};

	go_deeper();
	make_links();
	open_all();
	CHECK(rows);
}
END_TEST

static void
rule(bool allow, unsigned source, const char *pattern)
{
	struct policy_rule *r = &policy.rules[policy.nrules++];

	*r = (struct policy_rule){ .allow = allow, .source = source };
	strcpy(r->pattern, pattern);
}

START_TEST(hidden_names)
{
	static const struct row rows[] = {
		{ "*", ALL }, { ".*", ".*" }, { "d/.*", "d/.*" }, { "*/.*", "*/.*" },
		{ "*/.z", "*/.z" },
		{ ".k/*", ".k/*" }, { "/.k/*", "/.k/*" }, { ".*/*", ".*/*" },
		{ ".k/../a?", ".k/../ab" },
		{ "*/../.h", "*/../.h" }, { "*/../.k/", "*/../.k/" }, { "*/../.k/a", "*/../.k/a" },
		{ "*/../.k/../a?", "*/../.k/../a?" }, { ".k/../.k/*", ".k/../.k/*" },
		{ "./a?", "./ab" },
		{ "d/../a?", "d/../ab" }, { "*/.", "d/. e/." }, { ".k/{a,b}", ".k/a .k/b" },
	};

	make_tree();
	confine("", "", true);
	policy.hidden = POLICY_NO;
	CHECK(rows);
}
END_TEST

START_TEST(denied_names)
{
	static const struct row rows[] = {
		{ "*", "-q 1 B a abc d" }, { "*b", "*b" }, { "b*", "b*" }, { "[b]", "[b]" },
		{ "e/*", "e/*" },
		{ "*/", "d/" }, { "*/x", "*/x" }, { "d/*", "d/y" }, { "*/*", "d/y" },
		{ "d/e/*", "d/e/*" },
		{ "*/e/a", "*/e/a" }, { "*/e/", "*/e/" }, { "*/e", "*/e" }, { "*/e/..", "*/e/.." },
		{ "{e,d}/*", "e/* d/y" }, { "e/../a*", "e/../a e/../abc" }, { "*/y", "d/y" },
		{ "*/../b", "*/../b" }, { "d/.*", "d/.*" }, { ".*", ".h .k" }, { "e", "e" },
	};

	make_tree();
	confine("", "", true);
	rule(false, 1, "*b");
	rule(false, 1, "e");
	rule(false, 2, "x");
	rule(false, 2, "?z");
	CHECK(rows);
	hide_types = true;
	CHECK(rows);
}
END_TEST

START_TEST(allowed_names)
{
	static const struct row rows[] = {
		{ "*", "a.txt d.dat fifo l.dat" }, { "*.dat", "d.dat l.dat" }, { "*/", "d.dat/" },
		{ "*/*", "d.dat/a.txt" }, { "*/b.dat", "*/b.dat" }, { "*/a.txt", "d.dat/a.txt" },
		{ "b*", "b*" }, { "d*/[ab]*", "d.dat/a.txt" }, { "d.dat/*", "d.dat/a.txt" },
		{ "*/../b.dat", "*/../b.dat" }, { "*/../a.txt", "d.dat/../a.txt" },
		{ "*/../l.dat", "d.dat/../l.dat" }, { "*/c.txt", "*/c.txt" },
	};

	make_dir("d.dat");
	put_file("a.txt", "", 0644);
	put_file("b.dat", "", 0644);
	put_file("c.txt", "", 0644);
	put_file("d.dat/a.txt", "", 0644);
	put_file("d.dat/b.dat", "", 0644);
	put_file("d.dat/c.txt", "", 0644);
	ck_assert_int_eq(mkfifoat(unit_fd, "fifo", 0600), 0);
	make_link("l.dat", "b.dat");
	confine("", "", true);
	rule(true, 1, "*.txt");
	rule(true, 2, "[ab]*");
	CHECK(rows);
	hide_types = true;
	CHECK(rows);
}
END_TEST

/* A directory that may not be listed, or not searched, has no names. */
START_TEST(directories_without_permission)
{
	static const struct row rows[] = {
		{ "secret/*", "secret/*" }, { "*/f", "open/f secret/f" }, { "*/*", "open/f" },
		{ "blind/*", "blind/*" }, { "*/", "blind/ open/ secret/" },
		{ "*", "blind open secret" },
		{ "{secret,open}/*", "secret/* open/f" }, { "*/nope", "*/nope" },
	};
	static const char *const dirs[] = { "blind", "open", "secret" };
	static const mode_t modes[] = { 0600, 0700, 0300 };

	become_user();
	for (size_t i = 0; i < COUNT(dirs); i++) {
		char path[32];

		make_dir(dirs[i]);
		snprintf(path, sizeof(path), "%s/f", dirs[i]);
		put_file(path, "", 0644);
		ck_assert_int_eq(fchmodat(unit_fd, dirs[i], modes[i], 0), 0);
	}
	confine("", "", true);
	CHECK(rows);
	open_all();
	CHECK(rows);
}
END_TEST

START_TEST(odd_names)
{
	static const char *const names[] = {
		"a\nb", "a b", "q'", "q\"", "b\\s", "[x]", "*", "\\*", "\377\376", "\303\244", " ",
		"{a,b}",
		"~", "$HOME", "`id`", "\033[31m", "]", "!", "-",
	};

	for (size_t i = 0; i < COUNT(names); i++)
		put_file(names[i], "", 0644);
	for (int i = 0; i < 2; i++) {
		if (i == 0)
			confine("", "", true);
		else
			open_all();
		EXPANDS("*", "\033[31m", " ", "!", "$HOME", "*", "-", "[x]", "\\*", "]", "`id`",
		    "a\nb", "a b",
		    "b\\s", "q\"", "q'", "{a,b}", "~", "\303\244", "\377\376");
		EXPANDS("?", " ", "!", "*", "-", "]", "~", "\303\244");
		EXPANDS("??", "\\*", "q\"", "q'", "\377\376");
		EXPANDS("a?b", "a\nb", "a b");
		EXPANDS("'a\nb'*", "a\nb");
		EXPANDS("q*", "q\"", "q'");
		EXPANDS("[[]x]", "[x]");
		EXPANDS("'['*", "[x]");
		EXPANDS("[]]", "]");
		EXPANDS("\\\\*", "\\*");
		EXPANDS("'\\*'", "\\*");
		EXPANDS("*\\\\*", "\\*", "b\\s");
		EXPANDS("\\*", "*");
		EXPANDS("[*]", "*");
		EXPANDS("'{'*", "{a,b}");
		EXPANDS("\377*", "\377\376");
		EXPANDS("\377\377*", "\377\377*");
		EXPANDS("[\303\244]", "\303\244");
		EXPANDS("\\~*", "~");
		EXPANDS("~/[~]", "~");
		EXPANDS("*'\n'*", "a\nb");
		EXPANDS("{'*',\"~\"}", "*", "~");
		EXPANDS("~/[-]", "-");
	}
}
END_TEST

static void
make_many(void)
{
	for (int i = 0; i < MANY; i++) {
		char name[16];

		snprintf(name, sizeof(name), "f%d", i);
		if (mknodat(unit_fd, name, S_IFREG | 0600, 0) == -1)
			ck_abort_msg("%s: %s", name, strerror(errno));
	}
}

START_TEST(many_entries)
{
	make_many();
	confine("", "", true);
	ck_assert_ptr_null(expand_text("*"));
	ck_assert_uint_eq(got.count, MANY);
	for (size_t i = 1; i < got.count; i++)
		if (strcmp(got.paths[i - 1], got.paths[i]) >= 0)
			ck_abort_msg("\"%s\" before \"%s\"", got.paths[i - 1], got.paths[i]);
	ck_assert_ptr_null(expand_text("*99 ./*98"));
	ck_assert_uint_eq(got.count, MANY / 50);
	ck_assert_ptr_null(expand_text("* * * * * *"));
	ck_assert_uint_eq(got.count, 6 * MANY);
	ck_assert_str_eq(got.paths[MANY], "f0");
	FAILS("* * * * * * *", NAMES);
	/* As many, but longer: too many bytes. */
	FAILS(repeat("", "./", 1000, "*"), NAMES);
	FAILS(repeat("*[", "x", 60000, "]"), WORK);
	/* What failed is no burden for what comes next. */
	check_row("f0*0000", "f0*0000", true);
	check_row("f999[89]", "f9998 f9999", true);
}
END_TEST

START_TEST(patterns_without_end)
{
	for (int i = 0; i < WORK_DIRS; i++) {
		char name[16];

		snprintf(name, sizeof(name), "d%d", i);
		make_dir(name);
	}
	confine("", "", true);
	FAILS("*/../*/../*", NAMES);
	FAILS("*/../*/../z*", WORK);
	FAILS("*/../*/../././././z", WORK);
	FAILS(repeat("", "*/../", 10000, "z*"), NAMES);
	FAILS(repeat("*/", "./", 2000, "z"), WORK);
	ck_assert_ptr_null(expand_text(repeat("", "*/", 30000, "*")));
	ck_assert_uint_eq(got.count, 1);
	ck_assert_str_eq(got.paths[0], repeat("", "*/", 30000, "*"));
	ck_assert_ptr_null(expand_text("*/../*"));
	ck_assert_uint_eq(got.count, WORK_DIRS * WORK_DIRS);
	ck_assert_ptr_null(expand_text(repeat("", "*", 60000, "9")));
	ck_assert_uint_eq(got.count, WORK_DIRS / 10);
}
END_TEST

/* Directories within each other, and in the last but one a file whose path just fits. */
static void
make_levels(void)
{
	char name[LEVEL_NAME + 1];
	int fd = dup(unit_fd);

	memset(name, 'n', LEVEL_NAME);
	name[LEVEL_NAME] = '\0';
	for (int i = 0; i < LEVELS; i++) {
		int next;

		if (i == LEVELS - 1)
			ck_assert_int_eq(mknodat(fd, name + 1, S_IFREG | 0600, 0), 0);
		ck_assert_int_eq(mkdirat(fd, name, 0700), 0);
		next = openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		ck_assert_int_ge(next, 0);
		close(fd);
		fd = next;
	}
	close(fd);
}

START_TEST(paths_too_long_to_be_found)
{
	const char *command;

	make_levels();
	for (int i = 0; i < 2; i++) {
		if (i == 0)
			confine("", "", true);
		else
			open_all();
		ck_assert_ptr_null(expand_text(repeat("", "*/", LEVELS - 2, "*")));
		ck_assert_uint_eq(got.count, 1);
		ck_assert_uint_eq(strlen(got.paths[0]), (LEVELS - 1) * (LEVEL_NAME + 1) - 1);
		/* Of two, one is a byte too long. */
		ck_assert_ptr_null(expand_text(repeat("", "*/", LEVELS - 1, "*")));
		ck_assert_uint_eq(got.count, 1);
		ck_assert_uint_eq(strlen(got.paths[0]), PATH_MAX - 1);
		command = repeat("", "*/", LEVELS, "");
		check_row(command, command, true);
		command = repeat("", "./", PATH_MAX, "*");
		check_row(command, command, true);
	}
}
END_TEST

START_TEST(words_may_be_longer_than_paths)
{
	confine("", "", true);
	ck_assert_ptr_null(expand_text(repeat("", "x/", PATH_MAX, "{a,b}")));
	ck_assert_uint_eq(got.count, 2);
	ck_assert_uint_eq(strlen(got.paths[1]), 2 * PATH_MAX + 1);
	check_row(repeat("", "x/", PATH_MAX, ""), repeat("", "x/", PATH_MAX, ""), true);
	FAILS(repeat("{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}", "x", 20000, ""), NAMES);
}
END_TEST

/* For who must not learn what there is. */
START_TEST(patterns_that_are_not_looked_up)
{
	static const struct row rows[] = {
		{ "*", "*" }, { "*/x", "*/x" }, { "[ab]", "[ab]" }, { "a?c", "a?c" },
		{ "'*'*", "**" },
		{ "\\a*\\?", "a*?" }, { "{a,b}*", "a* b*" }, { "~/*", "*" }, { "~/-*", "./-*" },
		{ "b'\\'*", "b\\*" },
	};

	make_tree();
	confine("", "", true);
	for (size_t i = 0; i < COUNT(rows); i++)
		check_row(rows[i].command, rows[i].wanted, false);
	ck_assert_ptr_null(expand_command("'a b'*", 6, false));
	ck_assert_uint_eq(got.count, 1);
	ck_assert_str_eq(got.paths[0], "a b*");
}
END_TEST

/* One random word of N bytes, none of which is in NOT. */
static void
random_word(char *dst, size_t n, const char *not)
{
	while (n > 0) {
		*dst = (char)(random() % 255 + 1);
		if (strchr(not, *dst) == NULL) {
			dst++;
			n--;
		}
	}
	*dst = '\0';
}

static void
check_identity(const char *pattern, const char *text)
{
	struct expand_world world = { &root, &policy, &account, random() % 2 == 0, base };
	struct word word = { .pattern = pattern };
	char one[256], other[256];
	const char *why;

	if (expand_word(&got, &word, &world, &why) == -1)
		ck_abort_msg("%s: %s", show(one, pattern), why);
	if (got.count != 1 || strcmp(got.paths[0], text) != 0)
		ck_abort_msg("%s: got %s", show(one, pattern), show(other, got.paths[0]));
	expansion_end(&got);
}

START_TEST(what_is_not_special_is_itself)
{
	srandom(1);
	make_tree();
	confine("", "", true);
	for (int i = 0; i < RANDOM_WORDS; i++) {
		char text[64], pattern[128], *to = pattern;

		random_word(text, (size_t)random() % 60 + 1, "\\*?[{~");
		check_identity(text, text);
		/* Whatever it is, a backslash makes a letter of it. */
		random_word(text, (size_t)random() % 60 + 1, "");
		for (const char *p = text; *p != '\0'; p++) {
			if (strchr("\\*?[]!^-:{},~", *p) != NULL || random() % 8 == 0)
				*to++ = '\\';
			*to++ = *p;
		}
		*to = '\0';
		check_identity(pattern, text);
	}
}
END_TEST

/* Whatever it is, it comes to an end, and leaves nothing behind. */
START_TEST(random_patterns)
{
	static const char bytes[] = "**??[]{{}},,//..~\\!ax-d";
	struct expand_world world = { &root, &policy, &account, true, base };

	srandom(2);
	make_links();
	confine("", "", true);
	for (int i = 0; i < RANDOM_WORDS; i++) {
		char pattern[32];
		struct word word = { .pattern = pattern };
		size_t n = (size_t)random() % 24;
		const char *why;
		int before = i % 100 == 0 ? count_open() : 0;

		for (size_t k = 0; k < n; k++)
			pattern[k] = bytes[(size_t)random() % (sizeof(bytes) - 1)];
		pattern[n] = '\0';
		if (expand_word(&got, &word, &world, &why) == -1 || got.count == 0)
			ck_abort_msg("\"%s\": %s", pattern, why);
		expansion_end(&got);
		if (i % 100 == 0)
			ck_assert_int_eq(count_open(), before);
	}
}
END_TEST

START_TEST(behind_a_current_directory)
{
	static const struct row rows[] = {
		{ "*", "a b" }, { "./*", "./a ./b" }, { "../*", "../d ../start" },
		{ "../../../*", "../../../d ../../../start" },
		{ ".*", ". .. .h" }, { "*/.*/c", "*/.*/c" }, { "b/.*", "b/. b/.." }, { "..", ".." },
		{ "/*", "/d /start" }, { "/d/a*", "/d/a" }, { "../d/?", "../d/a ../d/b" },
		{ "/../*", "/../d /../start" }, { "x*", "x*" }, { "x{a,b}", "xa xb" }, { "?", "a b" },
		{ "~", "/start" }, { "~/", "/start/" }, { "~/x", "/start/x" }, { "~me/*", "/start/in" },
		{ "~other", "~other" }, { "~myself/x", "~myself/x" }, { "~/*", "/start/in" },
	};

	make_dir("top");
	make_dir("top/start");
	make_dir("top/d");
	make_dir("top/d/b");
	put_file("top/start/in", "", 0644);
	put_file("top/d/a", "", 0644);
	put_file("top/d/.h", "", 0644);
	put_file("secret", "", 0644);
	confine("top", "start", true);
	base = "d";
	CHECK(rows);
	policy.hidden = POLICY_NO;
	check_row(".*", ". ..", true);
	check_row("*", "*", false);
	base = "";
	check_row("*", "d start", true);
	check_row("d/*", "d/a d/b", true);
	confine("top", "", true);
	check_row("~", "/", true);
	check_row("~/d/*", "/d/a /d/b", true);
	base = "none";
	check_row("*", "*", true);
}
END_TEST

/* What is called as the root itself is what it is. */
START_TEST(behind_a_directory_that_is_called_as_the_root)
{
	char top[PATH_MAX], wanted[PATH_MAX], *slash;

	snprintf(top, sizeof(top), "%s", unit_path + 1);
	for (slash = top; (slash = strchr(slash, '/')) != NULL; *slash++ = '/') {
		*slash = '\0';
		make_dir(top);
	}
	make_dir(top);
	strcat(top, "/deep");
	put_file(top, "", 0644);
	*strrchr(top, '/') = '\0';
	confine("", top, true);
	base = top;
	check_row("*", "deep", true);
	snprintf(wanted, sizeof(wanted), "/../%s/deep", top);
	check_row("~/*", wanted, true);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, behind_a_current_directory);
	tcase_add_test(t, behind_a_directory_that_is_called_as_the_root);
	tcase_add_test(t, words_with_nothing_to_expand);
	tcase_add_test(t, braces_as_bash_has_them);
	tcase_add_test(t, braces_without_end);
	tcase_add_test(t, tildes_everywhere);
	tcase_add_test(t, tildes_of_others);
	tcase_add_test(t, tilde_of_an_odd_home);
	tcase_add_test(t, patterns_as_sh_has_them);
	tcase_add_test(t, whole_system);
	tcase_add_test(t, beneath_a_root);
	tcase_add_test(t, beneath_a_start);
	tcase_add_test(t, roots_within);
	tcase_add_test(t, kernels_filesystems);
	tcase_add_test(t, links_that_are_followed);
	tcase_add_test(t, links_that_are_not_followed);
	tcase_add_test(t, links_of_the_whole_system);
	tcase_add_test(t, hidden_names);
	tcase_add_test(t, denied_names);
	tcase_add_test(t, allowed_names);
	tcase_add_test(t, directories_without_permission);
	tcase_add_test(t, odd_names);
	tcase_add_test(t, many_entries);
	tcase_add_test(t, patterns_without_end);
	tcase_add_test(t, paths_too_long_to_be_found);
	tcase_add_test(t, words_may_be_longer_than_paths);
	tcase_add_test(t, patterns_that_are_not_looked_up);
	tcase_add_test(t, what_is_not_special_is_itself);
	tcase_add_test(t, random_patterns);
}

int
main(void)
{
	return run_unit("expand", add);
}
