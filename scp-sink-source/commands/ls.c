/* SPDX-License-Identifier: ISC */
/* The lines of ls, which clients parse.  COMMANDS rules 26 to 32. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ask/expansion.h"
#include "commands/verbs.h"
#include "deeds/folder.h"
#include "text/ls.h"

#define FULL_TIME '\1'

static const char line_breaks[] = "\n";
static const char controls[] = "\1\2\3\4\5\6\7\b\t\n\v\f\r\16\17\20\21\22\23\24\25\26\27\30\31\32\33\34\35"
    "\36\37\177";

/* How entries are shown, and to whom. */
struct view {
	struct job *job;
	bool	    is_long;	/* more than a name */
	bool	    signs;	/* behind names */
	bool	    dots;	/* "." and ".." are shown, and */
	bool	    hidden;	/* all other names that begin with a dot */
	bool	    follows;	/* links are what they lead to, where the policy follows any */
	bool	    follows_operands;	/* the same of operands */
	time_t	    now;
	const char *without;	/* bytes that no name is shown with */
};

static void
view_init(struct view *v, struct job *j)
{
	bool all = job_has(j, 'a') || job_has(j, 'f'), follow = j->deeds->root->follow;

	*v = (struct view){
		.job = j,
		.is_long = job_has(j, 'l') || job_has(j, 'n') || job_has(j, FULL_TIME),
		.signs = job_has(j, 'F'),
		.dots = all && !job_has(j, 'A'),
		.hidden = all || job_has(j, 'A'),
		.follows = follow && job_has(j, 'L'),
		.follows_operands = follow && (job_has(j, 'L') || job_has(j, 'H')),
		.now = time(NULL),
		.without = job_has(j, 'q') ? controls : line_breaks,
	};
}

static void
format_time(struct view *v, const struct timespec *when, char date[LS_TIME_MAX])
{
	/* What was made since we began is not of the future. */
	if (when->tv_sec > v->now)
		v->now = time(NULL);
	if (job_has(v->job, FULL_TIME))
		ls_full_time(date, when, v->job->utc);
	else
		ls_date(date, when->tv_sec, v->now, v->job->utc);
}

/* All that stands before the name. */
static void
put_long(struct view *v, const struct stat *st)
{
	const struct people *people = v->job->people;
	char mode[LS_MODE_MAX], size[LS_SIZE_MAX], date[LS_TIME_MAX];
	char user[PEOPLE_NAME_MAX], group[PEOPLE_NAME_MAX];

	ls_mode(mode, st->st_mode);
	ls_size(size, st, job_has(v->job, 'h'));
	format_time(v, &st->st_mtim, date);
	output_print(v->job->output, "%s %ju ", mode, (uintmax_t)st->st_nlink);
	if (job_has(v->job, 'n'))
		output_print(v->job->output, "%u %u", (unsigned)st->st_uid, (unsigned)st->st_gid);
	else
		output_print(v->job->output, "%s %s", people_user(people, st->st_uid, user),
		    people_group(people, st->st_gid, group));
	output_print(v->job->output, " %s %s ", size, date);
}

/* What stands behind the name of what is no link. */
static const char *
sign_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return "/";
	case S_IFLNK:
		return "@";
	case S_IFIFO:
		return "|";
	case S_IFSOCK:
		return "=";
	default:
		return S_ISREG(mode) && (mode & 0111) != 0 ? "*" : "";
	}
}

/* True of an entry behind whose name stands what it leads to. */
static bool
leads(const struct view *v, const struct stat *st)
{
	return v->is_long && S_ISLNK(st->st_mode);
}

/* TEXT: what a link says, as far as that is told; PATH is its own. */
static void
put_target(struct view *v, const char *text, const char *path)
{
	struct deeds *d = v->job->deeds;
	struct answer unsaid;
	struct stat st;

	output_print(v->job->output, " -> ");
	output_put_name(v->job->output, text, v->without);
	if (v->signs && d->root->follow && deeds_look(d, path, DEEDS_FOLLOW, &st, &unsaid) == 0)
		output_print(v->job->output, "%s", sign_of(st.st_mode));
}

static void
put_line(struct view *v, const char *name, const struct stat *st, const char *text,
    const char *path)
{
	struct output *o = v->job->output;

	if (v->is_long)
		put_long(v, st);
	output_put_name(o, name, v->without);
	if (leads(v, st))
		put_target(v, text, path);
	else if (v->signs)
		output_print(o, "%s", sign_of(st->st_mode));
	output_print(o, "\n");
}

static bool
is_wanted(const struct view *v, const char *name)
{
	if (name[0] != '.')
		return true;
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ? v->dots : v->hidden;
}

/* What the entry of that path is instead, if it can be looked at. */
static void
look_again(struct view *v, const char *path, struct stat *st)
{
	struct answer unsaid;
	struct stat seen;

	if (deeds_look(v->job->deeds, path, DEEDS_FOLLOW, &seen, &unsaid) == 0)
		*st = seen;
}

