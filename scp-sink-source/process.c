/* SPDX-License-Identifier: ISC */
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/stdlib.h>
#include <bsd/string.h>
#include <bsd/unistd.h>

#include "log/journal.h"
#include "process.h"
#include "wire/deadline.h"

enum {
	USUAL_FILES = 1024,	/* descriptors that a process may have unless somebody said more */
	LINE_BYTES = 2048,	/* of what is said, NUL included */
	PATIENCE = 1000		/* milliseconds for who reads standard error */
};

/* Only calls that a signal's handler may make, too. */
static void
tell(const char *who, const char *text, int patience)
{
	char line[LINE_BYTES];
	struct journal errors;

	journal_to_fd(&errors, STDERR_FILENO, patience);
	strlcpy(line, who, sizeof(line));
	strlcat(line, text, sizeof(line) - 1);
	strlcat(line, "\n", sizeof(line));
	(void)journal_write(&errors, line, strlen(line));
}

void
process_say(const char *text)
{
	tell("", text, PATIENCE);
}

/* What only signals change. */
static volatile sig_atomic_t hung_up;

/* What is hung up on besides; -1: nothing. */
static volatile sig_atomic_t others[] = { -1, -1 };

/*
 * Being told to stop hangs up on the client, whatever we are at, so that the temporary file goes its
 * usual way.  Nothing of that depends on when the signal comes.
 */
static void
hang_up(int signal)
{
	int saved = errno;

	hung_up = signal;
	/* It becomes the lowest that is free, also where no other is. */
	close(STDIN_FILENO);
	/* A C library's open(2) may be another call, which the sandbox has no word for. */
	if (openat(-1, "/", O_PATH | O_CLOEXEC) != STDIN_FILENO)
		_exit(1);
	dup2(STDIN_FILENO, STDOUT_FILENO);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (others[i] != -1)
			dup2(STDIN_FILENO, others[i]);
	errno = saved;
}

void
process_hang_up_too(int in, int out)
{
	others[0] = in;
	others[1] = out;
}

/*
 * Time may be up: as above.  What goes on when that comes again may be held up by whoever reads
 * standard error.
 */
static void
run_out(int signal, siginfo_t *info, void *context)
{
	int saved = errno;
	/* Whoever may send us signals may say that they are a timer's, and of which. */
	const char *why = info->si_code == SI_TIMER ? deadline_ring() : "told to stop";

	(void)context;
	if (why != NULL && hung_up) {
		dup2(STDIN_FILENO, STDERR_FILENO);
	} else if (why != NULL) {
		hang_up(signal);
		tell("scp: ", why, 0);
	}
	errno = saved;
}

/* Time that ran out while we were at work ourselves ends the session where it waits next. */
void
process_say_time(const char *reason)
{
	if (reason != NULL && !hung_up)
		tell("scp: ", reason, PATIENCE);
}

int
process_told(void)
{
	return hung_up;
}

_Noreturn void
process_die(int sig)
{
	struct sigaction usual = { .sa_handler = SIG_DFL };

	sigaction(sig, &usual, NULL);
	raise(sig);
	_exit(1);
}

/* Of what tells us to stop, a person's may have been left to be ignored. */
static void
hear_of(int signal, const struct sigaction *action, bool person)
{
	struct sigaction before = { .sa_handler = SIG_DFL };

	sigaction(signal, action, &before);
	if (person && signal != SIGTERM && before.sa_handler == SIG_IGN)
		sigaction(signal, &before, NULL);
}

void
process_set_signals(bool person)
{
	static const int told[] = { SIGHUP, SIGINT, SIGTERM };
	struct sigaction ignore = { .sa_handler = SIG_IGN }, once = { .sa_handler = hang_up };
	struct sigaction late = { .sa_sigaction = run_out }, usual = { .sa_handler = SIG_DFL };
	sigset_t none;

	once.sa_flags = (int)SA_RESETHAND;	/* Whoever insists, kills. */
	/* A time that is not up yet disturbs nothing. */
	late.sa_flags = SA_SIGINFO | SA_RESTART;
	sigaddset(&once.sa_mask, SIGALRM);
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		sigaddset(&once.sa_mask, told[i]);
	late.sa_mask = once.sa_mask;
	sigaction(SIGPIPE, &ignore, NULL);
	sigaction(SIGXFSZ, &ignore, NULL);
	sigaction(SIGALRM, &late, NULL);
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		hear_of(told[i], &once, person);
	/* Where that is ignored, nobody can tell what a child has ended with. */
	if (person)
		sigaction(SIGCHLD, &usual, NULL);
	/* Whoever started us may have held them back. */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

int
process_tidy_descriptors(bool all)
{
	if (all && syscall(SYS_close_range, STDERR_FILENO + 1, UINT_MAX, 0) == -1)
		for (int fd = STDERR_FILENO + 1; fd < USUAL_FILES; fd++)
			(void)close(fd);	/* before Linux 5.9 */
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) == -1 && open("/dev/null", O_RDWR) != fd)
			return -1;
	return 0;
}

/*
 * The kernel shows a title instead of the arguments where the end of the last of these is overwritten.
 * setproctitle(3) does that with the end of the first, and what is behind it would be seen for ever.
 * So to it there is only one.
 */
void
process_open_title(int argc, char *argv[], char *envp[])
{
	char *all = argc > 0 ? argv[0] : NULL, *end, *copy, *one[] = { all, NULL };
	int n;

	if (all == NULL)
		return;
	end = all + strlen(all);
	for (n = 1; n < argc && argv[n] == end + 1; n++)
		end = argv[n] + strlen(argv[n]);
	copy = malloc((size_t)(end - all) + 1);
	if (copy == NULL)
		return;
	memcpy(copy, all, (size_t)(end - all) + 1);
	argv[0] = copy;
	for (int i = 1; i < n; i++) {
		ptrdiff_t at = argv[i] - all;

		argv[i] = copy + at;
		all[at - 1] = ' ';
	}
	/* What both are told is where the first argument was. */
	setprogname(copy);
	setproctitle_init(1, one, envp);
}

int
process_become(const char *name, uid_t uid, gid_t gid, const char *home)
{
	if (initgroups(name, gid) == -1 || setresgid(gid, gid, gid) == -1 ||
	    setresuid(uid, uid, uid) == -1)
		return -1;
	return home[0] == '/' && chdir(home) == 0 ? 0 : chdir("/");
}
