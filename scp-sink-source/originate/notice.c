/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "originate/notice.h"
#include "text/text.h"

static const char skipped[] = "its start-up files print text, which was skipped:";
static const char advice[] = "they should print for people only, behind [ -t 1 ], in ~/.bashrc, "
    "~/.zshenv, ~/.cshrc, ~/.tcshrc, config.fish or ~/.ssh/rc";
static const char stuck[] = "does one of them wait for input, or start another shell?";
const char notice_no_answer[] = "it has not answered in SCP: is the account for SFTP only, or does "
    "a start-up file wait for input?";
static const char too_much[] = "it prints too much where the protocol was to be";
static const char astray[] = "it printed text between two records";

static void
say(struct notice *n, const char *line)
{
	n->say(n->self, line);
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
show_line(struct notice *n, const char *before, const char *line, size_t len)
{
	char text[NOTICE_SAID];
	size_t used = strlen(before);

	memcpy(text, before, used + 1);
	if (len > 0) {
		text[used++] = ' ';
		(void)text_escape(text + used, NOTICE_SHOWN + 1, line, len);
	}
	say(n, text);
}

/* Shows the first lines that are not empty: how many those are. */
static int
show(struct notice *n, const struct greeting *g, const char *before)
{
	int shown = 0;

	for (size_t at = 0; at < g->kept && shown < NOTICE_LINES;) {
		size_t len;
		const char *line = next_line(g, &at, &len);

		if (len > 0) {
			show_line(n, before, line, len);
			shown++;
		}
	}
	return shown;
}

void
notice_skipped(struct notice *n, const struct greeting *g)
{
	if (g->total > 0 && !n->quiet) {
		say(n, skipped);
		if (show(n, g, "|") == 0)
			show_line(n, "|", "", 0);
		if (!n->told)
			say(n, advice);
	}
	n->told = n->told || g->total > 0;
}

void
notice_stuck(struct notice *n, const struct greeting *g)
{
	notice_skipped(n, g);
	n->told = true;
	if (!n->quiet)
		say(n, stuck);
}

bool
notice_instead(struct notice *n, const struct greeting *g)
{
	return n->told ? g->total > 0 : show(n, g, "it said:") > 0;
}

void
notice_too_much(struct notice *n, const struct greeting *g)
{
	(void)show(n, g, "|");
	say(n, too_much);
}

void
notice_astray(struct notice *n, const struct greeting *g)
{
	notice_skipped(n, g);
	say(n, astray);
}

void
notice_unanswered(struct notice *n, const struct greeting *g)
{
	if (n->told)
		return;
	if (!n->quiet)
		notice_stuck(n, g);
	else
		say(n, notice_no_answer);
	n->told = true;
}
