/* SPDX-License-Identifier: ISC */
#include <sys/ioctl.h>
#include <sys/wait.h>

#include <langinfo.h>
#include <locale.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "originate/display.h"
#include "originate/meter.h"
#include "originate/objects.h"
#include "originate/report.h"
#include "process.h"
#include "wire/clock.h"
#include "wire/io.h"

enum {
	TICK = CLOCK_NANO / DISPLAY_PER_SECOND,
	USUAL_WIDTH = 80	/* columns of a terminal that does not say */
};

static bool
is_meter(const struct display *d)
{
	return d->tally->form == TALLY_FILES || d->tally->form == TALLY_TOTAL;
}

static void
ask_width(struct display *d)
{
	struct winsize size = { .ws_col = 0 };

	d->width = USUAL_WIDTH;
	if (ioctl(d->tally->out, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		d->width = size.ws_col;
}

/* What terminals show, if there are any. */
static void
ask_locale(struct display *d)
{
	struct tally *t = d->tally;
	bool said = isatty(STDERR_FILENO);

	if (!said && !is_meter(d))
		return;
	t->utf8 = setlocale(LC_CTYPE, "") != NULL && strcasecmp(nl_langinfo(CODESET), "UTF-8") == 0;
	t->ascii = said && !t->utf8;
}

void
display_begin(struct display *d, struct tally *t)
{
	*d = (struct display){ .tally = t, .changed = clock_now() };
	sigemptyset(&d->signals);
	sigaddset(&d->signals, SIGCHLD);
	sigaddset(&d->signals, SIGUSR1);
	sigaddset(&d->signals, SIGWINCH);
#ifdef SIGINFO
	sigaddset(&d->signals, SIGINFO);
#endif
	sigprocmask(SIG_BLOCK, &d->signals, NULL);
	/* Of whoever ends nobody would hear, where who started us does not want to. */
	signal(SIGCHLD, SIG_DFL);
	if (is_meter(d))
		ask_width(d);
	ask_locale(d);
}

static double
seconds_since(int64_t then)
{
	return then == 0 ? 0 : (double)(clock_now() - then) / CLOCK_NANO;
}

/* How much has moved until now, for the rate. */
static void
sample(struct display *d, const struct tally_count *c)
{
	unsigned last = (d->n + DISPLAY_SAMPLES - 1) % DISPLAY_SAMPLES;
	int64_t now = clock_now();

	if (d->n == 0 || d->samples[last].moved != c->moved || !d->awake)
		d->changed = now;
	d->samples[d->n % DISPLAY_SAMPLES].at = now;
	d->samples[d->n % DISPLAY_SAMPLES].moved = c->moved;
	/* Which number it has does not matter, but for whether all are taken. */
	if (++d->n == 2 * DISPLAY_SAMPLES)
		d->n = DISPLAY_SAMPLES;
}

/* Bytes a second, of the last seconds. */
static uint64_t
rate_of(const struct display *d)
{
	unsigned first = d->n < DISPLAY_SAMPLES ? 0 : d->n % DISPLAY_SAMPLES;
	unsigned last = (d->n + DISPLAY_SAMPLES - 1) % DISPLAY_SAMPLES;

	if (d->n == 0)
		return 0;
	return meter_rate(d->samples[last].moved - d->samples[first].moved,
	    (double)(d->samples[last].at - d->samples[first].at) / CLOCK_NANO);
}

static struct meter
describe(const struct display *d, const struct tally_count *c)
{
	struct meter m = {
		.path = c->path, .len = c->len, .utf8 = d->tally->utf8, .done = c->done,
		.size = c->size, .rate = rate_of(d), .seconds = METER_UNKNOWN,
		.whole = d->tally->form == TALLY_TOTAL, .files = c->files, .all_files = c->all_files,
		.stalled = clock_now() - d->changed >= (int64_t)DISPLAY_STALLED * CLOCK_NANO,
	};

	if (m.whole) {
		m.done = c->passed + c->done;
		m.size = c->all;
	}
	if (m.size != METER_UNKNOWN)
		m.seconds = meter_left(m.size > m.done ? m.size - m.done : 0, m.rate);
	return m;
}

/* Takes our line off the terminal. */
static void
clear(struct display *d)
{
	char blank[METER_COLUMNS_MAX + 2];
	unsigned n = d->width < METER_COLUMNS_MAX ? d->width : METER_COLUMNS_MAX;

	if (!atomic_exchange(&d->tally->page->drawn, false) || !report_is_seen(d->tally))
		return;
	memset(blank, ' ', sizeof(blank));
	blank[0] = blank[n] = '\r';
	(void)io_write_all(d->tally->out, blank, n + 1);
}

static void
draw(struct display *d, const struct tally_count *c)
{
	struct tally_page *page = d->tally->page;
	bool seen = report_is_seen(d->tally);
	char line[METER_MAX + 1];
	struct meter m;

	atomic_store(&page->columns, seen ? d->width : 0);
	/* In the background nothing is shown, nor taken away. */
	if (!seen) {
		atomic_store(&page->drawn, false);
		return;
	}
	/* Before anything comes a password may be asked for. */
	if (!d->awake || (c->busy == 0 && d->tally->form == TALLY_FILES)) {
		clear(d);
		return;
	}
	m = describe(d, c);
	line[0] = '\r';
	atomic_store(&page->drawn, true);
	(void)io_write_all(d->tally->out, line, 1 + meter_line(line + 1, &m, d->width));
}

/* Whatever comes changes it. */
static uint64_t
events_of(const struct tally_count *c)
{
	return c->moved + c->files + c->dirs + c->failed + c->skipped;
}

static void
turn(struct display *d)
{
	struct tally_count c;

	/* Half of it is worse than what is shown already. */
	if (!tally_read(d->tally, &c))
		return;
	if (c.busy != 0 || events_of(&c) != d->events)
		d->awake = true;
	sample(d, &c);
	if (is_meter(d))
		draw(d, &c);
	d->other = !d->other;
	if (!d->other && d->awake)
		objects_progress(d->tally, &c, rate_of(d));
}

static void
put_sum(const struct tally_count *c, double seconds, char text[METER_SUM_MAX])
{
	struct meter_sum s = {
		.files = c->files, .dirs = c->dirs, .bytes = c->bytes + c->done,
		.failed = c->failed, .skipped = c->skipped, .seconds = seconds,
	};

	meter_sum(text, &s);
}

static void
say_sum(struct display *d)
{
	struct tally_count c;
	char text[METER_SUM_MAX];

	(void)tally_read(d->tally, &c);
	put_sum(&c, seconds_since(c.begun), text);
	report_say(d->tally, d->tally->partial && c.begun == 0 ? "scp: others copy, and how much is not known here"
	    : text);
}

static bool
has_ended(pid_t pid)
{
	siginfo_t info = { .si_pid = 0 };

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == -1 ||
	    info.si_pid != 0;
}

/* Until the next line is due, or a signal comes; one that has a handler has it. */
static void
wait_for_signal(struct display *d)
{
	int64_t left = d->next - clock_now();
	struct timespec patience = clock_timespec(left > 0 ? left : 0);
	int signal = sigtimedwait(&d->signals, NULL, &patience);

	if (signal == SIGWINCH && is_meter(d)) {
		ask_width(d);
		d->next = 0;
	} else if (signal == SIGUSR1) {
		say_sum(d);
	}
#ifdef SIGINFO
	if (signal == SIGINFO)
		say_sum(d);
#endif
}

void
display_attend(struct display *d, pid_t pid)
{
	struct tally_count c;
	bool told = false;

	(void)tally_read(d->tally, &c);
	d->awake = false;
	d->events = events_of(&c);
	d->next = clock_now();
	while (!has_ended(pid)) {
		int64_t now = clock_now();

		if (!told && process_told() != 0)
			told = kill(pid, SIGTERM) == 0;

		if (now >= d->next) {
			turn(d);
			d->next = now + TICK;
		}
		wait_for_signal(d);
	}
	clear(d);
	report_settle(d->tally);
}

void
display_end(struct display *d, int status)
{
	struct tally *t = d->tally;
	struct tally_count c;
	double seconds;
	char text[METER_SUM_MAX + 1];

	report_begin(t);
	(void)tally_read(t, &c);
	seconds = seconds_since(c.begun);
	/* What a program that reaches a host had to say is not counted. */
	if (status != 0 && c.failed == 0)
		c.failed = 1;
	objects_end(t, &c, seconds, status);
	/* Of what others have copied nothing is known. */
	if (c.begun == 0)
		return;
	put_sum(&c, seconds, text);
	if (t->form == TALLY_TOTAL && report_is_seen(t)) {
		strcat(text, "\n");
		(void)io_write_all(t->out, text, strlen(text));
	} else if (t->verbose) {
		report_say(t, text);
	}
}
