# SPDX-License-Identifier: ISC
"""What each key of the configuration does that a person says of his own half of a copy, and that each has such a row."""
import glob
import os
import re
import stat

import accounts
import fakes
from stage import process, sshd
from stage.report import Skipped, holds, same

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LONG_AGO = 1000000000
# What there is at the host, and what comes of it where nothing is said.
TREE = {"a.c": b"a", "b.o": b"bb", ".hidden": b"h", "d": None, "d/c.c": b"ccc", "d/e": None, "d/e/f.c": b"dddd"}
ALL = {path: what for path, what in TREE.items()}
FILES = [path for path, what in TREE.items() if what is not None]


def fewer(*names):
    return {path: what for path, what in ALL.items() if path not in names}


DEEP = "directories are nested too deeply"
# The key, its value; what comes; the reasons that are given, in any order.
TAKEN = [
    ("exclude", "*.o", fewer("b.o"), []),
    ("exclude", "d", fewer("d", "d/c.c", "d/e", "d/e/f.c"), []),
    ("include", "*.o", {"b.o": b"bb", "d": None, "d/e": None}, []),
    ("hidden", "no", fewer(".hidden"), []),
    ("hidden", "yes", ALL, []),
    ("mkdir", "no", {"a.c": b"a", "b.o": b"bb", ".hidden": b"h"}, ["d: No such file or directory"]),
    ("max-depth", "1", fewer("d/e", "d/e/f.c"), [f"d/e: {DEEP}"]),
    ("max-file-size", "3", fewer("d/e/f.c"), ["d/e/f.c: larger than allowed"]),
    ("max-session-bytes", "0", {"d": None, "d/e": None}, [f"{path}: more data than allowed" for path in FILES]),
    ("max-files", "0", {}, None),
    ("min-free", "100%", {}, None),
    ("symlinks", "never", ALL, []),
    ("symlinks", "beneath", ALL, []),
]


def scene_of(lab):
    scene = lab.scene()
    top = f"{scene.top}/there/tree"
    os.mkdir(top)
    for path, what in TREE.items():
        if what is None:
            os.mkdir(f"{top}/{path}")
            continue
        with open(f"{top}/{path}", "wb") as file:
            file.write(what)
        os.utime(f"{top}/{path}", (LONG_AGO, LONG_AGO))
    os.mkdir(f"{scene.here}/new")
    scene.before = fakes.snapshot(scene.here)
    return scene


def copy(scene, *words):
    return process.run(scene.argv(*words), scene.env, cwd=scene.here)


def found(scene, top="new"):
    return {os.path.relpath(path, top): what for path, (_mode, what) in fakes.snapshot(scene.here).items()
            if path.startswith(f"{top}/")}


def taken(lab, key, value, wanted, reasons):
    scene = scene_of(lab)
    try:
        got = copy(scene, "-r", f"--{key}={value}", "there:tree/.", "new")
        if reasons is not None:
            same("what the person reads", sorted(f"scp: new/{reason}" for reason in reasons),
                 sorted(got.err.splitlines()), got.log)
        same("status", 0 if reasons == [] else 1, got.code, got.log)
        same("what comes", wanted, {path: what for path, what in found(scene).items() if what is not None or
                                    path in wanted or reasons is not None}, got.log)
    finally:
        scene.end()


# -- What becomes of one file, or of a directory: words, and what is looked at.

def mode_of(path):
    return oct(stat.S_IMODE(os.stat(path).st_mode))


def of_file(what):
    return lambda here: what(f"{here}/new/a.c")


def of_dir(what):
    return lambda here: what(f"{here}/new/d")


def date(path):
    return int(os.stat(path).st_mtime) == LONG_AGO


def group(path):
    return os.stat(path).st_gid


MADE = [
    ("umask", "077", [], [(of_file(mode_of), "0o600"), (of_dir(mode_of), "0o700")]),
    ("umask", "022", [], [(of_file(mode_of), "0o644"), (of_dir(mode_of), "0o755")]),
    ("file-mode", "640", [], [(of_file(mode_of), "0o640")]),
    ("dir-mode", "750", [], [(of_dir(mode_of), "0o750")]),
    ("modes", "client", [], [(of_file(mode_of), "0o644")]),
    ("modes", "inherit", ["--umask=002"], [(of_file(mode_of), "0o664"), (of_dir(mode_of), "0o775")]),
    ("times", "client", ["-p"], [(of_file(date), True)]),
    ("times", "ignore", ["-p"], [(of_file(date), False)]),
    ("sync", "none", [], [(of_file(fakes.content_of), b"a")]),
    ("sync", "full", [], [(of_file(fakes.content_of), b"a")]),
    ("replace", "auto", [], [(of_file(fakes.content_of), b"a")]),
    ("sandbox", "require", [], [(of_file(fakes.content_of), b"a")]),
]


def made(lab, key, value, words, looks):
    scene = scene_of(lab)
    try:
        got = copy(scene, "-r", *words, f"--{key}={value}", "there:tree/.", "new")
        if key == "sandbox" and "no sandbox" in got.err:
            raise Skipped("this kernel has none")
        same("status and words", (0, ""), (got.code, got.err), got.log)
        for look, wanted in looks:
            same("what it is like", wanted, look(scene.here), got.log)
    finally:
        scene.end()