/* A folder says of ".." no more than of ".". */
static void
put_entry(struct view *v, const struct folder *f, struct folder_entry *e)
{
	bool is_link = S_ISLNK(e->st.st_mode), is_parent = strcmp(e->name, "..") == 0;
	char path[PATH_MAX] = "", text[PATH_MAX];

	/* What is above the top is the top; without that, the root's own name would be the root. */
	if ((is_link || is_parent) &&
	    snprintf(path, sizeof(path), "/../%s/%s", f->plain, e->name) >= PATH_MAX)
		path[0] = '\0';
	if (path[0] != '\0' && (is_link ? v->follows : v->is_long))
		look_again(v, path, &e->st);
	if (leads(v, &e->st) && !folder_tells_link(v->job->deeds, f, e->name, text))
		strcpy(text, "?");
	put_line(v, e->name, &e->st, text, path);
}

/* A status. */
static int
list_directory(struct view *v, const char *operand)
{
	struct job *j = v->job;
	struct folder f;
	struct folder_entry e;
	struct answer a;
	char path[PATH_MAX];
	int more = -1;

	folder_init(&f);
	if (job_find(j, operand, path, &a) == 0 && folder_open(j->deeds, &f, path, &a) == 0) {
		if (v->is_long)
			output_print(j->output, "total 0\n");
		while ((more = folder_next(j->deeds, &f, &e, &a)) == 1 && !j->output->lost)
			if (is_wanted(v, e.name))
				put_entry(v, &f, &e);
	}
	folder_close(&f);
	if (more != -1)
		return JOB_DONE;
	(void)job_answer(j, operand, &a);
	return JOB_MISUSED;
}

/* Where links are not followed, one that leads to a directory is listed as that all the same. */
static int
look_at(struct view *v, const char *operand, struct stat *st, struct answer *a)
{
	struct job *j = v->job;
	struct answer unsaid;
	struct stat seen;

	if (job_look(j, operand, v->follows_operands ? DEEDS_FOLLOW : DEEDS_HOLD, st, a) == -1)
		return -1;
	if (!S_ISLNK(st->st_mode) || v->is_long || v->signs || job_has(j, 'd') ||
	    !j->deeds->root->follow)
		return 0;
	if (job_look(j, operand, DEEDS_FOLLOW, &seen, &unsaid) == 0 && S_ISDIR(seen.st_mode))
		*st = seen;
	return 0;
}

static void
put_operand(struct view *v, const char *operand, const struct stat *st)
{
	struct deeds *d = v->job->deeds;
	char path[PATH_MAX], text[PATH_MAX];
	struct answer a;

	if (job_find(v->job, operand, path, &a) == -1)
		path[0] = '\0';
	/* To whom nothing is told that is no reason for the log. */
	if (leads(v, st) && (policy_denies_direction(d->policy, false) != NULL ||
	    deeds_read_link(d, path, text, &a) == -1))
		strcpy(text, "?");
	put_line(v, operand, st, text, path);
}

/* What is no directory is shown; *LISTED: it is one, which comes later. */
static int
take_operand(struct view *v, const char *operand, bool *listed)
{
	struct answer a;
	struct stat st;

	*listed = false;
	if (look_at(v, operand, &st, &a) == -1) {
		(void)job_answer(v->job, operand, &a);
		return JOB_MISUSED;
	}
	*listed = S_ISDIR(st.st_mode) && !job_has(v->job, 'd');
	if (!*listed)
		put_operand(v, operand, &st);
	return JOB_DONE;
}

static void
put_heading(const struct view *v, const char *operand, bool first)
{
	output_print(v->job->output, "%s", first ? "" : "\n");
	output_put_name(v->job->output, operand, v->without);
	output_print(v->job->output, ":\n");
}

static int
list_all(struct view *v, int n, char *const operands[])
{
	bool listed[EXPAND_MAX], first = true;
	int status = JOB_DONE;

	assert(n <= EXPAND_MAX);
	for (int i = 0; i < n; i++) {
		int end = take_operand(v, operands[i], &listed[i]);

		status = end != JOB_DONE ? end : status;
		first = first && (end != JOB_DONE || listed[i]);
	}
	for (int i = 0; i < n; i++) {
		int end = JOB_DONE;

		if (!listed[i])
			continue;
		if (n > 1)
			put_heading(v, operands[i], first);
		end = list_directory(v, operands[i]);
		status = end != JOB_DONE ? end : status;
		first = false;
	}
	return status;
}

int
verb_ls(struct job *j)
{
	static char here[] = ".";
	static char *const nothing[] = { here };
	struct view v;

	view_init(&v, j);
	return j->count == 0 ? list_all(&v, 1, nothing) : list_all(&v, j->count, j->operands);
}
