/* SPDX-License-Identifier: ISC */
#include <limits.h>

#include "unit.h"
#include "wire/record.h"

#define BYTES(s) s, sizeof(s) - 1

enum {
	GUARD = '#',		/* what must still stand behind a buffer */
	SLACK = 8
};

#define NAME255								\
	"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"	\
	"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"	\
	"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"	\
	"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"

/* The line that was parsed, in memory of its exact size; the record points into it. */
static char *line;
static const char *why;

static int
parse(struct record *r, const char *bytes, size_t len)
{
	free(line);
	line = malloc(len + 1);
	ck_assert_ptr_nonnull(line);
	memcpy(line, bytes, len);
	line[len] = '\n';
	why = NULL;
	return record_parse(r, line, len, &why);
}

/* What every FILE and DIR line may look like; the first letter is put in by the test. */
static const struct {
	const char *tail;
	size_t	    len;
	mode_t	    mode;
	uint64_t    size;
	const char *name;
} entries[] = {
	{ BYTES("0644 5 f"), 0644, 5, "f" },
	{ BYTES("0000 0 f"), 0, 0, "f" },
	{ BYTES("7777 1 f"), 07777, 1, "f" },
	/* One to seven digits, masked, and blanks before them. */
	{ BYTES("0 5 f"), 0, 5, "f" },
	{ BYTES("7 5 f"), 07, 5, "f" },
	{ BYTES("44 5 f"), 044, 5, "f" },
	{ BYTES("644 5 f"), 0644, 5, "f" },
	{ BYTES("06755 5 f"), 06755, 5, "f" },
	{ BYTES("100644 5 f"), 0644, 5, "f" },
	{ BYTES("0100644 5 f"), 0644, 5, "f" },
	{ BYTES("0040755 5 f"), 0755, 5, "f" },
	{ BYTES("7777777 5 f"), 07777, 5, "f" },
	{ BYTES(" 0644 5 f"), 0644, 5, "f" },
	{ BYTES("   644 5 f"), 0644, 5, "f" },
	/* Nineteen digits, at most 2^63 - 1, zeros before them. */
	{ BYTES("0644 0005 f"), 0644, 5, "f" },
	{ BYTES("0644 0000000000000000005 f"), 0644, 5, "f" },
	{ BYTES("0644 0000000000000000000 f"), 0644, 0, "f" },
	{ BYTES("0644 4294967296 f"), 0644, 4294967296, "f" },
	{ BYTES("0644 9223372036854775807 f"), 0644, INT64_MAX, "f" },
	{ BYTES("0644 9223372036854775799 f"), 0644, INT64_MAX - 8, "f" },
	/* Whatever else stands in a name belongs to it. */
	{ BYTES("0644 5 ..."), 0644, 5, "..." },
	{ BYTES("0644 5 ..x"), 0644, 5, "..x" },
	{ BYTES("0644 5 .x"), 0644, 5, ".x" },
	{ BYTES("0644 5 -rf"), 0644, 5, "-rf" },
	{ BYTES("0644 5 *"), 0644, 5, "*" },
	{ BYTES("0644 5  "), 0644, 5, " " },
	{ BYTES("0644 5  a b "), 0644, 5, " a b " },
	{ BYTES("0644 5 f\r"), 0644, 5, "f\r" },
	{ BYTES("0644 5 \001\033[1m"), 0644, 5, "\001\033[1m" },
	{ BYTES("0644 5 \303\251\377"), 0644, 5, "\303\251\377" },
	{ BYTES("0644 5 a\\^Jb"), 0644, 5, "a\\^Jb" },
	{ BYTES("0644 5 " NAME255), 0644, 5, NAME255 },
	{ BYTES("0644 5 " NAME255 NAME255), 0644, 5, NAME255 NAME255 },
};

