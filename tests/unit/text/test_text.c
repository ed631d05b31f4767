/* SPDX-License-Identifier: ISC */
#include <sys/mman.h>

#include <stdint.h>

#include "json.h"
#include "text/text.h"
#include "unit.h"

#define BYTES(s) s, sizeof(s) - 1

enum {
	GUARD = '#',		/* what must still stand behind a buffer */
	LONG = 5000,
	ROUNDS = 20000,		/* of random strings */
	SHORT = 60,		/* bytes of each of them, at most */
	LEAST_CAP = 4,		/* of what is quoted */
	ERRORS = 140		/* more than there are */
};

static const struct {
	const char *src;
	size_t	    len;
	const char *wanted;
} escapes[] = {
	{ BYTES(""), "" },
	{ BYTES("plain text"), "plain text" },
	{ BYTES("back\\slash"), "back\\slash" },
	{ BYTES("%n%s"), "%n%s" },
	{ BYTES("a\nb"), "a\\012b" },
	{ BYTES("a\0b"), "a\\000b" },
	{ BYTES("\033[1m"), "\\033[1m" },
	{ BYTES("\r\t\177"), "\\015\\011\\177" },
	{ BYTES("\303\251"), "\303\251" },
	{ BYTES("\342\202\254"), "\342\202\254" },
	{ BYTES("\360\237\230\200"), "\360\237\230\200" },
	/* C1 code points, and the first one beyond them. */
	{ BYTES("\302\200"), "\\302\\200" },
	{ BYTES("\302\205x"), "\\302\\205x" },
	{ BYTES("\302\237"), "\\302\\237" },
	{ BYTES("\302\240"), "\302\240" },
	/* Separators of lines and paragraphs, what turns a line, and their neighbours. */
	{ BYTES("a\342\200\250b\342\200\251"), "a\\342\\200\\250b\\342\\200\\251" },
	{ BYTES("a\342\200\256fdp.exe"), "a\\342\\200\\256fdp.exe" },
	{ BYTES("\342\200\247\342\200\257"), "\342\200\247\342\200\257" },
	{ BYTES("\330\234"), "\\330\\234" },
	{ BYTES("\357\273\277#"), "\\357\\273\\277#" },
	/* What joins characters is a part of names in many scripts. */
	{ BYTES("\342\200\215"), "\342\200\215" },
	/* Overlong forms: of NUL, newline and '/', and the largest code points of each. */
	{ BYTES("\300\200"), "\\300\\200" },
	{ BYTES("\300\212"), "\\300\\212" },
	{ BYTES("\300\257"), "\\300\\257" },
	{ BYTES("\301\277"), "\\301\\277" },
	{ BYTES("\340\200\257"), "\\340\\200\\257" },
	{ BYTES("\340\237\277"), "\\340\\237\\277" },
	{ BYTES("\360\200\200\257"), "\\360\\200\\200\\257" },
	{ BYTES("\360\217\277\277"), "\\360\\217\\277\\277" },
	/* Surrogates, and their neighbours. */
	{ BYTES("\355\237\277"), "\355\237\277" },
	{ BYTES("\355\240\200"), "\\355\\240\\200" },
	{ BYTES("\355\277\277"), "\\355\\277\\277" },
	{ BYTES("\356\200\200"), "\356\200\200" },
	/* The last code point, and what lies beyond. */
	{ BYTES("\364\217\277\277"), "\364\217\277\277" },
	{ BYTES("\364\220\200\200"), "\\364\\220\\200\\200" },
	{ BYTES("\365\200\200\200"), "\\365\\200\\200\\200" },
	{ BYTES("\370\210\200\200\200"), "\\370\\210\\200\\200\\200" },
	{ BYTES("\376\377"), "\\376\\377" },
	/* Cut short, by the end and by another character. */
	{ BYTES("\303"), "\\303" },
	{ BYTES("\342\202"), "\\342\\202" },
	{ BYTES("\360\237\230"), "\\360\\237\\230" },
	{ BYTES("\303x"), "\\303x" },
	{ BYTES("\342\202x"), "\\342\\202x" },
	{ BYTES("\360\237\303\251"), "\\360\\237\303\251" },
	{ BYTES("\251\303\251\251"), "\\251\303\251\\251" },
};

