# SPDX-License-Identifier: ISC
"""Two hundred uploads of one name at a time."""

import contextlib
import errno
import os
import signal

from peer import UMASK, look, put, split_temporaries
from sweeps import WAYS
from transfer import OLD, OLD_MODE, OLD_TIME

SERVERS = 200
ROUNDS = 4                      # further files that each server takes, all of that name
SIZE = 5000
NAME = "wanted"
NO_LOCKS = f"flock={errno.ENOLCK}"

CROWDS = {                      # the faults of the servers, in turns
    "unnamed": ("",),
    "proc": (WAYS["proc"],),
    "named": (WAYS["named"],),
    "unnamed and named": ("", WAYS["named"]),
    "named, without locks": (f"{WAYS['named']},{NO_LOCKS}",),
    "unnamed, without locks": (NO_LOCKS,),
}


def content(server, number):
    return b"%03d.%d " % (server, number) * (SIZE // 6)


def record(body):
    return b"C0644 %d %s\n" % (len(body), NAME.encode())


def first_half(server, number):
    body = content(number, 0)
    server.send(record(body) + body[:SIZE // 2])


def the_rest(server, number):
    server.send(content(number, 0)[SIZE // 2:] + b"\0")
    for i in range(1, ROUNDS + 1):
        server.send(record(content(number, i)) + content(number, i) + b"\0")
    server.close_input()


def upload_together(lab, checks, crowd, exists):
    faults = CROWDS[crowd]
    with lab.directory() as path, contextlib.ExitStack() as stack:
        if exists:
            put(os.path.join(path, NAME), OLD, OLD_MODE, OLD_TIME)
        servers = [stack.enter_context(lab.server("-t", path, fault=faults[i % len(faults)]))
                   for i in range(SERVERS)]
        for number, server in enumerate(servers):
            first_half(server, number)
        for server in servers:
            server.settle()
        named = sum(WAYS["named"] in faults[i % len(faults)] for i in range(SERVERS))
        tree, temporaries = split_temporaries(look(path))
        checks.equal("temporaries while they all write", named, len(temporaries))
        checks.equal("the file while they all write",
                     {NAME: ("file", OLD, OLD_MODE, OLD_TIME)} if exists else {}, tree)
        for number, server in enumerate(servers):
            the_rest(server, number)
        for number, server in enumerate(servers):
            status = server.wait()
            checks.equal(f"server {number}",
                         {"status": 0, "replies": b"\0" * (1 + 2 * (1 + ROUNDS)), "stderr": b""},
                         {"status": status, "replies": server.replies, "stderr": server.said})
        check_end(checks, path, OLD_MODE if exists else 0o644 & ~UMASK)


def check_end(checks, path, mode):
    tree = look(path)
    checks.equal("what is there in the end", [NAME], sorted(tree))
    if NAME not in tree:
        return
    _, body, found_mode, _ = tree[NAME]
    checks.equal("its mode", mode, found_mode)
    known = {content(s, i) for s in range(SERVERS) for i in range(ROUNDS + 1)}
    checks.equal("its content is one of those sent", True, body in known)


def stopping(way, rule):
    return ",".join(filter(None, (WAYS[way], rule % -signal.SIGSTOP)))


def go_on(server):
    server.kill(signal.SIGCONT)


def mistake_named(lab, path):
    """
    One that is done leaves its hidden name to another just when a third one, which has it open,
    looks whether it is locked.  That one must not take the other for dead, nor its name.
    """
    done, other, third = (content(i, 0) for i in range(3))
    with lab.server("-t", path, fault=stopping("named", "renameat=%d")) as a, \
            lab.server("-t", path, fault=stopping("named", "flock=%d@1")) as b, \
            lab.server("-t", path, fault=WAYS["named"]) as c:
        a.send(record(done) + done + b"\0")
        a.await_stop()
        b.send(record(third))
        b.await_stop()
        go_on(a)
        a.close_input()
        got = [a.wait()]
        c.send(record(other) + other[:100])
        c.settle()
        go_on(b)
        b.settle()
        b.send(third[:100])
        b.settle()
        c.send(other[100:] + b"\0")
        c.close_input()
        got += [c.wait(), c.replies]
        b.vanish()
        got.append(b.wait())
    return [0, 0, b"\0\0\0", 1], got, other


def mistake_unnamed(lab, path):
    """The same of files that have a hidden name for the time of a rename only."""
    done, other, third = (content(i, 0) for i in range(3))
    with lab.server("-t", path, fault=stopping("unnamed", "renameat=%d")) as a, \
            lab.server("-t", path, fault=stopping("unnamed", "flock=%d@2")) as b, \
            lab.server("-t", path, fault=stopping("unnamed", "renameat=%d")) as c:
        for server, body in ((a, done), (b, third)):
            server.send(record(body) + body + b"\0")
            server.await_stop()
        go_on(a)
        a.close_input()
        got = [a.wait()]
        c.send(record(other) + other + b"\0")
        c.await_stop()
        go_on(b)
        b.close_input()
        got += [b.wait(), b.replies]
        go_on(c)
        c.close_input()
        got += [c.wait(), c.replies]
    return [0, 0, b"\0\0\0", 0, b"\0\0\0"], got, other


def mistake_for_dead(lab, checks, deed):
    with lab.directory() as path:
        put(os.path.join(path, NAME), OLD, OLD_MODE, OLD_TIME)
        expected, got, body = deed(lab, path)
        checks.equal("exits and replies", expected, got)
        tree = {name: e[1][:20] + b"... of %d" % len(e[1]) for name, e in look(path).items()}
        checks.equal("what is there", {NAME: body[:20] + b"... of %d" % len(body)}, tree)


def tests():
    return [
        (f"a live temporary, {way}, is taken for dead", True, mistake_for_dead, (deed,))
        for way, deed in (("named", mistake_named), ("unnamed", mistake_unnamed))
    ] + [(f"crowd, {crowd}, {'existing' if exists else 'missing'} file", bool(any(CROWDS[crowd])),
             upload_together, (crowd, exists))
            for crowd in CROWDS for exists in (False, True)]
