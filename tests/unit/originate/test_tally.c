/* SPDX-License-Identifier: ISC */
#include <sys/wait.h>

#include <sched.h>

#include "originate/objects.h"
#include "originate/report.h"
#include "originate/tally.h"
#include "unit.h"

static struct tally tally;
static struct report report = { &tally, "one" };
static struct client client;
static struct tally_count count;

/* What is written to stdout and stderr goes to files. */
static void
catch_both(void)
{
	int out = openat(unit_fd, "out", O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	int err = openat(unit_fd, "err", O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	ck_assert_int_eq(dup2(out, STDOUT_FILENO), STDOUT_FILENO);
	ck_assert_int_eq(dup2(err, STDERR_FILENO), STDERR_FILENO);
	close(out);
	close(err);
}

static void
open_tally(enum tally_form form)
{
	static const char *const hosts[] = { "one", "two", NULL };

	catch_both();
	ck_assert_int_eq(tally_open(&tally, form, false, hosts), 0);
	client = report_client(&report);
}

static const char *
content(const char *name)
{
	static char text[1 << 16];
	int fd = openat(unit_fd, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	close(fd);
	return text;
}

static void
begin(const char *path, uint64_t size)
{
	client.begin(client.self, path, strlen(path), size);
}

static void
end(const char *path, const char *reason)
{
	client.end(client.self, path, strlen(path), reason);
}

static void
expect_count(uint64_t files, uint64_t bytes, uint64_t failed, uint64_t moved, uint64_t passed)
{
	ck_assert(tally_read(&tally, &count));
	ck_assert_uint_eq(count.files, files);
	ck_assert_uint_eq(count.bytes, bytes);
	ck_assert_uint_eq(count.failed, failed);
	ck_assert_uint_eq(count.moved, moved);
	ck_assert_uint_eq(count.passed, passed);
}

START_TEST(files_that_arrive)
{
	open_tally(TALLY_NONE);
	expect_count(0, 0, 0, 0, 0);
	ck_assert_uint_eq(count.all, TALLY_UNKNOWN);
	ck_assert_uint_eq(count.all_files, TALLY_UNKNOWN);
	ck_assert_int_eq(count.begun, 0);
	tally_expect(&tally, 2, 130);
	client.enter(client.self, "d", 1);
	begin("d/a", 100);
	expect_count(0, 0, 0, 0, 0);
	ck_assert(count.busy);
	ck_assert_uint_eq(count.len, 3);
	ck_assert_int_eq(memcmp(count.path, "d/a", 3), 0);
	ck_assert_int_ne(count.begun, 0);
	client.move(client.self, 40);
	client.move(client.self, 70);
	expect_count(0, 0, 0, 70, 0);
	ck_assert_uint_eq(count.done, 70);
	ck_assert_uint_eq(count.size, 100);
	end("d/a", NULL);
	expect_count(1, 100, 0, 100, 100);
	ck_assert(!count.busy);
	/* One that moves at once is never seen to. */
	begin("d/b", 30);
	end("d/b", NULL);
	begin("d/empty", 0);
	end("d/empty", NULL);
	expect_count(3, 130, 0, 130, 130);
	ck_assert_uint_eq(count.dirs, 1);
	ck_assert_uint_eq(count.all, 130);
	ck_assert_uint_eq(count.all_files, 2);
	ck_assert_str_eq(content("err"), "");
	ck_assert_str_eq(content("out"), "");
}
END_TEST

/* What became of them is heard when others have moved meanwhile. */
START_TEST(files_that_are_on_their_way)
{
	open_tally(TALLY_NONE);
	begin("a", 100);
	client.move(client.self, 60);
	client.sent(client.self);
	expect_count(0, 0, 0, 100, 100);
	ck_assert(!count.busy);
	begin("b", 30);
	client.sent(client.self);
	client.arrive(client.self, "a", 1, 100, 1);
	expect_count(1, 100, 0, 130, 130);
	client.hear(client.self, "scp: b: Permission denied");
	end("b", "scp: b: Permission denied");
	expect_count(1, 100, 1, 130, 130);
	/* Nothing moves that could have failed. */
	report_settle(&tally);
	expect_count(1, 100, 1, 130, 130);
}
END_TEST

/* Whatever is said of one thing that goes wrong, it is one. */
START_TEST(failures)
{
	open_tally(TALLY_NONE);
	begin("a", 100);
	client.move(client.self, 60);
	client.complain(client.self, "a", 1, "No space left on device");
	expect_count(0, 0, 1, 60, 100);
	begin("b", 10);
	client.hear(client.self, "scp: b: Permission denied");
	end("b", "scp: b: Permission denied");
	expect_count(0, 0, 2, 60, 110);
	/* One whose record is refused was never seen to begin. */
	client.hear(client.self, "scp: c: Permission denied");
	end("c", "scp: c: Permission denied");
	expect_count(0, 0, 3, 60, 110);
	client.hear(client.self, "scp: d: Permission denied");
	expect_count(0, 0, 4, 60, 110);
	begin("e", 5);
	end("e", "lost connection");
	expect_count(0, 0, 5, 60, 115);
	client.complain(client.self, NULL, 0, "protocol error: x");
	report_fail(&tally, "f\n", "not here");
	expect_count(0, 0, 7, 60, 115);
	client.skip(client.self, "g", 1);
	expect_count(0, 0, 7, 60, 115);
	ck_assert_uint_eq(count.skipped, 1);
	ck_assert_str_eq(content("err"),
	    "scp: a: No space left on device\n"
	    "one: scp: b: Permission denied\n"
	    "one: scp: c: Permission denied\n"
	    "one: scp: d: Permission denied\n"
	    "scp: protocol error: x\n"
	    "scp: f\\012: not here\n");
}
END_TEST

/* The process that counted is gone, and with it what moved. */
START_TEST(who_counted_has_ended)
{
	open_tally(TALLY_NONE);
	begin("a", 100);
	client.move(client.self, 60);
	report_settle(&tally);
	expect_count(0, 0, 1, 60, 100);
	ck_assert(!count.busy);
	report_settle(&tally);
	expect_count(0, 0, 1, 60, 100);
}
END_TEST

START_TEST(a_path_that_is_longer_has_its_end)
{
	static char path[3 * TALLY_PATH];

	open_tally(TALLY_NONE);
	memset(path, 'a', sizeof(path));
	path[sizeof(path) - 1] = 'z';
	client.begin(client.self, path, sizeof(path), 1);
	(void)tally_read(&tally, &count);
	ck_assert_uint_eq(count.len, TALLY_PATH);
	ck_assert_int_eq(memcmp(count.path, path + 2 * TALLY_PATH, TALLY_PATH), 0);
}
END_TEST

/* Whoever reads in the middle of it gets numbers that belong together. */
START_TEST(another_process_reads)
{
	int status, whole = 0;
	pid_t pid;

	open_tally(TALLY_NONE);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		for (uint64_t i = 1; i < 20000; i++) {
			char path[32];
			int n = snprintf(path, sizeof(path), "%ju", (uintmax_t)i * 1000);

			client.begin(client.self, path, (size_t)n, i * 1000);
			client.move(client.self, i);
			client.end(client.self, path, (size_t)n, NULL);
			/* Nobody counts without doing something meanwhile. */
			sched_yield();
		}
		_exit(0);
	}
	do {
		char path[sizeof(count.path) + 1];

		/* It may have been held up in the middle. */
		if (!tally_read(&tally, &count))
			continue;
		whole++;
		memcpy(path, count.path, count.len);
		path[count.len] = '\0';
		if (count.busy && strtoull(path, NULL, 10) != count.size)
			ck_abort_msg("\"%s\" is said to have %ju bytes", path, (uintmax_t)count.size);
		if (count.busy && count.done != 0 && count.done * 1000 != count.size)
			ck_abort_msg("%ju of %ju", (uintmax_t)count.done, (uintmax_t)count.size);
		if (count.bytes != count.files * (count.files + 1) / 2 * 1000)
			ck_abort_msg("%ju files of %ju bytes", (uintmax_t)count.files, (uintmax_t)count.bytes);
	} while (waitpid(pid, &status, WNOHANG) == 0);
	ck_assert_int_eq(status, 0);
	ck_assert_int_gt(whole, 0);
	expect_count(19999, UINT64_C(19999) * 10000 * 1000, 0, UINT64_C(19999) * 10000 * 1000,
	    UINT64_C(19999) * 10000 * 1000);
}
END_TEST

/* What somebody else has left there is bounded, and read in a bounded time. */
START_TEST(whatever_is_in_there)
{
	open_tally(TALLY_NONE);
	memset(&tally.page->count, 0xff, sizeof(tally.page->count));
	atomic_store(&tally.page->turn, 7);
	ck_assert(!tally_read(&tally, &count));
	ck_assert_uint_eq(count.len, TALLY_PATH);
	/* And who counts next begins with an even number. */
	begin("a", 1);
	ck_assert_uint_eq(atomic_load(&tally.page->turn) % 2, 0);
}
END_TEST

START_TEST(objects)
{
	open_tally(TALLY_JSON);
	tally_expect(&tally, 3, 10);
	report_begin(&tally);
	report_begin(&tally);
	client.enter(client.self, "d", 1);
	begin("d/a\"\n\377", 10);
	client.move(client.self, 4);
	(void)tally_read(&tally, &count);
	objects_progress(&tally, &count, 3);
	end("d/a\"\n\377", NULL);
	begin("b", 1);
	end("b", "lost connection");
	(void)tally_read(&tally, &count);
	objects_progress(&tally, &count, 0);
	client.complain(client.self, "c", 1, "Is a \"directory\"");
	begin("lost", 0);
	client.complain(client.self, NULL, 0, "protocol error: x");
	client.complain(client.self, NULL, 0, "protocol error: y");
	client.hear(client.self, "scp: e: \\033");
	client.skip(client.self, "f", 1);
	report_note(&tally, "two", "its start-up files print text");
	(void)tally_read(&tally, &count);
	objects_end(&tally, &count, 1.5, 1);
	ck_assert_str_eq(content("out"),
	    "{\"event\":\"start\",\"hosts\":[\"one\",\"two\"],\"files\":3,\"bytes\":10}\n"
	    "{\"event\":\"file\",\"path\":\"d/a\\\"\\\\012\\\\377\",\"size\":10}\n"
	    "{\"event\":\"progress\",\"path\":\"d/a\\\"\\\\012\\\\377\",\"done\":4,\"files\":0,"
	    "\"bytes\":4,\"total\":10,\"rate\":3,\"eta\":2}\n"
	    "{\"event\":\"done\",\"path\":\"d/a\\\"\\\\012\\\\377\",\"bytes\":10}\n"
	    "{\"event\":\"file\",\"path\":\"b\",\"size\":1}\n"
	    "{\"event\":\"failed\",\"path\":\"b\",\"reason\":\"lost connection\"}\n"
	    "{\"event\":\"progress\",\"path\":null,\"done\":0,\"files\":1,"
	    "\"bytes\":10,\"total\":10,\"rate\":0,\"eta\":null}\n"
	    "{\"event\":\"failed\",\"path\":\"c\",\"reason\":\"Is a \\\"directory\\\"\"}\n"
	    "{\"event\":\"file\",\"path\":\"lost\",\"size\":0}\n"
	    "{\"event\":\"failed\",\"path\":\"lost\",\"reason\":\"protocol error: x\"}\n"
	    "{\"event\":\"failed\",\"reason\":\"protocol error: y\"}\n"
	    "{\"event\":\"note\",\"host\":\"one\",\"text\":\"scp: e: \\\\\\\\033\"}\n"
	    "{\"event\":\"skipped\",\"path\":\"f\"}\n"
	    "{\"event\":\"note\",\"host\":\"two\",\"text\":\"its start-up files print text\"}\n"
	    "{\"event\":\"end\",\"files\":1,\"directories\":1,\"bytes\":10,\"seconds\":1.500,"
	    "\"errors\":5,\"exit\":1}\n");
	ck_assert_str_eq(content("err"),
	    "scp: c: Is a \"directory\"\n"
	    "scp: protocol error: x\n"
	    "scp: protocol error: y\n"
	    "one: scp: e: \\033\n"
	    "scp: two: its start-up files print text\n");
}
END_TEST

/* So many hosts do not fit into what is written at once, and no object is longer than a pipe takes whole. */
START_TEST(long_objects)
{
	static char name[5000], path[2 * TALLY_PATH];
	static const char *hosts[101];
	const char *text;

	catch_both();
	memset(name, 'h', sizeof(name) - 1);
	memset(path, '\n', sizeof(path));
	for (int i = 0; i < 100; i++)
		hosts[i] = name;
	ck_assert_int_eq(tally_open(&tally, TALLY_JSON, false, hosts), 0);
	client = report_client(&report);
	client.begin(client.self, path, sizeof(path), UINT64_MAX);
	client.complain(client.self, path, sizeof(path), name);
	text = content("out");
	for (const char *line = text, *stop; *line != '\0'; line = stop + 1) {
		stop = strchr(line, '\n');
		ck_assert_ptr_nonnull(stop);
		ck_assert_int_lt(stop - line, PIPE_BUF);
		ck_assert_int_eq(stop[-1], '}');
	}
	ck_assert_int_eq(ftruncate(STDOUT_FILENO, 0), 0);
	report_begin(&tally);
	text = content("out");
	for (int i = 0; i < 100; i++) {
		text = strstr(text, "...\"");
		ck_assert_ptr_nonnull(text);
		text++;
	}
	ck_assert_str_eq(strchr(text, ']'), "],\"files\":null,\"bytes\":null}\n");
}
END_TEST

/* Whoever speaks with one host alone knows who it is. */
START_TEST(one_host)
{
	static const char *const hosts[] = { "one", NULL };

	catch_both();
	ck_assert_int_eq(tally_open(&tally, TALLY_NONE, false, hosts), 0);
	client = report_client(&report);
	client.hear(client.self, "scp: b: Permission denied");
	report_note(&tally, "one", "x");
	ck_assert_str_eq(content("err"), "scp: b: Permission denied\nscp: one: x\n");
}
END_TEST

/* Standard output that is no terminal has no meter. */
START_TEST(no_terminal)
{
	open_tally(TALLY_FILES);
	ck_assert_int_eq(tally.form, TALLY_NONE);
	ck_assert_int_eq(tally.out, -1);
	tally_close(&tally);
	tally_close(&tally);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, files_that_arrive);
	tcase_add_test(t, files_that_are_on_their_way);
	tcase_add_test(t, failures);
	tcase_add_test(t, who_counted_has_ended);
	tcase_add_test(t, a_path_that_is_longer_has_its_end);
	tcase_add_test(t, another_process_reads);
	tcase_add_test(t, whatever_is_in_there);
	tcase_add_test(t, objects);
	tcase_add_test(t, long_objects);
	tcase_add_test(t, one_host);
	tcase_add_test(t, no_terminal);
}

int
main(void)
{
	return run_unit("tally", add);
}