START_TEST(beyond_ascii_is_for_those_who_know_it)
{
	static const char text[] = "b\303\244r\t\\233";
	char dst[32];

	ck_assert_uint_eq(text_ascii(dst, sizeof(dst), text, strlen(text)), 15);
	ck_assert_str_eq(dst, "b\\303\\244r\t\\233");
	/* Never half an escape. */
	ck_assert_uint_eq(text_ascii(dst, 9, text, strlen(text)), 5);
	ck_assert_str_eq(dst, "b\\303");
	ck_assert_uint_eq(text_ascii(dst, 1, text, strlen(text)), 0);
	ck_assert_str_eq(dst, "");
}
END_TEST

START_TEST(what_passes_and_what_is_escaped)
{
	for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
		char dst[64];
		size_t n = text_escape(dst, sizeof(dst), escapes[i].src, escapes[i].len);

		ck_assert_msg(strcmp(dst, escapes[i].wanted) == 0,
		    "row %zu: expected \"%s\", got \"%s\"", i, escapes[i].wanted, dst);
		ck_assert_uint_eq(n, strlen(escapes[i].wanted));
	}
}
END_TEST

START_TEST(every_single_byte)
{
	for (int b = 0; b < 256; b++) {
		char src = (char)b, dst[8], wanted[8];

		snprintf(wanted, sizeof(wanted), b >= 0x20 && b < 0x7f ? "%c" : "\\%03o", b);
		text_escape(dst, sizeof(dst), &src, 1);
		ck_assert_str_eq(dst, wanted);
	}
}
END_TEST

static size_t
encode(uint32_t code, char out[4])
{
	size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (size_t i = n; i-- > 1; code >>= 6)
		out[i] = (char)(0x80 | (code & 0x3f));
	out[0] = (char)(lead[n] | code);
	return n;
}

START_TEST(every_code_point)
{
	for (uint32_t code = 0; code < 0x120000; code++) {
		char src[4], dst[32];
		size_t n = encode(code, src), got = text_escape(dst, sizeof(dst), src, n);
		bool control = code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x61c ||
		    code == 0x200e || code == 0x200f || (code >= 0x2028 && code <= 0x202e) ||
		    (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
		bool none = (code >= 0xd800 && code < 0xe000) || code > 0x10ffff;
		bool passed = got == n && memcmp(dst, src, n) == 0;

		/* No assertion of the library here: each one costs a write. */
		if (passed != !(control || none))
			ck_abort_msg("U+%04X: expected it to %s, got \"%s\"", code,
			    control || none ? "be escaped" : "pass", dst);
		if (!passed && got != 4 * n)
			ck_abort_msg("U+%04X: expected %zu escapes, got \"%s\"", code, n, dst);
	}
}
END_TEST

START_TEST(nothing_is_cut_in_half)
{
	static const char src[] = "a\n\303\251z\342\202\254\377";
	static const char *const pieces[] = {
		"a", "\\012", "\303\251", "z", "\342\202\254", "\\377",
	};

	for (size_t cap = 1; cap < 24; cap++) {
		char dst[32], wanted[32] = "";
		size_t n;

		for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
			if (strlen(wanted) + strlen(pieces[i]) >= cap)
				break;
			strcat(wanted, pieces[i]);
		}
		memset(dst, GUARD, sizeof(dst));
		n = text_escape(dst, cap, src, sizeof(src) - 1);
		ck_assert_msg(strcmp(dst, wanted) == 0, "cap %zu: expected \"%s\", got \"%s\"", cap,
		    wanted, dst);
		ck_assert_uint_eq(n, strlen(wanted));
		ck_assert_msg(dst[cap] == GUARD, "cap %zu: byte behind it is written", cap);
	}
}
END_TEST

static const struct {
	const char *src;
	size_t	    len;
	const char *text, *json;
} quotes[] = {
	{ BYTES(""), "", "" },
	{ BYTES("plain text"), "plain text", "plain text" },
	{ BYTES("a\"b"), "a\\\"b", "a\\\"b" },
	{ BYTES("a\\b"), "a\\\\b", "a\\\\\\\\b" },
	{ BYTES("\\"), "\\\\", "\\\\\\\\" },
	{ BYTES("\\\""), "\\\\\\\"", "\\\\\\\\\\\"" },
	{ BYTES("\\012"), "\\\\012", "\\\\\\\\012" },
	{ BYTES("a\nb"), "a\\012b", "a\\\\012b" },
	{ BYTES("a\0b"), "a\\000b", "a\\\\000b" },
	{ BYTES("\377"), "\\377", "\\\\377" },
	{ BYTES("\303\251\342\202\254"), "\303\251\342\202\254", "\303\251\342\202\254" },
	{ BYTES("\302\205"), "\\302\\205", "\\\\302\\\\205" },
	{ BYTES("/'<>&%n%s"), "/'<>&%n%s", "/'<>&%n%s" },
};

