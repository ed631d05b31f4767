# SPDX-License-Identifier: ISC
"""The rows of the table: each makes what it needs in its place and returns its lines."""
import contextlib
import os

import machine
import originate
import remote
import sftp
from measure import OPENSSH, calls_line, memory_line, scale_line, size_line, time_line

GIB = 1 << 30
SMALL = 1024                # bytes of a small file
SMALLS = 20000
STARTS = 500
MANY, FEW = 100000, 1000    # files in one directory
LEVELS, IN_EACH = 500, 40   # directories one in another, and files of each


def unlink(*paths):
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


def pull_large(bench, place):
    size = bench.scaled(2 * GIB)
    machine.make_file(f"{place}/large", size)
    sides = {"ours": bench.side(["pull"], [bench.ours, "-f", "large"], place),
             "openssh": bench.side(["pull"], [OPENSSH, "-f", "large"], place),
             "bare": bench.side(["pull"], [bench.bare, "-f", "large"], place)}
    figures, row = bench.take_turns(sides), f"pull one file of {size >> 20:,} MiB"
    return [time_line(row, "cpu", figures, 0.20), time_line(row, "wall", figures, 0.30),
            memory_line(row, figures)]


def push_new(bench, place):
    size = bench.scaled(GIB)

    def side(program):
        # What is not there any more is not written to the disk during somebody's turn.
        return bench.side(["push", size, 1, "new"], [program, "-t", "new"], place,
                          lambda: unlink(f"{place}/new"))
    sides = {"ours": side(bench.ours), "openssh": side(OPENSSH), "bare": side(bench.bare)}
    figures, row = bench.take_turns(sides), f"push one new file of {size >> 20:,} MiB"
    return [time_line(row, "cpu", figures, 0.80), time_line(row, "wall", figures),
            memory_line(row, figures)]


def push_over(bench, place):
    """Ours replaces files unless it is told not to.  Each side writes over a file of its own."""
    size = bench.scaled(GIB)
    serve = ["--serve", f"--root={place}", "--replace=in-place", "--log=none"]

    def side(name, program, *words, **env):
        machine.make_file(f"{place}/{name}", size)
        return bench.side(["push", size, 1, name], [program, *words], place,
                          lambda: machine.settle(place), env=env)
    sides = {"ours": side("ours", bench.ours, *serve, SSH_ORIGINAL_COMMAND="scp -t ours"),
             "openssh": side("openssh", OPENSSH, "-t", "openssh"),
             "bare": side("bare", bench.bare, "-t", "bare")}
    figures, row = bench.take_turns(sides), f"push over a file of {size >> 20:,} MiB, in place"
    return [time_line(row, "cpu", figures, 0.65), time_line(row, "wall", figures, 0.60),
            memory_line(row, figures)]


def small_lines(bench, row, side, calls, cpu):
    """
    What SIDE makes of a program and flags of the peer.  Where the client sleeps on another CPU, most
    of the server's time goes into waking it and being woken, the same for everybody; so the goal is
    for both on one CPU, where that is a switch of context and no more.
    """
    near, far = ({"ours": side(bench.ours, flags), "openssh": side(OPENSSH, flags)}
                 for flags in (["-o"], []))
    figures, apart = bench.take_turns(near), bench.take_turns(far)
    return [calls_line(row, near, calls), time_line(row, "cpu", figures, cpu),
            time_line(row, "wall", figures), memory_line(row, figures),
            time_line(f"{row}, another CPU", "cpu", apart),
            time_line(f"{row}, another CPU", "wall", apart)]


def pull_small(bench, place):
    count = bench.scaled(SMALLS)
    machine.make_files(f"{place}/tree", count, SMALL)

    def side(program, flags):
        return bench.side(["pull"], [program, "-r", "-f", "tree"], place, files=count, flags=flags)
    return small_lines(bench, f"pull {count:,} files of 1 KiB", side, 8, 0.75)


def push_small(bench, place):
    count = bench.scaled(SMALLS)

    def side(program, flags):
        return bench.side(["push", SMALL, count, "f"], [program, "-r", "-t", "into"], place,
                          lambda: machine.make_empty(f"{place}/into"), count, flags=flags)
    return small_lines(bench, f"push {count:,} new files of 1 KiB", side, 9, 0.80)


