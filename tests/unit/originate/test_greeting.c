/* SPDX-License-Identifier: ISC */
#include "originate/greeting.h"
#include "unit.h"
#include "wire/record.h"

#define SINK	GREETING_OF_SINK
#define SOURCE	GREETING_OF_SOURCE
#define BEHIND	GREETING_BEHIND
#define SAYS(s)	s, sizeof(s) - 1

/* What is said; how much of it is text when all of it is known, and what comes then. */
static const struct {
	enum greeting_of of;
	const char	*said;
	size_t		 len, text;
	enum greeting_verdict verdict;
} rows[] = {
	/* A sink that says nothing else. */
	{ SINK, SAYS(""), 0, GREETING_UNKNOWN },
	{ SINK, SAYS("\0"), 0, GREETING_MAYBE },
	{ SINK, SAYS("\1scp: x: No such file or directory\n"), 0, GREETING_MESSAGE },
	{ SINK, SAYS("\2scp: ambiguous target\n"), 0, GREETING_MESSAGE },
	/* Text before it. */
	{ SINK, SAYS("Welcome\n\0"), 8, GREETING_MAYBE },
	{ SINK, SAYS("\n\0"), 1, GREETING_MAYBE },
	{ SINK, SAYS("no newline\0"), 10, GREETING_MAYBE },
	{ SINK, SAYS("two\nlines\n\0"), 10, GREETING_MAYBE },
	{ SINK, SAYS("Welcome\n"), 8, GREETING_UNKNOWN },
	{ SINK, SAYS("C0644 3 x\n\0"), 10, GREETING_MAYBE },
	{ SINK, SAYS("Welcome\n\1scp: x: Not a directory\n"), 8, GREETING_MESSAGE },
	{ SINK, SAYS("\33[1mred\33[0m\0"), 11, GREETING_MAYBE },
	/* NULs in it: the last one is the sink's. */
	{ SINK, SAYS("a\0b\n\0"), 4, GREETING_MAYBE },
	{ SINK, SAYS("a\0\0"), 2, GREETING_MAYBE },
	{ SINK, SAYS("\0\0"), 1, GREETING_MAYBE },
	{ SINK, SAYS("\0hello"), 6, GREETING_UNKNOWN },
	{ SINK, SAYS("\0hello\n\0"), 7, GREETING_MAYBE },
	{ SINK, SAYS("a\0\1no\n"), 2, GREETING_MESSAGE },

	/* A source that says nothing else. */
	{ SOURCE, SAYS(""), 0, GREETING_UNKNOWN },
	{ SOURCE, SAYS("C0644 3 x\n"), 0, GREETING_BEGAN },
	{ SOURCE, SAYS("D0755 0 x\n"), 0, GREETING_BEGAN },
	{ SOURCE, SAYS("T1 0 2 0\n"), 0, GREETING_BEGAN },
	{ SOURCE, SAYS("C0644 3 x"), 0, GREETING_UNKNOWN },
	{ SOURCE, SAYS("C0644 3 x\nfoo"), 0, GREETING_BEGAN },
	{ SOURCE, SAYS("\1scp: x: No such file or directory\n"), 0, GREETING_MESSAGE },
	{ SOURCE, SAYS("\2x"), 0, GREETING_MESSAGE },
	/* A name that is not to be had is a name, never text. */
	{ SOURCE, SAYS("C0644 3 ../x\n"), 0, GREETING_BEGAN },
	{ SOURCE, SAYS("C0644 3 .\n"), 0, GREETING_BEGAN },
	{ SOURCE, SAYS("C0644 3 \n"), 0, GREETING_BEGAN },
	{ SOURCE, SAYS("C0644 3  blank \t\33[m\r\n"), 0, GREETING_BEGAN },
	/* Text before it, on lines of its own. */
	{ SOURCE, SAYS("Welcome\nC0644 3 x\n"), 8, GREETING_BEGAN },
	{ SOURCE, SAYS("\nC0644 3 x\n"), 1, GREETING_BEGAN },
	{ SOURCE, SAYS("Enter\nE\nT1 0 2 0\nC0644 3 x\n"), 8, GREETING_BEGAN },
	{ SOURCE, SAYS("Connected\nDisk full\nToday\n"), 26, GREETING_UNKNOWN },
	{ SOURCE, SAYS("This account is not available.\n"), 31, GREETING_UNKNOWN },
	{ SOURCE, SAYS("a\0b\nC0644 3 x\n"), 4, GREETING_BEGAN },
	{ SOURCE, SAYS("Welcome\r\nC0644 3 x\n"), 9, GREETING_BEGAN },
	{ SOURCE, SAYS("Welcome\n\1scp: x: No such file or directory\n"), 8, GREETING_MESSAGE },
	/* Text that the record is glued to. */
	{ SOURCE, SAYS("prompt> C0644 3 x\n"), 8, GREETING_BEGAN },
	{ SOURCE, SAYS("CCC0644 3 x\n"), 2, GREETING_BEGAN },
	{ SOURCE, SAYS("CDTD0755 0 d\n"), 3, GREETING_BEGAN },
	{ SOURCE, SAYS("TodayT1 0 2 0\n"), 5, GREETING_BEGAN },
	{ SOURCE, SAYS("prompt> \1scp: x: No\n"), 8, GREETING_MESSAGE },
	/* The leftmost one counts, whatever its name has in it. */
	{ SOURCE, SAYS("xC0644 3 C0644 3 y\n"), 1, GREETING_BEGAN },
	{ SOURCE, SAYS("C0644 3 a\1b\n"), 0, GREETING_BEGAN },
	/* What is nearly a record. */
	{ SOURCE, SAYS("C644 3 x\nC0644 3 y\n"), 9, GREETING_BEGAN },
	{ SOURCE, SAYS("C644 33 x\nC0644 3 y\n"), 10, GREETING_BEGAN },
	{ SOURCE, SAYS("C00644 3 x\nC0644 3 y\n"), 11, GREETING_BEGAN },
	{ SOURCE, SAYS("C0684 3 x\n"), 10, GREETING_UNKNOWN },
	{ SOURCE, SAYS("C0644  3 x\n"), 11, GREETING_UNKNOWN },
	{ SOURCE, SAYS("C0644 -3 x\n"), 11, GREETING_UNKNOWN },
	{ SOURCE, SAYS("C0644 3\nC0644 3 y\n"), 8, GREETING_BEGAN },
	{ SOURCE, SAYS("C0644 9223372036854775808 x\n"), 28, GREETING_UNKNOWN },
	{ SOURCE, SAYS("C0644 00000000000000000003 x\n"), 29, GREETING_UNKNOWN },
	{ SOURCE, SAYS("C0644 0000000000000000003 x\n"), 0, GREETING_BEGAN },
	{ SOURCE, SAYS("T1 0 2\n"), 7, GREETING_UNKNOWN },
	{ SOURCE, SAYS("T1 0 2 0 x\n"), 11, GREETING_UNKNOWN },
	{ SOURCE, SAYS("T\nE\nD\nC\n"), 8, GREETING_UNKNOWN },
	{ SOURCE, SAYS("\0C0644 3 x\n"), 1, GREETING_BEGAN },

	/* Behind an entry. */
	{ BEHIND, SAYS("C0644 3 x\n"), 0, GREETING_BEGAN },
	{ BEHIND, SAYS("E\n"), 0, GREETING_BEGAN },
	{ BEHIND, SAYS("T1 0 2 0\n"), 0, GREETING_BEGAN },
	{ BEHIND, SAYS("C644 3 x\n"), 0, GREETING_BEGAN },
	{ BEHIND, SAYS("\1scp: y: No such file or directory\n"), 0, GREETING_MESSAGE },
	{ BEHIND, SAYS("C0644 9223372036854775808 x\n"), 0, GREETING_BEGAN },
	{ BEHIND, SAYS("C"), 0, GREETING_UNKNOWN },
	{ BEHIND, SAYS("C0644 3 x"), 0, GREETING_BEGAN },
	{ BEHIND, SAYS("bye\n"), 4, GREETING_UNKNOWN },
	{ BEHIND, SAYS("\n"), 1, GREETING_UNKNOWN },
	{ BEHIND, SAYS("Enter\n"), 6, GREETING_UNKNOWN },
	{ BEHIND, SAYS("Connection closed\n"), 18, GREETING_UNKNOWN },
	{ BEHIND, SAYS("\0"), 1, GREETING_UNKNOWN },
	{ BEHIND, SAYS("bye \1\2 E\nE\n"), 11, GREETING_UNKNOWN },
	{ BEHIND, SAYS("bye\nC0644 3 x\n"), 4, GREETING_BEGAN },
	{ BEHIND, SAYS("byeC0644 3 x\n"), 3, GREETING_BEGAN },
};

