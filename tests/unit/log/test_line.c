/* SPDX-License-Identifier: ISC */
#include <regex.h>

#include "log/line.h"
#include "unit.h"

static struct line line;

static void
begin(void)
{
	line.len = 0;
	line.text[0] = '\0';
}

START_TEST(pieces_stand_behind_each_other)
{
	begin();
	line_put(&line, "close %d", 5);
	line_put_string(&line, "reason", "it \"is\"\n", 100);
	line_put(&line, " ");
	line_put_quoted(&line, "abcdefgh", 8);
	ck_assert_str_eq(line.text, "close 5 reason \"it \\\"is\\\"\\012\" abcd...");
	ck_assert_uint_eq(line.len, strlen(line.text));
	begin();
	line_put(&line, "{\"a\":1");
	line_put_member(&line, "path", "/\"\n", 100);
	ck_assert_str_eq(line.text, "{\"a\":1,\"path\":\"/\\\"\\\\012\"");
	ck_assert_uint_eq(line.len, strlen(line.text));
}
END_TEST

START_TEST(seconds_are_numbers_in_any_case)
{
	static const struct {
		double seconds;
		const char *shown;
	} rows[] = {
		{ 0, "0.000" }, { 1.2346, "1.235" }, { -1, "0.000" }, { 0.0 / 0.0, "0.000" },
		{ 1e300, "1000000000.000" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		begin();
		line_put_seconds(&line, rows[i].seconds);
		ck_assert_str_eq(line.text, rows[i].shown);
	}
}
END_TEST

START_TEST(head_for_syslog)
{
	regex_t form;

	begin();
	line_put_syslog_head(&line, 38);
	ck_assert_int_eq(regcomp(&form,
	    "^<38>[A-Z][a-z]{2} [ 123][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2} scp\\[[0-9]+\\]: $",
	    REG_EXTENDED | REG_NOSUB), 0);
	ck_assert_msg(regexec(&form, line.text, 0, NULL, 0) == 0, "got %s", line.text);
	regfree(&form);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, pieces_stand_behind_each_other);
	tcase_add_test(t, seconds_are_numbers_in_any_case);
	tcase_add_test(t, head_for_syslog);
}

int
main(void)
{
	return run_unit("line", add);
}