START_TEST(what_is_quoted)
{
	for (size_t i = 0; i < COUNT(quotes); i++) {
		char dst[64];
		size_t n = text_quote(dst, sizeof(dst), quotes[i].src, quotes[i].len);

		ck_assert_msg(strcmp(dst, quotes[i].text) == 0,
		    "row %zu: expected \"%s\", got \"%s\"", i, quotes[i].text, dst);
		ck_assert_uint_eq(n, strlen(quotes[i].text));
		n = text_quote_json(dst, sizeof(dst), quotes[i].src, quotes[i].len);
		ck_assert_msg(strcmp(dst, quotes[i].json) == 0,
		    "row %zu: expected \"%s\" in JSON, got \"%s\"", i, quotes[i].json, dst);
		ck_assert_uint_eq(n, strlen(quotes[i].json));
	}
}
END_TEST

/* What SRC becomes with each of the two, the second one decoded by who reads JSON. */
static void
quote_both(const char *src, size_t len, char *text, size_t *textlen, char *decoded, size_t *jsonlen)
{
	char json[8 * SHORT];
	const char *at = json;
	size_t n = text_quote_json(json, sizeof(json) - 1, src, len);

	*textlen = text_quote(text, 8 * SHORT, src, len);
	ck_assert_msg(is_harmless(text, *textlen), "got \"%s\"", text);
	ck_assert_msg(is_harmless(json, n), "got \"%s\" in JSON", json);
	json[n] = '"';
	if (json_string(&at, json + n + 1, decoded, 8 * SHORT, jsonlen) == -1 || at != json + n + 1)
		ck_abort_msg("no JSON: \"%.*s\"", (int)n, json);
}

START_TEST(what_is_quoted_can_be_undone)
{
	for (int round = 0; round < ROUNDS; round++) {
		char src[SHORT], text[8 * SHORT], decoded[8 * SHORT], undone[8 * SHORT];
		size_t len = (size_t)rand() % SHORT, textlen, jsonlen;

		fill_nastily(src, len, true);
		quote_both(src, len, text, &textlen, decoded, &jsonlen);
		if (unquote(text, textlen, undone) != len || memcmp(undone, src, len) != 0)
			ck_abort_msg("round %d: cannot undo \"%s\"", round, text);
		if (unquote(decoded, jsonlen, undone) != len || memcmp(undone, src, len) != 0)
			ck_abort_msg("round %d: cannot undo \"%s\" from JSON", round, decoded);
		/* Nor does anything end it before its end. */
		for (size_t i = 0; i < textlen; i += text[i] == '\\' ? 2 : 1)
			if (text[i] == '"')
				ck_abort_msg("round %d: a quote ends \"%s\"", round, text);
	}
}
END_TEST

/* Pieces of the longest kinds, as text and in JSON. */
static const char mixed[] = "a\n\303\251\"\\z\342\202\254\377\360\237\230\200";
static const char *const mixed_text[] = {
	"a", "\\012", "\303\251", "\\\"", "\\\\", "z", "\342\202\254", "\\377", "\360\237\230\200",
};
static const char *const mixed_json[] = {
	"a", "\\\\012", "\303\251", "\\\"", "\\\\\\\\", "z", "\342\202\254", "\\\\377",
	"\360\237\230\200",
};

/* What CAP bytes can take of the N PIECES. */
static void
join(char *dst, size_t cap, const char *const *pieces, size_t n)
{
	char all[64] = "", most[64] = "";

	for (size_t i = 0; i < n; i++) {
		strcat(all, pieces[i]);
		if (strlen(all) + strlen("...") < cap)
			strcpy(most, all);
	}
	if (strlen(all) < cap)
		strcpy(dst, all);
	else
		sprintf(dst, "%s...", most);
}

