/* SPDX-License-Identifier: ISC */
/*
 * What a remote side says first.  However its bytes come, the protocol begins at the same one, which
 * is the first where a whole record, or a message, stands, as a slower reader has it; all before that
 * is text, and is kept.
 */
#include <string.h>

#include "fuzz.h"
#include "originate/greeting.h"
#include "wire/record.h"

enum {
	SAID_MAX = 1 << 15
};

static struct greeting greeting;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

static bool
is_last(enum greeting_verdict v)
{
	return v != GREETING_UNKNOWN && v != GREETING_MAYBE;
}

/* Says it in pieces whose lengths SEED decides, 0: in one; *TEXT of it are text. */
static enum greeting_verdict
feed(enum greeting_of of, const char *said, size_t len, unsigned seed, size_t *text)
{
	enum greeting_verdict v;
	size_t end = 0;

	greeting_init(&greeting, of);
	*text = 0;
	do {
		size_t piece = seed == 0 ? len : seed < 3 ? seed : 1 + seed % 61, taken;

		seed = seed < 3 ? seed : seed * 1103515245 + 12345;
		end = piece < len - end ? end + piece : len;
		v = greeting_take(&greeting, said + *text, end - *text, &taken);
		REQUIRE(taken <= end - *text, "%zu of %zu", taken, end - *text);
		*text += taken;
		REQUIRE(is_last(v) || end - *text < RECORD_MAX, "%zu wait", end - *text);
	} while (end < len && !is_last(v));
	REQUIRE(greeting.total == *text && greeting.kept == *text, "%zu kept", greeting.kept);
	REQUIRE(memcmp(greeting.text, said, *text) == 0, "kept are others");
	return v;
}

static bool
is_head(const char *line)
{
	unsigned n = 0;

	for (; n < 4 && line[1 + n] >= '0' && line[1 + n] <= '7'; n++)
		;
	return (line[0] == 'C' || line[0] == 'D') && n == 4 && line[5] == ' ';
}

static bool
is_size(const char *p)
{
	size_t n = strspn(p, "0123456789");

	return n >= 1 && n <= 19 && p[n] == ' ';
}

/* Whether the first byte of a line begins a record, here or anywhere; LINE has a NUL behind it. */
static bool
begins(const char *line, size_t len, bool due)
{
	static char copy[RECORD_MAX + 1];
	bool shape = is_head(line) && is_size(line + 6), times;
	struct record r;
	const char *why;
	int end;

	times = line[0] == 'T' && strspn(line + 1, "0123456789 -") == len - 1;
	if (due && (shape || times))
		return true;
	if (len == 0 || len >= RECORD_MAX || (!due && !shape && !times))
		return false;
	memcpy(copy, line, len);
	end = record_parse(&r, copy, len, &why);
	return strchr("CDET", line[0]) != NULL && line[0] != '\0' &&
	    (end == 0 || why == record_bad_name);
}

/* SAID ends with a newline. */
static enum greeting_verdict
expect_record(enum greeting_of of, const char *said, size_t len, size_t *text)
{
	static char line[SAID_MAX + 1];

	for (*text = 0; *text < len; ++*text) {
		const char *p = said + *text;
		size_t n = (size_t)((const char *)memchr(p, '\n', len - *text) - p);
		bool due = of == GREETING_BEHIND && *text == 0;

		if ((p[0] == 1 || p[0] == 2) && (of == GREETING_OF_SOURCE || due))
			return GREETING_MESSAGE;
		memcpy(line, p, n);
		line[n] = '\0';
		if (begins(line, n, due))
			return GREETING_BEGAN;
	}
	return GREETING_UNKNOWN;
}

static enum greeting_verdict
expect_reply(const char *said, size_t len, size_t *text)
{
	bool maybe = len > 0 && said[len - 1] == '\0';

	for (*text = 0; *text < len; ++*text)
		if (said[*text] == 1 || said[*text] == 2)
			return GREETING_MESSAGE;
	*text = maybe ? len - 1 : len;
	return maybe ? GREETING_MAYBE : GREETING_UNKNOWN;
}

/* The first byte says who speaks and how it is split. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char said[SAID_MAX];
	enum greeting_verdict wanted;
	enum greeting_of of;
	size_t len, expected, text;

	if (size == 0 || size > SAID_MAX)
		return 0;
	of = (enum greeting_of)(data[0] % 3);
	len = size - 1;
	memcpy(said, data + 1, len);
	if (of != GREETING_OF_SINK)
		said[len++] = '\n';
	wanted = of == GREETING_OF_SINK ? expect_reply(said, len, &expected)
	    : expect_record(of, said, len, &expected);
	for (unsigned i = 0; i < 4; i++) {
		unsigned seed = i < 3 ? i : 3U + data[0];
		enum greeting_verdict v = feed(of, said, len, seed, &text);

		REQUIRE(v == wanted && text == expected, "%u: verdict %d, not %d, at %zu, not %zu",
		    seed, (int)v, (int)wanted, text, expected);
	}
	return 0;
}
