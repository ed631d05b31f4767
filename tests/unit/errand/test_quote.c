/* SPDX-License-Identifier: ISC */
#include <sys/wait.h>

#include "errand/quote.h"
#include "text/pattern.h"
#include "text/words.h"
#include "unit.h"

enum {
	SHOWN_MAX = 65536,	/* bytes of what a shell hands on */
	ARGUMENTS_MAX = 128
};

#define SHOW ".show-arguments"	/* what this program does where it is started by that name */

static struct words words;

/* Names that mean something to some shell or other, by themselves or together. */
static const char *const nasty[] = {
	"x", "a b", " a", "a ", "  ", "a'b", "'", "''", "a\"b", "\"", "a\\b", "\\", "\\\\", "a\\",
	"$", "$HOME", "a$b",
	"${HOME}", "$(id)", "`id`", "`", "a;b", ";", "a&b", "&", "&&", "a|b", "|", "a<b", "<",
	"a>b", ">", "(", ")",
	"(a)", "a(b)c", "{", "}", "{a,b}", "a{b,c}d", "{1..3}", "[", "]", "[a]", "[!a]", "[a-z]*",
	"*", "?", "a*b", "**",
	"!", "!!", "a!b", "!a", "#", "#a", "a#b", "~a b", "~a b/x~", "a~", "~~", "~-", "~+", "=",
	"=ls", "a=b", "%", "%1",
	"%s%n", "^", "^a^b", "a^", "@", "@(a)", "+(a)", "-", "-x", "--", "-t", ".", "..", "...",
	".a", ":", "a:b", ",",
	"a,b", "/", "/a b/c d", "//", "a/", "\t", "a\tb", "\001", "\033[31m", "\177", "\r", "a\r",
	"\303\266",
	"\303\266 \342\202\254", "\377", "\200\201", "a\377b", "\342\200\250",
	"\342\200\250a\342\200\250",
	"\303\240", "a\303\240b", "\240", "a\240", "\302\240", "\341\232\200\303\240",
	"\343\200\200a", "\342\200\200",
	"\342\200\212", "-e", "\\n", "\\t", "\\0", "a\\'b",
	"'\\''", "it's \"here\"", "$'a'", "$\"a\"", "<(id)", ">&2", "2>&1", "a # b", "*~", "&!",
	"if", "end", "time",
	"\\e[0m", "!$", "^^", "a\\ b", "$$", "$?", "$0", "\"$HOME\"", "~root x",
};

/* The same, for those that can have it: csh has no way to write a newline. */
static const char *const lines[] = { "\n", "a\nb", "a\n", "\n\n", "\\\n", "'\n'", "a \n b" };

static const struct shell {
	const char *path;
	const char *applet;	/* or NULL */
	bool	    lines;	/* a newline can be quoted */
	bool	    sets;	/* there are sets in patterns */
} shells[] = {
	{ "/bin/sh", NULL, true, true },
	{ "/usr/bin/bash", NULL, true, true },
	{ "/usr/bin/dash", NULL, true, true },
	{ "/usr/bin/zsh", NULL, true, true },
	{ "/usr/bin/fish", NULL, true, false },
	{ "/usr/bin/mksh", NULL, true, true },
	{ "/usr/bin/ksh93", NULL, true, true },
	{ "/usr/bin/busybox", "ash", true, true },
	{ "/usr/bin/tcsh", NULL, false, true },
	{ "/usr/bin/bsd-csh", NULL, false, true },
};

static bool
lacks_shell(const struct shell *s)
{
	if (access(s->path, X_OK) == 0)
		return false;
	printf("SKIP: no %s\n", s->path);
	return true;
}

