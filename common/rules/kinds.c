/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <string.h>

#include <bsd/string.h>

#include "rules/kinds.h"

const char kinds_for_the_file[] = "only the configuration file can say this";

void *
kinds_field(struct policy *p, const struct key *k)
{
	return (char *)p + k->at;
}

const void *
kinds_value(const struct policy *p, const struct key *k)
{
	return (const char *)p + k->at;
}

/* Flags: once set, they stay. */

static const char *
take_flag(const struct saying *s)
{
	bool *flag = kinds_field(s->policy, s->key);

	*flag = true;
	/* Nothing at all would be left. */
	return s->policy->upload_only && s->policy->download_only
	    ? "upload-only and download-only exclude each other" : NULL;
}

static void
show_flag(const struct policy *p, const struct key *k, FILE *out)
{
	const bool *flag = kinds_value(p, k);

	if (*flag)
		fprintf(out, "%s\n", k->name);
}

/* Words: the strictest wins.  Where none is stricter, all must be the same, and 0 gives way. */

static const struct choice *
find_choice(const struct choices *choices, const char *text)
{
	for (const struct choice *w = choices->list; w->text != NULL; w++)
		if (strcmp(w->text, text) == 0)
			return w;
	return NULL;
}

static const char *
take_ordered(const struct saying *s)
{
	const struct choice *w = find_choice(s->key->choices, s->value);
	unsigned *now = kinds_field(s->policy, s->key);

	if (w == NULL)
		return s->key->choices->expected;
	if (w->value > *now)
		*now = w->value;
	return NULL;
}

/* Backups are strict, and yet files that would not be there without them, of names nobody allowed. */
static const char *
take_overwrite(const struct saying *s)
{
	const struct choice *w = find_choice(s->key->choices, s->value);

	if (w != NULL && w->value == OVERWRITE_BACKUP && s->policy->settled &&
	    s->policy->overwrite < OVERWRITE_BACKUP)
		return kinds_for_the_file;
	return take_ordered(s);
}

static const char *
take_exclusive(const struct saying *s)
{
	const struct choice *w = find_choice(s->key->choices, s->value);
	unsigned *now = kinds_field(s->policy, s->key);

	if (w == NULL)
		return s->key->choices->expected;
	if ((*now != 0 || s->policy->settled) && w->value != 0 && *now != w->value)
		return "it is not what was said before";
	if (w->value != 0)
		*now = w->value;
	return NULL;
}

/* As take_exclusive, but a client may say it later, too. */
static const char *
take_protocol(const struct saying *s)
{
	const struct choice *w = find_choice(s->key->choices, s->value);
	unsigned *now = kinds_field(s->policy, s->key);

	if (w == NULL)
		return s->key->choices->expected;
	if (w->value == PROTOCOL_BOTH)
		return NULL;
	if (*now != PROTOCOL_BOTH && *now != w->value)
		return "scp and sftp exclude each other";
	*now = w->value;
	return NULL;
}

/* The system's log wins; without it, all must be the same. */
static const char *
take_log(const struct saying *s)
{
	const struct choice *w = find_choice(s->key->choices, s->value);
	unsigned *now = kinds_field(s->policy, s->key);

	if (w == NULL)
		return s->key->choices->expected;
	if (*now == LOG_WAY_UNSAID || w->value == LOG_WAY_SYSLOG)
		*now = w->value;
	return *now == LOG_WAY_SYSLOG || *now == w->value ? NULL
	    : "it is not what was said before";
}

static void
show_word(const struct policy *p, const struct key *k, FILE *out)
{
	const unsigned *now = kinds_value(p, k);

	for (const struct choice *w = k->choices->list; w->text != NULL; w++)
		if (w->value == *now)
			fprintf(out, "%s %s\n", k->name, w->text);
}

/* Limits: the smallest wins. */

static const char *
take_limit(const struct saying *s)
{
	const struct kind *kind = s->key->kind;
	uint64_t *now = kinds_field(s->policy, s->key), n = AMOUNT_NONE;

	if (strcmp(s->value, "none") != 0 && kind->parse(s->value, &n) == -1)
		return kind->expected;
	if (n < kind->least)
		return "it cannot be 0: without a limit it is none";
	if (n > kind->most)
		return kind->expected;
	if (n < *now)
		*now = n;
	return NULL;
}

static void
show_limit(const struct policy *p, const struct key *k, FILE *out)
{
	const uint64_t *now = kinds_value(p, k);
	char text[AMOUNT_TEXT_MAX];

	k->kind->format(text, *now);
	fprintf(out, "%s %s%s\n", k->name, text, *now == AMOUNT_NONE ? "" : k->kind->suffix);
}

/* What stays free, as a size and as a part of the whole: the most of each. */

static const char *
take_free(const struct saying *s)
{
	uint64_t bytes = 0;
	unsigned percent = 0;

	if (amount_size(s->value, &bytes) == -1 && amount_percent(s->value, &percent) == -1)
		return s->key->kind->expected;
	if (bytes > s->policy->min_free)
		s->policy->min_free = bytes;
	if (percent > s->policy->min_free_percent)
		s->policy->min_free_percent = percent;
	return NULL;
}

static void
show_free(const struct policy *p, const struct key *k, FILE *out)
{
	char text[AMOUNT_TEXT_MAX];

	amount_show_size(text, p->min_free);
	if (p->min_free > 0 || p->min_free_percent == 0)
		fprintf(out, "%s %s\n", k->name, text);
	if (p->min_free_percent > 0)
		fprintf(out, "%s %u%%\n", k->name, p->min_free_percent);
}

