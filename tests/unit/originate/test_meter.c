/* SPDX-License-Identifier: ISC */
#include <locale.h>
#include <wchar.h>

#include "originate/figure.h"
#include "originate/meter.h"
#include "text/utf8.h"
#include "unit.h"

START_TEST(figures)
{
	static const struct {
		uint64_t    n;
		const char *count, *size, *rate, *clock, *span;
	} rows[] = {
		{ 0, "0", "0B", "0B", "00:00", "0:00" },
		{ 5, "5", "5B", "5B", "00:05", "0:05" },
		{ 291, "291", "291B", "291B", "04:51", "4:51" },
		{ 999, "999", "999B", "999B", "16:39", "16:39" },
		{ 1000, "1,000", "1.0KB", "1.0KB", "16:40", "16:40" },
		{ 1024, "1,024", "1.0KB", "1.0KB", "17:04", "17:04" },
		{ 3891, "3,891", "3.8KB", "3.8KB", "1:04:51", "1:04:51" },
		{ 10188, "10,188", "9.9KB", "9.9KB", "2:49:48", "2:49:48" },
		{ 10189, "10,189", "10KB", "10.0KB", "2:49:49", "2:49:49" },
		{ 359999, "359,999", "352KB", "351.6KB", "99:59:59", "99:59:59" },
		{ 360000, "360,000", "352KB", "351.6KB", "--:--", "100:00:00" },
		{ 1048576, "1,048,576", "1.0MB", "1.0MB", "--:--", "291:16:16" },
		{ UINT64_C(3543348020), "3,543,348,020", "3.3GB", "3.3GB", "--:--", "984263:20:20" },
		{ UINT64_MAX, "18,446,744,073,709,551,615", "16EB", "16.0EB", "--:--", NULL },
	};
	char text[FIGURE_MAX];

	for (size_t i = 0; i < COUNT(rows); i++) {
		figure_count(text, rows[i].n);
		ck_assert_str_eq(text, rows[i].count);
		figure_size(text, rows[i].n);
		ck_assert_str_eq(text, rows[i].size);
		figure_rate(text, rows[i].n, "");
		ck_assert_str_eq(text, rows[i].rate);
		figure_clock(text, rows[i].n);
		ck_assert_str_eq(text, rows[i].clock);
		figure_span(text, rows[i].n);
		if (rows[i].span != NULL)
			ck_assert_str_eq(text, rows[i].span);
	}
}
END_TEST

START_TEST(sizes_have_five_columns_at_most)
{
	char text[FIGURE_MAX];

	for (uint64_t n = 1; n < UINT64_MAX / 3; n += n / 7 + 1) {
		figure_size(text, n);
		if (strlen(text) > strlen("999MB"))
			ck_abort_msg("%ju: \"%s\"", (uintmax_t)n, text);
	}
}
END_TEST

START_TEST(percents)
{
	ck_assert_uint_eq(figure_percent(0, 0), 100);
	ck_assert_uint_eq(figure_percent(0, 1), 0);
	ck_assert_uint_eq(figure_percent(999, 1000), 99);
	ck_assert_uint_eq(figure_percent(1000, 1000), 100);
	ck_assert_uint_eq(figure_percent(2000, 1000), 100);
	ck_assert_uint_eq(figure_percent(UINT64_MAX / 2, UINT64_MAX), 50);
}
END_TEST

/* A file, and what is shown of it in so many columns, the last of which is none of ours. */
static void
expect_line(const struct meter *m, unsigned columns, const char *wanted)
{
	char line[METER_MAX];
	size_t len = meter_line(line, m, columns);

	ck_assert_str_eq(line, wanted);
	ck_assert_uint_eq(len, strlen(wanted));
}

