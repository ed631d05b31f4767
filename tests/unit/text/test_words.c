/* SPDX-License-Identifier: ISC */
#include "exec_commands.h"
#include "text/words.h"
#include "unit.h"

#define BYTES(s) s, sizeof(s) - 1
#define NOT_CLOSED "the quote is not closed"
#define EXPANSION "it has an unquoted $ or `"
#define COMMANDS "it has an unquoted ; & or |"
#define LINES "it has more than one line"
#define NUL_BYTE "it has a NUL byte"
#define LONG "it is too long"
#define MANY "it has too many words"

enum {
	ROUNDS = 20000,
	SEED = 1
};

static struct words words;

static int
split(const char *command, size_t len, const char **why)
{
	/* Exactly as long as it says, so that a sanitizer sees a byte too many. */
	char *copy = malloc(len > 0 ? len : 1);
	int res;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, command, len);
	res = words_split(&words, copy, len, why);
	free(copy);
	return res;
}

/* What COMMAND, NULL-terminated WANTED and the pattern of its last word must be. */
static void
check_words(const char *command, size_t len, const char *const wanted[], const char *pattern)
{
	const char *why = NULL;
	size_t n;

	ck_assert_msg(split(command, len, &why) == 0, "<%s>: expected words, got \"%s\"", command,
	    why);
	for (n = 0; wanted[n] != NULL; n++) {
		const char *mine = wanted[n + 1] == NULL ? pattern : NULL, *got;

		ck_assert_msg(n < words.count, "<%s>: expected <%s>, got %zu words", command,
		    wanted[n], words.count);
		ck_assert_msg(strcmp(words.list[n].text, wanted[n]) == 0,
		    "<%s>: expected <%s>, got <%s>", command, wanted[n], words.list[n].text);
		got = words.list[n].pattern;
		ck_assert_msg(mine == NULL ? got == NULL : got != NULL && strcmp(got, mine) == 0,
		    "<%s>: expected the pattern <%s>, got <%s>", command,
		    mine == NULL ? "(none)" : mine, got == NULL ? "(none)" : got);
	}
	ck_assert_msg(words.count == n, "<%s>: expected %zu words, got %zu", command, n,
	    words.count);
}

static void
check_refused(const char *command, size_t len, const char *wanted)
{
	const char *why = NULL;
	int res = split(command, len, &why);

	ck_assert_msg(res == -1, "<%.60s>: expected \"%s\", got %zu words", command, wanted,
	    words.count);
	ck_assert_msg(why != NULL && strcmp(why, wanted) == 0,
	    "<%.60s>: expected \"%s\", got \"%s\"", command, wanted, why);
}

START_TEST(rule_27_what_clients_send)
{
	for (size_t i = 0; i < COUNT(exec_commands); i++) {
		const char *command = exec_commands[i].command, *why = exec_commands[i].why;

		if (why != NULL)
			check_refused(command, strlen(command), why);
		else
			check_words(command, strlen(command), exec_commands[i].words,
			    exec_commands[i].pattern);
	}
}
END_TEST

