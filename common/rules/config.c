/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "paths/root.h"
#include "rules/config.h"
#include "rules/keys.h"
#include "text/near.h"

#define BLANKS " \t"
#define MATCH "match"

static const char match_takes[] = "it takes user or group, and names with commas between them";

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
	void		    (*warn)(const struct config_remark *);	/* NULL: nobody asks */
	struct config_remark *remark;		/* borrowed; its line is the one that is read */
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

/* The failure value: WHY, about WORD. */
static int
remark(struct reader *r, const char *word, const char *why)
{
	strlcpy(r->remark->word, word, sizeof(r->remark->word));
	r->remark->why = why;
	return -1;
}

/* As config_load: 1 where there is no such file. */
static int
open_file(struct reader *r, const char *path)
{
	int fd = root_file(path);
	const char *why;

	if (fd == -1 && errno == ENOENT)
		return 1;
	if (fd == -1)
		why = errno == EACCES ? "the account may not read it" : "it cannot be opened";
	else
		why = judge_file(fd);
	if (why == NULL) {
		r->in = fdopen(fd, "r");
		why = r->in == NULL ? "it cannot be read" : NULL;
	}
	if (why != NULL && fd != -1)
		close(fd);
	r->remark->why = why;
	return why == NULL ? 0 : -1;
}

/* Reads a line without its end: 1, 0 where there is none, or -1 with a remark. */
static int
read_line(struct reader *r)
{
	size_t len = 0;
	int c;

	while ((c = getc(r->in)) != EOF && c != '\n') {
		if (c == '\0' || len == sizeof(r->text) - 1) {
			return remark(r, "", c == '\0' ? "it contains a NUL" : "it is too long");
		}
		r->text[len++] = (char)c;
	}
	/* What cannot be read to its end has not ended. */
	if (ferror(r->in)) {
		r->remark->line = 0;
		return remark(r, "", "it cannot be read");
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
	bool	    may_be_gone;	/* a name that is not known matches nobody; else: a mistake */
	const char *unknown;
} matches[] = {
	{ "user", account_is_user, true, "there is no such user: it matches nobody" },
	{ "group", is_member, false, "there is no such group" },
};

static const struct match *
find_match(const char *word)
{
	for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++)
		if (strcmp(matches[i].word, word) == 0)
			return &matches[i];
	return NULL;
}

/* What no name has: whoever writes it means something that match does not know. */
static bool
is_no_name(const char *name)
{
	return name[0] == '\0' || strpbrk(name, BLANKS "*?![]%=#") != NULL;
}

/* Begins a block. */
static int
take_match(struct reader *r, char *names)
{
	const struct match *m = find_match(take_word(&names));
	const char *name;
	bool ours = false;

	if (m == NULL)
		return remark(r, MATCH, match_takes);
	while ((name = strsep(&names, ",")) != NULL) {
		int is;

		if (is_no_name(name))
			return remark(r, MATCH, match_takes);
		is = m->judge(r->account, name);
		if (is == -1)
			(void)remark(r, name, m->unknown);
		if (is == -1 && !m->may_be_gone)
			return -1;
		if (is == -1 && r->warn != NULL)
			r->warn(r->remark);
		ours = ours || is == 1;
	}
	r->ours = ours;
	if (!r->ours)
		policy_init(&r->scratch);
	keys_begin_source(r->ours ? r->policy : &r->scratch);
	return 0;
}

static int
take_key(struct reader *r, const char *key, const char *value)
{
	const char *why;

	if (keys_set(r->ours ? r->policy : &r->scratch, r->ours ? r->account : &anybody, key, value,
	    &why) == 0)
		return 0;
	if (strchr(key, '=') != NULL)
		return remark(r, key, "a key and its value have a blank between them, and no =");
	if (keys_takes_value(key) == -1)
		r->remark->meant = near_is(key, MATCH) ? MATCH : keys_nearest(key);
	return remark(r, key, why);
}

static int
take_line(struct reader *r)
{
	char *rest = r->text;
	size_t len = strlen(rest);
	const char *key;

	while (len > 0 && strchr(BLANKS, rest[len - 1]) != NULL)
		rest[--len] = '\0';
	key = take_word(&rest);
	if (key[0] == '\0' || key[0] == '#')
		return 0;
	if (strcmp(key, MATCH) == 0)
		return take_match(r, rest);
	return take_key(r, key, rest[0] != '\0' ? rest : NULL);
}

static int
read_lines(struct reader *r)
{
	unsigned *line = &r->remark->line;

	for (*line = 1;; (*line)++) {
		int got = read_line(r);

		if (got != 1)
			return got;
		if (*line > CONFIG_LINES_MAX)
			return remark(r, "", "there are too many lines");
		if (take_line(r) == -1)
			return -1;
	}
}

int
config_load(struct policy *p, const char *path, const struct account *a,
    void (*warn)(const struct config_remark *), struct config_remark *out)
{
	struct reader r = { .account = a, .policy = p, .ours = true, .warn = warn, .remark = out };
	int rc;

	*out = (struct config_remark){ .path = path };
	rc = open_file(&r, path);
	if (rc != 0)
		return rc;
	keys_begin_source(p);
	rc = read_lines(&r);
	fclose(r.in);
	return rc;
}
