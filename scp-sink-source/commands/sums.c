/* SPDX-License-Identifier: ISC */
/* Checksums, a line each, as the programs of these names have them.  COMMANDS rule 34. */
#include <assert.h>
#include <string.h>

#include "commands/contents.h"
#include "commands/digest.h"
#include "commands/verbs.h"

static void
add(void *digest, const void *p, size_t n)
{
	digest_add(digest, p, n);
}

/* Behind a backslash, one before each in it, and none of its newlines ends the line. */
static void
put_escaped(struct output *o, const char *name)
{
	for (; *name != '\0'; name++) {
		if (*name == '\n')
			output_put(o, "\\n", 2);
		else if (*name == '\\')
			output_put(o, "\\\\", 2);
		else
			output_put(o, name, 1);
	}
}

static void
put_sum(const struct job *j, const char *hex, const char *name)
{
	struct output *o = j->output;

	if (strpbrk(name, "\\\n") != NULL)
		output_put(o, "\\", 1);
	output_print(o, "%s %s", hex, job_has(j, 'b') && !job_has(j, 't') ? "*" : " ");
	put_escaped(o, name);
	output_put(o, "\n", 1);
}

/* NAME NULL: what the client sends, if that is the input. */
static int
sum_up(struct job *j, const char *name)
{
	struct digest d;
	const struct contents_taker summed = { add, &d };
	char hex[DIGEST_HEX];
	bool known;
	int status;

	known = digest_begin(&d, j->verb->name);
	assert(known);
	status = name != NULL ? contents_read(j, name, &summed)
	    : j->input != NULL ? contents_hear(j, &summed) : JOB_DONE;
	if (status != JOB_DONE)
		return status;
	digest_end(&d, hex);
	put_sum(j, hex, name != NULL ? name : "-");
	return JOB_DONE;
}

int
verb_sum(struct job *j)
{
	int status = JOB_DONE;

	if (j->count == 0 && (j->input != NULL || j->empty_input))
		return sum_up(j, NULL);
	if (j->count == 0) {
		(void)job_say(j, NULL, "missing operand");
		return JOB_MISUSED;
	}
	for (int i = 0; i < j->count && !j->output->lost; i++)
		if (sum_up(j, j->operands[i]) != JOB_DONE)
			status = JOB_FAILED;
	return status;
}
