/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "commands/fish.h"
#include "commands/scope.h"
#include "deeds/file.h"
#include "text/text.h"

static const char greeting[] = "echo FISH:", announcement[] = "#STOR ";

static bool
begins(const char *line, size_t len, const char *with)
{
	return len >= strlen(with) && memcmp(line, with, strlen(with)) == 0;
}

bool
fish_is_greeting(const char *line, size_t len)
{
	return begins(line, len, greeting);
}

bool
fish_is_upload(const char *line, size_t len)
{
	return begins(line, len, announcement);
}

/* SIZE and NAME, as they are said: NULL, or why they are not. */
static const char *
read_announcement(struct shell *s, const char *line, size_t len, uint64_t *size)
{
	const char *why = NULL;
	size_t skip = strlen(announcement);
	char *end;

	if (words_split(&s->words, line + skip, len - skip, &why) == -1)
		return why;
	if (s->words.count != 2)
		return "it takes a size and a name";
	errno = 0;
	*size = strtoull(s->words.list[0].text, &end, 10);
	if (errno != 0 || *end != '\0' || s->words.list[0].text[0] < '0' ||
	    s->words.list[0].text[0] > '9')
		return "the size is no number";
	return NULL;
}

/* Why it was refused is output, which is all that lftp reads. */
static void
refuse(struct shell *s, const char *why)
{
	output_print(&s->output, "%s\n### 500\n", why);
	s->status = JOB_FAILED;
	s->state = SHELL_ENDING;
}

/* Writes SIZE bytes of the input to F: 0; -1 with *A, or with nothing where the peer is lost. */
static int
receive(struct shell *s, struct file *f, uint64_t size, struct answer *a)
{
	struct stream *in = &s->world->conn->stream;

	for (uint64_t done = 0; done < size;) {
		const char *from;
		struct iovec piece;

		if (!stream_has_input(in))
			return -1;
		piece.iov_len = pace_chunk(&in->pace, stream_unread(in, &from));
		if (piece.iov_len > size - done)
			piece.iov_len = (size_t)(size - done);
		piece.iov_base = (void *)(uintptr_t)from;
		if (file_write(s->world->deeds, f, done, &piece, 1, a) == -1)
			return -1;
		done += piece.iov_len;
		stream_skip(in, piece.iov_len);
		if (!pace_keep(&in->pace, piece.iov_len, in->deadline, in->in))
			return -1;
	}
	return 0;
}

static void
store(struct shell *s, const char *path, uint64_t size)
{
	const struct file_wish wish = {
		.flags = FILE_WRITE | FILE_CREATE | FILE_TRUNCATE, .has_size = true, .size = size,
	};
	struct deeds *d = s->world->deeds;
	struct answer a = { 0 };
	struct file f;

	if (file_open(d, &f, path, &wish, &a) == -1) {
		refuse(s, answer_text(&a));
		return;
	}
	output_print(&s->output, "### 001\n");
	if (output_flush(&s->output) == -1 || receive(s, &f, size, &a) == -1) {
		file_drop(d, &f, a.err != 0 ? answer_text(&a) : "lost connection");
		if (a.err != 0) {
			refuse(s, answer_text(&a));
		} else {
			s->state = SHELL_ENDING;
			s->lost = true;
		}
	} else if (file_close(d, &f, &a) == -1) {
		refuse(s, answer_text(&a));
	} else {
		output_print(&s->output, "### 200\n");
		s->status = JOB_DONE;
	}
}

void
fish_take_upload(struct shell *s, const char *line, size_t len)
{
	const struct job j = { .here = s->scope->here };
	struct answer a = { 0 };
	char path[PATH_MAX];
	uint64_t size = 0;
	const char *why = read_announcement(s, line, len, &size);

	s->output.output_to = SCRIPT_OUTPUT;
	if (why == NULL && job_find(&j, s->words.list[1].text, path, &a) == -1)
		why = answer_text(&a);
	if (why != NULL)
		refuse(s, why);
	else
		store(s, path, size);
}
