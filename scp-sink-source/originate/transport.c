/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "originate/transport.h"
#include "process.h"
#include "wire/io.h"

enum {
	USUAL = 10,	/* seconds in which a program ends whose conversation is over */
	TOLD = 2,	/* the same when it was told to */
	FAILED = 1 << 8,	/* as waitpid(2) has an exit status of 1 */
	STEP = 32	/* milliseconds between looking for it, at most */
};

static bool
begins_with(const char *word, const char *with)
{
	return strncmp(word, with, strlen(with)) == 0;
}

/* A program may be called ssh and be another one. */
static bool
is_dropbear(const char *path)
{
	char real[PATH_MAX];
	const char *name;

	if (realpath(path, real) == NULL)
		return false;
	name = strrchr(real, '/') + 1;
	return begins_with(name, "dropbear") || begins_with(name, "dbclient");
}

static bool
take(struct program *p, const char *path)
{
	struct stat st;

	/* A directory may be searched, which is the same right. */
	if (access(path, X_OK) == -1 || stat(path, &st) == -1 || S_ISDIR(st.st_mode) ||
	    strlcpy(p->path, path, sizeof(p->path)) >= sizeof(p->path))
		return false;
	p->dropbear = is_dropbear(path);
	return true;
}

/* Looks for NAME in PATH, as a shell does. */
static bool
look_for(struct program *p, const char *name)
{
	const char *dirs = getenv("PATH"), *end;
	char path[PATH_MAX];

	if (dirs == NULL)
		dirs = "/usr/bin:/bin";
	for (bool more = true; more; dirs = end + 1) {
		int n;

		end = strchrnul(dirs, ':');
		more = *end != '\0';
		n = snprintf(path, sizeof(path), "%.*s%s%s", (int)(end - dirs), dirs,
		    end == dirs ? "" : "/", name);
		if (n > 0 && (size_t)n < sizeof(path) && take(p, path))
			return true;
	}
	return false;
}

int
transport_find(struct program *p, const char *wanted, const char **why)
{
	*why = "there is no such program";
	if (wanted != NULL)
		return (strchr(wanted, '/') != NULL ? take(p, wanted) : look_for(p, wanted)) ? 0 : -1;
	*why = "there is neither ssh nor dbclient";
	return look_for(p, "ssh") || look_for(p, "dbclient") ? 0 : -1;
}

bool
transport_has_terminal(void)
{
	int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd != -1)
		close(fd);
	return fd != -1;
}

static void
write_plainly(void *nobody, const char *text, size_t len)
{
	(void)nobody;
	(void)io_write_all(STDERR_FILENO, text, len);
}

void
transport_init(struct transport *t, const struct policy *policy, sieve_write *write, void *writer)
{
	*t = (struct transport){
		.in = -1, .out = -1, .program = -1, .sieve = -1, .policy = policy,
		.write = write != NULL ? write : write_plainly, .writer = writer,
	};
}

/* Whether whoever started us wants nobody to be stopped by it. */
static bool
is_ignored(int signal)
{
	struct sigaction now;

	return sigaction(signal, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

/* What we ignore, and what we have set up for ourselves, is nobody else's. */
static int
set_signals(posix_spawnattr_t *a)
{
	static const int shared[] = { SIGHUP, SIGINT, SIGQUIT };
	sigset_t all, none;

	sigfillset(&all);
	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++)
		if (is_ignored(shared[i]))
			sigdelset(&all, shared[i]);
	sigemptyset(&none);
	errno = posix_spawnattr_setsigdefault(a, &all);
	if (errno == 0)
		errno = posix_spawnattr_setsigmask(a, &none);
	if (errno == 0)
		errno = posix_spawnattr_setflags(a, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	return errno == 0 ? 0 : -1;
}

/* With FDS, if any, as its descriptors 0 to 2. */
static pid_t
spawn(const char *path, char *const argv[], const int *fds)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	pid_t pid = -1;
	int err;

	errno = posix_spawnattr_init(&attributes);
	if (errno != 0)
		return -1;
	err = posix_spawn_file_actions_init(&actions);
	if (err == 0) {
		for (int to = 0; err == 0 && fds != NULL && to <= STDERR_FILENO; to++)
			err = posix_spawn_file_actions_adddup2(&actions, fds[to], to);
		if (err == 0 && set_signals(&attributes) == -1)
			err = errno;
		if (err == 0)
			err = posix_spawnp(&pid, path, &actions, &attributes, argv, environ);
		posix_spawn_file_actions_destroy(&actions);
	}
	posix_spawnattr_destroy(&attributes);
	errno = err;
	return err == 0 ? pid : -1;
}

pid_t
transport_run(const char *name, char *const argv[])
{
	return spawn(name, argv, NULL);
}

pid_t
transport_work(int (*work)(void *), void *argument)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(work(argument));
	return pid;
}

