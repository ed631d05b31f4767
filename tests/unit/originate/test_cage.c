/* SPDX-License-Identifier: ISC */
/* Whoever a host has taken over: what it can still do, with all that it has. */
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <signal.h>

#include "originate/cage.h"
#include "unit.h"

enum {
	DONE = 0,
	NOT_EVEN_TRIED = 98,
	NOT_IN_FORCE = 99,
	READS = LANDLOCK_READ,
	WRITES = LANDLOCK_WRITE,
	NEITHER = 0
};

/* Under a sanitizer, what is not allowed fails instead. */
#ifdef SANITIZED
#define KILLED EPERM
#else
#define KILLED (-SIGSYS)
#endif

static struct policy policy;
static pid_t parent;		/* who started whoever enters */
static char problem[TEXT_MESSAGE_MAX];	/* of whoever enters here */

static int
error_of(long end)
{
	return end == -1 ? errno : DONE;
}

static int
open_file(const char *name, int flags)
{
	return error_of(openat(unit_fd, name, flags | O_CLOEXEC, 0600));
}

static int
read_inside(void)
{
	return open_file("in/f", O_RDONLY);
}

static int
read_outside(void)
{
	return open_file("out/f", O_RDONLY);
}

static int
write_inside(void)
{
	return open_file("in/f", O_WRONLY);
}

static int
write_outside(void)
{
	return open_file("out/f", O_WRONLY);
}

static int
make_inside(void)
{
	return open_file("in/new", O_WRONLY | O_CREAT);
}

static int
make_outside(void)
{
	return open_file("out/new", O_WRONLY | O_CREAT);
}

static int
make_a_directory(void)
{
	return error_of(mkdirat(unit_fd, "in/new", 0755));
}

static int
list_inside(void)
{
	return open_file("in", O_RDONLY | O_DIRECTORY);
}

/* What who started us has in memory. */
static int
look_into_it(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)parent);
	return open_file(path, O_RDONLY);
}

static int
trace_it(void)
{
	return error_of(ptrace(PTRACE_ATTACH, parent, NULL, NULL));
}

static int
stop_it(void)
{
	return error_of(kill(parent, 0));
}

static int
start_a_program(void)
{
	return error_of(execl("/bin/true", "true", (char *)NULL));
}

static int
make_a_process(void)
{
	return error_of(fork());
}

static int
reach_somebody(void)
{
	return error_of(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static int
type_for_the_person(void)
{
	return error_of(ioctl(STDIN_FILENO, TIOCSTI, "x"));
}

static int
look_at_the_environment(void)
{
	return getenv("SECRET") == NULL ? DONE : EEXIST;
}

static const struct {
	const char *what;
	int	  (*deed)(void);
	unsigned    rights;
	int	    end;
} rows[] = {
	{ "read", read_inside, READS, DONE },
	{ "read outside", read_outside, READS, EACCES },
	{ "list", list_inside, READS, DONE },
	{ "write", write_inside, READS, KILLED },
	{ "make", make_inside, READS, KILLED },
	{ "read", read_inside, WRITES, EACCES },
	{ "write", write_inside, WRITES, DONE },
	{ "write outside", write_outside, WRITES, EACCES },
	{ "make", make_inside, WRITES, DONE },
	{ "make outside", make_outside, WRITES, EACCES },
	{ "a directory", make_a_directory, WRITES, EACCES },
	{ "a directory", make_a_directory, WRITES | LANDLOCK_DIRS, DONE },
	{ "read", read_inside, NEITHER, EACCES },
	{ "list", list_inside, NEITHER, KILLED },
	{ "write", write_inside, NEITHER, KILLED },
	{ "make", make_inside, NEITHER, KILLED },
	{ "another's memory", look_into_it, READS, EACCES },
	{ "ptrace", trace_it, READS, KILLED },
	{ "kill", stop_it, READS, KILLED },
	{ "exec", start_a_program, READS, KILLED },
	{ "fork", make_a_process, READS, KILLED },
	{ "a socket", reach_somebody, READS, KILLED },
	{ "the terminal", type_for_the_person, READS, KILLED },
	{ "the environment", look_at_the_environment, READS, DONE },
};

static int
enter_and_do(int dir, unsigned rights, int (*deed)(void))
{
	const struct cage cage = { .policy = &policy, .dir = dir, .rights = rights };
	int status;
	pid_t pid;

	parent = getpid();
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(cage_enter(&cage, problem) == 0 ? deed()
		    : strstr(problem, text_error(ENOSYS)) != NULL ? NOT_IN_FORCE : NOT_EVEN_TRIED);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int
make_files(void)
{
	int dir;

	ck_assert_int_eq(mkdirat(unit_fd, "in", 0755), 0);
	ck_assert_int_eq(mkdirat(unit_fd, "out", 0755), 0);
	put_file("in/f", "hello", 0644);
	put_file("out/f", "hello", 0644);
	dir = openat(unit_fd, "in", O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(dir, 0);
	return dir;
}

START_TEST(who_was_taken_over)
{
	int dir = make_files(), got;

	ck_assert_int_eq(setenv("SECRET", "x", 1), 0);
	policy.sandbox = SANDBOX_REQUIRE;
	got = enter_and_do(rows[_i].rights != NEITHER ? dir : -1, rows[_i].rights, rows[_i].deed);
	if (got == NOT_IN_FORCE)
		printf("SKIP: this kernel has no sandbox\n");
	else
		ck_assert_msg(got == rows[_i].end, "%s, rights %u: expected %d, got %d", rows[_i].what,
		    rows[_i].rights, rows[_i].end, got);
}
END_TEST

/* Who wants none has none, but the environment is nobody's in any case. */
START_TEST(a_person_may_want_none)
{
	ck_assert_int_eq(setenv("SECRET", "x", 1), 0);
	policy.sandbox = SANDBOX_NONE;
	ck_assert_int_eq(enter_and_do(make_files(), NEITHER, write_outside), DONE);
	ck_assert_int_eq(enter_and_do(-1, NEITHER, look_at_the_environment), DONE);
}
END_TEST

/* What is required, and cannot be had, is said; else whatever there is of it is taken. */
START_TEST(what_cannot_be_had)
{
	int status;
	pid_t pid;

	policy.sandbox = SANDBOX_REQUIRE;
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(cage_enter(&(struct cage){ &policy, -1, READS }, problem) == -1 &&
		    strncmp(problem, "no sandbox: landlock: ", 22) == 0 ? DONE : 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	policy.sandbox = SANDBOX_TRY;
	ck_assert_int_eq(enter_and_do(-1, READS, stop_it), KILLED);
}
END_TEST

static void
add(TCase *t)
{
	policy_init(&policy);
	tcase_add_loop_test(t, who_was_taken_over, 0, (int)COUNT(rows));
	tcase_add_test(t, a_person_may_want_none);
	tcase_add_test(t, what_cannot_be_had);
}

int
main(void)
{
	return run_unit("cage", add);
}
