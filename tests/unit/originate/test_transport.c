/* SPDX-License-Identifier: ISC */
#include <sys/wait.h>

#include "originate/transport.h"
#include "unit.h"

static struct transport transport;
static struct program program;
static const char *why;

/* A script of sh that is called NAME, in the test's directory. */
static void
make_program(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	ck_assert_ptr_nonnull(f);
	fprintf(f, "#!/bin/sh\n%s\n", text);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(chmod(name, 0755), 0);
}

static void
begin(const char *text)
{
	char *argv[] = { (char[]){ "prog" }, (char[]){ "a b" }, NULL };

	make_program("prog", text);
	ck_assert_int_eq(transport_find(&program, "./prog", &why), 0);
	transport_init(&transport, NULL, NULL, NULL);
	ck_assert_int_eq(transport_start(&transport, &program, argv), 0);
}

/* What it says until it ends. */
static const char *
hear(void)
{
	static char said[256];
	size_t have = 0;
	ssize_t n;

	while ((n = read(transport.in, said + have, sizeof(said) - 1 - have)) > 0)
		have += (size_t)n;
	said[have] = '\0';
	return said;
}

START_TEST(programs_are_looked_for_in_path)
{
	ck_assert_int_eq(mkdir("empty", 0755), 0);
	ck_assert_int_eq(mkdir("bin", 0755), 0);
	ck_assert_int_eq(setenv("PATH", "empty:bin", 1), 0);
	ck_assert_int_eq(transport_find(&program, NULL, &why), -1);
	ck_assert_str_eq(why, "there is neither ssh nor dbclient");
	make_program("bin/dbclient", ":");
	ck_assert_int_eq(transport_find(&program, NULL, &why), 0);
	ck_assert_str_eq(program.path, "bin/dbclient");
	ck_assert(program.dropbear);
	make_program("bin/ssh", ":");
	ck_assert_int_eq(transport_find(&program, NULL, &why), 0);
	ck_assert_str_eq(program.path, "bin/ssh");
	ck_assert(!program.dropbear);
	ck_assert_int_eq(transport_find(&program, "other", &why), -1);
	ck_assert_str_eq(why, "there is no such program");
	ck_assert_int_eq(transport_find(&program, "./bin/none", &why), -1);
}
END_TEST

/* What it is called is not what it is. */
START_TEST(dropbear_may_be_called_ssh)
{
	ck_assert_int_eq(mkdir("links", 0755), 0);
	ck_assert_int_eq(setenv("PATH", "links", 1), 0);
	make_program("dropbearmulti", ":");
	ck_assert_int_eq(symlink("../dropbearmulti", "links/ssh"), 0);
	ck_assert_int_eq(transport_find(&program, NULL, &why), 0);
	ck_assert(program.dropbear);
}
END_TEST

START_TEST(words_bytes_and_statuses_pass)
{
	begin("read line; echo \"$#:$1:$line\"; exit 7");
	ck_assert_int_eq(write(transport.out, "hello\n", 6), 6);
	ck_assert_str_eq(hear(), "1:a b:hello\n");
	ck_assert_int_eq(transport_end(&transport), 7 << 8);
	ck_assert_int_eq(transport.in, -1);
	ck_assert(!transport.said);
}
END_TEST

