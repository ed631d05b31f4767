/* SPDX-License-Identifier: ISC */
#ifndef GIVEN_H
#define GIVEN_H

/*
 * What a process is given, and what a test of unit.h gives back where it has taken it: limits,
 * blocked signals, interval timers and identities, with which the runner goes on in the same
 * process.  Handlers of signals, the umask, the working directory and the standard descriptors are
 * the test's to change, and are put back for it.
 *
 * For good, a test may become somebody who can never be root again, be locked up, and have mounts
 * of its own: nobody asks that back, and the process ends soon.
 */
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	GIVEN_GROUPS = 64,	/* more than that are not compared */
	GIVEN_TIMERS = 3
};

struct given {
	struct rlimit	 limits[RLIM_NLIMITS];
	sigset_t	 blocked;
	struct sigaction handlers[NSIG];	/* of signals from 1 */
	bool		 timed[GIVEN_TIMERS];	/* that the interval timer runs */
	int		 standard[3];		/* owned; copies, -1 where one is closed */
	uid_t		 uids[3];		/* real, effective, saved */
	gid_t		 gids[3];
	int		 n_groups;		/* -1 when there are too many */
	gid_t		 groups[GIVEN_GROUPS];
	mode_t		 mask;
	int		 here;			/* owned; the working directory */
};

static inline void
given_note_signals(struct given *g)
{
	(void)sigprocmask(SIG_SETMASK, NULL, &g->blocked);
	for (int i = 1; i < NSIG; i++)
		(void)sigaction(i, NULL, &g->handlers[i]);
	for (int i = 0; i < GIVEN_TIMERS; i++) {
		struct itimerval value = { .it_value = { .tv_sec = 0 } };

		(void)getitimer((__itimer_which_t)i, &value);
		g->timed[i] = value.it_value.tv_sec != 0 || value.it_value.tv_usec != 0;
	}
}

/* What this process has now. */
static inline void
given_note(struct given *g)
{
	*g = (struct given){ .here = -1, .standard = { -1, -1, -1 } };
	for (int i = 0; i < RLIM_NLIMITS; i++)
		(void)getrlimit((__rlimit_resource_t)i, &g->limits[i]);
	given_note_signals(g);
	(void)getresuid(&g->uids[0], &g->uids[1], &g->uids[2]);
	(void)getresgid(&g->gids[0], &g->gids[1], &g->gids[2]);
	g->n_groups = getgroups(GIVEN_GROUPS, g->groups);
	g->mask = umask(0);
	(void)umask(g->mask);
}

/* The same, and what it takes to put it back. */
static inline void
given_hold(struct given *g)
{
	given_note(g);
	g->here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (int fd = 0; fd < 3; fd++)
		g->standard[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

/* For who is still root behind another effective user. */
static inline int
given_be_again(const struct given *g)
{
	return seteuid(0) == -1 || setgroups((size_t)g->n_groups, g->groups) == -1 ||
	    setegid(g->gids[1]) == -1 || seteuid(g->uids[1]) == -1 ? -1 : 0;
}

static inline const char *
given_limit_that_differs(const struct given *a, const struct given *b)
{
	static const char *const names[RLIM_NLIMITS] = {
		[RLIMIT_AS] = "RLIMIT_AS", [RLIMIT_CORE] = "RLIMIT_CORE", [RLIMIT_CPU] = "RLIMIT_CPU",
		[RLIMIT_FSIZE] = "RLIMIT_FSIZE", [RLIMIT_NOFILE] = "RLIMIT_NOFILE",
		[RLIMIT_NPROC] = "RLIMIT_NPROC", [RLIMIT_SIGPENDING] = "RLIMIT_SIGPENDING",
	};

	for (int i = 0; i < RLIM_NLIMITS; i++)
		if (a->limits[i].rlim_cur != b->limits[i].rlim_cur ||
		    a->limits[i].rlim_max != b->limits[i].rlim_max)
			return names[i] != NULL ? names[i] : "a limit";
	return NULL;
}

static inline const char *
given_signal_that_differs(const struct given *a, const struct given *b)
{
	for (int i = 1; i < NSIG; i++)
		if (sigismember(&a->blocked, i) != sigismember(&b->blocked, i))
			return "the blocked signals";
	return memcmp(a->timed, b->timed, sizeof(a->timed)) != 0 ? "an interval timer" : NULL;
}

/* Who is somebody for good has nothing to give back. */
static inline const char *
given_identity_that_differs(const struct given *a, const struct given *b)
{
	if (b->uids[0] != 0 && b->uids[0] == b->uids[1] && b->uids[0] == b->uids[2])
		return NULL;
	if (memcmp(a->uids, b->uids, sizeof(a->uids)) != 0)
		return "a user ID";
	if (memcmp(a->gids, b->gids, sizeof(a->gids)) != 0)
		return "a group ID";
	return a->n_groups != b->n_groups || memcmp(a->groups, b->groups, sizeof(a->groups)) != 0
	    ? "the groups" : NULL;
}

static inline void
given_put_back(struct given *g)
{
	for (int i = 1; i < NSIG; i++)
		(void)sigaction(i, &g->handlers[i], NULL);
	(void)umask(g->mask);
	if (g->here != -1) {
		(void)!fchdir(g->here);
		close(g->here);
	}
	(void)fflush(NULL);
	for (int fd = 0; fd < 3; fd++) {
		if (g->standard[fd] == -1)
			continue;
		(void)dup2(g->standard[fd], fd);
		close(g->standard[fd]);
	}
}

/* Ends what was held: puts back what a test may change, and names what it took, or NULL. */
static inline const char *
given_take_back(struct given *g)
{
	struct given now;
	const char *what;

	given_note(&now);
	given_put_back(g);
	if ((what = given_limit_that_differs(g, &now)) == NULL &&
	    (what = given_signal_that_differs(g, &now)) == NULL)
		what = given_identity_that_differs(g, &now);
	return what;
}

#endif