def start(bench, place):
    """The starts are spread over the rounds; a session that is counted does nothing more."""
    each = max(1, bench.scaled(STARTS) // bench.rounds)
    row = "from start to greeting (-t)"
    programs = (("ours", bench.ours), ("openssh", OPENSSH), ("bare", bench.bare))
    sides = {name: bench.side(["start", each], [program, "-t", "."], place)
             for name, program in programs}
    figures = bench.take_turns(sides)
    once = {name: bench.side(["start", 1], [program, "-t", "."], place)
            for name, program in programs}
    return [time_line(row, "wall", figures, 1.10), time_line(row, "cpu", figures),
            memory_line(row, figures), calls_line("a session of nothing (-t)", once, None)]


def pull_scale(bench, place, row, files, make):
    """A tree of FILES that MAKE makes, against one directory with FEW."""
    few = bench.scaled(FEW)
    make(f"{place}/many", files)
    machine.make_files(f"{place}/few", few, SMALL)
    sides = {name: bench.side(["pull"], [bench.ours, "-r", "-f", tree], place, files=count,
                              flags=["-o"])
             for name, tree, count in (("ours", "many", files), ("few", "few", few))}
    return [scale_line(row, sides, bench.take_turns(sides), 1.20, f"{few:,} files")]


def push_scale(bench, place, row, files, words):
    """The workload WORDS, of FILES, against FEW that go into one directory."""
    few = bench.scaled(FEW)
    sides = {name: bench.side(workload, [bench.ours, "-r", "-t", "into"], place,
                              lambda: machine.make_empty(f"{place}/into"), count, flags=["-o"])
             for name, workload, count in (("ours", words, files),
                                           ("few", ["push", SMALL, few, "f"], few))}
    return [scale_line(row, sides, bench.take_turns(sides), 1.20, f"{few:,} files")]


def pull_many(bench, place):
    many = bench.scaled(MANY)
    return pull_scale(bench, place, f"ours: pull {many:,} files of one directory", many,
                      lambda path, count: machine.make_files(path, count, SMALL))


def push_many(bench, place):
    many = bench.scaled(MANY)
    return push_scale(bench, place, f"ours: push {many:,} files into one directory", many,
                      ["push", SMALL, many, "f"])


def deep_files(bench):
    return LEVELS * bench.scaled(IN_EACH)


def pull_deep(bench, place):
    """The directories' own cost is in that of their files."""
    return pull_scale(bench, place, f"ours: pull {deep_files(bench):,} files of {LEVELS} levels",
                      deep_files(bench),
                      lambda path, count: machine.make_deep(path, LEVELS, count, SMALL))


def push_deep(bench, place):
    return push_scale(bench, place, f"ours: push {deep_files(bench):,} files into {LEVELS} levels",
                      deep_files(bench), ["push-deep", SMALL, deep_files(bench), LEVELS])


def size_of_program(bench, _place):
    ours, theirs = (machine.loaded_size(program) for program in (bench.ours, OPENSSH))
    return [size_line("the program", "code and data", ours, theirs)]


def static(bench, place):
    """The static program as ours, against the one with shared libraries, too."""
    each = max(1, bench.scaled(STARTS) // bench.rounds)
    row, shared = "static: from start to greeting (-t)", "shared libraries"
    programs = (("ours", bench.static), ("openssh", OPENSSH), (shared, bench.ours))
    figures = bench.take_turns({name: bench.side(["start", each], [program, "-t", "."], place)
                                for name, program in programs})
    once = {name: bench.side(["start", 1], [program, "-t", "."], place) for name, program in programs}
    sizes = {name: (os.path.getsize(program), machine.stripped_size(program, place))
             for name, program in programs}
    return [time_line(row, "wall", figures), time_line(row, "wall", figures, other=shared),
            time_line(row, "cpu", figures), time_line(row, "cpu", figures, other=shared),
            memory_line(row, figures), calls_line("static: a session of nothing (-t)", once, None),
            size_line("static: the file", "size", sizes["ours"][0], sizes[shared][0], shared),
            size_line("static: the file", "stripped", sizes["ours"][1], sizes["openssh"][1]),
            size_line("static: the file", "stripped", sizes["ours"][1], sizes[shared][1], shared)]


ROWS = {"pull-large": pull_large, "push-new": push_new, "push-over": push_over,
        "pull-small": pull_small, "push-small": push_small, "start": start,
        "pull-many": pull_many, "push-many": push_many,
        "pull-deep": pull_deep, "push-deep": push_deep,
        "size": size_of_program, "static": static, "sshd": remote.through_sshd,
        **sftp.ROWS, **originate.ROWS}
