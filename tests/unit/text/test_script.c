/* SPDX-License-Identifier: ISC */
#include "text/quoting.h"
#include "text/script.h"
#include "text/words.h"
#include "unit.h"

#define DOLLAR "it has an unquoted $ or `"
#define JOB "it has an unquoted ; & or |"
#define ANGLE "it has an unquoted < or >"
#define PAREN "it has an unquoted ( or )"
#define OPEN "the quote is not closed"
#define NONE "it has an operator without a command"

enum {
	SHOWN_MAX = 4096
};

static struct script script;

static void
cut(const char *line, size_t len)
{
	static char *copy;

	/* Exactly as long as it says, so that a sanitizer sees a byte too many. */
	free(copy);
	copy = malloc(len > 0 ? len : 1);
	ck_assert_ptr_nonnull(copy);
	memcpy(copy, line, len);
	script_cut(&script, copy, len);
}

/* How a command is written in a row: its joint, its text, where it writes, why not. */
static char *
show_command(char *dst, const struct script_command *c)
{
	static const char *const joints[] = { ";", "&&", "||" };
	static const char *const sinks[] = { "1", "2", "0" };

	dst += sprintf(dst, "%s<%.*s>", joints[c->joint], (int)c->len, c->text);
	if (c->why != NULL)
		return dst + sprintf(dst, "!%s", c->why);
	if (c->assigned > 0)
		dst += sprintf(dst, "=%u", c->assigned);
	if (c->output != SCRIPT_OUTPUT || c->errors != SCRIPT_ERRORS)
		dst += sprintf(dst, ">%s%s", sinks[c->output], sinks[c->errors]);
	return c->no_input ? stpcpy(dst, "<0") : dst;
}

static const char *
show(void)
{
	static char text[SHOWN_MAX];
	char *at = text;

	*at = '\0';
	for (size_t i = 0; i < script.count; i++)
		at = show_command(at, &script.list[i]);
	if (script.comment != NULL)
		sprintf(at, "#%.*s", (int)script.comment_len, script.comment);
	return text;
}

struct row {
	const char *line, *shown;
};

static void
check_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		cut(rows[i].line, strlen(rows[i].line));
		ck_assert_msg(strcmp(show(), rows[i].shown) == 0, "<%s>: expected %s, got %s",
		    rows[i].line, rows[i].shown, show());
	}
}

static const struct row lines[] = {
	{ "", "" }, { " \t ", "" }, { ";", ";<;>!" NONE }, { "a", ";<a>" }, { " a  b ", ";<a  b>" },
	{ "a;", ";<a>" }, { "a ; ", ";<a>" }, { "a;b", ";<a>;<b>" },
	{ "a&&b||c;d", ";<a>&&<b>||<c>;<d>" },
	{ "a && b || c ; d ;", ";<a>&&<b>||<c>;<d>" },
	{ "ls -la ; echo \"WinSCP: this is end-of-file:$?\"",
	    ";<ls -la>;<echo \"WinSCP: this is end-of-file:$?\">" },
	{ "test -e 'P' && echo y || echo n", ";<test -e 'P'>&&<echo y>||<echo n>" },
	/* Operators that are quoted are none. */
	{ "a ';' \"&&\" \\; '||' \\&\\& \\|\\|", ";<a ';' \"&&\" \\; '||' \\&\\& \\|\\|>" },
	{ "a\\", ";<a\\>" }, { "a \\ ;b", ";<a \\ >;<b>" }, { "'a\nb';c", ";<'a\nb'>;<c>" },
	{ "echo '\\';b", ";<echo '\\'>;<b>" }, { "echo \"\\\";b\"", ";<echo \"\\\";b\">" },
	{ "if a; then b; fi", ";<if a>;<then b>;<fi>" },
	{ "{ a; }", ";<{ a>;<}>" }, { "! a", ";<! a>" },
	/* Lines that go on. */
	{ "a \\\n b", ";<a \\\n b>" }, { "a\\\n;\\\nb", ";<a>;<b>" }, { "\\\n", "" },
	{ "a &&\nb", ";<a>&&<b>" }, { "a ||\r\n\tb", ";<a>||<b>" },
	{ "a && # c\nb", ";<a>&&<b># c" },
};

START_TEST(rule_6_lines_are_cut)
{
	check_rows(lines, COUNT(lines));
}
END_TEST

