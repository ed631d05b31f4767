# SPDX-License-Identifier: ISC
"""A crowd that uploads one name, by SCP or SFTP, where everything that has been there is to be kept."""

import contextlib
import errno
import signal
import struct

from dialogue import greeting, opening
from peer import look, split_temporaries
from stage import packets as p
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


class Scp:
    """What clients say, and how many files each of them knows to be there."""

    command = "scp -t ."

    @staticmethod
    def speak(servers):
        """All at once."""
        for number, server in enumerate(servers):
            server.send(everything(number))

    @staticmethod
    def count(server):
        return (server.replies.count(0) - 1) // 2


class Sftp:
    """Each file awaits its replies, so that what is acknowledged is known before the next."""

    command = "internal-sftp"

    @staticmethod
    def speak(servers):
        for server in servers:
            server.send(greeting())
            hear(server)
            server.done = 0
        for i in range(ROUNDS):
            for number, server in enumerate(servers):
                server.send(upload_of(number, i))
            for server in servers:
                replies = [hear(server) for _ in "123"]
                server.done += all(r is not None and r.code in (None, p.OK) for r in replies)

    @staticmethod
    def count(server):
        return server.done


def hear(server):
    """A reply, or None where it has ended."""
    head = server.receive(4)
    body = server.receive(int.from_bytes(head, "big")) if len(head) == 4 else b""
    return p.Reply(body[0], body[1:]) if body else None


def upload_of(server, number):
    handle = p.string(struct.pack(">Q", number + 1))
    return opening(NAME, p.W | p.CREAT | p.TRUNC, 1, mode=0o644) + \
        p.request(p.WRITE, 2, handle, p.u64(0), p.string(content(server, number))) + \
        p.request(p.CLOSE, 3, handle)


def fault_of(crowd, number, deadly):
    """Every other server is killed, each of them somewhere else."""
    rules = [CROWDS[crowd][number % len(CROWDS[crowd])]]
    if deadly and number % 2:
        rules.append(f"any={-signal.SIGKILL}@{20 + 7 * number}")
    return ",".join(filter(None, rules))


def play(lab, checks, path, crowd, deadly, way):
    """What was acknowledged, and what may be there although it was not."""
    acknowledged, open_ends = set(), set()
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(lab.server(
            *SERVE, f"--root={path}", command=way.command, fault=fault_of(crowd, i, deadly)))
            for i in range(SERVERS)]
        way.speak(servers)
        for server in servers:
            server.close_input()
        for number, server in enumerate(servers):
            status = server.wait()
            done = way.count(server)
            acknowledged |= {content(number, i) for i in range(min(done, ROUNDS))}
            if status == -signal.SIGKILL and deadly and number % 2:
                open_ends.add(content(number, done))
                continue
            checks.equal(f"server {number}", (0, ROUNDS, b""),
                         (status, done, server.replies.replace(b"\0", b"")))
    return acknowledged, open_ends


def keep_together(lab, checks, crowd, deadly, way):
    """What was acknowledged is there, once, under a name that nobody clears."""
    with lab.directory() as path:
        acknowledged, open_ends = play(lab, checks, path, crowd, deadly, way)
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
    ways = [(Scp, crowd) for crowd in CROWDS] + [(Sftp, "unnamed"), (Sftp, "named and unnamed, slowly")]
    return [(f"backups of a crowd, {'SFTP, ' if way is Sftp else ''}{crowd}{', some are killed' if deadly else ''}",
             deadly or any(CROWDS[crowd]), keep_together, (crowd, deadly, way))
            for way, crowd in ways for deadly in (False, True)]