static void
close_both(int pair[2])
{
	for (int i = 0; i < 2; i++) {
		if (pair[i] != -1)
			close(pair[i]);
		pair[i] = -1;
	}
}

/* Of the descriptors of a program, which are to be its only ones. */
struct pipes {
	int in[2], out[2], errors[2];
	const struct transport *transport;	/* whose they are, once it is started */
};

/* A pipe on descriptors that are none of the three that a program is started with. */
static int
open_pipe(int pair[2])
{
	if (pipe2(pair, O_CLOEXEC) == 0)
		return 0;
	pair[0] = pair[1] = -1;
	return -1;
}

static int
sift(void *argument)
{
	struct pipes *p = argument;
	const struct transport *t = p->transport;
	const struct cage cage = { .policy = t->policy, .dir = -1 };

	close_both(p->in);
	close_both(p->out);
	close(p->errors[1]);
	return sieve_run(p->errors[0], t->policy != NULL ? &cage : NULL, t->write, t->writer);
}

static int
start(struct transport *t, struct pipes *p, const struct program *program, char *const argv[],
    const int fds[3])
{
	t->program = spawn(program->path, argv, fds);
	if (t->program == -1)
		return -1;
	p->transport = t;
	t->sieve = transport_work(sift, p);
	return t->sieve == -1 ? -1 : 0;
}

/* Closes what is ours alone by now; where it did not START, nothing is left of it. */
static int
settle(struct transport *t, struct pipes *p, int started)
{
	int saved = errno;

	close_both(p->in);
	close_both(p->out);
	close_both(p->errors);
	if (started == -1)
		(void)transport_end(t);
	errno = saved;
	return started;
}

int
transport_start(struct transport *t, const struct program *program, char *const argv[])
{
	struct pipes p = { { -1, -1 }, { -1, -1 }, { -1, -1 }, NULL };
	int end = -1;

	if (open_pipe(p.in) == 0 && open_pipe(p.out) == 0 && open_pipe(p.errors) == 0) {
		const int fds[] = { p.in[0], p.out[1], p.errors[1] };

		end = start(t, &p, program, argv, fds);
	}
	if (end == 0) {
		t->out = p.in[1];
		t->in = p.out[0];
		p.in[1] = p.out[0] = -1;
	}
	return settle(t, &p, end);
}

int
transport_start_alone(struct transport *t, const struct program *program, char *const argv[])
{
	struct pipes p = { { -1, -1 }, { -1, -1 }, { -1, -1 }, NULL };
	int end = -1;

	/* A pipe that nobody writes to has come to its end. */
	if (open_pipe(p.in) == 0 && open_pipe(p.errors) == 0) {
		const int fds[] = { p.in[0], p.errors[1], p.errors[1] };

		close(p.in[1]);
		p.in[1] = -1;
		end = start(t, &p, program, argv, fds);
	}
	return settle(t, &p, end);
}

int
transport_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return FAILED;
	return status;
}

/* Waits for PID up to PATIENCE seconds: true when it has ended. */
static bool
wait_for(pid_t pid, int patience, int *status)
{
	/* Most have ended nearly at once. */
	for (int waited = 0, step = 1; waited <= patience * 1000; waited += step) {
		pid_t ended = waitpid(pid, status, WNOHANG);

		if (ended == -1 && errno != EINTR)
			*status = FAILED;
		if (ended == pid || (ended == -1 && errno != EINTR))
			return true;
		usleep((useconds_t)step * 1000);
		step = step < STEP ? 2 * step : STEP;
	}
	return false;
}

static int
end_process(pid_t pid)
{
	int status = 0;

	/* Who was told to stop does not wait for somebody who does not hear. */
	if (pid == -1 || wait_for(pid, process_told() == 0 ? USUAL : TOLD, &status))
		return status;
	kill(pid, SIGTERM);
	if (!wait_for(pid, TOLD, &status)) {
		kill(pid, SIGKILL);
		return transport_wait(pid);
	}
	return status;
}

void
transport_close(struct transport *t)
{
	if (t->in != -1)
		close(t->in);
	if (t->out != -1)
		close(t->out);
	t->in = t->out = -1;
}

int
transport_end(struct transport *t)
{
	int status;

	transport_close(t);
	status = end_process(t->program);
	/* It ends when nobody is left who could say something. */
	t->said = end_process(t->sieve) != 0;
	t->program = t->sieve = -1;
	return status;
}

int
transport_end_alone(struct transport *t)
{
	int status = t->program == -1 ? 0 : transport_wait(t->program);

	t->program = -1;
	(void)transport_end(t);
	return status;
}
