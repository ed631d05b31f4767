# SPDX-License-Identifier: ISC
"""What servers may hold while they run, and what may be left when they are gone."""
import os
import time
from collections import Counter
from dataclasses import dataclass

import kinds
import watch
from stage import trees
from stage.report import holds, same

DESCRIPTORS = 16                # of one server at any time
RSS = 8 << 10                   # kB of one server at any time
EARLY, LATE = (0.1, 0.3), (0.7, 0.9)    # parts of a long session
MORE_DESCRIPTORS = 2            # late than early: a file may be open just then, or not
# kB late than early: code that runs late for the first time comes into memory then.
MORE_MEMORY = {"anonymous": 64, "rss": 512}
PATIENCE = 60                   # seconds for sshd to see that a session is over
NAP = 0.1
NEVER = float("inf")            # a time after which nothing has changed


@dataclass
class Group:
    """Of servers that do the same."""
    number: int = 0
    descriptors: int = 0
    rss: int = 0


def group_of(server):
    if not server.title:
        return "gone before its title was read"
    words = server.title.split()
    which = "SFTP" if "SFTP" in words or "--sftp" in words or "internal-sftp" in words else \
        "download" if "sending" in words or "-f" in words else "upload"
    lasting = ", thousands of files" if kinds.THOUSANDS in server.title else ""
    return ("restricted " if server.confined else "") + which + lasting


def add_up(groups, servers):
    for server in servers:
        group = groups.setdefault(group_of(server), Group())
        group.number += 1
        group.descriptors = max(group.descriptors, server.most("descriptors"))
        group.rss = max(group.rss, server.most("rss"))


def check_descriptors(servers):
    most = max(servers, key=lambda server: server.most("descriptors"))
    holds(f"descriptors of {len(servers)} servers, at most {DESCRIPTORS}",
          0 < most.most("descriptors") <= DESCRIPTORS, f"{most.most('descriptors')}: {most.title}")


def check_memory(servers):
    most = max(servers, key=lambda server: server.most("rss"))
    holds(f"kB in memory of {len(servers)} servers, at most {RSS}", 0 < most.most("rss") <= RSS,
          f"{most.most('rss')}: {most.title}")


# -- those that last

@dataclass
class Growth:
    """Of one server that moved much: what it held early and late."""
    samples: int
    descriptors: tuple
    rss: tuple
    anonymous: tuple


def part_of(samples, part):
    """The samples of a part of the session, as far as its calls show how far it was."""
    calls = samples[-1].calls if samples else 0
    return [s for s in samples if part[0] * calls <= s.calls <= part[1] * calls]


def growth_of(server):
    """The most that it held early, and the least that it held late."""
    early, late = part_of(server.samples, EARLY), part_of(server.samples, LATE)
    holds("it was looked at early and late", early and late,
          f"{len(early)} and {len(late)} of {len(server.samples)} samples of {server.title}")

    def both(what):
        return max(getattr(s, what) for s in early), min(getattr(s, what) for s in late)
    return Growth(len(server.samples), both("descriptors"), both("rss"), both("anonymous"))


def check_descriptor_growth(growth):
    early, late = growth.descriptors
    holds(f"descriptors grow by at most {MORE_DESCRIPTORS}", late - early <= MORE_DESCRIPTORS,
          f"{early} early, {late} late")


def check_memory_growth(growth):
    for what, most in MORE_MEMORY.items():
        early, late = getattr(growth, what)
        holds(f"memory ({what}) grows by at most {most} kB", late - early <= most,
              f"{early} kB early, {late} kB late")


# -- the system

class System:
    """As it was before."""

    def __init__(self, ground):
        self.ground = ground
        self.processes = names_below_us()
        self.peers = ground.peers_of_log()
        self.shelf = trees.read(ground.shelf, NEVER)

    def await_processes(self):
        end = time.monotonic() + PATIENCE
        while names_below_us() != self.processes and time.monotonic() < end:
            time.sleep(NAP)
        self.check_processes()

    def check_processes(self):
        same("processes", self.processes, names_below_us())

    def check_peers(self):
        same("sockets at the log", self.peers, self.ground.peers_of_log())

    def check_unnamed(self):
        same("files in all, and those that have names", self.ground.names(), self.ground.inodes())

    def check_names(self, lasting=set):
        """Beside the directories of LASTING() sessions, one of which may begin just now, there is nothing."""
        for top in (self.ground.there, self.ground.here, self.ground.full):
            before, there = lasting(), set(os.listdir(top))
            same(f"names in {os.path.basename(top)}", set(), there - before - lasting())
        same("names beside them", {"there", "here", "shelf", "pool"},
             set(os.listdir(self.ground.area)))

    def check_shelf(self):
        trees.compare(self.shelf, trees.read(self.ground.shelf, NEVER), "")


def names_below_us():
    """All that runs."""
    return Counter(process.name for process in watch.below(os.getpid()))


def check_childless(pid):
    end = time.monotonic() + PATIENCE
    while watch.below(pid) and time.monotonic() < end:
        time.sleep(NAP)
    same("processes", [], watch.below(pid))


def check_records(records, sessions):
    """Each restricted session, its end and its files are there, as their clients saw them."""
    ends = [record for record in records if record.event == "end"]
    same("sessions that began", len(sessions),
         sum(record.event == "start" for record in records))
    same("sessions that ended", len(sessions), len(ends))
    errors = sum(record.fields["exit"] == "1" for record in ends)
    failed, cut = (sum(what(s) for s in sessions) for what in (
        lambda s: s.outcome.code != 0 and not s.was_cut, lambda s: s.was_cut))
    holds(f"{failed} to {failed + cut} of them without success",
          failed <= errors <= failed + cut, errors)
    files = sum(session.files for session in sessions if not session.was_cut)
    most = files + cut * len(kinds.SIZES)
    logged = sum(record.event == "file" and record.fields["reason"] is None for record in records)
    holds(f"{files} to {most} files", files <= logged <= most, logged)
