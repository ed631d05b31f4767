/* SPDX-License-Identifier: ISC */
#include <string.h>

#include <bsd/string.h>

#include "rules/modes.h"

enum {
	UMASK_MAX = 0777,
	MODE_TEXT_MAX = 8	/* of one mode, NUL included */
};

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
	else
		fprintf(out, "# %s: that of the login\n", k->name);
}

/*
 * A bit that is always set may be set.  So sources contradict each other where one always sets what
 * another does not allow, whichever comes first.
 */
static const char *
take_bits(const struct saying *s)
{
	struct policy_bits *now = kinds_field(s->policy, s->key), more = { 0, 0 };
	size_t len = strcspn(s->value, "+");
	char may[MODE_TEXT_MAX];

	if (len >= sizeof(may))
		return s->key->kind->expected;
	memcpy(may, s->value, len);
	may[len] = '\0';
	if (amount_mode(may, &more.may) == -1 ||
	    (s->value[len] == '+' && amount_mode(s->value + len + 1, &more.must) == -1))
		return s->key->kind->expected;
	if (s->policy->settled && (more.must & ~now->must) != 0)
		return kinds_for_the_file;
	now->may &= more.may | more.must;
	now->must |= more.must;
	return (now->must & ~now->may) == 0 ? NULL : "it contradicts what was said before";
}

static void
show_bits(const struct policy *p, const struct key *k, FILE *out)
{
	const struct policy_bits *now = kinds_value(p, k);

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
	if (p->settled && !p->has_group)
		return kinds_for_the_file;
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
	else
		fprintf(out, "# %s: that of the account, or of the directory\n", k->name);
}

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