START_TEST(rule_7_files_and_directories)
{
	static const char kinds[] = { RECORD_FILE, RECORD_DIR };

	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
		for (size_t k = 0; k < sizeof(kinds); k++) {
			char text[1024];
			struct record r;
			int end;

			text[0] = kinds[k];
			memcpy(text + 1, entries[i].tail, entries[i].len);
			end = parse(&r, text, entries[i].len + 1);
			ck_assert_msg(end == 0, "row %zu: expected 0, got %d \"%s\"", i, end, why);
			ck_assert_msg(r.kind == (enum record_kind)kinds[k], "row %zu: kind %d", i,
			    (int)r.kind);
			ck_assert_msg(r.mode == entries[i].mode,
			    "row %zu: expected mode %o, got %o", i, entries[i].mode, r.mode);
			ck_assert_msg(r.size == entries[i].size,
			    "row %zu: expected size %ju, got %ju", i,
			    (uintmax_t)entries[i].size, (uintmax_t)r.size);
			ck_assert_msg(strcmp(r.text, entries[i].name) == 0,
			    "row %zu: expected \"%s\", got \"%s\"", i, entries[i].name, r.text);
			ck_assert_uint_eq(r.textlen, strlen(entries[i].name));
			ck_assert_msg(r.text > line && r.text < line + entries[i].len + 1,
			    "row %zu: the name is not in the line", i);
		}
}
END_TEST

/* In the order in which a line is checked: each row has all faults that come later as well. */
static const struct {
	const char *tail;
	size_t	    len;
	const char *wanted;
} bad_entries[] = {
	{ BYTES(""), "bad mode" },
	{ BYTES(" "), "bad mode" },
	{ BYTES("abcd 5 f"), "bad mode" },
	{ BYTES("-644 5 f"), "bad mode" },
	{ BYTES("+644 5 f"), "bad mode" },
	{ BYTES("0688 5 f"), "bad mode" },
	{ BYTES("8 5 f"), "bad mode" },
	{ BYTES("06449 5 f"), "bad mode" },
	{ BYTES("\t0644 5 f"), "bad mode" },
	{ BYTES("\0 0644 5 f"), "bad mode" },
	{ BYTES("00000644 5 f"), "bad mode" },
	{ BYTES("77777777 5 f"), "bad mode" },
	{ BYTES("00100644 5 f"), "bad mode" },
	{ BYTES("9x-1/../"), "bad mode" },
	{ BYTES("0644"), "mode not delimited" },
	{ BYTES("06"), "mode not delimited" },
	{ BYTES("0644\t5 f"), "mode not delimited" },
	{ BYTES("0644x5 f"), "mode not delimited" },
	{ BYTES("0x644 5 f"), "mode not delimited" },
	{ BYTES("0644-5 /"), "mode not delimited" },
	{ BYTES("0644\0 5 f"), "mode not delimited" },
	{ BYTES("0644 "), "size not present" },
	{ BYTES("0644  f"), "size not present" },
	{ BYTES("0644  5 f"), "size not present" },
	{ BYTES("0644 +5 f"), "size not present" },
	{ BYTES("0644 -5 f"), "size not present" },
	{ BYTES("0644 -1 f"), "size not present" },
	{ BYTES("0644 \t5 f"), "size not present" },
	{ BYTES("0644 x5 /"), "size not present" },
	{ BYTES("0644 f"), "size not present" },
	{ BYTES(" 5 f"), "size not present" },
	{ BYTES("07555 f"), "size not present" },
	{ BYTES("0644 5"), "size not delimited" },
	{ BYTES("0644 5.0 f"), "size not delimited" },
	{ BYTES("0644 0x10 f"), "size not delimited" },
	{ BYTES("0644 5e1 f"), "size not delimited" },
	{ BYTES("0644 5\tf"), "size not delimited" },
	{ BYTES("0644 5,5 /"), "size not delimited" },
	{ BYTES("0644 5\0 f"), "size not delimited" },
	{ BYTES("0644 9223372036854775808"), "size not delimited" },
	{ BYTES("0644 99999999999999999999999x /"), "size not delimited" },
	{ BYTES("0644 9223372036854775808 f"), "size out of range" },
	{ BYTES("0644 9223372036854775810 f"), "size out of range" },
	{ BYTES("0644 9999999999999999999 f"), "size out of range" },
	{ BYTES("0644 10000000000000000000 f"), "size out of range" },
	{ BYTES("0644 18446744073709551616 f"), "size out of range" },
	{ BYTES("0644 18446744073709551621 f"), "size out of range" },
	{ BYTES("0644 99999999999999999999999999999999999999 f"), "size out of range" },
	{ BYTES("0644 00000000000000000005 f"), "size out of range" },
	{ BYTES("0644 00000000000000000000 f"), "size out of range" },
	{ BYTES("0644 9223372036854775808 ../x"), "size out of range" },
	{ BYTES("0644 9223372036854775808 "), "size out of range" },
};

