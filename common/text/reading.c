/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "text/reading.h"

enum role {
	OPENS = 1,		/* something that another word ends */
	CLOSES = 2,		/* that */
	LEADS = 4		/* a command stands behind it */
};

/* Words that mean something to sh, or to bash, where a command begins. */
static const struct {
	const char *text;
	unsigned    roles;
} reserved[] = {
	{ "!", LEADS }, { "{", OPENS | LEADS }, { "}", CLOSES | LEADS },
	{ "case", OPENS }, { "do", LEADS }, { "done", CLOSES | LEADS }, { "elif", LEADS },
	{ "else", LEADS }, { "esac", CLOSES | LEADS }, { "fi", CLOSES | LEADS }, { "for", OPENS },
	{ "function", OPENS }, { "if", OPENS | LEADS }, { "select", OPENS }, { "then", LEADS },
	{ "until", OPENS | LEADS }, { "while", OPENS | LEADS },
};

void
reading_begin(struct reading *r)
{
	*r = (struct reading){ .first = true };
	quoting_begin(&r->quoting);
}

/* What the word at hand, where a command begins, is to sh: a set of roles. */
static unsigned
find_roles(const struct reading *r)
{
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (strlen(reserved[i].text) == r->len && r->len <= READING_WORD &&
		    memcmp(reserved[i].text, r->word, r->len) == 0)
			return reserved[i].roles;
	return 0;
}

static void
end_word(struct reading *r)
{
	unsigned roles = r->first ? find_roles(r) : 0;

	if (r->len == 0)
		return;
	r->first = (roles & LEADS) != 0;
	r->len = 0;
	if ((roles & OPENS) != 0)
		r->opened++;
	else if ((roles & CLOSES) != 0 && r->opened > 0)
		r->opened--;
}

static void
take_operator(struct reading *r, char c)
{
	bool twice = r->last == c;

	r->first = c != '<' && c != '>';
	r->pending = c == '|' || (c == '&' && (twice || r->last == '|'));
	if (c == '(')
		r->parens++;
	else if (c == ')' && r->parens > 0)
		r->parens--;
}

static void
take_bare(struct reading *r, char c)
{
	if (quoting_ends_word(c))
		end_word(r);
	else if (r->len++ < READING_WORD)
		r->word[r->len - 1] = c;
	if (c != '\n')
		r->was_pending = r->pending && c == '\r';
	if (c != ' ' && c != '\t' && c != '\n') {
		r->pending = false;
		if (quoting_ends_word(c))
			take_operator(r, c);
	}
	r->last = c;
}

/* What is quoted, or a part of what quotes: a word that it is in is none of ours. */
static void
take_quoted(struct reading *r)
{
	r->len = READING_WORD + 1;
	r->pending = r->was_pending = false;
	r->last = '\0';
}

/* Two < announce a document, three do not. */
static void
count_angles(struct reading *r, bool one)
{
	if (!one)
		r->document = r->document || r->angles == 2;
	r->angles = one ? r->angles + 1 : 0;
}

static enum reading_end
end_line(struct reading *r)
{
	const struct quoting *q = &r->quoting;

	if (q->lost || r->document)
		return READING_ASTRAY;
	if (q->depth > 0)
		return q->depth == 1 && (q->open[0] == '\'' || q->open[0] == '"') ? READING_GOES_ON
		    : READING_ASTRAY;
	if (r->pending || r->was_pending) {
		r->first = true;
		return READING_GOES_ON;
	}
	return r->opened > 0 || r->parens > 0 ? READING_ASTRAY : READING_ENDS;
}

static enum reading_end
take(struct reading *r, char c)
{
	bool escaped = r->quoting.escaped;
	enum quoting_kind kind = quoting_step(&r->quoting, c);

	count_angles(r, kind == QUOTING_BARE && c == '<');
	if (kind == QUOTING_BARE)
		take_bare(r, c);
	/* Behind a backslash nothing is known before the next byte: the line may go on. */
	else if (kind == QUOTING_QUOTED && !r->quoting.escaped && !(escaped && c == '\n'))
		take_quoted(r);
	return c == '\n' && !escaped ? end_line(r) : READING_GOES_ON;
}

size_t
reading_take(struct reading *r, const char *text, size_t len, enum reading_end *end)
{
	size_t n = 0;

	*end = READING_GOES_ON;
	while (n < len && *end == READING_GOES_ON) {
		char c = text[n++];

		r->begun = r->begun || c != '\0';
		if (r->begun)
			*end = take(r, c);
	}
	return n;
}