static void
become_shell(const struct shell *s, const char *command)
{
	if (fchdir(unit_fd) == -1)
		_exit(126);
	/* Nobody's start-up files. */
	setenv("HOME", unit_path, 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	unsetenv("ENV");
	unsetenv("BASH_ENV");
	unsetenv("ZDOTDIR");
	if (s->applet != NULL)
		execl(s->path, s->path, s->applet, "-c", command, (char *)NULL);
	else
		execl(s->path, s->path, "-c", command, (char *)NULL);
	_exit(127);
}

/* What the shell makes of the arguments behind our own name: how many, each in *SHOWN. */
static size_t
show(const struct shell *s, const char *arguments, const char *shown[ARGUMENTS_MAX])
{
	static char text[SHOWN_MAX], command[SHOWN_MAX];
	size_t len = 0, count = 0;
	int ends[2], status;
	ssize_t n;
	pid_t pid;

	snprintf(command, sizeof(command), "./" SHOW "%s", arguments);
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (dup2(ends[1], 1) == -1)
			_exit(126);
		become_shell(s, command);
	}
	close(ends[1]);
	while ((n = read(ends[0], text + len, sizeof(text) - len)) > 0)
		len += (size_t)n;
	close(ends[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	for (size_t at = 0; at < len && count < ARGUMENTS_MAX; at += strlen(text + at) + 1)
		shown[count++] = text + at;
	return count;
}

/* So that a shell finds it in the directory of the test, whatever is in the path of this one. */
static void
place_ourselves(void)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	ck_assert_int_gt(n, 0);
	self[n] = '\0';
	ck_assert_int_eq(symlinkat(self, unit_fd, SHOW), 0);
}

static const char *
quote(const char *path, enum quote_use use)
{
	static char word[QUOTE_COMMAND_MAX];

	ck_assert_msg(quote_path(word, sizeof(word), path, use) == strlen(word) && word[0] != '\0',
	    "<%s>", path);
	return word;
}

/* NAME as a source that is no pattern. */
static const char *
literal(const char *name)
{
	static char text[1024];
	char *to = text;

	for (; *name != '\0'; name++) {
		if (strchr("\\*?[", *name) != NULL || (to == text && *name == '~'))
			*to++ = '\\';
		*to++ = *name;
	}
	*to = '\0';
	return text;
}

/* Sets of names that are asked of a shell at once. */
static void
check_names(const struct shell *s, const char *const names[], size_t n, enum quote_use use)
{
	static char arguments[SHOWN_MAX / 2];
	const char *shown[ARGUMENTS_MAX];
	size_t len = 0, got;

	ck_assert_uint_le(n, ARGUMENTS_MAX);
	for (size_t i = 0; i < n; i++)
		len += (size_t)snprintf(arguments + len, sizeof(arguments) - len, " %s",
		    quote(use == QUOTE_SOURCE ? literal(names[i]) : names[i], use));
	ck_assert_uint_lt(len, sizeof(arguments));
	got = show(s, arguments, shown);
	for (size_t i = 0; i < n && i < got; i++) {
		const char *name = shown[i];

		/* What would be an option is none. */
		if (names[i][0] == '-' && strncmp(name, "./", 2) == 0)
			name += 2;
		ck_assert_msg(strcmp(name, names[i]) == 0, "%s: expected <%s>, got <%s>", s->path,
		    names[i], shown[i]);
	}
	ck_assert_msg(got == n, "%s: expected %zu words, got %zu", s->path, n, got);
}

/* Few enough at a time for the lines of any shell. */
static void
check_all(const struct shell *s, const char *const names[], size_t n, enum quote_use use)
{
	enum { AT_ONCE = 100 };

	for (size_t i = 0; i < n; i += AT_ONCE)
		check_names(s, names + i, n - i < AT_ONCE ? n - i : AT_ONCE, use);
}

/* By its loop index, with each shell. */
START_TEST(a_shell_gives_the_name_back)
{
	const struct shell *s = &shells[_i];

	ck_assert_uint_ge(COUNT(nasty), 60);
	if (lacks_shell(s))
		return;
	place_ourselves();
	for (int use = QUOTE_TARGET; use <= QUOTE_SOURCE; use++) {
		const char *const *names = nasty;

		check_all(s, names, COUNT(nasty), (enum quote_use)use);
		if (s->lines)
			check_all(s, lines, COUNT(lines), (enum quote_use)use);
	}
}
END_TEST

/* What is here for patterns.  To ksh93 a backslash in a set is also one of it. */
static const char *const there[] = { "abc", "xbc", "!bc", "^bc", "]bc", "-bc", "a bc", "'bc", "$bc",
    "bbc", ".abc", "x\\c",
    "{a,b}" };

static const struct {
	const char *pattern;
	bool	    sets;	/* it has some */
} patterns[] = {
	{ "*", false }, { "**", false }, { "*bc", false }, { "a*c", false }, { "a *", false },
	{ ".*c", false }, { "'*", false },
	{ "$*", false }, { "x\\\\*", false }, { "{*}", false }, { "{a,b}*", false },
	{ "***c", false }, { "-*", false },
	{ "[ab]bc", true }, { "[a-b]bc", true }, { "[a\\-c]bc", true }, { "[b\\]]bc", true },
	{ "[]b]bc", true },
	{ "[ b\\$]bc", true }, { "[b$]bc", true }, { "[b\\!]bc", true }, { "[\\!b]bc", true },
	{ "[\\^b]bc", true },
	{ "[b^!]bc", true }, { "['a]bc", true }, { "[a]*[c]", true }, { "x[\\\\]c", true },
};

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of what is there that PATTERN is of. */
static size_t
match_all(const char *pattern, const char *wanted[])
{
	size_t n = 0;

	for (size_t i = 0; i < COUNT(there); i++)
		if (pattern_match(pattern, there[i], PATTERN_DOT_SPECIAL))
			wanted[n++] = there[i];
	qsort(wanted, n, sizeof(*wanted), by_name);
	return n;
}

static void
check_pattern(const struct shell *s, const char *pattern)
{
	const char *shown[ARGUMENTS_MAX], *wanted[COUNT(there)];
	char argument[256];
	size_t n = match_all(pattern, wanted), got;

	snprintf(argument, sizeof(argument), " %s", quote(pattern, QUOTE_SOURCE));
	got = show(s, argument, shown);
	for (size_t i = 0; i < got; i++)
		if (strncmp(shown[i], "./", 2) == 0)
			shown[i] += 2;
	qsort(shown, got, sizeof(*shown), by_name);
	ck_assert_msg(n > 0, "<%s> is of nothing", pattern);
	for (size_t i = 0; i < n; i++)
		ck_assert_msg(i < got && strcmp(shown[i], wanted[i]) == 0,
		    "%s: <%s>: expected <%s>, got <%s>", s->path,
		    pattern, wanted[i], i < got ? shown[i] : "(nothing)");
	ck_assert_msg(got == n, "%s: <%s>: expected %zu names, got %zu: <%s>", s->path, pattern, n,
	    got, shown[n]);
}

/* It matches there what is expected here. */
START_TEST(a_shell_has_the_same_pattern)
{
	const struct shell *s = &shells[_i];

	if (lacks_shell(s))
		return;
	for (size_t i = 0; i < COUNT(there); i++)
		put_file(there[i], "", 0644);
	/* Its name begins with a dot, and no pattern here is of it. */
	place_ourselves();
	for (size_t i = 0; i < COUNT(patterns); i++)
		if (s->sets || !patterns[i].sets)
			check_pattern(s, patterns[i].pattern);
}
END_TEST

static const struct {
	const char *path, *target, *source;
} rows[] = {
	/* Nothing is quoted that need not be. */
	{ "x", "x", "x" },
	{ "/a/b.c_d+e,f:g@h-i", "/a/b.c_d+e,f:g@h-i", "/a/b.c_d+e,f:g@h-i" },
	{ "a\303\266\377", "a\303\266\377", "a\303\266\377" },
	{ ".", ".", "." },
	/* No option. */
	{ "-x", "./-x", "./-x" },
	{ "-", "./-", "./-" },
	{ "\\-x", "\\\\-x", "./-x" },
	{ "a/-x", "a/-x", "a/-x" },
	{ "*", "\\*", "./*" },
	{ "?x", "\\?x", "./?x" },
	{ "[-a]x", "\\[-a\\]x", "./[-a]x" },
	{ "[-ax", "\\[-ax", "\\[-ax" },
	/* Homes. */
	{ "~", "~", "~" },
	{ "~/x", "~/x", "~/x" },
	{ "~/a b", "~/a\\ b", "~/a\\ b" },
	{ "~me", "~me", "~me" },
	{ "~Me_2.x-y/z", "~Me_2.x-y/z", "~Me_2.x-y/z" },
	{ "~-", "\\~-", "\\~-" },
	{ "~-x/y", "\\~-x/y", "\\~-x/y" },
	{ "~+", "\\~+", "\\~+" },
	{ "~a b", "\\~a\\ b", "\\~a\\ b" },
	{ "~a*", "\\~a\\*", "\\~a*" },
	{ "\\~", "\\\\\\~", "\\~" },
	{ "a~", "a\\~", "a\\~" },
	{ "./~", "./\\~", "./\\~" },
	/* Each by itself. */
	{ "a b", "a\\ b", "a\\ b" },
	{ "a\tb", "a'\t'b", "a'\t'b" },
	{ "a\303\240b", "a'\303\240'b", "a'\303\240'b" },
	{ "a\342\200\250b", "a'\342\200\250'b", "a'\342\200\250'b" },
	{ "a\\\303\240b", "a\\\\'\303\240'b", "a'\303\240'b" },
	{ "[a\303\240]", "\\[a'\303\240'\\]", "./[a'\303\240']" },
	{ "\n\n", "'\n''\n'", "'\n''\n'" },
	{ "'\"`$", "\\'\\\"\\`\\$", "\\'\\\"\\`\\$" },
	{ "{a,b}", "\\{a,b\\}", "\\{a,b\\}" },
	{ "a=b%c^d!e#f", "a\\=b\\%c\\^d\\!e\\#f", "a\\=b\\%c\\^d\\!e\\#f" },
	/* A backslash is for patterns. */
	{ "a\\b", "a\\\\b", "ab" },
	{ "a\\*b", "a\\\\\\*b", "a\\*b" },
	{ "a\\\\b", "a\\\\\\\\b", "a\\\\b" },
	{ "a\\", "a\\\\", "a\\\\" },
	{ "a\\ b", "a\\\\\\ b", "a\\ b" },
	{ "a\\\nb", "a\\\\'\n'b", "a'\n'b" },
	/* Patterns. */
	{ "a*b?c", "a\\*b\\?c", "a*b?c" },
	{ "a**b***", "a\\*\\*b\\*\\*\\*", "a*b*" },
	{ "a*\\**", "a\\*\\\\\\*\\*", "a*\\**" },
	{ "a[b c]d", "a\\[b\\ c\\]d", "a[b\\ c]d" },
	{ "a[!b]c", "a\\[\\!b\\]c", "a[!b]c" },
	{ "a[^b]c", "a\\[\\^b\\]c", "a[^b]c" },
	{ "a[b!^]c", "a\\[b\\!\\^\\]c", "a[b\\!\\^]c" },
	{ "a[]b]c", "a\\[\\]b\\]c", "a[]b]c" },
	{ "a[!]b]c", "a\\[\\!\\]b\\]c", "a[!]b]c" },
	{ "a[b\\]c]d", "a\\[b\\\\\\]c\\]d", "a[b\\]c]d" },
	{ "a[b\\-d]e", "a\\[b\\\\-d\\]e", "a[b\\-d]e" },
	{ "a[b-d]e", "a\\[b-d\\]e", "a[b-d]e" },
	{ "a[[:alpha:]]b", "a\\[\\[:alpha:\\]\\]b", "a[[:alpha:]]b" },
	{ "a[x[:digit:]y]b", "a\\[x\\[:digit:\\]y\\]b", "a[x[:digit:]y]b" },
	{ "a[[:A:]b", "a\\[\\[:A:\\]b", "a[\\[:A:]b" },
	{ "a[[b]c", "a\\[\\[b\\]c", "a[\\[b]c" },
	{ "a[b", "a\\[b", "a\\[b" },
	{ "a]b", "a\\]b", "a\\]b" },
	{ "a[]b", "a\\[\\]b", "a\\[\\]b" },
	{ "a[b/c]d", "a\\[b/c\\]d", "a\\[b/c\\]d" },
	{ "a[b\\", "a\\[b\\\\", "a\\[b\\\\" },
	{ "a[b\tc]d", "a\\[b'\t'c\\]d", "a[b'\t'c]d" },
};

START_TEST(how_a_path_is_written)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *got = quote(rows[i].path, QUOTE_TARGET);

		ck_assert_msg(strcmp(got, rows[i].target) == 0,
		    "<%s>: expected the target <%s>, got <%s>", rows[i].path,
		    rows[i].target, got);
		got = quote(rows[i].path, QUOTE_SOURCE);
		ck_assert_msg(strcmp(got, rows[i].source) == 0,
		    "<%s>: expected the source <%s>, got <%s>", rows[i].path,
		    rows[i].source, got);
	}
}
END_TEST

