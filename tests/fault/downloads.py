# SPDX-License-Identifier: ISC
"""Downloads of all kinds, and what a client may get when any of their calls failed."""

import errno
import os
from collections import namedtuple

from peer import content_of, put
from uploads import SERVE, body_of, said_more

SMALL = body_of(1000)
LARGE = body_of(300 << 10)      # moved by the kernel, and read by nobody
HUGE = body_of(700 << 10)       # more than a widened pipe takes
SPARSE_SIZE, SPARSE_AT = 400 << 10, 200 << 10
SENT_TIME = 1400000000
MADE_UP = "/proc/version"       # it has content, and no size

# OPERANDS are relative to the directory that has everything; what they EXPAND to is what comes.
Scene = namedtuple("Scene", "title words serve rules operands expand kinds how")


def scene(title, operands, words=("-r", "-p"), serve=(), rules="", expand=None, kinds=None, **how):
    return Scene(title, words, serve, rules, operands, expand or operands, kinds, how)


def plant(base):
    os.makedirs(os.path.join(base, "tree/sub"))
    files = {"small": SMALL, "large": LARGE, "huge": HUGE, "empty": b"", "tree/a": SMALL,
             "tree/b": LARGE, "tree/sub/c": b"x"}
    for name, content in files.items():
        put(os.path.join(base, name), content, 0o640, SENT_TIME)
    for name in ("sparse", "tree/sparse"):
        plant_sparse(os.path.join(base, name))
    os.mkdir(os.path.join(base, "links"))
    os.symlink("../small", os.path.join(base, "links/file"))
    os.symlink("../tree", os.path.join(base, "links/dir"))
    for name in ("tree/sub", "tree"):
        os.chmod(os.path.join(base, name), 0o751)
        os.utime(os.path.join(base, name), (SENT_TIME, SENT_TIME))


def plant_sparse(path):
    with open(path, "wb") as f:
        f.seek(SPARSE_AT)
        f.write(SMALL)
        f.truncate(SPARSE_SIZE)
    os.chmod(path, 0o640)
    os.utime(path, (SENT_TIME, SENT_TIME))


# -- the client, who acknowledges everything

class Client:
    """What it got: {path: (kind, mode, time, content, the text behind it)}."""

    def __init__(self, server):
        self.server = server
        self.got = {}
        self.warnings = []
        self.at = []            # directories that are open
        self.time = None
        self.whole = True       # no item was cut short by the end

    def path(self, name):
        return "/".join((*self.at, name))

    def take_body(self, mode, size, name):
        self.server.send(b"\0")
        if self.server.patient:
            self.server.settle(greeted=True)
        content = self.server.receive(size)
        status = self.server.reply() if len(content) == size else None
        if status is None:
            self.whole = False
            return
        self.got[self.path(name)] = ("file", mode, self.time, content, status)

    def take(self, line):
        """One record; a warning awaits no reply."""
        if line[0] in "\1\2":
            self.warnings.append(line)
            return
        if line[0] == "T":
            self.time = line.split(" ")[0]      # Reading changes the other one.
        elif line[0] == "E":
            self.at.pop()
        else:
            mode, size, name = line[1:-1].split(" ", 2)
            if line[0] == "C":
                self.take_body(mode, int(size), name)
            else:
                self.got[self.path(name)] = ("dir", mode, self.time)
                self.at.append(name)
            self.time = None
        self.server.send(b"\0")

    def take_all(self):
        self.server.send(b"\0")
        while self.whole:
            line = self.server.reply()
            if line is None:
                break
            if not line.endswith("\n"):
                self.whole = False
                break
            self.take(line)
        self.whole = self.whole and not self.at