static const struct {
	const char *command;
	const char *words[8];
} rows[] = {
	{ "", { NULL } },
	{ " \t ", { NULL } },
	{ "a", { "a" } },
	{ " \ta \t  b\t", { "a", "b" } },
	{ "''", { "" } },
	{ "\"\"", { "" } },
	{ "a '' \"\" b", { "a", "", "", "b" } },
	{ "''\"\"''", { "" } },
	{ "a''b\"\"c", { "abc" } },
	{ "'a b'\"c d\"e\\ f", { "a bc de f" } },
	{ "'a'\"'\"'b' 'a'\\''b' 'a'\\!'b'", { "a'b", "a'b", "a!b" } },
	{ "\"'\" '\"' \\' \\\"", { "'", "\"", "'", "\"" } },
	{ "'\\' '\\a' '$`\"\\\n'", { "\\", "\\a", "$`\"\\\n" } },
	/* Within double quotes, a backslash is one before most of them. */
	{ "\"\\$ \\` \\\" \\\\\"", { "$ ` \" \\" } },
	{ "\"\\a\\'\\!\\ \\n\\\303\251\"", { "\\a\\'\\!\\ \\n\\\303\251" } },
	{ "\"$HOME `id` $(id) ${x}\"", { "$HOME `id` $(id) ${x}" } },
	{ "\"$\" \"`\"", { "$", "`" } },
	{ "\"a\nb\" 'a\nb'", { "a\nb", "a\nb" } },
	{ "\\a\\\\b \\$x \\`y \\;\\&\\|\\<\\>\\(\\)", { "a\\b", "$x", "`y", ";&|<>()" } },
	{ "\\ ", { " " } },
	{ "\\\t", { "\t" } },
	{ "a\\", { "a\\" } },
	{ "\\", { "\\" } },
	{ "a \\", { "a", "\\" } },
	{ "\\\\\\", { "\\\\" } },
	/* A line that goes on is one. */
	{ "a\\\nb", { "ab" } },
	{ "a \\\n b", { "a", "b" } },
	{ "a\\\n b", { "a", "b" } },
	{ "\\\na", { "a" } },
	{ "\\\n", { NULL } },
	{ "a\\\n", { "a" } },
	{ "a \\\n\\\n", { "a" } },
	{ "\"a\\\nb\"", { "ab" } },
	{ "\"\\\n\"", { "" } },
	{ "'a\\\nb'", { "a\\\nb" } },
	{ "\"a\\\\\nb\"", { "a\\\nb" } },
	{ "a\\\\\\\nb", { "a\\b" } },
	/* The end of a line is that of the command, if nothing is behind it. */
	{ "a\n", { "a" } },
	{ "a b\n\n", { "a", "b" } },
	{ "a \n \t\n ", { "a" } },
	{ "a\n\\\n", { "a" } },
	{ "a\r\n", { "a\r" } },
	{ "\n", { NULL } },
	/* A shell gives these a meaning, but none that a client means. */
	{ "#a b# # c", { "#a", "b#", "#", "c" } },
	{ "! a=b c^d e%f @g +h -i ,j :k", { "!", "a=b", "c^d", "e%f", "@g", "+h", "-i", ",j" } },
	{ "] } {} a]b", { "]", "}", "{}", "a]b" } },
	{ "a~b =~ -~", { "a~b", "=~", "-~" } },
	{ "a\rb\vc\fd \001 \177 \240", { "a\rb\vc\fd", "\001", "\177", "\240" } },
	{ "\303\251 '\303\251' \"\303\251\" \\\303\251 \377",
	    { "\303\251", "\303\251", "\303\251", "\303\251", "\377" } },
	{ "if then do { case", { "if", "then", "do", "{", "case" } },
};

START_TEST(words_and_quotes)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *why = NULL;
		size_t n = 0;

		ck_assert_msg(split(rows[i].command, strlen(rows[i].command), &why) == 0,
		    "<%s>: expected words, got \"%s\"", rows[i].command, why);
		for (; n < COUNT(rows[i].words) && rows[i].words[n] != NULL; n++)
			ck_assert_msg(n < words.count &&
			    strcmp(words.list[n].text, rows[i].words[n]) == 0,
			    "<%s>: expected <%s>, got <%s>", rows[i].command, rows[i].words[n],
			    n < words.count ? words.list[n].text : "(none)");
		ck_assert_msg(n == COUNT(rows[i].words) || words.count == n,
		    "<%s>: expected %zu words, got %zu", rows[i].command, n, words.count);
	}
}
END_TEST

