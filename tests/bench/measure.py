# SPDX-License-Identifier: ISC
"""Running sessions in turn, and what follows from the figures."""
import contextlib
import os
import pwd
import statistics
import subprocess
from dataclasses import dataclass, field

import machine

OPENSSH = "/usr/bin/scp"
PATIENCE = 1800             # seconds after which a session is said to hang
UNTRACEABLE = 77            # the exit status of a peer that cannot count
MARGIN = 1024               # KiB that our peak may lie above the reference's
# As sshd says who logged in: else a server may have to look through all accounts for him.
USERS = dict.fromkeys(("USER", "LOGNAME"), pwd.getpwuid(os.getuid()).pw_name)


class Failed(Exception):
    """Something went wrong that makes the figures worthless."""


@dataclass
class Side:
    """One of those who take turns."""
    run: object                         # () -> {measure: value}
    before: object = lambda: None       # before each run; takes no part in the figures
    files: int = 1                      # by which cpu and calls are divided, if told so
    count: object = None                # () -> {"calls": ..., "getdents": ...}


@dataclass
class Line:
    """Of the table, all as text; "" for what does not apply."""
    row: str
    measure: str
    ours: str
    reference: str = ""
    ratio: str = ""
    goal: str = ""
    met: str = ""
    bare: str = ""


@dataclass
class Figures:
    """All rounds of one row, by side: a list of {measure: value}."""
    rounds: dict = field(default_factory=dict)

    def all(self, side, measure):
        return [one[measure] for one in self.rounds[side]]

    def median(self, side, measure):
        return statistics.median(self.all(side, measure))

    def ratio(self, measure, against):
        pairs = zip(self.all("ours", measure), self.all(against, measure))
        return statistics.median(a / b if b else float("inf") for a, b in pairs)


class Bench:
    """What all rows share."""

    def __init__(self, out, base, divisor, rounds):
        self.ours, self.bare = f"{out}/scp", f"{out}/bench/yardstick"
        self.static = f"{out}/static/scp"       # which only some rows need
        self.peer, self.base, self.divisor, self.rounds = f"{out}/bench/peer", base, divisor, rounds
        for program in (self.ours, self.bare, self.peer, OPENSSH):
            if not os.access(program, os.X_OK):
                raise Failed(f"there is no program {program}")

    def scaled(self, number):
        return max(1, number // self.divisor)

    @contextlib.contextmanager
    def place(self, name):
        """A directory for one row, of which small files remain to the end: see make_empty."""
        path = f"{self.base}/{name}"
        os.mkdir(path)
        yield path
        for entry in os.scandir(path):
            if entry.is_file():
                os.unlink(entry)

    def play(self, words, command, place, flags=(), env=None):
        """One session, or several that the workload WORDS ask for."""
        done = subprocess.run([self.peer, *flags, *map(str, words), "--", *command], cwd=place,
                              env=dict(os.environ, **USERS, **(env or {})), timeout=PATIENCE, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False)
        if done.returncode == UNTRACEABLE:
            return {}
        if done.returncode != 0:
            raise Failed(f"{' '.join(command)}: {done.stderr.strip()}")
        return {key: float(value) for key, value in (w.split("=") for w in done.stdout.split())}

    def side(self, words, command, place, before=lambda: None, files=1, env=None, flags=()):
        return Side(lambda: self.play(words, command, place, flags, env), before, files,
                    lambda: self.play(words, command, place, ["-c"], env))

    def take_turns(self, sides):
        """All sides, in both orders by turns; the first round is not counted."""
        figures = Figures({name: [] for name in sides})
        names = list(sides)
        for number in range(self.rounds + 1):
            for name in names if number % 2 else reversed(names):
                sides[name].before()
                got = sides[name].run()
                if number > 0:
                    figures.rounds[name].append(got)
        return figures


def met(good):
    return "yes" if good else "NO"


def as_seconds(value):
    return f"{value:.3f} s" if value >= 0.1 else f"{value * 1e3:.3f} ms"


def time_line(row, measure, figures, goal=None, other=None):
    """
    Wall or processor time against OpenSSH's, or the side OTHER, and the yardstick where it is one of
    the sides.
    """
    ratio = figures.ratio(measure, other or "openssh")
    reference = as_seconds(figures.median(other or "openssh", measure))
    return Line(row, measure, as_seconds(figures.median("ours", measure)),
                f"{reference} ({other})" if other else reference, f"{ratio:.2f}",
                f"<= {goal:.2f}" if goal else "", met(ratio <= goal) if goal else "",
                f"{figures.ratio(measure, 'bare'):.2f}" if "bare" in figures.rounds else "")


def memory_line(row, figures):
    """The highest peak of all rounds."""
    ours, theirs = max(figures.all("ours", "rss")), max(figures.all("openssh", "rss"))
    return Line(row, "peak memory", f"{ours:.0f} KiB", f"{theirs:.0f} KiB", f"{ours / theirs:.2f}",
                f"<= +{MARGIN} KiB", met(ours <= theirs + MARGIN),
                f"{ours / max(figures.all('bare', 'rss')):.2f}" if "bare" in figures.rounds else "")


def size_line(row, measure, ours, theirs, other=None):
    """Of programs, in bytes."""
    reference = f"{theirs >> 10} KiB"
    return Line(row, measure, f"{ours >> 10} KiB", f"{reference} ({other})" if other else reference,
                f"{ours / theirs:.2f}")


def calls_line(row, sides, goal):
    """Counted once each, for it is the same each time; by file."""
    counted = {}
    for name in ("ours", "openssh"):
        sides[name].before()
        got = sides[name].count()
        if not got:
            return Line(row, "system calls", "cannot be counted: ptrace is not permitted")
        counted[name] = got["calls"] / sides[name].files
    ours, theirs = counted["ours"], counted["openssh"]
    # The few calls of the session itself are in it: what they add to many files rounds to nothing.
    return Line(row, "system calls a file" if goal else "system calls", f"{ours:.2f}",
                f"{theirs:.2f}", f"{ours / theirs:.2f}", f"<= {goal}" if goal else "",
                met(round(ours, 2) <= goal) if goal else "")


def scale_line(row, sides, figures, goal, reference):
    """Ours against ours: processor time a file, where there are many of them and where few."""
    def each(side):
        return [value / sides[side].files for value in figures.all(side, "cpu")]
    ratio = statistics.median(a / b for a, b in zip(each("ours"), each("few")))
    return Line(row, "cpu a file", f"{statistics.median(each('ours')) * 1e6:.1f} us",
                f"{statistics.median(each('few')) * 1e6:.1f} us ({reference})", f"{ratio:.2f}",
                f"<= {goal:.2f}", met(ratio <= goal))