/* Says it in pieces, SIZE_OF of them how long; what is not taken comes again. */
struct feeding {
	struct greeting g;
	enum greeting_verdict verdict;
	size_t	    at;		/* what was taken */
};

static bool
is_last(enum greeting_verdict v)
{
	return v != GREETING_UNKNOWN && v != GREETING_MAYBE;
}

static void
feed_to(struct feeding *f, const char *said, size_t end)
{
	/* On the heap, with nothing behind it, so that a sanitizer sees who reads on. */
	size_t len = end - f->at, taken = 7;
	char *bytes = malloc(len + 1);

	ck_assert_ptr_nonnull(bytes);
	memcpy(bytes + 1, said + f->at, len);
	f->verdict = greeting_take(&f->g, bytes + 1, len, &taken);
	ck_assert_uint_le(taken, len);
	ck_assert_msg(is_last(f->verdict) || len - taken < RECORD_MAX, "%zu wait", len - taken);
	f->at += taken;
	free(bytes);
}

static void
feed(struct feeding *f, enum greeting_of of, const char *said, size_t len, size_t most)
{
	size_t end = 0;

	greeting_init(&f->g, of);
	f->at = 0;
	do {
		size_t n = most == 0 ? len : most == 1 ? 1 : 1 + (size_t)rand() % most;

		end = n < len - end ? end + n : len;
		feed_to(f, said, end);
	} while (end < len && !is_last(f->verdict));
}

