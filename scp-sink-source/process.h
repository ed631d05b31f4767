/* SPDX-License-Identifier: ISC */
#ifndef PROCESS_H
#define PROCESS_H

#include <sys/types.h>

#include <stdbool.h>

/*
 * How we are run: what a session may rely on, whoever started us.  The first two are for once, before
 * anything else.
 *
 * Descriptors 0 to 2 are open, if only to nothing, so that no file of ours becomes one of them, and where they
 * are ALL there is to be, no others are.  0, or -1 where there is nothing that they could be open to.
 */
int	process_tidy_descriptors(bool all);

/*
 * Gives ps(1) room for a title, which setproctitle(3) sets: that of the arguments and the environment.
 * ARGV is then of copies, which are never freed.
 */
void	process_open_title(int argc, char *argv[], char *envp[]);

/*
 * SIGHUP, SIGINT and SIGTERM hang up on the client: what waits for it is interrupted, every later
 * read or write fails, and the session is lost like any other.  A second one kills.  So does SIGALRM
 * once the time of a deadline is up, and says why on standard error.  SIGPIPE and SIGXFSZ are errors
 * of a write.  No signal is held back.
 *
 * For a PERSON, what whoever started us has had ignored of the first two stays so: a copy goes on behind
 * nohup(1), and in the background of a script.  And children are waited for.
 */
void	process_set_signals(bool person);

/* Who speaks to two is hung up on by both: the descriptors IN and OUT are the other one's. */
void	process_hang_up_too(int in, int out);

/* Which signal has told us to stop; 0: none.  And ends us as that would have done, for whoever waits. */
int	process_told(void);
_Noreturn void process_die(int signal);

/*
 * From here on, and for good, this process is one of the user NAME, whose number is UID: with his
 * groups, GID being the first, in his HOME, or in / where that cannot be had, as sshd would start him.
 * 0, or -1 with errno.
 */
int	process_become(const char *name, uid_t uid, gid_t gid, const char *home);

/*
 * TEXT and a newline for whoever reads standard error, who holds nobody up: after a second without
 * room it is lost.
 */
void	process_say(const char *text);

/* The same for the REASON why the time was up, NULL for none, unless that was said as it was up. */
void	process_say_time(const char *reason);

#endif