START_TEST(rule_17_texts_about_files_and_directories)
{
	static const char kinds[] = { RECORD_FILE, RECORD_DIR };

	for (size_t i = 0; i < sizeof(bad_entries) / sizeof(bad_entries[0]); i++)
		for (size_t k = 0; k < sizeof(kinds); k++) {
			char text[128];
			struct record r;
			int end;

			text[0] = kinds[k];
			memcpy(text + 1, bad_entries[i].tail, bad_entries[i].len);
			end = parse(&r, text, bad_entries[i].len + 1);
			ck_assert_msg(end == -1 && strcmp(why, bad_entries[i].wanted) == 0,
			    "row %zu: expected -1 \"%s\", got %d \"%s\"", i, bad_entries[i].wanted,
			    end, why == NULL ? "" : why);
		}
}
END_TEST

START_TEST(rule_7_mode_of_seven_digits)
{
	struct record r;

	ck_assert_int_eq(parse(&r, BYTES("C0104755 1 f")), 0);
	ck_assert_uint_eq(r.mode, 04755);
	ck_assert_int_eq(parse(&r, BYTES("C00104755 1 f")), -1);
	ck_assert_str_eq(why, "bad mode");
}
END_TEST

static const struct {
	const char *name;
	size_t	    len;
} bad_names[] = {
	{ BYTES("") },		{ BYTES(".") },		{ BYTES("..") },
	{ BYTES("/") },		{ BYTES("a/b") },	{ BYTES("/x") },
	{ BYTES("a/") },	{ BYTES("../x") },	{ BYTES("./x") },
	{ BYTES("a\0b") },	{ BYTES("\0") },		{ BYTES("a\0") },
	{ BYTES("\0/") },	{ BYTES(".\0x") },	{ BYTES("a\0/../b") },
};

START_TEST(rule_9_bad_names)
{
	static const char *const heads[] = { "C0644 5 ", "D0755 0 " };

	for (size_t i = 0; i < sizeof(bad_names) / sizeof(bad_names[0]); i++)
		for (size_t k = 0; k < 2; k++) {
			char text[64];
			size_t n = strlen(heads[k]);
			struct record r;
			int end;

			memcpy(text, heads[k], n);
			memcpy(text + n, bad_names[i].name, bad_names[i].len);
			end = parse(&r, text, n + bad_names[i].len);
			ck_assert_msg(end == -1 && why == record_bad_name, "row %zu: got %d \"%s\"",
			    i, end, why == NULL ? "" : why);
			ck_assert_msg(r.textlen == bad_names[i].len,
			    "row %zu: expected %zu bytes, got %zu", i, bad_names[i].len, r.textlen);
			ck_assert_mem_eq(r.text, bad_names[i].name, r.textlen);
			ck_assert_int_eq(r.text[r.textlen], '\0');
		}
	ck_assert_str_eq(record_bad_name, "unexpected filename");
}
END_TEST

static const struct {
	const char *line;
	size_t	    len;
	int64_t	    mtime;
	long	    mnsec;
	int64_t	    atime;
	long	    ansec;
} times[] = {
	{ BYTES("T1 0 2 0"), 1, 0, 2, 0 },
	{ BYTES("T0 0 0 0"), 0, 0, 0, 0 },
	{ BYTES("T1000000000 123456 1100000000 654321"), 1000000000, 123456000,
	    1100000000, 654321000 },
	{ BYTES("T1 999999 2 999999"), 1, 999999000, 2, 999999000 },
	{ BYTES("T1 1 2 000001"), 1, 1000, 2, 1000 },
	{ BYTES("T0001 0005 01 06"), 1, 5000, 1, 6000 },
	/* One blank after the letter is what the JSch example writes. */
	{ BYTES("T 1 0 2 0"), 1, 0, 2, 0 },
	/* Microseconds that are missing, or have blanks before them, have always passed. */
	{ BYTES("T1  5 2 0"), 1, 5000, 2, 0 },
	{ BYTES("T1 0 2 "), 1, 0, 2, 0 },
	/* Before 2001, beyond 2038 and 2286, and up to the last second there is. */
	{ BYTES("T999999999 0 4294967296 0"), 999999999, 0, 4294967296, 0 },
	{ BYTES("T10000000000 0 9999999999999 0"), 10000000000, 0, 9999999999999, 0 },
	{ BYTES("T9223372036854775807 7 9223372036854775807 8"), INT64_MAX, 7000, INT64_MAX, 8000 },
};

