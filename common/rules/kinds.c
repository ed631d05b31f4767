/* SPDX-License-Identifier: ISC */
#include <string.h>

#include <bsd/string.h>

#include "rules/kinds.h"

enum {
	UMASK_MAX = 0777,
	MODE_TEXT_MAX = 8	/* of one mode, NUL included */
};

static void *
field_of(const struct saying *s)
{
	return (char *)s->policy + s->key->at;
}

static const void *
field_in(const struct policy *p, const struct key *k)
{
	return (const char *)p + k->at;
}

/* Flags: once set, they stay. */

static const char *
take_flag(const struct saying *s)
{
	bool *flag = field_of(s);

	*flag = true;
	return NULL;
}

static void
show_flag(const struct policy *p, const struct key *k, FILE *out)
{
	const bool *flag = field_in(p, k);

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
	unsigned *now = field_of(s);

	if (w == NULL)
		return s->key->choices->expected;
	if (w->value > *now)
		*now = w->value;
	return NULL;
}

static const char *
take_exclusive(const struct saying *s)
{
	const struct choice *w = find_choice(s->key->choices, s->value);
	unsigned *now = field_of(s);

	if (w == NULL)
		return s->key->choices->expected;
	if (*now != 0 && w->value != 0 && *now != w->value)
		return "it is not what was said before";
	if (w->value != 0)
		*now = w->value;
	return NULL;
}

/* The system's log wins; without it, all must be the same. */
static const char *
take_log(const struct saying *s)
{
	const struct choice *w = find_choice(s->key->choices, s->value);
	unsigned *now = field_of(s);

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
	const unsigned *now = field_in(p, k);

	for (const struct choice *w = k->choices->list; w->text != NULL; w++)
		if (w->value == *now)
			fprintf(out, "%s %s\n", k->name, w->text);
}

/* Limits: the smallest wins. */

static const char *
take_limit(const struct saying *s)
{
	const struct kind *kind = s->key->kind;
	uint64_t *now = field_of(s), n = AMOUNT_NONE;

	if (strcmp(s->value, "none") != 0 && kind->parse(s->value, &n) == -1)
		return kind->expected;
	if (n < kind->least || n > kind->most)
		return kind->expected;
	if (n < *now)
		*now = n;
	return NULL;
}

static void
show_limit(const struct policy *p, const struct key *k, FILE *out)
{
	const uint64_t *now = field_in(p, k);
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

/* Modes. */

static const char *
take_umask(const struct saying *s)
{
	mode_t mask;

	if (amount_mode(s->value, &mask) == -1 || mask > UMASK_MAX)
		return s->key->kind->expected;
	s->policy->has_umask = true;
	s->policy->umask |= mask;
	return NULL;
}

static void
show_umask(const struct policy *p, const struct key *k, FILE *out)
{
	if (p->has_umask)
		fprintf(out, "%s %03o\n", k->name, p->umask);
}

/*
 * A bit that is always set may be set.  So sources contradict each other where one always sets what
 * another does not allow, whichever comes first.
 */
static const char *
take_bits(const struct saying *s)
{
	struct policy_bits *now = field_of(s), more = { 0, 0 };
	size_t len = strcspn(s->value, "+");
	char may[MODE_TEXT_MAX];

	if (len >= sizeof(may))
		return s->key->kind->expected;
	memcpy(may, s->value, len);
	may[len] = '\0';
	if (amount_mode(may, &more.may) == -1 ||
	    (s->value[len] == '+' && amount_mode(s->value + len + 1, &more.must) == -1))
		return s->key->kind->expected;
	now->may &= more.may | more.must;
	now->must |= more.must;
	return (now->must & ~now->may) == 0 ? NULL : "it contradicts what was said before";
}

static void
show_bits(const struct policy *p, const struct key *k, FILE *out)
{
	const struct policy_bits *now = field_in(p, k);

	fprintf(out, "%s %03o", k->name, now->may);
	if (now->must != 0)
		fprintf(out, "+%03o", now->must);
	fputc('\n', out);
}

/* The group of new files. */

static const char *
take_group(const struct saying *s)
{
	struct policy *p = s->policy;
	gid_t gid = 0;
	int member;

	if (s->value[0] == '\0' || strlen(s->value) >= sizeof(p->group_name))
		return s->key->kind->expected;
	member = account_is_in_group(s->account, s->value, &gid);
	if (member == -1)
		return "there is no such group";
	if (member == 0 && s->account->uid != 0)
		return "the account is not a member of this group";
	if (p->has_group && p->group != gid)
		return "it is not what was said before";
	p->has_group = true;
	p->group = gid;
	strlcpy(p->group_name, s->value, sizeof(p->group_name));
	return NULL;
}

static void
show_group(const struct policy *p, const struct key *k, FILE *out)
{
	if (p->has_group)
		fprintf(out, "%s %s\n", k->name, p->group_name);
}

/* Patterns of names. */

static const char *
add_rule(const struct saying *s, bool allow)
{
	struct policy *p = s->policy;
	struct policy_rule *r = &p->rules[p->nrules];

	if (s->value[0] == '\0' || strlen(s->value) >= sizeof(r->pattern) ||
	    strchr(s->value, '/') != NULL)
		return s->key->kind->expected;
	if (p->nrules == POLICY_RULES)
		return "there are too many allow and deny";
	*r = (struct policy_rule){ .allow = allow, .source = p->source };
	strlcpy(r->pattern, s->value, sizeof(r->pattern));
	p->nrules++;
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

static void
show_allow(const struct policy *p, const struct key *k, FILE *out)
{
	const struct policy_rule *last = NULL;

	for (unsigned i = 0; i < p->nrules; i++) {
		const struct policy_rule *r = &p->rules[i];

		if (!r->allow)
			continue;
		if (last != NULL && last->source != r->source)
			fputs(KINDS_ALSO "\n", out);
		fprintf(out, "%s %s\n", k->name, r->pattern);
		last = r;
	}
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
const struct kind log_kind = { .take = take_log, .show = show_word };
const struct kind exclusive_kind = { .take = take_exclusive, .show = show_word };
const struct kind allow_kind = {
	.expected = "it takes a pattern of one name", .repeats = true,
	.take = take_allow, .show = show_allow
};
const struct kind deny_kind = {
	.expected = "it takes a pattern of one name", .repeats = true,
	.take = take_deny, .show = show_deny
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
const struct kind umask_kind = {
	.expected = "it takes an octal mode such as 027", .take = take_umask, .show = show_umask
};
const struct kind bits_kind = {
	.expected = "it takes octal modes such as 660 or 640+040",
	.take = take_bits, .show = show_bits
};
const struct kind group_kind = {
	.expected = "it takes the name of a group", .take = take_group, .show = show_group
};
