# SPDX-License-Identifier: ISC
"""A crowd that uploads one name, where everything that has been there is to be kept."""

import contextlib
import errno
import signal

from peer import look, split_temporaries
from sweeps import WAYS

SERVERS = 24
ROUNDS = 15                     # files that each server takes, all of that name
NAME = "wanted"
SERVE = ("--serve", "--log=none", "--sandbox=none", "--overwrite=backup")
SLOWLY = f"any={10000 + 3000}"  # each call waits up to three milliseconds
NO_FLAGS = f"renameat2={errno.EINVAL}"

CROWDS = {                      # the faults of the servers, in turns
    "unnamed": ("",),
    "named": (WAYS["named"],),
    "unnamed, slowly": ("", SLOWLY),
    "named and unnamed, slowly": (f"{WAYS['named']},{SLOWLY}", SLOWLY),
    "without an exchange": (NO_FLAGS,),
    "named, without an exchange, slowly": (f"{WAYS['named']},{NO_FLAGS},{SLOWLY}",
                                           f"{WAYS['named']},{NO_FLAGS}"),
}


def content(server, number):
    return b"%02d.%02d\n" % (server, number)


def everything(server):
    return b"".join(b"C0644 6 %s\n" % NAME.encode() + content(server, i) + b"\0"
                    for i in range(ROUNDS))


def fault_of(crowd, number, deadly):
    """Every other server is killed, each of them somewhere else."""
    rules = [CROWDS[crowd][number % len(CROWDS[crowd])]]
    if deadly and number % 2:
        rules.append(f"any={-signal.SIGKILL}@{20 + 7 * number}")
    return ",".join(filter(None, rules))


def play(lab, checks, path, crowd, deadly):
    """What was acknowledged, and what may be there although it was not."""
    acknowledged, open_ends = set(), set()
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(lab.server(
            *SERVE, f"--root={path}", command="scp -t .", fault=fault_of(crowd, i, deadly)))
            for i in range(SERVERS)]
        for number, server in enumerate(servers):
            server.send(everything(number))
            server.close_input()
        for number, server in enumerate(servers):
            status = server.wait()
            done = (server.replies.count(0) - 1) // 2
            acknowledged |= {content(number, i) for i in range(min(done, ROUNDS))}
            if status == -signal.SIGKILL and deadly and number % 2:
                open_ends.add(content(number, done))
                continue
            checks.equal(f"server {number}", (0, b"\0" * (1 + 2 * ROUNDS)),
                         (status, server.replies))
    return acknowledged, open_ends


def keep_together(lab, checks, crowd, deadly):
    """What was acknowledged is there, once, under a name that nobody clears."""
    with lab.directory() as path:
        acknowledged, open_ends = play(lab, checks, path, crowd, deadly)
        tree, temporaries = split_temporaries(look(path))
        found = [entry[1] for entry in tree.values()]
        checks.equal("lost", [], sorted(acknowledged - set(found)))
        checks.equal("nobody sent", [], sorted(set(found) - acknowledged - open_ends))
        # A kill of who exchanges in steps may leave a file with both of the names.
        if not deadly:
            checks.equal("kept twice", [], sorted(f for f in set(found) if found.count(f) > 1))
            checks.equal("left", [], temporaries)
        checks.equal("the name has a file, or a kill took it", True, NAME in tree or deadly)
        odd = [n for n in tree if n != NAME and not is_backup(n)]
        checks.equal("other names", [], odd)


def is_backup(name):
    return name.startswith(f"{NAME}.~") and name.endswith("~")


def tests():
    return [(f"backups of a crowd, {crowd}{', some are killed' if deadly else ''}",
             deadly or any(CROWDS[crowd]), keep_together, (crowd, deadly))
            for crowd in CROWDS for deadly in (False, True)]
