/* SPDX-License-Identifier: ISC */
#include "explain.h"
#include "dirs.h"
#include "unit.h"

#include <sys/wait.h>

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

/* What main would do: the process is somebody else then, in his sandbox. */
static int
answer(int argc, char *const args[])
{
	const char *why;
	int status;

	if (freopen("out", "w", stdout) == NULL || freopen("err", "w", stderr) == NULL)
		return 99;
	if (invocation_parse(&v, argc, args, NULL, &words, &why) == -1) {
		fprintf(stderr, "scp: %s\n", why);
		fflush(stderr);
		return 1;
	}
	service_init(&s, NULL, (const char *[ACCOUNT_SAID]){ NULL, NULL });
	status = v.way == INVOKED_CHECK ? explain_policy(&s, &v, config)
	    : explain_request(&s, &v, config);
	fflush(NULL);
	return status;
}

/* Has a process answer ARGS (a NULL ends them); returns its exit status. */
static int
ask(char *const args[])
{
	int argc = 0, status;
	pid_t child;

	while (args[argc] != NULL)
		argc++;
	snprintf(config, sizeof(config), "%s/conf", unit_path);
	put_file("out", "", 0600);
	put_file("err", "", 0600);
	ck_assert_int_eq(fchdir(unit_fd), 0);
	/* Others have to get there, too. */
	ck_assert_int_eq(fchmod(unit_fd, 0755), 0);
	child = fork();
	ck_assert_int_ne(child, -1);
	if (child == 0)
		_exit(answer(argc, args));
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(WIFEXITED(status), "killed by %d", WTERMSIG(status));
	return WEXITSTATUS(status);
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
	{ "id", "--hidden=no", "refused:   scp: not served: this account is for copying files alone\n" },
	{ "scp -t x; id", "--hidden=no", "refused:   scp: not served: it has an unquoted ; & or |\n" },
	{ "scp -f x", "--upload-only", "refused:   scp: downloads are not allowed\n" },
	{ "scp -t a b", "--hidden=no", "refused:   ambiguous target\n" },
	{ "scp -t ../x", "--hidden=no", "refused:   a path is outside the root\n" },
	{ "scp -t .ssh/x", "--hidden=no", "refused:   names that begin with a dot are not allowed\n" },
	{ "scp -f *.secret", "--deny=*.secret", "refused:   this name is not allowed\n" },
	{ "scp -t x", "--start=none", "/none: No such file or directory\n" },
};

/* With root and direction, and what else it may do. */
START_TEST(rule_64_sftp)
{
	static const struct {
		const char *option, *direction, *may;
	} rows[] = {
		{ "--hidden=no", "both", "list, rename, remove, set attributes, make no links" },
		{ "--upload-only", "upload", "list its own, rename its own, remove its own, "
		    "set attributes its own, make no links" },
		{ "--download-only", "download", "list, make no links" },
		{ "--list=no", "both", "rename, remove, set attributes, make no links" },
		{ "--make-links=yes", "both", "list, rename, remove, set attributes, make links" },
	};
	char text[1024];

	for (size_t i = 0; i < COUNT(rows); i++) {
		ck_assert_int_eq(ASK(W("scp"), W("--explain"), W("internal-sftp -l INFO"),
		    under("--root=", ""), W(rows[i].option)), 0);
		snprintf(text, sizeof(text), "command:   \"internal-sftp -l INFO\"\n"
		    "words:     \"internal-sftp\" \"-l\" \"INFO\"\n"
		    "protocol:  SFTP\ndirection: %s\nroot:      \"%s\"\nmay:       %s\nserved\n",
		    rows[i].direction, unit_path, rows[i].may);
		expect(text, "");
	}
}
END_TEST

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

#define LINE_OF_NOBODY "nobody: uploads to /tmp, nothing else\n"

