/* SPDX-License-Identifier: ISC */
#include "commands/variables.h"
#include "unit.h"

#define LONG "its variables make it too long"

static struct words words;
static char room[VARIABLES_ROOM];
static const struct variables known = {
	.status = 7, .start = "in", .here = "in/a {b,*}", .user = "ann"
};

/* Each word of COMMAND with its values, ~PATTERN where one is left, and |; or why not. */
static const char *
put(const struct variables *v, const char *command)
{
	static char shown[4096];
	const char *why = NULL;
	char *at = shown;

	if (words_split_live(&words, command, strlen(command), &why) == -1 ||
	    variables_put(v, &words, room, &why) == -1)
		return why;
	ck_assert_ptr_null(why);
	*at = '\0';
	for (size_t i = 0; i < words.count; i++) {
		at += sprintf(at, "%s", words.list[i].text);
		if (words.list[i].pattern != NULL)
			at += sprintf(at, "~%s", words.list[i].pattern);
		at = stpcpy(at, "|");
	}
	return shown;
}

static const struct {
	const char *command, *shown;
} rows[] = {
	{ "echo $?", "echo|7|" }, { "echo \"$?\"", "echo|7|" }, { "echo ${?}x", "echo|7x|" },
	{ "echo \"WinSCP: this is end-of-file:$?\"", "echo|WinSCP: this is end-of-file:7|" },
	{ "echo $LANG $HOME $USER ${LOGNAME}", "echo|C.UTF-8|/in|ann|ann|" },
	{ "echo a\"$USER\"b'$USER'\\$USER", "echo|aannb$USER$USER|" },
	/* A name ends where it is quoted, or begins to be. */
	{ "echo $USER\"x\" \"$USER\"x ${USER}x", "echo|annx|annx|annx|" },
	{ "echo $USERx $USER-x $USER/x", "echo|ann-x|ann/x|" },
	{ "echo $US\\\nER $\\\nUSER ${US\\\nER} $USER\\\n", "echo|ann|ann|ann|ann|" },
	{ "echo $??", "echo|7?~7?|" },
	/* What has no value is nothing, and no word where nothing was quoted. */
	{ "echo \"$status\"", "echo||" }, { "echo $status", "echo|" },
	{ "echo a $status b", "echo|a|b|" },
	{ "echo $LANG $LC_CTYPE $LC_ALL", "echo|C.UTF-8|" },
	{ "echo ${ShellId}%ComSpec%", "echo|%ComSpec%|" },
	{ "echo ''$x $x\"\" $x$y", "echo|||" }, { "echo '' $x", "echo||" },
	{ "echo $lang $Home", "echo|" },
	/* What comes from a value is quoted. */
	{ "echo $PWD", "echo|/in/a {b,*}|" }, { "echo \"$PWD\"", "echo|/in/a {b,*}|" },
	{ "echo $PWD/*", "echo|/in/a {b,*}/*~/in/a \\{b\\,\\*\\}/*|" },
	{ "echo {$PWD,c}", "echo|{/in/a {b,*},c}~{/in/a \\{b\\,\\*\\},c}|" },
	{ "echo \"$PWD*\"*", "echo|/in/a {b,*}**~/in/a \\{b\\,\\*\\}\\**|" },
	/* What stands behind nothing does not begin a word. */
	{ "echo $x~", "echo|~|" }, { "echo ~$USER", "echo|~ann|" },
	{ "echo ~/$USER", "echo|~/ann~~/ann|" }, { "echo ~", "echo|~~~|" },
	/* A $ that means nothing. */
	{ "echo \"$\" \"a$ b\" \"$.\" '$' \\$ '$'$?", "echo|$|a$ b|$.|$|$|$7|" },
	{ "echo '$*'* \"\\$x\"*", "echo|$**~\\$\\**|$x*~\\$x*|" },
	{ "echo ?", "echo|?~?|" }, { "echo a b", "echo|a|b|" },
};

START_TEST(rule_7_values)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *got = put(&known, rows[i].command);

		ck_assert_msg(strcmp(got, rows[i].shown) == 0, "<%s>: expected %s, got %s",
		    rows[i].command, rows[i].shown, got);
	}
}
END_TEST