START_TEST(rule_6_what_clients_leave_behind)
{
	static const struct row rows[] = {
		{ "a\r", ";<a>" }, { "\r", "" }, { "a;\r", ";<a>" }, { "a\r\r", ";<a\r>" },
		{ "a\rb", ";<a\rb>" }, { "#c\r", "#c" },
	};

	check_rows(rows, COUNT(rows));
	cut("\0\0\0a\0b", 6);
	ck_assert_uint_eq(script.count, 1);
	ck_assert_uint_eq(script.list[0].len, 3);
	ck_assert_mem_eq(script.list[0].text, "a\0b", 3);
	cut("\0\0", 2);
	ck_assert_uint_eq(script.count, 0);
	cut("\0# c", 4);
	ck_assert_str_eq(show(), "# c");
}
END_TEST

START_TEST(comments)
{
	static const struct row rows[] = {
		{ "#", "#" }, { "# a; b", "# a; b" }, { " #STOR 5 'a'", "#STOR 5 'a'" },
		{ "a # don't", ";<a># don't" }, { "a;#b", ";<a>#b" }, { "a#b", ";<a#b>" },
		{ "a #", ";<a>#" }, { "a ## b", ";<a>## b" }, { "''#a", ";<''#a>" },
		{ "\\#a", ";<\\#a>" },
		{ "a '#' \"#\" $#", ";<a '#' \"#\" $#>" }, { "a &&# b", ";<a>&&<&&>!" NONE "# b" },
		{ "a>/dev/null #b", ";<a>>02#b" }, { "a \\\n#b", ";<a>#b" },
		{ "a\\\n#b", ";<a\\\n#b>" },
		{ "# a \\", "# a \\" }, { "=#a", ";<=#a>" },
	};

	check_rows(rows, COUNT(rows));
}
END_TEST

START_TEST(rule_8_assignments)
{
	static const struct row rows[] = {
		{ "A=b", ";<A=b>=1" }, { "A=", ";<A=>=1" }, { "A=b c", ";<A=b c>=1" },
		{ "A=b C=d e F=g", ";<A=b C=d e F=g>=2" }, { "_a1=b", ";<_a1=b>=1" },
		{ "A='b c' d", ";<A='b c' d>=1" },
		{ "A=b;C=d", ";<A=b>=1;<C=d>=1" }, { "a A=b", ";<a A=b>" }, { "1A=b", ";<1A=b>" },
		{ "=b", ";<=b>" },
		{ "A-B=c", ";<A-B=c>" }, { "\\A=b", ";<\\A=b>" }, { "'A'=b", ";<'A'=b>" },
		{ "A\"\"=b", ";<A\"\"=b>" },
		{ "A\\\nB=c d", ";<A\\\nB=c d>=1" }, { "A\\=b", ";<A\\=b>" }, { "A+=b", ";<A+=b>" },
		{ ">/dev/null A=b 2>&1 C=d e", ";<A=b      C=d e>=2>00" },
		{ "LC_TIME=C LS_COLORS= ls -f", ";<LC_TIME=C LS_COLORS= ls -f>=2" },
	};

	check_rows(rows, COUNT(rows));
}
END_TEST

START_TEST(rule_15_redirections_in_the_order_written)
{
	static const struct row rows[] = {
		{ "a >/dev/null", ";<a>>02" }, { "a > /dev/null", ";<a>>02" },
		{ "a 1> \t/dev/null", ";<a>>02" },
		{ "a>/dev/null", ";<a>>02" }, { "a 2>/dev/null b", ";<a             b>>10" },
		{ "a 2>&1", ";<a>>11" },
		{ "a >&2", ";<a>>22" }, { "a 1>&2", ";<a>>22" }, { "a </dev/null", ";<a><0" },
		{ "a < /dev/null", ";<a><0" },
		{ "a >/dev/null 2>&1", ";<a>>00" }, { "a 2>&1 >/dev/null", ";<a>>01" },
		{ "a 2>/dev/null >&2", ";<a>>00" },
		{ "a >&2 2>/dev/null", ";<a>>20" }, { "a 2>&1 >&2", ";<a>>11" },
		{ "a 2>&1>/dev/null", ";<a>>01" },
		{ "2>&1 a", ";<a>>11" }, { ">/dev/null", ";<>>02" }, { "2>&1;a", ";<>>11;<a>" },
		{ "a 2>&1&&b", ";<a>>11&&<b>" },
		{ "a2>/dev/null", ";<a2>>02" }, { "a '>/dev/null'", ";<a '>/dev/null'>" },
		{ "a \\>/dev/null", ";<a \\>/dev/null>" },
		{ "exec 2>&1", ";<exec>>11" }, { "a \\\n>/dev/null", ";<a>>02" },
		/* These would open or move what there is not. */
		{ "a >b", ";<a >b>!" ANGLE }, { "a >/dev/nullx", ";<a >/dev/nullx>!" ANGLE },
		{ "a >/dev/null/b", ";<a >/dev/null/b>!" ANGLE },
		{ "a >>/dev/null", ";<a >>/dev/null>!" ANGLE }, { "a <b", ";<a <b>!" ANGLE },
		{ "a <<E", ";<a <<E>!" ANGLE },
		{ "a 3>/dev/null", ";<a 3>/dev/null>!" ANGLE },
		{ "a 2\\\n>/dev/null", ";<a 2\\\n>/dev/null>!" ANGLE },
		{ "a 12>/dev/null", ";<a 12>/dev/null>!" ANGLE },
		{ "a 0</dev/null", ";<a 0</dev/null>!" ANGLE },
		{ "a 2>&1x", ";<a 2>&1x>!" ANGLE }, { "a 2>&-", ";<a 2>&->!" ANGLE },
		{ "a >&1", ";<a >&1>!" ANGLE }, { "a 2>&2", ";<a 2>&2>!" ANGLE },
		{ "a >|/dev/null", ";<a >|/dev/null>!" ANGLE },
		{ "a <>/dev/null", ";<a <>/dev/null>!" ANGLE },
		{ "a &>/dev/null", ";<a &>/dev/null>!" JOB },
		{ "a '2'>&1", ";<a '2'>&1>!" ANGLE }, { "a2>&1", ";<a2>&1>!" ANGLE },
		{ "a >$b", ";<a >$b>!" ANGLE }, { "a >", ";<a >>!" ANGLE },
		{ "a > ;b", ";<a >>!" ANGLE ";<b>" }, { "a \\\\2>&1", ";<a \\\\2>&1>!" ANGLE },
		{ "a 2\\>&1", ";<a 2\\>&1>!" JOB },
		{ "a >'/dev/null'", ";<a >'/dev/null'>!" ANGLE },
	};

	check_rows(rows, COUNT(rows));
}
END_TEST

