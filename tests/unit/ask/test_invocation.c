/* SPDX-License-Identifier: ISC */
#include "ask/invocation.h"
#include "unit.h"

static struct words words;
static struct invocation v;

static const struct way_row {
	const char	   *argv[6];
	const char	   *original;
	enum invocation_way way;
	const char	   *command;	/* NULL: none */
	bool		    narrow;
	const char	   *options[3];
} ways[] = {
	{ { "scp", "-t", "x" }, NULL, INVOKED_PLAIN, NULL, false, { NULL } },
	{ { "scp", "-t", "x" }, "scp -f y", INVOKED_PLAIN, NULL, false, { NULL } },
	{ { "scp" }, NULL, INVOKED_PLAIN, NULL, false, { NULL } },
	{ { "/usr/bin/scp", "-r", "-f", "--", "-c" }, NULL, INVOKED_PLAIN, NULL, false, { NULL } },
	{ { "scp", "-c", "aes", "-t", "x" }, NULL, INVOKED_PLAIN, NULL, false, { NULL } },
	{ { "scp", "-c" }, NULL, INVOKED_PLAIN, NULL, false, { NULL } },
	{ { "scp", "-t", "--serve" }, "scp -t x", INVOKED_PLAIN, NULL, false, { NULL } },

	{ { "scp", "--serve" }, "scp -t x", INVOKED_SERVE, "scp -t x", false, { NULL } },
	{ { "scp", "--serve" }, "", INVOKED_SERVE, "", false, { NULL } },
	{ { "scp", "--serve", "--upload-only", "--root=/x" }, "id", INVOKED_SERVE, "id", false,
	    { "--upload-only", "--root=/x" } },
	{ { "scp", "--serve", "--upload-only" }, NULL, INVOKED_INTERACTIVE, NULL, false,
	    { "--upload-only" } },

	{ { "scp", "-c", "scp -t x" }, NULL, INVOKED_LOGIN, "scp -t x", false, { NULL } },
	{ { "-scp", "-c", "scp -t x" }, NULL, INVOKED_LOGIN, "scp -t x", false, { NULL } },
	{ { "scp-shell", "-c", "scp -f x" }, NULL, INVOKED_LOGIN, "scp -f x", false, { NULL } },
	{ { "scp", "-c", "scp -t x" }, "scp -f y", INVOKED_LOGIN, "scp -t x", false, { NULL } },
	{ { "scp", "-c", "id; scp --serve" }, "scp -f y", INVOKED_LOGIN, "id; scp --serve", false,
	    { NULL } },
	{ { "scp", "-c", "" }, NULL, INVOKED_LOGIN, "", false, { NULL } },
	{ { "scp", "-c", "scp --serve --root='/a b'" }, "scp -t x", INVOKED_LOGIN, "scp -t x", true,
	    { "--root=/a b" } },
	{ { "scp", "-c", "/usr/lib/x/scp --serve" }, "", INVOKED_LOGIN, "", true, { NULL } },
	{ { "scp", "-c", "scp --serve --hidden=yes" }, NULL, INVOKED_INTERACTIVE, NULL, true,
	    { "--hidden=yes" } },
	{ { "scp", "-c", "sh --serve" }, "scp -t x", INVOKED_LOGIN, "sh --serve", false, { NULL } },

	{ { "-scp" }, NULL, INVOKED_INTERACTIVE, NULL, false, { NULL } },
	{ { "scp-shell" }, NULL, INVOKED_INTERACTIVE, NULL, false, { NULL } },
	{ { "/usr/lib/x/scp-shell", "-t", "x" }, NULL, INVOKED_INTERACTIVE, NULL, false, { NULL } },
	{ { "-scp", "-l" }, NULL, INVOKED_INTERACTIVE, NULL, false, { NULL } },

	/* SFTP rules 1 and 3. */
	{ { "scp", "--sftp" }, NULL, INVOKED_SFTP, NULL, false, { NULL } },
	{ { "scp", "--sftp", "--root=/x" }, "id", INVOKED_SFTP, NULL, false, { "--root=/x" } },
	{ { "scp-shell", "-c", "scp --sftp --list=no" }, NULL, INVOKED_LOGIN,
	    "scp --sftp --list=no", true, { "--list=no" } },
	{ { "sh", "--sftp" }, NULL, INVOKED_SFTP, NULL, false, { NULL } },
	{ { "scp", "-t", "--sftp" }, NULL, INVOKED_PLAIN, NULL, false, { NULL } },
	{ { "scp-shell", "-c", "internal-sftp --sftp" }, NULL, INVOKED_LOGIN, "internal-sftp --sftp",
	    false, { NULL } },

	{ { "scp", "--check" }, NULL, INVOKED_CHECK, NULL, false, { NULL } },
	{ { "scp", "--check", "f", "u" }, NULL, INVOKED_CHECK, NULL, false, { "f", "u" } },
	{ { "scp", "--explain", "scp -t x", "--root=/" }, NULL, INVOKED_EXPLAIN, "scp -t x", false,
	    { "--root=/" } },
	{ { "scp", "--version" }, NULL, INVOKED_VERSION, NULL, false, { NULL } },
	{ { "scp-sink-source", "--version" }, NULL, INVOKED_VERSION, NULL, false, { NULL } },
	{ { "scp", "--help" }, NULL, INVOKED_HELP, NULL, false, { NULL } },
	{ { "scp", "-h" }, NULL, INVOKED_HELP, NULL, false, { NULL } },
	{ { "scp", "-h" }, "scp -t x", INVOKED_HELP, NULL, false, { NULL } },
	{ { "scp-shell", "-h" }, NULL, INVOKED_INTERACTIVE, NULL, false, { NULL } },
	{ { "scp-shell", "--version" }, NULL, INVOKED_INTERACTIVE, NULL, false, { NULL } },
	{ { "scp-shell", "--check" }, NULL, INVOKED_INTERACTIVE, NULL, false, { NULL } },
};