static void
check_cut(size_t (*quote)(char *, size_t, const char *, size_t), const char *const *pieces)
{
	for (size_t cap = LEAST_CAP; cap < 40; cap++) {
		char dst[48], wanted[72];
		size_t n;

		join(wanted, cap, pieces, COUNT(mixed_text));
		memset(dst, GUARD, sizeof(dst));
		n = quote(dst, cap, mixed, sizeof(mixed) - 1);
		ck_assert_msg(strcmp(dst, wanted) == 0, "cap %zu: expected \"%s\", got \"%s\"", cap,
		    wanted, dst);
		ck_assert_uint_eq(n, strlen(wanted));
		ck_assert_msg(dst[cap] == GUARD, "cap %zu: byte behind it is written", cap);
	}
}

START_TEST(what_is_quoted_is_cut_between_pieces)
{
	ck_assert_uint_eq(COUNT(mixed_text), COUNT(mixed_json));
	check_cut(text_quote, mixed_text);
	check_cut(text_quote_json, mixed_json);
}
END_TEST

/* Whatever is cut: what stands before "..." is the begin of what was there. */
static void
check_begin(const char *quoted, size_t n, const char *src, size_t len)
{
	char undone[8 * SHORT];
	size_t got;

	ck_assert_uint_ge(n, strlen("..."));
	ck_assert_str_eq(quoted + n - strlen("..."), "...");
	got = unquote(quoted, n - strlen("..."), undone);
	if (got >= len || memcmp(undone, src, got) != 0)
		ck_abort_msg("not the begin: \"%s\"", quoted);
}

START_TEST(what_is_cut_is_the_begin)
{
	for (int round = 0; round < ROUNDS; round++) {
		char src[SHORT], whole[8 * SHORT], *dst;
		size_t len = (size_t)rand() % SHORT, cap = LEAST_CAP + (size_t)rand() % (4 * SHORT);
		size_t n, all;

		fill_nastily(src, len, true);
		all = text_quote(whole, sizeof(whole), src, len);
		/* Of its own, so that a sanitizer sees the byte behind it. */
		dst = malloc(cap);
		n = text_quote(dst, cap, src, len);
		if (all < cap)
			ck_assert_str_eq(dst, whole);
		else
			check_begin(dst, n, src, len);
		ck_assert_uint_eq(n, strlen(dst));
		free(dst);
	}
}
END_TEST

static const struct {
	const char *path, *what, *reason, *wanted;
} messages[] = {
	{ NULL, NULL, "ambiguous target", "scp: ambiguous target" },
	{ "x", NULL, "No such file or directory", "scp: x: No such file or directory" },
	{ "", NULL, "No such file or directory", "scp: : No such file or directory" },
	{ "d/x", "set mode", "Operation not permitted",
	    "scp: d/x: set mode: Operation not permitted" },
	{ NULL, "error: unexpected filename", "..", "scp: error: unexpected filename: .." },
	{ NULL, "error: unexpected filename", "", "scp: error: unexpected filename: " },
	{ NULL, "protocol error", "bad mode", "scp: protocol error: bad mode" },
	{ "a\nE\nb", NULL, "x", "scp: a\\012E\\012b: x" },
	{ "p", "w\n", "r\n\1", "scp: p: w\\012: r\\012\\001" },
	{ "\303\251\377", NULL, "x", "scp: \303\251\\377: x" },
	{ "%n%s", "%n", "%s%n", "scp: %n%s: %n: %s%n" },
};

START_TEST(rule_4_the_form_of_a_message)
{
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		char dst[TEXT_MESSAGE_MAX];
		size_t n = text_message(dst, messages[i].path, messages[i].what,
		    messages[i].reason);

		ck_assert_str_eq(dst, messages[i].wanted);
		ck_assert_uint_eq(n, strlen(messages[i].wanted));
	}
}
END_TEST

/* A message in a buffer of its own, so that a sanitizer sees the byte behind it. */
static char *
message(const char *path, const char *what, const char *reason)
{
	char *dst = malloc(TEXT_MESSAGE_MAX);
	size_t n;

	ck_assert_ptr_nonnull(dst);
	memset(dst, GUARD, TEXT_MESSAGE_MAX);
	n = text_message(dst, path, what, reason);
	ck_assert_uint_lt(n, TEXT_MESSAGE_MAX);
	ck_assert_uint_eq(strnlen(dst, TEXT_MESSAGE_MAX), n);
	return dst;
}

