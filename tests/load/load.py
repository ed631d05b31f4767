# SPDX-License-Identifier: ISC
"""One run: rounds of many sessions beside some that last, and a table of what they did."""
import contextlib
import itertools
import os
import time

import broken
import ground
import kinds
import left
import rounds
import watch
from stage.report import Failed, Report, holds, same
from stage.world import serves

MIB = 1 << 20
SANITIZED = "SAN is set, and a sanitizer keeps memory that is freed, and is to be loaded first"


class Tally:
    """Of one kind of sessions: those that were played, and what arrived and was compared."""

    def __init__(self):
        self.sessions = self.direct = self.files = self.bytes = self.cut = 0

    def add(self, session):
        self.sessions += 1
        self.direct += session.direct
        self.files += session.files
        self.bytes += session.bytes
        self.cut += session.was_cut


class Load:
    def __init__(self, made, words):
        self.ground, self.words = made, words
        self.report = Report("load", "", made.world.tail)
        self.numbers = itertools.count(1)
        self.sanitized = bool(os.environ.get("SAN"))
        self.watch = self.crowd = self.system = None
        self.lasting = []
        self.tallies, self.groups = {}, {}
        self.growths = []           # (title of the group, Growth)
        self.fewest = None          # servers at once, of all rounds
        self.logged = []            # restricted sessions

    # -- what sessions and servers have done

    def look_at(self, session):
        self.report.run(f"session {session.number}, {session.kind}", session.check)
        self.tallies.setdefault(session.kind, Tally()).add(session)
        if ground.KEYS[session.key]:
            self.logged.append(session)

    def look_at_servers(self):
        """At all that there were."""
        servers = self.watch.take()
        left.add_up(self.groups, servers)
        seen = [server for server in servers if server.samples]
        if len(seen) < len(servers):
            self.report.skip(f"{len(servers) - len(seen)} of {len(servers)} servers",
                             "of confined ones, root alone may see what they hold")
        self.report.run("servers: descriptors", left.check_descriptors, seen)
        if not self.sanitized:
            self.report.run("servers: memory", left.check_memory, seen)
        for server in seen:
            if kinds.THOUSANDS in server.title:
                self.look_at_growth(server)

    def look_at_growth(self, server):
        what = left.group_of(server)

        def check(of):
            of(left.growth_of(server))

        self.report.run(f"{what}: descriptors do not grow", check, left.check_descriptor_growth)
        if not self.sanitized:
            self.report.run(f"{what}: memory does not grow", check, left.check_memory_growth)
        with contextlib.suppress(Failed):
            self.growths.append((what, left.growth_of(server)))

    # -- rounds

    def play_round(self, number):
        what = f"round {number}"
        since = time.monotonic()
        sessions = [kind(self.ground, next(self.numbers))
                    for kind in kinds.mixture(self.words.sessions)]
        count = self.crowd.play_all(sessions)
        remaining = self.crowd.await_end()
        played = time.monotonic() - since
        self.fewest = min(count, self.fewest or count)
        self.report.run(f"{what}: all at once", holds, f"at least {len(sessions)} servers",
                        count >= len(sessions), count)
        self.report.run(f"{what}: servers that are left", same, "servers", 0, remaining)
        for session in sessions:
            self.look_at(session)
        self.report.run(f"{what}: one name", kinds.check_shared, self.ground, sessions)
        self.report.run(f"{what}: clients that vanish", kinds.check_cut, sessions)
        self.report.run(f"{what}: a disk that fills up", kinds.check_full, self.ground, sessions)
        self.end_round(what, sessions)
        self.report.say(f"{what}: {count} servers at once, {sum(s.files for s in sessions)} files "
                        f"in {played:.1f} s, all in {time.monotonic() - since:.1f} s")

    def end_round(self, what, sessions):
        self.crowd.clear(sessions)
        self.look_at_lasting()
        self.report.run(f"{what}: what is there", self.system.check_names, self.lasting_names)

    def lasting_names(self):
        """Of those that last, and of those that have ended since we looked at them."""
        return {session.label for lasting in self.lasting
                for session in (lasting.session, *lasting.done)}

    def look_at_lasting(self):
        for lasting in self.lasting:
            for session in lasting.take():
                self.look_at(session)
                self.crowd.clear([session])

    def play_rounds(self):
        end = time.monotonic() + 60 * self.words.minutes
        for kind in kinds.LASTING:
            self.lasting.append(rounds.Lasting(self.crowd, kind, self.numbers))
        for lasting in self.lasting:
            lasting.begin(again=self.words.minutes > 0)
        for number in itertools.count(1):
            self.play_round(number)
            if time.monotonic() >= end:
                break
        for lasting in self.lasting:
            lasting.finish()
        self.look_at_lasting()
        self.lasting.clear()

    # -- what is left

    def look_at_system(self):
        run, system = self.report.run, self.system
        run("in the end: servers", same, "servers", 0, self.crowd.await_end(rounds.both))
        self.look_at_servers()
        run("in the end: processes", system.await_processes)
        run("in the end: names", system.check_names)
        run("in the end: what is downloaded is unchanged", system.check_shelf)
        if self.ground.log is None:
            self.report.skip("the log, files without a name, and a disk that fills up",
                             self.words.why)
            return
        run("in the end: files without a name", system.check_unnamed)
        run("in the end: sockets at the log", system.check_peers)
        run("in the end: records of the log", left.check_records, self.ground.log.take(),
            self.logged)

    def look_at_broken(self):
        if self.sanitized:
            self.report.skip("servers that are broken; memory of all others", SANITIZED)
        else:
            broken.check(self.report, self.crowd, self.system)

    # -- all of it

    def begin(self):
        kinds.build_sources(self.ground, self.words.files)
        if not self.sanitized:
            broken.prepare(self.ground)
        self.ground.start_masters()
        self.watch = watch.Watch(self.ground.world.server.pid, kinds.THOUSANDS)
        self.crowd = rounds.Crowd(self.ground, self.watch)
        self.system = left.System(self.ground)
        if self.ground.log:
            self.ground.log.forget()

    def play(self):
        self.report.run("sshd: the program is ours", serves, self.ground.world,
                        self.ground.world.host)
        if self.report.failed:
            return self.report.end()
        self.begin()
        try:
            self.play_rounds()
            self.look_at_system()
            self.show()
            self.look_at_broken()
        finally:
            self.watch.close()
            self.ground.stop_masters()
        self.report.run("without connections: what sshd has started", left.check_childless,
                        self.ground.world.server.pid)
        return self.report.end()

    # -- the table

    def show(self):
        say = self.report.say
        say(f"{'kind of session':32}{'sessions':>9}{'direct':>8}{'cut':>5}{'files':>9}{'MiB':>9}")
        for kind, t in sorted(self.tallies.items()):
            say(f"{kind:32}{t.sessions:9}{t.direct:8}{t.cut:5}{t.files:9}{t.bytes / MIB:9.1f}")
        total = [sum(getattr(t, name) for t in self.tallies.values())
                 for name in ("sessions", "direct", "cut", "files", "bytes")]
        say(f"{'all':32}{total[0]:9}{total[1]:8}{total[2]:5}{total[3]:9}{total[4] / MIB:9.1f}")
        say(f"servers at once: {self.fewest} in each round, {self.watch.peak} with those that last")
        say(f"{'servers':41}{'number':>8}{'descriptors':>13}{'kB':>8}  (the most)")
        for name, group in sorted(self.groups.items()):
            say(f"{name:41}{group.number:8}{group.descriptors:13}{group.rss:8}")
        for name, growth in self.growths:
            say(f"{name}: {growth.samples} samples, early and late: descriptors "
                f"{show_pair(growth.descriptors)}, kB {show_pair(growth.rss)}, of these without a "
                f"file {show_pair(growth.anonymous)}")


def show_pair(pair):
    return f"{pair[0]} and {pair[1]}"