START_TEST(rule_7_times)
{
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		struct record r;
		int end = parse(&r, times[i].line, times[i].len);

		ck_assert_msg(end == 0, "row %zu: expected 0, got %d \"%s\"", i, end, why);
		ck_assert_int_eq(r.kind, RECORD_TIMES);
		ck_assert_msg(r.times[1].tv_sec == times[i].mtime &&
		    r.times[1].tv_nsec == times[i].mnsec,
		    "row %zu: expected mtime %jd.%09ld, got %jd.%09ld", i, (intmax_t)times[i].mtime,
		    times[i].mnsec, (intmax_t)r.times[1].tv_sec, r.times[1].tv_nsec);
		ck_assert_msg(r.times[0].tv_sec == times[i].atime &&
		    r.times[0].tv_nsec == times[i].ansec,
		    "row %zu: expected atime %jd.%09ld, got %jd.%09ld", i, (intmax_t)times[i].atime,
		    times[i].ansec, (intmax_t)r.times[0].tv_sec, r.times[0].tv_nsec);
		ck_assert_str_eq(r.text, "");
		ck_assert_uint_eq(r.textlen, 0);
	}
}
END_TEST

/* Either of them being out of range, or before 1970, both are ignored. */
START_TEST(rule_7_times_of_2_63_and_more_are_ignored)
{
	static const char *const lines[] = {
		"T9223372036854775808 0 1 0",
		"T1 0 9223372036854775808 0",
		"T9223372036854775808 999999 9223372036854775808 999999",
		"T18446744073709551616 0 18446744073709551617 0",
		"T99999999999999999999999999999999999999999 0 1 0",
		"T 9223372036854775810 0 1 0",
		"T-1 0 1 0", "T1 0 -1 0", "T-9223372036854775809 0 -5 999999", "T -7 0 1 0",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct record r;
		int end = parse(&r, lines[i], strlen(lines[i]));

		ck_assert_msg(end == 0, "\"%s\": expected 0, got %d \"%s\"", lines[i], end, why);
		ck_assert_msg(r.times[0].tv_nsec == UTIME_OMIT && r.times[1].tv_nsec == UTIME_OMIT,
		    "\"%s\": expected UTIME_OMIT twice, got %ld and %ld", lines[i],
		    r.times[0].tv_nsec, r.times[1].tv_nsec);
	}
}
END_TEST

