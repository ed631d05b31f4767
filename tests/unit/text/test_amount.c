/* SPDX-License-Identifier: ISC */
#include <inttypes.h>

#include "text/amount.h"
#include "unit.h"

#define UNTOUCHED UINT64_C(4711)

enum {
	DAY = 24 * 60 * 60
};

static const struct text {
	const char *text;
	uint64_t    wanted;
} counts[] = {
	{ "0", 0 }, { "1", 1 }, { "20", 20 }, { "007", 7 }, { "9", 9 },
	{ "4294967296", 4294967296 },
	{ "18446744073709551614", UINT64_MAX - 1 },
}, sizes[] = {
	{ "0", 0 }, { "512", 512 }, { "0K", 0 }, { "1K", 1024 }, { "10K", 10240 },
	{ "5M", 5242880 }, { "2G", 2147483648 }, { "1T", 1099511627776 }, { "010K", 10240 },
	{ "18446744073709551614", UINT64_MAX - 1 },
	{ "18014398509481983K", UINT64_MAX - 1023 },
	{ "17592186044415M", UINT64_MAX - 1048575 },
	{ "17179869183G", UINT64_MAX - 1073741823 },
	{ "16777215T", UINT64_MAX - 1099511627775 },
}, rates[] = {
	{ "0/s", 0 }, { "512/s", 512 }, { "10M/s", 10485760 }, { "1T/s", 1099511627776 },
	{ "16777215T/s", UINT64_MAX - 1099511627775 },
}, times[] = {
	{ "0", 0 }, { "90", 90 }, { "90s", 90 }, { "5m", 300 }, { "2h", 7200 }, { "1d", DAY },
	{ "0d", 0 }, { "2147483647", INT32_MAX }, { "2147483647s", INT32_MAX },
	{ "24855d", UINT64_C(24855) * DAY },
};

/* Nothing reads any of these. */
static const char *const junk[] = {
	"", " ", " 1", "1 ", "\t1", "1\n", "+1", "-1", "-0", "--1", "0x10", "1e3", "1.5", "1,000",
	"K", "none", "all", "1_000", "1KK", "1KB", "1KiB", "1 K", "K1", "1x", "1/", "/s", "s",
	"1//s", "%", "1%%", "a", "\3001", "1\300", "\331\243",
	"18446744073709551616", "99999999999999999999",
	"340282366920938463463374607431768211457", "18446744073709551615",
};

static const char *const no_counts[] = { "1K", "1s", "1%", "1/s", "010M" };
static const char *const no_sizes[] = {
	"1k", "1m", "1g", "1t", "1s", "1d", "1%", "1/s", "1K/s", "1P", "18446744073709551615",
	"18014398509481984K", "17592186044416M", "17179869184G", "16777216T",
	"18446744073709551614K",
};
static const char *const no_rates[] = {
	"1", "1K", "1M", "1/S", "1/m", "1M/s ", "1M /s", "1M/ss", "1/sK", "16777216T/s", "1s/s",
};
static const char *const no_times[] = {
	"1S", "1M", "1H", "1D", "1w", "1K", "1%", "1/s", "1m30s", "2147483648", "2147483648s",
	"35791395m", "596524h", "24856d", "18446744073709551614",
};

static void
check_good(const struct text *rows, size_t n, int (*parse)(const char *, uint64_t *))
{
	for (size_t i = 0; i < n; i++) {
		uint64_t got = UNTOUCHED;

		ck_assert_msg(parse(rows[i].text, &got) == 0 && got == rows[i].wanted,
		    "\"%s\": got %" PRIu64, rows[i].text, got);
	}
}

static void
check_bad(const char *const rows[], size_t n, int (*parse)(const char *, uint64_t *))
{
	for (size_t i = 0; i < n; i++) {
		uint64_t got = UNTOUCHED;

		ck_assert_msg(parse(rows[i], &got) == -1 && got == UNTOUCHED,
		    "\"%s\": got %" PRIu64, rows[i], got);
	}
}

START_TEST(what_is_an_amount)
{
	check_good(counts, COUNT(counts), amount_count);
	check_good(sizes, COUNT(sizes), amount_size);
	check_good(rates, COUNT(rates), amount_rate);
	check_good(times, COUNT(times), amount_seconds);
}
END_TEST

START_TEST(what_is_none)
{
	check_bad(junk, COUNT(junk), amount_count);
	check_bad(junk, COUNT(junk), amount_size);
	check_bad(junk, COUNT(junk), amount_rate);
	check_bad(junk, COUNT(junk), amount_seconds);
	check_bad(no_counts, COUNT(no_counts), amount_count);
	check_bad(no_sizes, COUNT(no_sizes), amount_size);
	check_bad(no_rates, COUNT(no_rates), amount_rate);
	check_bad(no_times, COUNT(no_times), amount_seconds);
}
END_TEST