static char *
filled(char *text, size_t len, const char *with)
{
	for (size_t i = 0; i < len; i++)
		text[i] = with[i % strlen(with)];
	text[len] = '\0';
	return text;
}

/* PATH must begin with what is before "..." in TEXT, and end with what is between that and END. */
static void
check_both_ends(const char *text, const char *path, const char *end)
{
	const char *head = text + strlen("scp: "), *gap = strstr(head, "..."), *tail;
	size_t headlen, taillen;

	ck_assert_msg(gap != NULL, "expected \"...\" in \"%s\"", text);
	tail = gap + strlen("...");
	ck_assert_msg(strlen(tail) > strlen(end), "expected both ends of the path, got \"%s\"",
	    text);
	headlen = (size_t)(gap - head);
	taillen = strlen(tail) - strlen(end);
	ck_assert_str_eq(tail + taillen, end);
	ck_assert_msg(headlen > 0 && strncmp(head, path, headlen) == 0,
	    "expected the begin of the path, got \"%s\"", text);
	ck_assert_msg(strncmp(tail, path + strlen(path) - taillen, taillen) == 0,
	    "expected the end of the path, got \"%s\"", text);
}

START_TEST(rule_4_long_paths_lose_their_middle)
{
	static const char end[] = ": set times: Operation not permitted";
	static char path[LONG + 1], whole[LONG + 64];

	for (size_t len = 1; len < LONG; len += len < 600 ? 1 : 97) {
		char *text;

		filled(path, len, "abcdefghijklmnopqrstuvwxyz/");
		text = message(path, "set times", "Operation not permitted");
		snprintf(whole, sizeof(whole), "scp: %s%s", path, end);
		if (strlen(whole) < TEXT_MESSAGE_MAX)
			ck_assert_str_eq(text, whole);
		else
			check_both_ends(text, path, end);
		free(text);
	}
}
END_TEST

START_TEST(rule_4_no_character_of_a_long_path_is_cut)
{
	static char path[LONG + 4];

	for (size_t i = 0; i < 4; i++) {
		char *text;

		filled(path, i, "x");
		filled(path + i, LONG - 2, "\342\202\254");
		text = message(path, NULL, "r");
		ck_assert_msg(strchr(text, '\\') == NULL, "shift %zu: a character is cut in \"%s\"",
		    i, text);
		check_both_ends(text, path, ": r");
		free(text);
	}
}
END_TEST

START_TEST(rule_4_no_escape_of_a_long_path_is_cut)
{
	static const char *const shifts[] = { "", "x", "xx", "xxx" };
	static char path[LONG + 4];

	for (size_t i = 0; i < 4; i++) {
		char *text, *at;

		strcpy(path, shifts[i]);
		filled(path + i, LONG, "\n");
		text = message(path, NULL, "r");
		for (at = text + strlen("scp: ") + i; strncmp(at, "\\012", 4) == 0; at += 4)
			;
		ck_assert_msg(strncmp(at, "...\\012", 7) == 0, "expected the gap at \"%s\"", at);
		for (at += 3; strncmp(at, "\\012", 4) == 0; at += 4)
			;
		ck_assert_str_eq(at, ": r");
		free(text);
	}
}
END_TEST

/* Names in another encoding may have nothing in them but what UTF-8 calls continuation bytes. */
START_TEST(rule_4_both_ends_are_kept_of_a_path_that_is_no_utf8)
{
	static char path[LONG + 1];
	char *text = message(filled(path, LONG, "\277"), NULL, "r"), *end;

	end = strlen(text) < 7 ? text : text + strlen(text) - 7;
	ck_assert_msg(strcmp(end, "\\277: r") == 0, "expected the end \"\\277: r\", got \"%s\"",
	    text);
	ck_assert_msg(strncmp(text, "scp: \\277", 9) == 0, "got \"%s\"", text);
	free(text);
}
END_TEST

START_TEST(rule_4_a_long_path_leaves_the_reason_whole)
{
	static char path[LONG + 1], reason[101];
	char *text = message(filled(path, LONG, "abc/"), "what", filled(reason, 100, "because "));
	const char *end = strstr(text, ": what: ");

	ck_assert_msg(end != NULL, "got \"%s\"", text);
	ck_assert_str_eq(end + strlen(": what: "), reason);
	free(text);
}
END_TEST

