/* SPDX-License-Identifier: ISC */
/* Commands that make and remove: mkdir, rmdir, unlink, rm. */
#include <errno.h>
#include <string.h>

#include "commands/target.h"
#include "commands/verbs.h"
#include "deeds/tree.h"
#include "text/mode.h"
#include "text/text.h"

enum {
	NEW_DIR = 0777
};

static bool
is_directory(struct job *j, const char *path)
{
	struct stat st;

	return deeds_peek(j->deeds, path, DEEDS_FOLLOW, &st) && S_ISDIR(st.st_mode);
}

/* With -m of that mode, whatever umask says. */
static int
make(struct job *j, const char *operand, const char *path)
{
	const char *text = job_value(j, 'm');
	struct answer a = { 0, NULL };
	mode_t mode;
	int end;

	if (text != NULL && mode_change(text, NEW_DIR, true, target_mask(), &mode) == 0)
		end = deeds_mkdir_exactly(j->deeds, path, mode, &a);
	else
		end = deeds_mkdir(j->deeds, path, NEW_DIR, &a);
	return end == 0 ? 0 : job_answer(j, operand, &a);
}

/* What leads there and is not there is made as anything is that has no mode of its own. */
static int
make_parents(struct job *j, const char *operand, char *path)
{
	struct answer a = { 0, NULL };

	for (char *p = strchr(path + 1, '/'); p != NULL; p = strchr(p + 1, '/')) {
		*p = '\0';
		/* Somebody else may have been faster. */
		if (!is_directory(j, path) && deeds_mkdir(j->deeds, path, NEW_DIR, &a) == -1 &&
		    !is_directory(j, path))
			return job_answer(j, operand, &a);
		*p = '/';
	}
	return 0;
}

static int
make_all(struct job *j, const char *operand, const char *said)
{
	struct answer a = { 0, NULL };
	char path[PATH_MAX];

	if (is_directory(j, said))
		return 0;
	if (deeds_real_path(j->deeds, said, path, &a) == -1)
		return job_answer(j, operand, &a);
	if (make_parents(j, operand, path) != 0)
		return JOB_FAILED;
	return is_directory(j, path) ? 0 : make(j, operand, path);
}

int
verb_mkdir(struct job *j)
{
	const char *text = job_value(j, 'm');
	mode_t mode;

	if (text != NULL && mode_change(text, NEW_DIR, true, 0, &mode) == -1)
		return job_say(j, text, "no such mode");
	return target_each_operand(j, 0, job_has(j, 'p') ? make_all : make);
}

/* "." and ".." are names of what has another one. */
static int
check_name(struct job *j, const char *operand, const char *path)
{
	if (target_is_dots(operand))
		return job_say(j, operand, text_error(EINVAL));
	return target_check_slash(j, operand, path);
}

static int
remove_dir(struct job *j, const char *operand, const char *path)
{
	struct answer a = { 0, NULL };

	if (check_name(j, operand, path) != 0)
		return JOB_FAILED;
	return deeds_rmdir(j->deeds, path, &a) == 0 ? 0 : job_answer(j, operand, &a);
}

int
verb_rmdir(struct job *j)
{
	return target_each_operand(j, 0, remove_dir);
}

/* Of a directory -d takes away what is empty. */
static int
take(struct job *j, const char *path, struct answer *a)
{
	struct stat st;

	if (job_has(j, 'd') && deeds_peek(j->deeds, path, DEEDS_HOLD, &st) &&
	    S_ISDIR(st.st_mode))
		return deeds_rmdir(j->deeds, path, a);
	return deeds_remove(j->deeds, path, a);
}

/* With -f what is not there is no error. */
static bool
is_pardoned(const struct job *j, const struct answer *a)
{
	return job_has(j, 'f') && a->text == NULL && (a->err == ENOENT || a->err == ENOTDIR);
}

static int
remove_one(struct job *j, const char *operand, const char *path)
{
	struct answer a = { 0, NULL };

	if (check_name(j, operand, path) != 0)
		return JOB_FAILED;
	if (take(j, path, &a) == 0 || is_pardoned(j, &a))
		return 0;
	return job_answer(j, operand, &a);
}

/* What of an operand was refused, or failed. */
struct tree {
	struct job *j;
	const char *operand;
};

static int
say_within(void *tree, const char *rest, const struct answer *a)
{
	const struct tree *t = tree;
	char said[2 * PATH_MAX];

	if (is_pardoned(t->j, a))
		return 0;
	target_join(said, t->operand, rest);
	(void)job_answer(t->j, said, a);
	return -1;
}

static bool
goes_on(void *tree)
{
	const struct tree *t = tree;

	return target_goes_on(t->j);
}

static int
remove_all(struct job *j, const char *operand, const char *path)
{
	struct tree t = { j, operand };

	if (check_name(j, operand, path) != 0)
		return JOB_FAILED;
	return tree_remove(j->deeds, path,
	    &(struct answer_hearer){ say_within, goes_on, &t });
}

int
verb_rm(struct job *j)
{
	if (j->count == 0 && !job_has(j, 'f')) {
		(void)job_say(j, NULL, "missing operand");
		return JOB_MISUSED;
	}
	return target_each_operand(j, 0, job_has(j, 'r') || job_has(j, 'R') ? remove_all : remove_one);
}

int
verb_unlink(struct job *j)
{
	return target_each_operand(j, 0, remove_one);
}
