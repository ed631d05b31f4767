/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <ctype.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "originate/meter.h"
#include "originate/objects.h"
#include "originate/report.h"
#include "originate/sieve.h"
#include "process.h"
#include "text/text.h"
#include "wire/clock.h"
#include "wire/io.h"

enum {
	SAY_MAX = METER_COLUMNS_MAX + 8 * TEXT_MESSAGE_MAX,	/* bytes of what is said at once */
	PASS_MAX = 4 * SIEVE_ROOM,	/* the same of a remote program */
	START_MAX = 6 * TEXT_MESSAGE_MAX,	/* of the words of a program, NUL included */
	WORD_LEAST = 16		/* that are left for the last of these, which is cut */
};

bool
report_is_seen(const struct tally *t)
{
	return t->out != -1 && tcgetpgrp(t->out) == t->group;
}

static const char nothing[] = "\"\"";	/* as a shell has it */

/* The line of a file that has arrived stays on the terminal, if we may write to it. */
static void
put_line(const struct tally *t, const char *path, size_t len, const struct tally_file *f)
{
	unsigned columns = t->form == TALLY_FILES ? atomic_load(&t->page->columns) : 0;
	double seconds = (double)(clock_now() - f->since) / CLOCK_NANO;
	struct meter m = {
		.path = path, .len = len, .utf8 = t->utf8, .over = true, .done = f->size,
		.size = f->size, .rate = meter_rate(f->size, seconds), .seconds = (uint64_t)seconds,
	};
	char line[METER_MAX + 1];
	size_t n;

	if (columns == 0 || !report_is_seen(t))
		return;
	line[0] = '\r';
	n = meter_line(line + 1, &m, columns);
	line[n + 1] = '\n';
	(void)io_write_all(t->out, line, n + 2);
}

static struct tally *
tally_of(void *report)
{
	const struct report *r = report;

	return r->tally;
}

static void
begin(void *report, const char *path, size_t len, uint64_t size)
{
	struct tally *t = tally_of(report);

	tally_begin_file(t, path, len, size);
	objects_put(t, &(struct object){
		.event = "file", .path = path, .len = len, .number = "size", .n = size });
}

static void
move(void *report, uint64_t done)
{
	tally_move(tally_of(report), done);
}

static void
put_failure(struct tally *t, const char *path, size_t len, const char *reason)
{
	objects_put(t, &(struct object){
		.event = "failed", .path = path, .len = len, .word = "reason", .text = reason });
}

static void
put_arrival(struct tally *t, const char *path, size_t len, const struct tally_file *f)
{
	if (f->known)
		put_line(t, path, len, f);
	objects_put(t, &(struct object){
		.event = "done", .path = path, .len = len, .number = "bytes", .n = f->size });
}

static void
pass(void *report)
{
	tally_send_file(tally_of(report));
}

static void
arrive(void *report, const char *path, size_t len, uint64_t size, int64_t since)
{
	struct tally *t = tally_of(report);

	tally_arrive(t, size);
	put_arrival(t, path, len, &(struct tally_file){ .known = true, .size = size, .since = since });
}

/* What the other side says, and what ends for that, are one failure. */
static void
end(void *report, const char *path, size_t len, const char *reason)
{
	struct tally *t = tally_of(report);

	if (reason == NULL) {
		struct tally_file f = tally_end_file(t);

		put_arrival(t, path, len, &f);
		return;
	}
	tally_fail(t, t->heard);
	t->heard = false;
	put_failure(t, path, len, reason);
}

static void
fail(struct tally *t, const char *path, size_t len, const char *reason)
{
	const struct tally_count *c = &t->page->count;
	bool lost = path == NULL && c->busy != 0, empty = path != NULL && len == 0;
	char text[TEXT_MESSAGE_MAX];

	tally_fail(t, false);
	/* One that is empty is seen to be one. */
	text_message_at(text, empty ? nothing : path, empty ? strlen(nothing) : len, NULL, reason);
	/* Whoever has stopped it knows why it ended. */
	if (process_told() == 0)
		report_say(t, text);
	/* What ends a conversation ends a file, whose path that is still. */
	put_failure(t, lost ? c->path : path, lost ? c->len : len, reason);
}

static void
complain(void *report, const char *path, size_t len, const char *reason)
{
	fail(tally_of(report), path, len, reason);
}

static bool
is_one_of_several(const struct tally *t)
{
	return t->hosts != NULL && t->hosts[0] != NULL && t->hosts[1] != NULL;
}

static void
hear(void *report, const char *text)
{
	const struct report *r = report;
	struct tally *t = r->tally;
	char line[2 * TEXT_MESSAGE_MAX] = "";

	tally_hear(t);
	if (is_one_of_several(t)) {
		strlcpy(line, r->host, sizeof(line));
		strlcat(line, ": ", sizeof(line));
	}
	strlcat(line, text, sizeof(line));
	report_say(t, line);
	objects_put(t, &(struct object){
		.event = "note", .host = r->host, .word = "text", .text = text });
}