START_TEST(a_file)
{
	struct meter m = {
		.path = "report.pdf", .len = 10, .done = UINT64_C(12) << 20, .size = UINT64_C(32) << 20,
		.rate = 4299161, .seconds = 5,
	};

	expect_line(&m, 60, "report.pdf               37%   12MB    4.1MB/s    00:05 ETA");
	m.stalled = true;
	m.rate = 0;
	m.seconds = METER_UNKNOWN;
	expect_line(&m, 60, "report.pdf               37%   12MB       0B/s  - stalled -");
	m.stalled = false;
	expect_line(&m, 60, "report.pdf               37%   12MB       0B/s    --:-- ETA");
	m.done = m.size;
	m.over = true;
	m.rate = 4299161;
	m.seconds = 8;
	expect_line(&m, 60, "report.pdf              100%   32MB    4.1MB/s    00:08    ");
	m.done = m.size = 0;
	expect_line(&m, 60, "report.pdf              100%     0B    4.1MB/s    00:08    ");
}
END_TEST

START_TEST(all_of_them)
{
	struct meter m = {
		.path = "tree/sub/report.pdf", .len = 19, .whole = true, .done = 1288490188,
		.size = UINT64_C(3543348020), .rate = 11744051, .seconds = 185, .files = 1204,
		.all_files = 3311,
	};

	expect_line(&m, 101, "tree/sub/report.pdf               36%  1.2GB of 3.3GB"
	    "   11.2MB/s    03:05 ETA   1,204 of 3,311 files");
	expect_line(&m, 81, "tree/sub/report.pdf                  36%  1.2GB of 3.3GB"
	    "   11.2MB/s    03:05 ETA");
	m.all_files = m.size = METER_UNKNOWN;
	expect_line(&m, 81, "tree/sub/report.pdf                               1.2GB   11.2MB/s   1,204 files");
	m.stalled = true;
	m.files = 1;
	expect_line(&m, 81, "tree/sub/report.pdf                       1.2GB   11.2MB/s  - stalled -   1 file");
}
END_TEST

/* What is left out first when it gets narrow, and how a path is shortened then. */
START_TEST(narrow)
{
	struct meter m = {
		.path = "some/where/report.pdf", .len = 21, .done = 1 << 20, .size = 2 << 20,
		.rate = 1 << 20, .seconds = 1,
	};

	expect_line(&m, 54, "...ere/report.pdf  50%  1.0MB    1.0MB/s    00:01 ETA");
	expect_line(&m, 53, "...re/report.pdf  50%  1.0MB    1.0MB/s    00:01 ETA");
	expect_line(&m, 52, "some/where/report.pdf   50%    1.0MB/s    00:01 ETA");
	expect_line(&m, 45, "some/where/report.pdf       50%    00:01 ETA");
	expect_line(&m, 34, "some/where/report.pdf         50%");
	expect_line(&m, 22, "...re/report.pdf  50%");
	expect_line(&m, 21, ".../where/report.pdf");
	expect_line(&m, 8, "....pdf");
	expect_line(&m, 7, "rt.pdf");
	expect_line(&m, 2, "f");
	expect_line(&m, 1, "");
	expect_line(&m, 0, "");
}
END_TEST

/* The columns that a terminal needs for TEXT; -1 for what is not fit for one. */
static int
columns_of(const char *text, bool utf8)
{
	int all = 0;
	uint32_t code;
	size_t n;

	for (size_t left = strlen(text); left > 0; text += n, left -= n) {
		int columns = 1;

		n = utf8_take(text, left, &code);
		if (n == 0 || code < ' ' || code == 0x7f || (n > 1 && !utf8))
			return -1;
		if (n > 1)
			columns = wcwidth((wchar_t)code);
		if (columns < 0)
			return -1;
		all += columns;
	}
	return all;
}

static const char *const paths[] = {
	"", "a", "report.pdf", "tree/sub/report.pdf",
	"\303\244\303\266\303\274/stra\303\237e",		/* of one column each */
	"\346\227\245\346\234\254\350\252\236/\343\203\225\343\202\241",	/* of two */
	"e\314\201e\314\201\314\201\314\201e",			/* and of none */
	"\314\201\314\201\314\201\314\201",
	"\033[2J\r\n\t\177", "\302\233x", "\342\200\256txt", "\377\376\200", "\303",
	"a\346\227\245a\346\227\245a\346\227\245a\346\227\245a\346\227\245a\346\227\245a\346\227\245",
};

