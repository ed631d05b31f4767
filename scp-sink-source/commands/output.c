/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "commands/output.h"
#include "wire/clock.h"
#include "wire/io.h"

enum {
	LOOK = 100 * 1000,		/* nanoseconds between two looks */
	MILLI = CLOCK_NANO / 1000,
	PRINTED_MAX = 8192		/* bytes of one output_print */
};

void
output_init(struct output *o, struct stream *stream, int errors)
{
	o->stream = stream;
	o->errors = errors;
	o->output_to = SCRIPT_OUTPUT;
	o->errors_to = SCRIPT_ERRORS;
	o->spoke = o->lost = false;
	o->len = 0;
}

/* A pause takes as long as the machine is busy: what ends the waiting is the clock. */
static void
drain(struct output *o)
{
	const struct timespec pause = clock_timespec(LOOK);
	int64_t end = clock_now() + (int64_t)OUTPUT_DRAIN * MILLI;

	while (io_count_unread(o->errors) > 0 && clock_now() < end)
		nanosleep(&pause, NULL);
	o->spoke = false;
}

int
output_flush(struct output *o)
{
	size_t len = o->len;

	o->len = 0;
	if (o->lost || len == 0)
		return o->lost ? -1 : 0;
	if (o->spoke)
		drain(o);
	o->lost = stream_write(o->stream, o->held, len) == -1;
	return o->lost ? -1 : 0;
}

static void
hold(struct output *o, const char *p, size_t n)
{
	while (n > 0 && !o->lost) {
		size_t part = n < OUTPUT_ROOM - o->len ? n : OUTPUT_ROOM - o->len;

		memcpy(o->held + o->len, p, part);
		o->len += part;
		p += part;
		n -= part;
		if (o->len == OUTPUT_ROOM)
			(void)output_flush(o);
	}
}

/* Whoever does not read standard error is as idle as one who does not read output. */
static void
speak(struct output *o, const char *p, size_t n)
{
	if (output_flush(o) == -1)
		return;
	(void)deadline_await(o->stream->deadline, DEADLINE_CLIENT, -1);
	o->lost = io_write_all(o->errors, p, n) == -1;
	deadline_work(o->stream->deadline);
	o->spoke = true;
}

static void
send(struct output *o, enum script_sink to, const char *p, size_t n)
{
	if (to == SCRIPT_OUTPUT)
		hold(o, p, n);
	else if (to == SCRIPT_ERRORS)
		speak(o, p, n);
}

void
output_put(struct output *o, const void *p, size_t n)
{
	send(o, o->output_to, p, n);
}

void
output_print(struct output *o, const char *format, ...)
{
	char text[PRINTED_MAX];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (n > 0)
		output_put(o, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

void
output_put_name(struct output *o, const char *name, const char *without)
{
	for (;;) {
		size_t n = strcspn(name, without);

		output_put(o, name, n);
		if (name[n] == '\0')
			return;
		output_put(o, "?", 1);
		name += n + 1;
	}
}

int
output_settle(struct output *o)
{
	if (output_flush(o) == -1)
		return -1;
	if (o->spoke)
		drain(o);
	return 0;
}

/* In one write, so that nobody reads half of it. */
void
output_say(struct output *o, const char *line)
{
	char text[PRINTED_MAX];
	size_t len = strlen(line), most = sizeof(text) - 1, n = len < most ? len : most;

	memcpy(text, line, n);
	text[n++] = '\n';
	send(o, o->errors_to, text, n);
}