/* Patterns of names. */

/* As between two patterns, of which a line has one. */
static bool
has_bare_blank(const char *pattern)
{
	for (const char *p = pattern; *p != '\0'; p++)
		if (*p == '\\' && p[1] != '\0')
			p++;
		else if (isblank((unsigned char)*p))
			return true;
	return false;
}

static const char *
judge_pattern(const struct saying *s)
{
	if (s->value[0] == '\0' || strlen(s->value) > NAME_MAX || strchr(s->value, '/') != NULL)
		return s->key->kind->expected;
	return has_bare_blank(s->value)
	    ? "it takes one pattern: a blank in it needs a backslash before it" : NULL;
}

static void
fill_rule(const struct saying *s, bool allow, struct policy_rule *r)
{
	*r = (struct policy_rule){ .allow = allow, .source = s->policy->source };
	strlcpy(r->pattern, s->value, sizeof(r->pattern));
}

static const char *
add_rule(const struct saying *s, bool allow)
{
	struct policy *p = s->policy;
	const char *why = judge_pattern(s);

	if (why != NULL)
		return why;
	if (p->nrules == POLICY_RULES)
		return "there are too many allow and deny";
	fill_rule(s, allow, &p->rules[p->nrules++]);
	return NULL;
}

static const char *
take_allow(const struct saying *s)
{
	return add_rule(s, true);
}

static const char *
take_deny(const struct saying *s)
{
	return add_rule(s, false);
}

/* A pattern makes names partial: where none are, a client's own word adds none. */
static const char *
take_partial(const struct saying *s)
{
	struct policy *p = s->policy;
	const char *why = judge_pattern(s);

	if (why != NULL || (p->settled && p->npartials == 0))
		return why;
	if (p->npartials == POLICY_PARTIALS)
		return "there are too many partial";
	fill_rule(s, true, &p->partials[p->npartials++]);
	return NULL;
}

/* The rules that allow, those of each source by themselves. */
static void
show_allowed(const struct key *k, const struct policy_rule *rules, unsigned n, FILE *out)
{
	const struct policy_rule *last = NULL;

	for (unsigned i = 0; i < n; i++) {
		const struct policy_rule *r = &rules[i];

		if (!r->allow)
			continue;
		if (last != NULL && last->source != r->source)
			fputs(KINDS_ALSO "\n", out);
		fprintf(out, "%s %s\n", k->name, r->pattern);
		last = r;
	}
}

static void
show_allow(const struct policy *p, const struct key *k, FILE *out)
{
	show_allowed(k, p->rules, p->nrules, out);
}

static void
show_partial(const struct policy *p, const struct key *k, FILE *out)
{
	show_allowed(k, p->partials, p->npartials, out);
}

static void
show_deny(const struct policy *p, const struct key *k, FILE *out)
{
	for (unsigned i = 0; i < p->nrules; i++)
		if (!p->rules[i].allow)
			fprintf(out, "%s %s\n", k->name, p->rules[i].pattern);
}

const struct kind flag_kind = {
	.expected = "it takes no value", .take = take_flag, .show = show_flag
};
const struct kind ordered_kind = { .take = take_ordered, .show = show_word };
const struct kind overwrite_kind = { .take = take_overwrite, .show = show_word };
const struct kind log_kind = { .take = take_log, .show = show_word };
const struct kind exclusive_kind = { .take = take_exclusive, .show = show_word };
const struct kind protocol_kind = { .take = take_protocol, .show = show_word };
const struct kind allow_kind = {
	.expected = "it takes a pattern of one name", .repeats = true,
	.take = take_allow, .show = show_allow
};
const struct kind deny_kind = {
	.expected = "it takes a pattern of one name", .repeats = true,
	.take = take_deny, .show = show_deny
};
const struct kind partial_kind = {
	.expected = "it takes a pattern of one name", .repeats = true,
	.take = take_partial, .show = show_partial
};
const struct kind depth_kind = {
	.expected = "it takes a number from 0 to 2048", .take = take_limit, .show = show_limit,
	.parse = amount_count, .format = amount_show_count, .suffix = "", .most = POLICY_DEPTH_MAX
};
const struct kind count_kind = {
	.expected = "it takes a number, or none", .take = take_limit, .show = show_limit,
	.parse = amount_count, .format = amount_show_count, .suffix = "", .most = AMOUNT_NONE
};
const struct kind size_kind = {
	.expected = "it takes a size such as 10M, or none", .take = take_limit, .show = show_limit,
	.parse = amount_size, .format = amount_show_size, .suffix = "", .most = AMOUNT_NONE
};
/* Nothing can live with no bytes a second, or no seconds: whoever says so means something else. */
const struct kind rate_kind = {
	.expected = "it takes a rate such as 10M/s, or none",
	.take = take_limit, .show = show_limit,
	.parse = amount_rate, .format = amount_show_size, .suffix = "/s", .least = 1,
	.most = AMOUNT_NONE
};
const struct kind time_kind = {
	.expected = "it takes a time such as 90s, 5m, 2h or 1d, or none",
	.take = take_limit, .show = show_limit,
	.parse = amount_seconds, .format = amount_show_seconds, .suffix = "", .least = 1,
	.most = AMOUNT_NONE
};
const struct kind free_kind = {
	.expected = "it takes a size such as 10M, or a part such as 5%", .repeats = true,
	.take = take_free, .show = show_free
};
