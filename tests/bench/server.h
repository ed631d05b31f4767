/* SPDX-License-Identifier: ISC */
#ifndef BENCH_SERVER_H
#define BENCH_SERVER_H

/* The process that is measured.  Whatever fails here is said, and ends the driver. */
#include <sys/resource.h>
#include <sys/types.h>

#include <stdbool.h>

enum {
	SERVER_ANYWHERE = -1,	/* instead of the number of a CPU */
	SERVER_UNTRACEABLE = 77	/* the driver's exit status where system calls cannot be counted */
};

struct server {
	pid_t pid;
	int   from;			/* owned: what it says */
	int   to;			/* owned: what it hears */
	int   status;			/* as from wait4, once it is reaped */
	struct rusage used;		/* by then */
	unsigned long calls;		/* system calls, if they are counted */
	unsigned long listings;		/* of these, getdents64 */
	bool	      reads;		/* the last one was read(2) or pread(2); */
	unsigned long read;		/* bytes that these have read */
};

/* Only this CPU, for whoever calls.  -1 and errno where that cannot be. */
int server_pin(int cpu);

/*
 * Starts ARGV on CPU, with pipes as descriptors 0 and 1 and our own standard error.  A TRACED one
 * waits for server_trace, and server_count, before its first system call.
 */
void server_start(struct server *s, char *const argv[], int cpu, bool traced);

/* Closes our ends of the pipes: the server is told that the client has gone. */
void server_hang_up(struct server *s);

/* Waits for its end. */
void server_reap(struct server *s);

/* Takes over one that is TRACED, or ends the driver with SERVER_UNTRACEABLE. */
void server_trace(struct server *s);

/* The same as server_reap for one that is traced, which runs only now: others play its client. */
void server_count(struct server *s);

#endif
