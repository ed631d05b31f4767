/* SPDX-License-Identifier: ISC */
#include <sys/wait.h>

#include <stdio.h>

#include "originate/hello.h"
#include "wire/clock.h"

/* What ssh ends with of its own, having said why; what a shell does that finds no such program. */
enum {
	STATUS_UNREACHED = 255,
	STATUS_NO_PROGRAM = 127
};

void
hello_init(struct hello *h, bool quiet, notice_say *say, void *self)
{
	greeting_init(&h->greeting, GREETING_OF_SINK);
	h->notice = (struct notice){ .say = say, .self = self, .quiet = quiet };
	h->pause = HELLO_PAUSE;
	h->silence = HELLO_SILENCE;
}

static enum hello_end
begin(struct hello *h, enum hello_end how)
{
	if (!h->notice.told)
		notice_skipped(&h->notice, &h->greeting);
	return how;
}

static enum hello_end
give_up(struct hello *h)
{
	notice_too_much(&h->notice, &h->greeting);
	return HELLO_TOO_MUCH;
}

static enum hello_end
lose(struct hello *h)
{
	if (h->greeting.total == 0)
		return HELLO_SILENT;
	notice_unanswered(&h->notice, &h->greeting);
	return HELLO_LOST;
}

/* What was read is all that comes. */
static void
take_rest(struct hello *h, struct stream *s)
{
	const char *from;
	size_t len = stream_unread(s, &from);

	greeting_end(&h->greeting, from, len);
	stream_skip(s, len);
}

static enum greeting_verdict
look(struct hello *h, struct stream *s)
{
	const char *from;
	size_t len = stream_unread(s, &from), taken;
	enum greeting_verdict v = greeting_take(&h->greeting, from, len, &taken);

	stream_skip(s, taken);
	return v;
}

/* Waits for the peer, who is idle meanwhile. */
static enum stream_news
hear(struct stream *s, int patience)
{
	bool able = deadline_await(s->deadline, DEADLINE_CLIENT, -1);
	enum stream_news news = able ? stream_gather(s, patience) : STREAM_LOST;

	deadline_work(s->deadline);
	return news;
}

static bool
has_spoken(const struct hello *h, const struct stream *s)
{
	const char *from;

	return h->greeting.total > 0 || stream_unread(s, &from) > 0;
}

/* A NUL that nothing stands before is the sink's; behind text it is if it is the last byte. */
static enum hello_end
confirm(struct hello *h, struct stream *s)
{
	enum stream_news news = STREAM_SILENT;

	if (h->greeting.total > 0)
		news = hear(s, h->pause);
	if (news == STREAM_LOST)
		return lose(h);
	return news == STREAM_CAME ? HELLO_UNKNOWN : begin(h, HELLO_BEGAN);
}

static enum hello_end
wait_on(struct hello *h, struct stream *s)
{
	enum stream_news news;

	if (has_spoken(h, s))
		news = hear(s, h->notice.told ? -1 : h->silence);
	else
		news = stream_gather(s, -1);
	if (news == STREAM_SILENT)
		notice_stuck(&h->notice, &h->greeting);
	if (news == STREAM_LOST)
		return lose(h);
	if (news != STREAM_END)
		return HELLO_UNKNOWN;
	take_rest(h, s);
	return notice_instead(&h->notice, &h->greeting) ? HELLO_OTHER : HELLO_MUTE;
}

enum hello_end
hello_await(struct hello *h, struct stream *s, enum greeting_of of)
{
	enum hello_end end = HELLO_UNKNOWN;

	greeting_init(&h->greeting, of);
	while (end == HELLO_UNKNOWN) {
		enum greeting_verdict v = look(h, s);

		if (v == GREETING_BEGAN)
			end = begin(h, HELLO_BEGAN);
		else if (v == GREETING_MESSAGE)
			end = begin(h, HELLO_MESSAGE);
		else if (v == GREETING_TOO_MUCH)
			end = give_up(h);
		else
			end = v == GREETING_MAYBE ? confirm(h, s) : wait_on(h, s);
	}
	return end;
}

