/* SPDX-License-Identifier: ISC */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

#include "ask/tilde.h"

enum {
	USER_STEPS = 65536	/* for a user, who may be in a database far away */
};

/* Whether ~USER stands for a directory: HOME, "" where that is where relative paths begin. */
static bool
find_home(const struct account *self, bool others, const char *start, const char *user,
    char home[PATH_MAX])
{
	struct account other;

	strlcpy(home, start != NULL ? start : "", PATH_MAX);
	if (start != NULL)
		return user[0] == '\0' || strcmp(user, self->name) == 0;
	if (user[0] == '\0' || account_is_user(self, user) == 1)
		return true;
	if (!others || account_named(&other, user) == -1)
		return false;
	strlcpy(home, other.home, PATH_MAX);
	return home[0] == '/';
}

/* Puts a backslash before whatever in PATH is not to be expanded. */
static void
escape(char dst[2 * PATH_MAX], const char *path)
{
	for (; *path != '\0'; path++) {
		if (strchr("\\*?[", *path) != NULL)
			*dst++ = '\\';
		*dst++ = *path;
	}
	*dst = '\0';
}

/* What REST, behind a ~, is without it.  "~/-x" must not become what looks like an option. */
static char *
make_relative(const char *rest)
{
	const char *head = "";
	char *made;

	rest += strspn(rest, "/");
	if (rest[0] == '\0')
		head = ".";
	else if (rest[0] == '-' || strncmp(rest, "\\-", 2) == 0)
		head = "./";
	return asprintf(&made, "%s%s", head, rest) == -1 ? NULL : made;
}

const char *
tilde_expand(struct expansion *cost, const struct account *self, bool others, const char *start,
    char **word)
{
	const char *rest = *word + strcspn(*word, "/");
	char user[ACCOUNT_NAME_MAX], home[PATH_MAX], escaped[2 * PATH_MAX], *made;
	size_t len = (size_t)(rest - *word);

	if (**word != '~' || len > sizeof(user))
		return NULL;
	memcpy(user, *word + 1, len - 1);
	user[len - 1] = '\0';
	if (user[0] != '\0' && start == NULL && !expansion_spend(cost, USER_STEPS))
		return expansion_too_much_work;
	if (!find_home(self, others, start, user, home))
		return NULL;
	escape(escaped, home);
	if (home[0] == '\0')
		made = make_relative(rest);
	else if (asprintf(&made, "%s%s", strcmp(home, "/") == 0 && *rest == '/' ? "" : escaped,
	    rest) == -1)
		made = NULL;
	free(*word);
	*word = made;
	return made != NULL ? NULL : expansion_no_memory;
}