START_TEST(percent)
{
	static const char *const bad[] = {
		"101%", "1", "100", "%", "5 %", "5%%", "-5%", "+5%", "5.5%", "5K%", "4294967297%",
		"18446744073709551617%",
	};

	for (unsigned wanted = 0; wanted <= 100; wanted++) {
		char text[8];
		unsigned got = 4711;

		snprintf(text, sizeof(text), "%u%%", wanted);
		ck_assert_int_eq(amount_percent(text, &got), 0);
		ck_assert_uint_eq(got, wanted);
	}
	for (size_t i = 0; i < COUNT(bad) + COUNT(junk); i++) {
		const char *text = i < COUNT(bad) ? bad[i] : junk[i - COUNT(bad)];
		unsigned got = 4711;

		ck_assert_msg(amount_percent(text, &got) == -1 && got == 4711, "\"%s\"", text);
	}
}
END_TEST

START_TEST(modes)
{
	static const char *const bad[] = {
		"8", "9", "08", "78", "10000", "17777", "77777", "000000", "0o644", "u+r", "0644 ",
		"-022", "64K", "1%",
	};
	mode_t got;

	for (mode_t wanted = 0; wanted <= 07777; wanted++) {
		char text[8];

		for (int digits = 1; digits <= 5; digits++) {
			snprintf(text, sizeof(text), "%0*o", digits, wanted);
			got = 4711;
			if (amount_mode(text, &got) != 0 || got != wanted)
				ck_abort_msg("\"%s\": got %o", text, got);
		}
	}
	for (size_t i = 0; i < COUNT(bad) + COUNT(junk); i++) {
		const char *text = i < COUNT(bad) ? bad[i] : junk[i - COUNT(bad)];

		got = 4711;
		ck_assert_msg(amount_mode(text, &got) == -1 && got == 4711, "\"%s\"", text);
	}
}
END_TEST

static const struct amount {
	uint64_t    n;
	const char *wanted;
} shown_counts[] = {
	{ 0, "0" }, { 7, "7" }, { 1024, "1024" }, { UINT64_MAX - 1, "18446744073709551614" },
	{ AMOUNT_NONE, "none" },
}, shown_sizes[] = {
	{ 0, "0" }, { 1, "1" }, { 1023, "1023" }, { 1024, "1K" }, { 1025, "1025" },
	{ 1536, "1536" }, { 10240, "10K" }, { 1048576, "1M" }, { 1049600, "1025K" },
	{ 5368709120, "5G" },
	{ 1099511627776, "1T" }, { 1125899906842624, "1024T" },
	{ UINT64_MAX - 1, "18446744073709551614" }, { AMOUNT_NONE, "none" },
}, shown_times[] = {
	{ 0, "0" }, { 1, "1" }, { 59, "59" }, { 60, "1m" }, { 90, "90" }, { 300, "5m" },
	{ 3600, "1h" }, { 5400, "90m" }, { DAY, "1d" }, { 2 * DAY + 3600, "49h" },
	{ INT32_MAX, "2147483647" }, { AMOUNT_NONE, "none" },
};

static void
check_shown(const struct amount *rows, size_t n, void (*show)(char [AMOUNT_TEXT_MAX], uint64_t))
{
	for (size_t i = 0; i < n; i++) {
		char text[AMOUNT_TEXT_MAX];

		show(text, rows[i].n);
		ck_assert_str_eq(text, rows[i].wanted);
	}
}

START_TEST(how_they_are_shown)
{
	check_shown(shown_counts, COUNT(shown_counts), amount_show_count);
	check_shown(shown_sizes, COUNT(shown_sizes), amount_show_size);
	check_shown(shown_times, COUNT(shown_times), amount_show_seconds);
}
END_TEST

/* Whatever is shown is read as what it was. */
START_TEST(shown_and_read_again)
{
	char text[AMOUNT_TEXT_MAX];
	uint64_t got;

	for (unsigned bit = 0; bit < 64; bit++)
		for (uint64_t near = 0; near < 5; near++) {
			uint64_t n = (UINT64_C(1) << bit) * 3 + near - 2;

			if (n == AMOUNT_NONE)
				continue;
			amount_show_size(text, n);
			if (amount_size(text, &got) != 0 || got != n)
				ck_abort_msg("%" PRIu64 " bytes are \"%s\"", n, text);
			amount_show_count(text, n);
			if (amount_count(text, &got) != 0 || got != n)
				ck_abort_msg("%" PRIu64 " is \"%s\"", n, text);
			n &= AMOUNT_SECONDS_MAX;
			amount_show_seconds(text, n);
			if (amount_seconds(text, &got) != 0 || got != n)
				ck_abort_msg("%" PRIu64 " seconds are \"%s\"", n, text);
		}
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, what_is_an_amount);
	tcase_add_test(t, what_is_none);
	tcase_add_test(t, percent);
	tcase_add_test(t, modes);
	tcase_add_test(t, how_they_are_shown);
	tcase_add_test(t, shown_and_read_again);
}

int
main(void)
{
	return run_unit("amount", add);
}