/* Our own servers split a command as sh does. */
START_TEST(our_own_words_give_the_name_back)
{
	const char *why;

	for (size_t i = 0; i < COUNT(nasty) + COUNT(lines); i++) {
		const char *name = i < COUNT(nasty) ? nasty[i] : lines[i - COUNT(nasty)];
		const char *word = quote(name, QUOTE_TARGET), *got;

		ck_assert_msg(words_split(&words, word, strlen(word), &why) == 0, "<%s>: %s", word,
		    why);
		ck_assert_uint_eq(words.count, 1);
		got = words.list[0].text + (name[0] == '-' ? 2 : 0);
		ck_assert_str_eq(got, name);
		ck_assert_int_eq(words.list[0].pattern != NULL, quote_home(name) > 0);
	}
}
END_TEST

/* Exactly as long as it is, it fits; with a byte less it does not, and nothing behind is written to. */
START_TEST(what_does_not_fit)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t len = strlen(rows[i].source);
		char *dst = malloc(len + 1);

		ck_assert_ptr_nonnull(dst);
		ck_assert_uint_eq(quote_path(dst, len + 1, rows[i].path, QUOTE_SOURCE), len);
		for (size_t cap = 1; cap <= len; cap++) {
			char *small = malloc(cap);

			ck_assert_ptr_nonnull(small);
			ck_assert_uint_eq(quote_path(small, cap, rows[i].path, QUOTE_SOURCE), 0);
			free(small);
		}
		free(dst);
	}
}
END_TEST

