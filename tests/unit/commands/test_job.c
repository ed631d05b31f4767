/* SPDX-License-Identifier: ISC */
#include <sys/mman.h>

#include "commands/job.h"
#include "unit.h"

enum {
	SHOWN_MAX = 512
};

static struct output output;	/* too large for a stack */
static struct stream stream;
static struct job job;
static char *words[64];
static int nwords;

static const struct verb plain = { "v", "ab:cX:\1\2", "all=a bee=b long=\1 may=\2? zed=c", 0, -1, 0, NULL };
static const struct verb bare = { "v", "a", "all=a", 0, -1, VERB_BARE, NULL };
static const struct verb one = { "v", "a", NULL, 1, 1, 0, NULL };
static const struct verb two = { "v", "", NULL, 2, -1, 0, NULL };

static void
begin(void)
{
	stream_init(&stream, -1, memfd_create("output", MFD_CLOEXEC), 0);
	output_init(&output, &stream, memfd_create("errors", MFD_CLOEXEC));
}

/* Reads LINE, whose words have a blank between, as those of VERB: the status. */
static int
read_words(const struct verb *verb, const char *line)
{
	static char copy[SHOWN_MAX];

	begin();
	snprintf(copy, sizeof(copy), "%s", line);
	nwords = 0;
	for (char *at = copy; at != NULL; nwords++)
		words[nwords] = strsep(&at, " ");
	job = (struct job){ .output = &output, .verb = verb, .here = "" };
	return job_read(&job, nwords, words);
}

/* The options that were given, with their values, and the operands behind a |. */
static const char *
show(void)
{
	static char text[SHOWN_MAX];
	char *at = text;

	for (const char *p = job.verb->letters; *p != '\0'; p++) {
		if (*p == ':' || !job_has(&job, *p))
			continue;
		at += sprintf(at, "%c", *p < ' ' ? '0' + *p : *p);
		if (job_value(&job, *p) != NULL)
			at += sprintf(at, "(%s)", job_value(&job, *p));
	}
	at = stpcpy(at, "|");
	for (int i = 0; i < job.count; i++)
		at += sprintf(at, "%s%s", i > 0 ? " " : "", job.operands[i]);
	return text;
}

static const char *
take_message(void)
{
	static char text[4 * PATH_MAX];
	ssize_t n = pread(output.errors, text, sizeof(text) - 1, 0);

	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	close(output.errors);
	close(stream.out);
	return text;
}

