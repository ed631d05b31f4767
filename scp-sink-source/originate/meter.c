/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include <bsd/string.h>

#include "originate/figure.h"
#include "originate/meter.h"
#include "text/text.h"
#include "text/utf8.h"

enum {
	NAME_MIN = 16,		/* columns that a longer path has before anything else is left out */
	PART_MAX = 3 * FIGURE_MAX,
	PIECE_MAX = 4 * UTF8_BYTES_MAX + 1	/* bytes of a character, each escaped, NUL included */
};

/* What stands at the right of the path, in this order. */
enum part { PERCENT, BYTES, RATE, TIME, FILES, PARTS };

/* Columns that each has at least, so that none moves when a digit is added: about BYTES, or some of all. */
static const size_t room[2][PARTS] = {
	{ 4, 6, 10, 12, 0 },
	{ 4, 15, 10, 12, 0 },
};

/* Which is left out first. */
static const enum part spare[] = { FILES, BYTES, RATE, TIME, PERCENT };

static const char cut[] = "...";

/* One character of a path, as it is shown. */
struct piece {
	size_t	 taken;		/* bytes of the path */
	size_t	 len;
	unsigned columns;
	char	 text[PIECE_MAX];
};

/* Whether a terminal shows it as it is; then its columns are known. */
static bool
is_shown(struct piece *p, const char *path, uint32_t code)
{
	int columns = wcwidth((wchar_t)code);

	p->len = text_escape(p->text, sizeof(p->text), path, p->taken);
	p->columns = columns > 0 ? (unsigned)columns : 0;
	return columns >= 0 && p->len == p->taken && memcmp(p->text, path, p->len) == 0;
}

static void
take_piece(struct piece *p, const char *path, size_t left, bool utf8)
{
	uint32_t code = 0;

	p->taken = utf8_take(path, left, &code);
	if (p->taken > 1 && utf8 && is_shown(p, path, code))
		return;
	p->len = 0;
	if (p->taken == 0)
		p->taken = 1;
	/* A byte of a character alone is none. */
	for (size_t i = 0; i < p->taken; i++)
		p->len += text_escape(p->text + p->len, sizeof(p->text) - p->len, path + i, 1);
	p->columns = (unsigned)p->len;
}

static size_t
count_columns(const struct meter *m)
{
	struct piece p;
	size_t columns = 0;

	for (size_t at = 0; at < m->len; at += p.taken) {
		take_piece(&p, m->path + at, m->len - at, m->utf8);
		columns += p.columns;
	}
	return columns;
}

static size_t
put(char *dst, size_t at, const char *text, size_t len)
{
	assert(len < METER_MAX - at);
	memcpy(dst + at, text, len);
	dst[at + len] = '\0';
	return at + len;
}

static size_t
put_blanks(char *dst, size_t at, size_t n)
{
	assert(n < METER_MAX - at);
	memset(dst + at, ' ', n);
	dst[at + n] = '\0';
	return at + n;
}

/*
 * The path, of so many COLUMNS, in exactly ROOM of them: its end where it is longer.  Of what stands in
 * no column a terminal is given no more than there are columns.
 */
static size_t
put_path(char *dst, const struct meter *m, size_t columns, size_t room_for)
{
	size_t at = 0, used = 0, over = 0, none = 0;
	bool whole = columns <= room_for;
	struct piece p;

	if (!whole && room_for > 2 * strlen(cut))
		used = strlen(cut);
	at = put(dst, at, cut, used);
	if (!whole)
		over = columns - (room_for - used);
	for (size_t from = 0; from < m->len; from += p.taken) {
		take_piece(&p, m->path + from, m->len - from, m->utf8);
		if (over > 0) {
			over -= p.columns < over ? p.columns : over;
			continue;
		}
		if (p.columns == 0 && (++none > room_for || at == (used > 0 ? strlen(cut) : 0)))
			continue;
		at = put(dst, at, p.text, p.len);
		used += p.columns;
	}
	return put_blanks(dst, at, room_for - used);
}

static void
put_percent(char dst[PART_MAX], const struct meter *m)
{
	if (m->size != METER_UNKNOWN)
		snprintf(dst, PART_MAX, "%u%%", figure_percent(m->done, m->size));
}

static void
put_bytes(char dst[PART_MAX], const struct meter *m)
{
	char done[FIGURE_MAX], size[FIGURE_MAX];

	figure_size(done, m->done);
	figure_size(size, m->size);
	if (m->whole && m->size != METER_UNKNOWN)
		snprintf(dst, PART_MAX, "%s of %s", done, size);
	else
		strlcpy(dst, done, PART_MAX);
}