static const struct {
	const char *line, *wanted;
} bad_times[] = {
	{ "T", "mtime.sec not present" },
	{ "T ", "mtime.sec not present" },
	{ "T  1 0 1 0", "mtime.sec not present" },
	{ "T- 0 1 0", "mtime.sec not present" }, { "T--1 0 1 0", "mtime.sec not present" },
	{ "T1 0 - 0", "atime.sec not present" }, { "T-1- 0 1 0", "mtime.sec not delimited" },
	{ "T+1 0 1 0", "mtime.sec not present" },
	{ "T - 1 0 1 0", "mtime.sec not present" },
	{ "T\t1 0 1 0", "mtime.sec not present" },
	{ "Tx -1 x -1 ", "mtime.sec not present" },
	{ "T1", "mtime.sec not delimited" },
	{ "T1.5 0 1 0", "mtime.sec not delimited" },
	{ "T0x1 0 1 0", "mtime.sec not delimited" },
	{ "T1\t0 1 0", "mtime.sec not delimited" },
	{ "T9223372036854775808x -1 x -1 ", "mtime.sec not delimited" },
	{ "T1 0", "mtime.usec not delimited" },
	{ "T1 ", "mtime.usec not delimited" },
	{ "T1 -1 1 0", "mtime.usec not delimited" },
	{ "T1 +1 1 0", "mtime.usec not delimited" },
	{ "T1 0.5 1 0", "mtime.usec not delimited" },
	{ "T1 1000000 1 0", "mtime.usec not delimited" },
	{ "T1 1000001 1 0", "mtime.usec not delimited" },
	{ "T1 9999999 1 0", "mtime.usec not delimited" },
	{ "T1 4294967296 1 0", "mtime.usec not delimited" },
	{ "T1 18446744073709551616 1 0", "mtime.usec not delimited" },
	{ "T1 1000000 x 1000000 ", "mtime.usec not delimited" },
	{ "T1 0 ", "atime.sec not present" },
	{ "T1 0 +1 0", "atime.sec not present" },
	{ "T1 0  1 0", "atime.sec not present" },
	{ "T1 0 x 1000000 ", "atime.sec not present" },
	{ "T1 0 1", "atime.sec not delimited" },
	{ "T1 0 1.5 0", "atime.sec not delimited" },
	{ "T1  1 0", "atime.sec not delimited" },
	{ "T1 0 1x 1000000 ", "atime.sec not delimited" },
	{ "T1 0 1 -1", "atime.usec not delimited" },
	{ "T1 0 1 +1", "atime.usec not delimited" },
	{ "T1 0 1 1000000", "atime.usec not delimited" },
	{ "T1 0 1 18446744073709551616", "atime.usec not delimited" },
	{ "T1 0 1 0 ", "atime.usec not delimited" },
	{ "T1 0 1 0 0", "atime.usec not delimited" },
	{ "T1 0 1 0x", "atime.usec not delimited" },
	{ "T1 0 1 0\r", "atime.usec not delimited" },
};

START_TEST(rule_17_texts_about_times)
{
	for (size_t i = 0; i < sizeof(bad_times) / sizeof(bad_times[0]); i++) {
		struct record r;
		int end = parse(&r, bad_times[i].line, strlen(bad_times[i].line));

		ck_assert_msg(end == -1 && strcmp(why, bad_times[i].wanted) == 0,
		    "\"%s\": expected -1 \"%s\", got %d \"%s\"", bad_times[i].line,
		    bad_times[i].wanted, end, why == NULL ? "" : why);
	}
}
END_TEST

static const struct {
	const char *line;
	size_t	    len;
	const char *wanted;
} strangers[] = {
	{ BYTES(""), "unexpected <newline>" },
	{ BYTES("\0"), "expected control record" },
	{ BYTES("\0C0644 5 f"), "expected control record" },
	{ BYTES("Hello"), "expected control record" },
	{ BYTES("c0644 5 f"), "expected control record" },
	{ BYTES("d0755 0 d"), "expected control record" },
	{ BYTES("e"), "expected control record" },
	{ BYTES("t1 0 1 0"), "expected control record" },
	{ BYTES(" C0644 5 f"), "expected control record" },
	{ BYTES("\r"), "expected control record" },
	{ BYTES("EE"), "expected control record" },
	{ BYTES("E "), "expected control record" },
	{ BYTES("E\r"), "expected control record" },
	{ BYTES("E\0"), "expected control record" },
	{ BYTES("Ex"), "expected control record" },
	{ BYTES("\003"), "expected control record" },
	{ BYTES("\377"), "expected control record" },
	{ BYTES("SSH-2.0-x"), "expected control record" },
};

START_TEST(rule_17_what_is_no_record)
{
	for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
		struct record r;
		int end = parse(&r, strangers[i].line, strangers[i].len);

		ck_assert_msg(end == -1 && strcmp(why, strangers[i].wanted) == 0,
		    "row %zu: expected -1 \"%s\", got %d \"%s\"", i, strangers[i].wanted, end,
		    why == NULL ? "" : why);
	}
}
END_TEST

START_TEST(rule_17_every_other_first_byte)
{
	for (int b = 0; b < 256; b++) {
		char text[] = { (char)b, 'x' };
		struct record r;
		bool text_follows = b == RECORD_WARN || b == RECORD_FATAL;

		ck_assert_msg(parse(&r, text, sizeof(text)) == (text_follows ? 0 : -1),
		    "byte %d: expected %s", b, text_follows ? "a record" : "none");
		if (b != 'C' && b != 'D' && b != 'T' && !text_follows)
			ck_assert_str_eq(why, "expected control record");
	}
}
END_TEST