/* A copy, for an argument vector is nobody's constant; it outlives the invocation. */
static char *
word(const char *text)
{
	static char room[16][64];
	static size_t next;
	char *copy = room[next++ % COUNT(room)];

	ck_assert_uint_lt(strlen(text), sizeof(room[0]));
	return strcpy(copy, text);
}

/* A look tells as much as reading it does. */
static int
parse(const struct way_row *r, const char **why)
{
	static char *argv[8];
	int argc = 0, end;

	for (; r->argv[argc] != NULL; argc++)
		argv[argc] = word(r->argv[argc]);
	argv[argc] = NULL;
	end = invocation_parse(&v, argc, argv, r->original, &words, why);
	ck_assert_int_eq(invocation_is_plain(argc, argv), v.way == INVOKED_PLAIN);
	return end;
}

START_TEST(each_way_in_is_told_apart)
{
	const struct way_row *r = &ways[_i];
	const char *why;
	size_t n = 0;

	ck_assert_int_eq(parse(r, &why), 0);
	ck_assert_msg(v.way == r->way, "row %d: expected way %d, got %d", _i, r->way, v.way);
	ck_assert_int_eq(v.narrow, r->narrow);
	ck_assert_msg((v.command == NULL) == (r->command == NULL), "row %d: command %s, got %s", _i,
	    r->command, v.command);
	if (r->command != NULL)
		ck_assert_str_eq(v.command, r->command);
	for (; n < COUNT(r->options) && r->options[n] != NULL; n++)
		ck_assert_str_eq(v.options[n], r->options[n]);
	ck_assert_uint_eq(v.noptions, n);
	ck_assert_int_eq(v.sftp, r->way == INVOKED_SFTP ||
	    (r->way == INVOKED_LOGIN && strncmp(r->command, "scp --sftp", 10) == 0));
}
END_TEST

/* SFTP rule 4: without the client's words the administrator's may be a Subsystem's line. */
START_TEST(rule_4_who_wants_a_shell_may_speak_sftp)
{
	static const struct {
		struct way_row	    row;
		enum invocation_way line, then;
	} rows[] = {
		{ { .argv = { "scp", "--serve", "--root=/x" } }, INVOKED_SERVE, INVOKED_SERVE },
		{ { .argv = { "scp-shell", "-c", "scp --serve" } }, INVOKED_LOGIN, INVOKED_LOGIN },
		/* No Subsystem's line, but with commands it may be anything. */
		{ { .argv = { "-scp-shell" } }, INVOKED_INTERACTIVE, INVOKED_LOGIN },
	};
	const char *why;

	for (size_t i = 0; i < COUNT(rows); i++) {
		ck_assert_int_eq(parse(&rows[i].row, &why), 0);
		ck_assert_int_eq(v.way, INVOKED_INTERACTIVE);
		ck_assert_int_eq(v.subsystem, rows[i].line);
		ck_assert(!v.sftp);
		invocation_turn_to_sftp(&v);
		ck_assert_int_eq(v.way, rows[i].then);
		ck_assert(v.sftp);
		ck_assert_int_eq(parse(&rows[i].row, &why), 0);
		invocation_turn_to_commands(&v);
		ck_assert_int_eq(v.way, rows[i].then);
		ck_assert(v.lines && !v.sftp);
		ck_assert_str_eq(invocation_request(&v, 0, NULL, NULL, 0), "");
	}
}
END_TEST

