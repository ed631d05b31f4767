/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <string.h>

#include "log/line.h"
#include "originate/meter.h"
#include "originate/objects.h"
#include "wire/io.h"

enum {
	HOST_MAX = 300,		/* bytes of one, escaped, NUL included */
	WORD_MAX = 1000,	/* of a reason, or what a host says */
	HOSTS_ROOM = 4096	/* that many bytes of an object are written before it goes on */
};

static void
put_null_or(struct line *l, const char *name, uint64_t n)
{
	if (n == UINT64_MAX)
		line_put(l, ",\"%s\":null", name);
	else
		line_put(l, ",\"%s\":%" PRIu64, name, n);
}

static void
put_number(struct line *l, const char *name, uint64_t n)
{
	line_put(l, ",\"%s\":%" PRIu64, name, n);
}

static void
put_path(struct line *l, const char *path, size_t len)
{
	char text[TALLY_STRING_MAX + 1];
	size_t n = len < sizeof(text) - 1 ? len : sizeof(text) - 1;

	memcpy(text, path, n);
	text[n] = '\0';
	line_put_member(l, "path", text, TALLY_STRING_MAX);
}

static void
begin(struct line *l, const char *event)
{
	l->len = 0;
	line_put(l, "{\"event\":\"%s\"", event);
}

/* Whoever does not read it misses it. */
static void
write_line(const struct tally *t, struct line *l)
{
	line_put(l, "}\n");
	(void)io_write_all(t->out, l->text, l->len);
}

void
objects_put(const struct tally *t, const struct object *r)
{
	struct line l;

	if (t->form != TALLY_JSON)
		return;
	begin(&l, r->event);
	if (r->host != NULL)
		line_put_member(&l, "host", r->host, HOST_MAX);
	if (r->path != NULL)
		put_path(&l, r->path, r->len);
	if (r->word != NULL)
		line_put_member(&l, r->word, r->text, WORD_MAX);
	if (r->number != NULL)
		put_number(&l, r->number, r->n);
	write_line(t, &l);
}

void
objects_start(const struct tally *t, const struct tally_count *c)
{
	struct line l;

	if (t->form != TALLY_JSON)
		return;
	begin(&l, "start");
	line_put(&l, ",\"hosts\":[");
	for (size_t i = 0; t->hosts != NULL && t->hosts[i] != NULL; i++) {
		line_put(&l, i > 0 ? ",\"" : "\"");
		line_put_json(&l, t->hosts[i], HOST_MAX);
		line_put(&l, "\"");
		/* Nobody else writes yet. */
		if (l.len > HOSTS_ROOM) {
			(void)io_write_all(t->out, l.text, l.len);
			l.len = 0;
		}
	}
	line_put(&l, "]");
	put_null_or(&l, "files", c->all_files);
	put_null_or(&l, "bytes", c->all);
	write_line(t, &l);
}

void
objects_progress(const struct tally *t, const struct tally_count *c, uint64_t rate)
{
	uint64_t all = c->all, past = c->passed + c->done;
	struct line l;

	if (t->form != TALLY_JSON)
		return;
	begin(&l, "progress");
	if (c->busy != 0)
		put_path(&l, c->path, c->len);
	else
		line_put(&l, ",\"path\":null");
	put_number(&l, "done", c->done);
	put_number(&l, "files", c->files);
	put_number(&l, "bytes", c->bytes + c->done);
	put_null_or(&l, "total", all);
	put_number(&l, "rate", rate);
	put_null_or(&l, "eta", all == TALLY_UNKNOWN || past > all ? METER_UNKNOWN
	    : meter_left(all - past, rate));
	write_line(t, &l);
}

void
objects_end(const struct tally *t, const struct tally_count *c, double seconds, int status)
{
	struct line l;

	if (t->form != TALLY_JSON)
		return;
	begin(&l, "end");
	put_null_or(&l, "files", t->partial ? UINT64_MAX : c->files);
	put_null_or(&l, "directories", t->partial ? UINT64_MAX : c->dirs);
	put_null_or(&l, "bytes", t->partial ? UINT64_MAX : c->bytes);
	line_put(&l, ",\"seconds\":");
	line_put_seconds(&l, seconds);
	put_number(&l, "errors", c->failed);
	put_number(&l, "exit", (uint64_t)status);
	write_line(t, &l);
}