static const struct {
	const char *command;
	const char *text;
	const char *pattern;	/* NULL: none */
} patterns[] = {
	{ "a*", "a*", "a*" },
	{ "?", "?", "?" },
	{ "[a-z]", "[a-z]", "[a-z]" },
	{ "[", "[", "[" },
	{ "{a,b}", "{a,b}", "{a,b}" },
	{ "{", "{", "{" },
	{ "~", "~", "~" },
	{ "~/f", "~/f", "~/f" },
	{ "~user/f", "~user/f", "~user/f" },
	/* Not from these alone. */
	{ "a]", "a]", NULL },
	{ "}", "}", NULL },
	{ "a,b", "a,b", NULL },
	{ "a~", "a~", NULL },
	{ "a!b^c-d:e", "a!b^c-d:e", NULL },
	/* Nor from quoted ones. */
	{ "'a*?[b]{c,d}~'", "a*?[b]{c,d}~", NULL },
	{ "\"a*?[b]{c,d}~\"", "a*?[b]{c,d}~", NULL },
	{ "\\*\\?\\[b\\]\\{c\\,d\\}", "*?[b]{c,d}", NULL },
	{ "\"\\*\"", "\\*", NULL },
	{ "'~/f'", "~/f", NULL },
	{ "\"~\"/f", "~/f", NULL },
	{ "\\~/f", "~/f", NULL },
	{ "''~/f", "~/f", NULL },
	/* What is quoted has a backslash, where it would mean something. */
	{ "'*'*", "**", "\\**" },
	{ "*'a b'", "*a b", "*a b" },
	{ "*\"a?\"\\[", "*a?[", "*a\\?\\[" },
	{ "*'\\*?[]!^-:{},~'", "*\\*?[]!^-:{},~", "*\\\\\\*\\?\\[\\]\\!\\^\\-\\:\\{\\}\\,\\~" },
	{ "*\"\\*?[]!^-:{},~\"", "*\\*?[]!^-:{},~",
	    "*\\\\\\*\\?\\[\\]\\!\\^\\-\\:\\{\\}\\,\\~" },
	{ "*\\\\\\*\\?\\[\\]\\!\\^\\-\\:\\{\\}\\,\\~", "*\\*?[]!^-:{},~",
	    "*\\\\\\*\\?\\[\\]\\!\\^\\-\\:\\{\\}\\,\\~" },
	{ "*'$`;&|<>() \t#=/.a0'", "*$`;&|<>() \t#=/.a0", "*$`;&|<>() \t#=/.a0" },
	{ "*\\a\\.\\/", "*a./", "*a./" },
	{ "*\\", "*\\", "*\\\\" },
	{ "[a'-'z]", "[a-z]", "[a\\-z]" },
	{ "[\\!a]", "[!a]", "[\\!a]" },
	{ "[[':'alpha:]]", "[[:alpha:]]", "[[\\:alpha:]]" },
	{ "{a','b,c}", "{a,b,c}", "{a\\,b,c}" },
	{ "~/'~'", "~/~", "~/\\~" },
	{ "~/~", "~/~", "~/~" },
	{ "*~'user'", "*~user", "*~user" },
	/* A name that is quoted in part is no account's. */
	{ "~'user'/f", "~user/f", NULL },
	{ "~us\\er/f", "~user/f", NULL },
	{ "~\"user\"", "~user", NULL },
	{ "~''/f", "~/f", NULL },
	{ "~'/f'", "~/f", NULL },
	{ "~\\/f", "~/f", NULL },
	{ "~\\", "~\\", NULL },
	{ "~'user'/*", "~user/*", "\\~user/*" },
	{ "~user/'f'", "~user/f", "~user/f" },
	{ "~\\\nuser/f", "~user/f", "~user/f" },
	{ "\\\n~/f", "~/f", "~/f" },
	{ "~/\\*", "~/*", "~/\\*" },
	/* Line ends vanish from both. */
	{ "*\\\n*", "**", "**" },
	{ "*\"\\\n\"*", "**", "**" },
};

START_TEST(what_is_left_to_expand)
{
	for (size_t i = 0; i < COUNT(patterns); i++) {
		const char *command = patterns[i].command;
		const char *wanted[] = { patterns[i].text, NULL };

		check_words(command, strlen(command), wanted, patterns[i].pattern);
	}
}
END_TEST

START_TEST(each_word_has_its_own_pattern)
{
	static const char command[] = "scp -f *.a 'b c' ~/d e{1,2} \"*\"";
	static const char *const wanted[] = { NULL, NULL, "*.a", NULL, "~/d", "e{1,2}", NULL };
	const char *why;

	ck_assert_int_eq(split(BYTES(command), &why), 0);
	ck_assert_uint_eq(words.count, COUNT(wanted));
	for (size_t i = 0; i < COUNT(wanted); i++) {
		ck_assert_pstr_eq(words.list[i].pattern, wanted[i]);
		if (wanted[i] != NULL)
			ck_assert_str_eq(words.list[i].text, wanted[i]);
	}
}
END_TEST

