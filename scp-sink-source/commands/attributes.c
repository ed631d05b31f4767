/* SPDX-License-Identifier: ISC */
/* Commands that set attributes: chmod, chown, chgrp, touch. */
#include <sys/stat.h>

#include <errno.h>
#include <string.h>
#include <time.h>

#include <bsd/string.h>

#include "commands/target.h"
#include "commands/verbs.h"
#include "deeds/file.h"
#include "deeds/tree.h"
#include "text/mode.h"
#include "text/stamp.h"
#include "text/text.h"

enum {
	NEW_FILE = 0666
};

/* What is set on each operand. */
struct setting {
	struct job	*j;
	const char	*operand;
	const struct wish *wish;
	enum deeds_link	 link;
};

static int
say(void *setting, const char *rest, const struct answer *a)
{
	const struct setting *s = setting;
	char said[2 * PATH_MAX];

	target_join(said, s->operand, rest);
	if (job_has(s->j, 'f'))
		return -1;
	/* The words that clients know, where those of SFTP say more. */
	if (a->err == EPERM)
		(void)job_say(s->j, said, text_error(EPERM));
	else
		(void)job_answer(s->j, said, a);
	return -1;
}

static bool
goes_on(void *setting)
{
	const struct setting *s = setting;

	return target_goes_on(s->j);
}

static int
set(struct setting *s, const char *path)
{
	struct deeds *d = s->j->deeds;
	struct answer a = { 0, NULL };

	if (job_has(s->j, 'R'))
		return tree_set(d, path, s->wish, &(struct answer_hearer){ say, goes_on, s });
	return deeds_set(d, path, s->link, s->wish, &a) == 0 ? 0 : say(s, "", &a);
}

/* To all operands but the first one. */
static int
set_each(struct job *j, const struct wish *wish, enum deeds_link link)
{
	int status = JOB_DONE;

	for (int i = 1; i < j->count; i++) {
		struct setting s = { j, j->operands[i], wish, link };
		char path[PATH_MAX];

		if (job_path(j, s.operand, path) != 0 ||
		    target_check_slash(j, s.operand, path) != 0 || set(&s, path) == -1)
			status = JOB_FAILED;
	}
	return status;
}

int
verb_chmod(struct job *j)
{
	struct wish wish = { .change = j->operands[0], .mask = target_mask() };
	mode_t ignored;

	if (mode_change(wish.change, 0, false, 0, &ignored) == -1)
		return job_say(j, wish.change, "no such mode");
	return set_each(j, &wish, DEEDS_FOLLOW);
}

/* OWNER[:[GROUP]] or :GROUP; -1 of what is not said.  NULL, or why there is none such. */
static const char *
read_owner(const struct job *j, const char *text, struct wish *w)
{
	const struct people *p = j->people;
	char name[PEOPLE_NAME_MAX];
	size_t len = strcspn(text, ":");

	if (len >= sizeof(name))
		return "no such user";
	strlcpy(name, text, len + 1);
	if (len > 0 && people_find_user(p, name, &w->uid) == -1)
		return "no such user";
	if (text[len] == ':' && text[len + 1] != '\0' &&
	    people_find_group(p, text + len + 1, &w->gid) == -1)
		return "no such group";
	/* A colon alone means the group of whoever that is. */
	if (len > 0 && text[len] == ':' && text[len + 1] == '\0') {
		if (w->uid != p->uid)
			return "no such group";
		w->gid = p->groups[0].gid;
	}
	return NULL;
}

int
verb_chown(struct job *j)
{
	struct wish wish = { .has_owner = true, .uid = (uid_t)-1, .gid = (gid_t)-1 };
	const char *text = j->operands[0], *why;

	if (strcmp(j->verb->name, "chgrp") != 0)
		why = read_owner(j, text, &wish);
	else
		why = people_find_group(j->people, text, &wish.gid) == -1 ? "no such group" : NULL;
	if (why != NULL)
		return job_say(j, text, why);
	return set_each(j, &wish, job_has(j, 'h') ? DEEDS_HOLD : DEEDS_FOLLOW);
}

/* The time that is said, or now: NULL, or what is said that is none. */
static const char *
read_time(const struct job *j, struct timespec *when)
{
	const char *digits = job_value(j, 't'), *date = job_value(j, 'd');

	*when = (struct timespec){ .tv_nsec = UTIME_NOW };
	if (digits != NULL && stamp_parse_digits(digits, time(NULL), j->utc, &when->tv_sec) == -1)
		return digits;
	if (date != NULL && stamp_parse_date(date, j->utc, &when->tv_sec) == -1)
		return date;
	if (digits != NULL || date != NULL)
		when->tv_nsec = 0;
	return NULL;
}

/* An upload of nothing; what turns up meanwhile is spared. */
static int
make(struct job *j, const char *path, const struct wish *w, struct answer *a)
{
	const struct file_wish new = {
		.flags = FILE_WRITE | FILE_CREATE | FILE_EXCLUSIVE, .has_mode = true, .mode = NEW_FILE,
	};
	struct answer unset = { 0, NULL };
	struct file f;

	if (file_open(j->deeds, &f, path, &new, a) == -1)
		return -1;
	if (w->attrs.times[0].tv_nsec != UTIME_NOW && w->attrs.times[1].tv_nsec != UTIME_NOW)
		(void)file_set(j->deeds, &f, w, &unset);
	if (file_close(j->deeds, &f, a) == -1)
		return -1;
	*a = unset;
	return unset.err == 0 ? 0 : -1;
}

static int
touch(struct job *j, const char *operand, const char *path, const struct wish *w)
{
	struct answer a = { 0, NULL };
	struct stat st;
	int end = 0;

	if (target_check_slash(j, operand, path) != 0)
		return JOB_FAILED;
	if (deeds_peek(j->deeds, path, DEEDS_HOLD, &st))
		end = deeds_set(j->deeds, path, DEEDS_FOLLOW, w, &a);
	else if (!job_has(j, 'c'))
		end = make(j, path, w, &a);
	return end == 0 ? 0 : job_answer(j, operand, &a);
}

int
verb_touch(struct job *j)
{
	struct wish w = { .attrs = { .has_times = true } };
	const char *none = read_time(j, &w.attrs.times[0]);
	int status = JOB_DONE;

	if (none != NULL)
		return job_say(j, none, "no such time");
	w.attrs.times[1] = w.attrs.times[0];
	/* Both are meant where none is said. */
	if (job_has(j, 'a') && !job_has(j, 'm'))
		w.attrs.times[1].tv_nsec = UTIME_OMIT;
	if (job_has(j, 'm') && !job_has(j, 'a'))
		w.attrs.times[0].tv_nsec = UTIME_OMIT;
	for (int i = 0; i < j->count; i++) {
		char path[PATH_MAX];

		if (job_path(j, j->operands[i], path) != 0 ||
		    touch(j, j->operands[i], path, &w) != 0)
			status = JOB_FAILED;
	}
	return status;
}