START_TEST(ends_and_messages)
{
	static const struct {
		const char *line;
		size_t	    len;
		enum record_kind kind;
		const char *text;
		size_t	    textlen;
	} rows[] = {
		{ BYTES("E"), RECORD_END, BYTES("") },
		{ BYTES("\001"), RECORD_WARN, BYTES("") },
		{ BYTES("\002"), RECORD_FATAL, BYTES("") },
		{ BYTES("\001scp: f: oops"), RECORD_WARN, BYTES("scp: f: oops") },
		{ BYTES("\002a\tb"), RECORD_FATAL, BYTES("a\tb") },
		{ BYTES("\001\001x"), RECORD_WARN, BYTES("\001x") },
		{ BYTES("\001a\0b"), RECORD_WARN, BYTES("a\0b") },
		{ BYTES("\001C0644 5 f"), RECORD_WARN, BYTES("C0644 5 f") },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct record r;

		ck_assert_int_eq(parse(&r, rows[i].line, rows[i].len), 0);
		ck_assert_int_eq(r.kind, rows[i].kind);
		ck_assert_uint_eq(r.textlen, rows[i].textlen);
		ck_assert_mem_eq(r.text, rows[i].text, rows[i].textlen);
		ck_assert_int_eq(r.text[r.textlen], '\0');
	}
}
END_TEST

/* A size of exactly nineteen digits, the first of which is 0, and of a file, is a question. */
START_TEST(what_asks)
{
	static const struct {
		const char *line;
		bool	    asks;
	} rows[] = {
		{ "C0644 0000000000000000005 f", true },
		{ "C0644 0999999999999999999 f", true },
		{ "C0644 0000000000000000000 f", true },
		{ "C0644 1000000000000000000 f", false },
		{ "C0644 000000000000000005 f", false },
		{ "C0644 5 f", false },
		{ "C0644 0 0000000000000000005", false },
		{ "D0755 0000000000000000005 f", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct record r;

		ck_assert_int_eq(parse(&r, rows[i].line, strlen(rows[i].line)), 0);
		ck_assert_msg(r.asks == rows[i].asks, "row %zu", i);
	}
}
END_TEST

/* Only the LEN bytes count, whatever stands behind them, and a NUL takes the place of that. */
START_TEST(the_length_counts)
{
	char text[] = "C0644 5 fgh";
	struct record r;

	ck_assert_int_eq(record_parse(&r, text, sizeof(text) - 3, &why), 0);
	ck_assert_str_eq(r.text, "f");
	ck_assert_uint_eq(r.textlen, 1);
	ck_assert_int_eq(text[sizeof(text) - 3], '\0');
	ck_assert_int_eq(text[sizeof(text) - 2], 'h');
}
END_TEST

static const struct {
	struct record record;
	const char   *head, *line;
} formats[] = {
	{ { .kind = RECORD_FILE, .mode = 0644, .size = 5, .text = "f" },
	    "C0644 5 ", "C0644 5 f\n" },
	{ { .kind = RECORD_FILE, .mode = 0, .size = 0, .text = "f" }, "C0000 0 ", "C0000 0 f\n" },
	{ { .kind = RECORD_FILE, .mode = S_IFREG | 04755, .size = INT64_MAX, .text = "f" },
	    "C4755 9223372036854775807 ", "C4755 9223372036854775807 f\n" },
	{ { .kind = RECORD_FILE, .mode = 0644, .size = 5, .text = "f", .asks = true },
	    "C0644 0000000000000000005 ", "C0644 0000000000000000005 f\n" },
	{ { .kind = RECORD_DIR, .mode = S_IFDIR | 0755, .text = "d" }, "D0755 0 ", "D0755 0 d\n" },
	{ { .kind = RECORD_DIR, .mode = 01777, .text = "-" }, "D1777 0 ", "D1777 0 -\n" },
	{ { .kind = RECORD_END, .text = "" }, "E", "E\n" },
	{ { .kind = RECORD_TIMES, .text = "", .times = { { 2, 999999999 }, { 1, 999999999 } } },
	    "T1 0 2 0", "T1 0 2 0\n" },
	{ { .kind = RECORD_TIMES, .text = "", .times = { { -1, 0 }, { INT64_MIN, 999999999 } } },
	    "T0 0 0 0", "T0 0 0 0\n" },
	{ { .kind = RECORD_TIMES, .text = "", .times = { { INT64_MAX, 0 }, { -1, 500 } } },
	    "T0 0 9223372036854775807 0", "T0 0 9223372036854775807 0\n" },
	{ { .kind = RECORD_TIMES, .text = "", .times = { { INT64_MAX, 0 }, { INT64_MAX, 0 } } },
	    "T9223372036854775807 0 9223372036854775807 0",
	    "T9223372036854775807 0 9223372036854775807 0\n" },
	{ { .kind = RECORD_FILE, .mode = 0644, .size = 1, .text = "a\nb" },
	    "C0644 1 ", "C0644 1 a\\^Jb\n" },
	{ { .kind = RECORD_DIR, .mode = 0755, .text = "\n" }, "D0755 0 ", "D0755 0 \\^J\n" },
	{ { .kind = RECORD_DIR, .mode = 0755, .text = "\n\nE\n" },
	    "D0755 0 ", "D0755 0 \\^J\\^JE\\^J\n" },
	{ { .kind = RECORD_FILE, .mode = 0644, .size = 1, .text = " \t\r\033\\^J%s " },
	    "C0644 1 ", "C0644 1  \t\r\033\\^J%s \n" },
	{ { .kind = RECORD_WARN, .text = "oops" }, "\001", "\001oops\n" },
	{ { .kind = RECORD_FATAL, .text = "a\nb" }, "\002", "\002a\\^Jb\n" },
};

START_TEST(rule_2_what_lines_look_like)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		char got[256];
		int n = record_format(got, sizeof(got), &formats[i].record);

		ck_assert_msg(n == (int)strlen(formats[i].line),
		    "row %zu: expected %zu bytes, got %d", i, strlen(formats[i].line), n);
		ck_assert_str_eq(got, formats[i].line);
	}
}
END_TEST