def groups(lab):
    if os.geteuid() != 0:
        raise Skipped("no root, and no other group")
    scene = scene_of(lab)
    try:
        same("status", 0, copy(scene, "-r", "--group=daemon", "there:tree/.", "new").code)
        same("of a file and a directory", [1, 1], [group(f"{scene.here}/new/{name}") for name in ("a.c", "d")])
    finally:
        scene.end()


# -- What is here already.

REPLACED = [
    # The value, whether it is another file then, what is in it.
    ("overwrite", "no", False, b"old\n"), ("overwrite", "yes", True, b"a"),
    ("replace", "atomic", True, b"a"), ("replace", "in-place", False, b"a"),
]


def replaced(lab, key, value, another, content):
    scene = scene_of(lab)
    path = f"{scene.here}/target/old"
    try:
        before = os.stat(path).st_ino
        with open(path, "rb"):
            got = copy(scene, f"--{key}={value}", "there:tree/a.c", "target/old")
            same("status and words", (0, ""), (got.code, got.err), got.log)
            same("another file", another, os.stat(path).st_ino != before, got.log)
        same("content", content, fakes.content_of(path), got.log)
    finally:
        scene.end()


def synced(lab, value, calls):
    """How often the disk is waited for."""
    accounts.needs_strace()
    scene = scene_of(lab)
    try:
        trace = f"{scene.top}/trace"
        got = process.run(["strace", "-ff", "-qq", "-e", "signal=none", "-e", "trace=fsync", "-o", trace,
                           *scene.argv(f"--sync={value}", "there:tree/a.c", "new")], scene.env, cwd=scene.here)
        same("status", 0, got.code, got.log)
        same("times", calls, sum(sshd.read_text(path).count("fsync(") for path in glob.glob(f"{glob.escape(trace)}.*")))
    finally:
        scene.end()


# -- Time that is up.

# The key, and what the host says before it says no more.
TIMES = [("idle-timeout", "printf 'C0644 5 x\\n'"), ("max-duration", "printf 'C0644 5 x\\n'"), ("max-duration", ":")]
WORDS = {"idle-timeout": "idle for too long", "max-duration": "the session took too long"}


def up(lab, key, first):
    """Whatever it is about is said once, and nothing comes."""
    scene = lab.scene(do=f"{first}\nwait\n")
    try:
        got = copy(scene, f"--{key}=1s", "host:x", "target")
        same("status", 1, got.code, got.log)
        same("the reason is said once", 1, got.err.count(WORDS[key]), got.log)
        same("a host that has not begun", first == ":", f"scp: host: {accounts.UNANSWERED}" in got.err.splitlines(),
             got.log)
        same("what comes", {}, scene.new())
    finally:
        scene.end()


# A transport: "here" has a file that no pipe holds; the other host takes its record, and says more and more, but
# takes no more, until nobody listens.
FULL = """\
#!/bin/sh
for word; do host=$command command=$word; done
[ "$host" != here ] || eval "exec $command"
printf '\\0'
read -r record
printf '\\0'
while printf x; do sleep 0.1; done
"""


def takes_no_more(lab):
    """Through here a target that stands still is idle, too."""
    scene = lab.scene()
    try:
        transport = sshd.write_text(f"{scene.top}/transport", FULL, 0o755)
        with open(f"{scene.top}/large", "wb") as file:
            file.truncate(8 << 20)
        got = process.run([lab.scp, "-S", transport, "-3", "--idle-timeout=1s", f"here:{scene.top}/large", "full:x"],
                          scene.env, cwd=scene.here)
        same("status", 1, got.code, got.log)
        holds("the reason is said", WORDS["idle-timeout"] in got.err, got.err, got.log)
    finally:
        scene.end()


def each_has_a_row():
    with open(f"{TOP}/scp-sink-source/errand/errand.c", encoding="utf-8") as file:
        known = set(re.findall(r'\{ "([a-z-]+)", (?:NULL|"[a-z]+"), WAYS_[A-Z]+ \}', file.read()))
    rows = {row[0] for rows in (TAKEN, MADE, REPLACED, TIMES) for row in rows} | {"group", "rate"}
    holds("there are some", len(known) > 20, known)
    same("keys that have a row", known, rows)


def check_all(report, out, base):
    lab = fakes.Lab(out, base)
    checks = [(f"keys: {key} {value}", "dash", check, lab, key, value, *rest)
              for check, rows in ((taken, TAKEN), (made, MADE), (replaced, REPLACED)) for key, value, *rest in rows]
    checks += [(f"keys: {key}, {first}", "dash", up, lab, key, first) for key, first in TIMES]
    checks += [(f"keys: sync {value}", "dash", synced, lab, value, calls)
               for value, calls in (("none", 0), ("file", 1), ("full", 2))]
    checks.append(("keys: idle-timeout, through here", "dash", takes_no_more, lab))
    checks += [("keys: group", "dash", groups, lab), ("keys: all of them", "dash", each_has_a_row)]
    accounts.run_at_once(report, checks)