static void
put_time(char dst[PART_MAX], const struct meter *m)
{
	char clock[FIGURE_MAX];

	figure_clock(clock, m->seconds);
	if (m->over)
		snprintf(dst, PART_MAX, "%s    ", clock);
	else if (m->stalled)
		strlcpy(dst, "- stalled -", PART_MAX);
	else if (m->size != METER_UNKNOWN)
		snprintf(dst, PART_MAX, "%s ETA", clock);
}

static void
put_files(char dst[PART_MAX], const struct meter *m)
{
	char files[FIGURE_MAX], all[FIGURE_MAX];

	figure_count(files, m->files);
	figure_count(all, m->all_files);
	if (m->all_files != METER_UNKNOWN)
		snprintf(dst, PART_MAX, "  %s of %s file%s", files, all, m->all_files == 1 ? "" : "s");
	else
		snprintf(dst, PART_MAX, "  %s file%s", files, m->files == 1 ? "" : "s");
}

static void
put_parts(char parts[PARTS][PART_MAX], const struct meter *m)
{
	char rate[FIGURE_MAX];

	put_percent(parts[PERCENT], m);
	put_bytes(parts[BYTES], m);
	figure_rate(rate, m->rate, "");
	snprintf(parts[RATE], PART_MAX, "%s/s", rate);
	put_time(parts[TIME], m);
	if (m->whole)
		put_files(parts[FILES], m);
}

/* Columns of a part with the blank before it; 0 where there is none. */
static size_t
width_of(const char *part, size_t least)
{
	size_t len = strlen(part);

	return len == 0 ? 0 : 1 + (len > least ? len : least);
}

size_t
meter_line(char dst[METER_MAX], const struct meter *m, unsigned columns)
{
	char parts[PARTS][PART_MAX] = { "" };
	size_t widths[PARTS], all = 0, name = count_columns(m), least, at;

	if (columns > METER_COLUMNS_MAX)
		columns = METER_COLUMNS_MAX;
	dst[0] = '\0';
	if (columns < 2)
		return 0;
	columns--;
	least = name < NAME_MIN ? name : NAME_MIN;
	put_parts(parts, m);
	for (int i = 0; i < PARTS; i++)
		all += widths[i] = width_of(parts[i], room[m->whole && m->size != METER_UNKNOWN][i]);
	for (int i = 0; i < PARTS && all + least > columns; i++) {
		all -= widths[spare[i]];
		widths[spare[i]] = 0;
	}
	at = put_path(dst, m, name, columns - all);
	for (int i = 0; i < PARTS; i++) {
		if (widths[i] == 0)
			continue;
		at = put_blanks(dst, at, widths[i] - strlen(parts[i]));
		at = put(dst, at, parts[i], strlen(parts[i]));
	}
	return at;
}

/* ", 31 directories", of what there is. */
static void
add_count(char dst[METER_SUM_MAX], const char *before, uint64_t n, const char *one, const char *more)
{
	char count[FIGURE_MAX];

	figure_count(count, n);
	strlcat(dst, before, METER_SUM_MAX);
	strlcat(dst, count, METER_SUM_MAX);
	strlcat(dst, n == 1 ? one : more, METER_SUM_MAX);
}

uint64_t
meter_rate(uint64_t bytes, double seconds)
{
	double rate = seconds > 0 ? (double)bytes / seconds : 0;

	return rate < (double)INT64_MAX ? (uint64_t)rate : INT64_MAX;
}

uint64_t
meter_left(uint64_t bytes, uint64_t rate)
{
	return rate == 0 ? METER_UNKNOWN : bytes / rate + (bytes % rate != 0);
}

void
meter_sum(char dst[METER_SUM_MAX], const struct meter_sum *s)
{
	char bytes[FIGURE_MAX], span[FIGURE_MAX], rate[FIGURE_MAX], text[3 * FIGURE_MAX + 10];

	dst[0] = '\0';
	add_count(dst, "", s->files, " file", " files");
	if (s->dirs > 0)
		add_count(dst, ", ", s->dirs, " directory", " directories");
	figure_rate(bytes, s->bytes, " ");
	figure_span(span, (uint64_t)s->seconds);
	figure_rate(rate, meter_rate(s->bytes, s->seconds), " ");
	snprintf(text, sizeof(text), ", %s in %s, %s/s", bytes, span, rate);
	strlcat(dst, text, METER_SUM_MAX);
	if (s->failed > 0)
		add_count(dst, "; ", s->failed, " failed", " failed");
	if (s->skipped > 0)
		add_count(dst, "; ", s->skipped, " left out", " left out");
}