static void
enter(void *report, const char *path, size_t len)
{
	(void)path;
	(void)len;
	tally_enter_dir(tally_of(report));
}

static void
skip(void *report, const char *path, size_t len)
{
	struct tally *t = tally_of(report);

	tally_skip(t);
	objects_put(t, &(struct object){ .event = "skipped", .path = path, .len = len });
}

struct client
report_client(struct report *r)
{
	return (struct client){
		.self = r, .host = r->host, .ascii = r->tally->ascii, .complain = complain, .hear = hear,
		.begin = begin, .move = move,
		.end = end, .sent = pass, .arrive = arrive, .enter = enter, .skip = skip,
	};
}

void
report_begin(struct tally *t)
{
	if (!atomic_exchange(&t->page->told, true))
		objects_start(t, &t->page->count);
}

void
report_apart(struct tally *t)
{
	t->partial = true;
	report_begin(t);
}

void
report_settle(struct tally *t)
{
	if (t->page->count.busy != 0)
		tally_fail(t, false);
}

/*
 * What takes the meter off the terminal, where it is on the same one, goes before TEXT in the same write:
 * whoever draws it again does so before that, or behind it.
 */
static size_t
put_clear(struct tally *t, char dst[METER_COLUMNS_MAX + 2])
{
	unsigned columns = t->mixed && atomic_exchange(&t->page->drawn, false)
	    ? atomic_load(&t->page->columns) : 0;

	if (columns == 0)
		return 0;
	if (columns > METER_COLUMNS_MAX)
		columns = METER_COLUMNS_MAX;
	memset(dst, ' ', columns);
	dst[0] = dst[columns] = '\r';
	return columns + 1;
}

void
report_say(struct tally *t, const char *line)
{
	char text[SAY_MAX];
	size_t len = put_clear(t, text);

	if (t->ascii)
		len += text_ascii(text + len, sizeof(text) - len - 1, line, strlen(line));
	else
		len += strlcpy(text + len, line, sizeof(text) - len - 1);
	if (len > sizeof(text) - 2)
		len = sizeof(text) - 2;
	text[len++] = '\n';
	/* Whoever does not read it misses it. */
	(void)journal_write(&t->errors, text, len);
}

/* Whether it means nothing but itself, to anybody. */
static bool
is_plain(const char *word)
{
	for (const char *p = word; *p != '\0'; p++)
		if ((unsigned char)*p >= 0x80 || (!isalnum((unsigned char)*p) && strchr("_/.+,:@=-", *p) == NULL))
			return false;
	return word[0] != '\0';
}

/* A blank and WORD at the end of the LEN bytes of LINE: how many bytes that is then. */
static size_t
put_word(char line[START_MAX], size_t len, const char *word)
{
	const char *mark = is_plain(word) ? "" : "\"";
	size_t room;

	len += strlcpy(line + len, " ", START_MAX - len);
	len += strlcpy(line + len, mark, START_MAX - len);
	room = START_MAX - len - strlen(mark);
	len += text_quote(line + len, room, word, strlen(word));
	return len + strlcpy(line + len, mark, START_MAX - len);
}

void
report_start(struct tally *t, char *const argv[])
{
	char line[START_MAX] = "scp: starts";
	size_t len = strlen(line);

	if (!t->verbose)
		return;
	for (int i = 0; argv[i] != NULL && len + WORD_LEAST < sizeof(line); i++)
		len = put_word(line, len, argv[i]);
	report_say(t, line);
}

void
report_pass(void *tally, const char *text, size_t len)
{
	const struct tally *t = tally;
	char all[METER_COLUMNS_MAX + 2 + PASS_MAX];
	size_t before = put_clear(tally, all);

	assert(len <= SIEVE_ROOM);
	if (t->ascii)
		len = text_ascii(all + before, PASS_MAX, text, len);
	else
		memcpy(all + before, text, len);
	(void)io_write_all(STDERR_FILENO, all, before + len);
}

void
report_note(struct tally *t, const char *host, const char *line)
{
	char text[2 * TEXT_MESSAGE_MAX];

	strlcpy(text, "scp: ", sizeof(text));
	strlcat(text, host, sizeof(text));
	strlcat(text, ": ", sizeof(text));
	strlcat(text, line, sizeof(text));
	report_say(t, text);
	objects_put(t, &(struct object){
		.event = "note", .host = host, .word = "text", .text = line });
}

void
report_fail(struct tally *t, const char *path, const char *reason)
{
	fail(t, path, path != NULL ? strlen(path) : 0, reason);
}

void
report_count_host(struct tally *t, const char *host, const char *reason)
{
	tally_fail(t, false);
	objects_put(t, &(struct object){
		.event = "failed", .host = host, .word = "reason", .text = reason });
}

void
report_fail_host(struct tally *t, const char *host, const char *reason)
{
	char text[TEXT_MESSAGE_MAX];

	text_message(text, host, NULL, reason);
	report_say(t, text);
	report_count_host(t, host, reason);
}