START_TEST(explain_takes_a_command)
{
	const struct way_row r = { .argv = { "scp", "--explain" } };
	const char *why;

	ck_assert_int_eq(parse(&r, &why), -1);
	ck_assert_str_eq(why, "--explain takes a command");
}
END_TEST

START_TEST(no_argument_vector_at_all)
{
	char *none[] = { NULL };
	const char *why;

	ck_assert_int_eq(invocation_parse(&v, 0, none, NULL, &words, &why), 0);
	ck_assert(invocation_is_plain(0, none));
	ck_assert_int_eq(v.way, INVOKED_PLAIN);
}
END_TEST

START_TEST(options_are_bounded)
{
	static char *argv[WORDS_MAX + 4];
	const char *why;

	argv[0] = word("scp");
	argv[1] = word("--serve");
	for (int i = 2; i < WORDS_MAX + 3; i++)
		argv[i] = argv[1];
	ck_assert_int_eq(invocation_parse(&v, WORDS_MAX + 2, argv, "", &words, &why), 0);
	ck_assert_uint_eq(v.noptions, WORDS_MAX);
	ck_assert_int_eq(invocation_parse(&v, WORDS_MAX + 3, argv, "", &words, &why), -1);
	ck_assert_str_eq(why, "too many options");
}
END_TEST

START_TEST(names_of_programs)
{
	static const struct {
		const char *word;
		bool	    scp;
	} rows[] = {
		{ "scp", true }, { "/usr/bin/scp", true }, { "./scp", true }, { "xscp", false },
		{ "scp/", false }, { "", false }, { "scp-shell", false }, { "SCP", false },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		ck_assert_msg(invocation_is_scp(rows[i].word) == rows[i].scp, "%s", rows[i].word);
}
END_TEST

/* Whatever the line of sshd's Subsystem is; the words behind it may be the client's. */
START_TEST(rule_2_commands_that_ask_for_sftp)
{
	static const struct {
		const char *command;
		bool	    sftp;
	} rows[] = {
		{ "internal-sftp", true }, { "internal-sftp -l INFO", true }, { "x/internal-sftp", false },
		{ "sftp-server", true }, { "/usr/lib/openssh/sftp-server -e", true }, { "sftp", false },
		{ "/usr/lib/x/scp --sftp", true }, { "scp --serve --root=/", true },
		{ "scp-shell --sftp", true }, { "scp", false }, { "scp -t --sftp", false },
		{ "scp --sftpx", false }, { "sh --sftp", false }, { "", false }, { "--sftp", false },
	};
	const char *why;

	for (size_t i = 0; i < COUNT(rows); i++) {
		ck_assert_int_eq(words_split(&words, rows[i].command, strlen(rows[i].command), &why), 0);
		ck_assert_msg(invocation_is_sftp(&words) == rows[i].sftp, "%s", rows[i].command);
	}
}
END_TEST

START_TEST(the_request_as_it_was_sent)
{
	char *argv[] = { word("scp"), word("-t"), word("a b"), NULL };
	char text[16];

	v = (struct invocation){ .command = "scp  -t 'x'" };
	ck_assert_str_eq(invocation_request(&v, 3, argv, text, sizeof(text)), "scp  -t 'x'");
	v.command = NULL;
	ck_assert_str_eq(invocation_request(&v, 3, argv, text, sizeof(text)), "scp -t a b");
	ck_assert_str_eq(invocation_request(&v, 3, argv, text, 9), "scp -t a");
	ck_assert_str_eq(invocation_request(&v, 3, argv, text, 5), "scp ");
	ck_assert_str_eq(invocation_request(&v, 0, argv, text, 5), "");
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_loop_test(t, each_way_in_is_told_apart, 0, (int)COUNT(ways));
	tcase_add_test(t, explain_takes_a_command);
	tcase_add_test(t, no_argument_vector_at_all);
	tcase_add_test(t, options_are_bounded);
	tcase_add_test(t, rule_4_who_wants_a_shell_may_speak_sftp);
	tcase_add_test(t, names_of_programs);
	tcase_add_test(t, rule_2_commands_that_ask_for_sftp);
	tcase_add_test(t, the_request_as_it_was_sent);
}

int
main(void)
{
	return run_unit("invocation", add);
}