static void
expect(const struct feeding *f, const char *said, size_t text, enum greeting_verdict verdict)
{
	size_t kept = text < GREETING_KEPT ? text : GREETING_KEPT;

	ck_assert_msg(f->verdict == verdict && f->at == text && f->g.total == text,
	    "\"%.60s\": verdict %d, not %d; text %zu, %zu, not %zu", said, (int)f->verdict,
	    (int)verdict, f->at, f->g.total, text);
	ck_assert_uint_eq(f->g.kept, kept);
	ck_assert_mem_eq(f->g.text, said, kept);
}

START_TEST(at_once)
{
	struct feeding f;

	feed(&f, rows[_i].of, rows[_i].said, rows[_i].len, 0);
	expect(&f, rows[_i].said, rows[_i].text, rows[_i].verdict);
}
END_TEST

START_TEST(byte_by_byte)
{
	struct feeding f;

	feed(&f, rows[_i].of, rows[_i].said, rows[_i].len, 1);
	expect(&f, rows[_i].said, rows[_i].text, rows[_i].verdict);
}
END_TEST

/* Pieces of which greetings are made, to be put together at random. */
static const char *const pieces[] = {
	"C", "D", "T", "E", "\n", "\n", "0644", " ", " ", "3", "12", "x", "C0644 3 x", "D0755 0 ", "T1 0 2 0",
	"Welcome", "\33[m", "\r\n", "\1", "\2", "..", "/", "9223372036854775808", "\377", "", "",
};

static size_t
make_up(char *said, size_t cap)
{
	size_t len = 0;

	while (len + 32 < cap && rand() % 40 != 0) {
		const char *piece = pieces[(size_t)rand() % COUNT(pieces)];
		size_t n = piece[0] != '\0' ? strlen(piece) : 1;

		memcpy(said + len, piece, n);
		len += n;
	}
	return len;
}

/* However the bytes come, the same is found. */
START_TEST(any_split)
{
	srand((unsigned)_i + 1);
	for (int i = 0; i < 4000; i++) {
		enum greeting_of of = (enum greeting_of)(i % 3);
		char said[600];
		size_t len = make_up(said, sizeof(said));
		struct feeding whole, split;

		feed(&whole, of, said, len, 0);
		feed(&split, of, said, len, i % 7 == 0 ? 1 : 1 + (size_t)rand() % 60);
		expect(&split, said, whole.at, whole.verdict);
	}
}
END_TEST

/* LEN bytes of FILL and then TAIL. */
static char *
long_text(size_t len, char fill, const char *tail, size_t taillen)
{
	char *said = malloc(len + taillen);

	ck_assert_ptr_nonnull(said);
	memset(said, fill, len);
	memcpy(said + len, tail, taillen);
	return said;
}

