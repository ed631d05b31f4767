# SPDX-License-Identifier: ISC
"""What inotify(7) tells whoever watches the directory that files arrive in."""

import ctypes
import errno
import os
import struct

from peer import become_user, look, put
from stage import packets as p
from sweeps import WAYS
from transfer import OLD, OLD_MODE, OLD_TIME

CLOSE_WRITE, MOVED_TO = 0x8, 0x80
BODY = b"all of it"
MODE, TIME = 0o640, 1300000000
HEAD = b"T%d 0 %d 0\n" % (TIME, TIME)
BACKUP, FREE, IN_PLACE = "--overwrite=backup", "--overwrite=no", "--replace=in-place"
SERVE = ("--serve", "--log=none")
ATOMIC, BLIND = "--replace=atomic", "--upload-only"

# What clients of SFTP do with a file that is there: flags of OPEN, where each WRITE goes, the SIZE
# that is said then; what is there in the end, and how often that is heard of.
WRITERS = {
    "scp": (p.W | p.CREAT, (0,), True, BODY, 1),
    "put": (p.W | p.CREAT | p.TRUNC, (0,), False, BODY, 1),
    "resumed": (p.W | p.CREAT, (len(OLD),), False, OLD + BODY, 1),
    "appended": (p.W | p.APPEND, (0,), False, OLD + BODY, 1),
    "not written": (p.W | p.CREAT, (), False, OLD, 0),
}


class Watcher:
    """Of one directory, since it was made."""

    def __init__(self, path):
        libc = ctypes.CDLL(None, use_errno=True)
        self.fd = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self.fd == -1 or libc.inotify_add_watch(self.fd, os.fsencode(path),
                                                   CLOSE_WRITE | MOVED_TO) == -1:
            raise OSError(ctypes.get_errno(), "inotify")

    def events(self, name):
        """How often it was said of NAME, since it was asked last, that it is complete."""
        try:
            data = os.read(self.fd, 1 << 16)
        except BlockingIOError:
            return 0
        found = 0
        while data:
            _, _, _, size = struct.unpack_from("iIII", data)
            found += data[16:16 + size].rstrip(b"\0") == name
            data = data[16 + size:]
        return found

    def close(self):
        os.close(self.fd)


def listen(lab, checks, words, rules, exists, mode):
    """None before the content is there, and one that finds all there is."""
    with lab.directory() as path:
        if exists:
            put(os.path.join(path, "x"), OLD, OLD_MODE, OLD_TIME)
        watcher = Watcher(path)
        with lab.server(*SERVE, *words, f"--root={path}", command="scp -p -t .",
                        fault=rules) as server:
            server.receive(1)
            server.tell(HEAD)
            server.tell(b"C%04o %d x\n" % (mode, len(BODY)))
            server.send(BODY[:4])
            server.settle(greeted=True)
            checks.equal("events before all is there", 0, watcher.events(b"x"))
            checks.equal("the reply", "", server.tell(BODY[4:] + b"\0"))
            checks.equal("events", 1, watcher.events(b"x"))
            server.close_input()
            checks.equal("exit", 0, server.wait())
        checks.equal("events in the end", 0, watcher.events(b"x"))
        watcher.close()
        checks.equal("what is there", ("file", BODY, mode, TIME), look(path)["x"])


def listen_as_user(lab, checks, *how):
    """One who may not open what has a mode that keeps him out."""
    become_user()
    listen(lab, checks, *how)


def stay_away(lab, checks, words, rules):
    """Nobody is told of a file that did not come."""
    with lab.directory() as path:
        put(os.path.join(path, "x"), OLD, OLD_MODE, OLD_TIME)
        watcher = Watcher(path)
        with lab.server(*SERVE, *words, f"--root={path}", command="scp -t .",
                        fault=rules) as server:
            server.receive(1)
            server.send(b"C0644 3 x\n")
            server.close_input()
            server.wait()
        checks.equal("events", 0, watcher.events(b"x"))
        watcher.close()
        checks.equal("what is there", ("file", OLD, OLD_MODE, OLD_TIME), look(path)["x"])


def ask(server, *request):
    """The reply to a request of SFTP."""
    server.send(p.request(*request))
    size, kind = struct.unpack(">IB", server.receive(5))
    return p.Reply(kind, server.receive(size - 1))


