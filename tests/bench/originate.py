# SPDX-License-Identifier: ISC
"""
The half that a person starts, against OpenSSH's in both of its modes, through the same sshd, which serves
SCP by our program.  cpu and memory are those of the client, without the ssh that it starts: a script
stands in that one's place, which says how much of it was not the client's.
"""
import os
import resource
import subprocess
import sys
import time

import machine
from measure import MARGIN, OPENSSH, PATIENCE, Failed, Line, Side, met, time_line

sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from stage import sshd              # Only now can they be found.
from stage.line import Slow
from stage.world import world_with

CIPHER = "aes128-gcm@openssh.com"
LARGE = 1 << 30
SMALL, SMALLS = 1024, 5000
AWAY, FAR = 200, 2000       # small files over a slow line: of both, and of those who can wait less
DELAY = 0.025               # seconds of it, each way

# Its own time and that of ssh, the last thing that it does.
TIMED = """\
#!/bin/bash
/usr/bin/ssh "$@"
status=$?
times >"$MEASURED"
exit $status
"""

# What the processes of the client have come to by then, which wait for this one still.
WEIGHED = """\
#!/bin/bash
/usr/bin/ssh "$@"
status=$?
for pid in $PPID $(cat /proc/$PPID/task/*/children); do
	[ "$(cat /proc/$pid/comm)" = scp ] && cat /proc/$pid/smaps_rollup /proc/$pid/status
done >"$MEASURED"
exit $status
"""

MODES = {"scp -O": ["-O"], "scp": []}       # of OpenSSH; the second one speaks SFTP, with
SUBSYSTEM = "Subsystem sftp /usr/lib/openssh/sftp-server\n"


class Lab:
    def __init__(self, bench, place, world):
        self.bench, self.place, self.world = bench, place, world
        self.measured, self.into = f"{place}/measured", f"{place}/into"
        self.timed = sshd.write_text(f"{place}/timed", TIMED, 0o755)
        self.weighed = sshd.write_text(f"{place}/weighed", WEIGHED, 0o755)
        # By its name it is known to the second script.
        self.ours = f"{world.base}/bin/scp"

    def argv(self, name, script, words, config=None):
        program = [self.ours] if name == "ours" else [OPENSSH, *MODES[name]]
        return [*program, "-r", "-S", script, "-c", CIPHER, "-F", config or self.world.host.config, *words]

    def copy(self, argv):
        env = self.world.env | {"MEASURED": self.measured}
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        begin = time.monotonic()
        done = subprocess.run(argv, env=env, stdin=subprocess.DEVNULL, text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE)
        wall = time.monotonic() - begin
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode != 0:
            raise Failed(f"{' '.join(argv)}: {done.stdout.strip()}")
        return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def timed_copy(self, name, words, config=None):
        wall, cpu = self.copy(self.argv(name, self.timed, words, config))
        return {"wall": wall, "cpu": max(cpu - seconds_in(sshd.read_text(self.measured)), 0)}

    def weigh(self, name, words):
        """KiB of all its processes, what they share counted once, and the peak of the largest."""
        self.copy(self.argv(name, self.weighed, words))
        said = [line.split() for line in sshd.read_text(self.measured).splitlines()]
        return {"pss": sum(int(words[1]) for words in said if words[0] == "Pss:"),
                "rss": max(int(words[1]) for words in said if words[0] == "VmHWM:")}

    def make_into(self):
        """Empty.  There is no room for all large files that have ever been in it."""
        if os.path.exists(f"{self.into}/large"):
            os.unlink(f"{self.into}/large")
        machine.make_empty(self.into)
        self.world.give(self.into)


def seconds_in(said):
    """Of the four times that bash prints."""
    return sum(60 * int(m) + float(s) for m, s in
               (word.rstrip("s").split("m") for word in said.split()))


def words_of(lab, way, what):
    path = f"{lab.place}/{what}"
    return [path, f"server:{lab.into}"] if way == "upload" else [f"server:{path}", lab.into]