START_TEST(what_heads_look_like)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		char got[RECORD_HEAD_MAX];
		size_t n = record_head(got, &formats[i].record);

		ck_assert_str_eq(got, formats[i].head);
		ck_assert_uint_eq(n, strlen(formats[i].head));
	}
}
END_TEST

START_TEST(rule_2_the_size_of_a_directory_is_0)
{
	struct record r = { .kind = RECORD_DIR, .mode = 0755, .size = 4096, .text = "d" };
	char got[64];

	record_format(got, sizeof(got), &r);
	ck_assert_str_eq(got, "D0755 0 d\n");
}
END_TEST

START_TEST(what_is_too_long_for_the_buffer)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		size_t need = strlen(formats[i].line) + 1;

		for (size_t cap = 0; cap <= need; cap++) {
			char *dst = malloc(cap + SLACK);
			int n, wanted = cap < need ? -1 : (int)need - 1;

			ck_assert_ptr_nonnull(dst);
			memset(dst, GUARD, cap + SLACK);
			errno = 0;
			n = record_format(dst, cap, &formats[i].record);
			ck_assert_msg(n == wanted, "row %zu, cap %zu: expected %d, got %d", i, cap,
			    wanted, n);
			ck_assert_int_eq(errno, cap < need ? ENAMETOOLONG : 0);
			for (size_t k = 0; k < SLACK; k++)
				ck_assert_msg(dst[cap + k] == GUARD,
				    "row %zu, cap %zu: byte behind it is written", i, cap);
			free(dst);
		}
	}
}
END_TEST

START_TEST(rule_3_only_a_newline_is_changed_in_a_name)
{
	for (int b = 1; b < 256; b++) {
		char name[] = { 'a', (char)b, 'z', '\0' }, got[64], wanted[64];
		struct record r = { .kind = RECORD_FILE, .mode = 0644, .size = 1, .text = name };

		snprintf(wanted, sizeof(wanted), b == '\n' ? "C0644 1 a\\^Jz\n" : "C0644 1 a%cz\n",
		    b);
		record_format(got, sizeof(got), &r);
		ck_assert_str_eq(got, wanted);
	}
}
END_TEST

