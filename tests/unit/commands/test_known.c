/* SPDX-License-Identifier: ISC */
#include "commands/known.h"
#include "commands/outlook.h"
#include "policies.h"
#include "unit.h"

static struct words words;	/* too large for a stack */
static char line[4096];
static struct script script;

static void
cut(const char *text)
{
	snprintf(line, sizeof(line), "%s", text);
	script_cut(&script, line, strlen(line));
}

/* One command: what it is, and comes to; "": nobody knows it, NULL: no syntax. */
static const struct {
	const char *text, *verb, *deed, *script;
	bool	    changes, reads;
} commands[] = {
	{ "ls", "ls", "ls", NULL, false, false },
	{ "/bin/rm -r d", "rm", "rm", NULL, true, false },
	{ "A=b rm f", "rm", "rm", NULL, true, false },
	{ "A=b", NULL, NULL, NULL, false, false },
	{ "unzip f", "", "", NULL, false, false },
	{ "env rm f", "", "", NULL, false, false },
	{ "exec rm f", "exec", "rm", NULL, true, false },
	{ "exec exec cat f", "exec", "cat", NULL, false, false },
	{ "exec 2>&1", "exec", "exec", NULL, false, false },
	{ "exec unzip f", "exec", "", NULL, false, false },
	{ "scp -f a", "scp", "scp", NULL, false, false },
	{ "scp -rpt a", "scp", "scp", NULL, true, false },
	{ "scp -f -- -t", "scp", "scp", NULL, false, false },
	{ "exec scp -t a", "exec", "scp", NULL, true, false },
	{ "sh -c 'rm f'", "sh", "sh", "rm f", false, false },
	{ "exec bash -c ls", "exec", "bash", "ls", false, false },
	{ "sh", "sh", "sh", NULL, false, false },
	{ "sh -c", "sh", "sh", NULL, false, false },
	{ "sh -c ls x", "sh", "sh", NULL, false, false },
	{ "sh -x ls", "sh", "sh", NULL, false, false },
	{ "cat", "cat", "cat", NULL, false, true },
	{ "cat -", "cat", "cat", NULL, false, true },
	{ "cat f", "cat", "cat", NULL, false, false },
	{ "cat </dev/null", "cat", "cat", NULL, false, false },
	{ "dd of=f", "", "", NULL, false, true },
	{ "dd if=f", "", "", NULL, false, false },
	{ "cat >f", NULL, NULL, NULL, false, true },
	{ "cat <f", NULL, NULL, NULL, false, false },
	{ "tee f", "", "", NULL, false, true },
	{ "tee", "", "", NULL, false, true },
};

static void
assert_verb(const char *text, const struct verb *got, const char *wanted)
{
	const char *name = got != NULL ? got->name : "";

	ck_assert_msg(strcmp(name, wanted != NULL ? wanted : "") == 0, "%s: expected %s, got %s", text, wanted,
	    name);
}

START_TEST(what_a_command_comes_to)
{
	const char *text = commands[_i].text, *within;
	struct known k;

	cut(text);
	ck_assert_uint_eq(script.count, 1);
	k = known_look(&words, &script.list[0]);
	ck_assert_msg((k.why == NULL) == (commands[_i].verb != NULL || k.empty), "%s: %s", text, k.why);
	assert_verb(text, k.verb, commands[_i].verb);
	assert_verb(text, k.deed, commands[_i].deed);
	ck_assert_msg(k.changes == commands[_i].changes, "%s", text);
	within = k.why == NULL && !k.empty ? known_script(&words, &k) : NULL;
	ck_assert_msg(within == NULL ? commands[_i].script == NULL : commands[_i].script != NULL &&
	    strcmp(within, commands[_i].script) == 0, "%s: %s", text, within);
	ck_assert_msg(known_would_read(&words, &script.list[0], &k) == commands[_i].reads, "%s", text);
}
END_TEST