def begin_sftp(server, flags):
    """The handle of x."""
    server.send(p.packet(p.INIT, p.u32(3)))
    server.receive(struct.unpack(">I", server.receive(4))[0])
    return p.string(ask(server, p.OPEN, 1, p.string("x"), p.u32(flags), p.attrs()).handle)


def listen_to_sftp(lab, checks, words, rules, writer):
    """The same of a session of SFTP: what holds an old file meanwhile says nothing of it."""
    flags, offsets, sized, content, count = WRITERS[writer]
    with lab.directory() as path:
        put(os.path.join(path, "x"), OLD, OLD_MODE, OLD_TIME)
        watcher = Watcher(path)
        with lab.server(*SERVE, *words, f"--root={path}", command="internal-sftp",
                        fault=rules) as server:
            handle = begin_sftp(server, flags)
            for offset in offsets:
                checks.equal("WRITE", p.OK, ask(server, p.WRITE, 2, handle, p.u64(offset),
                                                p.string(BODY)).code)
            if sized:
                checks.equal("SIZE", p.OK, ask(server, p.FSETSTAT, 3, handle,
                                               p.attrs(size=len(BODY))).code)
            checks.equal("events before CLOSE", 0, watcher.events(b"x"))
            checks.equal("CLOSE", p.OK, ask(server, p.CLOSE, 4, handle).code)
            checks.equal("events", count, watcher.events(b"x"))
            server.close_input()
            checks.equal("exit", 0, server.wait())
        checks.equal("events in the end", 0, watcher.events(b"x"))
        watcher.close()
        checks.equal("what is there", content, look(path)["x"][1])


def lose_sftp(lab, checks, words, rules):
    """Nobody is told of a file that was not closed."""
    with lab.directory() as path:
        put(os.path.join(path, "x"), OLD, OLD_MODE, OLD_TIME)
        watcher = Watcher(path)
        with lab.server(*SERVE, *words, f"--root={path}", command="internal-sftp",
                        fault=rules) as server:
            handle = begin_sftp(server, p.W | p.CREAT)
            ask(server, p.WRITE, 2, handle, p.u64(0), p.string(BODY))
            server.close_input()
            server.wait()
        checks.equal("events", 0, watcher.events(b"x"))
        watcher.close()
        checks.equal("what is there", ("file", OLD, OLD_MODE, OLD_TIME), look(path)["x"])


def tests_of_sftp(ways):
    """What is copied in any case is also replaced when nothing was written."""
    cases = [((), WRITERS), ((BLIND,), WRITERS), ((ATOMIC,), ("scp", "put")),
             ((BACKUP,), ("scp", "put")), ((IN_PLACE,), ("scp", "put", "resumed"))]
    found = []
    for way, rules in ways.items():
        for words, writers in cases:
            what = f"watched: SFTP, {way}, {' '.join(words) or 'plain'}"
            found += [(f"{what}, {writer}", bool(rules), listen_to_sftp,
                       (("--sandbox=try", "--reveal=yes", *words), rules, writer))
                      for writer in writers]
            if IN_PLACE not in words:
                found.append((f"{what}, not closed", bool(rules), lose_sftp, (words, rules)))
    return found


def tests():
    ways = {way: WAYS[way] for way in ("unnamed", "proc", "named")}
    ways["named, without locks"] = f"{WAYS['named']},flock={errno.ENOLCK}"
    ways["named, without such renames"] = f"{WAYS['named']},renameat2={errno.EINVAL}"
    cases = [((), False), ((), True), ((BACKUP,), False), ((BACKUP,), True), ((FREE,), False),
             ((IN_PLACE,), True)]
    cases = [((sandbox, *words), exists) for words, exists in cases
             for sandbox in ("--sandbox=none", "--sandbox=try")]
    found = []
    for way, rules in ways.items():
        for words, exists in cases:
            what = f"{way}, {' '.join(words) or 'plain'}, {'old' if exists else 'new'}"
            found.append((f"watched: {what}", bool(rules), listen, (words, rules, exists, MODE)))
            found += [(f"watched: {what}, mode {mode:o}, no root", bool(rules), listen_as_user,
                       (words, rules, exists, mode)) for mode in (0o444, 0o200, 0)]
        found.append((f"watched: {way}, nothing comes", bool(rules), stay_away, (("--sandbox=none",), rules)))
    return found + tests_of_sftp({way: ways[way] for way in ("unnamed", "named")})
