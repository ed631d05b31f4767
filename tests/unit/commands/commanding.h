/* SPDX-License-Identifier: ISC */
#ifndef COMMANDING_H
#define COMMANDING_H

/* Commands of a session whose root is "top" in the test's directory, and what they write. */
#include "commands/verbs.h"
#include "dirs.h"
#include "doing.h"
#include "text/words.h"

static struct output output;	/* too large for a stack */
static struct stream stream;
static struct people people;
static char here[PATH_MAX];	/* the current directory, as a job has it */
static bool in_utc = true;	/* times are */
static bool has_input;		/* what the client sends is the command's, or */
static bool empty_input;	/* nothing is */

static inline int
open_sink(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	return fd;
}

/* Begins the session that POLICY is for; the input is what INPUT has, -1: nothing. */
static inline void
begin_commands(int input)
{
	begin_session();
	here[0] = '\0';
	people_init(&people, &account);
	has_input = input != -1;
	stream_init(&stream, input, open_sink("output"), 0);
	output_init(&output, &stream, open_sink("errors"));
}

/* The current directory is PLAIN from here on. */
static inline void
go_to(const char *plain)
{
	snprintf(here, sizeof(here), "%s", plain);
}

/* Runs SAID, of which a NULL is the last: its status.  LOST: after that nobody reads any more. */
static inline int
run_words_until(const char *const said[], bool lost)
{
	char *words[WORDS_MAX + 1] = { NULL };
	struct job job = {
		.deeds = &deeds, .output = &output, .people = &people, .here = here, .utc = in_utc,
		.input = has_input ? &stream : NULL, .empty_input = empty_input, .verb = verbs_find(said[0]),
	};
	int n = 0, status;

	ck_assert_msg(job.verb != NULL, "%s: no such verb", said[0]);
	for (; said[n] != NULL; n++)
		words[n] = (char *)(uintptr_t)said[n];
	status = job_read(&job, n, words);
	if (status == JOB_DONE)
		status = job.verb->run(&job);
	ck_assert_int_eq(output_flush(&output), lost ? -1 : 0);
	return status;
}

static inline int
run_words(const char *const said[])
{
	return run_words_until(said, false);
}

#define RUN(...) run_words((const char *[]){ __VA_ARGS__, NULL })
#define RUN_LOST(...) run_words_until((const char *[]){ __VA_ARGS__, NULL }, true)

/* All that was written to FD since it was last asked for, in TEXT. */
static inline const char *
take_text(int fd, char *text, size_t room)
{
	ssize_t n = pread(fd, text, room - 1, 0);

	ck_assert(n >= 0 && (size_t)n < room - 1);
	text[n] = '\0';
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	return text;
}

/* Each in a static buffer of its own. */
static inline const char *
take_output(void)
{
	static char text[1 << 20];

	return take_text(stream.out, text, sizeof(text));
}

static inline const char *
take_errors(void)
{
	static char text[1 << 16];

	return take_text(output.errors, text, sizeof(text));
}

/* A command ends with WANTED, and has written OUT and ERR. */
#define EXPECT(wanted, out, err, ...) do { \
	ck_assert_int_eq(RUN(__VA_ARGS__), wanted); \
	ck_assert_str_eq(take_output(), out); \
	ck_assert_str_eq(take_errors(), err); \
} while (0)

/* The same of LINE, which is split into words. */
static inline int
run_line(const char *line)
{
	static struct words words;
	const char *said[WORDS_MAX + 1] = { NULL }, *why;

	ck_assert_int_eq(words_split(&words, line, strlen(line), &why), 0);
	for (size_t i = 0; i < words.count; i++)
		said[i] = words.list[i].text;
	return run_words(said);
}

#define EXPECT_LINE(line, wanted, out, err) do { \
	int status_ = run_line(line); \
	const char *out_ = take_output(), *err_ = take_errors(); \
	ck_assert_msg(status_ == (wanted), "%s: expected %d, got %d and \"%s\"", line, \
	    (int)(wanted), status_, err_); \
	ck_assert_msg(strcmp(out_, out) == 0, "%s: expected \"%s\", got \"%s\"", line, out, out_); \
	ck_assert_msg(strcmp(err_, err) == 0, "%s: expected \"%s\", got \"%s\"", line, err, err_); \
} while (0)

/* It is done without a word, or ends with one line of a message. */
#define EXPECT_DONE(line) EXPECT_LINE(line, JOB_DONE, "", "")
#define EXPECT_FAILED(line, message) EXPECT_LINE(line, JOB_FAILED, "", message "\n")
#define EXPECT_MISUSED(line, message) EXPECT_LINE(line, JOB_MISUSED, "", message "\n")

#endif