START_TEST(rule_7_what_is_more_than_a_variable)
{
	static const char *const refused[] = {
		"echo $", "echo a$ b", "echo $1", "echo $$", "echo $!", "echo $@", "echo $*",
		"echo $#", "echo $-", "echo $(id)", "echo $((1))", "echo `id`",
		"echo ${x:-y}", "echo ${#x}", "echo ${}", "echo ${x", "echo ${x y}",
		"echo ${x\"y\"}", "echo $/", "echo $'a'", "echo $\"a\"",
		"echo \"$1\"", "echo \"$$\"", "echo \"$(id)\"", "echo \"${x:-y}\"", "echo \"$#\"",
		"echo \"${\"", "echo \"$!\"", "echo \"$\\\n(id)\"", "echo \"$\\\n1\"",
	};

	for (size_t i = 0; i < COUNT(refused); i++)
		ck_assert_msg(strcmp(put(&known, refused[i]), "it has an unquoted $ or `") == 0,
		    "<%s>: got %s", refused[i], put(&known, refused[i]));
}
END_TEST

/* Whoever does not ask for variables has none: nothing about it has changed. */
START_TEST(rule_7_nowhere_else)
{
	const char *why;

	ck_assert_int_eq(words_split(&words, "rm $x", 5, &why), -1);
	ck_assert_int_eq(words_split(&words, "rm ${x}", 7, &why), -1);
	ck_assert_int_eq(words_split(&words, "rm \"$x$(y)\" a~*", 15, &why), 0);
	ck_assert_str_eq(words.list[1].text, "$x$(y)");
	ck_assert_ptr_null(words.list[1].pattern);
	ck_assert_str_eq(words.list[2].pattern, "a~*");
	ck_assert_int_eq(words_split(&words, "rm '$'*", 7, &why), 0);
	ck_assert_str_eq(words.list[1].pattern, "$*");
}
END_TEST

START_TEST(values_by_name)
{
	char value[VARIABLES_VALUE];
	const char *name;
	size_t n;

	for (n = 0; (name = variables_name(n)) != NULL; n++)
		ck_assert(variables_get(&known, name, strlen(name), value));
	ck_assert_uint_eq(n, 5);
	ck_assert(variables_get(&known, "HOMER", 4, value));
	ck_assert_str_eq(value, "/in");
	ck_assert(!variables_get(&known, "HOM", 3, value));
	ck_assert_str_eq(value, "");
	ck_assert(!variables_get(&known, "", 0, value));
	ck_assert(variables_get(&(struct variables){ .start = "", .here = "" }, "HOME", 4, value));
	ck_assert_str_eq(value, "/");
}
END_TEST

/* Makes COMMAND of N times TEXT. */
static const char *
repeat(char command[WORDS_BYTES + 1], size_t n, const char *text)
{
	char *at = command;

	*at = '\0';
	for (size_t i = 0; i < n; i++)
		at = stpcpy(at, text);
	return command;
}

/* Values take as much room as the longest command, and patterns that are as long as can be fit. */
START_TEST(values_have_a_limit)
{
	enum { MOST = WORDS_BYTES / PATH_MAX };	/* paths, and less than one more */
	static char here[PATH_MAX], command[WORDS_BYTES + 1];
	const struct variables v = { .start = "", .here = here, .user = "*" };
	const char *why;

	memset(here, '*', sizeof(here) - 1);
	repeat(command, MOST - 1, "$PWD*");
	ck_assert_int_eq(words_split_live(&words, command, strlen(command), &why), 0);
	ck_assert_int_eq(variables_put(&v, &words, room, &why), 0);
	ck_assert_uint_eq(strlen(words.list[0].text), (MOST - 1) * (PATH_MAX + 1));
	ck_assert_uint_eq(strlen(words.list[0].pattern), (MOST - 1) * (2 * PATH_MAX));
	ck_assert_str_eq(put(&v, repeat(command, MOST, "$PWD")), LONG);
	ck_assert_str_eq(put(&v, repeat(command, MOST + 1, "$PWD ")), LONG);
	ck_assert_str_eq(put(&v, repeat(command, WORDS_BYTES / 2, "$x")), "");
	repeat(command, WORDS_BYTES / 2, "$?");
	ck_assert_int_eq(words_split_live(&words, command, WORDS_BYTES, &why), 0);
	ck_assert_uint_eq(strlen(words.list[0].pattern), 2 * WORDS_BYTES);
	ck_assert_int_eq(variables_put(&v, &words, room, &why), 0);
	ck_assert_uint_eq(strlen(words.list[0].text), WORDS_BYTES / 2);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, rule_7_values);
	tcase_add_test(t, rule_7_what_is_more_than_a_variable);
	tcase_add_test(t, rule_7_nowhere_else);
	tcase_add_test(t, values_by_name);
	tcase_add_test(t, values_have_a_limit);
}

int
main(void)
{
	return run_unit("variables", add);
}