/* A record came; where text did before, it is out of step. */
static enum hello_end
go_on(struct hello *h, enum greeting_verdict v)
{
	if (h->greeting.total == 0)
		return v == GREETING_BEGAN ? HELLO_BEGAN : HELLO_MESSAGE;
	notice_astray(&h->notice, &h->greeting);
	return HELLO_ASTRAY;
}

/* One call, as ever, between two records. */
static enum stream_news
hear_next(struct stream *s)
{
	if (stream_has_input(s))
		return STREAM_CAME;
	return s->lost ? STREAM_LOST : STREAM_END;
}

/* Behind the protocol nobody is waited for much longer, however often he says a word. */
static enum stream_news
hear_rest(struct hello *h, struct stream *s)
{
	int64_t now = clock_now(), left;

	if (h->since == 0)
		h->since = now;
	left = h->silence - (now - h->since) / CLOCK_MILLI;
	return left > 0 ? hear(s, (int)left) : STREAM_SILENT;
}

/* Text may be the end without one: what was asked for has come. */
static enum hello_end
wait_behind(struct hello *h, struct stream *s)
{
	enum stream_news news;

	if (h->greeting.total > 0)
		news = hear_rest(h, s);
	else if (has_spoken(h, s))
		news = hear(s, -1);
	else
		news = hear_next(s);
	if (news == STREAM_CAME)
		return HELLO_UNKNOWN;
	if (news == STREAM_LOST)
		return HELLO_LOST;
	take_rest(h, s);
	if (h->greeting.total == 0)
		return HELLO_MUTE;
	notice_skipped(&h->notice, &h->greeting);
	return HELLO_OTHER;
}

enum hello_end
hello_look_behind(struct hello *h, struct stream *s)
{
	enum hello_end end = HELLO_UNKNOWN;

	greeting_init(&h->greeting, GREETING_BEHIND);
	h->since = 0;
	while (end == HELLO_UNKNOWN) {
		enum greeting_verdict v = look(h, s);

		if (v == GREETING_BEGAN || v == GREETING_MESSAGE)
			end = go_on(h, v);
		else
			end = v == GREETING_TOO_MUCH ? give_up(h) : wait_behind(h, s);
	}
	return end;
}

/* Replies that nobody waited for are no text: how many. */
static size_t
skip_replies(struct stream *s)
{
	const char *from;
	size_t len = stream_unread(s, &from), n = 0;

	while (n < len && from[n] == '\0')
		n++;
	stream_skip(s, n);
	return n;
}

void
hello_finish(struct hello *h, struct stream *s)
{
	size_t replies = 0;

	greeting_init(&h->greeting, GREETING_OF_SINK);
	h->since = 0;
	do {
		if (h->greeting.total == 0)
			replies += skip_replies(s);
		take_rest(h, s);
	} while (h->greeting.total + replies <= GREETING_MAX && hear_rest(h, s) == STREAM_CAME);
	notice_skipped(&h->notice, &h->greeting);
}

const char *
hello_explain(enum hello_end end, int status, char text[NOTICE_SAID])
{
	if (end != HELLO_MUTE && end != HELLO_OTHER)
		return NULL;
	if (WIFEXITED(status) && WEXITSTATUS(status) == STATUS_NO_PROGRAM)
		return "there is no scp, or not in the PATH of its shell";
	if (end == HELLO_OTHER || (WIFEXITED(status) && WEXITSTATUS(status) == STATUS_UNREACHED))
		return NULL;
	if (WIFSIGNALED(status))
		(void)snprintf(text, NOTICE_SAID, "the program that reaches it was ended by signal %d",
		    WTERMSIG(status));
	else
		(void)snprintf(text, NOTICE_SAID,
		    "the remote side ended with %d before it said anything", WEXITSTATUS(status));
	return text;
}