static const struct {
	const char *command;
	size_t	    len;
	const char *why;
} refusals[] = {
	{ BYTES("'"), NOT_CLOSED },
	{ BYTES("\""), NOT_CLOSED },
	{ BYTES("a 'b"), NOT_CLOSED },
	{ BYTES("a \"b"), NOT_CLOSED },
	{ BYTES("a 'b\\'c'"), NOT_CLOSED },
	{ BYTES("a \"b\\\""), NOT_CLOSED },
	{ BYTES("a \"b\\"), NOT_CLOSED },
	{ BYTES("a \"b\\\\"), NOT_CLOSED },
	{ BYTES("a \"b\\\n"), NOT_CLOSED },
	{ BYTES("a 'b\""), NOT_CLOSED },
	{ BYTES("a \"b'"), NOT_CLOSED },
	{ BYTES("'it's'"), NOT_CLOSED },
	{ BYTES("scp -t $(id)"), EXPANSION },
	{ BYTES("scp -t ${HOME}"), EXPANSION },
	{ BYTES("scp -t `id`"), EXPANSION },
	{ BYTES("scp -t $'a'"), EXPANSION },
	{ BYTES("scp -t $\"a\""), EXPANSION },
	{ BYTES("scp -t a$"), EXPANSION },
	{ BYTES("scp -t \"a\"$b"), EXPANSION },
	{ BYTES("scp -t 'a'`b"), EXPANSION },
	{ BYTES("scp -t \\\\$b"), EXPANSION },
	{ BYTES("scp -t ~$b"), EXPANSION },
	{ BYTES("scp -t a; id"), COMMANDS },
	{ BYTES("scp -t a && id"), COMMANDS },
	{ BYTES("scp -t a || id"), COMMANDS },
	{ BYTES("scp -t a|id"), COMMANDS },
	{ BYTES("scp -t a &"), COMMANDS },
	{ BYTES(";"), COMMANDS },
	{ BYTES("scp -t a >b"), "it has an unquoted < or >" },
	{ BYTES("scp -t a 2>&1"), "it has an unquoted < or >" },
	{ BYTES("scp -t <a"), "it has an unquoted < or >" },
	{ BYTES("(scp -t a)"), "it has an unquoted ( or )" },
	{ BYTES("scp() { id"), "it has an unquoted ( or )" },
	{ BYTES(")"), "it has an unquoted ( or )" },
	{ BYTES("scp -t a\nid"), LINES },
	{ BYTES("scp -t a\n\n \tid"), LINES },
	{ BYTES("\nscp -t a"), LINES },
	{ BYTES("scp -t a\\\\\nid"), LINES },
	{ BYTES("scp -t a\n''"), LINES },
	{ BYTES("scp -t a\n;"), LINES },
	{ BYTES("scp -t a\n\\"), LINES },
	{ BYTES("scp -t #a\nid"), LINES },
	{ BYTES("\0"), NUL_BYTE },
	{ BYTES("\0a"), NUL_BYTE },
	{ BYTES("a\0b"), NUL_BYTE },
	{ BYTES("a\0"), NUL_BYTE },
	{ BYTES("'a\0b'"), NUL_BYTE },
	{ BYTES("\"a\0b\""), NUL_BYTE },
	{ BYTES("a\\\0b"), NUL_BYTE },
	{ BYTES("'a\0b"), NUL_BYTE },
};

START_TEST(what_is_refused)
{
	for (size_t i = 0; i < COUNT(refusals); i++)
		check_refused(refusals[i].command, refusals[i].len, refusals[i].why);
}
END_TEST

/* Why an unquoted B alone is refused, or NULL. */
static const char *
refusal_of(int b)
{
	switch (b) {
	case '$':
	case '`':
		return EXPANSION;
	case ';':
	case '&':
	case '|':
		return COMMANDS;
	case '<':
	case '>':
		return "it has an unquoted < or >";
	case '(':
	case ')':
		return "it has an unquoted ( or )";
	case '\n':
		return LINES;
	case '\'':
	case '"':
		return NOT_CLOSED;
	default:
		return NULL;
	}
}

/* COMMAND must be one word, of TEXT, that has a pattern exactly if WILD. */
static void
check_one(const char *command, const char *text, bool wild)
{
	const char *why = NULL;

	ck_assert_msg(split(command, strlen(command), &why) == 0,
	    "<%s>: expected a word, got \"%s\"", command, why);
	ck_assert_msg(words.count == 1 && strcmp(words.list[0].text, text) == 0,
	    "<%s>: expected <%s>, got %zu words, <%s>", command, text, words.count,
	    words.count > 0 ? words.list[0].text : "");
	ck_assert_msg((words.list[0].pattern != NULL) == wild, "<%s>: expected %s pattern", command,
	    wild ? "a" : "no");
}

