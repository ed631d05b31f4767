/* SPDX-License-Identifier: ISC */
/*
 * Plays the client of one server, and says what that cost the server:
 *
 *	peer [-aco] [--read N] [--write N] WORKLOAD [ARGUMENT]... -- COMMAND [ARGUMENT]...
 *
 *	pull				COMMAND is a source: take what it sends
 *	push SIZE COUNT NAME		COMMAND is a sink: send it COUNT files
 *	push-deep SIZE COUNT LEVELS	the same, in directories that are one in another
 *	sftp-put SIZE PIECE		COMMAND speaks SFTP, and so do all of these: see sftp.h
 *	sftp-get SIZE PIECE
 *	sftp-put-tree SIZE COUNT
 *	sftp-get-tree SIZE COUNT
 *	sftp-list COUNT
 *	hear				COMMAND is anything: take what it says
 *	start N				COMMAND is a sink, N times: wait for its greeting and go
 *
 *	-a	the processes run on any CPU; otherwise, the server has one, and the driver another
 *	-c	count the server's system calls, from exec to its end, instead of taking times
 *	-o	both share one CPU, so that waking each other is a switch of context and no more
 *	--read, --write		read and write bodies, N bytes at a time, instead of splicing
 *
 * COMMAND is a path.  One line is printed:
 *
 *	wall=	seconds, from before exec until the server is reaped; of start, the median of
 *		those from before exec to the greeting
 *	cpu=	seconds of the server alone, user and system; of start, the median
 *	calls=, getdents=	system calls, and those of them that list directories; of start, all
 *	read=	bytes that read(2) and pread(2) have copied to the server; likewise
 *	rss=	KiB of the server at its peak
 *	status=	of its exit
 *
 * The exit status is 0 if all went well; 77 where system calls cannot be counted.
 */
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "server.h"
#include "sftp.h"

enum {
	BUFFER_MAX = 1 << 20,	/* bytes of --read and --write */
	STARTS_MAX = 100000,
	COUNT_MAX = 100000000,	/* files and directories */
	PIECE_MAX = 261120	/* bytes of a file in one packet of SFTP */
};

struct job;

struct workload {
	const char *name;
	int    args;		/* how many follow its name */
	void (*play)(const struct job *job, struct client *c);
};

struct job {
	const struct workload *what;
	char **args;		/* borrowed: those of the workload */
	char **command;		/* borrowed */
	size_t read, written;	/* see client_init */
	int    server_cpu;	/* or SERVER_ANYWHERE */
	bool   counting;
};

/* What one session has cost. */
struct cost {
	double wall, cpu;		/* seconds */
	unsigned long calls, listings, read;	/* see server.h */
	long   rss;			/* KiB */
};

static double
now(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_MONOTONIC, &t) == -1)
		err(1, "clock");
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* A number that is nothing but digits, between MIN and MAX. */
static uint64_t
take_number(const char *text, uint64_t min, uint64_t max)
{
	char *end;
	uint64_t n;

	errno = 0;
	n = strtoumax(text, &end, 10);
	if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || n < min || n > max)
		errx(2, "%s: a number between %ju and %ju is expected", text, min, max);
	return n;
}

/* -- workloads: see above */

static void
play_pull(const struct job *job, struct client *c)
{
	(void)job;
	client_pull(c);
}

static void
play_push(const struct job *job, struct client *c)
{
	client_push(c, take_number(job->args[0], 0, INT64_MAX),
	    take_number(job->args[1], 1, COUNT_MAX), job->args[2]);
}

static void
play_push_deep(const struct job *job, struct client *c)
{
	client_push_deep(c, take_number(job->args[0], 0, INT64_MAX),
	    take_number(job->args[1], 0, COUNT_MAX), take_number(job->args[2], 1, COUNT_MAX));
}

static void
play_sftp_put(const struct job *job, struct client *c)
{
	sftp_put(c->from, c->to, take_number(job->args[0], 0, INT64_MAX),
	    (uint32_t)take_number(job->args[1], 1, PIECE_MAX));
}

