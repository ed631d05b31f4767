/* SPDX-License-Identifier: ISC */
#include <sys/resource.h>

#include "ask/service.h"
#include "rules/keys.h"
#include "dirs.h"
#include "unit.h"

/* Everything before a session, as main does it, with a configuration file of the test's own. */
static struct service s;
static struct invocation v;
static struct words words;

static char config[sizeof(unit_path) + 16];

/* An invocation of the program with ARGS (a NULL ends them), and the client's command. */
static void
invoke(const char *original, char *const args[])
{
	const char *why;
	int argc = 0;

	while (args[argc] != NULL)
		argc++;
	ck_assert_int_eq(invocation_parse(&v, argc, args, original, &words, &why), 0);
	service_init(&s, "192.0.2.7 4711 192.0.2.1 22", (const char *[ACCOUNT_SAID]){ NULL, NULL });
	snprintf(config, sizeof(config), "%s/conf", unit_path);
}

#define INVOKE(original, ...) invoke((original), (char *[]){ __VA_ARGS__, NULL })

static void
expect_problem(int end, const char *problem)
{
	ck_assert_int_eq(end, -1);
	ck_assert_msg(strcmp(s.problem, problem) == 0, "expected: %s\ngot: %s", problem, s.problem);
}

/* TEXT, with the test's directory in place of an @. */
static char *
word(const char *text)
{
	static char room[16][256];
	static int next;
	char *dst = room[next++ % 16];
	size_t before = strcspn(text, "@");
	bool at = text[before] == '@';

	snprintf(dst, sizeof(room[0]), "%.*s%s%s", (int)before, text, at ? unit_path : "",
	    text + before + at);
	return dst;
}

#define SERVE word("scp"), word("--serve")

START_TEST(a_drop_in_needs_no_configuration)
{
	char *argv[] = { word("scp"), word("-t"), word("x"), NULL };

	INVOKE(NULL, word("scp"), word("-t"), word("x"));
	ck_assert_int_eq(service_load(&s, &v, config), 0);
	ck_assert(!s.policy.restricted);
	ck_assert(!s.known);
	ck_assert_int_eq(s.policy.log, LOG_WAY_NONE);
	ck_assert_int_eq(service_read(&s, &v, 3, argv), 0);
	ck_assert_int_eq(s.request.role, REQUEST_SINK);
	ck_assert_int_eq(service_open(&s), 0);
	ck_assert(!s.root.confined);
	ck_assert_str_eq(s.request.paths[0], "x");
	service_end(&s);
}
END_TEST

START_TEST(a_drop_in_obeys_the_configuration)
{
	if (lacks_root("a configuration file is root's"))
		return;
	put_file("conf", "download-only\numask 077\n", 0644);
	INVOKE(NULL, word("scp"), word("-t"), word("x"));
	ck_assert_int_eq(service_load(&s, &v, config), 0);
	ck_assert(!s.policy.restricted);
	expect_problem(service_read(&s, &v, 3, (char *[]){ word("scp"), word("-t"), word("x"), NULL }),
	    "scp: uploads are not allowed");
	ck_assert_int_eq(service_read(&s, &v, 3, (char *[]){ word("scp"), word("-f"), word("x"),
	    NULL }), 0);
	umask(022);
	ck_assert_int_eq(service_open(&s), 0);
	ck_assert_int_eq(umask(0), 077);
	service_end(&s);
}
END_TEST

START_TEST(options_are_read_in_each_form)
{
	INVOKE("scp -t x", SERVE, word("--upload-only"), word("--root"), word("@"),
	    word("--max-files=3"));
	ck_assert_int_eq(service_load(&s, &v, config), 0);
	ck_assert(s.policy.restricted);
	ck_assert(s.policy.upload_only);
	ck_assert_uint_eq(s.policy.max_files, 3);
	ck_assert_str_eq(s.where, unit_path);
	ck_assert_int_eq(s.policy.reveal, POLICY_NO);
}
END_TEST