START_TEST(every_byte_unquoted_and_quoted)
{
	for (int b = 1; b < 256; b++) {
		char command[8], text[8];
		const char *why = refusal_of(b);

		snprintf(command, sizeof(command), "x%cy", b);
		if (why != NULL)
			check_refused(command, 3, why);
		else if (b != ' ' && b != '\t' && b != '\\')
			check_one(command, command, strchr("*?[{", b) != NULL);
		snprintf(text, sizeof(text), "x%cy", b);
		snprintf(command, sizeof(command), "x'%c'y", b);
		if (b != '\'')
			check_one(command, text, false);
		snprintf(command, sizeof(command), "x\"%c\"y", b);
		if (b != '"' && b != '\\')
			check_one(command, text, false);
		snprintf(command, sizeof(command), "x\\%cy", b);
		check_one(command, b == '\n' ? "xy" : text, false);
		/* Only four of them, and the newline, lose their backslash here. */
		snprintf(command, sizeof(command), "x\"\\%c\"y", b);
		if (strchr("$`\"\\\n", b) == NULL)
			snprintf(text, sizeof(text), "x\\%cy", b);
		check_one(command, b == '\n' ? "xy" : text, false);
	}
}
END_TEST

static char huge[WORDS_BYTES + 16];

START_TEST(the_longest_command)
{
	static const struct {
		const char *with;	/* repeated; fills the command but for BEGIN and END */
		const char *begin, *end;
	} fills[] = {
		{ "a", "", "" }, { "*", "", "" }, { " ", "", "" }, { "\\\n", "", "" },
		{ "a", "'", "'" }, { "*", "\"", "\"" }, { "*", "*'", "'" }, { "\\", "'", "'*" },
		{ "\\*", "", "" }, { "''", "", "" }, { "\n", "a", "" }, { "~", "", "" },
	};

	for (size_t i = 0; i < COUNT(fills); i++) {
		size_t begin = strlen(fills[i].begin), end = strlen(fills[i].end);
		size_t n = strlen(fills[i].with);
		const char *why = NULL;

		for (size_t at = 0; at < sizeof(huge); at++)
			huge[at] = fills[i].with[(at + n - begin % n) % n];
		memcpy(huge, fills[i].begin, begin);
		memcpy(huge + WORDS_BYTES - end, fills[i].end, end);
		ck_assert_msg(split(huge, WORDS_BYTES, &why) == 0,
		    "row %zu: expected words, got \"%s\"", i, why);
		huge[WORDS_BYTES] = ' ';
		check_refused(huge, WORDS_BYTES + 1, LONG);
	}
}
END_TEST

/* Each byte of a text one of the command, each with a backslash in the pattern. */
START_TEST(the_longest_pattern)
{
	const char *why = NULL;

	memset(huge, '*', WORDS_BYTES);
	huge[1] = huge[WORDS_BYTES - 1] = '\'';
	ck_assert_int_eq(split(huge, WORDS_BYTES, &why), 0);
	ck_assert_uint_eq(words.count, 1);
	ck_assert_uint_eq(strlen(words.list[0].text), WORDS_BYTES - 2);
	ck_assert_ptr_nonnull(words.list[0].pattern);
	ck_assert_uint_eq(strlen(words.list[0].pattern), 1 + 2 * (WORDS_BYTES - 3));
	ck_assert_uint_eq(strspn(words.list[0].text, "*"), WORDS_BYTES - 2);
}
END_TEST

static size_t
put_words(char *dst, size_t count, const char *word)
{
	size_t len = 0;

	for (size_t i = 0; i < count; i++)
		len += (size_t)sprintf(dst + len, "%s ", word);
	return len;
}

START_TEST(the_most_words)
{
	static const char *const each[] = { "a", "''", "*", "~", "*'*******************'", "\\*" };

	for (size_t i = 0; i < COUNT(each); i++) {
		const char *why = NULL;
		size_t len = put_words(huge, WORDS_MAX, each[i]);

		ck_assert_msg(split(huge, len, &why) == 0, "<%s>: expected words, got \"%s\"",
		    each[i], why);
		ck_assert_uint_eq(words.count, WORDS_MAX);
		for (size_t n = 1; n < WORDS_MAX; n++) {
			ck_assert_pstr_eq(words.list[n].text, words.list[0].text);
			ck_assert_pstr_eq(words.list[n].pattern, words.list[0].pattern);
		}
		len = put_words(huge, WORDS_MAX + 1, each[i]);
		check_refused(huge, len, MANY);
	}
}
END_TEST