static void
play_sftp_get(const struct job *job, struct client *c)
{
	sftp_get(c->from, c->to, take_number(job->args[0], 0, INT64_MAX),
	    (uint32_t)take_number(job->args[1], 1, PIECE_MAX));
}

static void
play_sftp_put_tree(const struct job *job, struct client *c)
{
	sftp_put_tree(c->from, c->to, (uint32_t)take_number(job->args[0], 0, PIECE_MAX),
	    take_number(job->args[1], 0, COUNT_MAX));
}

static void
play_sftp_get_tree(const struct job *job, struct client *c)
{
	sftp_get_tree(c->from, c->to, (uint32_t)take_number(job->args[0], 0, PIECE_MAX),
	    take_number(job->args[1], 0, COUNT_MAX));
}

static void
play_sftp_list(const struct job *job, struct client *c)
{
	sftp_list(c->from, c->to, take_number(job->args[0], 0, COUNT_MAX));
}

static void
play_start(const struct job *job, struct client *c)
{
	(void)job;
	client_greet(c);
}

static void
play_hear(const struct job *job, struct client *c)
{
	(void)job;
	client_hear(c);
}

static const struct workload workloads[] = {
	{ "hear", 0, play_hear },
	{ "pull", 0, play_pull },
	{ "push", 3, play_push },
	{ "push-deep", 3, play_push_deep },
	{ "sftp-put", 2, play_sftp_put },
	{ "sftp-get", 2, play_sftp_get },
	{ "sftp-put-tree", 2, play_sftp_put_tree },
	{ "sftp-get-tree", 2, play_sftp_get_tree },
	{ "sftp-list", 1, play_sftp_list },
	{ "start", 1, play_start },
};

/* -- one session */

/* The client's part, in the process that takes the time or in one beside it. */
static void
play(const struct job *job, const struct server *s)
{
	struct client c;

	client_init(&c, s->from, s->to, job->read, job->written);
	job->what->play(job, &c);
	client_end(&c);
}

/* A tracer stops its server at each call, and so cannot be what the server waits for. */
static void
play_and_count(const struct job *job, struct server *s)
{
	int status;
	pid_t player;

	server_trace(s);
	player = fork();
	if (player == -1)
		err(1, "fork");
	if (player == 0) {
		play(job, s);
		exit(0);
	}
	server_hang_up(s);
	server_count(s);
	if (waitpid(player, &status, 0) != player)
		err(1, "waitpid");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		exit(1);
}

/* Returns when the client has heard what it was waiting for, before the server's end. */
static double
play_and_reap(const struct job *job, struct server *s)
{
	double heard;

	play(job, s);
	heard = now();
	server_hang_up(s);
	server_reap(s);
	return heard;
}

static double
seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static struct cost
run_session(const struct job *job)
{
	struct server s;
	double begin = now(), heard = 0;

	server_start(&s, job->command, job->server_cpu, job->counting);
	if (job->counting)
		play_and_count(job, &s);
	else
		heard = play_and_reap(job, &s);
	if (!WIFEXITED(s.status) || WEXITSTATUS(s.status) != 0)
		errx(1, "%s: %s %d", job->command[0],
		    WIFEXITED(s.status) ? "exit status" : "killed by signal",
		    WIFEXITED(s.status) ? WEXITSTATUS(s.status) : WTERMSIG(s.status));
	return (struct cost){
		.wall = (job->what->play == play_start ? heard : now()) - begin,
		.cpu = seconds(s.used.ru_utime) + seconds(s.used.ru_stime),
		.calls = s.calls, .listings = s.listings, .read = s.read,
		.rss = s.used.ru_maxrss,
	};
}

static int
compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double
median(double *list, size_t count)
{
	qsort(list, count, sizeof(*list), compare);
	return (list[(count - 1) / 2] + list[count / 2]) / 2;
}

