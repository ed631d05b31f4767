/* SPDX-License-Identifier: ISC */
#ifndef CELL_SYSCALLS_H
#define CELL_SYSCALLS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Leaves this process the system calls of one session, as seccomp(2) does: no program is started, no
 * process made, looked into or sent a signal, nothing mounted, no socket opened.  Any other call kills
 * us; in a build with the sanitizers, which make calls of their own, it fails with EPERM.
 */
struct syscalls {
	bool	    read;	/* files are read; else none is opened for that */
	bool	    write;	/* something is made, changed and removed; else nothing is; without
				 * either, files are none of the session's business */
	bool	    anywhere;	/* files are read and written at any place of theirs, and what is
				 * only held, as links are, has times and an owner */
	bool	    terminal;	/* a terminal is asked who it is for, and how wide it is */
	bool	    links;	/* with WRITE: symbolic links are made */
	bool	    openat2;	/* somebody else judges what it opens, and how, which no filter sees; else
				 * there is none, and openat only opens what READ and
				 * WRITE let it */
	int	    log;	/* the one socket that may be connected anew; -1: none */
	const void *address;	/* the only one that it may be connected to, pinned; may be NULL */
	size_t	    size;	/* of it */
};

/* 1 when that is in force, 0 where the kernel has no such thing, -1 with errno. */
int	syscalls_restrict(const struct syscalls *);

#endif
