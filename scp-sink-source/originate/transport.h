/* SPDX-License-Identifier: ISC */
#ifndef ORIGINATE_TRANSPORT_H
#define ORIGINATE_TRANSPORT_H

#include <sys/types.h>

#include <limits.h>
#include <stdbool.h>

#include "originate/sieve.h"

/*
 * Other programs, and processes of our own: whatever starts one is here, and nothing that serves reaches
 * it.  A program that reaches a host is spoken to through two pipes.  What it writes to standard error
 * goes through a process of ours, the sieve, which lets no control byte of a remote host come to the
 * terminal.  ORIGINATE section 4.
 */
struct program {
	char path[PATH_MAX];	/* what is executed */
	bool dropbear;		/* it is dbclient, by the name of what its links lead to */
};

struct transport {
	int   in, out;		/* owned: what the host says, and is told; -1 when closed */
	pid_t program, sieve;	/* -1: none */
	bool  said;		/* once it has ended: something came to standard error */
	const struct policy *policy;	/* borrowed: how the sieve is locked up; NULL: not at all */
	sieve_write *write;	/* where what it says goes to; and its first argument */
	void *writer;
};

/*
 * Finds the program WANTED, a path or a name to look for in PATH; NULL: ssh, or else dbclient.  0; -1
 * with *WHY a constant.
 */
int	transport_find(struct program *, const char *wanted, const char **why);

/* Whether there is a terminal at which somebody can be asked for a password. */
bool	transport_has_terminal(void);

/*
 * All descriptors -1, and no process.  What will be said to standard error is for WRITE, which is called in
 * the sieve's process; NULL: it is written there.  With a POLICY that process is in a cage.
 */
void	transport_init(struct transport *, const struct policy *, sieve_write *, void *writer);

/* Starts it with the words ARGV, and a sieve: 0; -1 with errno, and nothing is left of it. */
int	transport_start(struct transport *, const struct program *, char *const argv[]);

/* The same for a program that nobody speaks with: all that it says goes through the sieve. */
int	transport_start_alone(struct transport *, const struct program *, char *const argv[]);

/* Runs WORK in a process of its own, which exits with what that returns: its number, or -1 with errno. */
pid_t	transport_work(int (*work)(void *), void *argument);

/* Starts the program NAME of PATH, which has our own descriptors: its number, or -1 with errno. */
pid_t	transport_run(const char *name, char *const argv[]);

/* Waits for it: what became of it, as waitpid(2) has it. */
int	transport_wait(pid_t);

/* Closes our ends of both pipes, which others may hold still. */
void	transport_close(struct transport *);

/*
 * Waits for the program, whose conversation is over, and ends it if it does not end by itself; and for
 * the sieve.  As transport_wait; 0 where there was none.
 */
int	transport_end(struct transport *);
/* The same for one that was started alone, and takes its time. */
int	transport_end_alone(struct transport *);

#endif
