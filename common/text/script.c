/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "text/quoting.h"
#include "text/script.h"
#include "text/words.h"

static const char no_command[] = "it has an operator without a command";
static const char too_many[] = "it has too many commands";

struct cutter {
	struct script *script;
	struct script_command *command;	/* at hand */
	struct quoting quoting;
	char	   *p, *end;		/* what is left of the line */
	const char *word;		/* where the last word began */
	const char *begin, *behind;	/* of the command's words; BEGIN NULL: it has none */
	const char *operator;		/* before it */
	size_t	    operator_len;
	bool	    named;		/* a word was no assignment */
	bool	    redirected;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

static bool
at_continuation(const char *p, const char *end)
{
	return end - p >= 2 && p[0] == '\\' && p[1] == '\n';
}

static const struct redirection {
	const char *text;
	enum { INPUT, OUTPUT, ERRORS } what;
	bool	    nowhere;	/* /dev/null follows, else it goes where the other one goes */
} redirections[] = {
	{ "2>&1", ERRORS, false }, { "1>&2", OUTPUT, false }, { ">&2", OUTPUT, false },
	{ "1>", OUTPUT, true }, { "2>", ERRORS, true }, { ">", OUTPUT, true }, { "<", INPUT, true },
};

/* What is left at P begins with TEXT: where that ends, or NULL. */
static char *
skip_text(char *p, const char *end, const char *text)
{
	size_t len = strlen(text);

	return (size_t)(end - p) >= len && memcmp(p, text, len) == 0 ? p + len : NULL;
}

static char *
skip_redirection(const struct redirection *r, char *p, const char *end)
{
	p = skip_text(p, end, r->text);
	if (p != NULL && r->nowhere) {
		while (p < end && (*p == ' ' || *p == '\t'))
			p++;
		p = skip_text(p, end, "/dev/null");
	}
	return p != NULL && (p == end || quoting_ends_word(*p)) ? p : NULL;
}

static void
redirect(struct script_command *c, const struct redirection *r)
{
	if (r->what == INPUT)
		c->no_input = true;
	else if (r->what == OUTPUT)
		c->output = r->nowhere ? SCRIPT_NOWHERE : c->errors;
	else
		c->errors = r->nowhere ? SCRIPT_NOWHERE : c->output;
}

/* Whether the word so far would be the number of a descriptor. */
static bool
is_number(const struct cutter *c)
{
	const char *p = c->word;

	while (p < c->p && ((*p >= '0' && *p <= '9') || at_continuation(p, c->p)))
		p += *p == '\\' ? 2 : 1;
	return p == c->p;
}

/* Takes a redirection, if there is one, as the blanks that it becomes. */
static bool
take_redirection(struct cutter *c)
{
	bool within = c->quoting.word;

	if (c->command->why != NULL || (within && is_number(c)))
		return false;
	for (size_t i = 0; i < sizeof(redirections) / sizeof(redirections[0]); i++) {
		const struct redirection *r = &redirections[i];
		char *behind = skip_redirection(r, c->p, c->end);

		if (behind == NULL || (within && r->text[0] != '>' && r->text[0] != '<'))
			continue;
		redirect(c->command, r);
		memset(c->p, ' ', (size_t)(behind - c->p));
		c->p = behind;
		c->quoting.word = false;
		c->redirected = true;
		return true;
	}
	return false;
}

static void
refuse(struct cutter *c, const char *why)
{
	if (c->command->why == NULL)
		c->command->why = why;
}

static bool
is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

/* Whether the word at P assigns: nothing in it up to the = is quoted. */
static bool
assigns(const char *p, const char *end)
{
	bool first = true;

	while (p < end && *p != '=')
		if (at_continuation(p, end)) {
			p += 2;
		} else if (is_letter(*p) || (!first && *p >= '0' && *p <= '9')) {
			first = false;
			p++;
		} else {
			return false;
		}
	return p < end && !first;
}

static void
begin_word(struct cutter *c)
{
	c->word = c->p;
	c->named = c->named || !assigns(c->p, c->end);
	if (!c->named)
		c->command->assigned++;
}

static void
take_comment(struct cutter *c, bool begun)
{
	if (!begun)
		c->script->comment = c->p + 1;
	c->script->comment_len = (size_t)(c->p + 1 - c->script->comment);
}

/* Why the byte at P, or something in it, is no syntax, or NULL. */
static const char *
refuse_byte(const struct cutter *c, enum quoting_kind kind)
{
	if (c->quoting.runs)
		return words_refuse_bare('`');
	/* Whether a $ may stand there is for the command to say. */
	return kind == QUOTING_BARE && *c->p != '$' ? words_refuse_bare(*c->p) : NULL;
}

/* Takes a byte that neither ends the command nor redirects. */
static void
take_byte(struct cutter *c)
{
	bool within = c->quoting.word, comment = c->quoting.comment;
	enum quoting_kind kind = quoting_step(&c->quoting, *c->p);

	if (kind == QUOTING_COMMENT) {
		take_comment(c, comment);
	} else if (kind == QUOTING_QUOTED || !is_blank(*c->p)) {
		if (!within && c->quoting.word)
			begin_word(c);
		if (c->begin == NULL)
			c->begin = c->p;
		c->behind = c->p + 1;
		refuse(c, refuse_byte(c, kind));
	}
	c->p++;
}

static void
take_continuation(struct cutter *c)
{
	for (int i = 0; i < 2; i++)
		(void)quoting_step(&c->quoting, *c->p++);
}

/* The operator that P begins with: its length, and how it JOINs what follows; or 0. */
static size_t
find_operator(const char *p, const char *end, enum script_joint *join)
{
	if (*p == ';') {
		*join = SCRIPT_ALWAYS;
		return 1;
	}
	if (end - p < 2 || p[0] != p[1] || (*p != '&' && *p != '|'))
		return 0;
	*join = *p == '&' ? SCRIPT_AND : SCRIPT_OR;
	return 2;
}

/* Takes all up to the operator that ends the command at hand, or the line: as above. */
static size_t
take_command(struct cutter *c, enum script_joint *join)
{
	const struct quoting *q = &c->quoting;

	while (c->p < c->end) {
		bool bare = q->depth == 0 && !q->escaped && !q->comment;
		size_t operator = bare ? find_operator(c->p, c->end, join) : 0;

		if (operator > 0)
			return operator;
		if (bare && at_continuation(c->p, c->end))
			take_continuation(c);
		/* Behind an operator, and what is none yet, the end of a line is a blank. */
		else if (bare && c->begin == NULL && skip_text(c->p, c->end, "\r\n") != NULL)
			c->p += 2;
		else if (!bare || !take_redirection(c))
			take_byte(c);
	}
	if (q->depth > 0 || q->lost)
		refuse(c, words_not_closed);
	return 0;
}

static void
begin_command(struct cutter *c, enum script_joint join)
{
	c->begin = c->behind = NULL;
	c->named = c->redirected = false;
	c->command = &c->script->list[c->script->count];
	*c->command = (struct script_command){
		.joint = join, .output = SCRIPT_OUTPUT, .errors = SCRIPT_ERRORS
	};
	quoting_begin(&c->quoting);
}

/* Keeps the command at hand, which an operator of AFTER bytes, or the line, ends: what is one. */
static void
keep_command(struct cutter *c, size_t after)
{
	struct script_command *command = c->command;
	bool empty = c->begin == NULL && !c->redirected;

	if (empty && after == 0 && command->joint == SCRIPT_ALWAYS)
		return;
	c->script->count++;
	command->text = c->begin != NULL ? c->begin : c->p;
	command->len = c->begin != NULL ? (size_t)(c->behind - c->begin) : 0;
	if (!empty)
		return;
	command->text = after > 0 ? c->p : c->operator;
	command->len = after > 0 ? after : c->operator_len;
	command->why = no_command;
}

/* All of the line that is left is one command too many. */
static void
keep_rest(struct cutter *c)
{
	c->command->why = too_many;
	c->command->len = (size_t)(c->end - c->command->text);
}

void
script_cut(struct script *s, char *line, size_t len)
{
	struct cutter c = { .script = s, .p = line, .end = line + len };
	enum script_joint join = SCRIPT_ALWAYS;

	s->count = s->comment_len = 0;
	s->comment = NULL;
	while (c.p < c.end && *c.p == '\0')
		c.p++;
	if (c.p < c.end && c.end[-1] == '\r')
		c.end--;
	do {
		begin_command(&c, join);
		len = take_command(&c, &join);
		keep_command(&c, len);
		c.operator = c.p;
		c.operator_len = len;
		c.p += len;
	} while (len > 0 && s->count <= SCRIPT_COMMANDS);
	if (s->count > SCRIPT_COMMANDS)
		keep_rest(&c);
}