START_TEST(what_is_asked_of_a_host)
{
	static const struct {
		const char *path, *command;
		bool receives, directory, recursive, preserve, verbose, shell_text;
	} asked[] = {
		{ "x", "scp -t x", true, false, false, false, false, false },
		{ "x", "scp -t x", true, false, false, false, false, true },
		{ "x", "scp -d -t x", true, true, false, false, false, false },
		{ "x", "scp -v -r -p -d -t x", true, true, true, true, true, false },
		{ "x", "scp -f x", false, false, false, false, false, false },
		/* A source has no use for it. */
		{ "x", "scp -v -r -p -f x", false, true, true, true, true, false },
		{ "a b*", "scp -t a\\ b\\*", true, false, false, false, false, false },
		{ "a b*", "scp -f a\\ b*", false, false, false, false, false, false },
		{ "a b*", "scp -f a b*", false, false, false, false, false, true },
		{ "-x", "scp -t ./-x", true, false, false, false, false, false },
		{ "-x", "scp -t -- -x", true, false, false, false, false, true },
		{ "-x y", "scp -r -f -- -x y", false, false, true, false, false, true },
	};

	for (size_t i = 0; i < COUNT(asked); i++) {
		struct errand e = {
			.recursive = asked[i].recursive, .preserve = asked[i].preserve,
			.verbose = asked[i].verbose,
			.shell_text = asked[i].shell_text,
		};
		char command[QUOTE_COMMAND_MAX];

		ck_assert_int_eq(quote_command(command, &e, asked[i].receives, asked[i].directory,
		    asked[i].path), 0);
		ck_assert_str_eq(command, asked[i].command);
	}
}
END_TEST

