/* SPDX-License-Identifier: ISC */
/* Short answers about one file: what a link says, how large it is, how much room there is. */
#include <errno.h>
#include <inttypes.h>

#include "commands/verbs.h"
#include "text/text.h"

enum {
	KIB = 1024
};

/* Whoever asks what is no link, or is not told, hears nothing: that is an answer. */
int
verb_readlink(struct job *j)
{
	char path[PATH_MAX], text[PATH_MAX];
	struct answer unsaid;

	if (job_find(j, j->operands[0], path, &unsaid) == -1 ||
	    deeds_read_link(j->deeds, path, text, &unsaid) == -1)
		return JOB_FAILED;
	output_put_name(j->output, text, "\n");
	output_put(j->output, "\n", 1);
	return JOB_DONE;
}

int
verb_wc(struct job *j)
{
	const char *name = j->operands[0];
	struct answer a;
	struct stat st;

	if (!job_has(j, 'c')) {
		(void)job_say(j, NULL, "only -c is served");
		return JOB_MISUSED;
	}
	if (job_look(j, name, DEEDS_FOLLOW, &st, &a) == -1)
		return job_answer(j, name, &a);
	if (S_ISDIR(st.st_mode))
		return job_say(j, name, text_error(EISDIR));
	if (!S_ISREG(st.st_mode))
		return job_say(j, name, "not a regular file");
	output_print(j->output, "%jd ", (intmax_t)st.st_size);
	output_put_name(j->output, name, "\n");
	output_put(j->output, "\n", 1);
	return JOB_DONE;
}

/* So many blocks in KiB, and not a byte more than 2^64 on the way. */
static uintmax_t
kib_of(const struct statvfs *fs, uintmax_t blocks)
{
	return blocks / KIB * fs->f_frsize + blocks % KIB * fs->f_frsize / KIB;
}

static void
put_room(struct output *o, const struct statvfs *fs)
{
	uintmax_t used = fs->f_blocks - fs->f_bfree, all = used + fs->f_bavail;

	output_print(o, "Filesystem 1024-blocks Used Available Capacity Mounted on\n");
	output_print(o, "- %ju %ju %ju ", kib_of(fs, fs->f_blocks), kib_of(fs, used),
	    kib_of(fs, fs->f_bavail));
	if (all == 0)
		output_print(o, "- /\n");
	else
		output_print(o, "%ju%% /\n", used / all * 100 + (used % all * 100 + all - 1) / all);
}

int
verb_df(struct job *j)
{
	const char *name = j->count > 0 ? j->operands[0] : ".";
	struct statvfs fs;
	struct answer a;
	char path[PATH_MAX];

	if (job_find(j, name, path, &a) == -1 || deeds_room(j->deeds, path, &fs, &a) == -1)
		return job_answer(j, name, &a);
	put_room(j->output, &fs);
	return JOB_DONE;
}
