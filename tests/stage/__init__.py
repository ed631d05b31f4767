# SPDX-License-Identifier: ISC
"""
What suites play on: machines, accounts, servers and clients that are ours, and the counting.

A suite is a folder beside this one with a program "run", which is told where the things built are, and
ends with "NAME: N passed, N failed, N skipped".  One in Python has this folder's own on its path, once,
and says `from stage import ...`; what it shares with nobody stays in its own folder.

    suite       how a suite's program begins, ends when it is told to, and what it lends to other users
    report      what a check may say, and the counting of it
    process     running a command, which must neither hang nor outlive us
    namespace   mounts that nobody else sees, also where "/" is no mount point
    machine     a mount namespace in which /etc, /dev, /run and /var/log are ours, and people on it
    sshd        a server on the loopback interface, its keys, and who may come
    servers     others: sshd by a Match block, and dropbear
    lines       the two ends of a session of commands
    winscp      a model of WinSCP in SCP mode; panels: what somebody does in it
    records     the log of such a machine: what sessions have said to it
    world       one server, one account and the directories that its sessions are about
    estate      many accounts on a machine of our own, as the ready lines of packaging/ have them
    adapters    the clients: one way to ask each of them for the same; clients/ has those that are libraries
    transfers   what each of them must bring about
    trees       trees of files: made, read, compared and removed
    installed   what make install puts where

Suites in bash source count.sh, which counts, skips and ends in the same way.

Who takes something gives it back: servers end, accounts go, directories are removed, mounts vanish with
the last process of their namespace, whether a suite comes to its end, fails or is told to stop.  What
begins something here is a context manager, or says in its own words who ends it.

What this machine cannot do is asked first, and is said: why_not() has the reason, and Report.skip counts
it.  A suite that can do nothing at all says "SKIP  NAME, all of it: REASON".

Nothing here waits for a time to pass.  What is waited for is looked at until it is so, and after PATIENCE,
which is far longer than it takes, that is a failure.
"""