START_TEST(rule_9_no_syntax)
{
	static const struct row rows[] = {
		{ "a;;b", ";<a>;<;>!" NONE ";<b>" }, { ";a", ";<;>!" NONE ";<a>" },
		{ "a&&", ";<a>&&<&&>!" NONE },
		{ "a && ; b", ";<a>&&<;>!" NONE ";<b>" }, { "|| a", ";<||>!" NONE "||<a>" },
		{ "a && || b", ";<a>&&<||>!" NONE "||<b>" },
		{ "a & b", ";<a & b>!" JOB }, { "a&", ";<a&>!" JOB },
		{ "a | b && c", ";<a | b>!" JOB "&&<c>" }, { "&", ";<&>!" JOB },
		{ "a |& b;c", ";<a |& b>!" JOB ";<c>" }, { "a &&& b", ";<a>&&<& b>!" JOB },
		{ "a ||| b", ";<a>||<| b>!" JOB },
		{ "(a;b);c", ";<(a>!" PAREN ";<b)>!" PAREN ";<c>" },
		{ "a() { b; }", ";<a() { b>!" PAREN ";<}>" },
		{ "a `b;c` && d", ";<a `b;c`>!" DOLLAR "&&<d>" },
		{ "a $(b;c);d", ";<a $(b;c)>!" DOLLAR ";<d>" },
		{ "a $((1+1))", ";<a $((1+1))>!" DOLLAR }, { "A=$(b) c", ";<A=$(b) c>!" DOLLAR },
		{ "a ${b:-c;d};e", ";<a ${b:-c;d}>!" DOLLAR ";<e>" },
		{ "a ${b c}", ";<a ${b c}>!" DOLLAR },
		{ "a 'b;c", ";<a 'b;c>!" OPEN }, { "a \"b;c && d", ";<a \"b;c && d>!" OPEN },
		{ "a; b 'c", ";<a>;<b 'c>!" OPEN },
		{ "a | b 'c", ";<a | b 'c>!" JOB }, { "a $(b; c", ";<a $(b; c>!" DOLLAR },
		{ "a ${b", ";<a ${b>!" OPEN },
		{ "cat <<E && a", ";<cat <<E>!" ANGLE "&&<a>" },
		{ "if a; then (b); fi", ";<if a>;<then (b)>!" PAREN ";<fi>" },
		/* Whether a $ may stand there is said by who knows the verb. */
		{ "a $b ${c} $?", ";<a $b ${c} $?>" },
		{ "a \"$b ${c} $?\"", ";<a \"$b ${c} $?\">" },
	};

	check_rows(rows, COUNT(rows));
}
END_TEST

