/* SPDX-License-Identifier: ISC */
/*
 * Runs a program as if the kernel were an older one, or the container a stricter one:
 *
 *	without PART[,PART] COMMAND [ARGUMENT]...
 *
 * PART is landlock or seccomp; landlock=N is a kernel whose Landlock is version N: it says so, and who
 * asks for no more than what that has gets no more.  The exit status is the program's.
 */
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <seccomp.h>

enum {
	LANDLOCK_CREATE_RULESET = 444,	/* which libseccomp may not know */
	ASK_VERSION = 1			/* its flag */
};

static void
add(scmp_filter_ctx filter, int number, int call)
{
	int end = seccomp_rule_add(filter, SCMP_ACT_ERRNO((unsigned)number), call, 0);

	if (end != 0)
		errx(1, "a rule: %s", strerror(-end));
}

/* What the program, or a child of it, asks of us. */
static struct seccomp_notif *question;
static struct seccomp_notif_resp *reply;

static void
answer_one(int listener, int version)
{
	memset(question, 0, sizeof(*question));
	/* Who asked may have been killed since. */
	if (seccomp_notify_receive(listener, question) == -1)
		return;
	*reply = (struct seccomp_notif_resp){ .id = question->id, .val = version };
	(void)seccomp_notify_respond(listener, reply);
}

static void
answer(int listener, int version, pid_t child)
{
	struct pollfd p[] = {
		{ .fd = listener, .events = POLLIN },
		{ .fd = (int)syscall(SYS_pidfd_open, child, 0), .events = POLLIN },
	};

	if (p[1].fd == -1)
		err(1, "pidfd_open");
	while (p[1].revents == 0) {
		if (poll(p, 2, -1) == -1)
			err(1, "poll");
		if (p[0].revents != 0)
			answer_one(listener, version);
	}
}

static void
run(char *argv[])
{
	execv(argv[0], argv);
	err(1, "%s", argv[0]);
}

/* Ends as the program does. */
static void
watch(int listener, int version, char *argv[])
{
	pid_t child = fork();
	int status;

	if (child == -1)
		err(1, "fork");
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run(argv);
	}
	answer(listener, version, child);
	if (waitpid(child, &status, 0) != child)
		err(1, "waitpid");
	if (WIFSIGNALED(status)) {
		signal(WTERMSIG(status), SIG_DFL);
		raise(WTERMSIG(status));
	}
	exit(WEXITSTATUS(status));
}

int
main(int argc, char *argv[])
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	const char *landlock;

	if (argc < 3 || filter == NULL)
		errx(2, "usage: without PART[,PART] COMMAND [ARGUMENT]...");
	landlock = strstr(argv[1], "landlock");
	if (landlock != NULL && landlock[strlen("landlock")] != '=')
		add(filter, ENOSYS, LANDLOCK_CREATE_RULESET);
	else if (landlock != NULL && seccomp_rule_add(filter, SCMP_ACT_NOTIFY, LANDLOCK_CREATE_RULESET,
	    1, SCMP_A2(SCMP_CMP_EQ, ASK_VERSION)) != 0)
		errx(1, "a rule");
	if (strstr(argv[1], "seccomp") != NULL) {
		add(filter, ENOSYS, SCMP_SYS(seccomp));
		if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl), 1,
		    SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP)) != 0)
			errx(1, "a rule");
	}
	/* Asks the kernel, as long as it answers. */
	if (seccomp_notify_alloc(&question, &reply) != 0)
		errx(1, "nobody can be asked");
	if (seccomp_load(filter) != 0)
		errx(1, "the kernel has no seccomp itself");
	if (landlock != NULL && landlock[strlen("landlock")] == '=')
		watch(seccomp_notify_fd(filter), atoi(landlock + strlen("landlock=")), argv + 2);
	run(argv + 2);
}