/* What we ignore is not ignored there, but by whoever started us; no descriptor but the three comes along. */
START_TEST(a_program_starts_clean)
{
	char before[64], *said;
	FILE *count = popen("ls /proc/self/fd | wc -l", "r");

	ck_assert_ptr_nonnull(fgets(before, sizeof(before), count));
	ck_assert_int_eq(pclose(count), 0);
	signal(SIGHUP, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	/* A C library may have two of the real-time ones for itself. */
	begin("sed -n 's/^SigIgn.*\\(.......\\)$/\\1/p' /proc/self/status; ls /proc/self/fd | wc -l");
	said = strdup(hear());
	ck_assert_str_eq(said + strlen("0000002\n"), before);
	ck_assert_int_eq(strncmp(said, "0000002\n", 8), 0);
	ck_assert_int_eq(transport_end(&transport), 0);
	free(said);
}
END_TEST

START_TEST(errors_go_through_the_sieve)
{
	int saved = dup(STDERR_FILENO), pair[2];
	char got[64];
	ssize_t n;

	ck_assert_int_eq(pipe(pair), 0);
	ck_assert_int_eq(dup2(pair[1], STDERR_FILENO), STDERR_FILENO);
	begin("printf 'a\\033b\\n' >&2");
	ck_assert_int_eq(transport_end(&transport), 0);
	ck_assert(transport.said);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(pair[1]);
	n = read(pair[0], got, sizeof(got));
	ck_assert_int_eq(n, 7);
	ck_assert_int_eq(memcmp(got, "a\\033b\n", 7), 0);
	close(pair[0]);
}
END_TEST

/* What it says anywhere is seen, and it reads nothing. */
START_TEST(a_program_alone)
{
	char *argv[] = { (char[]){ "prog" }, NULL };
	int saved = dup(STDERR_FILENO), pair[2];
	char got[64];

	ck_assert_int_eq(pipe(pair), 0);
	ck_assert_int_eq(dup2(pair[1], STDERR_FILENO), STDERR_FILENO);
	make_program("prog", "cat; printf 'a\\007'; printf 'b\\007' >&2; exit 3");
	ck_assert_int_eq(transport_find(&program, "./prog", &why), 0);
	transport_init(&transport, NULL, NULL, NULL);
	ck_assert_int_eq(transport_start_alone(&transport, &program, argv), 0);
	ck_assert_int_eq(transport_end_alone(&transport), 3 << 8);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(pair[1]);
	ck_assert_int_eq(read(pair[0], got, 5), 5);
	ck_assert_int_eq(memcmp(got, "a\\007", 5), 0);
	ck_assert_int_eq(read(pair[0], got, 5), 5);
	ck_assert_int_eq(memcmp(got, "b\\007", 5), 0);
	close(pair[0]);
}
END_TEST

/* What does not end is told to, and one that does not care is killed. */
START_TEST(nothing_is_waited_for_for_ever)
{
	begin("trap : TERM; exec >/dev/null; echo $$ >pid; while :; do sleep 1; done");
	ck_assert_str_eq(hear(), "");
	ck_assert_int_eq(transport_end(&transport), SIGKILL);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
}
END_TEST

START_TEST(what_cannot_be_started)
{
	char *argv[] = { (char[]){ "prog" }, NULL };

	transport_init(&transport, NULL, NULL, NULL);
	strcpy(program.path, "./none");
	ck_assert_int_eq(transport_start(&transport, &program, argv), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(transport.in, -1);
	ck_assert_int_eq(transport_end(&transport), 0);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
}
END_TEST

static int
work(void *argument)
{
	return *(int *)argument;
}

START_TEST(work_of_our_own)
{
	char *argv[] = { (char[]){ "sh" }, (char[]){ "-c" }, (char[]){ "kill -TERM $$" }, NULL };
	int status = 42;

	ck_assert_int_eq(transport_wait(transport_work(work, &status)), 42 << 8);
	ck_assert_int_eq(transport_wait(transport_run("sh", argv)), SIGTERM);
}
END_TEST

static void
go_there(void)
{
	ck_assert_int_eq(fchdir(unit_fd), 0);
}

static void
add(TCase *t)
{
	tcase_add_checked_fixture(t, go_there, NULL);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, programs_are_looked_for_in_path);
	tcase_add_test(t, dropbear_may_be_called_ssh);
	tcase_add_test(t, words_bytes_and_statuses_pass);
	tcase_add_test(t, a_program_starts_clean);
	tcase_add_test(t, errors_go_through_the_sieve);
	tcase_add_test(t, a_program_alone);
	tcase_add_test(t, nothing_is_waited_for_for_ever);
	tcase_add_test(t, what_cannot_be_started);
	tcase_add_test(t, work_of_our_own);
}

int
main(void)
{
	return run_unit("transport", add);
}