/* The buffer has room for what needs the most of it. */
START_TEST(the_most_words_and_the_longest_patterns)
{
	enum { EACH = WORDS_BYTES / WORDS_MAX };
	const char *why = NULL;

	memset(huge, '*', WORDS_BYTES);
	for (char *word = huge; word < huge + WORDS_BYTES; word += EACH) {
		word[1] = word[EACH - 2] = '\'';
		word[EACH - 1] = ' ';
	}
	ck_assert_int_eq(split(huge, WORDS_BYTES, &why), 0);
	ck_assert_uint_eq(words.count, WORDS_MAX);
	for (size_t n = 0; n < WORDS_MAX; n++) {
		ck_assert_uint_eq(strlen(words.list[n].text), EACH - 3);
		ck_assert_uint_eq(strspn(words.list[n].text, "*"), EACH - 3);
		ck_assert_uint_eq(strlen(words.list[n].pattern), 1 + 2 * (EACH - 4));
		ck_assert_uint_eq(strspn(words.list[n].pattern, "\\*"), 1 + 2 * (EACH - 4));
	}
}
END_TEST

/* Appends WORD in single quotes. */
static size_t
quote(char *dst, const char *word)
{
	char *at = dst;

	*at++ = '\'';
	for (; *word != '\0'; word++)
		if (*word == '\'')
			at += sprintf(at, "'\\''");
		else
			*at++ = *word;
	*at++ = '\'';
	return (size_t)(at - dst);
}

static void
random_word(char *word, size_t room)
{
	size_t len = (size_t)rand() % room;

	for (size_t i = 0; i < len; i++)
		word[i] = (char)(rand() % 4 == 0 ? "'\"\\ \n$*~"[rand() % 8] : 1 + rand() % 255);
	word[len] = '\0';
}

START_TEST(quoted_words_come_back)
{
	srand(SEED);
	for (int round = 0; round < ROUNDS / 4; round++) {
		char list[8][24], command[1024];
		size_t n = (size_t)rand() % COUNT(list), len = 0;
		const char *why = NULL;

		for (size_t i = 0; i < n; i++) {
			random_word(list[i], sizeof(list[i]));
			if (i > 0)
				command[len++] = " \t"[rand() % 2];
			len += quote(command + len, list[i]);
		}
		ck_assert_msg(split(command, len, &why) == 0,
		    "round %d: expected words, got \"%s\"", round, why);
		ck_assert_msg(words.count == n, "round %d: expected %zu words, got %zu", round, n,
		    words.count);
		for (size_t i = 0; i < n; i++) {
			ck_assert_msg(strcmp(words.list[i].text, list[i]) == 0,
			    "round %d: expected <%s>, got <%s>", round, list[i],
			    words.list[i].text);
			ck_assert_ptr_null(words.list[i].pattern);
		}
	}
}
END_TEST

static bool
is_text_of(const char *text, const char *pattern)
{
	for (; *text != '\0'; text++, pattern++) {
		if (*pattern == '\\')
			pattern++;
		if (*pattern != *text)
			return false;
	}
	return *pattern == '\0';
}

/* Whatever the command, a pattern is its text with some backslashes more. */
START_TEST(patterns_are_texts_with_backslashes)
{
	static const char bytes[] = "ab*?[]{},~!^-:\\'\" \t/.\n$";
	size_t seen = 0;

	srand(SEED);
	for (int round = 0; round < ROUNDS; round++) {
		char command[16];
		const char *why = NULL;
		size_t len = (size_t)rand() % sizeof(command);

		for (size_t i = 0; i < len; i++)
			command[i] = bytes[(size_t)rand() % (sizeof(bytes) - 1)];
		if (split(command, len, &why) == -1) {
			ck_assert_ptr_nonnull(why);
			continue;
		}
		for (size_t i = 0; i < words.count; i++) {
			const struct word *w = &words.list[i];

			if (w->pattern == NULL)
				continue;
			seen++;
			ck_assert_msg(is_text_of(w->text, w->pattern),
			    "<%.*s>: text <%s>, pattern <%s>", (int)len, command, w->text,
			    w->pattern);
		}
	}
	ck_assert_uint_gt(seen, ROUNDS / 10);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, rule_27_what_clients_send);
	tcase_add_test(t, words_and_quotes);
	tcase_add_test(t, what_is_left_to_expand);
	tcase_add_test(t, each_word_has_its_own_pattern);
	tcase_add_test(t, what_is_refused);
	tcase_add_test(t, every_byte_unquoted_and_quoted);
	tcase_add_test(t, the_longest_command);
	tcase_add_test(t, the_longest_pattern);
	tcase_add_test(t, the_most_words);
	tcase_add_test(t, the_most_words_and_the_longest_patterns);
	tcase_add_test(t, quoted_words_come_back);
	tcase_add_test(t, patterns_are_texts_with_backslashes);
}

int
main(void)
{
	return run_unit("words", add);
}
