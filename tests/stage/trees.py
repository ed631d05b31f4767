# SPDX-License-Identifier: ISC
"""Trees of files: made from a table, read back, and what a client is expected to make of one."""
import hashlib
import os
import stat
import subprocess
from dataclasses import dataclass

from stage.report import Failed

FIRST_TIME = 1_000_000_000      # of the entries below, each a thousand seconds after the one before

TREE = [
    # path, kind, mode, content or where the link leads
    ("plain", "file", 0o644, b"plain text\n"),
    ("group", "file", 0o664, b"the umask shows in this one\n"),
    ("sealed", "file", 0o400, b"read only\n"),
    ("program", "file", 0o755, b"#!/bin/sh\necho hello\n"),
    ("private", "file", 0o600, b"mine\n"),
    ("empty", "file", 0o644, b""),
    ("large", "file", 0o644, bytes(range(256)) * 2000),
    ("two  words", "file", 0o644, b"blanks\n"),
    ("it's", "file", 0o644, b"an apostrophe\n"),
    ('say "hello"', "file", 0o644, b"quotes\n"),
    ("gr\u00fc\u00dfe \u2603", "file", 0o644, b"more than ASCII\n"),
    ("-rf", "file", 0o644, b"not an option\n"),
    (".hidden", "file", 0o644, b"not shown\n"),
    ("a*b?c[d]$e`f", "file", 0o644, b"not for a shell\n"),
    ("tab\tand \x1b[31mcolour", "file", 0o644, b"control bytes\n"),
    ("l" * 255, "file", 0o644, b"as long as names get\n"),
    ("common", "dir", 0o755, None),
    ("common/below", "file", 0o644, b"below\n"),
    ("common/deeper", "dir", 0o775, None),
    ("common/deeper/still", "file", 0o640, b"deeper\n"),
    ("secret", "dir", 0o700, None),
    ("secret/inside", "file", 0o600, b"secret\n"),
    ("readonly", "dir", 0o555, None),
    ("readonly/inside", "file", 0o444, b"in a directory that is not writable\n"),
    ("readonly/below", "dir", 0o555, None),
    ("readonly/below/inside", "file", 0o444, b"further down\n"),
    ("no entries", "dir", 0o755, None),
    (".hidden dir", "dir", 0o755, None),
    (".hidden dir/it's", "file", 0o644, b"both\n"),
    ("to a file", "link", None, "plain"),
    ("to a directory", "link", None, "common/deeper"),
]
BACKSLASH = [("back\\slash", "file", 0o644, b"\\\n")]
NEWLINE = [("line\nfeed", "file", 0o644, b"two lines\n")]
NEWLINE_DIR = [("dir\nfeed", "dir", 0o755, None),
               ("dir\nfeed/inside", "file", 0o644, b"below two lines\n")]
CLOSED = [("closed", "dir", 0o000, None),
          ("closed/inside", "file", 0o000, b"for root alone\n")]
ALL = TREE + BACKSLASH + NEWLINE + NEWLINE_DIR


def make_entry(path, kind, mode, content):
    if kind == "dir":
        os.mkdir(path)
    elif kind == "link":
        os.symlink(content, path)
    else:
        with open(path, "wb") as file:
            file.write(content)
        os.chmod(path, mode)


def build(top, entries):
    """Makes the directory TOP with ENTRIES.  Modes and times of directories come last."""
    os.mkdir(top)
    table = [("", "dir", 0o755, None)] + entries
    for path, *rest in table[1:]:
        make_entry(os.path.join(top, path), *rest)
    for number, (path, kind, mode, _) in reversed(list(enumerate(table))):
        path = os.path.join(top, path)
        when = FIRST_TIME + number * 1000
        if kind != "link":
            os.utime(path, (when, when))
        if kind == "dir":
            os.chmod(path, mode)
    return top


def remove(top):
    """Removes whatever is there, however deep and however closed."""
    subprocess.run(["chmod", "-R", "u+rwx", "--", top], stderr=subprocess.DEVNULL, check=False)
    subprocess.run(["rm", "-rf", "--", top], check=False)