/* By its loop index: as text for the shell, quoted. */
START_TEST(a_command_that_is_too_long)
{
	const struct errand e = { .shell_text = _i == 0, .recursive = true };
	size_t room = QUOTE_COMMAND_MAX - strlen("scp -r -t ") - 1;
	char command[QUOTE_COMMAND_MAX], *path = malloc(room + 2);

	ck_assert_ptr_nonnull(path);
	memset(path, 'x', room + 1);
	path[room + 1] = '\0';
	ck_assert_int_eq(quote_command(command, &e, true, false, path), -1);
	path[room] = '\0';
	ck_assert_int_eq(quote_command(command, &e, true, false, path), 0);
	ck_assert_uint_eq(strlen(command), QUOTE_COMMAND_MAX - 1);
	free(path);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, how_a_path_is_written);
	tcase_add_test(t, our_own_words_give_the_name_back);
	tcase_add_test(t, what_does_not_fit);
	tcase_add_test(t, what_is_asked_of_a_host);
	tcase_add_loop_test(t, a_command_that_is_too_long, 0, 2);
	tcase_add_loop_test(t, a_shell_gives_the_name_back, 0, (int)COUNT(shells));
	tcase_add_loop_test(t, a_shell_has_the_same_pattern, 0, (int)COUNT(shells));
}

/* Each argument, and a NUL. */
static int
show_arguments(int argc, char *argv[])
{
	for (int i = 1; i < argc; i++)
		if (fwrite(argv[i], 1, strlen(argv[i]) + 1, stdout) == 0)
			return 1;
	return fflush(stdout) == EOF;
}

int
main(int argc, char *argv[])
{
	const char *slash = strrchr(argv[0], '/');

	if (strcmp(slash != NULL ? slash + 1 : argv[0], SHOW) == 0)
		return show_arguments(argc, argv);
	return run_unit("quote", add);
}
