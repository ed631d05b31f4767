# SPDX-License-Identifier: ISC
"""
Start-up files that print: each shell, each profile, either direction.  The file arrives, the status is
0, and the user reads what was printed.
"""
import os
import subprocess

import accounts
import silent
from accounts import CONTENT, NO_TRAP, RC, SHELLS, STARTS, Remote, arrived, down, note, reads, up
from stage import process
from stage.report import holds, same

SHOW = "cat ~/text\n"         # the profiles, that print a file beside them
AT_END = {"fish": "function at_end --on-event fish_exit; cat ~/text; end\n"}

# What is printed; how; and the lines that the user reads of it.
PROFILES = {
    "nothing": (b"", SHOW, []),
    "a line": (b"Welcome to this host\n", SHOW, ["Welcome to this host"]),
    "an empty line": (b"\n", SHOW, [""]),
    "no newline": (b"Welcome", SHOW, ["Welcome"]),
    "two lines": (b"Welcome\r\n\nto this host\n", SHOW, ["Welcome", "to this host"]),
    "Enter": (b"Enter at your own risk\n", SHOW, ["Enter at your own risk"]),
    "Today": (b"Today is a holiday\n", SHOW, ["Today is a holiday"]),
    "Connected": (b"Connected to this host", SHOW, ["Connected to this host"]),
    "Disk": (b"Disk usage: 93%\n", SHOW, ["Disk usage: 93%"]),
    "ESC": (b"\33[31mred\33[0m\7\n", SHOW, ["\\033[31mred\\033[0m\\007"]),
    "300 KB": ((b"x" * 299 + b"\n") * 1000, SHOW, ["x" * 200] * 5),
    "a NUL": (b"a\0b\n", SHOW, ["a\\000b"]),
    "late": (b"Welcome\n", "sleep 2\n" + SHOW, ["Welcome"]),
    "at the end": (b"Goodbye\n", "trap 'cat ~/text' EXIT\n", ["Goodbye"]),
    "stderr": (b"Welcome\n", "sh -c 'cat ~/text >&2'\n", None),
}
# Who prints in vain is told apart once: there the shell has nothing to do with it.
BRIEF = ("nothing", "a line", "no newline")


def prints_at_end(remote):
    """Some shells become the last command, and then have no end of their own."""
    done = subprocess.run([remote.stage.reach, "host", "/bin/true"], env=remote.env(), check=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    return done.stdout != b""


def profile(stage, shell, start, name, way):
    text, how, lines = PROFILES[name]
    if name == "at the end":
        how = AT_END.get(shell, how)
    remote = Remote(stage, shell, start, text, how)
    if name == "at the end" and not prints_at_end(remote):
        lines = []
    if lines is None:
        wanted = text.decode().splitlines()
    else:
        wanted = note(lines) if lines else []
    way(remote, wanted=wanted)


def check_profiles(stage):
    for shell in SHELLS:
        start = STARTS.get(shell, RC)
        names = PROFILES if shell in STARTS or shell == "dash" else BRIEF
        for name in names:
            if name == "at the end" and shell in NO_TRAP:
                continue
            for way in (up, down):
                yield f"{shell}: {name}, {way.__name__}", shell, profile, stage, shell, start, name, way
        if shell in STARTS:
            for way in (up, down):
                yield f"{shell}: {RC}, {way.__name__}", shell, profile, stage, shell, RC, "a line", way


def quiet(stage, way):
    """Who wants no notes reads none."""
    way(Remote(stage, "bash", ".bashrc", b"Welcome\n", SHOW), "-q", wanted=[])


def both_ends(stage, way):
    """Text before and behind, and the advice once."""
    how = "cat ~/text\ntrap 'echo Goodbye' EXIT\n"
    way(Remote(stage, "bash", ".bashrc", b"Welcome\n", how),
        wanted=note(["Welcome"]) + note(["Goodbye"], advice=False))


def tree(stage, way):
    """A record in a directory is nothing that text could stand for."""
    remote = Remote(stage, "bash", ".bashrc", b"Welcome\n", SHOW)
    local = f"{stage.new_directory('local')}/tree"
    for top in (local, f"{remote.home}/there"):
        os.makedirs(f"{top}/below")
        for path in (f"{top}/Enter", f"{top}/below/E"):
            with open(path, "wb") as file:
                file.write(CONTENT)
    words = ("-r", local, "host:copy") if way is up else ("-r", "host:there", f"{local}/copy")
    got = process.run(stage.argv(*words), remote.env())
    copy = f"{remote.home}/copy" if way is up else f"{local}/copy"
    for path in (f"{copy}/Enter", f"{copy}/below/E"):
        arrived(path, got)
    reads("what is said", note(["Welcome"]), got)


def through_here(stage):
    """From one that prints to one that prints: at either end of either."""
    how = "cat ~/text\ntrap 'echo Goodbye' EXIT\n"
    remote = Remote(stage, "bash", ".bashrc", b"Welcome\n", how)
    remote.write("file", CONTENT)
    got = process.run(stage.argv("one:file", "other:copy"), remote.env())
    arrived(f"{remote.home}/copy", got)
    said = {host: [line.split(": ", 2)[2] for line in got.err.splitlines()
                   if line.startswith(f"scp: {host}: ")] for host in ("one", "other")}
    for host in said:
        same(f"what {host} printed", ["| Welcome", "| Goodbye"],
             [line for line in said[host] if line.startswith("|")], got.log)


def in_between(stage, text):
    """Text in the place of a reply is shown, be it a line or not, and is the end."""
    how = "printf '\\0'\nread record\ncat ~/text\ncat >/dev/null\nexit 0\n"
    remote = Remote(stage, "bash", ".bashrc", text, how)
    got = process.run(remote.stage.argv(stage.file(), "host:"), remote.env())
    same("status", 1, got.code, got.log)
    holds("it is shown", text.decode() in got.err, got.err)


def check_more(stage):
    yield "through here", "bash", through_here, stage
    for text in (b"Name?", b"Welcome\n"):
        yield f"in between, {text}", "bash", in_between, stage, text
    for check in (quiet, both_ends, tree):
        for way in (up, down):
            yield f"{check.__name__}, {way.__name__}", "bash", check, stage, way


def check_all(report, out, base):
    stage = accounts.Stage(out, base)
    checks = [*check_profiles(stage), *check_more(stage)]
    # What waits longest comes first.
    checks.sort(key=lambda check: ": late" not in check[0])
    accounts.run_at_once(report, [*silent.checks(stage), *checks])
