/* SPDX-License-Identifier: ISC */
#include "ask/explain.h"
#include "unit.h"

static struct service s;
static struct invocation v;
static struct words words;

static char config[sizeof(unit_path) + 16];

/* What was printed since the last call of ask: to standard output, and to standard error. */
static const char *
printed(const char *name)
{
	fflush(NULL);
	return get_file(name);
}

/* Runs what main would with ARGS (a NULL ends them); returns the exit status. */
static int
ask(char *const args[])
{
	const char *why;
	int argc = 0;

	while (args[argc] != NULL)
		argc++;
	snprintf(config, sizeof(config), "%s/conf", unit_path);
	put_file("out", "", 0600);
	put_file("err", "", 0600);
	ck_assert_int_eq(fchdir(unit_fd), 0);
	ck_assert_ptr_nonnull(freopen("out", "w", stdout));
	ck_assert_ptr_nonnull(freopen("err", "w", stderr));
	ck_assert_int_eq(invocation_parse(&v, argc, args, NULL, &words, &why), 0);
	service_init(&s, NULL);
	return v.way == INVOKED_CHECK ? explain_policy(&s, &v, config)
	    : explain_request(&s, &v, config);
}

/* Each argument is a copy, for an argument vector is nobody's constant. */
#define ASK(...) ask((char *[]){ __VA_ARGS__, NULL })
#define W(text) copy("", text, "")

static char *
copy(const char *a, const char *b, const char *c)
{
	static char room[32][256];
	static size_t next;
	char *text = room[next++ % COUNT(room)];

	snprintf(text, sizeof(room[0]), "%s%s%s", a, b, c);
	return text;
}

static char *
under(const char *option, const char *name)
{
	return copy(option, unit_path, name);
}

static void
expect(const char *out, const char *err)
{
	ck_assert_msg(strstr(printed("out"), out) != NULL, "expected in output: %s\ngot: %s", out,
	    get_file("out"));
	ck_assert_msg(strcmp(printed("err"), err) == 0, "expected error: %s\ngot: %s", err,
	    get_file("err"));
}

START_TEST(requests_that_are_served)
{
	char line[512];

	ck_assert_int_eq(ASK(W("scp"), W("--explain"), W("scp -rt 'a b'/../c"),
	    under("--root=", "")), 0);
	snprintf(line, sizeof(line), "command:   \"scp -rt 'a b'/../c\"\n"
	    "words:     \"scp\" \"-rt\" \"a b/../c\"\n"
	    "direction: upload\n"
	    "path:      \"a b/../c\" is \"c\" beneath \"%s\"\n"
	    "served\n", unit_path);
	expect(line, "");
	ck_assert_int_eq(count_entries("."), 2);	/* What the test itself made. */
}
END_TEST

static const struct {
	const char *command, *option, *out;
} refused[] = {
	{ "id", "--hidden=no", "refused:   scp: not served: this account is for scp alone\n" },
	{ "scp -t x; id", "--hidden=no", "refused:   scp: not served: it has an unquoted ; & or |\n" },
	{ "scp -f x", "--upload-only", "refused:   scp: downloads are not allowed\n" },
	{ "scp -t a b", "--hidden=no", "refused:   ambiguous target\n" },
	{ "scp -t ../x", "--hidden=no", "refused:   a path is outside the root\n" },
	{ "scp -t .ssh/x", "--hidden=no", "refused:   names that begin with a dot are not allowed\n" },
	{ "scp -f *.secret", "--deny=*.secret", "refused:   this name is not allowed\n" },
	{ "scp -t x", "--start=none", "refused:   scp: none: No such file or directory\n" },
};

START_TEST(requests_that_are_refused)
{
	ck_assert_int_eq(ASK(W("scp"), W("--explain"), W(refused[_i].command), under("--root=", ""),
	    W(refused[_i].option)), 1);
	expect(refused[_i].out, "");
}
END_TEST

START_TEST(options_are_judged_like_those_of_serve)
{
	ck_assert_int_eq(ASK(W("scp"), W("--explain"), W("scp -t x"), W("--nonsense")), 1);
	expect("", "scp: --nonsense: there is no such key\n");
}
END_TEST

START_TEST(control_bytes_are_shown_as_escapes)
{
	ck_assert_int_eq(ASK(W("scp"), W("--explain"), W("scp -t '\x1b[2Jx\"'"),
	    under("--root=", "")), 0);
	expect("words:     \"scp\" \"-t\" \"\\033[2Jx\\\"\"\n", "");
}
END_TEST

START_TEST(the_policy_of_a_user)
{
	if (lacks_root("a configuration file is root's"))
		return;
	put_file("conf", "overwrite backup\nmatch user nobody\nupload-only\nmax-file-size 10M\n", 0644);
	ck_assert_int_eq(ASK(W("scp"), W("--check"), under("", "/conf"), W("nobody")), 0);
	expect("upload-only\n", "");
	expect("overwrite backup\n", "");
	expect("max-file-size 10M\n", "");
	expect("hidden no\n", "");
	expect("reveal no\n", "");
	ck_assert_int_eq(ASK(W("scp"), W("--check"), under("", "/conf")), 0);
	expect("max-file-size none\n", "");
	ck_assert_ptr_null(strstr(get_file("out"), "upload-only"));
	/* Where no file is named, it is the one that serving would read. */
	ck_assert_int_eq(ASK(W("scp"), W("--check")), 0);
	expect("overwrite backup\n", "");
}
END_TEST

START_TEST(what_cannot_be_served_with)
{
	char line[256];

	if (lacks_root("a configuration file is root's"))
		return;
	ck_assert_int_eq(ASK(W("scp"), W("--check"), under("", "/none")), 1);
	snprintf(line, sizeof(line), "scp: %s/none: No such file or directory\n", unit_path);
	expect("", line);
	ck_assert_int_eq(ASK(W("scp"), W("--check"), W("a"), W("b"), W("c")), 1);
	expect("", "scp: --check takes a file and a user\n");
	ck_assert_int_eq(ASK(W("scp"), W("--check"), W("a"), W("no such user")), 1);
	expect("", "scp: no such user: there is no such user\n");
	put_file("conf", "hidden no\nmatch user nobody\nroot nowhere\n", 0644);
	ck_assert_int_eq(ASK(W("scp"), W("--check"), under("", "/conf")), 1);
	snprintf(line, sizeof(line), "scp: %s/conf, line 3: it takes an absolute path\n", unit_path);
	expect("", line);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, requests_that_are_served);
	tcase_add_loop_test(t, requests_that_are_refused, 0, (int)COUNT(refused));
	tcase_add_test(t, options_are_judged_like_those_of_serve);
	tcase_add_test(t, control_bytes_are_shown_as_escapes);
	tcase_add_test(t, the_policy_of_a_user);
	tcase_add_test(t, what_cannot_be_served_with);
}

int
main(void)
{
	return run_unit("explain", add);
}