START_TEST(the_policy_of_a_user)
{
	if (lacks_root("a configuration file is root's"))
		return;
	put_file("conf", "overwrite backup\nlog none\nmatch user nobody\nupload-only\nroot /tmp\nmax-file-size 10M\n", 0644);
	ck_assert_int_eq(ASK(W("scp"), W("--check"), under("", "/conf"), W("nobody")), 0);
	ck_assert_int_eq(strncmp(printed("out"), LINE_OF_NOBODY, strlen(LINE_OF_NOBODY)), 0);
	expect("\nupload-only\n", "");
	expect("\nroot /tmp\nstart /tmp\n", "");
	expect("\n# umask: that of the login\n", "");
	expect("\n# group: that of the account, or of the directory\n", "");
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

/* Nobody has to have one. */
START_TEST(without_a_file)
{
	char line[256];

	ck_assert_int_eq(ASK(W("scp"), W("--check")), 0);
	snprintf(line, sizeof(line), "\n# there is no %s\nprotocol both\ncommands no\n# root: none is set\n# start: the working "
	    "directory, for sshd the home\noverwrite yes\n", config);
	expect(line, "");
	ck_assert_int_eq(ASK(W("scp"), W("--check"), W(config)), 0);
	expect(": uploads to and downloads from the whole system, a login shell nothing: no root is set\n", "");
}
END_TEST

static const struct {
	const char *rules, *sentence;
} sentences[] = {
	{ "upload-only\nroot /srv/a\nroot /x\n", NULL },
	{ "upload-only\nroot /srv\n", "nobody: uploads to /srv, nothing else\n" },
	{ "download-only\nroot /srv\nmatch user nobody\nroot /srv/%u\n",
	    "nobody: downloads from /srv/nobody, nothing else\n" },
	{ "root /\n", "nobody: uploads to and downloads from /, nothing else\n" },
	{ "upload-only\n", "nobody: uploads to the whole system, a login shell nothing: no root is set\n" },
	{ "root /a\033b\n", NULL },
};

/* Each command of a script, as a session would read it: nothing of it is done. */
START_TEST(what_would_become_of_a_script)
{
	if (lacks_root("--serve looks at the root that is said"))
		return;
	put_file("f", "", 0644);
	ck_assert_int_eq(ASK(W("scp"), W("--explain"), W("ls 'a b'; cat f; rm f"), under("--root=", ""),
	    W("--commands=yes"), W("--upload-only")), 0);
	expect("           ls 'a b': carried out\n             ls \"a b\"\n"
	    "           cat f: downloads are not allowed\n             cat \"f\"\n"
	    "           rm f: carried out\n             rm \"f\"\nserved\n", "");
	ck_assert_int_eq(ASK(W("scp"), W("--explain"), W("echo; sh -c 'unzip f'; rm f"),
	    under("--root=", ""), W("--commands=yes")), 0);
	expect("           echo: carried out\n             echo\n           sh -c 'unzip f': carried out\n"
	    "             sh \"-c\" \"unzip f\"\n               unzip f: command not found\n"
	    "           rm f: not done: something else on this line is not served\n             rm \"f\"\n", "");
	ck_assert_int_eq(ASK(W("scp"), W("--explain"), W("ls -d f; ls; exec rm f"), under("--root=", ""),
	    W("--commands=yes"), W("--list=no")), 0);
	expect("           ls -d f: carried out\n             ls \"-d\" \"f\"\n"
	    "           ls: listing is not allowed\n             ls\n"
	    "           exec rm f: carried out\n             exec \"rm\" \"f\"\nserved\n", "");
	ck_assert(exists("f"));
}
END_TEST

START_TEST(a_sentence)
{
	if (lacks_root("a configuration file is root's"))
		return;
	put_file("conf", sentences[_i].rules, 0644);
	(void)ASK(W("scp"), W("--check"), under("", "/conf"), W("nobody"));
	if (sentences[_i].sentence == NULL)
		ck_assert_str_eq(printed("out"), "");
	else
		ck_assert_int_eq(strncmp(printed("out"), sentences[_i].sentence,
		    strlen(sentences[_i].sentence)), 0);
}
END_TEST

/* What the user would meet: rules, the modes of the file and of the directory that is the root. */
static const struct {
	const char *rules;
	mode_t	    file, above, top;
	uid_t	    owner;
	const char *err;	/* with @ for the directory of the test; NULL: all is well */
} eyes[] = {
	{ "upload-only\nlog none\nroot @/a/top\n", 0644, 0755, 0700, NOBODY, NULL },
	{ "download-only\nlog none\nroot @/a/top\n", 0644, 0755, 0711, 0, NULL },
	{ "upload-only\nlog none\nroot @/a/top\n", 0644, 0755, 0755, 0,
	    "scp: @/a/top: no upload can be put there: Permission denied\n" },
	{ "upload-only\nlog none\nroot @/a/top\nstart in\n", 0644, 0755, 0755, 0, NULL },
	{ "upload-only\nlog none\nroot @/a/top\nstart out\n", 0644, 0755, 0755, 0,
	    "scp: @/a/top/out: no upload can be put there: Permission denied\n" },
	{ "upload-only\nlog none\nroot @/a/top\nstart none\n", 0644, 0755, 0755, NOBODY,
	    "scp: @/a/top/none: No such file or directory\n" },
	{ "download-only\nlog none\nroot @/a/top\n", 0644, 0755, 0700, 0,
	    "scp: @/a/top: Permission denied\n" },
	{ "download-only\nlog none\nroot @/a/top\n", 0644, 0700, 0755, 0,
	    "scp: @/a/top: Permission denied\n" },
	{ "upload-only\nlog none\nroot @/a/%u\n", 0644, 0755, 0755, 0,
	    "scp: @/a/nobody: No such file or directory\n" },
	{ "upload-only\nlog none\nroot @/conf\n", 0644, 0755, 0755, 0,
	    "scp: @/conf: Not a directory\n" },
	{ "log none\nroot @/a/top\n", 0600, 0755, 0755, 0,
	    "scp: @/conf: the account may not read it\n" },
	{ "upload-only\ndownload-only\nroot @/a/top\n", 0644, 0755, 0755, 0,
	    "scp: @/conf, line 2: download-only: upload-only and download-only exclude each other\n" },
	{ "match user gone-away\nlog none\nmatch user nobody\nlog none\nroot @/a/top\n", 0644, 0755, 0777, 0,
	    "scp: @/conf, line 1: gone-away: there is no such user: it matches nobody\n" },
};

/* TEXT with the directory of the test for each @. */
static void
fill(char *dst, size_t cap, const char *text)
{
	dst[0] = '\0';
	for (; *text != '\0'; text++)
		snprintf(dst + strlen(dst), cap - strlen(dst), "%.*s", *text == '@' ? 64 : 1,
		    *text == '@' ? unit_path : text);
}

START_TEST(with_the_eyes_of_the_user)
{
	char rules[512], err[512];
	bool warned = strncmp(eyes[_i].rules, "match", 5) == 0;

	if (lacks_root("others' eyes"))
		return;
	fill(rules, sizeof(rules), eyes[_i].rules);
	put_file("conf", rules, eyes[_i].file);
	make_dir("a");
	make_dir("a/top");
	make_dir("a/top/in");
	make_dir("a/top/out");
	ck_assert_int_eq(fchmodat(unit_fd, "a/top/in", 0777, 0), 0);
	ck_assert_int_eq(fchownat(unit_fd, "a/top", eyes[_i].owner, 0, 0), 0);
	ck_assert_int_eq(fchmodat(unit_fd, "a/top", eyes[_i].top, 0), 0);
	ck_assert_int_eq(fchmodat(unit_fd, "a", eyes[_i].above, 0), 0);
	fill(err, sizeof(err), eyes[_i].err != NULL ? eyes[_i].err : "");
	ck_assert_int_eq(ASK(W("scp"), W("--check"), under("", "/conf"), W("nobody")),
	    eyes[_i].err != NULL && !warned);
	ck_assert_str_eq(printed("err"), err);
	/* The same of a command. */
	if (strstr(eyes[_i].rules, "exclude") != NULL || warned)
		return;
	ck_assert_int_eq(ASK(W("scp"), W("--explain"), strstr(rules, "download") != NULL
	    ? W("scp -f x") : W("scp -t x"), W("--user"), W("nobody")), eyes[_i].err != NULL);
	if (eyes[_i].err != NULL && strstr(printed("out"), err) == NULL)
		ck_assert_str_eq(printed("err"), err);
	if (eyes[_i].err == NULL)
		expect("\nserved\n", "");
}
END_TEST

/* Nobody but root can be another one; the policy is no secret. */
START_TEST(eyes_of_others)
{
	if (lacks_root("others' eyes"))
		return;
	put_file("conf", "upload-only\nroot /nowhere\n", 0644);
	ck_assert_int_eq(ASK(W("scp"), W("--explain"), W("scp -t x"), W("--user"), W("no such user")), 1);
	expect("", "scp: no such user: there is no such user\n");
	ck_assert_int_eq(ASK(W("scp"), W("--explain"), W("scp -t x"), W("--user=")), 1);
	expect("", "scp: : there is no such user\n");
	ck_assert_int_eq(ASK(W("scp"), W("--explain"), W("scp -t x"), W("--user")), 1);
	expect("", "scp: --user takes a name\n");
	ck_assert_int_eq(ASK(W("scp"), W("--explain"), W("scp -t x"), W("--user=a"), W("--user"), W("a")), 1);
	expect("", "scp: --user is said twice\n");
	put_file("out", "", 0666);
	put_file("err", "", 0666);
	ck_assert_int_eq(fchmod(unit_fd, 0777), 0);
	ck_assert_int_eq(setresuid(NOBODY, NOBODY, NOBODY), 0);
	ck_assert_int_eq(invocation_parse(&v, 4, (char *[]){ W("scp"), W("--check"), under("", "/conf"),
	    W("daemon") }, NULL, &words, &(const char *){ NULL }), 0);
	service_init(&s, NULL, (const char *[ACCOUNT_SAID]){ NULL, NULL });
	ck_assert_int_eq(explain_policy(&s, &v, config), 0);
	ck_assert_str_eq(s.problem, "scp: daemon: only root can look with this user's eyes");
	ck_assert_int_eq(invocation_parse(&v, 5, (char *[]){ W("scp"), W("--explain"), W("scp -t x"),
	    W("--user"), W("daemon") }, NULL, &words, &(const char *){ NULL }), 0);
	service_init(&s, NULL, (const char *[ACCOUNT_SAID]){ NULL, NULL });
	ck_assert_int_eq(explain_request(&s, &v, config), 1);
}
END_TEST

/* Somebody has to take the records. */
START_TEST(records_that_reach_nobody)
{
	if (lacks_root("others' eyes"))
		return;
	put_file("conf", "root /tmp\n", 0644);
	if (access("/dev/log", F_OK) == 0) {
		ck_assert_int_eq(ASK(W("scp"), W("--check"), under("", "/conf"), W("nobody")), 0);
		return;
	}
	ck_assert_int_eq(ASK(W("scp"), W("--check"), under("", "/conf"), W("nobody")), 1);
	expect("\nlog-required no\n", "scp: /dev/log: No such file or directory\n");
	ck_assert_int_eq(ASK(W("scp"), W("--explain"), W("scp -t x"), W("--user=nobody")), 1);
	expect("wrong:     scp: /dev/log: No such file or directory\n", "");
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
	snprintf(line, sizeof(line), "scp: %s/conf, line 3: root: it takes an absolute path\n", unit_path);
	expect("", line);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, requests_that_are_served);
	tcase_add_test(t, rule_64_sftp);
	tcase_add_loop_test(t, requests_that_are_refused, 0, (int)COUNT(refused));
	tcase_add_test(t, options_are_judged_like_those_of_serve);
	tcase_add_test(t, control_bytes_are_shown_as_escapes);
	tcase_add_test(t, the_policy_of_a_user);
	tcase_add_test(t, without_a_file);
	tcase_add_test(t, what_would_become_of_a_script);
	tcase_add_loop_test(t, a_sentence, 0, (int)COUNT(sentences));
	tcase_add_loop_test(t, with_the_eyes_of_the_user, 0, (int)COUNT(eyes));
	tcase_add_test(t, eyes_of_others);
	tcase_add_test(t, records_that_reach_nobody);
	tcase_add_test(t, what_cannot_be_served_with);
}

int
main(void)
{
	return run_unit("explain", add);
}
