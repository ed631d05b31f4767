/* SPDX-License-Identifier: ISC */
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "rules/account.h"

enum {
	PEOPLE_MAX = 100000	/* accounts that are looked through for one of the same number */
};

static const struct token {
	char	    letter;
	size_t	    at;			/* of its text in struct account */
	bool	    component;		/* it can only be one component of a path */
	const char *lacking;		/* why it cannot be used */
} tokens[] = {
	{ 'u', offsetof(struct account, name), true, "%u: the account has no plain name" },
	{ 'g', offsetof(struct account, group), true, "%g: its group has no plain name" },
	{ 'h', offsetof(struct account, home), false, "%h: the account has no home directory" },
};

/* What does not fit is unknown: half a name would be somebody else's. */
static void
copy_text(char *dst, size_t cap, const char *src)
{
	if (strlcpy(dst, src, cap) >= cap)
		dst[0] = '\0';
}

static void
copy_user(struct account *a, const struct passwd *pw)
{
	copy_text(a->name, sizeof(a->name), pw->pw_name);
	copy_text(a->home, sizeof(a->home), pw->pw_dir);
}

static void
look_up_group(struct account *a)
{
	const struct group *gr = getgrgid(a->gid);

	if (gr != NULL)
		copy_text(a->group, sizeof(a->group), gr->gr_name);
}

/* Takes a name that is said, if it is one of our number: -1 where it is another than before. */
static int
take_said(struct account *a, const char *name)
{
	const struct passwd *pw = name != NULL ? getpwnam(name) : NULL;

	if (pw == NULL || pw->pw_uid != a->uid)
		return 0;
	if (a->name[0] != '\0' && strcmp(a->name, pw->pw_name) != 0)
		return -1;
	copy_user(a, pw);
	return 0;
}

/* True where another name has the account's number. */
static bool
has_twin(const struct account *a)
{
	const struct passwd *pw;
	bool found = false;

	setpwent();
	for (size_t i = 0; i < PEOPLE_MAX && !found && (pw = getpwent()) != NULL; i++)
		found = pw->pw_uid == a->uid && strcmp(pw->pw_name, a->name) != 0;
	endpwent();
	return found;
}

int
account_own(struct account *a, const char *const said[ACCOUNT_SAID])
{
	const struct passwd *pw;

	*a = (struct account){ .uid = geteuid(), .gid = getegid(), .ours = true };
	look_up_group(a);
	for (size_t i = 0; i < ACCOUNT_SAID; i++)
		if (take_said(a, said[i]) == -1)
			return -1;
	if (a->name[0] != '\0')
		return 0;
	pw = getpwuid(a->uid);
	if (pw == NULL)
		return 0;
	copy_user(a, pw);
	return has_twin(a) ? -1 : 0;
}

int
account_named(struct account *a, const char *name)
{
	const struct passwd *pw = getpwnam(name);

	if (pw == NULL)
		return -1;
	*a = (struct account){ .uid = pw->pw_uid, .gid = pw->pw_gid };
	copy_user(a, pw);
	look_up_group(a);
	return 0;
}

int
account_is_user(const struct account *a, const char *name)
{
	const struct passwd *pw = getpwnam(name);

	if (pw == NULL)
		return -1;
	return strcmp(pw->pw_name, a->name) == 0;
}

/* The supplementary groups; how many, or -1. */
static int
groups_of(const struct account *a, gid_t groups[ACCOUNT_GROUPS])
{
	int n = ACCOUNT_GROUPS;

	if (a->ours)
		return getgroups(n, groups);
	return getgrouplist(a->name, a->gid, groups, &n) == -1 ? -1 : n;
}

int
account_is_in_group(const struct account *a, const char *name, gid_t *gid)
{
	/* Not on the stack, each page of which would be touched. */
	static gid_t groups[ACCOUNT_GROUPS];
	const struct group *gr = getgrnam(name);
	int n;

	if (gr == NULL)
		return -1;
	*gid = gr->gr_gid;	/* Before the next look-up, which may take its place. */
	if (*gid == a->gid)
		return 1;
	n = groups_of(a, groups);
	for (int i = 0; i < n; i++)
		if (groups[i] == *gid)
			return 1;
	return n == -1 ? -1 : 0;
}

static bool
is_no_name(const char *text)
{
	return text[0] == '\0' || strcmp(text, ".") == 0 || strcmp(text, "..") == 0;
}

/* What stands for % and LETTER, or NULL with *WHY. */
static const char *
find_text(const struct account *a, char letter, const char **why)
{
	if (letter == '%')
		return "%";
	*why = "only %u, %g, %h and %% can stand behind a percent sign";
	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
		const struct token *t = &tokens[i];
		const char *text = (const char *)a + t->at;

		if (t->letter != letter)
			continue;
		*why = t->lacking;
		if (is_no_name(text) || (t->component && strchr(text, '/') != NULL))
			return NULL;
		return text;
	}
	return NULL;
}

int
account_expand(const struct account *a, const char *text, char *dst, size_t cap, const char **why)
{
	size_t used = 0;

	dst[0] = '\0';
	for (; *text != '\0'; text++) {
		char plain[2] = { *text, '\0' };
		const char *piece = *text == '%' ? find_text(a, text[1], why) : plain;

		if (piece == NULL)
			return -1;
		used += strlcpy(dst + used, piece, cap - used);
		if (used >= cap) {
			*why = "it is too long";
			return -1;
		}
		if (*text == '%')
			text++;
	}
	return 0;
}
