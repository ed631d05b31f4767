/* SPDX-License-Identifier: ISC */
#include <sys/wait.h>

#include <stdio.h>
#include <string.h>

#include "originate/hello.h"
#include "text/text.h"

/* What ssh ends with of its own, having said why; what a shell does that finds no such program. */
enum {
	STATUS_UNREACHED = 255,
	STATUS_NO_PROGRAM = 127
};

static const char skipped[] = "its start-up files print text, which was skipped:";
static const char advice[] = "they should print for people only, behind [ -t 1 ], in ~/.bashrc, "
    "~/.zshenv, ~/.cshrc, ~/.tcshrc, config.fish or ~/.ssh/rc";
static const char stuck[] = "does one of them wait for input, or start another shell?";
static const char unanswered[] = "it has not answered in SCP: is the account for SFTP only, or does "
    "a start-up file wait for input?";
static const char too_much[] = "it prints too much where the protocol was to be";
static const char astray[] = "it printed text between two records";

void
hello_init(struct hello *h, bool quiet, hello_say *say, void *self)
{
	greeting_init(&h->greeting, GREETING_OF_SINK);
	h->pause = HELLO_PAUSE;
	h->silence = HELLO_SILENCE;
	h->quiet = quiet;
	h->told = false;
	h->say = say;
	h->self = self;
}

/* The next line of text from *AT on, with neither its newline nor blanks at its end. */
static const char *
next_line(const struct greeting *g, size_t *at, size_t *len)
{
	const char *line = g->text + *at;
	const char *end = memchr(line, '\n', g->kept - *at);

	*len = end != NULL ? (size_t)(end - line) : g->kept - *at;
	*at += *len + (end != NULL);
	while (*len > 0 && strchr(" \t\r", line[*len - 1]) != NULL && line[*len - 1] != '\0')
		--*len;
	return line;
}

static void
show_line(struct hello *h, const char *before, const char *line, size_t len)
{
	char said[HELLO_SAID];
	size_t n = strlen(before);

	memcpy(said, before, n + 1);
	if (len > 0) {
		said[n++] = ' ';
		(void)text_escape(said + n, HELLO_SHOWN + 1, line, len);
	}
	h->say(h->self, said);
}

/* Shows the first lines that are not empty: how many those are. */
static int
show(struct hello *h, const char *before)
{
	int shown = 0;

	for (size_t at = 0; at < h->greeting.kept && shown < HELLO_LINES;) {
		size_t len;
		const char *line = next_line(&h->greeting, &at, &len);

		if (len > 0) {
			show_line(h, before, line, len);
			shown++;
		}
	}
	return shown;
}

/* Tells of text that was skipped, and once how to be rid of it. */
static void
tell(struct hello *h)
{
	if (!h->quiet && h->greeting.total > 0) {
		h->say(h->self, skipped);
		if (show(h, "|") == 0)
			show_line(h, "|", "", 0);
		if (!h->told)
			h->say(h->self, advice);
	}
	h->told = true;
}

static enum hello_end
begin(struct hello *h, enum hello_end how)
{
	if (!h->told && h->greeting.total > 0)
		tell(h);
	return how;
}

/* Text and then nothing: somebody is asked something, or the shell is another one. */
static void
tell_stuck(struct hello *h)
{
	tell(h);
	if (!h->quiet)
		h->say(h->self, stuck);
}

static enum hello_end
give_up(struct hello *h)
{
	(void)show(h, "|");
	h->say(h->self, too_much);
	return HELLO_TOO_MUCH;
}

static enum hello_end
lose(struct hello *h)
{
	if (h->told)
		return HELLO_LOST;
	if (h->greeting.total > 0 && !h->quiet)
		tell_stuck(h);
	else
		h->say(h->self, unanswered);
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
		news = hear(s, h->told ? -1 : h->silence);
	else
		news = stream_gather(s, -1);
	if (news == STREAM_SILENT)
		tell_stuck(h);
	if (news == STREAM_LOST)
		return lose(h);
	if (news != STREAM_END)
		return HELLO_UNKNOWN;
	take_rest(h, s);
	if (h->told)
		return HELLO_OTHER;
	return show(h, "it said:") > 0 ? HELLO_OTHER : HELLO_MUTE;
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
	tell(h);
	h->say(h->self, astray);
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

/* Text may be the end without one: what was asked for has come. */
static enum hello_end
wait_behind(struct hello *h, struct stream *s)
{
	enum stream_news news;

	if (has_spoken(h, s))
		news = hear(s, h->greeting.total > 0 ? h->silence : -1);
	else
		news = hear_next(s);
	if (news == STREAM_CAME)
		return HELLO_UNKNOWN;
	if (news == STREAM_LOST)
		return HELLO_LOST;
	take_rest(h, s);
	if (h->greeting.total == 0)
		return HELLO_MUTE;
	tell(h);
	return HELLO_OTHER;
}

enum hello_end
hello_look_behind(struct hello *h, struct stream *s)
{
	enum hello_end end = HELLO_UNKNOWN;

	greeting_init(&h->greeting, GREETING_BEHIND);
	while (end == HELLO_UNKNOWN) {
		enum greeting_verdict v = look(h, s);

		if (v == GREETING_BEGAN || v == GREETING_MESSAGE)
			end = go_on(h, v);
		else
			end = v == GREETING_TOO_MUCH ? give_up(h) : wait_behind(h, s);
	}
	return end;
}

/* Replies that nobody waited for are no text. */
static void
skip_replies(struct stream *s)
{
	const char *from;
	size_t len = stream_unread(s, &from), n = 0;

	while (n < len && from[n] == '\0')
		n++;
	stream_skip(s, n);
}

void
hello_finish(struct hello *h, struct stream *s)
{
	greeting_init(&h->greeting, GREETING_OF_SINK);
	do {
		if (h->greeting.total == 0)
			skip_replies(s);
		take_rest(h, s);
	} while (h->greeting.total <= GREETING_MAX && hear(s, h->silence) == STREAM_CAME);
	if (h->greeting.total > 0)
		tell(h);
}

const char *
hello_explain(enum hello_end end, int status, char text[HELLO_SAID])
{
	if (end != HELLO_MUTE && end != HELLO_OTHER)
		return NULL;
	if (WIFEXITED(status) && WEXITSTATUS(status) == STATUS_NO_PROGRAM)
		return "there is no scp, or not in the PATH of its shell";
	if (end == HELLO_OTHER || (WIFEXITED(status) && WEXITSTATUS(status) == STATUS_UNREACHED))
		return NULL;
	if (WIFSIGNALED(status))
		(void)snprintf(text, HELLO_SAID, "the program that reaches it was ended by signal %d",
		    WTERMSIG(status));
	else
		(void)snprintf(text, HELLO_SAID,
		    "the remote side ended with %d before it said anything", WEXITSTATUS(status));
	return text;
}