/* Whole lines: whether what changes something would be carried out. */
static const struct {
	const char *text;
	bool	    served;
} lines[] = {
	{ "rm f", true }, { "", true }, { "A=b; rm f", true }, { "rm f; ls; echo $?", true },
	{ "unzip f; rm f", false }, { "rm f && unzip f", false }, { "rm f; cat f | x", false },
	{ "rm f; `x`", false }, { "rm f; (ls)", false }, { "rm f;;", false }, { "rm f; echo 'a", false },
	{ "rm f > x", false }, { "rm f &", false }, { "sh -c 'rm f'; rm f", true },
	{ "sh -c 'unzip f'; rm f", false }, { "exec unzip f; rm f", false },
	{ "exec sh -c 'unzip f'; rm f", false }, { "sh -c \"sh -c 'unzip f'\"; rm f", false },
	{ "sh -c 'ls\nunzip f'; rm f", false }, { "sh -c 'cat <<E\nrm f\nE\n'; rm f", false },
	{ "rm \"$(x)\"", false }, { "rm f; echo \"$x\"", true }, { "if true; then rm f; fi", false },
	{ "sudo rm f", false }, { "! rm f", false }, { "busybox; rm f", true },
};

START_TEST(rule_10_lines_that_are_served)
{
	cut(lines[_i].text);
	ck_assert_msg(known_is_served(&words, &script) == lines[_i].served, "%s", lines[_i].text);
}
END_TEST

/* What --explain tells. */
static char told[4096];

static void
hear(void *none, const struct outlook *o)
{
	size_t len = strlen(told);

	(void)none;
	snprintf(told + len, sizeof(told) - len, "%u %.*s: %s\n", o->depth, (int)o->len, o->text,
	    o->why != NULL ? o->why : "done");
}

#define NOT_DONE "not done: something else on this line is not served"

static const struct {
	const char *text;
	bool	    list, recursive;
	const char *told;
} outlooks[] = {
	{ "ls x; ls -d x; ls -la; exec ls -ld x; ls -- -d", false, true,
	    "0 ls x: of directories: listing is not allowed\n0 ls -d x: done\n0 ls -la: of directories: listing is not allowed\n"
	    "0 exec ls -ld x: done\n0 ls -- -d: of directories: listing is not allowed\n" },
	{ "ls --full-time x", false, true, "0 ls --full-time x: of directories: listing is not allowed\n" },
	{ "ls; cd x", true, true, "0 ls: done\n0 cd x: done\n" },
	{ "rm f; rm -fr f; cp f g; cp -a f g; chmod -r f; chmod -R u+r f; mkdir d; rmdir d", true, false,
	    "0 rm f: done\n0 rm -fr f: directories are not allowed\n0 cp f g: done\n"
	    "0 cp -a f g: directories are not allowed\n0 chmod -r f: done\n"
	    "0 chmod -R u+r f: directories are not allowed\n0 mkdir d: directories are not allowed\n"
	    "0 rmdir d: directories are not allowed\n" },
	{ "sh -c 'rm f\nunzip f; ls; rm f'; rm f", true, true,
	    "0 sh -c 'rm f\nunzip f; ls; rm f': done\n1 rm f: " NOT_DONE "\n1 unzip f: command not found\n"
	    "1 ls: done\n1 rm f: " NOT_DONE "\n0 rm f: " NOT_DONE "\n" },
	{ "exec sh -c \"sh -c 'rm f'\"; exec cat f; exec x", true, true,
	    "0 exec sh -c \"sh -c 'rm f'\": done\n1 sh -c 'rm f': done\n2 rm f: " NOT_DONE "\n"
	    "0 exec cat f: done\n0 exec x: command not found\n" },
	{ "sh -c \"sh -c 'sh -c \\\"sh -c \\\\\\\"sh -c ls\\\\\\\"\\\"'\"", true, true, NULL },
};

START_TEST(what_would_become_of_it)
{
	struct policy policy = restricted_policy();

	policy.list = outlooks[_i].list ? RIGHT_YES : RIGHT_NO;
	policy.recursive = outlooks[_i].recursive ? POLICY_YES : POLICY_NO;
	policy.attributes = policy.remove = policy.rename = RIGHT_YES;
	policy.mkdir = POLICY_YES;
	told[0] = '\0';
	outlook_tell(outlooks[_i].text, &policy, hear, NULL);
	if (outlooks[_i].told != NULL)
		ck_assert_str_eq(told, outlooks[_i].told);
	else
		ck_assert_msg(strstr(told, "4 sh -c ls: scripts are too deep in one another\n") != NULL &&
		    strstr(told, "\n5 ") == NULL, "%s", told);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_loop_test(t, what_a_command_comes_to, 0, (int)COUNT(commands));
	tcase_add_loop_test(t, rule_10_lines_that_are_served, 0, (int)COUNT(lines));
	tcase_add_loop_test(t, what_would_become_of_it, 0, (int)COUNT(outlooks));
}

int
main(void)
{
	return run_unit("known", add);
}
