/* SPDX-License-Identifier: ISC */
#ifndef CELL_SYSCALLS_H
#define CELL_SYSCALLS_H

#include <stdbool.h>

/*
 * Leaves this process the system calls of one session, as seccomp(2) does: no program is started, no
 * process made or looked into, nothing mounted, no socket opened but that of the system's log.  A
 * session that only SENDs makes, changes and removes nothing either.  Any other call kills us; in a
 * build with the sanitizers, which make calls of their own, it fails with EPERM.
 *
 * 1 when that is in force, 0 where the kernel has no such thing, -1 with errno.
 */
int	syscalls_restrict(bool send);

#endif
