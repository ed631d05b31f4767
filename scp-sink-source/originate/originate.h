/* SPDX-License-Identifier: ISC */
#ifndef ORIGINATE_ORIGINATE_H
#define ORIGINATE_ORIGINATE_H

/*
 * The other half of scp: a person has started us to copy files from or to other hosts, and says so in
 * ARGV.  One host after the
 * other is spoken to, each by a process of its own; this one adds up, and reads nothing that a host says.
 * The exit status: 0 where every source arrived whole, else 1.  A build without it says that it is none.
 */
int	originate_run(int argc, char *argv[]);

#endif
