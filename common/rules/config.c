/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "paths/root.h"
#include "rules/config.h"
#include "rules/keys.h"

#define BLANKS " \t"

enum {
	FOR_OTHERS = S_IWGRP | S_IWOTH
};

/*
 * Whom a block is judged for that is not for the account: what depends on who it is must do no harm
 * to everybody else.  Root may have any group.
 */
static const struct account anybody = { .name = "user", .group = "group", .home = "/home/user" };

struct reader {
	FILE		     *in;		/* owned */
	const struct account *account;
	struct policy	     *policy;
	struct policy	      scratch;		/* of the block, where it is not for the account */
	bool		      ours;		/* the block is for the account */
	unsigned	      line;
	char		      text[CONFIG_LINE_MAX];
};

static const char *
judge_file(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return "it cannot be read";
	if (!S_ISREG(st.st_mode))
		return "it is not a regular file";
	if (st.st_uid != 0)
		return "it does not belong to root";
	if ((st.st_mode & FOR_OTHERS) != 0)
		return "its group or others may write to it";
	return NULL;
}

/* As config_load: 1 where there is no such file. */
static int
open_file(struct reader *r, const char *path, const char **why)
{
	int fd = root_file(path);

	if (fd == -1 && errno == ENOENT)
		return 1;
	*why = fd == -1 ? "it cannot be opened" : judge_file(fd);
	if (*why == NULL) {
		r->in = fdopen(fd, "r");
		*why = r->in == NULL ? "it cannot be read" : NULL;
	}
	if (*why != NULL && fd != -1)
		close(fd);
	return *why == NULL ? 0 : -1;
}

/* Reads a line without its end: 1, 0 where there is none, or -1 with *WHY. */
static int
read_line(struct reader *r, const char **why)
{
	size_t len = 0;
	int c;

	while ((c = getc(r->in)) != EOF && c != '\n') {
		if (c == '\0' || len == sizeof(r->text) - 1) {
			*why = c == '\0' ? "it contains a NUL" : "it is too long";
			return -1;
		}
		r->text[len++] = (char)c;
	}
	/* What cannot be read to its end has not ended. */
	if (ferror(r->in)) {
		r->line = 0;
		*why = "it cannot be read";
		return -1;
	}
	if (c == EOF && len == 0)
		return 0;
	if (len > 0 && r->text[len - 1] == '\r')
		len--;
	r->text[len] = '\0';
	return 1;
}

/* The word at *REST, which then is what stands behind it, without blanks between them. */
static char *
take_word(char **rest)
{
	char *word = *rest + strspn(*rest, BLANKS);

	*rest = word + strcspn(word, BLANKS);
	if (**rest != '\0')
		*(*rest)++ = '\0';
	*rest += strspn(*rest, BLANKS);
	return word;
}

static int
is_member(const struct account *a, const char *name)
{
	gid_t gid;

	return account_is_in_group(a, name, &gid);
}

static const struct match {
	const char *word;
	int	  (*judge)(const struct account *, const char *name);
	const char *unknown;
} matches[] = {
	{ "user", account_is_user, "there is no such user" },
	{ "group", is_member, "there is no such group" },
};

static const struct match *
find_match(const char *word)
{
	for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++)
		if (strcmp(matches[i].word, word) == 0)
			return &matches[i];
	return NULL;
}

/* Begins a block.  All its names must exist, for a misspelt one would match nobody. */
static int
take_match(struct reader *r, char *names, const char **why)
{
	const struct match *m = find_match(take_word(&names));
	const char *name;

	*why = "match takes user or group, and names with commas between them";
	if (m == NULL)
		return -1;
	r->ours = false;
	while ((name = strsep(&names, ",")) != NULL) {
		int is = name[0] != '\0' ? m->judge(r->account, name) : -1;

		if (is == -1) {
			*why = name[0] != '\0' ? m->unknown : *why;
			return -1;
		}
		r->ours = r->ours || is == 1;
	}
	if (!r->ours)
		policy_init(&r->scratch);
	keys_begin_source(r->ours ? r->policy : &r->scratch);
	return 0;
}

static int
take_line(struct reader *r, const char **why)
{
	char *rest = r->text;
	size_t len = strlen(rest);
	const char *key;

	while (len > 0 && strchr(BLANKS, rest[len - 1]) != NULL)
		rest[--len] = '\0';
	key = take_word(&rest);
	if (key[0] == '\0' || key[0] == '#')
		return 0;
	if (strcmp(key, "match") == 0)
		return take_match(r, rest, why);
	return keys_set(r->ours ? r->policy : &r->scratch, r->ours ? r->account : &anybody, key,
	    rest[0] != '\0' ? rest : NULL, why);
}

static int
read_lines(struct reader *r, const char **why)
{
	for (r->line = 1;; r->line++) {
		int got = read_line(r, why);

		if (got != 1)
			return got;
		if (r->line > CONFIG_LINES_MAX) {
			*why = "there are too many lines";
			return -1;
		}
		if (take_line(r, why) == -1)
			return -1;
	}
}

int
config_load(struct policy *p, const char *path, const struct account *a, unsigned *line,
    const char **why)
{
	struct reader r = { .account = a, .policy = p, .ours = true };
	int rc;

	*line = 0;
	rc = open_file(&r, path, why);
	if (rc != 0)
		return rc;
	keys_begin_source(p);
	rc = read_lines(&r, why);
	if (rc == -1)
		*line = r.line;
	fclose(r.in);
	return rc;
}