@dataclass(frozen=True)
class Entry:
    kind: str           # file, dir or other
    mode: int
    time: object        # whole seconds, or "now" for a time after the check began
    content: str        # digest of a file


def digest(path):
    total = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            total.update(piece)
    return total.hexdigest()[:16]


def read_entry(path, st, since):
    kind = "file" if stat.S_ISREG(st.st_mode) else "dir" if stat.S_ISDIR(st.st_mode) else "other"
    time = "now" if int(st.st_mtime) >= since else int(st.st_mtime)
    return Entry(kind, stat.S_IMODE(st.st_mode), time, digest(path) if kind == "file" else "")


def read(top, since, follow=False):
    """All that is at TOP: {path: Entry}, TOP itself being "".  Nothing when there is nothing."""
    found = {}
    look = os.stat if follow else os.lstat

    def add(path, name):
        entry = read_entry(path, look(path), since)
        found[name] = entry
        if entry.kind == "dir":
            for child in sorted(os.listdir(path)):
                add(os.path.join(path, child), os.path.join(name, child))

    if os.path.lexists(top):
        add(top, "")
    return found


# What becomes of a mode: rules, each (mode, preserve, umask) -> mode.

def as_asked(mode, preserve, umask):
    return mode if preserve else masked(mode, preserve, umask)


def masked(mode, _preserve, umask):
    return mode & 0o777 & ~umask


def exact(mode, _preserve, _umask):
    return mode


def fixed(fixed_mode):
    return lambda _mode, preserve, umask: as_asked(fixed_mode, preserve, umask)


def unless_asked(usual):
    """The mode is kept when asked for, and otherwise of no interest."""
    return lambda mode, preserve, umask: mode if preserve else usual & ~umask


def at_least(more):
    """Bits that the client adds, always under its umask."""
    return lambda mode, preserve, umask: masked(mode | more, preserve, umask)


@dataclass(frozen=True)
class Rules:
    """What one client makes of modes and times in one direction."""
    file_mode: object = as_asked
    dir_mode: object = as_asked
    file_times: bool = True         # when they are to be preserved
    dir_times: object = True        # or "empty": of empty ones only
    linked_dirs: bool = True        # symbolic links to directories are followed


def keeps_time(name, found, rules):
    if found[name].kind != "dir":
        return rules.file_times
    if rules.dir_times != "empty":
        return rules.dir_times
    return not any(other.startswith(os.path.join(name, "")) for other in found if other != name)


def expected_entry(name, found, rules, preserve, umask):
    entry = found[name]
    rule = rules.dir_mode if entry.kind == "dir" else rules.file_mode
    time = entry.time if preserve and keeps_time(name, found, rules) else "now"
    return Entry(entry.kind, rule(entry.mode, preserve, umask), time, entry.content)


def leads_to_directory(top, name):
    """Is a link to a directory on the way to this entry?"""
    parts = name.split(os.sep)
    paths = (os.path.join(top, *parts[:n + 1]) for n in range(len(parts)))
    return any(os.path.islink(path) and os.path.isdir(path) for path in paths)


def expected(top, rules, preserve, umask):
    """What a copy of TOP must look like.  A newline in a name travels as the characters \\^J."""
    found = read(top, since=float("inf"), follow=True)
    return {name.replace("\n", "\\^J"): expected_entry(name, found, rules, preserve, umask)
            for name in found
            if rules.linked_dirs or not leads_to_directory(top, name)}


def show(entries, names):
    def line(name):
        e = entries.get(name)
        return f"{name!r}: " + (f"{e.kind} {e.mode:04o} {e.time} {e.content}" if e else "nothing")
    return "".join("\n    " + line(name) for name in names)


def compare(wanted, found, log):
    differing = [name for name in sorted(wanted.keys() | found.keys())
                 if wanted.get(name) != found.get(name)]
    if differing:
        raise Failed(f"{len(differing)} of {len(wanted)} entries differ", show(wanted, differing),
                     show(found, differing), log)