static void
check_width(struct meter *m, unsigned columns)
{
	static char line[METER_MAX];
	size_t len = meter_line(line, m, columns), wanted = columns > 0 ? columns - 1 : 0;
	int got = columns_of(line, m->utf8);

	if (wanted > METER_COLUMNS_MAX - 1)
		wanted = METER_COLUMNS_MAX - 1;
	if (len != strlen(line) || got != (int)wanted)
		ck_abort_msg("\"%.*s\" in %u: expected %zu columns, got %d: \"%s\"", (int)m->len,
		    m->path, columns, wanted, got, line);
}

static void
check_widths(bool utf8)
{
	static char longer[2 * METER_COLUMNS_MAX];

	for (size_t i = 0; i < COUNT(paths); i++) {
		size_t len = 0;

		/* As it is, and so often that it is longer than any line. */
		for (size_t n = strlen(paths[i]); n > 0 && len + n <= 2 * METER_COLUMNS_MAX; len += n)
			memcpy(longer + len, paths[i], n);
		for (unsigned columns = 0; columns <= METER_COLUMNS_MAX + 20;
		     columns += columns < 100 || columns > 495 ? 1 : 9) {
			struct meter m = { .utf8 = utf8, .done = 123456789, .size = 3123456789,
			    .rate = 4321000, .seconds = 4000, .files = 12, .all_files = 5000 };

			for (int form = 0; form < 8; form++) {
				m.path = form & 1 ? longer : paths[i];
				m.len = form & 1 ? len : strlen(paths[i]);
				m.whole = form & 2;
				m.size = form & 4 ? METER_UNKNOWN : 3123456789;
				check_width(&m, columns);
			}
		}
	}
}

START_TEST(every_width)
{
	check_widths(false);
	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		ck_abort_msg("there is no C.UTF-8");
	check_widths(true);
}
END_TEST

START_TEST(paths_beyond_ascii)
{
	struct meter m = { .path = "\303\244\377b", .len = 4, .whole = true, .size = METER_UNKNOWN };

	expect_line(&m, 14, "\\303\\244\\377b");
	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		ck_abort_msg("there is no C.UTF-8");
	m.utf8 = true;
	expect_line(&m, 7, "\303\244\\377b");
	expect_line(&m, 2, "b");
}
END_TEST

START_TEST(sums)
{
	static const struct {
		struct meter_sum sum;
		const char	*text;
	} rows[] = {
		{ { .files = 1204, .dirs = 31, .bytes = UINT64_C(3543348020), .failed = 2,
		    .seconds = 291 },
		    "1,204 files, 31 directories, 3.3 GB in 4:51, 11.6 MB/s; 2 failed" },
		{ { .files = 1, .bytes = 512, .seconds = 0.5 }, "1 file, 512 B in 0:00, 1.0 KB/s" },
		{ { .dirs = 1 }, "0 files, 1 directory, 0 B in 0:00, 0 B/s" },
		{ { .files = 2, .dirs = 2, .bytes = 2048, .failed = 1, .skipped = 1300, .seconds = 2 },
		    "2 files, 2 directories, 2.0 KB in 0:02, 1.0 KB/s; 1 failed; 1,300 left out" },
	};
	char text[METER_SUM_MAX];

	for (size_t i = 0; i < COUNT(rows); i++) {
		meter_sum(text, &rows[i].sum);
		ck_assert_str_eq(text, rows[i].text);
	}
	/* Whatever somebody else may have made of the numbers. */
	meter_sum(text, &(struct meter_sum){ UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX,
	    UINT64_MAX, 1e-300 });
	ck_assert_uint_lt(strlen(text), sizeof(text) - 1);
	ck_assert_uint_eq(meter_rate(UINT64_MAX, 1e-300), INT64_MAX);
	ck_assert_uint_eq(meter_rate(10, 0), 0);
	ck_assert_uint_eq(meter_rate(10, -1), 0);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, figures);
	tcase_add_test(t, sizes_have_five_columns_at_most);
	tcase_add_test(t, percents);
	tcase_add_test(t, a_file);
	tcase_add_test(t, all_of_them);
	tcase_add_test(t, narrow);
	tcase_add_test(t, every_width);
	tcase_add_test(t, paths_beyond_ascii);
	tcase_add_test(t, sums);
}

int
main(void)
{
	return run_unit("meter", add);
}
