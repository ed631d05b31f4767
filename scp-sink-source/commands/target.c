/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "commands/target.h"
#include "text/text.h"

/* The last component of OPERAND: *LEN bytes, without the slashes behind it; none of "/" alone. */
static const char *
find_base(const char *operand, size_t *len)
{
	size_t end = strlen(operand), begin;

	while (end > 0 && operand[end - 1] == '/')
		end--;
	for (begin = end; begin > 0 && operand[begin - 1] != '/'; begin--)
		;
	*len = end - begin;
	return operand + begin;
}

bool
target_is_dots(const char *operand)
{
	size_t len;
	const char *base = find_base(operand, &len);

	return (len == 1 || len == 2) && strncmp(base, "..", len) == 0;
}

static bool
has_slash(const char *operand)
{
	size_t len = strlen(operand);

	return len > 0 && operand[len - 1] == '/';
}

void
target_join(char dst[2 * PATH_MAX], const char *operand, const char *rest)
{
	snprintf(dst, 2 * (size_t)PATH_MAX, "%s%s%s", operand,
	    rest[0] == '\0' || has_slash(operand) ? "" : "/", rest);
}

int
target_check_slash(struct job *j, const char *operand, const char *path)
{
	struct stat st;

	if (!has_slash(operand) || !deeds_peek(j->deeds, path, DEEDS_HOLD, &st) ||
	    S_ISDIR(st.st_mode))
		return 0;
	return job_say(j, operand, text_error(ENOTDIR));
}

int
target_each_operand(struct job *j, int first, operand_fn *one)
{
	int status = JOB_DONE;

	for (int i = first; i < j->count; i++) {
		char path[PATH_MAX];

		if (job_path(j, j->operands[i], path) != 0 || one(j, j->operands[i], path) != 0)
			status = JOB_FAILED;
	}
	return status;
}

static bool
is_directory(struct job *j, const char *path, enum deeds_link link)
{
	struct stat st;

	return deeds_peek(j->deeds, path, link, &st) && S_ISDIR(st.st_mode);
}

/* Its own name in the directory TARGET, as the client would write it; for what has none that itself. */
static int
name_within(struct job *j, struct passage *p, const char *target)
{
	size_t len;
	const char *base = find_base(p->from_said, &len);
	int n;

	if (len == 0 || target_is_dots(p->from_said))
		n = snprintf(p->to_said, sizeof(p->to_said), "%s", target);
	else
		n = snprintf(p->to_said, sizeof(p->to_said), "%s%s%.*s", target,
		    has_slash(target) ? "" : "/", (int)len, base);
	return n < PATH_MAX ? 0 : job_say(j, target, text_error(ENAMETOOLONG));
}

static int
carry_out(struct job *j, const char *operand, const char *target, bool within, target_fn *one)
{
	struct passage p = { .from_said = operand };

	if (within && name_within(j, &p, target) != 0)
		return JOB_FAILED;
	if (!within)
		snprintf(p.to_said, sizeof(p.to_said), "%s", target);
	if (job_path(j, operand, p.from) != 0 || job_path(j, p.to_said, p.to) != 0)
		return JOB_FAILED;
	return one(j, &p);
}

int
target_each(struct job *j, enum deeds_link link, target_fn *one)
{
	const char *target = j->operands[j->count - 1];
	char path[PATH_MAX];
	int status = JOB_DONE;
	bool within;

	if (job_has(j, 'T') && j->count > 2) {
		(void)job_say(j, NULL, "too many operands");
		return JOB_MISUSED;
	}
	if (job_path(j, target, path) != 0)
		return JOB_FAILED;
	within = !job_has(j, 'T') && is_directory(j, path, link);
	if (!within && j->count > 2)
		return job_say(j, target, text_error(ENOTDIR));
	for (int i = 0; i + 1 < j->count; i++)
		if (carry_out(j, j->operands[i], target, within, one) != JOB_DONE)
			status = JOB_FAILED;
	return status;
}

bool
target_goes_on(struct job *j)
{
	struct output *o = j->output;
	struct pollfd out = { .fd = o->stream->out };

	/* Who has gone is an error of it, and a signal takes it away. */
	if (poll(&out, 1, 0) == 1 || (o->stream->deadline != NULL &&
	    deadline_passed(o->stream->deadline) != NULL))
		o->lost = true;
	return !o->lost;
}

mode_t
target_mask(void)
{
	mode_t mask = umask(0);

	umask(mask);
	return mask;
}
