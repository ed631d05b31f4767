# SPDX-License-Identifier: ISC
"""Rows of SFTP, against OpenSSH's server of it."""
import contextlib
import os

import machine
from measure import Failed, calls_line, memory_line, time_line

OPENSSH = "/usr/lib/openssh/sftp-server"
GIB = 1 << 30
LARGE, USUAL = 261120, 32768    # bytes of a request: of OpenSSH's client, and of most others
SMALL, SMALLS = 1024, 5000
ENTRIES = 10000


def sides_of(bench, words, place, before=lambda: None, files=1):
    """In what calls are counted by: FILES is how many there are of that."""
    if not os.access(OPENSSH, os.X_OK):
        raise Failed(f"there is no program {OPENSSH}")
    programs = {"ours": [bench.ours, "--sftp"], "openssh": [OPENSSH]}
    return {name: bench.side(words, command, place, before, files)
            for name, command in programs.items()}


def lines_of(bench, row, sides, cpu, calls, unit):
    figures = bench.take_turns(sides)
    counted = calls_line(row, sides, calls)
    counted.measure = counted.measure.replace("a file", unit)
    return [time_line(row, "cpu", figures, cpu), time_line(row, "wall", figures), counted,
            memory_line(row, figures)]


def remove_large(place):
    with contextlib.suppress(FileNotFoundError):
        os.unlink(f"{place}/large")


def put_large(bench, place):
    lines, size = [], bench.scaled(GIB)
    for piece, cpu, calls in ((LARGE, 0.50, 14), (USUAL, 0.60, 100)):
        sides = sides_of(bench, ["sftp-put", size, piece], place, lambda: remove_large(place),
                         size / (1 << 20))
        lines += lines_of(bench, f"sftp: put {size >> 20:,} MiB, {piece // 1024} KiB a request", sides,
                          cpu, calls, "a MiB")
    return lines


def get_large(bench, place):
    lines, size = [], bench.scaled(GIB)
    machine.make_file(f"{place}/large", size)
    for piece, cpu, calls in ((LARGE, 0.25, 14), (USUAL, 0.35, 72)):
        sides = sides_of(bench, ["sftp-get", size, piece], place, files=size / (1 << 20))
        lines += lines_of(bench, f"sftp: get {size >> 20:,} MiB, {piece // 1024} KiB a request", sides,
                          cpu, calls, "a MiB")
    return lines


def put_small(bench, place):
    count = bench.scaled(SMALLS)
    sides = sides_of(bench, ["sftp-put-tree", SMALL, count], place,
                     lambda: machine.make_empty(f"{place}/tree"), count)
    return lines_of(bench, f"sftp: put {count:,} new files of 1 KiB", sides, 0.80, 18, "a file")


def get_small(bench, place):
    count = bench.scaled(SMALLS)
    machine.make_files(f"{place}/tree", count, SMALL)
    sides = sides_of(bench, ["sftp-get-tree", SMALL, count], place, files=count)
    return lines_of(bench, f"sftp: get {count:,} files of 1 KiB", sides, 0.75, 20, "a file")


def list_many(bench, place):
    count = bench.scaled(ENTRIES)
    machine.make_files(f"{place}/tree", count, SMALL)
    sides = sides_of(bench, ["sftp-list", count], place, files=count)
    return lines_of(bench, f"sftp: list {count:,} entries", sides, None, 1.05, "an entry")


ROWS = {"sftp-put": put_large, "sftp-get": get_large, "sftp-put-small": put_small,
        "sftp-get-small": get_small, "sftp-list": list_many}