/* Nothing is too long as long as all of it fits. */
START_TEST(a_reason_that_fits_is_whole)
{
	static const char *const paths[] = { NULL, "p" };
	static char reason[TEXT_MESSAGE_MAX + 1];

	for (size_t i = 0; i < 2; i++)
		for (size_t len = 1;; len++) {
			char wanted[2 * TEXT_MESSAGE_MAX], *text;

			snprintf(wanted, sizeof(wanted), "scp: %s%s", i == 0 ? "" : "p: ",
			    filled(reason, len, "because "));
			if (strlen(wanted) >= TEXT_MESSAGE_MAX)
				break;
			text = message(paths[i], NULL, reason);
			ck_assert_str_eq(text, wanted);
			free(text);
		}
}
END_TEST

START_TEST(what_is_too_long_is_cut)
{
	static char longtext[LONG + 1], path[LONG + 1];
	static const char *const whats[] = { NULL, "what" };
	char *text;

	filled(path, LONG, "abc/");
	for (size_t len = 1; len < LONG; len += len < 600 ? 1 : 97)
		for (size_t i = 0; i < 2; i++) {
			filled(longtext, len, "r\n\303\251");
			free(message(NULL, whats[i], longtext));
			free(message("p", whats[i], longtext));
			free(message(path, whats[i], longtext));
			free(message(path, longtext, "r"));
			free(message(longtext, longtext, longtext));
		}
	filled(longtext, LONG, "because");
	text = message("p", NULL, longtext);
	ck_assert_msg(strncmp(text, "scp: p: because", 15) == 0, "got \"%s\"", text);
	free(text);
	text = message(path, NULL, longtext);
	check_both_ends(text, path, strstr(text, ": because"));
	free(text);
}
END_TEST

/* Of a path that is long, neither its length nor its middle costs anything: nobody looks there. */
START_TEST(what_is_left_out_is_not_looked_at)
{
	const size_t len = 1 << 20, page = (size_t)sysconf(_SC_PAGESIZE);
	char text[TEXT_MESSAGE_MAX];
	char *path = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(path, MAP_FAILED);
	memset(path, 'd', len);
	ck_assert_int_eq(mprotect(path + page, len - 2 * page, PROT_NONE), 0);
	text_message_at(text, path, len, NULL, "x");
	ck_assert_int_eq(strncmp(text, "scp: ddd", strlen("scp: ddd")), 0);
	ck_assert_ptr_nonnull(strstr(text, "ddd...ddd"));
	ck_assert_ptr_nonnull(strstr(text, "ddd: x"));
	ck_assert_int_eq(munmap(path, len), 0);
}
END_TEST

/* With the C library whose words they are; what another one makes of them tests/static looks at. */
START_TEST(errors_are_called_what_clients_know)
{
	char text[TEXT_MESSAGE_MAX];

	for (int err = 0; err < ERRORS; err++) {
		snprintf(text, sizeof(text), "%s", text_error(err));
		ck_assert_str_eq(text, strerror(err));
	}
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, beyond_ascii_is_for_those_who_know_it);
	tcase_add_test(t, what_passes_and_what_is_escaped);
	tcase_add_test(t, every_single_byte);
	tcase_add_test(t, every_code_point);
	tcase_add_test(t, nothing_is_cut_in_half);
	tcase_add_test(t, what_is_quoted);
	tcase_add_test(t, what_is_quoted_can_be_undone);
	tcase_add_test(t, what_is_quoted_is_cut_between_pieces);
	tcase_add_test(t, what_is_cut_is_the_begin);
	tcase_add_test(t, what_is_left_out_is_not_looked_at);
	tcase_add_test(t, rule_4_the_form_of_a_message);
	tcase_add_test(t, rule_4_long_paths_lose_their_middle);
	tcase_add_test(t, rule_4_no_character_of_a_long_path_is_cut);
	tcase_add_test(t, rule_4_no_escape_of_a_long_path_is_cut);
	tcase_add_test(t, rule_4_both_ends_are_kept_of_a_path_that_is_no_utf8);
	tcase_add_test(t, rule_4_a_long_path_leaves_the_reason_whole);
	tcase_add_test(t, a_reason_that_fits_is_whole);
	tcase_add_test(t, what_is_too_long_is_cut);
	tcase_add_test(t, errors_are_called_what_clients_know);
}

int
main(void)
{
	return run_unit("text", add);
}
