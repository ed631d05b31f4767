/* SPDX-License-Identifier: ISC */
#include "commands/contents.h"
#include "commands/verbs.h"
#include "deeds/file.h"

enum {
	PIECE = 65536
};

/* N bytes have moved: false where the session is to end. */
static bool
keep_pace(struct stream *s, size_t n)
{
	return pace_keep(&s->pace, n, s->deadline, s->in) &&
	    (s->deadline == NULL || deadline_passed(s->deadline) == NULL);
}

/* NULL, or why there is no more of it. */
static const char *
take_all(struct job *j, struct file *f, const struct contents_taker *t)
{
	struct stream *s = j->output->stream;
	char piece[PIECE];
	struct answer a;
	size_t got;

	for (uint64_t at = 0; !j->output->lost; at += got) {
		if (file_read(j->deeds, f, at, piece, pace_chunk(&s->pace, sizeof(piece)), &got, &a) ==
		    -1)
			return answer_text(&a);
		if (got == 0)
			return NULL;
		t->take(t->taker, piece, got);
		if (!keep_pace(s, got))
			j->output->lost = true;
	}
	return "the session ended";
}

int
contents_read(struct job *j, const char *operand, const struct contents_taker *t)
{
	const struct file_wish wish = { .flags = FILE_READ };
	char path[PATH_MAX];
	struct file f;
	struct answer a;
	const char *why;

	if (job_find(j, operand, path, &a) == -1 || file_open(j->deeds, &f, path, &wish, &a) == -1)
		return job_answer(j, operand, &a);
	why = take_all(j, &f, t);
	if (why != NULL) {
		file_drop(j->deeds, &f, why);
		return job_say(j, operand, why);
	}
	return file_close(j->deeds, &f, &a) == 0 ? JOB_DONE : job_answer(j, operand, &a);
}

int
contents_hear(struct job *j, const struct contents_taker *t)
{
	struct stream *s = j->input;
	const char *from;

	while (stream_has_input(s)) {
		size_t n = stream_unread(s, &from);

		t->take(t->taker, from, n);
		stream_skip(s, n);
		if (!keep_pace(s, n))
			s->lost = true;
	}
	return s->lost ? JOB_FAILED : JOB_DONE;
}

static void
put(void *output, const void *p, size_t n)
{
	output_put(output, p, n);
}

int
verb_cat(struct job *j)
{
	const struct contents_taker shown = { put, j->output };
	int status = JOB_DONE;

	if (j->count == 0 && !j->empty_input) {
		(void)job_say(j, NULL, "missing operand");
		return JOB_MISUSED;
	}
	for (int i = 0; i < j->count && !j->output->lost; i++)
		if (contents_read(j, j->operands[i], &shown) != JOB_DONE)
			status = JOB_FAILED;
	return status;
}