def play(lab, s, base, rules, log):
    how = dict(s.how)
    patient = how.pop("patient", False)
    fault = ",".join(filter(None, (s.rules, rules)))
    if s.serve:
        words, how["command"] = (*s.serve, f"--root={base}"), \
            " ".join(("scp", *s.words, "-f", *s.operands))
    else:
        words = (*s.words, "-f", *(os.path.join(base, o) for o in s.operands))
    with lab.server(*words, fault=fault, log=log, **how) as server:
        server.patient = patient
        client = Client(server)
        client.take_all()
        server.close_input()
        status = server.wait()
        return {"status": status, "got": client.got, "warnings": client.warnings,
                "whole": client.whole, "stderr": server.said.decode(errors="replace"),
                "more": server.replies}


# -- what may have come of it

def complaints(got, expected, kind):
    """What is wrong, as texts; EXPECTED is what comes without a fault, KIND is what failed."""
    wrong = []
    if got["status"] not in (0, 1):
        wrong.append(f"it ended with {got['status']}")
    if said_more(got["stderr"], kind) and (got["got"] or got["status"] == 0):
        wrong.append(f"on standard error: {got['stderr']!r}")
    for path, item in got["got"].items():
        if path not in expected:
            wrong.append(f"{path} came, and was not asked for")
        elif not is_sound(item, expected[path]):
            wrong.append(f"{path} came as {brief(item)}, and is {brief(expected[path])}")
    missing = sorted(set(expected) - set(got["got"]))
    perfect = got["whole"] and not missing and not is_warned(got)
    if got["status"] == 0 and not perfect:
        wrong.append(f"exit 0: missing {missing}, warnings {got['warnings']}, "
                     f"{'whole' if got['whole'] else 'cut'}")
    if missing and got["whole"] and not got["warnings"] and got["status"] == 0:
        wrong.append(f"nobody said that {missing} are missing")
    return wrong


def is_sound(item, expected):
    """Content that is not as it should be is announced as such."""
    if item[0] == "file" and item[4]:
        return item[:3] == expected[:3] and len(item[3]) == len(expected[3])
    return item == expected


def is_warned(got):
    return bool(got["warnings"]) or any(i[0] == "file" and i[4] for i in got["got"].values())


def brief(item):
    return tuple(f"{len(part)} bytes" if isinstance(part, bytes) else part for part in item)


def wanted(s, base):
    """What is there to be sent: {path: content, or None for a directory}."""
    found = {}
    for operand in s.expand:
        top = os.path.join(base, operand)
        name = os.path.basename(operand)
        found[name] = None if os.path.isdir(top) else content_of(top, 0)
        for at, names, files in os.walk(top, followlinks=True):
            below = os.path.relpath(at, os.path.dirname(top))
            found.update({os.path.join(below, n): None for n in names})
            found.update({os.path.join(below, n): content_of(os.path.join(at, n), 0)
                          for n in files})
    return found


def shortcomings(s, got, base):
    """What is wrong where nothing failed."""
    came = {path: item[3] if item[0] == "file" else None for path, item in got["got"].items()}
    wrong = [f"{path} is not what is there" for path, content in wanted(s, base).items()
             if came.get(path, b"(nothing)") != content]
    if (got["status"], got["warnings"], got["stderr"]) != (0, [], ""):
        wrong.append(f"exit {got['status']}, {got['warnings']}, {got['stderr']}")
    return wrong


def without_rest(got):
    return got


def scenes():
    files = ("small", "large", "sparse", "empty")
    return [
        scene("files", (*files, MADE_UP), ()),
        scene("files that the kernel does not move", files, ("-p",),
              rules=f"splice={errno.ENOSYS},sendfile={errno.ENOSYS}"),
        scene("-r -p", ("tree", "small")),
        scene("restricted, -r -p", ("tree", "small"), serve=SERVE),
        scene("restricted, a pattern", ("s*", "{large,empty}"), ("-p",), serve=SERVE,
              expand=("small", "sparse", "large", "empty")),
        scene("links", ("links",)),
        scene("restricted, links", ("links",), serve=(*SERVE, "--symlinks=beneath")),
        scene("into a socket", files, ("-p",), sockets=True),
        scene("non-blocking", ("huge", "small"), ("-p",), nonblocking=True, patient=True,
              kinds=("poll", "splice", "reply", "hear", "fcntl")),
    ]
