/* SPDX-License-Identifier: ISC */
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include "server.h"

enum {
	CALL_STOP = SIGTRAP | 0x80,	/* PTRACE_O_TRACESYSGOOD marks the stops of system calls */
	NOT_PINNED = 124,		/* exit statuses of a child that cannot be the server */
	NOT_TRACED = 125,
	NOT_CONNECTED = 126,
	NOT_FOUND = 127
};

int
server_pin(int cpu)
{
	cpu_set_t set;

	if (cpu == SERVER_ANYWHERE)
		return 0;
	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

/* What the child does, in our memory: system calls only.  The other ends are close-on-exec. */
static _Noreturn void
become(char *const argv[], int in, int out, int cpu, bool traced)
{
	if (dup2(in, STDIN_FILENO) == -1 || dup2(out, STDOUT_FILENO) == -1)
		_exit(NOT_CONNECTED);
	if (server_pin(cpu) == -1)
		_exit(NOT_PINNED);
	if (traced && ptrace(PTRACE_TRACEME, 0, NULL, NULL) == -1)
		_exit(NOT_TRACED);
	execv(argv[0], argv);
	_exit(NOT_FOUND);
}

/*
 * With vfork, starting costs the same whatever we are.  But a process is said to have had at its
 * peak at least the memory of the one that it was before exec, which is ours: so we must be small
 * until here.
 */
static pid_t
spawn(char *const argv[], int in, int out, int cpu, bool traced)
{
	pid_t pid = vfork();

	if (pid == 0)
		become(argv, in, out, cpu, traced);
	if (pid == -1)
		err(1, "vfork");
	return pid;
}

void
server_start(struct server *s, char *const argv[], int cpu, bool traced)
{
	int in[2], out[2];

	*s = (struct server){ .from = -1, .to = -1 };
	if (pipe2(in, O_CLOEXEC) == -1 || pipe2(out, O_CLOEXEC) == -1)
		err(1, "pipe");
	s->pid = spawn(argv, in[0], out[1], cpu, traced);
	close(in[0]);
	close(out[1]);
	s->to = in[1];
	s->from = out[0];
}

void
server_hang_up(struct server *s)
{
	if (close(s->to) == -1 || close(s->from) == -1)
		err(1, "close");
}

void
server_reap(struct server *s)
{
	if (wait4(s->pid, &s->status, 0, &s->used) != s->pid)
		err(1, "wait4");
}

/* Goes on until the next stop, handing over SIG: false once there is none, for it has ended. */
static bool
next_stop(struct server *s, int sig)
{
	if (ptrace(PTRACE_SYSCALL, s->pid, NULL, (long)sig) == -1)
		err(1, "ptrace");
	server_reap(s);
	return WIFSTOPPED(s->status);
}

/* Each call stops twice, but the last one, which does not come back. */
static void
count_stop(struct server *s)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, s->pid, sizeof(info), &info) == -1)
		err(1, "ptrace: the system call");
	if (info.op == PTRACE_SYSCALL_INFO_EXIT && s->reads && info.exit.rval > 0)
		s->read += (unsigned long)info.exit.rval;
	if (info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return;
	s->calls++;
	s->reads = info.entry.nr == SYS_read || info.entry.nr == SYS_pread64;
	s->listings += info.entry.nr == SYS_getdents64;
}

/* The first stop is that of exec: what the child did before is not counted. */
void
server_trace(struct server *s)
{
	server_reap(s);
	if (WIFEXITED(s->status) && WEXITSTATUS(s->status) == NOT_TRACED)
		errx(SERVER_UNTRACEABLE, "system calls cannot be counted: ptrace is not permitted");
	if (!WIFSTOPPED(s->status))
		errx(1, "the server does not start");
	if (ptrace(PTRACE_SETOPTIONS, s->pid, NULL,
	    (long)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)) == -1)
		err(1, "ptrace: options");
}

void
server_count(struct server *s)
{
	int sig = 0;

	while (next_stop(s, sig)) {
		sig = WSTOPSIG(s->status);
		if (sig == CALL_STOP) {
			count_stop(s);
			sig = 0;
		}
	}
}