def lines_of(lab, way, what, said):
    words = words_of(lab, way, what)
    sides = {name: Side(lambda name=name: lab.timed_copy(name, words), lab.make_into)
             for name in ("ours", *MODES)}
    figures = lab.bench.take_turns(sides)
    lines = [time_line(f"client: {way} {said}", measure, figures, goal, mode)
             for measure, goal in (("cpu", 0.5), ("wall", 1.0)) for mode in MODES]
    return lines + weights_of(lab, way, said, words)


def weights_of(lab, way, said, words):
    got = {}
    for name in ("ours", *MODES):
        lab.make_into()
        got[name] = lab.weigh(name, words)
    return [Line(f"client: {way} {said}", what, f"{got['ours'][key]} KiB", f"{got[mode][key]} KiB ({mode})",
                 f"{got['ours'][key] / got[mode][key]:.2f}", f"<= +{MARGIN} KiB",
                 met(got["ours"][key] <= got[mode][key] + MARGIN))
            for what, key in (("peak memory of one process", "rss"), ("memory of all", "pss"))
            for mode in MODES]


def through_sshd(bench, place):
    size, count = bench.scaled(LARGE), bench.scaled(SMALLS)
    machine.make_file(f"{place}/large", size)
    machine.make_files(f"{place}/small", count, SMALL)
    with world_with(bench.ours, first=SUBSYSTEM) as world:
        lab, lines = Lab(bench, place, world), []
        for what, said in (("large", f"one file of {size >> 20:,} MiB"),
                           ("small", f"{count:,} files of 1 KiB")):
            for way in ("upload", "download"):
                lines += lines_of(lab, way, what, said)
    return lines


# -- A line that takes its time.

def slow_config(lab, port):
    """That of the world, by way of the line."""
    said = sshd.read_text(lab.world.host.config)
    return sshd.write_text(f"{lab.place}/config", said.replace(f"Port {lab.world.host.port}",
                                                               f"Port {port}", 1))


def slow_line(lab, way, config, server):
    """Once each: it waits, and for what, is always the same."""
    took = {}
    for name, what, count in (("ours", "away", lab.away), ("far", "far", lab.far),
                              ("scp -O", "away", lab.away)):
        lab.make_into()
        words = words_of(lab, way, what)
        took[name] = lab.timed_copy("ours" if name == "far" else name, words, config)["wall"] / count

    def one(name, count):
        ratio = took[name] / took["scp -O"]
        return Line(f"client: {way} of {count:,} files, 50 ms away, {server}", "wall a file",
                    f"{took[name] * 1e3:.2f} ms", f"{took['scp -O'] * 1e3:.2f} ms (scp -O, {lab.away} files)",
                    f"{ratio:.3f}", "<= 0.05", met(ratio <= 0.05))
    return [one("ours", lab.away), one("far", lab.far)]


def over_slow_line(bench, place):
    """To our server and from it, and from OpenSSH's."""
    lines = []
    with world_with(bench.ours) as world:
        lab = Lab(bench, place, world)
        lab.away, lab.far = bench.scaled(AWAY), bench.scaled(FAR)
        machine.make_files(f"{place}/away", lab.away, SMALL)
        machine.make_files(f"{place}/far", lab.far, SMALL)
        ours = f"{world.base}/bin/ours"
        os.rename(lab.ours, ours)
        lab.ours = ours
        with Slow(sshd.HOST, world.host.port, DELAY) as slow:
            config = slow_config(lab, slow.port)
            for program, server, ways in ((ours, "our server", ("upload", "download")),
                                          (OPENSSH, "OpenSSH's", ("download",))):
                link = f"{world.base}/bin/scp"
                if os.path.lexists(link):
                    os.unlink(link)
                os.symlink(program, link)
                for way in ways:
                    lines += slow_line(lab, way, config, server)
    return lines


ROWS = {"client": through_sshd, "client-far": over_slow_line}