static void
check_long(enum greeting_of of, char fill, size_t len, const char *tail, size_t taillen,
    enum greeting_verdict wanted)
{
	static const size_t mosts[] = { 0, 100000, 5000 };
	char *said = long_text(len, fill, tail, taillen);
	size_t text = wanted == GREETING_TOO_MUCH ? GREETING_MAX : len;

	for (size_t i = 0; i < COUNT(mosts); i++) {
		struct feeding f;

		feed(&f, of, said, len + taillen, mosts[i]);
		expect(&f, said, text, wanted);
	}
	free(said);
}

START_TEST(long_texts)
{
	static const char fills[] = "x\nCT0";

	for (size_t i = 0; fills[i] != '\0'; i++) {
		check_long(SINK, fills[i], 300000, SAYS("\0"), GREETING_MAYBE);
		check_long(SINK, fills[i], GREETING_MAX, SAYS("\0"), GREETING_MAYBE);
		check_long(SINK, fills[i], GREETING_MAX + 1, SAYS("\0"), GREETING_TOO_MUCH);
		check_long(SOURCE, fills[i], 300000, SAYS("C0644 3 x\n"), GREETING_BEGAN);
		check_long(SOURCE, fills[i], GREETING_MAX, SAYS("C0644 3 x\n"), GREETING_BEGAN);
		check_long(SOURCE, fills[i], GREETING_MAX, SAYS("\1x\n"), GREETING_MESSAGE);
		check_long(SOURCE, fills[i], GREETING_MAX + 1, SAYS("C0644 3 x\n"), GREETING_TOO_MUCH);
		check_long(BEHIND, fills[i], GREETING_MAX + 1, SAYS("C0644 3 x\n"), GREETING_TOO_MUCH);
	}
}
END_TEST

/* A record ends within RECORD_MAX bytes, and one that does not is none. */
START_TEST(long_records)
{
	static const struct {
		size_t len;
		bool   taken;
	} lines[] = { { RECORD_MAX - 1, true }, { RECORD_MAX, false }, { 50000, false } };
	static const size_t mosts[] = { 0, 1, 3000 };

	for (size_t i = 0; i < COUNT(lines); i++) {
		size_t len = lines[i].len;
		char *said = long_text(len, 'x', SAYS("\nD0755 0 y\n"));

		memcpy(said, "C0644 3 ", 8);
		for (size_t j = 0; j < COUNT(mosts); j++) {
			struct feeding f;

			feed(&f, SOURCE, said, len + 11, mosts[j]);
			expect(&f, said, lines[i].taken ? 0 : len + 1, GREETING_BEGAN);
		}
		free(said);
	}
}
END_TEST

/* Times without end are no record, either. */
START_TEST(long_times)
{
	static const size_t mosts[] = { 0, 1, 3000 };
	char *said = long_text(3 * RECORD_MAX, '1', SAYS("\nD0755 0 y\n"));

	said[0] = 'T';
	for (size_t i = 0; i < COUNT(mosts); i++) {
		struct feeding f;

		feed(&f, SOURCE, said, 3 * RECORD_MAX + 11, mosts[i]);
		expect(&f, said, 3 * RECORD_MAX + 1, GREETING_BEGAN);
	}
	free(said);
}
END_TEST

START_TEST(the_end)
{
	struct feeding f;

	feed(&f, SOURCE, SAYS("Hi\nC0644 3 x"), 0);
	expect(&f, "Hi\n", 3, GREETING_UNKNOWN);
	greeting_end(&f.g, SAYS("C0644 3 x"));
	ck_assert_uint_eq(f.g.total, 12);
	ck_assert_mem_eq(f.g.text, "Hi\nC0644 3 x", 12);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_loop_test(t, at_once, 0, (int)COUNT(rows));
	tcase_add_loop_test(t, byte_by_byte, 0, (int)COUNT(rows));
	tcase_add_loop_test(t, any_split, 0, 3);
	tcase_add_test(t, long_texts);
	tcase_add_test(t, long_records);
	tcase_add_test(t, long_times);
	tcase_add_test(t, the_end);
}

int
main(void)
{
	return run_unit("greeting", add);
}