START_TEST(rule_2_all_modes_make_the_round_trip)
{
	static const struct {
		enum record_kind kind;
		mode_t type;
	} kinds[] = { { RECORD_FILE, S_IFREG }, { RECORD_DIR, S_IFDIR } };

	/* No assertion of the library in here: each one costs a write. */
	for (unsigned mode = 0; mode <= 07777; mode++)
		for (size_t k = 0; k < 2; k++) {
			struct record r = { .kind = kinds[k].kind, .mode = kinds[k].type | mode,
			    .text = "n" };
			char text[64], wanted[64];
			int n = record_format(text, sizeof(text), &r);

			snprintf(wanted, sizeof(wanted), "%c%04o 0 n\n", (int)kinds[k].kind, mode);
			if (n < 1 || strcmp(text, wanted) != 0)
				ck_abort_msg("expected \"%s\", got %d \"%s\"", wanted, n, text);
			if (record_parse(&r, text, (size_t)n - 1, &why) == -1)
				ck_abort_msg("mode %04o: \"%s\"", mode, why);
			if (r.mode != mode || r.kind != kinds[k].kind || r.size != 0 ||
			    strcmp(r.text, "n") != 0)
				ck_abort_msg("expected mode %04o, got %04o", mode, r.mode);
		}
}
END_TEST

START_TEST(times_make_the_round_trip)
{
	static const int64_t seconds[] = { 0, 1, 999999999, 1000000000, 2147483648, 253402300800,
	    INT64_MAX };

	for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		struct record r = { .kind = RECORD_TIMES, .text = "",
			.times = { { seconds[i], 1 }, { seconds[i] / 2, 2 } } };
		char text[128];
		int n = record_format(text, sizeof(text), &r);

		ck_assert_int_gt(n, 1);
		ck_assert_int_eq(parse(&r, text, (size_t)n - 1), 0);
		ck_assert_int_eq(r.times[0].tv_sec, seconds[i]);
		ck_assert_int_eq(r.times[1].tv_sec, seconds[i] / 2);
		ck_assert_int_eq(r.times[0].tv_nsec, 0);
		ck_assert_int_eq(r.times[1].tv_nsec, 0);
	}
}
END_TEST

START_TEST(rule_17_nothing_hides_behind_a_nul)
{
	static const char lines[][20] = { "T1 0 1 0\0junk", "E\0junk", "C0644\0 5 f", "C0644 5\0 f" };
	static const size_t lens[] = { 13, 6, 10, 10 };

	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		struct record r;

		ck_assert_msg(parse(&r, lines[i], lens[i]) == -1, "line %zu: expected -1", i);
		ck_assert_ptr_nonnull(why);
	}
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, rule_17_nothing_hides_behind_a_nul);
	tcase_add_test(t, rule_7_files_and_directories);
	tcase_add_test(t, rule_7_mode_of_seven_digits);
	tcase_add_test(t, rule_17_texts_about_files_and_directories);
	tcase_add_test(t, rule_9_bad_names);
	tcase_add_test(t, rule_7_times);
	tcase_add_test(t, rule_7_times_of_2_63_and_more_are_ignored);
	tcase_add_test(t, rule_17_texts_about_times);
	tcase_add_test(t, rule_17_what_is_no_record);
	tcase_add_test(t, rule_17_every_other_first_byte);
	tcase_add_test(t, ends_and_messages);
	tcase_add_test(t, what_asks);
	tcase_add_test(t, the_length_counts);
	tcase_add_test(t, rule_2_what_lines_look_like);
	tcase_add_test(t, what_heads_look_like);
	tcase_add_test(t, rule_2_the_size_of_a_directory_is_0);
	tcase_add_test(t, what_is_too_long_for_the_buffer);
	tcase_add_test(t, rule_3_only_a_newline_is_changed_in_a_name);
	tcase_add_test(t, rule_2_all_modes_make_the_round_trip);
	tcase_add_test(t, times_make_the_round_trip);
}

int
main(void)
{
	return run_unit("record", add);
}
