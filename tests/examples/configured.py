# SPDX-License-Identifier: ISC
"""Each line of /etc/scp.conf that stands there as a comment is one to serve with."""
import re

from stage import installed, machine, process, sshd
from stage.report import holds, same

PROGRAM = f"/usr/{installed.LIB}/scp"
INSTALLED = f"/usr/{installed.EXAMPLES}/scp.conf"


def checked(text, name):
    with machine.configured(text):
        return process.run([PROGRAM, "--check", machine.CONFIG, name], {"PATH": "/usr/bin:/bin"})


def is_sound(what, got):
    """The file is; that the directories of the example are not here is another matter."""
    holds(f"{what} can be served with", got.out and ", line " not in got.log, got.log)


def as_it_is():
    """Nothing holds."""
    got = checked(sshd.read_text(INSTALLED), "anna")
    is_sound("it", got)
    same("what --check says of it", checked("", "anna").out, got.out)


def blocks():
    """The lines that are commented out, each with the indented ones that follow it."""
    found, goes_on = [], False
    for line in sshd.read_text(INSTALLED).splitlines():
        begins = re.match("#[a-z]", line)
        goes_on = bool(begins) or goes_on and line.startswith("#\t")
        if begins:
            found.append([])
        if goes_on:
            found[-1].append(line[1:])
    holds("there are some", len(found) > 2 and max(map(len, found)) > 4, found)
    return found


def each_block():
    for lines in blocks():
        who = {"partners": "anna", "reports": "reports"}.get(lines[0].split()[-1], "emil")
        for count in range(1, len(lines) + 1):
            got = checked("\n".join(lines[:count]) + "\n", who)
            is_sound(lines[:count], got)
        for line in lines[1:] or lines:
            holds(f"--check says that {line.strip()!r} holds for {who}",
                  line.strip().replace("%u", who) in got.out.splitlines(), got.log)


def all_of_it():
    text = "".join(line + "\n" for lines in blocks() for line in lines)
    for name in ("anna", "reports", "emil"):
        got = checked(text, name)
        is_sound(f"for {name} it", got)


def check(report):
    for test in (as_it_is, each_block, all_of_it):
        report.run(f"configured: {test.__name__.replace('_', ' ')}", test)
