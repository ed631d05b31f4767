/* SPDX-License-Identifier: ISC */
/*
 * A line of the protocol.  What is taken is what the grammar has, as a regular expression of its
 * own; what is written for it is taken again and means the same.
 */
#include <regex.h>
#include <string.h>

#include "fuzz.h"
#include "wire/record.h"

static const struct {
	enum record_kind kind;
	const char *grammar;
} rows[] = {
	{ RECORD_FILE, "^C *[0-7]{1,7} [0-9]{1,19} ." },
	{ RECORD_DIR, "^D *[0-7]{1,7} [0-9]{1,19} ." },
	{ RECORD_END, "^E$" },
	{ RECORD_TIMES, "^T ?-?[0-9]+  *0*[0-9]{0,6} -?[0-9]+  *0*[0-9]{0,6}$" },
};

static regex_t grammars[COUNT(rows)];

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	for (size_t i = 0; i < COUNT(rows); i++)
		REQUIRE(regcomp(&grammars[i], rows[i].grammar, REG_EXTENDED | REG_NOSUB) == 0,
		    "%s", rows[i].grammar);
	return 0;
}

static bool
is_in_grammar(const char *line, enum record_kind kind)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		if (rows[i].kind == kind)
			return regexec(&grammars[i], line, 0, NULL, 0) == 0;
	return true;
}

static bool
is_named(const struct record *r)
{
	return r->kind == RECORD_FILE || r->kind == RECORD_DIR;
}

/* What a peer must never be able to name. */
static void
check_name(const struct record *r)
{
	REQUIRE(r->textlen > 0, "no name");
	REQUIRE(memchr(r->text, '/', r->textlen) == NULL, "a slash");
	REQUIRE(memchr(r->text, '\0', r->textlen) == NULL, "a NUL");
	REQUIRE(strcmp(r->text, ".") != 0 && strcmp(r->text, "..") != 0, "%s", r->text);
}

static void
check_times(const struct timespec *got, const struct timespec *wanted)
{
	if (wanted->tv_nsec == UTIME_OMIT)
		return;
	REQUIRE(got->tv_sec == wanted->tv_sec, "%jd, not %jd", (intmax_t)got->tv_sec,
	    (intmax_t)wanted->tv_sec);
	REQUIRE(wanted->tv_nsec >= 0 && wanted->tv_nsec < 1000000000, "%ld", wanted->tv_nsec);
}

static void
check_same(const struct record *got, const struct record *wanted)
{
	REQUIRE(got->kind == wanted->kind, "%d, not %d", got->kind, wanted->kind);
	REQUIRE(got->mode == wanted->mode && wanted->mode <= 07777, "%o", wanted->mode);
	if (wanted->kind == RECORD_FILE)
		REQUIRE(got->size == wanted->size && wanted->size <= INT64_MAX, "size");
	REQUIRE(strcmp(got->text, wanted->text) == 0, "\"%s\"", got->text);
	check_times(&got->times[0], &wanted->times[0]);
	check_times(&got->times[1], &wanted->times[1]);
}

/* Times beyond time_t are taken and ignored: nobody writes them. */
static bool
is_written(const struct record *r)
{
	return r->kind != RECORD_TIMES || r->times[0].tv_nsec != UTIME_OMIT;
}

static void
check_written(const struct record *r)
{
	char line[RECORD_MAX + RECORD_HEAD_MAX];
	const char *why = NULL;
	struct record again;
	int n = record_format(line, sizeof(line), r);

	if (!is_written(r))
		return;
	REQUIRE(n > 0 && (size_t)n == strlen(line) && line[n - 1] == '\n', "%d", n);
	REQUIRE(memchr(line, '\n', (size_t)n) == line + n - 1, "two lines");
	REQUIRE(record_format(line, (size_t)n, r) == -1, "no room for the NUL");
	n = record_format(line, (size_t)n + 1, r);
	REQUIRE(record_parse(&again, line, (size_t)n - 1, &why) == 0, "%s: %s", line, why);
	check_same(&again, r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char line[RECORD_MAX + 1], given[RECORD_MAX + 1];
	const char *why = NULL;
	struct record r;
	bool plain;
	int end;

	if (size > RECORD_MAX - 1 || memchr(data != NULL ? data : (const uint8_t *)"", '\n', size))
		return 0;
	if (size > 0)
		memcpy(line, data, size);
	memcpy(given, line, size);
	given[size] = '\0';
	plain = strlen(given) == size;
	end = record_parse(&r, line, size, &why);
	REQUIRE(memcmp(line, given, size) == 0, "the line has changed");
	REQUIRE((end == 0) == (why == NULL), "%d, %s", end, why != NULL ? why : "no reason");
	REQUIRE(end == 0 || why == record_bad_name || r.kind != RECORD_WARN, "%s", why);
	if (end == 0 && plain)
		REQUIRE(is_in_grammar(given, r.kind), "\"%s\" was taken", given);
	if (end == 0 && is_named(&r))
		check_name(&r);
	if (end == -1 && why == record_bad_name)
		REQUIRE(r.text + r.textlen == line + size, "the name is not there");
	if (end == 0)
		check_written(&r);
	return 0;
}