/* Medians of times, the sum of calls, and the largest peak. */
static struct cost
run_sessions(const struct job *job, size_t count)
{
	static double walls[STARTS_MAX], cpus[STARTS_MAX];
	struct cost all = { 0 };

	for (size_t i = 0; i < count; i++) {
		struct cost one = run_session(job);

		walls[i] = one.wall;
		cpus[i] = one.cpu;
		all.calls += one.calls;
		all.listings += one.listings;
		all.read += one.read;
		if (one.rss > all.rss)
			all.rss = one.rss;
	}
	all.wall = median(walls, count);
	all.cpu = median(cpus, count);
	return all;
}

/* -- the command line */

static _Noreturn void
usage(void)
{
	fputs("usage: peer [-aco] [--read N] [--write N] WORKLOAD [ARGUMENT]... -- COMMAND...\n"
	    "workloads: hear, pull, push SIZE COUNT NAME, push-deep SIZE COUNT LEVELS, start N,\n"
	    "sftp-put SIZE PIECE, sftp-get SIZE PIECE, sftp-put-tree SIZE COUNT,\n"
	    "sftp-get-tree SIZE COUNT, sftp-list COUNT\n",
	    stderr);
	exit(2);
}

/* The driver gets the first CPU, which has most interrupts, and the server the last; or both that. */
static void
take_cpus(struct job *job, bool share)
{
	cpu_set_t allowed;
	int first = -1, last = -1;

	if (sched_getaffinity(0, sizeof(allowed), &allowed) == -1)
		err(1, "sched_getaffinity");
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET((size_t)cpu, &allowed)) {
			first = first == -1 ? cpu : first;
			last = cpu;
		}
	if (first == last)
		return;
	if (server_pin(share ? last : first) == -1)
		err(1, "sched_setaffinity");
	job->server_cpu = last;
}

static void
take_options(struct job *job, int argc, char *argv[])
{
	static const struct option longs[] = {
		{ "read", required_argument, NULL, 'r' },
		{ "write", required_argument, NULL, 'w' },
		{ NULL, 0, NULL, 0 },
	};
	bool anywhere = false, share = false;
	int letter;

	while ((letter = getopt_long(argc, argv, "+aco", longs, NULL)) != -1)
		if (letter == 'a')
			anywhere = true;
		else if (letter == 'c')
			job->counting = true;
		else if (letter == 'o')
			share = true;
		else if (letter == 'r')
			job->read = (size_t)take_number(optarg, 1, BUFFER_MAX);
		else if (letter == 'w')
			job->written = (size_t)take_number(optarg, 1, BUFFER_MAX);
		else
			usage();
	if (!anywhere)
		take_cpus(job, share);
}

/* The workload, its arguments, "--", and the command. */
static void
take_workload(struct job *job, char **words)
{
	if (words[0] == NULL)
		usage();
	for (size_t i = 0; i < sizeof(workloads) / sizeof(workloads[0]); i++)
		if (strcmp(words[0], workloads[i].name) == 0)
			job->what = &workloads[i];
	if (job->what == NULL)
		usage();
	job->args = ++words;
	for (int i = 0; i < job->what->args; i++)
		if (*words == NULL || strcmp(*words++, "--") == 0)
			usage();
	if (*words == NULL || strcmp(*words, "--") != 0 || words[1] == NULL)
		usage();
	job->command = words + 1;
}

int
main(int argc, char *argv[])
{
	struct job job = { .server_cpu = SERVER_ANYWHERE };
	struct cost cost;
	size_t count = 1;

	take_options(&job, argc, argv);
	take_workload(&job, argv + optind);
	if (job.what->play == play_start)
		count = (size_t)take_number(job.args[0], 1, STARTS_MAX);
	signal(SIGPIPE, SIG_IGN);
	cost = run_sessions(&job, count);
	if (job.counting)
		printf("calls=%lu getdents=%lu read=%lu", cost.calls, cost.listings, cost.read);
	else
		printf("wall=%.6f cpu=%.6f", cost.wall, cost.cpu);
	printf(" rss=%ld status=0\n", cost.rss);
	return fflush(stdout) == EOF;
}
