/* SPDX-License-Identifier: ISC */
#include "text/reading.h"
#include "unit.h"

/* How much of TEXT is a line, its bytes in pieces of so many, and how it ends. */
static size_t
take(const char *text, size_t len, size_t piece, enum reading_end *end)
{
	struct reading r;
	size_t at = 0;

	reading_begin(&r);
	*end = READING_GOES_ON;
	while (at < len && *end == READING_GOES_ON) {
		size_t n = piece < len - at ? piece : len - at, took;

		took = reading_take(&r, text + at, n, end);
		ck_assert_uint_le(took, n);
		ck_assert(took == n || *end != READING_GOES_ON);
		at += took;
	}
	return at;
}

/* TEXT begins with a line of LEN bytes that ends so; at once, and byte by byte. */
static void
check_line(const char *text, size_t wanted, enum reading_end how)
{
	for (size_t piece = 1; piece < 4; piece++) {
		enum reading_end end;
		size_t got = take(text, strlen(text), piece == 3 ? SIZE_MAX : piece, &end);

		ck_assert_msg(got == wanted && end == how,
		"<%s>: expected %zu bytes, end %d, got %zu, %d",
		    text, wanted, how, got, end);
	}
}

START_TEST(a_line_ends_with_its_newline)
{
	/* A | is where the line ends; the texts have none of their own. */
	static const char *const rows[] = {
		"\n@", "a\n@b\n", "a;b && c # d\n@e", "\r\n@a", "a 'b\nc' d\n@e", "a \"b\nc\" d\n@",
		"a b\\\nc\n@d",
		"a \\\n b\n@", "# don't\n@b", "a # 'b\n@c", "a # b \\\n@c", "'#\n'\n@a",
		"a#'b\n'\n@c", "a '\\'\n@b", "a \"\\\"\n\"\n@b",
		"a \\'\n@b", "a \\\\\n@b", "a &&\nb\n@c", "a ||\n\n\tb\n@c", "a |\nb\n@",
		"a && # b\nc\n@d", "a &&\r\nb\n@", "a && \\\n\nb\n@",
		"a &\n@b", "a;\n@b", "a 2>&1\n@b", "a '&&'\n@b", "a \\&&\n@b", "a && b\n@c",
		"a &&\\\n b\n@c", "a|&\nb\n@",
		/* What is whole may stand on one line. */
		"if a; then b; fi\n@c", "for a in b; do c; done\n@d",
		"while a; do if b; then c; else d; fi; done\n@e", "{ a; }\n@b", "(a; b)\n@c",
		"a() { b; }\n@c", "function a { b; }\n@c", "case a in b) c;; esac\n@d",
		"a $(b) `c` \"$(d \"e\")\" ${f}\n@g", "! a\n@b",
		/* Words that mean something mean it where a command begins, and bare. */
		"echo if\n@a", "echo do while { ( )\n@a", "'if' a\n@b", "\\if a\n@b", "iff a\n@b",
		"A=b if\n@c", "a=if\n@b", "}\n@a", "done\n@a", "if\\a\n@b",
		"a <<<b\n@c", "a < /dev/null\n@b", "a '<<b'\n@c", "a \\<<b\n@c", "# if <<a (\n@b",
		"a <b <c\n@d",
		"a \"$\n\"\n@b", "a \"${b}\n\"\n@c", "functional\n@a", "echo functions\n@b",
		">/dev/null if a\n@b",
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *end = strchr(rows[i], '@');
		char text[128];

		ck_assert_ptr_nonnull(end);
		snprintf(text, sizeof(text), "%.*s%s", (int)(end - rows[i]), rows[i], end + 1);
		check_line(text, (size_t)(end - rows[i]), READING_ENDS);
	}
}
END_TEST

START_TEST(what_has_no_end_goes_on)
{
	static const char *const rows[] = {
		"", "a", "a b", "'", "'a\nb\n", "\"a\\\"\n", "a \\\n", "a &&\n", "a ||\n\n\n",
		"a | \n # b\n", "# a", "a && #b\n#c\n", "a \\", "'a\\\n",
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		check_line(rows[i], strlen(rows[i]), READING_GOES_ON);
}
END_TEST

START_TEST(what_follows_may_belong_to_what_is_not_served)
{
	static const char *const rows[] = {
		/* Documents. */
		"cat <<E\n@rm a\nE\n", "cat <<-'E'\n@rm a\nE\n", "cat >a << E\n@rm b\n",
		"cat <<A <<B\n@a\n", "cat <<A </dev/null\n@a\n", "a <<E |\n@b\n", "a 3<<E # b\n@c",
		/* Bodies. */
		"if a\n@then\nrm b\nfi\n", "if a; then\n@rm b\nfi\n", "a; if b; then c; else\n@",
		"for a in b; do\n@rm c\n", "for a in b\n@do", "while a; do\n@", "until a\n@do",
		"case a in\n@b) rm c;;\n",
		"{\n@rm a\n}\n", "{ a;\n@rm b\n}\n", "a() {\n@rm b\n}\n", "a && {\n@",
		"function a\n@{\nrm b\n}\n", "function a {\n@rm b\n}\n", "! {\n@", "(\n@rm a\n)\n",
		"(a; b\n@", "((a\n@", "select a in b\n@",
		"if a; then b; fi; if c\n@", "if if a; then b; fi\n@then", "\\\nif a\n@b",
		"i\\\nf a\n@b",
		/* What is run. */
		"a $(b\n@rm c\n)\n", "a `b\n@rm c`\n", "a \"$(b\n@rm c\n)\"\n",
		"a \"$(b \"c\n@rm d\n\")\"\n", "a \"`b\n@`\"\n", "a $((1 +\n@2))\n",
		"a \"${b:-\n@c}\"\n", "a \"$(b ')' \"c\n@rm d\n",
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *end = strchr(rows[i], '@');
		char text[128];

		ck_assert_ptr_nonnull(end);
		snprintf(text, sizeof(text), "%.*s%s", (int)(end - rows[i]), rows[i], end + 1);
		check_line(text, (size_t)(end - rows[i]), READING_ASTRAY);
	}
}
END_TEST

START_TEST(rule_6_zeros_in_front_are_nothing)
{
	enum reading_end end;

	ck_assert_uint_eq(take("\0\0# don't\na", 11, 1, &end), 10);
	ck_assert_int_eq(end, READING_ENDS);
	ck_assert_uint_eq(take("\0if\na", 5, 5, &end), 4);
	ck_assert_int_eq(end, READING_ASTRAY);
	ck_assert_uint_eq(take("\0\n", 2, 2, &end), 2);
	ck_assert_int_eq(end, READING_ENDS);
}
END_TEST

START_TEST(too_deep_is_astray)
{
	char text[2 * QUOTING_NEST + 8];
	enum reading_end end;
	size_t len = 0;

	for (int i = 0; i <= QUOTING_NEST; i++)
		len += (size_t)sprintf(text + len, "$(");
	text[len++] = '\n';
	ck_assert_uint_eq(take(text, len, 1, &end), len);
	ck_assert_int_eq(end, READING_ASTRAY);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, a_line_ends_with_its_newline);
	tcase_add_test(t, what_has_no_end_goes_on);
	tcase_add_test(t, what_follows_may_belong_to_what_is_not_served);
	tcase_add_test(t, rule_6_zeros_in_front_are_nothing);
	tcase_add_test(t, too_deep_is_astray);
}

int
main(void)
{
	return run_unit("reading", add);
}
