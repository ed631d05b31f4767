# SPDX-License-Identifier: ISC
"""What runs below us, and what the servers hold while they run: /proc, time and again."""
import contextlib
import ctypes
import os
import threading
import time
from collections import namedtuple

PR_SET_CHILD_SUBREAPER = 36
NAP = 0.1                       # seconds between two looks; nothing is asserted of its length
OFTEN = 4                       # looks meanwhile at those that are followed
EACH = 8                        # looks after which a server that is not followed is looked at again
FILTERED = "Seccomp:\t2"        # a server that is confined

# Of one server at one moment: the calls by which it has read and written so far, its descriptors,
# kB in memory, and kB of these that no file backs.
Sample = namedtuple("Sample", "calls descriptors rss anonymous")
Process = namedtuple("Process", "pid parent name")


def adopt_orphans():
    """Whatever is started below us stays below us, whoever leaves it behind."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def read(pid, name):
    with open(f"/proc/{pid}/{name}", "rb") as file:
        return file.read().decode(errors="replace")


def processes():
    """All there are: {pid: Process}; those that are dead and not yet waited for are not."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            head, _, rest = read(pid, "stat").rpartition(") ")
            state, parent = rest.split()[:2]
            if state not in "ZX":
                found[int(pid)] = Process(int(pid), int(parent), head.partition("(")[2])
    return found


def below(top):
    """Whatever TOP has started, and what that has started."""
    children = {}
    for process in processes().values():
        children.setdefault(process.parent, []).append(process)
    found, rest = [], [top]
    while rest:
        more = children.get(rest.pop(), [])
        found += more
        rest += [process.pid for process in more]
    return found


def servers_below(sshd):
    """The servers that it has: whoever else is called so is a client, and not below it."""
    return [process.pid for process in below(sshd) if process.name == "scp"]


def field_of(text, name):
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith(name))


def sample(pid):
    """None where that one has ended, or is not for us to look into."""
    try:
        calls, memory = read(pid, "io"), read(pid, "smaps_rollup")
        return Sample(field_of(calls, "syscr:") + field_of(calls, "syscw:"),
                      len(os.listdir(f"/proc/{pid}/fd")), field_of(memory, "Rss:"),
                      field_of(memory, "Anonymous:"))
    except (OSError, StopIteration):
        return None


class Server:
    """One that was seen.  Its title has what it was asked for."""

    def __init__(self, pid):
        self.pid = pid
        self.title, self.confined = "", False
        self.looks = 0
        self.samples = []

    def look(self):
        self.looks += 1
        with contextlib.suppress(OSError):
            self.title = read(self.pid, "cmdline").replace("\0", " ").strip() or self.title
            self.confined = self.confined or FILTERED in read(self.pid, "status")
        if self.looks % EACH == 1:
            self.look_into()

    def look_into(self):
        if (found := sample(self.pid)) is not None:
            self.samples.append(found)

    def most(self, what):
        return max((getattr(s, what) for s in self.samples), default=0)


class Watch:
    """
    Looks at the servers of SSHD from a thread of its own, until it is closed; most often at those
    whose titles contain FOLLOW.
    """

    def __init__(self, sshd, follow):
        self.sshd, self.follow = sshd, follow
        self.lock = threading.Lock()
        self.seen = {}              # by pid, which may come again once that one has gone
        self.gone = []
        self.peak = 0
        self.closed = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.closed.is_set():
            self.look()
            for _ in range(OFTEN):
                self.closed.wait(NAP / OFTEN)
                self.look_at_followed()

    def look(self):
        """At all of them: the number of those that are not followed, and of those that are."""
        with self.lock:
            alive = set(servers_below(self.sshd))
            self.peak = max(self.peak, len(alive))
            for pid in self.seen.keys() - alive:
                self.gone.append(self.seen.pop(pid))
            for pid in alive:
                self.seen.setdefault(pid, Server(pid)).look()
            followed = sum(self.follow in server.title for server in self.seen.values())
            return len(alive) - followed, followed

    def look_at_followed(self):
        with self.lock:
            for server in self.seen.values():
                if self.follow in server.title:
                    server.look_into()

    def await_servers(self, wanted, patience):
        """What look() finds when WANTED(*it) comes true, or time is up."""
        end = time.monotonic() + patience
        while not wanted(*(found := self.look())) and time.monotonic() < end:
            time.sleep(NAP)
        return found

    def take(self):
        """All servers that were seen since the last time, and have gone."""
        with self.lock:
            found, self.gone = self.gone, []
        return found

    def close(self):
        self.closed.set()
        self.thread.join()