START_TEST(options_and_operands)
{
	static const struct {
		const char *line, *shown;
	} rows[] = {
		{ "v", "|" }, { "v x y", "|x y" }, { "v -a", "a|" }, { "v -a -c x", "ac|x" },
		{ "v -ac x", "ac|x" }, { "v -aa", "a|" },
		{ "v -b 1 x", "b(1)|x" }, { "v -b1 x", "b(1)|x" }, { "v -ab1 x", "ab(1)|x" },
		{ "v -ab 1 x", "ab(1)|x" }, { "v -ba x", "b(a)|x" },
		{ "v -b 1 -b 2", "b(2)|" }, { "v -b -a x", "b(-a)|x" }, { "v -b -- x", "b(--)|x" },
		{ "v -b= x", "b(=)|x" }, { "v -X 1 -b 2", "b(2)X(1)|" },
		/* They end at the first operand, or at a --. */
		{ "v x -a", "|x -a" }, { "v -a x -c", "a|x -c" }, { "v -- -a", "|-a" },
		{ "v -a -- -c --", "a|-c --" }, { "v - -a", "|- -a" }, { "v  -a", "| -a" },
		/* Long ones. */
		{ "v --all x", "a|x" }, { "v --bee=1 x", "b(1)|x" }, { "v --bee 1 x", "b(1)|x" },
		{ "v --bee= x", "b()|x" }, { "v --bee=a=b", "b(a=b)|" },
		{ "v --long", "1|" }, { "v --may", "2|" }, { "v --may=1", "2(1)|" },
		{ "v --may= x", "2()|x" }, { "v --may x", "2|x" },
		{ "v --zed --all -b1", "ab(1)c|" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		int end = read_words(&plain, rows[i].line);

		ck_assert_msg(end == JOB_DONE && strcmp(show(), rows[i].shown) == 0,
		    "<%s>: expected %s, got %d, %s", rows[i].line, rows[i].shown, end, show());
		ck_assert_str_eq(take_message(), "");
	}
}
END_TEST

START_TEST(rule_11_what_is_misused)
{
	static const struct {
		const struct verb *verb;
		const char *line, *message;
	} rows[] = {
		{ &plain, "v -z x", "v: -z: no such option\n" },
		{ &plain, "v -az", "v: -z: no such option\n" },
		{ &plain, "v -:", "v: -:: no such option\n" },
		{ &plain, "v -\1", "v: -\\001: no such option\n" },
		{ &plain, "v -a\2", "v: -\\002: no such option\n" },
		{ &plain, "v -\303\251", "v: -\\303: no such option\n" },
		{ &plain, "v -a-", "v: --: no such option\n" },
		{ &plain, "v -b", "v: -b: it needs a value\n" },
		{ &plain, "v -ab", "v: -b: it needs a value\n" },
		{ &plain, "v --bee", "v: --bee: it needs a value\n" },
		{ &plain, "v --none", "v: --none: no such option\n" },
		{ &plain, "v --none=1", "v: --none: no such option\n" },
		{ &plain, "v --al", "v: --al: no such option\n" },
		{ &plain, "v --allx", "v: --allx: no such option\n" },
		{ &plain, "v --=a", "v: --: no such option\n" },
		{ &plain, "v --all=a", "v: --all: it takes no value\n" },
		{ &plain, "v --long=", "v: --long: it takes no value\n" },
		{ &plain, "v --a", "v: --a: no such option\n" },
		{ &plain, "v --x\ny", "v: --x\\012y: no such option\n" },
		{ &one, "v --all", "v: --all: no such option\n" },
		{ &one, "v", "v: missing operand\n" }, { &one, "v -a", "v: missing operand\n" },
		{ &one, "v x y", "v: too many operands\n" },
		{ &two, "v x", "v: missing operand\n" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		int end = read_words(rows[i].verb, rows[i].line);
		const char *message = take_message();

		ck_assert_msg(end == JOB_MISUSED && strcmp(message, rows[i].message) == 0,
		    "<%s>: expected %s, got %d, %s", rows[i].line, rows[i].message, end, message);
	}
}
END_TEST

START_TEST(operands_are_counted)
{
	ck_assert_int_eq(read_words(&one, "v -a x"), JOB_DONE);
	ck_assert_str_eq(show(), "a|x");
	ck_assert_int_eq(read_words(&two, "v x y z"), JOB_DONE);
	ck_assert_str_eq(show(), "|x y z");
	ck_assert_int_eq(read_words(&bare, "v -a -- --all -z"), JOB_DONE);
	ck_assert_str_eq(show(), "|-a -- --all -z");
}
END_TEST

/* What was given to the one before is nothing to the next. */
START_TEST(options_are_forgotten)
{
	ck_assert_int_eq(read_words(&plain, "v -ab1"), JOB_DONE);
	ck_assert(job_has(&job, 'a') && job_value(&job, 'b') != NULL);
	ck_assert_int_eq(job_read(&job, 1, words), JOB_DONE);
	ck_assert(!job_has(&job, 'a') && !job_has(&job, 'b') && job_value(&job, 'b') == NULL);
	ck_assert(!job_has(&job, 'q') && !job_has(&job, ':') && !job_has(&job, '\0'));
	ck_assert_ptr_null(job_value(&job, ':'));
}
END_TEST

START_TEST(rule_12_what_goes_wrong_is_one_line)
{
	static char operand[3 * PATH_MAX];
	const char *got;

	read_words(&plain, "v");
	ck_assert_int_eq(job_say(&job, NULL, "reason"), JOB_FAILED);
	ck_assert_str_eq(take_message(), "v: reason\n");
	read_words(&plain, "v");
	ck_assert_int_eq(job_say(&job, "a\nb \\\033\303\251", "reason"), JOB_FAILED);
	ck_assert_str_eq(take_message(), "v: a\\012b \\\\033\303\251: reason\n");
	read_words(&plain, "v");
	ck_assert_int_eq(job_answer(&job, "a", &(struct answer){ ENOENT, NULL }), JOB_FAILED);
	ck_assert_str_eq(take_message(), "v: a: No such file or directory\n");
	/* However long the operand, the reason is there. */
	memset(operand, '\n', sizeof(operand) - 1);
	read_words(&plain, "v");
	job_say(&job, operand, "reason");
	got = take_message();
	ck_assert_str_eq(got + strlen(got) - strlen(": reason\n"), ": reason\n");
	ck_assert_ptr_eq(strchr(got, '\n'), got + strlen(got) - 1);
}
END_TEST

START_TEST(paths_begin_where_the_session_is)
{
	static const struct {
		const char *here, *operand, *path;
	} rows[] = {
		{ "", "a", "/..//a" }, { "in/x", "a/b", "/../in/x/a/b" }, { "in/x", "/a", "/a" },
		{ "in/x", "..", "/../in/x/.." }, { "in/x", "/", "/" },
	};
	static char longest[PATH_MAX + 8];
	char path[PATH_MAX];

	for (size_t i = 0; i < COUNT(rows); i++) {
		read_words(&plain, "v");
		job.here = rows[i].here;
		ck_assert_int_eq(job_path(&job, rows[i].operand, path), 0);
		ck_assert_str_eq(path, rows[i].path);
		ck_assert_str_eq(take_message(), "");
	}
	read_words(&plain, "v");
	ck_assert_int_eq(job_path(&job, "", path), JOB_FAILED);
	ck_assert_str_eq(take_message(), "v: : No such file or directory\n");
	memset(longest, 'a', PATH_MAX);
	longest[0] = '/';
	for (size_t len = PATH_MAX - 1; len <= PATH_MAX; len++) {
		longest[len] = '\0';
		read_words(&plain, "v");
		ck_assert_int_eq(job_path(&job, longest, path), len < PATH_MAX ? 0 : JOB_FAILED);
		ck_assert(strstr(take_message(),
		len < PATH_MAX ? "" : ": File name too long\n") != NULL);
		longest[len] = 'a';
	}
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, options_and_operands);
	tcase_add_test(t, rule_11_what_is_misused);
	tcase_add_test(t, operands_are_counted);
	tcase_add_test(t, options_are_forgotten);
	tcase_add_test(t, rule_12_what_goes_wrong_is_one_line);
	tcase_add_test(t, paths_begin_where_the_session_is);
}

int
main(void)
{
	return run_unit("job", add);
}