/* Quotes within what sh would run are not those around it. */
START_TEST(rule_9_what_sh_would_run_is_one_word)
{
	static const struct row rows[] = {
		{ "a \"$(b \"c;rm d\")\";e", ";<a \"$(b \"c;rm d\")\">!" DOLLAR ";<e>" },
		{ "a \"$(b ')' \"c;rm d\")\";e", ";<a \"$(b ')' \"c;rm d\")\">!" DOLLAR ";<e>" },
		{ "a \"`b \\`c;d\\` \"`;e", ";<a \"`b \\`c;d\\` \"`;e>!" DOLLAR },
		{ "a \"${b:-\"c;d\"}\";e", ";<a \"${b:-\"c;d\"}\">!" DOLLAR ";<e>" },
		{ "a $(b (c;d) e);f", ";<a $(b (c;d) e)>!" DOLLAR ";<f>" },
		{ "a $(b \"$(c \"d;e\")\");f", ";<a $(b \"$(c \"d;e\")\")>!" DOLLAR ";<f>" },
		{ "a $\\\n(b;c);d", ";<a $\\\n(b;c)>!" DOLLAR ";<d>" },
		/* These it would not. */
		{ "a \"\\$(b;c)\";d", ";<a \"\\$(b;c)\">;<d>" },
		{ "a \"\\`b;c\"", ";<a \"\\`b;c\">" }, { "a '$(b;c)`';d", ";<a '$(b;c)`'>;<d>" },
		{ "a \"(b;c)\"", ";<a \"(b;c)\">" }, { "a \"$\"(", ";<a \"$\"(>!" PAREN },
		{ "a \"{b}\" {c} $\"\"", ";<a \"{b}\" {c} $\"\">" },
		{ "a \"it's\";b", ";<a \"it's\">;<b>" }, { "a '\"';b", ";<a '\"'>;<b>" },
	};

	check_rows(rows, COUNT(rows));
}
END_TEST

START_TEST(quotes_in_one_another_have_an_end)
{
	char line[4 * QUOTING_NEST + 8];
	size_t len = 0;

	for (int i = 0; i <= QUOTING_NEST; i++)
		len += (size_t)sprintf(line + len, "$(");
	for (int i = 0; i <= QUOTING_NEST; i++)
		line[len++] = ')';
	line[len] = '\0';
	cut(line, len);
	ck_assert_uint_eq(script.count, 1);
	ck_assert_str_eq(script.list[0].why, DOLLAR);
}
END_TEST

/* Cuts N times COMMAND, then TAIL. */
static void
cut_many(size_t n, const char *command, const char *tail)
{
	static char line[4 * WORDS_BYTES];
	char *at = line;

	for (size_t i = 0; i < n; i++)
		at = stpcpy(at, command);
	at = stpcpy(at, tail);
	cut(line, (size_t)(at - line));
}

START_TEST(rule_22_the_most_commands)
{
	cut_many(SCRIPT_COMMANDS, "a;", "");
	ck_assert_uint_eq(script.count, SCRIPT_COMMANDS);
	ck_assert_ptr_null(script.list[SCRIPT_COMMANDS - 1].why);
	cut_many(SCRIPT_COMMANDS, "a;", " # b");
	ck_assert_uint_eq(script.count, SCRIPT_COMMANDS);
	ck_assert_ptr_nonnull(script.comment);
	cut_many(SCRIPT_COMMANDS, "a;", "b c; d; e");
	ck_assert_uint_eq(script.count, SCRIPT_COMMANDS + 1);
	ck_assert_ptr_null(script.list[SCRIPT_COMMANDS - 1].why);
	ck_assert_str_eq(script.list[SCRIPT_COMMANDS].why, "it has too many commands");
	ck_assert_uint_eq(script.list[SCRIPT_COMMANDS].len, strlen("b c; d; e"));
	ck_assert_mem_eq(script.list[SCRIPT_COMMANDS].text, "b c; d; e", strlen("b c; d; e"));
	cut_many(WORDS_BYTES, ";", "");
	ck_assert_uint_eq(script.count, SCRIPT_COMMANDS + 1);
	ck_assert_str_eq(script.list[SCRIPT_COMMANDS].why, "it has too many commands");
	ck_assert_uint_eq(script.list[SCRIPT_COMMANDS].len, WORDS_BYTES - SCRIPT_COMMANDS);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, rule_6_lines_are_cut);
	tcase_add_test(t, rule_6_what_clients_leave_behind);
	tcase_add_test(t, comments);
	tcase_add_test(t, rule_8_assignments);
	tcase_add_test(t, rule_15_redirections_in_the_order_written);
	tcase_add_test(t, rule_9_no_syntax);
	tcase_add_test(t, rule_9_what_sh_would_run_is_one_word);
	tcase_add_test(t, quotes_in_one_another_have_an_end);
	tcase_add_test(t, rule_22_the_most_commands);
}

int
main(void)
{
	return run_unit("script", add);
}
