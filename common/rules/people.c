/* SPDX-License-Identifier: ISC */
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "rules/people.h"

static const char plain_bytes[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

/* NAME, or nothing where it is one that is not shown. */
static void
keep_name(char dst[PEOPLE_NAME_MAX], const char *name)
{
	bool plain = name[strspn(name, plain_bytes)] == '\0';

	if (!plain || strlcpy(dst, name, PEOPLE_NAME_MAX) >= PEOPLE_NAME_MAX)
		dst[0] = '\0';
}

static void
add_group(struct people *p, gid_t gid, const char *name)
{
	for (size_t i = 0; i < p->ngroups; i++)
		if (p->groups[i].gid == gid)
			return;
	if (p->ngroups == PEOPLE_GROUPS)
		return;
	p->groups[p->ngroups].gid = gid;
	keep_name(p->groups[p->ngroups++].name, name);
}

/* Those of the process, which are the account's own. */
static void
add_groups(struct people *p)
{
	/* Not on the stack, each page of which would be touched. */
	static gid_t gids[ACCOUNT_GROUPS];
	int n = getgroups(ACCOUNT_GROUPS, gids);

	for (int i = 0; i < n && p->ngroups < PEOPLE_GROUPS; i++) {
		const struct group *g = getgrgid(gids[i]);

		add_group(p, gids[i], g != NULL ? g->gr_name : "");
	}
}

void
people_init(struct people *p, const struct account *a)
{
	p->uid = a->uid;
	p->ngroups = 0;
	keep_name(p->user, a->name);
	add_group(p, a->gid, a->group);
	add_groups(p);
}

const char *
people_user(const struct people *p, uid_t uid, char *dst)
{
	if (uid == p->uid && p->user[0] != '\0')
		return p->user;
	if (uid == 0)
		return "root";
	snprintf(dst, PEOPLE_NAME_MAX, "%u", (unsigned)uid);
	return dst;
}

const char *
people_group(const struct people *p, gid_t gid, char *dst)
{
	for (size_t i = 0; i < p->ngroups; i++)
		if (p->groups[i].gid == gid && p->groups[i].name[0] != '\0')
			return p->groups[i].name;
	if (gid == 0)
		return "root";
	snprintf(dst, PEOPLE_NAME_MAX, "%u", (unsigned)gid);
	return dst;
}

/* A number that all of TEXT is, but (uid_t)-1, which means nobody: 0, -1. */
static int
read_number(const char *text, unsigned *n)
{
	unsigned long long value;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return -1;
	value = strtoull(text, &end, 10);
	if (*end != '\0' || value >= (unsigned)-1)
		return -1;
	*n = (unsigned)value;
	return 0;
}

int
people_find_user(const struct people *p, const char *name, uid_t *uid)
{
	if (p->user[0] != '\0' && strcmp(name, p->user) == 0)
		*uid = p->uid;
	else if (strcmp(name, "root") == 0)
		*uid = 0;
	else
		return read_number(name, uid);
	return 0;
}

int
people_find_group(const struct people *p, const char *name, gid_t *gid)
{
	for (size_t i = 0; i < p->ngroups; i++)
		if (p->groups[i].name[0] != '\0' && strcmp(name, p->groups[i].name) == 0) {
			*gid = p->groups[i].gid;
			return 0;
		}
	if (strcmp(name, "root") == 0) {
		*gid = 0;
		return 0;
	}
	return read_number(name, gid);
}