START_TEST(options_that_are_wrong_are_named)
{
	static const struct {
		const char *option, *problem;
	} rows[] = {
		{ "upload-only", "scp: upload-only: there is no such option" },
		{ "-r", "scp: -r: there is no such option" },
		{ "--nonsense", "scp: --nonsense: there is no such key" },
		{ "--Hidden=no", "scp: --Hidden=no: it is written --hidden" },
		{ "--hiden", "scp: --hiden: there is no such key; do you mean --hidden?" },
		{ "--", "scp: --: there is no such key" },
		{ "--=x", "scp: --=x: there is no such key" },
		{ "--hidden=maybe", "scp: --hidden=maybe: it takes yes or no" },
		{ "--check", "scp: --check: there is no such key" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		INVOKE("scp -t x", SERVE, word(rows[i].option));
		expect_problem(service_load(&s, &v, config), rows[i].problem);
		ck_assert(!s.loaded);
	}
}
END_TEST

START_TEST(the_configuration_names_its_line)
{
	char problem[256];

	if (lacks_root("a configuration file is root's"))
		return;
	put_file("conf", "# one\nmkdir no\nhidden maybe\n", 0644);
	INVOKE("scp -t x", SERVE);
	snprintf(problem, sizeof(problem), "scp: %s, line 3: hidden: it takes yes or no", config);
	expect_problem(service_load(&s, &v, config), problem);
	put_file("conf", "hidden no\n", 0664);
	INVOKE("scp -t x", SERVE);
	ck_assert_int_eq(service_load(&s, &v, config), -1);
	ck_assert_ptr_nonnull(strstr(s.problem, "/conf: "));
}
END_TEST

START_TEST(what_a_login_shell_got_cannot_widen_a_default)
{
	static const char *const lines[] = {
		"scp --serve --hidden=yes", "scp --serve --log=none", "scp --serve --symlinks=beneath",
		"scp --serve --max-depth=2000 --file-mode=7777", "scp --sftp --hidden=yes --log=none",
		"scp --sftp --make-links=yes --partial=*",
	};
	static struct policy plain;

	policy_init(&plain);
	keys_settle(&plain, true);
	for (size_t i = 0; i < COUNT(lines); i++) {
		INVOKE("scp -t x", word("scp"), word("-c"), word(lines[i]));
		ck_assert_int_eq(service_load(&s, &v, config), 0);
		ck_assert_int_eq(s.policy.hidden, plain.hidden);
		ck_assert_int_eq(s.policy.log, plain.log);
		ck_assert_int_eq(s.policy.symlinks, plain.symlinks);
		ck_assert_uint_eq(s.policy.max_depth, plain.max_depth);
		ck_assert_uint_eq(s.policy.file_mode.may, plain.file_mode.may);
		ck_assert_int_eq(s.policy.make_links, plain.make_links);
		ck_assert_uint_eq(s.policy.npartials, 0);
	}
	/* The control: a forced command that a shell starts may say what nobody else has. */
	INVOKE("scp -t x", SERVE, word("--hidden=yes"));
	ck_assert_int_eq(service_load(&s, &v, config), 0);
	ck_assert_int_eq(s.policy.hidden, POLICY_YES);
}
END_TEST

START_TEST(what_a_login_shell_got_can_narrow)
{
	static const char *const lines[] = {
		"scp --serve --upload-only --max-files=2", "scp --sftp --upload-only --max-files=2",
	};

	for (size_t i = 0; i < COUNT(lines); i++) {
		INVOKE("scp -t x", word("scp"), word("-c"), word(lines[i]));
		ck_assert_int_eq(service_load(&s, &v, config), 0);
		ck_assert(s.policy.upload_only);
		ck_assert_int_eq(s.policy.reveal, POLICY_NO);
		ck_assert_uint_eq(s.policy.max_files, 2);
	}
}
END_TEST

/* Nothing that would not be there without it. */
START_TEST(what_a_login_shell_got_adds_nothing)
{
	static const struct {
		const char *line, *problem;
	} rows[] = {
		{ "scp --serve --file-mode=777+777", "scp: --file-mode=777+777: only the configuration file "
		    "can say this" },
		{ "scp --serve --group=root", "scp: --group=root: only the configuration file can say this" },
		{ "scp --serve --overwrite=backup", "scp: --overwrite=backup: only the configuration file can "
		    "say this" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		INVOKE("scp -t x", word("scp"), word("-c"), word(rows[i].line));
		expect_problem(service_load(&s, &v, config), rows[i].problem);
	}
}
END_TEST

/* The login's umask is narrower than what a client says. */
START_TEST(what_a_login_shell_got_adds_to_the_umask)
{
	static const struct {
		const char *rules;
		mode_t	    wanted;
	} rows[] = { { "root /\n", 077 }, { "root /\numask 002\n", 022 } };

	if (lacks_root("a configuration file is root's"))
		return;
	for (size_t i = 0; i < COUNT(rows); i++) {
		put_file("conf", rows[i].rules, 0644);
		INVOKE("scp -f x", word("scp"), word("-c"), word("scp --serve --umask=020"));
		umask(077);
		ck_assert_int_eq(service_load(&s, &v, config), 0);
		ck_assert_int_eq(service_read(&s, &v, 0, NULL), 0);
		ck_assert_int_eq(service_open(&s), 0);
		ck_assert_uint_eq(umask(022), rows[i].wanted);
		service_end(&s);
	}
}
END_TEST

/* What the configuration does not let be uploaded stays so, whatever a client makes of it. */
START_TEST(what_a_login_shell_got_is_no_way_to_the_home)
{
	static const char *const lines[] = {
		"scp --serve", "scp --serve --hidden=no --symlinks=never", "scp --serve --root=@/home/bin",
	};
	char rules[256];

	if (lacks_root("a configuration file is root's"))
		return;
	make_dir("home");
	make_dir("home/bin");
	snprintf(rules, sizeof(rules), "hidden yes\nroot %s\n", unit_path);
	put_file("conf", rules, 0644);
	for (size_t i = 0; i < COUNT(lines); i++) {
		INVOKE("scp -t x", word("scp"), word("-c"), word(lines[i]));
		ck_assert_int_eq(service_become(&s, NULL), 0);
		snprintf(s.account.home, sizeof(s.account.home), "%s/home", unit_path);
		ck_assert_int_eq(service_load(&s, &v, config), 0);
		ck_assert_int_eq(service_read(&s, &v, 0, NULL), 0);
		ck_assert_int_eq(service_open(&s), -1);
		ck_assert_ptr_nonnull(strstr(s.problem, "it holds the account's home"));
		service_end(&s);
	}
}
END_TEST

/* Where is for the configuration to say: what the shell got may be the client's own words. */
START_TEST(a_login_shell_without_a_root_serves_nobody)
{
	static const char *const lines[] = {
		"scp -t x", "scp -f x", "scp --serve", "scp --serve --root=/", "scp --serve --root=@",
		"scp --sftp", "scp --sftp --root=/", "internal-sftp", "/usr/lib/openssh/sftp-server",
	};
	char problem[256];

	snprintf(problem, sizeof(problem), "scp: %s/conf: no root is set for this account", unit_path);
	for (size_t i = 0; i < COUNT(lines); i++) {
		INVOKE("scp -t x", word("scp"), word("-c"), word(lines[i]));
		ck_assert_int_eq(service_load(&s, &v, config), 0);
		expect_problem(service_read(&s, &v, 0, NULL), problem);
		/* It is known in which way the client waits for an answer. */
		ck_assert_int_ne(s.request.role, REQUEST_NONE);
	}
	/* An account with another shell has the whole system if nothing else is said. */
	INVOKE("scp -t x", SERVE);
	ck_assert_int_eq(service_load(&s, &v, config), 0);
	ck_assert_int_eq(service_read(&s, &v, 0, NULL), 0);
}
END_TEST

START_TEST(a_login_shell_serves_where_its_root_is)
{
	static const char *const roots[] = { "/", "@" };

	if (lacks_root("a configuration file is root's"))
		return;
	for (size_t i = 0; i < COUNT(roots); i++) {
		char line[sizeof(unit_path) + 16];

		snprintf(line, sizeof(line), "root %s\n", word(roots[i]));
		put_file("conf", line, 0644);
		INVOKE(NULL, word("scp"), word("-c"), word("scp -f x"));
		ck_assert_int_eq(service_load(&s, &v, config), 0);
		ck_assert_int_eq(service_read(&s, &v, 0, NULL), 0);
		INVOKE("scp -f x", word("scp"), word("-c"), word("scp --serve"));
		ck_assert_int_eq(service_load(&s, &v, config), 0);
		ck_assert_int_eq(service_read(&s, &v, 0, NULL), 0);
	}
}
END_TEST

static const struct {
	const char *command, *problem;	/* NULL: it is served */
} commands[] = {
	{ "scp -t x", NULL },
	{ "scp -r -p -d -v -q -l 100 -t -- x", NULL },
	{ "'scp' -rvt x", NULL },
	{ "/usr/bin/scp -f x", NULL },
	{ "scp -f '$HOME;`id`'", NULL },
	{ "", "scp: not served: this account is for copying files alone" },
	{ "id", "scp: not served: this account is for copying files alone" },
	{ "sudo scp -t x", "scp: not served: this account is for copying files alone" },
	{ "A=b scp -t x", "scp: not served: this account is for copying files alone" },
	{ "/bin/sh -c 'scp -t x'", "scp: not served: this account is for copying files alone" },
	{ "scp", "scp: neither -t nor -f: only copies that a client asks for are served" },
	{ "scp a host:b", "scp: neither -t nor -f: only copies that a client asks for are served" },
	{ "scp --help", "scp: --help: unknown option" },
	{ "scp --version", "scp: --version: unknown option" },
	{ "scp -rft x", "scp: -t: -t and -f exclude each other" },
	{ "scp -t -rf x", "scp: -f: -t and -f exclude each other" },
	{ "scp -S /bin/sh -t x", "scp: -S: this option is not allowed here" },
	{ "scp -oProxyCommand=id -t x", "scp: -o: this option is not allowed here" },
	{ "scp -t -F x y", "scp: -F: this option is not allowed here" },
	{ "scp -D id -t x", "scp: -D: this option is not allowed here" },
	{ "scp -s -t x", "scp: -s: this option is not allowed here" },
	{ "scp -1BC -t x", NULL },
	{ "internal-sftp", NULL },
	{ "/usr/lib/openssh/sftp-server -e", NULL },
	{ "scp --serve --root=/ -t x", NULL },
};

START_TEST(commands_are_served_or_refused)
{
	INVOKE(commands[_i].command, SERVE);
	ck_assert_int_eq(service_load(&s, &v, config), 0);
	if (commands[_i].problem != NULL)
		expect_problem(service_read(&s, &v, 0, NULL), commands[_i].problem);
	else
		ck_assert_msg(service_read(&s, &v, 0, NULL) == 0, "%s: %s", commands[_i].command,
		    s.problem);
}
END_TEST

/* SFTP rule 5. */
START_TEST(rule_5_each_protocol_can_be_refused)
{
	static const struct {
		const char *command, *protocol, *problem;
	} rows[] = {
		{ "internal-sftp", "--protocol=scp", "scp: this account takes SCP only: use scp -O" },
		{ "internal-sftp", "--protocol=sftp", NULL },
		{ "internal-sftp", "--protocol=both", NULL },
		{ "scp -t x", "--protocol=scp", NULL },
		{ "scp -t x", "--protocol=sftp",
		    "scp: this account takes SFTP only: use sftp, or scp without -O" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		INVOKE(rows[i].command, SERVE, word(rows[i].protocol));
		ck_assert_int_eq(service_load(&s, &v, config), 0);
		if (rows[i].problem != NULL)
			expect_problem(service_read(&s, &v, 0, NULL), rows[i].problem);
		else
			ck_assert_int_eq(service_read(&s, &v, 0, NULL), 0);
		ck_assert_int_eq(s.request.role == REQUEST_SFTP, strcmp(rows[i].command, "internal-sftp") == 0);
	}
}
END_TEST

START_TEST(what_a_shell_would_do_is_refused)
{
	static const char *const compound[] = {
		"scp -t x; id", "scp -t x & id", "scp -t x | id", "scp -t x && id", "scp -t x > y",
		"scp -t < x", "scp -t `id`", "scp -t $(id)", "scp -t $HOME", "(scp -t x)", "scp -t x\nid",
		"scp -t 'x", "scp -t \"x",
	};

	for (size_t i = 0; i < COUNT(compound); i++) {
		INVOKE(compound[i], SERVE);
		ck_assert_int_eq(service_load(&s, &v, config), 0);
		ck_assert_msg(service_read(&s, &v, 0, NULL) == -1, "%s", compound[i]);
		ck_assert_msg(strncmp(s.problem, "scp: not served: ", 17) == 0, "%s: %s", compound[i],
		    s.problem);
		ck_assert_ptr_null(strchr(s.problem, '\n'));
	}
}
END_TEST

START_TEST(operands_are_found_in_the_root)
{
	put_file("b.txt", "", 0644);
	put_file("a.txt", "", 0644);
	put_file(".c.txt", "", 0644);
	INVOKE("scp -f '*.txt' *.txt ~", SERVE, word("--root=@"));
	ck_assert_int_eq(service_load(&s, &v, config), 0);
	ck_assert_int_eq(service_read(&s, &v, 0, NULL), 0);
	ck_assert_int_eq(service_open(&s), 0);
	ck_assert_int_eq(s.request.npaths, 4);
	ck_assert_str_eq(s.request.paths[0], "*.txt");
	ck_assert_str_eq(s.request.paths[1], "a.txt");
	ck_assert_str_eq(s.request.paths[2], "b.txt");
	ck_assert_str_eq(s.request.paths[3], ".");
	service_end(&s);
}
END_TEST

START_TEST(patterns_tell_nothing_where_nothing_is_revealed)
{
	static const struct { const char *command, *option, *path; } rows[] = {
		{ "scp -t *.txt", "--upload-only", "*.txt" },
		{ "scp -t *.txt", "--reveal=yes", "a.txt" },
		{ "scp -f *.txt", "--reveal=no", "*.txt" },
		{ "scp -f *.txt", "--download-only", "a.txt" },
	};

	put_file("a.txt", "", 0644);
	for (size_t i = 0; i < COUNT(rows); i++) {
		INVOKE(rows[i].command, SERVE, word("--root=@"), word(rows[i].option));
		ck_assert_int_eq(service_load(&s, &v, config), 0);
		ck_assert_int_eq(service_read(&s, &v, 0, NULL), 0);
		ck_assert_int_eq(service_open(&s), 0);
		ck_assert_int_eq(s.request.npaths, 1);
		ck_assert_str_eq(s.request.paths[0], rows[i].path);
		service_end(&s);
	}
}
END_TEST

START_TEST(directories_must_exist)
{
	INVOKE("scp -t x", SERVE, word("--root=@/none"));
	ck_assert_int_eq(service_load(&s, &v, config), 0);
	ck_assert_int_eq(service_read(&s, &v, 0, NULL), 0);
	expect_problem(service_open(&s), word("scp: @/none: No such file or directory"));
	INVOKE("scp -t x", SERVE, word("--root=@"), word("--start=none"));
	ck_assert_int_eq(service_load(&s, &v, config), 0);
	ck_assert_int_eq(service_read(&s, &v, 0, NULL), 0);
	expect_problem(service_open(&s), word("scp: @/none: No such file or directory"));
	INVOKE("scp -t x", SERVE, word("--root=@"), word("--start=/a/b"));
	ck_assert_int_eq(service_load(&s, &v, config), 0);
	ck_assert_int_eq(service_read(&s, &v, 0, NULL), 0);
	expect_problem(service_open(&s), word("scp: @/a/b: No such file or directory"));
}
END_TEST

/* What an administrator says where it means nothing, and who is told by the log. */
static const struct {
	const char *argv[5], *problem;
	bool	    mistaken;
} misplaced[] = {
	{ { "scp", "--upload-only", "-t", "x" }, "scp: --upload-only: only after --serve", true },
	{ { "scp", "-t", "--root=/srv", "x" }, "scp: --root=/srv: only after --serve", true },
	{ { "scp", "--root", "/srv" }, "scp: --root: only after --serve", true },
	{ { "scp", "-v", "--serve", "--upload-only" }, "scp: --serve: only as the first option", true },
	{ { "scp", "-t", "--help" }, "scp: --help: only as the first option", true },
	{ { "scp", "--nonsense", "-t", "x" }, "scp: --nonsense: unknown option", false },
	{ { "scp", "--upload-onlyx" }, "scp: --upload-onlyx: unknown option", false },
	{ { "scp", "-Z", "-t", "x" }, "scp: -Z: unknown option", false },
};

START_TEST(options_in_the_wrong_place)
{
	char *argv[6] = { NULL };
	int argc = 0;

	for (; misplaced[_i].argv[argc] != NULL; argc++)
		argv[argc] = word(misplaced[_i].argv[argc]);
	invoke(NULL, argv);
	ck_assert_int_eq(service_load(&s, &v, config), 0);
	expect_problem(service_read(&s, &v, argc, argv), misplaced[_i].problem);
	ck_assert_int_eq(s.mistaken, misplaced[_i].mistaken);
	ck_assert(s.misread);
}
END_TEST

START_TEST(uploads_stay_out_of_the_home_unless_nothing_is_hidden)
{
	static const char *const hidden[] = { "--mkdir=yes", "--hidden=no", "--hidden=yes" };

	for (size_t i = 0; i < COUNT(hidden); i++)
		for (int up = 0; up <= 1; up++) {
			bool refused = up && i == 2;

			INVOKE(up ? "scp -t x" : "scp -f x", SERVE, word("--root=@"),
			    word(hidden[i]));
			ck_assert_int_eq(service_load(&s, &v, config), 0);
			ck_assert_int_eq(mkdirat(unit_fd, "home", 0755) == 0 || errno == EEXIST, 1);
			snprintf(s.account.home, sizeof(s.account.home), "%s/home", unit_path);
			ck_assert_int_eq(service_read(&s, &v, 0, NULL), 0);
			ck_assert_msg(service_open(&s) == (refused ? -1 : 0), "hidden %zu, upload %d: %s",
			    i, up, s.problem);
			if (refused)
				ck_assert_ptr_nonnull(strstr(s.problem, "it holds the account's home"));
			service_end(&s);
		}
}
END_TEST

/*
 * Over SFTP, and by commands, who may do both is left the other direction, and no link is made where names
 * are guarded; beside the home the policy is what it was.
 */
START_TEST(the_home_in_both_directions)
{
	static const struct {
		const char	 *request;
		enum request_role role;
	} asked[] = { { "internal-sftp", REQUEST_SFTP }, { "rm f", REQUEST_COMMANDS } };
	static const struct {
		const char *option, *links, *home;
		int	    end;
		bool	    kept_from, makes_links;
	} rows[] = {
		{ "--mkdir=yes", "--make-links=no", "@/home", 0, false, false },
		{ "--mkdir=yes", "--make-links=yes", "@/home", 0, false, false },
		{ "--hidden=yes", "--make-links=yes", "@/home", 0, true, false },
		{ "--symlinks=beneath", "--make-links=no", "@/home", 0, true, false },
		{ "--hidden=yes", "--make-links=yes", "/", 0, false, true },
		{ "--mkdir=yes", "--make-links=yes", "/", 0, false, true },
		{ "--hidden=yes", "--make-links=yes", "", 0, true, false },
		{ "--hidden=yes", "--upload-only", "@/home", -1, false, false },
		{ "--hidden=yes", "--download-only", "@/home", 0, false, false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		INVOKE(asked[_i].request, SERVE, word("--root=@"), word(rows[i].option),
		    word(rows[i].links), word("--commands=yes"));
		ck_assert_int_eq(service_load(&s, &v, config), 0);
		ck_assert(mkdirat(unit_fd, "home", 0755) == 0 || errno == EEXIST);
		snprintf(s.account.home, sizeof(s.account.home), "%s", word(rows[i].home));
		ck_assert_int_eq(service_read(&s, &v, 0, NULL), 0);
		ck_assert_uint_eq(s.request.role, asked[_i].role);
		ck_assert_msg(service_open(&s) == rows[i].end, "%zu: %s", i, s.problem);
		ck_assert_msg((s.kept_from != NULL) == rows[i].kept_from, "%zu", i);
		if (rows[i].kept_from)
			ck_assert(s.policy.download_only);
		ck_assert_msg((s.policy.make_links == POLICY_YES) == rows[i].makes_links, "%zu", i);
		service_end(&s);
	}
}
END_TEST

/* A home that nobody knows may be anywhere. */
START_TEST(uploads_beside_a_home_that_is_not_known)
{
	static const struct { const char *option; bool refused; } rows[] = {
		{ "--mkdir=yes", false }, { "--hidden=yes", true }, { "--symlinks=beneath", true },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		for (int up = 0; up <= 1; up++) {
			INVOKE(up ? "scp -t x" : "scp -f x", SERVE, word("--root=@"),
			    word(rows[i].option));
			ck_assert_int_eq(service_load(&s, &v, config), 0);
			s.account.home[0] = '\0';
			ck_assert_int_eq(service_read(&s, &v, 0, NULL), 0);
			ck_assert_msg(service_open(&s) == (up && rows[i].refused ? -1 : 0), "%s: %s",
			    rows[i].option, s.problem);
			if (up && rows[i].refused)
				ck_assert_ptr_nonnull(strstr(s.problem, "nobody can tell"));
			service_end(&s);
		}
}
END_TEST

START_TEST(uploads_stay_out_of_where_keys_are)
{
	ck_assert_int_eq(mkdirat(unit_fd, "home", 0755), 0);
	ck_assert_int_eq(mkdirat(unit_fd, "home/.ssh", 0755), 0);
	ck_assert_int_eq(mkdirat(unit_fd, "home/.ssh/in", 0755), 0);
	ck_assert_int_eq(mkdirat(unit_fd, "home/.ssh-in", 0755), 0);
	for (int i = 0; i < 3; i++) {
		static const char *const roots[] = { "/.ssh", "/.ssh/in", "/.ssh-in" };
		char root[256];

		snprintf(root, sizeof(root), "--root=%s/home%s", unit_path, roots[i]);
		INVOKE("scp -t x", SERVE, root);
		ck_assert_int_eq(service_load(&s, &v, config), 0);
		snprintf(s.account.home, sizeof(s.account.home), "%s/home", unit_path);
		ck_assert_int_eq(service_read(&s, &v, 0, NULL), 0);
		ck_assert_msg(service_open(&s) == (i < 2 ? -1 : 0), "%s: %s", root, s.problem);
		if (i < 2)
			ck_assert_ptr_nonnull(strstr(s.problem, "it is where sshd looks for keys"));
		service_end(&s);
	}
}
END_TEST

START_TEST(nothing_stays_open)
{
	int before = count_descriptors();

	for (int i = 0; i < 3; i++) {
		INVOKE("scp -f * x", SERVE, word("--root=@"));
		ck_assert_int_eq(service_load(&s, &v, config), 0);
		ck_assert_int_eq(service_log(&s), 0);
		ck_assert_int_eq(service_read(&s, &v, 0, NULL), 0);
		ck_assert_int_eq(service_open(&s), 0);
		service_end(&s);
	}
	ck_assert_int_eq(count_descriptors(), before);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, a_drop_in_needs_no_configuration);
	tcase_add_test(t, a_drop_in_obeys_the_configuration);
	tcase_add_test(t, options_are_read_in_each_form);
	tcase_add_test(t, options_that_are_wrong_are_named);
	tcase_add_test(t, the_configuration_names_its_line);
	tcase_add_test(t, what_a_login_shell_got_cannot_widen_a_default);
	tcase_add_test(t, what_a_login_shell_got_can_narrow);
	tcase_add_test(t, what_a_login_shell_got_adds_nothing);
	tcase_add_test(t, what_a_login_shell_got_adds_to_the_umask);
	tcase_add_test(t, what_a_login_shell_got_is_no_way_to_the_home);
	tcase_add_test(t, a_login_shell_without_a_root_serves_nobody);
	tcase_add_test(t, a_login_shell_serves_where_its_root_is);
	tcase_add_loop_test(t, commands_are_served_or_refused, 0, (int)COUNT(commands));
	tcase_add_test(t, rule_5_each_protocol_can_be_refused);
	tcase_add_test(t, what_a_shell_would_do_is_refused);
	tcase_add_test(t, operands_are_found_in_the_root);
	tcase_add_test(t, patterns_tell_nothing_where_nothing_is_revealed);
	tcase_add_test(t, directories_must_exist);
	tcase_add_loop_test(t, options_in_the_wrong_place, 0, (int)COUNT(misplaced));
	tcase_add_test(t, uploads_stay_out_of_the_home_unless_nothing_is_hidden);
	tcase_add_loop_test(t, the_home_in_both_directions, 0, 2);
	tcase_add_test(t, uploads_beside_a_home_that_is_not_known);
	tcase_add_test(t, uploads_stay_out_of_where_keys_are);
	tcase_add_test(t, nothing_stays_open);
}

int
main(void)
{
	return run_unit("service", add);
}
