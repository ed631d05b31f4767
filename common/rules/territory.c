/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <string.h>

#include <bsd/string.h>

#include "rules/territory.h"

/*
 * Root and start: each lies beneath what was said before.  Plain paths have no slash at their
 * beginning, so that "" is beneath everything and everything is beneath it.
 */

/* A path of LEN bytes that could not be said as it is shown is none, whatever stood behind it. */
static const char *
judge_end(const char *path, size_t len)
{
	size_t at = len;

	if (len > 0 && isblank((unsigned char)path[len - 1]))
		return "its last name ends with a blank";
	while (at > 0 && path[at - 1] == '\\')
		at--;
	return (len - at) % 2 == 1 ? "its last name ends with a backslash" : NULL;
}

/* Makes a value plain, its tokens expanded.  *SLASH: it began with one. */
static const char *
take_path(const struct saying *s, char dst[PATH_MAX], bool *slash)
{
	char full[PATH_MAX];
	const char *why;
	size_t used = 0;

	if (account_expand(s->account, s->value, full, sizeof(full), &why) == -1)
		return why;
	*slash = full[0] == '/';
	for (const char *at = full + strspn(full, "/"); *at != '\0'; at += strspn(at, "/")) {
		const char *name = at;
		size_t len = strcspn(at, "/");

		at += len;
		if (len == 2 && strncmp(name, "..", len) == 0)
			return "it contains \"..\"";
		if (len == 1 && name[0] == '.')
			continue;
		if (used > 0)
			dst[used++] = '/';
		memcpy(dst + used, name, len);
		used += len;
	}
	dst[used] = '\0';
	return judge_end(dst, used);
}

/* What of PATH is beneath TOP, "" where it is TOP itself; NULL where it is not beneath it. */
static const char *
rest_beneath(const char *path, const char *top)
{
	size_t len = strlen(top);

	if (len == 0)
		return path;
	if (strncmp(path, top, len) != 0 || (path[len] != '/' && path[len] != '\0'))
		return NULL;
	return path[len] == '/' ? path + len + 1 : path + len;
}

/* The root proper, plain.  It fits, for it has been one value. */
static void
root_proper(const struct policy *p, char dst[PATH_MAX])
{
	strlcpy(dst, p->root + 1, PATH_MAX);
	if (p->inner[0] == '\0')
		return;
	strlcat(dst, "/", PATH_MAX);
	strlcat(dst, p->inner, PATH_MAX);
}

static const char *
take_root(const struct saying *s)
{
	struct policy *p = s->policy;
	char path[PATH_MAX], top[PATH_MAX];
	const char *rest, *why;
	bool slash;

	why = take_path(s, path, &slash);
	if (why != NULL)
		return why;
	if (!slash)
		return s->key->kind->expected;
	root_proper(p, top);
	rest = rest_beneath(path, p->root + 1);
	if (rest == NULL || rest_beneath(path, top) == NULL)
		return "it is not beneath the root before it";
	/* Whether that start is beneath this root, or a path of its own, would be a guess. */
	if (s->after_start)
		return "it comes after start";
	if (top[0] == '\0')
		strlcpy(p->root + 1, path, sizeof(p->root) - 1);
	else
		strlcpy(p->inner, rest, sizeof(p->inner));
	p->has_root = p->has_start = true;
	return NULL;
}

static const char *
take_start(const struct saying *s)
{
	struct policy *p = s->policy;
	char path[PATH_MAX], top[PATH_MAX];
	const char *rest = NULL, *why;
	bool slash;

	if (s->value[0] == '\0')
		return s->key->kind->expected;
	why = take_path(s, path, &slash);
	if (why != NULL)
		return why;
	root_proper(p, top);
	if (slash)
		rest = rest_beneath(path, top);
	if (rest == NULL)
		rest = path;
	if (rest_beneath(rest, p->start) == NULL)
		return "it is not beneath the start before it";
	strlcpy(p->start, rest, sizeof(p->start));
	p->has_start = true;
	return NULL;
}

/* A percent sign is itself where there are two. */
static void
show_path(const char *path, FILE *out)
{
	fputc('/', out);
	for (; *path != '\0'; path++)
		fprintf(out, *path == '%' ? "%%%%" : "%c", *path);
}

static void
show_root(const struct policy *p, const struct key *k, FILE *out)
{
	char top[PATH_MAX];

	if (!p->has_root) {
		fprintf(out, "# %s: none is set\n", k->name);
		return;
	}
	root_proper(p, top);
	fprintf(out, "%s ", k->name);
	show_path(top, out);
	fputc('\n', out);
}

/* With the root before it, so that it can be taken for nothing else. */
static void
show_start(const struct policy *p, const struct key *k, FILE *out)
{
	char top[PATH_MAX];

	if (!p->has_start) {
		fprintf(out, "# %s: the working directory, for sshd the home\n", k->name);
		return;
	}
	root_proper(p, top);
	fprintf(out, "%s ", k->name);
	if (top[0] != '\0')
		show_path(top, out);
	if (top[0] == '\0' || p->start[0] != '\0')
		show_path(p->start, out);
	fputc('\n', out);
}

const struct kind root_kind = {
	.expected = "it takes an absolute path", .take = take_root, .show = show_root
};
const struct kind start_kind = {
	.expected = "it takes a directory beneath the root", .take = take_start, .show = show_start
};
